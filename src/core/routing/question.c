/*
 * question.c - see question.h.
 */
#include "routing/question.h"

#include "base/error.h"
#include "observe/monitor.h"
#include "observe/note.h"
#include "routing/private.h"
#include "routing/router.h"
#include "runtime/callback.h"
#include "runtime/upcalls.h"

struct mk_question {
	mk_timer timer;
	mk_question *next, **at; /* in the list of its asker; at: what points to it */
	mk_actor *actor;
	mk_receipt *receipt; /* NULL: it is complete */
	const maiko_question *asked;
	maiko_id cause[2]; /* the event's id and correlation */
	uint64_t replies;
	bool all, reserved; /* reserved: a slot of the worker's timers */
	int status;         /* once it has ended: */
	mk_private private;
};

/* A reply on its way to the asker, then one of its private deliveries. */
typedef struct mk_reply {
	mk_part part;
	mk_event *event;
	const maiko_question *asked;
	mk_private private;
} mk_reply;

/* ---- the end of a question -------------------------------------------------------------------- */

static void link_last(mk_extra *x, mk_question *q)
{
	mk_question **at = &x->questions;
	if (*at != NULL)
		at = x->question_tail;
	q->at = at;
	q->next = NULL;
	*at = q;
	x->question_tail = &q->next;
}

/* Nothing that comes finds it any more. */
static void take_out(mk_worker *w, mk_question *q)
{
	mk_extra *x = q->actor->extra;
	*q->at = q->next;
	if (q->next != NULL)
		q->next->at = q->at;
	else
		x->question_tail = q->at;
	mk_timer_clear(&w->timers, &q->timer);
	if (q->reserved)
		mk_timers_unreserve(&w->timers);
	if (q->receipt != NULL)
		mk_receipt_disowns(q->receipt);
}

static bool run_end(mk_actor *a, mk_private *private)
{
	mk_question *q = MK_OF(private, mk_question, private);
	mk_worker *w = a->worker;
	w->cause = w->asked = q->cause;
	mk_callback_enter(w, a);
	int rc = mk_result(w->sup, a, MAIKO_PHASE_ANSWER, q->asked->ended(mk_actor_state(a), NULL, q->status, a));
	mk_callback_leave(w);
	MK_NOTIFY(w, MAIKO_OBSERVED_QUESTION_ENDED, a, NULL, rc);
	if (rc < 0)
		(void)mk_up.error(w, a, rc, MAIKO_PHASE_ANSWER, NULL);
	w->cause = w->asked = NULL;
	mk_free(q);
	return true;
}

static void drop_end(mk_actor *a, mk_private *private)
{
	(void)a;
	mk_free(MK_OF(private, mk_question, private));
}

static void set_end(mk_worker *w, mk_question *q, int status)
{
	take_out(w, q);
	q->status = status;
	q->private = (mk_private){.run = run_end, .drop = drop_end};
}

static void end(mk_worker *w, mk_question *q, int status)
{
	set_end(w, q, status);
	mk_private_give(w, q->actor, &q->private);
}

static void time_is_over(mk_timer *timer)
{
	mk_question *q = MK_OF(timer, mk_question, timer);
	mk_worker *w = q->actor->worker;
	mk_count_add(&w->activity, 1); /* before the delivery: stop.h */
	end(w, q, MAIKO_ETIMEDOUT);
}

int mk_question_status(const maiko_receipt *sum, uint64_t replies)
{
	if (sum->error != 0)
		return sum->error;
	if (sum->unknown != 0) /* whether those would have replied */
		return MAIKO_EOVERFLOW;
	if (sum->handled + sum->ignored + sum->filtered + sum->set_aside > replies)
		return MAIKO_ENOREPLY;
	if (sum->dropped != 0)
		return MAIKO_EOVERFLOW;
	return sum->no_memory != 0   ? MAIKO_ENOMEM
	       : sum->expired != 0   ? MAIKO_ETIMEDOUT
	       : sum->discarded != 0 ? MAIKO_ESHUTDOWN
	       : sum->dead != 0      ? MAIKO_ECANCELED
				     : MAIKO_ENOSUBSCRIBER;
}

int mk_question_fail(const char *call, const maiko_event_type *type, int status)
{
	return mk_fail(status, "%s: the question '%s' was not answered: %s", call, type->layout->name,
		       maiko_strerror(status));
}

static void complete(mk_worker *w, mk_question *q, const maiko_receipt *sum)
{
	bool all = q->all && q->replies != 0 && q->replies >= sum->deliveries + sum->unknown;
	q->receipt = NULL;
	end(w, q, all ? 0 : mk_question_status(sum, q->replies));
}

/* ---- replies ------------------------------------------------------------------------------------- */

static void reply_free(mk_reply *reply)
{
	reply->event->refs = 1;
	mk_event_unref(NULL, reply->event); /* it is on the heap */
	mk_free(reply);
}

static void lost(mk_message *m)
{
	mk_part *part = MK_OF(m, mk_part, message);
	reply_free(MK_OF(part, mk_reply, part));
}

static int answered(mk_actor *a, const mk_event *e, const void *asked)
{
	mk_worker *w = a->worker;
	w->asked = &e->parent;
	int rc = ((const maiko_question *)asked)->ended(mk_actor_state(a), e->data, 0, a);
	w->asked = NULL;
	return rc;
}

static bool run_reply(mk_actor *a, mk_private *private)
{
	mk_reply *reply = MK_OF(private, mk_reply, private);
	reply->event->refs = 1;
	reply->event->topic = a->worker->private_topic; /* it may have moved since */
	mk_private_handle(a->worker, a, reply->event, answered, reply->asked);
	mk_free(reply);
	return true;
}

static void drop_reply(mk_actor *a, mk_private *private)
{
	(void)a;
	reply_free(MK_OF(private, mk_reply, private));
}

static void came(mk_worker *w, mk_question *q, mk_actor *a, mk_part *part)
{
	mk_reply *reply = MK_OF(part, mk_reply, part);
	mk_advance_time(w, reply->event);
	reply->private = (mk_private){.run = run_reply, .drop = drop_reply};
	if (q == NULL) {
		mk_private_late(w, a, &reply->private);
		return;
	}
	reply->asked = q->asked;
	q->replies++;
	mk_private_give(w, q->actor, &reply->private);
	if (!q->all) {
		take_out(w, q);
		mk_free(q);
	}
}

static mk_event *answer_of(mk_part *part)
{
	mk_reply *reply = MK_OF(part, mk_reply, part);
	mk_event *e = reply->event;
	e->refs = 1;
	mk_free(reply);
	return e;
}

static const mk_replies replies = {.came = came, .answer = answer_of, .lost = lost};

int mk_question_reply(maiko_ctx *ctx, const mk_event *e, const mk_type *type, const void *value)
{
	mk_worker *w = ctx->worker;
	mk_reply *reply = MK_NEW(mk_reply);
	if (reply == NULL)
		return MAIKO_ENOMEM;
	reply->event = mk_event_make_held(ctx->self, type, value, NULL, NULL, 0);
	if (reply->event == NULL) {
		mk_free(reply);
		return mk_event_fail(type, value);
	}
	/* An external thread does not ask in a replay: its question is an event there. */
	if (MK_UNLIKELY(w->sup->seam.noted) && mk_receipt_is_of_actor(e))
		mk_note_call(w->sup, w, MK_NOTE_REPLY, e->id.sequence, (int64_t)e->id.origin,
			     &(mk_call){.event = type->desc, .data = value});
	mk_event_stamp(w, reply->event, ctx->self, w->private_topic, false);
	reply->event->parent = e->id;
	reply->event->correlation = e->correlation;
	mk_receipt_reply(w, e, &reply->part, &replies);
	return 0;
}

/* ---- asking ----------------------------------------------------------------------------------------- */

int mk_question_ask(mk_topic *t, const mk_type *type, maiko_ctx *ctx, const void *value, const maiko_question *asked,
		    const mk_type *answer, uint64_t timeout_ms, bool all)
{
	mk_worker *w = ctx->worker;
	mk_extra *x = mk_extra_of(ctx);
	mk_question *q = x == NULL || mk_private_prepare(ctx) != 0 ? NULL : MK_NEW(mk_question);
	if (q == NULL || mk_timers_reserve(&w->timers) != 0) {
		mk_free(q);
		return MAIKO_ENOMEM;
	}
	if (timeout_ms > MAIKO_NEXT_MS_MAX)
		timeout_ms = MAIKO_NEXT_MS_MAX;
	*q = (mk_question){.actor = ctx, .asked = asked, .all = all, .reserved = true, .timer.fire = time_is_over};
	link_last(x, q); /* before the send: without a subscriber that ends it */
	mk_timer_set(&w->timers, &q->timer, w->now_ns + timeout_ms * 1000000);
	const mk_call noted = {.event = answer->desc, .timeout_ms = timeout_ms, .all = all};
	const mk_asking asking = {.question = q,
				  .answer = answer,
				  .noted = &noted,
				  .complete = complete,
				  .receipt = &q->receipt,
				  .cause = q->cause};
	int rc = mk_receipt_send(t, type, ctx, value, NULL, 0, &(mk_tracking){.asking = &asking});
	if (rc != 0) {
		take_out(w, q);
		mk_free(q);
	}
	return rc;
}

/* ---- the asker ------------------------------------------------------------------------------------------ */

/* One that has ended, when all were quiet already: by its timer. */
static mk_private *ended_of(const mk_actor *a)
{
	mk_private *p = a->extra->privates;
	while (p != NULL && p->run != run_end)
		p = p->next;
	return p;
}

void mk_questions_shut(mk_worker *w, mk_actor *a)
{
	mk_private *ended;
	if (a->extra == NULL)
		return;
	while ((a->sched & (MK_ENDED | MK_DOWN)) == 0 && (ended = ended_of(a)) != NULL)
		mk_private_run_given(w, a, ended);
	while (a->extra->questions != NULL && (a->sched & (MK_ENDED | MK_DOWN)) == 0) {
		mk_question *q = a->extra->questions;
		set_end(w, q, MAIKO_ESHUTDOWN);
		mk_private_run_now(w, a, &q->private);
	}
}

void mk_questions_drop(mk_worker *w, mk_actor *a)
{
	while (a->extra->questions != NULL) {
		mk_question *q = a->extra->questions;
		set_end(w, q, MAIKO_ECANCELED);
		mk_private_refuse(w, a, &q->private);
	}
}

void mk_questions_free(mk_extra *x)
{
	while (x->questions != NULL) {
		mk_question *q = x->questions;
		x->questions = q->next;
		mk_free(q);
	}
}

void mk_questions_pack(mk_worker *w, mk_actor *a)
{
	for (mk_question *q = a->extra == NULL ? NULL : a->extra->questions; q != NULL; q = q->next) {
		mk_timer_clear(&w->timers, &q->timer);
		mk_timers_unreserve(&w->timers);
		q->reserved = false;
	}
}

void mk_questions_unpack(mk_worker *w, mk_actor *a)
{
	for (mk_question *q = a->extra == NULL ? NULL : a->extra->questions, *next; q != NULL; q = next) {
		next = q->next;
		q->reserved = mk_timers_reserve(&w->timers) == 0;
		if (q->reserved)
			mk_timer_set(&w->timers, &q->timer, q->timer.due_ns);
		else
			end(w, q, MAIKO_ENOMEM);
	}
}
