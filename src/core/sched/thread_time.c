/*
 * thread_time.c - see thread_time.h. On Linux, /proc/self/task/TID/stat has the state of a thread: the third
 * field, after the name in parentheses, is R for a thread that is running or runnable (proc(5)).
 */
#include "sched/thread_time.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void mk_thread_time_init(mk_worker *w)
{
	clockid_t clock;
	if (pthread_getcpuclockid(pthread_self(), &clock) != 0)
		return;
	atomic_store_explicit(&w->clock, (int)clock, memory_order_relaxed);
	atomic_store_explicit(&w->tid, (int)syscall(SYS_gettid), memory_order_release);
}

static bool read_clock(clockid_t clock, uint64_t *ret_ns)
{
	struct timespec run;
	if (clock_gettime(clock, &run) != 0)
		return false;
	*ret_ns = (uint64_t)run.tv_sec * 1000000000u + (uint64_t)run.tv_nsec;
	return true;
}

/* A thread that has ended has no clock any more. */
static bool run_time(const mk_worker *w, uint64_t *ret_ns)
{
	return atomic_load_explicit(&w->tid, memory_order_acquire) != 0 &&
	       read_clock((clockid_t)atomic_load_explicit(&w->clock, memory_order_relaxed), ret_ns);
}

static bool is_runnable(int tid)
{
	char path[64], text[256];
	(void)snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	text[size > 0 ? size : 0] = '\0';
	const char *name_end = strrchr(text, ')');
	return name_end != NULL && strncmp(name_end, ") R", 3) == 0;
}

/* Whether the thread is runnable, and its total run time. */
static bool wants(mk_worker *w, uint64_t *ret_run_ns)
{
	int tid = atomic_load_explicit(&w->tid, memory_order_relaxed);
	if (tid == 0 || atomic_load_explicit(&w->finished, memory_order_acquire) || !is_runnable(tid))
		return false;
	return run_time(w, ret_run_ns);
}

uint64_t mk_thread_time_stood(mk_worker *w, uint64_t looked_ns, uint64_t now_ns, uint64_t *run_ns)
{
	uint64_t before_ns = *run_ns;
	*run_ns = 0;
	if (!wants(w, run_ns))
		return now_ns - looked_ns;
	return before_ns != 0 ? *run_ns - before_ns : 0;
}

/* The workers first: the clock of the process has what a thread has run since the last tick only if its own clock was
 * read. */
bool mk_thread_time_outside(mk_sup *sup, uint64_t *ret_ns)
{
	uint64_t workers_ns = 0, one_ns, all_ns;
	for (uint32_t i = 0; i < sup->options.workers; i++) {
		if (!run_time(sup->workers[i], &one_ns))
			return false;
		workers_ns += one_ns;
	}
	if (!read_clock(CLOCK_PROCESS_CPUTIME_ID, &all_ns))
		return false;
	*ret_ns = all_ns > workers_ns ? all_ns - workers_ns : 0;
	return true;
}
