/*
 * runtime.h - the structs that the rooms share: actor, topic, worker, supervisor.
 *
 * Who may touch what:
 *   - an actor, its mailbox and its extra: its worker alone; counters may be read by all
 *   - a worker's topics, subscribers, pool, timers, lists: that worker alone
 *   - a worker's control, external and sleeping: any thread, by their own rules
 *   - a channel: its two workers, as channel.h says
 *   - the supervisor's registry, directory, topology, stop: under `lock`
 *   - mk_type, mk_actor_class, mk_sender, a record's description: immutable once published
 *
 * No room calls user code while it holds the lock.
 */
#ifndef MK_RUNTIME_H
#define MK_RUNTIME_H

#include "base/alive.h"
#include "base/base.h"
#include "base/memory.h"
#include "base/seam.h"
#include "ds/channel.h"
#include "ds/inbox.h"
#include "ds/mailbox.h"
#include "ds/map.h"
#include "ds/name_index.h"
#include "ds/segmented_array.h"
#include "ds/subscriptions.h"
#include "ds/timer.h"
#include "event/event.h"
#include "event/sender.h"
#include "runtime/message.h"

#include <maiko/maiko.h>
#include <uv.h>

typedef struct maiko_ctx mk_actor; /* a user's ctx is the actor itself */
typedef maiko_supervisor mk_sup;

/* ---- types ------------------------------------------------------------------ */

/* An actor type as one supervisor knows it; immutable once made. */
typedef struct mk_handler {
	const mk_type *type;
	int (*on)(void *state, const void *event, maiko_ctx *ctx);
} mk_handler;

typedef struct mk_actor_class {
	struct mk_actor_class *next;
	const maiko_actor_type *desc;
	int (*any)(void *state, const maiko_any *event, maiko_ctx *ctx);
	int (*start)(void *state, maiko_ctx *ctx);
	int (*stop)(void *state, maiko_ctx *ctx);
	int (*error)(void *state, const maiko_error *error, maiko_ctx *ctx);
	int (*done)(void *state, const maiko_completion *completion, maiko_ctx *ctx);
	maiko_next (*tick)(void *state, maiko_ctx *ctx);
	bool hooked; /* its actors have room for the hook of an on_stop (stop_order.h) */
	/* By type: open addressing from the type's index on; some are free. */
	uint32_t handler_mask;
	mk_handler handlers[];
} mk_actor_class;

/* Its handler of a type, or NULL. */
static inline const mk_handler *mk_handler_of(const mk_actor_class *class, const mk_type *type)
{
	const mk_handler *h = &class->handlers[type->index & class->handler_mask];
	for (uint32_t i = type->index + 1; h->type != type; i++) {
		if (h->type == NULL)
			return NULL;
		h = &class->handlers[i & class->handler_mask];
	}
	return h;
}

/* ---- actors ------------------------------------------------------------------ */

/* mk_actor.sched: 0 means it rests and may be made ready. */
enum {
	MK_QUEUED = 1u << 0,   /* in the ready list                                  */
	MK_RUNNING = 1u << 1,  /* in a callback, or between two of one turn          */
	MK_MUTED = 1u << 2,    /* a subscriber of what it sends is full (C8)         */
	MK_PAUSED = 1u << 3,   /* a topology change of it is under way               */
	MK_WAITING = 1u << 4,  /* not started, or the first batch is still starting (C7) */
	MK_ENDED = 1u << 5,    /* failed, stopped or being removed: never runs again */
	MK_MOVING = 1u << 6,   /* on its way to another worker, or about to be       */
	MK_RETIRING = 1u << 7, /* to be ended, and removed, between callbacks        */
	MK_SHUT = 1u << 8,     /* entered from libuv during a drain: may send nothing */
	MK_HELD = MK_MUTED | MK_PAUSED | MK_WAITING | MK_ENDED | MK_MOVING | MK_RETIRING
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

/* What became of its deliveries besides being handled: what an actor has that got an event. */
typedef struct mk_tally {
	mk_counter refused; /* those that added nothing to the mailbox */
	mk_counts counts;
	mk_actor *next_warm, *prev_warm; /* on the worker's list of rings to give back */
	uint64_t cooled;                 /* its mailbox's tail, when that was last looked through */
} mk_tally;

/* Something to be called back for, besides events. */
typedef struct mk_task {
	struct mk_task *next;
	void (*run)(mk_actor *a, struct mk_task *task); /* frees the task */
	void (*drop)(struct mk_task *task);             /* the actor has ended: frees it */
} mk_task;

/* An event that an actor keeps. */
typedef struct mk_kept {
	mk_event *event;
	uint32_t times;
} mk_kept;

/* What few actors have, made when first needed. */
typedef struct mk_extra {
	/* tick.c */
	maiko_next next; /* its last answer */
	mk_actor *timer_actor;
	mk_timer timer;
	uint64_t packed_ns; /* when it was due, while the actor moves; UINT64_MAX: not set */
	struct mk_fd_watch *watch;
	uint32_t backoff_ms; /* of forgiven errors; 0: the last run was fine */
	bool tick_due, tick_set;
	bool tick_late; /* it was put off for a control message */
	/* delayed.c */
	struct mk_delayed *delayed;         /* waiting for their time */
	struct mk_delayed *due, **due_tail; /* whose time has come while the actor was held */
	uint64_t delayed_count;             /* ever: names the next */
	mk_map delayed_names;               /* all of them, by name */
	/* backpressure.c */
	struct mk_edge *mutes;    /* senders that this actor mutes */
	mk_map edges;             /* the same, by sender */
	struct mk_wait *muted_by; /* subscribers and channels that mute this actor */
	uint32_t channel_waits;   /* of these */
	struct mk_cycle *cycle;   /* the last one found since it was muted */
	bool runs_on;             /* for that cycle's sake, although muted */
	bool reprobe;             /* it is in the worker's list of those that have a probe to send: */
	mk_actor *next_probing, *prev_probing;
	uint64_t asked_to_break; /* at this place in its mailbox */
	uint32_t allowance;
	mk_counter mute_count;
	mk_map seen; /* the last probe that it has sent on, by who sent it */
	/* weight.c */
	struct mk_weights *weights;
	/* overflow.c */
	struct mk_keep *keep; /* the place in the mailbox of each key's latest */
	mk_map oldest;        /* the least possible place of each topic's oldest event */
	/* dispatch.c */
	mk_task *tasks, **task_tail;
	mk_kept *kept;
	mk_map kept_at; /* the place of each, by its data */
	uint32_t kept_count, kept_size;
	bool overflowed; /* MAIKO_FAIL found the mailbox full */
	/* blocking.c */
	uint32_t jobs; /* under way */
	uint32_t started_jobs;
	/* migrate.c */
	uint64_t moved_ns; /* when it came here, or 0 */
	/* handles.c */
	struct mk_adopted *adopted;
	mk_map handles; /* of these */
	bool departing; /* it is freed with the last of them */
	/* failure */
	int error;
	char *detail;
	mk_counter ticks;
} mk_extra;

struct maiko_ctx {
	/* a delivery: one line of the cache */
	_Alignas(16) mk_mailbox box;
	mk_sender *self;
	mk_actor *next; /* ready list; before the start: order of adding */
	uint16_t sched;
	uint8_t status; /* maiko_actor_status */
	bool echo : 1;
	bool shadow : 1;    /* of one that is on its way here (migrate.h) */
	bool warm : 1;      /* on the worker's list of rings to give back */
	bool in_stop : 1;   /* in its on_stop: sends without an allowance */
	bool unindexed : 1; /* its index of latest events is incomplete: no memory, or it has moved (overflow.c) */
	bool pinned : 1;    /* its worker was asked for */
	bool looped : 1;    /* it has its worker's loop, and may wait there for anything */
	bool temporary : 1; /* its failure does not stop the supervisor */
	bool gone : 1;      /* it has departed, and is freed when the ready list has come to it */
	bool removing;      /* its removal is asked for (under the lock) */
	bool changing;      /* a topology change under way is about it (under the lock) */
	/* a run: the next */
	const mk_actor_class *class;
	mk_extra *extra;
	mk_worker *worker;
	mk_counter sent, handled;
	mk_tally *tally;
	/* seldom */
	mk_subscriptions places; /* and their count: under the lock */
	uint32_t place_count;
	uint32_t here;                   /* its place among the worker's actors */
	mk_actor *prev_held, *next_held; /* the worker's held actors, or those that are retiring */
					 /* its state follows, in the same block: mk_actor_state */
};
_Static_assert(offsetof(struct maiko_ctx, class) <= MK_LINE, "a delivery touches one line");
_Static_assert(sizeof(struct maiko_ctx) <= 144, "an idle actor is small");

/* What the user has: behind the actor, aligned as its type asks for. */
static inline void *mk_actor_state(const mk_actor *a) { return (char *)(uintptr_t)a + sizeof *a; }

/* ---- topics -------------------------------------------------------------------- */

/* How many subscribers a worker has; the supervisor's view. */
typedef struct mk_interest {
	uint32_t worker;
	uint32_t subscribers, droppers;
} mk_interest;

/* A topic, supervisor-wide. */
typedef struct mk_record {
	maiko_topic desc; /* a copy, with a name of its own */
	uint64_t slot;
	uint32_t index;
	mk_interest *interests; /* under the lock, as are the rest */
	uint32_t interest_count, interest_size;
} mk_record;

enum { MK_ACTIVE = 0, MK_JOINING, MK_LEAVING };

typedef struct mk_sub {
	mk_actor *actor;
	uint8_t overflow; /* resolved; of all topics, default: that of each event's topic */
	uint8_t state;    /* ACTIVE; JOINING, LEAVING: from, until the change under way */
	bool simple;      /* its policy does not matter while there is room */
	uint32_t next_leaving;
} mk_sub;
_Static_assert(sizeof(mk_sub) == sizeof(mk_actor *) + 8, "a hundred thousand subscribers are small");

/* A topic as one worker has it. */
typedef struct mk_topic {
	/* a publish: one line of the cache */
	_Alignas(MK_LINE) mk_sub *subs; /* `single`, or an array */
	uint64_t remote;                /* other workers with a subscriber */
	uint32_t sub_count;
	bool changing; /* some subscriber is not ACTIVE */
	mk_sub single;
	mk_counter published, deliveries;
	mk_counts counts; /* what was handled, and the rest beyond */
	/* seldom */
	uint32_t index, sub_size;
	uint32_t reserved; /* of sub_size, for those that are about to move here */
	uint32_t leaving;  /* the last that is LEAVING, its place from 1; each has the next */
	uint32_t joined;   /* from here on they may be JOINING */
	mk_map places;     /* of many subscribers, once one has been looked for (topic.c) */
	mk_record *record;
	uint64_t remote_drops; /* those of `remote` where every subscriber has a drop policy */
	mk_counter unrouted, channel_dropped, delayed, delayed_discarded;
	mk_counter bytes; /* queued, besides the events themselves (weight.h) */
} mk_topic;
_Static_assert(offsetof(mk_topic, counts) + sizeof(mk_counter) <= MK_LINE, "a publish touches one line");

/* Where the events of a type go. */
typedef struct mk_route {
	const mk_type *type;
	mk_topic *topic; /* NULL: routed by content */
	/* Cached single subscriber; valid while `route_version` matches the worker's (router.h). Only mailbox
	 * room remains to be checked. */
	mk_actor *only;
	uint64_t route_version;
} mk_route;

/* ---- workers ---------------------------------------------------------------------- */

/* mk_worker.attention: a control message is in the lane (set by who posts it); there are monitors. */
enum { MK_POSTED = 1u << 0, MK_WATCHED = 1u << 1 };

/* How long callbacks run before the worker looks around (pace.h). */
typedef struct mk_pace {
	uint32_t left;      /* callbacks until the end of the stint */
	uint32_t size;      /* of a stint, 1 to 16 */
	uint64_t callbacks; /* since the clock was read */
	uint64_t read_ns, read_ticks;
	uint64_t turn_ns; /* when the turn began */
	bool over;        /* the turn is to end */
} mk_pace;

struct mk_worker {
	mk_sup *sup;
	/* copies of what is the supervisor's and does not change, for the path of an event */
	const mk_alive *alive;
	uint64_t wall_offset_ns;
	uint32_t serial;
	uint32_t index;
	bool own_thread; /* of one actor */
	bool busy;       /* an own_thread worker that has its actor (under the lock) */
	uv_loop_t *loop;
	uv_loop_t own_loop;
	uv_thread_t thread;
	bool thread_made;
	/* now */
	_Atomic(uint32_t) attention; /* what an actor's run looks at after each callback: MK_POSTED, MK_WATCHED */
	mk_pace pace;
	uint64_t now_ns;
	bool is_now;               /* the clock was read a moment ago: the next turn need not */
	mk_actor *actor;           /* in a callback of */
	mk_event *event;           /* being handled */
	const maiko_id *cause;     /* parent and correlation of what a task sends, or NULL */
	uint64_t sequence, origin; /* of event ids */
	uint64_t probes;           /* sent, to number them */
	uint64_t probes_seen;      /* of all workers, since those of this one were sent */
	struct mk_probing {        /* what finding cycles has cost here, for tests (cycle.h) */
		uint64_t edges, verdicts, begun, sent;
	} probed;
	uint64_t quiet_sequence; /* when a stop last found it quiet */
	mk_random random;
	/* note.h: messages posted, changes asked for, looks at whether a cycle is open */
	uint32_t posted, asked_changes, looks_open;
	bool unsure;             /* noted, and a view could not be allocated: later ones are read anew (topic.c) */
	maiko_envelope envelope; /* maiko_meta's answer */
	/* monitor.c: who watches this worker */
	uint32_t monitor_count, telling;
	maiko_monitor *monitors[MAIKO_MONITORS_MAX];
	/* routing */
	mk_pool pool;
	mk_route *routes; /* by type index */
	uint32_t route_size;
	uint64_t route_version;    /* from 1; counts what may change who gets what here: subscriptions, monitors */
	mk_segmented_array topics; /* mk_topic, by index */
	mk_topic *all;             /* of MAIKO_ALL_TOPICS */
	uint64_t marker;           /* the last topology change applied */
	bool changing;             /* it is under way: not all markers have passed */
	uint64_t outgoing;         /* workers that it has a channel to */
	uint64_t unpublished;      /* of these, with entries not published */
	mk_channel *out[MAIKO_WORKERS_MAX];
	/* actors */
	mk_actor **here; /* all of them */
	uint32_t here_count, here_size;
	uint32_t here_reserved; /* of here_size, for those that are about to move here */
	mk_actor *ready, **ready_tail;
	mk_actor *held, *retiring, *ended; /* each held actor is in one of them */
	mk_actor *warm;
	struct mk_arrival *arriving; /* actors that have joined topics here, and are yet to come (in_transit.h) */
	uint64_t warm_swept_ns;
	mk_counts gone; /* of removed actors */
	mk_counter gone_deliveries, gone_sent, gone_ticks, gone_mutes;
	mk_counter jobs; /* blocking jobs under way */
	mk_timers timers;
	struct mk_poller *poller;     /* fd_watch.c: made for the first watch */
	struct mk_fd_watch *doubtful; /* fd_watch.c: the kernel is to be asked about them */
	bool fresh;                   /* descriptors have been added since libuv last polled */
	uint64_t asked_ns;
	uint32_t fired, ran; /* descriptors ready in the last poll; actors run since */
	/* lanes */
	mk_inbox control, external;
	mk_link *deferred, **deferred_tail; /* control messages taken inside a send */
	mk_link **deferred_seen;            /* up to here there is no mute that could be taken */
	_Atomic(uint64_t) incoming;         /* workers that have a channel to this one */
	_Atomic(mk_channel *) in[MAIKO_WORKERS_MAX];
	_Atomic(bool) sleeping;
	_Atomic(mk_sender *) running; /* the actor in a callback, for the report of a stop */
	/* life */
	bool go;         /* the first batch has started */
	bool draining;   /* a stop has begun */
	bool discarding; /* its deadline has passed */
	bool exiting;
	bool asked_idle;   /* the stop wants to know when nothing is left */
	bool reprobe;      /* some actor here has a probe to send */
	mk_actor *probing; /* those that have, or will when they are held again (cycle.c) */
	uint64_t probed_ns;
	mk_counter activity; /* grows whenever the worker gets something to do (quiescence.c, stop.h) */
	_Atomic(int) tid;    /* of its thread, or 0 (thread_time.c) */
	uint64_t settling;   /* the round that it owes an answer; 0: none */
	bool settle_polls;   /* ... not without a poll of libuv */
	bool settle_stops;   /* its loop's thread waits for it to be quiet */
	mk_message go_message, topology_message, stop_message, discard_message, leave_message, settle_message;
	mk_timer deadline;
	/* libuv */
	uv_async_t async;
	uv_timer_t uv_timer;
	uv_idle_t idle;
	uv_prepare_t prepare;
	uint32_t open_handles; /* that keep it from being over */
	uint64_t polled_ns;
	uint64_t spin_ns;      /* how long it looks for work before it sleeps */
	uint64_t poll_took_ns; /* the last poll of a busy worker */
	/* balance.c */
	_Atomic(uint64_t) idle_ns, idle_since_ns; /* in all before; now, or 0 */
	uint64_t looked_ns;
	uint64_t seen_idle_ns[MAIKO_WORKERS_MAX];
	struct mk_measure *measure;
	bool measuring;
	bool unflushed;         /* a simulation: something was done since the last flush */
	bool opened;            /* its loop is there */
	bool left;              /* no turn any more */
	_Atomic(bool) finished; /* its thread touches nothing any more */
};

/* ---- the supervisor ----------------------------------------------------------------- */

typedef enum mk_state { MK_NEW = 0, MK_STARTING, MK_STARTED, MK_STOPPING, MK_STOPPED, MK_ABANDONED } mk_state;

/* quiescence.c: a round of questions to the workers, and the sums of their answers. */
typedef struct mk_quiescence_round {
	bool busy;              /* somebody waits for it */
	uint64_t round;         /* from 1 */
	uint64_t posted, asked; /* workers whose question is in their lane; that have not answered */
	uint64_t sent, taken, activity;
} mk_quiescence_round;

#define MK_SUP_MAGIC 0x6d61696bu
struct maiko_supervisor {
	maiko_options options;
	uint32_t serial, magic; /* which supervisor a slot's index is of; MK_SUP_MAGIC until it is freed */
	mk_alive *alive;
	mk_seam seam;
	bool spin, balance;
	_Atomic(uint32_t) staying; /* how many require that no actor moves */
	_Atomic(int) state;        /* mk_state; written under the lock */
	uv_mutex_t lock;
	uint32_t locked;         /* how often its thread has taken it by mk_lock: under the lock */
	uv_cond_t cond;          /* something that a caller waits for */
	uv_thread_t loop_thread; /* embedded: who runs the loop */
	bool embedded;
	/* workers: slots below the count never change */
	mk_worker *workers[MAIKO_WORKERS_MAX];
	_Atomic(uint32_t) worker_count;
	uint32_t next_worker;    /* round robin */
	uint32_t asked_changes;  /* from outside (note.h) */
	uint32_t workers_coming; /* made, but in no batch yet */
	/* registry.c */
	mk_segmented_array types, topics;
	uint32_t type_count, topic_count;
	mk_name_index type_names, topic_names, actor_names;
	mk_actor_class *classes;
	mk_map class_of; /* the same, by description */
	/* directory.c */
	mk_segmented_array actors;
	uint32_t actor_slots, actor_count;
	maiko_actor_id *free_ids; /* of the slots that actors have left, with the next generation */
	uint32_t free_count, free_size;
	mk_departed departed;
	struct mk_failures *failures;
	/* start.c, stop.c */
	mk_actor *first, **last; /* the first batch, in the order added */
	struct mk_start_run *start;
	struct mk_hook *hooks; /* stop_order.c: the last started first */
	uint64_t start_count;
	struct mk_stop *stop;
	uint64_t stop_ms;           /* the deadline of a stop for which none is given (under the lock) */
	mk_quiescence_round settle; /* under the lock */
	/* topology.c */
	struct mk_topology *topology;
	/* external.c */
	struct mk_external *external_senders;
	/* of these, under the lock of all threads: by thread; those whose thread has ended */
	mk_map threads;
	struct mk_external *idle_external_sender, *last_idle_external_sender;
	/* fd_watch.c: descriptors that a tick watches, a bit each */
	uint64_t *watched;
	uint32_t watched_size;
	/* blocking.c */
	struct mk_blocking *blocking;
	/* monitor.c: all there are */
	maiko_monitor *monitors[MAIKO_MONITORS_MAX];
	uint32_t monitor_count;
};

/* Who gets what has changed here: what the routes remember of it is over. */
static inline void mk_routes_forget(mk_worker *w) { w->route_version++; }

/* Where an actor lives, for a worker that has something for it. */
static inline uint32_t mk_home_of(const mk_worker *w, const mk_sender *s) { return mk_home_at(s, w->marker); }
/* With the lock: where it lives, or is about to. */
static inline uint32_t mk_home_now(const mk_sender *s) { return mk_home_at(s, UINT64_MAX); }

static inline mk_worker *mk_worker_at(mk_sup *sup, uint32_t index)
{
	assert(index < MAIKO_WORKERS_MAX);
	return sup->workers[index];
}
/* With the lock: the worker of an actor; NULL: none yet. */
static inline mk_worker *mk_worker_of(mk_sup *sup, const mk_sender *s)
{
	return mk_home_now(s) == MK_NO_WORKER ? NULL : mk_worker_at(sup, mk_home_now(s));
}
static inline uint32_t mk_worker_total(const mk_sup *sup)
{
	return atomic_load_explicit((_Atomic(uint32_t) *)(uintptr_t)&sup->worker_count, memory_order_acquire);
}
/* Sequentially consistent, for who is about to wait (external.c) or to sleep (worker.c). */
static inline int mk_state_of(const mk_sup *sup)
{
	return atomic_load_explicit((_Atomic(int) *)(uintptr_t)&sup->state, memory_order_seq_cst);
}
static inline bool mk_forked(const mk_sup *sup)
{
	assert(sup->magic == MK_SUP_MAGIC); /* else it was freed: a call came too late */
	return mk_is_forked(sup->alive);
}

/* The lock. Where one piece of a call has ended and the next begins, other threads may act: in a
 * simulation they do, at the seam's choice. */
static inline void mk_lock(mk_sup *sup)
{
	if (MK_UNLIKELY(sup->seam.between != NULL) && sup->locked == 0)
		sup->seam.between(sup->seam.arg);
	uv_mutex_lock(&sup->lock);
	sup->locked++;
}
static inline void mk_unlock(mk_sup *sup)
{
	sup->locked--;
	uv_mutex_unlock(&sup->lock);
}

/* Waits until another thread has changed something and told `cond`. With the lock, held once. */
static inline void mk_await(mk_sup *sup)
{
	if (MK_LIKELY(!sup->seam.simulated)) {
		uv_cond_wait(&sup->cond, &sup->lock);
		return;
	}
	uint32_t locked = sup->locked;
	sup->locked = 0;
	uv_mutex_unlock(&sup->lock);
	sup->seam.wait(sup->seam.arg);
	uv_mutex_lock(&sup->lock);
	sup->locked = locked;
}

/* What a callback of an actor has returned, as far as a simulation lets it. */
static inline int mk_result(const mk_sup *sup, const mk_actor *a, maiko_phase phase, int rc)
{
	return MK_LIKELY(sup->seam.result == NULL) ? rc : sup->seam.result(sup->seam.arg, a->self->id, phase, rc);
}

/* Something real was asked for under simulation. */
static inline int mk_refuse(const mk_sup *sup, const char *call, const char *who)
{
	sup->seam.refused(sup->seam.arg, call, who);
	return MAIKO_ESIMULATED;
}

/* What is known of an event, in public terms. */
static inline maiko_envelope mk_envelope_of(const mk_event *e)
{
	return (maiko_envelope){.id = e->id,
				.parent = e->parent,
				.correlation = e->correlation,
				.timestamp_ns = e->timestamp_ns,
				.sender = e->sender->name,
				.sender_id = e->sender->id,
				.topic = &e->topic->record->desc,
				.type = e->type->desc};
}

/* The extra of an actor, made if need be; NULL without memory. Released, because a
 * report may find it from another thread. */
static inline mk_extra *mk_extra_of(mk_actor *a)
{
	if (a->extra != NULL)
		return a->extra;
	mk_extra *x = MK_NEW(mk_extra);
	if (x != NULL) {
		x->task_tail = &x->tasks;
		x->due_tail = &x->due;
		__atomic_store_n(&a->extra, x, __ATOMIC_RELEASE);
	}
	return x;
}

/* The tally of an actor, likewise. */
static inline mk_tally *mk_tally_of(mk_actor *a)
{
	if (a->tally == NULL)
		__atomic_store_n(&a->tally, MK_NEW(mk_tally), __ATOMIC_RELEASE);
	return a->tally;
}

/* What a report reads of an actor besides counters. */
static inline void mk_status_set(mk_actor *a, maiko_actor_status status)
{
	__atomic_store_n(&a->status, (uint8_t)status, __ATOMIC_RELAXED);
}

#endif
