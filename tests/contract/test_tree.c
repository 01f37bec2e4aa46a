/*
 * C20: the ledger shows the tree of groups: restarts spent, who waits for its restart and until when, why; and after
 * the end of the root, the chain in words.
 */
#include "support.h"

#include <maiko/testing/sim.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { NS_PER_MS = 1000000 };

typedef struct reading {
	uint32_t n;
} reading;
MAIKO_TOPIC(readings);
MAIKO_EVENT(reading, readings, n);

PER_TEST const char *faulty = ""; /* the probe that fails */

typedef struct probe {
	uint32_t unused;
} probe;
static int probe_on_reading(probe *self, const reading *ev, maiko_ctx *ctx)
{
	return strcmp(faulty, maiko_name(ctx)) == 0 ? UV_EIO : 0;
}
MAIKO_ACTOR(probe, MAIKO_ON(reading, probe_on_reading));

typedef struct idler {
	uint32_t unused;
} idler;
MAIKO_ACTOR(idler);

static void break_down(maiko_supervisor *sup, const char *name)
{
	faulty = name;
	ok(maiko_send(sup, reading, .n = 1));
	test_settle(sup);
}

static void advance(maiko_supervisor *sup, uint64_t ms) { ok(maiko_sim_advance(maiko_sim_of(sup), ms)); }

static const maiko_group_row *group_row(const maiko_ledger *ledger, const char *name)
{
	for (size_t i = 0; i < ledger->group_count; i++)
		if (strcmp(ledger->groups[i]->name, name) == 0)
			return ledger->groups[i];
	fail_msg("no group %s in the ledger", name);
	return NULL;
}

/* ---- the rows ---- */

TEST_SIM(a_row_tells_of_each_group_in_the_order_of_the_tree)
{
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_group_id devices, buses, screens;
	ok(maiko_group(sup, "devices", .strategy = MAIKO_REST_FOR_ONE, .restarts = 5, .within_ms = 10000,
		       .ret_id = &devices));
	ok(maiko_group(sup, "screens", .restarts = MAIKO_UNLIMITED, .ret_id = &screens));
	ok(maiko_group(sup, "buses", .group = devices, .strategy = MAIKO_ONE_FOR_ALL, .ret_id = &buses));
	const maiko_ledger *ledger = test_report(sup);
	static const char *const names[] = {"supervisor", "devices", "buses", "screens"};
	maiko_group_id ids[] = {0, devices, buses, screens}, parents[] = {0, 0, devices, 0};
	static const maiko_strategy strategies[] = {MAIKO_ONE_FOR_ONE, MAIKO_REST_FOR_ONE, MAIKO_ONE_FOR_ALL,
						    MAIKO_ONE_FOR_ONE};
	static const uint32_t limits[] = {3, 5, 3, MAIKO_UNLIMITED};
	static const uint64_t within_ms[] = {5000, 10000, 5000, 5000};
	assert_int_equal(ledger->group_count, 4);
	for (size_t i = 0; i < 4; i++) {
		const maiko_group_row *row = ledger->groups[i];
		assert_string_equal(row->name, names[i]);
		assert_int_equal(row->id, ids[i]);
		assert_int_equal(row->parent, parents[i]);
		assert_int_equal(row->strategy, strategies[i]);
		assert_int_equal(row->restarts, limits[i]);
		assert_int_equal(row->within_ms, within_ms[i]);
		assert_int_equal(row->spent + row->failures + row->failed + row->restarting + row->resumes_ns, 0);
	}
	test_release(sup);
}

TEST_SIM(without_supervision_there_are_no_groups)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, idler, "free"));
	ok(maiko_start(sup));
	const maiko_ledger *ledger = test_report(sup);
	assert_int_equal(ledger->group_count, 0);
	assert_false(test_actor_row(ledger, "free")->supervised);
	assert_string_equal(ledger->chain, "");
	(void)test_finish(sup);
}

TEST_SIM(an_actor_of_no_group_is_a_member_of_the_root)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, idler, "free"));
	ok(maiko_add(sup, idler, "member", .restart = MAIKO_TRANSIENT));
	ok(maiko_start(sup));
	const maiko_ledger *ledger = test_report(sup);
	assert_int_equal(ledger->group_count, 1);
	assert_string_equal(ledger->groups[0]->name, "supervisor");
	assert_false(test_actor_row(ledger, "free")->supervised);
	assert_true(test_actor_row(ledger, "member")->supervised);
	assert_int_equal(test_actor_row(ledger, "member")->group, 0);
	(void)test_finish(sup);
}

TEST_SIM(an_actor_of_no_such_group_is_refused_and_its_name_is_free)
{
	maiko_supervisor *sup = test_supervisor(workers);
	returns(maiko_add(sup, idler, "lost", .group = 99), MAIKO_ENOENT);
	assert_non_null(strstr(maiko_last_error(), "actor 'lost': .group is 99"));
	ok(maiko_add(sup, idler, "lost"));
	assert_int_equal(test_report(sup)->actor_count, 2); /* it, and the removed ones */
	ok(maiko_start(sup));
	returns(maiko_add(sup, idler, "late", .group = 99), MAIKO_ENOENT);
	ok(maiko_add(sup, idler, "late"));
	(void)test_finish(sup);
}

/* ---- backing off ---- */

TEST_SIM(it_tells_until_when_an_actor_waits_and_why)
{
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_group_id devices;
	ok(maiko_group(sup, "devices", .within_ms = 4000, .ret_id = &devices));
	ok(maiko_add(sup, probe, "probe", .group = devices, .backoff = &(maiko_backoff){.first_ms = 1200}));
	ok(maiko_start(sup));
	uint64_t failed_ns = test_now_ns();
	break_down(sup, "probe");
	const maiko_ledger *ledger = test_report(sup);
	const maiko_actor_row *row = test_actor_row(ledger, "probe");
	assert_int_equal(ledger->now_ns, failed_ns);
	assert_int_equal(row->status, MAIKO_ACTOR_RESTARTING);
	assert_int_equal(row->group, devices);
	assert_int_equal(row->resumes_ns, failed_ns + 1200 * NS_PER_MS);
	assert_false(row->waits);
	assert_int_equal(row->error, UV_EIO);
	assert_string_equal(row->detail, maiko_strerror(UV_EIO));
	assert_int_equal(row->phase, MAIKO_PHASE_HANDLE);
	assert_string_equal(row->event, "reading");
	assert_int_equal(row->restarts, 0);
	assert_int_equal(group_row(ledger, "devices")->spent, 1);
	assert_false(group_row(ledger, "devices")->restarting);

	advance(sup, 1199);
	assert_int_equal(test_actor_row(test_report(sup), "probe")->status, MAIKO_ACTOR_RESTARTING);
	advance(sup, 1);
	ledger = test_report(sup);
	row = test_actor_row(ledger, "probe");
	assert_int_equal(row->status, MAIKO_ACTOR_RUNNING);
	assert_int_equal(row->restarts, 1);
	assert_int_equal(row->resumes_ns + (uint64_t)row->error + row->phase + row->waits, 0);
	assert_string_equal(row->event, "");
	assert_string_equal(row->detail, "");

	advance(sup, 2800); /* 4000 ms after the failure it counts still */
	assert_int_equal(group_row(test_report(sup), "devices")->spent, 1);
	advance(sup, 1);
	ledger = test_report(sup);
	assert_int_equal(group_row(ledger, "devices")->spent, 0);
	assert_int_equal(group_row(ledger, "devices")->failures, 1);
	(void)test_finish(sup);
}

TEST_SIM(it_tells_who_waits_for_its_group)
{
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_group_id all, inner;
	ok(maiko_group(sup, "all", .strategy = MAIKO_ONE_FOR_ALL, .ret_id = &all));
	ok(maiko_add(sup, probe, "first", .group = all));
	ok(maiko_group(sup, "inner", .group = all, .ret_id = &inner));
	ok(maiko_add(sup, probe, "deep", .group = inner));
	ok(maiko_add(sup, probe, "faulty", .group = all, .backoff = &(maiko_backoff){.first_ms = 300}));
	ok(maiko_start(sup));
	break_down(sup, "faulty");
	const maiko_ledger *ledger = test_report(sup);
	static const char *const names[] = {"first", "deep", "faulty"};
	for (size_t i = 0; i < 3; i++) {
		const maiko_actor_row *row = test_actor_row(ledger, names[i]);
		assert_int_equal(row->status, MAIKO_ACTOR_RESTARTING);
		assert_int_equal(row->waits, i != 2);
		assert_int_equal(row->resumes_ns, i != 2 ? 0 : test_now_ns() + 300 * NS_PER_MS);
		assert_int_equal(row->error, i == 2 ? UV_EIO : 0);
	}
	assert_true(group_row(ledger, "all")->restarting);
	assert_int_equal(group_row(ledger, "all")->resumes_ns, test_now_ns() + 300 * NS_PER_MS);
	assert_false(group_row(ledger, "inner")->restarting);
	assert_false(group_row(ledger, "supervisor")->restarting);
	advance(sup, 300);
	ledger = test_report(sup);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(test_actor_row(ledger, names[i])->restarts, 1);
	assert_false(group_row(ledger, "all")->restarting);
	(void)test_finish(sup);
}

/* ---- as text ---- */

static char *printed(int (*print)(const maiko_ledger *ledger, FILE *out), const maiko_ledger *ledger)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	ok(print(ledger, out));
	assert_int_equal(fclose(out), 0);
	return text;
}

static void expect_tree(const maiko_ledger *ledger, const char *expected)
{
	char *tree = printed(maiko_ledger_print_tree, ledger), *all = printed(maiko_ledger_print, ledger);
	assert_string_equal(tree, expected);
	assert_true((strstr(all, expected) != NULL) == (ledger->group_count != 0));
	free(tree);
	free(all);
}

static void add_small_tree(maiko_supervisor *sup)
{
	static const maiko_backoff at_once = {.first_ms = 0}, slow = {.first_ms = 1150};
	maiko_group_id devices, panel, lamps;
	ok(maiko_add(sup, idler, "free"));
	ok(maiko_add(sup, probe, "log", .restart = MAIKO_PERMANENT, .backoff = &at_once));
	ok(maiko_group(sup, "devices", .restarts = 5, .within_ms = 10000, .ret_id = &devices));
	ok(maiko_group(sup, "panel", .strategy = MAIKO_REST_FOR_ONE, .restarts = 1, .within_ms = 2500,
		       .ret_id = &panel));
	ok(maiko_add(sup, probe, "probe-3", .group = devices, .backoff = &at_once));
	ok(maiko_group(sup, "lamps", .group = devices, .restarts = MAIKO_UNLIMITED, .ret_id = &lamps));
	ok(maiko_add(sup, probe, "lamp", .group = lamps));
	ok(maiko_add(sup, probe, "probe-4", .group = devices, .backoff = &slow));
	ok(maiko_add(sup, probe, "screen", .group = panel, .backoff = &(maiko_backoff){.first_ms = 250}));
	ok(maiko_add(sup, idler, "knob", .group = panel));
}

TEST_SIM(the_tree_reads_like_this)
{
	maiko_supervisor *sup = test_supervisor(workers);
	add_small_tree(sup);
	ok(maiko_start(sup));
	for (int i = 0; i < 2; i++)
		break_down(sup, "probe-3");
	break_down(sup, "log");
	break_down(sup, "probe-4");
	break_down(sup, "screen");
	expect_tree(test_report(sup),
		    "supervisor     one for one, 1 of 3 restarts in 5 s\n"
		    "+- log         running     1 restart\n"
		    "+- devices     one for one, 3 of 5 restarts in 10 s\n"
		    "|  +- probe-3  running     2 restarts\n"
		    "|  +- lamps    one for one, restarts without limit\n"
		    "|  |  +- lamp  running\n"
		    "|  +- probe-4  restarting  in 1.2 s: i/o error, in a handler of reading\n"
		    "+- panel       rest for one, 1 of 1 restart in 2.5 s, restarts its members in 250 ms\n"
		    "|  +- screen   restarting  in 250 ms: i/o error, in a handler of reading\n"
		    "|  +- knob     restarting  with its group\n"
		    "+- free        running\n");
	advance(sup, 1150);
	expect_tree(test_stop(sup), "supervisor     one for one, 1 of 3 restarts in 5 s\n"
				    "+- log         stopped     1 restart\n"
				    "+- devices     one for one, 3 of 5 restarts in 10 s\n"
				    "|  +- probe-3  stopped     2 restarts\n"
				    "|  +- lamps    one for one, restarts without limit\n"
				    "|  |  +- lamp  stopped\n"
				    "|  +- probe-4  stopped     1 restart\n"
				    "+- panel       rest for one, 1 of 1 restart in 2.5 s\n"
				    "|  +- screen   stopped     1 restart\n"
				    "|  +- knob     stopped     1 restart\n"
				    "+- free        stopped\n");
	test_release(sup);
}

TEST_SIM(without_supervision_the_tree_is_the_actors)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, idler, "free"));
	ok(maiko_add(sup, idler, "other"));
	ok(maiko_start(sup));
	test_settle(sup);
	expect_tree(test_report(sup), "supervisor\n"
				      "+- free                  running\n"
				      "+- other                 running\n");
	returns(maiko_ledger_print_tree(NULL, stderr), MAIKO_EINVAL);
	returns(maiko_ledger_print_tree(test_report(sup), NULL), MAIKO_EINVAL);
	(void)test_finish(sup);
}

/* ---- the chain ---- */

#define CHAIN                                                                                                          \
	"the actor 'probe' failed in a handler of 'reading': i/o error; "                                              \
	"the group 'inner' had restarted 1 time within 7000 ms; "                                                      \
	"the group 'outer' had restarted 2 times within 5000 ms; "                                                     \
	"the supervisor had restarted 3 times within 5000 ms"

TEST_SIM(the_chain_tells_what_failed_and_what_was_tried)
{
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_group_id outer, inner;
	ok(maiko_group(sup, "outer", .restarts = 2, .ret_id = &outer));
	ok(maiko_group(sup, "inner", .group = outer, .restarts = 1, .within_ms = 7000, .ret_id = &inner));
	ok(maiko_add(sup, probe, "probe", .group = inner, .backoff = &(maiko_backoff){.first_ms = 0}));
	ok(maiko_start(sup));
	assert_string_equal(test_report(sup)->chain, "");
	for (int i = 0; i < 2 * 3 * 4; i++)
		break_down(sup, "probe");
	returns(maiko_join(sup), UV_EIO);
	assert_string_equal(maiko_last_error(), "maiko_join: " CHAIN);
	const maiko_ledger *ledger = test_stop_with(sup, UV_EIO);
	assert_string_equal(ledger->chain, CHAIN);
	assert_int_equal(group_row(ledger, "inner")->failed, 3 * 4);
	assert_int_equal(group_row(ledger, "outer")->failed, 4);
	assert_int_equal(group_row(ledger, "supervisor")->failed, 1);
	char *text = printed(maiko_ledger_print, ledger);
	assert_non_null(strstr(text, "\nended: the actor 'probe' failed in a handler of 'reading': i/o error; "));
	free(text);
	test_release(sup);
}

/* A name of the maximal length. */
static const char *long_name(char letter)
{
	static char name[MAIKO_NAME_MAX + 1];
	memset(name, letter, MAIKO_NAME_MAX);
	return name;
}

TEST_SIM(a_ledger_has_the_whole_chain_however_long)
{
	enum { DEPTH = 8 };
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_group_id group = 0;
	for (int i = 0; i < DEPTH; i++)
		ok(maiko_group(sup, long_name((char)('a' + i)), .group = group, .restarts = 1, .ret_id = &group));
	ok(maiko_add(sup, probe, "probe", .group = group, .backoff = &(maiko_backoff){.first_ms = 0}));
	ok(maiko_start(sup));
	for (int i = 0; i < 4 << DEPTH; i++)
		break_down(sup, "probe");
	returns(maiko_join(sup), UV_EIO);
	const maiko_ledger *ledger = test_stop_with(sup, UV_EIO);
	for (int i = 0; i < DEPTH; i++)
		assert_non_null(strstr(ledger->chain, long_name((char)('a' + i))));
	assert_non_null(strstr(ledger->chain, "; the supervisor had restarted 3 times within 5000 ms"));
	test_release(sup);
}

TEST_SIM(a_permanent_actor_that_ends_too_often_is_told_as_that)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, puppet, "puppet", .restart = MAIKO_PERMANENT, .backoff = &(maiko_backoff){.first_ms = 0}));
	ok(maiko_start(sup));
	for (int i = 0; i < 4; i++) {
		test_order(sup, "puppet", maiko_stop_self);
		test_settle(sup);
	}
	returns(maiko_join(sup), MAIKO_EFAILED);
	assert_string_equal(test_stop_with(sup, MAIKO_EFAILED)->chain,
			    "the actor 'puppet', which is permanent, has ended; "
			    "the supervisor had restarted 3 times within 5000 ms");
	test_release(sup);
}

/* ---- from another thread ---- */

enum { ENOUGH = 200 };

PER_TEST _Atomic(uint64_t) attempts;

/* Sends itself a reading, and fails with it. */
typedef struct flapper {
	uint32_t n;
} flapper;
static int flapper_on_start(flapper *self, maiko_ctx *ctx) { return maiko_send(ctx, reading, .n = self->n); }
static int flapper_on_reading(flapper *self, const reading *ev, maiko_ctx *ctx)
{
	if (ev->n != self->n)
		return 0;
	return atomic_fetch_add(&attempts, 1) < ENOUGH ? UV_EIO : 0;
}
MAIKO_ACTOR(flapper, MAIKO_ON_START(flapper_on_start), MAIKO_ON(reading, flapper_on_reading));

static void expect_sane(const maiko_ledger *ledger, uint64_t *restarts)
{
	assert_int_equal(ledger->group_count, 3);
	for (size_t i = 0; i + 1 < ledger->actor_count; i++) {
		const maiko_actor_row *row = ledger->actors[i];
		assert_true(row->supervised);
		assert_true(row->restarts >= restarts[i]);
		restarts[i] = row->restarts;
		assert_true(row->status == MAIKO_ACTOR_RESTARTING || (row->resumes_ns == 0 && !row->waits));
		assert_true(row->phase == 0 || row->phase == MAIKO_PHASE_HANDLE);
		assert_string_equal(row->event, row->phase == 0 ? "" : "reading");
	}
}

TEST_WORKERS(reports_are_sane_while_actors_restart)
{
	static const maiko_backoff at_once = {.first_ms = 0}, soon = {.first_ms = 1, .factor = 1};
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_group_id alone, together;
	ok(maiko_group(sup, "alone", .restarts = MAIKO_UNLIMITED, .backoff = &at_once, .ret_id = &alone));
	ok(maiko_group(sup, "together", .strategy = MAIKO_ONE_FOR_ALL, .restarts = MAIKO_UNLIMITED, .backoff = &soon,
		       .ret_id = &together));
	ok(maiko_add(sup, flapper, "one", .group = alone, .echo = true, .init = &(flapper){.n = 1}));
	ok(maiko_add(sup, idler, "with it", .group = together));
	ok(maiko_add(sup, flapper, "two", .group = together, .echo = true, .init = &(flapper){.n = 2}));
	ok(maiko_start(sup));
	uint64_t restarts[3] = {0, 0, 0};
	while (atomic_load(&attempts) < ENOUGH + 2) { /* each has not failed once */
		maiko_ledger *ledger;
		ok(maiko_report(sup, &ledger));
		expect_sane(ledger, restarts);
		maiko_ledger_free(ledger);
	}
	test_settle(sup);
	expect_sane(test_report(sup), restarts);
	assert_int_equal(restarts[0] + restarts[2], ENOUGH);
	assert_true(restarts[1] <= restarts[2]); /* it may have been about to start for the first time */
	(void)test_finish(sup);
}

/* ---- without memory ---- */

TEST_SIM(a_report_without_memory_is_none)
{
	maiko_supervisor *sup = test_supervisor(workers);
	add_small_tree(sup);
	ok(maiko_start(sup));
	break_down(sup, "screen");
	int64_t living = test_allocator_living();
	maiko_ledger *ledger = NULL;
	uint64_t n = 0;
	do {
		assert_int_equal(test_allocator_living(), living);
		test_allocator_fail_at(n++, false);
		int rc = maiko_report(sup, &ledger);
		assert_int_equal(rc, test_allocator_has_failed() ? MAIKO_ENOMEM : 0);
		assert_true((ledger == NULL) == (rc != 0));
	} while (ledger == NULL);
	test_allocator_fail_never();
	assert_true(n > 40); /* of names, rows and lines */
	assert_string_equal(test_actor_row(ledger, "screen")->event, "reading");
	maiko_ledger_free(ledger);
	advance(sup, 250);
	(void)test_finish(sup);
}

/* ---- the harness ---- */

TEST_SIM(a_harness_tells_a_restart_from_a_failure)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, probe, "probe", .restart = MAIKO_TRANSIENT));
	maiko_harness *h = test_harness(sup);
	ok(maiko_start(sup));
	break_down(sup, "probe");
	assert_int_equal(maiko_harness_actor(h, "probe"), MAIKO_ACTOR_RESTARTING);
	ok(maiko_expect_actor(h, "probe", MAIKO_ACTOR_RESTARTING));
	advance(sup, 100);
	assert_int_equal(maiko_harness_actor(h, "probe"), MAIKO_ACTOR_RUNNING);
	ok(maiko_expect_actor(h, "probe", MAIKO_ACTOR_RUNNING));
	(void)test_finish(sup);
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
