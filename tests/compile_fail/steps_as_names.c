/* expect: maiko_steps */
/* Names of actors are no steps. */
#include <maiko/testing/harness.h>

typedef struct order {
	unsigned price;
} order;
MAIKO_TOPIC(orders);
MAIKO_EVENT(order, orders, price);

bool ask(maiko_chain chain)
{
#ifndef CONTROL
	return maiko_chain_has_steps(chain, MAIKO_NAMES("order"));
#else
	return maiko_chain_has_steps(chain, MAIKO_STEPS("order"));
#endif
}
