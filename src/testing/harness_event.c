/*
 * harness_event.c - queries about one event, and about one actor.
 */
#include "harness.h"

#include <string.h>

/* ---- an event -------------------------------------------------------------------------- */

bool maiko_event_delivered(const maiko_record *event)
{
	const mt_event *e = mt_event_of(event);
	const mt_note *n = e == NULL ? NULL : mt_first_note(e);
	while (n != NULL && n->record.kind != MAIKO_OBSERVED_DELIVERED)
		n = mt_next_note(n);
	return n != NULL;
}

bool maiko_event_delivered_to(const maiko_record *event, const char *actor)
{
	const mt_event *e = mt_event_of(event);
	if (e == NULL || actor == NULL)
		return false;
	for (const mt_note *n = mt_first_note(e); n != NULL; n = mt_next_note(n))
		if (n->record.kind == MAIKO_OBSERVED_DELIVERED && strcmp(n->record.actor_name, actor) == 0)
			return true;
	return false;
}

/* The number of the names to which the event was delivered. */
static size_t delivered_to(const maiko_record *event, const char *const *names, size_t *ret_names)
{
	size_t count = 0, i = 0;
	for (; names != NULL && names[i] != NULL; i++)
		count += maiko_event_delivered_to(event, names[i]);
	*ret_names = i;
	return count;
}

bool maiko_event_delivered_to_all(const maiko_record *event, const char *const *names)
{
	size_t all;
	return mt_event_of(event) != NULL && delivered_to(event, names, &all) == all;
}

double maiko_event_ratio(const maiko_record *event, const char *const *names)
{
	size_t all, count = delivered_to(event, names, &all);
	return mt_event_of(event) == NULL ? 0.0 : all == 0 ? 1.0 : (double)count / (double)all;
}

const char *maiko_event_sender(const maiko_record *event)
{
	const mt_event *e = mt_event_of(event);
	return e == NULL ? "" : e->envelope.sender;
}

size_t maiko_event_receivers(const maiko_record *event, const char **names, size_t size)
{
	const mt_event *e = mt_event_of(event);
	mt_names receivers = {0};
	if (e != NULL)
		mt_event_add_receivers(e, &receivers);
	return mt_names_give(&receivers, names, size);
}

const maiko_record *maiko_event_parent(const maiko_record *event)
{
	const mt_event *e = mt_event_of(event);
	return e == NULL ? NULL : mt_event_record(e->parent);
}

size_t maiko_event_children(const maiko_record *event, const maiko_record **records, size_t size)
{
	const mt_event *e = mt_event_of(event);
	size_t count = 0;
	for (const mt_event *c = e == NULL ? NULL : mt_first_child(e); c != NULL; c = mt_next_sibling(c), count++)
		if (count < size)
			records[count] = mt_event_record(c);
	return count;
}

/* ---- an actor ---------------------------------------------------------------------------- */

/* The life of the last actor of a name, from the records. */
typedef struct life {
	maiko_actor_id id; /* 0: no record */
	bool stopped, failed;
} life;

static bool is_of_restart(maiko_observation_kind kind)
{
	return kind == MAIKO_OBSERVED_RESTARTING || kind == MAIKO_OBSERVED_RESTARTED;
}

static bool is_of_life(maiko_observation_kind kind)
{
	return kind == MAIKO_OBSERVED_ADDED || kind == MAIKO_OBSERVED_STARTED || kind == MAIKO_OBSERVED_STOPPED ||
	       kind == MAIKO_OBSERVED_FAILED || kind == MAIKO_OBSERVED_REMOVED || is_of_restart(kind);
}

static life life_of(maiko_harness *h, const char *actor)
{
	life l = {0};
	for (uint64_t place = mt_store_count(&h->store); place-- > 0;) {
		const maiko_record *r = &mt_store_note(&h->store, place)->record;
		if (!is_of_life(r->kind) || strcmp(r->actor_name, actor) != 0)
			continue;
		if (l.id == 0)
			l.id = r->actor;
		if (l.id != r->actor || is_of_restart(r->kind)) /* a failure before that is repaired */
			break;
		l.stopped |= r->kind == MAIKO_OBSERVED_STOPPED || r->kind == MAIKO_OBSERVED_REMOVED;
		l.failed |= r->kind == MAIKO_OBSERVED_FAILED;
	}
	return l;
}

/* The status in the current ledger; the id is 0 if there is no such actor. */
static maiko_actor_status status_now(maiko_harness *h, const char *actor, maiko_actor_id *ret_id)
{
	maiko_ledger *ledger = NULL;
	maiko_actor_status status = MAIKO_ACTOR_GONE;
	*ret_id = 0;
	if (maiko_report(h->sup, &ledger) != 0)
		return status;
	for (size_t i = 0; i < ledger->actor_count; i++)
		if (ledger->actors[i]->status != MAIKO_ACTOR_GONE && strcmp(ledger->actors[i]->name, actor) == 0) {
			status = ledger->actors[i]->status;
			*ret_id = ledger->actors[i]->id;
		}
	maiko_ledger_free(ledger);
	return status;
}

maiko_actor_status maiko_harness_actor(maiko_harness *h, const char *actor)
{
	maiko_actor_id id;
	if (h == NULL || actor == NULL)
		return MAIKO_ACTOR_GONE;
	life l = life_of(h, actor);
	maiko_actor_status now = status_now(h, actor, &id);
	if (id != 0 && id != l.id) /* a later actor of the same name */
		return now;
	return l.failed ? MAIKO_ACTOR_FAILED : l.stopped ? MAIKO_ACTOR_STOPPED : now;
}
