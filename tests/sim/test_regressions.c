/*
 * test_regressions.c - faults of the core that exploration has found, each by its smallest
 * program.
 */
#include <maiko/testing/explore.h>
#include <stdlib.h>

#include "support.h"

typedef struct item {
	uint64_t n;
} item;
typedef struct note {
	uint64_t n;
} note;
typedef struct latest {
	uint64_t key, n;
} latest;

static uint64_t key_of(const maiko_any *any) { return ((const latest *)any->data)->key; }

MAIKO_TOPIC(items);
MAIKO_TOPIC(notes);
MAIKO_TOPIC(states, .overflow = MAIKO_KEEP_LATEST, .key = key_of);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(note, notes, n);
MAIKO_EVENT(latest, states, key, n);

MAIKO_TOPIC(ring_a);
MAIKO_TOPIC(ring_b);
MAIKO_TOPIC(ring_c);
typedef struct token_a {
	uint64_t left;
} token_a;
typedef struct token_b {
	uint64_t left;
} token_b;
typedef struct token_c {
	uint64_t left;
} token_c;
MAIKO_EVENT(token_a, ring_a, left);
MAIKO_EVENT(token_b, ring_b, left);
MAIKO_EVENT(token_c, ring_c, left);

static void holds_for(int (*scenario)(maiko_sim *sim, void *arg), uint32_t workers, uint64_t from, uint64_t seeds)
{
	maiko_explore_result r;
	maiko_explore_options o = {.scenario = scenario,
				   .sim.supervisor = {.workers = workers, .channel = 16},
				   .from = from,
				   .count = seeds,
				   .jobs = 1};
	int rc = maiko_explore(&o, &r);
	if (rc == MAIKO_EBROKEN)
		maiko_explore_print(&r, stderr);
	assert_int_equal(rc, 0);
	maiko_explore_result_fini(&r);
}

/* ---- ids of workers that come while it runs --------------------------------------------------- */

static maiko_id first_ids[2];

typedef struct talker {
	uint64_t number;
} talker;
static int talker_on_start(talker *self, maiko_ctx *ctx) { return maiko_send(ctx, item, .n = self->number); }
MAIKO_ACTOR(talker, MAIKO_ON_START(talker_on_start));

typedef struct listener {
	uint64_t unused;
} listener;
static int listener_on_item(listener *self, const item *ev, maiko_ctx *ctx)
{
	(void)self;
	first_ids[ev->n] = maiko_meta(ctx)->id;
	return 0;
}
MAIKO_ACTOR(listener, MAIKO_ON(item, listener_on_item));

/* Both drew the same origin, and so gave their first events one id. */
static void ids_of_workers_of_single_actors_differ(void **state)
{
	maiko_sim *sim;
	(void)state;
	assert_int_equal(maiko_sim_new(&sim, NULL), 0);
	maiko_supervisor *sup = maiko_sim_supervisor(sim);
	assert_int_equal(maiko_add(sup, listener, "listener"), 0);
	assert_int_equal(maiko_start(sup), 0);
	for (uint64_t i = 0; i < 2; i++)
		assert_int_equal(maiko_add(sup, talker, i == 0 ? "a" : "b", .init = &(talker){i}, .own_thread = true,
					   .topics = MAIKO_NO_TOPICS),
				 0);
	assert_int_equal(maiko_sim_finish(sim), 0);
	assert_true(first_ids[0].sequence == 1 && first_ids[1].sequence == 1);
	assert_true(first_ids[0].origin != first_ids[1].origin);
	maiko_sim_free(sim);
}

/* ---- the index of the latest, when it could not be made --------------------------------------- */

static bool memory_is_out;
static void *out_malloc(size_t size, void *arg) { return (void)arg, memory_is_out ? NULL : malloc(size); }
static void *out_calloc(size_t n, size_t size, void *arg) { return (void)arg, memory_is_out ? NULL : calloc(n, size); }
static void *out_realloc(void *p, size_t size, void *arg) { return (void)arg, memory_is_out ? NULL : realloc(p, size); }
static void out_free(void *p, void *arg) { (void)arg, free(p); }

typedef struct source {
	uint64_t unused;
} source;
static int source_on_note(source *self, const note *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	int rc = maiko_send(ctx, item, .n = 0);
	if (rc == 0)
		rc = maiko_send(ctx, item, .n = 0); /* makes the ring of the mailbox */
	memory_is_out = true;
	if (rc == 0)
		rc = maiko_send(ctx, latest, .key = 1, .n = 1);
	memory_is_out = false;
	if (rc == 0)
		rc = maiko_send(ctx, latest, .key = 2, .n = 2);
	return rc != 0 ? rc : maiko_send(ctx, latest, .key = 1, .n = 3);
}
MAIKO_ACTOR(source, MAIKO_ON(note, source_on_note));

static uint64_t states_seen[4], state_count;

typedef struct viewer {
	uint64_t unused;
} viewer;
static int viewer_on_item(viewer *self, const item *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	(void)ctx;
	return 0;
}
static int viewer_on_latest(viewer *self, const latest *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	states_seen[state_count++ % 4] = ev->n;
	return 0;
}
/* The item comes last, so that the route of the other exists when the first item has been sent. */
MAIKO_ACTOR(viewer, MAIKO_ON(latest, viewer_on_latest), MAIKO_ON(item, viewer_on_item));

/* An event that was queued without memory for its note was not found by the index made later. */
static void the_latest_is_found_though_it_was_not_noted(void **state)
{
	maiko_sim *sim;
	(void)state;
	maiko_allocator allocator = {.malloc = out_malloc,
				     .calloc = out_calloc,
				     .realloc = out_realloc,
				     .free = out_free};
	assert_int_equal(maiko_set_allocator(&allocator), 0);
	assert_int_equal(maiko_sim_new(&sim, NULL), 0);
	maiko_supervisor *sup = maiko_sim_supervisor(sim);
	state_count = 0;
	assert_int_equal(maiko_add(sup, source, "source"), 0);
	assert_int_equal(maiko_add(sup, viewer, "viewer"), 0);
	assert_int_equal(maiko_start(sup), 0);
	assert_int_equal(maiko_send(sup, note, .n = 1), 0);
	if (maiko_sim_finish(sim) != 0)
		fail_msg("%s", maiko_sim_failure(sim));
	assert_int_equal(state_count, 2);
	assert_int_equal(states_seen[0], 3);
	assert_int_equal(states_seen[1], 2);
	maiko_sim_free(sim);
	assert_int_equal(maiko_set_allocator(NULL), 0);
}

/* ---- what is sent as a channel releases its sender ---------------------------------------------- */

typedef struct flooder {
	uint64_t unused;
} flooder;
static int flooder_on_note(flooder *self, const note *ev, maiko_ctx *ctx)
{
	(void)self;
	int rc = maiko_send(ctx, latest, .n = 0); /* opens the channel to the first worker */
	for (uint64_t n = 0; rc == 0 && n < 40; n++)
		rc = maiko_send(ctx, item, .n = ev->n);
	return rc != 0 ? rc : maiko_send_after_ms(ctx, 0, NULL, latest, .n = 1);
}
MAIKO_ACTOR(flooder, MAIKO_ON(note, flooder_on_note));

/* Due while the full channel to the third worker muted its sender, it was sent by the release
 * in the middle of a flush, into the channel to the first worker, which had been flushed. */
static int a_late_event_arrives(maiko_sim *sim, void *arg)
{
	maiko_supervisor *sup = maiko_sim_supervisor(sim);
	(void)arg;
	state_count = 0;
	int rc = maiko_add(sup, viewer, "viewer", .worker = 1, .topics = MAIKO_TOPICS(states));
	if (rc == 0)
		rc = maiko_add(sup, flooder, "flooder", .worker = 2);
	if (rc == 0)
		rc = maiko_add(sup, listener, "listener", .worker = 3, .mailbox = 64);
	if (rc == 0)
		rc = maiko_start(sup);
	if (rc == 0)
		rc = maiko_send(sup, note, .n = 1);
	if (rc == 0)
		rc = maiko_sim_run(sim);
	if (rc == 0 && (state_count == 0 || states_seen[(state_count - 1) % 4] != 1))
		maiko_sim_fail(sim, "the late event has not arrived");
	return rc == 0 ? maiko_sim_finish(sim) : rc;
}

static void what_falls_due_under_a_mute_is_shown(void **state)
{
	(void)state;
	holds_for(a_late_event_arrives, 3, 0, 400);
}

/* ---- what a change tells, at the end of a drain --------------------------------------------------- */

static uint64_t told, received;

typedef struct asker {
	uint64_t unused;
} asker;
static int asker_on_note(asker *self, const note *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	return maiko_subscribe(ctx, maiko_self(ctx), MAIKO_TOPIC_REF(states));
}
static int asker_on_done(asker *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	(void)self;
	(void)completion;
	told += maiko_send(ctx, item, .n = 1) == 0;
	return 0;
}
static int asker_on_latest(asker *self, const latest *ev, maiko_ctx *ctx) { return (void)self, (void)ev, (void)ctx, 0; }
MAIKO_ACTOR(asker, MAIKO_ON(note, asker_on_note), MAIKO_ON(latest, asker_on_latest), MAIKO_ON_DONE(asker_on_done));

typedef struct keeper {
	uint64_t unused;
} keeper;
static int keeper_on_item(keeper *self, const item *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	(void)ctx;
	received++;
	return 0;
}
static int keeper_on_stop(keeper *self, maiko_ctx *ctx)
{
	(void)self;
	if (received != told)
		maiko_sim_fail(maiko_sim_of(maiko_supervisor_of(ctx)), "on_stop came before the drain was over");
	return 0;
}
MAIKO_ACTOR(keeper, MAIKO_ON(item, keeper_on_item), MAIKO_ON_STOP(keeper_on_stop));

/* Opens all channels. */
typedef struct gossip {
	uint64_t unused;
} gossip;
static int gossip_on_start(gossip *self, maiko_ctx *ctx) { return (void)self, maiko_send(ctx, token_a, .left = 0); }
static int gossip_on_token(gossip *self, const token_a *ev, maiko_ctx *ctx)
{
	return (void)self, (void)ev, (void)ctx, 0;
}
MAIKO_ACTOR(gossip, MAIKO_ON_START(gossip_on_start), MAIKO_ON(token_a, gossip_on_token));

/* The last word of a change is a control message, which the drain did not count. */
static int a_change_ends_in_a_stop(maiko_sim *sim, void *arg)
{
	maiko_supervisor *sup = maiko_sim_supervisor(sim);
	(void)arg;
	told = received = 0;
	int rc = maiko_add(sup, asker, "asker", .topics = MAIKO_TOPICS(notes), .worker = 1);
	if (rc == 0)
		rc = maiko_add(sup, keeper, "keeper", .worker = 2);
	for (uint32_t i = 0; i < 3 && rc == 0; i++)
		rc = maiko_add(sup, gossip, i == 0 ? "x" : i == 1 ? "y" : "z", .worker = i + 1);
	if (rc == 0)
		rc = maiko_start(sup);
	if (rc == 0)
		rc = maiko_send(sup, note, .n = 1);
	for (uint64_t left = maiko_sim_random(sim) % 40; rc == 0 && left > 0; left--)
		(void)maiko_sim_step(sim);
	rc = rc == 0 ? maiko_sim_finish(sim) : rc;
	if (rc == 0 && received != told)
		maiko_sim_fail(sim, "the keeper has not had all");
	return maiko_sim_failure(sim) != NULL ? MAIKO_EBROKEN : rc;
}

static void a_drain_waits_for_what_a_change_tells(void **state)
{
	(void)state;
	holds_for(a_change_ends_in_a_stop, 3, 0, 4000);
}

/* ---- two cycles through one actor ----------------------------------------------------------------- */

enum { NODES = 6, RINGS = 3 };

/* Answers each with two more, on rings that its seed says, until it is tired. */
typedef struct node {
	uint64_t random;
	uint32_t energy;
} node;
static uint32_t drawn(node *self, uint32_t n)
{
	self->random = self->random * UINT64_C(6364136223846793005) + 1;
	return (uint32_t)((self->random >> 32) * n >> 32);
}
static int answer(node *self, maiko_ctx *ctx)
{
	int rc = 0;
	for (uint32_t left = 1 + drawn(self, 3); left > 0 && rc == 0 && self->energy > 0; left--, self->energy--) {
		uint32_t ring = drawn(self, RINGS);
		rc = ring == 0   ? maiko_send(ctx, token_a, .left = 0)
		     : ring == 1 ? maiko_send(ctx, token_b, .left = 0)
				 : maiko_send(ctx, token_c, .left = 0);
	}
	return rc;
}
static int node_on_a(node *self, const token_a *ev, maiko_ctx *ctx) { return (void)ev, answer(self, ctx); }
static int node_on_b(node *self, const token_b *ev, maiko_ctx *ctx) { return (void)ev, answer(self, ctx); }
static int node_on_c(node *self, const token_c *ev, maiko_ctx *ctx) { return (void)ev, answer(self, ctx); }
MAIKO_ACTOR(node, MAIKO_ON(token_a, node_on_a), MAIKO_ON(token_b, node_on_b), MAIKO_ON(token_c, node_on_c));

/* A probe that two paths led to walked on along one alone; when that cycle was open before its
 * members could run on, nobody looked for the other. */
static int tokens_go_round(maiko_sim *sim, void *arg)
{
	static const maiko_topic *const rings[RINGS] = {MAIKO_TOPIC_REF(ring_a), MAIKO_TOPIC_REF(ring_b),
							MAIKO_TOPIC_REF(ring_c)};
	static const char *const names[NODES] = {"a", "b", "c", "d", "e", "f"};
	maiko_supervisor *sup = maiko_sim_supervisor(sim);
	int rc = 0;
	(void)arg;
	for (uint32_t i = 0; i < NODES && rc == 0; i++) {
		node state = {maiko_sim_random(sim), 12};
		maiko_subscription subs[RINGS + 1];
		uint32_t count = 0, which = 1 + drawn(&state, (1u << RINGS) - 1);
		for (uint32_t k = 0; k < RINGS; k++)
			if ((which >> k & 1) != 0)
				subs[count++] = (maiko_subscription){.topic = rings[k]};
		subs[count] = (maiko_subscription){.topic = NULL};
		rc = maiko_add(sup, node, names[i], .init = &state, .mailbox = 1 + drawn(&state, 4), .topics = subs,
			       .max_events_per_tick = 1 + drawn(&state, 4));
	}
	if (rc == 0)
		rc = maiko_start(sup);
	for (int i = 0; i < 6 && rc == 0; i++)
		rc = maiko_send(sup, token_a, .left = 0);
	if (rc == 0)
		rc = maiko_sim_run(sim);
	return rc == 0 ? maiko_sim_finish(sim) : rc;
}

static void a_second_cycle_is_found(void **state)
{
	(void)state;
	holds_for(tokens_go_round, 1, 26000, 4000); /* it was found at 27996 */
	holds_for(tokens_go_round, 2, 0, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_of_workers_of_single_actors_differ),
		cmocka_unit_test(the_latest_is_found_though_it_was_not_noted),
		cmocka_unit_test(what_falls_due_under_a_mute_is_shown),
		cmocka_unit_test(a_drain_waits_for_what_a_change_tells),
		cmocka_unit_test(a_second_cycle_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
