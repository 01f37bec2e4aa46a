/*
 * order.c - see order.h.
 */
#include "order.h"

#include <stdint.h>
#include <stdlib.h>

enum { EPOCHS = 16, EPOCH_SHIFT = 40 };

typedef struct sender {
	uint64_t id; /* of an actor, or the origin of an external thread; 0: the slot is free */
	uint64_t epochs;
	struct {
		uint64_t origin, from;
	} epoch[EPOCHS]; /* a ring: the last ones */
} sender;

struct mt_order {
	sender *senders; /* open addressing, a power of two */
	uint32_t size, count;
};

mt_order *mt_order_new(void)
{
	enum { FIRST = 64 };
	mt_order *order = calloc(1, sizeof *order);
	if (order == NULL)
		return NULL;
	order->size = FIRST;
	order->senders = calloc(order->size, sizeof *order->senders);
	if (order->senders == NULL) {
		free(order);
		return NULL;
	}
	return order;
}

void mt_order_free(mt_order *order)
{
	if (order != NULL)
		free(order->senders);
	free(order);
}

static uint64_t id_of(const maiko_envelope *e) { return e->sender_id != 0 ? e->sender_id : e->id.origin; }

static sender *place_of(sender *senders, uint32_t size, uint64_t id)
{
	uint64_t h = id * UINT64_C(0x9e3779b97f4a7c15);
	for (uint32_t i = (uint32_t)(h >> 32);; i++) {
		sender *s = &senders[i & (size - 1)];
		if (s->id == 0 || s->id == id)
			return s;
	}
}

static bool grow(mt_order *order)
{
	sender *grown = calloc((size_t)order->size * 2, sizeof *grown);
	if (grown == NULL)
		return false;
	for (uint32_t i = 0; i < order->size; i++)
		if (order->senders[i].id != 0)
			*place_of(grown, order->size * 2, order->senders[i].id) = order->senders[i];
	free(order->senders);
	order->senders = grown;
	order->size *= 2;
	return true;
}

bool mt_order_sent(mt_order *order, const maiko_envelope *e)
{
	if (e->injected) /* its id has no place in its sender's order */
		return true;
	sender *s = place_of(order->senders, order->size, id_of(e));
	if (s->id == 0) {
		if (order->count * 2 >= order->size) {
			if (!grow(order))
				return false;
			s = place_of(order->senders, order->size, id_of(e));
		}
		order->count++;
		s->id = id_of(e);
	}
	if (s->epochs == 0 || s->epoch[(s->epochs - 1) % EPOCHS].origin != e->id.origin) {
		s->epoch[s->epochs % EPOCHS].origin = e->id.origin;
		s->epoch[s->epochs++ % EPOCHS].from = e->id.sequence;
	}
	return true;
}

uint64_t mt_order_of(const mt_order *order, const maiko_envelope *e)
{
	if (e->injected)
		return 0;
	const sender *s = place_of(order->senders, order->size, id_of(e));
	for (uint64_t k = s->epochs; k > 0 && k + EPOCHS > s->epochs; k--)
		if (s->epoch[(k - 1) % EPOCHS].origin == e->id.origin &&
		    s->epoch[(k - 1) % EPOCHS].from <= e->id.sequence)
			return k << EPOCH_SHIFT | e->id.sequence;
	return 0;
}
