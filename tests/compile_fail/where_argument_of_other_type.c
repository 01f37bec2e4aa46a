/* expect: maiko_where_with: &limit must point to what MAIKO_WHERE_WITH\(dearer_than, ...\) takes */
/* The argument of a predicate has the type that it was made for. */
#include <maiko/testing/harness.h>

typedef struct order {
	double price;
} order;
MAIKO_TOPIC(orders);
MAIKO_EVENT(order, orders, price);
MAIKO_WHERE_WITH(dearer_than, order, double, it->price > *arg);

size_t ask(maiko_harness *h)
{
#ifndef CONTROL
	int limit = 3;
#else
	double limit = 3;
#endif
	return maiko_query_count(maiko_query_events(h, .where = maiko_where_with(dearer_than, &limit)));
}
