/*
 * send.h - sending: the typed macros over the raw calls.
 *
 *   maiko_send(to, event, .field = value, ...)
 *
 * `to` is a maiko_ctx * inside an actor's callback, or a maiko_supervisor * from
 * any external thread. Fields that are left out are zero.
 *
 * A text, char x[N], takes a literal (.x = "World"), or what a pointer leads to:
 *
 *   maiko_send(ctx, hello, MAIKO_TEXT(name, who), .n = 1)
 *
 * copies it if it fits with its terminating zero; else it sends nothing and returns MAIKO_ETRUNC.
 * .x = pointer does not compile. A literal that fills the array, and so has no terminating
 * zero, does not compile either where the compiler optimises; else it is MAIKO_EINVAL.
 *
 * What a send returns (all forms):
 *   0               accepted: every subscriber of this moment gets it, or the
 *                   ledger says why not
 *   MAIKO_EAGAIN    from an actor: it is muted and has used up its allowance
 *                   (MAIKO_ALLOWANCE sends); from a thread that may not wait:
 *                   the send would have to. Nothing was taken.
 *   MAIKO_ETIMEDOUT maiko_send_timeout: still full at the end of the time
 *   MAIKO_ESHUTDOWN the supervisor is stopping (external sends) or has stopped
 *   MAIKO_ETYPE     the event's name is known with another layout
 *   MAIKO_EINVAL    a NULL; a bad description; a routed event without a topic; a
 *                   text without an end
 *   MAIKO_ETRUNC    a text of MAIKO_TEXT does not fit; nothing was taken
 *   MAIKO_E2BIG     a bound of event.h or topic.h
 *   MAIKO_ENOMEM    no memory; nothing was taken
 *   MAIKO_EFORK     in a forked child
 *
 * A send to a ctx is an event of that actor and never waits. It is the child of
 * the event being handled, if there is one. A send to a supervisor is a root, from
 * "outside", wherever it is made; it waits while the thread has
 * maiko_options.external_credit events that the workers have not taken, or while
 * a subscriber that is full mutes it. It returns MAIKO_EAGAIN instead of waiting
 * before the start, on a thread that is inside a callback of a supervisor, and on
 * one that runs an embedded loop.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_SEND_H
#define MAIKO_SEND_H

#include <maiko/event.h>
#include <maiko/export.h>

/* How many sends a muted actor may still do before MAIKO_EAGAIN. */
#define MAIKO_ALLOWANCE 1024

/* Flags of the raw calls. */
#define MAIKO_SEND_ROOT 1u /* starts a chain of its own */
#define MAIKO_SEND_TRY 2u  /* external threads: MAIKO_EAGAIN rather than wait */

/* Names a delayed send of one actor; never 0. */
typedef uint64_t maiko_delayed;

MAIKO_BEGIN_DECLS

/* The raw calls under the macros: `type` describes the struct at `event`, which
 * is copied and stays the caller's. */
MAIKO_API int maiko_ctx_send(maiko_ctx *ctx, const maiko_event_type *type, const void *event, unsigned flags);
MAIKO_API int maiko_supervisor_send(maiko_supervisor *sup, const maiko_event_type *type, const void *event,
				    unsigned flags);

/* As maiko_supervisor_send, waiting `timeout_ms` at the most. */
MAIKO_API int maiko_supervisor_send_timeout(maiko_supervisor *sup, const maiko_event_type *type, const void *event,
					    uint64_t timeout_ms);

/* An event sent in `delay_ms` milliseconds (at most MAIKO_NEXT_MS_MAX). It is
 * sent by this actor, as a child of the event being handled now; it is cancelled
 * when the actor ends or the supervisor stops (counted discarded). *ret_delayed
 * (may be NULL) names it for maiko_cancel. Errors as above. */
MAIKO_API int maiko_ctx_send_after(maiko_ctx *ctx, uint64_t delay_ms, maiko_delayed *ret_delayed,
				   const maiko_event_type *type, const void *event);

/* Cancels a delayed send of this actor. MAIKO_ENOENT: sent or cancelled already. */
MAIKO_API int maiko_cancel(maiko_ctx *ctx, maiko_delayed delayed);

/* A zeroed event to fill in place, for large ones; NULL when there is no memory
 * or the description is bad. Publish it or discard it. Any thread. */
MAIKO_API void *maiko_event_new(const maiko_event_type *type);

/* Sends an event of maiko_event_new without copying it. On success the runtime
 * has it and the pointer is spent; on failure it stays the caller's. */
MAIKO_API int maiko_ctx_publish(maiko_ctx *ctx, void *event, unsigned flags);
MAIKO_API int maiko_supervisor_publish(maiko_supervisor *sup, void *event, unsigned flags);

/* Frees an event of maiko_event_new that was not published. Returns NULL; NULL is
 * fine. Buffers in it stay the caller's. Any thread. */
MAIKO_API void *maiko_discard(void *event);

/* Copies text into an array of `size` bytes, always terminated. 0, MAIKO_ETRUNC
 * (cut, at a boundary between UTF-8 characters), or MAIKO_EINVAL for a NULL. */
MAIKO_API int maiko_text_copy(char *dst, size_t size, const char *src);

/* ---- what is behind the macros: texts -------------------------------------- */

/* A MAIKO_TEXT of an event: copied once all other fields have their values. */
typedef struct maiko_text_ {
	struct maiko_text_ *next;
	const char *field, *text;
	size_t offset, size;
} maiko_text_;

/* Fills them in, at the offsets of `value`. 0, MAIKO_ETRUNC, or MAIKO_EINVAL for a NULL. */
MAIKO_API int maiko_texts_fill_(const char *event, void *value, const maiko_text_ *texts);

/* MAIKO_EINVAL: that field of an event is a text without an end. */
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

/* A literal of an event: __extension__ allows the empty one, all zero. */
#define MAIKO_PP_VALUE_(event, ...) (__extension__(const event){__VA_ARGS__})
/* Calls `call`, which reads maiko_value_, an `event` of these values, if its texts are in order. */
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

/* MAIKO_TEXT(field, text): in the list of values of an event, a text field from a pointer. */
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
/* maiko_send_root(to, event, .field = ...): the start of a chain of its own. */
#define maiko_send_root(to, ...) MAIKO_PP_SEND_(MAIKO_SEND_ROOT, to, __VA_ARGS__, )
/* maiko_try_send(sup, event, .field = ...): never waits. */
#define maiko_try_send(to, ...) MAIKO_PP_SEND_(MAIKO_SEND_TRY, to, __VA_ARGS__, )
/* maiko_send_timeout(sup, ms, event, .field = ...): waits `ms` at the most. */
#define maiko_send_timeout(sup, ms, ...) MAIKO_PP_SEND_TIMEOUT_(sup, ms, __VA_ARGS__, )
#define MAIKO_PP_SEND_TIMEOUT_(sup, ms, event, ...)                                                                    \
	MAIKO_PP_SENDING_(event, maiko_supervisor_send_timeout((sup), &maiko_gen_event_##event, &maiko_value_, (ms)),  \
			  __VA_ARGS__)
/* maiko_send_after_ms(ctx, ms, ret_delayed, event, .field = ...) */
#define maiko_send_after_ms(ctx, ms, ret_delayed, ...) MAIKO_PP_SEND_AFTER_(ctx, ms, ret_delayed, __VA_ARGS__, )
#define MAIKO_PP_SEND_AFTER_(ctx, ms, ret_delayed, event, ...)                                                         \
	MAIKO_PP_SENDING_(event,                                                                                       \
			  maiko_ctx_send_after((ctx), (ms), (ret_delayed), &maiko_gen_event_##event, &maiko_value_),   \
			  __VA_ARGS__)
/* maiko_send_copy(to, event, pointer): a struct already filled. */
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
/* maiko_new(event): a zeroed `event *` to fill in place. */
#define maiko_new(event) ((event *)maiko_event_new(&maiko_gen_event_##event))
/* maiko_publish(to, pointer): sends what maiko_new gave. */
#define maiko_publish(to, pointer) MAIKO_PP_TO_(to, maiko_ctx_publish, maiko_supervisor_publish)((to), (pointer), 0u)
/* maiko_text(array, text): fills a text field. */
/* clang-format off */
#define maiko_text(dst, src)                                                                                           \
	maiko_text_copy((dst), sizeof(dst) + (size_t)MAIKO_PP_MUST_(                                                   \
				       _Generic(&(dst), char(*)[sizeof(dst)] : 1, default : 0),                        \
				       "maiko_text: " #dst " must be an array of char"), (src))
/* clang-format on */

#endif
