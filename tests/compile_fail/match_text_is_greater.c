/* expect: maiko: order.what and 10 must both be numbers */
/* Texts have no order here. */
#include <maiko/testing/harness.h>

typedef struct order {
	char what[16];
	unsigned price;
} order;
MAIKO_TOPIC(orders);
MAIKO_EVENT(order, orders, what, price);

size_t ask(maiko_harness *h)
{
#ifndef CONTROL
	return maiko_query_count(maiko_query_events(h, .where = maiko_match(order, MAIKO_FIELD_GREATER(what, 10))));
#else
	return maiko_query_count(maiko_query_events(h, .where = maiko_match(order, MAIKO_FIELD_GREATER(price, 10))));
#endif
}
