/*
 * C15: what is sent to the process is for the program's own threads. Those of the library,
 * which run workers, own-thread actors and blocking jobs, take no signal but those that their
 * own code raises; the mask of the thread that made them is as it was.
 */
#include "support.h"

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct item {
	uint32_t n;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n);

PER_TEST _Atomic(uint64_t) looked;

/* Those that a thread's own code raises. */
static bool is_own(int number)
{
	return number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL || number == SIGTRAP ||
	       number == SIGSYS || number == SIGABRT;
}

/* All that can be blocked, and one of those in real time: an emulator has not all of them. */
static void look(void)
{
	sigset_t mask;
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	for (int number = 1; number < 32; number++)
		expect(number == SIGKILL || number == SIGSTOP || (sigismember(&mask, number) == 1) != is_own(number));
	expect(sigismember(&mask, SIGRTMIN) == 1);
	atomic_fetch_add(&looked, 1);
}

typedef struct looker {
	int unused;
} looker;
typedef struct job {
	uint32_t n;
} job;

static int job_work(job *j)
{
	look();
	return 0;
}
static int looker_on_job(looker *self, job *j, int status, maiko_ctx *ctx) { return status; }
MAIKO_BLOCKING(looker, job, job_work, looker_on_job);

static int looker_on_item(looker *self, const item *ev, maiko_ctx *ctx)
{
	look();
	return maiko_blocking(ctx, job_work, looker_on_job, .n = 0);
}
MAIKO_ACTOR(looker, MAIKO_ON(item, looker_on_item));

/* One per worker, one with a thread from the start, and one that gets its thread later. */
static uint64_t look_on_all_threads(maiko_supervisor *sup, uint32_t workers)
{
	static const char *const names[] = {"1", "2", "3", "4", "5", "6", "7", "8"};
	for (uint32_t i = 0; i < workers; i++)
		ok(maiko_add(sup, looker, names[i], .worker = i + 1));
	ok(maiko_add(sup, looker, "own", .own_thread = true));
	ok(maiko_start(sup));
	ok(maiko_add(sup, looker, "later", .own_thread = true));
	uint64_t lookers = workers + 2;
	ok(maiko_send(sup, item, .n = 0));
	test_wait_for(&looked, 2 * lookers);
	return lookers;
}

TEST_WORKERS(threads_of_the_library_block_all_but_their_own)
{
	sigset_t before, after;
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	maiko_supervisor *sup = test_supervisor(workers);
	look_on_all_threads(sup, workers);
	test_finish(sup);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	for (int number = 1; number <= SIGRTMAX; number++)
		assert_int_equal(sigismember(&before, number), sigismember(&after, number));
}

/* It would end the process. A child's, as it goes through what it must not. */
TEST_ONCE(what_the_program_has_blocked_waits)
{
	int status = 0;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		sigset_t mask, pending;
		sigemptyset(&mask);
		sigaddset(&mask, SIGTERM);
		sigaddset(&mask, SIGUSR1);
		maiko_supervisor *sup = test_supervisor(2);
		look_on_all_threads(sup, 2); /* before it blocks them: no thread has that from it */
		pthread_sigmask(SIG_BLOCK, &mask, NULL);
		kill(getpid(), SIGTERM);
		kill(getpid(), SIGUSR1);
		test_finish(sup);
		sigpending(&pending);
		_exit(sigismember(&pending, SIGTERM) == 1 && sigismember(&pending, SIGUSR1) == 1 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}
