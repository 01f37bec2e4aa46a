/*
 * replay.c - leads a simulation along a recording: see maiko/recorder.h.
 *
 * Records are taken in the order of their tickets. What a record tells has either been seen
 * already, as a consequence of what was done for an earlier one, or is to be brought about:
 *
 *   sent from outside, or by a source    sent again
 *   delivered from another worker        the entry is taken from that worker's channel
 *   handled, a tick, sent by an actor    timers that are due fire; the actor runs, as many
 *                                        events as it did at that time
 *   all else                             the workers do what they tell each other: control
 *                                        messages, flushes, what a stop asks for
 *
 * Each worker's sights wait in a queue until their record comes; they must be the same, in
 * the same order. That an actor was muted or released and that the topology changed is
 * brought about too, but not compared: when it is seen depends on when a worker looks.
 * Event ids are the same because the seed is, and because a worker numbers what it sends in
 * order; only threads outside have series of their own, which are matched.
 */
#include "replay.h"

#include "error.h"
#include "monitor.h"
#include "registry.h"
#include "router.h"
#include "run.h"
#include "step.h"
#include "topic.h"
#include "worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the seam --------------------------------------------------------------------------------- */

static uint64_t seam_now(void *arg) { return ((const mt_replay *)arg)->now_ns; }

static uint32_t seam_choose(void *arg, uint32_t count)
{
	const mt_replay *r = arg;
	uint32_t k = 0;
	for (const mk_actor *a = r->running->ready; a != NULL && k < count; a = a->next, k++)
		if (a == r->wanted)
			return k;
	return 0;
}

static void seam_refused(void *arg, const char *call, const char *who)
{
	char text[256];
	snprintf(text, sizeof text, "%s, asked for by %s: it must be named a source", call, who);
	mt_replay_diverge(arg, text);
}

static bool pump(mt_replay *r, mk_worker *first);
static bool run_freely(mt_replay *r);

static void seam_wait(void *arg)
{
	mt_replay *r = arg;
	if (r->ending ? !run_freely(r) : r->failed || !pump(r, NULL)) {
		mt_replay_diverge(r, "the replay waits for what does not happen");
		atomic_store_explicit(&r->sup->state, MK_ABANDONED, memory_order_seq_cst);
	}
}

/* ---- sources ------------------------------------------------------------------------------------ */

static int source_on(void *state, const void *event, maiko_ctx *ctx)
{
	(void)state;
	(void)event;
	(void)ctx;
	return 0;
}

static int source_any(void *state, const maiko_any *event, maiko_ctx *ctx)
{
	(void)state;
	(void)event;
	(void)ctx;
	return 0;
}

/* Takes its callbacks away; it still gets its events. */
static int silence(mk_actor *a)
{
	const mk_class *class = a->class;
	size_t size = sizeof *class + (class->handler_mask + 1) * sizeof class->handlers[0];
	mk_class *silent = mk_calloc(1, size);
	if (silent == NULL)
		return MAIKO_ENOMEM;
	silent->desc = class->desc;
	silent->hooked = class->hooked;
	silent->handler_mask = class->handler_mask;
	for (uint32_t i = 0; i <= class->handler_mask; i++)
		silent->handlers[i] = (mk_handler){class->handlers[i].type, source_on};
	silent->any = class->any != NULL ? source_any : NULL;
	/* Behind the real one, which others of its type may need. */
	mk_class *before = (mk_class *)(uintptr_t) class;
	silent->next = before->next;
	before->next = silent;
	a->class = silent;
	return 0;
}

/* ---- steps ------------------------------------------------------------------------------------------ */

static bool step(mt_replay *r, mk_worker *w, unsigned kinds)
{
	mk_step steps[MK_STEPS_MAX];
	uint32_t count = mk_steps_of(w, steps);
	for (uint32_t i = 0; i < count; i++)
		if ((kinds >> steps[i].kind & 1) != 0) {
			r->running = w;
			mk_step_take(r->sup, steps[i]);
			return true;
		}
	return false;
}

#define KIND(name) (1u << MK_STEP_##name)

/* An entry of a channel that leaves no sight: a marker, or an event without a subscriber. */
static bool is_silent(mk_worker *w, uint32_t from)
{
	uint64_t entry = mk_channel_first(atomic_load(&w->in[from]));
	if (mk_entry_is_marker(entry))
		return true;
	const mk_event *e = (const mk_event *)(uintptr_t)entry;
	const mk_topic *t = mk_topic_known(w, e->topic->index);
	return (t == NULL || t->sub_count == 0) && w->all->sub_count == 0;
}

static bool take_silent(mt_replay *r, mk_worker *w)
{
	for (uint64_t left = atomic_load(&w->incoming); left != 0; left &= left - 1) {
		uint32_t from = (uint32_t)__builtin_ctzll(left);
		if (mk_worker_can_take(w, from) && is_silent(w, from)) {
			mk_step_take(r->sup, (mk_step){MK_STEP_TAKE, (uint8_t)w->index, (uint8_t)from});
			return true;
		}
	}
	return false;
}

/* One step of a worker that only tells others something. */
static bool tell(mt_replay *r, mk_worker *w)
{
	enum { TELLS = KIND(CONTROL) | KIND(PART) | KIND(PROBE) | KIND(FLUSH) | KIND(IDLE) };
	return !w->left && (step(r, w, TELLS) || take_silent(r, w));
}

/* One step of what the workers tell each other, `first` first. False: there is nothing. */
static bool pump(mt_replay *r, mk_worker *first)
{
	if (first != NULL && tell(r, first))
		return true;
	for (uint32_t i = 0; i < mk_worker_total(r->sup); i++)
		if (tell(r, mk_worker_at(r->sup, i)))
			return true;
	bool job = mk_step_has_job(r->sup);
	if (job)
		mk_step_take(r->sup, (mk_step){.kind = MK_STEP_JOB});
	return job;
}

/* Any step, or on to the next timer. */
static bool run_freely(mt_replay *r)
{
	for (uint32_t i = 0; i < mk_worker_total(r->sup); i++) {
		r->next = (r->next + 1) % mk_worker_total(r->sup);
		r->wanted = NULL;
		if (step(r, mk_worker_at(r->sup, r->next), ~0u))
			return true;
	}
	uint64_t due = mk_step_due(r->sup);
	if (pump(r, NULL))
		return true;
	if (due == UINT64_MAX)
		return false;
	r->now_ns = due > r->now_ns ? due : r->now_ns;
	return true;
}

/* ---- bringing about --------------------------------------------------------------------------------- */

static mk_actor *actor_of(const mt_replay *r, uint64_t id)
{
	const char *name = mt_recording_actor(&r->recording, id);
	return mk_names_get(&r->sup->actor_names, name);
}

static const maiko_event_type *type_of(const mt_replay *r, uint32_t number)
{
	const char *name = mt_recording_type(&r->recording, number);
	for (const maiko_event_type *const *t = r->options->types; t != NULL && *t != NULL; t++)
		if (strcmp((*t)->layout->name, name) == 0)
			return *t;
	for (uint32_t i = 0; i < r->sup->type_count; i++) {
		const mk_type *t = mk_table_get(&r->sup->types, i);
		if (t != NULL && strcmp(t->desc->layout->name, name) == 0)
			return t->desc;
	}
	return NULL;
}

static bool send_outside(mt_replay *r, const mt_entry *e, const maiko_event_type *type, const void *data)
{
	const mt_origin *o = mt_recording_origin(&r->recording, e->record->id.origin);
	mk_worker *w = mk_worker_at(r->sup, e->worker);
	uint32_t next = r->sup->next_worker;
	if (!mk_inbox_empty(&w->foreign)) /* sent before; not taken, because the worker does not go yet */
		return step(r, w, KIND(FOREIGN)) || pump(r, w);
	r->sup->seam.thread = o->thread;
	if (!r->known[o->thread % MT_THREADS_MAX])
		r->sup->next_worker = e->worker; /* where its record is made */
	r->known[o->thread % MT_THREADS_MAX] = true;
	int rc = maiko_supervisor_send(r->sup, type, data, MAIKO_SEND_TRY);
	r->sup->next_worker = next;
	if (rc == 0)
		return true;
	return rc == MAIKO_EAGAIN && pump(r, w); /* it was muted for longer than then */
}

static bool send_as(mk_actor *a, const maiko_event_type *type, const void *data)
{
	mk_worker *w = a->worker;
	w->now_ns = mk_now(&w->sup->seam);
	atomic_store(&w->sleeping, false); /* it would be awake */
	mk_hosting++;
	mk_callback_enter(w, a);
	int rc = maiko_ctx_send(a, type, data, 0);
	mk_callback_leave(w);
	mk_hosting--;
	w->unflushed = true;
	return rc == 0;
}

/* What came from the world comes again. */
static bool send_again(mt_replay *r, const mt_entry *e)
{
	char text[256];
	const mt_record *record = e->record;
	const maiko_event_type *type = type_of(r, record->type);
	if (type == NULL || !record->has_content) {
		snprintf(text, sizeof text,
			 type == NULL ? "no actor handles %s: it must be listed in .types"
				      : "the content of %s, from a source, was not recorded",
			 mt_recording_type(&r->recording, record->type));
		mt_replay_diverge(r, text);
		return false;
	}
	void *data = calloc(1, type->layout->size);
	bool done = false;
	if (data != NULL && mt_content_read(type->layout, record->content, record->content_size, data) == 0) {
		mk_actor *a = actor_of(r, record->sender);
		if (record->sender == 0)
			done = send_outside(r, e, type, data);
		else if (a != NULL)
			done = send_as(a, type, data);
		mt_content_drop(type->layout, data);
	}
	free(data);
	return done;
}

/* How many events an actor handled in one run: those before another one runs, in one turn; and whether its tick
 * followed them. */
static uint32_t batch_of(const mt_replay *r, size_t at, uint64_t actor, bool *ret_ticked)
{
	const mt_entry *first = &r->recording.entries[at];
	uint32_t count = 0;
	*ret_ticked = false;
	for (size_t i = at; i < r->recording.count; i++) {
		const mt_entry *e = &r->recording.entries[i];
		if (e->worker != first->worker)
			continue;
		if (e->record->kind == MAIKO_SAW_TICK_ENTERED)
			*ret_ticked = e->record->actor == actor && e->record->now_ns == first->record->now_ns;
		if (e->record->now_ns != first->record->now_ns || e->record->kind == MAIKO_SAW_TICK_ENTERED)
			break;
		if (e->record->kind == MAIKO_SAW_HANDLED && e->record->actor != actor)
			break;
		count += e->record->kind == MAIKO_SAW_HANDLED;
	}
	return count;
}

static bool run_actor(mt_replay *r, size_t at, uint64_t actor)
{
	mk_worker *w = mk_worker_at(r->sup, r->recording.entries[at].worker);
	mk_actor *a = actor_of(r, actor);
	if (a == NULL || a->worker != w)
		return false;
	if (step(r, w, KIND(TIMER)))
		return true;
	if ((a->sched & MK_QUEUED) == 0)
		return pump(r, w);
	uint32_t budget = a->box.budget;
	bool ticked;
	a->box.budget = batch_of(r, at, actor, &ticked);
	r->sup->seam.tick_waits = !ticked;
	r->wanted = a;
	bool done = step(r, w, KIND(RUN));
	a->box.budget = budget;
	return done;
}

static bool take(mt_replay *r, uint32_t worker, uint64_t origin)
{
	mk_worker *w = mk_worker_at(r->sup, worker);
	const mt_origin *o = mt_recording_origin(&r->recording, origin);
	if (o == NULL || o->worker == worker)
		return pump(r, w);
	mk_worker *from = mk_worker_at(r->sup, o->worker);
	bool known = (atomic_load(&w->incoming) >> o->worker & 1) != 0;
	if (known && mk_worker_can_take(w, o->worker)) {
		mk_step_take(r->sup, (mk_step){MK_STEP_TAKE, (uint8_t)worker, (uint8_t)o->worker});
		return true;
	}
	return step(r, from, KIND(FLUSH)) || pump(r, w);
}

static bool send_by_actor(mt_replay *r, size_t at)
{
	const mt_record *record = r->recording.entries[at].record;
	if (record->sender == 0 && r->stopping)
		return pump(r, mk_worker_at(r->sup, r->recording.entries[at].worker));
	if (record->sender == 0 || mt_replay_is_source(r, record->sender))
		return send_again(r, &r->recording.entries[at]);
	return run_actor(r, at, record->sender);
}

/* The event that came to an actor for this record to be: where a queued one had to make
 * room, the one that took its place, which is delivered right after. */
static uint64_t newcomer(const mt_replay *r, size_t at)
{
	const mt_entry *e = &r->recording.entries[at];
	if (e->record->kind != MAIKO_SAW_OVERFLOWED || !e->record->was_queued)
		return e->record->id.origin;
	for (size_t i = at + 1; i < r->recording.count; i++) {
		const mt_entry *next = &r->recording.entries[i];
		if (next->worker == e->worker && next->record->kind == MAIKO_SAW_DELIVERED &&
		    next->record->actor == e->record->actor)
			return next->record->id.origin;
	}
	return e->record->id.origin;
}

/* Does something that leads to a record. False: nothing can be done. */
static bool bring_about(mt_replay *r, size_t at)
{
	const mt_entry *e = &r->recording.entries[at];
	mk_worker *w = mk_worker_at(r->sup, e->worker);
	switch (e->record->kind) {
	case MAIKO_SAW_DISPATCHED:
		return send_by_actor(r, at);
	case MAIKO_SAW_DELIVERED:
	case MAIKO_SAW_OVERFLOWED:
	case MAIKO_SAW_DISCARDED:
		return take(r, e->worker, newcomer(r, at));
	case MAIKO_SAW_HANDLED:
	case MAIKO_SAW_TICK_ENTERED:
		return run_actor(r, at, e->record->actor);
	default:
		return pump(r, w);
	}
}

/* What is not compared, but has consequences: the worker hears of it now. */
/* A stop begins on the first worker. What others take from outside afterwards had been
 * sent before: it waits in their inboxes. */
static void begin_stop(mt_replay *r, const mt_entry *from)
{
	for (const mt_entry *e = from; e < r->recording.entries + r->recording.count && !r->failed; e++) {
		mk_worker *w = mk_worker_at(r->sup, e->worker);
		if (e->record->kind != MAIKO_SAW_DISPATCHED || e->record->sender != 0)
			continue;
		mk_link *waiting = mk_inbox_take(&w->foreign); /* out of the way of send_outside */
		(void)send_again(r, e);
		mk_link *last = mk_inbox_take(&w->foreign);
		for (mk_link *next; waiting != NULL; waiting = next) {
			next = waiting->next;
			(void)mk_inbox_push(&w->foreign, waiting);
		}
		if (last != NULL)
			(void)mk_inbox_push(&w->foreign, last);
	}
	r->stopping = true;
	(void)maiko_stop_begin(r->sup, &(maiko_stop_options){.deadline_ms = MAIKO_NO_DEADLINE}, NULL, NULL);
}

static void follow(mt_replay *r, const mt_entry *e)
{
	mk_worker *w = mk_worker_at(r->sup, e->worker);
	const mk_actor *a = e->record->actor == 0 ? NULL : actor_of(r, e->record->actor);
	if (e->record->kind == MAIKO_SAW_DRAINING) {
		if (mk_state_of(r->sup) == MK_STARTED)
			begin_stop(r, e);
		while (!w->draining && !w->left && step(r, w, KIND(CONTROL)))
			;
	} else if (e->record->kind == MAIKO_SAW_TOPOLOGY) {
		while (w->marker < (uint64_t)e->record->code && tell(r, w))
			;
	} else if (e->record->kind == MAIKO_SAW_RELEASED && a != NULL && a->worker == w) {
		while ((a->sched & MK_MUTED) != 0 && tell(r, w))
			;
	}
}

/* ---- along the recording ------------------------------------------------------------------------------ */

static void one(mt_replay *r, size_t at)
{
	enum { TRIES = 1000000 };
	const mt_entry *e = &r->recording.entries[at];
	const mt_queue *q = &r->queues[e->worker];
	r->now_ns = e->record->now_ns;
	if (!mt_replay_compares(r, e->record->kind, e->record->actor)) {
		follow(r, e);
		return;
	}
	for (int tries = 0; q->head == q->count && !r->failed; tries++)
		if (tries == TRIES || !bring_about(r, at))
			break;
	if (!r->failed)
		mt_replay_check(r, e);
}

/* ---- all of it ------------------------------------------------------------------------------------------ */

static int silence_sources(mt_replay *r)
{
	int rc = 0;
	for (mk_actor *a = r->sup->first; rc == 0 && a != NULL; a = a->next)
		if (mt_replay_is_named(r->options->sources, a->self->name))
			rc = silence(a);
	return rc;
}

static int set_up(mt_replay *r)
{
	const mt_head *head = r->recording.head;
	maiko_options options = head->options;
	mk_seam seam = {.now_ns = seam_now,
			.led = true,
			.choose = seam_choose,
			.wait = seam_wait,
			.refused = seam_refused,
			.arg = r,
			.thread = 1,
			.simulated = true,
			.owner = uv_thread_self(),
			.wall_offset_ns = head->wall_offset_ns,
			.seed = head->seed};
	options.loop = NULL;
	options.on_end = NULL;
	options.no_spin = true;
	if (r->recording.count > 0)
		r->now_ns = r->recording.entries[0].record->now_ns;
	for (uint32_t k = 1; k < MT_THREADS_MAX; k++) { /* as foreign.c makes them */
		mk_random random;
		mk_random_seed(&random, seam.seed ^ (uint64_t)k << 32);
		r->origins[k] = mk_random_next(&seam, &random);
	}
	int rc = mk_supervisor_simulated(&r->sup, &options, &seam);
	if (rc == 0)
		rc = maiko_monitor_add(r->sup, &(maiko_hooks){.any = mt_replay_see}, r, &r->monitor);
	if (rc == 0)
		rc = r->options->setup(r->sup, r->options->arg);
	return rc != 0 ? rc : silence_sources(r);
}

static void replay_free(mt_replay *r)
{
	/* It goes on by itself to its end, to give back what it holds. */
	r->ending = true;
	maiko_supervisor_free(r->sup);
	for (uint32_t i = 0; i < MAIKO_WORKERS_MAX; i++)
		free(r->queues[i].items);
	mt_recording_fini(&r->recording);
	free(r);
}

static int play(mt_replay *r)
{
	(void)maiko_start(r->sup); /* one that failed then fails again: its records are compared */
	for (size_t at = 0; at < r->recording.count && !r->failed; at++)
		one(r, at);
	if (r->recording.complete)
		mt_replay_check_rest(r);
	return r->failed ? MAIKO_EBROKEN : 0;
}

int maiko_replay(const maiko_replay_options *options, maiko_replay_result *ret_result)
{
	if (options == NULL || ret_result == NULL)
		return MK_NULL(options, ret_result);
	if (options->path == NULL || options->setup == NULL)
		return mk_fail(MAIKO_EINVAL, "maiko_replay: the options need .path and .setup");
	*ret_result = (maiko_replay_result){0};
	mt_replay *r = calloc(1, sizeof *r);
	if (r == NULL)
		return MAIKO_ENOMEM;
	r->options = options;
	r->result = ret_result;
	int rc = mt_recording_init(&r->recording, options->path, ret_result->text, sizeof ret_result->text);
	ret_result->complete = r->recording.complete;
	if (rc == 0)
		rc = set_up(r);
	if (rc == 0)
		rc = play(r);
	replay_free(r);
	if (rc != 0 && ret_result->text[0] != '\0')
		(void)mk_fail(rc, "%s", ret_result->text);
	return rc;
}
