/*
 * lead.h - replays a recording on a supervisor, piece by piece (note.h).
 *
 * The supervisor is a simulated one (step.h) with `seam.led`. Its workers do nothing by themselves: the
 * caller takes the recorded pieces in the order of the notes, each as a whole. Values that a piece
 * depends on come from the scribe. A function returns false, without effect, if the piece is not
 * possible now: then this supervisor differs from the recorded one, or the recording is damaged.
 */
#ifndef MK_LEAD_H
#define MK_LEAD_H

#include "runtime/scribe.h"

/* Takes a piece of a worker other than a run; `number` and `value` as recorded. */
MK_PRIVATE bool mk_lead_piece(mk_worker *w, mk_note_kind kind, uint64_t number, int64_t value);

/* Runs an actor. `force`: even if it is not ready, with its tick if `ticks`; for a source, which runs when
 * input from outside the process arrives. Else it must be ready; seam.choose must select it. */
MK_PRIVATE bool mk_lead_run(mk_worker *w, mk_actor *a, uint32_t events, bool force, bool ticks);

/* Tells of a silent topic what was told in the recording. */
MK_PRIVATE void mk_lead_silent(mk_worker *w, const char *topic, uint64_t every_ms, uint64_t ms, bool again);

/* Takes a piece of the supervisor other than a batch. */
MK_PRIVATE bool mk_lead_sup(mk_sup *sup, mk_note_kind kind, uint64_t number, int64_t value);

/* Ends the replay: from now on the supervisor is an ordinary simulation. */
MK_PRIVATE void mk_lead_end(mk_sup *sup);

#endif
