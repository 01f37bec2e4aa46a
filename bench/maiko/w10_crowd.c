/*
 * w10_crowd.c - W10: a thousand actors, in a ring in which a thousand tokens circulate, or in a
 * mesh in which each pings random others, which reply. The runtime places them.
 */
#include "workloads.h"

#include <stdio.h>
#include <stdlib.h>

enum { ACTORS = 1000, HOPS = 16000000 };

static const maiko_topic **topics; /* one per actor */
static uint64_t each;              /* hops of a token, or pings of an actor */
static _Atomic(uint32_t) begun, complete;

static void begin(void)
{
	if (begun++ == 0)
		run_begins();
}

static void end_one(void)
{
	if (++complete == ACTORS)
		run_ends();
}

/* ---- the ring ---- */

typedef struct token {
	uint64_t to, hops;
} token;
static const maiko_topic *token_topic(const token *ev) { return topics[ev->to]; }
MAIKO_EVENT_ROUTED(token, token_topic, to, hops);

typedef struct link {
	uint64_t next;
} link;

static maiko_next link_tick(link *self, maiko_ctx *ctx)
{
	begin();
	bench_check(maiko_send(ctx, token, .to = self->next, .hops = 1) == 0, "a token could not begin");
	return maiko_never();
}

static int link_on_token(link *self, const token *ev, maiko_ctx *ctx)
{
	if (ev->hops < each)
		return maiko_send(ctx, token, .to = self->next, .hops = ev->hops + 1);
	end_one();
	return 0;
}

MAIKO_ACTOR(link, MAIKO_TICK(link_tick), MAIKO_ON(token, link_on_token));

/* ---- the mesh ---- */

typedef struct ping {
	uint32_t to, from;
	uint64_t number;
} ping;
typedef struct pong {
	uint64_t to, number;
} pong;
static const maiko_topic *ping_topic(const ping *ev) { return topics[ev->to]; }
static const maiko_topic *pong_topic(const pong *ev) { return topics[ev->to]; }
MAIKO_EVENT_ROUTED(ping, ping_topic, to, from, number);
MAIKO_EVENT_ROUTED(pong, pong_topic, to, number);

typedef struct node {
	uint64_t number, sent, chance;
} node;

static int send_ping(node *self, maiko_ctx *ctx)
{
	/* Any actor but itself. */
	uint64_t other = (self->number + 1 + bench_random(&self->chance) % (ACTORS - 1)) % ACTORS;
	return maiko_send(ctx, ping, .to = (uint32_t)other, .from = (uint32_t)self->number, .number = ++self->sent);
}

static maiko_next node_tick(node *self, maiko_ctx *ctx)
{
	begin();
	bench_check(send_ping(self, ctx) == 0, "a node could not begin");
	return maiko_never();
}

static int node_on_ping(node *self, const ping *ev, maiko_ctx *ctx)
{
	bench_check(ev->to == self->number, "another's ping");
	return maiko_send(ctx, pong, .to = ev->from, .number = ev->number);
}

static int node_on_pong(node *self, const pong *ev, maiko_ctx *ctx)
{
	bench_check(ev->number == self->sent, "a pong of another ping");
	if (self->sent < each)
		return send_ping(self, ctx);
	end_one();
	return 0;
}

MAIKO_ACTOR(node, MAIKO_TICK(node_tick), MAIKO_ON(ping, node_on_ping), MAIKO_ON(pong, node_on_pong));

/* ---- the whole ---- */

static int add_one(maiko_supervisor *sup, const char *name, uint64_t i, bool mesh)
{
	maiko_subscription own[] = {{.topic = topics[i]}, {.topic = NULL}};
	if (mesh)
		return maiko_add(sup, node, name, .topics = own, .init = &(node){.number = i, .chance = i + 1});
	return maiko_add(sup, link, name, .topics = own, .init = &(link){.next = (i + 1) % ACTORS});
}

static int add(maiko_supervisor *sup, bool mesh)
{
	topics = run_topics(sup, "actor", ACTORS);
	int rc = topics == NULL ? MAIKO_ENOMEM : 0;
	for (uint64_t i = 0; rc == 0 && i < ACTORS; i++) {
		char name[32];
		snprintf(name, sizeof name, "actor%llu", (unsigned long long)i);
		rc = add_one(sup, name, i, mesh);
	}
	return rc;
}

static int add_ring(maiko_supervisor *sup) { return add(sup, false); }
static int add_mesh(maiko_supervisor *sup) { return add(sup, true); }

static bool run(const bench_variant *v, int (*add_all)(maiko_supervisor *), uint64_t hops_each)
{
	uint64_t hops = bench_scaled(HOPS, ACTORS * hops_each);
	each = hops / (ACTORS * hops_each);
	bool done = run_supervisor(&(run_plan){.options.workers = v->workers, .add = add_all, .handled = hops});
	free(topics);
	if (done)
		bench_figure("hops", "/s", (double)hops * 1e9 / run_ns());
	return done;
}

static bool run_ring(const bench_variant *v) { return run(v, add_ring, 1); }
static bool run_mesh(const bench_variant *v) { return run(v, add_mesh, 2 /* there and back */); }

const bench_variant crowd_variants[] = {{"W10/ring", run_ring, .workers = 1},
					{"W10/ring-two", run_ring, .workers = 2},
					{"W10/ring-eight", run_ring, .workers = 8},
					{.name = "W10/ring-default", .run = run_ring},
					{"W10/mesh", run_mesh, .workers = 1},
					{"W10/mesh-two", run_mesh, .workers = 2},
					{"W10/mesh-eight", run_mesh, .workers = 8},
					{.name = "W10/mesh-default", .run = run_mesh},
					{.name = NULL}};
