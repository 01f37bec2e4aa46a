/*
 * order.h - the order in which each sender has sent its events, by their ids.
 *
 * A worker numbers the events of its actors, so on one worker ids give the order. An actor that
 * migrates continues with another worker's numbers: each stay on a worker is an epoch of the
 * sender.
 */
#ifndef MT_ORDER_H
#define MT_ORDER_H

#include <maiko/event.h>
#include <stdbool.h>

typedef struct mt_order mt_order;

/* NULL without memory. */
mt_order *mt_order_new(void);
void mt_order_free(mt_order *order);

/* Records that the event was sent. False: no memory. */
bool mt_order_sent(mt_order *order, const maiko_envelope *e);

/* The event's position in the order of its sender, increasing; 0: too old to be known. */
uint64_t mt_order_of(const mt_order *order, const maiko_envelope *e);

#endif
