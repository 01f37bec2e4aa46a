/* expect: maiko: order.price and ."10." must both be texts or both be numbers */
/* A number is compared with a text. */
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
	return maiko_query_count(maiko_query_events(h, .where = maiko_match(order, MAIKO_FIELD_IS(price, "10"))));
#else
	return maiko_query_count(maiko_query_events(h, .where = maiko_match(order, MAIKO_FIELD_IS(price, 10))));
#endif
}
