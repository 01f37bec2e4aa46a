/* expect: maiko_gen_event_bill */
/* A step by its type is one that there is. */
#include <maiko/testing/harness.h>

typedef struct order {
	unsigned price;
} order;
MAIKO_TOPIC(orders);
MAIKO_EVENT(order, orders, price);

bool ask(maiko_chain chain)
{
#ifndef CONTROL
	return maiko_chain_has_steps(chain, MAIKO_STEPS(maiko_match_type(bill)));
#else
	return maiko_chain_has_steps(chain, MAIKO_STEPS(maiko_match_type(order)));
#endif
}
