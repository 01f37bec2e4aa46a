/*
 * fd_watch.c - see fd_watch.h.
 *
 * Each worker has its own epoll instance for the watched descriptors; the worker's loop polls that
 * instance as one descriptor. libuv and the program identify a descriptor by its number. The kernel
 * identifies it by its open file, which exists as long as any descriptor refers to it: a duplicate,
 * or one of a forked child. A watched descriptor that the program closes can thus leave a stale
 * entry, which continues to report readiness and which cannot be removed without a descriptor of
 * that number. So each entry carries a key that is never reused: its slot in the poller's table and
 * that slot's generation. A readiness under an outdated key reveals a stale entry: then the instance
 * is replaced by a new one with the current watches.
 *
 * A descriptor stays polled after it was ready, so a tick that returns the same result again costs
 * no system call. If it is ready several times while its watch is not armed, polling stops; arming
 * the watch starts it again. If it stays polled and its actor has run a callback since
 * (`doubtful`), the kernel is asked every ten milliseconds whether the number still refers to the
 * same open file; if not, the descriptor would never be ready.
 */
#include "sched/fd_watch.h"

#include "base/error.h"
#include "base/system.h"
#include "runtime/lane.h"
#include "runtime/ready.h"
#include "sched/closing.h"
#include "sched/tick.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

typedef struct mk_fd_watch {
	mk_actor *actor;
	mk_worker *worker; /* NULL: its actor migrates */
	int fd;
	uint32_t events; /* of epoll */
	uint32_t slot;
	uint32_t unheeded; /* how often it was ready while not armed */
	bool armed, held;
	bool polled;                    /* the kernel has it */
	struct mk_fd_watch *next, **at; /* in the worker's list `doubtful`; at NULL: not there */
} mk_fd_watch;

/* An epoll instance and its libuv handle. */
typedef struct instance {
	uv_poll_t poll;
	mk_worker *worker;
	int fd;
} instance;

typedef struct slot {
	mk_fd_watch *watch; /* or NULL: free */
	uint32_t generation;
	uint32_t next_free;
} slot;

typedef struct mk_poller {
	instance *epoll; /* NULL: not needed, or it could not be created */
	slot *slots;
	uint32_t count, size, first_free;
	uint32_t reserved; /* of size, for watches that migrate to this worker */
} mk_poller;

enum { BITS = 64, UNHEEDED_MAX = 2, READY_PER_POLL = 256 };
static const uint32_t NONE = UINT32_MAX;

/* ---- the descriptors that are watched --------------------------------------------------- */

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
		if ((sup->watched[word] & bit) != 0)
			rc = mk_fail(MAIKO_EBUSY, "the tick waits for the descriptor %d, which another actor watches",
				     fd);
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

static void doubt(mk_fd_watch *watch)
{
	if (watch->at != NULL)
		return;
	MK_LIST_PUSH(&watch->worker->doubtful, watch);
}

static void undoubt(mk_fd_watch *watch)
{
	if (watch->at == NULL)
		return;
	MK_LIST_REMOVE(watch);
	watch->at = NULL;
}

/* ---- keys -------------------------------------------------------------------------------- */

static mk_poller *poller_of(mk_worker *w)
{
	if (w->poller == NULL && (w->poller = MK_NEW(mk_poller)) != NULL)
		w->poller->first_free = NONE;
	return w->poller;
}

/* Room for one more slot, beside those reserved. 0 or MAIKO_ENOMEM. */
static int reserve_slot(mk_poller *p)
{
	return mk_reserve((void **)&p->slots, &p->size, p->count + p->reserved + 1, sizeof p->slots[0]);
}

static int take_slot(mk_poller *p, mk_fd_watch *watch)
{
	if (p->first_free == NONE) {
		if (reserve_slot(p) != 0)
			return MAIKO_ENOMEM;
		p->slots[p->count] = (slot){.next_free = NONE};
		p->first_free = p->count++;
	}
	watch->slot = p->first_free;
	p->first_free = p->slots[watch->slot].next_free;
	p->slots[watch->slot].watch = watch;
	return 0;
}

static void free_slot(mk_poller *p, const mk_fd_watch *watch)
{
	p->slots[watch->slot].watch = NULL;
	p->slots[watch->slot].next_free = p->first_free;
	p->first_free = watch->slot;
}

static uint64_t key_of(const mk_fd_watch *watch)
{
	return (uint64_t)watch->worker->poller->slots[watch->slot].generation << 32 | watch->slot;
}

/* The watch with that key. NULL: the key is outdated. */
static mk_fd_watch *watch_of(const mk_poller *p, uint64_t key)
{
	const slot *at = &p->slots[(uint32_t)key];
	return at->generation == key >> 32 && at->watch != NULL && at->watch->polled ? at->watch : NULL;
}

/* ---- the kernel ---------------------------------------------------------------------------- */

static void closed(uv_handle_t *handle)
{
	instance *i = MK_OF(handle, instance, poll);
	mk_worker_handle_closed(i->worker);
	mk_free(i);
}

/* libuv calls `closed` later. */
static void instance_close(instance *i)
{
	i->worker->open_handles++;
	uv_close((uv_handle_t *)&i->poll, closed);
	close(i->fd);
}

static void ready(uv_poll_t *poll, int status, int events);

static int instance_new(mk_worker *w, instance **ret_instance)
{
	instance *i = MK_NEW(instance);
	if (i == NULL)
		return MAIKO_ENOMEM;
	i->worker = w;
	i->fd = epoll_create1(EPOLL_CLOEXEC);
	int rc = i->fd < 0 ? -errno : mk_poll_open(w->loop, &i->poll, i->fd, ready);
	if (rc == 0) {
		*ret_instance = i;
	} else if (i->poll.loop != NULL) {
		instance_close(i);
	} else {
		if (i->fd >= 0)
			close(i->fd);
		mk_free(i);
	}
	return rc;
}

/* Sets the events that it waits for; false: the kernel has no entry for its number and open file. */
static bool is_polled(const mk_fd_watch *watch)
{
	struct epoll_event event = {.events = watch->events, .data.u64 = key_of(watch)};
	return epoll_ctl(watch->worker->poller->epoll->fd, EPOLL_CTL_MOD, watch->fd, &event) == 0;
}

/* If the descriptor has been closed, its entry may remain; its key is outdated then. */
static void stop_polling(mk_fd_watch *watch)
{
	mk_poller *p = watch->worker->poller;
	struct epoll_event event = {0}; /* not NULL, before Linux 2.6.9 */
	if (!watch->polled)
		return;
	(void)epoll_ctl(p->epoll->fd, EPOLL_CTL_DEL, watch->fd, &event);
	watch->polled = false;
	p->slots[watch->slot].generation++;
}

/* A descriptor that is reported ready may still have nothing to read; a read must not block then. */
static int set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || ((flags & O_NONBLOCK) == 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0))
		return -errno;
	return 0;
}

static int start_polling(mk_fd_watch *watch)
{
	mk_poller *p = watch->worker->poller;
	int rc = p->epoll == NULL ? instance_new(watch->worker, &p->epoll) : 0;
	if (rc != 0 || (watch->polled && is_polled(watch)))
		return rc;
	stop_polling(watch);
	struct epoll_event event = {.events = watch->events, .data.u64 = key_of(watch)};
	if (epoll_ctl(p->epoll->fd, EPOLL_CTL_ADD, watch->fd, &event) != 0 &&
	    (errno != EEXIST || !is_polled(watch))) /* a stale entry of the same file and number: reused */
		return -errno;
	watch->polled = true;
	watch->worker->fresh = true;
	return set_nonblocking(watch->fd);
}

/* Ends a watch that would never be ready. If the tick waits for it, its result is applied again, which finds why. */
static void drop(mk_fd_watch *watch)
{
	mk_actor *a = watch->actor;
	bool waits = watch->armed || watch->held;
	mk_fd_watch_close(a);
	if (waits)
		mk_tick_apply_again(a->worker, a);
}

/* Replaces the instance by one without the stale entries. */
static void renew(mk_poller *p)
{
	instance_close(p->epoll);
	p->epoll = NULL;
	for (uint32_t i = 0; i < p->count; i++) {
		mk_fd_watch *watch = p->slots[i].watch;
		if (watch == NULL || !watch->polled)
			continue;
		watch->polled = false;
		if (start_polling(watch) != 0)
			drop(watch);
	}
}

/* An error and the end of both directions are told in each that is waited for. */
static unsigned ways_of(const mk_fd_watch *watch, uint32_t events)
{
	uint32_t both = EPOLLERR | EPOLLHUP;
	unsigned ways = 0;
	if ((watch->events & EPOLLIN) != 0 && (events & (EPOLLIN | EPOLLRDHUP | both)) != 0)
		ways |= MAIKO_WOKEN_READABLE;
	if ((watch->events & EPOLLOUT) != 0 && (events & (EPOLLOUT | both)) != 0)
		ways |= MAIKO_WOKEN_WRITABLE;
	return ways;
}

static void is_ready(mk_fd_watch *watch, uint32_t events)
{
	watch->worker->fired++;
	if (!watch->armed) {
		if (++watch->unheeded >= UNHEEDED_MAX)
			stop_polling(watch);
		return;
	}
	watch->armed = false;
	watch->unheeded = 0;
	mk_occupy(watch->actor);
	watch->actor->extra->tick_due = true;
	watch->actor->extra->came |= ways_of(watch, events);
	mk_wake(watch->worker, watch->actor);
}

/* Descriptors that do not fit into `list` are reported again at the next poll. */
static void take_ready(const instance *i)
{
	mk_poller *p = i->worker->poller;
	struct epoll_event list[READY_PER_POLL];
	int count = epoll_wait(i->fd, list, READY_PER_POLL, 0);
	for (int k = 0; k < count; k++) {
		mk_fd_watch *watch = watch_of(p, list[k].data.u64);
		if (watch == NULL) {
			renew(p);
			return;
		}
		is_ready(watch, list[k].events);
	}
}

/* The worker may count as asleep, and another thread stand in for it. */
static void ready(uv_poll_t *poll, int status, int events)
{
	const instance *i = MK_OF(poll, instance, poll);
	mk_worker *w = i->worker; /* `i` may be closed */
	(void)status;
	(void)events;
	(void)mk_lane_enter(w);
	take_ready(i);
	mk_lane_leave(w);
}

bool mk_fd_watch_ask(mk_worker *w)
{
	bool all = true;
	while (w->doubtful != NULL) {
		mk_fd_watch *watch = w->doubtful;
		undoubt(watch);
		if ((watch->armed || watch->held) && watch->polled && !is_polled(watch)) {
			drop(watch);
			all = false;
		}
	}
	return all;
}

/* ---- the watch of an actor -------------------------------------------------------------------- */

static int watch_new(mk_worker *w, mk_actor *a, int fd)
{
	mk_fd_watch *watch = poller_of(w) == NULL ? NULL : MK_NEW(mk_fd_watch);
	if (watch == NULL)
		return MAIKO_ENOMEM;
	int rc = claim(w->sup, fd);
	if (rc == 0 && (rc = take_slot(w->poller, watch)) != 0)
		unclaim(w->sup, fd);
	if (rc != 0) {
		mk_free(watch);
		return rc;
	}
	watch->actor = a;
	watch->worker = w;
	watch->fd = fd;
	mk_occupy(a);
	a->extra->watch = watch;
	return 0;
}

int mk_fd_watch_arm(mk_worker *w, mk_actor *a, int fd, unsigned ways)
{
	mk_fd_watch *watch = a->extra->watch;
	bool readable = (ways & MAIKO_WOKEN_READABLE) != 0;
	uint32_t events = (readable ? EPOLLIN | EPOLLRDHUP : 0) | ((ways & MAIKO_WOKEN_WRITABLE) != 0 ? EPOLLOUT : 0);
	if (w->sup->seam.simulated)
		return mk_refuse(w->sup, readable ? "maiko_when_readable" : "maiko_when_writable", a->self->name);
	if (watch != NULL && watch->fd == fd && watch->polled && watch->events == events) {
		watch->armed = true;
		doubt(watch);
		return 0;
	}
	if (watch != NULL && watch->fd != fd)
		mk_fd_watch_close(a);
	if (fd < 0 || fcntl(fd, F_GETFD) < 0)
		return mk_fail(MAIKO_EBADF, "the tick waits for the descriptor %d, which is not open", fd);
	int rc = a->extra->watch == NULL ? watch_new(w, a, fd) : 0;
	if (rc != 0)
		return rc;
	watch = a->extra->watch;
	watch->events = events;
	rc = start_polling(watch);
	watch->armed = rc == 0;
	if (rc != 0)
		mk_fd_watch_close(a);
	return rc == -EPERM ? 1 : rc; /* epoll cannot wait for it, as for a regular file, so it never blocks */
}

void mk_fd_watch_disarm(mk_actor *a)
{
	mk_fd_watch *watch = a->extra == NULL ? NULL : a->extra->watch;
	if (watch != NULL)
		watch->armed = watch->held = false;
}

void mk_fd_watch_hold(mk_actor *a)
{
	mk_fd_watch *watch = a->extra == NULL ? NULL : a->extra->watch;
	if (watch != NULL && watch->armed) {
		mk_fd_watch_disarm(a);
		watch->held = true;
	}
}

int mk_fd_watch_rearm(mk_actor *a)
{
	mk_fd_watch *watch = a->extra == NULL ? NULL : a->extra->watch;
	if (watch == NULL || !watch->held)
		return 0;
	watch->held = false;
	int rc = fcntl(watch->fd, F_GETFD) < 0 ? MAIKO_EBADF : watch->polled ? 0 : start_polling(watch);
	watch->armed = rc == 0;
	if (rc == 0)
		doubt(watch);
	return rc;
}

void mk_fd_watch_doubt(mk_actor *a) { doubt(a->extra->watch); }

static void leave_poller(mk_fd_watch *watch)
{
	undoubt(watch);
	stop_polling(watch);
	free_slot(watch->worker->poller, watch);
	watch->worker = NULL;
}

void mk_fd_watch_close(mk_actor *a)
{
	mk_fd_watch *watch = a->extra == NULL ? NULL : a->extra->watch;
	if (watch == NULL)
		return;
	a->extra->watch = NULL;
	if (watch->worker != NULL)
		leave_poller(watch);
	unclaim(a->worker->sup, watch->fd);
	mk_free(watch);
}

/* ---- the watch of an actor that migrates --------------------------------------------------------- */

int mk_fd_watch_reserve(mk_worker *w)
{
	mk_poller *p = poller_of(w);
	int rc = p == NULL ? MAIKO_ENOMEM : reserve_slot(p);
	if (rc == 0 && p->epoll == NULL)
		rc = instance_new(w, &p->epoll);
	if (rc == 0)
		p->reserved++;
	return rc;
}

void mk_fd_watch_unreserve(mk_worker *w) { w->poller->reserved--; }

void mk_fd_watch_pack(mk_actor *a)
{
	mk_fd_watch *watch = a->extra == NULL ? NULL : a->extra->watch;
	if (watch != NULL)
		leave_poller(watch);
}

void mk_fd_watch_unpack(mk_worker *w, mk_actor *a)
{
	mk_fd_watch *watch = a->extra == NULL ? NULL : a->extra->watch;
	if (watch == NULL)
		return;
	watch->worker = w;
	watch->unheeded = 0;
	(void)take_slot(w->poller, watch); /* reserved */
	if (!watch->armed && !watch->held)
		return;
	if (start_polling(watch) != 0)
		drop(watch);
	else
		doubt(watch);
}

/* ---- the watches of a worker ------------------------------------------------------------------ */

void mk_fd_watch_exit(mk_worker *w)
{
	mk_poller *p = w->poller;
	for (uint32_t i = 0; p != NULL && i < p->count; i++)
		if (p->slots[i].watch != NULL)
			mk_fd_watch_close(p->slots[i].watch->actor);
	if (p != NULL && p->epoll != NULL) {
		instance_close(p->epoll);
		p->epoll = NULL;
	}
}

void mk_fd_watch_fini(mk_worker *w)
{
	if (w->poller == NULL)
		return;
	mk_fd_watch_exit(w);
	mk_free(w->poller->slots);
	mk_free(w->poller);
	w->poller = NULL;
}
