/*
 * lifecycle.h - what the library itself tells: the ends and restarts of actors, groups that have failed, callbacks that
 * do not return, topics that are silent, and dead letters: events that a subscriber has not handled.
 *
 *   MAIKO_ACTOR(operator,
 *       MAIKO_ON(maiko_ended, operator_on_ended),              // of the actors that it watches
 *       MAIKO_ON(maiko_group_failed, operator_on_group),
 *       MAIKO_ON(maiko_dead_letter, operator_on_dead_letter));
 *
 *   maiko_watch(ctx, id);           // exactly one maiko_ended, also if that actor has ended already
 *   maiko_resend(ctx, letter);      // the event of a dead letter again
 *
 * The events of this header are published by the library alone, on the worker where it happened, with the sender
 * "maiko" (sender_id 0); to send one is MAIKO_EINVAL. They are made only if someone subscribes to their topic, and
 * follow all that they tell of: the end of an actor comes after every event that the actor has sent. They never mute
 * anyone: their topics have the policies named below, a subscription to them with MAIKO_BLOCK or MAIKO_FAIL is
 * MAIKO_EINVAL, and with MAIKO_KEEP_LATEST a full mailbox drops its oldest of the topic. Between two workers one is
 * dropped, and counted, if the channel is full. One for which there is no memory is counted (maiko_ledger.untold).
 * MAIKO_ALL_TOPICS does not include these topics: an actor that wants them names them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_LIFECYCLE_H
#define MAIKO_LIFECYCLE_H

#include <maiko/actor.h>
#include <maiko/ctx.h>
#include <maiko/event.h>
#include <maiko/export.h>
#include <maiko/topic.h>

MAIKO_BEGIN_DECLS

/* Ends and restarts of all actors: maiko_ended, maiko_restarted. Keeps the latest of each kind and actor. An actor type
 * that handles one of them does not subscribe to it by that, because a watch needs no subscription: name the topic in
 * .topics, or call maiko_subscribe. Named "maiko.lifecycle". */
extern MAIKO_API const maiko_topic maiko_lifecycle_topic;
#define maiko_gen_topic_maiko_lifecycle_topic maiko_lifecycle_topic
/* Failures of groups: maiko_group_failed. MAIKO_DROP_OLDEST. Named "maiko.groups". */
extern MAIKO_API const maiko_topic maiko_groups_topic;
#define maiko_gen_topic_maiko_groups_topic maiko_groups_topic
/* Dead letters: maiko_dead_letter. MAIKO_DROP_OLDEST. Named "maiko.dead_letters". */
extern MAIKO_API const maiko_topic maiko_dead_letters_topic;
#define maiko_gen_topic_maiko_dead_letters_topic maiko_dead_letters_topic
/* Callbacks that run too long: maiko_stuck. MAIKO_DROP_OLDEST. Named "maiko.stuck". */
extern MAIKO_API const maiko_topic maiko_stuck_topic;
#define maiko_gen_topic_maiko_stuck_topic maiko_stuck_topic
/* Topics on which nothing comes, though it should: maiko_silent. MAIKO_DROP_OLDEST. Named "maiko.silent". */
extern MAIKO_API const maiko_topic maiko_silent_topic;
#define maiko_gen_topic_maiko_silent_topic maiko_silent_topic

/* ---- ends and restarts ------------------------------------------------------------------ */

typedef enum maiko_end_reason {
	MAIKO_END_SELF = 1,    /* maiko_stop_self                                                    */
	MAIKO_END_REMOVED = 2, /* maiko_remove, or with its group                                    */
	MAIKO_END_FAILED = 3,  /* it has failed, and is not restarted                                */
	MAIKO_END_UNKNOWN = 4  /* of a watch: there was no such actor, or it had ended, when it began */
} maiko_end_reason;

/* An actor has ended: its on_stop has returned. Not told of those that a stop of the supervisor ends. */
typedef struct maiko_ended {
	maiko_actor_id actor;
	char name[MAIKO_NAME_MAX + 1]; /* "" if UNKNOWN                   */
	char type[MAIKO_NAME_MAX + 1]; /* the actor type's; "" if UNKNOWN */
	maiko_end_reason reason;
	int error;         /* FAILED: why; else 0, or why it failed in its on_stop */
	uint32_t restarts; /* how many times it was restarted */
	uint32_t worker;   /* that it was on, 1 and up; UNKNOWN: 0 */
} maiko_ended;
/* Its descriptor: MAIKO_EVENT_REF(maiko_ended). */
extern MAIKO_API const maiko_event_type maiko_gen_event_maiko_ended;

/* An actor has been restarted: its new on_start has returned. That it has failed and waits is told by the hook
 * `restarting` of a monitor (monitor.h), and by maiko_report. */
typedef struct maiko_restarted {
	maiko_actor_id actor;
	char name[MAIKO_NAME_MAX + 1];
	int error;         /* why it had failed; 0: it had not (maiko_restart, or with its group) */
	uint32_t restarts; /* how many times so far */
} maiko_restarted;
/* Its descriptor: MAIKO_EVENT_REF(maiko_restarted). */
extern MAIKO_API const maiko_event_type maiko_gen_event_maiko_restarted;

/* A group has failed: more failures than its .restarts within .within_ms (group.h). */
typedef struct maiko_group_failed {
	maiko_group_id group;          /* 0: the root; the supervisor stops */
	char name[MAIKO_NAME_MAX + 1]; /* "": the root */
	maiko_actor_id actor;          /* whose failure was the last */
	char actor_name[MAIKO_NAME_MAX + 1];
	int error;         /* of that failure */
	uint32_t restarts; /* the group's .restarts */
	uint64_t within_ms;
} maiko_group_failed;
/* Its descriptor: MAIKO_EVENT_REF(maiko_group_failed). */
extern MAIKO_API const maiko_event_type maiko_gen_event_maiko_group_failed;

/* A callback runs longer than the actor's .stuck_ms; again each time that has doubled. Published while it runs, by
 * another worker; if each is stuck, when that worker can. Not in a stop, nor while the run is recorded, because in a
 * replay callbacks take no time. */
typedef struct maiko_stuck {
	maiko_actor_id actor;
	char name[MAIKO_NAME_MAX + 1];
	char event[MAIKO_NAME_MAX + 1]; /* the type of the event that it handles; "" if none */
	uint64_t ms;                    /* for how long so far */
	uint32_t worker;                /* 1 and up */
	uint32_t actors;                /* of that worker, this one included: they wait */
} maiko_stuck;
/* Its descriptor: MAIKO_EVENT_REF(maiko_stuck). */
extern MAIKO_API const maiko_event_type maiko_gen_event_maiko_stuck;

/*
 * Nothing was published for .expect_every_ms (topic.h) on a topic that has it; told once, and again when something was.
 *
 * Publishing is what counts: by actors on any worker and from outside, whether or not anyone subscribes; not what
 * becomes of the events, and not what waits to be sent. It is expected from the start on, of a topic that is made later
 * from then on; a topic is known to the supervisor once an actor, an event type in use or a call has named it.
 *
 * The first worker looks four times in that time, so a silence is told when it has lasted 1 to 1.25 times as long, and
 * its end up to a quarter of it later; later still while a callback holds that worker up. An event costs nothing for
 * that, and a topic without .expect_every_ms neither. Not in a stop. A recording has what was told.
 */
typedef struct maiko_silent {
	char topic[MAIKO_NAME_MAX + 1];
	uint64_t ms;       /* how long it has been silent, from the look that last found something */
	uint64_t every_ms; /* its .expect_every_ms */
	bool again;        /* false: it is silent; true: it was, and something was published again */
} maiko_silent;
/* Its descriptor: MAIKO_EVENT_REF(maiko_silent). */
extern MAIKO_API const maiko_event_type maiko_gen_event_maiko_silent;

/* Zero in any field means the default. */
typedef struct maiko_watch_options {
	bool restarts; /* also one maiko_restarted for each restart */
	uint64_t reserved_[4];
} maiko_watch_options;

/*
 * The raw call behind maiko_watch(ctx, id, options...): watches an actor; `options` may be NULL.
 *
 *   maiko_watch(ctx, id);
 *   maiko_watch(ctx, id, .restarts = true);
 *
 * This actor handles exactly one maiko_ended when that actor ends; soon, and with MAIKO_END_UNKNOWN, if it has ended
 * already or never was. A restart is no end. The watch is over with the maiko_ended, with maiko_unwatch_actor, when
 * this actor ends or is restarted, and when the supervisor stops: of actors that the stop ends nobody is told; of one
 * that fails or ends itself while the supervisor stops, its watchers still are.
 *
 * The maiko_ended is a private delivery: no other actor gets it; no hold and no full mailbox delays it, and no policy
 * drops it. It comes after all events that the watched actor has sent to this one and, unless this one is on hold,
 * after those in its mailbox. Its memory is reserved by this call; a maiko_restarted for which there is none is
 * counted in maiko_ledger.untold.
 *
 * Any actor may watch any other, on whatever worker both live, also one that it has just added. Errors: MAIKO_EINVAL
 * (a NULL; id is 0 or this actor's; this actor's type does not handle maiko_ended, or with .restarts
 * maiko_restarted), MAIKO_EEXIST (it watches it already), MAIKO_ESTATE (this actor is ending), MAIKO_ENOMEM (no
 * effect), MAIKO_EFORK.
 */
MAIKO_API int maiko_ctx_watch(maiko_ctx *ctx, maiko_actor_id actor, const maiko_watch_options *options);

/* Ends a watch: after this call no event of it is handled. MAIKO_ENOENT: this actor does not watch that one. */
MAIKO_API int maiko_unwatch_actor(maiko_ctx *ctx, maiko_actor_id actor);

/* ---- dead letters -------------------------------------------------------------------------- */

/* Why an event was not handled; also the bits of maiko_options.dead_letters. */
typedef enum maiko_letter_reason {
	MAIKO_LETTER_SET_ASIDE = 1,  /* its handler has failed, and is not to try it again (group.h)         */
	MAIKO_LETTER_DEAD = 2,       /* its subscriber has ended, or no longer subscribes                     */
	MAIKO_LETTER_DROPPED = 4,    /* by the policy of a full mailbox, or of a full channel between workers */
	MAIKO_LETTER_EXPIRED = 8,    /* older than its time to live                                           */
	MAIKO_LETTER_DISCARDED = 16, /* while the supervisor stops, before its deadline                      */
	MAIKO_LETTER_UNROUTED = 32,  /* nobody subscribed when it was sent                                    */
	MAIKO_LETTER_LOST = 64       /* on a link                                                             */
} maiko_letter_reason;

/* The text of a reason, as the ledger counts such events: "set aside", "dead", "dropped"; "?" for an unknown one. Never
 * NULL; static memory. Any thread. */
MAIKO_API const char *maiko_letter_reason_text(maiko_letter_reason reason);

/* For maiko_options.dead_letters: the default; and none at all. */
#define MAIKO_LETTERS (MAIKO_LETTER_SET_ASIDE | MAIKO_LETTER_DEAD)
#define MAIKO_NO_LETTERS (UINT64_C(1) << 63)

/* A delivery that was not handled. Its own envelope has the event as its parent. Events of the topics of this header,
 * and private deliveries, have no letters; nor has anything past the deadline of a stop. */
typedef struct maiko_dead_letter {
	char event[MAIKO_NAME_MAX + 1];  /* the event's type, */
	char topic[MAIKO_NAME_MAX + 1];  /* its topic, */
	char sender[MAIKO_NAME_MAX + 1]; /* and its sender; and of its envelope: */
	maiko_id id, parent, correlation;
	uint64_t timestamp_ns, origin_timestamp_ns;
	maiko_actor_id actor; /* the subscriber; 0: none, or those of another worker */
	char name[MAIKO_NAME_MAX + 1];
	maiko_letter_reason reason;
	int error;             /* SET_ASIDE, DEAD: why the subscriber has failed, if it has; else 0 */
	uint32_t attempts;     /* SET_ASIDE: how many times the handler has failed */
	uint32_t worker;       /* where the letter was made, 1 and up */
	maiko_buffer *content; /* the event itself: maiko_letter_event */
} maiko_dead_letter;
/* Its descriptor: MAIKO_EVENT_REF(maiko_dead_letter). */
extern MAIKO_API const maiko_event_type maiko_gen_event_maiko_dead_letter;

/*
 * maiko_letter_event - the event of a letter, for maiko_as and maiko_layout_print:
 *
 *   maiko_any any = maiko_letter_event(letter);
 *   const reading *ev = maiko_as(&any, reading);
 *
 * It is a copy, with references on its buffers, and valid as long as letter->content: longer than the handler with
 * maiko_buffer_ref. The bytes of letter->content mean nothing to others. The type is NULL for a NULL, and for a letter
 * that was not made in this process. Any thread.
 */
MAIKO_API maiko_any maiko_letter_event(const maiko_dead_letter *letter);

/*
 * maiko_resend - sends the event of a letter again: with its id, parent, correlation, sender and time of origin, as
 * maiko_inject does. All current subscribers receive it, also those that handled it the first time.
 *
 * Errors as of maiko_inject; and MAIKO_EINVAL (the letter has no event: it was not made in this process), MAIKO_ETYPE
 * (the supervisor knows the event's name with another layout).
 */
MAIKO_API int maiko_resend(maiko_ctx *ctx, const maiko_dead_letter *letter);

MAIKO_END_DECLS

#define maiko_watch(ctx, ...) MAIKO_PP_WATCH_(ctx, __VA_ARGS__, .reserved_ = {0})
#define MAIKO_PP_WATCH_(ctx, id, ...)                                                                                  \
	MAIKO_PP_STRICT_(maiko_ctx_watch((ctx), (id), &(const maiko_watch_options){__VA_ARGS__}))

#endif
