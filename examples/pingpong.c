/*
 * pingpong.c - two actors that answer each other, five rounds.
 *
 * Neither refers to the other: each publishes to the topic `table` and handles the events
 * that the other publishes there. An actor does not receive its own events.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>

enum { ROUNDS = 5 };

typedef struct ping { unsigned round; } ping;
typedef struct pong { unsigned round; } pong;

MAIKO_TOPIC(table);
MAIKO_EVENT(ping, table, round);
MAIKO_EVENT(pong, table, round);

/* ---- serves, and stops the game ---- */

typedef struct pinger { unsigned round; } pinger;

static int pinger_serve(pinger *self, maiko_ctx *ctx)
{
	self->round++;
	printf("ping %u\n", self->round);
	return maiko_send(ctx, ping, .round = self->round);
}

static int pinger_on_pong(pinger *self, const pong *ev, maiko_ctx *ctx)
{
	if (ev->round == ROUNDS) return maiko_stop_all(ctx);
	return pinger_serve(self, ctx);
}

/* Events sent in on_start are queued until every actor has started. */
MAIKO_ACTOR(pinger, MAIKO_ON_START(pinger_serve), MAIKO_ON(pong, pinger_on_pong));

/* ---- returns ---- */

typedef struct ponger { unsigned returned; } ponger;

static int ponger_on_ping(ponger *self, const ping *ev, maiko_ctx *ctx)
{
	self->returned++;
	printf("pong %u\n", ev->round);
	return maiko_send(ctx, pong, .round = ev->round);
}

static int ponger_on_stop(ponger *self, maiko_ctx *ctx)
{
	printf("%s returned %u\n", maiko_name(ctx), self->returned);
	return 0;
}

MAIKO_ACTOR(ponger, MAIKO_ON(ping, ponger_on_ping), MAIKO_ON_STOP(ponger_on_stop));

int main(void)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc == 0) rc = maiko_add(sup, pinger, "left");
	if (rc == 0) rc = maiko_add(sup, ponger, "right");
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_join(sup); /* until the pinger stops all */
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "pingpong: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * ping 1
 * pong 1
 * ping 2
 * pong 2
 * ping 3
 * pong 3
 * ping 4
 * pong 4
 * ping 5
 * pong 5
 * right returned 5
 */
