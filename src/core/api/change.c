/*
 * change.c - the public calls that change a running supervisor: removing and moving actors,
 * and their subscriptions.
 */
#include "base/error.h"
#include "base/memory.h"
#include "lifecycle/actor.h"
#include "lifecycle/completion.h"
#include "lifecycle/group_steps.h"
#include "lifecycle/migrate.h"
#include "observe/note.h"
#include "registry/directory.h"
#include "registry/filter.h"
#include "registry/idle_topics.h"
#include "registry/own.h"
#include "registry/place.h"
#include "registry/registry.h"
#include "runtime/callback.h"

#include <stdio.h>

/* ---- error texts ----------------------------------------------------------------------- */

/* The text for the code; `a` NULL: there is no such actor. `many`: topics. */
static const char *restart_rule_of(int status, const mk_actor *a)
{
	switch (status) {
	case MAIKO_ESTATE:
		return "the supervisor has not been started";
	case MAIKO_EINVAL:
		return "it is not supervised: it has neither .group nor .restart";
	case MAIKO_EBUSY:
		return "a restart of it has been asked for already";
	default:
		return status == MAIKO_ENOENT && a != NULL ? "it is being removed" : NULL;
	}
}

static const char *rule_of(maiko_change kind, int status, const mk_actor *a, bool many)
{
	const char *rule = kind == MAIKO_CHANGE_RESTART ? restart_rule_of(status, a) : NULL;
	if (rule != NULL)
		return rule;
	switch (status) {
	case MAIKO_ESTATE:
		return "the supervisor has not been started";
	case MAIKO_ESHUTDOWN:
		return "the supervisor is stopping or has stopped";
	case MAIKO_ENOENT:
		return a == NULL ? "there is no such actor"
		       : many    ? "it does not subscribe to all of them"
				 : "it does not subscribe to it";
	case MAIKO_EEXIST:
		return many ? "it subscribes to one of them already" : "it subscribes to it already";
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

/* A requested change. */
typedef struct request {
	maiko_change kind;
	maiko_actor_id id;
	uint32_t to;    /* of a move */
	uint32_t first; /* of (un)subscribing: the index of the first topic, */
	uint32_t count; /* and how many there are */
	mk_subscriptions places;
	mk_filter *filters; /* of these */
	bool asks;          /* mk_topic_needed */
	const char *call;
} request;

static void request_free(mk_sup *sup, request *q)
{
	if (q->asks) {
		mk_lock(sup);
		mk_topics_asked(sup, &q->asks);
		mk_unlock(sup);
	}
	mk_subscriptions_free(&q->places, q->count);
	mk_filters_free(q->filters);
}

/* "topic 'a'", or "100 topics". */
static const char *topics_of(mk_sup *sup, const request *c, char *text, size_t size)
{
	if (c->count == 1)
		(void)snprintf(text, size, ", topic %s", mk_record_at(sup, c->first)->desc.name);
	else
		(void)snprintf(text, size, ", %u topics", c->count);
	return text;
}

/* Sets the error text for the status of a change, from here or from a worker. */
static int fail(mk_sup *sup, const request *c, int status)
{
	char worker[32] = "", topics[MAIKO_NAME_MAX + 16] = "";
	mk_lock(sup);
	const mk_actor *a = mk_directory_find(sup, c->id);
	bool topic = c->kind == MAIKO_CHANGE_SUBSCRIBE || c->kind == MAIKO_CHANGE_UNSUBSCRIBE;
	if (c->kind == MAIKO_CHANGE_MOVE)
		(void)snprintf(worker, sizeof worker, " to worker %u", c->to + 1);
	(void)mk_fail(status, "%s: actor %#llx%s%s%s%s%s: %s", c->call, (unsigned long long)c->id,
		      a != NULL ? " '" : "", a != NULL ? a->self->name : "", a != NULL ? "'" : "",
		      topic ? topics_of(sup, c, topics, sizeof topics) : "", worker,
		      rule_of(c->kind, status, a, c->count > 1));
	mk_unlock(sup);
	return status;
}

/* ---- requests ------------------------------------------------------------------------------- */

static int check_options(const char *call, const maiko_change_options *o)
{
	int rc = MK_RESERVED(call, o);
	if (rc == 0 && o != NULL && !mk_overflow_valid(o->overflow))
		rc = mk_fail(MAIKO_EINVAL, "%s: .overflow is %d, which is no maiko_overflow", call, (int)o->overflow);
	return rc;
}

/* Takes ownership of the places and their filters. The options have been checked. */
static int ask(mk_sup *sup, mk_actor *requester, request *q, const maiko_change_options *o)
{
	mk_change *c = mk_change_tellable(requester) == 0 ? MK_NEW(mk_change) : NULL;
	if (c == NULL) {
		request_free(sup, q);
		return MAIKO_ENOMEM;
	}
	c->kind = q->kind;
	c->id = q->id;
	c->to = q->to;
	c->places = q->places;
	c->place_count = q->count;
	mk_filters_pass(&q->filters, &c->filters);
	c->asks = q->asks;
	c->requester = requester == NULL ? 0 : requester->self->id;
	c->life = requester == NULL || requester->extra == NULL ? 0 : requester->extra->life;
	c->done = o == NULL ? NULL : o->done;
	c->done_arg = o == NULL ? NULL : o->done_arg;
	int status = 0, *wait = requester == NULL && mk_may_wait() ? &status : NULL;
	int rc = c->kind == MAIKO_CHANGE_MOVE      ? mk_migrate_request(sup, c, wait)
		 : c->kind == MAIKO_CHANGE_RESTART ? mk_group_ask(sup, mk_caller(sup, requester), c, wait)
						   : mk_topology_request(sup, mk_caller(sup, requester), c, wait);
	if (rc != 0)
		mk_change_free(c);
	else
		mk_change_awaited(requester);
	if (rc == 0)
		rc = status;
	return rc == 0 ? 0 : fail(sup, q, rc);
}

/* Adds one of the requested topics. With the lock. `a`: the actor that must have a handler for its events, or NULL. */
static int add_place(mk_sup *sup, request *q, const mk_actor *a, const maiko_subscription *s,
		     const maiko_change_options *o)
{
	maiko_overflow overflow = s->overflow == MAIKO_OVERFLOW_DEFAULT && o != NULL ? o->overflow : s->overflow;
	const maiko_filter *where = s->where == NULL && o != NULL ? o->where : s->where;
	mk_record *r;
	int rc = MK_RESERVED(q->call, s);
	if (rc == 0 && !mk_overflow_valid(s->overflow))
		rc = mk_overflow_fail("topic", s->topic->name, s->overflow);
	if (rc == 0)
		rc = mk_place_of(sup, q->call, s, &r, &q->asks);
	if (rc != 0)
		return rc;
	if (a != NULL && !mk_actor_class_handles(sup, a->class, r))
		return mk_actor_deaf(a->class, a->self->name, r);
	rc = mk_own_policy_check(r->index, overflow, q->call);
	mk_subscription place = {.topic = r->index, .overflow = (uint8_t)overflow};
	if (rc == 0 && where != NULL && q->kind == MAIKO_CHANGE_SUBSCRIBE)
		rc = mk_filter_new(sup, q->call, where, r, &q->filters, &place);
	return rc != 0 ? rc : mk_subscriptions_add(&q->places, &q->count, place);
}

/* Checks that the actor has a handler for the events of each topic; an unknown actor fails later. */
static int add_places(mk_sup *sup, request *q, const maiko_subscription *topics, const maiko_change_options *o)
{
	int rc = 0;
	mk_lock(sup);
	const mk_actor *a = q->kind == MAIKO_CHANGE_SUBSCRIBE ? mk_directory_find(sup, q->id) : NULL;
	for (const maiko_subscription *s = topics; rc == 0 && s->topic != NULL; s++)
		rc = add_place(sup, q, a, s, o);
	mk_unlock(sup);
	return rc;
}

static int subscribe(mk_sup *sup, mk_actor *requester, maiko_change kind, maiko_actor_id actor,
		     const maiko_subscription *topics, const char *call, const maiko_change_options *options)
{
	request q = {.kind = kind, .id = actor, .call = call};
	if (topics == NULL)
		return mk_fail(MAIKO_EINVAL, "%s: topics is NULL", call);
	if (topics == maiko_all_topics)
		return mk_fail(MAIKO_EINVAL, "%s: topics is MAIKO_ALL_TOPICS, which only maiko_add takes", call);
	int rc = check_options(call, options);
	if (rc == 0)
		rc = add_places(sup, &q, topics, options);
	if (rc == 0)
		rc = mk_places_merge(sup, call, &q.places, &q.count);
	if (rc != 0) {
		request_free(sup, &q);
		return rc;
	}
	q.first = q.count == 0 ? 0 : mk_subscriptions_at(&q.places, q.count)[0].topic;
	return ask(sup, requester, &q, options);
}

static int subscribe_one(mk_sup *sup, mk_actor *requester, maiko_change kind, maiko_actor_id actor,
			 const maiko_topic *topic, const maiko_change_options *options)
{
	const char *call = kind == MAIKO_CHANGE_SUBSCRIBE ? "maiko_subscribe" : "maiko_unsubscribe";
	if (topic == NULL)
		return mk_fail(MAIKO_EINVAL, "a topic is NULL");
	return subscribe(sup, requester, kind, actor, (maiko_subscription[]){{.topic = topic}, {.topic = NULL}}, call,
			 options);
}

static int subscribe_all(mk_sup *sup, mk_actor *requester, maiko_change kind, maiko_actor_id actor,
			 const maiko_subscription *topics, const maiko_change_options *options)
{
	return subscribe(sup, requester, kind, actor, topics,
			 kind == MAIKO_CHANGE_SUBSCRIBE ? "maiko_subscribe_all" : "maiko_unsubscribe_all", options);
}

static int move(mk_sup *sup, mk_actor *requester, maiko_actor_id actor, uint32_t worker,
		const maiko_change_options *options)
{
	request q = {.kind = MAIKO_CHANGE_MOVE, .id = actor, .to = worker - 1, .call = "maiko_move"};
	if (worker == 0)
		return mk_fail(MAIKO_EINVAL, "maiko_move: worker is 0; workers are numbered from 1");
	int rc = check_options(q.call, options);
	return rc != 0 ? rc : ask(sup, requester, &q, options);
}

static int remove_actor(mk_sup *sup, mk_actor *requester, maiko_actor_id actor, const maiko_change_options *options)
{
	request q = {.kind = MAIKO_CHANGE_REMOVE, .id = actor, .call = "maiko_remove"};
	int rc = check_options(q.call, options);
	return rc != 0 ? rc : ask(sup, requester, &q, options);
}

int maiko_supervisor_remove(maiko_supervisor *sup, maiko_actor_id actor, const maiko_change_options *options)
{
	int rc = mk_check_sup(sup);
	return rc != 0 ? rc : remove_actor(sup, NULL, actor, options);
}

int maiko_ctx_remove(maiko_ctx *ctx, maiko_actor_id actor, const maiko_change_options *options)
{
	int rc = mk_check_ctx(ctx);
	return rc != 0 ? rc : remove_actor(ctx->worker->sup, ctx, actor, options);
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
	return rc != 0 ? rc : subscribe_one(sup, NULL, MAIKO_CHANGE_SUBSCRIBE, actor, topic, options);
}

int maiko_ctx_subscribe(maiko_ctx *ctx, maiko_actor_id actor, const maiko_topic *topic,
			const maiko_change_options *options)
{
	int rc = mk_check_ctx(ctx);
	return rc != 0 ? rc : subscribe_one(ctx->worker->sup, ctx, MAIKO_CHANGE_SUBSCRIBE, actor, topic, options);
}

int maiko_supervisor_unsubscribe(maiko_supervisor *sup, maiko_actor_id actor, const maiko_topic *topic,
				 const maiko_change_options *options)
{
	int rc = mk_check_sup(sup);
	return rc != 0 ? rc : subscribe_one(sup, NULL, MAIKO_CHANGE_UNSUBSCRIBE, actor, topic, options);
}

int maiko_ctx_unsubscribe(maiko_ctx *ctx, maiko_actor_id actor, const maiko_topic *topic,
			  const maiko_change_options *options)
{
	int rc = mk_check_ctx(ctx);
	return rc != 0 ? rc : subscribe_one(ctx->worker->sup, ctx, MAIKO_CHANGE_UNSUBSCRIBE, actor, topic, options);
}

int maiko_supervisor_subscribe_all(maiko_supervisor *sup, maiko_actor_id actor, const maiko_subscription *topics,
				   const maiko_change_options *options)
{
	int rc = mk_check_sup(sup);
	return rc != 0 ? rc : subscribe_all(sup, NULL, MAIKO_CHANGE_SUBSCRIBE, actor, topics, options);
}

int maiko_supervisor_unsubscribe_all(maiko_supervisor *sup, maiko_actor_id actor, const maiko_subscription *topics,
				     const maiko_change_options *options)
{
	int rc = mk_check_sup(sup);
	return rc != 0 ? rc : subscribe_all(sup, NULL, MAIKO_CHANGE_UNSUBSCRIBE, actor, topics, options);
}

int maiko_ctx_subscribe_all(maiko_ctx *ctx, maiko_actor_id actor, const maiko_subscription *topics,
			    const maiko_change_options *options)
{
	int rc = mk_check_ctx(ctx);
	return rc != 0 ? rc : subscribe_all(ctx->worker->sup, ctx, MAIKO_CHANGE_SUBSCRIBE, actor, topics, options);
}

int maiko_ctx_unsubscribe_all(maiko_ctx *ctx, maiko_actor_id actor, const maiko_subscription *topics,
			      const maiko_change_options *options)
{
	int rc = mk_check_ctx(ctx);
	return rc != 0 ? rc : subscribe_all(ctx->worker->sup, ctx, MAIKO_CHANGE_UNSUBSCRIBE, actor, topics, options);
}

static int restart(mk_sup *sup, mk_actor *requester, maiko_actor_id actor, const maiko_change_options *options)
{
	request q = {.kind = MAIKO_CHANGE_RESTART, .id = actor, .call = "maiko_restart"};
	int rc = check_options(q.call, options);
	return rc != 0 ? rc : ask(sup, requester, &q, options);
}

int maiko_supervisor_restart(maiko_supervisor *sup, maiko_actor_id actor, const maiko_change_options *options)
{
	int rc = mk_check_sup(sup);
	return rc != 0 ? rc : restart(sup, NULL, actor, options);
}

int maiko_ctx_restart(maiko_ctx *ctx, maiko_actor_id actor, const maiko_change_options *options)
{
	int rc = mk_check_ctx(ctx);
	return rc != 0 ? rc : restart(ctx->worker->sup, ctx, actor, options);
}
