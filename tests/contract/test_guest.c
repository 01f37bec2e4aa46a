/*
 * C15: a good guest. What belongs to the whole process is while a supervisor runs, and after
 * it, as it was before: signals, mask, environment, locale, folder, limits; and nothing has
 * been printed. Once it is freed its threads and descriptors are gone.
 */
#include "support.h"

#include <dirent.h>
#include <locale.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include <uv.h>

extern char **environ;

/* ---- what belongs to the process ---------------------------------------------------- */

enum { SIGNALS = 65 };

typedef struct process {
	struct sigaction actions[SIGNALS];
	sigset_t mask;
	mode_t umask;
	char folder[4096], locale[256];
	char environment[64 << 10];
	struct rlimit limits[RLIMIT_NLIMITS];
	struct itimerval timer;
	int priority;
} process;

static void look(process *ret)
{
	size_t used = 0;
	memset(ret, 0, sizeof *ret);
	for (int i = 1; i < SIGNALS; i++)
		(void)sigaction(i, NULL, &ret->actions[i]); /* of some there is none */
	(void)pthread_sigmask(SIG_SETMASK, NULL, &ret->mask);
	umask(ret->umask = umask(0));
	(void)!getcwd(ret->folder, sizeof ret->folder);
	(void)snprintf(ret->locale, sizeof ret->locale, "%s", setlocale(LC_ALL, NULL));
	for (char **at = environ; *at != NULL && used < sizeof ret->environment; at++)
		used += (size_t)snprintf(ret->environment + used, sizeof ret->environment - used, "%s\n", *at);
	for (int i = 0; i < RLIMIT_NLIMITS; i++)
		(void)getrlimit(i, &ret->limits[i]);
	(void)getitimer(ITIMER_REAL, &ret->timer);
	ret->priority = getpriority(PRIO_PROCESS, 0);
}

/* By its members: what a set has besides, the C library leaves as it comes. */
static void expect_same_set(const sigset_t *now, const sigset_t *before)
{
	for (int i = 1; i < SIGNALS; i++)
		assert_int_equal(sigismember(now, i), sigismember(before, i));
}

static void expect_same(const process *now, const process *before)
{
	for (int i = 1; i < SIGNALS; i++) {
		assert_true(now->actions[i].sa_handler == before->actions[i].sa_handler);
		assert_int_equal(now->actions[i].sa_flags, before->actions[i].sa_flags);
		expect_same_set(&now->actions[i].sa_mask, &before->actions[i].sa_mask);
	}
	expect_same_set(&now->mask, &before->mask);
	assert_int_equal(now->umask, before->umask);
	assert_string_equal(now->folder, before->folder);
	assert_string_equal(now->locale, before->locale);
	assert_string_equal(now->environment, before->environment);
	assert_memory_equal(now->limits, before->limits, sizeof now->limits);
	assert_memory_equal(&now->timer, &before->timer, sizeof now->timer);
	assert_int_equal(now->priority, before->priority);
}

/* Entries of a folder of the process's: its threads, its descriptors. */
static int entries(const char *folder)
{
	int count = 0;
	DIR *dir = opendir(folder);
	assert_non_null(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

/* A thread that was joined is there until the kernel has put it away. */
static void expect_entries(const char *folder, int expected)
{
	uint64_t until = uv_hrtime() + UINT64_C(300000000000);
	while (entries(folder) != expected && uv_hrtime() < until)
		sched_yield();
	assert_int_equal(entries(folder), expected);
}

static int threads; /* when there is no supervisor */

static void wait_for_the_count(void *sem) { uv_sem_wait(sem); }

/* libuv keeps something of its first loop, a sanitizer a thread of its own from the first on. */
static void first_of_all(void)
{
	uv_loop_t loop;
	uv_thread_t thread;
	uv_sem_t sem;
	ok(uv_loop_init(&loop));
	ok(uv_loop_close(&loop));
	ok(uv_sem_init(&sem, 0));
	ok(uv_thread_create(&thread, wait_for_the_count, &sem));
	threads = entries("/proc/self/task") - 1; /* without that one */
	uv_sem_post(&sem);
	ok(uv_thread_join(&thread));
	uv_sem_destroy(&sem);
}

/* ---- what is printed ---------------------------------------------------------------------- */

/* One file behind standard output and error, and what was there. */
typedef struct capture {
	int file, output, error;
} capture;

static capture capture_begin(void)
{
	capture c = {memfd_create("printed", MFD_CLOEXEC), dup(STDOUT_FILENO), dup(STDERR_FILENO)};
	fflush(NULL);
	assert_true(c.file >= 0 && c.output >= 0 && c.error >= 0);
	assert_true(dup2(c.file, STDOUT_FILENO) >= 0 && dup2(c.file, STDERR_FILENO) >= 0);
	return c;
}

/* Returns how many bytes were printed. */
static off_t capture_end(capture c)
{
	fflush(NULL);
	off_t size = lseek(c.file, 0, SEEK_END);
	(void)dup2(c.output, STDOUT_FILENO);
	(void)dup2(c.error, STDERR_FILENO);
	close(c.file);
	close(c.output);
	close(c.error);
	return size;
}

/* ---- a life with much in it ------------------------------------------------------------------ */

typedef struct item {
	uint32_t n;
} item;
MAIKO_TOPIC(items, .overflow = MAIKO_DROP_NEWEST);
MAIKO_EVENT(item, items, n);

PER_TEST _Atomic(uint64_t) handled, jobs, failed, ticks;

typedef struct worker {
	uint32_t left;
} worker;

typedef struct job {
	uint32_t n;
} job;
static int job_work(job *j) { return j->n == 1 ? 0 : MAIKO_EINVAL; }
static int worker_on_job(worker *self, job *j, int status, maiko_ctx *ctx)
{
	atomic_fetch_add(&jobs, status == 0);
	return 0;
}
MAIKO_BLOCKING(worker, job, job_work, worker_on_job);

static int worker_on_item(worker *self, const item *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&handled, 1);
	return ev->n == 1 ? maiko_blocking(ctx, job_work, worker_on_job, .n = 1) : 0;
}

static maiko_next worker_tick(worker *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&ticks, 1);
	return maiko_after_ms(1);
}
MAIKO_ACTOR(worker, MAIKO_ON(item, worker_on_item), MAIKO_TICK(worker_tick));

typedef struct loser {
	int unused;
} loser;
static int loser_on_item(loser *self, const item *ev, maiko_ctx *ctx) { return MAIKO_EINVAL; }
static int loser_on_stop(loser *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&failed, 1);
	return 0;
}
MAIKO_ACTOR(loser, MAIKO_ON(item, loser_on_item), MAIKO_ON_STOP(loser_on_stop));

static void live(maiko_supervisor *sup)
{
	ok(maiko_add(sup, worker, "worker", .mailbox = 4));
	ok(maiko_add(sup, worker, "own thread", .own_thread = true));
	ok(maiko_add(sup, loser, "loser", .restart = MAIKO_TEMPORARY));
	returns(maiko_add(sup, loser, "loser"), MAIKO_EEXIST);
	ok(maiko_start(sup));
	for (uint32_t n = 1; n <= 100; n++)
		ok(maiko_send(sup, item, .n = n));
	test_wait_for(&failed, 1);
	test_wait_for(&jobs, 2);
	test_wait_for(&ticks, 4);
}

TEST_WORKERS(the_process_is_left_as_it_was)
{
	static process before, during, after;
	int descriptors = entries("/proc/self/fd");
	look(&before);
	capture c = capture_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	live(sup);
	look(&during);
	test_finish(sup);
	look(&after);
	off_t printed = capture_end(c);

	expect_same(&during, &before);
	expect_same(&after, &before);
	assert_int_equal(printed, 0);
	expect_entries("/proc/self/task", threads);
	expect_entries("/proc/self/fd", descriptors);
}

int main(void)
{
	/* Unlike what a library may take for usual. */
	umask(027);
	first_of_all();
	setenv("MAIKO_GUEST", "was here", 1);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGUSR2, SIG_IGN);
	return test_main();
}
