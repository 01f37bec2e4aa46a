/*
 * send.h - sending: typed macros over the raw calls.
 *
 *   maiko_send(to, event, .field = value, ...)
 *
 * `to` is a maiko_ctx * inside an actor's callback, or a maiko_supervisor * from
 * any external thread. Fields that are left out are zero.
 *
 * A text, char x[N], takes a literal (.x = "World"), or the string at a pointer:
 *
 *   maiko_send(ctx, hello, MAIKO_TEXT(name, who), .n = 1)
 *
 * copies it if it fits with its terminating zero; else it sends nothing and returns MAIKO_ETRUNC.
 * .x = pointer does not compile. A literal that fills the array, and so has no terminating
 * zero, does not compile either where the compiler optimises; else it is MAIKO_EINVAL.
 *
 * Return values of all forms:
 *   0               accepted: every actor subscribed now receives it, or the ledger
 *                   says why not
 *   MAIKO_EAGAIN    from an actor: it is muted and has used up its allowance
 *                   (MAIKO_ALLOWANCE sends); from a thread that may not wait:
 *                   the send would have to wait. Nothing was sent.
 *   MAIKO_ETIMEDOUT maiko_send_timeout: the time is over. Nothing was sent.
 *   MAIKO_ESHUTDOWN the supervisor is stopping (external sends), is past the deadline of a
 *                   stop (tracked sends), or has stopped
 *   MAIKO_ETYPE     the event's name is known with another layout
 *   MAIKO_EINVAL    a NULL; an invalid descriptor; a routed event without a topic; a
 *                   text without its terminating zero (except by the raw calls
 *                   maiko_ctx_send and maiko_supervisor_send); the count of a MAIKO_COUNTED beyond
 *                   its array; the .check of its topic refuses the event (topic.h)
 *   MAIKO_ETRUNC    a text of MAIKO_TEXT does not fit; nothing was sent
 *   MAIKO_E2BIG     a bound of event.h or topic.h is exceeded
 *   MAIKO_ENOMEM    no memory; nothing was sent
 *   MAIKO_EFORK     in a forked child
 *
 * A send to a ctx comes from that actor and never waits. It is the child of the event
 * being handled, if there is one. A send to a supervisor is a root with the sender
 * "outside", wherever it is made. It waits while the thread has
 * maiko_options.external_credit events that the workers have not taken, or while a
 * full subscriber mutes it. It returns MAIKO_EAGAIN instead of waiting before the
 * start, on a thread that is inside a callback of a supervisor, and on one that runs
 * an embedded loop.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_SEND_H
#define MAIKO_SEND_H

#include <maiko/event.h>
#include <maiko/export.h>

/* The number of sends that a muted actor may still make before MAIKO_EAGAIN. */
#define MAIKO_ALLOWANCE 1024

/* Flags of the raw calls. */
#define MAIKO_SEND_ROOT 1u    /* starts a new chain */
#define MAIKO_SEND_TRY 2u     /* external threads: MAIKO_EAGAIN instead of waiting */
#define MAIKO_SEND_TRACKED 4u /* actors: a receipt tells what became of it (receipt.h) */

/* Identifies a delayed send of one actor; never 0. */
typedef uint64_t maiko_delayed;

MAIKO_BEGIN_DECLS

/* The raw calls behind the macros: `type` describes the struct at `event`, which
 * is copied; the caller keeps it. */
MAIKO_API int maiko_ctx_send(maiko_ctx *ctx, const maiko_event_type *type, const void *event, unsigned flags);
MAIKO_API int maiko_supervisor_send(maiko_supervisor *sup, const maiko_event_type *type, const void *event,
				    unsigned flags);

/*
 * maiko_ctx_send_many, maiko_supervisor_send_many - send the `count` structs of the array at `values`, one after the
 * other, as that many sends would, but cheaper from an external thread: at most 64 of them are handed over together,
 * with one wake-up and one time stamp, that of the first.
 *
 * The first error ends the call. *ret_sent (may be NULL) tells, also then, how many were accepted: the first ones of
 * the array; the rest can be sent later. From an external thread the call waits as often as a send would have to wait;
 * with MAIKO_SEND_TRY it returns MAIKO_EAGAIN instead, after what could be sent at once. A stop may come in between:
 * MAIKO_ESHUTDOWN, and *ret_sent of them were accepted. The text fields of each struct must end with a zero. With
 * `count` 0 nothing is sent.
 */
MAIKO_API int maiko_ctx_send_many(maiko_ctx *ctx, const maiko_event_type *type, const void *values, size_t count,
				  unsigned flags, size_t *ret_sent);
MAIKO_API int maiko_supervisor_send_many(maiko_supervisor *sup, const maiko_event_type *type, const void *values,
					 size_t count, unsigned flags, size_t *ret_sent);

/*
 * maiko_ctx_send_on, maiko_supervisor_send_on - the raw calls behind maiko_send_on: a send to the topic of that name
 * (1 to MAIKO_NAME_MAX bytes), which is made, with the default policy, if it does not exist.
 *
 * The event is of MAIKO_EVENT_NAMED or MAIKO_EVENT_ROUTED, whose function is not called; of another type it is
 * MAIKO_EINVAL. Further errors as of a send and of maiko_topic_named; `topic` may be changed after the call.
 *
 * An actor's worker remembers the names that it has sent to, so a send costs a hash of the name more than one that is
 * routed by content, and takes no lock but the first time. From an external thread each send takes it briefly. A topic
 * that only such sends name, and that has had no subscriber and no event for a minute, is given back as after
 * maiko_topic_release; the next send makes it again.
 */
MAIKO_API int maiko_ctx_send_on(maiko_ctx *ctx, const char *topic, const maiko_event_type *type, const void *event,
				unsigned flags);
MAIKO_API int maiko_supervisor_send_on(maiko_supervisor *sup, const char *topic, const maiko_event_type *type,
				       const void *event, unsigned flags);

/*
 * maiko_ctx_send_ttl, maiko_supervisor_send_ttl - send an event with a time to live of its own, `ttl_ms` milliseconds
 * (1 to MAIKO_NEXT_MS_MAX): an actor whose turn comes when the event is older does not handle it. Where the event is
 * then counted, how old it is, and what is told of it is as for a topic's .ttl_ms (topic.h); if its topic has one too,
 * the shorter one counts.
 *
 * Flags, errors and waiting as for maiko_ctx_send, MAIKO_SEND_TRACKED included, and for maiko_supervisor_send; and
 * MAIKO_EINVAL: `ttl_ms` is out of bounds. Such an event is 8 bytes larger, and others cost what they did. A subscriber
 * without memory for its first one counts it so (no_memory). A delayed send has none.
 */
MAIKO_API int maiko_ctx_send_ttl(maiko_ctx *ctx, const maiko_event_type *type, const void *event, uint64_t ttl_ms,
				 unsigned flags);
MAIKO_API int maiko_supervisor_send_ttl(maiko_supervisor *sup, const maiko_event_type *type, const void *event,
					uint64_t ttl_ms, unsigned flags);

/* As maiko_supervisor_send, but waits at most `timeout_ms`. */
MAIKO_API int maiko_supervisor_send_timeout(maiko_supervisor *sup, const maiko_event_type *type, const void *event,
					    uint64_t timeout_ms);

/* The number of names of senders elsewhere that a supervisor keeps; the events of any further one have the sender
 * "elsewhere". */
#define MAIKO_ELSEWHERE_NAMES_MAX 1024

/*
 * maiko_inject - sends an event that was sent elsewhere before: in another supervisor or process, or it comes from a
 * journal, or is a dead letter. Subscribers, monitors and recorders see the envelope that it already has.
 *
 * Of `envelope`, which is copied, these are taken: id, parent, correlation (zero: as id), sender (1 to
 * MAIKO_NAME_MAX bytes without a control character) and origin_timestamp_ns, which may be any number; and, of an event
 * of MAIKO_EVENT_NAMED, the topic, by its name, made if it does not exist. The others are not read: the topic of other
 * events is the type's, timestamp_ns is now, sender_id is this actor's; it has no ttl_ms. So an envelope of maiko_meta
 * can be injected as it is.
 *
 * Otherwise it is a send of this actor, copying the struct at `event`: in the order of its sends, counted as such,
 * muted as such, and not received by the actor itself unless .echo. What its handlers send is caused by it and belongs
 * to its chain, wherever that has begun. Nothing checks that an id is not there already: an event injected twice is
 * delivered twice.
 *
 * Errors as for a send; and MAIKO_EINVAL: an id that is zero, a bad sender, no topic. maiko_inject_tracked: this
 * actor's MAIKO_ON_RECEIPT is told what became of it (receipt.h); its receipt has that id, as maiko_sent_id has.
 */
MAIKO_API int maiko_inject(maiko_ctx *ctx, const maiko_event_type *type, const void *event,
			   const maiko_envelope *envelope);
MAIKO_API int maiko_inject_tracked(maiko_ctx *ctx, const maiko_event_type *type, const void *event,
				   const maiko_envelope *envelope);

/* Sends an event after `delay_ms` milliseconds (at most MAIKO_NEXT_MS_MAX), from this
 * actor, as a child of the event being handled now. It is cancelled when the actor
 * ends or is restarted or the supervisor stops (counted discarded). *ret_delayed (may be NULL)
 * identifies it for maiko_cancel. Errors as above; and MAIKO_ESHUTDOWN: the actor is in its on_stop, also that of a
 * restart, or the supervisor is stopping. */
MAIKO_API int maiko_ctx_send_after(maiko_ctx *ctx, uint64_t delay_ms, maiko_delayed *ret_delayed,
				   const maiko_event_type *type, const void *event);

/*
 * maiko_ctx_send_self_after - a timer of this actor: after `delay_ms` milliseconds (at most MAIKO_NEXT_MS_MAX) its own
 * handler of the event runs. It needs no subscription and no .echo, and no other actor receives the event.
 *
 * The event is a private delivery: it passes a hold (maiko_hold) and a full mailbox, no policy drops it, and it is
 * handled after what was in the mailbox when it fell due (on hold: at once). Its envelope has the topic
 * "maiko.private", the event being handled now as its parent, and the time at which it fell due. Until its handler
 * runs it is a delayed event of that topic of the ledger, then a handled delivery, which monitors are shown. It may be
 * of any type that this actor handles; one that is sent in no other way has maiko_private_topic:
 *
 *   MAIKO_EVENT(timeout, maiko_private_topic, attempt);
 *
 * Until its handler runs maiko_cancel cancels it. When the actor ends or is restarted or the supervisor stops it is
 * cancelled and counted (delayed_discarded); that of an actor with .drains later (actor.h). *ret_delayed (may be NULL)
 * identifies it.
 *
 * Errors as for a send; and MAIKO_EINVAL: the actor has no handler for it; MAIKO_ESHUTDOWN: the actor is in its
 * on_stop, also that of a restart, or the supervisor is stopping.
 */
MAIKO_API int maiko_ctx_send_self_after(maiko_ctx *ctx, uint64_t delay_ms, maiko_delayed *ret_delayed,
					const maiko_event_type *type, const void *event);

/*
 * maiko_ctx_every - a timer of this actor at a fixed rate: its own handler of the event runs each time that `period_ms`
 * milliseconds (1 to MAIKO_NEXT_MS_MAX; longer ones are shortened) have passed since this call, until it is cancelled.
 *
 * It is due at the time of the call plus 1, 2, 3, ... periods, so it does not drift. A delivery is for the last of
 * these times that has passed: if the actor runs so late that more have, the earlier ones are missed, and maiko_missed
 * tells how many; they are not made up for. No delivery is early; how late one is depends on what else the worker does,
 * and on libuv, whose timers have a resolution of a millisecond: at a period of 1 ms some may be missed even when the
 * machine is idle.
 *
 * Each delivery is an event as of maiko_ctx_send_self_after, with the struct given here, but begins a chain of its own
 * (it has no parent), and the time of its envelope is exactly the one that it was due at. The period is measured by the
 * clock of maiko_now, which stands still while the machine is suspended; such time counts as no period. When the actor
 * ends or the supervisor stops, the next one is cancelled and counted (delayed_discarded). *ret_delayed (may be NULL)
 * identifies it for maiko_cancel, also inside its own handler. One for which there is no memory when it is due is
 * counted as dropped, and as missed.
 *
 * Errors as of maiko_ctx_send_self_after; and MAIKO_EINVAL: the period is 0.
 */
MAIKO_API int maiko_ctx_every(maiko_ctx *ctx, uint64_t period_ms, maiko_delayed *ret_delayed,
			      const maiko_event_type *type, const void *event);

/* In the handler of an event of maiko_ctx_every: how many of its times have passed without a delivery since the one
 * before (since the call, in the first). So all deliveries, each counted with those that it tells missed, are as many
 * as the periods that have passed. In any other callback 0. */
MAIKO_API uint64_t maiko_missed(const maiko_ctx *ctx);

/*
 * maiko_ctx_at - a timer of this actor at a time of the machine's clock: its own handler of the event runs once when
 * that clock (maiko_unix_ms, CLOCK_REALTIME) shows at least `unix_ms` milliseconds since 1970-01-01 UTC; at once if it
 * does so already. Otherwise as maiko_ctx_send_self_after, with its errors.
 *
 * The worker looks at the clock when the time has come if the clock runs on evenly, and at least once a second. So if
 * somebody sets it forward, or the machine was suspended (which the timers of maiko_now do not count), the event comes
 * at most a second later than it should; if it is set back, the event comes when it shows that time again. Once the
 * event is due nothing takes it back. A waiting timer costs its worker one wake-up a second.
 */
MAIKO_API int maiko_ctx_at(maiko_ctx *ctx, uint64_t unix_ms, maiko_delayed *ret_delayed, const maiko_event_type *type,
			   const void *event);

/* Cancels a delayed send or a timer of this actor: it will not be sent, its handler will not run; one at a fixed rate
 * does not come again. MAIKO_ENOENT: sent, or (to itself, once) being handled, or cancelled already. */
MAIKO_API int maiko_cancel(maiko_ctx *ctx, maiko_delayed delayed);

/* Makes a zeroed event to fill in place, which saves a copy of a large one; NULL when
 * there is no memory or the descriptor is invalid. Publish or discard it. Any thread. */
MAIKO_API void *maiko_event_new(const maiko_event_type *type);

/* Sends an event of maiko_event_new without copying it. On success the runtime owns
 * it and the pointer is invalid; on failure the caller keeps it. */
MAIKO_API int maiko_ctx_publish(maiko_ctx *ctx, void *event, unsigned flags);
MAIKO_API int maiko_supervisor_publish(maiko_supervisor *sup, void *event, unsigned flags);

/* Frees an event of maiko_event_new that was not published. Returns NULL; NULL is
 * allowed. The caller keeps its references on buffers in it. Any thread. */
MAIKO_API void *maiko_discard(void *event);

/* Copies text into an array of `size` bytes, always terminated. 0, MAIKO_ETRUNC
 * (cut, at a boundary between UTF-8 characters), or MAIKO_EINVAL for a NULL. */
MAIKO_API int maiko_text_copy(char *dst, size_t size, const char *src);

/* ---- implementation of the macros: texts ----------------------------------- */

/* A MAIKO_TEXT of an event: copied after all other fields are set. */
typedef struct maiko_text_ {
	struct maiko_text_ *next;
	const char *field, *text;
	size_t offset, size;
} maiko_text_;

/* Copies them to their offsets in `value`. 0, MAIKO_ETRUNC, or MAIKO_EINVAL for a NULL. */
MAIKO_API int maiko_texts_fill_(const char *event, void *value, const maiko_text_ *texts);

/* Returns MAIKO_EINVAL: that field of an event is a text without its terminating zero. */
MAIKO_API int maiko_text_fail_(const char *event, const char *field);

static inline char maiko_text_later_(maiko_text_ **list, maiko_text_ *text)
{
	text->next = *list;
	*list = text;
	return '\0';
}

MAIKO_END_DECLS

/* clang-format off */
#define MAIKO_PP_IS_TO_(pointer, type) _Generic((pointer), type * : 1, const type * : 1, default : 0)
/* clang-format on */

/* A compound literal of an event; __extension__ allows an empty one, which is all zero. */
#define MAIKO_PP_VALUE_(event, ...) (__extension__(const event){__VA_ARGS__})
/* Builds maiko_value_, an `event` of these values; evaluates `call`, which reads it, if its texts are valid. */
#define MAIKO_PP_SENDING_(event, call, ...)                                                                            \
	MAIKO_PP_STRICT_(typedef event maiko_sent_ MAIKO_UNUSED; maiko_text_ *maiko_texts_ = NULL;                     \
			 event maiko_value_ = {__VA_ARGS__};                                                           \
			 const char *maiko_open_ = MAIKO_PP_OPEN_TEXT_(event, &maiko_value_, true);                    \
			 int maiko_rc_ = maiko_open_ != NULL ? maiko_text_fail_(#event, maiko_open_)                   \
					 : maiko_texts_ == NULL                                                        \
						 ? 0                                                                   \
						 : maiko_texts_fill_(#event, &maiko_value_, maiko_texts_);             \
			 maiko_rc_ != 0 ? maiko_rc_ : (call))
#define MAIKO_PP_OPEN_TEXT_(event, value, literal)                                                                     \
	(maiko_gen_texts_##event ? maiko_gen_open_##event(value, literal) : NULL)
#define MAIKO_PP_SEND_(flags, to, event, ...)                                                                          \
	MAIKO_PP_SENDING_(event,                                                                                       \
			  MAIKO_PP_TO_(to, maiko_ctx_send, maiko_supervisor_send)((to), &maiko_gen_event_##event,      \
										  &maiko_value_, (flags)),             \
			  __VA_ARGS__)

/* MAIKO_TEXT(field, text): in the values of an event, sets a text field from a pointer. */
/* clang-format off */
#define MAIKO_TEXT(field_, text_)                                                                                      \
	.field_[0] = maiko_text_later_(                                                                                \
		&maiko_texts_,                                                                                         \
		&(maiko_text_){.field = #field_,                                                                       \
			       .text = (text_),                                                                        \
			       .offset = offsetof(maiko_sent_, field_),                                                \
			       .size = sizeof(((maiko_sent_ *)0)->field_) + (size_t)MAIKO_PP_MUST_(                    \
					_Generic(&((maiko_sent_ *)0)->field_,                                          \
						 char(*)[sizeof(((maiko_sent_ *)0)->field_)] : 1, default : 0),        \
					"MAIKO_TEXT: " #field_ " must be an array of char")})
/* clang-format on */

/* maiko_send(to, event, .field = ...) */
#define maiko_send(to, ...) MAIKO_PP_SEND_(0u, to, __VA_ARGS__, )
/* maiko_send_on(to, topic, event, .field = ...): to the topic of that name. */
#define maiko_send_on(to, topic, ...) MAIKO_PP_SEND_ON_(to, topic, __VA_ARGS__, )
#define MAIKO_PP_SEND_ON_(to, topic, event, ...)                                                                       \
	MAIKO_PP_SENDING_(event,                                                                                       \
			  MAIKO_PP_TO_(to, maiko_ctx_send_on, maiko_supervisor_send_on)(                               \
				  (to), (topic), &maiko_gen_event_##event, &maiko_value_, 0u),                         \
			  __VA_ARGS__)
/* maiko_send_root(to, event, .field = ...): starts a new chain. */
#define maiko_send_root(to, ...) MAIKO_PP_SEND_(MAIKO_SEND_ROOT, to, __VA_ARGS__, )
/* maiko_send_tracked(ctx, event, .field = ...): this actor's MAIKO_ON_RECEIPT is told what became of it (receipt.h).
 * MAIKO_EINVAL: its type has none; MAIKO_ESHUTDOWN: the deadline of a stop has passed. */
#define maiko_send_tracked(ctx, ...) MAIKO_PP_SEND_TRACKED_(ctx, __VA_ARGS__, )
#define MAIKO_PP_SEND_TRACKED_(ctx, event, ...)                                                                        \
	MAIKO_PP_SENDING_(event, maiko_ctx_send((ctx), &maiko_gen_event_##event, &maiko_value_, MAIKO_SEND_TRACKED),   \
			  __VA_ARGS__)
/* maiko_send_wait(sup, ms, ret_receipt, event, .field = ...): waits for what became of it (receipt.h). */
#define maiko_send_wait(sup, ms, ret_receipt, ...) MAIKO_PP_SEND_WAIT_(sup, ms, ret_receipt, __VA_ARGS__, )
#define MAIKO_PP_SEND_WAIT_(sup, ms, ret_receipt, event, ...)                                                          \
	MAIKO_PP_SENDING_(                                                                                             \
		event,                                                                                                 \
		maiko_supervisor_send_wait((sup), &maiko_gen_event_##event, &maiko_value_, (ms), (ret_receipt)),       \
		__VA_ARGS__)
/* maiko_try_send(sup, event, .field = ...): never waits. */
#define maiko_try_send(to, ...) MAIKO_PP_SEND_(MAIKO_SEND_TRY, to, __VA_ARGS__, )
/* maiko_send_timeout(sup, ms, event, .field = ...): waits at most `ms` milliseconds. */
#define maiko_send_timeout(sup, ms, ...) MAIKO_PP_SEND_TIMEOUT_(sup, ms, __VA_ARGS__, )
#define MAIKO_PP_SEND_TIMEOUT_(sup, ms, event, ...)                                                                    \
	MAIKO_PP_SENDING_(event, maiko_supervisor_send_timeout((sup), &maiko_gen_event_##event, &maiko_value_, (ms)),  \
			  __VA_ARGS__)
/* maiko_send_ttl_ms(to, ms, event, .field = ...): it is handled within `ms` milliseconds, or not at all. */
#define maiko_send_ttl_ms(to, ms, ...) MAIKO_PP_SEND_TTL_(to, ms, __VA_ARGS__, )
#define MAIKO_PP_SEND_TTL_(to, ms, event, ...)                                                                         \
	MAIKO_PP_SENDING_(event,                                                                                       \
			  MAIKO_PP_TO_(to, maiko_ctx_send_ttl, maiko_supervisor_send_ttl)(                             \
				  (to), &maiko_gen_event_##event, &maiko_value_, (ms), 0u),                            \
			  __VA_ARGS__)
/* maiko_send_after_ms(ctx, ms, ret_delayed, event, .field = ...) */
#define maiko_send_after_ms(ctx, ms, ret_delayed, ...) MAIKO_PP_SEND_AFTER_(ctx, ms, ret_delayed, __VA_ARGS__, )
#define MAIKO_PP_SEND_AFTER_(ctx, ms, ret_delayed, event, ...)                                                         \
	MAIKO_PP_SENDING_(event,                                                                                       \
			  maiko_ctx_send_after((ctx), (ms), (ret_delayed), &maiko_gen_event_##event, &maiko_value_),   \
			  __VA_ARGS__)
/* maiko_send_self_after_ms(ctx, ms, ret_delayed, event, .field = ...): to this actor itself */
#define maiko_send_self_after_ms(ctx, ms, ret_delayed, ...)                                                            \
	MAIKO_PP_SEND_SELF_AFTER_(ctx, ms, ret_delayed, __VA_ARGS__, )
#define MAIKO_PP_SEND_SELF_AFTER_(ctx, ms, ret_delayed, event, ...)                                                    \
	MAIKO_PP_SENDING_(                                                                                             \
		event, maiko_ctx_send_self_after((ctx), (ms), (ret_delayed), &maiko_gen_event_##event, &maiko_value_), \
		__VA_ARGS__)
/* maiko_every_ms(ctx, period_ms, ret_delayed, event, .field = ...): to this actor itself, at a fixed rate */
#define maiko_every_ms(ctx, period_ms, ret_delayed, ...) MAIKO_PP_EVERY_(ctx, period_ms, ret_delayed, __VA_ARGS__, )
#define MAIKO_PP_EVERY_(ctx, period_ms, ret_delayed, event, ...)                                                       \
	MAIKO_PP_SENDING_(event,                                                                                       \
			  maiko_ctx_every((ctx), (period_ms), (ret_delayed), &maiko_gen_event_##event, &maiko_value_), \
			  __VA_ARGS__)
/* maiko_at(ctx, unix_ms, ret_delayed, event, .field = ...): to this actor itself, at a time of the machine's clock */
#define maiko_at(ctx, unix_ms, ret_delayed, ...) MAIKO_PP_AT_(ctx, unix_ms, ret_delayed, __VA_ARGS__, )
#define MAIKO_PP_AT_(ctx, unix_ms, ret_delayed, event, ...)                                                            \
	MAIKO_PP_SENDING_(event,                                                                                       \
			  maiko_ctx_at((ctx), (unix_ms), (ret_delayed), &maiko_gen_event_##event, &maiko_value_),      \
			  __VA_ARGS__)
/* maiko_send_copy(to, event, pointer): sends a copy of an existing struct. */
#define maiko_send_copy(to, event, pointer)                                                                            \
	MAIKO_PP_STRICT_(const event *maiko_copied_ = (const event *)(const void *)(pointer);                          \
			 const char *maiko_open_ =                                                                     \
				 maiko_copied_ != NULL ? MAIKO_PP_OPEN_TEXT_(event, maiko_copied_, false) : NULL;      \
			 maiko_open_ != NULL ? maiko_text_fail_(#event, maiko_open_)                                   \
					     : MAIKO_PP_TO_(to, maiko_ctx_send, maiko_supervisor_send)(                \
						       (to), &maiko_gen_event_##event, maiko_copied_,                  \
						       0u + (unsigned)MAIKO_PP_MUST_(MAIKO_PP_IS_TO_(pointer, event),  \
										     "maiko_send_copy: " #pointer      \
										     " must point to a " #event)))
/* maiko_send_many(to, event, array, count, ret_sent): sends copies of so many structs of an array, and stores how many
 * were accepted (ret_sent may be NULL). maiko_try_send_many: never waits. */
#define maiko_send_many(to, event, array, count, ret_sent) MAIKO_PP_SEND_MANY_(0u, to, event, array, count, ret_sent)
#define maiko_try_send_many(to, event, array, count, ret_sent)                                                         \
	MAIKO_PP_SEND_MANY_(MAIKO_SEND_TRY, to, event, array, count, ret_sent)
#define MAIKO_PP_SEND_MANY_(flags, to, event, array, count, ret_sent)                                                  \
	MAIKO_PP_STRICT_(MAIKO_PP_TO_(to, maiko_ctx_send_many, maiko_supervisor_send_many)(                            \
		(to), &maiko_gen_event_##event, (array), (count),                                                      \
		(flags) + (unsigned)MAIKO_PP_MUST_(MAIKO_PP_IS_TO_(&(array)[0], event),                                \
						   "maiko_send_many: " #array " must be an array of " #event),         \
		(ret_sent)))
/* maiko_new(event): a zeroed `event *` to fill in place. */
#define maiko_new(event) ((event *)maiko_event_new(&maiko_gen_event_##event))
/* maiko_publish(to, pointer): sends an event of maiko_new. */
#define maiko_publish(to, pointer) MAIKO_PP_TO_(to, maiko_ctx_publish, maiko_supervisor_publish)((to), (pointer), 0u)
/* maiko_text(array, text): fills a text field. */
/* clang-format off */
#define maiko_text(dst, src)                                                                                           \
	maiko_text_copy((dst), sizeof(dst) + (size_t)MAIKO_PP_MUST_(                                                   \
				       _Generic(&(dst), char(*)[sizeof(dst)] : 1, default : 0),                        \
				       "maiko_text: " #dst " must be an array of char"), (src))
/* clang-format on */

#endif
