/*
 * C10, C13: how long a worker runs callbacks between two looks around, to the nanosecond: whole turns of real
 * workers on a clock that only handlers move.
 */
#include "support.h"
#include "turns.h"

#include "runtime/runtime.h"
#include "sched/turn.h"

enum { TURN_NS = 100000, STINT = 16, ACTORS = 10, EACH = 100, WARM = 5000 };

typedef struct item {
	uint64_t takes_ns;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, takes_ns);

static uint32_t handled, slow_ones, ticks;
static uint64_t tick_due_ns, tick_late_ns;

/* ---- actors that take time ---- */

typedef struct busy {
	uint32_t unused;
} busy;

static int busy_on_item(busy *self, const item *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	clock_ns += ev->takes_ns;
	handled++;
	slow_ones += ev->takes_ns >= TURN_NS;
	return 0;
}
MAIKO_ACTOR(busy, MAIKO_ON(item, busy_on_item));

/* An event that sends itself again, for ever. */
typedef struct flood {
	uint32_t unused;
} flood;

static int flood_on_item(flood *self, const item *ev, maiko_ctx *ctx)
{
	clock_ns += ev->takes_ns;
	handled++;
	(void)self;
	return maiko_stopping(ctx) ? 0 : maiko_send_copy(ctx, item, ev);
}
MAIKO_ACTOR(flood, MAIKO_ON(item, flood_on_item));

typedef struct clockwork {
	uint32_t unused;
} clockwork;

static maiko_next clockwork_tick(clockwork *self, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	if (ticks++ > 0 && clock_ns - tick_due_ns > tick_late_ns)
		tick_late_ns = clock_ns - tick_due_ns;
	tick_due_ns = clock_ns + 10000000;
	return maiko_after_ms(10);
}
MAIKO_ACTOR(clockwork, MAIKO_TICK(clockwork_tick));

/* ---- a supervisor that takes turns when it is told to ---- */

static maiko_supervisor *the;

static void set_up(void)
{
	the = turns_supervisor(1);
	handled = slow_ones = ticks = 0;
	tick_due_ns = tick_late_ns = 0;
}

static mk_worker *started(void)
{
	assert_int_equal(maiko_start(the), 0);
	return the->workers[0];
}

static void tear_down(void)
{
	assert_int_equal(maiko_stop(the, &(maiko_stop_options){.now = true}), 0);
	assert_null(maiko_supervisor_free(the));
	the = NULL;
}

/* Its topic's subscribers, each with as many events. */
static void queue(uint32_t count, uint64_t takes_ns)
{
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(maiko_send(the, item, .takes_ns = takes_ns), 0);
}

static uint64_t longest_turn_ns(mk_worker *w, uint32_t until)
{
	uint64_t longest_ns = 0;
	while (handled < until) {
		uint64_t began_ns = clock_ns;
		(void)mk_worker_turn(w);
		if (clock_ns - began_ns > longest_ns)
			longest_ns = clock_ns - began_ns;
	}
	return longest_ns;
}

static void ten_busy_actors(uint64_t takes_ns, uint64_t most_ns)
{
	static const char *const names[ACTORS] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
	set_up();
	for (uint32_t i = 0; i < ACTORS; i++)
		assert_int_equal(maiko_add(the, busy, names[i]), 0);
	mk_worker *w = started();
	queue(EACH, takes_ns);
	assert_true(longest_turn_ns(w, ACTORS * EACH) <= most_ns);
	tear_down();
}

/* 100 µs, and the callback that runs when they have passed. */
static void a_turn_of_slow_handlers_lasts_100_us_and_a_callback(void **state)
{
	(void)state;
	ten_busy_actors(40000, 140000);
	ten_busy_actors(30000, 130000);
	ten_busy_actors(99999, 199999);
	ten_busy_actors(10000000, 10000000);
}

/* The clock is not asked again within a quarter of that, nor within a stint, which is as long at most. */
static void a_turn_of_short_handlers_lasts_100_us_and_two_quarters(void **state)
{
	(void)state;
	ten_busy_actors(1000, 150000);
	ten_busy_actors(5000, 150000);
}

/* The clock was asked after each sixteen, until then. */
static void when_callbacks_become_slow_sixteen_run_before_the_next_look(void **state)
{
	(void)state;
	set_up();
	assert_int_equal(maiko_add(the, busy, "busy", .mailbox = 8192, .max_events_per_tick = 8192), 0);
	mk_worker *w = started();
	for (uint32_t sent = 0; sent < WARM; sent += EACH) {
		queue(EACH, 100);
		(void)longest_turn_ns(w, sent + EACH);
	}
	assert_int_equal(w->pace.size, STINT);
	queue(EACH, 10 * TURN_NS);
	uint32_t before = 0, most = 0;
	while (handled < WARM + EACH) {
		(void)mk_worker_turn(w);
		uint32_t in_turn = slow_ones - before;
		if (before == 0)
			assert_in_range(in_turn, 1, STINT);
		else if (in_turn > most)
			most = in_turn;
		before = slow_ones;
	}
	assert_int_equal(most, 1); /* from then on a look after each */
	tear_down();
}

static void beside_a_flood(uint64_t takes_ns, uint64_t late_ns)
{
	enum { FLOOD = 500, TICKS = 20 };
	set_up();
	assert_int_equal(maiko_add(the, flood, "flood", .echo = true), 0);
	assert_int_equal(maiko_add(the, clockwork, "clockwork"), 0);
	mk_worker *w = started();
	queue(FLOOD, takes_ns);
	while (ticks < TICKS)
		(void)mk_worker_turn(w);
	assert_true(tick_late_ns <= late_ns);
	tear_down();
}

/* Its time comes during a turn; in the next, it is behind one run of the flood. */
static void a_tick_beside_a_flood_of_its_worker_is_two_turns_late_at_the_most(void **state)
{
	(void)state;
	beside_a_flood(100, 2 * 150000);
	beside_a_flood(20000, 2 * 120000);
	beside_a_flood(200000, 2 * 200000);
}

/* ---- a deadline among slow ones ---- */

/* Ten of them last until the deadline; it is seen at the next look. */
static void a_deadline_is_seen_after_the_callback_that_passes_it(void **state)
{
	(void)state;
	set_up();
	assert_int_equal(maiko_add(the, busy, "busy"), 0);
	(void)started();
	queue(EACH, 1000000);
	maiko_ledger *ledger = NULL;
	assert_int_equal(maiko_stop(the, &(maiko_stop_options){.deadline_ms = 10, .ret_report = &ledger}), 0);
	assert_true(maiko_ledger_balanced(ledger));
	assert_in_range(handled, 10, 11);
	assert_int_equal(ledger->total.discarded, EACH - handled);
	maiko_ledger_free(ledger);
	assert_null(maiko_supervisor_free(the));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_turn_of_slow_handlers_lasts_100_us_and_a_callback),
		cmocka_unit_test(a_turn_of_short_handlers_lasts_100_us_and_two_quarters),
		cmocka_unit_test(when_callbacks_become_slow_sixteen_run_before_the_next_look),
		cmocka_unit_test(a_tick_beside_a_flood_of_its_worker_is_two_turns_late_at_the_most),
		cmocka_unit_test(a_deadline_is_seen_after_the_callback_that_passes_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
