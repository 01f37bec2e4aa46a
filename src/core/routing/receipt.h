/*
 * receipt.h - the sender of a tracked event learns what became of it (C17, maiko/receipt.h).
 *
 * A tracked event lies on the heap and names a part of its receipt, as does each copy of it on another worker,
 * and each copy that moves with its actor. Whoever counts an outcome of a tracked event counts it in its part. When
 * the last reference is dropped, the part goes to the sender's home; the last part completes the receipt.
 *
 *   sender's worker                              another worker
 *   send: receipt, with a part for each    ───▶  takes the entry: its copy has the part that the send made for it
 *         worker that has subscribers
 *   part of its own is over                      handled ... the part is over
 *   receipt complete ◀───────────────────────────┘ a parcel in the channel, behind what its handlers have sent
 *   a private delivery to the sender
 *
 *   - All memory is taken at the send: receipt and parts are one block. A part more is made when an actor with
 *     tracked events in its mailbox moves; without memory that delivery counts as no_memory, as its copy would.
 *   - A part travels in the channel to the worker that is the sender's home for the worker it comes from
 *     (mk_home_of), as what its handlers send does, so it is behind that. Where the actor has not arrived yet
 *     it is kept (in_transit.h); where it is no more, it is sent on. Without a channel, and without memory for one,
 *     it takes the control lane: nothing that it could overtake was ever sent.
 *   - Only the sender's home touches a receipt, but for `parts`, which whoever holds a part may increment.
 *     An external thread's is summed under the supervisor's lock, by whoever has the part.
 *
 * That a part reaches a sender that moves rests on the argument for mutes and completions (migrate.h,
 * models/topology.pml): they take the same ways, to the same home.
 */
#ifndef MK_RECEIPT_H
#define MK_RECEIPT_H

#include "runtime/runtime.h"

typedef struct mk_receipt mk_receipt;

/* What became of one copy of the event. */
typedef struct mk_part {
	mk_message message; /* on its way; its link is the parcel's */
	mk_tracked tracked;
	mk_receipt *receipt;
	mk_worker *worker;      /* where the event is, or was last */
	struct mk_part *remote; /* of the event that was sent: those of other workers */
	uint64_t workers;       /* ... which these are for, in that order */
	mk_event *carrier;      /* ... what the channels get */
	bool alone;             /* a block of its own */
	uint64_t unknown;
	int error;
	uint32_t counts[MAIKO_LOST + 1];
} mk_part;

static inline mk_part *mk_part_of(const mk_event *e) { return MK_OF(mk_tracked_by(e), mk_part, tracked); }

/* ---- sending -------------------------------------------------------------------------- */

/* A tracked send, when all has been checked but memory; as the untracked one. `injected` NULL: it was not sent
 * elsewhere. */
struct mk_injected;
int mk_receipt_send(mk_topic *t, const mk_type *type, maiko_ctx *ctx, const void *value, mk_block *block,
		    unsigned flags, const struct mk_injected *injected);

/* An external thread's: one that has no part for other workers yet; and its end. */
mk_receipt *mk_receipt_external(mk_sup *sup, mk_event *e);
void mk_receipt_forget(mk_sup *sup, mk_receipt *r);
/* Waits for it, until that moment. 0 (it is freed), MAIKO_ETIMEDOUT or MAIKO_ESHUTDOWN (it frees itself). */
int mk_receipt_await(mk_sup *sup, mk_receipt *r, uint64_t until_ns, maiko_receipt *ret_receipt);
/* On the worker that publishes it: parts for the others that have subscribers. */
void mk_receipt_enters(mk_worker *w, mk_event *e);

/* ---- what becomes of the event ---------------------------------------------------------------- */

/* Counts an outcome of a delivery. */
static inline void mk_receipt_count(const mk_event *e, size_t outcome)
{
	if (MK_UNLIKELY(mk_is_tracked(e)))
		mk_part_of(e)->counts[outcome / sizeof(mk_counter)]++;
}

/* It was handled, or ignored; its handler has failed, and on_error did not handle that. */
void mk_receipt_handled(const mk_actor *a, const mk_event *e);
void mk_receipt_failed(const mk_event *e, int error);

/* A worker does not get it: a channel is full. */
void mk_receipt_unknown(const mk_event *e);

/* What goes into the channels in the place of a tracked event: its carrier, with a reference for the caller, or
 * (external, without memory) the event itself, which other workers do not track. */
mk_event *mk_receipt_carrier(mk_event *e);

/* On a worker that takes a carrier from a channel: its part; a copy with it, or NULL without memory; or no copy: so
 * many deliveries had no memory. */
mk_part *mk_receipt_part(mk_worker *w, const mk_event *from);
mk_event *mk_receipt_copy(mk_worker *w, const mk_event *from, mk_part *part);
void mk_receipt_refused(mk_worker *w, mk_part *part, uint64_t deliveries);

/* An actor moves, and with it what is in its mailbox: a copy on the heap, with a part of its own, or NULL without
 * memory; and it has come. */
mk_event *mk_receipt_split(const mk_event *e);
void mk_receipt_comes(mk_worker *w, const mk_event *e);

/* ---- the way back ------------------------------------------------------------------------------ */

/* A parcel has been taken from a channel. */
void mk_receipt_arrives(mk_worker *w, mk_part *part);

/* The sender has ended: what it waits for is counted dead. */
void mk_receipts_leave(mk_worker *w, mk_actor *a);

/* As the supervisor is freed: those that will not be completed are its own, because events that are not freed yet
 * name their parts; and, when all events are gone, frees them. */
void mk_receipts_keep(mk_sup *sup, mk_receipt **list);
void mk_receipts_fini(mk_sup *sup);

#endif
