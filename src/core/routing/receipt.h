/*
 * receipt.h - the sender of a tracked event learns its outcomes (C17, maiko/receipt.h).
 *
 * A tracked event is allocated on the heap and refers to a part of its receipt, as does each copy of it on another
 * worker, and each copy that migrates with an actor. Code that counts an outcome of a tracked event counts it in this
 * part. When its last reference is dropped, the part goes to the sender's home; the last part completes the receipt.
 *
 *   sender's worker                              another worker
 *   send: allocates the receipt, with a    ───▶  takes the entry; its copy has the part that the
 *         part for each worker                   send has allocated for it
 *   its own part is over                         handled ... its part is over
 *   the receipt is complete  ◀───────────────────┘ a parcel in the channel, after what the handlers have sent
 *   a private delivery to the sender
 *
 *   - The send allocates all memory: receipt and parts are one block. One more part is allocated when an actor with
 *     tracked events in its mailbox migrates; without memory that delivery counts as no_memory, as its copy would.
 *   - A part travels in a channel to the sender's home, as its worker knows it (mk_home_of), after everything that the
 *     event's handlers have sent there; the receipt then runs after those events, unless the sender is on hold
 *     (private.h). If the sender has not arrived yet, the part is kept (in_transit.h); if it has left, the part is sent
 *     on. Without a channel, and without memory for one, the part takes the control lane: then no event was sent that
 *     it could overtake.
 *   - Only the sender's home accesses a receipt, except `parts`, which the owner of any part may increment. The receipt
 *     of an external thread is summed under the supervisor's lock, by the owner of each part.
 *
 * models/receipt.pml shows that each event has one receipt, with the true counts, behind the replies, while its sender
 * and its subscribers migrate and end; to change the protocol, change the model first. A part in a channel is counted
 * as an event there, so a stop is not quiescent while one is on its way (models/stop.pml).
 */
#ifndef MK_RECEIPT_H
#define MK_RECEIPT_H

#include "runtime/runtime.h"

typedef struct mk_receipt mk_receipt;

/* The outcomes of one copy of the event. */
typedef struct mk_part {
	mk_message message; /* on its way home; its link is the parcel's */
	mk_tracked tracked;
	mk_receipt *receipt;
	mk_worker *worker;                /* has the event, or had it last */
	struct mk_part *remote;           /* of the event that was sent: the parts of other workers, */
	uint64_t workers;                 /* ... which these are, in ascending order, */
	mk_event *carrier;                /* ... and the copy for the channels */
	bool alone;                       /* allocated by itself */
	const struct mk_replies *replies; /* it is in a reply to a question (question.h); else NULL */
	uint64_t unknown;
	int error;
	uint32_t counts[MAIKO_LOST + 1];
} mk_part;

static inline mk_part *mk_part_of(const mk_event *e) { return MK_OF(mk_tracked_by(e), mk_part, tracked); }

/* ---- sending -------------------------------------------------------------------------- */

/* A question of an actor (question.h). The send sets *receipt and cause, the event's id and correlation. `complete` is
 * called at the asker's home when the receipt is, unless the record has ended (mk_receipt_disowns). */
struct mk_call;
typedef struct mk_asking {
	struct mk_question *question;
	const mk_type *answer;       /* the type of its answers */
	const struct mk_call *noted; /* of its note (scribe.h) */
	void (*complete)(mk_worker *w, struct mk_question *q, const maiko_receipt *sum);
	mk_receipt **receipt;
	maiko_id *cause;
} mk_asking;

/* What becomes of a reply. */
typedef struct mk_replies {
	/* At the asker's home it has arrived; `q` NULL: its question has ended; `a` NULL: the asker is no more. */
	void (*came)(mk_worker *w, struct mk_question *q, mk_actor *a, mk_part *part);
	/* An external thread has asked: the answer, which is the caller's. */
	mk_event *(*answer)(mk_part *part);
	/* It does not arrive, because the supervisor is freed. */
	void (*lost)(mk_message *m);
} mk_replies;

/* What may be special about a tracked send; 0 and NULL: it is not. */
struct mk_injected;
typedef struct mk_tracking {
	const struct mk_injected *injected;
	const mk_asking *asking; /* it is a question */
	uint64_t ttl_ms;
} mk_tracking;

/* A tracked send, whose arguments were checked. Errors as for a send. */
int mk_receipt_send(mk_topic *t, const mk_type *type, maiko_ctx *ctx, const void *value, mk_block *block,
		    unsigned flags, const mk_tracking *tracking);

/* The receipt of an external thread's event, without parts for other workers yet; `answer` NULL: it is no question;
 * NULL without memory. forget: its thread does not wait for it; it is freed when it is complete. */
mk_receipt *mk_receipt_external(mk_sup *sup, mk_event *e, const mk_type *answer);
void mk_receipt_forget(mk_sup *sup, mk_receipt *r);
/* Waits until it is complete or answered, at most until that moment, and forgets it; *ret_reply (may be NULL) is the
 * answer, the caller's, or NULL. 0, MAIKO_ETIMEDOUT or MAIKO_ESHUTDOWN. */
int mk_receipt_await(mk_sup *sup, mk_receipt *r, uint64_t until_ns, maiko_receipt *ret_receipt, mk_event **ret_reply);
/* On the worker that publishes the event: allocates the parts for other workers that have subscribers. */
void mk_receipt_enters(mk_worker *w, mk_event *e);

/* ---- outcomes ---------------------------------------------------------------------------------- */

/* Counts the outcome of a delivery. */
static inline void mk_receipt_count(const mk_event *e, size_t outcome)
{
	if (MK_UNLIKELY(mk_is_tracked(e)))
		mk_part_of(e)->counts[outcome / sizeof(mk_counter)]++;
}

/* handled: an actor has handled the event, or ignored it. failed: its handler has failed, and on_error has not handled
 * that. */
void mk_receipt_handled(const mk_actor *a, const mk_event *e);
void mk_receipt_failed(const mk_event *e, int error);

/* A worker does not get the event, because a channel is full: it would have got the carrier, or (a tracked event) the
 * event of a share group. */
void mk_receipt_unknown(const mk_event *e);

/* The event for the channels: the carrier of a tracked event, with one reference for the caller; or (of an external
 * thread, without memory) the event itself, which other workers do not track. */
mk_event *mk_receipt_carrier(mk_event *e);

/* On a worker that takes a carrier from a channel. part: the worker's part. copy: a tracked copy; NULL without memory.
 * refused: there is no copy, and so many deliveries count as no_memory. */
mk_part *mk_receipt_part(mk_worker *w, const mk_event *from);
mk_event *mk_receipt_copy(mk_worker *w, const mk_event *from, mk_part *part);
void mk_receipt_refused(mk_worker *w, mk_part *part, uint64_t deliveries);

/* An actor migrates with tracked events in its mailbox. split: a copy on the heap with a part of its own; NULL without
 * memory. is_split: it is such a copy, which is on no worker. comes: the copy has arrived. */
mk_event *mk_receipt_split(const mk_event *e);
static inline bool mk_receipt_is_split(const mk_event *e) { return mk_is_tracked(e) && mk_part_of(e)->worker == NULL; }
void mk_receipt_comes(mk_worker *w, const mk_event *e);

/* ---- questions ------------------------------------------------------------------------------- */

/* The type of the answers to that event, if it is a question, else NULL. */
const mk_type *mk_receipt_asks(const mk_event *e);
/* Whether an actor has asked. Precondition: it is a question. */
bool mk_receipt_is_of_actor(const mk_event *e);
/* Sends one more part, zeroed before, to whom has asked. */
void mk_receipt_reply(mk_worker *w, const mk_event *e, mk_part *part, const mk_replies *replies);
/* The record of its question has ended. */
void mk_receipt_disowns(mk_receipt *r);

/* ---- the way back ------------------------------------------------------------------------------ */

/* The sender has ended: its receipts count as dead when they are complete. */
void mk_receipts_leave(mk_worker *w, mk_actor *a);

/* The supervisor is being freed. keep: takes over receipts that will not be completed, because events that are not
 * freed yet refer to their parts. fini: frees them, after all events. */
void mk_receipts_keep(mk_sup *sup, mk_receipt **list);
void mk_receipts_fini(mk_sup *sup);

#endif
