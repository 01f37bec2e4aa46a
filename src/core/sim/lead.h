/*
 * lead.h - a supervisor that is led along a recording, piece by piece (note.h).
 *
 * It is a simulated one (step.h) with `seam.led`. Its workers do nothing by themselves: whoever leads
 * does the noted pieces, in the order of the notes, each as a whole. What a piece finds out on the way
 * it asks of the scribe. Each function returns false where the piece cannot be done now: then this
 * supervisor is another than the one that was recorded, or the recording is damaged; nothing has
 * happened.
 */
#ifndef MK_LEAD_H
#define MK_LEAD_H

#include "runtime/scribe.h"

/* The pieces of a worker, but for a run: `number` and `value` as they were noted. */
MK_PRIVATE bool mk_lead_piece(mk_worker *w, mk_note_kind kind, uint64_t number, int64_t value);

/* Runs an actor. `force`: whether it is ready or not, its tick too if `ticks`: a source, which is run
 * when the world has something for it. Else it must be ready; seam.choose is to find it. */
MK_PRIVATE bool mk_lead_run(mk_worker *w, mk_actor *a, uint32_t events, bool force, bool ticks);

/* The pieces of the supervisor, but for a batch. */
MK_PRIVATE bool mk_lead_sup(mk_sup *sup, mk_note_kind kind, uint64_t number, int64_t value);

/* From now on it is a simulation like others, and goes on by itself. */
MK_PRIVATE void mk_lead_end(mk_sup *sup);

#endif
