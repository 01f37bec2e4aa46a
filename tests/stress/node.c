/*
 * node.c - see node.h.
 */
#include "node.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const maiko_topic *topics[TOPICS];
maiko_overflow policies[TOPICS];
bool crated[TOPICS];
uint64_t round_seed;
_Atomic(uint32_t) senders;
_Atomic(uint64_t) sent[SENDERS][TOPICS], faults;
_Atomic(bool) spoils;

static const maiko_topic *topic_of(const parcel *p) { return topics[p->topic]; }
static const maiko_topic *topic_of_crate(const crate *c) { return topics[c->topic]; }
MAIKO_EVENT_ROUTED_DEFINE(parcel, topic_of, sender, topic, hops, n);
MAIKO_EVENT_ROUTED_DEFINE(crate, topic_of_crate, sender, topic, hops, n, cargo);

maiko_buffer *cargo_of(uint64_t n)
{
	maiko_buffer *cargo = NULL;
	if (maiko_buffer_new(sizeof n + n * 37 % 1017, &cargo) == 0)
		memcpy(maiko_buffer_writable(cargo), &n, sizeof n);
	return cargo;
}

enum { FAULTS_TOLD = 10 };

void fault_of(const char *what, const char *who, const parcel *p, uint64_t last)
{
	if (atomic_fetch_add(&faults, 1) < FAULTS_TOLD)
		fprintf(stderr,
			"stress: %s: %s, sender %" PRIu32 ", topic %u, number %" PRIu64 " after %" PRIu64
			", round seed %" PRIu64 "\n",
			who, what, p->sender, p->topic, p->n, last, round_seed);
}

void fault_code(const char *call, int rc)
{
	if (atomic_fetch_add(&faults, 1) < FAULTS_TOLD)
		fprintf(stderr, "stress: %s returned %s, round seed %" PRIu64 "\n", call, maiko_err_name(rc),
			round_seed);
}

/* splitmix64 (Steele, Lea and Flood, 2014) */
uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}
uint32_t below(uint64_t *state, uint32_t count) { return (uint32_t)(random_next(state) % count); }

/* ---- nodes: receive, check, forward ----------------------------------------------------------- */

static int node_start(node *self, maiko_ctx *ctx)
{
	(void)ctx;
	if (!self->stays)
		self->last = calloc((size_t)SENDERS * TOPICS, sizeof *self->last);
	return self->last == NULL || self->number >= SENDERS - 1 ? MAIKO_ENOMEM : 0;
}

static int node_stop(node *self, maiko_ctx *ctx)
{
	(void)ctx;
	if (!self->stays)
		free(self->last);
	self->last = NULL;
	return 0;
}

/* A send may be refused only when the allowance of a mute is used up. */
static void node_send(const node *self, maiko_ctx *ctx, uint8_t topic, uint8_t hops)
{
	_Atomic(uint64_t) *count = &sent[self->number][topic];
	uint64_t n = atomic_load(count) + 1;
	maiko_buffer *cargo = crated[topic] ? cargo_of(n) : NULL;
	int rc = crated[topic] ? maiko_send(ctx, crate, .sender = self->number, .topic = topic, .hops = hops, .n = n,
					    .cargo = cargo)
			       : maiko_send(ctx, parcel, .sender = self->number, .topic = topic, .hops = hops, .n = n);
	maiko_buffer_unref(cargo);
	if (rc == 0)
		atomic_fetch_add(count, 1);
	else if (rc != MAIKO_EAGAIN || !maiko_is_congested(ctx))
		fault_code("maiko_send in an actor", rc);
}

/* Unnumbered, because others may overtake it. */
static void node_send_later(maiko_ctx *ctx, uint64_t ms)
{
	int rc = maiko_send_after_ms(ctx, ms, NULL, parcel, .sender = SENDERS - 1, .topic = TOPICS - 1);
	if (rc != 0 && (rc != MAIKO_ESHUTDOWN || !maiko_stopping(ctx)))
		fault_code("maiko_send_after_ms", rc);
}

static void node_check(const node *self, const parcel *p, const maiko_ctx *ctx)
{
	if (p->n == 0)
		return;
	uint64_t *last = &self->last[(size_t)p->sender * TOPICS + p->topic];
	if (p->n == 1 && self->whole[p->topic] && atomic_exchange(&spoils, false))
		return; /* as if it had not arrived */
	if (p->n <= *last)
		fault_of(p->n == *last ? "twice" : "out of order", maiko_name(ctx), p, *last);
	else if (self->whole[p->topic] && p->n != *last + 1)
		fault_of("a gap", maiko_name(ctx), p, *last);
	*last = p->n;
}

static int node_on_parcel(node *self, const parcel *p, maiko_ctx *ctx)
{
	node_check(self, p, ctx);
	if (p->hops == 0)
		return 0;
	uint64_t r = random_next(&self->random);
	if (r % 64 == 0)
		node_send_later(ctx, r % 3);
	if (r % 1021 == 0)
		return -1;
	node_send(self, ctx, self->outputs[r % 2], (uint8_t)(p->hops - 1));
	return 0;
}

static int node_on_crate(node *self, const crate *c, maiko_ctx *ctx)
{
	parcel p = {.sender = c->sender, .topic = c->topic, .hops = c->hops, .n = c->n};
	if (maiko_buffer_size(c->cargo) < sizeof p.n || memcmp(maiko_buffer_data(c->cargo), &p.n, sizeof p.n) != 0)
		fault_of("the cargo of another", maiko_name(ctx), &p, 0);
	return node_on_parcel(self, &p, ctx);
}

static maiko_next node_tick(node *self, maiko_ctx *ctx)
{
	if (!self->ticks)
		return maiko_never();
	node_send(self, ctx, self->outputs[0], 1);
	switch (random_next(&self->random) % 4) {
	case 0:
		return maiko_after_events();
	case 1:
		return maiko_when_sendable();
	default:
		return maiko_after_ms(1);
	}
}

static int node_on_error(node *self, const maiko_error *error, maiko_ctx *ctx)
{
	(void)ctx;
	if (error->code != -1 && error->code != MAIKO_EOVERFLOW && error->code != MAIKO_EDEADLK)
		fault_code("a node's callback", error->code);
	return self->stays ? 0 : -1;
}

MAIKO_ACTOR_DEFINE(node, MAIKO_ON(parcel, node_on_parcel), MAIKO_ON(crate, node_on_crate), MAIKO_ON_START(node_start),
		   MAIKO_ON_STOP(node_stop), MAIKO_TICK(node_tick), MAIKO_ON_ERROR(node_on_error));
