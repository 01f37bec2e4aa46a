/*
 * node.h - what the rounds of the stress test send and who sends it: parcels that say who
 * sent them on which topic and as the how-many-eth, on some topics crates that have cargo too,
 * and nodes that check this and forward.
 */
#ifndef NODE_H
#define NODE_H

#include <maiko/maiko.h>

#include <stdatomic.h>
#include <stdint.h>

/* The last topic is for what may be overtaken: nobody's numbers count there. */
enum { TOPICS = 6, COUNTED = TOPICS - 1, SENDERS = 1024, HOPS_MAX = 3 };

typedef struct parcel {
	uint32_t sender; /* a number of its own in the round; the last: of what is sent later */
	uint8_t topic, hops;
	uint64_t n; /* of that sender's on that topic, from 1; 0: unnumbered */
} parcel;
MAIKO_EVENT_DECLARE(parcel);

/* The same with a buffer, of which a mailbox's bound in bytes is. */
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
	uint64_t *last;     /* received, by sender and topic; of one that stays, the round's */
	bool whole[TOPICS]; /* subscribed all along, under block: no gap */
	bool ticks;
	bool stays; /* all along; it has its number, and forgives its errors */
	uint8_t outputs[2];
} node;
MAIKO_ACTOR_DECLARE(node);

/* ---- of the round ----------------------------------------------------------------------- */

extern const maiko_topic *topics[TOPICS]; /* of the round's supervisor */
extern maiko_overflow policies[TOPICS];
extern bool crated[TOPICS]; /* crates are sent there, else parcels */
extern uint64_t round_seed;
extern _Atomic(uint32_t) senders;               /* numbers given so far */
extern _Atomic(uint64_t) sent[SENDERS][TOPICS]; /* accepted */

/* The cargo of a crate with that number, the caller's; NULL: no memory. */
maiko_buffer *cargo_of(uint64_t n);

/* ---- what is wrong ------------------------------------------------------------------------ */

extern _Atomic(uint64_t) faults;
/* One event is to be kept from the checks. */
extern _Atomic(bool) spoils;

/* An event that should not have come, or has not. */
void fault_of(const char *what, const char *who, const parcel *p, uint64_t last);

/* A call that returned what it may not. */
void fault_code(const char *call, int rc);

/* ---- chance --------------------------------------------------------------------------------- */

uint64_t random_next(uint64_t *state);
uint32_t below(uint64_t *state, uint32_t count);

#endif
