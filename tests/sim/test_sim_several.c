/*
 * test_sim_several.c - several supervisors in one simulation: one schedule, one clock, one verdict.
 */
#include <maiko/testing/explore.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

#include "runtime/lane.h"

enum { BALLS = 3, ROUNDS = 10 };

typedef struct ping {
	uint64_t ball, n;
} ping;
typedef struct pong {
	uint64_t ball, n;
} pong;
MAIKO_TOPIC(pings);
MAIKO_TOPIC(pongs);
MAIKO_EVENT(ping, pings, ball, n);
MAIKO_EVENT(pong, pongs, ball, n);

static maiko_supervisor *near, *far;

/* ---- ping-pong between two ------------------------------------------------------------------------ */

static uint64_t caught[2][BALLS]; /* near, far */

typedef struct player {
	char unused;
} player;

static int near_on_pong(player *self, const pong *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	if (ev->n != caught[0][ev->ball]++)
		return MAIKO_EBROKEN;
	return ev->n + 1 < ROUNDS ? maiko_send(far, ping, .ball = ev->ball, .n = ev->n + 1) : 0;
}
MAIKO_ACTOR(player, MAIKO_ON(pong, near_on_pong));

typedef struct wall {
	char unused;
} wall;

static int wall_on_ping(wall *self, const ping *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	if (ev->n != caught[1][ev->ball]++)
		return MAIKO_EBROKEN;
	return maiko_send(near, pong, .ball = ev->ball, .n = ev->n);
}
MAIKO_ACTOR(wall, MAIKO_ON(ping, wall_on_ping));

static int start_both(maiko_sim *sim)
{
	near = maiko_sim_supervisor(sim);
	memset(caught, 0, sizeof caught);
	int rc = maiko_sim_add(sim, NULL, &far);
	if (rc == 0)
		rc = maiko_add(near, player, "player");
	if (rc == 0)
		rc = maiko_add(far, wall, "wall");
	if (rc == 0)
		rc = maiko_start(near);
	return rc == 0 ? maiko_start(far) : rc;
}

static int balances(maiko_supervisor *sup)
{
	maiko_ledger *ledger;
	int rc = maiko_report(sup, &ledger);
	if (rc != 0)
		return rc;
	bool all = maiko_ledger_balanced(ledger) && ledger->total.deliveries == (uint64_t)BALLS * ROUNDS;
	maiko_ledger_free(ledger);
	return all ? 0 : MAIKO_EBROKEN;
}

static int every_ball_comes_back(maiko_sim *sim, void *arg)
{
	(void)arg;
	int rc = start_both(sim);
	for (uint64_t ball = 0; rc == 0 && ball < BALLS; ball++)
		rc = maiko_send(far, ping, .ball = ball);
	if (rc == 0)
		rc = maiko_sim_run(sim);
	for (uint64_t ball = 0; rc == 0 && ball < BALLS; ball++)
		rc = caught[0][ball] == ROUNDS && caught[1][ball] == ROUNDS ? 0 : MAIKO_EBROKEN;
	if (rc == 0)
		rc = balances(near);
	if (rc == 0)
		rc = balances(far);
	return rc == 0 ? maiko_sim_finish(sim) : rc;
}

static void vary_faults(maiko_sim_options *options, void *arg)
{
	(void)arg;
	if (options->seed % 3 == 1)
		options->faults = (maiko_sim_faults){.stall = 20, .slow = 20, .late = 20};
	if (options->seed % 3 == 2)
		options->faults.overlap = 10;
}

static void ping_pong_holds_in_a_thousand_schedules(void **state)
{
	(void)state;
	maiko_explore_result r;
	maiko_explore_options o = {.scenario = every_ball_comes_back, .prepare = vary_faults, .count = 1000, .jobs = 2};
	int rc = maiko_explore(&o, &r);
	if (rc != 0)
		maiko_explore_print(&r, stderr);
	assert_int_equal(rc, 0);
	assert_int_equal(r.seeds, 1000);
	assert_int_equal(r.events, 1000 * 2 * BALLS * ROUNDS);
	maiko_explore_result_fini(&r);
}

static void one_seed_is_one_run(void **state)
{
	(void)state;
	uint64_t signatures[2];
	for (int i = 0; i < 2; i++) {
		maiko_sim *sim;
		assert_int_equal(maiko_sim_new(&sim, &(maiko_sim_options){.seed = 5, .varies = true}), 0);
		assert_int_equal(every_ball_comes_back(sim, NULL), 0);
		signatures[i] = maiko_sim_signature(sim);
		maiko_sim_free(sim);
	}
	assert_int_equal(signatures[0], signatures[1]);
}

/* ---- one clock ------------------------------------------------------------------------------------- */

typedef struct bell {
	uint64_t ms;
} bell;
MAIKO_TOPIC(bells);
MAIKO_EVENT(bell, bells, ms);

static uint64_t rang[8], rang_at[8];
static size_t rings;

/* Rings at two times, if they are not 0. */
typedef struct ticker {
	uint64_t ms[2];
} ticker;
static int ticker_on_start(ticker *self, maiko_ctx *ctx)
{
	int rc = 0;
	for (int i = 0; rc == 0 && i < 2 && self->ms[i] != 0; i++)
		rc = maiko_send_after_ms(ctx, self->ms[i], NULL, bell, .ms = self->ms[i]);
	return rc;
}
MAIKO_ACTOR(ticker, MAIKO_ON_START(ticker_on_start));

/* In the near one: hears its own bell, and that of the far one. */
typedef struct sleeper {
	char unused;
} sleeper;
static int sleeper_on_bell(sleeper *self, const bell *ev, maiko_ctx *ctx)
{
	(void)self;
	rang[rings] = ev->ms;
	rang_at[rings++] = maiko_sim_now(maiko_sim_of(maiko_supervisor_of(ctx))) / 1000000 - 1000;
	return 0;
}
MAIKO_ACTOR(sleeper, MAIKO_ON(bell, sleeper_on_bell));

/* In the far one. */
typedef struct waker {
	char unused;
} waker;
static int waker_on_bell(waker *self, const bell *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	return maiko_send(near, bell, .ms = ev->ms);
}
MAIKO_ACTOR(waker, MAIKO_ON(bell, waker_on_bell));

static void one_clock_is_of_both(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 50; seed++) {
		maiko_sim *sim;
		rings = 0;
		assert_int_equal(maiko_sim_new(&sim, &(maiko_sim_options){.seed = seed, .varies = true}), 0);
		near = maiko_sim_supervisor(sim);
		assert_int_equal(maiko_sim_add(sim, &(maiko_options){.workers = 2}, &far), 0);
		assert_int_equal(maiko_add(near, sleeper, "sleeper"), 0);
		assert_int_equal(maiko_add(near, ticker, "ticker", .init = &(ticker){{10}}), 0);
		assert_int_equal(maiko_add(far, waker, "waker"), 0);
		assert_int_equal(maiko_add(far, ticker, "ticker", .init = &(ticker){{15, 5}}), 0);
		assert_int_equal(maiko_start(near), 0);
		assert_int_equal(maiko_start(far), 0);
		assert_int_equal(maiko_sim_advance(sim, 12), 0);
		assert_int_equal(rings, 2); /* the far one's 5, the near one's 10 */
		assert_int_equal(maiko_sim_advance(sim, 8), 0);
		assert_int_equal(rings, 3);
		for (size_t i = 0; i < rings; i++) {
			assert_int_equal(rang[i], 5 * (i + 1));
			assert_int_equal(rang_at[i], rang[i]);
		}
		assert_int_equal(maiko_sim_finish(sim), 0);
		maiko_sim_free(sim);
	}
}

/* ---- one verdict ----------------------------------------------------------------------------------- */

/* As if a wake-up were lost: the properties of the second see it, and the simulation has failed. */
static void the_properties_of_the_second_are_checked(void **state)
{
	(void)state;
	maiko_sim *sim;
	assert_int_equal(maiko_sim_new(&sim, NULL), 0);
	assert_int_equal(start_both(sim), 0);
	assert_int_equal(maiko_sim_run(sim), 0);
	assert_int_equal(maiko_send(far, ping, .ball = 0), 0);
	atomic_store(&far->workers[0]->rest, MK_SLEEPS);
	assert_int_equal(maiko_sim_run(sim), MAIKO_EBROKEN);
	assert_non_null(strstr(maiko_sim_failure(sim), "C14: quiet, but worker 1 has not taken"));
	assert_int_equal(maiko_stop(near, NULL), MAIKO_EBROKEN); /* a call to the first that would wait */
	maiko_sim_free(sim);
}

/* What an actor of the second cannot send, because the first has stopped, is its failure. */
static void who_has_stopped_takes_nothing(void **state)
{
	(void)state;
	maiko_sim *sim;
	assert_int_equal(maiko_sim_new(&sim, NULL), 0);
	assert_int_equal(start_both(sim), 0);
	assert_int_equal(maiko_stop(near, NULL), 0);
	assert_int_equal(maiko_send(far, ping, .ball = 0), 0);
	assert_int_equal(maiko_sim_run(sim), 0);
	assert_int_equal(caught[1][0], 1);
	assert_int_equal(maiko_sim_finish(sim), MAIKO_ESHUTDOWN);
	maiko_sim_free(sim);
}

static void both_may_be_freed_while_they_run(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 50; seed++) {
		maiko_sim *sim;
		assert_int_equal(maiko_sim_new(&sim, &(maiko_sim_options){.seed = seed, .varies = true}), 0);
		assert_int_equal(start_both(sim), 0);
		assert_int_equal(maiko_send(far, ping, .ball = 0), 0);
		for (uint64_t i = 0; i < seed; i++)
			(void)maiko_sim_step(sim);
		maiko_sim_free(sim);
	}
}

/* ---- one schedule ---------------------------------------------------------------------------------- */

/* A letter and then a note go from the near one, by two actors: the note may come first. */
typedef struct letter {
	uint64_t n;
} letter;
typedef struct note {
	uint64_t n;
} note;
MAIKO_TOPIC(letters);
MAIKO_TOPIC(notes);
MAIKO_EVENT(letter, letters, n);
MAIKO_EVENT(note, notes, n);

typedef struct writer {
	char unused;
} writer;
static int writer_on_ping(writer *self, const ping *ev, maiko_ctx *ctx)
{
	(void)self;
	int rc = maiko_send(far, letter, .n = ev->n);
	return rc == 0 ? maiko_send(ctx, pong, .n = ev->n) : rc;
}
MAIKO_ACTOR(writer, MAIKO_ON(ping, writer_on_ping));

typedef struct assistant {
	char unused;
} assistant;
static int assistant_on_pong(assistant *self, const pong *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	return maiko_send(far, note, .n = ev->n);
}
MAIKO_ACTOR(assistant, MAIKO_ON(pong, assistant_on_pong));

typedef struct reader {
	uint64_t letters;
} reader;
static int reader_on_letter(reader *self, const letter *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->letters++;
	return 0;
}
static int reader_on_note(reader *self, const note *ev, maiko_ctx *ctx)
{
	if (self->letters < ev->n)
		maiko_sim_fail(maiko_sim_of(maiko_supervisor_of(ctx)), "early: the note comes before its letter");
	return 0;
}
MAIKO_ACTOR(reader, MAIKO_ON(letter, reader_on_letter), MAIKO_ON(note, reader_on_note));

static int notes_follow_letters(maiko_sim *sim, void *arg)
{
	(void)arg;
	near = maiko_sim_supervisor(sim);
	int rc = maiko_sim_add(sim, NULL, &far);
	if (rc == 0)
		rc = maiko_add(near, writer, "writer");
	if (rc == 0)
		rc = maiko_add(near, assistant, "assistant");
	if (rc == 0)
		rc = maiko_add(far, reader, "reader");
	if (rc == 0)
		rc = maiko_start(near);
	if (rc == 0)
		rc = maiko_start(far);
	for (uint64_t n = 1; rc == 0 && n <= 5; n++)
		rc = maiko_send(near, ping, .n = n);
	if (rc == 0)
		rc = maiko_sim_run(sim);
	return rc == 0 ? maiko_sim_finish(sim) : rc;
}

static void a_schedule_across_both_is_shrunk(void **state)
{
	(void)state;
	maiko_explore_result r;
	maiko_explore_options o = {.scenario = notes_follow_letters, .count = 1000, .jobs = 2};
	assert_int_equal(maiko_explore(&o, &r), MAIKO_EBROKEN);
	assert_string_equal(r.text, "early: the note comes before its letter");
	assert_true(r.repeats);
	assert_in_range(r.choice_count, 2, 8);
	/* Two workers of the near one, and two of the far one, which take from outside in either order. */
	assert_int_equal(r.choices[0].index, 0);
	assert_int_equal(r.choices[0].value, 1);
	assert_int_equal(r.choices[1].index, 1);
	assert_int_equal(r.choices[1].value, 1);
	bool seen[3] = {false};
	for (size_t i = 0; i < r.moment_count; i++) {
		assert_in_range(r.moments[i].supervisor, 1, 2);
		seen[r.moments[i].supervisor] = true;
	}
	assert_true(seen[1] && seen[2]);
	maiko_explore_result_fini(&r);
}

/* ---- one chain ------------------------------------------------------------------------------------- */

typedef struct question {
	uint64_t n;
} question;
typedef struct reply {
	uint64_t n;
} reply;
MAIKO_TOPIC(questions);
MAIKO_TOPIC(replies);
MAIKO_EVENT(question, questions, n);
MAIKO_EVENT(reply, replies, n);

/* What a link would carry: an event's number and its envelope. */
typedef struct crossing {
	uint64_t n, id[2], parent[2], correlation[2], time_ns;
	char sender[16];
} crossing;
MAIKO_TOPIC(crossings);
MAIKO_EVENT(crossing, crossings, n, id, parent, correlation, time_ns, sender);

static int cross(maiko_ctx *ctx, maiko_supervisor *to, uint64_t n)
{
	const maiko_envelope *e = maiko_meta(ctx);
	return e->injected ? 0
			   : maiko_send(to, crossing, .n = n, .id = {e->id.origin, e->id.sequence},
					.parent = {e->parent.origin, e->parent.sequence},
					.correlation = {e->correlation.origin, e->correlation.sequence},
					.time_ns = e->timestamp_ns, MAIKO_TEXT(sender, e->sender));
}

typedef struct bridge {
	bool far;
} bridge;
static int bridge_on_question(bridge *self, const question *ev, maiko_ctx *ctx)
{
	return self->far ? 0 : cross(ctx, far, ev->n);
}
static int bridge_on_reply(bridge *self, const reply *ev, maiko_ctx *ctx)
{
	return self->far ? cross(ctx, near, ev->n) : 0;
}
static int bridge_on_crossing(bridge *self, const crossing *c, maiko_ctx *ctx)
{
	maiko_envelope e = {.id = {c->id[0], c->id[1]},
			    .parent = {c->parent[0], c->parent[1]},
			    .correlation = {c->correlation[0], c->correlation[1]},
			    .origin_timestamp_ns = c->time_ns,
			    .sender = c->sender};
	return self->far ? maiko_inject(ctx, MAIKO_EVENT_REF(question), &(question){.n = c->n}, &e)
			 : maiko_inject(ctx, MAIKO_EVENT_REF(reply), &(reply){.n = c->n}, &e);
}
MAIKO_ACTOR(bridge, MAIKO_ON(question, bridge_on_question), MAIKO_ON(reply, bridge_on_reply),
	    MAIKO_ON(crossing, bridge_on_crossing));

typedef struct thinker {
	char unused;
} thinker;
static int thinker_on_question(thinker *self, const question *ev, maiko_ctx *ctx)
{
	(void)self;
	return maiko_send(ctx, reply, .n = ev->n);
}
MAIKO_ACTOR(thinker, MAIKO_ON(question, thinker_on_question));

typedef struct asker {
	uint64_t answered;
} asker;
static int asker_on_reply(asker *self, const reply *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->answered += ev->n;
	return 0;
}
MAIKO_ACTOR(asker, MAIKO_ON(reply, asker_on_reply));

/* As the near one has seen it: the question, and the reply from far away below it. */
static int is_whole(maiko_harness *h)
{
	const maiko_record *asked = maiko_query_first(maiko_query_of(h, question, .sender = "outside"));
	char text[2000] = "";
	FILE *out = fmemopen(text, sizeof text, "w");
	if (asked == NULL || out == NULL)
		return MAIKO_EBROKEN;
	maiko_chain chain = maiko_chain_of(h, asked);
	maiko_chain_print(chain, out);
	fclose(out);
	const char *question_at = strstr(text, "from outside"), *reply_at = strstr(text, "from thinker, to asker");
	return maiko_chain_count(chain) == 2 && question_at != NULL && reply_at > question_at ? 0 : MAIKO_EBROKEN;
}

static int a_chain_comes_back(maiko_sim *sim, void *arg)
{
	maiko_harness *h = NULL;
	(void)arg;
	near = maiko_sim_supervisor(sim);
	int rc = maiko_sim_add(sim, NULL, &far);
	if (rc == 0)
		rc = maiko_harness_new(&h, near);
	if (rc == 0)
		rc = maiko_add(near, asker, "asker");
	if (rc == 0)
		rc = maiko_add(near, bridge, "bridge", .init = &(bridge){.far = false});
	if (rc == 0)
		rc = maiko_add(far, bridge, "bridge", .init = &(bridge){.far = true});
	if (rc == 0)
		rc = maiko_add(far, thinker, "thinker");
	if (rc == 0)
		rc = maiko_start(near);
	if (rc == 0)
		rc = maiko_start(far);
	if (rc == 0)
		rc = maiko_send(near, question, .n = 1);
	if (rc == 0)
		rc = maiko_sim_run(sim);
	if (rc == 0)
		rc = is_whole(h);
	int ended = maiko_sim_finish(sim);
	maiko_harness_free(h);
	return rc == 0 ? ended : rc;
}

static void a_chain_through_both_is_whole(void **state)
{
	(void)state;
	maiko_explore_result r;
	maiko_explore_options o = {.scenario = a_chain_comes_back, .prepare = vary_faults, .count = 500, .jobs = 2};
	int rc = maiko_explore(&o, &r);
	if (rc != 0)
		maiko_explore_print(&r, stderr);
	assert_int_equal(rc, 0);
	maiko_explore_result_fini(&r);
}

/* ---- what is refused ------------------------------------------------------------------------------- */

static int added_inside;

typedef struct adder {
	char unused;
} adder;
static int adder_on_ping(adder *self, const ping *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	added_inside = maiko_sim_add(maiko_sim_of(maiko_supervisor_of(ctx)), NULL, &far);
	return 0;
}
MAIKO_ACTOR(adder, MAIKO_ON(ping, adder_on_ping));

static void what_cannot_be_added_is_refused(void **state)
{
	(void)state;
	maiko_sim *sim;
	assert_int_equal(maiko_sim_new(&sim, NULL), 0);
	near = maiko_sim_supervisor(sim);
	assert_int_equal(maiko_sim_add(NULL, NULL, &far), MAIKO_EINVAL);
	assert_int_equal(maiko_sim_add(sim, NULL, NULL), MAIKO_EINVAL);
	assert_int_equal(maiko_sim_add(sim, &(maiko_options){.workers = MAIKO_WORKERS_MAX + 1}, &far), MAIKO_EINVAL);
	assert_int_equal(maiko_add(near, adder, "adder"), 0);
	assert_int_equal(maiko_start(near), 0);
	assert_int_equal(maiko_send(near, ping, .n = 1), 0);
	assert_int_equal(maiko_sim_run(sim), 0);
	assert_int_equal(added_inside, MAIKO_EDEADLK);
	for (int i = 1; i < MAIKO_SIM_SUPERVISORS_MAX; i++)
		assert_int_equal(maiko_sim_add(sim, NULL, &far), 0);
	assert_int_equal(maiko_sim_add(sim, NULL, &far), MAIKO_E2BIG);
	assert_int_equal(maiko_sim_finish(sim), 0);
	maiko_sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ping_pong_holds_in_a_thousand_schedules),
		cmocka_unit_test(one_seed_is_one_run),
		cmocka_unit_test(one_clock_is_of_both),
		cmocka_unit_test(the_properties_of_the_second_are_checked),
		cmocka_unit_test(who_has_stopped_takes_nothing),
		cmocka_unit_test(both_may_be_freed_while_they_run),
		cmocka_unit_test(a_schedule_across_both_is_shrunk),
		cmocka_unit_test(a_chain_through_both_is_whole),
		cmocka_unit_test(what_cannot_be_added_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
