/*
 * change.c - the public calls that change a running supervisor: removing and moving actors,
 * and their subscriptions.
 */
#include "completion.h"
#include "foreign.h"
#include "memory.h"
#include "move.h"
#include "registry.h"

static int check_sup(const maiko_supervisor *sup)
{
	return sup == NULL ? MAIKO_EINVAL : mk_forked(sup) ? MAIKO_EFORK : 0;
}

/* `like`: its kind, topic and destination. */
static int request(mk_sup *sup, mk_actor *requester, const mk_change *like, const maiko_change_options *o)
{
	if (o != NULL && (o->overflow < MAIKO_OVERFLOW_DEFAULT || o->overflow > MAIKO_FAIL))
		return MAIKO_EINVAL;
	mk_change *c = mk_change_tellable(requester) == 0 ? MK_NEW(mk_change) : NULL;
	if (c == NULL)
		return MAIKO_ENOMEM;
	*c = *like;
	c->overflow = o == NULL ? MAIKO_OVERFLOW_DEFAULT : o->overflow;
	c->requester = requester == NULL ? 0 : requester->self->id;
	c->done = o == NULL ? NULL : o->done;
	c->done_arg = o == NULL ? NULL : o->done_arg;
	int status = 0, *wait = requester == NULL && mk_may_wait(sup) ? &status : NULL;
	int rc = c->kind == MAIKO_CHANGE_MOVE ? mk_move_request(sup, c, wait) : mk_topology_request(sup, c, wait);
	if (rc != 0)
		mk_free(c);
	return rc != 0 ? rc : status;
}

static int subscribe(mk_sup *sup, mk_actor *requester, maiko_change kind, maiko_actor_id actor,
		     const maiko_topic *topic, const maiko_change_options *options)
{
	mk_record *r;
	int rc = mk_registry_topic(sup, topic, &r);
	mk_change like = {.kind = kind, .id = actor};
	if (rc == 0)
		like.topic = r->index;
	return rc != 0 ? rc : request(sup, requester, &like, options);
}

static int move(mk_sup *sup, mk_actor *requester, maiko_actor_id actor, uint32_t worker,
		const maiko_change_options *options)
{
	mk_change like = {.kind = MAIKO_CHANGE_MOVE, .id = actor, .to = worker - 1};
	return worker == 0 ? MAIKO_EINVAL : request(sup, requester, &like, options);
}

static int check_ctx(const maiko_ctx *ctx) { return ctx == NULL ? MAIKO_EINVAL : check_sup(ctx->worker->sup); }

int maiko_supervisor_remove(maiko_supervisor *sup, maiko_actor_id actor, const maiko_change_options *options)
{
	int rc = check_sup(sup);
	return rc != 0 ? rc : request(sup, NULL, &(mk_change){.kind = MAIKO_CHANGE_REMOVE, .id = actor}, options);
}

int maiko_ctx_remove(maiko_ctx *ctx, maiko_actor_id actor, const maiko_change_options *options)
{
	int rc = check_ctx(ctx);
	mk_change like = {.kind = MAIKO_CHANGE_REMOVE, .id = actor};
	return rc != 0 ? rc : request(ctx->worker->sup, ctx, &like, options);
}

int maiko_supervisor_move(maiko_supervisor *sup, maiko_actor_id actor, uint32_t worker,
			  const maiko_change_options *options)
{
	int rc = check_sup(sup);
	return rc != 0 ? rc : move(sup, NULL, actor, worker, options);
}

int maiko_ctx_move(maiko_ctx *ctx, maiko_actor_id actor, uint32_t worker, const maiko_change_options *options)
{
	int rc = check_ctx(ctx);
	return rc != 0 ? rc : move(ctx->worker->sup, ctx, actor, worker, options);
}

int maiko_supervisor_subscribe(maiko_supervisor *sup, maiko_actor_id actor, const maiko_topic *topic,
			       const maiko_change_options *options)
{
	int rc = check_sup(sup);
	return rc != 0 ? rc : subscribe(sup, NULL, MAIKO_CHANGE_SUBSCRIBE, actor, topic, options);
}

int maiko_ctx_subscribe(maiko_ctx *ctx, maiko_actor_id actor, const maiko_topic *topic,
			const maiko_change_options *options)
{
	int rc = check_ctx(ctx);
	return rc != 0 ? rc : subscribe(ctx->worker->sup, ctx, MAIKO_CHANGE_SUBSCRIBE, actor, topic, options);
}

int maiko_supervisor_unsubscribe(maiko_supervisor *sup, maiko_actor_id actor, const maiko_topic *topic,
				 const maiko_change_options *options)
{
	int rc = check_sup(sup);
	return rc != 0 ? rc : subscribe(sup, NULL, MAIKO_CHANGE_UNSUBSCRIBE, actor, topic, options);
}

int maiko_ctx_unsubscribe(maiko_ctx *ctx, maiko_actor_id actor, const maiko_topic *topic,
			  const maiko_change_options *options)
{
	int rc = check_ctx(ctx);
	return rc != 0 ? rc : subscribe(ctx->worker->sup, ctx, MAIKO_CHANGE_UNSUBSCRIBE, actor, topic, options);
}
