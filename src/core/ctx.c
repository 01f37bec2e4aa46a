/*
 * ctx.c - what an actor calls inside its callbacks.
 */
#include "backpressure.h"
#include "blocking.h"
#include "delayed.h"
#include "error.h"
#include "note.h"
#include "router.h"
#include "run.h"
#include "stop.h"
#include "tick.h"
#include "wait.h"
#include "worker.h"

#include <string.h>

/* ---- sending --------------------------------------------------------------------------- */

/* With one of these a send is checked further. */
enum { CHECKED = MK_MUTED | MK_SHUT };

/* Entered from libuv during a drain. */
static int refuse_shut(void)
{
	return mk_fail_text(MAIKO_ESHUTDOWN, "a stop has begun: between maiko_enter and maiko_leave an actor sends "
					     "nothing any more, wakes no tick and starts no job");
}

/* A muted actor: one of its allowance, or MAIKO_EAGAIN. */
static MK_NOINLINE int spend_allowance(maiko_ctx *ctx)
{
	if ((ctx->sched & CHECKED) == 0 || ctx->in_stop)
		return 0;
	if ((ctx->sched & MK_SHUT) != 0)
		return refuse_shut();
	if (ctx->extra->allowance == 0)
		return mk_fail_text(MAIKO_EAGAIN, "the actor is muted, as a subscriber is full, and has used up the "
						  "MAIKO_ALLOWANCE sends that it still had");
	ctx->extra->allowance--;
	return 0;
}

/* Sends a copy of `value`, or the block that it is in, to a topic. */
static MK_INLINE int send_to(mk_topic *t, const mk_type *type, maiko_ctx *ctx, const void *value, mk_block *block,
			     unsigned flags)
{
	int rc;
	mk_worker *w = ctx->worker;
	assert(mk_is_inside(ctx)); /* inside a callback of this actor, on its worker */
	bool plain = mk_is_plain(w, t);
	if (MK_UNLIKELY(!plain) && (rc = mk_router_prepare(w, t)) != 0)
		return rc;
	mk_event *e = MK_LIKELY(block == NULL && type->plain) ? mk_event_make_plain(&w->pool, type, value)
							      : mk_event_make(&w->pool, type, value, block);
	if (MK_UNLIKELY(e == NULL))
		return MAIKO_ENOMEM;
	if (MK_UNLIKELY((ctx->sched & CHECKED) != 0) && (rc = spend_allowance(ctx)) != 0) {
		if (block != NULL)
			mk_event_unmake(&w->pool, e);
		else
			mk_event_free(&w->pool, e);
		return rc;
	}
	mk_event_stamp(w, e, ctx->self, t, (flags & MAIKO_SEND_ROOT) != 0);
	mk_count_add(&ctx->sent, 1);
	if (MK_LIKELY(plain))
		mk_publish_plain(w, t, e);
	else
		mk_publish(w, e);
	return 0;
}

/* The most frequent case, without a call: of a plain type, to the only subscriber of a plain topic,
 * which has room; or (`muted`, a constant: whether this actor is) which has muted it already. False:
 * it is another case, and nothing is done. */
static MK_INLINE bool send_to_only(mk_actor *a, mk_topic *t, const mk_type *type, maiko_ctx *ctx, const void *value,
				   bool muted)
{
	mk_worker *w = ctx->worker;
	uint64_t tail = mk_count(&a->box.tail), span = tail - mk_count(&a->box.head);
	mk_event *e = mk_pool_first(&w->pool, type->klass);
	if (a == ctx || span == a->box.size || e == NULL)
		return false;
	if (muted ? !mk_may_add(ctx, a, t->index, span) : span >= a->box.capacity)
		return false;
	if (muted)
		ctx->extra->allowance--;
	assert(mk_is_inside(ctx) && mk_is_plain(w, t) && mk_only_subscriber(t) == a && type->plain);
	mk_pool_take_first(&w->pool, type->klass); /* in an order that few registers are enough for */
	mk_mailbox_put(&a->box, e, tail);
	mk_wake(w, a);
	e->refs = 1;
	mk_count_add(&t->published, 1);
	mk_count_add(&t->deliveries, 1);
	mk_count_add(&ctx->sent, 1);
	mk_event_stamp(w, e, ctx->self, t, false);
	mk_event_fill(e, type, value);
	return true;
}

/* By the topic that the type has; the route remembers who alone gets it. */
static MK_NOINLINE int send_typed(mk_route *route, maiko_ctx *ctx, const void *value, mk_block *block, unsigned flags)
{
	mk_topic *t = route->topic;
	const mk_type *type = route->type;
	mk_actor *only = mk_only_subscriber(t);
	if (only != NULL && type->plain && mk_is_plain(ctx->worker, t)) {
		route->only = only;
		route->shape = ctx->worker->shape;
	}
	return send_to(t, type, ctx, value, block, flags);
}

/* By its content. */
static MK_NOINLINE int send_routed(const mk_type *type, maiko_ctx *ctx, const void *value, mk_block *block,
				   unsigned flags)
{
	mk_topic *t;
	int rc = mk_route_by_content(ctx->worker, type, value, &t);
	if (MK_UNLIKELY(rc != 0))
		return rc;
	mk_actor *only = mk_only_subscriber(t);
	if (MK_LIKELY(only != NULL && type->plain && block == NULL && flags == 0) && mk_is_plain(ctx->worker, t) &&
	    (ctx->sched & CHECKED) == 0 && send_to_only(only, t, type, ctx, value, false))
		return 0;
	return send_to(t, type, ctx, value, block, flags);
}

/* To the one that the route remembers, if it may be. */
static MK_NOINLINE int send_muted(mk_route *route, maiko_ctx *ctx, const void *value)
{
	bool shut = (ctx->sched & MK_SHUT) != 0;
	return !shut && send_to_only(route->only, route->topic, route->type, ctx, value, true)
		       ? 0
		       : send_typed(route, ctx, value, NULL, 0);
}

static MK_NOINLINE int send_remembered(mk_route *route, maiko_ctx *ctx, const void *value)
{
	if (MK_UNLIKELY((ctx->sched & CHECKED) != 0))
		return send_muted(route, ctx, value);
	return MK_LIKELY(send_to_only(route->only, route->topic, route->type, ctx, value, false))
		       ? 0
		       : send_typed(route, ctx, value, NULL, 0);
}

static MK_NOINLINE int send_any(maiko_ctx *ctx, const maiko_event_type *desc, const void *value, mk_block *block,
				unsigned flags)
{
	mk_route *route;
	if (ctx == NULL)
		return MK_NULL_IN("maiko_send", ctx);
	if (desc == NULL || value == NULL)
		return mk_send_null_fail("maiko_ctx_send", desc);
	if ((flags & ~(MAIKO_SEND_ROOT | MAIKO_SEND_TRY)) != 0)
		return mk_send_flags_fail(flags);
	if (mk_forked(ctx->worker->sup))
		return mk_fail_forked();
	int rc = mk_route_find(ctx->worker, desc, &route);
	if (rc != 0)
		return rc;
	return route->topic != NULL ? send_typed(route, ctx, value, block, flags)
				    : send_routed(route->type, ctx, value, block, flags);
}

int maiko_ctx_send(maiko_ctx *ctx, const maiko_event_type *type, const void *event, unsigned flags)
{
	mk_route *route = NULL;
	if (MK_LIKELY(ctx != NULL && type != NULL && event != NULL && flags == 0) && mk_is_alive(ctx->worker->alive))
		route = mk_route_known(ctx->worker, type);
	if (MK_UNLIKELY(route == NULL))
		return send_any(ctx, type, event, NULL, flags);
	if (MK_LIKELY(route->shape == ctx->worker->shape))
		return send_remembered(route, ctx, event);
	return route->topic != NULL ? send_typed(route, ctx, event, NULL, 0)
				    : send_routed(route->type, ctx, event, NULL, 0);
}

int maiko_ctx_publish(maiko_ctx *ctx, void *event, unsigned flags)
{
	mk_block *b = event == NULL ? NULL : MK_OF(event, mk_block, data);
	if (b == NULL || b->magic != MK_BLOCK_DRAFT)
		return mk_draft_fail(event);
	b->magic = 0;
	int rc = send_any(ctx, b->desc, event, b, flags);
	if (rc != 0)
		b->magic = MK_BLOCK_DRAFT;
	return rc;
}

int maiko_ctx_send_after(maiko_ctx *ctx, uint64_t delay_ms, maiko_delayed *ret_delayed, const maiko_event_type *type,
			 const void *event)
{
	mk_route *found;
	if (ctx == NULL || type == NULL || event == NULL)
		return MK_NULL(ctx, type, event);
	mk_worker *w = ctx->worker;
	if (mk_forked(w->sup))
		return mk_fail_forked();
	if (w->draining || (ctx->sched & MK_ENDED) != 0)
		return mk_fail_text(MAIKO_ESHUTDOWN, "no delayed send: the actor is ending or the supervisor stopping");
	int rc = mk_route_find(w, type, &found);
	mk_route route = {.type = NULL};
	if (rc == 0)
		route = *found;
	if (rc == 0 && route.topic == NULL)
		rc = mk_route_by_content(w, route.type, event, &route.topic);
	if (rc == 0)
		rc = mk_delayed_add(w, ctx, &route, event, delay_ms, ret_delayed);
	if (MK_UNLIKELY(w->sup->seam.noted) && rc == 0)
		mk_note_call(w->sup, w, MK_NOTE_AFTER, ctx->self->id, (int64_t)ctx->extra->delayed_count,
			     &(mk_call){.event = type, .data = event, .delay_ms = delay_ms});
	return rc;
}

int maiko_cancel(maiko_ctx *ctx, maiko_delayed delayed)
{
	int rc = mk_check_ctx(ctx);
	if (rc == 0)
		rc = mk_delayed_cancel(ctx->worker, ctx, delayed);
	if (rc == 0)
		MK_NOTE(ctx->worker, MK_NOTE_CANCEL, ctx->self->id, (int64_t)delayed);
	return rc;
}

/* ---- who and when ------------------------------------------------------------------------ */

const char *maiko_name(const maiko_ctx *ctx) { return ctx->self->name; }
maiko_actor_id maiko_self(const maiko_ctx *ctx) { return ctx->self->id; }
maiko_supervisor *maiko_supervisor_of(const maiko_ctx *ctx) { return ctx->worker->sup; }
uint64_t maiko_now(const maiko_ctx *ctx) { return ctx->worker->now_ns; }
uint64_t maiko_random(maiko_ctx *ctx)
{
	MK_NOTE(ctx->worker, MK_NOTE_RANDOM, ctx->self->id, 0);
	return mk_random_next(&ctx->worker->sup->seam, &ctx->worker->random);
}
bool maiko_stopping(const maiko_ctx *ctx) { return ctx->worker->draining; }
bool maiko_is_congested(const maiko_ctx *ctx) { return mk_is_muted(ctx); }

struct uv_loop_s *maiko_loop(maiko_ctx *ctx)
{
	if (MK_UNLIKELY(ctx->worker->sup->seam.simulated))
		return mk_worker_idle_loop(ctx->worker, ctx->self->name);
	ctx->looped = true;
	return ctx->worker->loop;
}

const char *maiko_sender(const maiko_ctx *ctx)
{
	const mk_event *e = ctx->worker->event;
	return e == NULL ? "" : e->sender->name;
}

const maiko_envelope *maiko_meta(const maiko_ctx *ctx)
{
	const mk_event *e = ctx->worker->event;
	if (e == NULL)
		return NULL;
	ctx->worker->envelope = mk_envelope_of(e);
	return &ctx->worker->envelope;
}

/* ---- keeping ------------------------------------------------------------------------------ */

int maiko_keep(maiko_ctx *ctx, const void *event)
{
	int rc = mk_check_ctx(ctx);
	if (rc != 0)
		return rc;
	mk_event *e = ctx->worker->event;
	if (e == NULL || event == NULL || e->data != event || ctx->worker->actor != ctx)
		return mk_fail_text(MAIKO_EINVAL, "maiko_keep: event is not the one that is being handled");
	mk_extra *x = mk_extra_of(ctx);
	if (x == NULL)
		return MAIKO_ENOMEM;
	const uint64_t *place = mk_map_find(&x->kept_at, mk_map_key(event));
	if (place != NULL) {
		x->kept[*place].times++;
	} else {
		if (mk_reserve((void **)&x->kept, &x->kept_size, x->kept_count + 1, sizeof *x->kept) != 0 ||
		    mk_map_put(&x->kept_at, mk_map_key(event), x->kept_count) != 0)
			return MAIKO_ENOMEM;
		x->kept[x->kept_count++] = (mk_kept){e, 1};
	}
	e->refs++;
	return 0;
}

int maiko_release(maiko_ctx *ctx, const void *event)
{
	int rc = mk_check_ctx(ctx);
	if (rc != 0)
		return rc;
	mk_extra *x = ctx->extra;
	const uint64_t *found = x == NULL || event == NULL ? NULL : mk_map_find(&x->kept_at, mk_map_key(event));
	if (found == NULL)
		return mk_fail_text(MAIKO_EINVAL, "maiko_release: event is none that this actor keeps");
	uint64_t place = *found;
	mk_event *e = x->kept[place].event;
	if (--x->kept[place].times == 0) { /* the last takes its place */
		x->kept[place] = x->kept[--x->kept_count];
		*mk_map_find(&x->kept_at, mk_map_key(x->kept[place].event->data)) = place;
		mk_map_remove(&x->kept_at, mk_map_key(event));
	}
	mk_event_unref(&ctx->worker->pool, e);
	return 0;
}

/* ---- its own course -------------------------------------------------------------------------- */

int maiko_wake_tick(maiko_ctx *ctx)
{
	int rc = mk_check_ctx(ctx);
	if (rc != 0)
		return rc;
	if (ctx->class->tick == NULL || ctx->extra == NULL)
		return mk_fail(MAIKO_EINVAL, "maiko_wake_tick: actor '%s' has no MAIKO_TICK", ctx->self->name);
	if ((ctx->sched & MK_SHUT) != 0)
		return refuse_shut();
	if ((ctx->sched & MK_ENDED) != 0 || (ctx->worker->draining && ctx->extra->next.kind != MAIKO_NEXT_EVENTS))
		return mk_fail_text(MAIKO_ESHUTDOWN, "maiko_wake_tick: ticks have ended, the supervisor is stopping");
	ctx->extra->tick_due = true;
	mk_wake(ctx->worker, ctx);
	return 0;
}

int maiko_unwatch(maiko_ctx *ctx)
{
	int rc = mk_check_ctx(ctx);
	if (rc != 0)
		return rc;
	if (ctx->class->tick == NULL || ctx->extra == NULL)
		return mk_fail(MAIKO_EINVAL, "maiko_unwatch: actor '%s' has no MAIKO_TICK", ctx->self->name);
	mk_tick_unwatch(ctx->worker, ctx);
	return 0;
}

int maiko_stop_self(maiko_ctx *ctx)
{
	int rc = mk_check_ctx(ctx);
	if (rc != 0)
		return rc;
	if ((ctx->sched & (MK_ENDED | MK_PARTING)) != 0)
		return mk_fail(MAIKO_ESTATE, "maiko_stop_self: actor '%s' is ending already", ctx->self->name);
	MK_NOTE(ctx->worker, MK_NOTE_STOP_SELF, ctx->self->id, 0);
	mk_part(ctx->worker, ctx); /* no callback but on_stop any more */
	return 0;
}

int maiko_stop_all(maiko_ctx *ctx)
{
	int rc = mk_check_ctx(ctx);
	return rc != 0 ? rc : mk_stop_begin(ctx->worker->sup, NULL, NULL, NULL);
}

int maiko_ctx_blocking(maiko_ctx *ctx, const maiko_job_type *type, const void *job)
{
	int rc = mk_check_ctx(ctx);
	if (rc != 0)
		return rc;
	if (type == NULL || job == NULL)
		return MK_NULL(type, job);
	rc = mk_check_format("maiko_blocking: the job type", type->format);
	if (rc != 0)
		return rc;
	if (type->work == NULL || type->done == NULL || type->actor == NULL || type->size == 0)
		return mk_fail(MAIKO_EINVAL,
			       "maiko_blocking: a job type needs work, done, the actor's type and a size");
	if (type->size > MAIKO_EVENT_SIZE_MAX)
		return mk_fail(MAIKO_E2BIG, "maiko_blocking: a job of %u bytes; at most MAIKO_EVENT_SIZE_MAX, %u",
			       type->size, MAIKO_EVENT_SIZE_MAX);
	if (strcmp(type->actor, ctx->class->desc->name) != 0)
		return mk_fail(MAIKO_ETYPE, "maiko_blocking: the job is one of actor type '%s', actor '%s' is a '%s'",
			       type->actor, ctx->self->name, ctx->class->desc->name);
	if ((ctx->sched & MK_SHUT) != 0)
		return refuse_shut();
	return mk_blocking_start(ctx->worker, ctx, type, job);
}
