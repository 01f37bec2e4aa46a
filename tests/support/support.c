/*
 * support.c - see support.h.
 */
#include "support.h"

#include <maiko/testing/sim.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <uv.h>

/* ---- list of tests -------------------------------------------------------------- */

static struct test_listed *listed_tests; /* by line */

void test_list(struct test_listed *listed)
{
	struct test_listed **at = &listed_tests;
	while (*at != NULL && (*at)->line < listed->line)
		at = &(*at)->next;
	listed->next = *at;
	*at = listed;
}

int test_main_with(int (*setup)(void **), int (*teardown)(void **))
{
	enum { MOST = 100 };
	struct CMUnitTest tests[MOST];
	size_t n = 0;
	for (struct test_listed *listed = listed_tests; listed != NULL && n < MOST; listed = listed->next)
		tests[n++] = listed->test;
	return _cmocka_run_group_tests("tests", tests, n, setup, teardown);
}

int test_main(void) { return test_main_with(NULL, NULL); }

/* ---- state of a test ------------------------------------------------------------- */

static bool simulating;
static uint64_t sim_seed;
static maiko_sim *sim; /* of the last supervisor, until it is freed */
static maiko_harness *harness;
static maiko_supervisor *of_harness;
static maiko_ledger *kept; /* the last result of test_stop or test_report */

const uint32_t *test_workers(void)
{
	static const uint32_t all[] = {1, 2, 4, 8, 0};
	static uint32_t one[2];
	const char *text = getenv("MAIKO_TEST_WORKERS");
	simulating = false; /* a failed test may have left these */
	harness = NULL;
	sim = maiko_sim_free(sim);
	if (text == NULL)
		return all;
	one[0] = (uint32_t)strtoul(text, NULL, 10);
	return one;
}

void test_run_once(void (*test)(void))
{
	(void)test_workers();
	test_begin();
	test();
	assert_int_equal(test_wrong(), 0);
}

void test_run(void (*test)(uint32_t workers), uint32_t workers)
{
	test_begin();
	test(workers);
	assert_int_equal(test_wrong(), 0);
}

/* ---- variables and expectations ----------------------------------------------------- */

PER_TEST _Atomic(uint64_t) wrong;

/* The linker's symbols for the bounds of the PER_TEST variables; and their initial values. */
extern char per_test_begin[] __asm__("__start_per_test");
extern char per_test_end[] __asm__("__stop_per_test");
static void *at_first;

static size_t per_test_size(void) { return (size_t)(per_test_end - per_test_begin); }

__attribute__((constructor)) static void keep_at_first(void)
{
	at_first = malloc(per_test_size());
	if (at_first == NULL)
		abort();
	memcpy(at_first, per_test_begin, per_test_size());
}

void test_begin(void) { memcpy(per_test_begin, at_first, per_test_size()); }

void test_note_wrong(const char *file, int line, const char *text)
{
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, text);
	atomic_fetch_add(&wrong, 1);
}

uint64_t test_wrong(void) { return atomic_load(&wrong); }

/* ---- simulation ------------------------------------------------------------------ */

void test_simulate(void (*test)(uint32_t workers))
{
	enum { SEEDS = 8 };
	for (const uint32_t *count = test_workers(); *count != 0; count++)
		for (sim_seed = 0; sim_seed < SEEDS; sim_seed++) {
			simulating = true;
			test_run(test, *count);
			assert_null(sim); /* the test must have freed its supervisor */
		}
	simulating = false;
}

/* Events take other code paths when they are observed: every other seed has a harness. */
static maiko_supervisor *simulated(const maiko_options *options)
{
	maiko_sim_options with_seed = {.seed = sim_seed, .supervisor = *options};
	assert_null(sim);
	ok(maiko_sim_new(&sim, &with_seed));
	if (sim_seed % 2 == 1)
		(void)test_harness(maiko_sim_supervisor(sim));
	return maiko_sim_supervisor(sim);
}

/* The condition that a test waits for. */
typedef struct wanted {
	_Atomic(uint64_t) *value;
	uint64_t least;
} wanted;

static bool is_there(void *arg)
{
	const wanted *w = arg;
	return atomic_load(w->value) >= w->least;
}

static bool wait_in_simulation(_Atomic(uint64_t) *value, uint64_t least)
{
	enum { DAY_MS = 86400000 };
	wanted w = {value, least};
	if (maiko_sim_run_until(sim, is_there, &w, DAY_MS) == 0)
		return true;
	if (maiko_sim_failure(sim) != NULL)
		print_error("seed %llu: %s\n", (unsigned long long)sim_seed, maiko_sim_failure(sim));
	return false;
}

bool test_is_simulated(void) { return simulating; }
uint64_t test_now_ns(void) { return simulating ? maiko_sim_now(sim) : uv_hrtime(); }

void test_release(maiko_supervisor *sup)
{
	kept = maiko_ledger_free(kept);
	if (harness != NULL && of_harness == sup)
		harness = maiko_harness_free(harness);
	if (!simulating) {
		assert_null(maiko_supervisor_free(sup));
		return;
	}
	(void)maiko_sim_finish(sim); /* the test checks whether an actor has failed */
	if (maiko_sim_failure(sim) != NULL)
		print_error("seed %llu: %s\n", (unsigned long long)sim_seed, maiko_sim_failure(sim));
	assert_null(maiko_sim_failure(sim));
	sim = maiko_sim_free(sim);
}

/* ---- calls of a script, and the harness ------------------------------------------- */

void test_call(int rc, int expected, const char *text, const char *file, int line)
{
	if (rc == expected)
		return;
	print_error("%s\n  returned %d (%s: %s), not %d (%s)\n", text, rc, maiko_err_name(rc),
		    rc < 0 ? maiko_last_error() : "", expected, maiko_err_name(expected));
	_fail(file, line);
}

maiko_harness *test_harness(maiko_supervisor *sup)
{
	if (harness != NULL && of_harness == sup)
		return harness;
	assert_null(harness);
	ok(maiko_harness_new(&harness, sup));
	of_harness = sup;
	return harness;
}

void test_settle(maiko_supervisor *sup)
{
	maiko_harness *h = NULL;
	if (simulating) {
		int rc = maiko_sim_run(sim);
		if (rc != 0)
			print_error("seed %llu: %s\n", (unsigned long long)sim_seed, maiko_sim_failure(sim));
		assert_int_equal(rc, 0);
		return;
	}
	ok(maiko_harness_new(&h, sup));
	ok(maiko_harness_settle(h));
	assert_null(maiko_harness_free(h));
}

/* ---- listeners --------------------------------------------------------------------- */

enum { HEARD_MOST = 1 << 17 };

struct heard {
	char actor[24], text[40];
	const char *event;
	uint64_t number;
};
static uint64_t values[HEARD_MOST];
static struct heard heard[HEARD_MOST];
static pthread_mutex_t heard_lock = PTHREAD_MUTEX_INITIALIZER;
_Atomic(uint64_t) test_heard_events __attribute__((used, section("per_test")));

/* "letter 1": the type name, and the first field if it is a number or a text. */
static void describe(struct heard *h, const maiko_layout *layout, const void *event)
{
	const maiko_field *field = &layout->fields[0];
	const char *at = (const char *)event + (field->name == NULL ? 0 : field->offset);
	bool is_number = field->name != NULL && (field->kind == MAIKO_KIND_UINT || field->kind == MAIKO_KIND_ENUM);
	uint32_t small = 0;
	h->event = layout->name;
	h->number = 0;
	if (is_number && field->size == sizeof small) {
		memcpy(&small, at, sizeof small);
		h->number = small;
	} else if (is_number && field->size == sizeof h->number) {
		memcpy(&h->number, at, sizeof h->number);
	}
	if (is_number)
		snprintf(h->text, sizeof h->text, "%s %llu", layout->name, (unsigned long long)h->number);
	else if (field->name != NULL && field->kind == MAIKO_KIND_TEXT)
		snprintf(h->text, sizeof h->text, "%s %s", layout->name, at);
	else
		snprintf(h->text, sizeof h->text, "%s", layout->name);
}

void test_hear(maiko_ctx *ctx, const maiko_event_type *type, const void *event)
{
	pthread_mutex_lock(&heard_lock);
	uint64_t place = atomic_load(&test_heard_events);
	if (place < HEARD_MOST) {
		struct heard *h = &heard[place];
		snprintf(h->actor, sizeof h->actor, "%s", maiko_name(ctx));
		describe(h, type->layout, event);
	}
	atomic_store(&test_heard_events, place + 1);
	pthread_mutex_unlock(&heard_lock);
}

/* The next entry from `from` on, or NULL. */
static const struct heard *heard_next(size_t *from, const char *actor, const char *type)
{
	assert_true(atomic_load(&test_heard_events) <= HEARD_MOST);
	while (*from < atomic_load(&test_heard_events)) {
		const struct heard *h = &heard[(*from)++];
		if ((actor == NULL || strcmp(h->actor, actor) == 0) && (type == NULL || strcmp(h->event, type) == 0))
			return h;
	}
	return NULL;
}

const char *test_heard(const char *actor)
{
	static char text[1 << 16];
	size_t from = 0, length = 0;
	text[0] = 0;
	for (const struct heard *h; (h = heard_next(&from, actor, NULL)) != NULL;) {
		length +=
			(size_t)snprintf(text + length, sizeof text - length, "%s%s", length == 0 ? "" : ", ", h->text);
		assert_true(length < sizeof text);
	}
	return text;
}

const uint64_t *test_heard_values(const char *actor, size_t *ret_count)
{
	size_t from = 0, count = 0;
	for (const struct heard *h; (h = heard_next(&from, actor, NULL)) != NULL;)
		values[count++] = h->number;
	*ret_count = count;
	return values;
}

const char *test_heard_numbers(const char *actor)
{
	static char text[1 << 16];
	size_t count, length = 0;
	const uint64_t *numbers = test_heard_values(actor, &count);
	text[0] = 0;
	for (size_t i = 0; i < count; i++) {
		length += (size_t)snprintf(text + length, sizeof text - length, "%s%llu", i == 0 ? "" : " ",
					   (unsigned long long)numbers[i]);
		assert_true(length < sizeof text);
	}
	return text;
}

void test_heard_in_order(const char *actor, uint64_t first, uint64_t last, const char *file, int line)
{
	size_t count, same = 0;
	const uint64_t *numbers = test_heard_values(actor, &count);
	while (same < count && numbers[same] == first + same)
		same++;
	if (same == count && count == last - first + 1)
		return;
	print_error("%s has heard %zu, in order the first %zu, not %llu\n", actor, count, same,
		    (unsigned long long)(last - first + 1));
	_fail(file, line);
}

size_t test_heard_count(const char *actor, const char *type)
{
	size_t from = 0, count = 0;
	while (heard_next(&from, actor, type) != NULL)
		count++;
	return count;
}

PER_TEST char words[1 << 12];
PER_TEST size_t words_length;

void test_note(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	pthread_mutex_lock(&heard_lock);
	size_t room = sizeof words - words_length;
	int first = snprintf(words + words_length, room, "%s", words_length == 0 ? "" : " ");
	int length = vsnprintf(words + words_length + first, room - (size_t)first, format, args);
	bool fits = length >= 0 && (size_t)(first + length) < room;
	words_length += fits ? (size_t)(first + length) : 0;
	pthread_mutex_unlock(&heard_lock);
	va_end(args);
	expect(fits);
}

const char *test_noted(void) { return words; }

/* ---- puppets ---------------------------------------------------------------------------- */

/* `act`: a function of this process, as a number. */
typedef struct order_to {
	char actor[24];
	uint64_t act;
} order_to;
MAIKO_TOPIC(puppet_orders);
MAIKO_EVENT(order_to, puppet_orders, actor, act);

static int puppet_on_order_to(puppet *self, const order_to *ev, maiko_ctx *ctx)
{
	(void)self;
	if (strcmp(ev->actor, maiko_name(ctx)) != 0)
		return 0;
	int (*act)(maiko_ctx * ctx) = (int (*)(maiko_ctx *))(uintptr_t)ev->act;
	return act(ctx);
}
MAIKO_ACTOR_DEFINE(puppet, MAIKO_ON(order_to, puppet_on_order_to));

void test_order(maiko_supervisor *sup, const char *actor, int (*act)(maiko_ctx *ctx))
{
	order_to order = {.act = (uint64_t)(uintptr_t)act};
	snprintf(order.actor, sizeof order.actor, "%s", actor);
	ok(maiko_send_copy(sup, order_to, &order));
}

/* ---- supervisors ----------------------------------------------------------------- */

maiko_supervisor *test_supervisor(uint32_t workers)
{
	return test_supervisor_with((maiko_options){.workers = workers});
}

maiko_supervisor *test_supervisor_with(maiko_options options)
{
	maiko_supervisor *sup = NULL;
	if (simulating)
		return simulated(&options);
	options.no_balance = true; /* in turn on the workers, not together: so that workers meet */
	assert_int_equal(maiko_supervisor_new(&sup, &options), 0);
	return sup;
}

/* Yields the processor in the first microseconds of a wait, then blocks, since a thread that uses a core counts where
 * actors are placed. */
static void pause_since(uint64_t since_ns)
{
	enum { YIELDS_NS = 50000, BLOCKS_NS = 100000 };
	if (uv_hrtime() - since_ns < YIELDS_NS)
		sched_yield();
	else
		(void)ppoll(NULL, 0, &(struct timespec){.tv_nsec = BLOCKS_NS}, NULL);
}

void test_wait_for_(_Atomic(uint64_t) *value, uint64_t least, const char *text, const char *file, int line)
{
	uint64_t since_ns = uv_hrtime(), until = since_ns + UINT64_C(300000000000);
	while (atomic_load(value) < least) {
		if (simulating ? !wait_in_simulation(value, least) : uv_hrtime() > until) {
			print_error("waited in vain for %s: it is %llu\n", text,
				    (unsigned long long)atomic_load(value));
			_fail(file, line);
		}
		if (!simulating)
			pause_since(since_ns);
	}
}

/* Whether it runs, so that a stop without discarding is expected. */
static bool is_running(maiko_supervisor *sup)
{
	maiko_ledger *ledger = NULL;
	bool runs = false;
	assert_int_equal(maiko_report(sup, &ledger), 0);
	for (size_t i = 0; i < ledger->actor_count; i++)
		runs |= ledger->actors[i]->status == MAIKO_ACTOR_RUNNING;
	runs &= !ledger->stopped && ledger->total.discarded == 0;
	maiko_ledger_free(ledger);
	return runs;
}

static const maiko_ledger *keep(maiko_ledger *ledger)
{
	maiko_ledger_free(kept);
	return kept = ledger;
}

const maiko_ledger *test_report(maiko_supervisor *sup)
{
	maiko_ledger *ledger = NULL;
	ok(maiko_report(sup, &ledger));
	return keep(ledger);
}

void test_wait_gone(maiko_supervisor *sup, const char *name)
{
	uint64_t until = uv_hrtime() + UINT64_C(300000000000);
	maiko_actor_id id;
	if (simulating)
		test_settle(sup);
	while (!simulating && maiko_find(sup, name, &id) == 0 && uv_hrtime() < until)
		sched_yield();
	returns(maiko_find(sup, name, &id), MAIKO_ENOENT);
}

void test_run_loop(uv_loop_t *loop, _Atomic(uint64_t) *value, uint64_t least)
{
	uint64_t until = uv_hrtime() + UINT64_C(300000000000);
	while (atomic_load(value) < least) {
		assert_true(uv_run(loop, UV_RUN_NOWAIT) != 0);
		assert_true(uv_hrtime() < until);
		sched_yield();
	}
}

const char *test_name(const char *prefix, uint64_t number)
{
	static _Thread_local char name[32];
	snprintf(name, sizeof name, "%s%llu", prefix, (unsigned long long)number);
	return name;
}

int test_status_of(pid_t child)
{
	int status = 0;
	uint64_t until = uv_hrtime() + UINT64_C(300000000000);
	pid_t ended;
	while ((ended = waitpid(child, &status, WNOHANG)) == 0 && uv_hrtime() < until)
		sched_yield();
	if (ended == child)
		return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	return -1;
}

const maiko_ledger *test_stop(maiko_supervisor *sup) { return test_stop_with(sup, 0); }

const maiko_ledger *test_stop_with(maiko_supervisor *sup, int status)
{
	maiko_ledger *ledger = NULL;
	maiko_stop_options options = {.ret_report = &ledger};
	bool graceful = is_running(sup);
	assert_int_equal(maiko_stop(sup, &options), status);
	assert_int_equal(test_wrong(), 0);
	assert_non_null(ledger);
	if (graceful)
		assert_int_equal(ledger->total.discarded, 0);
	if (!maiko_ledger_balanced(ledger) || ledger->total.queued != 0)
		maiko_ledger_print(ledger, stderr);
	assert_true(maiko_ledger_balanced(ledger));
	assert_int_equal(ledger->total.queued, 0);
	for (size_t i = 0; i < ledger->pair_count; i++)
		assert_int_equal(ledger->pairs[i]->in_flight, 0);
	for (size_t i = 0; i < ledger->topic_count; i++) {
		assert_int_equal(ledger->topics[i]->counts.queued, 0);
		assert_int_equal(ledger->topics[i]->bytes, 0);
	}
	for (size_t i = 0; i < ledger->actor_count; i++)
		assert_int_equal(ledger->actors[i]->bytes, 0);
	return keep(ledger);
}

maiko_counts test_finish(maiko_supervisor *sup) { return test_finish_with(sup, 0); }

maiko_counts test_finish_with(maiko_supervisor *sup, int status)
{
	maiko_counts total = test_stop_with(sup, status)->total;
	test_release(sup);
	return total;
}

const maiko_actor_row *test_actor_row(const maiko_ledger *ledger, const char *name)
{
	for (size_t i = 0; i < ledger->actor_count; i++)
		if (strcmp(ledger->actors[i]->name, name) == 0)
			return ledger->actors[i];
	fail_msg("no actor %s in the ledger", name);
	return NULL;
}

const maiko_topic_row *test_topic_row(const maiko_ledger *ledger, const char *name)
{
	for (size_t i = 0; i < ledger->topic_count; i++)
		if (strcmp(ledger->topics[i]->name, name) == 0)
			return ledger->topics[i];
	fail_msg("no topic %s in the ledger", name);
	return NULL;
}

void test_finish_timers(maiko_supervisor *sup, uint64_t handled, uint64_t cancelled)
{
	const maiko_ledger *ledger = test_stop(sup);
	const maiko_topic_row *row = test_topic_row(ledger, "maiko.private");
	assert_int_equal(row->published, handled);
	assert_int_equal(row->delayed, 0);
	assert_int_equal(row->delayed_discarded, cancelled);
	assert_int_equal(row->counts.deliveries, handled);
	assert_int_equal(row->counts.handled, handled);
	assert_int_equal(maiko_ledger_lost(ledger), 0);
	test_release(sup);
}

/* ---- allocations ---------------------------------------------------------------- */

static _Atomic(int64_t) until_failure = INT64_MAX;
static _Atomic(int64_t) living;
static _Atomic(uint64_t) count;
static _Atomic(bool) forever_after, failed;

static bool fails(void)
{
	atomic_fetch_add(&count, 1);
	int64_t left = atomic_fetch_sub(&until_failure, 1);
	if (left > 0 || (left < 0 && !atomic_load(&forever_after)))
		return false;
	atomic_store(&failed, true);
	return true;
}

static void *counted(void *memory)
{
	if (memory != NULL)
		atomic_fetch_add(&living, 1);
	return memory;
}

static void *hook_malloc(size_t size, void *arg)
{
	(void)arg;
	return fails() ? NULL : counted(malloc(size));
}

static void *hook_calloc(size_t n, size_t size, void *arg)
{
	(void)arg;
	return fails() ? NULL : counted(calloc(n, size));
}

static void *hook_realloc(void *memory, size_t size, void *arg)
{
	(void)arg;
	if (fails())
		return NULL;
	return memory == NULL ? counted(realloc(memory, size)) : realloc(memory, size);
}

static void hook_free(void *memory, void *arg)
{
	(void)arg;
	if (memory != NULL)
		atomic_fetch_sub(&living, 1);
	free(memory);
}

void test_allocator_install(void)
{
	maiko_allocator a = {.malloc = hook_malloc, .calloc = hook_calloc, .realloc = hook_realloc, .free = hook_free};
	assert_int_equal(maiko_set_allocator(&a), 0);
}

void test_allocator_fail_at(uint64_t n, bool forever)
{
	atomic_store(&failed, false);
	atomic_store(&forever_after, forever);
	atomic_store(&until_failure, (int64_t)n);
}

void test_allocator_fail_never(void)
{
	atomic_store(&forever_after, false);
	atomic_store(&until_failure, INT64_MAX);
}

bool test_allocator_has_failed(void) { return atomic_load(&failed); }
int64_t test_allocator_living(void) { return atomic_load(&living); }
uint64_t test_allocator_count(void) { return atomic_load(&count); }
