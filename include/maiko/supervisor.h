/*
 * supervisor.h - creating, starting, changing and stopping a set of actors.
 *
 * Any thread may call these, unless said otherwise. Some calls wait: maiko_start,
 * maiko_stop, maiko_join, and maiko_add, maiko_remove, maiko_move, maiko_subscribe,
 * maiko_unsubscribe on a running supervisor. A thread that is inside a callback of a
 * supervisor, or that runs an embedded loop, may not wait: there the changes return
 * once the request is accepted (option .done reports completion), and the rest return
 * MAIKO_EDEADLK; so do maiko_stop and maiko_join inside a blocking job, which they
 * would wait for. All of them return MAIKO_EINVAL for a NULL, and MAIKO_EFORK in a
 * forked child for a supervisor of its parent; the child may create its own.
 *
 * No thread may use a supervisor after maiko_supervisor_free has freed it. A build of the
 * library with assertions (without -DNDEBUG) aborts where it detects that.
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

/* The maximum number of workers, including those of actors with .own_thread. */
#define MAIKO_WORKERS_MAX 64

/* The time that callbacks have to return after the deadline of a stop. */
#define MAIKO_STOP_GRACE_MS 1000
/* The default deadline of a stop. */
#define MAIKO_STOP_DEADLINE_MS 30000
/* The default of mailbox_bytes. */
#define MAIKO_MAILBOX_BYTES (UINT64_C(64) << 20)
/* For deadline_ms: wait without limit. */
#define MAIKO_NO_DEADLINE UINT64_MAX

/* Zero in any field means the default. */
typedef struct maiko_options {
	uint32_t workers;             /* 1 to MAIKO_WORKERS_MAX; default: one per CPU that the process may
				       * use (affinity and cgroup quota)                                */
	struct uv_loop_s *loop;       /* embedded: one worker, on this loop, without threads of the library.
				       * The caller owns the loop and runs it on one thread; the supervisor
				       * keeps it alive from the start to the end of the stop. The blocking
				       * pool still has threads, once used.                              */
	uint32_t mailbox;             /* default capacity, 1 to MAIKO_MAILBOX_MAX; 1024                 */
	uint64_t mailbox_bytes;       /* default bound of a mailbox in bytes of buffers, and of payloads
				       * over 480 bytes, 1 and up; MAIKO_MAILBOX_BYTES                  */
	uint32_t max_events_per_tick; /* default budget, 1 to MAIKO_BUDGET_MAX; 128                     */
	uint32_t external_credit;     /* events of an external thread that no worker has taken yet, 1 to
				       * MAIKO_MAILBOX_MAX; 1024. Beyond it sends wait; before the start
				       * they are rejected (MAIKO_EAGAIN).                               */
	uint32_t channel;             /* capacity between two workers, a power of two, 16 to 65536; 4096 */
	uint32_t blocking_threads;    /* 1 to 1024; 4; created on first use                             */
	uint32_t spin_us;             /* the maximum that a worker spins before it sleeps, 1 to 1000; 200.
				       * It spins only while that has recently been cheaper than to be
				       * woken, which counts as a quarter of it: not for gaps that are
				       * mostly longer, or that descriptors and timers end. With more
				       * workers than CPUs it yields meanwhile. No spinning with one
				       * worker.                                                        */
	bool no_spin;                 /* sleep without spinning, to save power                          */
	bool no_balance;              /* actors begin on the workers in turn and stay there, unless maiko_move
				       * moves them. Default: those added from outside begin together on the
				       * first worker, those that an actor adds on its own; when a worker has
				       * too much to do, another takes over a part that talks little with the
				       * rest, and when that is no longer worth its talk, they live together
				       * again. While a recorder is attached, as with no_balance.           */
	/* Called once when the supervisor has ended, for whatever reason, so that a program that does not
	 * wait learns of a failure. `status` is the result of maiko_join. It runs on the thread of a
	 * worker, or of the loop if embedded; if the stop has given up a callback, perhaps on a thread
	 * that waits for the end; if the supervisor never ran, in the call that ended it (which may be
	 * maiko_supervisor_free). It does not run inside a callback of an actor, and none follows. It may
	 * free an embedded supervisor, unless maiko_run runs it; for any other,
	 * maiko_supervisor_free does nothing there and returns it.                                  */
	void (*on_end)(void *arg, int status);
	void *on_end_arg;
	uint64_t dead_letters; /* a set of maiko_letter_reason (lifecycle.h): which deliveries that were not
				* handled are told of on the topic maiko.dead_letters, if anyone
				* subscribes to it. 0: MAIKO_LETTERS, those that were set aside and those
				* whose subscriber has ended; MAIKO_NO_LETTERS: none                */
	uint64_t reserved_[7];
} maiko_options;

/* The options of a change. `done` is called once on completion, on a worker (on the
 * loop's thread if embedded), never inside another callback. */
typedef struct maiko_change_options {
	maiko_overflow overflow; /* subscribe: the subscription's policy; default: the topic's */
	void (*done)(void *arg, const maiko_completion *completion);
	void *done_arg;
	const struct maiko_filter *where; /* subscribe: which events it wants (filter.h), copied; NULL: all */
	uint64_t reserved_[3];
} maiko_change_options;

typedef struct maiko_stop_options {
	uint64_t deadline_ms;             /* 0: MAIKO_STOP_DEADLINE_MS; MAIKO_NO_DEADLINE          */
	bool now;                         /* discard queued events at once: a deadline of zero     */
	struct maiko_ledger **ret_report; /* maiko_stop: the final ledger; the caller frees it    */
	uint64_t reserved_[8];
} maiko_stop_options;

typedef struct maiko_run_options {
	uint64_t deadline_ms;             /* of each stop without its own: by a signal, a failure or
					   * maiko_stop_all; as in maiko_stop_options                    */
	struct maiko_ledger **ret_report; /* the final ledger; the caller frees it; also when the run
					   * failed, if it ended the supervisor                          */
	uint64_t reserved_[8];
} maiko_run_options;

MAIKO_BEGIN_DECLS

/* ---- allocation --------------------------------------------------------------- */

/* The four functions behind every allocation of the library; see malloc(3). */
typedef struct maiko_allocator {
	void *(*malloc)(size_t size, void *arg);
	void *(*calloc)(size_t count, size_t size, void *arg);
	void *(*realloc)(void *memory, size_t size, void *arg);
	void (*free)(void *memory, void *arg);
	void *arg;
	uint64_t reserved_[4];
} maiko_allocator;

/* Replaces the allocator (NULL: back to malloc), for the whole process. Only while no
 * object of the library exists; the functions must be thread-safe. libuv has its own
 * (uv_replace_allocator). MAIKO_EINVAL: a NULL among the functions. */
MAIKO_API int maiko_set_allocator(const maiko_allocator *allocator);

/* Makes the library allocate from `block`, `size` bytes of the caller, instead of malloc: for
 * systems with a fixed memory budget. When it is exhausted, calls fail with MAIKO_ENOMEM and
 * lose nothing. A supervisor with one worker and a dozen actors takes some 100 KiB. The block
 * must outlive all objects in it; NULL: back to malloc. Only while no object of the library
 * exists. Errors: MAIKO_EINVAL (less than 64 KiB), those of libuv. */
MAIKO_API int maiko_use_memory(void *block, size_t size);

/* ---- life --------------------------------------------------------------------- */

/* Creates a supervisor in *ret_sup; `options` may be NULL. Errors: MAIKO_EINVAL (an
 * option out of its bounds), MAIKO_ENOMEM, those of libuv. */
MAIKO_API int maiko_supervisor_new(maiko_supervisor **ret_sup, const maiko_options *options);

/* Frees it; stops it first if it runs (discarding queued events). Returns NULL; NULL is
 * allowed. On a thread inside a callback of a supervisor, in on_end if it is not embedded, or
 * while an embedded loop still has to run to complete the stop, it does nothing and returns
 * `sup`. If a callback does not return, or a blocking job not within MAIKO_STOP_GRACE_MS, the
 * memory is leaked, because the running code may still use it. No other thread may be in a
 * call on it, nor begin one. */
MAIKO_API maiko_supervisor *maiko_supervisor_free(maiko_supervisor *sup);

/*
 * maiko_start - runs every actor's on_start, in the order added, and waits for them; only
 * then are events handled.
 *
 * If an on_start fails (and its on_error does not return 0), the started actors are
 * stopped in reverse order and its error is returned, whatever its .restart; the
 * supervisor has then stopped, with that error.
 * Errors: MAIKO_ESTATE (started before), MAIKO_EDEADLK (inside a callback), MAIKO_ENOMEM,
 * and, when the system has no more descriptors, UV_EMFILE, UV_ENFILE or UV_ENOSPC (a worker
 * takes four, and one more when one of its actors first watches a descriptor; libuv takes
 * two once per process), or no more threads, UV_EAGAIN. Such a failure is final: events sent
 * before are counted discarded, requested changes are refused, and callers that wait for the
 * end return. Free the supervisor and create another.
 * Embedded: call it on the loop's own thread; it does not run the loop. After a failed start
 * the loop must run once more to release what was opened.
 */
MAIKO_API int maiko_start(maiko_supervisor *sup);

/*
 * maiko_stop - stops gracefully and waits for the end.
 *
 * External sends are refused; ticks (all but maiko_after_events), descriptor watches
 * and delayed events end; queued events, and those that their handlers send, are handled;
 * then on_stop runs in reverse order, each followed by a drain of the events it sent. At
 * the deadline the rest is discarded and counted. `options` may be NULL.
 *
 * Idempotent: once stopped, it returns the same result; 0 before the start.
 * Errors: MAIKO_ETIMEDOUT (a callback did not return: maiko_last_error and the ledger name the
 * actor; events queued for its worker, or in flight to it, are counted discarded), the error
 * of the first actor that failed, before or during the stop, and was not MAIKO_TEMPORARY (the
 * stop is complete, and the ledger names the actor), MAIKO_EDEADLK (on a thread that may not
 * wait), MAIKO_ENOMEM (no ledger; the stop is complete). Events discarded at the deadline are
 * not an error here; the ledger counts them. Embedded: use maiko_stop_begin and run the loop.
 */
MAIKO_API int maiko_stop(maiko_supervisor *sup, const maiko_stop_options *options);

/* The same without waiting: `done(arg, status)` (may be NULL) is called once at the end, with
 * the result of maiko_stop, on a thread as maiko_options.on_end; immediately if the supervisor
 * has stopped already. A second call joins the first; one with .now ends its drain.
 * `ret_report` is ignored. Errors: MAIKO_ENOMEM (no stop has begun). Not async-signal-safe. */
MAIKO_API int maiko_stop_begin(maiko_supervisor *sup, const maiko_stop_options *options,
			       void (*done)(void *arg, int status), void *arg);

/* Waits until the supervisor has stopped. It does not stop by itself when all actors have stopped,
 * because others may be added: it needs maiko_stop, maiko_stop_begin, maiko_stop_all, or the
 * failure of an actor that is not MAIKO_TEMPORARY. Returns the result of maiko_stop, or
 * MAIKO_ESTATE (never started). */
MAIKO_API int maiko_join(maiko_supervisor *sup);

/*
 * maiko_run(sup, options...) - starts (if not started), waits for SIGINT or SIGTERM or another
 * end, and stops gracefully; a second signal ends the drain at once. It handles the signals only
 * while it runs. Embedded: call it on the loop's thread; it runs the loop.
 *
 *   int rc = maiko_run(sup);
 *   int rc = maiko_run(sup, .deadline_ms = 5000, .ret_report = &ledger);
 *
 * The options are those of maiko_run_options. Returns an error of maiko_start or maiko_stop;
 * else MAIKO_EDISCARDED if the stop discarded queued events, at its deadline or at the second
 * signal; else 0. Further errors: MAIKO_EDEADLK (in a callback, or on a worker's thread when
 * not embedded), and those of libuv for the signal handles.
 */

/* The raw call behind maiko_run; `options` may be NULL. */
MAIKO_API int maiko_supervisor_run(maiko_supervisor *sup, const maiko_run_options *options);

/* ---- actors -------------------------------------------------------------------- */

/*
 * maiko_add(sup, type, name, options...) - adds an actor of `type` (a name given to
 * MAIKO_ACTOR). Before the start it joins the first batch; later it starts when its
 * addition is complete, and receives the events sent to its topics from then on.
 *
 *   maiko_add(sup, greeter, "greeter", .mailbox = 64, .init = &(greeter){ .n = 1 });
 *
 * The options are those of maiko_add_options (actor.h). Errors: MAIKO_EINVAL (a name that
 * is not of 1 to MAIKO_NAME_MAX bytes without control characters, or is "outside", the sender
 * name of external threads; an invalid option; no .topics, which an actor with MAIKO_ON_ANY or
 * a routed event needs; in .topics a topic none of whose events the type can handle),
 * MAIKO_ENOENT (there is no group .group, or it is being removed),
 * MAIKO_EEXIST (an actor of that name), MAIKO_ETYPE, MAIKO_E2BIG, MAIKO_ENOMEM,
 * MAIKO_ESHUTDOWN; the error of on_start, when it fails.
 * *ret_id and `done` are used only when the request was accepted.
 *
 * The name is in use until the actor's end begins: an actor that receives an event of its
 * on_stop may add another of that name, which starts when that on_stop has returned.
 *
 * On a running supervisor a failure of on_start is reported to the requester: to the caller
 * that waits, to .done, or to MAIKO_ON_DONE. Without any of these it stops the supervisor
 * like any other failure.
 */

/* Looks up the id of an actor by name. MAIKO_ENOENT. */
MAIKO_API int maiko_find(maiko_supervisor *sup, const char *name, maiko_actor_id *ret_id);

/* The raw calls behind maiko_remove, maiko_subscribe and maiko_unsubscribe; `options`
 * may be NULL.
 *
 * remove: on_stop runs; events queued for the actor are counted dead. subscribe: the
 * actor receives the events of the topic sent after the change; it does not run until
 * the change is complete. unsubscribe: queued events of the topic are counted dead.
 * Each change takes effect at one point in the sequence of each sender's events, which
 * that sender's worker determines. After completion no callback runs that the change
 * excludes. Errors: MAIKO_ESTATE (before the start), MAIKO_ENOENT (no such actor, not
 * subscribed), MAIKO_EEXIST (subscribed already), MAIKO_EINVAL (subscribe: also a topic none
 * of whose events its type can handle, see maiko_add; a filter that cannot be, see
 * maiko_filter), MAIKO_ENOMEM, MAIKO_ESHUTDOWN. */
MAIKO_API int maiko_supervisor_remove(maiko_supervisor *sup, maiko_actor_id actor, const maiko_change_options *options);
MAIKO_API int maiko_supervisor_subscribe(maiko_supervisor *sup, maiko_actor_id actor, const maiko_topic *topic,
					 const maiko_change_options *options);
MAIKO_API int maiko_supervisor_unsubscribe(maiko_supervisor *sup, maiko_actor_id actor, const maiko_topic *topic,
					   const maiko_change_options *options);

/*
 * The raw calls behind maiko_subscribe_all and maiko_unsubscribe_all: any number of topics of one
 * actor in one change, with one completion (its `topic` is NULL if they are several). Either all of them
 * change or none; 10,000 take milliseconds, one by one seconds.
 *
 *   maiko_subscribe_all(sup, id, MAIKO_TOPICS(orders, MAIKO_SUB(prices, .overflow = MAIKO_KEEP_LATEST)));
 *
 * `topics` is MAIKO_TOPICS(...) or an array whose last element has the topic NULL; it is copied. Each
 * may have its own policy and its own filter; for the others options->overflow and options->where
 * hold. None at all is a change that does nothing. Errors: as for one topic; also MAIKO_EEXIST (it
 * subscribes to one of them already), MAIKO_ENOENT (it does not subscribe to one of them), MAIKO_EINVAL
 * (MAIKO_ALL_TOPICS; one twice, with different policies or filters).
 */
MAIKO_API int maiko_supervisor_subscribe_all(maiko_supervisor *sup, maiko_actor_id actor,
					     const maiko_subscription *topics, const maiko_change_options *options);
MAIKO_API int maiko_supervisor_unsubscribe_all(maiko_supervisor *sup, maiko_actor_id actor,
					       const maiko_subscription *topics, const maiko_change_options *options);

/*
 * The raw call behind maiko_move: moves the actor to another worker, 1 to the `workers`
 * option (or its default). No event sent to it or by it is lost, duplicated or reordered. The
 * actor does not run during the move, some microseconds when the workers are idle. Placement
 * does not affect correctness; move an actor when you know its load better than the library
 * does. Complete when the actor may run on its new worker; immediately if it is there already.
 *
 * Errors: MAIKO_EBUSY (it has called maiko_loop, waits for a blocking job, waits for its restart, keeps an
 * event, subscribes to MAIKO_ALL_TOPICS, has begun to watch a descriptor meanwhile, or another change of it
 * is in progress; or a recorder is attached), MAIKO_EAGAIN (its subscriptions changed meanwhile: try
 * again), MAIKO_EINVAL (no such worker; an actor with .own_thread), MAIKO_ESTATE (before the
 * start), MAIKO_ENOENT, MAIKO_ENOMEM, MAIKO_ESHUTDOWN; of an actor that watches a descriptor also
 * the system's error if the new worker cannot watch any (UV_EMFILE).
 */
MAIKO_API int maiko_supervisor_move(maiko_supervisor *sup, maiko_actor_id actor, uint32_t worker,
				    const maiko_change_options *options);

/* The current number of workers. 0 for NULL. */
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
/* maiko_subscribe_all(to, id, topics, options...), where `topics` is a const maiko_subscription * */
#define maiko_subscribe_all(to, id, ...) MAIKO_PP_SUBSCRIBE_ALL_(to, id, __VA_ARGS__, .reserved_ = {0})
#define MAIKO_PP_SUBSCRIBE_ALL_(to, id, topics, ...)                                                                   \
	MAIKO_PP_STRICT_(MAIKO_PP_CALL_(to, subscribe_all)((to), (id), (topics), MAIKO_PP_CHANGE_OPTIONS_(__VA_ARGS__)))
/* maiko_unsubscribe_all(to, id, topics, options...) */
#define maiko_unsubscribe_all(to, id, ...) MAIKO_PP_UNSUBSCRIBE_ALL_(to, id, __VA_ARGS__, .reserved_ = {0})
#define MAIKO_PP_UNSUBSCRIBE_ALL_(to, id, topics, ...)                                                                 \
	MAIKO_PP_STRICT_(                                                                                              \
		MAIKO_PP_CALL_(to, unsubscribe_all)((to), (id), (topics), MAIKO_PP_CHANGE_OPTIONS_(__VA_ARGS__)))

#endif
