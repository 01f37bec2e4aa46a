/*
 * notice.c - see notice.h.
 *
 * A record's `listeners` counts the topic's subscriptions as the current batch will leave them; `coming` those among
 * them that begin with it, for which there may be no memory; `wanted` is the last decision. The records of watched
 * topics whose count has changed in the batch are in a list.
 */
#include "lifecycle/notice.h"

#include "lifecycle/topology_state.h"
#include "observe/monitor.h"
#include "registry/pattern.h"
#include "registry/registry.h"
#include "routing/private.h"
#include "runtime/callback.h"
#include "sched/end.h"
#include "sched/hold.h"

struct mk_notice {
	mk_private private;
	mk_actor *actor;
	mk_record *record;
	struct mk_notice *next, **at; /* of the record's, under the lock; at: what points to it, or NULL */
	bool begun;                   /* the actor has started, so it is told */
	bool paused;                  /* the actor is paused because of this notice */
	bool given;                   /* it has not run yet */
	bool wanted;                  /* what it will tell */
	bool said, told;              /* whether the actor was told anything, and the last value */
};
typedef struct mk_notice mk_notice;

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

static MK_INLINE void each_listened(mk_sup *sup, const mk_subscription *places, uint32_t count, listening l)
{
	l.topology = sup->topology;
	for (uint32_t i = 0; i < count; i++) {
		mk_record *r = mk_record_at(sup, places[i].topic);
		l.to(&l, r);
		if (MK_UNLIKELY(r->attaches))
			(void)mk_watched_meeting(sup, r->desc.name, visit_watched, &l);
	}
}

static void change(const listening *l, mk_record *r)
{
	r->listeners += l->by;
	touch(l->topology, r);
}

static void come(const listening *l, mk_record *r)
{
	(void)l;
	r->coming += r->touched;
}

static void change_now(const listening *l, mk_record *r)
{
	r->listeners += l->by;
	r->wanted = true;
}

void mk_listeners_add(mk_sup *sup, const mk_subscription *places, uint32_t count)
{
	each_listened(sup, places, count, (listening){.to = change, .by = 1});
	each_listened(sup, places, count, (listening){.to = come});
}

void mk_listeners_take(mk_sup *sup, const mk_subscription *places, uint32_t count)
{
	each_listened(sup, places, count, (listening){.to = change, .by = (uint32_t)-1});
}

void mk_listeners_add_now(mk_sup *sup, const mk_subscription *places, uint32_t count)
{
	each_listened(sup, places, count, (listening){.to = change_now, .by = 1});
}

void mk_notices_enter(mk_actor *a)
{
	for (uint32_t i = 0; i < a->class->watched_count; i++) {
		mk_notice *n = &a->extra->notices[i];
		mk_record *r = n->record;
		if (r->notices == NULL)
			r->wanted = r->listeners > 0; /* nobody has watched it until now */
		MK_LIST_PUSH(&r->notices, n);
	}
}

void mk_notices_leave(mk_actor *a)
{
	for (uint32_t i = 0; i < a->class->watched_count; i++) {
		mk_notice *n = &a->extra->notices[i];
		if (n->at == NULL)
			continue;
		MK_LIST_REMOVE(n);
		n->at = NULL;
	}
}

void mk_notices_decide(mk_sup *sup)
{
	for (mk_record *r = sup->topology->touched; r != NULL; r = r->next_touched) {
		bool wanted = r->listeners > 0;
		r->turned = wanted != r->wanted;
		r->wanted = wanted;
	}
}

void mk_notices_end(mk_sup *sup)
{
	mk_topology *t = sup->topology;
	while (t->touched != NULL) {
		mk_record *r = t->touched;
		t->touched = r->next_touched;
		r->touched = r->turned = false;
		r->coming = 0;
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

void mk_notices_begin(mk_worker *w, mk_actor *a)
{
	for (uint32_t i = 0; i < a->class->watched_count; i++) {
		mk_notice *n = &a->extra->notices[i];
		n->begun = true;
		give(w, n, n->record->wanted);
	}
}

void mk_notices_rest(mk_actor *a)
{
	for (uint32_t i = 0; i < a->class->watched_count; i++)
		a->extra->notices[i].begun = a->extra->notices[i].said = false;
}

/* ---- a batch, on a worker -------------------------------------------------------------------- */

/* Whether the watcher lived on this worker before the batch of that number. */
static bool is_here(const mk_worker *w, const mk_notice *n, uint64_t number)
{
	return mk_home_at(n->actor->self, number - 1) == w->index;
}

/* Whether the batch may make a difference: it does, or will if there is no memory for those who come. */
static bool may_turn(const mk_record *r) { return (r->listeners > 0) != r->wanted || r->listeners == r->coming; }

void mk_notices_pause(mk_worker *w, uint64_t number)
{
	for (const mk_record *r = w->sup->topology->touched; r != NULL; r = r->next_touched)
		for (mk_notice *n = may_turn(r) ? r->notices : NULL; n != NULL; n = n->next)
			/* An actor that migrates is held already, and settles on another worker. */
			if (is_here(w, n, number) && n->begun && (n->actor->sched & MK_MOVING) == 0) {
				n->paused = true;
				mk_hold(w, n->actor, MK_PAUSED);
			}
}

void mk_notices_tell(mk_worker *w, uint64_t number)
{
	for (const mk_record *r = w->sup->topology->touched; r != NULL; r = r->next_touched)
		for (mk_notice *n = r->turned ? r->notices : NULL; n != NULL; n = n->next)
			if (is_here(w, n, number) && n->begun)
				give(w, n, r->wanted);
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

bool mk_notices_are_true(const mk_actor *a, bool (*wanted)(mk_sup *sup, uint32_t topic))
{
	for (uint32_t i = 0; i < a->class->watched_count; i++) {
		const mk_notice *n = &a->extra->notices[i];
		if (!n->said || n->told != wanted(a->worker->sup, n->record->index))
			return false;
	}
	return true;
}
