/*
 * replay_source.c - the replacement of sources, which do not run in a replay: their callbacks repeat
 * the recorded actions and return the recorded results.
 *
 * The actions of a callback are on its worker's tape between the record of its begin and the record
 * of its return.
 */
#include "replay.h"
#include "runtime/callback.h"
#include "sched/end.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static mt_replay *replay_of(const maiko_ctx *ctx) { return ctx->worker->sup->seam.arg; }
static const mo_record *next_of(const maiko_ctx *ctx) { return mt_replay_peek(replay_of(ctx), ctx->worker->index); }

/* Repeats it; returns the code of the observation of its end, if that is next. */
static int returned(maiko_ctx *ctx, maiko_observation_kind kind)
{
	mt_source_play(replay_of(ctx), ctx);
	const mo_record *next = next_of(ctx);
	bool ends = next != NULL && !replay_of(ctx)->ending && next->kind == kind && next->number == ctx->self->id;
	return ends ? (int)next->value : 0;
}

/* ---- questions ----------------------------------------------------------------------------------- */

/* The descriptor of a question of sources of that type, made for the replay. */
struct mt_asked {
	struct mt_asked *next;
	maiko_question question;
};

static int ended(void *state, const void *answer, int status, maiko_ctx *ctx)
{
	(void)state;
	(void)status;
	return returned(ctx, answer != NULL ? MAIKO_OBSERVED_HANDLED : MAIKO_OBSERVED_QUESTION_ENDED);
}

static const maiko_question *question_of(mt_replay *r, const char *asker, const maiko_event_type *type)
{
	struct mt_asked *asked = r->asked;
	while (asked != NULL && (strcmp(asked->question.asker, asker) != 0 || asked->question.question != type ||
				 asked->question.answer != r->asking.answer))
		asked = asked->next;
	if (asked == NULL) {
		asked = calloc(1, sizeof *asked);
		if (asked == NULL)
			return NULL;
		asked->next = r->asked;
		asked->question = (maiko_question){.asker = asker,
						   .question = type,
						   .answer = r->asking.answer,
						   .ended = ended,
						   .format = MAIKO_FORMAT};
		r->asked = asked;
	}
	return &asked->question;
}

static int ask_again(mt_replay *r, mk_actor *a, const maiko_event_type *type, const void *data)
{
	const maiko_question *question = question_of(r, a->class->desc->name, type);
	r->asking.answer = NULL;
	if (question == NULL)
		return MAIKO_ENOMEM;
	return maiko_ctx_ask(a, question, r->asking.timeout_ms, data, r->asking.all ? MAIKO_ASK_ALL : 0);
}

void mt_source_fini(mt_replay *r)
{
	for (struct mt_asked *asked; (asked = r->asked) != NULL;) {
		r->asked = asked->next;
		free(asked);
	}
}

/* ---- recorded actions ------------------------------------------------------------------------ */

static int inject_again(mk_actor *a, const mo_record *record, const maiko_event_type *type, const void *data)
{
	const mo_dispatch *d = mt_dispatch_of(record);
	const mo_origin *origin = mt_origin_of(record);
	char sender[sizeof origin->sender] = "";
	memcpy(sender, origin->sender, sizeof sender - 1); /* terminated, even if the recording is damaged */
	const char *topic = mt_topic_of(record);
	maiko_envelope envelope = {.id = mt_event_of(record)->id,
				   .topic = topic == NULL ? NULL : &(const maiko_topic){.name = topic},
				   .parent = d->parent,
				   .correlation = d->correlation,
				   .sender = sender,
				   .origin_timestamp_ns = origin->timestamp_ns};
	return (record->flags & MO_TRACKED) != 0 ? maiko_inject_tracked(a, type, data, &envelope)
						 : maiko_inject(a, type, data, &envelope);
}

static void send_again(mt_replay *r, mk_actor *a, const mo_record *record)
{
	char text[400];
	mk_worker *w = a->worker;
	const mo_event *e = mt_event_of(record);
	const mo_dispatch *d = mt_dispatch_of(record);
	const maiko_event_type *type;
	size_t size;
	const unsigned char *content = mt_content_of(record, &size);
	if ((record->flags & MO_HAS_CONTENT) == 0) {
		snprintf(
			text, sizeof text,
			"the content of %s, from the source %s, was not recorded: the recorder must know of the source",
			mt_recording_type(&r->recording, e->type), a->self->name);
		mt_replay_diverge(r, text);
		return;
	}
	void *data = mt_replay_content(r, e->type, content, size, &type);
	if (data == NULL)
		return;
	bool root = mk_id_is_none(d->parent);
	maiko_id cause[2] = {d->parent, d->correlation};
	const maiko_id *before = w->cause;
	if (w->event == NULL && !root) /* the cause of a job */
		w->cause = cause;
	unsigned tracked = (record->flags & MO_TRACKED) != 0 ? MAIKO_SEND_TRACKED : 0;
	unsigned flags = tracked | (root ? MAIKO_SEND_ROOT : 0);
	const char *topic = mt_topic_of(record);
	int rc = r->asking.answer != NULL       ? ask_again(r, a, type, data)
		 : mt_origin_of(record) != NULL ? inject_again(a, record, type, data)
		 : topic != NULL                ? maiko_ctx_send_on(a, topic, type, data, flags)
		 : d->ttl_ms != 0               ? maiko_ctx_send_ttl(a, type, data, d->ttl_ms, flags)
						: maiko_ctx_send(a, type, data, flags);
	w->cause = before;
	mt_replay_drop(type, data);
	if (rc != 0 && !r->failed) {
		snprintf(text, sizeof text, "record %llu: what %s has sent cannot be sent again: %s",
			 (unsigned long long)record->ticket, a->self->name, maiko_last_error());
		mt_replay_diverge(r, text);
	}
}

void mt_source_play(mt_replay *r, mk_actor *a)
{
	uint32_t tape = a->worker->index;
	r->asking.answer = NULL; /* a recording may end before the question is sent */
	for (const mo_record *next; !r->ending && !r->failed && (next = mt_replay_peek(r, tape)) != NULL;) {
		const mo_event *e = mt_event_of(next);
		bool mine = next->kind == MAIKO_OBSERVED_DISPATCHED && e->sender == a->self->id &&
			    (next->flags & MO_PRIVATE) == 0; /* it comes to itself when it is due */
		if (mine) {
			send_again(r, a, next);
			if (mt_replay_peek(r, tape) == next)
				return;
		} else if (next->kind >= MO_NOTES + MK_NOTE_FOUND && next->kind <= MO_NOTES + MK_NOTE_GROUP_REMOVED) {
			mt_replay_consume(r, tape);
			if (!mt_is_note(next, MK_NOTE_FOUND) && !mt_is_note(next, MK_NOTE_WALL))
				mt_replay_call(r, a, next);
		} else {
			return;
		}
	}
}

/* ---- its callbacks ------------------------------------------------------------------------------- */

static int on_event(void *state, const void *event, maiko_ctx *ctx)
{
	(void)state;
	(void)event;
	return returned(ctx, MAIKO_OBSERVED_HANDLED);
}

static int on_any(void *state, const maiko_any *event, maiko_ctx *ctx)
{
	(void)state;
	(void)event;
	return returned(ctx, MAIKO_OBSERVED_HANDLED);
}

static int on_receipt(void *state, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	(void)state;
	(void)receipt;
	return returned(ctx, MAIKO_OBSERVED_RECEIPT);
}

static int on_interest(void *state, const maiko_interest *interest, maiko_ctx *ctx)
{
	(void)state;
	(void)interest;
	return returned(ctx, MAIKO_OBSERVED_INTEREST);
}

static int on_start(void *state, maiko_ctx *ctx)
{
	(void)state;
	return returned(ctx, MAIKO_OBSERVED_ERROR);
}

static int on_stop(void *state, maiko_ctx *ctx)
{
	(void)state;
	int rc = returned(ctx, MAIKO_OBSERVED_ERROR);
	return rc != 0 ? rc : returned(ctx, MAIKO_OBSERVED_STOPPED);
}

static int on_error(void *state, const maiko_error *error, maiko_ctx *ctx)
{
	(void)state;
	(void)error;
	int rc = returned(ctx, MAIKO_OBSERVED_FAILED);
	const mo_record *next = next_of(ctx);
	bool stopping = next != NULL && !replay_of(ctx)->ending && mt_is_note(next, MK_NOTE_STOPPING);
	return stopping ? MAIKO_ESHUTDOWN : rc;
}

/* The recording says when it runs next; but in a drain a tick after events is due by itself. */
static maiko_next tick(void *state, maiko_ctx *ctx)
{
	(void)state;
	mt_replay *r = replay_of(ctx);
	int code = returned(ctx, MAIKO_OBSERVED_TICK_LEFT), kind = code & 0xff;
	bool any_of_events = kind == MAIKO_NEXT_ANY && ((unsigned)code >> 8 & MAIKO_WOKEN_EVENTS) != 0;
	if (kind == MAIKO_NEXT_EVENTS || any_of_events)
		return maiko_after_n_events(UINT32_MAX); /* of its own accord in a drain only */
	if (kind != MAIKO_NEXT_FAILED)
		return maiko_never();
	const mt_tape *t = &r->recording.tapes[ctx->worker->index];
	const mo_record *error = t->at + 1 < t->count ? t->records[t->at + 1] : NULL;
	bool failed = error != NULL && error->kind == MAIKO_OBSERVED_ERROR && error->value < 0;
	return maiko_failed(failed ? (int)error->value : MAIKO_ECANCELED);
}

void mt_source_tasks(mt_replay *r, mk_actor *a)
{
	mk_worker *w = a->worker;
	const mt_tape *t = &r->recording.tapes[w->index];
	uint32_t left = 0;
	for (uint32_t i = t->at; i < t->count && !mt_is_piece(t->records[i]); i++)
		left += mt_is_note(t->records[i], MK_NOTE_TASK_DONE);
	bool some = left > 0;
	for (; left > 0 && !r->failed; left--) {
		mk_callback_enter(w, a);
		mt_source_play(r, a);
		mk_callback_leave(w);
		const mo_record *next = next_of(a);
		if (next == NULL || !mt_is_note(next, MK_NOTE_TASK_DONE)) {
			if (next != NULL)
				mt_replay_differs(r, next, w->index, NULL);
			return;
		}
		mt_replay_consume(r, w->index);
		if (next->value < 0)
			mk_actor_error(w, a, (int)next->value, MAIKO_PHASE_DONE, NULL);
	}
	const mo_record *next = next_of(a);
	if (some && next != NULL && mt_is_note(next, MK_NOTE_TASKS))
		mt_replay_consume(r, w->index);
}

/* ---- in place of the real one ---------------------------------------------------------------------- */

static mk_actor_class *silent_of(const mk_actor_class *class)
{
	size_t size = sizeof *class + (class->handler_mask + 1) * sizeof class->handlers[0];
	mk_actor_class *silent = mk_calloc(1, size);
	if (silent == NULL)
		return NULL;
	memcpy(silent, class, size);
	for (uint32_t i = 0; i <= class->handler_mask; i++)
		if (class->handlers[i].type != NULL)
			silent->handlers[i].on = on_event;
	silent->any = class->any != NULL ? on_any : NULL;
	silent->start = class->start != NULL ? on_start : NULL;
	silent->stop = class->stop != NULL ? on_stop : NULL;
	silent->error = class->error != NULL ? on_error : NULL;
	silent->tick = class->tick != NULL ? tick : NULL;
	silent->receipt = class->receipt != NULL ? on_receipt : NULL;
	silent->interest = class->interest != NULL ? on_interest : NULL;
	silent->done = NULL; /* its tasks are repeated */
	/* Inserted after the real one, which other actors of the type may need. */
	mk_actor_class *before = (mk_actor_class *)(uintptr_t) class;
	silent->next = before->next;
	before->next = silent;
	return silent;
}

int mt_source_silence(mt_replay *r, mk_actor *a)
{
	for (uint32_t i = 0; i < r->silent_count; i++) {
		if (r->silent[i] == a->class)
			return 0;
		if (r->real[i] == a->class) {
			a->class = r->silent[i];
			return 0;
		}
	}
	const mk_actor_class *silent = silent_of(a->class);
	if (silent == NULL)
		return MAIKO_ENOMEM;
	if (r->silent_count < MT_SILENT_MAX) {
		r->real[r->silent_count] = a->class;
		r->silent[r->silent_count++] = silent;
	}
	a->class = silent;
	return 0;
}
