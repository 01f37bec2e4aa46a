/*
 * private.c - see private.h.
 */
#include "routing/private.h"

#include "observe/monitor.h"
#include "runtime/callback.h"
#include "runtime/ready.h"
#include "runtime/timed.h"
#include "runtime/upcalls.h"

int mk_private_prepare(mk_actor *a) { return mk_extra_of(a) == NULL || mk_tally_of(a) == NULL ? MAIKO_ENOMEM : 0; }

/* `a` NULL: the actor is no more. */
static void drop(mk_worker *w, mk_actor *a, mk_private *private)
{
	mk_count_add(a != NULL ? &a->tally->counts.dead : &w->gone.dead, 1);
	mk_count_add(&w->private_topic->counts.dead, 1);
	private->drop(a, private);
}

void mk_private_count(mk_worker *w, mk_actor *a)
{
	mk_topic *t = w->private_topic;
	mk_count_add(&t->published, 1);
	mk_count_add(&t->deliveries, 1);
	mk_count_add(a != NULL ? &a->tally->refused : &w->gone_deliveries, 1); /* a delivery that is in no mailbox */
}

void mk_private_give(mk_worker *w, mk_actor *a, mk_private *private)
{
	if (a == NULL || (a->sched & MK_ENDED) != 0) {
		mk_private_refuse(w, a, private);
		return;
	}
	mk_private_count(w, a);
	mk_private_queue(w, a, private);
}

void mk_private_refuse(mk_worker *w, mk_actor *a, mk_private *private)
{
	mk_private_count(w, a);
	drop(w, a, private);
}

void mk_private_queue(mk_worker *w, mk_actor *a, mk_private *private)
{
	private->after = mk_count(&a->box.tail);
	mk_occupy(a);
	mk_private **at = private->first ? &a->extra->privates : a->extra->private_tail;
	while (*at != NULL && (*at)->first)
		at = &(*at)->next;
	mk_private *next = *at;
	private->at = at;
	private->next = next;
	*at = private;
	*(next == NULL ? &a->extra->private_tail : &next->at) = &private->next;
	mk_wake(w, a);
}

void mk_private_take_back(mk_actor *a, mk_private *private)
{
	mk_private *next = private->next;
	*private->at = next;
	*(next == NULL ? &a->extra->private_tail : &next->at) = private->at;
}

void mk_private_moved(mk_actor *a, mk_private *private)
{
	*private->at = private;
	*(private->next == NULL ? &a->extra->private_tail : &private->next->at) = &private->next;
}

static int call_handler(mk_actor *a, const mk_event *e)
{
	const mk_handler *h = mk_handler_of(a->class, e->type);
	return h != NULL ? h->on(mk_actor_state(a), e->data, a)
			 : a->class->any(mk_actor_state(a), &(maiko_any){e->type->desc, e->data}, a);
}

/* As a callback; its result. */
static int handle(mk_worker *w, mk_actor *a, const mk_event *e, mk_private_on on, const void *arg)
{
	mk_callback_enter(w, a);
	int rc = on == NULL ? call_handler(a, e) : on(a, e, arg);
	rc = mk_result(w->sup, a, MAIKO_PHASE_HANDLE, rc > 0 ? 0 : rc);
	MK_NOTIFY(w, MAIKO_OBSERVED_HANDLED, a, e, rc);
	mk_callback_leave(w);
	return rc;
}

void mk_private_handle(mk_worker *w, mk_actor *a, mk_event *e, mk_private_on on, const void *arg)
{
	e->id = (maiko_id){w->origin, ++w->sequence};
	if (mk_id_is_none(e->parent))
		e->correlation = e->id;
	MK_NOTIFY(w, MAIKO_OBSERVED_DISPATCHED, NULL, e, 0);
	MK_NOTIFY(w, MAIKO_OBSERVED_DELIVERED, a, e, 0);
	w->event = e;
	if (a->timed)
		mk_timed_pin(w, e);
	int rc = handle(w, a, e, on, arg);
	if (a->timed)
		mk_timed_unpin(w);
	if (rc < 0)
		(void)mk_up.error(w, a, rc, MAIKO_PHASE_HANDLE, e);
	w->event = NULL;
	mk_event_unref(&w->pool, e);
}

void mk_private_late(mk_worker *w, mk_actor *a, mk_private *private)
{
	if (a == NULL || (a->sched & MK_ENDED) != 0) {
		mk_private_refuse(w, a, private);
		return;
	}
	mk_private_count(w, a);
	mk_count_add(&a->tally->counts.dropped, 1);
	mk_count_add(&w->private_topic->counts.dropped, 1);
	private->drop(a, private);
}

/* Runs one that is in no list. */
static void run(mk_worker *w, mk_actor *a, mk_private *private)
{
	mk_counts *counts = &w->private_topic->counts;
	bool said = private->run(a, private);
	mk_count_add(said ? &a->handled : &a->tally->counts.dropped, 1);
	a->extra->batch_from += said; /* a tick counts events of the mailbox only */
	mk_count_add(said ? &counts->handled : &counts->dropped, 1);
}

void mk_private_run_given(mk_worker *w, mk_actor *a, mk_private *private)
{
	mk_private_take_back(a, private);
	run(w, a, private);
}

void mk_private_run_now(mk_worker *w, mk_actor *a, mk_private *private)
{
	mk_private_count(w, a);
	run(w, a, private);
}

static mk_private *take_first(mk_actor *a)
{
	mk_private *first = a->extra->privates;
	mk_private_take_back(a, first);
	return first;
}

void mk_private_run(mk_worker *w, mk_actor *a) { run(w, a, take_first(a)); }

void mk_private_shift(mk_actor *a)
{
	for (mk_private *p = a->extra == NULL ? NULL : a->extra->privates; p != NULL; p = p->next)
		p->after = mk_count(&a->box.tail);
}

void mk_private_drop(mk_actor *a)
{
	while (a->extra->privates != NULL)
		drop(a->worker, a, take_first(a));
}
