/* expect: maiko: order.raw and ."10." must both be texts or both be numbers */
/* Bytes are neither a text nor a number. */
#include <maiko/testing/harness.h>

typedef struct order {
	uint8_t raw[16];
	unsigned price;
} order;
MAIKO_TOPIC(orders);
MAIKO_EVENT(order, orders, raw, price);

size_t ask(maiko_harness *h)
{
#ifndef CONTROL
	return maiko_query_count(maiko_query_events(h, .where = maiko_match(order, MAIKO_FIELD_IS(raw, "10"))));
#else
	return maiko_query_count(maiko_query_events(h, .where = maiko_match(order, MAIKO_FIELD_IS(price, 10))));
#endif
}
