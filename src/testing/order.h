/*
 * order.h - the order in which each sender has sent, by the ids of its events.
 *
 * A worker numbers what its actors send, so within one worker ids are enough. An actor that
 * moves goes on with another worker's numbers: what it sent from each home, in turn, is an
 * epoch.
 */
#ifndef MT_ORDER_H
#define MT_ORDER_H

#include <maiko/event.h>
#include <stdbool.h>

typedef struct mt_order mt_order;

/* NULL without memory. */
mt_order *mt_order_new(void);
void mt_order_free(mt_order *order);

/* It was sent. False without memory. */
bool mt_order_sent(mt_order *order, const maiko_envelope *e);

/* Its place among what its sender has sent, growing; 0: too long ago to be known. */
uint64_t mt_order_of(const mt_order *order, const maiko_envelope *e);

#endif
