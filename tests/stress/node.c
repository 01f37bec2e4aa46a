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
_Atomic(uint32_t) senders;
_Atomic(uint64_t) sent[SENDERS][TOPICS];
awaited receipts_of[SENDERS];
_Atomic(uint64_t) receipts_in_all;
_Atomic(bool) spoils;
bool rests;

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

void check_receipt(const maiko_receipt *receipt)
{
	uint64_t sum = 0;
#define ADD(field, text) sum += receipt->field;
	MAIKO_OUTCOME_MAP(ADD)
#undef ADD
	if (sum != receipt->deliveries || receipt->no_memory != 0)
		fault_code("a receipt", (int)receipt->no_memory);
	atomic_fetch_add(&receipts_in_all, 1);
}

static void tracked(const node *self, maiko_id id, bool comes)
{
	awaited *w = &receipts_of[self->number];
	uint64_t one = comes ? UINT64_MAX : 1;
	if (comes && atomic_load(&w->count) == 0)
		fault_code("a receipt too many", 0);
	atomic_fetch_add(&w->count, one);
	atomic_fetch_add(&w->ids, one * (id.origin * 31 + id.sequence));
}

static int node_on_receipt(node *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	(void)ctx;
	check_receipt(receipt);
	tracked(self, receipt->event, true);
	return 0;
}

/* A time of day that nobody's clock has, and a name that nobody has. */
static const uint64_t forged_ns = UINT64_MAX - 7;
static const char *const abroad = "abroad";

static int send_as(const node *self, maiko_ctx *ctx, const maiko_event_type *type, const void *event, uint32_t how)
{
	const maiko_envelope *meta = maiko_meta(ctx);
	if (how > 1 || (how == 1 && meta == NULL)) {
		int rc = maiko_ctx_send(ctx, type, event, how == 2 ? MAIKO_SEND_TRACKED : 0);
		if (rc == 0 && how == 2)
			tracked(self, maiko_sent_id(ctx), false);
		return rc;
	}
	if (how == 1) {
		maiko_envelope e = *meta;
		e.origin_timestamp_ns = forged_ns;
		e.sender = abroad;
		return maiko_inject(ctx, type, event, &e);
	}
	maiko_envelope e = {.id = {maiko_random(ctx) | 1, 1}, .sender = abroad, .origin_timestamp_ns = forged_ns};
	int rc = maiko_inject_tracked(ctx, type, event, &e);
	if (rc == 0)
		tracked(self, e.id, false);
	return rc;
}

/* A send may be refused only when the allowance of a mute is used up. */
static void node_send(node *self, maiko_ctx *ctx, uint8_t topic, uint8_t hops)
{
	_Atomic(uint64_t) *count = &sent[self->number][topic];
	uint32_t how = below(&self->random, 64);
	uint64_t n = atomic_load(count) + 1;
	maiko_buffer *cargo = crated[topic] ? cargo_of(n) : NULL;
	crate c = {.sender = self->number, .topic = topic, .hops = hops, .n = n, .cargo = cargo};
	parcel p = {.sender = self->number, .topic = topic, .hops = hops, .n = n};
	int rc = crated[topic] ? send_as(self, ctx, MAIKO_EVENT_REF(crate), &c, how)
			       : send_as(self, ctx, MAIKO_EVENT_REF(parcel), &p, how);
	maiko_buffer_unref(cargo);
	if (rc == 0)
		atomic_fetch_add(count, 1);
	else if (rc != MAIKO_EAGAIN || !maiko_is_congested(ctx))
		fault_code("maiko_send in an actor", rc);
}

/* What comes from elsewhere says so. */
static void check_origin(const maiko_ctx *ctx, const parcel *p)
{
	const maiko_envelope *meta = maiko_meta(ctx);
	bool forged = meta->origin_timestamp_ns == forged_ns, named = strcmp(meta->sender, abroad) == 0;
	if (forged != meta->injected || named != meta->injected)
		fault_of("the origin of another", maiko_name(ctx), p, 0);
}

/* ---- on hold: while a job is under way ---------------------------------------------------------- */

typedef struct rest {
	uint32_t rounds;
} rest;

static int rest_work(rest *job)
{
	for (volatile uint32_t left = job->rounds; left > 0;)
		left = left - 1;
	return 0;
}

static int node_on_rested(node *self, rest *job, int status, maiko_ctx *ctx)
{
	(void)self;
	(void)job;
	(void)status;
	return maiko_unhold(ctx);
}
MAIKO_BLOCKING(node, rest, rest_work, node_on_rested);

static void node_rest(maiko_ctx *ctx, uint64_t r)
{
	if (maiko_hold(ctx) == 0 && maiko_blocking(ctx, rest_work, node_on_rested, .rounds = (uint32_t)(r % 4096)) != 0)
		(void)maiko_unhold(ctx);
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
	if (p->n == 1 && self->whole[p->topic] && atomic_load(&spoils))
		return; /* as if it had not arrived; a sender's second then shows a gap */
	if (p->n <= *last)
		fault_of(p->n == *last ? "twice" : "out of order", maiko_name(ctx), p, *last);
	else if (self->whole[p->topic] && p->n != *last + 1)
		fault_of("a gap", maiko_name(ctx), p, *last);
	*last = p->n;
}

static int node_on_parcel(node *self, const parcel *p, maiko_ctx *ctx)
{
	node_check(self, p, ctx);
	check_origin(ctx, p);
	if (p->hops == 0)
		return 0;
	uint64_t r = random_next(&self->random);
	if (r % 64 == 0)
		node_send_later(ctx, r % 3);
	if (r % 1021 == 0)
		return -1;
	if (rests && r % 509 == 0)
		node_rest(ctx, r);
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
		   MAIKO_ON_STOP(node_stop), MAIKO_TICK(node_tick), MAIKO_ON_ERROR(node_on_error),
		   MAIKO_ON_RECEIPT(node_on_receipt));
