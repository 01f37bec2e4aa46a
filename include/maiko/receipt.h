/*
 * receipt.h - the sender learns what became of one event.
 *
 *   static int on_receipt(reader *self, const maiko_receipt *receipt, maiko_ctx *ctx)
 *   {
 *           if (maiko_receipt_done(receipt))
 *                   acknowledge(self, receipt->event);
 *           return 0;
 *   }
 *   MAIKO_ACTOR(reader, MAIKO_TICK(read_on), MAIKO_ON_RECEIPT(on_receipt));
 *
 *   maiko_send_tracked(ctx, line, .number = n);   // its id: maiko_sent_id(ctx)
 *
 * Each tracked event that was accepted has exactly one receipt: when the last of its deliveries has its
 * outcome and nobody keeps the event (maiko_keep) any more; also when nobody subscribes, when a subscriber
 * fails or is removed, and when the supervisor stops. The receipt is a callback of the actor that sent, never
 * inside the send. What a handler of the tracked event sent to that actor is handled first, unless the actor
 * is on hold (maiko_hold): then its receipts come at once, and such events stay in its mailbox until it
 * handles events again. No full mailbox delays a receipt, and no policy drops it. If the sender has ended, its
 * receipt is counted dead (topic "maiko.private" of the ledger). An event that is not tracked pays nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_RECEIPT_H
#define MAIKO_RECEIPT_H

#include <maiko/event.h>
#include <maiko/export.h>
#include <maiko/outcome.h>

/* What became of one event; made by the library. Valid until the callback returns. */
typedef struct maiko_receipt {
	maiko_id event;               /* its id */
	maiko_id correlation;         /* its chain's */
	const maiko_event_type *type; /* NULL: maiko_send_wait has not filled it in */
	uint64_t deliveries;          /* the sum of those below, but for `unknown` */
#define MAIKO_RECEIPT_FIELD(field, text) uint64_t field;
	MAIKO_OUTCOME_MAP(MAIKO_RECEIPT_FIELD)
#undef MAIKO_RECEIPT_FIELD
	uint64_t unknown; /* workers that did not get it, because a channel was full and every subscriber there
			   * drops, or without memory: it is not known for how many subscribers */
	int error;        /* what the first handler returned that failed, and whose on_error did not handle it; of an
			   * event that its subscriber still kept when it ended: its failure's code, or MAIKO_ECANCELED
			   * if it had none; or 0 */
	uint64_t reserved_[8]; /* 0 */
} maiko_receipt;

MAIKO_BEGIN_DECLS

/* Whether the work is done: there was at least one delivery, and each was handled, ignored, filtered, expired or
 * set aside; nothing was dead, discarded, dropped, lost or unknown, no handler failed, and no subscriber ended
 * while it kept the event. Only what is done should be acknowledged to anyone. False for NULL. Any thread. */
MAIKO_API bool maiko_receipt_done(const maiko_receipt *receipt);

/* The id of the event that this actor has just sent: to be called after a send that has returned 0, in the same
 * callback, before the next send. All zero for NULL. */
MAIKO_API maiko_id maiko_sent_id(const maiko_ctx *ctx);

/* The raw call under maiko_send_wait: sends, and waits until the event's receipt is complete, `timeout_ms` at the
 * most (MAIKO_NEXT_MS_MAX and more: without a bound). *ret_receipt (may be NULL) is filled in on 0 alone.
 *
 * 0, or the errors of maiko_send_timeout, or: MAIKO_ESTATE (the supervisor has not started), MAIKO_EAGAIN (this
 * thread may not wait: it is inside a callback, or runs an embedded loop), MAIKO_ETIMEDOUT (not complete by then;
 * if maiko_last_error says "sent", the event is on its way, and its receipt goes to nobody), MAIKO_ESHUTDOWN (the
 * stop has given up a worker that had the event). Any external thread. */
MAIKO_API int maiko_supervisor_send_wait(maiko_supervisor *sup, const maiko_event_type *type, const void *event,
					 uint64_t timeout_ms, maiko_receipt *ret_receipt);

MAIKO_END_DECLS

#endif
