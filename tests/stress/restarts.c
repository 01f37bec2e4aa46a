/*
 * restarts - one actor that fails with every event, and is restarted without delay, among others under load.
 *
 *   restarts [--seconds S] [--workers N]
 *
 * The actor fails with each event that it gets; each is set aside, and it is restarted. Beside it, pairs of actors on
 * all workers send each other numbers as fast as they can. Nothing of these is lost or overtaken, each event of the
 * failing actor has one attempt, and the memory in use at the end is what it was after a tenth of the time. Prints the
 * restarts a second; on a machine that has nothing else to do more than 10,000.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>

#include <getopt.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdatomic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

typedef struct blow {
	uint64_t n;
} blow;
typedef struct ball {
	uint64_t n;
	uint32_t pair, side;
} ball;
MAIKO_TOPIC(blows);
MAIKO_EVENT(blow, blows, n);
static const maiko_topic *tables[64];
static const maiko_topic *table_of(const ball *b) { return tables[b->pair]; }
MAIKO_EVENT_ROUTED(ball, table_of, n, pair, side);

static _Atomic(uint64_t) starts, blows_heard, balls_heard, faults;
static _Atomic(bool) over;

typedef struct phoenix {
	uint64_t handled;
} phoenix;
static int phoenix_on_start(phoenix *self, maiko_ctx *ctx)
{
	(void)ctx;
	atomic_fetch_add(&faults, self->handled != 0);
	atomic_fetch_add(&starts, 1);
	return 0;
}
static int phoenix_on_blow(phoenix *self, const blow *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->handled++;
	atomic_fetch_add(&faults, ev->n != atomic_fetch_add(&blows_heard, 1) + 1);
	return UV_EIO;
}
MAIKO_ACTOR(phoenix, MAIKO_ON_START(phoenix_on_start), MAIKO_ON(blow, phoenix_on_blow));

/* Returns each ball with the next number. */
typedef struct player {
	uint64_t last;
	uint32_t pair, side;
} player;
static int serve(player *self, maiko_ctx *ctx)
{
	return self->side == 0 ? maiko_send(ctx, ball, .n = 1, .pair = self->pair, .side = 0) : 0;
}
static int player_on_ball(player *self, const ball *b, maiko_ctx *ctx)
{
	atomic_fetch_add(&faults, self->last != 0 && b->n != self->last + 2);
	self->last = b->n;
	atomic_fetch_add_explicit(&balls_heard, 1, memory_order_relaxed);
	if (atomic_load_explicit(&over, memory_order_relaxed))
		return 0;
	return maiko_send(ctx, ball, .n = b->n + 1, .pair = self->pair, .side = self->side);
}
MAIKO_ACTOR(player, MAIKO_ON_START(serve), MAIKO_ON(ball, player_on_ball));

static int add_all(maiko_supervisor *sup, uint32_t workers)
{
	maiko_group_id group = 0;
	int rc = maiko_group(sup, "group", .restarts = MAIKO_UNLIMITED, .ret_id = &group,
			     .backoff = &(maiko_backoff){.first_ms = 0});
	if (rc == 0)
		rc = maiko_add(sup, phoenix, "phoenix", .group = group);
	for (uint32_t i = 0; rc == 0 && i < 2 * workers; i++) {
		char name[24];
		snprintf(name, sizeof name, "table%u", i / 2);
		if (i % 2 == 0)
			rc = maiko_topic_with(sup, name, &(maiko_topic){.overflow = MAIKO_BLOCK}, &tables[i / 2]);
		snprintf(name, sizeof name, "player%u", i);
		player init = {.pair = i / 2, .side = i % 2};
		maiko_subscription at[2] = {{.topic = tables[i / 2]}};
		if (rc == 0)
			rc = maiko_add(sup, player, name, .init = &init, .topics = at);
	}
	return rc;
}

/* Sends blows until the time is over; returns how many. */
static uint64_t strike(maiko_supervisor *sup, uint64_t until_ns, uint64_t n)
{
	while (uv_hrtime() < until_ns && maiko_send(sup, blow, .n = n + 1) == 0)
		n++;
	return n;
}

static int play(maiko_supervisor *sup, uint64_t seconds)
{
	uint64_t begin = uv_hrtime(), whole = seconds * UINT64_C(1000000000);
	uint64_t sent = strike(sup, begin + whole / 10, 0);
	size_t before = mallinfo2().uordblks;
	sent = strike(sup, begin + whole, sent);
	while (atomic_load(&blows_heard) < sent)
		sched_yield();
	size_t after = mallinfo2().uordblks;
	double took = (double)(uv_hrtime() - begin) / 1e9;
	atomic_store(&over, true);
	maiko_ledger *ledger = NULL;
	int rc = maiko_stop(sup, &(maiko_stop_options){.deadline_ms = 300000, .ret_report = &ledger});
	uint64_t restarts = atomic_load(&starts) - 1;
	printf("%.0f restarts and %.0f other events a second; %zu bytes in use after a tenth of the time, %zu at the "
	       "end\n",
	       (double)restarts / took, (double)atomic_load(&balls_heard) / took, before, after);
	bool flat = after < before + (1 << 20),
	     told = ledger->total.set_aside == sent && ledger->total.discarded + ledger->total.dead == 0;
	bool balanced = maiko_ledger_balanced(ledger);
	maiko_ledger_free(ledger);
	printf("%" PRIu64 " faults, memory %s, %s, %s\n", atomic_load(&faults), flat ? "flat" : "grows",
	       told ? "each event once" : "events lost", balanced ? "balanced" : "not balanced");
	return rc != 0 ? rc : flat && told && balanced && atomic_load(&faults) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	static const struct option known[] = {{"seconds", required_argument, NULL, 's'},
					      {"workers", required_argument, NULL, 'w'},
					      {NULL, 0, NULL, 0}};
	uint64_t seconds = 2, workers = 2;
	int option;
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == '?')
			return 2;
		*(option == 's' ? &seconds : &workers) = strtoull(optarg, NULL, 10);
	}
	maiko_supervisor *sup = NULL;
	int rc = workers > 32 ? MAIKO_EINVAL
			      : maiko_supervisor_new(&sup, &(maiko_options){.workers = (uint32_t)workers});
	if (rc == 0)
		rc = add_all(sup, (uint32_t)workers);
	if (rc == 0)
		rc = maiko_start(sup);
	if (rc == 0)
		rc = play(sup, seconds);
	if (rc < 0)
		fprintf(stderr, "restarts: %s\n", maiko_strerror(rc));
	if (sup != NULL && maiko_supervisor_free(sup) != NULL)
		rc = 1;
	return rc == 0 && fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
