/*
 * C15: the system refuses something: a descriptor, a thread, memory, a place in epoll. Each of
 * the calls that ask for something (new, start, add with a thread of its own, blocking, watch,
 * run) then ends with an error, or goes well all the same; never does the process end, nothing
 * is left behind, and once there is enough again it works.
 *
 * Each try is a process of its own, because libuv has some things once in a process.
 */
#include "refusal.h"
#include "support.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

typedef enum stage { NEW, START, ADD, BLOCKING, WATCH, STOP, RUN, STAGES } stage;

/* What is short: the call numbered `n`, that and all after it; all descriptors but `n`; all
 * memory but some that grows with it. */
typedef enum kind { ONE_CALL, ALL_CALLS, DESCRIPTORS, MEMORY } kind;
enum { PIECE = 1 << 16, OPEN_FILES = 512, MANY_OPEN_FILES = 16384 };

/* How a child ends. */
enum { SHORT = 0, ENOUGH = 1, WRONG = 2, NOT_HERE = 77 };

/* Of parent and child. */
static struct {
	_Atomic(stage) stage; /* STAGES: over */
	kind kind;
	uint64_t n;
	char text[400];
} * try;

static bool went_short; /* some call has ended with an error */

#define CHECK(condition)                                                                                               \
	do                                                                                                             \
		if (!(condition))                                                                                      \
			wrong(#condition, __LINE__);                                                                   \
	while (0)
static void wrong(const char *condition, int line)
{
	refusal_never();
	snprintf(try->text, sizeof try->text, "line %d: %s; stage %d, kind %d, n %lu, refused %s", line, condition,
		 (int)try->stage, (int)try->kind, (unsigned long)try->n, refusal_name());
	_exit(WRONG);
}

/* Until it is so, at most five minutes. */
#define WAIT_FOR(condition)                                                                                            \
	do {                                                                                                           \
		uint64_t until_ = uv_hrtime() + UINT64_C(300000000000);                                                \
		while (!(condition) && uv_hrtime() < until_)                                                           \
			sched_yield();                                                                                 \
		CHECK(condition);                                                                                      \
	} while (0)

/* ---- what is short, between two calls ------------------------------------------------------- */

static void limit(int resource, rlim_t most)
{
	struct rlimit now;
	CHECK(getrlimit(resource, &now) == 0);
	now.rlim_cur = most < now.rlim_max ? most : now.rlim_max;
	CHECK(setrlimit(resource, &now) == 0);
}

static rlim_t address_space(void)
{
	unsigned long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");
	CHECK(file != NULL && fscanf(file, "%lu", &pages) == 1);
	fclose(file);
	return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void begin(stage stage)
{
	if (try->stage != stage)
		return;
	if (try->kind == DESCRIPTORS) {
		int next = dup(0);
		close(next);
		limit(RLIMIT_NOFILE, (rlim_t)next + try->n);
	} else if (try->kind == MEMORY) {
		limit(RLIMIT_AS, address_space() + PIECE * try->n * try->n);
	} else {
		refusal_at(try->n, try->kind == ALL_CALLS);
	}
}

static void end(stage stage)
{
	if (try->stage != stage)
		return;
	if (try->kind == DESCRIPTORS)
		limit(RLIMIT_NOFILE, OPEN_FILES);
	else if (try->kind == MEMORY)
		limit(RLIMIT_AS, RLIM_INFINITY);
	else
		refusal_never();
	try->stage = STAGES; /* what is tried again goes well */
}

/* Whether a call has to be made again. */
static bool fell_short(stage stage, int rc)
{
	bool mine = try->stage == stage;
	end(stage);
	CHECK(rc == 0 || (rc < 0 && mine));
	went_short |= rc != 0;
	return rc != 0;
}

/* ---- actors --------------------------------------------------------------------------------- */

typedef struct item {
	uint32_t n;
} item;
typedef struct order {
	uint32_t n;
} order;
MAIKO_TOPIC(items);
MAIKO_TOPIC(orders);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(order, orders, n);

static _Atomic(uint64_t) handled, jobs, errors, got;

typedef struct sink {
	int unused;
} sink;
static int sink_on_item(sink *self, const item *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&handled, 1);
	return 0;
}
MAIKO_ACTOR(sink, MAIKO_ON(item, sink_on_item));

/* Order 0: a job; 1: watches a pipe. */
typedef struct reader {
	int fd;
	bool watches;
} reader;
typedef struct job {
	uint32_t n;
} job;
static int job_work(job *j) { return 0; }
static int reader_on_job(reader *self, job *j, int status, maiko_ctx *ctx)
{
	atomic_fetch_add(&jobs, status == 0);
	return 0;
}
MAIKO_BLOCKING(reader, job, job_work, reader_on_job);

static int reader_on_order(reader *self, const order *ev, maiko_ctx *ctx)
{
	if (ev->n == 0) {
		begin(BLOCKING);
		return maiko_blocking(ctx, job_work, reader_on_job, .n = 0);
	}
	begin(WATCH);
	self->watches = true;
	return maiko_wake_tick(ctx);
}
static maiko_next reader_tick(reader *self, maiko_ctx *ctx)
{
	char byte;
	if (!self->watches)
		return maiko_never();
	if (read(self->fd, &byte, 1) == 1)
		atomic_fetch_add(&got, 1);
	return maiko_when_readable(self->fd);
}
static int reader_on_error(reader *self, const maiko_error *error, maiko_ctx *ctx)
{
	CHECK(error->code < 0);
	atomic_fetch_add(&errors, 1);
	return 0;
}
MAIKO_ACTOR(reader, MAIKO_ON(order, reader_on_order), MAIKO_TICK(reader_tick), MAIKO_ON_ERROR(reader_on_error));

typedef struct quitter {
	int unused;
} quitter;
static maiko_next quitter_tick(quitter *self, maiko_ctx *ctx)
{
	maiko_stop_all(ctx);
	return maiko_never();
}
MAIKO_ACTOR(quitter, MAIKO_TICK(quitter_tick));

/* ---- a life, in which something is short ------------------------------------------------------ */

static int pipe_ends[2];

static int new_one(maiko_supervisor **ret_sup)
{
	int rc = maiko_supervisor_new(ret_sup, &(maiko_options){.workers = 2, .blocking_threads = 1});
	if (rc == 0)
		rc = maiko_add(*ret_sup, reader, "reader", .init = &(reader){.fd = pipe_ends[0]}, .stuck_ms = 60000);
	return rc;
}

static maiko_supervisor *started(void)
{
	maiko_supervisor *sup = NULL;
	for (;;) {
		begin(NEW);
		if (fell_short(NEW, new_one(&sup))) {
			CHECK(maiko_supervisor_free(sup) == NULL);
			sup = NULL;
			continue;
		}
		begin(START);
		int rc = maiko_start(sup);
		if (!fell_short(START, rc))
			return sup;
		CHECK(maiko_start(sup) == MAIKO_ESTATE);
		CHECK(maiko_supervisor_free(sup) == NULL);
	}
}

static void life(void)
{
	atomic_store(&handled, 0);
	atomic_store(&jobs, 0);
	atomic_store(&got, 0);
	maiko_supervisor *sup = started();
	begin(ADD);
	if (fell_short(ADD, maiko_add(sup, sink, "sink", .own_thread = true, .stuck_ms = 60000)))
		CHECK(maiko_add(sup, sink, "sink", .own_thread = true, .stuck_ms = 60000) == 0);
	CHECK(maiko_send(sup, item, .n = 1) == 0);
	WAIT_FOR(atomic_load(&handled) == 1);

	atomic_store(&errors, 0);
	CHECK(maiko_send(sup, order, .n = 0) == 0);
	WAIT_FOR(atomic_load(&jobs) + atomic_load(&errors) == 1);
	if (fell_short(BLOCKING, atomic_load(&errors) == 0 ? 0 : MAIKO_EAGAIN)) {
		CHECK(maiko_send(sup, order, .n = 0) == 0);
		WAIT_FOR(atomic_load(&jobs) == 1);
	}

	atomic_store(&errors, 0);
	CHECK(write(pipe_ends[1], "a", 1) == 1);
	CHECK(maiko_send(sup, order, .n = 1) == 0);
	WAIT_FOR(atomic_load(&got) == 1);
	CHECK(write(pipe_ends[1], "b", 1) == 1);
	WAIT_FOR(atomic_load(&got) == 2 || atomic_load(&errors) > 0);
	fell_short(WATCH, atomic_load(&errors) == 0 ? 0 : MAIKO_EAGAIN);
	WAIT_FOR(atomic_load(&got) == 2); /* the forgiven tick asks again */

	begin(STOP);
	CHECK(!fell_short(STOP, maiko_stop(sup, NULL)));
	CHECK(maiko_supervisor_free(sup) == NULL);
}

static void run_life(void)
{
	for (;;) {
		maiko_supervisor *sup = NULL;
		CHECK(maiko_supervisor_new(&sup, &(maiko_options){.workers = 1}) == 0);
		CHECK(maiko_add(sup, quitter, "quitter") == 0);
		begin(RUN);
		bool again = fell_short(RUN, maiko_run(sup));
		CHECK(maiko_supervisor_free(sup) == NULL);
		if (!again)
			return;
	}
}

/* ---- a child ------------------------------------------------------------------------------------ */

static int entries(const char *folder)
{
	int count = 0;
	DIR *dir = opendir(folder);
	CHECK(dir != NULL);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

static void *tell_id(void *ret_id)
{
	*(long *)ret_id = syscall(SYS_gettid);
	return NULL;
}

/* A sanitizer makes more with the first thread. One that was joined is there until the kernel has
 * put it away. */
static void first_thread(void)
{
	pthread_t thread;
	long id = 0;
	char path[64];
	CHECK(pthread_create(&thread, NULL, tell_id, &id) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	snprintf(path, sizeof path, "/proc/self/task/%ld", id);
	WAIT_FOR(access(path, F_OK) != 0);
}

/* A loop has an array by descriptor. */
static void open_many(void)
{
	limit(RLIMIT_NOFILE, MANY_OPEN_FILES);
	while (dup(0) >= 0)
		;
	limit(RLIMIT_NOFILE, MANY_OPEN_FILES + OPEN_FILES);
}

static void child(void)
{
	enum { OF_LIBUV = 2 }; /* descriptors of the process that the first loop makes */
	void (*play)(void) = try->stage == RUN ? run_life : life;
	if (try->kind <= ALL_CALLS && !refusal_install())
		_exit(NOT_HERE);
	first_thread();
	test_allocator_install();
	limit(RLIMIT_NOFILE, OPEN_FILES);
	if (try->kind == MEMORY && (try->stage == START || try->stage == RUN))
		open_many();
	CHECK(pipe(pipe_ends) == 0 && fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK) == 0);
	int descriptors = entries("/proc/self/fd"), threads = entries("/proc/self/task");
	play();
	bool was_short = went_short || refusal_count() > 0;
	play(); /* with enough of everything */
	CHECK(entries("/proc/self/fd") == descriptors + OF_LIBUV);
	WAIT_FOR(entries("/proc/self/task") == threads);
	CHECK(test_allocator_living() == 0);
	_exit(was_short ? SHORT : ENOUGH);
}

/* A try; how it ended. */
static int attempt(stage stage, kind kind, uint64_t n)
{
	int status = 0;
	try->stage = stage;
	try->kind = kind;
	try->n = n;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		child();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status))
		fail_msg("ended by signal %d: stage %d, kind %d, n %lu", WTERMSIG(status), (int)stage, (int)kind,
			 (unsigned long)n);
	if (WEXITSTATUS(status) != SHORT && WEXITSTATUS(status) != ENOUGH && WEXITSTATUS(status) != NOT_HERE)
		fail_msg("%s", try->text);
	return WEXITSTATUS(status);
}

/* Less and less is short, until there is enough. Returns how many tries it took. */
static uint64_t sweep(stage first, stage last, kind kind)
{
	uint64_t tries = 0;
	for (stage stage = first; stage <= last; stage++) {
		int ended = SHORT;
		for (uint64_t n = 0; ended == SHORT; n++, tries++) {
			ended = attempt(stage, kind, n);
			if (ended == NOT_HERE)
				skip();
		}
	}
	return tries;
}

TEST_ONCE(any_one_call_may_be_refused) { assert_true(sweep(NEW, RUN, ONE_CALL) > STAGES); }

TEST_ONCE(all_calls_from_any_on_may_be_refused) { assert_true(sweep(NEW, RUN, ALL_CALLS) > STAGES); }

TEST_ONCE(any_number_of_descriptors_may_be_left) { assert_true(sweep(NEW, RUN, DESCRIPTORS) > STAGES); }

/* An emulator has memory of its own, and does not bind itself. */
static bool memory_can_be_bound(void)
{
	int status = 0;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		limit(RLIMIT_AS, address_space());
		_exit(mmap(NULL, 1 << 24, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

TEST_ONCE(any_amount_of_memory_may_be_left)
{
	if (SANITIZED || !memory_can_be_bound())
		skip(); /* a sanitizer's own memory is without bound */
	assert_true(sweep(NEW, RUN, MEMORY) > STAGES);
}

/* A daemon may have closed what it inherited: libuv takes the numbers, and asserts that it never
 * closes them. */
TEST_ONCE(standard_descriptors_may_be_closed)
{
	int status = 0;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		try->stage = STAGES;
		CHECK(pipe(pipe_ends) == 0 && fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK) == 0);
		close(0);
		close(1);
		close(2);
		life();
		run_life();
		CHECK(fcntl(0, F_GETFD) < 0 && fcntl(1, F_GETFD) < 0 && fcntl(2, F_GETFD) < 0);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("status %x: %s", (unsigned)status, try->text);
}

int main(void)
{
	try = mmap(NULL, sizeof *try, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (try == MAP_FAILED)
		return 1;
	return test_main();
}
