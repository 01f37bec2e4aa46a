/*
 * send_ttl.c - sends of an actor with a time to live of their own (maiko_send_ttl_ms), which lies behind the payload
 * (event.h). Those of a thread are in send_external.c.
 */
#include "base/error.h"
#include "registry/check.h"
#include "routing/allowance.h"
#include "routing/receipt.h"
#include "routing/route.h"
#include "routing/router.h"
#include "runtime/callback.h"

#include <maiko/send.h>

static int publish(mk_topic *t, const mk_type *type, maiko_ctx *ctx, const void *value, uint64_t ttl_ms, unsigned flags)
{
	mk_worker *w = ctx->worker;
	if (mk_router_prepare(w, t) != 0)
		return MAIKO_ENOMEM;
	mk_event *e = mk_event_make_expiring(&w->pool, type, value, ttl_ms);
	if (e == NULL)
		return mk_event_fail(type, value);
	int rc = mk_spend_allowance(ctx);
	if (rc != 0) {
		mk_event_free(&w->pool, e);
		return rc;
	}
	mk_event_stamp(w, e, ctx->self, t, (flags & MAIKO_SEND_ROOT) != 0);
	mk_count_add(&ctx->sent, 1);
	mk_publish(w, e);
	return 0;
}

int maiko_ctx_send_ttl(maiko_ctx *ctx, const maiko_event_type *desc, const void *event, uint64_t ttl_ms, unsigned flags)
{
	mk_route *route;
	if (ctx == NULL)
		return MK_NULL_IN("maiko_send_ttl_ms", ctx);
	if (desc == NULL || event == NULL)
		return mk_send_null_fail("maiko_ctx_send_ttl", desc);
	if ((flags & ~(MAIKO_SEND_ROOT | MAIKO_SEND_TRY | MAIKO_SEND_TRACKED)) != 0)
		return mk_send_flags_fail(flags);
	int rc = mk_ttl_check(ttl_ms);
	if (rc != 0)
		return rc;
	if (mk_forked(ctx->worker->sup))
		return mk_fail_forked();
	assert(mk_is_inside(ctx));
	rc = mk_route_find(ctx->worker, desc, &route);
	if (rc != 0)
		return rc;
	const mk_type *type = route->type;
	mk_topic *t = route->topic;
	if (t == NULL)
		rc = mk_route_by_content(ctx->worker, type, event, &t);
	if (rc == 0)
		rc = mk_check(t, type, event);
	if (rc != 0)
		return rc;
	return (flags & MAIKO_SEND_TRACKED) == 0
		       ? publish(t, type, ctx, event, ttl_ms, flags)
		       : mk_receipt_send(t, type, ctx, event, NULL, flags, &(mk_tracking){.ttl_ms = ttl_ms});
}
