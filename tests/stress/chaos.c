/*
 * chaos - trees of groups whose actors fail in every callback, round after round.
 *
 *   chaos [--seconds S] [--workers N] [--seed X] [--events E] [--actors N] [--verbose]
 *
 * A round has up to 60 groups within each other, and up to 1,000 actors (--actors) in them, with random strategies,
 * kinds, backoffs, retries and limits. Which calls of which callback fail is determined by the seed, the actor and the
 * number of the call. Meanwhile threads send at full speed, add, restart, move and remove actors, and make and remove
 * groups. Then either nothing fails any more, and when all is quiet
 *
 *   - every actor that stays runs, and has had each event of its topic, once, in order (C1, C2)
 *   - a graceful stop discards nothing (C10)
 *
 * or the supervisor is stopped in the midst of it. Always:
 *
 *   - each on_start that succeeds has one on_stop, before the next on_start, which gets a new state (C20)
 *   - the event whose handler has failed comes next, as often as the actor's retries say (C20)
 *   - the ledger balances, nothing is queued (C3); the supervisor can be freed
 *
 * In one round of four groups fail for good, which stops the supervisor with the error of a callback. Rounds continue
 * for S seconds (default 10), and until E events are handled (default 5 million); with 1 to 8 workers, or N. A fault is
 * printed with the seed of its round, and makes the exit status 1. The seed determines the trees and the failures; the
 * threads are scheduled by the system.
 *
 * SPDX-License-Identifier: MIT
 */
#include "beast.h"

#include <getopt.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS = 60, CHURNERS = 2, QUIET_MS = 120000 };

const char program_name[] = "chaos";
static _Atomic(bool) over, stopping;
static uint64_t rounds_failed, lives_in_all;

typedef struct round_of {
	maiko_supervisor *sup;
	uint64_t random;
	uint32_t workers, actors, group_count;
	bool fatal; /* groups may fail for good */
	uint64_t sends;
	maiko_group_id groups[GROUPS];
	maiko_overflow policies[TOPICS];
	maiko_actor_id ids[BEASTS_MAX];
	_Atomic(uint32_t) guests;
} round_of;

typedef struct helper {
	round_of *round;
	uint32_t number;
	uint64_t random;
	uv_thread_t thread;
} helper;

/* 0, one of these, or that the supervisor is stopping. */
static bool well(const char *call, int rc, const int *codes)
{
	bool fine = rc == 0 || (rc == MAIKO_ESHUTDOWN && atomic_load(&stopping));
	for (; !fine && *codes != 0; codes++)
		fine = rc == *codes;
	if (!fine)
		fault(maiko_err_name(rc), call, 0, 0);
	return fine;
}
#define WELL(call, rc, ...) well((call), (rc), (const int[]){__VA_ARGS__})

/* ---- the tree ------------------------------------------------------------------------------- */

static maiko_backoff random_backoff(uint64_t *random)
{
	return (maiko_backoff){.first_ms = below(random, 3),
			       .max_ms = 4 + below(random, 8),
			       .jitter_percent = below(random, 60),
			       .healthy_ms = 1 + below(random, 50),
			       .overflow = below(random, 8) == 0 ? MAIKO_DROP_OLDEST : MAIKO_OVERFLOW_DEFAULT};
}

/* The first ones, below the root, may fail for good only if the round is fatal. */
static int make_group(round_of *r, uint64_t *random, const char *name, uint32_t count, maiko_group_id *ret_id)
{
	uint32_t within = below(random, count + 1);
	maiko_backoff backoff = random_backoff(random);
	backoff.overflow = MAIKO_OVERFLOW_DEFAULT;
	bool limited = within != 0 || (r->fatal && below(random, 4) == 0);
	return maiko_group(r->sup, name, .group = within == 0 ? 0 : r->groups[within - 1],
			   .strategy = (maiko_strategy)below(random, 3),
			   .restarts = limited ? 1 + below(random, 30) : MAIKO_UNLIMITED,
			   .within_ms = 1 + below(random, 100), .stop_ms = QUIET_MS, .backoff = &backoff,
			   .restart =
				   (maiko_restarting)(below(random, 2) == 0 ? MAIKO_RESTART_UNSAID : MAIKO_PERMANENT),
			   .ret_id = ret_id);
}

static int make_groups(round_of *r)
{
	uint32_t wanted = 1 + below(&r->random, GROUPS - 1);
	int rc = 0;
	for (; rc == 0 && r->group_count < wanted; r->group_count += rc == 0) {
		char name[16];
		snprintf(name, sizeof name, "group%u", r->group_count);
		rc = make_group(r, &r->random, name, r->group_count, &r->groups[r->group_count]);
	}
	return rc;
}

static int make_topics(round_of *r)
{
	static const maiko_overflow all[] = {MAIKO_BLOCK,       MAIKO_BLOCK,       MAIKO_BLOCK, MAIKO_DROP_NEWEST,
					     MAIKO_DROP_OLDEST, MAIKO_KEEP_LATEST, MAIKO_FAIL};
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < TOPICS; i++) {
		char name[16];
		r->policies[i] = all[below(&r->random, sizeof all / sizeof all[0])];
		snprintf(name, sizeof name, "topic%u", i);
		rc = maiko_topic_with(r->sup, name, &(maiko_topic){.overflow = r->policies[i]}, &topics[i]);
	}
	return rc;
}

static int add_beast(round_of *r, uint64_t *random, const char *name, uint32_t number, bool stays, maiko_group_id group,
		     maiko_actor_id *ret_id)
{
	record *b = &records[number];
	maiko_backoff backoff = random_backoff(random);
	*b = (record){.number = number,
		      .topic = (uint16_t)below(random, TOPICS),
		      .output = (uint16_t)below(random, TOPICS),
		      .retries = below(random, 4),
		      .rate = 4 + below(random, 300),
		      .failures_left = below(random, 1 + 4000 / r->actors)};
	b->whole = stays && r->policies[b->topic] == MAIKO_BLOCK && backoff.overflow == MAIKO_OVERFLOW_DEFAULT;
	beast init = {.record = b};
	maiko_subscription topic[2] = {{.topic = topics[b->topic]}};
	uint32_t kind = below(random, 8);
	return maiko_add(r->sup, beast, name, .init = &init, .topics = topic, .mailbox = 1 + below(random, 64),
			 .mailbox_bytes = below(random, 3) == 0 ? 4096 : 0,
			 .max_events_per_tick = 1 + below(random, 32), .group = group, .retries = b->retries,
			 .backoff = &backoff, .start_may_fail = true, .echo = below(random, 4) == 0,
			 .ephemeral = !stays && below(random, 4) == 0,
			 .restart = kind == 0             ? MAIKO_PERMANENT
				    : kind == 1 && !stays ? MAIKO_TEMPORARY
							  : MAIKO_RESTART_UNSAID,
			 .ret_id = ret_id);
}

static int add_beasts(round_of *r, uint32_t most)
{
	int rc = 0;
	r->actors = 1 + below(&r->random, most);
	for (uint32_t i = 0; rc == 0 && i < r->actors; i++) {
		char name[16];
		snprintf(name, sizeof name, "beast%u", i);
		rc = add_beast(r, &r->random, name, i, true, r->groups[below(&r->random, r->group_count)], &r->ids[i]);
	}
	return rc;
}

/* ---- meanwhile -------------------------------------------------------------------------------- */

static void send_all(void *arg)
{
	helper *h = arg;
	for (uint64_t i = 0; i < h->round->sends && !atomic_load(&over); i++) {
		uint16_t topic = (uint16_t)below(&h->random, TOPICS);
		_Atomic(uint64_t) *count = &sent[h->number][topic];
		int rc = maiko_send_timeout(h->round->sup, 1000, parcel, .thread = (uint16_t)h->number, .topic = topic,
					    .hops = (uint16_t)below(&h->random, HOPS_MAX + 1),
					    .n = atomic_load(count) + 1);
		atomic_fetch_add(count, rc == 0);
		if (!WELL("maiko_send_timeout", rc, MAIKO_ETIMEDOUT, 0) || rc == MAIKO_ESHUTDOWN)
			return;
	}
}

/* One that stays may not be there any more, if its group has been: groups that stay are not removed. */
static void disturb(helper *h)
{
	round_of *r = h->round;
	maiko_actor_id id = r->ids[below(&h->random, r->actors)];
	if (below(&h->random, 2) == 0)
		WELL("maiko_move", maiko_move(r->sup, id, 1 + below(&h->random, r->workers)), MAIKO_EBUSY, MAIKO_EAGAIN,
		     MAIKO_ENOENT, MAIKO_ESTATE, 0);
	else
		WELL("maiko_restart", maiko_restart(r->sup, id), MAIKO_EBUSY, MAIKO_ENOENT, MAIKO_ECANCELED, UV_EIO,
		     MAIKO_ESTATE, 0);
}

/* A group with some guests, which is removed again; or a guest in a group that stays. */
static void visit(helper *h, uint32_t turn)
{
	round_of *r = h->round;
	char name[32];
	maiko_group_id group = r->groups[below(&h->random, r->group_count)];
	maiko_actor_id ids[4];
	bool own = below(&h->random, 2) == 0;
	uint32_t count = 0, wanted = 1 + below(&h->random, 4);
	snprintf(name, sizeof name, "visit%u.%u", h->number, turn);
	if (own && !WELL("maiko_group", make_group(r, &h->random, name, r->group_count, &group), MAIKO_ESHUTDOWN, 0))
		return;
	while (count < wanted) {
		uint32_t number = atomic_fetch_add(&r->guests, 1);
		if (number >= GUESTS_MAX)
			break;
		snprintf(name, sizeof name, "guest%u", number);
		int rc = add_beast(r, &h->random, name, BEASTS_MAX + number, false, group, &ids[count]);
		if (!WELL("maiko_add", rc, MAIKO_ENOENT, MAIKO_ECANCELED, UV_EIO, 0) || rc != 0)
			break;
		count++;
	}
	for (uint32_t i = 0; !own && i < count; i++)
		WELL("maiko_remove", maiko_remove(r->sup, ids[i]), MAIKO_ENOENT, 0);
	if (own)
		WELL("maiko_remove_group", maiko_remove_group(r->sup, group), MAIKO_ENOENT, 0);
}

static void churn(void *arg)
{
	helper *h = arg;
	for (uint32_t turn = 0; !atomic_load(&over) && !atomic_load(&calm); turn++) {
		disturb(h);
		if (atomic_load(&h->round->guests) < GUESTS_MAX)
			visit(h, turn);
	}
}

/* ---- the end ---------------------------------------------------------------------------------- */

/* Nothing is under way, and all that stay run; or the supervisor has stopped. */
static bool is_quiet(const round_of *r, const maiko_ledger *ledger)
{
	uint64_t left = ledger->total.queued;
	for (size_t i = 0; i < ledger->pair_count; i++)
		left += ledger->pairs[i]->in_flight;
	for (size_t i = 0; i < ledger->actor_count; i++) {
		const maiko_actor_row *row = ledger->actors[i];
		bool stays = strncmp(row->name, "beast", 5) == 0 && !r->fatal;
		left += row->status == MAIKO_ACTOR_RESTARTING || (stays && row->status != MAIKO_ACTOR_RUNNING);
	}
	return left == 0;
}

/* Nothing fails any more: all come back, and handle what is left. */
static void calm_down(const round_of *r)
{
	uint64_t until = uv_hrtime() + QUIET_MS * UINT64_C(1000000);
	atomic_store(&calm, true);
	for (;;) {
		maiko_ledger *ledger = NULL;
		int rc = maiko_report(r->sup, &ledger);
		bool quiet = rc != 0 || is_quiet(r, ledger), late = uv_hrtime() > until;
		if (!quiet && late)
			fault_at_end("it does not come to rest", ledger);
		maiko_ledger_free(ledger);
		if (quiet || late)
			return;
		sched_yield();
	}
}

static void check_lives(const round_of *r)
{
	uint32_t guests = atomic_load(&r->guests);
	for (uint32_t i = 0; i < BEASTS_MAX + (guests < GUESTS_MAX ? guests : GUESTS_MAX); i++) {
		const record *b = &records[i];
		if (b->lives || b->starts != b->stops)
			fault("as many on_start as on_stop", i < BEASTS_MAX ? "beast" : "guest", b->starts, b->stops);
		lives_in_all += b->starts;
	}
}

/* Each that stays has all of its topic. */
static void check_tails(const round_of *r)
{
	for (uint32_t i = 0; i < r->actors; i++) {
		const record *b = &records[i];
		for (uint32_t t = 0; b->whole && !b->dead_once && t < THREADS; t++)
			if (b->last[t] != atomic_load(&sent[t][b->topic]))
				fault("the last are missing", "beast", b->last[t], atomic_load(&sent[t][b->topic]));
	}
}

/* The errors of callbacks are those of a stop in which they fail, or of a root that has failed. */
static bool may_end_with(int rc, bool fails)
{
	return rc == 0 || rc == MAIKO_EDEADLK || (fails && (rc == UV_EIO || rc == MAIKO_EOVERFLOW));
}

static void stop(round_of *r, bool calmed)
{
	maiko_ledger *ledger = NULL;
	maiko_stop_options options = {.deadline_ms = QUIET_MS, .ret_report = &ledger};
	if (!calmed && below(&r->random, 2) == 0)
		options.now = true;
	atomic_store(&stopping, true);
	int rc = maiko_stop(r->sup, &options);
	rounds_failed += rc != 0;
	if (!may_end_with(rc, !calmed || r->fatal))
		fault_at_end(maiko_strerror(rc), ledger);
	if (ledger != NULL)
		(void)account(ledger, calmed && rc == 0);
	if (calmed && rc == 0)
		check_tails(r);
	maiko_ledger_free(ledger);
}

static maiko_options begin_round(round_of *r, uint64_t seed, uint32_t workers, uint64_t sends)
{
	memset(r, 0, sizeof *r);
	memset(records, 0, sizeof records);
	for (uint32_t t = 0; t < THREADS; t++)
		for (uint32_t k = 0; k < TOPICS; k++)
			atomic_store(&sent[t][k], 0);
	r->random = round_seed = seed;
	r->sends = sends;
	r->workers = workers != 0 ? workers : 1 + below(&r->random, 8);
	r->fatal = below(&r->random, 4) == 0;
	atomic_store(&stopping, r->fatal);
	atomic_store(&over, false);
	atomic_store(&calm, false);
	return (maiko_options){.workers = r->workers};
}

static int run_round(round_of *r, uint32_t most)
{
	helper helpers[THREADS + CHURNERS];
	uint32_t count = 0, joined = 0;
	int rc = make_topics(r);
	rc = rc == 0 ? make_groups(r) : rc;
	rc = rc == 0 ? add_beasts(r, most) : rc;
	rc = rc == 0 ? maiko_start(r->sup) : rc;
	if (rc != 0)
		return r->fatal && may_end_with(rc, true) ? 0 : rc;
	for (; count < THREADS + CHURNERS; count++) {
		helpers[count] = (helper){.round = r, .number = count, .random = random_next(&r->random)};
		if (uv_thread_create(&helpers[count].thread, count < THREADS ? send_all : churn, &helpers[count]) != 0)
			break;
	}
	bool calms = below(&r->random, 4) != 0;
	while (calms && joined < count && joined < THREADS)
		uv_thread_join(&helpers[joined++].thread);
	if (calms) {
		atomic_store(&calm, true);
		while (joined < count)
			uv_thread_join(&helpers[joined++].thread);
		calm_down(r);
	}
	stop(r, calms);
	atomic_store(&over, true);
	while (joined < count)
		uv_thread_join(&helpers[joined++].thread);
	check_lives(r);
	return 0;
}

static bool round_from(uint64_t seed, uint32_t workers, uint64_t sends, uint32_t most)
{
	static round_of r;
	maiko_options options = begin_round(&r, seed, workers, sends);
	int rc = maiko_supervisor_new(&r.sup, &options);
	if (rc == 0)
		rc = run_round(&r, most);
	if (rc != 0)
		fault_at_end(maiko_strerror(rc), NULL);
	if (maiko_supervisor_free(r.sup) != NULL)
		fault_at_end("it could not be freed", NULL);
	return atomic_load(&faults) == 0;
}

/* ---- the program ------------------------------------------------------------------------------- */

typedef struct wishes {
	uint64_t seconds, workers, seed, events, sends, actors;
	bool seeded, tells;
} wishes;

static bool read_options(int argc, char **argv, wishes *w)
{
	static const struct option known[] = {
		{"seconds", required_argument, NULL, 's'}, {"workers", required_argument, NULL, 'w'},
		{"seed", required_argument, NULL, 'x'},    {"events", required_argument, NULL, 'e'},
		{"sends", required_argument, NULL, 'n'},   {"actors", required_argument, NULL, 'a'},
		{"verbose", no_argument, NULL, 'v'},       {NULL, 0, NULL, 0}};
	int option;
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		uint64_t value = optarg != NULL ? strtoull(optarg, NULL, 10) : 0;
		switch (option) {
		case 's':
			w->seconds = value;
			break;
		case 'w':
			w->workers = value;
			break;
		case 'x':
			w->seed = value, w->seeded = true;
			break;
		case 'e':
			w->events = value;
			break;
		case 'n':
			w->sends = value;
			break;
		case 'a':
			w->actors = value;
			break;
		case 'v':
			w->tells = true;
			break;
		default:
			return false;
		}
	}
	return optind == argc && w->workers <= MAIKO_WORKERS_MAX / 2 && w->actors >= 1 && w->actors <= BEASTS_MAX;
}

static void tell_all(uint64_t rounds, double took)
{
	printf("%" PRIu64 " rounds in %.1f s, %" PRIu64 " of them ended by a failure; %" PRIu64 " lives\n", rounds,
	       took, rounds_failed, lives_in_all);
	tell_deliveries();
	printf("\nfailures:");
	for (int h = 0; h < HOOKS; h++)
		printf(" %" PRIu64 " %s", atomic_load(&injected[h]), hook_names[h]);
	printf("\n%s\n", atomic_load(&faults) == 0 ? "all is accounted for" : "something is wrong");
}

int main(int argc, char **argv)
{
	wishes w = {.seconds = 10, .events = 5000000, .sends = 4000, .actors = BEASTS_MAX};
	if (!read_options(argc, argv, &w)) {
		fputs("usage: chaos [--seconds S] [--workers N] [--seed X] [--events E] [--sends N] [--actors N] "
		      "[--verbose]\n",
		      stderr);
		return 2;
	}
	if (!w.seeded && uv_random(NULL, NULL, &w.seed, sizeof w.seed, 0, NULL) != 0)
		return 1;
	printf("seed %" PRIu64 "\n", w.seed);
	fflush(stdout);
	uint64_t start = uv_hrtime(), state = w.seed, rounds = 0;
	do {
		uint64_t next = w.seeded && rounds == 0 ? w.seed : random_next(&state);
		if (!round_from(next, (uint32_t)w.workers, w.sends, (uint32_t)w.actors))
			break;
		rounds++;
		if (w.tells)
			printf("%.1f s: round seed %" PRIu64 ", %" PRIu64 " handled\n",
			       (double)(uv_hrtime() - start) / 1e9, next, in_all.handled);
	} while (uv_hrtime() - start < w.seconds * 1000000000u || in_all.handled < w.events);
	tell_all(rounds, (double)(uv_hrtime() - start) / 1e9);
	return atomic_load(&faults) == 0 && fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
