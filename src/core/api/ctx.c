/*
 * ctx.c - the calls of an actor in its callbacks.
 */
#include "base/error.h"
#include "lifecycle/stop.h"
#include "observe/note.h"
#include "registry/check.h"
#include "routing/allowance.h"
#include "routing/backpressure.h"
#include "routing/route.h"
#include "routing/router.h"
#include "runtime/callback.h"
#include "runtime/ready.h"
#include "sched/blocking.h"
#include "sched/delayed.h"
#include "sched/hold.h"
#include "sched/intake.h"
#include "sched/tick.h"
#include "sched/worker.h"

#include <string.h>

/* ---- delayed sends ---------------------------------------------------------------------- */

/* 0, or why the actor may delay nothing now. */
static int check_delay(const maiko_ctx *ctx)
{
	const mk_worker *w = ctx->worker;
	if (mk_forked(w->sup))
		return mk_fail_forked();
	if (mk_is_ending(ctx))
		return mk_fail_text(MAIKO_ESHUTDOWN,
				    "no delayed send: the actor is in its on_stop, whose end, or restart, cancels it");
	if (mk_is_drained(w, ctx))
		return mk_fail_text(MAIKO_ESHUTDOWN, "no delayed send: the supervisor is stopping");
	return 0;
}

static int delay(maiko_ctx *ctx, const mk_route *route, const void *event, mk_delay delay, maiko_delayed *ret_delayed)
{
	mk_worker *w = ctx->worker;
	bool own = route->topic == w->private_topic;
	maiko_delayed name = 0;
	int rc = own ? mk_check_own(w->sup, route->type, event) : mk_check(route->topic, route->type, event);
	if (rc == 0)
		rc = mk_delayed_add(w, ctx, route, event, delay, &name);
	if (rc == 0 && ret_delayed != NULL)
		*ret_delayed = name;
	if (MK_UNLIKELY(w->sup->seam.noted) && rc == 0)
		mk_note_call(w->sup, w, MK_NOTE_AFTER, ctx->self->id, (int64_t)name,
			     &(mk_call){.event = route->type->desc, .data = event, .delay = delay});
	return rc;
}

int maiko_ctx_send_after(maiko_ctx *ctx, uint64_t delay_ms, maiko_delayed *ret_delayed, const maiko_event_type *type,
			 const void *event)
{
	mk_route *found;
	if (ctx == NULL || type == NULL || event == NULL)
		return MK_NULL(ctx, type, event);
	int rc = check_delay(ctx);
	if (rc == 0)
		rc = mk_route_find(ctx->worker, type, &found);
	if (rc != 0)
		return rc;
	mk_route route = *found;
	if (route.topic == NULL)
		rc = mk_route_by_content(ctx->worker, route.type, event, &route.topic);
	return rc != 0 ? rc : delay(ctx, &route, event, (mk_delay){MK_DELAY_TOPIC, delay_ms}, ret_delayed);
}

/* A timer of the actor itself; `call` asks. */
static int set_timer(maiko_ctx *ctx, const char *call, mk_delay when, maiko_delayed *ret_delayed,
		     const maiko_event_type *type, const void *event)
{
	mk_route route = {.topic = ctx->worker->private_topic};
	int rc = check_delay(ctx);
	if (rc == 0)
		rc = mk_registry_type_of(ctx->worker->sup, type, &route.type);
	if (rc == 0 && mk_topic_is_own(route.type->topic))
		rc = mk_reserved_fail(route.type, route.type->topic);
	if (rc == 0 && mk_ignores(ctx->class, route.type))
		rc = mk_fail(MAIKO_EINVAL, "%s: actor '%s' has no handler of event '%s', which it sends to itself",
			     call, ctx->self->name, type->layout->name);
	return rc != 0 ? rc : delay(ctx, &route, event, when, ret_delayed);
}

int maiko_ctx_send_self_after(maiko_ctx *ctx, uint64_t delay_ms, maiko_delayed *ret_delayed,
			      const maiko_event_type *type, const void *event)
{
	if (ctx == NULL || type == NULL || event == NULL)
		return MK_NULL(ctx, type, event);
	return set_timer(ctx, "maiko_send_self_after_ms", (mk_delay){MK_DELAY_OWN, delay_ms}, ret_delayed, type, event);
}

int maiko_ctx_every(maiko_ctx *ctx, uint64_t period_ms, maiko_delayed *ret_delayed, const maiko_event_type *type,
		    const void *event)
{
	if (ctx == NULL || type == NULL || event == NULL)
		return MK_NULL(ctx, type, event);
	if (period_ms == 0)
		return mk_fail_text(MAIKO_EINVAL, "maiko_every_ms: the period is 0 ms; at least 1");
	return set_timer(ctx, "maiko_every_ms", (mk_delay){MK_DELAY_EVERY, period_ms}, ret_delayed, type, event);
}

int maiko_ctx_at(maiko_ctx *ctx, uint64_t unix_ms, maiko_delayed *ret_delayed, const maiko_event_type *type,
		 const void *event)
{
	if (ctx == NULL || type == NULL || event == NULL)
		return MK_NULL(ctx, type, event);
	return set_timer(ctx, "maiko_at", (mk_delay){MK_DELAY_AT, unix_ms}, ret_delayed, type, event);
}

uint64_t maiko_missed(const maiko_ctx *ctx) { return ctx->extra == NULL ? 0 : ctx->extra->missed; }

int maiko_cancel(maiko_ctx *ctx, maiko_delayed delayed)
{
	int rc = mk_check_ctx(ctx);
	return rc != 0 ? rc : mk_delayed_cancel(ctx->worker, ctx, delayed);
}

/* ---- identity, time, the event ------------------------------------------------------------ */

const char *maiko_name(const maiko_ctx *ctx) { return ctx->self->name; }
maiko_actor_id maiko_self(const maiko_ctx *ctx) { return ctx->self->id; }
maiko_supervisor *maiko_supervisor_of(const maiko_ctx *ctx) { return ctx->worker->sup; }
uint64_t maiko_now(const maiko_ctx *ctx) { return ctx->worker->now_ns; }
uint64_t maiko_unix_ms(maiko_ctx *ctx) { return mk_note_wall(ctx->worker) / 1000000; }
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
	return e == NULL ? "" : mk_event_sender_name(e);
}

const maiko_envelope *maiko_meta(const maiko_ctx *ctx)
{
	const mk_event *e = ctx->worker->event;
	if (e == NULL)
		return NULL;
	mk_envelope_fill(&ctx->worker->envelope, e);
	return &ctx->worker->envelope;
}

/* ---- kept events --------------------------------------------------------------------------- */

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
	MK_NOTE(ctx->worker, MK_NOTE_KEEP, e->id.sequence, (int64_t)e->id.origin);
	e->topic->kept++;
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
	MK_NOTE(ctx->worker, MK_NOTE_RELEASE, e->id.sequence, (int64_t)e->id.origin);
	if (--x->kept[place].times == 0) { /* the last entry moves to its index */
		x->kept[place] = x->kept[--x->kept_count];
		*mk_map_find(&x->kept_at, mk_map_key(x->kept[place].event->data)) = place;
		mk_map_remove(&x->kept_at, mk_map_key(event));
	}
	e->topic->kept--;
	mk_event_unref(&ctx->worker->pool, e);
	return 0;
}

/* ---- tick, stop, jobs ------------------------------------------------------------------------- */

/* Whether the actor has a tick; `call` asks. */
static int check_ticks(const maiko_ctx *ctx, const char *call)
{
	int rc = mk_check_ctx(ctx);
	if (rc == 0 && (ctx->class->tick == NULL || ctx->extra == NULL))
		rc = mk_fail(MAIKO_EINVAL, "%s: actor '%s' has no MAIKO_TICK", call, ctx->self->name);
	return rc;
}

int maiko_wake_tick(maiko_ctx *ctx)
{
	int rc = check_ticks(ctx, "maiko_wake_tick");
	if (rc != 0)
		return rc;
	if ((ctx->sched & MK_SHUT) != 0)
		return mk_refuse_shut();
	if (mk_is_ending(ctx))
		return mk_fail_text(MAIKO_ESHUTDOWN, "maiko_wake_tick: ticks have ended, the actor is in its on_stop");
	if (mk_is_drained(ctx->worker, ctx) && (ctx->extra->wants & MAIKO_WOKEN_EVENTS) == 0)
		return mk_fail_text(MAIKO_ESHUTDOWN, "maiko_wake_tick: ticks have ended, the supervisor is stopping");
	mk_occupy(ctx);
	ctx->extra->tick_due = true;
	ctx->extra->came |= MAIKO_WOKEN_CALL;
	mk_wake(ctx->worker, ctx);
	return 0;
}

unsigned maiko_woken_by(const maiko_ctx *ctx) { return ctx->extra == NULL ? 0 : ctx->extra->woken; }

int maiko_unwatch(maiko_ctx *ctx)
{
	int rc = check_ticks(ctx, "maiko_unwatch");
	if (rc == 0)
		mk_tick_unwatch(ctx->worker, ctx);
	return rc;
}

/* Whether the actor is not ending yet; `call` asks. */
static int check_not_ending(const maiko_ctx *ctx, const char *call)
{
	int rc = mk_check_ctx(ctx);
	if (rc == 0 && (ctx->sched & (MK_ENDED | MK_RETIRING)) != 0)
		rc = mk_fail(MAIKO_ESTATE, "%s: actor '%s' is ending already", call, ctx->self->name);
	return rc;
}

/* The same; nor in the on_stop of a restart, which ends a hold. */
static int check_may_hold(const maiko_ctx *ctx, const char *call)
{
	int rc = check_not_ending(ctx, call);
	if (rc == 0 && ctx->in_stop)
		rc = mk_fail(MAIKO_ESTATE, "%s: actor '%s' is in its on_stop, before its restart", call,
			     ctx->self->name);
	return rc;
}

int maiko_hold(maiko_ctx *ctx)
{
	int rc = check_may_hold(ctx, "maiko_hold");
	return rc != 0 ? rc : mk_intake_hold(ctx->worker, ctx);
}

int maiko_unhold(maiko_ctx *ctx)
{
	int rc = check_may_hold(ctx, "maiko_unhold");
	if (rc == 0)
		mk_intake_unhold(ctx->worker, ctx);
	return rc;
}

int maiko_stop_self(maiko_ctx *ctx)
{
	int rc = check_not_ending(ctx, "maiko_stop_self");
	if (rc != 0)
		return rc;
	MK_NOTE(ctx->worker, MK_NOTE_STOP_SELF, ctx->self->id, 0);
	mk_retire(ctx->worker, ctx); /* of its callbacks only on_stop still runs */
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
		return mk_refuse_shut();
	return mk_blocking_start(ctx->worker, ctx, type, job);
}
