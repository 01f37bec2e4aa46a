/*
 * ask.c - the public calls of questions (maiko/ask.h).
 */
#include "base/error.h"
#include "registry/check.h"
#include "registry/registry.h"
#include "routing/allowance.h"
#include "routing/question.h"
#include "routing/route.h"
#include "runtime/callback.h"
#include "sched/pace.h"

#include <string.h>

static int check_question(const maiko_ctx *ctx, const maiko_question *q)
{
	const mk_worker *w = ctx->worker;
	int rc = mk_check_format("maiko_ask: the question", q->format);
	if (rc != 0)
		return rc;
	if (q->asker == NULL || q->question == NULL || q->answer == NULL || q->ended == NULL)
		return mk_fail_text(MAIKO_EINVAL, "maiko_ask: a question needs asker, question, answer and ended");
	if (strcmp(q->asker, ctx->class->desc->name) != 0)
		return mk_fail(MAIKO_ETYPE, "maiko_ask: the question is one of actor type '%s', actor '%s' is a '%s'",
			       q->asker, ctx->self->name, ctx->class->desc->name);
	if (mk_is_ending(ctx) || w->ending == ctx)
		return mk_fail(MAIKO_ESHUTDOWN, "maiko_ask: actor '%s' is ending", ctx->self->name);
	return 0;
}

int maiko_ctx_ask(maiko_ctx *ctx, const maiko_question *question, uint64_t timeout_ms, const void *event,
		  unsigned flags)
{
	mk_route *route;
	const mk_type *answer;
	int rc = mk_check_ctx(ctx);
	if (rc != 0)
		return rc;
	if (question == NULL || event == NULL)
		return MK_NULL_IN("maiko_ask", question, event);
	if ((flags & ~MAIKO_ASK_ALL) != 0)
		return mk_send_flags_fail(flags);
	rc = check_question(ctx, question);
	if (rc == 0)
		rc = mk_route_find(ctx->worker, question->question, &route);
	if (rc == 0)
		rc = mk_registry_type_of(ctx->worker->sup, question->answer, &answer);
	if (rc != 0)
		return rc;
	mk_topic *t = route->topic;
	const mk_type *type = route->type;
	if (t == NULL)
		rc = mk_route_by_content(ctx->worker, type, event, &t);
	if (rc == 0)
		rc = mk_check(t, type, event);
	if (rc != 0)
		return rc;
	return mk_question_ask(t, type, ctx, event, question, answer, timeout_ms, (flags & MAIKO_ASK_ALL) != 0);
}

/* The event that is being handled, or a kept one; NULL: it is neither. */
static const mk_event *question_of(const maiko_ctx *ctx, const void *question)
{
	const mk_event *now = ctx->worker->actor == ctx ? ctx->worker->event : NULL;
	if (question == NULL || (now != NULL && now->data == question))
		return now;
	const mk_extra *x = ctx->extra;
	const uint64_t *place = x == NULL ? NULL : mk_map_find(&x->kept_at, mk_map_key(question));
	return place == NULL ? NULL : x->kept[*place].event;
}

int maiko_ctx_reply(maiko_ctx *ctx, const void *question, const maiko_event_type *type, const void *answer)
{
	const mk_type *known;
	int rc = mk_check_ctx(ctx);
	if (rc != 0)
		return rc;
	if (type == NULL || answer == NULL)
		return MK_NULL_IN("maiko_reply", type, answer);
	if ((ctx->sched & MK_SHUT) != 0)
		return mk_refuse_shut();
	const mk_event *e = question_of(ctx, question);
	if (e == NULL)
		return mk_fail(MAIKO_EINVAL, "maiko_reply: %s",
			       question == NULL ? "no event is being handled"
						: "question is neither the event that is being handled nor a kept one");
	rc = mk_registry_type_of(ctx->worker->sup, type, &known);
	const mk_type *wanted = rc == 0 ? mk_receipt_asks(e) : NULL;
	if (wanted == NULL)
		return rc;
	if (wanted != known)
		return mk_fail(MAIKO_ETYPE, "maiko_reply: the question '%s' expects an answer '%s', this is a '%s'",
			       e->type->desc->layout->name, wanted->desc->layout->name, type->layout->name);
	rc = mk_question_reply(ctx, e, known, answer);
	mk_pace_sent(ctx->worker);
	return rc;
}

maiko_id maiko_asked_id(const maiko_ctx *ctx)
{
	if (ctx == NULL || ctx->worker->asked == NULL)
		return (maiko_id){0, 0};
	assert(mk_is_inside(ctx));
	return *ctx->worker->asked;
}
