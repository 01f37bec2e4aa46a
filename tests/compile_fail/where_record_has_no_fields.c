/* expect: price */
/* A predicate on records has no fields of an event: it could be of any type. */
#include <maiko/testing/harness.h>

typedef struct order {
	unsigned price;
} order;
MAIKO_TOPIC(orders);
MAIKO_EVENT(order, orders, price);
#ifndef CONTROL
MAIKO_WHERE_RECORD(dear, it->price > 10);
#else
MAIKO_WHERE_RECORD(dear, maiko_payload(it, order)->price > 10);
#endif

bool ask(maiko_chain chain)
{
#ifndef CONTROL
	return maiko_record_matches(chain.event, maiko_where(dear));
#else
	return maiko_record_matches(chain.event, maiko_where(dear));
#endif
}
