/*
 * ctx.h - what an actor may call inside one of its callbacks.
 *
 * Every function here acts on the actor of its ctx, and may be called only on that
 * actor's worker: inside its callbacks, or between maiko_enter and maiko_leave. Any
 * other call is a data race: a build of the library with assertions (without -DNDEBUG)
 * aborts there. None of them waits. Functions that return a code return MAIKO_EINVAL for
 * a NULL, and MAIKO_EFORK in a forked child; the others require a ctx that is not NULL.
 *
 * A ctx is valid as long as its actor's state. Store it only in that state or in what the actor
 * owns, such as the data of a libuv handle that it has adopted; not in another actor, a thread
 * or a blocking job. Those use the actor's id (maiko_self), or send to its topics.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_CTX_H
#define MAIKO_CTX_H

#include <maiko/actor.h>
#include <maiko/event.h>
#include <maiko/export.h>
#include <maiko/send.h>
#include <maiko/supervisor.h>

struct uv_loop_s;
struct uv_handle_s;

MAIKO_BEGIN_DECLS

/* ---- identity and time ---------------------------------------------------- */

/* This actor's name and id. */
MAIKO_API const char *maiko_name(const maiko_ctx *ctx);
MAIKO_API maiko_actor_id maiko_self(const maiko_ctx *ctx);

/* The supervisor that runs this actor. */
MAIKO_API maiko_supervisor *maiko_supervisor_of(const maiko_ctx *ctx);

/* The sender of the event being handled: an actor's name, or "outside"; "" when no
 * event is being handled. Valid until the callback returns. */
MAIKO_API const char *maiko_sender(const maiko_ctx *ctx);

/* The envelope of the event being handled; NULL when there is none. Valid until
 * the next call of maiko_meta by this actor or the end of the callback. */
MAIKO_API const maiko_envelope *maiko_meta(const maiko_ctx *ctx);

/* Monotonic time in nanoseconds, read once per turn of the worker (Linux: CLOCK_MONOTONIC, which
 * stops while the machine is suspended). The timers use the same clock. */
MAIKO_API uint64_t maiko_now(const maiko_ctx *ctx);

/* The clock of the machine in milliseconds since 1970-01-01 UTC, read by this call (some 30 ns). It may be set, also
 * back, and goes on while the machine is suspended; maiko_at waits for a time of it. Under simulation it is the virtual
 * time, until maiko_sim_set_clock; a replay has that of the recording. */
MAIKO_API uint64_t maiko_unix_ms(maiko_ctx *ctx);

/* 64 random bits (not for secrets). Under simulation the seed determines them. */
MAIKO_API uint64_t maiko_random(maiko_ctx *ctx);

/* Whether the drain of a stop has begun. */
MAIKO_API bool maiko_stopping(const maiko_ctx *ctx);

/* Whether this actor is muted: the mailbox of a subscriber it sends to is full. It may
 * finish its callback, with MAIKO_ALLOWANCE further sends. */
MAIKO_API bool maiko_is_congested(const maiko_ctx *ctx);

/* ---- events and ticks ------------------------------------------------------ */

/* Keeps the event being handled (`event` is the handler's pointer, else
 * MAIKO_EINVAL) valid after the handler, until maiko_release; only this actor may
 * read it. A sink that writes in batches keeps what is not written yet: the event's receipt (receipt.h)
 * waits. Events still kept when the actor ends are released then, and their receipts say that they are
 * not done. MAIKO_ENOMEM. */
MAIKO_API int maiko_keep(maiko_ctx *ctx, const void *event);

/* Holds this actor: it takes no events until maiko_unhold. Its handlers rest, and what is sent to it fills its
 * mailbox, where the policies of its topics do the rest: senders are muted, or events dropped. All else goes on:
 * its tick, descriptors, delayed sends, what it has sent to itself, receipts, blocking jobs, completions, errors, and
 * adopted handles, and in all these it may send. For what is slow and not ready now: a socket that takes no more, a
 * database with enough to do.
 * After maiko_hold the handler that called it finishes, and the next event waits; after maiko_unhold it is
 * handled in a turn of its own. In an on_start: from the start on. A move keeps it.
 *
 * Both may be called again, which does nothing. At a stop, docs/stopping.md: what is left for an actor on hold
 * that nothing can unhold any more is counted discarded, and the ledger names it (maiko_actor_row.held).
 * MAIKO_ESTATE: the actor is ending, or in its on_stop, also that of a restart; MAIKO_ENOMEM: of maiko_hold. */
MAIKO_API int maiko_hold(maiko_ctx *ctx);
MAIKO_API int maiko_unhold(maiko_ctx *ctx);

/* Releases a kept event. MAIKO_EINVAL: this actor does not keep it. */
MAIKO_API int maiko_release(maiko_ctx *ctx, const void *event);

/* Makes the tick due now, whatever it waits for. MAIKO_EINVAL: the actor has no
 * tick; MAIKO_ESHUTDOWN: ticks have ended, or it is in its on_stop. */
MAIKO_API int maiko_wake_tick(maiko_ctx *ctx);

/* What the running tick was woken by: a set of maiko_woken (next.h) of what its last result waits for,
 * with MAIKO_WOKEN_CALL for maiko_wake_tick. A flag that is not set says nothing: that condition may be
 * met by now. 0 in the first run and after maiko_again(). In another callback: what the last run was woken by. */
MAIKO_API unsigned maiko_woken_by(const maiko_ctx *ctx);

/* Stops watching the descriptor that this actor's tick waits for (maiko_when_readable,
 * maiko_when_readable_or_ms, maiko_when_writable), which may then be closed: the tick waits as
 * after maiko_never. After maiko_when_any it waits for the rest. No effect if it waits for something
 * else. MAIKO_EINVAL: the actor has no tick. */
MAIKO_API int maiko_unwatch(maiko_ctx *ctx);

/* ---- changes: they complete later, and MAIKO_ON_DONE reports it ------------- */

/* maiko_add(ctx, type, name, options...): as in supervisor.h, but it returns once
 * the request is accepted. */

/* Removes this actor: after this callback it handles no event; on_stop runs; events
 * queued for it are counted dead. MAIKO_ESTATE: it is ending already. */
MAIKO_API int maiko_stop_self(maiko_ctx *ctx);

/* Requests a stop of the whole supervisor, with the default deadline. 0 also when it
 * is stopping already. */
MAIKO_API int maiko_stop_all(maiko_ctx *ctx);

/* The raw calls behind maiko_remove, maiko_subscribe, maiko_subscribe_all, maiko_move and their
 * opposites: as in supervisor.h, but they return once the request is accepted. */
MAIKO_API int maiko_ctx_remove(maiko_ctx *ctx, maiko_actor_id actor, const maiko_change_options *options);
MAIKO_API int maiko_ctx_subscribe(maiko_ctx *ctx, maiko_actor_id actor, const maiko_topic *topic,
				  const maiko_change_options *options);
MAIKO_API int maiko_ctx_move(maiko_ctx *ctx, maiko_actor_id actor, uint32_t worker,
			     const maiko_change_options *options);
MAIKO_API int maiko_ctx_unsubscribe(maiko_ctx *ctx, maiko_actor_id actor, const maiko_topic *topic,
				    const maiko_change_options *options);
MAIKO_API int maiko_ctx_subscribe_all(maiko_ctx *ctx, maiko_actor_id actor, const maiko_subscription *topics,
				      const maiko_change_options *options);
MAIKO_API int maiko_ctx_unsubscribe_all(maiko_ctx *ctx, maiko_actor_id actor, const maiko_subscription *topics,
					const maiko_change_options *options);

/* ---- blocking work ---------------------------------------------------------- */

/* The descriptor of a blocking job, made by MAIKO_BLOCKING. */
typedef struct maiko_job_type {
	const char *actor; /* the name of the actor type that `done` is for */
	uint32_t size;     /* of the job, up to MAIKO_EVENT_SIZE_MAX */
	int (*work)(void *job);
	int (*done)(void *state, void *job, int status, maiko_ctx *ctx);
	uint32_t format; /* MAIKO_FORMAT; 0 means 1 */
} maiko_job_type;

/* Runs `work` on a copy of `job` in the blocking pool (dedicated threads, neither
 * the workers' nor libuv's), then `done` as a callback of this actor, with the
 * copy and the result of `work`. A stop waits for both. If the actor ends first,
 * `done` does not run. Errors: MAIKO_EINVAL, MAIKO_ETYPE (the job belongs to
 * another actor type), MAIKO_ENOMEM, MAIKO_EAGAIN (no thread could be created). */
MAIKO_API int maiko_ctx_blocking(maiko_ctx *ctx, const maiko_job_type *type, const void *job);

/* ---- libuv ------------------------------------------------------------------- */

/* The loop of this actor's worker. Its handles call back on that worker, so this call pins the
 * actor to it. */
MAIKO_API struct uv_loop_s *maiko_loop(maiko_ctx *ctx);

/* Binds a handle of that loop to the lifetime of this actor: when the actor ends, the handle is
 * closed, if it is not closing yet, and the state is freed only after the close callback. To close
 * it earlier, call maiko_close instead of uv_close; otherwise the library takes it for open.
 * Errors: MAIKO_EINVAL (a NULL, or a handle of another loop), MAIKO_EEXIST, MAIKO_ENOMEM,
 * MAIKO_ESTATE (the actor is ending, or in its on_stop, also that of a restart).
 *
 * When the drain of a stop begins, adopted streams and UDP sockets stop reading (uv_read_stop,
 * uv_udp_recv_stop): otherwise the drain would never end. All other handles (timers, listening
 * sockets, polls) stay active until their actor ends, because it may have to write; the actor
 * itself stops those that only bring input, when maiko_stopping is true. */
MAIKO_API int maiko_adopt(maiko_ctx *ctx, struct uv_handle_s *handle);

/* Closes an adopted handle now; `closed` (may be NULL) is its close callback.
 * MAIKO_EINVAL: not adopted by this actor, or closing already. */
MAIKO_API int maiko_close(maiko_ctx *ctx, struct uv_handle_s *handle, void (*closed)(struct uv_handle_s *handle));

/* Turn a libuv callback into a callback of the actor: between the two calls, the state and
 * every function of this header may be used. Always pair them. maiko_enter returns 0,
 * MAIKO_EFAILED (the actor has ended: do not touch it, do not call maiko_leave) or
 * MAIKO_ESTATE (it is inside a callback already). maiko_leave passes a negative `rc` to
 * on_error.
 *
 * During the drain of a stop maiko_enter still succeeds, but sends, maiko_wake_tick and
 * maiko_blocking return MAIKO_ESHUTDOWN (which, passed to maiko_leave, is not a failure). */
MAIKO_API int maiko_enter(maiko_ctx *ctx);
MAIKO_API void maiko_leave(maiko_ctx *ctx, int rc);

MAIKO_END_DECLS

/* MAIKO_BLOCKING(actor, job, work, done), at file scope before its use:
 *   static int lookup_work(lookup *job);                        on a pool thread
 *   static int resolver_on_lookup(resolver *self, lookup *job, int status, maiko_ctx *ctx);
 *   MAIKO_BLOCKING(resolver, lookup, lookup_work, resolver_on_lookup);
 * maiko_blocking(ctx, work, done, .field = ...) then starts such a job. A field may be a struct that the actor
 * has: .batch = self->batch copies it. */
#define MAIKO_BLOCKING(actor_, job, work_, done_)                                                                      \
	MAIKO_PP_CHECK_(work_, int (*)(job *), "MAIKO_BLOCKING: work must be  int " #work_ "(" #job " *job)")          \
	MAIKO_PP_CHECK_(done_, int (*)(actor_ *, job *, int, maiko_ctx *),                                             \
			"MAIKO_BLOCKING: done must be  int " #done_ "(" #actor_ " *self, " #job                        \
			" *job, int status, maiko_ctx *ctx)")                                                          \
	static int maiko_gen_work_##work_##_##done_(void *data_) { return work_((job *)data_); }                       \
	static int maiko_gen_done_##work_##_##done_(void *state_, void *data_, int status_, maiko_ctx *ctx_)           \
	{                                                                                                              \
		return done_((actor_ *)state_, (job *)data_, status_, ctx_);                                           \
	}                                                                                                              \
	typedef job maiko_gen_jobtype_##work_##_##done_ MAIKO_UNUSED;                                                  \
	static const maiko_job_type maiko_gen_job_##work_##_##done_ MAIKO_UNUSED = {                                   \
		.actor = #actor_,                                                                                      \
		.size = sizeof(job),                                                                                   \
		.work = maiko_gen_work_##work_##_##done_,                                                              \
		.done = maiko_gen_done_##work_##_##done_,                                                              \
		.format = MAIKO_FORMAT}

#define maiko_blocking(ctx, work, ...) MAIKO_PP_BLOCKING_(ctx, work, __VA_ARGS__, )
#define MAIKO_PP_BLOCKING_(ctx, work, done, ...)                                                                       \
	MAIKO_PP_STRICT_(maiko_ctx_blocking((ctx), &maiko_gen_job_##work##_##done,                                     \
					    &MAIKO_PP_VALUE_(maiko_gen_jobtype_##work##_##done, __VA_ARGS__)))

#endif
