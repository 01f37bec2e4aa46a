/*
 * note.h - the decisions of chance: reported to a recorder, and in a replay taken from the recording.
 *
 * A worker does the same when the same comes in, but for *when it looks*: which control message it
 * runs next, how many entries it takes from a channel, which actor it runs and for how many events,
 * how much room it finds again in a channel. A turn consists of such pieces, and each is noted before
 * it is done, but after all that it depends on has been read. So in the order of the notes each cause
 * is before its effects, and whoever does the same pieces in that order, one after the other, each as
 * a whole, does the same (lead.h).
 *
 * For that, what a piece finds out while it runs must not depend on what other workers do meanwhile:
 *
 *   - a send finds a channel as full as the last flush has left it, and takes no mutes: both are
 *     looked at between callbacks alone. A callback that floods a channel is muted by the channel.
 *   - what is under the supervisor's lock is noted under it, and a change of it that another worker
 *     hears of by a control message (a batch of changes, a step of a stop) is a piece of its own.
 *   - what a call tells its caller of that state (an id, a refusal) is noted as a value.
 *
 * All this holds while `seam.noted` is set: from before the start, or never. Otherwise nothing here
 * costs more than a look at that flag, a few times a turn.
 */
#ifndef MK_NOTE_H
#define MK_NOTE_H

#include "runtime/scribe.h"

/* Notes from now on. Before the start, with the lock. */
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

/* A call in a callback of `caller`'s, or (NULL, with the lock) from outside. */
void mk_note_call(mk_sup *sup, mk_worker *caller, mk_note_kind kind, uint64_t number, int64_t value,
		  const mk_call *call);

/* The worker of the actor in whose callback a call is made; NULL: it is made from outside, or in a hook
 * of a monitor. */
mk_worker *mk_caller(const mk_sup *sup, const mk_actor *requester);

/* ---- being told ------------------------------------------------------------------------- */

/* Led: whether the recording has that next. */
bool mk_is_told(mk_worker *w, mk_note_kind kind, uint64_t number, mk_told *ret_told);
bool mk_caller_is_told(const mk_sup *sup, mk_worker *caller, mk_note_kind kind, uint64_t number, mk_told *ret_told);

#endif
