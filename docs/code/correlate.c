/*
 * correlate.c - a question and its answer, matched by the chain they belong to.
 *
 * There is no call that waits for a reply. The waiter sends a question as an event, handles
 * other orders meanwhile, and matches an answer by its correlation: the id of the order
 * that began the chain.
 *
 *   order ──▶ waiter ──is_there──▶ kitchen ──there_is──▶ waiter
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>
#include <string.h>

enum { TABLES_MAX = 8 };

typedef struct order {
	unsigned table;
	char dish[16];
} order;

typedef struct is_there {
	char dish[16];
} is_there;

typedef struct there_is {
	bool yes;
} there_is;

MAIKO_TOPIC(orders);
MAIKO_TOPIC(questions);
MAIKO_TOPIC(answers);
MAIKO_EVENT(order, orders, table, dish);
MAIKO_EVENT(is_there, questions, dish);
MAIKO_EVENT(there_is, answers, yes);

/* ---- asks ---- */

typedef struct waiter {
	struct {
		maiko_id chain;
		unsigned table;
	} open[TABLES_MAX];
	unsigned count;
} waiter;

static int waiter_on_order(waiter *self, const order *ev, maiko_ctx *ctx)
{
	if (self->count == TABLES_MAX) return MAIKO_E2BIG;
	self->open[self->count].chain = maiko_meta(ctx)->correlation;
	self->open[self->count].table = ev->table;
	self->count++;
	return maiko_send(ctx, is_there, MAIKO_TEXT(dish, ev->dish));
}

static int waiter_on_there_is(waiter *self, const there_is *ev, maiko_ctx *ctx)
{
	maiko_id chain = maiko_meta(ctx)->correlation;
	for (unsigned i = 0; i < self->count; i++) {
		if (!maiko_id_equal(self->open[i].chain, chain)) continue;
		printf("table %u: %s\n", self->open[i].table, ev->yes ? "coming" : "sorry");
		self->open[i] = self->open[--self->count];
		break;
	}
	return 0;
}

MAIKO_ACTOR(waiter, MAIKO_ON(order, waiter_on_order), MAIKO_ON(there_is, waiter_on_there_is));

/* ---- answers ---- */

typedef struct kitchen {
	unsigned asked;
} kitchen;

static int kitchen_on_is_there(kitchen *self, const is_there *ev, maiko_ctx *ctx)
{
	self->asked++;
	return maiko_send(ctx, there_is, .yes = strcmp(ev->dish, "soup") == 0);
}

MAIKO_ACTOR(kitchen, MAIKO_ON(is_there, kitchen_on_is_there));

int main(void)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc == 0) rc = maiko_add(sup, waiter, "waiter");
	if (rc == 0) rc = maiko_add(sup, kitchen, "kitchen");
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_send(sup, order, .table = 4, .dish = "soup");
	if (rc == 0) rc = maiko_send(sup, order, .table = 7, .dish = "swan");
	if (rc == 0) rc = maiko_stop(sup, NULL);
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "correlate: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * table 4: coming
 * table 7: sorry
 */
