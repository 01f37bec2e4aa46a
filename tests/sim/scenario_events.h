/*
 * scenario_events.h - the topics and events of the mixed scenario, and how they are sent.
 */
#ifndef SCENARIO_EVENTS_H
#define SCENARIO_EVENTS_H

#include "scenario.h"

/* XX(number, options): the topics, their policies, and an event of each. */
#define SC_TOPIC_MAP(XX)                                                                                               \
	XX(0, .overflow = MAIKO_BLOCK)                                                                                 \
	XX(1, .overflow = MAIKO_BLOCK)                                                                                 \
	XX(2, .overflow = MAIKO_BLOCK)                                                                                 \
	XX(3, .overflow = MAIKO_BLOCK)                                                                                 \
	XX(4, .overflow = MAIKO_BLOCK)                                                                                 \
	XX(5, .overflow = MAIKO_DROP_NEWEST)                                                                           \
	XX(6, .overflow = MAIKO_DROP_NEWEST)                                                                           \
	XX(7, .overflow = MAIKO_DROP_OLDEST)                                                                           \
	XX(8, .overflow = MAIKO_DROP_OLDEST)                                                                           \
	XX(9, .overflow = MAIKO_KEEP_LATEST, .key = sc_key)                                                            \
	XX(10, .overflow = MAIKO_KEEP_LATEST)                                                                          \
	XX(11, .overflow = MAIKO_FAIL)                                                                                 \
	XX(12, .overflow = MAIKO_BLOCK, .ttl_ms = 6)                                                                   \
	XX(13, .overflow = MAIKO_BLOCK, .retain = 5)

#define SC_DECLARE(number, ...)                                                                                        \
	typedef parcel note##number;                                                                                   \
	MAIKO_TOPIC_DECLARE(topic##number);                                                                            \
	MAIKO_EVENT_DECLARE(note##number);
SC_TOPIC_MAP(SC_DECLARE)

/* Routed by content; nobody sends a rarity, and who handles it may subscribe to any topic. */
typedef parcel letter, rarity;
MAIKO_EVENT_DECLARE(letter);
MAIKO_EVENT_DECLARE(rarity);

/* Large, with a buffer. */
typedef struct crate {
	parcel head;
	maiko_buffer *content;
	uint8_t padding[528];
} crate;
MAIKO_EVENT_DECLARE(crate);

/* With arrays: all elements are made of the serial number. */
typedef struct egg {
	uint8_t bytes[3];
	double weights[2];
} egg;
typedef struct tray {
	parcel head;
	int32_t sums[4];
	uint16_t count;
	egg eggs[6]; /* of these */
} tray;
MAIKO_EVENT_DECLARE(tray);

uint64_t sc_key(const maiko_any *any);

/* Sends, as an actor; what the call says. */
int sc_send(maiko_ctx *ctx, sc_actor *a);
void sc_send_some(maiko_ctx *ctx, sc_actor *a, uint32_t count);
void sc_send_later(maiko_ctx *ctx, sc_actor *a);
/* Sets its timer at a fixed rate, or cancels it. */
void sc_ring(maiko_ctx *ctx, sc_actor *a);

/* The event that it handles leaves for elsewhere; one that has left, or what it has caused there, comes back. */
void sc_leave(const maiko_ctx *ctx, const parcel *p);
void sc_come_back(maiko_ctx *ctx, sc_actor *a);

#endif
