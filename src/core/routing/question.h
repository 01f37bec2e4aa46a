/*
 * question.h - questions of actors, and their answers (C21, maiko/ask.h).
 *
 * A question is a tracked event (receipt.h) whose receipt refers to a record at the asker. A reply is one more part of
 * that receipt, with the answer in it:
 *
 *   asker's worker                               answerer's worker
 *   ask: record, timer, receipt; the event  ───▶ a handler replies: allocates a part with the answer
 *   the answer is a private delivery        ◀─── the part goes to the asker's home, before the event's own part
 *   without an answer: the receipt is complete,
 *   or the time is over
 *
 *   - Only the asker's home accesses the record. What ends it first (a reply, the receipt, the timer, the stop, the end
 *     of the asker's life) unlinks it from the asker and from the receipt: the others find no record, so it ends once.
 *   - A part travels as all parts do (receipt.h): it follows the asker when that migrates, and arrives after what its
 *     sender has sent there. The receipt is complete only when all replies have arrived, so "nobody has replied" is
 *     true.
 *   - A reply that finds no record is a delivery of "maiko.private" that is dropped, or dead if the asker has ended.
 *   - The question of an external thread is answered in its receipt, under the supervisor's lock.
 *
 * The record migrates with its asker, its timer is packed as those of delayed sends are (delayed.h).
 */
#ifndef MK_QUESTION_H
#define MK_QUESTION_H

#include "routing/receipt.h"
#include "runtime/runtime.h"

#include <maiko/ask.h>

typedef struct mk_question mk_question;

/* Sends the event at `value` to `t` as a question, whose answers are of type `answer`. Errors as of mk_receipt_send. */
int mk_question_ask(mk_topic *t, const mk_type *type, maiko_ctx *ctx, const void *value, const maiko_question *asked,
		    const mk_type *answer, uint64_t timeout_ms, bool all);

/* Sends a copy of `value` to whom has asked `e`. 0 or MAIKO_ENOMEM. Precondition: mk_receipt_asks(e). */
int mk_question_reply(maiko_ctx *ctx, const mk_event *e, const mk_type *type, const void *value);

/* What its receipt says of a question without an answer, or that not all have answered: one of the statuses of
 * maiko/ask.h. */
int mk_question_status(const maiko_receipt *sum, uint64_t replies);
/* Returns that status, in words; `call` has asked. */
int mk_question_fail(const char *call, const maiko_event_type *type, int status);

/* The asker stops: its questions end with MAIKO_ESHUTDOWN, and their functions are called. drop: its life ends without
 * that. free: its worker is gone. */
void mk_questions_shut(mk_worker *w, mk_actor *a);
void mk_questions_drop(mk_worker *w, mk_actor *a);
void mk_questions_free(mk_extra *x);

/* The asker migrates (migrate.h). Without memory for its timer at the new home a question ends with MAIKO_ENOMEM. */
void mk_questions_pack(mk_worker *w, mk_actor *a);
void mk_questions_unpack(mk_worker *w, mk_actor *a);

#endif
