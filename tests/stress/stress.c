/*
 * stress - random topologies on real threads, round after round.
 *
 *   stress [--seconds S] [--workers N] [--seed X] [--events E] [--sends N] [--verbose]
 *
 * A round: some actors on some topics of random policies, with random mailboxes and
 * budgets, a few with threads of their own; they forward what they get, tick, send later,
 * subscribe and leave; threads outside send, add, remove, subscribe. Then all is stopped:
 * gracefully, at once, or by freeing it with a deadline. Every event says who sent it on
 * which topic, and as the how-many-eth; so each receiver sees
 *
 *   - the numbers of a sender and topic grow (C1), and none comes twice (C2)
 *   - those of a topic that blocks, while it was subscribed all along, without a gap (C2)
 *
 * and at the end the ledger balances (C3) and nothing is queued (C10). Rounds go on for S
 * seconds (default 10), and until E events are handled (default 10 million). What is wrong
 * is printed with the seed of its round, and makes the status 1. Each of the threads sends
 * N times a round (default 4000). The seed chooses the
 * topologies; the threads take their own turns.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>

#include <getopt.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { TOPICS = 6, NODES = 48, CHURNED = 8, THREADS = 3, SENDERS = 1024, HOPS_MAX = 3 };

/* ---- what is sent --------------------------------------------------------------------------- */

typedef struct parcel {
	uint32_t sender; /* a number of its own in the round */
	uint8_t topic, hops;
	uint64_t n; /* of that sender's on that topic, from 1 */
} parcel;

static const maiko_topic *topics[TOPICS]; /* of the round's supervisor */
static maiko_overflow policies[TOPICS];

static const maiko_topic *topic_of(const parcel *p) { return topics[p->topic]; }
MAIKO_EVENT_ROUTED(parcel, topic_of, sender, topic, hops, n);

static _Atomic(uint64_t) faults, handled_in_all, timeouts;
static _Atomic(uint32_t) senders;
static uint64_t round_seed;
static _Atomic(bool) over; /* the round's threads are to end */

static void fault(const char *what, const char *who, const parcel *p, uint64_t last)
{
	if (atomic_fetch_add(&faults, 1) < 10)
		fprintf(stderr,
			"stress: %s: %s, sender %" PRIu32 ", topic %u, number %" PRIu64 " after %" PRIu64
			", round seed %" PRIu64 "\n",
			who, what, p->sender, p->topic, p->n, last, round_seed);
}

/* splitmix64 (Steele, Lea and Flood, 2014) */
static uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}
static uint32_t below(uint64_t *state, uint32_t count) { return (uint32_t)(random_next(state) % count); }

/* ---- a node: gets, checks, forwards ---------------------------------------------------------- */

typedef struct node {
	uint64_t random;
	uint32_t number; /* as a sender */
	uint64_t sent[TOPICS];
	uint64_t *last;     /* by sender and topic */
	bool whole[TOPICS]; /* subscribed all along, under block: no gap */
	bool ticks, forgives;
	uint8_t outputs[2];
} node;

static int node_start(node *self, maiko_ctx *ctx)
{
	(void)ctx;
	self->number = atomic_fetch_add(&senders, 1);
	self->last = calloc((size_t)SENDERS * TOPICS, sizeof *self->last);
	return self->last == NULL || self->number >= SENDERS ? MAIKO_ENOMEM : 0;
}

static int node_stop(node *self, maiko_ctx *ctx)
{
	(void)ctx;
	free(self->last);
	self->last = NULL;
	return 0;
}

static int node_send(node *self, maiko_ctx *ctx, uint8_t topic, uint8_t hops)
{
	int rc = maiko_send(ctx, parcel, .sender = self->number, .topic = topic, .hops = hops,
			    .n = self->sent[topic] + 1);
	self->sent[topic] += rc == 0;
	return rc == MAIKO_EAGAIN || rc == MAIKO_ESHUTDOWN ? 0 : rc; /* its allowance is spent */
}

static void node_check(node *self, const parcel *p, const maiko_ctx *ctx)
{
	if (p->n == 0)
		return; /* it may be overtaken */
	uint64_t *last = &self->last[(size_t)p->sender * TOPICS + p->topic];
	if (p->n <= *last)
		fault(p->n == *last ? "twice" : "out of order", maiko_name(ctx), p, *last);
	else if (self->whole[p->topic] && p->n != *last + 1)
		fault("a gap", maiko_name(ctx), p, *last);
	*last = p->n;
}

static int node_on_parcel(node *self, const parcel *p, maiko_ctx *ctx)
{
	node_check(self, p, ctx);
	if (p->hops == 0)
		return 0;
	uint64_t r = random_next(&self->random);
	if (r % 64 == 0) /* later; unnumbered, for it may be overtaken */
		(void)maiko_send_after_ms(ctx, r % 3, NULL, parcel, .sender = SENDERS - 1, .topic = TOPICS - 1, .n = 0);
	if (r % 1021 == 0)
		return -1;
	return node_send(self, ctx, self->outputs[r % 2], (uint8_t)(p->hops - 1));
}

static maiko_next node_tick(node *self, maiko_ctx *ctx)
{
	if (!self->ticks)
		return maiko_never();
	int rc = node_send(self, ctx, self->outputs[0], 1);
	if (rc != 0)
		return maiko_failed(rc);
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
	(void)error;
	(void)ctx;
	return self->forgives ? 0 : -1;
}

MAIKO_ACTOR(node, MAIKO_ON(parcel, node_on_parcel), MAIKO_ON_START(node_start), MAIKO_ON_STOP(node_stop),
	    MAIKO_TICK(node_tick), MAIKO_ON_ERROR(node_on_error));

/* ---- a round ------------------------------------------------------------------------------------ */

typedef struct round_of {
	maiko_supervisor *sup;
	uint64_t random;
	uint32_t workers, nodes;
	uint64_t events; /* that the threads outside send */
} round_of;

/* The last topic is for what may be overtaken: nobody's numbers count there. */
static int make_topics(round_of *r)
{
	static const maiko_overflow all[] = {MAIKO_BLOCK,       MAIKO_BLOCK,       MAIKO_BLOCK, MAIKO_DROP_NEWEST,
					     MAIKO_DROP_OLDEST, MAIKO_KEEP_LATEST, MAIKO_FAIL};
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < TOPICS; i++) {
		char name[16];
		policies[i] = all[below(&r->random, sizeof all / sizeof all[0])];
		snprintf(name, sizeof name, "topic%u", i);
		rc = maiko_topic_with(r->sup, name, &(maiko_topic){.overflow = policies[i]}, &topics[i]);
	}
	return rc;
}

static node node_of(round_of *r, bool stays)
{
	node init = {.random = random_next(&r->random),
		     .ticks = below(&r->random, 8) == 0,
		     .forgives = stays,
		     .outputs = {(uint8_t)below(&r->random, TOPICS - 1), (uint8_t)below(&r->random, TOPICS - 1)}};
	return init;
}

static int add_node(round_of *r, const char *name, bool stays, maiko_actor_id *ret_id)
{
	node init = node_of(r, stays);
	maiko_subscription subscriptions[3] = {{0}};
	uint32_t first = below(&r->random, TOPICS - 1);
	subscriptions[0].topic = topics[first];
	init.whole[first] = stays && policies[first] == MAIKO_BLOCK;
	if (below(&r->random, 3) == 0) {
		uint32_t second = (first + 1) % (TOPICS - 1);
		subscriptions[1].topic = topics[second];
		init.whole[second] = stays && policies[second] == MAIKO_BLOCK;
	}
	return maiko_add(r->sup, node, name, .init = &init, .topics = subscriptions,
			 .mailbox = 1 + below(&r->random, 64), .max_events_per_tick = 1 + below(&r->random, 64),
			 .own_thread = below(&r->random, 24) == 0, .ret_id = ret_id);
}

static void send_outside(void *arg)
{
	round_of r = *(round_of *)arg;
	uint32_t number = atomic_fetch_add(&senders, 1);
	uint64_t random = r.random ^ ((uint64_t)number << 32), sent[TOPICS] = {0};
	for (uint64_t i = 0; i < r.events && !atomic_load(&over); i++) {
		uint8_t topic = (uint8_t)below(&random, TOPICS - 1);
		int rc = maiko_send_timeout(r.sup, 1000, parcel, .sender = number, .topic = topic,
					    .hops = (uint8_t)below(&random, HOPS_MAX + 1), .n = sent[topic] + 1);
		sent[topic] += rc == 0;
		atomic_fetch_add(&timeouts, rc == MAIKO_ETIMEDOUT);
		if (rc != 0 && rc != MAIKO_ETIMEDOUT)
			break;
	}
}

/* Actors that come and go, subscribe and leave. */
static void churn(void *arg)
{
	round_of r = *(round_of *)arg;
	for (uint32_t i = 0; !atomic_load(&over) && atomic_load(&senders) < SENDERS - 64; i++) {
		maiko_actor_id id;
		char name[24];
		snprintf(name, sizeof name, "guest%u", i % CHURNED);
		int rc = add_node(&r, name, false, &id);
		if (rc == MAIKO_ESHUTDOWN)
			return;
		if (rc != 0)
			continue;
		const maiko_topic *topic = topics[below(&r.random, TOPICS)];
		if (maiko_subscribe(r.sup, id, topic) == 0 && below(&r.random, 2) == 0)
			(void)maiko_unsubscribe(r.sup, id, topic);
		(void)maiko_remove(r.sup, id);
	}
}

static bool stop_and_account(round_of *r)
{
	maiko_ledger *ledger = NULL;
	static const maiko_stop_options ways[] = {{0}, {0}, {0}, {.now = true}, {.deadline_ms = 5}};
	maiko_stop_options options = ways[below(&r->random, sizeof ways / sizeof ways[0])];
	options.ret_report = &ledger;
	int rc = maiko_stop(r->sup, &options);
	bool fine = rc == 0 && maiko_ledger_balanced(ledger) && ledger->total.queued == 0;
	for (size_t i = 0; fine && i < ledger->pair_count; i++)
		fine = ledger->pairs[i].in_flight == 0;
	if (!fine) {
		fprintf(stderr, "stress: round seed %" PRIu64 ": %s\n", round_seed,
			rc != 0 ? maiko_strerror(rc) : "the ledger does not balance");
		if (ledger != NULL)
			maiko_ledger_print(ledger, stderr);
		atomic_fetch_add(&faults, 1);
	}
	if (ledger != NULL)
		atomic_fetch_add(&handled_in_all, ledger->total.handled);
	maiko_ledger_free(ledger);
	return fine;
}

static int run_round(round_of *r)
{
	uv_thread_t threads[THREADS + 1];
	uint32_t count = 0;
	int rc = make_topics(r);
	r->nodes = 4 + below(&r->random, NODES - 4);
	for (uint32_t i = 0; rc == 0 && i < r->nodes; i++) {
		char name[16];
		snprintf(name, sizeof name, "node%u", i);
		rc = add_node(r, name, true, NULL);
		rc = rc == MAIKO_E2BIG ? 0 : rc; /* threads of their own have a bound */
	}
	if (rc == 0)
		rc = maiko_start(r->sup);
	if (rc != 0)
		return rc;
	round_of shares[THREADS + 1];
	for (; count < THREADS + 1; count++) {
		shares[count] = *r;
		shares[count].random = random_next(&r->random);
		if (uv_thread_create(&threads[count], count < THREADS ? send_outside : churn, &shares[count]) != 0)
			break;
	}
	uint32_t joined = 0;
	while (joined < count && joined < THREADS && below(&r->random, 4) != 0)
		uv_thread_join(&threads[joined++]); /* the others are stopped while they send */
	stop_and_account(r);
	atomic_store(&over, true);
	while (joined < count)
		uv_thread_join(&threads[joined++]);
	return 0;
}

static bool round_from(uint64_t seed, uint32_t workers, uint64_t events)
{
	round_of r = {.random = seed, .events = events};
	round_seed = seed;
	atomic_store(&senders, 0);
	atomic_store(&over, false);
	maiko_options options = {.workers = workers != 0 ? workers : 1 + below(&r.random, 4),
				 .channel = 16u << below(&r.random, 5)};
	int rc = maiko_supervisor_new(&r.sup, &options);
	if (rc == 0)
		rc = run_round(&r);
	if (rc != 0) {
		fprintf(stderr, "stress: round seed %" PRIu64 ": %s\n", seed, maiko_strerror(rc));
		atomic_fetch_add(&faults, 1);
	}
	maiko_supervisor_free(r.sup);
	return atomic_load(&faults) == 0;
}

/* ---- the program ----------------------------------------------------------------------------------- */

static uint64_t number(const char *text)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0') {
		fprintf(stderr, "stress: %s: not a number\n", text);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	static const struct option known[] = {{"seconds", required_argument, NULL, 's'},
					      {"workers", required_argument, NULL, 'w'},
					      {"seed", required_argument, NULL, 'x'},
					      {"events", required_argument, NULL, 'e'},
					      {"sends", required_argument, NULL, 'n'},
					      {"verbose", no_argument, NULL, 'v'},
					      {NULL, 0, NULL, 0}};
	uint64_t seconds = 10, workers = 0, seed = 0, events = 10000000, rounds = 0, sends = 4000;
	int option;
	bool seeded = false, tells = false;
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (option) {
		case 's':
			seconds = number(optarg);
			break;
		case 'w':
			workers = number(optarg);
			break;
		case 'x':
			seed = number(optarg), seeded = true;
			break;
		case 'e':
			events = number(optarg);
			break;
		case 'n':
			sends = number(optarg);
			break;
		case 'v':
			tells = true;
			break;
		default:
			return 2;
		}
	}
	if (workers > MAIKO_WORKERS_MAX / 2) {
		fprintf(stderr, "stress: up to %d workers\n", MAIKO_WORKERS_MAX / 2);
		return 2;
	}
	if (!seeded && uv_random(NULL, NULL, &seed, sizeof seed, 0, NULL) != 0)
		return 1;
	printf("seed %" PRIu64 "\n", seed);
	fflush(stdout);
	uint64_t start = uv_hrtime(), state = seed;
	do {
		uint64_t next = seeded && rounds == 0 ? seed : random_next(&state);
		if (!round_from(next, (uint32_t)workers, sends))
			break;
		rounds++;
		if (tells)
			printf("%.1f s: round seed %" PRIu64 ", %" PRIu64 " handled, %" PRIu64 " timed out so far\n",
			       (double)(uv_hrtime() - start) / 1e9, next, atomic_load(&handled_in_all),
			       atomic_load(&timeouts));
	} while (uv_hrtime() - start < seconds * 1000000000u || atomic_load(&handled_in_all) < events);
	double took = (double)(uv_hrtime() - start) / 1e9;
	printf("%" PRIu64 " rounds, %" PRIu64 " events handled in %.1f s, %" PRIu64 " sends timed out: %s\n", rounds,
	       atomic_load(&handled_in_all), took, atomic_load(&timeouts),
	       atomic_load(&faults) == 0 ? "all is accounted for" : "something is wrong");
	return atomic_load(&faults) == 0 ? 0 : 1;
}
