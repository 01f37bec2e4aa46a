/*
 * support.h - what the tests share: worker counts, notes and expectations of callbacks, calls and
 * their results, the harness, waiting for conditions, the ledger at the end, and allocations that
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
/* cmocka needs the four headers above */
#include <cmocka.h>
#include <sys/types.h>

/* ---- list of tests --------------------------------------------------------------------- */

/* Runs all tests of a file, in their order in the file. The main of main.c calls it; a file with
 * preparations has its own main, which calls it. */
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

/* ---- worker counts and simulation ------------------------------------------------------ */

/* The worker counts that tests run with: the value of MAIKO_TEST_WORKERS if it is set, else
 * 1, 2, 4 and 8. Ends with 0. */
const uint32_t *test_workers(void);

/* A test that runs once with each worker count, as the variable `workers`:
 *   TEST_WORKERS(nothing_is_lost) { maiko_supervisor *sup = test_supervisor(workers); ... } */
#define TEST_WORKERS(name)                                                                                             \
	static void name##_with(uint32_t workers);                                                                     \
	TEST_LISTED_(name)                                                                                             \
	{                                                                                                              \
		for (const uint32_t *count = test_workers(); *count != 0; count++)                                     \
			test_run(name##_with, *count);                                                                 \
	}                                                                                                              \
	static void name##_with(uint32_t workers)

/* A test that runs in simulation, with each worker count and some seeds: in virtual time, so
 * it is exact and does not wait. The functions of this header work in both. Every other seed has a
 * harness, so each test runs with and without observation. */
#define TEST_SIM(name)                                                                                                 \
	static void name##_with(uint32_t workers);                                                                     \
	TEST_LISTED_(name) { test_simulate(name##_with); }                                                             \
	static void name##_with(uint32_t workers)
void test_simulate(void (*test)(uint32_t workers));

/* Begins a test, runs it, and checks its expectations. */
void test_run(void (*test)(uint32_t workers), uint32_t workers);

bool test_is_simulated(void);

/* The time in nanoseconds, of the clock of maiko_now. */
uint64_t test_now_ns(void);

/* ---- variables and expectations of callbacks and threads ------------------------------------ */

/* A variable that is reset to its initial value whenever a test begins:
 *   PER_TEST _Atomic(uint64_t) handled, stops;
 *   PER_TEST _Atomic(int) done_status = 1; */
#define PER_TEST static __attribute__((used, section("per_test")))

/* Resets these variables and the failed expectations. TEST_WORKERS and TEST_SIM call it before
 * each run. No other thread may use the variables during the call. */
void test_begin(void);

/* An assertion for callbacks and other threads, from which cmocka's cannot leave the test: a failed
 * condition is printed at once, and fails the test when it stops the supervisor or ends. */
#define expect(condition) ((condition) ? (void)0 : test_note_wrong(__FILE__, __LINE__, #condition))
void test_note_wrong(const char *file, int line, const char *text);

/* The number of failed expectations since the test began. */
uint64_t test_wrong(void);

/* ---- calls of a script ---------------------------------------------------------------------- */

/* A call that must return 0, or that error. If it returns another value, the test fails with the call
 * and the text of maiko_last_error. */
#define ok(call) test_call((call), 0, #call, __FILE__, __LINE__)
#define returns(call, code) test_call((call), (code), #call, __FILE__, __LINE__)
void test_call(int rc, int expected, const char *text, const char *file, int line);

/* ---- listeners ---------------------------------------------------------------------------------- */

/* An actor type that handles these events by noting them:
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

/* Notes an event, for handlers that do more. Any thread. */
void test_hear(maiko_ctx *ctx, const maiko_event_type *type, const void *event);

/* The events noted by that actor, in order, with type and first field if that is a number or a text:
 * "letter 1, letter 2". Valid until the next call. */
const char *test_heard(const char *actor);
#define expect_heard(actor, text) assert_string_equal(test_heard(actor), (text))

/* Only the numbers: "1 2"; and as an array, valid as long. */
const char *test_heard_numbers(const char *actor);
const uint64_t *test_heard_values(const char *actor, size_t *ret_count);
#define expect_heard_numbers(actor, text) assert_string_equal(test_heard_numbers(actor), (text))

/* It has heard `first` and each number up to `last`, once, in order. */
#define expect_heard_in_order(actor, first, last) test_heard_in_order((actor), (first), (last), __FILE__, __LINE__)
void test_heard_in_order(const char *actor, uint64_t first, uint64_t last, const char *file, int line);

/* The number of events of that type (NULL: any) noted by that actor (NULL: any); and the number of all, for
 * test_wait_for. */
size_t test_heard_count(const char *actor, const char *type);
#define expect_heard_count(actor, event, n)                                                                            \
	assert_int_equal(test_heard_count((actor), MAIKO_EVENT_REF(event)->layout->name), (n))
extern _Atomic(uint64_t) test_heard_events;

/* Notes a word, on any thread; expect_noted("start stop") compares all noted words, in order. */
void test_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define expect_noted(text) assert_string_equal(test_noted(), (text))
const char *test_noted(void); /* valid until the next note */

/* ---- puppets -------------------------------------------------------------------------------------- */

/* An actor type whose handler calls a function of the test and returns its result. An order goes to all
 * puppets; only the one with that name executes it. */
typedef struct puppet {
	uint32_t unused;
} puppet;
MAIKO_ACTOR_DECLARE(puppet);
void test_order(maiko_supervisor *sup, const char *actor, int (*act)(maiko_ctx *ctx));

/* ---- the harness ------------------------------------------------------------------------------ */

/* Attaches a harness, which is freed with the supervisor. Its expectations are calls as well:
 *   ok(maiko_harness_settle(h));
 *   ok(maiko_expect_count(maiko_query_of(h, letter, .receiver = "one"), 3)); */
maiko_harness *test_harness(maiko_supervisor *sup);

/* Waits until all sent events, and all events caused by them, have been handled. */
void test_settle(maiko_supervisor *sup);

/* ---- supervisors ---------------------------------------------------------------------------- */

/* Creates a supervisor with that many workers. Fails the test if that fails. */
maiko_supervisor *test_supervisor(uint32_t workers);
maiko_supervisor *test_supervisor_with(maiko_options options);

/* Waits until `*value` is at least `least`; after five minutes fails the test with the text of the
 * condition. Between checks it yields the processor, after some microseconds it blocks. */
#define test_wait_for(value, least) test_wait_for_((value), (least), #value " >= " #least, __FILE__, __LINE__)
void test_wait_for_(_Atomic(uint64_t) *value, uint64_t least, const char *text, const char *file, int line);

/* Runs the caller's loop, without letting it wait, until `*value` is at least `least`; fails after five minutes. */
struct uv_loop_s;
void test_run_loop(struct uv_loop_s *loop, _Atomic(uint64_t) *value, uint64_t least);

/* Stops and frees. Checks that all expectations hold, the ledger is balanced, nothing is queued and, if the
 * supervisor ran until now, nothing was discarded. Returns the totals. A test that discards events waits for the
 * end first. */
maiko_counts test_finish(maiko_supervisor *sup);

/* The same without freeing. The ledger is valid until the next call of these or of test_report, or until
 * test_release. */
const maiko_ledger *test_stop(maiko_supervisor *sup);

/* The ledger of a running supervisor; valid as long. */
const maiko_ledger *test_report(maiko_supervisor *sup);

/* As test_finish, for a supervisor that was stopped by an actor that failed with that error. */
maiko_counts test_finish_with(maiko_supervisor *sup, int status);
const maiko_ledger *test_stop_with(maiko_supervisor *sup, int status);

/* Waits until the end of the actor with that name has begun: the name is free. */
void test_wait_gone(maiko_supervisor *sup, const char *name);

/* "name7": a name with a number; valid until the next call. */
const char *test_name(const char *prefix, uint64_t number);

/* The exit status of a forked child, which it waits for; a child that hangs is killed and counts as -1. */
int test_status_of(pid_t child);

/* Frees a supervisor that has stopped or was never started. */
void test_release(maiko_supervisor *sup);

/* Find a row by name; fail the test if there is none. */
const maiko_actor_row *test_actor_row(const maiko_ledger *ledger, const char *name);
const maiko_topic_row *test_topic_row(const maiko_ledger *ledger, const char *name);

/* test_finish for timers of actors to themselves: so many were handled, so many cancelled, and none is lost. */
void test_finish_timers(maiko_supervisor *sup, uint64_t handled, uint64_t cancelled);

/* ---- allocations ------------------------------------------------------------------------------ */

/* Lets allocations of the library fail: the one numbered `n` from now (0: the next), with `forever`
 * all after it too. Counts the live ones. Install it before any call of maiko. */
void test_allocator_install(void);
void test_allocator_fail_at(uint64_t n, bool forever);
void test_allocator_fail_never(void);
bool test_allocator_has_failed(void); /* since the last fail_at */
int64_t test_allocator_living(void);
uint64_t test_allocator_count(void); /* allocations so far */

#endif
