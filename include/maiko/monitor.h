/*
 * monitor.h - monitors: tables of hooks that observe a supervisor, called on its workers.
 *
 * A hook runs where the observation happens: on that worker (embedded: on the loop's thread;
 * the addition of the first actors, and the discards of a stop without a start: on the thread
 * that starts or stops). So the hooks of one monitor run on several threads at once, and on
 * each thread in the order in which things happened there. A hook delays its worker: keep it
 * short. It counts as a callback: it may read, send to a supervisor (without waiting), and
 * add, pause, resume or remove any monitor, also its own. It must not call functions that
 * take a ctx. A kind that no monitor has a hook for costs one predictable branch; a monitor of
 * rare kinds alone, such as `failed`, costs the path of an event nothing.
 *
 * Only `stuck` comes from another thread, one of the library's, because it is about a worker
 * that is in a callback now: longer than its actor's .stuck_ms, and again each time that has
 * doubled. `worker` is that worker, on which other hooks may run meanwhile; `event` and `data`
 * are those that the callback handles, if any, and valid as ever: if the callback returns just
 * then, its worker waits for the hook. Or it is about a group's member that has not stopped
 * within .stop_ms (group.h). No such hook begins once the supervisor has stopped. A recording
 * does not contain it.
 *
 * `group_failed` is called once for each failure of a group, the root included, on the worker of the actor that failed
 * last: soon after, between callbacks, since a group fails where no hook may run. `data` is the maiko_group_failed
 * (lifecycle.h), `code` its error, `actor` 0. Subscribers to maiko_groups_topic get theirs next; none is needed. One
 * for which there is no memory is counted (maiko_ledger.untold).
 *
 * The observations of one event, in order: 1 once, on the sender's worker (of an external
 * thread: on the worker that took the event in); 2 and 3 for each subscriber, on its worker.
 *
 *   1  dispatched      it was accepted and is about to be routed
 *   2  delivered       it is in the subscriber's mailbox
 *   or overflowed      rejected by the overflow policy: no 3
 *   or discarded       the subscriber had ended, no memory, or past a stop's deadline: no 3
 *   3  handled         the handler has returned, or there is none
 *   or overflowed      a later event took its place in the mailbox
 *   or discarded       the subscriber ended or unsubscribed, or the stop discarded it
 *
 * If the handler fails and its actor will be restarted (group.h), 3 has the error, and then comes one of these:
 *
 *   restarting         with this event: it is in the mailbox again, as the first, and 3 follows once more; or, if it
 *                      cannot go back, overflowed (a newer one of its key is queued) or set aside (no memory)
 *   set aside          it is not tried again
 *
 * "overflowed" without an actor stands in for 2 and 3 of all subscribers of a worker: the channel
 * to it was full and all of them drop, or there was no memory. An event that makes way for
 * another is "overflowed" before the other is "delivered".
 *
 * Of an event that an actor has sent to itself (maiko_send_self_after_ms) 1, 2 and 3 come when its handler runs; it was
 * in no mailbox.
 *
 * The observations of one actor, in order, all on its worker. 2 to 5 need not occur.
 *
 *   1  added           it exists; events may be delivered to it from now on
 *   2  started         its on_start has returned; a failed one: error, failed, then 6
 *   3  any number of   handled; tick_entered, tick_left; muted, released; moved (from now on
 *                      on another worker); error, before on_error is called
 *   4  failed          on_error did not handle the error, or may not (MAIKO_PHASE_DEADLOCK)
 *   5  stopped         its on_stop has returned, or there is none; if it failed and on_error did
 *                      not handle that: error, failed, stopped
 *   6  discarded       each event that was still in its mailbox, or that comes for it later
 *   7  removed         the last one; a stop of the whole supervisor removes no actor
 *
 * A restart (group.h): 4 if it has failed, 5 if it had started, restarting; later restarted instead of 2, or 4 again.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_MONITOR_H
#define MAIKO_MONITOR_H

#include <maiko/event.h>
#include <maiko/export.h>
#include <maiko/outcome.h>

/* The most monitors of a supervisor. */
#define MAIKO_MONITORS_MAX 16

/* XX(number, KIND, hook, text): the kinds of observations, and what `code` is for each. A later version
 * may add kinds: hooks.any is called with kinds that are not listed here. */
#define MAIKO_OBSERVATION_MAP(XX)                                                                                      \
	XX(0, DISPATCHED, dispatched, "dispatched") /* an event was accepted and is routed; once per event   */        \
	XX(1, DELIVERED, delivered, "delivered")    /* it is in the actor's mailbox                          */        \
	XX(2, HANDLED, handled, "handled")          /* the handler's result; 1: ignored, it has no handler   */        \
	XX(3, OVERFLOWED, overflowed, "overflowed") /* MAIKO_DROPPED; no actor: a full channel, or no memory */        \
	XX(4, DISCARDED, discarded, "discarded")    /* the maiko_outcome, any but the first three            */        \
	XX(5, ADDED, added, "added")                /* the actor is on this worker and will be started       */        \
	XX(6, STARTED, started, "started")          /* its on_start has returned, if it has one              */        \
	XX(7, STOPPED, stopped, "stopped")          /* the result of its on_stop; 0 if it has none           */        \
	XX(8, FAILED, failed, "failed")             /* the error; "stopped" follows, if it had started       */        \
	XX(9, REMOVED, removed, "removed")          /* the actor's last observation                          */        \
	XX(10, TICK_ENTERED, tick_entered, "tick entered")                                                             \
	XX(11, TICK_LEFT, tick_left, "tick left")      /* the kind of its result (next.h); ANY: kind | of << 8  */     \
	XX(12, MUTED, muted, "muted")                  /* a subscriber that the actor sends to is full          */     \
	XX(13, RELEASED, released, "released")         /* the actor is not muted any more                       */     \
	XX(14, ERROR, error, "error")                  /* the error; on_error is called next, if there is one   */     \
	XX(15, TOPOLOGY, topology, "topology changed") /* the number of the change; once on each worker       */       \
	XX(16, DRAINING, draining, "draining")         /* a stop has begun on this worker                       */     \
	XX(17, MOVED, moved, "moved")                  /* the worker that the actor left; this is its new one   */     \
	XX(18, RESTARTING, restarting, "restarting")   /* the error; the actor will be started again            */     \
	XX(19, RESTARTED, restarted, "restarted")      /* the number of its restarts                            */     \
	XX(20, GROUP_FAILED, group_failed, "group failed")                                                             \
	XX(21, SET_ASIDE, set_aside, "set aside") /* the error of its last handler                         */          \
	XX(22, STUCK, stuck, "stuck")             /* for how many ms it was seen in one callback so far    */          \
	XX(23, HELD, held, "held")                /* maiko_hold                                            */          \
	XX(24, UNHELD, unheld, "unheld")          /* maiko_unhold                                          */          \
	XX(25, LINK_UP, link_up, "link up")                                                                            \
	XX(26, LINK_DOWN, link_down, "link down") /* the error                                             */          \
	XX(27, RECEIPT, receipt, "receipt")       /* the result of its handler                             */          \
	XX(28, INTEREST, interest, "interest")    /* the result of its handler                             */          \
	XX(29, QUESTION_ENDED, question_ended, "question ended") /* without an answer; the result of its function  */

/* The number of kinds that this header lists. */
#define MAIKO_OBSERVATION_KINDS 30

typedef enum maiko_observation_kind {
#define MAIKO_OBSERVATION_ENUM(number, KIND, hook, text) MAIKO_OBSERVED_##KIND = (number),
	MAIKO_OBSERVATION_MAP(MAIKO_OBSERVATION_ENUM)
#undef MAIKO_OBSERVATION_ENUM
} maiko_observation_kind;

/* One observation. All of it is valid until the hook returns. */
typedef struct maiko_observation {
	maiko_observation_kind kind;
	maiko_supervisor *supervisor;
	uint32_t worker;             /* 1 and up */
	uint64_t now_ns;             /* as maiko_now, read once per turn */
	maiko_actor_id actor;        /* 0: it is about no actor */
	const char *actor_name;      /* "" then */
	const char *actor_type;      /* "" then */
	const maiko_envelope *event; /* NULL: it is about no event */
	const void *data;            /* the event's struct; group failed: a maiko_group_failed; else NULL */
	int64_t code;                /* see MAIKO_OBSERVATION_MAP; else 0 */
	bool was_queued;             /* overflowed, discarded, set aside: it was in the mailbox */
	bool tracked;                /* the event has a receipt (receipt.h) */
} maiko_observation;

typedef void (*maiko_hook)(void *arg, const maiko_observation *observation);

/* A hook for each kind, all optional; `any` is for the kinds without one. */
typedef struct maiko_hooks {
	maiko_hook any;
#define MAIKO_OBSERVATION_HOOK(number, KIND, hook, text) maiko_hook hook;
	MAIKO_OBSERVATION_MAP(MAIKO_OBSERVATION_HOOK)
#undef MAIKO_OBSERVATION_HOOK
	maiko_hook reserved_[16];
} maiko_hooks;

/* A monitor. Opaque; valid until it is removed, or its supervisor is freed. */
typedef struct maiko_monitor maiko_monitor;

MAIKO_BEGIN_DECLS

/* The text of a kind: "dispatched". "" for none. Static memory. Any thread. */
MAIKO_API const char *maiko_observation_text(maiko_observation_kind kind);

/*
 * The calls below may be made at any time, from any thread. Each is complete when every
 * worker has applied it: on a thread that may wait (supervisor.h) it returns then; in a
 * callback, in a hook or on an embedded loop's thread it returns immediately and completes
 * soon. The requests of one thread for one monitor are applied in order. All of them return
 * MAIKO_ETIMEDOUT when the stop has given up a callback that does not return: that callback
 * may still cause a hook to be called, so nothing is freed.
 */

/*
 * maiko_monitor_add - observes `sup` with a copy of `hooks` from now on.
 *
 * Each hook receives `arg`. *ret_monitor is set before the first hook is called. The
 * supervisor owns the monitor and frees it, unless it is removed before. Errors: MAIKO_EINVAL
 * (a NULL, or no hook at all), MAIKO_E2BIG (more than MAIKO_MONITORS_MAX), MAIKO_ENOMEM,
 * MAIKO_EFORK.
 */
MAIKO_API int maiko_monitor_add(maiko_supervisor *sup, const maiko_hooks *hooks, void *arg,
				maiko_monitor **ret_monitor);

/* Between the completion of a pause and the next resume no hook is called. Idempotent. Errors:
 * MAIKO_EINVAL, MAIKO_ENOMEM, MAIKO_ESTATE (it is being removed), MAIKO_EFORK. */
MAIKO_API int maiko_monitor_pause(maiko_monitor *monitor);
MAIKO_API int maiko_monitor_resume(maiko_monitor *monitor);

/*
 * maiko_monitor_remove - ends the observation and frees the monitor.
 *
 * Once the removal is complete no hook is called; if it was requested in a callback or a
 * hook, that worker calls none from then on. Then `removed(arg)` (may be NULL) is called
 * once, with the `arg` given to maiko_monitor_add, which may be freed there: before the call
 * returns if it waits, else on any thread. Errors: as maiko_monitor_pause; with
 * MAIKO_ETIMEDOUT `removed` is not called.
 */
MAIKO_API int maiko_monitor_remove(maiko_monitor *monitor, void (*removed)(void *arg));

MAIKO_END_DECLS

#endif
