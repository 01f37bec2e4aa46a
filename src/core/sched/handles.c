/*
 * handles.c - libuv handles that an actor has adopted, and entering an actor from libuv's callbacks.
 *
 * A handle usually lies in the actor's state, so the state may be freed only after libuv has closed
 * the handle. For a handle closed by maiko_close the close callback tells. For one that the user has
 * closed with uv_close it does not; but libuv runs all close callbacks that are due in one pass, and a
 * handle of this file that is closed later has its callback in the same pass or the next. So a
 * departure, after all known close callbacks, closes such a handle twice before the actor is freed or its
 * state is renewed.
 */
#include "sched/handles.h"

#include "base/error.h"
#include "observe/note.h"
#include "runtime/callback.h"
#include "runtime/lane.h"
#include "runtime/ready.h"
#include "sched/actors.h"
#include "sched/closing.h"
#include "sched/end.h"
#include "sched/fd_watch.h"

typedef struct mk_adopted {
	struct mk_adopted *next, **at; /* at: what points to it */
	mk_actor *actor;
	uv_handle_t *handle;
	void (*closed)(uv_handle_t *handle);
	void *data; /* the user's, restored for the user's close callback */
	bool closing;
} mk_adopted;

/* The last handle of an actor that departs, or that will be restarted. */
typedef struct mk_departure {
	uv_timer_t timer;
	mk_worker *worker;
	mk_actor *actor;
} mk_departure;

int maiko_adopt(maiko_ctx *ctx, struct uv_handle_s *handle)
{
	if (ctx != NULL && ctx->worker->sup->seam.simulated)
		return mk_refuse(ctx->worker->sup, "maiko_adopt", ctx->self->name);
	if (ctx == NULL || handle == NULL)
		return MK_NULL(ctx, handle);
	if (handle->loop != ctx->worker->loop)
		return mk_fail(MAIKO_EINVAL, "maiko_adopt: the handle is not of the loop of actor '%s' (maiko_loop)",
			       ctx->self->name);
	if (mk_forked(ctx->worker->sup))
		return mk_fail_forked();
	if (mk_is_ending(ctx))
		return mk_fail(MAIKO_ESTATE, "maiko_adopt: actor '%s' is ending, or in the on_stop of a restart",
			       ctx->self->name);
	mk_extra *x = mk_extra_of(ctx);
	if (x != NULL && x->departure == NULL)
		x->departure = MK_NEW(mk_departure);
	if (x == NULL || x->departure == NULL)
		return MAIKO_ENOMEM;
	if (mk_map_find(&x->handles, mk_map_key(handle)) != NULL)
		return mk_fail(MAIKO_EEXIST, "maiko_adopt: actor '%s' has adopted the handle already", ctx->self->name);
	mk_adopted *d = MK_NEW(mk_adopted);
	if (d == NULL || mk_map_put(&x->handles, mk_map_key(handle), mk_map_key(d)) != 0) {
		mk_free(d);
		return MAIKO_ENOMEM;
	}
	d->actor = ctx;
	d->handle = handle;
	MK_LIST_PUSH(&x->adopted, d);
	return 0;
}

static void unlink_one(mk_adopted *d)
{
	mk_map_remove(&d->actor->extra->handles, mk_map_key(d->handle));
	MK_LIST_REMOVE(d);
}

static void departed(uv_handle_t *handle)
{
	mk_departure *d = MK_OF(handle, mk_departure, timer);
	mk_worker *w = d->worker;
	mk_actor *a = d->actor;
	void (*then)(mk_worker *, mk_actor *) = a->extra->all_closed;
	a->extra->all_closed = NULL;
	(void)mk_lane_enter(w); /* as in maiko_enter */
	then(w, a);
	mk_lane_leave(w);
	mk_worker_handle_closed(w);
}

static void close_again(uv_handle_t *handle)
{
	mk_departure *d = MK_OF(handle, mk_departure, timer);
	uv_timer_init(d->worker->loop, &d->timer);
	uv_close((uv_handle_t *)&d->timer, departed);
}

/* All known close callbacks have run. */
static void depart(mk_worker *w, mk_actor *a)
{
	mk_departure *d = a->extra->departure;
	d->worker = w;
	d->actor = a;
	w->open_handles++;
	uv_timer_init(w->loop, &d->timer);
	uv_close((uv_handle_t *)&d->timer, close_again);
}

static void on_closed(uv_handle_t *handle)
{
	mk_adopted *d = handle->data;
	mk_actor *a = d->actor;
	mk_worker *w = a->worker;
	handle->data = d->data;
	unlink_one(d);
	if (d->closed != NULL)
		d->closed(handle);
	mk_free(d);
	if (a->extra->all_closed != NULL && a->extra->adopted == NULL)
		depart(w, a);
	mk_worker_handle_closed(w);
}

static void close_one(mk_worker *w, mk_adopted *d)
{
	d->closing = true;
	d->data = d->handle->data;
	d->handle->data = d;
	w->open_handles++;
	uv_close(d->handle, on_closed);
}

int maiko_close(maiko_ctx *ctx, struct uv_handle_s *handle, void (*closed)(struct uv_handle_s *handle))
{
	if (ctx == NULL || handle == NULL)
		return MK_NULL(ctx, handle);
	if (mk_forked(ctx->worker->sup)) /* the parent has the same kernel objects */
		return mk_fail_forked();
	mk_adopted *d = ctx->extra == NULL ? NULL : mk_map_get(&ctx->extra->handles, mk_map_key(handle));
	if (d == NULL || d->closing || uv_is_closing(handle))
		return mk_fail(MAIKO_EINVAL,
			       "maiko_close: the handle is none that actor '%s' has adopted, or is closing already",
			       ctx->self->name);
	d->closed = closed;
	close_one(ctx->worker, d);
	return 0;
}

void mk_adopted_close(mk_worker *w, mk_actor *a)
{
	if (a->extra == NULL)
		return;
	for (mk_adopted *d = a->extra->adopted, *next; d != NULL; d = next) {
		next = d->next;
		if (d->closing)
			continue;
		if (!uv_is_closing(d->handle)) {
			close_one(w, d);
		} else { /* closed by the user */
			unlink_one(d);
			mk_free(d);
		}
	}
}

void mk_adopted_drain(const mk_actor *a)
{
	for (const mk_adopted *d = a->extra == NULL ? NULL : a->extra->adopted; d != NULL; d = d->next) {
		uv_handle_t *h = d->handle;
		if (d->closing || uv_is_closing(h))
			continue;
		if (h->type == UV_TCP || h->type == UV_NAMED_PIPE || h->type == UV_TTY)
			uv_read_stop((uv_stream_t *)h);
		else if (h->type == UV_UDP)
			uv_udp_recv_stop((uv_udp_t *)h);
	}
}

static void dispose(mk_worker *w, mk_actor *a)
{
	(void)w;
	mk_actor_dispose(a);
}

void mk_adopted_close_all(mk_worker *w, mk_actor *a, void (*then)(mk_worker *w, mk_actor *a))
{
	mk_extra *x = a->extra;
	bool waits = x != NULL && x->all_closed != NULL; /* for a restart: it comes to `then` instead */
	if (x == NULL || (x->adopted == NULL && !waits)) {
		then(w, a);
		return;
	}
	x->all_closed = then;
	if (waits)
		return;
	mk_adopted_close(w, a);
	if (x->adopted == NULL)
		depart(w, a);
}

void mk_adopted_depart(mk_worker *w, mk_actor *a) { mk_adopted_close_all(w, a, dispose); }

/* ---- entering an actor from libuv's callbacks ---------------------------------------------------- */

/* Whether the actor can be entered now: 0, or an error. */
static int check_enter(const maiko_ctx *ctx)
{
	if ((ctx->sched & (MK_ENDED | MK_DOWN)) != 0)
		return mk_fail(MAIKO_EFAILED, "maiko_enter: actor '%s' has ended, or waits for its restart",
			       ctx->self->name);
	if (ctx->worker->actor != NULL)
		return mk_fail(MAIKO_ESTATE, "maiko_enter: this thread is inside a callback of actor '%s' already",
			       ctx->worker->actor->self->name);
	return 0;
}

int maiko_enter(maiko_ctx *ctx)
{
	if (ctx == NULL)
		return MK_NULL(ctx);
	if (mk_forked(ctx->worker->sup))
		return mk_fail_forked();
	bool rested = mk_lane_enter(ctx->worker);
	int rc = check_enter(ctx);
	if (rc != 0) {
		if (rested)
			mk_lane_leave(ctx->worker);
		return rc;
	}
	ctx->worker->now_ns = mk_now(&ctx->worker->sup->seam); /* libuv may have slept since the turn */
	if (mk_is_drained(ctx->worker, ctx)) /* else new input could delay the end of the drain without bound */
		ctx->sched |= MK_SHUT;
	MK_NOTE(ctx->worker, MK_NOTE_ENTER, ctx->self->id, 0);
	mk_callback_enter(ctx->worker, ctx);
	return 0;
}

void maiko_leave(maiko_ctx *ctx, int rc)
{
	mk_worker *w = ctx->worker;
	assert(w->actor == ctx);
	mk_callback_leave(w);
	MK_NOTE(w, MK_NOTE_LEAVE, 0, rc);
	if (ctx->extra != NULL && ctx->extra->watch != NULL)
		mk_fd_watch_doubt(ctx);
	if (rc < 0)
		mk_actor_error(w, ctx, rc, MAIKO_PHASE_LOOP, NULL);
	if ((ctx->sched & MK_SHUT) != 0) {
		ctx->sched &= (uint16_t)~MK_SHUT;
		if (mk_has_work(ctx))
			mk_wake(w, ctx);
	}
	/* Its sends are published in the next turn. A worker's own loop could poll and sleep right after its timers,
	 * so it is stopped here. An embedded loop takes a turn before it polls, but this callback may have run between
	 * the two: then the worker sleeps, and is woken. */
	mk_lane_leave(w);
	if (w->sup->embedded)
		mk_lane_wake(w);
	else if (!w->sup->seam.simulated)
		uv_stop(w->loop);
}
