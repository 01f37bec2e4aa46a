/*
 * change.c - the public calls that change a running supervisor: removing and moving actors,
 * and their subscriptions.
 */
#include "base/error.h"
#include "base/memory.h"
#include "lifecycle/actor.h"
#include "lifecycle/completion.h"
#include "lifecycle/migrate.h"
#include "observe/note.h"
#include "registry/directory.h"
#include "registry/registry.h"
#include "runtime/callback.h"

#include <stdio.h>

/* ---- error texts ----------------------------------------------------------------------- */

static const char *kind_name(maiko_change kind)
{
	static const char *const names[] = {"change",          "maiko_add",         "maiko_remove",
					    "maiko_subscribe", "maiko_unsubscribe", "maiko_move"};
	return names[kind];
}

/* The text for the code; `a` NULL: there is no such actor. */
static const char *rule_of(int status, const mk_actor *a)
{
	switch (status) {
	case MAIKO_ESTATE:
		return "the supervisor has not been started";
	case MAIKO_ESHUTDOWN:
		return "the supervisor is stopping or has stopped";
	case MAIKO_ENOENT:
		return a == NULL ? "there is no such actor" : "it does not subscribe to it";
	case MAIKO_EEXIST:
		return "it subscribes to it already";
	case MAIKO_EINVAL:
		return a == NULL ? maiko_strerror(status)
				 : "there is no such worker, or the actor has a thread of its own";
	case MAIKO_EAGAIN:
		return "its subscriptions changed meanwhile: try again";
	case MAIKO_EBUSY:
		return "it is bound to its worker now (see maiko_move), or a recorder watches";
	default:
		return maiko_strerror(status);
	}
}

/* Sets the error text for the status of a change, from here or from a worker. */
static int fail(mk_sup *sup, const mk_change *c, int status)
{
	char worker[32] = "";
	mk_lock(sup);
	const mk_actor *a = mk_directory_find(sup, c->id);
	bool topic = c->kind == MAIKO_CHANGE_SUBSCRIBE || c->kind == MAIKO_CHANGE_UNSUBSCRIBE;
	if (c->kind == MAIKO_CHANGE_MOVE)
		(void)snprintf(worker, sizeof worker, " to worker %u", c->to + 1);
	(void)mk_fail(status, "%s: actor %#llx%s%s%s%s%s%s: %s", kind_name(c->kind), (unsigned long long)c->id,
		      a != NULL ? " '" : "", a != NULL ? a->self->name : "", a != NULL ? "'" : "",
		      topic ? ", topic " : "", topic ? mk_record_at(sup, c->topic)->desc.name : "", worker,
		      rule_of(status, a));
	mk_unlock(sup);
	return status;
}

/* ---- requests ------------------------------------------------------------------------------- */

/* `like`: a change with its kind, actor, topic and destination. */
static int request(mk_sup *sup, mk_actor *requester, const mk_change *like, const maiko_change_options *o)
{
	int rc = MK_RESERVED(kind_name(like->kind), o);
	if (rc != 0)
		return rc;
	if (o != NULL && !mk_overflow_valid(o->overflow))
		return mk_fail(MAIKO_EINVAL, "%s: .overflow is %d, which is no maiko_overflow", kind_name(like->kind),
			       (int)o->overflow);
	mk_change *c = mk_change_tellable(requester) == 0 ? MK_NEW(mk_change) : NULL;
	if (c == NULL)
		return MAIKO_ENOMEM;
	*c = *like;
	c->overflow = o == NULL ? MAIKO_OVERFLOW_DEFAULT : o->overflow;
	c->requester = requester == NULL ? 0 : requester->self->id;
	c->done = o == NULL ? NULL : o->done;
	c->done_arg = o == NULL ? NULL : o->done_arg;
	int status = 0, *wait = requester == NULL && mk_may_wait() ? &status : NULL;
	rc = c->kind == MAIKO_CHANGE_MOVE ? mk_migrate_request(sup, c, wait)
					  : mk_topology_request(sup, mk_caller(sup, requester), c, wait);
	if (rc != 0)
		mk_free(c);
	else
		mk_change_awaited(requester);
	if (rc == 0)
		rc = status;
	return rc == 0 ? 0 : fail(sup, like, rc);
}

/* Checks that the actor has a handler for the topic's events; an unknown actor fails later. */
static int check_handles(mk_sup *sup, maiko_actor_id actor, const mk_record *r)
{
	int rc = 0;
	uv_mutex_lock(&sup->lock);
	const mk_actor *a = mk_directory_find(sup, actor);
	if (a != NULL && !mk_actor_class_handles(a->class, r->index))
		rc = mk_actor_deaf(a->class, a->self->name, r->desc.name);
	uv_mutex_unlock(&sup->lock);
	return rc;
}

static int subscribe(mk_sup *sup, mk_actor *requester, maiko_change kind, maiko_actor_id actor,
		     const maiko_topic *topic, const maiko_change_options *options)
{
	mk_record *r;
	int rc = mk_registry_topic(sup, topic, &r);
	mk_change like = {.kind = kind, .id = actor};
	if (rc == 0)
		like.topic = r->index;
	if (rc == 0 && kind == MAIKO_CHANGE_SUBSCRIBE)
		rc = check_handles(sup, actor, r);
	return rc != 0 ? rc : request(sup, requester, &like, options);
}

static int move(mk_sup *sup, mk_actor *requester, maiko_actor_id actor, uint32_t worker,
		const maiko_change_options *options)
{
	mk_change like = {.kind = MAIKO_CHANGE_MOVE, .id = actor, .to = worker - 1};
	if (worker == 0)
		return mk_fail(MAIKO_EINVAL, "maiko_move: worker is 0; workers are numbered from 1");
	return request(sup, requester, &like, options);
}

int maiko_supervisor_remove(maiko_supervisor *sup, maiko_actor_id actor, const maiko_change_options *options)
{
	int rc = mk_check_sup(sup);
	return rc != 0 ? rc : request(sup, NULL, &(mk_change){.kind = MAIKO_CHANGE_REMOVE, .id = actor}, options);
}

int maiko_ctx_remove(maiko_ctx *ctx, maiko_actor_id actor, const maiko_change_options *options)
{
	int rc = mk_check_ctx(ctx);
	mk_change like = {.kind = MAIKO_CHANGE_REMOVE, .id = actor};
	return rc != 0 ? rc : request(ctx->worker->sup, ctx, &like, options);
}

int maiko_supervisor_move(maiko_supervisor *sup, maiko_actor_id actor, uint32_t worker,
			  const maiko_change_options *options)
{
	int rc = mk_check_sup(sup);
	return rc != 0 ? rc : move(sup, NULL, actor, worker, options);
}

int maiko_ctx_move(maiko_ctx *ctx, maiko_actor_id actor, uint32_t worker, const maiko_change_options *options)
{
	int rc = mk_check_ctx(ctx);
	return rc != 0 ? rc : move(ctx->worker->sup, ctx, actor, worker, options);
}

int maiko_supervisor_subscribe(maiko_supervisor *sup, maiko_actor_id actor, const maiko_topic *topic,
			       const maiko_change_options *options)
{
	int rc = mk_check_sup(sup);
	return rc != 0 ? rc : subscribe(sup, NULL, MAIKO_CHANGE_SUBSCRIBE, actor, topic, options);
}

int maiko_ctx_subscribe(maiko_ctx *ctx, maiko_actor_id actor, const maiko_topic *topic,
			const maiko_change_options *options)
{
	int rc = mk_check_ctx(ctx);
	return rc != 0 ? rc : subscribe(ctx->worker->sup, ctx, MAIKO_CHANGE_SUBSCRIBE, actor, topic, options);
}

int maiko_supervisor_unsubscribe(maiko_supervisor *sup, maiko_actor_id actor, const maiko_topic *topic,
				 const maiko_change_options *options)
{
	int rc = mk_check_sup(sup);
	return rc != 0 ? rc : subscribe(sup, NULL, MAIKO_CHANGE_UNSUBSCRIBE, actor, topic, options);
}

int maiko_ctx_unsubscribe(maiko_ctx *ctx, maiko_actor_id actor, const maiko_topic *topic,
			  const maiko_change_options *options)
{
	int rc = mk_check_ctx(ctx);
	return rc != 0 ? rc : subscribe(ctx->worker->sup, ctx, MAIKO_CHANGE_UNSUBSCRIBE, actor, topic, options);
}
