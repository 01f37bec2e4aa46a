/*
 * watch.c - see watch.h.
 *
 * A watch belongs to its actor while `actor` is set; closed, it frees itself when libuv
 * has let go of the handle.
 *
 * libuv hands a descriptor to the kernel only when it next polls, and aborts if the kernel
 * will not have it. Callbacks of the actor that come between may have closed it: so what
 * was armed since the last poll (`fresh`) is looked at once more before the next.
 */
#include "watch.h"

#include "run.h"
#include "tick.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>

typedef struct mk_watch {
	uv_poll_t poll;
	mk_actor *actor;
	mk_worker *worker;
	int fd;
	int events;
	bool armed, held;
	bool fresh; /* on the worker's list */
	struct mk_watch *next_fresh;
} mk_watch;

enum { BITS = 64 };

/* Marks a descriptor as watched. 0, MAIKO_EBUSY or MAIKO_ENOMEM. */
static int claim(mk_sup *sup, int fd)
{
	uint32_t word = (uint32_t)fd / BITS;
	uint64_t bit = UINT64_C(1) << ((uint32_t)fd % BITS);
	uv_mutex_lock(&sup->lock);
	uint32_t old = sup->watched_size;
	int rc = mk_reserve((void **)&sup->watched, &sup->watched_size, word + 1, sizeof(uint64_t));
	if (rc == 0) {
		memset(sup->watched + old, 0, (sup->watched_size - old) * sizeof(uint64_t));
		rc = (sup->watched[word] & bit) != 0 ? MAIKO_EBUSY : 0;
		sup->watched[word] |= bit;
	}
	uv_mutex_unlock(&sup->lock);
	return rc;
}

static void unclaim(mk_sup *sup, int fd)
{
	uv_mutex_lock(&sup->lock);
	sup->watched[(uint32_t)fd / BITS] &= ~(UINT64_C(1) << ((uint32_t)fd % BITS));
	uv_mutex_unlock(&sup->lock);
}

static void closed(uv_handle_t *handle)
{
	mk_watch *watch = MK_OF(handle, mk_watch, poll);
	mk_worker_handle_closed(watch->worker);
	mk_free(watch);
}

static void ready(uv_poll_t *poll, int status, int events)
{
	mk_watch *watch = MK_OF(poll, mk_watch, poll);
	(void)status; /* an error shows when the tick reads */
	(void)events;
	uv_poll_stop(poll);
	watch->armed = false;
	if (watch->actor != NULL) {
		watch->actor->extra->tick_due = true;
		mk_timer_clear(&watch->worker->timers, &watch->actor->extra->timer);
		mk_wake(watch->worker, watch->actor);
	}
}

static int start(mk_watch *watch)
{
	int rc = uv_poll_start(&watch->poll, watch->events, ready);
	watch->armed = rc == 0;
	if (rc == 0 && !watch->fresh) {
		watch->fresh = true;
		watch->next_fresh = watch->worker->fresh;
		watch->worker->fresh = watch;
	}
	return rc;
}

/* Whether the kernel would take it. */
static bool can_be_polled(const mk_watch *watch)
{
	int poller = uv_backend_fd(watch->worker->loop);
	struct epoll_event event = {.events = EPOLLIN};
	if (epoll_ctl(poller, EPOLL_CTL_ADD, watch->fd, &event) != 0)
		return errno == EEXIST;
	epoll_ctl(poller, EPOLL_CTL_DEL, watch->fd, &event);
	return true;
}

bool mk_watch_recheck(mk_worker *w)
{
	bool all = true;
	mk_watch *watch = w->fresh;
	w->fresh = NULL;
	for (; watch != NULL; watch = watch->next_fresh) {
		watch->fresh = false;
		if (!watch->armed || can_be_polled(watch))
			continue;
		mk_watch_disarm(watch->actor);
		mk_tick_answer_again(w, watch->actor);
		all = false;
	}
	return all;
}

static int watch_new(mk_worker *w, mk_actor *a, int fd)
{
	mk_watch *watch = MK_NEW(mk_watch);
	if (watch == NULL)
		return MAIKO_ENOMEM;
	int rc = claim(w->sup, fd);
	if (rc == 0) {
		rc = uv_poll_init(w->loop, &watch->poll, fd);
		if (rc != 0)
			unclaim(w->sup, fd);
	}
	if (rc != 0) {
		mk_free(watch);
		return rc == UV_EEXIST ? MAIKO_EBUSY : rc;
	}
	w->open_handles++;
	watch->actor = a;
	watch->worker = w;
	watch->fd = fd;
	a->extra->watch = watch;
	return 0;
}

int mk_watch_arm(mk_worker *w, mk_actor *a, int fd, bool writable)
{
	struct stat info;
	if (w->sup->seam.simulated)
		return mk_refuse(w->sup, writable ? "maiko_when_writable" : "maiko_when_readable", a->self->name);
	if (fd < 0 || fcntl(fd, F_GETFD) < 0 || fstat(fd, &info) != 0)
		return MAIKO_EBADF;
	if (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode))
		return 1;
	if (a->extra->watch != NULL && a->extra->watch->fd != fd)
		mk_watch_close(a);
	int rc = a->extra->watch == NULL ? watch_new(w, a, fd) : 0;
	if (rc == UV_EPERM)
		return 1; /* what epoll cannot wait for never blocks */
	if (rc != 0)
		return rc;
	a->extra->watch->events = writable ? UV_WRITABLE : UV_READABLE | UV_DISCONNECT;
	return start(a->extra->watch);
}

void mk_watch_disarm(mk_actor *a)
{
	mk_watch *watch = a->extra == NULL ? NULL : a->extra->watch;
	if (watch == NULL)
		return;
	if (watch->armed)
		uv_poll_stop(&watch->poll);
	watch->armed = watch->held = false;
}

void mk_watch_hold(mk_actor *a)
{
	mk_watch *watch = a->extra == NULL ? NULL : a->extra->watch;
	if (watch != NULL && watch->armed) {
		mk_watch_disarm(a);
		watch->held = true;
	}
}

int mk_watch_rearm(mk_actor *a)
{
	mk_watch *watch = a->extra == NULL ? NULL : a->extra->watch;
	if (watch == NULL || !watch->held)
		return 0;
	watch->held = false;
	return fcntl(watch->fd, F_GETFD) < 0 ? MAIKO_EBADF : start(watch);
}

void mk_watch_close(mk_actor *a)
{
	mk_watch *watch = a->extra == NULL ? NULL : a->extra->watch;
	if (watch == NULL)
		return;
	a->extra->watch = NULL;
	watch->actor = NULL;
	watch->armed = false;
	unclaim(watch->worker->sup, watch->fd);
	uv_close((uv_handle_t *)&watch->poll, closed);
}
