/*
 * watch.c - see watch.h.
 */
#include "routing/watch.h"

#include "base/error.h"
#include "observe/note.h"
#include "registry/directory.h"
#include "routing/in_transit.h"
#include "routing/news.h"
#include "routing/private.h"
#include "routing/router.h"
#include "runtime/callback.h"
#include "runtime/lane.h"

#include <maiko/lifecycle.h>
#include <string.h>

typedef struct mk_watch {
	maiko_actor_id id;  /* of the watched actor */
	mk_sender *watched; /* held; NULL: there was no such actor */
	mk_sender *watcher; /* held */
	uint64_t number;    /* among the watches of the watcher */
	bool restarts;
	_Atomic(uint32_t) halves;
	/* the watcher's half */
	struct mk_watch *next_own, **at_own; /* in its list; at: what points to it */
	mk_message cancel;
	/* the watched actor's half */
	struct mk_watch *next, **at; /* in its list, or NULL */
	bool cancelled;              /* "cancel" came before "go" */
	mk_message go;               /* there, and back */
	mk_private private;
	mk_event *event; /* of the end */
} mk_watch;

/* A restart, on its way to a watcher. */
typedef struct mk_watch_news {
	maiko_actor_id id;
	mk_sender *watcher; /* held */
	uint64_t number;    /* of the watch */
	mk_message message;
	mk_private private;
	mk_event *event;
} mk_watch_news;

/* ---- the block ------------------------------------------------------------------------------- */

static void go(mk_worker *w, mk_message *m);
static void cancel(mk_worker *w, mk_message *m);

static void free_event(mk_event *e)
{
	if (e != NULL)
		mk_event_unref(NULL, e); /* of the heap */
}

static void give_up_half(mk_watch *x)
{
	/* As for a buffer: all accesses by the other half happen before the memory is freed. */
	if (atomic_fetch_sub_explicit(&x->halves, 1, memory_order_acq_rel) != 1)
		return;
	if (x->watched != NULL)
		mk_sender_release(x->watched);
	mk_sender_release(x->watcher);
	free_event(x->event);
	mk_free(x);
}

static void news_free(mk_watch_news *n)
{
	mk_sender_release(n->watcher);
	free_event(n->event);
	mk_free(n);
}

/* An event of the library on the heap, with one reference; NULL without memory. */
static mk_event *own_event(mk_sup *sup, mk_own_type type, const void *value)
{
	static const maiko_id none;
	mk_event *e = mk_event_make(NULL, mk_own_type_of(sup, type), value, NULL);
	if (e != NULL) {
		e->id = e->parent = e->correlation = none;
		e->sender = sup->own_sender;
		e->timestamp_ns = 0;
		e->topic = NULL;
		e->refs = 1;
	}
	return e;
}

static void unlink_one(mk_watch *x)
{
	MK_LIST_REMOVE(x);
	x->at = NULL;
}

static void link_own(mk_watch **list, mk_watch *x)
{
	x->at_own = list;
	x->next_own = *list;
	if (x->next_own != NULL)
		x->next_own->at_own = &x->next_own;
	*list = x;
}

static void unlink_own(mk_extra *of, mk_watch *x)
{
	*x->at_own = x->next_own;
	if (x->next_own != NULL)
		x->next_own->at_own = x->at_own;
	mk_map_remove(&of->watched, x->id);
}

/* The watch of that number, if the watcher still wants it; else NULL. */
static mk_watch *wanted(const mk_actor *a, maiko_actor_id id, uint64_t number)
{
	mk_watch *x = a == NULL || a->extra == NULL ? NULL : mk_map_get(&a->extra->watched, id);
	return x != NULL && x->number == number ? x : NULL;
}

/* ---- the watcher is told --------------------------------------------------------------------- */

static void handle(mk_actor *a, mk_event *e)
{
	mk_worker *w = a->worker;
	e->topic = w->private_topic;
	e->timestamp_ns = w->now_ns + w->wall_offset_ns;
	mk_private_handle(w, a, e, NULL, NULL);
}

static bool run_end(mk_actor *a, mk_private *private)
{
	mk_watch *x = MK_OF(private, mk_watch, private);
	bool told = wanted(a, x->id, x->number) == x;
	if (told) {
		mk_event *e = x->event;
		x->event = NULL;
		unlink_own(a->extra, x);
		give_up_half(x);
		give_up_half(x);
		handle(a, e);
	} else {
		give_up_half(x);
	}
	return told;
}

static void drop_end(mk_actor *a, mk_private *private)
{
	(void)a;
	give_up_half(MK_OF(private, mk_watch, private));
}

static bool run_news(mk_actor *a, mk_private *private)
{
	mk_watch_news *n = MK_OF(private, mk_watch_news, private);
	bool told = wanted(a, n->id, n->number) != NULL;
	mk_event *e = n->event;
	n->event = told ? NULL : e;
	news_free(n);
	if (told)
		handle(a, e);
	return told;
}

static void drop_news(mk_actor *a, mk_private *private)
{
	(void)a;
	news_free(MK_OF(private, mk_watch_news, private));
}

/* ---- the way back ------------------------------------------------------------------------------ */

/* Whether the message is at the watcher's home, and that is there; else it was kept or sent on. */
static bool is_home(mk_worker *w, const mk_sender *watcher, mk_message *m)
{
	uint32_t home = mk_home_of(w, watcher);
	if (home != w->index) {
		mk_router_send_parcel(w, home, m);
		return false;
	}
	return !mk_arrival_keeps(w, watcher->id, m);
}

/* On the worker of the watched actor, or of the watcher. */
static void end_comes(mk_worker *w, mk_message *m)
{
	mk_watch *x = MK_OF(m, mk_watch, go);
	if (!is_home(w, x->watcher, m))
		return;
	mk_actor *a = mk_directory_look(w->sup, x->watcher->id);
	if (wanted(a, x->id, x->number) != x) {
		give_up_half(x);
		return;
	}
	x->private = (mk_private){.run = run_end, .drop = drop_end};
	mk_private_give(w, a, &x->private);
}

static void news_comes(mk_worker *w, mk_message *m)
{
	mk_watch_news *n = MK_OF(m, mk_watch_news, message);
	if (!is_home(w, n->watcher, m))
		return;
	mk_actor *a = mk_directory_look(w->sup, n->watcher->id);
	if (wanted(a, n->id, n->number) == NULL) {
		news_free(n);
		return;
	}
	n->private = (mk_private){.run = run_news, .drop = drop_news};
	mk_private_give(w, a, &n->private);
}

static void drop_go(mk_message *m) { give_up_half(MK_OF(m, mk_watch, go)); }
static void drop_news_message(mk_message *m) { news_free(MK_OF(m, mk_watch_news, message)); }

static void turn_back(mk_worker *w, mk_watch *x)
{
	x->go = (mk_message){.run = end_comes, .drop = drop_go};
	end_comes(w, &x->go);
}

/* ---- to the watched actor ------------------------------------------------------------------------ */

static void drop_cancel(mk_message *m) { give_up_half(MK_OF(m, mk_watch, cancel)); }

static void keep_until_added(mk_worker *w, mk_message *m)
{
	m->link.next = NULL;
	*w->watches_coming_tail = &m->link;
	w->watches_coming_tail = &m->link.next;
}

/* The home of the watched actor; with the lock for the case that its own worker is just being created. */
static uint32_t home_of(mk_worker *w, const mk_watch *x)
{
	uv_mutex_lock(&w->sup->lock);
	uint32_t home = mk_home_of(w, x->watched);
	uv_mutex_unlock(&w->sup->lock);
	return home;
}

typedef enum place { ELSEWHERE, HERE, NOT_ADDED_YET, GONE } place;

/* Where the watched actor is; ELSEWHERE: the message is kept or was sent on. */
static place find(mk_worker *w, const mk_watch *x, mk_message *m, mk_actor **ret_actor)
{
	uint32_t home = home_of(w, x);
	*ret_actor = NULL;
	if (home == MK_NO_WORKER)
		return NOT_ADDED_YET;
	if (home != w->index) {
		mk_lane_post_by(w, mk_worker_at(w->sup, home), m);
		return ELSEWHERE;
	}
	if (mk_arrival_keeps(w, x->id, m))
		return ELSEWHERE;
	uv_mutex_lock(&w->sup->lock); /* one that has not arrived may be freed by any worker */
	mk_actor *a = mk_directory_find(w->sup, x->id);
	place p = a == NULL ? GONE : a->worker == w ? HERE : NOT_ADDED_YET;
	uv_mutex_unlock(&w->sup->lock);
	*ret_actor = p == HERE ? a : NULL;
	return p == HERE && (a->sched & MK_ENDED) != 0 ? GONE : p;
}

static void go(mk_worker *w, mk_message *m)
{
	mk_actor *a;
	mk_watch *x = MK_OF(m, mk_watch, go);
	place p = find(w, x, m, &a);
	/* Without memory: tried again with the next batch, at the latest with that of its removal. */
	if (p == HERE && mk_extra_of(a) == NULL)
		p = NOT_ADDED_YET;
	if (p == NOT_ADDED_YET)
		keep_until_added(w, m);
	else if (p != ELSEWHERE && x->cancelled)
		give_up_half(x);
	else if (p == GONE)
		turn_back(w, x);
	else if (p == HERE)
		MK_LIST_PUSH(&a->extra->watchers, x);
}

/* An actor that is there has "go" in its list, or gets it. If it has gone, that is on its way back. */
static void cancel(mk_worker *w, mk_message *m)
{
	mk_actor *a;
	mk_watch *x = MK_OF(m, mk_watch, cancel);
	place p = find(w, x, m, &a);
	if (p == NOT_ADDED_YET)
		keep_until_added(w, m);
	if (p == NOT_ADDED_YET || p == ELSEWHERE)
		return;
	if (p == HERE && x->at == NULL) {
		x->cancelled = true;
	} else if (p == HERE) {
		unlink_one(x);
		give_up_half(x);
	}
	give_up_half(x);
}

/* Takes the first of a list of messages. */
static mk_message *take_first(mk_link **list)
{
	mk_message *m = MK_OF(*list, mk_message, link);
	*list = (*list)->next;
	return m;
}

static mk_link *take_coming(mk_worker *w)
{
	mk_link *all = w->watches_coming;
	w->watches_coming = NULL;
	w->watches_coming_tail = &w->watches_coming;
	return all;
}

void mk_watches_settle(mk_worker *w)
{
	for (mk_link *left = take_coming(w); left != NULL;) {
		mk_message *m = take_first(&left);
		m->run(w, m); /* it may be kept again */
	}
}

void mk_watches_never(mk_worker *w, maiko_actor_id id)
{
	for (mk_link *left = take_coming(w); left != NULL;) {
		mk_message *m = take_first(&left);
		bool goes = m->run == go;
		mk_watch *x = goes ? MK_OF(m, mk_watch, go) : MK_OF(m, mk_watch, cancel);
		if (x->id != id)
			keep_until_added(w, m);
		else if (goes)
			turn_back(w, x);
		else
			give_up_half(x);
	}
}

void mk_watches_drop(mk_worker *w)
{
	for (mk_link *left = take_coming(w); left != NULL;) {
		mk_message *m = take_first(&left);
		m->drop(m);
	}
}

/* ---- the watched actor ends or is restarted ------------------------------------------------------- */

/* The supervisor stops, and therefore ends this actor. */
static bool is_stopped(const mk_worker *w, const mk_actor *a) { return w->ending == a && w->ending_why == 0; }

static maiko_ended ended_of(const mk_worker *w, const mk_actor *a, bool failed, uint32_t restarts)
{
	maiko_ended e = {.actor = a->self->id,
			 .reason = failed           ? MAIKO_END_FAILED
				   : w->ending == a ? (maiko_end_reason)w->ending_why
						    : MAIKO_END_REMOVED,
			 .error = a->extra == NULL ? 0 : a->extra->error,
			 .restarts = restarts,
			 .worker = w->index + 1};
	mk_name_copy(e.name, a->self->name);
	mk_name_copy(e.type, a->class->desc->name);
	return e;
}

static void forget_watchers(mk_extra *x)
{
	while (x->watchers != NULL) {
		mk_watch *one = x->watchers;
		unlink_one(one);
		give_up_half(one);
	}
}

void mk_watch_ended(mk_worker *w, mk_actor *a, bool failed, uint32_t restarts)
{
	mk_extra *x = a->extra;
	bool watched = x != NULL && x->watchers != NULL;
	if (is_stopped(w, a)) {
		if (watched)
			forget_watchers(x);
		return;
	}
	if (!watched && !mk_news_wanted(w, MK_LIFECYCLE_TOPIC))
		return;
	maiko_ended ended = ended_of(w, a, failed, restarts);
	while (watched && x->watchers != NULL) {
		mk_watch *one = x->watchers;
		unlink_one(one);
		memcpy((void *)(uintptr_t)one->event->data, &ended, sizeof ended);
		turn_back(w, one);
	}
	mk_news_add(w, MK_TYPE_ENDED, &ended, NULL);
}

static void tell_restart(mk_worker *w, const mk_watch *x, const maiko_restarted *restarted)
{
	mk_watch_news *n = MK_NEW(mk_watch_news);
	mk_event *e = n == NULL ? NULL : own_event(w->sup, MK_TYPE_RESTARTED, restarted);
	if (e == NULL) {
		mk_free(n);
		mk_count_add(&w->untold, 1);
		return;
	}
	n->id = x->id;
	n->watcher = mk_sender_hold(x->watcher);
	n->number = x->number;
	n->event = e;
	n->message = (mk_message){.run = news_comes, .drop = drop_news_message};
	news_comes(w, &n->message);
}

void mk_watch_restarted(mk_worker *w, mk_actor *a, int error, uint32_t restarts)
{
	maiko_restarted restarted = {.actor = a->self->id, .error = error, .restarts = restarts};
	mk_name_copy(restarted.name, a->self->name);
	for (const mk_watch *x = a->extra == NULL ? NULL : a->extra->watchers; x != NULL; x = x->next)
		if (x->restarts)
			tell_restart(w, x, &restarted);
	mk_news_add(w, MK_TYPE_RESTARTED, &restarted, NULL);
}

/* ---- the watcher ------------------------------------------------------------------------------------ */

static void no_longer(mk_worker *w, mk_actor *a, mk_watch *x)
{
	unlink_own(a->extra, x);
	if (x->watched == NULL || is_stopped(w, a)) {
		give_up_half(x);
		return;
	}
	x->cancel = (mk_message){.run = cancel, .drop = drop_cancel};
	cancel(w, &x->cancel);
}

void mk_watches_close(mk_worker *w, mk_actor *a)
{
	while (a->extra != NULL && a->extra->watches != NULL)
		no_longer(w, a, a->extra->watches);
	if (a->extra != NULL)
		mk_map_fini(&a->extra->watched);
}

bool mk_watches_are_true(mk_sup *sup, const mk_actor *a)
{
	for (const mk_watch *x = a->extra == NULL ? NULL : a->extra->watches; x != NULL; x = x->next_own) {
		const mk_actor *of = mk_directory_find(sup, x->id);
		if (of == NULL || (of->sched & MK_ENDED) != 0 || x->at == NULL)
			return false;
	}
	for (const mk_watch *x = a->extra == NULL ? NULL : a->extra->watchers; x != NULL; x = x->next)
		if (atomic_load_explicit(&x->halves, memory_order_relaxed) != 2)
			return false;
	return true;
}

void mk_watches_free(mk_extra *x)
{
	forget_watchers(x);
	while (x->watches != NULL) {
		mk_watch *one = x->watches;
		unlink_own(x, one);
		give_up_half(one);
	}
	mk_map_fini(&x->watched);
}

/* ---- the public calls ------------------------------------------------------------------------------ */

static int check_handler(const maiko_ctx *ctx, mk_own_type type)
{
	const mk_type *t = mk_own_type_of(ctx->worker->sup, type);
	return mk_ignores(ctx->class, t) ? mk_fail(MAIKO_EINVAL, "maiko_watch: the actor type '%s' does not handle %s",
						   ctx->class->desc->name, t->desc->layout->name)
					 : 0;
}

static int check(const maiko_ctx *ctx, maiko_actor_id id, const maiko_watch_options *o)
{
	int rc = mk_check_ctx(ctx);
	if (rc == 0)
		rc = MK_RESERVED("maiko_watch", o);
	if (rc == 0 && id == 0)
		rc = mk_fail_text(MAIKO_EINVAL, "maiko_watch: id is 0, which is no actor's");
	if (rc == 0 && id == ctx->self->id)
		rc = mk_fail_text(MAIKO_EINVAL, "maiko_watch: id is this actor's own");
	if (rc == 0)
		rc = check_handler(ctx, MK_TYPE_ENDED);
	if (rc == 0 && o != NULL && o->restarts)
		rc = check_handler(ctx, MK_TYPE_RESTARTED);
	if (rc == 0 && ((ctx->sched & (MK_ENDED | MK_RETIRING)) != 0 || ctx->in_stop))
		rc = mk_fail(MAIKO_ESTATE, "maiko_watch: actor '%s' is ending already", ctx->self->name);
	if (rc == 0 && ctx->extra != NULL && mk_map_get(&ctx->extra->watched, id) != NULL)
		rc = mk_fail(MAIKO_EEXIST, "maiko_watch: actor '%s' watches %#llx already", ctx->self->name,
			     (unsigned long long)id);
	return rc;
}

static mk_watch *watch_new(maiko_ctx *ctx, maiko_actor_id id)
{
	maiko_ended unknown = {.actor = id, .reason = MAIKO_END_UNKNOWN};
	mk_watch *x = mk_private_prepare(ctx) != 0 ? NULL : MK_NEW(mk_watch);
	mk_event *e = x == NULL ? NULL : own_event(ctx->worker->sup, MK_TYPE_ENDED, &unknown);
	if (e == NULL || mk_map_put(&ctx->extra->watched, id, mk_map_key(x)) != 0) {
		free_event(e);
		mk_free(x);
		return NULL;
	}
	x->id = id;
	x->event = e;
	x->watcher = mk_sender_hold(ctx->self);
	x->number = ++ctx->extra->watch_count;
	atomic_init(&x->halves, 2);
	link_own(&ctx->extra->watches, x);
	return x;
}

/* Looks the actor up. What other workers do to it meanwhile is not this worker's doing, so a recorder notes what was
 * found. */
static mk_sender *look_up(mk_worker *w, maiko_actor_id id, bool restarts)
{
	mk_told told;
	uv_mutex_lock(&w->sup->lock);
	const mk_actor *a = mk_directory_find(w->sup, id);
	if (MK_UNLIKELY(w->sup->seam.led) && mk_is_told(w, MK_NOTE_WATCH, id, &told)) {
		if ((told.value & MK_NOTED_FOUND) == 0)
			a = NULL;
	} else {
		MK_NOTE(w, MK_NOTE_WATCH, id, (a != NULL ? MK_NOTED_FOUND : 0) | (restarts ? MK_NOTED_RESTARTS : 0));
	}
	mk_sender *s = a == NULL ? NULL : mk_sender_hold(a->self);
	uv_mutex_unlock(&w->sup->lock);
	return s;
}

int maiko_ctx_watch(maiko_ctx *ctx, maiko_actor_id actor, const maiko_watch_options *options)
{
	int rc = check(ctx, actor, options);
	if (rc != 0)
		return rc;
	mk_watch *x = watch_new(ctx, actor);
	if (x == NULL)
		return MAIKO_ENOMEM;
	x->restarts = options != NULL && options->restarts;
	x->watched = look_up(ctx->worker, actor, x->restarts);
	if (x->watched == NULL) {
		turn_back(ctx->worker, x);
		return 0;
	}
	x->go = (mk_message){.run = go, .drop = drop_go};
	go(ctx->worker, &x->go);
	return 0;
}

int maiko_unwatch_actor(maiko_ctx *ctx, maiko_actor_id actor)
{
	int rc = mk_check_ctx(ctx);
	if (rc != 0)
		return rc;
	mk_watch *x = ctx->extra == NULL || actor == 0 ? NULL : mk_map_get(&ctx->extra->watched, actor);
	if (x == NULL)
		return mk_fail(MAIKO_ENOENT, "maiko_unwatch_actor: actor '%s' does not watch %#llx", ctx->self->name,
			       (unsigned long long)actor);
	MK_NOTE(ctx->worker, MK_NOTE_WATCH, actor, MK_NOTED_UNWATCH);
	no_longer(ctx->worker, ctx, x);
	return 0;
}
