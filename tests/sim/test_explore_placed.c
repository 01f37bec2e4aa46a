/*
 * test_explore_placed.c - exploration varies the number of workers and where actors live, finds what shows
 * in one placement alone, and shrinks to it.
 */
#include <maiko/testing/explore.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

/*
 * The post office announces a parcel to the customer, then hands it to the courier, who delivers it. The
 * customer may have the parcel before the announcement only if all three live on different workers: from one
 * worker to another everything stays in order. Two clerks come between them, so that actors placed in turn on
 * 1, 2, 3 or 4 workers never live so.
 */
typedef struct order {
	uint64_t n;
} order;
typedef struct announcement {
	uint64_t n;
} announcement;
typedef struct handover {
	uint64_t n;
} handover;
typedef struct parcel {
	uint64_t n;
} parcel;
MAIKO_TOPIC(orders);
MAIKO_TOPIC(announcements);
MAIKO_TOPIC(handovers);
MAIKO_TOPIC(parcels);
MAIKO_EVENT(order, orders, n);
MAIKO_EVENT(announcement, announcements, n);
MAIKO_EVENT(handover, handovers, n);
MAIKO_EVENT(parcel, parcels, n);

typedef struct office {
	char unused;
} office;
static int office_on_order(office *self, const order *ev, maiko_ctx *ctx)
{
	(void)self;
	int rc = maiko_send(ctx, announcement, .n = ev->n);
	return rc == 0 ? maiko_send(ctx, handover, .n = ev->n) : rc;
}
MAIKO_ACTOR(office, MAIKO_ON(order, office_on_order));

typedef struct clerk {
	char unused;
} clerk;
MAIKO_ACTOR(clerk);

typedef struct courier {
	char unused;
} courier;
static int courier_on_handover(courier *self, const handover *ev, maiko_ctx *ctx)
{
	(void)self;
	return maiko_send(ctx, parcel, .n = ev->n);
}
MAIKO_ACTOR(courier, MAIKO_ON(handover, courier_on_handover));

typedef struct customer {
	uint64_t announced;
} customer;
static int customer_on_announcement(customer *self, const announcement *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->announced = ev->n;
	return 0;
}
static int customer_on_parcel(customer *self, const parcel *ev, maiko_ctx *ctx)
{
	if (ev->n > self->announced)
		maiko_sim_fail(maiko_sim_of(maiko_supervisor_of(ctx)), "surprise: a parcel that was not announced");
	return 0;
}
MAIKO_ACTOR(customer, MAIKO_ON(announcement, customer_on_announcement), MAIKO_ON(parcel, customer_on_parcel));

static int parcels_are_announced(maiko_sim *sim, void *arg)
{
	maiko_supervisor *sup = maiko_sim_supervisor(sim);
	(void)arg;
	int rc = maiko_add(sup, office, "office");
	if (rc == 0)
		rc = maiko_add(sup, clerk, "clerk 1");
	if (rc == 0)
		rc = maiko_add(sup, clerk, "clerk 2");
	if (rc == 0)
		rc = maiko_add(sup, courier, "courier");
	if (rc == 0)
		rc = maiko_add(sup, customer, "customer");
	if (rc == 0)
		rc = maiko_start(sup);
	for (uint64_t n = 1; rc == 0 && n <= 5; n++)
		rc = maiko_send(sup, order, .n = n);
	return rc == 0 ? maiko_sim_finish(sim) : rc;
}

/* ---- which explorations find it ---------------------------------------------------------------- */

static maiko_explore_result explore(const maiko_explore_options *options, int expected)
{
	maiko_explore_result r = {0};
	maiko_explore_options o = *options;
	o.scenario = parcels_are_announced;
	o.jobs = 2;
	int rc = maiko_explore(&o, &r);
	if (rc != expected)
		maiko_explore_print(&r, stderr);
	assert_int_equal(rc, expected);
	return r;
}

/* Without a word about workers it is found soon, and what is left is the placement and the order. */
static void a_placement_is_found_and_shrunk(void **state)
{
	(void)state;
	maiko_explore_result r = explore(&(maiko_explore_options){.count = 500}, MAIKO_EBROKEN);
	assert_string_equal(r.text, "surprise: a parcel that was not announced");
	assert_true(r.repeats);
	assert_in_range(r.choice_count, 2, 8);
	/* The first choice: three workers or four: fewer do not show it. */
	assert_int_equal(r.choices[0].index, 0);
	assert_in_range(r.choices[0].value, 2, 3);
	/* Of the five actors one or two are placed out of turn. */
	size_t placed = 0;
	for (size_t i = 1; i < r.choice_count; i++)
		placed += r.choices[i].index <= 5;
	assert_in_range(placed, 1, 2);
	maiko_explore_result_fini(&r);
}

static void its_schedule_is_replayed_by_a_simulation(void **state)
{
	(void)state;
	maiko_explore_result r = explore(&(maiko_explore_options){.count = 500}, MAIKO_EBROKEN);
	for (int whole = 0; whole < 2; whole++) {
		maiko_sim *sim;
		maiko_sim_options o = {.seed = r.seed,
				       .replay = r.choices + !whole,
				       .replay_count = r.choice_count - (size_t)!whole,
				       .replays = true,
				       .varies = true};
		assert_int_equal(maiko_sim_new(&sim, &o), 0);
		assert_int_equal(maiko_worker_count(maiko_sim_supervisor(sim)), whole ? 1 + r.choices[0].value : 1);
		assert_int_equal(parcels_are_announced(sim, NULL), whole ? MAIKO_EBROKEN : 0);
		maiko_sim_free(sim);
	}
	maiko_explore_result_fini(&r);
}

/* The number of workers may be given: only the placement varies then. */
static void a_given_number_of_workers_remains(void **state)
{
	(void)state;
	maiko_explore_result r =
		explore(&(maiko_explore_options){.count = 500, .sim.supervisor.workers = 3}, MAIKO_EBROKEN);
	assert_in_range(r.choices[0].index, 0, 4); /* no choice of the number comes first: of an actor's worker */
	maiko_explore_result_fini(&r);
	r = explore(&(maiko_explore_options){.count = 500, .sim.supervisor.workers = 2}, 0);
	maiko_explore_result_fini(&r);
}

/* Actors in turn never live so, whatever the number of workers and the schedule. */
static void a_fixed_placement_does_not_show_it(void **state)
{
	(void)state;
	for (uint32_t workers = 0; workers <= 4; workers++) {
		maiko_explore_options o = {.count = 2000, .sim.supervisor.workers = workers, .fixed = true};
		maiko_explore_result r = explore(&o, 0);
		assert_int_equal(r.seeds, 2000);
		maiko_explore_result_fini(&r);
	}
}

/* What is explored and what a plain simulation does: one worker, unless somebody says otherwise. */
static void a_plain_simulation_does_not_vary(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		maiko_sim *sim;
		assert_int_equal(maiko_sim_new(&sim, &(maiko_sim_options){.seed = seed}), 0);
		assert_int_equal(maiko_worker_count(maiko_sim_supervisor(sim)), 1);
		maiko_sim_free(sim);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_placement_is_found_and_shrunk),
		cmocka_unit_test(its_schedule_is_replayed_by_a_simulation),
		cmocka_unit_test(a_given_number_of_workers_remains),
		cmocka_unit_test(a_fixed_placement_does_not_show_it),
		cmocka_unit_test(a_plain_simulation_does_not_vary),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
