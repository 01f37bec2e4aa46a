/*
 * supervisor.h - a set of actors from outside: creating, starting, changing,
 * stopping.
 *
 * Any thread may call these, unless said otherwise. Calls that wait (maiko_start,
 * maiko_stop, maiko_join, and maiko_add, maiko_remove, maiko_move, maiko_subscribe,
 * maiko_unsubscribe on a running supervisor) do not on a thread that is inside a
 * callback of a supervisor, or that runs an embedded loop: there changes return
 * once the request is taken (option .done tells the end), and the rest return
 * MAIKO_EDEADLK; so do maiko_stop and maiko_join inside a blocking job, which they
 * would wait for. All of them: MAIKO_EINVAL for a NULL, MAIKO_EFORK in a forked
 * child, about a supervisor of its parent's; it may make one of its own.
 *
 * A supervisor must not be used once maiko_supervisor_free has freed it, by any thread. A
 * build of the library with assertions (without -DNDEBUG) ends the process where that is seen.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_SUPERVISOR_H
#define MAIKO_SUPERVISOR_H

#include <maiko/actor.h>
#include <maiko/export.h>
#include <maiko/topic.h>

struct uv_loop_s;
struct maiko_ledger;

/* The most workers, those of actors with a thread of their own included. */
#define MAIKO_WORKERS_MAX 64

/* After the deadline of a stop, callbacks that have not returned get this long. */
#define MAIKO_STOP_GRACE_MS 1000
/* The deadline when none is given. */
#define MAIKO_STOP_DEADLINE_MS 30000
/* The default of mailbox_bytes. */
#define MAIKO_MAILBOX_BYTES (UINT64_C(64) << 20)
/* For deadline_ms: wait for ever. */
#define MAIKO_NO_DEADLINE UINT64_MAX

/* Zero in any field means the default. */
typedef struct maiko_options {
	uint32_t workers;             /* 1 to MAIKO_WORKERS_MAX; default: one a core that the process may
				       * use (affinity and cgroup quota)                                */
	struct uv_loop_s *loop;       /* run on this loop, without threads of ours: one worker. The loop is
				       * the caller's, runs on one thread, and stays alive from start until
				       * stop is done. The blocking pool still has threads, once used.     */
	uint32_t mailbox;             /* default capacity, 1 to MAIKO_MAILBOX_MAX; 1024                 */
	uint64_t mailbox_bytes;       /* default bound of a mailbox in bytes of buffers, and of payloads
				       * over 480 bytes, 1 and up; MAIKO_MAILBOX_BYTES                  */
	uint32_t max_events_per_tick; /* default budget, 1 to MAIKO_BUDGET_MAX; 128                     */
	uint32_t external_credit;     /* events of an external thread that no worker has taken yet, 1 to
				       * MAIKO_MAILBOX_MAX; 1024. Before the start also the bound past
				       * which its sends are refused (MAIKO_EAGAIN).                     */
	uint32_t channel;             /* capacity between two workers, a power of two, 16 to 65536; 4096 */
	uint32_t blocking_threads;    /* 1 to 1024; 4; made on first use                                */
	uint32_t spin_us;             /* the longest that a worker looks for work before it sleeps, 1 to
				       * 1000; 200. As long as that pays: where nothing comes within it
				       * the worker sleeps after a microsecond or two. Never with one
				       * worker, or more of them than cores.                            */
	bool no_spin;                 /* sleep at once: where power is scarce                           */
	bool no_balance;              /* actors stay where they were put, unless maiko_move moves them  */
	/* Called once when the supervisor has ended, whatever ended it: so that a program that does not
	 * wait learns of a failure. `status` is what maiko_join returns. It runs on the thread of a
	 * worker, or of the loop if embedded; if the stop has given up a callback, perhaps on a thread
	 * that waits for the end; if the supervisor never ran, in the call that ended it (which may be
	 * maiko_supervisor_free). It is not inside a callback of an actor, and none follows. An embedded
	 * supervisor may be freed in it, if maiko_run does not run it; another is not: there
	 * maiko_supervisor_free does nothing and returns it.                                        */
	void (*on_end)(void *arg, int status);
	void *on_end_arg;
	uint64_t reserved_[8];
} maiko_options;

/* How a change or a stop tells its end: `done` is called once, on a worker (on the
 * loop's thread if embedded), never inside another callback. */
typedef struct maiko_change_options {
	maiko_overflow overflow; /* subscribe: a policy of its own; default: the topic's */
	void (*done)(void *arg, const maiko_completion *completion);
	void *done_arg;
	uint64_t reserved_[4];
} maiko_change_options;

typedef struct maiko_stop_options {
	uint64_t deadline_ms;             /* 0: MAIKO_STOP_DEADLINE_MS; MAIKO_NO_DEADLINE          */
	bool now;                         /* discard what is queued at once: a deadline of nothing */
	struct maiko_ledger **ret_report; /* maiko_stop: the last ledger, the caller's to free    */
	uint64_t reserved_[8];
} maiko_stop_options;

typedef struct maiko_run_options {
	uint64_t deadline_ms;             /* of each stop for which none is given: that of a signal, a
					   * failure, maiko_stop_all; as in maiko_stop_options           */
	struct maiko_ledger **ret_report; /* the last ledger, the caller's to free; also when the run
					   * failed, if it ended the supervisor                          */
	uint64_t reserved_[8];
} maiko_run_options;

MAIKO_BEGIN_DECLS

/* ---- allocation --------------------------------------------------------------- */

/* The four functions behind every allocation of the library, as malloc(3) has them. */
typedef struct maiko_allocator {
	void *(*malloc)(size_t size, void *arg);
	void *(*calloc)(size_t count, size_t size, void *arg);
	void *(*realloc)(void *memory, size_t size, void *arg);
	void (*free)(void *memory, void *arg);
	void *arg;
	uint64_t reserved_[4];
} maiko_allocator;

/* Replaces the allocator (NULL: back to malloc), for the whole process. Only while
 * nothing of the library exists; the functions must be safe on any thread. libuv
 * has its own (uv_replace_allocator). MAIKO_EINVAL: a NULL among the functions. */
MAIKO_API int maiko_set_allocator(const maiko_allocator *allocator);

/* From now on all memory of the library comes from `block`, `size` bytes of the caller's,
 * and none from malloc: for machines where memory is fixed. When it is used up, calls fail
 * with MAIKO_ENOMEM and lose nothing. A supervisor with a worker and a dozen actors takes
 * some 100 KiB. The block must outlive all that is made in it; NULL: back to malloc. Only
 * while nothing of the library exists. Errors: MAIKO_EINVAL (less than 64 KiB), what libuv
 * says. */
MAIKO_API int maiko_use_memory(void *block, size_t size);

/* ---- life --------------------------------------------------------------------- */

/* A new supervisor, through *ret_sup; `options` may be NULL. Errors: MAIKO_EINVAL
 * (an option out of its bounds), MAIKO_ENOMEM, or what libuv says. */
MAIKO_API int maiko_supervisor_new(maiko_supervisor **ret_sup, const maiko_options *options);

/* Frees it; stops it first if it runs (discarding what is queued). Returns NULL;
 * NULL is fine. On a thread inside a callback of a supervisor, in on_end if it is not
 * embedded, or while an embedded loop still has to run for it to stop, it does nothing and
 * returns `sup`. If a callback does not return, or a blocking job not within
 * MAIKO_STOP_GRACE_MS, the memory is abandoned, because what runs may still use it. No other
 * thread may be in a call on it, nor begin one. */
MAIKO_API maiko_supervisor *maiko_supervisor_free(maiko_supervisor *sup);

/*
 * maiko_start - runs every actor's on_start, in the order added, then lets the
 * events flow: none is handled before all have returned. Waits for that.
 *
 * If an on_start fails (and its on_error does not return 0), those started are
 * stopped in reverse and its error is returned, whatever its .restart; the supervisor has
 * then stopped, with that error.
 * Errors: MAIKO_ESTATE (started before), MAIKO_EDEADLK (inside a callback),
 * MAIKO_ENOMEM, what the system says of descriptors (UV_EMFILE, UV_ENFILE, UV_ENOSPC: a
 * worker takes four, and one more when an actor of its first watches a descriptor; libuv
 * takes two once in a process) or of threads (UV_EAGAIN). What the system refuses ends the supervisor
 * for good, also if it is there again later: what was sent has been counted discarded by then, what was
 * asked for refused, and who waits for the end told of it. Free it, and start another.
 * Embedded: on the loop's own thread; does not run the loop, which after a failed start
 * must run once more to let go of what was opened.
 */
MAIKO_API int maiko_start(maiko_supervisor *sup);

/*
 * maiko_stop - stops gracefully and waits for the end.
 *
 * External sends are refused; ticks (all but maiko_after_events), descriptor watches
 * and delayed events end; what is queued, and what its handlers send, is handled;
 * then on_stop runs in reverse, each followed by a drain of what it sent. At the
 * deadline the rest is discarded and counted. `options` may be NULL.
 *
 * Idempotent: it returns the same again when it has stopped already; 0 before the start.
 * Errors: MAIKO_ETIMEDOUT (a callback did not return: maiko_last_error and the ledger name the
 * actor, and what was queued for its worker, or on its way there, is counted as discarded), the error
 * of the first actor that failed and was not MAIKO_TEMPORARY, before the stop or in it (it has
 * stopped all the same, and the ledger names the actor), MAIKO_EDEADLK (on a thread that may
 * not wait), MAIKO_ENOMEM (no ledger; it has stopped). What was discarded at the deadline is
 * no error here: the ledger has it. Embedded: use maiko_stop_begin and run the loop.
 */
MAIKO_API int maiko_stop(maiko_supervisor *sup, const maiko_stop_options *options);

/* The same without waiting: `done(arg, status)` (may be NULL) is called once at the end, with
 * what maiko_stop returns, on a thread as maiko_options.on_end; at once if it has stopped
 * already. A second call joins the first; one with .now ends its drain. `ret_report` is
 * ignored. Errors: MAIKO_ENOMEM (nothing was begun). Not async-signal-safe. */
MAIKO_API int maiko_stop_begin(maiko_supervisor *sup, const maiko_stop_options *options,
			       void (*done)(void *arg, int status), void *arg);

/* Waits until the supervisor has stopped, whoever stops it. A supervisor whose actors have all
 * stopped goes on, as others may be added: somebody must stop it (maiko_stop,
 * maiko_stop_begin, maiko_stop_all), or an actor fail that is not MAIKO_TEMPORARY. Returns
 * what maiko_stop does, or MAIKO_ESTATE (never started). */
MAIKO_API int maiko_join(maiko_supervisor *sup);

/*
 * maiko_run(sup, options...) - starts (if not started), waits for SIGINT or SIGTERM or another
 * end, and stops gracefully; a second signal ends the drain at once. Handles the signals only
 * while it runs. Embedded: runs the loop, on its thread.
 *
 *   int rc = maiko_run(sup);
 *   int rc = maiko_run(sup, .deadline_ms = 5000, .ret_report = &ledger);
 *
 * The options are those of maiko_run_options. 0 if all that was accepted has been dealt with:
 * what maiko_start or maiko_stop return, and else MAIKO_EDISCARDED when the stop has discarded
 * events that were queued, at its deadline or at the second signal. The other errors are those
 * of maiko_start, MAIKO_EDEADLK (in a callback, or not embedded on a worker's thread) and what
 * libuv says when it watches the signals.
 */

/* The raw call under maiko_run; `options` may be NULL. */
MAIKO_API int maiko_supervisor_run(maiko_supervisor *sup, const maiko_run_options *options);

/* ---- actors -------------------------------------------------------------------- */

/*
 * maiko_add(sup, type, name, options...) - adds an actor of `type` (a name given to
 * MAIKO_ACTOR). Before the start it joins the first batch; later it starts when its
 * addition is complete: from then on it gets what is sent to its topics.
 *
 *   maiko_add(sup, greeter, "greeter", .mailbox = 64, .init = &(greeter){ .n = 1 });
 *
 * The options are those of maiko_add_options (actor.h). Errors: MAIKO_EINVAL (a name that
 * is not of 1 to MAIKO_NAME_MAX bytes without control characters, or is "outside", the sender of
 * what external threads send; a bad option; no .topics, which an actor with MAIKO_ON_ANY or a routed event needs;
 * in .topics a topic none of whose events the type can handle), MAIKO_EEXIST (an actor of
 * that name), MAIKO_ETYPE, MAIKO_E2BIG, MAIKO_ENOMEM, MAIKO_ESHUTDOWN; what on_start
 * returned, when it fails.
 * *ret_id and `done` are touched only when the request was taken.
 *
 * The name is taken until the actor's end begins: whoever gets what its on_stop sends may add
 * another of that name, which starts when that on_stop has returned.
 *
 * On a running supervisor the failure of an on_start is reported to whoever asked for the
 * addition: to the caller that waits, to .done, or to MAIKO_ON_DONE. Where there is none of
 * these it stops the supervisor like any other failure.
 */

/* The id of the actor of that name. MAIKO_ENOENT. */
MAIKO_API int maiko_find(maiko_supervisor *sup, const char *name, maiko_actor_id *ret_id);

/* The raw calls under maiko_remove, maiko_subscribe and maiko_unsubscribe; `options`
 * may be NULL.
 *
 * remove: on_stop runs, what is queued for it is counted dead. subscribe: it gets
 * the events of the topic that are sent from its moment on; the actor rests until
 * the change is complete. unsubscribe: what is queued of that topic is counted dead.
 * Each has a moment: its place between a sender's events as that sender's worker has
 * it. Once it is complete no callback follows that it rules out. Errors: MAIKO_ESTATE
 * (before the start), MAIKO_ENOENT (no such actor, not subscribed), MAIKO_EEXIST (subscribed
 * already), MAIKO_EINVAL (subscribe: also a topic none of whose events its type can handle, see
 * maiko_add), MAIKO_ENOMEM, MAIKO_ESHUTDOWN. */
MAIKO_API int maiko_supervisor_remove(maiko_supervisor *sup, maiko_actor_id actor, const maiko_change_options *options);
MAIKO_API int maiko_supervisor_subscribe(maiko_supervisor *sup, maiko_actor_id actor, const maiko_topic *topic,
					 const maiko_change_options *options);
MAIKO_API int maiko_supervisor_unsubscribe(maiko_supervisor *sup, maiko_actor_id actor, const maiko_topic *topic,
					   const maiko_change_options *options);

/*
 * The raw call under maiko_move: the actor goes on on another worker, 1 to the `workers`
 * option (or what it is by default). Nothing that is sent to it or by it is lost, doubled or
 * reordered; it rests meanwhile, some microseconds when the workers are idle. Where actors live
 * is no matter of correctness: move one that you know better than the library does. Complete
 * when it may run at its new worker; at once if it lives there.
 *
 * Errors: MAIKO_EBUSY (it has asked for its maiko_loop, watches a descriptor, waits for a blocking job,
 * keeps an event, subscribes to MAIKO_ALL_TOPICS, or another change of it is under way; or a
 * recorder watches), MAIKO_EAGAIN (its subscriptions changed meanwhile: try again), MAIKO_EINVAL
 * (no such worker; an actor with a thread of its own), MAIKO_ESTATE (before the start),
 * MAIKO_ENOENT, MAIKO_ENOMEM, MAIKO_ESHUTDOWN.
 */
MAIKO_API int maiko_supervisor_move(maiko_supervisor *sup, maiko_actor_id actor, uint32_t worker,
				    const maiko_change_options *options);

/* How many workers there are now. 0 for NULL. */
MAIKO_API uint32_t maiko_worker_count(const maiko_supervisor *sup);

MAIKO_END_DECLS

#define maiko_run(...) MAIKO_PP_RUN_(__VA_ARGS__, .reserved_ = {0})
#define MAIKO_PP_RUN_(sup, ...) maiko_supervisor_run((sup), &(const maiko_run_options){__VA_ARGS__})

#define MAIKO_PP_CHANGE_OPTIONS_(...) (&(const maiko_change_options){__VA_ARGS__})
#define MAIKO_PP_CALL_(to, call) MAIKO_PP_TO_(to, maiko_ctx_##call, maiko_supervisor_##call)

/* maiko_remove(to, id, options...), where `to` is a supervisor or a ctx */
#define maiko_remove(to, ...) MAIKO_PP_REMOVE_(to, __VA_ARGS__, .reserved_ = {0})
#define MAIKO_PP_REMOVE_(to, id, ...)                                                                                  \
	MAIKO_PP_STRICT_(MAIKO_PP_CALL_(to, remove)((to), (id), MAIKO_PP_CHANGE_OPTIONS_(__VA_ARGS__)))
/* maiko_move(to, id, worker, options...) */
#define maiko_move(to, id, ...) MAIKO_PP_MOVE_(to, id, __VA_ARGS__, .reserved_ = {0})
#define MAIKO_PP_MOVE_(to, id, worker, ...)                                                                            \
	MAIKO_PP_STRICT_(MAIKO_PP_CALL_(to, move)((to), (id), (worker), MAIKO_PP_CHANGE_OPTIONS_(__VA_ARGS__)))
/* maiko_subscribe(to, id, topic, options...), where `topic` is a const maiko_topic * */
#define maiko_subscribe(to, id, ...) MAIKO_PP_SUBSCRIBE_(to, id, __VA_ARGS__, .reserved_ = {0})
#define MAIKO_PP_SUBSCRIBE_(to, id, topic, ...)                                                                        \
	MAIKO_PP_STRICT_(MAIKO_PP_CALL_(to, subscribe)((to), (id), (topic), MAIKO_PP_CHANGE_OPTIONS_(__VA_ARGS__)))
/* maiko_unsubscribe(to, id, topic, options...) */
#define maiko_unsubscribe(to, id, ...) MAIKO_PP_UNSUBSCRIBE_(to, id, __VA_ARGS__, .reserved_ = {0})
#define MAIKO_PP_UNSUBSCRIBE_(to, id, topic, ...)                                                                      \
	MAIKO_PP_STRICT_(MAIKO_PP_CALL_(to, unsubscribe)((to), (id), (topic), MAIKO_PP_CHANGE_OPTIONS_(__VA_ARGS__)))

#endif
