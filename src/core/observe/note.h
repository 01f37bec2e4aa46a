/*
 * note.h - notes of nondeterministic decisions: sent to a recorder, or read from a recording in a replay.
 *
 * A worker is deterministic except for *when it reads its inputs*: which control message it runs next,
 * how many entries it takes from a channel, which actor it runs and for how many events, how much room
 * it finds in a channel. A turn consists of such steps. Each is noted before it is executed, but after
 * everything that it depends on was read. So in the order of the notes each cause precedes its effects,
 * and executing the same steps one after the other, in that order and without interruption, reproduces
 * the run (lead.h).
 *
 * For that, the inputs of a step must not depend on what other workers do while it runs:
 *
 *   - a send sees a channel as full as the last flush has left it, and takes no mutes: both are
 *     read only between callbacks. A callback that floods a channel is muted by the channel.
 *   - state under the supervisor's lock is noted under the lock; a change of it that reaches another
 *     worker by a control message (a batch of changes, a step of a stop) is a step of its own.
 *   - what a call returns of that state (an id, an error) is noted as a value.
 *
 * All this applies while `seam.noted` is set: from before the start, or never. Otherwise the only cost
 * is a check of that flag, a few times a turn.
 */
#ifndef MK_NOTE_H
#define MK_NOTE_H

#include "runtime/scribe.h"

/* Starts recording or replay. Before the start of the supervisor, with the lock. */
MK_PRIVATE void mk_note_begin(mk_sup *sup, mk_scribe *scribe);

/* ---- noting --------------------------------------------------------------------------- */

MK_NOINLINE void mk_note_here(mk_worker *w, mk_note_kind kind, uint64_t number, int64_t value);
#define MK_NOTE(w, kind, number, value)                                                                                \
	do {                                                                                                           \
		if (MK_UNLIKELY((w)->sup->seam.noted))                                                                 \
			mk_note_here((w), (kind), (number), (value));                                                  \
	} while (0)

/* With the lock. */
void mk_note_sup(mk_sup *sup, mk_note_kind kind, uint64_t number, int64_t value);
void mk_note_batch(mk_sup *sup, uint64_t number, const uint64_t *keys, uint32_t count);

void mk_note_control(mk_worker *w, const mk_message *m);
static inline void mk_note_take(mk_worker *w, uint32_t from, uint64_t count)
{
	mk_note_here(w, MK_NOTE_TAKE, from, (int64_t)count);
}

/* A call in a callback on `caller`, or (NULL, with the lock) by an external thread. */
void mk_note_call(mk_sup *sup, mk_worker *caller, mk_note_kind kind, uint64_t number, int64_t value,
		  const mk_call *call);

/* The worker of the actor whose callback makes a call; NULL: an external thread or a monitor's hook makes
 * it. */
mk_worker *mk_caller(const mk_sup *sup, const mk_actor *requester);

/* With the lock: a call has looked up an id (0: it is not there). In an actor's callback it is noted, or, in a replay,
 * that of the recording is returned. */
uint64_t mk_note_found(mk_sup *sup, uint64_t id);

/* The clock of the machine (mk_wall) as the worker reads it: noted, or, in a replay, that of the recording. */
uint64_t mk_note_wall(mk_worker *w);

/* ---- replay ----------------------------------------------------------------------------- */

/* In a replay: whether that is the next note of the recording. */
bool mk_is_told(mk_worker *w, mk_note_kind kind, uint64_t number, mk_told *ret_told);
bool mk_caller_is_told(const mk_sup *sup, mk_worker *caller, mk_note_kind kind, uint64_t number, mk_told *ret_told);

#endif
