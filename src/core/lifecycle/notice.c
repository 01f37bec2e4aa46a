/*
 * notice.c - see notice.h.
 *
 * A record's `listeners` counts the topic's subscriptions as the current batch will leave them; `coming` those among
 * them that begin with it, for which there may be no memory; `wanted` is the last decision. The records of watched
 * topics whose count has changed in the batch are in a list.
 *
 * Of a topic that an actor watches by its name these include the subscribers by patterns; of one that it watches by a
 * pattern they do not: it is told of the pattern instead. So a record has the numbers twice (mk_listening).
 *
 * The notices that an actor has by a pattern are made with the batch that brings the first subscription, when it
 * begins: without memory that subscription is refused.
 */
#include "lifecycle/notice.h"

#include "lifecycle/topology_state.h"
#include "observe/monitor.h"
#include "registry/members.h"
#include "registry/pattern.h"
#include "registry/registry.h"
#include "routing/private.h"
#include "runtime/callback.h"
#include "sched/end.h"
#include "sched/hold.h"

struct mk_notice {
	mk_link found; /* by a pattern: in the list of the actor (mk_extra.found), under the lock */
	mk_private private;
	mk_actor *actor;
	mk_record *record;
	struct mk_notice *next, **at; /* of the record's, under the lock; at: what points to it, or NULL */
	struct mk_notice *by;         /* that of the pattern by which it was found; NULL: it is watched by its name */
	bool begun;                   /* the actor has started, so it is told; of those found: that of the pattern */
	bool paused;                  /* the actor is paused because of this notice */
	bool given;                   /* it has not run yet */
	bool wanted;                  /* what it will tell */
	bool said, told;              /* whether the actor was told anything, and the last value */
};
typedef struct mk_notice mk_notice;

/* Whether it is of a pattern itself, and tells nothing. */
static bool is_pattern(const mk_notice *n) { return n->by == NULL && n->record->attaches; }
static bool has_begun(const mk_notice *n) { return n->by == NULL ? n->begun : n->by->begun; }
static mk_listening *listening_of(const mk_notice *n) { return n->by == NULL ? &n->record->all : &n->record->own; }

/* What was found by the patterns of an actor that watches something. */
static mk_notice *notice_of(mk_link *link) { return link == NULL ? NULL : MK_OF(link, mk_notice, found); }
static mk_notice *first_found(const mk_actor *a) { return notice_of(a->extra->found); }
static mk_notice *next_found(const mk_notice *n) { return notice_of(n->found.next); }

int mk_notices_new(mk_sup *sup, mk_actor *a)
{
	uint32_t count = a->class->watched_count;
	if (count == 0)
		return 0;
	mk_notice *all = mk_private_prepare(a) != 0 ? NULL : mk_calloc(count, sizeof *all);
	if (all == NULL)
		return MAIKO_ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		all[i].actor = a;
		all[i].record = mk_record_at(sup, a->class->watched[i]);
	}
	a->extra->notices = all;
	return 0;
}

/* ---- with the lock ------------------------------------------------------------------------- */

static void touch(mk_topology *t, mk_record *r)
{
	if (r->notices == NULL || r->touched)
		return;
	r->touched = true;
	r->next_touched = t->touched;
	t->touched = r;
}

/* What happens to each record that a subscription counts for: its own, and, of a pattern, the watched topics that it
 * matches. */
typedef struct listening {
	mk_topology *topology;
	void (*to)(const struct listening *l, mk_record *r);
	uint32_t by;
} listening;

static int visit_watched(void *arg, mk_trie_entry *entry)
{
	const listening *l = arg;
	l->to(l, mk_record_of_watched(entry));
	return 0;
}

static void each_listened(mk_sup *sup, const mk_subscription *places, uint32_t count, listening l)
{
	l.topology = sup->topology;
	for (uint32_t i = 0; i < count; i++) {
		mk_record *r = mk_record_at(sup, places[i].topic);
		l.to(&l, r);
		mk_record *named = mk_record_named(r);
		named->own.listeners += l.by;
		touch(l.topology, named);
		if (MK_UNLIKELY(r->attaches))
			(void)mk_watched_meeting(sup, r->desc.name, visit_watched, &l);
	}
}

static void change(const listening *l, mk_record *r)
{
	r->all.listeners += l->by;
	touch(l->topology, r);
}

static void come(const listening *l, mk_record *r)
{
	(void)l;
	r->all.coming += r->touched;
}

void mk_listeners_add(mk_sup *sup, const mk_subscription *places, uint32_t count)
{
	each_listened(sup, places, count, (listening){.to = change, .by = 1});
	each_listened(sup, places, count, (listening){.to = come});
	for (uint32_t i = 0; i < count; i++)
		mk_record_named(mk_record_at(sup, places[i].topic))->own.coming +=
			mk_record_named(mk_record_at(sup, places[i].topic))->touched;
}

void mk_listeners_take(mk_sup *sup, const mk_subscription *places, uint32_t count)
{
	each_listened(sup, places, count, (listening){.to = change, .by = (uint32_t)-1});
}

static int change_watched_now(void *arg, mk_trie_entry *entry)
{
	mk_record *r = mk_record_of_watched(entry);
	(void)arg;
	r->all.listeners++;
	r->all.wanted = true;
	return 0;
}

void mk_listeners_add_now(mk_sup *sup, const mk_subscription *places, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		mk_record *r = mk_record_at(sup, places[i].topic);
		r->all.listeners++;
		mk_record_named(r)->own.listeners++;
		r->all.wanted = mk_record_named(r)->own.wanted = true;
		if (MK_UNLIKELY(r->attaches))
			(void)mk_watched_meeting(sup, r->desc.name, change_watched_now, NULL);
	}
}

/* ---- what is found by patterns, with the lock --------------------------------------------------- */

static void watch(mk_record *r, mk_notice *n)
{
	if (r->notices == NULL) { /* nobody has watched it until now */
		r->all.wanted = r->all.listeners > 0;
		r->own.wanted = r->own.listeners > 0;
	}
	MK_LIST_PUSH(&r->notices, n);
}

/* Makes the notice of a record for who watches it by that pattern. 0 or MAIKO_ENOMEM. */
static int find(mk_notice *by, mk_record *r)
{
	const mk_actor_class *class = by->actor->class;
	for (const mk_notice *n = r->notices; n != NULL; n = n->next)
		if (n->actor == by->actor)
			return 0; /* by another of its patterns */
	for (uint32_t i = 0; i < class->watched_count; i++)
		if (class->watched[i] == r->index && !r->attaches)
			return 0; /* by its name */
	mk_notice *n = MK_NEW(mk_notice);
	if (n == NULL)
		return MAIKO_ENOMEM;
	mk_extra *x = by->actor->extra;
	*n = (mk_notice){.found.next = x->found, .actor = by->actor, .record = r, .by = by, .said = true};
	x->found = &n->found;
	watch(r, n); /* the batch decides anew if it has a part in whether it is wanted */
	return 0;
}

static int find_record(void *arg, mk_trie_entry *entry)
{
	mk_record *r = mk_record_of_entry(entry);
	return r->own.listeners > 0 ? find(arg, r) : 0;
}

static int find_watcher(void *arg, mk_trie_entry *entry)
{
	int rc = 0;
	for (mk_notice *by = mk_record_of_entry(entry)->watchers; rc == 0 && by != NULL; by = by->next)
		rc = find(by, arg);
	return rc;
}

int mk_notices_find(mk_sup *sup, const mk_subscription *places, uint32_t count)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < count; i++) {
		mk_record *r = mk_record_named(mk_record_at(sup, places[i].topic));
		if (r->attaches || mk_record_is_matched(r))
			rc = mk_patterns_meeting(sup, r->desc.name, find_watcher, r);
	}
	return rc;
}

int mk_notices_look(mk_sup *sup, mk_actor *a)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < a->class->watched_count; i++) {
		mk_notice *n = &a->extra->notices[i];
		if (!is_pattern(n))
			continue;
		MK_LIST_PUSH(&n->record->watchers, n);
		sup->pattern_watchers++;
		rc = mk_topics_meeting(sup, n->record->desc.name, find_record, n);
		if (rc == 0)
			rc = mk_patterns_meeting(sup, n->record->desc.name, find_record, n);
	}
	if (rc != 0)
		mk_notices_leave(sup, a);
	return rc;
}

/* ---- entering and leaving, with the lock ---------------------------------------------------------- */

void mk_notices_enter(mk_actor *a)
{
	for (uint32_t i = 0; i < a->class->watched_count; i++) {
		mk_notice *n = &a->extra->notices[i];
		if (!is_pattern(n)) /* else mk_notices_look */
			watch(n->record, n);
	}
}

static void leave(mk_notice *n)
{
	if (n->at != NULL)
		MK_LIST_REMOVE(n);
	n->at = NULL;
}

void mk_notices_leave(mk_sup *sup, mk_actor *a)
{
	for (uint32_t i = 0; i < a->class->watched_count; i++) {
		mk_notice *n = &a->extra->notices[i];
		sup->pattern_watchers -= is_pattern(n) && n->at != NULL;
		leave(n);
	}
	for (mk_notice *n = a->class->watched_count == 0 ? NULL : first_found(a); n != NULL; n = next_found(n))
		leave(n);
}

static void decide(mk_listening *l)
{
	bool wanted = l->listeners > 0;
	l->turned = wanted != l->wanted;
	l->wanted = wanted;
}

void mk_notices_decide(mk_sup *sup)
{
	for (mk_record *r = sup->topology->touched; r != NULL; r = r->next_touched) {
		decide(&r->all);
		decide(&r->own);
	}
}

void mk_notices_end(mk_sup *sup)
{
	mk_topology *t = sup->topology;
	while (t->touched != NULL) {
		mk_record *r = t->touched;
		t->touched = r->next_touched;
		r->touched = r->all.turned = r->own.turned = false;
		r->all.coming = r->own.coming = 0;
	}
}

/* ---- telling an actor, on its worker ---------------------------------------------------------- */

static void drop(mk_actor *a, mk_private *private)
{
	(void)a;
	MK_OF(private, mk_notice, private)->given = false;
}

static bool run(mk_actor *a, mk_private *private)
{
	mk_notice *n = MK_OF(private, mk_notice, private);
	mk_worker *w = a->worker;
	n->given = false;
	if (n->said && n->told == n->wanted)
		return false; /* it has changed, and changed back */
	maiko_interest interest = {.topic = &n->record->desc, .wanted = n->wanted};
	n->said = true;
	n->told = n->wanted;
	mk_callback_enter(w, a);
	int rc = mk_result(w->sup, a, MAIKO_PHASE_INTEREST, a->class->interest(mk_actor_state(a), &interest, a));
	mk_callback_leave(w);
	MK_NOTIFY(w, MAIKO_OBSERVED_INTEREST, a, NULL, rc);
	if (rc < 0)
		(void)mk_actor_error(w, a, rc, MAIKO_PHASE_INTEREST, NULL);
	return true;
}

static void give(mk_worker *w, mk_notice *n, bool wanted)
{
	n->wanted = wanted;
	if (n->given)
		return;
	n->given = true;
	n->private = (mk_private){.run = run, .drop = drop, .first = true};
	mk_private_give(w, n->actor, &n->private);
}

/* With the lock: after a restart a batch may be under way, which decides, and finds more. */
static void begin(mk_worker *w, const mk_actor *a)
{
	for (uint32_t i = 0; i < a->class->watched_count; i++) {
		mk_notice *n = &a->extra->notices[i];
		n->begun = true;
		if (!is_pattern(n))
			give(w, n, n->record->all.wanted);
	}
	for (mk_notice *n = first_found(a); n != NULL; n = next_found(n))
		if (n->record->own.wanted)
			give(w, n, true);
}

void mk_notices_begin(mk_worker *w, mk_actor *a)
{
	if (a->class->watched_count == 0)
		return;
	uv_mutex_lock(&w->sup->lock);
	begin(w, a);
	uv_mutex_unlock(&w->sup->lock);
}

static void rest_found(mk_sup *sup, const mk_actor *a)
{
	uv_mutex_lock(&sup->lock);
	for (mk_notice *n = first_found(a); n != NULL; n = next_found(n))
		n->told = false;
	uv_mutex_unlock(&sup->lock);
}

void mk_notices_rest(mk_actor *a)
{
	bool patterns = false;
	for (uint32_t i = 0; i < a->class->watched_count; i++) {
		mk_notice *n = &a->extra->notices[i];
		n->begun = n->said = false;
		patterns |= is_pattern(n);
	}
	if (patterns)
		rest_found(a->worker->sup, a);
}

/* ---- a batch, on a worker -------------------------------------------------------------------- */

/* Whether the watcher lived on this worker before the batch of that number. */
static bool is_here(const mk_worker *w, const mk_notice *n, uint64_t number)
{
	return mk_home_at(n->actor->self, number - 1) == w->index;
}

/* Whether the batch may make a difference: it does, or will if there is no memory for those who come. */
static bool may_turn(const mk_listening *l) { return (l->listeners > 0) != l->wanted || l->listeners == l->coming; }

void mk_notices_pause(mk_worker *w, uint64_t number)
{
	for (const mk_record *r = w->sup->topology->touched; r != NULL; r = r->next_touched)
		for (mk_notice *n = may_turn(&r->all) || may_turn(&r->own) ? r->notices : NULL; n != NULL; n = n->next)
			/* One that migrates is held already, and settles on another worker; one whose own subscriptions
			 * change is paused already, perhaps for longer: until it has what was retained. */
			if (may_turn(listening_of(n)) && is_here(w, n, number) && has_begun(n) &&
			    (n->actor->sched & (MK_MOVING | MK_PAUSED)) == 0) {
				n->paused = true;
				mk_hold(w, n->actor, MK_PAUSED);
			}
}

void mk_notices_tell(mk_worker *w, uint64_t number)
{
	for (const mk_record *r = w->sup->topology->touched; r != NULL; r = r->next_touched)
		for (mk_notice *n = r->all.turned || r->own.turned ? r->notices : NULL; n != NULL; n = n->next)
			if (listening_of(n)->turned && is_here(w, n, number) && has_begun(n))
				give(w, n, listening_of(n)->wanted);
}

void mk_notices_permit(mk_worker *w, uint64_t number)
{
	for (const mk_record *r = w->sup->topology->touched; r != NULL; r = r->next_touched)
		for (mk_notice *n = r->notices; n != NULL; n = n->next)
			if (is_here(w, n, number) && n->paused) {
				n->paused = false;
				mk_permit(w, n->actor, MK_PAUSED);
			}
}

bool mk_notices_are_true(const mk_actor *a, bool (*wanted)(mk_sup *sup, uint32_t topic, bool by_name))
{
	bool true_so_far = true;
	for (uint32_t i = 0; true_so_far && i < a->class->watched_count; i++) {
		const mk_notice *n = &a->extra->notices[i];
		true_so_far = is_pattern(n) || (n->said && n->told == wanted(a->worker->sup, n->record->index, true));
	}
	const mk_notice *n = a->class->watched_count == 0 ? NULL : first_found(a);
	for (; true_so_far && n != NULL; n = next_found(n))
		true_so_far = n->told == wanted(a->worker->sup, n->record->index, false);
	return true_so_far;
}
