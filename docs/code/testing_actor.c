/* testing_actor - a test of one actor: the events it receives, the events it sends, and their times. */
#include <maiko/testing.h>

#include <stdio.h>

MAIKO_TOPIC(orders);
MAIKO_TOPIC(bills);

typedef struct order {
	uint32_t number;
	double price;
} order;
typedef struct bill {
	uint32_t number;
	double total;
} bill;
typedef struct reminder {
	uint32_t number;
} reminder;
MAIKO_EVENT(order, orders, number, price);
MAIKO_EVENT(bill, bills, number, total);
MAIKO_EVENT(reminder, bills, number);

/* The actor: bills each order with the tax, and reminds after two weeks. */
typedef struct clerk {
	double tax;
} clerk;

static int clerk_on_order(clerk *self, const order *ev, maiko_ctx *ctx)
{
	int rc = maiko_send(ctx, bill, .number = ev->number, .total = ev->price * (1 + self->tax));
	if (rc == 0)
		rc = maiko_send_after_ms(ctx, UINT64_C(14) * 24 * 3600 * 1000, NULL, reminder, .number = ev->number);
	return rc;
}
MAIKO_ACTOR(clerk, MAIKO_ON(order, clerk_on_order));

static int test(void)
{
	maiko_sim *sim;
	maiko_harness *h;
	int rc = maiko_sim_new(&sim, NULL);
	maiko_supervisor *sup = maiko_sim_supervisor(sim);
	rc |= maiko_add(sup, clerk, "clerk", .init = &(clerk){.tax = 0.25});
	rc |= maiko_harness_new(&h, sup);
	rc |= maiko_start(sup);

	rc |= maiko_send(sup, order, .number = 7, .price = 100);
	rc |= maiko_harness_settle(h);
	rc |= maiko_expect_count(maiko_sent_by(h, "clerk"), 1);
	rc |= maiko_expect_last(maiko_sent_by(h, "clerk"), maiko_match(bill, MAIKO_FIELD_IS(total, 125)));

	rc |= maiko_sim_advance(sim, UINT64_C(13) * 24 * 3600 * 1000);
	rc |= maiko_expect_none(maiko_query_of(h, reminder));
	rc |= maiko_sim_advance(sim, UINT64_C(1) * 24 * 3600 * 1000);
	rc |= maiko_expect_any(maiko_query_of(h, reminder, .sender = "clerk"));

	maiko_chain chain = maiko_chain_from(maiko_query_of(h, order));
	rc |= maiko_expect_chain_passes_steps(chain, "order", maiko_match(bill, MAIKO_FIELD_IS(total, 125)));
	rc |= maiko_expect_chain_branches_after(chain, maiko_match_type(order), 2);
	maiko_chain_print(chain, stdout);
	maiko_harness_free(h);
	maiko_sim_free(sim);
	return rc;
}

int main(void)
{
	int rc = test();
	printf("%s\n", rc == 0 ? "as expected" : "not as expected");
	return rc != 0 || fflush(stdout) != 0;
}

/* Expected output:
 * order#3 {"number":7,"price":100}  from outside, to clerk
 *   bill#5 {"number":7,"total":125}  from clerk, to no one
 *   reminder#7 {"number":7}  from clerk, to no one
 * as expected
 */
