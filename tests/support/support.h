/*
 * support.h - what the tests share: worker counts, what callbacks note and expect, calls and what
 * they return, the harness, waiting for conditions, the ledger at the end, and allocations that
 * fail on demand.
 */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <maiko/testing/harness.h>
#include <maiko/maiko.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above before it */
#include <cmocka.h>

/* ---- which tests there are ------------------------------------------------------------- */

/* All tests of a file run, in the order in which they stand in it, if the file has no main: that
 * of main.c calls test_main. One that prepares something first has its own, which calls it. */
int test_main(void);
int test_main_with(int (*setup)(void **), int (*teardown)(void **));

/* A test that runs once: TEST_ONCE(nothing_is_lost) { ... } */
#define TEST_ONCE(name)                                                                                                \
	static void name##_once(void);                                                                                 \
	TEST_LISTED_(name) { test_run_once(name##_once); }                                                             \
	static void name##_once(void)
void test_run_once(void (*test)(void));

struct test_listed {
	struct CMUnitTest test;
	int line;
	struct test_listed *next;
};
void test_list(struct test_listed *listed);

#define TEST_LISTED_(name)                                                                                             \
	static void name(void **state);                                                                                \
	__attribute__((constructor)) static void name##_listed(void)                                                   \
	{                                                                                                              \
		static struct test_listed listed = {.test = cmocka_unit_test(name), .line = __LINE__};                 \
		test_list(&listed);                                                                                    \
	}                                                                                                              \
	static void name(__attribute__((unused)) void **state)

/* ---- how often it runs ---------------------------------------------------------------- */

/* The worker counts that a test runs with: MAIKO_TEST_WORKERS alone if it is set, else
 * 1, 2, 4 and 8. Ends with 0. */
const uint32_t *test_workers(void);

/* A test that runs once with each of them, as the variable `workers`:
 *   TEST_WORKERS(nothing_is_lost) { maiko_supervisor *sup = test_supervisor(workers); ... } */
#define TEST_WORKERS(name)                                                                                             \
	static void name##_with(uint32_t workers);                                                                     \
	TEST_LISTED_(name)                                                                                             \
	{                                                                                                              \
		for (const uint32_t *count = test_workers(); *count != 0; count++)                                     \
			test_run(name##_with, *count);                                                                 \
	}                                                                                                              \
	static void name##_with(uint32_t workers)

/* A test that runs in simulation, with each worker count and some seeds: virtual time, so
 * that it is exact and waits for nothing. The calls of this page serve both. Every other seed has a
 * harness, so that each test is run watched and unwatched. */
#define TEST_SIM(name)                                                                                                 \
	static void name##_with(uint32_t workers);                                                                     \
	TEST_LISTED_(name) { test_simulate(name##_with); }                                                             \
	static void name##_with(uint32_t workers)
void test_simulate(void (*test)(uint32_t workers));

/* Begins, runs it, checks that all was as expected. */
void test_run(void (*test)(uint32_t workers), uint32_t workers);

bool test_is_simulated(void);

/* Nanoseconds of the clock that maiko_now reads. */
uint64_t test_now_ns(void);

/* ---- what its callbacks and threads note and expect --------------------------------------- */

/* A variable that has the value of its declaration again whenever a test begins:
 *   PER_TEST _Atomic(uint64_t) handled, stops;
 *   PER_TEST _Atomic(int) done_status = 1; */
#define PER_TEST static __attribute__((used, section("per_test")))

/* Sets those back, and forgets what was not as expected. TEST_WORKERS and TEST_SIM begin each
 * run with it. No other thread may use them meanwhile. */
void test_begin(void);

/* Where cmocka's assertions cannot leave the test, in callbacks and on other threads: what does
 * not hold is told at once, and fails the test when it stops the supervisor or ends. */
#define expect(condition) ((condition) ? (void)0 : test_note_wrong(__FILE__, __LINE__, #condition))
void test_note_wrong(const char *file, int line, const char *text);

/* How many did not hold since the test began. */
uint64_t test_wrong(void);

/* ---- calls of a script ---------------------------------------------------------------------- */

/* A call that returns 0, or that error. If it returns another one, the test fails with its name and
 * what maiko_last_error says of it. */
#define ok(call) test_call((call), 0, #call, __FILE__, __LINE__)
#define returns(call, code) test_call((call), (code), #call, __FILE__, __LINE__)
void test_call(int rc, int expected, const char *text, const char *file, int line);

/* ---- who listens ------------------------------------------------------------------------------ */

/* An actor type that notes each of these events that it handles, and does nothing else:
 *   TEST_LISTENER(person, letter, parcel); */
#define TEST_LISTENER(type_, ...)                                                                                      \
	typedef struct type_ {                                                                                         \
		uint32_t unused;                                                                                       \
	} type_;                                                                                                       \
	MAIKO_PP_MAP(TEST_LISTENS_, type_, __VA_ARGS__)                                                                \
	MAIKO_ACTOR(type_ MAIKO_PP_MAP(TEST_LISTENER_ROW_, type_, __VA_ARGS__))
#define TEST_LISTENS_(type_, event_)                                                                                   \
	static int type_##_on_##event_(__attribute__((unused)) type_ *self, const event_ *ev, maiko_ctx *ctx)          \
	{                                                                                                              \
		test_hear(ctx, MAIKO_EVENT_REF(event_), ev);                                                           \
		return 0;                                                                                              \
	}
#define TEST_LISTENER_ROW_(type_, event_) , MAIKO_ON(event_, type_##_on_##event_)

/* Notes an event: for handlers that do more. On any thread. */
void test_hear(maiko_ctx *ctx, const maiko_event_type *type, const void *event);

/* What that actor has heard, in order, by type and first field if that is a number or a text: "letter 1,
 * letter 2". Valid until the next call. */
const char *test_heard(const char *actor);
#define expect_heard(actor, text) assert_string_equal(test_heard(actor), (text))

/* The numbers of that alone: "1 2"; and as an array, valid as long. */
const char *test_heard_numbers(const char *actor);
const uint64_t *test_heard_values(const char *actor, size_t *ret_count);
#define expect_heard_numbers(actor, text) assert_string_equal(test_heard_numbers(actor), (text))

/* How many events of that type, or NULL, that actor has heard, or, NULL, all together; and the number of all, for
 * test_wait_for. */
size_t test_heard_count(const char *actor, const char *type);
#define expect_heard_count(actor, event, n)                                                                            \
	assert_int_equal(test_heard_count((actor), MAIKO_EVENT_REF(event)->layout->name), (n))
extern _Atomic(uint64_t) test_heard_events;

/* Notes a word, on any thread: expect_noted("start stop") says what was noted, in order. */
void test_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define expect_noted(text) assert_string_equal(test_noted(), (text))
const char *test_noted(void); /* valid until the next note */

/* ---- who does what the script says --------------------------------------------------------------- */

/* An actor type whose handler calls a function of the test, and returns what that returns. An order goes to all
 * puppets; the one of that name obeys it. */
typedef struct puppet {
	uint32_t unused;
} puppet;
MAIKO_ACTOR_DECLARE(puppet);
void test_order(maiko_supervisor *sup, const char *actor, int (*act)(maiko_ctx *ctx));

/* ---- the harness ------------------------------------------------------------------------------ */

/* A harness on it, which goes with it. Its expectations are calls as well:
 *   ok(maiko_harness_settle(h));
 *   ok(maiko_expect_count(maiko_query_of(h, letter, .receiver = "one"), 3)); */
maiko_harness *test_harness(maiko_supervisor *sup);

/* Until all is handled that was sent, with all that it has caused. */
void test_settle(maiko_supervisor *sup);

/* ---- supervisors ---------------------------------------------------------------------------- */

/* A new supervisor with that many workers. Fails the test if there is none. */
maiko_supervisor *test_supervisor(uint32_t workers);
maiko_supervisor *test_supervisor_with(maiko_options options);

/* Waits until `*value` is at least `least`, at most five minutes: fails the test with the
 * text of the condition. Yields the processor between looks. */
#define test_wait_for(value, least) test_wait_for_((value), (least), #value " >= " #least, __FILE__, __LINE__)
void test_wait_for_(_Atomic(uint64_t) *value, uint64_t least, const char *text, const char *file, int line);

/* Stops, checks that all was as expected, the ledger is balanced, nothing is queued and, where
 * it ran until now, nothing was discarded; frees. Returns the totals. A test that has it discard waits for the
 * end first. */
maiko_counts test_finish(maiko_supervisor *sup);

/* The same without freeing. The ledger is valid until the next call of these or of test_report, or until
 * test_release. */
const maiko_ledger *test_stop(maiko_supervisor *sup);

/* The ledger of one that runs, likewise. */
const maiko_ledger *test_report(maiko_supervisor *sup);

/* The same of a supervisor in which an actor has failed with that error, and stopped it. */
maiko_counts test_finish_with(maiko_supervisor *sup, int status);
const maiko_ledger *test_stop_with(maiko_supervisor *sup, int status);

/* Waits until the end of the actor of that name has begun: the name is free. */
void test_wait_gone(maiko_supervisor *sup, const char *name);

/* "name7": a name for the seventh of many; valid until the next call. */
const char *test_name(const char *prefix, uint64_t number);

/* Frees one that has stopped, or never started. */
void test_release(maiko_supervisor *sup);

/* Rows by name; fail the test if there is none. */
const maiko_actor_row *test_actor_row(const maiko_ledger *ledger, const char *name);
const maiko_topic_row *test_topic_row(const maiko_ledger *ledger, const char *name);

/* ---- allocations ------------------------------------------------------------------------------ */

/* Allocations of the library: the one numbered `n` from now (0: the next) fails, and with
 * `forever` all after it. Counts those that live. Set before anything of maiko exists. */
void test_allocator_install(void);
void test_allocator_fail_at(uint64_t n, bool forever);
void test_allocator_fail_never(void);
bool test_allocator_has_failed(void); /* since the last fail_at */
int64_t test_allocator_living(void);
uint64_t test_allocator_count(void); /* allocations so far */

#endif
