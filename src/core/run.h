/*
 * run.h - when an actor runs, and what happens when it does.
 *
 * An actor rests, is ready, runs, or is held: muted, in a topology change, waiting for
 * the start, or ended. A held actor keeps what is queued for it and is not run.
 */
#ifndef MK_RUN_H
#define MK_RUN_H

#include "error.h"
#include "failure.h"
#include "monitor.h"
#include "runtime.h"

/* Whether this thread is inside a callback of that actor: nowhere else may its ctx be used. */
static inline bool mk_is_inside(const mk_actor *a) { return mk_inside == a->worker && a->worker->actor == a; }

/* What a public call checks first: 0, MAIKO_EINVAL (a NULL) or MAIKO_EFORK, with its sentence. */
static inline int mk_check_sup(const mk_sup *sup)
{
	if (sup == NULL)
		return mk_fail_text(MAIKO_EINVAL, "the supervisor is NULL");
	return mk_forked(sup) ? mk_fail_forked() : 0;
}
static inline int mk_check_ctx(const maiko_ctx *ctx)
{
	if (ctx == NULL)
		return mk_fail_text(MAIKO_EINVAL, "the ctx is NULL");
	assert(mk_is_inside(ctx));
	return mk_check_sup(ctx->worker->sup);
}

/* Appends a resting actor to the ready list. */
static inline void mk_ready(mk_worker *w, mk_actor *a)
{
	a->sched |= MK_QUEUED;
	a->next = NULL;
	*w->ready_tail = a;
	w->ready_tail = &a->next;
}

/* Makes it ready if it rests. */
static inline void mk_wake(mk_worker *w, mk_actor *a)
{
	if (a->sched == 0)
		mk_ready(w, a);
}

/* Makes room in a full ring. 0 or MAIKO_ENOMEM. */
MK_NOINLINE int mk_deliver_grow(mk_worker *w, mk_actor *a);
MK_NOINLINE void mk_deliver_failed(mk_worker *w, mk_actor *a, mk_event *e);
/* On the worker's list of rings to give back. */
MK_NOINLINE void mk_warm(mk_worker *w, mk_actor *a);
void mk_unlink_warm(mk_worker *w, mk_actor *a);

/* Queues an event for an actor, whose mailbox has that tail and span. `watched`: if anybody
 * watches, they are told. */
static MK_INLINE void mk_deliver_at(mk_worker *w, mk_actor *a, mk_event *e, uint64_t tail, uint64_t span, bool watched)
{
	if (MK_UNLIKELY(span == a->box.size) && mk_deliver_grow(w, a) != 0) {
		mk_deliver_failed(w, a, e);
		return;
	}
	mk_mailbox_put(&a->box, e, tail);
	e->refs++;
	if (watched)
		MK_TELL(w, MAIKO_SAW_DELIVERED, a, e, 0);
	mk_wake(w, a);
}

static inline void mk_deliver(mk_worker *w, mk_actor *a, mk_event *e)
{
	uint64_t tail = mk_count(&a->box.tail);
	mk_deliver_at(w, a, e, tail, tail - mk_count(&a->box.head), true);
}

/* Whether anything waits for it to run. */
MK_PRIVATE bool mk_has_work(const mk_actor *a);

/* Sets or clears one of the MK_HELD bits. */
void mk_hold(mk_worker *w, mk_actor *a, unsigned bit);
void mk_permit(mk_worker *w, mk_actor *a, unsigned bit);

/* Out of the list that it is in as long as it is held. */
void mk_unlink_held(mk_worker *w, mk_actor *a);

/* Adds a task, to be run as a callback of the actor. */
void mk_task_add(mk_worker *w, mk_actor *a, mk_task *task);

/* Runs the next ready actor: its tasks, a budget of events, its tick. Precondition:
 * there is one. */
void mk_run_next(mk_worker *w);

/* Brackets a callback of an actor; they nest for maiko_enter inside libuv's. */
MK_PRIVATE void mk_callback_enter(mk_worker *w, mk_actor *a);
MK_PRIVATE void mk_callback_leave(mk_worker *w);

/* An error of a callback: on_error decides; if it does not handle it, the actor fails.
 * Returns whether the actor goes on. */
MK_PRIVATE bool mk_actor_error(mk_worker *w, mk_actor *a, int code, maiko_phase phase, const mk_event *e);

/* Fails an actor, whatever on_error returns: it ends, and unless it is temporary so does the
 * supervisor. A failure in its start is handled by whoever starts it. */
void mk_actor_fail(mk_worker *w, mk_actor *a, const mk_cause *cause);

/* Runs on_start. 0, or the error that failed the actor. */
int mk_actor_start(mk_worker *w, mk_actor *a);

/* It has started: what mk_actor_start does after on_start. */
void mk_actor_begin(mk_worker *w, mk_actor *a);

/* Ends an actor: what is queued gets `fate`, on_stop runs if it is owed. Nothing if it
 * has ended. */
void mk_actor_end(mk_worker *w, mk_actor *a, maiko_actor_status status, size_t fate);

/* A stop has begun: only events, and a tick after them, go on. */
void mk_actor_drain(mk_worker *w, mk_actor *a);

/* A stop does not wait for it any more: what is queued for it is discarded, and so is what
 * comes. */
void mk_actor_discard_queued(mk_worker *w, mk_actor *a);

/* To be ended (if it has not), and its removal asked for, in the worker's next turn. */
void mk_part(mk_worker *w, mk_actor *a);
/* The next of these, or NULL. */
mk_actor *mk_take_parting(mk_worker *w);

/* Gives back the rings of those that got nothing since it last did; at most once a second. */
void mk_cool(mk_worker *w);

#endif
