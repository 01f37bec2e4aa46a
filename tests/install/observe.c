/*
 * A program in production that observes itself: a recorder writes what happens, and an invariant watches that each
 * order is followed by its bill. It has libmaiko-observe, and nothing of libmaiko-test.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <maiko/observe/invariant.h>
#include <maiko/observe/recorder.h>

#include <stdio.h>

typedef struct order {
	unsigned number;
} order;
typedef struct bill {
	unsigned number;
} bill;
MAIKO_TOPIC(orders);
MAIKO_TOPIC(bills);
MAIKO_EVENT(order, orders, number);
MAIKO_EVENT(bill, bills, number);

static bool of_one_order(const order *first, const bill *then) { return first->number == then->number; }
MAIKO_MATCH(order, bill, of_one_order);

/* Forgets every third order. */
typedef struct clerk {
	unsigned orders;
} clerk;

static int clerk_on_order(clerk *self, const order *ev, maiko_ctx *ctx)
{
	return ++self->orders % 3 == 0 ? 0 : maiko_send(ctx, bill, .number = ev->number);
}

MAIKO_ACTOR(clerk, MAIKO_ON(order, clerk_on_order));

enum { FORGOTTEN = 1 << 3 | 1 << 6 };
static unsigned missed; /* a bit for each order */

static void on_violation(void *arg, const maiko_violation *violation)
{
	(void)arg;
	missed |= 1u << ((const order *)violation->data)->number;
}

/* An hour is enough for those that are billed; of those that are not, a millisecond is soon over. */
static int run(maiko_supervisor *sup)
{
	maiko_invariant *within_an_hour = NULL, *at_once = NULL;
	int rc = maiko_add(sup, clerk, "clerk");
	if (rc == 0)
		rc = maiko_followed_by(sup, order, bill, &within_an_hour, .match = MAIKO_MATCH_REF(of_one_order),
				       .within_ms = 3600000);
	if (rc == 0)
		rc = maiko_followed_by(sup, order, bill, &at_once, .match = MAIKO_MATCH_REF(of_one_order),
				       .within_ms = 1, .violated = on_violation);
	if (rc == 0)
		rc = maiko_start(sup);
	for (unsigned n = 1; rc == 0 && n <= 7; n++)
		rc = maiko_send(sup, order, .number = n);
	if (rc == 0)
		rc = maiko_stop(sup, NULL);
	while (rc == 0 && maiko_invariant_open(at_once) != 0)
		(void)maiko_invariant_check(at_once);
	if (rc == 0 && maiko_invariant_open(within_an_hour) != 2)
		rc = MAIKO_EBROKEN;
	if (rc == 0)
		rc = maiko_invariant_check(within_an_hour);
	maiko_invariant_free(at_once);
	maiko_invariant_free(within_an_hour);
	return rc;
}

int main(void)
{
	static const char path[] = "observe.mkr";
	maiko_supervisor *sup = NULL;
	maiko_recorder *recorder = NULL;
	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc == 0)
		rc = maiko_recorder_new(&recorder, sup, path, NULL);
	if (rc == 0)
		rc = run(sup);
	int recorded = maiko_recorder_free(recorder);
	maiko_supervisor_free(sup);
	FILE *file = fopen(path, "rb");
	bool written = file != NULL && fseek(file, 0, SEEK_END) == 0 && ftell(file) > 0;
	if (file != NULL)
		fclose(file);
	bool fine = rc == 0 && recorded == 0 && written && (missed & FORGOTTEN) == FORGOTTEN;
	if (!fine)
		fprintf(stderr, "%s; recorder: %s, %s; not billed: %#x\n", maiko_strerror(rc), maiko_strerror(recorded),
			written ? "recorded" : "no recording", missed);
	return fine ? 0 : 1;
}
