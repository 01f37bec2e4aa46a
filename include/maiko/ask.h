/*
 * ask.h - questions: an event that somebody answers (C21).
 *
 *   static int on_quote(trader *self, const quote *answer, int status, maiko_ctx *ctx)
 *   {
 *           if (status != 0)
 *                   return give_up(self, status);
 *           return trade(self, answer->cents, ctx);
 *   }
 *   MAIKO_ASK(trader, quote_request, quote, on_quote);
 *   ...
 *   maiko_ask(ctx, on_quote, 500, quote_request, .symbol = "ACME");
 *
 * and the answerer, whoever it is, in its handler of quote_request or later:
 *
 *   return maiko_reply(ctx, quote, .cents = 1042);
 *
 * A question is an event like any other, sent to the subscribers of its topic; asker and answerer do not know each
 * other. It ends exactly once, with a call of its function, and its status says why:
 *
 *   0                   `answer` is the first reply; later ones are counted (dropped, on "maiko.private")
 *   MAIKO_ENOSUBSCRIBER nobody subscribes to it
 *   MAIKO_ENOREPLY      all who received it have handled it; nobody has replied, and nobody keeps it (maiko_keep)
 *   MAIKO_ETIMEDOUT     no reply came in time; a later one is counted
 *   MAIKO_ESHUTDOWN     the supervisor stops, and nothing is left that could reply: before the asker's on_stop
 *   MAIKO_EOVERFLOW     the mailboxes of those who should receive it were full, and their policies dropped it; or some
 *                       could not be told of it (maiko_receipt: unknown)
 *   MAIKO_ECANCELED     those who received it ended before they handled it, or while they kept it
 *   MAIKO_ENOMEM        there was no memory to deliver it
 *   another code        what the handler returned that failed on it
 *
 * With another status than 0 `answer` is NULL. All of them but MAIKO_ETIMEDOUT and MAIKO_ESHUTDOWN are known from
 * the receipt of the event (receipt.h), without waiting. The function is a callback of the asker, never inside
 * maiko_ask. It runs after the events that were in the asker's mailbox when the question ended; a hold (maiko_hold)
 * does not delay it, and no policy drops it. It may move with its asker to another worker. When the asker ends or is
 * restarted first, its questions end with it, and are counted dead on "maiko.private".
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_ASK_H
#define MAIKO_ASK_H

#include <maiko/event.h>
#include <maiko/export.h>
#include <maiko/send.h>

/* The descriptor of a question, made by MAIKO_ASK; memory as for maiko_topic. */
typedef struct maiko_question {
	const char *asker; /* the name of the actor type that `ended` is for */
	const maiko_event_type *question, *answer;
	int (*ended)(void *state, const void *answer, int status, maiko_ctx *ctx);
	uint32_t format; /* MAIKO_FORMAT; 0 means 1 */
} maiko_question;

/* Flags of maiko_ctx_ask. */
#define MAIKO_ASK_ALL 1u

MAIKO_BEGIN_DECLS

/*
 * maiko_ctx_ask - sends the struct at `event` as a question of this actor; behind maiko_ask and maiko_ask_all.
 *
 * `question` describes it; its function is called when the question has ended, after `timeout_ms` at the latest (at
 * most MAIKO_NEXT_MS_MAX; longer ones are shortened to it). With MAIKO_ASK_ALL it is called for each reply with status
 * 0, and once more when no further one can come, with `answer` NULL and the status 0 if at least as many have replied
 * as received it, else as above.
 *
 * 0, or the errors of a send; and MAIKO_EINVAL (a NULL, an unknown flag), MAIKO_ETYPE (the question is one of another
 * actor type), MAIKO_ESHUTDOWN (the actor is ending, as in its on_stop, or the deadline of a stop has passed). On an
 * error nothing was sent and the function is not called. In a callback of the actor.
 */
MAIKO_API int maiko_ctx_ask(maiko_ctx *ctx, const maiko_question *question, uint64_t timeout_ms, const void *event,
			    unsigned flags);

/*
 * maiko_ctx_reply - answers a question; behind maiko_reply and maiko_reply_to.
 *
 * `question` is the event that is being handled, or one that this actor keeps (maiko_keep); NULL: the former. The
 * struct at `answer` is copied; the asker receives it, and no subscriber. In the asker's callback its envelope names
 * this actor as the sender and the question as the parent.
 *
 * 0, also if the event was sent without being asked: then the answer goes to nobody. MAIKO_EINVAL: a NULL, no event is
 * being handled, or `question` is neither; a text without its terminating zero. MAIKO_ETYPE: the asker expects an
 * answer of another type. MAIKO_ENOMEM, MAIKO_EFORK. MAIKO_ESHUTDOWN: entered from libuv during a stop (maiko_enter).
 * A reply does not wait, and a muted actor may reply. In a callback of the actor.
 */
MAIKO_API int maiko_ctx_reply(maiko_ctx *ctx, const void *question, const maiko_event_type *type, const void *answer);

/* In the function of a question: the id of the question, as maiko_sent_id (receipt.h) told after maiko_ask; so an actor
 * knows which of several it was. Elsewhere, and for NULL: all zero. */
MAIKO_API maiko_id maiko_asked_id(const maiko_ctx *ctx);

/*
 * maiko_supervisor_call - asks from an external thread, and waits for the first reply; behind maiko_call.
 *
 * Waits at most `timeout_ms`. On 0 the answer is in the struct at `ret_answer`, whose type is `answer`; the caller owns
 * the references on buffers in it. Otherwise it is unchanged.
 *
 * 0; a status as above; or the errors of maiko_supervisor_send_wait (receipt.h). Any external thread.
 */
MAIKO_API int maiko_supervisor_call(maiko_supervisor *sup, const maiko_event_type *type, const void *event,
				    uint64_t timeout_ms, const maiko_event_type *answer, void *ret_answer);

MAIKO_END_DECLS

/* MAIKO_ASK(asker, question, answer, fn), at file scope before its use:
 *   static int fn(asker *self, const answer *answer, int status, maiko_ctx *ctx); */
#define MAIKO_ASK(asker_, question_, answer_, fn)                                                                      \
	MAIKO_PP_CHECK_(fn, int (*)(asker_ *, const answer_ *, int, maiko_ctx *),                                      \
			"MAIKO_ASK: it must be  int " #fn "(" #asker_ " *self, const " #answer_                        \
			" *answer, int status, maiko_ctx *ctx)")                                                       \
	static int maiko_gen_ended_##fn(void *state_, const void *answer_data_, int status_, maiko_ctx *ctx_)          \
	{                                                                                                              \
		return fn((asker_ *)state_, (const answer_ *)answer_data_, status_, ctx_);                             \
	}                                                                                                              \
	typedef question_ maiko_gen_asked_##fn MAIKO_UNUSED;                                                           \
	static const maiko_question maiko_gen_ask_##fn MAIKO_UNUSED = {.asker = #asker_,                               \
								       .question = &maiko_gen_event_##question_,       \
								       .answer = &maiko_gen_event_##answer_,           \
								       .ended = maiko_gen_ended_##fn,                  \
								       .format = MAIKO_FORMAT}

/* maiko_ask(ctx, fn, ms, question, .field = ...): `fn` is called when the question has ended. maiko_ask_all: for each
 * reply, and at the end. */
#define maiko_ask(ctx, fn, ms, ...) MAIKO_PP_ASK_(0u, ctx, fn, ms, __VA_ARGS__, )
#define maiko_ask_all(ctx, fn, ms, ...) MAIKO_PP_ASK_(MAIKO_ASK_ALL, ctx, fn, ms, __VA_ARGS__, )
#define MAIKO_PP_ASK_(flags, ctx, fn, ms, event, ...)                                                                  \
	MAIKO_PP_SENDING_(                                                                                             \
		event,                                                                                                 \
		maiko_ctx_ask((ctx), &maiko_gen_ask_##fn, (ms), &maiko_value_,                                         \
			      (flags) + (unsigned)MAIKO_PP_MUST_(                                                      \
						_Generic((maiko_gen_asked_##fn *)0, event * : 1, default : 0),         \
						"maiko_ask: " #fn " is not of a question " #event)),                   \
		__VA_ARGS__)

/* maiko_reply(ctx, answer, .field = ...): answers the event that is being handled. maiko_reply_to(ctx, question,
 * answer, .field = ...): the event at that pointer, which this actor keeps. */
#define maiko_reply(ctx, ...) MAIKO_PP_REPLY_(ctx, NULL, __VA_ARGS__, )
#define maiko_reply_to(ctx, question, ...) MAIKO_PP_REPLY_(ctx, question, __VA_ARGS__, )
#define MAIKO_PP_REPLY_(ctx, question, event, ...)                                                                     \
	MAIKO_PP_SENDING_(event, maiko_ctx_reply((ctx), (question), &maiko_gen_event_##event, &maiko_value_),          \
			  __VA_ARGS__)

/* maiko_call(sup, ms, answer, ret_answer, question, .field = ...): `ret_answer` is an `answer *`. */
#define maiko_call(sup, ms, answer, ret_answer, ...) MAIKO_PP_CALLING_(sup, ms, answer, ret_answer, __VA_ARGS__, )
#define MAIKO_PP_CALLING_(sup, ms, answer, ret_answer, event, ...)                                                     \
	MAIKO_PP_SENDING_(event,                                                                                       \
			  maiko_supervisor_call((sup), &maiko_gen_event_##event, &maiko_value_,                        \
						(ms) + (uint64_t)MAIKO_PP_MUST_(                                       \
							       _Generic((ret_answer), answer * : 1, default : 0),      \
							       "maiko_call: " #ret_answer " must be a " #answer " *"), \
						&maiko_gen_event_##answer, (ret_answer)),                              \
			  __VA_ARGS__)

#endif
