/*
 * causality.c - the causes of events: the envelope, maiko_meta.
 *
 * An event sent while another is handled is its child: it carries the id of its parent
 * and, as its correlation, the id of the first event of the chain. The library fills these
 * in. maiko_send_root starts a new chain.
 *
 * The auditor receives every event of every topic and prints short numbers instead of the
 * ids, which are 128 bits and differ from run to run.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>

MAIKO_TOPIC(shop);
MAIKO_SIGNAL(order, shop);
MAIKO_SIGNAL(payment, shop);
MAIKO_SIGNAL(parcel, shop);
MAIKO_SIGNAL(restock, shop);

/* ---- the chain: order, payment, parcel; and restock, on its own ---- */

typedef struct cashier { unsigned paid; } cashier;

static int cashier_on_order(cashier *self, const order *ev, maiko_ctx *ctx)
{
	(void)ev;
	self->paid++;
	return maiko_send(ctx, payment);
}

MAIKO_ACTOR(cashier, MAIKO_ON(order, cashier_on_order));

typedef struct warehouse { unsigned sent; } warehouse;

static int warehouse_on_payment(warehouse *self, const payment *ev, maiko_ctx *ctx)
{
	(void)ev;
	self->sent++;
	int rc = maiko_send(ctx, parcel);
	return rc == 0 ? maiko_send_root(ctx, restock) : rc;
}

MAIKO_ACTOR(warehouse, MAIKO_ON(payment, warehouse_on_payment));

/* ---- receives all events ---- */

enum { SEEN_MAX = 16 };

typedef struct auditor {
	maiko_id seen[SEEN_MAX];
	unsigned count;
} auditor;

/* The number of an event that was seen before, from 1; 0 for none. */
static unsigned auditor_number(const auditor *self, maiko_id id)
{
	for (unsigned i = 0; i < self->count; i++) {
		if (maiko_id_equal(self->seen[i], id)) return i + 1;
	}
	return 0;
}

static int auditor_on_any(auditor *self, const maiko_any *any, maiko_ctx *ctx)
{
	const maiko_envelope *meta = maiko_meta(ctx);
	if (self->count == SEEN_MAX) return MAIKO_E2BIG;
	self->seen[self->count++] = meta->id;
	printf("#%u %s by %s, ", self->count, any->type->layout->name, meta->sender);
	unsigned parent = auditor_number(self, meta->parent);
	if (parent == 0)
		printf("a root");
	else
		printf("caused by #%u", parent);
	printf(", chain of #%u\n", auditor_number(self, meta->correlation));
	return 0;
}

MAIKO_ACTOR(auditor, MAIKO_ON_ANY(auditor_on_any));

int main(void)
{
	maiko_supervisor *sup = NULL;
	/* One worker: with more, a child may overtake its parent on the way to a third actor. */
	int rc = maiko_supervisor_new(&sup, &(maiko_options){.workers = 1});
	if (rc == 0) rc = maiko_add(sup, cashier, "cashier");
	if (rc == 0) rc = maiko_add(sup, warehouse, "warehouse");
	if (rc == 0) rc = maiko_add(sup, auditor, "auditor", .topics = MAIKO_ALL_TOPICS);
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_send(sup, order);
	if (rc == 0) rc = maiko_stop(sup, NULL);
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "causality: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * #1 order by outside, a root, chain of #1
 * #2 payment by cashier, caused by #1, chain of #1
 * #3 parcel by warehouse, caused by #2, chain of #1
 * #4 restock by warehouse, a root, chain of #4
 */
