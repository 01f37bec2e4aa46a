/*
 * overflow.c - ten events for mailboxes of four, under each policy.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>

enum { EVENTS = 10, ROOM = 4 };

typedef struct number {
	unsigned n;
} number;

MAIKO_TOPIC(numbers, .overflow = MAIKO_BLOCK); /* the default, said */
MAIKO_EVENT(number, numbers, n);

/* ---- sends ten numbers in one callback, so that no subscriber runs in between ---- */

typedef struct counter {
	unsigned refused;
} counter;

static maiko_next counter_tick(counter *self, maiko_ctx *ctx)
{
	for (unsigned n = 1; n <= EVENTS; n++) {
		int rc = maiko_send(ctx, number, .n = n);
		if (rc == MAIKO_EAGAIN) self->refused++;
		if (rc < 0) return maiko_failed(rc);
	}
	int rc = maiko_stop_all(ctx);
	return rc < 0 ? maiko_failed(rc) : maiko_never();
}

MAIKO_ACTOR(counter, MAIKO_TICK(counter_tick));

/* ---- stores the numbers it received ---- */

typedef struct taker {
	unsigned got[EVENTS];
	unsigned count;
	unsigned told;
} taker;

static int taker_on_number(taker *self, const number *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->got[self->count++] = ev->n;
	return 0;
}

/* Under MAIKO_FAIL called once before the subscriber's next turn; 0 means: continue. */
static int taker_on_error(taker *self, const maiko_error *error, maiko_ctx *ctx)
{
	(void)ctx;
	if (error->code != MAIKO_EOVERFLOW) return error->code;
	self->told++;
	return 0;
}

static int taker_on_stop(taker *self, maiko_ctx *ctx)
{
	printf("%-11s got", maiko_name(ctx));
	for (unsigned i = 0; i < self->count; i++) printf(" %u", self->got[i]);
	if (self->told > 0) printf(", told: %u", self->told);
	printf("\n");
	return 0;
}

MAIKO_ACTOR(taker, MAIKO_ON(number, taker_on_number), MAIKO_ON_ERROR(taker_on_error), MAIKO_ON_STOP(taker_on_stop));

/* ---- five subscribers of one topic, each with a different policy ---- */

static int run(maiko_supervisor *sup, maiko_ledger **ret_ledger)
{
	int rc = maiko_add(sup, counter, "counter");
	if (rc == 0) rc = maiko_add(sup, taker, "fail", .mailbox = ROOM, .overflow = MAIKO_FAIL);
	if (rc == 0) rc = maiko_add(sup, taker, "keep latest", .mailbox = ROOM, .overflow = MAIKO_KEEP_LATEST);
	if (rc == 0) rc = maiko_add(sup, taker, "drop oldest", .mailbox = ROOM, .overflow = MAIKO_DROP_OLDEST);
	if (rc == 0) rc = maiko_add(sup, taker, "drop newest", .mailbox = ROOM, .overflow = MAIKO_DROP_NEWEST);
	if (rc == 0) rc = maiko_add(sup, taker, "block", .mailbox = ROOM);
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_join(sup);
	if (rc == 0) rc = maiko_report(sup, ret_ledger);
	return rc;
}

static void print_losses(const maiko_ledger *ledger)
{
	for (size_t i = 0; i < ledger->actor_count; i++) {
		const maiko_actor_row *row = ledger->actors[i];
		if (row->counts.dropped > 0) printf("lost by %s: %u\n", row->name, (unsigned)row->counts.dropped);
	}
	printf("balanced: %s\n", maiko_ledger_balanced(ledger) ? "yes" : "no");
}

int main(void)
{
	maiko_supervisor *sup = NULL;
	maiko_ledger *ledger = NULL;
	int rc = maiko_supervisor_new(&sup, &(maiko_options){.workers = 1}); /* they take turns */
	if (rc == 0) rc = run(sup, &ledger);
	if (rc == 0) print_losses(ledger);
	maiko_ledger_free(ledger);
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "overflow: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * block       got 1 2 3 4 5 6 7 8 9 10
 * drop newest got 1 2 3 4
 * drop oldest got 7 8 9 10
 * keep latest got 10
 * fail        got 1 2 3 4, told: 1
 * lost by fail: 6
 * lost by keep latest: 9
 * lost by drop oldest: 6
 * lost by drop newest: 6
 * balanced: yes
 */
