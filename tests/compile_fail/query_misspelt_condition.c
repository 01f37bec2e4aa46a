/* expect: has no member named .?sendre|.?sendre.? does not refer to any field */
/* A condition that queries do not have. */
#include <maiko/testing/harness.h>

typedef struct order {
	double price;
} order;
MAIKO_TOPIC(orders);
MAIKO_EVENT(order, orders, price);

size_t ask(maiko_harness *h)
{
#ifndef CONTROL
	return maiko_query_count(maiko_query_of(h, order, .sendre = "shop"));
#else
	return maiko_query_count(maiko_query_of(h, order, .sender = "shop"));
#endif
}
