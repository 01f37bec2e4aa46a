/*
 * observations.h - a monitor that notes all it sees, and what it has noted as text:
 *
 *   "added; started; delivered item 1; overflowed item 2: dropped; handled item 1; stopped"
 *
 * An observation is its kind, the event if there is one (its type and its first field, an
 * uint32_t), the actor where it is not given, "queued" if it had been, and after a colon
 * the code if there is one. Across workers the order is one in which it can have happened.
 */
#ifndef OBSERVATIONS_H
#define OBSERVATIONS_H

#include "support.h"

typedef struct noted_observation {
	maiko_observation observation; /* but for data, its pointers point below */
	maiko_envelope envelope;
	char actor[32], actor_type[32], event[32], sender[32], topic[32];
	uint32_t n;
} noted_observation;

/* Forgets what was noted. */
void observations_forget(void);

/* The hook; and a monitor that has it for every kind, with what was noted forgotten. */
void observations_note(void *arg, const maiko_observation *observation);
maiko_monitor *observations_watch(maiko_supervisor *sup);

/* How many of a kind, to be waited for; or of that actor; the first of them, or NULL. What
 * was seen later has a higher address. */
_Atomic(uint64_t) *observations_of(maiko_observation_kind kind);
uint64_t observations_count(maiko_observation_kind kind, const char *actor);
const noted_observation *observations_first(maiko_observation_kind kind, const char *actor);

/* All of an actor ("": of none); all of an event. Each valid until its next call. */
const char *observations_of_actor(const char *actor);
const char *observations_of_event(const char *event, uint32_t n);

#endif
