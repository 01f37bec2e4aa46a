/*
 * actor_state.h - the structs of an actor and of its type (runtime.h says who may touch what).
 */
#ifndef MK_ACTOR_STATE_H
#define MK_ACTOR_STATE_H

#include "base/base.h"
#include "ds/mailbox.h"
#include "ds/map.h"
#include "ds/subscriptions.h"
#include "ds/timer.h"
#include "event/event.h"
#include "event/sender.h"

#include <maiko/maiko.h>

typedef struct maiko_ctx mk_actor; /* a user's ctx is the actor itself */
typedef maiko_supervisor mk_sup;
typedef struct mk_worker mk_worker;

/* ---- types ------------------------------------------------------------------ */

typedef struct mk_handler {
	const mk_type *type;
	int (*on)(void *state, const void *event, maiko_ctx *ctx);
} mk_handler;

/* One supervisor's record of an actor type; immutable once made. */
typedef struct mk_actor_class {
	struct mk_actor_class *next;
	const maiko_actor_type *desc;
	int (*any)(void *state, const maiko_any *event, maiko_ctx *ctx);
	int (*start)(void *state, maiko_ctx *ctx);
	int (*stop)(void *state, maiko_ctx *ctx);
	int (*error)(void *state, const maiko_error *error, maiko_ctx *ctx);
	int (*done)(void *state, const maiko_completion *completion, maiko_ctx *ctx);
	maiko_next (*tick)(void *state, maiko_ctx *ctx);
	int (*receipt)(void *state, const maiko_receipt *receipt, maiko_ctx *ctx);
	int (*interest)(void *state, const maiko_interest *interest, maiko_ctx *ctx);
	const uint32_t *watched; /* the topics of `interest`, stored behind the handlers */
	uint32_t watched_count;
	bool hooked; /* an mk_hook precedes each of its actors (stop_order.h) */
	/* A hash table by type: open addressing from the type's index; free entries have type NULL. */
	uint32_t handler_mask;
	_Alignas(16) mk_handler handlers[];
} mk_actor_class;

/* The class's handler of a type, or NULL. */
static inline const mk_handler *mk_handler_of(const mk_actor_class *class, const mk_type *type)
{
	uint32_t i = type->index;
	const mk_handler *h = &class->handlers[i & class->handler_mask];
	while (MK_UNLIKELY(h->type != type)) {
		if (h->type == NULL)
			return NULL;
		h = &class->handlers[++i & class->handler_mask];
	}
	return h;
}

static inline bool mk_ignores(const mk_actor_class *class, const mk_type *type)
{
	return class->any == NULL && mk_handler_of(class, type) == NULL;
}

/* ---- actors ------------------------------------------------------------------ */

/* mk_actor.sched: 0 means it is idle and may be made ready. */
enum {
	MK_QUEUED = 1u << 0,   /* in the ready list                                  */
	MK_RUNNING = 1u << 1,  /* in a callback, or between two of one run           */
	MK_MUTED = 1u << 2,    /* a subscriber of its events is full (C8)            */
	MK_PAUSED = 1u << 3,   /* a topology change of this actor is under way       */
	MK_WAITING = 1u << 4,  /* not started, or the first batch is still starting (C7) */
	MK_ENDED = 1u << 5,    /* failed, stopped or being removed: never runs again */
	MK_MOVING = 1u << 6,   /* migrates to another worker, or is about to         */
	MK_RETIRING = 1u << 7, /* will be ended and removed between callbacks        */
	MK_SHUT = 1u << 8,     /* entered from libuv during a drain: may send nothing */
	MK_ON_HOLD = 1u << 9,  /* maiko_hold: its mailbox waits, everything else runs (intake.h) */
	MK_DOWN = 1u << 10,    /* it has failed, and waits for its restart (restart.h) */
	MK_HELD = MK_MUTED | MK_PAUSED | MK_WAITING | MK_ENDED | MK_MOVING | MK_RETIRING | MK_DOWN
};

typedef struct mk_counts {
#define MK_OUTCOME(field, text) mk_counter field;
	MAIKO_OUTCOME_MAP(MK_OUTCOME)
#undef MK_OUTCOME
} mk_counts;
#define MK_OUTCOME_OF(name) offsetof(mk_counts, name)

static inline void mk_counts_add(mk_counts *counts, const mk_counts *more)
{
#define MK_OUTCOME(field, text) mk_count_add(&counts->field, mk_count(&more->field));
	MAIKO_OUTCOME_MAP(MK_OUTCOME)
#undef MK_OUTCOME
}

/* Outcomes of an actor's deliveries that were not handled. Allocated with the first delivery. */
typedef struct mk_tally {
	mk_counter refused; /* deliveries that added nothing to the mailbox */
	mk_counts counts;
	mk_actor *next_warm, *prev_warm; /* in the worker's list of actors whose ring may be freed */
	uint64_t cooled;                 /* its mailbox's tail when mk_cool last visited that list */
} mk_tally;

/* A callback of an actor other than for an event. */
typedef struct mk_task {
	struct mk_task *next;
	void (*run)(mk_actor *a, struct mk_task *task); /* frees the task */
	void (*drop)(struct mk_task *task);             /* the actor has ended: frees it */
} mk_task;

/* What the runtime gives to one actor alone (private.h). */
typedef struct mk_private {
	struct mk_private *next, **at; /* at: what points to it */
	uint64_t after; /* the mailbox's tail when it was given: events before that position come first */
	bool first;     /* it comes before all events instead */
	/* Runs its callback and frees it; false: it was out of date, and no callback has run. */
	bool (*run)(mk_actor *a, struct mk_private *private);
	void (*drop)(mk_actor *a, struct mk_private *private); /* the actor has ended (NULL: and gone): frees it */
} mk_private;

/* An event that an actor keeps, and how many times. */
typedef struct mk_kept {
	mk_event *event;
	uint32_t times;
} mk_kept;

/* State that few actors need, allocated on first use. */
typedef struct mk_extra {
	/* tick.c */
	maiko_next next; /* its last result */
	unsigned wants;  /* the set of maiko_woken that it waits for */
	unsigned came;   /* those that have come since */
	unsigned woken;  /* those that the last run was for */
	mk_actor *timer_actor;
	mk_timer timer;
	uint64_t packed_ns; /* its due time while the actor migrates; UINT64_MAX: not set */
	struct mk_fd_watch *watch;
	uint32_t backoff_ms; /* delay after errors that on_error handled; 0: the last run had none */
	uint32_t batch;      /* how many events it waits for; 0: those of a run */
	uint64_t batch_from; /* mk_actor.handled when they began */
	bool tick_due, tick_set;
	bool tick_late; /* postponed for a control message */
	/* delayed.c */
	union mk_delayed_slot *delayed; /* all of them, each in the slot that its name says */
	uint32_t delayed_size, delayed_used, delayed_count, delayed_free;
	uint64_t delayed_named;             /* so many have had a name */
	struct mk_delayed *due, **due_tail; /* became due while the actor was held */
	uint64_t missed;                    /* the result of maiko_missed */
	/* backpressure.c */
	struct mk_edge *mutes;    /* senders that this actor mutes */
	mk_map edges;             /* the same, by sender */
	struct mk_wait *muted_by; /* subscribers and channels that mute this actor */
	uint32_t channel_waits;   /* how many of these are channels */
	struct mk_cycle *cycle;   /* the last one found since it was muted */
	bool runs_on;             /* runs although muted, because it is in that cycle */
	bool reprobe;             /* it is in the worker's list of actors that must send a probe: */
	mk_actor *next_probing, *prev_probing;
	uint64_t asked_to_break; /* the mailbox's tail when mk_cycle_check last asked to break the cycle */
	uint32_t allowance;
	mk_counter mute_count;
	mk_map seen; /* the last probe that it has forwarded, by initiator */
	/* weight.c */
	struct mk_weights *weights;
	/* overflow.c */
	struct mk_keep *keep; /* the mailbox position of each key's latest event */
	mk_map oldest;        /* a lower bound for the position of each topic's oldest event */
	/* dispatch.c */
	mk_task *tasks, **task_tail;
	struct mk_private *privates, **private_tail; /* private.h */
	mk_kept *kept;
	mk_map kept_at; /* the index of each, by its data */
	uint32_t kept_count, kept_size;
	bool overflowed; /* MAIKO_FAIL found the mailbox full */
	/* intake.c */
	mk_actor *next_on_hold, *prev_on_hold; /* of the worker's */
	_Atomic(bool) on_hold;                 /* MK_ON_HOLD, for a report */
	/* completion.c */
	uint32_t changes; /* requested by it and not reported to it yet */
	/* blocking.c */
	uint32_t jobs; /* under way */
	uint32_t started_jobs;
	/* migrate.c */
	uint64_t moved_ns; /* when it migrated to this worker, or 0 */
	/* handles.c */
	struct mk_adopted *adopted;
	mk_map handles;                 /* the same, by handle */
	struct mk_departure *departure; /* what waits for the last of them to be closed, allocated with the first, */
	void (*all_closed)(mk_worker *w, mk_actor *a); /* and what is called then; NULL: nobody waits */
	/* receipt.c */
	struct mk_receipt *receipts; /* that it waits for */
	/* question.c */
	struct mk_question *questions, **question_tail; /* that it has asked and that have not ended */
	/* notice.c */
	struct mk_notice *notices; /* of each topic, and of each pattern, that it watches */
	mk_link *found;            /* ... of what is found by the patterns, under the lock */
	/* watch.c */
	struct mk_watch *watchers; /* what watches it */
	struct mk_watch *watches;  /* its own, and the same by the id of the watched */
	mk_map watched;
	uint64_t watch_count; /* its own so far */
	/* filter.c */
	struct mk_filter *filters; /* of its subscriptions; a shadow has those of its actor in the map alone: */
	mk_map filter_of;          /* the same, by topic */
	bool ages;                 /* its mailbox may have events that expire (dispatch.c) */
	/* registry/members.h */
	struct mk_membership *membership; /* NULL: it is in no share group */
	/* restart.c */
	struct mk_care *care; /* if it is supervised (registry/group.h) */
	uint32_t life;        /* how many lives have ended: what was begun in an earlier one is dropped */
	uint64_t stuck_ms;    /* timed.h: .stuck_ms, or 0 */
	/* failure */
	int error;
	char *detail;
	mk_counter ticks;
} mk_extra;

struct maiko_ctx {
	/* accessed by a delivery: one cache line */
	_Alignas(16) mk_mailbox box;
	mk_sender *self;
	mk_actor *next; /* ready list; before the start: order of adding */
	uint16_t sched;
	uint8_t status; /* maiko_actor_status */
	bool echo : 1;
	bool shadow : 1;    /* stands for an actor that migrates to this worker (migrate.h) */
	bool warm : 1;      /* in the worker's list of actors whose ring may be freed */
	bool in_stop : 1;   /* in its on_stop: sends without an allowance */
	bool unindexed : 1; /* its index of latest events is incomplete: no memory, or it has migrated (overflow.c) */
	bool pinned : 1;    /* the caller chose its worker */
	bool looped : 1;    /* it uses its worker's libuv loop, and may wait there for anything */
	bool drains : 1;    /* a stop ends its ticks last (stop.h), and has not done so yet */
	bool temporary : 1; /* its failure does not stop the supervisor */
	bool gone : 1;      /* removed, but still in the ready list, which frees it */
	bool overlaps : 1;  /* one event may match several of its subscriptions (mk_has_earlier) */
	bool timed : 1;     /* its callbacks are timed: extra->stuck_ms (timed.h) */
	bool cared; /* it is supervised: extra->care; constant, and read by any thread: so in no byte with others */
	bool removing : 1;  /* its removal was requested (under the lock) */
	bool patterned : 1; /* it subscribes, or has subscribed, to a pattern (under the lock) */
	bool asks : 1;      /* a call that adds it has found a pattern (mk_topic_needed) */
	bool changing : 1;  /* a topology change under way includes it (under the lock) */
	bool occupied;      /* its extra may have something that a run must look at (mk_occupy) */
	/* accessed by a run: the next line */
	const mk_actor_class *class;
	mk_extra *extra;
	mk_worker *worker;
	mk_counter sent, handled;
	mk_tally *tally;
	/* rarely accessed */
	mk_subscriptions places; /* under the lock, as is their count: */
	uint32_t place_count;
	uint32_t here; /* its index in the worker's actors */
	union {
		struct { /* while it is held: of the worker's held actors, or those that are retiring */
			mk_actor *prev_held, *next_held;
		};
		uint32_t target; /* else, a guess: at what byte of the worker's targets is that of its next event */
	};
	/* its state follows, in the same block: mk_actor_state */
};
_Static_assert(offsetof(struct maiko_ctx, class) <= MK_LINE, "a delivery touches one line");
_Static_assert(sizeof(struct maiko_ctx) <= 144, "an idle actor is small");

/* The user's state: after the actor, with the alignment of its type. */
/* Whether it is in its on_stop, also that of a restart, or has ended: what it asks for now would be given up. */
static inline bool mk_is_ending(const mk_actor *a) { return (a->sched & MK_ENDED) != 0 || a->in_stop; }

static inline void *mk_actor_state(const mk_actor *a) { return (char *)(uintptr_t)a + sizeof *a; }

#endif
