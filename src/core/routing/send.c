/*
 * send.c - all functions by which an actor sends an event. The hot path of every event; send_external.c has those
 * of external threads.
 *
 * The way of a send (maiko_ctx_send), depending on the type, on its topic on this worker, and on the sender:
 *
 *   type             topic           one subscriber     sender         way
 *   -----            -----           --------------     ------         ---
 *   route unknown    any             any                any            send_any: learns the route, then as below
 *   by type          plain           remembered, room   may send       send_remembered: send_to_only, no call
 *   by type          plain           remembered         muted          send_muted: send_to_only, spends its allowance
 *   by type          watched         one, with room     may send       send_watched: send_to_only, tells the monitors
 *   by type          any             otherwise          any            send_typed: remembers the one, if there is one
 *   by content       plain           remembered, room   may send       send_routed: send_to_only
 *   by content       any             otherwise          any            send_targeted: remembers the one, if any
 *   by the sender    any             as by content      any            maiko_ctx_send_on: finds the topic; as above
 *
 * send_to handles all other cases: it opens missing channels, makes the event, spends the allowance of a muted
 * sender, stamps, and publishes: mk_publish_plain on a plain topic, mk_publish on any other.
 *
 *   plain (of a type)    the payload is inline in the event, without buffers and counted arrays: copied by a few
 *                        instructions
 *   plain (of a topic)   all subscribers are on this worker, none is joining or leaving, no .check, no .retain, no
 *                        monitor (mk_is_plain)
 *   watched              plain, but there is a monitor of sends
 *   remembered           mk_route.only, or mk_target.only, as long as its route_version matches the worker's: the only
 *                        subscriber of a plain topic, or of a pattern that is all that takes the topic
 *   muted                a subscriber is full: MAIKO_ALLOWANCE sends are left, then MAIKO_EAGAIN
 *
 * A block (maiko_ctx_publish) or a flag always takes send_any; a tracked send continues in mk_receipt_send. One with a
 * time to live is in send_ttl.c. A recording needs no case here: it is a monitor, so no topic is plain.
 */
#include "base/error.h"
#include "registry/check.h"
#include "registry/named.h"
#include "registry/registry.h"
#include "registry/target.h"
#include "routing/allowance.h"
#include "routing/mute_edge.h"
#include "routing/receipt.h"
#include "routing/route.h"
#include "routing/router.h"
#include "runtime/callback.h"

/* Sends a copy of `value`, or the block that contains it, to a topic. `plain`: mk_is_plain. */
static MK_INLINE int send_to(mk_topic *t, bool plain, const mk_type *type, maiko_ctx *ctx, const void *value,
			     mk_block *block, unsigned flags)
{
	int rc;
	mk_worker *w = ctx->worker;
	assert(mk_is_inside(ctx)); /* in a callback of this actor, on its worker */
	if (MK_UNLIKELY(!plain) && (rc = mk_router_admit(w, t, type, value)) != 0)
		return rc;
	mk_event *e = MK_LIKELY(block == NULL && type->plain) ? mk_event_make_plain(&w->pool, type, value)
							      : mk_event_make(&w->pool, type, value, block);
	if (MK_UNLIKELY(e == NULL))
		return mk_event_fail(type, value);
	if (MK_UNLIKELY((ctx->sched & MK_SEND_CHECKED) != 0) && (rc = mk_spend_allowance(ctx)) != 0) {
		mk_event_unmake(&w->pool, e, block);
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

/* The most frequent case, without a call: an event of a plain type to the only subscriber of a plain (or `watched`, a
 * constant) topic, which has room; or (`muted`, a constant: this actor is muted) which already mutes this actor.
 * False: it is another case, and nothing was changed. */
static MK_INLINE bool send_to_only(mk_actor *a, mk_topic *t, const mk_type *type, maiko_ctx *ctx, const void *value,
				   bool muted, bool watched)
{
	mk_worker *w = ctx->worker;
	uint64_t tail = mk_count(&a->box.tail), span = tail - mk_count(&a->box.head);
	mk_event *e = mk_pool_first(&w->pool, type->size_class);
	if (a == ctx || span == a->box.size || e == NULL)
		return false;
	if (muted ? !mk_may_add(ctx, a, t->index, span) : span >= a->box.capacity)
		return false;
	if (muted)
		ctx->extra->allowance--;
	assert(mk_is_inside(ctx) && type->plain);
	assert(t->attaches == 0 ? mk_only_subscriber(t) == a : mk_attached_only(w, t) == a);
	assert(t->attaches != 0 || (watched ? mk_is_local(w, t) : mk_is_plain(w, t)));
	mk_pool_take_first(&w->pool, type->size_class); /* this order of statements needs the fewest registers */
	mk_mailbox_put(&a->box, e, tail);
	mk_wake_for_event(w, a);
	e->refs = 1;
	mk_count_add(&t->published, 1);
	mk_count_add(&t->deliveries, 1);
	mk_count_add(&ctx->sent, 1);
	mk_event_stamp(w, e, ctx->self, t, false);
	mk_event_fill(e, type, value);
	if (watched) {
		MK_NOTIFY(w, MAIKO_OBSERVED_DISPATCHED, NULL, e, 0);
		MK_NOTIFY(w, MAIKO_OBSERVED_DELIVERED, a, e, 0);
	}
	return true;
}

/* Routed by type; caches the only subscriber in the route; that of a pattern is cached by mk_publish. */
static MK_NOINLINE int send_typed(mk_route *route, maiko_ctx *ctx, const void *value, mk_block *block, unsigned flags)
{
	mk_topic *t = route->topic;
	const mk_type *type = route->type;
	mk_actor *only = mk_only_subscriber(t);
	bool plain = mk_is_plain(ctx->worker, t);
	if (plain && only != NULL && type->plain) {
		route->only = only;
		route->route_version = ctx->worker->route_version;
	}
	return send_to(t, plain, type, ctx, value, block, flags);
}

/* Routed by content, to that target, which may be NULL; caches the only subscriber in it. */
static MK_NOINLINE int send_targeted(mk_target *target, const maiko_topic *desc, const mk_type *type, maiko_ctx *ctx,
				     const void *value, mk_block *block, unsigned flags)
{
	mk_worker *w = ctx->worker;
	mk_topic *t;
	if (target == NULL || target->topic == NULL) {
		int rc = mk_target_learn(w, type, desc, &t);
		if (rc != 0)
			return rc;
		return send_to(t, mk_is_plain(w, t), type, ctx, value, block, flags);
	}
	t = target->topic;
	mk_actor *only = mk_only_subscriber(t);
	bool plain = mk_is_plain(w, t);
	if (plain && only != NULL) {
		target->only = only;
		target->route_version = w->route_version;
	}
	if (MK_UNLIKELY(t->attaches != 0))
		mk_attached_remember(w, t, &target->only, &target->route_version);
	return send_to(t, plain, type, ctx, value, block, flags);
}

/* To the topic of that description. */
static MK_INLINE int send_described(const maiko_topic *desc, const mk_type *type, maiko_ctx *ctx, const void *value)
{
	mk_worker *w = ctx->worker;
	mk_target *target = mk_target_at(w, ctx->target);
	if (target->desc != desc) {
		target = mk_target_of(w, desc);
		if (MK_UNLIKELY(target == NULL))
			return send_targeted(NULL, desc, type, ctx, value, NULL, 0);
		if (MK_LIKELY((ctx->sched & MK_HELD) == 0))
			ctx->target = mk_target_guess(w, target);
	}
	if (MK_LIKELY(target->route_version == w->route_version && (ctx->sched & MK_SEND_CHECKED) == 0) &&
	    MK_LIKELY(type->plain) &&
	    MK_LIKELY(send_to_only(target->only, target->topic, type, ctx, value, false, false)))
		return 0;
	return send_targeted(target, desc, type, ctx, value, NULL, 0);
}

/* Routed by content. */
static MK_NOINLINE int send_routed(const mk_type *type, maiko_ctx *ctx, const void *value)
{
	return send_described(type->desc->route(value, ctx->worker->sup), type, ctx, value);
}
static int send_routed_any(const mk_type *type, maiko_ctx *ctx, const void *value, mk_block *block, unsigned flags)
{
	const maiko_topic *desc = type->desc->route(value, ctx->worker->sup);
	return send_targeted(mk_target_of(ctx->worker, desc), desc, type, ctx, value, block, flags);
}

/* As send_remembered, for a sender that is muted or, during a drain, may not send at all. */
static MK_NOINLINE int send_muted(mk_route *route, maiko_ctx *ctx, const void *value)
{
	bool shut = (ctx->sched & MK_SHUT) != 0;
	return !shut && send_to_only(route->only, route->topic, route->type, ctx, value, true, false)
		       ? 0
		       : send_typed(route, ctx, value, NULL, 0);
}

/* To the subscriber cached in the route, if send_to_only can; else as send_typed. */
static MK_NOINLINE int send_remembered(mk_route *route, maiko_ctx *ctx, const void *value)
{
	if (MK_UNLIKELY((ctx->sched & MK_SEND_CHECKED) != 0))
		return send_muted(route, ctx, value);
	return MK_LIKELY(send_to_only(route->only, route->topic, route->type, ctx, value, false, false))
		       ? 0
		       : send_typed(route, ctx, value, NULL, 0);
}

static inline int send_unremembered(mk_route *route, maiko_ctx *ctx, const void *value)
{
	return route->topic != NULL ? send_typed(route, ctx, value, NULL, 0) : send_routed(route->type, ctx, value);
}

/* There is a monitor of sends: to the only subscriber, if send_to_only can. */
static MK_NOINLINE int send_watched(mk_route *route, maiko_ctx *ctx, const void *value)
{
	mk_topic *t = route->topic;
	mk_actor *only = t == NULL ? NULL : mk_only_subscriber(t);
	if (only != NULL && route->type->plain && mk_is_local(ctx->worker, t) && (ctx->sched & MK_SEND_CHECKED) == 0 &&
	    send_to_only(only, t, route->type, ctx, value, false, true))
		return 0;
	return send_unremembered(route, ctx, value);
}

/* With a receipt. */
static int send_tracked_to(mk_topic *t, const mk_type *type, maiko_ctx *ctx, const void *value, mk_block *block,
			   unsigned flags)
{
	int rc = mk_check(t, type, value);
	return rc != 0 ? rc : mk_receipt_send(t, type, ctx, value, block, flags, &(mk_tracking){0});
}
static int send_tracked(const mk_route *route, maiko_ctx *ctx, const void *value, mk_block *block, unsigned flags)
{
	mk_topic *t = route->topic;
	int rc = t != NULL ? 0 : mk_route_by_content(ctx->worker, route->type, value, &t);
	return rc != 0 ? rc : send_tracked_to(t, route->type, ctx, value, block, flags);
}

static MK_NOINLINE int send_any(maiko_ctx *ctx, const maiko_event_type *desc, const void *value, mk_block *block,
				unsigned flags)
{
	mk_route *route;
	if (ctx == NULL)
		return MK_NULL_IN("maiko_send", ctx);
	if (desc == NULL || value == NULL)
		return mk_send_null_fail("maiko_ctx_send", desc);
	if ((flags & ~(MAIKO_SEND_ROOT | MAIKO_SEND_TRY | MAIKO_SEND_TRACKED)) != 0)
		return mk_send_flags_fail(flags);
	if (mk_forked(ctx->worker->sup))
		return mk_fail_forked();
	int rc = mk_route_find(ctx->worker, desc, &route);
	if (rc != 0)
		return rc;
	if ((flags & MAIKO_SEND_TRACKED) != 0)
		return send_tracked(route, ctx, value, block, flags);
	return route->topic != NULL ? send_typed(route, ctx, value, block, flags)
				    : send_routed_any(route->type, ctx, value, block, flags);
}

int maiko_ctx_send(maiko_ctx *ctx, const maiko_event_type *type, const void *event, unsigned flags)
{
	mk_route *route = NULL;
	if (MK_LIKELY(ctx != NULL && type != NULL && event != NULL && flags == 0) && mk_is_alive(ctx->worker->alive)) {
		mk_worker *w = ctx->worker;
		route = w->recent;
		if (w->recent_desc != type && (route = mk_route_known(w, type)) != NULL) {
			w->recent_desc = type;
			w->recent = route;
		}
	}
	if (MK_UNLIKELY(route == NULL))
		return send_any(ctx, type, event, NULL, flags);
	if (MK_LIKELY(route->route_version == ctx->worker->route_version))
		return send_remembered(route, ctx, event);
	return MK_UNLIKELY(ctx->worker->watched_sends != 0) ? send_watched(route, ctx, event)
							    : send_unremembered(route, ctx, event);
}

/* To a topic that the send names: with flags. */
static MK_NOINLINE int send_on_any(const maiko_topic *desc, const mk_route *route, maiko_ctx *ctx, const void *value,
				   unsigned flags)
{
	mk_topic *t;
	if ((flags & ~(MAIKO_SEND_ROOT | MAIKO_SEND_TRY | MAIKO_SEND_TRACKED)) != 0)
		return mk_send_flags_fail(flags);
	if ((flags & MAIKO_SEND_TRACKED) == 0)
		return send_targeted(mk_target_of(ctx->worker, desc), desc, route->type, ctx, value, NULL, flags);
	int rc = mk_target_find(ctx->worker, route->type, desc, &t);
	return rc != 0 ? rc : send_tracked_to(t, route->type, ctx, value, NULL, flags);
}

int maiko_ctx_send_on(maiko_ctx *ctx, const char *topic, const maiko_event_type *type, const void *event,
		      unsigned flags)
{
	mk_route *route;
	const maiko_topic *desc;
	if (ctx == NULL || topic == NULL || type == NULL || event == NULL)
		return MK_NULL_IN("maiko_ctx_send_on", ctx, topic, type, event);
	if (mk_forked(ctx->worker->sup))
		return mk_fail_forked();
	int rc = mk_route_find(ctx->worker, type, &route);
	if (rc == 0)
		rc = mk_named_check(route->type);
	if (rc == 0)
		rc = mk_named_find(ctx->worker, topic, &desc);
	if (rc != 0)
		return rc;
	return MK_LIKELY(flags == 0) ? send_described(desc, route->type, ctx, event)
				     : send_on_any(desc, route, ctx, event, flags);
}

int maiko_ctx_send_many(maiko_ctx *ctx, const maiko_event_type *type, const void *values, size_t count, unsigned flags,
			size_t *ret_sent)
{
	mk_route *route;
	size_t sent = 0;
	if (ret_sent != NULL)
		*ret_sent = 0;
	if (ctx == NULL)
		return MK_NULL_IN("maiko_send_many", ctx);
	if (type == NULL || (values == NULL && count != 0))
		return MK_NULL_IN("maiko_send_many", type, values);
	if ((flags & ~(MAIKO_SEND_ROOT | MAIKO_SEND_TRY | MAIKO_SEND_TRACKED)) != 0)
		return mk_send_flags_fail(flags);
	if (mk_forked(ctx->worker->sup))
		return mk_fail_forked();
	int rc = mk_route_find(ctx->worker, type, &route);
	const mk_type *known = rc == 0 ? route->type : NULL;
	while (rc == 0 && sent < count) {
		const char *value = (const char *)values + sent * known->size;
		rc = mk_layout_check_texts(known->desc->layout, value);
		if (rc == 0)
			rc = maiko_ctx_send(ctx, type, value, flags);
		sent += rc == 0;
	}
	if (ret_sent != NULL)
		*ret_sent = sent;
	return rc;
}

int maiko_ctx_publish(maiko_ctx *ctx, void *event, unsigned flags)
{
	mk_block *b;
	int rc = mk_draft_of(event, &b);
	if (rc != 0)
		return rc;
	b->magic = 0;
	rc = send_any(ctx, b->desc, event, b, flags);
	if (rc != 0)
		b->magic = MK_BLOCK_DRAFT;
	return rc;
}
