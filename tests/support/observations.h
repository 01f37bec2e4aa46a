/*
 * observations.h - a monitor that notes all observations, and the notes as text:
 *
 *   "added; started; delivered item 1; overflowed item 2: dropped; handled item 1; stopped"
 *
 * An observation is written as its kind, the event if there is one (its type and its first field,
 * an uint32_t), the actor if the query names none, "queued" if the event was queued, and after a
 * colon the code if there is one. Across workers the order is a possible one.
 */
#ifndef OBSERVATIONS_H
#define OBSERVATIONS_H

#include "support.h"

typedef struct noted_observation {
	maiko_observation observation; /* its pointers, except data, point to the fields below */
	maiko_envelope envelope;
	char actor[32], actor_type[32], event[32], sender[32], topic[32];
	uint32_t n;
} noted_observation;

/* Clears the notes. */
void observations_forget(void);

/* The hook; and a new monitor with this hook for every kind, which clears the notes. */
void observations_note(void *arg, const maiko_observation *observation);
maiko_monitor *observations_watch(maiko_supervisor *sup);

/* The number of a kind, to wait for; the number for an actor; the first of them, or NULL. A later
 * observation has a higher address. */
_Atomic(uint64_t) *observations_of(maiko_observation_kind kind);
uint64_t observations_count(maiko_observation_kind kind, const char *actor);
const noted_observation *observations_first(maiko_observation_kind kind, const char *actor);

/* All observations of an actor ("": without an actor); all of an event. Valid until the next call. */
const char *observations_of_actor(const char *actor);
const char *observations_of_event(const char *event, uint32_t n);

#endif
