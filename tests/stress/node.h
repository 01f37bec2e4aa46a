/*
 * node.h - events and actors of the stress test: parcels with their sender, topic and sequence
 * number; on some topics crates, which also have cargo; and nodes, which check these and forward
 * them, with a receipt or as if they came from elsewhere, and rest on hold now and then.
 */
#ifndef NODE_H
#define NODE_H

#include "account.h"

#include <maiko/maiko.h>

#include <stdatomic.h>
#include <stdint.h>

/* Events on the last topic may overtake others: their numbers are not checked. */
enum { TOPICS = 6, COUNTED = TOPICS - 1, SENDERS = 1024, HOPS_MAX = 3 };

typedef struct parcel {
	uint32_t sender; /* unique in the round; the last number: delayed sends */
	uint8_t topic, hops;
	uint64_t n; /* sequence number of that sender on that topic, from 1; 0: unnumbered */
} parcel;
MAIKO_EVENT_DECLARE(parcel);

/* The same with a buffer, which counts for a mailbox's bound in bytes. */
typedef struct crate {
	uint32_t sender;
	uint8_t topic, hops;
	uint64_t n;
	maiko_buffer *cargo; /* of 8 to 1,024 bytes; begins with `n` */
} crate;
MAIKO_EVENT_DECLARE(crate);

typedef struct node {
	uint64_t random;
	uint32_t number;    /* as a sender */
	uint64_t *last;     /* received, by sender and topic; owned by the round if it stays */
	bool whole[TOPICS]; /* subscribed all the time with the block policy: no gap */
	bool ticks;
	bool stays; /* for the whole round; it has a number, and on_error handles its errors */
	uint8_t outputs[2];
} node;
MAIKO_ACTOR_DECLARE(node);

/* ---- state of the round ----------------------------------------------------------------- */

extern const maiko_topic *topics[TOPICS]; /* of the round's supervisor */
extern maiko_overflow policies[TOPICS];
extern bool crated[TOPICS];                     /* crates are sent there, else parcels */
extern _Atomic(uint32_t) senders;               /* numbers given so far */
extern _Atomic(uint64_t) sent[SENDERS][TOPICS]; /* accepted */

/* The tracked events of a sender whose receipts have not come, and the sum of their ids. */
typedef struct awaited {
	_Atomic(uint64_t) count, ids;
} awaited;
extern awaited receipts_of[SENDERS];
extern _Atomic(uint64_t) receipts_in_all;
/* A receipt has come; it has an outcome for each delivery. */
void check_receipt(const maiko_receipt *receipt);

extern bool rests; /* nodes go on hold */

/* Creates the cargo of the crate with that number, owned by the caller. NULL: no memory. */
maiko_buffer *cargo_of(uint64_t n);

/* ---- faults ------------------------------------------------------------------------------- */

/* The first event of each sender must be hidden from the check of gaps. */
extern _Atomic(bool) spoils;

/* Reports an event that must not have arrived, or that is missing. */
void fault_of(const char *what, const char *who, const parcel *p, uint64_t last);

/* Reports a call with a result that is not allowed. */
void fault_code(const char *call, int rc);

#endif
