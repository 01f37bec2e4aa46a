/* expect: maiko_match: more than MAIKO_TESTS_MAX tests */
/* A matcher has up to six tests. */
#include <maiko/testing/harness.h>

typedef struct order {
	unsigned price;
} order;
MAIKO_TOPIC(orders);
MAIKO_EVENT(order, orders, price);

size_t ask(maiko_harness *h)
{
	return maiko_query_count(maiko_query_events(
		h, .where = maiko_match(order, MAIKO_FIELD_IS(price, 1), MAIKO_FIELD_IS(price, 2),
					MAIKO_FIELD_IS(price, 3), MAIKO_FIELD_IS(price, 4), MAIKO_FIELD_IS(price, 5)
#ifndef CONTROL
												    ,
					MAIKO_FIELD_IS(price, 6), MAIKO_FIELD_IS(price, 7)
#endif
						)));
}
