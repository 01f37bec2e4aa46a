/*
 * watch.c - see watch.h.
 *
 * A watch belongs to its actor while `actor` is set; closed, it frees itself when libuv
 * has let go of the handle.
 *
 * Once libuv watches a descriptor, it goes on: a tick that answers the same again costs no
 * system call. A watch that is not armed when its descriptor is ready, again and again, stops;
 * it is started anew when it is armed.
 *
 * libuv hands a descriptor to the kernel only when it next polls, and aborts if the kernel
 * will not have it. Callbacks of the actor that come between may have closed it: so what
 * was started since the last poll (`fresh`) is looked at once more before the next. Of one
 * that has been going on (`doubtful`), the kernel is asked every ten milliseconds whether it
 * is still the one that it was: if it has been closed it would never be ready.
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
	uint32_t unheeded;             /* how often it was ready while not armed */
	mk_watch_link fresh, doubtful; /* of the worker's lists */
} mk_watch;

enum { BITS = 64, UNHEEDED_MAX = 2 };

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
	(void)events;
	watch->worker->fired++;
	if (!watch->armed && ++watch->unheeded < UNHEEDED_MAX)
		return;
	if (!watch->armed || status < 0) /* an error shows when the tick reads */
		uv_poll_stop(poll);
	if (!watch->armed)
		return;
	watch->armed = false;
	watch->unheeded = 0;
	watch->actor->extra->tick_due = true;
	mk_timer_clear(&watch->worker->timers, &watch->actor->extra->timer);
	mk_wake(watch->worker, watch->actor);
}

static void list_add(mk_watch_link **list, mk_watch_link *link)
{
	if (link->at != NULL)
		return;
	link->at = list;
	link->next = *list;
	if (*list != NULL)
		(*list)->at = &link->next;
	*list = link;
}

static void list_remove(mk_watch_link *link)
{
	if (link->at == NULL)
		return;
	*link->at = link->next;
	if (link->next != NULL)
		link->next->at = link->at;
	link->at = NULL;
}

static bool goes_on(const mk_watch *watch, int events)
{
	return uv_is_active((const uv_handle_t *)&watch->poll) && watch->events == events;
}

static int start(mk_watch *watch)
{
	int rc = uv_poll_start(&watch->poll, watch->events, ready);
	watch->armed = rc == 0;
	if (rc == 0)
		list_add(&watch->worker->fresh, &watch->fresh);
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

/* Whether libuv's poller still has it: closed, and perhaps opened anew, it has gone from there. */
static bool is_polled(const mk_watch *watch)
{
	struct epoll_event event = {.events = watch->events == UV_WRITABLE ? EPOLLOUT : EPOLLIN | EPOLLRDHUP,
				    .data.fd = watch->fd}; /* as libuv has it */
	return epoll_ctl(uv_backend_fd(watch->worker->loop), EPOLL_CTL_MOD, watch->fd, &event) == 0;
}

/* It would never be ready. If the tick waits for it, it is asked once more, which finds why. */
static void drop(mk_worker *w, mk_watch *watch)
{
	mk_actor *a = watch->actor;
	bool waits = watch->armed;
	mk_watch_close(a);
	if (waits)
		mk_tick_answer_again(w, a);
}

bool mk_watch_ask(mk_worker *w)
{
	bool all = true;
	while (w->doubtful != NULL) {
		mk_watch *watch = MK_OF(w->doubtful, mk_watch, doubtful);
		list_remove(&watch->doubtful);
		if (watch->armed && watch->fresh.at == NULL && !is_polled(watch)) {
			drop(w, watch);
			all = false;
		}
	}
	return all;
}

bool mk_watch_recheck(mk_worker *w)
{
	bool all = true;
	for (mk_watch_link *link = w->fresh, *next; link != NULL; link = next) {
		mk_watch *watch = MK_OF(link, mk_watch, fresh);
		next = link->next;
		if (uv_is_active((const uv_handle_t *)&watch->poll) && !can_be_polled(watch)) {
			drop(w, watch);
			all = false;
		}
	}
	return all;
}

void mk_watch_polled(mk_worker *w)
{
	while (w->fresh != NULL)
		list_remove(w->fresh);
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
	mk_watch *watch = a->extra->watch;
	int events = writable ? UV_WRITABLE : UV_READABLE | UV_DISCONNECT;
	if (w->sup->seam.simulated)
		return mk_refuse(w->sup, writable ? "maiko_when_writable" : "maiko_when_readable", a->self->name);
	if (watch != NULL && watch->fd == fd && goes_on(watch, events)) {
		watch->armed = true;
		list_add(&w->doubtful, &watch->doubtful);
		return 0;
	}
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
	a->extra->watch->events = events;
	return start(a->extra->watch);
}

void mk_watch_disarm(mk_actor *a)
{
	mk_watch *watch = a->extra == NULL ? NULL : a->extra->watch;
	if (watch != NULL)
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
	if (fcntl(watch->fd, F_GETFD) < 0)
		return MAIKO_EBADF;
	if (!goes_on(watch, watch->events))
		return start(watch);
	watch->armed = true;
	list_add(&watch->worker->doubtful, &watch->doubtful);
	return 0;
}

void mk_watch_close(mk_actor *a)
{
	mk_watch *watch = a->extra == NULL ? NULL : a->extra->watch;
	if (watch == NULL)
		return;
	a->extra->watch = NULL;
	list_remove(&watch->fresh);
	list_remove(&watch->doubtful);
	watch->actor = NULL;
	watch->armed = false;
	unclaim(watch->worker->sup, watch->fd);
	uv_close((uv_handle_t *)&watch->poll, closed);
}
