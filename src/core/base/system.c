/*
 * system.c - see system.h. Where libuv 1.44 aborts, and what prevents it:
 *
 *   - the first loop of a process cannot open its signal pipe: the descriptors that it needs are
 *     opened and closed first
 *   - a loop cannot grow its array of descriptors: the memory is mapped and unmapped first
 *   - a loop cannot add a descriptor to epoll when it polls: it is added here, and libuv, which
 *     finds it there, only modifies its events
 *   - a loop closes a descriptor below 3: free ones below 3 are occupied while the loop is made
 *
 * Another thread of the process may take a resource between the test and libuv's use. Only libuv
 * could exclude that; the window is a few microseconds, once in a process.
 *
 * A failed uv_loop_init leaves its epoll descriptor open (until libuv 1.51), as backend_fd.
 */
#include "base/system.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	STDIO = 3,
	FIRST_LOOP = 6, /* descriptors: epoll, a pipe for its signals, an eventfd; a pipe for the process */
	NEXT_LOOP = 4,
	AT_A_TIME = 2 << 20 /* bytes */
};

static void close_all(const int *fds, int count)
{
	while (count > 0)
		close(fds[--count]);
}

/* Occupies the free ones of the first three descriptors. Returns how many, or an error. */
static int take_stdio(int *fds)
{
	for (int count = 0;; count++) {
		int fd = eventfd(0, EFD_CLOEXEC);
		if (fd < 0) {
			int rc = -errno;
			close_all(fds, count);
			return rc;
		}
		if (fd >= STDIO) {
			close(fd);
			return count;
		}
		fds[count] = fd;
	}
}

/* Whether `count` descriptors can be opened, in pairs as libuv does. Sets the highest one. */
static int try_descriptors(int count, int *ret_highest)
{
	int fds[FIRST_LOOP], opened = 0, rc = 0, highest = 0;
	for (; opened < count; opened += 2) {
		if (pipe2(&fds[opened], O_CLOEXEC | O_NONBLOCK) != 0) {
			rc = -errno;
			break;
		}
		for (int i = opened; i < opened + 2; i++)
			highest = fds[i] > highest ? fds[i] : highest;
	}
	close_all(fds, opened);
	if (rc == 0)
		*ret_highest = highest;
	return rc;
}

/* Whether a loop could grow its array for that descriptor. libuv calls malloc, which maps AT_A_TIME
 * bytes or more; mmap is used here because the library itself never calls malloc. */
static int try_memory(int fd)
{
	size_t slots = 1;
	while (slots < (size_t)fd + 3)
		slots *= 2;
	size_t size = slots * sizeof(void *) + AT_A_TIME;
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return MAIKO_ENOMEM;
	munmap(memory, size);
	return 0;
}

/* Adds a descriptor to the loop's epoll set before libuv does. */
static int hand_over(const uv_loop_t *loop, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
	bool known = epoll_ctl(uv_backend_fd(loop), EPOLL_CTL_ADD, fd, &event) == 0 || errno == EEXIST;
	return known ? 0 : -errno;
}

static int init_loop(uv_loop_t *loop, int descriptors)
{
	int highest;
	int rc = try_descriptors(descriptors, &highest);
	if (rc == 0)
		rc = try_memory(highest);
	if (rc != 0)
		return rc;
	loop->backend_fd = -1;
	rc = uv_loop_init(loop);
	if (rc != 0) {
		if (loop->backend_fd >= STDIO)
			close(loop->backend_fd);
		return rc;
	}
	rc = hand_over(loop, loop->signal_pipefd[0]);
	if (rc == 0)
		rc = hand_over(loop, loop->async_io_watcher.fd);
	if (rc != 0)
		uv_loop_close(loop);
	return rc;
}

int mk_loop_init(uv_loop_t *loop)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* two first loops at once need more descriptors */
	static _Atomic(bool) had_one;
	int fds[STDIO];
	int taken = take_stdio(fds);
	if (taken < 0)
		return mk_fail(taken, "a loop cannot be made: %s", maiko_strerror(taken));
	int rc = 0;
	if (atomic_load_explicit(&had_one, memory_order_acquire)) {
		rc = init_loop(loop, NEXT_LOOP);
	} else {
		pthread_mutex_lock(&mutex);
		rc = init_loop(loop, FIRST_LOOP);
		if (rc == 0)
			atomic_store_explicit(&had_one, true, memory_order_release);
		pthread_mutex_unlock(&mutex);
	}
	close_all(fds, taken);
	return rc == 0 ? 0 : mk_fail(rc, "a loop of %d descriptors cannot be made: %s", NEXT_LOOP, maiko_strerror(rc));
}

int mk_poll_open(uv_loop_t *loop, uv_poll_t *poll, int fd, uv_poll_cb ready)
{
	poll->loop = NULL;
	int rc = try_memory(fd);
	if (rc == 0)
		rc = uv_poll_init(loop, poll, fd);
	if (rc != 0)
		return rc;
	rc = uv_poll_start(poll, UV_READABLE, ready);
	if (rc == 0)
		rc = hand_over(loop, fd);
	if (rc != 0)
		uv_poll_stop(poll);
	return rc;
}

/* Signals that a thread's own code raises; blocked, they would end the process. */
static const int own_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};

int mk_thread_create(uv_thread_t *ret_thread, void (*run)(void *arg), void *arg)
{
	sigset_t blocked, before;
	sigfillset(&blocked);
	for (size_t i = 0; i < sizeof own_signals / sizeof own_signals[0]; i++)
		sigdelset(&blocked, own_signals[i]);
	/* A new thread inherits the signal mask of its creator: so they are blocked from its first instruction. */
	int rc = pthread_sigmask(SIG_SETMASK, &blocked, &before);
	if (rc != 0)
		return -rc;
	rc = uv_thread_create(ret_thread, run, arg);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == 0 ? 0 : mk_fail(rc, "a thread cannot be made: %s", maiko_strerror(rc));
}
