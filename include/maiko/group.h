/*
 * group.h - supervision: which actors are restarted when they fail, how often, and with which others.
 *
 *   maiko_group_id devices;
 *   maiko_group(sup, "devices", .strategy = MAIKO_REST_FOR_ONE, .restarts = 5, .within_ms = 10000, .ret_id = &devices);
 *   maiko_add(sup, probe, "probe-3", .group = devices, .retries = 2);
 *
 * Groups form a tree; its root is the supervisor. An actor belongs to the group of its option .group, else, if its
 * .restart is MAIKO_TRANSIENT or MAIKO_PERMANENT, to the root. One that belongs to no group is not supervised: its
 * failure stops the supervisor, or with MAIKO_TEMPORARY removes it (actor.h).
 *
 * A restart: on_stop runs, if on_start had succeeded; handles that the actor had adopted are closed; after a delay
 * (maiko_backoff) its state is renewed from .init, on_start runs, and the actor goes on. It happens on the actor's
 * worker, and delays no other actor of another group.
 *
 *   kept      the name and the id, subscriptions, the mailbox with its events, the worker, the place in the order of
 *             on_stop, mutes that it causes and those that it suffers
 *   renewed   the state; events that it kept (released), delayed sends and timers (cancelled), receipts that it waits
 *             for (dead), a hold (ended), blocking jobs (their `done` does not run), and changes that it has requested
 *             (they complete, and .done tells; MAIKO_ON_DONE does not)
 *
 * The event whose handler has failed is handled again first, up to .retries times; these failures count as one. After
 * the last it is set aside: its delivery is counted `set_aside`, and a dead letter tells of it (lifecycle.h). What a
 * failed attempt has sent stays sent. With MAIKO_PHASE_DEADLOCK the queued events are counted dead, because the cycle
 * of full mailboxes would be there again.
 *
 * More failures than the group's .restarts within .within_ms: the group fails. All its actors stop, in reverse order,
 * and the strategy of its parent applies to it as to one member; that counts as one failure there. If the root fails,
 * the supervisor stops, and ends with the error of the last failed actor; maiko_last_error tells the chain.
 *
 * A failure in on_stop is reported, and the restart or the removal goes on. One in on_start is like any other failure;
 * but if an actor has never started, its start fails (maiko_start, maiko_add), unless it was added with
 * .start_may_fail. While a supervisor stops nothing is restarted: a failure then is one of the stop, the event whose
 * handler has failed is set aside whatever .retries says, and what is queued behind it is counted dead. An actor that
 * waits for its restart ends; what is queued for it is counted discarded.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_GROUP_H
#define MAIKO_GROUP_H

#include <maiko/actor.h>
#include <maiko/export.h>
#include <maiko/supervisor.h>
#include <maiko/topic.h>

/* For .restarts: without limit. */
#define MAIKO_UNLIMITED UINT32_MAX

/* The maximum of .restarts, except MAIKO_UNLIMITED, and of groups that exist at one time. */
#define MAIKO_RESTARTS_MAX 10000
#define MAIKO_GROUPS_MAX (1u << 20)
/* The most groups within each other. */
#define MAIKO_GROUP_DEPTH_MAX 64

/* Defaults of a group. */
#define MAIKO_RESTARTS 3
#define MAIKO_RESTARTS_WITHIN_MS 5000
#define MAIKO_GROUP_STOP_MS 5000

/* Which members are restarted when one has failed. The others that are stop first, in reverse order; then all start
 * in the order in which they were added. Of the others, those with .ephemeral or MAIKO_TEMPORARY are removed. */
typedef enum maiko_strategy {
	MAIKO_ONE_FOR_ONE = 0, /* it alone                     */
	MAIKO_ONE_FOR_ALL = 1, /* all members of the group     */
	MAIKO_REST_FOR_ONE = 2 /* it and those added after it  */
} maiko_strategy;

/* Zero in any field means the default. */
typedef struct maiko_group_options {
	maiko_group_id group; /* the group that it is a member of; default: the root              */
	maiko_strategy strategy;
	uint32_t restarts;            /* failures within .within_ms before the group fails, 1 to
				       * MAIKO_RESTARTS_MAX or MAIKO_UNLIMITED; MAIKO_RESTARTS, 3. The
				       * failure after these makes it fail.                               */
	uint64_t within_ms;           /* 1 to MAIKO_NEXT_MS_MAX; MAIKO_RESTARTS_WITHIN_MS, 5000           */
	uint64_t stop_ms;             /* when the group restarts: the time for each member to stop, 1 to
				       * MAIKO_NEXT_MS_MAX; MAIKO_GROUP_STOP_MS, 5000. The supervisor stops
				       * with MAIKO_ETIMEDOUT if one has not: C cannot end a callback. A
				       * thread of the library watches that (with .loop only if an actor
				       * has .stuck_ms); none, if the system refuses it; none in simulation. */
	maiko_restarting restart;     /* of members that say nothing; MAIKO_TRANSIENT                     */
	const maiko_backoff *backoff; /* of members that say nothing; copied                              */
	maiko_group_id *ret_id;       /* receives the id; may be NULL                                     */
	uint64_t reserved_[8];
} maiko_group_options;

MAIKO_BEGIN_DECLS

/*
 * maiko_group(to, name, options...) - makes a group, at any time before the stop; `to` is a supervisor or a ctx.
 *
 * Errors: MAIKO_EINVAL (a NULL, a name that is not valid or "supervisor", as a report calls the root, an option out of
 * its bounds), MAIKO_ENOENT (there is no group .group, or it is being removed), MAIKO_EEXIST (a group of that name),
 * MAIKO_E2BIG, MAIKO_ENOMEM, MAIKO_ESHUTDOWN, MAIKO_EFORK. Any thread; it takes a lock briefly.
 */

/* The raw calls behind maiko_group; `options` may be NULL. */
MAIKO_API int maiko_supervisor_group(maiko_supervisor *sup, const char *name, const maiko_group_options *options);
MAIKO_API int maiko_ctx_group(maiko_ctx *ctx, const char *name, const maiko_group_options *options);

/* Looks up the id of a group by name. MAIKO_ENOENT; MAIKO_EINVAL, MAIKO_EFORK. Any thread. */
MAIKO_API int maiko_find_group(maiko_supervisor *sup, const char *name, maiko_group_id *ret_id);

/*
 * The raw calls behind maiko_remove_group(to, id): removes a group with its groups and actors, the last first.
 *
 * From now on nothing can be added to it, and none of its actors is restarted. On a thread that may wait it returns
 * when the last actor has been removed; in an actor's callback when all removals are requested. The group vanishes
 * with its last member. Before the start an empty group alone can be removed. A second call while it is being removed
 * returns 0, perhaps before the last actor has gone. Errors: MAIKO_ENOENT (no such group), MAIKO_ESTATE (it has actors,
 * and the supervisor has not been started), MAIKO_ENOMEM (some of its actors may have been removed; call it again),
 * MAIKO_ESHUTDOWN, MAIKO_EINVAL, MAIKO_EFORK.
 */
MAIKO_API int maiko_supervisor_remove_group(maiko_supervisor *sup, maiko_group_id group);
MAIKO_API int maiko_ctx_remove_group(maiko_ctx *ctx, maiko_group_id group);

/*
 * The raw calls behind maiko_restart(to, id, options...): restarts an actor now, without delay; `options` may be NULL.
 *
 * It counts as no failure; no other actor is restarted with it. One that waits for its restart restarts at once, and
 * if its group waits to restart with it, all of that. A request that comes while it is being restarted is
 * answered by that restart; one that comes when its on_start has begun already, by another restart after it. Like a
 * change (supervisor.h): on a thread that may wait it returns when on_start has returned; else it completes later, and
 * .done or MAIKO_ON_DONE tells (MAIKO_CHANGE_RESTART); of one that restarts itself, .done alone, because MAIKO_ON_DONE
 * would be of its earlier life. Errors: MAIKO_ENOENT (no such actor), MAIKO_EINVAL (it is not supervised: it has
 * neither .group nor .restart), MAIKO_ESTATE (before the start), MAIKO_EBUSY (a restart of it has been asked for
 * already), MAIKO_ECANCELED (it was removed meanwhile), MAIKO_ENOMEM, MAIKO_ESHUTDOWN; the error of on_start.
 */
MAIKO_API int maiko_supervisor_restart(maiko_supervisor *sup, maiko_actor_id actor,
				       const maiko_change_options *options);
MAIKO_API int maiko_ctx_restart(maiko_ctx *ctx, maiko_actor_id actor, const maiko_change_options *options);

MAIKO_END_DECLS

#define maiko_group(to, ...) MAIKO_PP_GROUP_(to, __VA_ARGS__, .reserved_ = {0})
#define MAIKO_PP_GROUP_(to, name, ...)                                                                                 \
	MAIKO_PP_STRICT_(MAIKO_PP_CALL_(to, group)((to), (name), &(const maiko_group_options){__VA_ARGS__}))
#define maiko_remove_group(to, id) MAIKO_PP_STRICT_(MAIKO_PP_CALL_(to, remove_group)((to), (id)))
#define maiko_restart(to, ...) MAIKO_PP_RESTART_(to, __VA_ARGS__, .reserved_ = {0})
#define MAIKO_PP_RESTART_(to, id, ...)                                                                                 \
	MAIKO_PP_STRICT_(MAIKO_PP_CALL_(to, restart)((to), (id), MAIKO_PP_CHANGE_OPTIONS_(__VA_ARGS__)))

#endif
