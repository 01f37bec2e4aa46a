/*
 * batch.c - gathers requested changes into batches with one change per actor (topology.h).
 */
#include "ds/map.h"
#include "lifecycle/actor.h"
#include "lifecycle/completion.h"
#include "lifecycle/restart.h"
#include "lifecycle/topology_state.h"
#include "observe/note.h"
#include "registry/directory.h"
#include "registry/idle_topics.h"
#include "registry/members.h"
#include "sched/end.h"
#include "sched/hold.h"
#include "sched/worker.h"

#include <string.h>

int mk_topology_init(mk_sup *sup)
{
	sup->topology = MK_NEW(mk_topology);
	if (sup->topology == NULL)
		return MAIKO_ENOMEM;
	sup->topology->pending_tail = &sup->topology->pending;
	return 0;
}

void mk_topology_fini(mk_sup *sup)
{
	mk_topology *t = sup->topology;
	if (t == NULL)
		return;
	mk_change *lists[2] = {t->batch, t->pending};
	for (int i = 0; i < 2; i++)
		while (lists[i] != NULL) {
			mk_change *c = lists[i];
			lists[i] = c->next;
			if (c->after != NULL) {
				*c->after_tail = lists[i];
				lists[i] = c->after;
			}
			if (c->kind == MAIKO_CHANGE_ADD && c->actor != NULL)
				mk_actor_discard(sup, c->actor);
			if (i == 1 && c->worker != NULL)
				mk_worker_abort(c->worker);
			mk_change_free(c);
		}
	mk_map_fini(&t->changing);
	mk_free(t);
	sup->topology = NULL;
}

uint64_t mk_change_key(const mk_change *c)
{
	const uint64_t numbered = UINT64_C(1) << 63;
	return c->kind == MAIKO_CHANGE_ADD ? c->id : numbered | (uint64_t)c->by << 32 | c->number;
}

/* The actor of a change; NULL: it no longer exists. */
static mk_actor *actor_of(mk_sup *sup, const mk_change *c)
{
	return c->kind == MAIKO_CHANGE_ADD ? c->actor : mk_directory_find(sup, c->id);
}

/* ---- gathering, with the lock ---------------------------------------------------------------- */

/* Creates the index of the batch by actor when it is first needed. False: no memory. */
static bool has_index(mk_topology *t)
{
	if (t->changing.count != 0)
		return true;
	for (mk_change *c = t->batch; c != NULL; c = c->next)
		if (c->id != 0 /* else it is about no actor */ && mk_map_put(&t->changing, c->id, mk_map_key(c)) != 0) {
			mk_map_fini(&t->changing);
			return false;
		}
	return true;
}

/* The batch has another change of the same actor: makes this one wait for that one. False: no
 * memory. */
static bool put_off(mk_topology *t, mk_change *c)
{
	mk_change *before = has_index(t) ? mk_map_get(&t->changing, c->id) : NULL;
	if (before == NULL)
		return false;
	if (before->after == NULL)
		before->after_tail = &before->after;
	*before->after_tail = c;
	before->after_tail = &c->next;
	return true;
}

void mk_topology_put_on(mk_topology *t, const mk_change *over)
{
	mk_change *c = over->after;
	if (c == NULL)
		return;
	c->after = c->next;
	c->after_tail = c->after == NULL ? NULL : over->after_tail;
	c->next = t->pending;
	if (t->pending == NULL)
		t->pending_tail = &c->next;
	t->pending = c;
}

static void note_batch(mk_sup *sup)
{
	enum { SOME = 256 };
	uint64_t some[SOME] = {0}, *keys = some;
	uint32_t count = 0, size = SOME;
	for (const mk_change *c = sup->topology->batch; c != NULL; c = c->next) {
		if (count == size) {
			uint64_t *more = mk_malloc((size_t)size * 2 * sizeof *more);
			if (more != NULL)
				memcpy(more, keys, count * sizeof *more);
			if (keys != some)
				mk_free(keys);
			if (more == NULL) { /* the recording ends here */
				mk_note_sup(sup, MK_NOTE_GIVE_UP, 0, MAIKO_ENOMEM);
				return;
			}
			keys = more;
			size *= 2;
		}
		keys[count++] = mk_change_key(c);
	}
	mk_note_batch(sup, sup->topology->number, keys, count);
	if (keys != some)
		mk_free(keys);
}

/* Moves the pending changes to a new batch, one per actor; later changes of the same actor wait. */
static void gather(mk_sup *sup)
{
	mk_topology *t = sup->topology;
	mk_change *left = t->pending, **batch_tail = &t->batch;
	t->pending = NULL;
	t->pending_tail = &t->pending;
	t->number++;
	bool indexed = true;
	while (left != NULL) {
		mk_change *c = left;
		left = c->next;
		c->next = NULL;
		mk_actor *a = actor_of(sup, c);
		if (a != NULL && a->changing) {
			indexed = indexed && put_off(t, c);
			if (indexed)
				continue;
			*t->pending_tail = c; /* without memory this change and all later ones stay pending */
			t->pending_tail = &c->next;
			continue;
		}
		if (a != NULL)
			a->changing = true;
		if (a != NULL && t->changing.count != 0 && mk_map_put(&t->changing, c->id, mk_map_key(c)) != 0)
			mk_map_fini(&t->changing);
		*batch_tail = c;
		batch_tail = &c->next;
	}
}

void mk_topology_next(mk_sup *sup)
{
	mk_topology *t = sup->topology;
	/* In a replay a batch begins where that of the recording did. */
	while (!t->busy && !sup->seam.led && (t->pending != NULL || mk_idle_topics_due(sup))) {
		gather(sup);
		if (MK_UNLIKELY(sup->seam.noted))
			note_batch(sup);
		if (mk_topology_begin(sup))
			mk_topology_end_here(sup);
	}
}

void mk_batch_members(mk_sup *sup, mk_subscriptions *places, uint32_t count, uint32_t worker, int by)
{
	mk_members_change(sup, mk_subscriptions_at(places, count), count, worker, by, sup->topology->number);
}

/* ---- requests -------------------------------------------------------------------------------- */

static int refusal(const mk_sup *sup)
{
	int state = mk_state_of(sup);
	return state == MK_STARTED || state == MK_STARTING ? 0
	       : state < MK_STARTED                        ? MAIKO_ESTATE
							   : MAIKO_ESHUTDOWN; /* the caller sets the error text */
}

int mk_topology_ask(mk_sup *sup, mk_worker *caller, mk_change *change, int *ret_status)
{
	mk_topology *t = sup->topology;
	mk_change_wait waiting = {false, 0};
	mk_topics_asked(sup, &change->asks);
	int rc = mk_change_accept(sup, caller, change, refusal(sup)), state = mk_state_of(sup);
	if (rc != 0)
		return rc;
	if (change->ret_id != NULL)
		*change->ret_id = change->id;
	change->wait = ret_status != NULL ? &waiting : change->wait; /* a move has its own `wait` */
	change->next = NULL;
	*t->pending_tail = change;
	t->pending_tail = &change->next;
	if (state == MK_STARTED)
		mk_topology_next(sup);
	if (ret_status != NULL) /* of one that is abandoned, it may still complete if the stuck callback returns */
		*ret_status = mk_change_wait_for(sup, change, &waiting, MK_ABANDONED);
	return 0;
}

int mk_topology_request(mk_sup *sup, mk_worker *caller, mk_change *change, int *ret_status)
{
	mk_lock(sup);
	int rc = mk_topology_ask(sup, caller, change, ret_status);
	mk_unlock(sup);
	return rc;
}

void mk_topology_retire(mk_worker *w)
{
	mk_actor *a;
	while ((a = mk_take_retiring(w)) != NULL) {
		if (a->cared && mk_restart_ended(w, a))
			continue;
		w->ending = a;
		w->ending_why = MAIKO_END_SELF;
		mk_actor_end(w, a, MAIKO_ACTOR_STOPPED, MK_OUTCOME_OF(dead));
		w->ending = NULL;
		if (w->draining)
			continue; /* the stop removes it */
		mk_change *c = MK_NEW(mk_change);
		if (c == NULL) {
			mk_retire(w, a); /* retried in the next turn */
			break;
		}
		c->kind = MAIKO_CHANGE_REMOVE;
		c->id = a->self->id;
		if (mk_topology_request(w->sup, w, c, NULL) != 0)
			mk_free(c); /* stopping, or not yet started */
	}
}

/* ---- replay ------------------------------------------------------------------------------------ */

static mk_change *take_pending(mk_topology *t, uint64_t key)
{
	for (mk_change **at = &t->pending; *at != NULL; at = &(*at)->next) {
		mk_change *c = *at;
		if (mk_change_key(c) != key)
			continue;
		*at = c->next;
		if (t->pending_tail == &c->next)
			t->pending_tail = at;
		c->next = NULL;
		return c;
	}
	return NULL;
}

/* The batch cannot begin: makes its changes pending again. */
static void put_back(mk_sup *sup)
{
	mk_topology *t = sup->topology;
	while (t->batch != NULL) {
		mk_change *c = t->batch;
		t->batch = c->next;
		c->next = NULL;
		mk_actor *a = actor_of(sup, c);
		if (a != NULL)
			a->changing = false;
		*t->pending_tail = c;
		t->pending_tail = &c->next;
	}
	t->number--;
}

bool mk_topology_begin_led(mk_sup *sup, uint64_t number, const uint64_t *keys, size_t count)
{
	mk_topology *t = sup->topology;
	mk_change **batch_tail = &t->batch;
	if (t->busy || number != t->number + 1 || count == 0)
		return false;
	t->number++;
	for (size_t i = 0; i < count; i++) {
		mk_change *c = take_pending(t, keys[i]);
		mk_actor *a = c == NULL ? NULL : actor_of(sup, c);
		if (c != NULL) {
			*batch_tail = c;
			batch_tail = &c->next;
		}
		if (c == NULL || (a != NULL && a->changing)) {
			put_back(sup);
			return false;
		}
		if (a != NULL)
			a->changing = true;
	}
	(void)mk_topology_begin(sup); /* a recording has noted the steps of all workers */
	return true;
}

static bool is_over(const mk_topology *t, bool settling)
{
	return t->busy && t->settling == settling &&
	       atomic_load_explicit((_Atomic(uint64_t) *)(uintptr_t)&t->waiting, memory_order_relaxed) == 0;
}

bool mk_topology_settle_led(mk_sup *sup)
{
	bool over = is_over(sup->topology, false);
	if (over)
		(void)mk_topology_settle_all(sup);
	return over;
}

bool mk_topology_finish_led(mk_worker *w)
{
	bool over = is_over(w->sup->topology, true);
	if (over)
		mk_topology_finish(w);
	return over;
}

void mk_topology_go_on(mk_sup *sup)
{
	if (is_over(sup->topology, false))
		(void)mk_topology_settle_all(sup);
	else if (is_over(sup->topology, true))
		mk_topology_finish(mk_worker_at(sup, 0));
	else
		mk_topology_next(sup);
}
