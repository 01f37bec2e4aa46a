/*
 * C10: a worker whose thread gets no processor is late, not stuck: a stop waits for it beyond its grace.
 *
 * The thread is starved on purpose: it becomes of the scheduling class that runs only when nobody else wants
 * the processor (SCHED_IDLE), on the one processor that threads of the usual class keep busy.
 */
#include "support.h"

#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BUSY = 2, WORK_NS = 4000000 };

typedef struct job {
	uint32_t n;
} job;
MAIKO_TOPIC(jobs);
MAIKO_EVENT(job, jobs, n);

static _Atomic(uint64_t) begun, stopped, over;

typedef struct starving {
	int unused;
} starving;

static uint64_t thread_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Takes so much of a processor's time, which comes seldom. */
static int starving_on_job(starving *self, const job *ev, maiko_ctx *ctx)
{
	struct sched_param param = {0};
	(void)sched_setscheduler(0, SCHED_IDLE, &param);
	atomic_store(&begun, 1);
	for (uint64_t from = thread_ns(); thread_ns() - from < WORK_NS;)
		;
	return 0;
}

static int starving_on_stop(starving *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stopped, 1);
	return 0;
}
MAIKO_ACTOR(starving, MAIKO_ON(job, starving_on_job), MAIKO_ON_STOP(starving_on_stop));

static void *keep_busy(void *arg)
{
	while (atomic_load_explicit(&over, memory_order_relaxed) == 0)
		;
	return NULL;
}

TEST_ONCE(a_starved_worker_is_not_stuck)
{
	pthread_t busy[BUSY];
	cpu_set_t all, one;
	if (access("/proc/self/task", R_OK) != 0)
		skip();
	assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
	CPU_ZERO(&one);
	for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
		if (CPU_ISSET(i, &all))
			CPU_SET(i, &one);
	assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
	maiko_supervisor *sup = test_supervisor(1);
	ok(maiko_add(sup, starving, "starving"));
	ok(maiko_start(sup));
	for (int i = 0; i < BUSY; i++)
		assert_int_equal(pthread_create(&busy[i], NULL, keep_busy, NULL), 0);
	ok(maiko_send(sup, job, .n = 1));
	test_wait_for(&begun, 1);
	maiko_ledger *ledger = NULL;
	int rc = maiko_stop(sup, &(maiko_stop_options){.now = true, .ret_report = &ledger});
	atomic_store(&over, 1);
	for (int i = 0; i < BUSY; i++)
		pthread_join(busy[i], NULL);
	assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
	assert_int_equal(rc, 0);
	assert_int_equal(atomic_load(&stopped), 1);
	assert_true(maiko_ledger_balanced(ledger));
	maiko_ledger_free(ledger);
	test_release(sup);
}
