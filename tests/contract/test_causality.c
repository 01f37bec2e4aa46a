/*
 * What the runtime knows of an event besides its content: ids that are unique, the event
 * that caused it and the root of its chain; through handlers, delays, blocking jobs, hooks
 * and from worker to worker.
 */
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

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

/* What its handler is told of an event is what the harness has seen; and notes the ids. */
enum { IDS = 40000 };
PER_TEST maiko_id ids[IDS];
PER_TEST _Atomic(uint64_t) id_count;
static maiko_harness *h; /* NULL: there is none */

typedef struct recorder {
	int unused;
} recorder;
static int recorder_on_any(recorder *self, const maiko_any *any, maiko_ctx *ctx)
{
	const maiko_envelope *meta = maiko_meta(ctx);
	uint64_t place = atomic_fetch_add(&id_count, 1);
	expect(strcmp(maiko_sender(ctx), meta->sender) == 0 && meta->type == any->type);
	if (h != NULL) {
		const maiko_envelope *seen = maiko_harness_event(h, meta->id)->event;
		expect(maiko_id_equal(meta->parent, seen->parent) &&
		       maiko_id_equal(meta->correlation, seen->correlation) &&
		       meta->timestamp_ns == seen->timestamp_ns && meta->topic == seen->topic &&
		       meta->sender_id == seen->sender_id && strcmp(meta->sender, seen->sender) == 0);
	}
	if (place < IDS)
		ids[place] = meta->id;
	return 0;
}
MAIKO_ACTOR(recorder, MAIKO_ON_ANY(recorder_on_any));

static int by_id(const void *a, const void *b)
{
	const maiko_id *x = a, *y = b;
	if (x->origin != y->origin)
		return x->origin < y->origin ? -1 : 1;
	return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

static void check_ids_are_unique(uint64_t count)
{
	assert_int_equal(atomic_load(&id_count), count);
	qsort(ids, count, sizeof ids[0], by_id);
	for (uint64_t i = 0; i < count; i++)
		assert_false(maiko_id_equal(ids[i], i == 0 ? (maiko_id){0, 0} : ids[i - 1]));
}

/* The one event of that type and number. */
static const maiko_record *the_step(uint32_t n)
{
	return maiko_query_first(maiko_query_of(h, step, .where = maiko_match(step, MAIKO_FIELD_IS(n, n))));
}
static const maiko_record *the_result(uint32_t n)
{
	return maiko_query_first(maiko_query_of(h, result, .where = maiko_match(result, MAIKO_FIELD_IS(n, n))));
}

static void assert_is_root(const maiko_record *r)
{
	assert_null(maiko_event_parent(r));
	assert_true(maiko_id_equal(r->event->parent, (maiko_id){0, 0}));
	assert_true(maiko_id_equal(r->event->correlation, r->event->id));
}

static void assert_is_child(const maiko_record *r, const maiko_record *parent)
{
	assert_true(maiko_id_equal(r->event->parent, parent->event->id));
	assert_true(maiko_id_equal(r->event->correlation, parent->event->correlation));
	assert_true(r->event->timestamp_ns >= parent->event->timestamp_ns);
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

static void add_chain(maiko_supervisor *sup, maiko_actor_id *links)
{
	ok(maiko_add(sup, recorder, "recorder", .topics = MAIKO_ALL_TOPICS));
	for (uint32_t i = 0; i <= CHAIN; i++)
		ok(maiko_add(sup, chainlink, test_name("link", i), .init = &(chainlink){.number = i},
			     .ret_id = &links[i]));
	ok(maiko_start(sup));
}

TEST_SIM(a_chain_keeps_its_root_and_each_event_its_parent)
{
	maiko_actor_id links[CHAIN + 1];
	maiko_supervisor *sup = test_supervisor(workers);
	h = test_harness(sup);
	add_chain(sup, links);
	for (uint32_t i = 0; i < 10; i++)
		ok(maiko_send(sup, step, .n = i * 100));
	test_settle(sup);
	for (uint32_t i = 0; i < 10; i++) {
		const maiko_record *root = the_step(i * 100);
		maiko_chain chain = maiko_chain_of(h, root);
		assert_is_root(root);
		assert_int_equal(root->event->sender_id, 0);
		ok(maiko_expect_chain_count(chain, CHAIN + 1));
		ok(maiko_expect_chain_actors(chain, "outside", "link0", "link1", "link2", "link3", "link4", "link5"));
		for (uint32_t k = 1; k <= CHAIN; k++) {
			const maiko_record *child = the_step(i * 100 + k);
			assert_is_child(child, the_step(i * 100 + k - 1));
			assert_int_equal(child->event->sender_id, links[k - 1]);
		}
		assert_is_root(the_result(i * 100 + CHAIN)); /* sent as a root, from a handler */
	}
	ok(maiko_expect_count(maiko_published_on(h, "steps"), 10 * (CHAIN + 1)));
	ok(maiko_expect_count(maiko_published_on(h, "results"), 10));
	test_finish(sup);
	check_ids_are_unique(10 * (CHAIN + 2));
}

/* ---- the clock --------------------------------------------------------------------------------------- */

static uint64_t wall_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

TEST_WORKERS(a_timestamp_is_of_the_time_of_day)
{
	enum { OFF_NS = 2000000000 }; /* the clocks may be a little off */
	maiko_actor_id links[CHAIN + 1];
	maiko_supervisor *sup = test_supervisor(workers);
	h = test_harness(sup);
	add_chain(sup, links);
	uint64_t before = wall_ns();
	ok(maiko_send(sup, step, .n = 0));
	ok(maiko_harness_settle(h));
	uint64_t after = wall_ns();
	maiko_query_each(r, maiko_query_events(h))
	{
		assert_true(r->event->timestamp_ns + OFF_NS > before);
		assert_true(r->event->timestamp_ns < after + OFF_NS);
	}
	ok(maiko_expect_count(maiko_query_events(h), CHAIN + 2));
	test_finish(sup);
}

enum { LAPS = 3000, HOPS = 20 };

/* Each passes it on, with the time at which it was sent to it. */
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

static void keep_the_cause(uint32_t workers)
{
	maiko_supervisor *sup = test_supervisor(workers);
	h = test_harness(sup);
	ok(maiko_add(sup, recorder, "recorder", .topics = MAIKO_ALL_TOPICS));
	ok(maiko_add(sup, worker, "worker"));
	ok(maiko_start(sup));
	ok(maiko_send(sup, step, .n = 1));
	ok(maiko_send(sup, step, .n = 2));
	test_wait_for(&id_count, 2 + 6);
	test_stop(sup);
	ok(maiko_expect_senders(maiko_query_of(h, result), "worker"));
	for (uint32_t n = 1; n <= 4; n++)
		assert_is_child(the_result(n), the_step(n == 4 ? 2 : 1));
	for (uint32_t n = 5; n <= 7; n++)
		assert_is_root(the_result(n));
	test_release(sup);
	check_ids_are_unique(2 + 7);
}

TEST_SIM(a_delay_a_job_and_an_error_keep_the_cause) { keep_the_cause(workers); }
TEST_WORKERS(so_they_do_on_threads) { keep_the_cause(workers); }

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
	h = NULL;
	for (int k = 0; k < 2; k++) { /* one after the other: new origins */
		sups[k] = test_supervisor(workers);
		ok(maiko_add(sups[k], recorder, "recorder", .topics = MAIKO_ALL_TOPICS));
		for (uint32_t i = 0; i < SOURCES; i++)
			ok(maiko_add(sups[k], source, test_name("source", i)));
		ok(maiko_start(sups[k]));
		for (uint32_t i = 0; i < 1000; i++)
			ok(maiko_send(sups[k], step, .n = i));
		test_wait_for(&id_count, (uint64_t)(k + 1) * (SOURCES * EACH + 1000));
		test_finish(sups[k]);
	}
	check_ids_are_unique(2 * (SOURCES * EACH + 1000));
}
