/*
 * C11: an actor that fails, and about which nobody has decided, stops the supervisor gracefully;
 * the end says its error, and the ledger names it, whatever becomes of it.
 */
#include "support.h"

#include <maiko/testing/sim.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

typedef struct item {
	uint32_t n;
} item;
typedef struct word {
	uint32_t n;
} word;
MAIKO_TOPIC(items);
MAIKO_TOPIC(words);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(word, words, n);

enum { POISON = 1000, NO_PHASE = 0 };

PER_TEST _Atomic(uint64_t) heard, stops, ends;
PER_TEST _Atomic(int) end_status = 1;

/* ---- fails in one of its callbacks, when the poison comes ---- */

typedef struct fragile {
	maiko_phase at;
	bool poisoned;
} fragile;

static int fragile_on_start(fragile *self, maiko_ctx *ctx) { return self->at == MAIKO_PHASE_START ? UV_EIO : 0; }
static int fragile_on_stop(fragile *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stops, 1);
	return self->at == MAIKO_PHASE_STOP ? UV_EIO : 0;
}
static int fragile_on_done(fragile *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	return self->at == MAIKO_PHASE_DONE ? UV_EIO : 0;
}
static int fragile_on_item(fragile *self, const item *ev, maiko_ctx *ctx)
{
	if (ev->n != POISON)
		return 0;
	self->poisoned = true;
	if (self->at == MAIKO_PHASE_DONE)
		expect(maiko_remove(ctx, UINT64_MAX) == 0);
	if (self->at == MAIKO_PHASE_TICK)
		expect(maiko_wake_tick(ctx) == 0);
	return self->at == MAIKO_PHASE_HANDLE ? UV_EIO : 0;
}
static maiko_next fragile_tick(fragile *self, maiko_ctx *ctx)
{
	return self->poisoned && self->at == MAIKO_PHASE_TICK ? maiko_failed(UV_EIO) : maiko_never();
}
MAIKO_ACTOR(fragile, MAIKO_ON_START(fragile_on_start), MAIKO_ON_STOP(fragile_on_stop), MAIKO_ON_DONE(fragile_on_done),
	    MAIKO_ON(item, fragile_on_item), MAIKO_TICK(fragile_tick));

/* ---- gets the same, and passes it on; and who hears that ---- */

typedef struct steady {
	uint32_t unused;
} steady;

static int steady_on_item(steady *self, const item *ev, maiko_ctx *ctx) { return maiko_send(ctx, word, .n = ev->n); }
static int steady_on_stop(steady *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stops, 1);
	return 0;
}
MAIKO_ACTOR(steady, MAIKO_ON(item, steady_on_item), MAIKO_ON_STOP(steady_on_stop));
TEST_LISTENER(listener, word);

static maiko_supervisor *with_others(uint32_t workers)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "listener"));
	ok(maiko_add(sup, steady, "steady"));
	return sup;
}

/* ---- what the ledger says of it ---- */

static void check_failure(const maiko_failure *f, const char *actor, maiko_phase phase)
{
	bool of_event = phase == MAIKO_PHASE_HANDLE;
	assert_string_equal(f->actor, actor);
	assert_string_equal(f->type, "fragile");
	assert_int_equal(f->error, UV_EIO);
	assert_int_equal(f->phase, phase);
	assert_string_equal(f->detail, "i/o error");
	assert_string_equal(f->event, of_event ? "item" : "");
	assert_int_equal(f->event_id.sequence != 0, of_event);
	assert_true(f->id != 0 && f->worker != 0);
}

/* In which phases, by when: the poison is the last thing that is sent. */
static void fail_in(uint32_t workers, maiko_phase phase, bool own_thread)
{
	maiko_supervisor *sup = with_others(workers);
	fragile init = {.at = phase};
	ok(maiko_add(sup, fragile, "fragile", .init = &init, .own_thread = own_thread));
	ok(maiko_start(sup));
	for (uint32_t n = 1; n <= 100; n++)
		ok(maiko_send(sup, item, .n = n < 100 ? n : POISON));
	if (phase == MAIKO_PHASE_STOP)
		ok(maiko_stop_begin(sup, NULL, NULL, NULL));
	returns(maiko_join(sup), UV_EIO);
	assert_non_null(strstr(maiko_last_error(), "'fragile' failed in "));
	returns(maiko_send(sup, item, .n = 1), MAIKO_ESHUTDOWN);
	const maiko_ledger *ledger = test_stop_with(sup, UV_EIO); /* again, the same */
	/* The others have had everything: it was a graceful stop. */
	assert_int_equal(test_actor_row(ledger, "steady")->counts.handled, 100);
	expect_heard_count("listener", word, 100);
	assert_int_equal(atomic_load(&stops), 2);
	assert_int_equal(test_actor_row(ledger, "fragile")->status, MAIKO_ACTOR_FAILED);
	assert_int_equal(test_actor_row(ledger, "fragile")->error, UV_EIO);
	assert_int_equal(ledger->failed, 1);
	assert_int_equal(ledger->failure_count, 1);
	check_failure(ledger->failures[0], "fragile", phase);
	test_release(sup);
}

static void fail_in_each(uint32_t workers, bool own_thread)
{
	static const maiko_phase phases[] = {MAIKO_PHASE_HANDLE, MAIKO_PHASE_TICK, MAIKO_PHASE_DONE, MAIKO_PHASE_STOP};
	for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++)
		fail_in(workers, phases[i], own_thread);
}

TEST_WORKERS(a_failure_in_any_phase_stops_gracefully_and_is_named) { fail_in_each(workers, false); }
TEST_WORKERS(so_does_that_of_an_actor_with_a_thread_of_its_own) { fail_in_each(workers, true); }
TEST_SIM(so_it_is_in_every_order) { fail_in_each(workers, false); }

/* ---- during a drain ---- */

TEST_SIM(a_failure_in_the_drain_is_what_the_stop_returns)
{
	maiko_supervisor *sup = with_others(workers);
	ok(maiko_add(sup, fragile, "fragile", .init = &(fragile){.at = MAIKO_PHASE_HANDLE}));
	ok(maiko_start(sup));
	for (uint32_t n = 1; n <= 50; n++)
		ok(maiko_send(sup, item, .n = n < 50 ? n : POISON));
	maiko_counts total = test_finish_with(sup, UV_EIO); /* most of it is handled in its drain */
	assert_int_equal(total.handled, 150);
	assert_int_equal(atomic_load(&stops), 2);
}

/* The first is what the end says; the ledger has them all. */
TEST_SIM(of_many_failures_the_first_is_the_end)
{
	maiko_supervisor *sup = with_others(workers);
	fragile init = {.at = MAIKO_PHASE_HANDLE};
	for (int i = 0; i < 5; i++)
		ok(maiko_add(sup, fragile, test_name("fragile", (uint64_t)i), .init = &init));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = POISON));
	const maiko_ledger *ledger = test_stop_with(sup, UV_EIO);
	assert_int_equal(ledger->failed, 5);
	assert_int_equal(ledger->failure_count, 5);
	test_release(sup);
	assert_int_equal(atomic_load(&stops), 6);
}

/* ---- temporary ones: removed, and remembered ---- */

TEST_SIM(the_others_of_a_temporary_one_go_on_and_the_last_64_are_named)
{
	enum { FAILING = 70 };
	maiko_supervisor *sup = with_others(workers);
	fragile init = {.at = MAIKO_PHASE_HANDLE};
	ok(maiko_start(sup));
	for (uint64_t i = 0; i < FAILING; i++) {
		ok(maiko_add(sup, fragile, test_name("f", i), .init = &init, .restart = MAIKO_TEMPORARY));
		ok(maiko_send(sup, item, .n = POISON));
		test_wait_for(&stops, i + 1);
	}
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(ledger->failed, 70);
	assert_int_equal(ledger->failure_count, 64);
	check_failure(ledger->failures[0], "f6", MAIKO_PHASE_HANDLE);
	check_failure(ledger->failures[63], "f69", MAIKO_PHASE_HANDLE);
	for (size_t i = 1; i < 64; i++)
		assert_true(ledger->failures[i]->time_ns >= ledger->failures[i - 1]->time_ns);
	test_release(sup);
	expect_heard_count("listener", word, 70);
}

/* ---- a start that fails while it runs: for who asked ---- */

typedef struct adder {
	int32_t status;
} adder;
typedef adder mute_adder; /* hears of no completion */

static int add_one(maiko_ctx *ctx)
{
	return maiko_add(ctx, fragile, "child", .init = &(fragile){.at = MAIKO_PHASE_START});
}
static int adder_on_item(adder *self, const item *ev, maiko_ctx *ctx) { return add_one(ctx); }
static int adder_on_done(adder *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	const fragile *init = completion->init;
	self->status = completion->status;
	expect(strcmp(completion->name, "child") == 0);
	expect(init != NULL && init->at == MAIKO_PHASE_START && !init->poisoned);
	expect(completion->status == UV_EIO);
	atomic_fetch_add(&ends, 1);
	return 0;
}
MAIKO_ACTOR(adder, MAIKO_ON(item, adder_on_item), MAIKO_ON_DONE(adder_on_done));
MAIKO_ACTOR(mute_adder, MAIKO_ON(item, adder_on_item));

TEST_SIM(an_addition_that_fails_is_for_who_is_told_of_it)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, adder, "adder"));
	ok(maiko_start(sup));
	returns(maiko_add(sup, fragile, "waits", .init = &(fragile){.at = MAIKO_PHASE_START}), UV_EIO);
	ok(maiko_send(sup, item, .n = 1));
	test_wait_for(&ends, 1);
	ok(maiko_send(sup, item, .n = 2)); /* it goes on */
	test_wait_for(&ends, 2);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(ledger->failed, 3);
	check_failure(ledger->failures[0], "waits", MAIKO_PHASE_START);
	check_failure(ledger->failures[2], "child", MAIKO_PHASE_START);
	test_release(sup);
}

TEST_SIM(an_addition_that_fails_unheard_stops_the_supervisor)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, mute_adder, "adder"));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 1));
	returns(maiko_join(sup), UV_EIO);
	test_finish_with(sup, UV_EIO);
}

/* ---- what is refused for a stop is no failure ---- */

typedef struct late {
	uint32_t unused;
} late;
static int late_on_item(late *self, const item *ev, maiko_ctx *ctx)
{
	if (!maiko_stopping(ctx))
		return ev->n == 1 ? maiko_stop_all(ctx) : 0;
	atomic_fetch_add(&heard, 1);
	return maiko_send_after_ms(ctx, 1, NULL, word, .n = 1);
}
static int late_on_stop(late *self, maiko_ctx *ctx) { return maiko_send_after_ms(ctx, 1, NULL, word, .n = 1); }
MAIKO_ACTOR(late, MAIKO_ON(item, late_on_item), MAIKO_ON_STOP(late_on_stop));

TEST_SIM(to_be_refused_because_of_the_stop_is_no_failure)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, late, "late", .max_events_per_tick = 1));
	for (uint32_t n = 1; n <= 100; n++)
		ok(maiko_send(sup, item, .n = n));
	ok(maiko_start(sup));
	ok(maiko_join(sup));
	const maiko_ledger *ledger = test_stop(sup);
	assert_true(atomic_load(&heard) > 0);
	assert_int_equal(ledger->failed, 0);
	assert_int_equal(test_actor_row(ledger, "late")->counts.handled, 100);
	test_release(sup);
}

/* ---- gets a buffer ---- */

typedef struct page {
	maiko_buffer *text;
} page;
MAIKO_TOPIC(pages);
MAIKO_EVENT(page, pages, text);
TEST_LISTENER(reader, page);

/* ---- on_end ---- */

static void note_end(void *arg, int status)
{
	atomic_store(&end_status, status);
	atomic_fetch_add((_Atomic(uint64_t) *)arg, 1);
}

static maiko_supervisor *with_end(uint32_t workers, uv_loop_t *loop)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor_with(
		(maiko_options){.workers = workers, .loop = loop, .on_end = note_end, .on_end_arg = &ends});
	ok(maiko_add(sup, fragile, "fragile", .init = &(fragile){.at = MAIKO_PHASE_HANDLE}));
	return sup;
}

TEST_WORKERS(on_end_hears_of_it_once)
{
	maiko_supervisor *sup = with_end(workers, NULL);
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = POISON));
	test_wait_for(&ends, 1);
	assert_int_equal(atomic_load(&end_status), UV_EIO);
	test_finish_with(sup, UV_EIO);
	assert_int_equal(atomic_load(&ends), 1);
}

TEST_WORKERS(on_end_hears_of_an_end_that_is_no_failure)
{
	maiko_supervisor *sup = with_end(workers, NULL);
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 1));
	test_finish(sup);
	assert_int_equal(atomic_load(&ends), 1);
	assert_int_equal(atomic_load(&end_status), 0);
	sup = with_end(workers, NULL); /* never started */
	test_release(sup);
	assert_int_equal(atomic_load(&ends), 1);
	assert_int_equal(atomic_load(&end_status), 0);
}

static maiko_supervisor *embedded;

static void free_at_end(void *arg, int status)
{
	note_end(arg, status);
	expect(maiko_supervisor_free(embedded) == NULL);
}

TEST_ONCE(an_embedded_program_hears_of_it_and_may_free_there)
{
	uv_loop_t loop;
	ok(uv_loop_init(&loop));
	maiko_options options = {.loop = &loop, .on_end = free_at_end, .on_end_arg = &ends};
	test_begin();
	ok(maiko_supervisor_new(&embedded, &options));
	ok(maiko_add(embedded, fragile, "fragile", .init = &(fragile){.at = MAIKO_PHASE_HANDLE}));
	ok(maiko_start(embedded));
	ok(maiko_try_send(embedded, item, .n = POISON));
	ok(uv_run(&loop, UV_RUN_DEFAULT));
	assert_int_equal(atomic_load(&ends), 1);
	assert_int_equal(atomic_load(&end_status), UV_EIO);
	assert_int_equal(test_wrong(), 0);
	ok(uv_loop_close(&loop));
}

/* ---- on_end of one that never ran, in the call that ends it ---- */

/* Before the start, with an event that is queued. */
static void make_embedded(uv_loop_t *loop)
{
	maiko_options options = {.loop = loop, .on_end = free_at_end, .on_end_arg = &ends};
	ok(maiko_supervisor_new(&embedded, &options));
	ok(maiko_add(embedded, fragile, "fragile", .init = &(fragile){.at = MAIKO_PHASE_HANDLE}));
	ok(maiko_try_send(embedded, item, .n = 1));
}

static void note_stop(void *arg, int status)
{
	expect(status == 0);
	atomic_fetch_add((_Atomic(uint64_t) *)arg, 1);
}

TEST_ONCE(an_embedded_one_that_never_ran_may_be_freed_there)
{
	uv_loop_t loop;
	maiko_ledger *ledger = NULL;
	test_begin();
	ok(uv_loop_init(&loop));
	make_embedded(&loop);
	test_release(embedded);
	assert_int_equal(atomic_load(&ends), 1);
	make_embedded(&loop);
	ok(maiko_stop(embedded, &(maiko_stop_options){.ret_report = &ledger}));
	assert_int_equal(atomic_load(&ends), 2);
	assert_int_equal(ledger->total.discarded, 1);
	maiko_ledger_free(ledger);
	make_embedded(&loop);
	ok(maiko_stop_begin(embedded, NULL, note_stop, &stops));
	assert_int_equal(atomic_load(&ends), 3);
	assert_int_equal(atomic_load(&stops), 1);
	assert_int_equal(test_wrong(), 0);
	ok(uv_loop_close(&loop));
}

static maiko_supervisor *threaded;

static void free_in_vain(void *arg, int status)
{
	note_end(arg, status);
	expect(maiko_supervisor_free(threaded) == threaded);
	expect(maiko_stop(threaded, NULL) == 0); /* it has ended */
}

TEST_WORKERS(one_with_threads_is_not_freed_there)
{
	maiko_options options = {.workers = workers, .on_end = free_in_vain, .on_end_arg = &ends};
	for (int way = 0; way < 4; way++) {
		ok(maiko_supervisor_new(&threaded, &options));
		if (way == 1)
			ok(maiko_start(threaded));
		if (way != 0)
			assert_int_equal(
				way < 3 ? maiko_stop(threaded, NULL) : maiko_stop_begin(threaded, NULL, NULL, NULL), 0);
		test_release(threaded);
		assert_int_equal(atomic_load(&ends), way + 1);
	}
}

TEST_ONCE(one_in_simulation_is_not_freed_there)
{
	maiko_sim *sim;
	maiko_sim_options options = {.supervisor = {.workers = 2, .on_end = free_in_vain, .on_end_arg = &ends}};
	test_begin();
	ok(maiko_sim_new(&sim, &options));
	threaded = maiko_sim_supervisor(sim);
	ok(maiko_start(threaded));
	ok(maiko_stop(threaded, NULL));
	assert_int_equal(atomic_load(&ends), 1);
	assert_int_equal(test_wrong(), 0);
	ok(maiko_sim_finish(sim));
	assert_null(maiko_sim_free(sim));
}

/* ---- what the end calls before it is told: the owner of a buffer ---- */

static void release_in_vain(void *data, void *arg)
{
	atomic_fetch_add((_Atomic(uint64_t) *)arg, 1);
	expect(maiko_stop(threaded, NULL) == MAIKO_EDEADLK);
	expect(maiko_supervisor_free(threaded) == threaded);
}

TEST_WORKERS(what_the_end_calls_does_not_wait_for_it)
{
	char text[] = "text";
	maiko_buffer *buffer;
	maiko_options options = {.workers = workers};
	ok(maiko_supervisor_new(&threaded, &options));
	ok(maiko_add(threaded, reader, "reader"));
	ok(maiko_buffer_wrap(text, sizeof text, release_in_vain, &ends, &buffer));
	ok(maiko_send(threaded, page, .text = buffer));
	maiko_buffer_unref(buffer);
	ok(maiko_stop(threaded, NULL));
	assert_int_equal(atomic_load(&ends), 1);
	test_release(threaded);
}

/* ---- the option ---- */

TEST_ONCE(what_is_no_kind_of_restart_is_refused_in_words)
{
	maiko_supervisor *sup = NULL;
	ok(maiko_supervisor_new(&sup, NULL));
	returns(maiko_add(sup, steady, "steady", .restart = (maiko_restarting)17), MAIKO_EINVAL);
	assert_non_null(strstr(maiko_last_error(), ".restart is 17"));
	ok(maiko_add(sup, steady, "steady", .restart = MAIKO_TEMPORARY));
	test_release(sup);
}

/* ---- texts ---- */

TEST_ONCE(the_printed_ledger_names_it)
{
	char text[4096] = "";
	maiko_supervisor *sup = with_others(2);
	ok(maiko_add(sup, fragile, "fragile", .init = &(fragile){.at = MAIKO_PHASE_HANDLE}));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = POISON));
	returns(maiko_join(sup), UV_EIO);
	const maiko_ledger *ledger = test_report(sup);
	FILE *out = fmemopen(text, sizeof text, "w");
	assert_non_null(out);
	ok(maiko_ledger_print(ledger, out));
	assert_int_equal(fclose(out), 0);
	const char *line = strstr(text, "failed: fragile (fragile) in a handler of item, 2");
	assert_non_null(line);
	assert_non_null(strstr(line, "Z: i/o error\n"));
	test_finish_with(sup, UV_EIO);
}
