/*
 * What the runtime knows of an event besides its content: ids that are unique, the event
 * that caused it and the root of its chain; through handlers, delays, blocking jobs, hooks
 * and from worker to worker.
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NOTES = 40000 };

/* What a listener of all topics saw of each event, in the order of their coming. */
typedef struct seen {
	maiko_id id, parent, correlation;
	uint64_t timestamp_ns;
	maiko_actor_id sender_id;
	char sender[24], topic[24], type[24];
	uint32_t n;
} seen;
PER_TEST seen notes[NOTES];
PER_TEST _Atomic(uint64_t) note_count;

typedef struct step {
	uint32_t n;
} step;
MAIKO_TOPIC(steps);
MAIKO_EVENT(step, steps, n);

typedef struct result {
	uint32_t n;
} result;
MAIKO_TOPIC(results);
MAIKO_EVENT(result, results, n);

static bool same(maiko_id a, maiko_id b) { return a.origin == b.origin && a.sequence == b.sequence; }
static bool none(maiko_id a) { return same(a, (maiko_id){0, 0}); }

typedef struct recorder {
	int unused;
} recorder;

static int recorder_on_any(recorder *self, const maiko_any *any, maiko_ctx *ctx)
{
	const step *s = maiko_as(any, step);
	const result *r = maiko_as(any, result);
	const maiko_envelope *meta = maiko_meta(ctx);
	uint64_t place = atomic_load(&note_count);
	if (meta == NULL || strcmp(maiko_sender(ctx), meta->sender) != 0 || meta->type != any->type || place >= NOTES) {
		expect(false);
		return 0;
	}
	seen *note = &notes[place];
	note->id = meta->id;
	note->parent = meta->parent;
	note->correlation = meta->correlation;
	note->timestamp_ns = meta->timestamp_ns;
	note->sender_id = meta->sender_id;
	snprintf(note->sender, sizeof note->sender, "%s", meta->sender);
	snprintf(note->topic, sizeof note->topic, "%s", meta->topic->name);
	snprintf(note->type, sizeof note->type, "%s", meta->type->layout->name);
	note->n = s != NULL ? s->n : r != NULL ? r->n : 0;
	atomic_store(&note_count, place + 1);
	return 0;
}
MAIKO_ACTOR(recorder, MAIKO_ON_ANY(recorder_on_any));

static const seen *find(const char *type, uint32_t n)
{
	for (uint64_t i = 0; i < atomic_load(&note_count); i++)
		if (strcmp(notes[i].type, type) == 0 && notes[i].n == n)
			return &notes[i];
	fail_msg("no %s %u was seen", type, n);
	return NULL;
}

static int by_id(const void *a, const void *b)
{
	const seen *x = a, *y = b;
	if (x->id.origin != y->id.origin)
		return x->id.origin < y->id.origin ? -1 : 1;
	return x->id.sequence < y->id.sequence ? -1 : x->id.sequence > y->id.sequence;
}

static void check_ids_are_unique(void)
{
	uint64_t count = atomic_load(&note_count);
	qsort(notes, count, sizeof notes[0], by_id);
	for (uint64_t i = 0; i < count; i++)
		assert_false(none(notes[i].id));
	for (uint64_t i = 1; i < count; i++)
		assert_false(same(notes[i - 1].id, notes[i].id));
}

/* ---- a chain over several actors --------------------------------------------------------------- */

enum { CHAIN = 5 };

/* Each sends the next step when its own comes. */
typedef struct chainlink {
	uint32_t number;
} chainlink;

static int chainlink_on_step(chainlink *self, const step *ev, maiko_ctx *ctx)
{
	if (ev->n % 100 != self->number)
		return 0;
	return self->number < CHAIN ? maiko_send(ctx, step, .n = ev->n + 1) : maiko_send_root(ctx, result, .n = ev->n);
}
MAIKO_ACTOR(chainlink, MAIKO_ON(step, chainlink_on_step));

static uint64_t wall_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void add_chain(maiko_supervisor *sup, maiko_actor_id *ids)
{
	ok(maiko_add(sup, recorder, "recorder", .topics = MAIKO_ALL_TOPICS, .mailbox = NOTES));
	for (uint32_t i = 0; i <= CHAIN; i++) {
		char name[32];
		chainlink how = {.number = i};
		snprintf(name, sizeof name, "link%u", i);
		ok(maiko_add(sup, chainlink, name, .init = &how, .ret_id = &ids[i]));
	}
}

/* The chain that began with step `first`, from outside. */
static void check_chain(uint32_t first, const maiko_actor_id *ids)
{
	const seen *root = find("step", first), *parent = root;
	assert_true(none(root->parent));
	assert_true(same(root->correlation, root->id));
	assert_string_equal(root->sender, "outside");
	assert_int_equal(root->sender_id, 0);
	assert_string_equal(root->topic, "steps");
	for (uint32_t i = 1; i <= CHAIN; i++) {
		char name[32];
		const seen *child = find("step", first + i);
		assert_true(same(child->parent, parent->id));
		assert_true(same(child->correlation, root->id));
		snprintf(name, sizeof name, "link%u", i - 1);
		assert_string_equal(child->sender, name);
		assert_int_equal(child->sender_id, ids[i - 1]);
		assert_true(child->timestamp_ns >= parent->timestamp_ns);
		parent = child;
	}
	const seen *fresh = find("result", first + CHAIN); /* sent as a root, from a handler */
	assert_true(none(fresh->parent));
	assert_true(same(fresh->correlation, fresh->id));
	assert_string_equal(fresh->topic, "results");
}

TEST_WORKERS(a_chain_keeps_its_root_and_each_event_its_parent)
{
	maiko_actor_id ids[CHAIN + 1];
	maiko_supervisor *sup = test_supervisor(workers);
	add_chain(sup, ids);
	ok(maiko_start(sup));
	uint64_t before = wall_ns();
	for (uint32_t i = 0; i < 10; i++)
		ok(maiko_send(sup, step, .n = i * 100));
	test_finish(sup);
	uint64_t after = wall_ns();
	assert_int_equal(test_wrong(), 0);
	assert_int_equal(atomic_load(&note_count), 10 * (CHAIN + 2));
	for (uint32_t i = 0; i < 10; i++)
		check_chain(i * 100, ids);
	for (uint64_t i = 0; i < atomic_load(&note_count); i++) { /* the clock may be a little off */
		assert_true(notes[i].timestamp_ns + 2000000000u > before);
		assert_true(notes[i].timestamp_ns < after + 2000000000u);
	}
	check_ids_are_unique();
}

/* ---- the clock --------------------------------------------------------------------------------------- */

enum { LAPS = 3000, HOPS = 20 };

/* Each passes it on, with the time at which it was sent to him. */
typedef struct lap {
	uint32_t hop;
	uint64_t before_ns;
} lap;
MAIKO_TOPIC(laps);
MAIKO_EVENT(lap, laps, hop, before_ns);

typedef struct racer {
	uint32_t parity;
} racer;

static int racer_on_lap(racer *self, const lap *ev, maiko_ctx *ctx)
{
	uint64_t sent_ns = maiko_meta(ctx)->timestamp_ns;
	if (ev->hop % 2 != self->parity)
		return 0;
	expect(sent_ns >= ev->before_ns);
	if (ev->hop == HOPS)
		return 0;
	return maiko_send(ctx, lap, .hop = ev->hop + 1, .before_ns = sent_ns);
}
MAIKO_ACTOR(racer, MAIKO_ON(lap, racer_on_lap));

TEST_WORKERS(time_does_not_go_back_along_a_chain)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, racer, "even", .worker = 1));
	ok(maiko_add(sup, racer, "odd", .worker = workers, .init = &(racer){.parity = 1}));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < LAPS; i++)
		ok(maiko_send(sup, lap, .hop = 0));
	/* The first of each lap, from outside, has two hearers; the others are not echoed. */
	assert_int_equal(test_finish(sup).handled, LAPS * (HOPS + 2));
}

/* ---- through time, threads and hooks --------------------------------------------------------------- */

typedef struct job {
	uint32_t n;
} job;

/*
 * step 1 -> a delayed result 1; a job, whose done sends result 2 and starts a second job,
 * whose done sends result 3. step 2 -> an error, whose on_error sends result 4. The start
 * sends result 5, the tick result 6, the stop result 7.
 */
typedef struct worker {
	int unused;
} worker;

static int job_work(job *j) { return 0; }

static int worker_on_second(worker *self, job *j, int status, maiko_ctx *ctx)
{
	return maiko_send(ctx, result, .n = 3);
}
MAIKO_BLOCKING(worker, job, job_work, worker_on_second);

static int worker_on_first(worker *self, job *j, int status, maiko_ctx *ctx)
{
	expect(maiko_meta(ctx) == NULL && strcmp(maiko_sender(ctx), "") == 0); /* no event is being handled */
	int rc = maiko_send(ctx, result, .n = 2);
	if (rc == 0)
		rc = maiko_blocking(ctx, job_work, worker_on_second, .n = 2);
	return rc != 0 ? rc : status;
}
MAIKO_BLOCKING(worker, job, job_work, worker_on_first);

static int worker_on_step(worker *self, const step *ev, maiko_ctx *ctx)
{
	if (ev->n == 2)
		return -1;
	int rc = maiko_send_after_ms(ctx, 1, NULL, result, .n = 1);
	return rc != 0 ? rc : maiko_blocking(ctx, job_work, worker_on_first, .n = 1);
}

static int worker_on_error(worker *self, const maiko_error *error, maiko_ctx *ctx)
{
	return maiko_send(ctx, result, .n = 4);
}

static int worker_on_start(worker *self, maiko_ctx *ctx)
{
	expect(maiko_meta(ctx) == NULL);
	return maiko_send(ctx, result, .n = 5);
}

static maiko_next worker_tick(worker *self, maiko_ctx *ctx)
{
	int rc = maiko_send(ctx, result, .n = 6);
	return rc != 0 ? maiko_failed(rc) : maiko_never();
}

static int worker_on_stop(worker *self, maiko_ctx *ctx) { return maiko_send(ctx, result, .n = 7); }
MAIKO_ACTOR(worker, MAIKO_ON(step, worker_on_step), MAIKO_ON_ERROR(worker_on_error), MAIKO_ON_START(worker_on_start),
	    MAIKO_TICK(worker_tick), MAIKO_ON_STOP(worker_on_stop));

TEST_WORKERS(a_delay_a_job_and_an_error_keep_the_cause)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, recorder, "recorder", .topics = MAIKO_ALL_TOPICS));
	ok(maiko_add(sup, worker, "worker"));
	ok(maiko_start(sup));
	ok(maiko_send(sup, step, .n = 1));
	ok(maiko_send(sup, step, .n = 2));
	test_wait_for(&note_count, 2 + 6);
	test_finish(sup);
	assert_int_equal(atomic_load(&note_count), 2 + 7);
	for (uint32_t n = 1; n <= 4; n++) {
		const seen *cause = find("step", n == 4 ? 2 : 1), *child = find("result", n);
		assert_true(same(child->parent, cause->id));
		assert_true(same(child->correlation, cause->id));
		assert_string_equal(child->sender, "worker");
	}
	for (uint32_t n = 5; n <= 7; n++) {
		const seen *root = find("result", n);
		assert_true(none(root->parent));
		assert_true(same(root->correlation, root->id));
	}
	check_ids_are_unique();
}

/* ---- many senders --------------------------------------------------------------------------------------- */

typedef struct source {
	uint32_t n;
} source;

enum { SOURCES = 9, EACH = 2000 };

static maiko_next source_tick(source *self, maiko_ctx *ctx)
{
	for (int i = 0; i < 100 && self->n < EACH; i++) {
		int rc = maiko_send(ctx, result, .n = self->n);
		if (rc == MAIKO_EAGAIN)
			break;
		if (rc != 0)
			return maiko_failed(rc);
		self->n++;
	}
	return self->n < EACH ? maiko_when_sendable() : maiko_never();
}
MAIKO_ACTOR(source, MAIKO_TICK(source_tick));

TEST_WORKERS(no_two_events_have_the_same_id)
{
	maiko_supervisor *sups[2];
	for (int k = 0; k < 2; k++) { /* one after the other: new origins */
		sups[k] = test_supervisor(workers);
		ok(maiko_add(sups[k], recorder, "recorder", .topics = MAIKO_ALL_TOPICS));
		for (uint32_t i = 0; i < SOURCES; i++) {
			char name[32];
			snprintf(name, sizeof name, "source%u", i);
			ok(maiko_add(sups[k], source, name));
		}
		ok(maiko_start(sups[k]));
		for (uint32_t i = 0; i < 1000; i++)
			ok(maiko_send(sups[k], step, .n = i));
		test_wait_for(&note_count, (uint64_t)(k + 1) * (SOURCES * EACH + 1000));
		test_finish(sups[k]);
	}
	assert_int_equal(atomic_load(&note_count), 2 * (SOURCES * EACH + 1000));
	check_ids_are_unique();
}
