/*
 * sample.h - what the actors of one worker do in a short time: how long they run, and which of them talk to each
 * other.
 *
 * balance.c makes one of a worker that could share its work; cut.c finds in it what would better live elsewhere.
 * Talk is counted where it arrives: before an actor runs, its mailbox tells who sent the events that it will handle.
 * External threads are one more actor, with the id 0, that stays: their events come by way of one worker, and an actor
 * elsewhere gets them from there.
 *
 * A sample holds a bounded number of actors and of pairs of them. Of a worker with more it holds those that ran first,
 * and the others stay where they are until a later sample has them. It belongs to the sampled worker; once it is sent,
 * to the one that gets it.
 */
#ifndef MK_SAMPLE_H
#define MK_SAMPLE_H

#include "runtime/runtime.h"

/* An event to N subscribers is N parts of one, since it crosses to another worker once. */
#define MK_SAMPLE_WHOLE UINT64_C(256)

enum { MK_SAMPLE_ACTORS = 1024, MK_SAMPLE_PAIRS = 4096 };

/* An actor, and how long it ran; or the external threads. */
typedef struct mk_sampled {
	maiko_actor_id id;
	uint64_t ns;
	uint64_t beside_ns; /* of that, while others were ready or muted: what could have run elsewhere */
	uint32_t long_runs; /* its runs of a millisecond and more, for which others wait */
	uint64_t there;     /* its talk with actors of the worker `to`, in parts */
	bool fixed;         /* it cannot leave, or has only just come */
	bool goes;          /* cut.c has chosen it */
} mk_sampled;

/* Events between two actors, in parts. */
typedef struct mk_pair {
	uint32_t one, other; /* indices of actors, the smaller first */
	uint64_t parts;
} mk_pair;

typedef struct mk_sample {
	mk_message message; /* which carries it to the worker `to` */
	uint32_t from, to;
	uint32_t idle_percent;  /* how much of the time `to` was idle, */
	uint32_t spare_percent; /* and how much of that a core is there for it, to take a part of the work */
	bool merges;            /* for a merge with `to`, not for a cut */
	bool crowded;           /* ... because no core is left for one of the two */
	uint64_t began_ns;
	uint32_t runs;
	uint64_t ns; /* of all runs, also of actors that are not in it */
	uint32_t actor_count, pair_count;
	mk_sampled actors[MK_SAMPLE_ACTORS];
	mk_pair pairs[MK_SAMPLE_PAIRS];
	uint16_t actor_at[MK_SAMPLE_ACTORS * 2]; /* hash tables of indices + 1; 0: free */
	uint16_t pair_at[MK_SAMPLE_PAIRS * 2];
} mk_sample;

/* The index of an actor, added if it is new; MK_SAMPLE_ACTORS: there is no room. */
uint32_t mk_sample_actor(mk_sample *s, maiko_actor_id id);

/* Adds talk between two actors. Without room for the pair it is forgotten. */
void mk_sample_talk(mk_sample *s, uint32_t one, uint32_t other, uint64_t parts);

/* Whether a part of the worker's actors could run elsewhere now: several are ready, or wait for one that is. */
bool mk_sample_may_help(const mk_worker *w);

/* Runs the worker's next ready actor, and adds that run to the worker's sample. */
void mk_sample_run_next(mk_worker *w);

#endif
