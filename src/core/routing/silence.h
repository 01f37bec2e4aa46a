/*
 * silence.h - tells of topics that are silent although something is expected on them, and when something comes again
 * (maiko_silent).
 *
 * The first worker looks four times in .expect_every_ms, in a step of its own beside the timers, whether anything was
 * published since the look before: it adds the counts of all workers, which it may read as a report does. So an event
 * costs nothing, and what is told is late by a quarter of that time at most. Moves of actors do not matter.
 *
 * What a look tells depends on counts of other workers, so it is a step of its own in a recording (MK_NOTE_SILENT),
 * with the topic and the time; when it was looked at is not recorded.
 */
#ifndef MK_SILENCE_H
#define MK_SILENCE_H

#include "runtime/runtime.h"

/* Looks at the topics whose time has come. On the first worker, between two callbacks. */
void mk_silence_look(mk_worker *w);

/* In a replay: tells what a look has told. */
void mk_silence_tell(mk_worker *w, const char *topic, uint64_t every_ms, uint64_t ms, bool again);

#endif
