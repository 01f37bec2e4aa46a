/*
 * stress - random topologies on real threads, round after round.
 *
 *   stress [--seconds S] [--rounds R] [--workers N] [--seed X] [--events E] [--sends N]
 *          [--record DIRECTORY] [--verbose] [--spoil]
 *   stress --pairs [--seconds S] [--workers N] [--seed X]
 *
 * A round has actors on topics with random policies, with random budgets and random mailbox bounds in
 * events and in bytes, some with their own threads. They forward events, tick, send delayed events,
 * subscribe, leave and migrate between workers; external threads send, add, remove, subscribe and move
 * actors. Then the supervisor is stopped: gracefully, at once, or with a deadline. Every event has its
 * sender, its topic and a sequence number, so each receiver checks that
 *
 *   - the numbers per sender and topic increase (C1), and none arrives twice (C2)
 *   - what comes from elsewhere (maiko_inject) says so, and each receipt has an outcome for each delivery (C17)
 *   - on a blocking topic to which it was subscribed all the time there is no gap, and
 *     after a graceful stop the last accepted event has arrived (C2, C10), and each tracked one had one receipt
 *
 * At the end the ledger balances (C3), nothing is queued, and a graceful stop has discarded
 * nothing (C10). In one round of eight guests are not temporary, and the first guest that fails
 * stops the supervisor (C11): the end status is its error, and not before. No call may return an
 * unexpected result. Rounds continue for S seconds (default 10), and until E events are handled
 * (default 10 million); or there are R rounds. A fault is printed with the seed of its round, and
 * makes the exit status 1, as does a failure to print. Each thread sends N times per round (default
 * 4000). The seed determines the topologies; the threads are scheduled by the system. With --spoil
 * the first event of each sender is hidden from the check of gaps, to test it: then the status must be 1.
 * With --pairs: pairs.h.
 *
 * With --record each round is recorded and replayed right after, which must not diverge. The file
 * of a round that diverges stays in the directory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "node.h"
#include "pairs.h"

#include <maiko/observe/recorder.h>
#include <maiko/testing/replay.h>

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { NODES = 48, CHURNED = 8, THREADS = 3 };

/* Enough for the slowest machine: a graceful stop that takes longer is a fault. */
enum { GRACEFUL_MS = 300000 };

const char program_name[] = "stress";
static _Atomic(uint64_t) timeouts;
static _Atomic(bool) stopping, over; /* the round is being stopped; its threads must end */
static uint64_t failed_rounds;       /* ended by a failure */
static uint64_t replayed;            /* records replayed */

typedef struct round_of {
	maiko_supervisor *sup;
	uint64_t random;
	uint32_t workers, nodes;
	bool fatal;                                         /* the failure of a guest stops it */
	uint64_t events;                                    /* sent by each external thread */
	node kept[NODES];                                   /* initial states of the actors that stay */
	uint64_t received[NODES][(size_t)SENDERS * TOPICS]; /* `last` of the actors that stay */
	uint32_t movable_count;
	maiko_actor_id movable[NODES]; /* all but those with .own_thread */
} round_of;

/* An external thread. */
typedef struct external_thread {
	const round_of *round;
	uint64_t random;
	uv_thread_t thread;
} external_thread;

/* Whether a call may return this: 0, one of `codes` (the last is 0), or MAIKO_ESHUTDOWN if the
 * supervisor is stopping. */
static bool well(const char *call, int rc, const int *codes)
{
	bool fine = rc == 0 || (rc == MAIKO_ESHUTDOWN && atomic_load(&stopping));
	for (; !fine && *codes != 0; codes++)
		fine = rc == *codes;
	if (!fine)
		fault_code(call, rc);
	return fine;
}
#define WELL(call, rc, ...) well((call), (rc), (const int[]){__VA_ARGS__})

/* ---- the topology ------------------------------------------------------------------------------- */

static int make_topics(round_of *r)
{
	static const maiko_overflow all[] = {MAIKO_BLOCK,       MAIKO_BLOCK,       MAIKO_BLOCK, MAIKO_DROP_NEWEST,
					     MAIKO_DROP_OLDEST, MAIKO_KEEP_LATEST, MAIKO_FAIL};
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < TOPICS; i++) {
		char name[16];
		policies[i] = all[below(&r->random, sizeof all / sizeof all[0])];
		crated[i] = round_seed % 4 != 3 && i < COUNTED && i % 2 == 1;
		snprintf(name, sizeof name, "topic%u", i);
		rc = maiko_topic_with(r->sup, name, &(maiko_topic){.overflow = policies[i]}, &topics[i]);
	}
	return rc;
}

/* Fills in `init`, except `last` and `stays`. */
static int add_node(const round_of *r, uint64_t *random, const char *name, node *init, bool own_thread,
		    maiko_actor_id *ret_id)
{
	maiko_subscription subscriptions[3] = {{0}};
	uint32_t first = below(random, COUNTED);
	init->random = random_next(random);
	init->ticks = below(random, 8) == 0;
	init->outputs[0] = (uint8_t)below(random, COUNTED);
	init->outputs[1] = (uint8_t)below(random, COUNTED);
	subscriptions[0].topic = topics[first];
	init->whole[first] = init->stays && policies[first] == MAIKO_BLOCK;
	if (below(random, 3) == 0) {
		uint32_t second = (first + 1) % COUNTED;
		subscriptions[1].topic = topics[second];
		init->whole[second] = init->stays && policies[second] == MAIKO_BLOCK;
	}
	uint64_t bytes = init->random % 3 == 0 ? 0 : 1024 + init->random / 3 % 31744;
	return maiko_add(r->sup, node, name, .init = init, .topics = subscriptions, .mailbox = 1 + below(random, 64),
			 .mailbox_bytes = bytes, .max_events_per_tick = 1 + below(random, 64), .own_thread = own_thread,
			 .ret_id = ret_id,
			 .restart = init->stays || !r->fatal ? MAIKO_TEMPORARY : MAIKO_RESTART_UNSAID);
}

static int add_kept(round_of *r)
{
	int rc = 0;
	uint32_t wanted = 4 + below(&r->random, NODES - 4);
	for (uint32_t i = 0; rc == 0 && i < wanted; i++) {
		char name[16];
		maiko_actor_id id;
		node *init = &r->kept[r->nodes];
		bool own_thread = below(&r->random, 24) == 0;
		*init = (node){.stays = true, .number = r->nodes, .last = r->received[r->nodes]};
		snprintf(name, sizeof name, "node%u", r->nodes);
		rc = add_node(r, &r->random, name, init, own_thread, &id);
		if (rc == 0 && !own_thread)
			r->movable[r->movable_count++] = id;
		r->nodes += rc == 0;
		rc = rc == MAIKO_E2BIG && own_thread ? 0 : rc; /* the number of workers is bounded */
	}
	atomic_store(&senders, r->nodes);
	return rc;
}

/* ---- the external threads ------------------------------------------------------------------------- */

static int send_outside_once(maiko_supervisor *sup, const parcel *p)
{
	if (!crated[p->topic])
		return maiko_send_timeout(sup, 1000, parcel, .sender = p->sender, .topic = p->topic, .hops = p->hops,
					  .n = p->n);
	maiko_buffer *cargo = cargo_of(p->n);
	int rc = maiko_send_timeout(sup, 1000, crate, .sender = p->sender, .topic = p->topic, .hops = p->hops,
				    .n = p->n, .cargo = cargo);
	maiko_buffer_unref(cargo);
	return rc;
}

/* Waits for what becomes of it. */
static int send_and_wait(maiko_supervisor *sup, const parcel *p)
{
	maiko_receipt receipt;
	int rc = maiko_send_wait(sup, 1000, &receipt, parcel, .sender = p->sender, .topic = p->topic, .hops = p->hops,
				 .n = p->n);
	if (rc == 0)
		check_receipt(&receipt);
	/* It is on its way, or was when the stop ended. */
	return rc != 0 && strstr(maiko_last_error(), ": sent,") != NULL ? 0 : rc;
}

static void send_outside(void *arg)
{
	external_thread *self = arg;
	uint32_t number = atomic_fetch_add(&senders, 1);
	for (uint64_t i = 0; i < self->round->events && !atomic_load(&over); i++) {
		uint8_t topic = (uint8_t)below(&self->random, COUNTED);
		uint8_t hops = (uint8_t)below(&self->random, HOPS_MAX + 1);
		_Atomic(uint64_t) *count = &sent[number][topic];
		parcel p = {.sender = number, .topic = topic, .hops = hops, .n = atomic_load(count) + 1};
		bool waits = i % 64 == 0 && !crated[topic];
		int rc = waits ? send_and_wait(self->round->sup, &p) : send_outside_once(self->round->sup, &p);
		atomic_fetch_add(count, rc == 0);
		atomic_fetch_add(&timeouts, rc == MAIKO_ETIMEDOUT);
		if (!WELL("maiko_send_timeout", rc, MAIKO_ETIMEDOUT, 0) || rc == MAIKO_ESHUTDOWN)
			break;
	}
}

/* Subscribes an actor to another topic, moves it, may unsubscribe it, and removes it. It may fail meanwhile. */
static void visit(external_thread *self, maiko_actor_id id, bool own_thread)
{
	maiko_supervisor *sup = self->round->sup;
	const maiko_topic *topic = topics[below(&self->random, TOPICS)];
	uint32_t to = 1 + below(&self->random, self->round->workers);
	int rc = maiko_subscribe(sup, id, topic);
	bool subscribed = WELL("maiko_subscribe", rc, MAIKO_EEXIST, MAIKO_ENOENT, 0) && rc == 0;
	if (!own_thread)
		WELL("maiko_move", maiko_move(sup, id, to), MAIKO_EBUSY, MAIKO_EAGAIN, MAIKO_ENOENT, 0);
	if (subscribed && below(&self->random, 2) == 0)
		WELL("maiko_unsubscribe", maiko_unsubscribe(sup, id, topic), MAIKO_ENOENT, 0);
	WELL("maiko_remove", maiko_remove(sup, id), MAIKO_ENOENT, 0);
}

/* Adds and removes actors, and moves those that stay. */
static void churn(void *arg)
{
	external_thread *self = arg;
	const round_of *r = self->round;
	for (uint32_t i = 0; !atomic_load(&over) && atomic_load(&senders) < SENDERS - 64; i++) {
		maiko_actor_id id;
		char name[24];
		node init = {.stays = false, .number = atomic_fetch_add(&senders, 1)};
		bool own_thread = below(&self->random, 24) == 0;
		snprintf(name, sizeof name, "guest%u", i % CHURNED);
		int rc = add_node(r, &self->random, name, &init, own_thread, &id);
		if (rc == 0)
			visit(self, id, own_thread);
		else if (!WELL("maiko_add", rc, own_thread ? MAIKO_E2BIG : 0, 0) || rc == MAIKO_ESHUTDOWN)
			return;
		if (r->movable_count == 0)
			continue;
		id = r->movable[below(&self->random, r->movable_count)];
		rc = maiko_move(r->sup, id, 1 + below(&self->random, r->workers));
		WELL("maiko_move", rc, MAIKO_EBUSY, MAIKO_EAGAIN, MAIKO_ENOENT, 0);
	}
}

/* ---- the end of a round --------------------------------------------------------------------------- */

static const maiko_actor_row *row_of(const maiko_ledger *ledger, uint32_t i)
{
	char name[16];
	snprintf(name, sizeof name, "node%u", i);
	for (size_t k = 0; k < ledger->actor_count; k++)
		if (strcmp(ledger->actors[k]->name, name) == 0)
			return ledger->actors[k];
	return NULL; /* a cycle of full mailboxes exceeded its bound */
}

/* After a graceful stop: an actor that was subscribed all the time, and has not failed, has the last
 * event of every sender. */
static void check_tails(const round_of *r, const maiko_ledger *ledger)
{
	for (uint32_t i = 0; i < r->nodes; i++) {
		const maiko_actor_row *row = row_of(ledger, i);
		if (row == NULL || row->status != MAIKO_ACTOR_STOPPED) {
			if (row != NULL && row->error != MAIKO_EDEADLK)
				fault_code(row->name, row->error);
			continue;
		}
		const awaited *w = &receipts_of[r->kept[i].number];
		if (atomic_load(&w->count) != 0 || atomic_load(&w->ids) != 0)
			fault_code("receipts that are missing", (int)atomic_load(&w->count));
		for (uint32_t s = 0; s < SENDERS; s++)
			for (uint8_t t = 0; t < COUNTED; t++) {
				uint64_t last = r->received[i][(size_t)s * TOPICS + t];
				bool hears = r->kept[i].whole[t] && s != r->kept[i].number;
				if (hears && last != atomic_load(&sent[s][t]))
					fault_of("the last are missing", row->name,
						 &(parcel){.sender = s, .topic = t, .n = atomic_load(&sent[s][t])},
						 last);
			}
	}
}

/* Whether the ledger names an actor with that error; if there are very many failures, it need not. */
static bool is_named(const maiko_ledger *ledger, int rc)
{
	bool named = ledger != NULL && ledger->failed > MAIKO_FAILURES_KEPT;
	for (size_t i = 0; ledger != NULL && i < ledger->failure_count; i++)
		named |= ledger->failures[i]->error == rc && strncmp(ledger->failures[i]->actor, "guest", 5) == 0;
	return named;
}

static bool ends_as_it_should(const round_of *r, int rc, const maiko_ledger *ledger)
{
	return rc == 0 || (r->fatal && is_named(ledger, rc));
}

/* Returns the ledger, owned by the caller. */
static maiko_ledger *stop(round_of *r, bool *ret_graceful)
{
	maiko_ledger *ledger = NULL;
	uint32_t way = below(&r->random, 5);
	maiko_stop_options options = {.deadline_ms = GRACEFUL_MS, .ret_report = &ledger};
	*ret_graceful = way < 3;
	options.now = way == 3;
	if (way == 4)
		options.deadline_ms = 5;
	atomic_store(&stopping, true);
	int rc = maiko_stop(r->sup, &options);
	failed_rounds += rc != 0;
	if (!ends_as_it_should(r, rc, ledger))
		fault_at_end(maiko_strerror(rc), ledger);
	else if (account(ledger, *ret_graceful) && ledger->total.no_memory != 0)
		fault_at_end("no memory", ledger);
	return ledger;
}

static int set_up(maiko_supervisor *sup, void *arg)
{
	round_of *r = arg;
	r->sup = sup;
	int rc = make_topics(r);
	return rc == 0 ? add_kept(r) : rc;
}

static int run_round(round_of *r)
{
	external_thread external_threads[THREADS + 1];
	uint32_t count = 0, joined = 0;
	bool graceful = false;
	int rc = set_up(r->sup, r);
	if (rc == 0)
		rc = maiko_start(r->sup);
	if (rc != 0)
		return rc;
	for (; count < THREADS + 1; count++) {
		external_thread *o = &external_threads[count];
		*o = (external_thread){.round = r, .random = random_next(&r->random)};
		if (uv_thread_create(&o->thread, count < THREADS ? send_outside : churn, o) != 0)
			break;
	}
	while (joined < count && joined < THREADS && below(&r->random, 4) != 0)
		uv_thread_join(&external_threads[joined++].thread); /* the others still send during the stop */
	maiko_ledger *ledger = stop(r, &graceful);
	atomic_store(&over, true);
	while (joined < count)
		uv_thread_join(&external_threads[joined++].thread);
	if (graceful && ledger != NULL && !atomic_load(&spoils))
		check_tails(r, ledger);
	maiko_ledger_free(ledger);
	return 0;
}

/* Prepares a round without its supervisor; the seed determines all of it. */
static maiko_options begin_round(round_of *r, uint64_t seed, uint32_t workers, uint64_t events)
{
	memset(r, 0, sizeof *r);
	for (uint32_t s = 0; s < SENDERS; s++)
		for (uint32_t t = 0; t < TOPICS; t++)
			atomic_store(&sent[s][t], 0);
	for (uint32_t s = 0; s < SENDERS; s++) {
		atomic_store(&receipts_of[s].count, 0);
		atomic_store(&receipts_of[s].ids, 0);
	}
	rests = seed % 2 == 0;
	r->random = round_seed = seed;
	r->events = events;
	r->workers = workers != 0 ? workers : 1 + below(&r->random, 4);
	r->fatal = below(&r->random, 8) == 0;
	atomic_store(&stopping, r->fatal); /* if fatal, it may stop at any time */
	atomic_store(&over, false);
	return (maiko_options){.workers = r->workers, .channel = 16u << below(&r->random, 5)};
}

/* Replays the recording of the round. */
static void replay(round_of *r, uint64_t seed, uint32_t workers, const char *path)
{
	static const maiko_actor_type *const actors[] = {MAIKO_ACTOR_REF(node), NULL};
	static const maiko_event_type *const types[] = {MAIKO_EVENT_REF(parcel), MAIKO_EVENT_REF(crate), NULL};
	maiko_replay_result result;
	(void)begin_round(r, seed, workers, 0);
	int rc = maiko_replay(
		&(maiko_replay_options){.path = path, .setup = set_up, .arg = r, .actors = actors, .types = types},
		&result);
	if (rc != 0)
		fault_at_end(result.text, NULL);
	else if (!result.complete)
		fault_at_end("the recording is not complete", NULL);
	else
		remove(path);
	replayed += result.records;
}

/* `directory` NULL: it is not recorded. */
static bool round_from(uint64_t seed, uint32_t workers, uint64_t events, const char *directory)
{
	static round_of r;
	char path[4096];
	maiko_recorder *recorder = NULL;
	maiko_options options = begin_round(&r, seed, workers, events);
	int rc = maiko_supervisor_new(&r.sup, &options);
	if (directory != NULL) {
		snprintf(path, sizeof path, "%s/%" PRIu64 ".mkr", directory, seed);
		rc = rc == 0 ? maiko_recorder_new(&recorder, r.sup, path, NULL) : rc;
	}
	if (rc == 0)
		rc = run_round(&r);
	int recorded = maiko_recorder_free(recorder);
	if (rc != 0 || recorded != 0)
		fault_at_end(maiko_strerror(rc != 0 ? rc : recorded), NULL);
	if (maiko_supervisor_free(r.sup) != NULL)
		fault_at_end("it could not be freed", NULL);
	if (recorder != NULL && rc == 0)
		replay(&r, seed, workers, path);
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

/* 0 if there was no fault and all output was written. */
static int status(void) { return atomic_load(&faults) == 0 && fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1; }

/* The options of the command line. */
typedef struct wishes {
	uint64_t seconds, workers, seed, events, sends, most;
	const char *directory;
	bool seeded, tells, pairs;
} wishes;

static bool read_options(int argc, char **argv, wishes *w)
{
	static const struct option known[] = {{"seconds", required_argument, NULL, 's'},
					      {"workers", required_argument, NULL, 'w'},
					      {"seed", required_argument, NULL, 'x'},
					      {"events", required_argument, NULL, 'e'},
					      {"sends", required_argument, NULL, 'n'},
					      {"rounds", required_argument, NULL, 'r'},
					      {"record", required_argument, NULL, 'd'},
					      {"verbose", no_argument, NULL, 'v'},
					      {"spoil", no_argument, NULL, 'l'},
					      {"pairs", no_argument, NULL, 'p'},
					      {NULL, 0, NULL, 0}};
	int option;
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (option) {
		case 's':
			w->seconds = number(optarg);
			break;
		case 'w':
			w->workers = number(optarg);
			break;
		case 'x':
			w->seed = number(optarg), w->seeded = true;
			break;
		case 'e':
			w->events = number(optarg);
			break;
		case 'n':
			w->sends = number(optarg);
			break;
		case 'r':
			w->most = number(optarg);
			break;
		case 'd':
			w->directory = optarg;
			break;
		case 'v':
			w->tells = true;
			break;
		case 'l':
			atomic_store(&spoils, true);
			break;
		case 'p':
			w->pairs = true;
			break;
		default:
			return false;
		}
	}
	if (w->workers > MAIKO_WORKERS_MAX / 2)
		fprintf(stderr, "stress: up to %d workers\n", MAIKO_WORKERS_MAX / 2);
	return w->workers <= MAIKO_WORKERS_MAX / 2;
}

static void tell_all(uint64_t rounds, double took, bool recorded)
{
	printf("%" PRIu64 " rounds in %.1f s, %" PRIu64 " of them ended by a failure, %" PRIu64 " sends timed out\n",
	       rounds, took, failed_rounds, atomic_load(&timeouts));
	tell_deliveries();
	printf("\n%" PRIu64 " receipts", atomic_load(&receipts_in_all));
	if (recorded)
		printf("\n%" PRIu64 " records replayed", replayed);
	printf("\n%s\n", atomic_load(&faults) == 0 ? "all is accounted for" : "something is wrong");
}

int main(int argc, char **argv)
{
	wishes w = {.seconds = 10, .events = 10000000, .sends = 4000, .most = UINT64_MAX};
	if (!read_options(argc, argv, &w))
		return 2;
	if (!w.seeded && uv_random(NULL, NULL, &w.seed, sizeof w.seed, 0, NULL) != 0)
		return 1;
	printf("seed %" PRIu64 "\n", w.seed);
	fflush(stdout);
	if (w.pairs)
		return pairs_run(w.seconds, (uint32_t)w.workers, w.seed) == 0 ? status() : 1;
	uint64_t start = uv_hrtime(), state = w.seed, rounds = 0;
	do {
		uint64_t next = w.seeded && rounds == 0 ? w.seed : random_next(&state);
		if (!round_from(next, (uint32_t)w.workers, w.sends, w.directory))
			break;
		rounds++;
		if (w.tells)
			printf("%.1f s: round seed %" PRIu64 ", %" PRIu64 " handled, %" PRIu64 " timed out so far\n",
			       (double)(uv_hrtime() - start) / 1e9, next, in_all.handled, atomic_load(&timeouts));
	} while (rounds < w.most &&
		 (w.most != UINT64_MAX || uv_hrtime() - start < w.seconds * 1000000000u || in_all.handled < w.events));
	tell_all(rounds, (double)(uv_hrtime() - start) / 1e9, w.directory != NULL);
	return status();
}
