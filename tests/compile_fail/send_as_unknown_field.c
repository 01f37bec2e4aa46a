/* expect: has no member named .?prise|.?prise.? does not refer to any field */
/* A field that the event does not have. */
#include <maiko/testing/harness.h>

typedef struct order {
	double price;
} order;
MAIKO_TOPIC(orders);
MAIKO_EVENT(order, orders, price);

int feed(maiko_harness *h)
{
#ifndef CONTROL
	return maiko_harness_send_as(h, "shop", order, .prise = 1);
#else
	return maiko_harness_send_as(h, "shop", order, .price = 1);
#endif
}
