/*
 * sights.h - a monitor that notes all it sees, and what it has noted as text:
 *
 *   "added; started; delivered item 1; overflowed item 2: dropped; handled item 1; stopped"
 *
 * A sight is its kind, the event if there is one (its type and its first field, an
 * uint32_t), the actor where it is not given, "queued" if it had been, and after a colon
 * the code if there is one. Across workers the order is one in which it can have happened.
 */
#ifndef SIGHTS_H
#define SIGHTS_H

#include "support.h"

typedef struct sighting {
	maiko_sight sight; /* but for data, its pointers point below */
	maiko_envelope envelope;
	char actor[32], actor_type[32], event[32], sender[32], topic[32];
	uint32_t n;
} sighting;

/* Forgets what was noted. */
void sights_forget(void);

/* The hook; and a monitor that has it for every kind, with what was noted forgotten. */
void sights_note(void *arg, const maiko_sight *sight);
maiko_monitor *sights_watch(maiko_supervisor *sup);

/* How many of a kind, to be waited for; or of that actor; the first of them, or NULL. What
 * was seen later has a higher address. */
_Atomic(uint64_t) *sights_of(maiko_sight_kind kind);
uint64_t sights_count(maiko_sight_kind kind, const char *actor);
const sighting *sights_first(maiko_sight_kind kind, const char *actor);

/* All of an actor ("": of none); all of an event. Each valid until its next call. */
const char *sights_of_actor(const char *actor);
const char *sights_of_event(const char *event, uint32_t n);

#endif
