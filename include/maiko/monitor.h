/*
 * monitor.h - watching a supervisor: a table of hooks, called on the workers.
 *
 * What a monitor sees is told where it happens, on the worker that does it (embedded on
 * the loop's thread; that the first actors are added, and what becomes of events at a stop
 * without a start, on the thread that starts or stops). So hooks of one monitor run on
 * several threads at once, on each of them in the order of what happened there. A hook
 * holds its worker up: keep it short. It counts as a callback: it may read, send to a
 * supervisor (which does not wait there), and add, pause, resume or remove any monitor,
 * itself too. It must not call what takes a ctx. A supervisor without monitors pays one
 * predictable branch for each observation.
 *
 * The life of an event in observations, for each subscriber:
 *
 *   dispatched -> delivered -> handled               it was queued, and its handler has run
 *                           -> overflowed            ... a later one took its place
 *                           -> discarded             ... dead, or discarded at a stop
 *              -> overflowed                         its policy let it not in
 *              -> discarded                          dead, no memory, or a stop past its deadline
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_MONITOR_H
#define MAIKO_MONITOR_H

#include <maiko/event.h>
#include <maiko/export.h>

/* The most monitors of a supervisor. */
#define MAIKO_MONITORS_MAX 16

/* XX(number, KIND, hook, text): what there is to see, and what `code` is then. A later version may see
 * more: hooks.any is called with kinds that are not listed here. */
#define MAIKO_OBSERVATION_MAP(XX)                                                                                      \
	XX(0, DISPATCHED, dispatched, "dispatched") /* an event was accepted and is routed; once an event    */        \
	XX(1, DELIVERED, delivered, "delivered")    /* it is in the actor's mailbox                          */        \
	XX(2, HANDLED, handled, "handled")          /* what the handler returned; 1: it has none: ignored    */        \
	XX(3, OVERFLOWED, overflowed, "overflowed") /* MAIKO_DROPPED; no actor: a full channel, or no memory */        \
	XX(4, DISCARDED, discarded, "discarded")    /* the maiko_outcome, any but the first three            */        \
	XX(5, ADDED, added, "added")                /* the actor lives on this worker, and is to be started  */        \
	XX(6, STARTED, started, "started")          /* its on_start has returned, if it has one              */        \
	XX(7, STOPPED, stopped, "stopped")          /* what its on_stop returned; 0 if it has none           */        \
	XX(8, FAILED, failed, "failed")             /* the error; "stopped" follows, if it had started       */        \
	XX(9, REMOVED, removed, "removed")          /* nothing of it follows                                 */        \
	XX(10, TICK_ENTERED, tick_entered, "tick entered")                                                             \
	XX(11, TICK_LEFT, tick_left, "tick left")      /* the kind of its answer (next.h)                       */     \
	XX(12, MUTED, muted, "muted")                  /* the actor: someone it sends to is full                */     \
	XX(13, RELEASED, released, "released")         /* it may run again                                      */     \
	XX(14, ERROR, error, "error")                  /* what on_error is asked about next, if there is one    */     \
	XX(15, TOPOLOGY, topology, "topology changed") /* the number of the change, on each worker            */       \
	XX(16, DRAINING, draining, "draining")         /* a stop has begun on this worker                       */     \
	XX(17, MOVED, moved, "moved")                  /* the actor lives on this worker now; the one it left   */     \
	XX(18, RESTARTING, restarting, "restarting")   /* the error: it will be started again                   */     \
	XX(19, RESTARTED, restarted, "restarted")      /* how often it has been                                 */     \
	XX(20, GROUP_FAILED, group_failed, "group failed")                                                             \
	XX(21, SET_ASIDE, set_aside, "set aside") /* the error: the event will not be tried again          */          \
	XX(22, STUCK, stuck, "stuck")             /* for how many ms its callback has not returned         */          \
	XX(23, HELD, held, "held")                /* maiko_hold                                            */          \
	XX(24, UNHELD, unheld, "unheld")          /* maiko_unhold                                          */          \
	XX(25, LINK_UP, link_up, "link up")                                                                            \
	XX(26, LINK_DOWN, link_down, "link down") /* the error                                             */          \
	XX(27, RECEIPT, receipt, "receipt")       /* what its handler returned; it is about the event sent */          \
	XX(28, INTEREST, interest, "interest")    /* what its handler returned                             */

/* How many kinds this header lists. */
#define MAIKO_OBSERVATION_KINDS 29

typedef enum maiko_observation_kind {
#define MAIKO_OBSERVATION_ENUM(number, KIND, hook, text) MAIKO_OBSERVED_##KIND = (number),
	MAIKO_OBSERVATION_MAP(MAIKO_OBSERVATION_ENUM)
#undef MAIKO_OBSERVATION_ENUM
} maiko_observation_kind;

/* What became of a delivery: the counters of a ledger's row, in their order. */
typedef enum maiko_outcome {
	MAIKO_HANDLED = 0,
	MAIKO_IGNORED = 1,
	MAIKO_DROPPED = 2,
	MAIKO_DISCARDED = 3,
	MAIKO_DEAD = 4,
	MAIKO_NO_MEMORY = 5,
	MAIKO_EXPIRED = 6,
	MAIKO_FILTERED = 7,
	MAIKO_SET_ASIDE = 8,
	MAIKO_PASSED_ON = 9,
	MAIKO_LOST = 10
} maiko_outcome;

/* One observation. All of it is valid until the hook returns. */
typedef struct maiko_observation {
	maiko_observation_kind kind;
	maiko_supervisor *supervisor;
	uint32_t worker;             /* 1 and up */
	uint64_t now_ns;             /* of maiko_now, read once a turn */
	maiko_actor_id actor;        /* 0: it is about no actor */
	const char *actor_name;      /* "" then */
	const char *actor_type;      /* "" then */
	const maiko_envelope *event; /* NULL: it is about no event */
	const void *data;            /* the event's struct, or NULL */
	int64_t code;                /* see MAIKO_OBSERVATION_MAP; else 0 */
	bool was_queued;             /* overflowed, discarded: it had been delivered */
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

/* One that watches. Opaque; valid until it is removed, or its supervisor freed. */
typedef struct maiko_monitor maiko_monitor;

MAIKO_BEGIN_DECLS

/* The text of a kind: "dispatched". "" for none. Static memory. Any thread. */
MAIKO_API const char *maiko_observation_text(maiko_observation_kind kind);

/*
 * The calls below may be made at any moment, from any thread. Each is complete when every
 * worker has it: on a thread that may wait (supervisor.h) they return then; in a callback,
 * in a hook or on an embedded loop's thread they return at once, and it completes soon.
 * What one thread asks for one monitor happens in that order. All of them return
 * MAIKO_ETIMEDOUT when the stop has given up a callback that does not return: it may yet
 * call a hook, so nothing is freed.
 */

/*
 * maiko_monitor_add - watches `sup` with `hooks`, of which a copy is taken, from now on.
 *
 * `arg` goes to each hook. *ret_monitor is set before the first is called; it is the
 * supervisor's and goes with it, if it is not removed before. Errors: MAIKO_EINVAL (a NULL,
 * or no hook at all), MAIKO_E2BIG (more than MAIKO_MONITORS_MAX), MAIKO_ENOMEM, MAIKO_EFORK.
 */
MAIKO_API int maiko_monitor_add(maiko_supervisor *sup, const maiko_hooks *hooks, void *arg,
				maiko_monitor **ret_monitor);

/* No hook is called from the end of the pause to the resume. Idempotent. Errors:
 * MAIKO_EINVAL, MAIKO_ENOMEM, MAIKO_ESTATE (it is being removed), MAIKO_EFORK. */
MAIKO_API int maiko_monitor_pause(maiko_monitor *monitor);
MAIKO_API int maiko_monitor_resume(maiko_monitor *monitor);

/*
 * maiko_monitor_remove - no hook is called once it is complete, and the monitor is freed.
 *
 * Asked for in a callback or a hook, none is called on that worker any more even before.
 * Then `removed(arg)` (may be NULL) is called once, before the call returns if it waits,
 * else from any thread: `arg`, the one given to maiko_monitor_add, may be freed there.
 * Errors: as maiko_monitor_pause; with MAIKO_ETIMEDOUT `removed` is not called.
 */
MAIKO_API int maiko_monitor_remove(maiko_monitor *monitor, void (*removed)(void *arg));

MAIKO_END_DECLS

#endif
