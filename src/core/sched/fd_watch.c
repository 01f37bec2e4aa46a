/*
 * fd_watch.c - see fd_watch.h.
 *
 * A worker's descriptors are with an epoll instance of ours, which is itself one descriptor of
 * the worker's loop: libuv knows a descriptor by its number alone, and so does the program. The
 * kernel knows it by its open file, which stays as long as any descriptor for it does: a
 * duplicate, or that of a forked child. One that is closed without our being told leaves an
 * entry behind which goes on being ready, and which nobody can remove without a descriptor of
 * that number. So an entry carries a number that is never used again: its place in the poller's
 * table, and how often that was given away. What is ready under a number that is over shows
 * that the instance has such an entry: then it is thrown away, and a new one made of what is
 * watched still.
 *
 * Once a descriptor is polled, that goes on: a tick that answers the same again costs no system
 * call. A watch that is not armed when its descriptor is ready, again and again, stops; it is
 * started anew when it is armed. Of one that goes on, and whose actor was in a callback since
 * (`doubtful`), the kernel is asked every ten milliseconds whether it is still the one that it
 * was: closed, it would never be ready.
 */
#include "sched/closing.h"
#include "sched/fd_watch.h"

#include "base/system.h"
#include "runtime/ready.h"
#include "sched/tick.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

typedef struct mk_fd_watch {
	mk_actor *actor;
	mk_worker *worker;
	int fd;
	uint32_t events; /* of epoll */
	uint32_t place;
	uint32_t unheeded; /* how often it was ready while not armed */
	bool armed, held;
	bool polled;                    /* the kernel has it */
	struct mk_fd_watch *next, **at; /* in the worker's doubtful; NULL: not there */
} mk_fd_watch;

/* What is thrown away. */
typedef struct instance {
	uv_poll_t poll;
	mk_worker *worker;
	int fd;
} instance;

typedef struct place {
	mk_fd_watch *watch; /* or NULL: free */
	uint32_t generation;
	uint32_t next_free;
} place;

typedef struct mk_poller {
	instance *epoll; /* or NULL: not needed, or it could not be made */
	place *places;
	uint32_t count, size, first_free;
} mk_poller;

enum { BITS = 64, UNHEEDED_MAX = 2, READY_A_POLL = 256 };
static const uint32_t NONE = UINT32_MAX;

/* ---- who watches what ------------------------------------------------------------------ */

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

static void doubt(mk_fd_watch *watch)
{
	if (watch->at != NULL)
		return;
	mk_fd_watch **list = &watch->worker->doubtful;
	watch->at = list;
	watch->next = *list;
	if (*list != NULL)
		(*list)->at = &watch->next;
	*list = watch;
}

static void undoubt(mk_fd_watch *watch)
{
	if (watch->at == NULL)
		return;
	*watch->at = watch->next;
	if (watch->next != NULL)
		watch->next->at = watch->at;
	watch->at = NULL;
}

/* ---- numbers ----------------------------------------------------------------------------- */

static mk_poller *poller_of(mk_worker *w)
{
	if (w->poller == NULL && (w->poller = MK_NEW(mk_poller)) != NULL)
		w->poller->first_free = NONE;
	return w->poller;
}

static int take_place(mk_poller *p, mk_fd_watch *watch)
{
	if (p->first_free == NONE) {
		if (mk_reserve((void **)&p->places, &p->size, p->count + 1, sizeof p->places[0]) != 0)
			return MAIKO_ENOMEM;
		p->places[p->count] = (place){.next_free = NONE};
		p->first_free = p->count++;
	}
	watch->place = p->first_free;
	p->first_free = p->places[watch->place].next_free;
	p->places[watch->place].watch = watch;
	return 0;
}

static void leave_place(mk_poller *p, const mk_fd_watch *watch)
{
	p->places[watch->place].watch = NULL;
	p->places[watch->place].next_free = p->first_free;
	p->first_free = watch->place;
}

static uint64_t number_of(const mk_fd_watch *watch)
{
	return (uint64_t)watch->worker->poller->places[watch->place].generation << 32 | watch->place;
}

/* Its watch, or NULL: the number is over. */
static mk_fd_watch *watch_of(const mk_poller *p, uint64_t number)
{
	const place *at = &p->places[(uint32_t)number];
	return at->generation == number >> 32 && at->watch != NULL && at->watch->polled ? at->watch : NULL;
}

/* ---- the kernel ---------------------------------------------------------------------------- */

static void closed(uv_handle_t *handle)
{
	instance *i = MK_OF(handle, instance, poll);
	mk_worker_handle_closed(i->worker);
	mk_free(i);
}

/* libuv lets go of it later. */
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

/* Changes what it waits for, if the kernel has it under its number. */
static bool is_polled(const mk_fd_watch *watch)
{
	struct epoll_event event = {.events = watch->events, .data.u64 = number_of(watch)};
	return epoll_ctl(watch->worker->poller->epoll->fd, EPOLL_CTL_MOD, watch->fd, &event) == 0;
}

/* The entry may stay, if the descriptor has been closed: its number is over. */
static void stop_polling(mk_fd_watch *watch)
{
	mk_poller *p = watch->worker->poller;
	struct epoll_event event = {0}; /* not NULL, before Linux 2.6.9 */
	if (!watch->polled)
		return;
	(void)epoll_ctl(p->epoll->fd, EPOLL_CTL_DEL, watch->fd, &event);
	watch->polled = false;
	p->places[watch->place].generation++;
}

/* A descriptor that is ready may have nothing to read all the same: a read is not to block. */
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
	struct epoll_event event = {.events = watch->events, .data.u64 = number_of(watch)};
	if (epoll_ctl(p->epoll->fd, EPOLL_CTL_ADD, watch->fd, &event) != 0 &&
	    (errno != EEXIST || !is_polled(watch))) /* one of this file and descriptor is left from before */
		return -errno;
	watch->polled = true;
	watch->worker->fresh = true;
	return set_nonblocking(watch->fd);
}

/* It would never be ready. If the tick waits for it, it is asked once more, which finds why. */
static void drop(mk_fd_watch *watch)
{
	mk_actor *a = watch->actor;
	bool waits = watch->armed || watch->held;
	mk_fd_watch_close(a);
	if (waits)
		mk_tick_answer_again(a->worker, a);
}

/* A new instance, without what nobody could remove from the old one. */
static void renew(mk_poller *p)
{
	instance_close(p->epoll);
	p->epoll = NULL;
	for (uint32_t i = 0; i < p->count; i++) {
		mk_fd_watch *watch = p->places[i].watch;
		if (watch == NULL || !watch->polled)
			continue;
		watch->polled = false;
		if (start_polling(watch) != 0)
			drop(watch);
	}
}

static void is_ready(mk_fd_watch *watch)
{
	watch->worker->fired++;
	if (!watch->armed) {
		if (++watch->unheeded >= UNHEEDED_MAX)
			stop_polling(watch);
		return;
	}
	watch->armed = false;
	watch->unheeded = 0;
	watch->actor->extra->tick_due = true;
	mk_timer_clear(&watch->worker->timers, &watch->actor->extra->timer);
	mk_wake(watch->worker, watch->actor);
}

/* What is more than fits is ready still, at the next poll. */
static void ready(uv_poll_t *poll, int status, int events)
{
	const instance *i = MK_OF(poll, instance, poll);
	mk_poller *p = i->worker->poller;
	struct epoll_event list[READY_A_POLL];
	int count = epoll_wait(i->fd, list, READY_A_POLL, 0);
	(void)status;
	(void)events;
	for (int k = 0; k < count; k++) {
		mk_fd_watch *watch = watch_of(p, list[k].data.u64);
		if (watch == NULL) {
			renew(p);
			return;
		}
		is_ready(watch);
	}
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

/* ---- an actor's ---------------------------------------------------------------------------- */

static int watch_new(mk_worker *w, mk_actor *a, int fd)
{
	mk_fd_watch *watch = poller_of(w) == NULL ? NULL : MK_NEW(mk_fd_watch);
	if (watch == NULL)
		return MAIKO_ENOMEM;
	int rc = claim(w->sup, fd);
	if (rc == 0 && (rc = take_place(w->poller, watch)) != 0)
		unclaim(w->sup, fd);
	if (rc != 0) {
		mk_free(watch);
		return rc;
	}
	watch->actor = a;
	watch->worker = w;
	watch->fd = fd;
	a->extra->watch = watch;
	return 0;
}

int mk_fd_watch_arm(mk_worker *w, mk_actor *a, int fd, bool writable)
{
	mk_fd_watch *watch = a->extra->watch;
	uint32_t events = writable ? EPOLLOUT : EPOLLIN | EPOLLRDHUP;
	if (w->sup->seam.simulated)
		return mk_refuse(w->sup, writable ? "maiko_when_writable" : "maiko_when_readable", a->self->name);
	if (watch != NULL && watch->fd == fd && watch->polled && watch->events == events) {
		watch->armed = true;
		doubt(watch);
		return 0;
	}
	if (watch != NULL && watch->fd != fd)
		mk_fd_watch_close(a);
	if (fd < 0 || fcntl(fd, F_GETFD) < 0)
		return MAIKO_EBADF;
	int rc = a->extra->watch == NULL ? watch_new(w, a, fd) : 0;
	if (rc != 0)
		return rc;
	watch = a->extra->watch;
	watch->events = events;
	rc = start_polling(watch);
	watch->armed = rc == 0;
	if (rc != 0)
		mk_fd_watch_close(a);
	return rc == -EPERM ? 1 : rc; /* what epoll cannot wait for, such as a file, never blocks */
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

void mk_fd_watch_close(mk_actor *a)
{
	mk_fd_watch *watch = a->extra == NULL ? NULL : a->extra->watch;
	if (watch == NULL)
		return;
	a->extra->watch = NULL;
	undoubt(watch);
	stop_polling(watch);
	leave_place(watch->worker->poller, watch);
	unclaim(watch->worker->sup, watch->fd);
	mk_free(watch);
}

/* ---- the worker's --------------------------------------------------------------------------- */

void mk_fd_watch_exit(mk_worker *w)
{
	mk_poller *p = w->poller;
	for (uint32_t i = 0; p != NULL && i < p->count; i++)
		if (p->places[i].watch != NULL)
			mk_fd_watch_close(p->places[i].watch->actor);
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
	mk_free(w->poller->places);
	mk_free(w->poller);
	w->poller = NULL;
}
