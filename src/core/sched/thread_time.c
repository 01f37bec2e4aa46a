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
	atomic_store_explicit(&w->tid, (int)syscall(SYS_gettid), memory_order_relaxed);
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

bool mk_thread_time_wants(mk_worker *w, uint64_t *ret_run_ns)
{
	clockid_t clock;
	struct timespec run;
	int tid = atomic_load_explicit(&w->tid, memory_order_relaxed);
	if (tid == 0 || atomic_load_explicit(&w->finished, memory_order_acquire) || !is_runnable(tid) ||
	    pthread_getcpuclockid(w->thread, &clock) != 0 || clock_gettime(clock, &run) != 0)
		return false;
	*ret_run_ns = (uint64_t)run.tv_sec * 1000000000u + (uint64_t)run.tv_nsec;
	return true;
}
