/*
 * replay.c - replays a recording on a supervisor: see maiko/testing/replay.h.
 *
 * A recording has the pieces of work of each worker (note.h), and the observations made during them.
 * The replay repeats the pieces in the order of their tickets, each as a whole. Each observation must
 * equal the next one on that worker's tape (replay_check.c); the first that differs is the divergence.
 * If a piece depends on a nondeterministic value, that value is next on the tape.
 * A group that one of its callbacks uses, and that another thread made during it, is made before the piece.
 *
 * Event ids are the same because the seed is, and because a worker numbers its events in order.
 */
#include "replay.h"

#include "base/error.h"
#include "lifecycle/topology.h"
#include "registry/directory.h"
#include "routing/external.h"
#include "runtime/callback.h"
#include "sched/end.h"
#include "sim/lead.h"
#include "sim/step.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- the seam --------------------------------------------------------------------------------- */

static uint64_t seam_now(void *arg) { return ((const mt_replay *)arg)->now_ns; }

static uint32_t seam_choose(void *arg, uint32_t count)
{
	const mt_replay *r = arg;
	uint32_t k = 0;
	for (const mk_actor *a = r->running == NULL ? NULL : r->running->ready; a != NULL && k < count;
	     a = a->next, k++)
		if (a == r->wanted)
			return k;
	return 0;
}

/* Refuses what was refused in the recording. */
static int accept_type(void *arg, const maiko_event_type *type)
{
	return mo_content_accept(type, ((const mt_replay *)arg)->recording.head->undescribed != 0);
}

static void seam_refused(void *arg, const char *call, const char *who)
{
	char text[256];
	snprintf(text, sizeof text, "%s, asked for by %s: it must be named a source", call, who);
	mt_replay_diverge(arg, text);
}

static bool advance(mt_replay *r);
static bool run_freely(mt_replay *r);

static void seam_wait(void *arg, uint64_t until_ns)
{
	(void)until_ns; /* the recording knows what came first */
	mt_replay *r = arg;
	if (r->ending ? !run_freely(r) : !advance(r)) {
		if (r->recording.over)
			mt_replay_diverge(r, "the replay waits for what does not happen");
		atomic_store_explicit(&r->sup->state, MK_ABANDONED, memory_order_seq_cst);
	}
}

/* ---- nondeterministic values ---------------------------------------------------------------------- */

static void expect(mt_replay *r, const mk_worker *w, const mk_note *n)
{
	char text[64];
	const mo_record *next = mt_replay_peek(r, w->index);
	bool same = next != NULL && mt_is_note(next, n->kind) && next->number == n->number;
	if (same && (next->value == n->value || n->kind == MK_NOTE_EXTERNAL)) { /* it may end within the latter */
		mt_replay_consume(r, w->index);
	} else if (next != NULL) {
		snprintf(text, sizeof text, "%s", mt_note_text((int)n->kind));
		mt_replay_differs(r, next, w->index, text);
	}
}

/* Compares the notes of a repeated piece with the tape. */
static void note(void *arg, mk_worker *w, const mk_note *n)
{
	mt_replay *r = arg;
	if (w == NULL || r->ending || r->failed)
		return;
	const mo_record *next = mt_replay_peek(r, w->index);
	bool same = next != NULL && mt_is_note(next, n->kind) && next->number == n->number;
	switch (n->kind) {
	case MK_NOTE_EXTERNAL:
	case MK_NOTE_PRIVATES:
	case MK_NOTE_TASK_DONE:
	case MK_NOTE_TICK_LATE:
	case MK_NOTE_STOPPING:
		expect(r, w, n);
		break;
	case MK_NOTE_TASKS: /* those of a source were repeated before the run */
		if (same || !mt_replay_is_source(r, r->wanted == NULL ? 0 : r->wanted->self->id))
			expect(r, w, n);
		break;
	case MK_NOTE_AFTER: /* only some actors' are on the tape */
	case MK_NOTE_CANCEL:
	case MK_NOTE_RANDOM:
	case MK_NOTE_STOP_SELF:
	case MK_NOTE_HOLD:
	case MK_NOTE_ASK:
	case MK_NOTE_REPLY:
	case MK_NOTE_KEEP:
	case MK_NOTE_RELEASE:
	case MK_NOTE_WATCH:
		if (same && !r->calling)
			mt_replay_consume(r, w->index);
		break;
	default: /* a piece is taken off the tape before it is repeated */
		break;
	}
}

static bool told(void *arg, mk_worker *w, mk_note_kind kind, uint64_t number, mk_told *ret_told)
{
	mt_replay *r = arg;
	if (r->ending || r->failed)
		return false;
	if (r->given && r->given_kind == kind) {
		r->given = false;
		*ret_told = r->told;
		return true;
	}
	const mo_record *next = w == NULL ? NULL : mt_replay_peek(r, w->index);
	if (next != NULL && mt_is_note(next, kind) && (number == MK_ANY_NUMBER || next->number == number)) {
		mt_replay_consume(r, w->index);
		*ret_told = (mk_told){next->number, next->value};
		return true;
	}
	if (next != NULL && (kind == MK_NOTE_ADD || kind == MK_NOTE_CHANGE || kind == MK_NOTE_FOUND ||
			     kind == MK_NOTE_WATCH || kind == MK_NOTE_GROUP_MADE || kind == MK_NOTE_GROUP_REMOVED))
		mt_replay_differs(r, next, w->index, "a call to add, find or change actors or subscriptions");
	if (next != NULL && kind == MK_NOTE_WALL)
		mt_replay_differs(r, next, w->index, mt_note_text((int)kind));
	return false;
}

/* Provides the external events of the next intake, from the tape. */
static void refill(void *arg, mk_worker *w)
{
	mt_replay *r = arg;
	const mt_tape *t = &r->recording.tapes[w->index];
	mk_external_forget(w); /* drops the sends of the set-up: the recording has them */
	if (r->ending || r->failed || t->at == t->count || !mt_is_note(t->records[t->at], MK_NOTE_EXTERNAL))
		return;
	int64_t left = t->records[t->at]->value;
	for (uint32_t i = t->at + 1; i < t->count && left > 0 && !r->failed; i++) {
		const mo_record *record = t->records[i];
		const maiko_event_type *type;
		size_t size;
		if (record->kind != MAIKO_OBSERVED_DISPATCHED || mt_event_of(record)->sender != 0)
			continue;
		const unsigned char *content = mt_content_of(record, &size);
		void *data = mt_replay_content(r, mt_event_of(record)->type, content, size, &type);
		if (data == NULL)
			return;
		const mo_dispatch *d = mt_dispatch_of(record);
		if (mk_external_put(w, type, mt_topic_of(record), data, mt_event_of(record)->id, d->timestamp_ns,
				    d->ttl_ms) != 0)
			mt_replay_differs(r, record, w->index, "it cannot be sent again");
		mt_replay_drop(type, data);
		left--;
	}
}

/* ---- pieces of a worker ---------------------------------------------------------------------------- */

/* An actor by its id; also one on the ready list that has left the directory. */
static mk_actor *actor_of(const mt_replay *r, const mk_worker *w, uint64_t id)
{
	for (mk_actor *a = w->ready; a != NULL; a = a->next)
		if (a->self->id == id)
			return a;
	return mk_directory_find(r->sup, id);
}

/* A recorded run of an actor, as far as its tape goes. */
typedef struct run_of {
	uint32_t events;
	bool ticks, tick_is_late;
	uint32_t privates;
	uint32_t tasks; /* UINT32_MAX: not recorded */
} run_of;

/* An event that the actor has sent to itself; of a receipt and a notice its handler has returned. */
static bool begins_private(const mo_record *record)
{
	return record->kind == MAIKO_OBSERVED_RECEIPT || record->kind == MAIKO_OBSERVED_INTEREST ||
	       record->kind == MAIKO_OBSERVED_QUESTION_ENDED ||
	       (record->kind == MAIKO_OBSERVED_DELIVERED && (record->flags & MO_PRIVATE) != 0);
}

static run_of read_run(const mt_tape *t, uint64_t id)
{
	run_of run = {.tasks = 0}; /* a run that took none has no note of that */
	bool in_event = false, in_tick = false, in_private = false, noted = false;
	uint32_t i = t->at, privates = 0;
	for (; i < t->count && !mt_is_piece(t->records[i]); i++) {
		const mo_record *record = t->records[i];
		bool handled = record->kind == MAIKO_OBSERVED_HANDLED && record->number == id;
		bool expired = record->kind == MAIKO_OBSERVED_DISCARDED && record->value == MAIKO_EXPIRED &&
			       record->number == id;
		bool entered = record->kind == MAIKO_OBSERVED_TICK_ENTERED && record->number == id;
		bool private = begins_private(record) && record->number == id;
		privates += private;
		in_private = (private && mt_event_of(record) != NULL) || (in_private && !handled);
		run.events += expired || (handled && (record->flags & MO_PRIVATE) == 0);
		run.ticks |= entered;
		in_tick = entered || (in_tick && record->kind != MAIKO_OBSERVED_TICK_LEFT);
		in_event = !handled && !expired && !in_tick;
		run.tick_is_late |= mt_is_note(record, MK_NOTE_TICK_LATE);
		noted |= mt_is_note(record, MK_NOTE_TASKS);
		if (mt_is_note(record, MK_NOTE_TASKS))
			run.tasks = (uint32_t)record->value;
		if (mt_is_note(record, MK_NOTE_PRIVATES))
			run.privates = (uint32_t)record->value;
	}
	if (i == t->count && !noted) /* the tape may end in a task */
		run.tasks = UINT32_MAX;
	if (i == t->count && in_private) /* the tape ends in this event */
		run.privates = privates;
	else if (i == t->count && in_event)
		run.events++;
	return run;
}

static bool run(mt_replay *r, mk_worker *w, uint64_t id)
{
	mk_actor *a = actor_of(r, w, id);
	if (a == NULL || a->worker != w)
		return false;
	bool source = mt_replay_is_source(r, id);
	r->wanted = a;
	r->running = w;
	if (source) {
		w->now_ns = r->now_ns;
		mt_source_tasks(r, a);
	}
	run_of run = read_run(&r->recording.tapes[w->index], id);
	r->sup->seam.led_tasks = run.tasks;
	r->sup->seam.led_privates = run.privates;
	r->sup->seam.tick_waits = run.tick_is_late;
	if (r->failed)
		return true;
	return mk_lead_run(w, a, run.events, source, run.ticks || run.tick_is_late);
}

static bool enter(mt_replay *r, mk_worker *w, uint64_t id)
{
	mk_actor *a = actor_of(r, w, id);
	if (a == NULL || a->worker != w || maiko_enter(a) != 0)
		return false;
	mt_source_play(r, a);
	const mo_record *next = mt_replay_peek(r, w->index);
	bool left = next != NULL && mt_is_note(next, MK_NOTE_LEAVE);
	if (left)
		mt_replay_consume(r, w->index);
	maiko_leave(a, left ? (int)next->value : 0);
	return true;
}

/* What a look at the topics has told. */
static bool tell_silent(mk_worker *w, const mo_record *record)
{
	mo_call call;
	size_t size;
	const unsigned char *content = mt_content_of(record, &size);
	bool whole = mo_call_read(MK_NOTE_SILENT, content, size, &call);
	if (whole)
		mk_lead_silent(w, call.name, call.every_ms, record->number, record->value != 0);
	return whole;
}

static bool piece(mt_replay *r, mk_worker *w, const mo_record *record)
{
	mk_note_kind kind = (mk_note_kind)(record->kind - MO_NOTES);
	if (kind != MK_NOTE_EXTERNAL) /* MK_NOTE_EXTERNAL also occurs within other pieces */
		mt_replay_consume(r, w->index);
	if (kind == MK_NOTE_RUN)
		return run(r, w, record->number);
	if (kind == MK_NOTE_ENTER)
		return enter(r, w, record->number);
	if (kind == MK_NOTE_SILENT)
		return tell_silent(w, record);
	bool job = kind == MK_NOTE_CONTROL && record->number >> 56 == MK_POST_JOB;
	if (job && mt_replay_is_source(r, (uint64_t)record->value))
		return true;
	return mk_lead_piece(w, kind, record->number, record->value);
}

/* Repeats the failure of a source outside its callbacks, by its descriptor. */
static bool fail_again(mt_replay *r, mk_worker *w, const mo_record *record)
{
	mk_actor *a = record->kind == MAIKO_OBSERVED_ERROR ? actor_of(r, w, record->number) : NULL;
	if (a == NULL || a->worker != w || !mt_replay_is_source(r, record->number) || record->value >= 0)
		return false;
	w->now_ns = r->now_ns;
	(void)mk_actor_error(w, a, (int)record->value, MAIKO_PHASE_TICK, NULL);
	return true;
}

static bool advance_worker(mt_replay *r, uint32_t tape, const mo_record *record)
{
	if (tape >= mk_worker_total(r->sup))
		return false;
	mk_worker *w = mk_worker_at(r->sup, tape);
	mt_replay_groups(r, tape);
	return mt_is_piece(record) ? piece(r, w, record) : fail_again(r, w, record);
}

/* ---- pieces of the supervisor ------------------------------------------------------------------------ */

static bool advance_sup(mt_replay *r, const mo_record *record)
{
	mk_note_kind kind = (mk_note_kind)(record->kind - MO_NOTES);
	size_t size;
	const unsigned char *content = mt_content_of(record, &size);
	if (record->kind < MO_NOTES)
		return false;
	mt_replay_consume(r, MO_SUP_TAPE);
	mk_hosting++; /* no call in it may wait */
	bool done = true;
	if (mt_is_call_from_outside(kind))
		mt_replay_call(r, NULL, record);
	else if (kind == MK_NOTE_BATCH)
		done = mk_topology_begin_led(r->sup, record->number, (const uint64_t *)(const void *)content,
					     size / sizeof(uint64_t));
	else
		done = mk_lead_sup(r->sup, kind, record->number, record->value);
	mk_hosting--;
	return done;
}

/* ---- along the recording ------------------------------------------------------------------------------ */

/* The next entry that has not been repeated or observed. NULL: there is none. */
static const mt_entry *next_entry(mt_replay *r)
{
	while (r->at < r->recording.count &&
	       r->recording.entries[r->at].place < r->recording.tapes[r->recording.entries[r->at].tape].at)
		r->at++;
	return r->at < r->recording.count && !r->failed ? &r->recording.entries[r->at] : NULL;
}

/* Repeats the next piece. False: there is none, or it has diverged. */
static bool advance(mt_replay *r)
{
	const mt_entry *e = next_entry(r);
	if (e == NULL)
		return false;
	r->now_ns = e->record->now_ns < INT64_MAX ? e->record->now_ns : INT64_MAX;
	bool done = e->tape == MO_SUP_TAPE ? advance_sup(r, e->record) : advance_worker(r, e->tape, e->record);
	bool taken = e->place < r->recording.tapes[e->tape].at; /* taken off its tape; else the piece had no effect */
	if ((!done || !taken) && !r->failed)
		mt_replay_differs(r, e->record, e->tape, NULL);
	return !r->failed;
}

static bool reach_started(void *arg)
{
	mt_replay *r = arg;
	const mt_entry *e;
	while ((e = next_entry(r)) != NULL) {
		if (e->tape == MO_SUP_TAPE && mt_is_note(e->record, MK_NOTE_STARTED)) {
			r->now_ns = e->record->now_ns;
			mt_replay_consume(r, MO_SUP_TAPE);
			return true;
		}
		if (!advance(r))
			break;
	}
	atomic_store_explicit(&r->sup->state, MK_ABANDONED, memory_order_seq_cst);
	return false;
}

/* ---- after the recording --------------------------------------------------------------------------------- */

static bool step(mt_replay *r, mk_worker *w)
{
	mk_step steps[MK_STEPS_MAX];
	if (mk_steps_of(w, steps) == 0)
		return false;
	r->running = w;
	mk_step_take(r->sup, steps[0]);
	return true;
}

/* Takes any step, or advances the time to the next timer. */
static bool run_freely(mt_replay *r)
{
	r->wanted = NULL;
	for (uint32_t i = 0; i < mk_worker_total(r->sup); i++) {
		r->next = (r->next + 1) % mk_worker_total(r->sup);
		if (step(r, mk_worker_at(r->sup, r->next)))
			return true;
	}
	if (mk_step_has_job(r->sup)) {
		mk_step_take(r->sup, (mk_step){.kind = MK_STEP_JOB});
		return true;
	}
	uint64_t due = mk_step_due(r->sup);
	if (due == UINT64_MAX)
		return false;
	r->now_ns = due > r->now_ns ? due : r->now_ns;
	return true;
}

static void replay_free(mt_replay *r)
{
	/* It continues to its end as a simulation, to release its resources. */
	r->ending = true;
	if (r->sup != NULL)
		mk_lead_end(r->sup);
	maiko_supervisor_free(r->sup);
	mt_source_fini(r);
	mt_recording_fini(&r->recording);
	free(r);
}

/* ---- all of it ------------------------------------------------------------------------------------------ */

static mk_seam seam_of(mt_replay *r)
{
	const mo_head *head = r->recording.head;
	r->scribe = (mk_scribe){.arg = r,
				.note = note,
				.accept = accept_type,
				.told = told,
				.refill = refill,
				.reach_started = reach_started};
	return (mk_seam){.now_ns = seam_now,
			 .led = true,
			 .noted = true,
			 .scribe = &r->scribe,
			 .choose = seam_choose,
			 .wait = seam_wait,
			 .refused = seam_refused,
			 .arg = r,
			 .thread = 1,
			 .simulated = true,
			 .owner = uv_thread_self(),
			 .wall_offset_ns = head->wall_offset_ns,
			 .seed = head->seed};
}

/* Adds the error text of the last failed call in it. */
static int call_setup(mt_replay *r)
{
	(void)mk_fail_text(0, "");
	int rc = r->options->setup(r->sup, r->options->arg);
	const char *why = maiko_last_error();
	if (rc != 0)
		snprintf(r->result->text, sizeof r->result->text, "setup returned %d (%s)%s%s", rc, maiko_err_name(rc),
			 why[0] != '\0' ? ": " : "", why);
	return rc;
}

static int set_up(mt_replay *r)
{
	const mo_head *head = r->recording.head;
	maiko_options options = {.workers = head->workers,
				 .mailbox = head->mailbox,
				 .mailbox_bytes = head->mailbox_bytes,
				 .max_events_per_tick = head->max_events_per_tick,
				 .external_credit = head->external_credit,
				 .channel = head->channel,
				 .blocking_threads = head->blocking_threads,
				 .no_spin = true};
	mk_seam seam = seam_of(r);
	if (r->recording.count > 0)
		r->now_ns = r->recording.entries[0].record->now_ns;
	int rc = mk_supervisor_simulated(&r->sup, &options, &seam);
	if (rc == 0)
		r->sup->together = head->together;
	if (rc == 0)
		rc = maiko_monitor_add(r->sup, &(maiko_hooks){.any = mt_replay_see}, r, &r->monitor);
	if (rc == 0)
		rc = call_setup(r);
	for (mk_actor *a = rc == 0 ? r->sup->first : NULL; rc == 0 && a != NULL; a = a->next)
		if (mo_is_listed(r->options->sources, a->self->name))
			rc = mt_source_silence(r, a);
	return rc;
}

/* Says how much of an incomplete recording was replayed. */
static void tell_end(mt_replay *r)
{
	const mt_recording *f = &r->recording;
	double seconds = f->count == 0 ? 0 : mt_recording_seconds(f, f->entries[f->count - 1].record);
	if (!f->complete)
		snprintf(r->result->text, sizeof r->result->text,
			 "the recording is not whole: of %llu records that are found the first %llu follow each other, "
			 "%.6f s; they were replayed",
			 (unsigned long long)f->found, (unsigned long long)f->whole, seconds);
}

static int play(mt_replay *r)
{
	const mt_entry *first = next_entry(r);
	if (first != NULL && first->tape == MO_SUP_TAPE && mt_is_note(first->record, MK_NOTE_STARTING)) {
		mt_replay_consume(r, MO_SUP_TAPE);
		(void)maiko_start(r->sup); /* a start that failed fails again: its records are compared */
	}
	while (advance(r))
		;
	if (!r->failed)
		tell_end(r);
	return r->failed ? MAIKO_EBROKEN : 0;
}

int maiko_replay(const maiko_replay_options *options, maiko_replay_result *ret_result)
{
	if (options == NULL || ret_result == NULL)
		return MK_NULL(options, ret_result);
	if (options->path == NULL || options->setup == NULL)
		return mk_fail(MAIKO_EINVAL, "maiko_replay: the options need .path and .setup");
	if (!mk_may_wait_here())
		return mk_fail_text(MAIKO_EDEADLK, "maiko_replay runs a supervisor to its end, which a thread inside a "
						   "callback, or with an embedded loop, may not");
	int rc = MK_RESERVED("maiko_replay", options);
	if (rc != 0)
		return rc;
	*ret_result = (maiko_replay_result){0};
	mt_replay *r = calloc(1, sizeof *r);
	if (r == NULL)
		return MAIKO_ENOMEM;
	r->options = options;
	r->result = ret_result;
	rc = mt_recording_init(&r->recording, options->path, ret_result->text, sizeof ret_result->text);
	ret_result->complete = r->recording.complete;
	ret_result->whole = r->recording.whole;
	if (rc == 0 && r->recording.whole == 0) {
		snprintf(ret_result->text, sizeof ret_result->text, "no record of it is whole");
		rc = MAIKO_EINVAL;
	}
	if (rc == 0)
		rc = set_up(r);
	if (rc == 0)
		rc = play(r);
	replay_free(r);
	if (rc != 0 && ret_result->text[0] != '\0')
		(void)mk_fail(rc, "%s", ret_result->text);
	return rc;
}
