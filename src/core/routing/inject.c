/*
 * inject.c - an event with the envelope that it already has (maiko_inject).
 *
 * It has two times. The origin's is for readers only: it comes from another clock, or from someone hostile, and lies
 * behind the payload with the origin's name (mk_origin). The header's is that of the injection, as of a send.
 * The header's ids are the origin's, so what is caused by it belongs to its chain. The header's sender is the actor
 * that injects it: for its order, mutes, moves and echo it is a send like any other.
 */
#include "base/error.h"
#include "event/layout.h"
#include "registry/check.h"
#include "registry/named.h"
#include "routing/allowance.h"
#include "routing/origin.h"
#include "routing/receipt.h"
#include "routing/route.h"
#include "routing/router.h"
#include "runtime/callback.h"

#include <maiko/send.h>

static int read_envelope(mk_sup *sup, const maiko_envelope *envelope, mk_injected *ret_injected)
{
	if (mk_id_is_none(envelope->id))
		return mk_fail_text(MAIKO_EINVAL,
				    "maiko_inject: envelope->id is zero; an event that was sent has an id");
	if (!mk_name_valid(envelope->sender))
		return mk_name_fail("envelope->sender", envelope->sender);
	*ret_injected = (mk_injected){.id = envelope->id,
				      .parent = envelope->parent,
				      .correlation = mk_id_is_none(envelope->correlation) ? envelope->id
											  : envelope->correlation,
				      .origin = {.sender = mk_origin_name(sup, envelope->sender),
						 .timestamp_ns = envelope->origin_timestamp_ns}};
	return ret_injected->origin.sender == NULL ? MAIKO_ENOMEM : 0;
}

static int publish(mk_topic *t, const mk_type *type, maiko_ctx *ctx, const void *value, const mk_injected *injected)
{
	mk_worker *w = ctx->worker;
	if (mk_router_prepare(w, t) != 0)
		return MAIKO_ENOMEM;
	mk_event *e = mk_event_make_injected(&w->pool, type, value, &injected->origin);
	if (e == NULL)
		return mk_event_fail(type, value);
	int rc = mk_spend_allowance(ctx);
	if (rc != 0) {
		mk_event_free(&w->pool, e);
		return rc;
	}
	mk_event_enter(w, e, ctx->self, t, injected);
	mk_count_add(&ctx->sent, 1);
	mk_publish(w, e);
	return 0;
}

/* The topic of an event that is routed by content; of one whose send names it, the envelope's. */
static int topic_of(mk_worker *w, const mk_type *type, const void *value, const maiko_envelope *envelope,
		    mk_topic **ret_topic)
{
	const maiko_topic *desc;
	if (type->desc->route != maiko_route_named_)
		return mk_route_by_content(w, type, value, ret_topic);
	if (envelope->topic == NULL)
		return mk_fail(MAIKO_EINVAL,
			       "maiko_inject: event '%s' has no topic of its own, and envelope->topic is NULL",
			       type->desc->layout->name);
	int rc = mk_named_find(w, envelope->topic->name, &desc);
	return rc != 0 ? rc : mk_target_find(w, type, desc, ret_topic);
}

static int inject(maiko_ctx *ctx, const maiko_event_type *desc, const void *value, const maiko_envelope *envelope,
		  bool tracked)
{
	mk_injected injected;
	mk_route *route;
	mk_worker *w = ctx->worker;
	if (mk_forked(w->sup))
		return mk_fail_forked();
	assert(mk_is_inside(ctx));
	int rc = mk_route_find(w, desc, &route);
	if (rc != 0)
		return rc;
	const mk_type *type = route->type;
	mk_topic *t = route->topic;
	rc = mk_layout_check_texts(type->desc->layout, value);
	if (rc == 0 && t == NULL)
		rc = topic_of(w, type, value, envelope, &t);
	if (rc == 0)
		rc = mk_check(t, type, value);
	if (rc == 0)
		rc = read_envelope(w->sup, envelope, &injected);
	if (rc != 0)
		return rc;
	return tracked ? mk_receipt_send(t, type, ctx, value, NULL, 0, &(mk_tracking){.injected = &injected})
		       : publish(t, type, ctx, value, &injected);
}

int maiko_inject(maiko_ctx *ctx, const maiko_event_type *type, const void *event, const maiko_envelope *envelope)
{
	if (ctx == NULL || type == NULL || event == NULL || envelope == NULL)
		return MK_NULL(ctx, type, event, envelope);
	return inject(ctx, type, event, envelope, false);
}

int maiko_inject_tracked(maiko_ctx *ctx, const maiko_event_type *type, const void *event,
			 const maiko_envelope *envelope)
{
	if (ctx == NULL || type == NULL || event == NULL || envelope == NULL)
		return MK_NULL(ctx, type, event, envelope);
	return inject(ctx, type, event, envelope, true);
}
