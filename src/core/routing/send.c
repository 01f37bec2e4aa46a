/*
 * send.c - all functions that send an event. The hot path of every event.
 *
 * From an actor (maiko_ctx_send), depending on the type, on its topic on this worker, and on the sender:
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
 *
 * send_to handles all other cases: it opens missing channels, makes the event, spends the allowance of a muted
 * sender, stamps, and publishes: mk_publish_plain on a plain topic, mk_publish on any other.
 *
 *   plain (of a type)    the payload is inline in the event, without buffers and counted arrays: copied by a few
 *                        instructions
 *   plain (of a topic)   all subscribers are on this worker, none is joining or leaving, no .check, no monitor
 *                        (mk_is_plain)
 *   watched              plain, but there is a monitor of sends
 *   remembered           mk_route.only, or mk_target.only, as long as its route_version matches the worker's
 *   muted                a subscriber is full: MAIKO_ALLOWANCE sends are left, then MAIKO_EAGAIN
 *
 * A block (maiko_ctx_publish) or a flag always takes send_any; a tracked send continues in mk_receipt_send. A recording
 * needs no case here: it is a monitor, so no topic is plain.
 *
 * From an external thread (maiko_supervisor_send...) there are two ways: wait for credit (external.h), copy the values
 * of a plain type into the thread's feed, or make the event on the heap and put its pointer there; the thread's worker
 * publishes it.
 */
#include "base/error.h"
#include "registry/check.h"
#include "registry/registry.h"
#include "registry/target.h"
#include "routing/allowance.h"
#include "routing/external.h"
#include "routing/external_sender.h"
#include "routing/mute_edge.h"
#include "routing/question.h"
#include "routing/receipt.h"
#include "routing/router.h"
#include "runtime/callback.h"
#include "runtime/lane.h"

/* ---- from an actor ----------------------------------------------------------------------- */

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
	assert(mk_is_inside(ctx) && (watched ? mk_is_local(w, t) : mk_is_plain(w, t)));
	assert(mk_only_subscriber(t) == a && type->plain);
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

/* Routed by type; caches the only subscriber in the route. */
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
	return send_to(t, plain, type, ctx, value, block, flags);
}

/* Routed by content. */
static MK_NOINLINE int send_routed(const mk_type *type, maiko_ctx *ctx, const void *value)
{
	mk_worker *w = ctx->worker;
	const maiko_topic *desc = type->desc->route(value, w->sup);
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
static int send_tracked(const mk_route *route, maiko_ctx *ctx, const void *value, mk_block *block, unsigned flags)
{
	mk_topic *t = route->topic;
	int rc = t != NULL ? 0 : mk_route_by_content(ctx->worker, route->type, value, &t);
	if (rc == 0)
		rc = mk_check(t, route->type, value);
	return rc != 0 ? rc : mk_receipt_send(t, route->type, ctx, value, block, flags, NULL, NULL);
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

/* The block of a draft that may be published. 0 or MAIKO_EINVAL. */
static int draft_of(void *event, mk_block **ret_block)
{
	mk_block *b = *ret_block = event == NULL ? NULL : MK_OF(event, mk_block, data);
	return b == NULL || b->magic != MK_BLOCK_DRAFT ? mk_draft_fail(event)
						       : mk_layout_check_texts(b->desc->layout, event);
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
	int rc = draft_of(event, &b);
	if (rc != 0)
		return rc;
	b->magic = 0;
	rc = send_any(ctx, b->desc, event, b, flags);
	if (rc != 0)
		b->magic = MK_BLOCK_DRAFT;
	return rc;
}

/* ---- from an external thread ------------------------------------------------------------------- */

static bool is_owner(const mk_sup *sup)
{
	uv_thread_t self = uv_thread_self();
	return uv_thread_equal(&self, &sup->seam.owner) != 0;
}

/* A call of an external thread: its record, and the event's type. 0 or an error. */
static int external_begin(mk_sup *sup, const maiko_event_type *desc, mk_external **ret_from, const mk_type **ret_type)
{
	if (mk_forked(sup))
		return mk_fail_forked();
	if (MK_UNLIKELY(sup->seam.simulated) && !is_owner(sup))
		return mk_refuse(sup, "a send from another thread", "outside");
	int rc = mk_registry_type_of(sup, desc, ret_type);
	*ret_from = rc == 0 ? mk_external_sender_of(sup) : NULL;
	return rc == 0 && *ret_from == NULL ? MAIKO_ENOMEM : rc;
}

/* The topic of an event, which takes it. 0 or an error. */
static int external_topic(mk_sup *sup, const mk_type *type, const void *value, uint32_t *ret_topic)
{
	int rc = mk_external_topic(sup, type, value, ret_topic);
	if (MK_LIKELY(!type->checked) || rc != 0)
		return rc;
	return mk_check_for(mk_record_at(sup, *ret_topic), type, value);
}

/* The time of an event; it may be a microsecond old, because reading the clock costs as much as the rest of a send. */
static uint64_t time_of(const mk_sup *sup, mk_external *f)
{
	enum { TIME_STAMP_NS = 1000 };
	uint64_t ticks = mk_ticks(&sup->seam);
	if (ticks - f->read_ticks >= TIME_STAMP_NS || MK_UNLIKELY(sup->seam.now_ns != NULL)) {
		f->read_ns = mk_now(&sup->seam);
		f->read_ticks = ticks;
	}
	return f->read_ns + sup->seam.wall_offset_ns;
}

/* What an external thread waits for: the receipt of what it sends, and, unless `answer` is NULL, a reply of that
 * type. */
typedef struct wanted {
	mk_receipt *receipt;
	const mk_type *answer;
} wanted;

/* Sends a copy of `value`, or the block that contains it, as an event on the heap. */
static int external_send_event(mk_sup *sup, mk_external *f, const mk_type *type, uint32_t topic, const void *value,
			       mk_block *block, wanted *want)
{
	mk_event *e = mk_event_make(NULL, type, value, block);
	if (e == NULL)
		return mk_event_fail(type, value);
	e->id = e->correlation = (maiko_id){f->origin, ++f->sequence};
	e->timestamp_ns = time_of(sup, f);
	e->sender = f->self;
	e->refs = topic; /* the topic's index, until the worker takes the event and sets its own view of the topic */
	mk_receipt *r = want == NULL ? NULL : mk_receipt_external(sup, e, want->answer);
	if (want != NULL && r == NULL) {
		mk_event_free(NULL, e);
		return MAIKO_ENOMEM;
	}
	int rc = mk_external_add_event(f, e);
	if (rc == 0)
		rc = mk_external_show(sup, f);
	if (rc != 0) {
		if (r != NULL)
			mk_receipt_forget(sup, r);
		mk_event_unmake(NULL, e, block);
		return rc == MAIKO_ESHUTDOWN ? mk_external_fail(sup, rc) : rc;
	}
	if (r != NULL)
		want->receipt = r;
	return 0;
}

/* Sends a copy of `value`, or the block that contains it. */
static int external_send(mk_sup *sup, const maiko_event_type *desc, const void *value, mk_block *block,
			 uint64_t timeout_ms, wanted *want)
{
	const mk_type *type = NULL;
	mk_external *f = NULL;
	uint32_t topic;
	if (sup == NULL)
		return MK_NULL_IN("maiko_send", sup);
	if (desc == NULL || value == NULL)
		return mk_send_null_fail("maiko_supervisor_send", desc);
	int rc = external_begin(sup, desc, &f, &type);
	if (rc == 0)
		rc = external_topic(sup, type, value, &topic);
	if (rc != 0)
		return rc;
	rc = mk_external_wait(sup, f, timeout_ms);
	if (MK_UNLIKELY(rc != 0))
		return mk_external_fail(sup, rc);
	if (!type->plain || block != NULL || want != NULL)
		return external_send_event(sup, f, type, topic, value, block, want);
	rc = mk_external_add(f, type, topic, value, time_of(sup, f));
	if (rc == 0 && mk_external_show(sup, f) != 0)
		return mk_external_fail(sup, MAIKO_ESHUTDOWN);
	return rc;
}

int maiko_supervisor_send(maiko_supervisor *sup, const maiko_event_type *type, const void *event, unsigned flags)
{
	if ((flags & ~(MAIKO_SEND_ROOT | MAIKO_SEND_TRY)) != 0)
		return mk_send_flags_fail(flags);
	return external_send(sup, type, event, NULL, (flags & MAIKO_SEND_TRY) != 0 ? 0 : UINT64_MAX, NULL);
}

int maiko_supervisor_send_timeout(maiko_supervisor *sup, const maiko_event_type *type, const void *event,
				  uint64_t timeout_ms)
{
	int rc = external_send(sup, type, event, NULL, timeout_ms, NULL);
	return rc == MAIKO_EAGAIN && timeout_ms == 0 ? MAIKO_ETIMEDOUT : rc;
}

int maiko_supervisor_publish(maiko_supervisor *sup, void *event, unsigned flags)
{
	mk_block *b;
	int rc = draft_of(event, &b);
	if (rc != 0)
		return rc;
	if ((flags & ~(MAIKO_SEND_ROOT | MAIKO_SEND_TRY)) != 0)
		return mk_send_flags_fail(flags);
	b->magic = 0;
	rc = external_send(sup, b->desc, event, b, (flags & MAIKO_SEND_TRY) != 0 ? 0 : UINT64_MAX, NULL);
	if (rc != 0)
		b->magic = MK_BLOCK_DRAFT;
	return rc;
}

enum { MANY = 64 /* the most events that are made visible together, with one time stamp */ };

/* Adds up to `most` values of a plain type; returns how many, and why not all. */
static size_t external_add_some(mk_sup *sup, mk_external *f, const mk_type *type, const char *values, size_t most,
				int *ret_rc)
{
	uint32_t topic;
	size_t added = 0;
	uint64_t timestamp_ns = time_of(sup, f);
	for (const char *value = values; added < most; value += type->size, added++) {
		*ret_rc = mk_layout_check_texts(type->desc->layout, value);
		if (*ret_rc == 0)
			*ret_rc = external_topic(sup, type, value, &topic);
		if (*ret_rc == 0)
			*ret_rc = mk_external_add(f, type, topic, value, timestamp_ns);
		if (*ret_rc != 0)
			break;
	}
	return added;
}

/* Sends the next of the values, as many as may be sent together. `*sent` is increased by how many were. */
static int external_send_some(mk_sup *sup, mk_external *f, const mk_type *type, const char *values, size_t left,
			      uint64_t timeout_ms, size_t *sent)
{
	uint32_t topic;
	int rc = mk_external_wait(sup, f, timeout_ms);
	if (rc != 0)
		return mk_external_fail(sup, rc);
	if (!type->plain) {
		rc = mk_layout_check_texts(type->desc->layout, values);
		if (rc == 0)
			rc = external_topic(sup, type, values, &topic);
		if (rc == 0)
			rc = external_send_event(sup, f, type, topic, values, NULL, NULL);
		*sent += rc == 0;
		return rc;
	}
	uint64_t credit = mk_external_credit(sup, f);
	size_t most = left < MANY ? left : MANY;
	size_t added = external_add_some(sup, f, type, values, most < credit ? most : (size_t)credit, &rc);
	if (added != 0 && mk_external_show(sup, f) != 0)
		return mk_external_fail(sup, MAIKO_ESHUTDOWN);
	*sent += added;
	return rc;
}

int maiko_supervisor_send_many(maiko_supervisor *sup, const maiko_event_type *type, const void *values, size_t count,
			       unsigned flags, size_t *ret_sent)
{
	const mk_type *known = NULL;
	mk_external *f = NULL;
	size_t sent = 0;
	if (ret_sent != NULL)
		*ret_sent = 0;
	if (sup == NULL)
		return MK_NULL_IN("maiko_send_many", sup);
	if (type == NULL || (values == NULL && count != 0))
		return MK_NULL_IN("maiko_send_many", type, values);
	if ((flags & ~(MAIKO_SEND_ROOT | MAIKO_SEND_TRY)) != 0)
		return mk_send_flags_fail(flags);
	int rc = external_begin(sup, type, &f, &known);
	while (rc == 0 && sent < count)
		rc = external_send_some(sup, f, known, (const char *)values + sent * known->size, count - sent,
					(flags & MAIKO_SEND_TRY) != 0 ? 0 : UINT64_MAX, &sent);
	if (ret_sent != NULL)
		*ret_sent = sent;
	return rc;
}

/* A call that waits for what becomes of its event: may this thread wait now? */
static int check_wait(const mk_sup *sup, const char *call)
{
	if (mk_forked(sup))
		return mk_fail_forked();
	if (!mk_may_wait())
		return mk_fail(MAIKO_EAGAIN,
			       "%s: this thread may not wait: it is inside a callback, or runs an embedded loop", call);
	if (mk_state_of(sup) < MK_STARTED)
		return mk_fail(MAIKO_ESTATE, "%s: the supervisor has not started", call);
	return 0;
}

/* Sends, and waits for the receipt, or for the reply (ret_reply), as mk_receipt_await; `call` asks. */
static int send_and_await(mk_sup *sup, const char *call, const maiko_event_type *type, const void *event,
			  uint64_t timeout_ms, const mk_type *answer, maiko_receipt *ret_receipt, mk_event **ret_reply)
{
	wanted want = {.answer = answer};
	uint64_t until_ns = mk_deadline(&sup->seam, timeout_ms);
	int rc = external_send(sup, type, event, NULL, timeout_ms, &want);
	if (rc != 0)
		return rc == MAIKO_EAGAIN ? MAIKO_ETIMEDOUT : rc;
	rc = mk_receipt_await(sup, want.receipt, until_ns, ret_receipt, ret_reply);
	if (rc == MAIKO_ESHUTDOWN)
		return mk_fail(rc,
			       "%s: sent, but the supervisor has stopped without a receipt: a worker "
			       "that had the event does not return",
			       call);
	return rc == 0 ? 0 : mk_fail(rc, "%s: sent, but not all of its subscribers have handled it in time", call);
}

int maiko_supervisor_send_wait(maiko_supervisor *sup, const maiko_event_type *type, const void *event,
			       uint64_t timeout_ms, maiko_receipt *ret_receipt)
{
	static const char call[] = "maiko_send_wait";
	int rc = sup == NULL ? MK_NULL_IN(call, sup) : check_wait(sup, call);
	return rc != 0 ? rc : send_and_await(sup, call, type, event, timeout_ms, NULL, ret_receipt, NULL);
}

int maiko_supervisor_call(maiko_supervisor *sup, const maiko_event_type *type, const void *event, uint64_t timeout_ms,
			  const maiko_event_type *answer, void *ret_answer)
{
	static const char call[] = "maiko_call";
	const mk_type *known;
	maiko_receipt receipt;
	mk_event *reply;
	if (sup == NULL || answer == NULL || ret_answer == NULL)
		return MK_NULL_IN(call, sup, answer, ret_answer);
	int rc = check_wait(sup, call);
	if (rc == 0)
		rc = mk_registry_type_of(sup, answer, &known);
	if (rc == 0)
		rc = send_and_await(sup, call, type, event, timeout_ms, known, &receipt, &reply);
	if (rc != 0)
		return rc;
	if (reply == NULL)
		return mk_question_fail(call, type, mk_question_status(&receipt, 0));
	mk_event_give(reply, ret_answer);
	return 0;
}
