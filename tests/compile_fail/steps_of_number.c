/* expect: MAIKO_STEPS: each step must be the name of a type, a maiko_id or a maiko_matcher */
/* A number is no step. */
#include <maiko/testing/harness.h>

typedef struct order {
	unsigned price;
} order;
MAIKO_TOPIC(orders);
MAIKO_EVENT(order, orders, price);

bool ask(maiko_chain chain)
{
#ifndef CONTROL
	return maiko_chain_has_steps(chain, MAIKO_STEPS("order", 3));
#else
	return maiko_chain_has_steps(chain, MAIKO_STEPS("order", chain.event->event->id));
#endif
}
