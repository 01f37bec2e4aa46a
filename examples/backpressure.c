/*
 * backpressure.c - fast producers and a slow consumer: nothing is lost.
 *
 * Under MAIKO_BLOCK, the default, a full mailbox mutes its senders: a sender finishes its
 * callback and does not run again until there is space. Inside that callback it may send
 * MAIKO_ALLOWANCE events more; then maiko_send sends nothing and returns MAIKO_EAGAIN.
 *
 * The polite producer checks maiko_is_congested and stops by itself; the greedy one
 * continues until a send is refused. Both return maiko_when_sendable: run again when
 * there is space.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>

enum { EACH = 5000, PRODUCERS = 2 };

typedef struct item { unsigned n; } item;

MAIKO_TOPIC(belt, .overflow = MAIKO_BLOCK);
MAIKO_EVENT(item, belt, n);

/* ---- fast ---- */

typedef struct producer {
	bool polite;
	unsigned sent, refused;
} producer;

static maiko_next producer_tick(producer *self, maiko_ctx *ctx)
{
	while (self->sent < EACH) {
		if (self->polite && maiko_is_congested(ctx)) return maiko_when_sendable();
		int rc = maiko_send(ctx, item, .n = self->sent + 1);
		if (rc == MAIKO_EAGAIN) {
			self->refused++;
			return maiko_when_sendable();
		}
		if (rc < 0) return maiko_failed(rc);
		self->sent++;
	}
	return maiko_never();
}

static int producer_on_stop(producer *self, maiko_ctx *ctx)
{
	printf("%s: sent %u, refused: %s\n", maiko_name(ctx), self->sent, self->refused > 0 ? "yes" : "never");
	return 0;
}

MAIKO_ACTOR(producer, MAIKO_TICK(producer_tick), MAIKO_ON_STOP(producer_on_stop));

/* ---- slow: few events a turn and a small mailbox ---- */

typedef struct consumer { unsigned handled; } consumer;

static int consumer_on_item(consumer *self, const item *ev, maiko_ctx *ctx)
{
	(void)ev;
	return ++self->handled == EACH * PRODUCERS ? maiko_stop_all(ctx) : 0;
}

static int consumer_on_stop(consumer *self, maiko_ctx *ctx)
{
	printf("%s: handled %u\n", maiko_name(ctx), self->handled);
	return 0;
}

MAIKO_ACTOR(consumer, MAIKO_ON(item, consumer_on_item), MAIKO_ON_STOP(consumer_on_stop));

int main(void)
{
	maiko_supervisor *sup = NULL;
	maiko_ledger *ledger = NULL;
	int rc = maiko_supervisor_new(&sup, &(maiko_options){.workers = 1});
	if (rc == 0) rc = maiko_add(sup, producer, "greedy");
	if (rc == 0) rc = maiko_add(sup, producer, "polite", .init = &(producer){.polite = true});
	if (rc == 0) rc = maiko_add(sup, consumer, "consumer", .mailbox = 16, .max_events_per_tick = 4);
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_join(sup);
	if (rc == 0) rc = maiko_report(sup, &ledger);
	if (rc == 0)
		printf("ledger: %u deliveries, %u dropped\n", (unsigned)ledger->total.deliveries,
		       (unsigned)ledger->total.dropped);
	maiko_ledger_free(ledger);
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "backpressure: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * consumer: handled 10000
 * polite: sent 5000, refused: never
 * greedy: sent 5000, refused: yes
 * ledger: 10000 deliveries, 0 dropped
 */
