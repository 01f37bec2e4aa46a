/*
 * runtime.h - the structs that the modules share: actor, topic, worker, supervisor.
 *
 * Which thread may access what:
 *   - an actor, its mailbox and its extra: only its worker; counters may be read by all
 *   - a worker's topics, subscribers, pool, timers, lists: only that worker
 *   - a worker's control, external and sleeping: any thread, by their own rules
 *   - a channel: its two workers, as channel.h says
 *   - the supervisor's registry, directory, topology, stop: under `lock`
 *   - mk_type, mk_actor_class, mk_sender, a record's description: immutable once published
 *
 * "With the lock" and "under the lock": the calling thread holds `lock`. No module calls user
 * code while it holds the lock.
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

/* One supervisor's record of an actor type; immutable once made. */
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
	bool hooked; /* an mk_hook precedes each of its actors (stop_order.h) */
	/* A hash table by type: open addressing from the type's index; free entries have type NULL. */
	uint32_t handler_mask;
	mk_handler handlers[];
} mk_actor_class;

/* The class's handler of a type, or NULL. */
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

/* An event that an actor keeps, and how many times. */
typedef struct mk_kept {
	mk_event *event;
	uint32_t times;
} mk_kept;

/* State that few actors need, allocated on first use. */
typedef struct mk_extra {
	/* tick.c */
	maiko_next next; /* its last result */
	mk_actor *timer_actor;
	mk_timer timer;
	uint64_t packed_ns; /* its due time while the actor migrates; UINT64_MAX: not set */
	struct mk_fd_watch *watch;
	uint32_t backoff_ms; /* delay after errors that on_error handled; 0: the last run had none */
	bool tick_due, tick_set;
	bool tick_late; /* postponed for a control message */
	/* delayed.c */
	struct mk_delayed *delayed;         /* not due yet */
	struct mk_delayed *due, **due_tail; /* became due while the actor was held */
	uint64_t delayed_count;             /* delayed sends so far: the id of the next */
	mk_map delayed_names;               /* all of them, by id */
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
	mk_kept *kept;
	mk_map kept_at; /* the index of each, by its data */
	uint32_t kept_count, kept_size;
	bool overflowed; /* MAIKO_FAIL found the mailbox full */
	/* blocking.c */
	uint32_t jobs; /* under way */
	uint32_t started_jobs;
	/* migrate.c */
	uint64_t moved_ns; /* when it migrated to this worker, or 0 */
	/* handles.c */
	struct mk_adopted *adopted;
	mk_map handles; /* the same, by handle */
	bool departing; /* the actor is freed with the last of them */
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
	bool temporary : 1; /* its failure does not stop the supervisor */
	bool gone : 1;      /* removed, but still in the ready list, which frees it */
	bool removing;      /* its removal was requested (under the lock) */
	bool changing;      /* a topology change under way includes it (under the lock) */
	/* accessed by a run: the next line */
	const mk_actor_class *class;
	mk_extra *extra;
	mk_worker *worker;
	mk_counter sent, handled;
	mk_tally *tally;
	/* rarely accessed */
	mk_subscriptions places; /* under the lock, as is their count: */
	uint32_t place_count;
	uint32_t here;                   /* its index in the worker's actors */
	mk_actor *prev_held, *next_held; /* the worker's held actors, or those that are retiring */
					 /* its state follows, in the same block: mk_actor_state */
};
_Static_assert(offsetof(struct maiko_ctx, class) <= MK_LINE, "a delivery touches one line");
_Static_assert(sizeof(struct maiko_ctx) <= 144, "an idle actor is small");

/* The user's state: after the actor, with the alignment of its type. */
static inline void *mk_actor_state(const mk_actor *a) { return (char *)(uintptr_t)a + sizeof *a; }

/* ---- topics -------------------------------------------------------------------- */

/* The supervisor's count of a worker's subscribers of a topic. */
typedef struct mk_interest {
	uint32_t worker;
	uint32_t subscribers, droppers; /* droppers: those with a drop policy */
} mk_interest;

/* The supervisor's record of a topic. */
typedef struct mk_record {
	maiko_topic desc; /* a copy, with its own name */
	uint64_t slot;
	uint32_t index;
	mk_interest *interests; /* under the lock, as is the rest */
	uint32_t interest_count, interest_size;
} mk_record;

enum { MK_ACTIVE = 0, MK_JOINING, MK_LEAVING };

typedef struct mk_sub {
	mk_actor *actor;
	uint8_t overflow; /* resolved; of the wildcard, DEFAULT means the policy of the event's topic */
	uint8_t state;    /* MK_ACTIVE; MK_JOINING, MK_LEAVING: from, or until, the change under way */
	bool simple;      /* its policy does not matter while there is room */
	uint32_t next_leaving;
} mk_sub;
_Static_assert(sizeof(mk_sub) == sizeof(mk_actor *) + 8, "a hundred thousand subscribers are small");

/* A worker's view of a topic. */
typedef struct mk_topic {
	/* accessed by a publish: one cache line */
	_Alignas(MK_LINE) mk_sub *subs; /* `single`, or an array */
	uint64_t remote;                /* other workers with a subscriber */
	uint32_t sub_count;
	bool changing; /* some subscriber is not MK_ACTIVE */
	mk_sub single;
	mk_counter published, deliveries;
	mk_counts counts; /* the first, handled, is in this line; the others follow */
	/* rarely accessed */
	uint32_t index, sub_size;
	uint32_t reserved; /* of sub_size, for actors that migrate to this worker */
	uint32_t leaving;  /* list of the MK_LEAVING: position of the last, plus 1; each has the next */
	uint32_t joined;   /* subscribers from this position on may be MK_JOINING */
	mk_map places;     /* index of many subscribers, built by the first search (topic.c) */
	mk_record *record;
	uint64_t remote_drops; /* workers of `remote` where every subscriber has a drop policy */
	mk_counter unrouted, channel_dropped, delayed, delayed_discarded;
	mk_counter bytes; /* queued outside the events themselves (weight.h) */
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

/* mk_worker.attention: a control message is in the lane (set by the posting thread); there are monitors. */
enum { MK_POSTED = 1u << 0, MK_WATCHED = 1u << 1 };

/* How many callbacks run before the worker reads the clock, and when a turn ends (pace.h). */
typedef struct mk_pace {
	uint32_t left;      /* callbacks until the next clock check */
	uint32_t size;      /* callbacks between two checks, 1 to 16 */
	uint64_t callbacks; /* since the clock was read */
	uint64_t read_ns, read_ticks;
	uint64_t turn_ns; /* when the turn began */
	bool over;        /* the turn must end */
} mk_pace;

struct mk_worker {
	mk_sup *sup;
	/* copies of constant fields of the supervisor, for the path of an event */
	const mk_alive *alive;
	uint64_t wall_offset_ns;
	uint32_t serial;
	uint32_t index;
	bool own_thread; /* it serves one actor only */
	bool busy;       /* an own_thread worker has its actor (under the lock) */
	uv_loop_t *loop;
	uv_loop_t own_loop;
	uv_thread_t thread;
	bool thread_made;
	/* the current callback */
	_Atomic(uint32_t) attention; /* flags that a run checks after each callback: MK_POSTED, MK_WATCHED */
	mk_pace pace;
	uint64_t now_ns;
	bool is_now;               /* now_ns is current: the next turn does not read the clock */
	mk_actor *actor;           /* the actor whose callback runs, or NULL */
	mk_event *event;           /* the event that it handles, or NULL */
	const maiko_id *cause;     /* parent and correlation of a task's events, or NULL */
	uint64_t sequence, origin; /* of event ids */
	uint64_t probes;           /* begun here; the number of the last */
	uint64_t probes_seen;      /* arrived from any worker since this one last sent probes */
	struct mk_probing {        /* the cost of finding cycles on this worker, for tests (cycle.h) */
		uint64_t edges, verdicts, begun, sent;
	} probed;
	uint64_t quiet_sequence; /* `sequence` when a stop last found the worker quiet */
	mk_random random;
	/* note.h: counts of messages posted, changes requested, checks whether a cycle is open */
	uint32_t posted, asked_changes, looks_open;
	bool unsure;             /* recording: a view could not be allocated; later ones are read anew (topic.c) */
	maiko_envelope envelope; /* the result of maiko_meta */
	/* monitor.c: the monitors of this worker */
	uint32_t monitor_count, telling;
	maiko_monitor *monitors[MAIKO_MONITORS_MAX];
	/* routing */
	mk_pool pool;
	mk_route *routes; /* by type index */
	uint32_t route_size;
	uint64_t route_version;    /* from 1; incremented when subscriptions or monitors change on this worker */
	mk_segmented_array topics; /* mk_topic, by index */
	mk_topic *all;             /* of MAIKO_ALL_TOPICS */
	uint64_t marker;           /* the last topology change applied */
	bool changing;             /* that change is under way: not all markers have passed */
	uint64_t outgoing;         /* bit set: workers to which it has a channel */
	uint64_t unpublished;      /* bit set: those of them with entries not published */
	mk_channel *out[MAIKO_WORKERS_MAX];
	/* actors */
	mk_actor **here; /* all actors of this worker */
	uint32_t here_count, here_size;
	uint32_t here_reserved; /* of here_size, for actors that migrate to this worker */
	mk_actor *ready, **ready_tail;
	mk_actor *held, *retiring, *ended; /* each held actor is in one of these lists */
	mk_actor *warm;                    /* actors whose ring may be freed (delivery.h) */
	struct mk_arrival *arriving;       /* actors that have joined topics here but not arrived yet (in_transit.h) */
	uint64_t warm_swept_ns;
	mk_counts gone; /* of removed actors */
	mk_counter gone_deliveries, gone_sent, gone_ticks, gone_mutes;
	mk_counter jobs; /* blocking jobs under way */
	mk_timers timers;
	struct mk_poller *poller;     /* fd_watch.c: made for the first watch */
	struct mk_fd_watch *doubtful; /* fd_watch.c: watches whose state the kernel must be asked for */
	bool fresh;                   /* descriptors were added since libuv last polled */
	uint64_t asked_ns;
	uint32_t fired, ran; /* descriptors ready in the last poll; actors run since */
	/* lanes */
	mk_inbox control, external;
	mk_link *deferred, **deferred_tail; /* control messages taken from the lane but not run yet */
	mk_link **deferred_seen;            /* no mute that a send may run precedes this one */
	_Atomic(uint64_t) incoming;         /* bit set: workers that have a channel to this one */
	_Atomic(mk_channel *) in[MAIKO_WORKERS_MAX];
	_Atomic(bool) sleeping;
	_Atomic(mk_sender *) running; /* the actor in a callback, for the report of a stop */
	/* life cycle */
	bool go;         /* the first batch has started */
	bool draining;   /* a stop has begun */
	bool discarding; /* the stop's deadline has passed */
	bool exiting;
	bool asked_idle;   /* the stop waits for its report that nothing is left */
	bool reprobe;      /* some actor on this worker has a probe to send */
	mk_actor *probing; /* actors with a probe to send, now or when they are held again (cycle.c) */
	uint64_t probed_ns;
	mk_counter activity; /* incremented whenever the worker gets work (quiescence.c, stop.h) */
	_Atomic(int) tid;    /* of its thread, or 0 (thread_time.c) */
	uint64_t settling;   /* the quiescence round that it must answer; 0: none */
	bool settle_polls;   /* ... only after a poll of libuv */
	bool settle_stops;   /* the thread of its loop waits until the worker is quiet */
	mk_message go_message, topology_message, stop_message, discard_message, leave_message, settle_message;
	mk_timer deadline;
	/* libuv */
	uv_async_t async;
	uv_timer_t uv_timer;
	uv_idle_t idle;
	uv_prepare_t prepare;
	uint32_t open_handles; /* must be closed before the worker can end */
	uint64_t polled_ns;
	uint64_t spin_ns;      /* how long it checks for work before it sleeps */
	uint64_t poll_took_ns; /* the duration of the last poll while busy */
	/* balance.c */
	_Atomic(uint64_t) idle_ns, idle_since_ns; /* total of past idle times; start of the current one, or 0 */
	uint64_t looked_ns;
	uint64_t seen_idle_ns[MAIKO_WORKERS_MAX];
	struct mk_measure *measure;
	bool measuring;
	bool unflushed;         /* in a simulation: work was done since the last flush */
	bool opened;            /* its loop is initialized */
	bool left;              /* it executes no more turns */
	_Atomic(bool) finished; /* its thread accesses nothing any more */
};

/* ---- the supervisor ----------------------------------------------------------------- */

typedef enum mk_state { MK_NEW = 0, MK_STARTING, MK_STARTED, MK_STOPPING, MK_STOPPED, MK_ABANDONED } mk_state;

/* quiescence.c: a round of queries to the workers, and the sums of their answers. */
typedef struct mk_quiescence_round {
	bool busy;              /* a thread waits for it */
	uint64_t round;         /* from 1 */
	uint64_t posted, asked; /* workers whose query is in their lane; workers that have not answered */
	uint64_t sent, taken, activity;
} mk_quiescence_round;

#define MK_SUP_MAGIC 0x6d61696bu
struct maiko_supervisor {
	maiko_options options;
	uint32_t serial, magic; /* identifies it in slots (registry.h); MK_SUP_MAGIC until it is freed */
	mk_alive *alive;
	mk_seam seam;
	bool spin, balance;
	_Atomic(uint32_t) staying; /* number of requests that no actor migrates */
	_Atomic(int) state;        /* mk_state; written under the lock */
	uv_mutex_t lock;
	uint32_t locked;         /* how many times its owner has taken it by mk_lock; under the lock */
	uv_cond_t cond;          /* signaled when a state changes that a caller waits for (mk_await) */
	uv_thread_t loop_thread; /* embedded: the thread that runs the loop */
	bool embedded;
	/* workers: slots below the count never change */
	mk_worker *workers[MAIKO_WORKERS_MAX];
	_Atomic(uint32_t) worker_count;
	uint32_t next_worker;    /* round robin */
	uint32_t asked_changes;  /* changes requested by external threads (note.h) */
	uint32_t workers_coming; /* workers made, but in no batch yet */
	/* registry.c */
	mk_segmented_array types, topics;
	uint32_t type_count, topic_count;
	mk_name_index type_names, topic_names, actor_names;
	mk_actor_class *classes;
	mk_map class_of; /* the same, by description */
	/* directory.c */
	mk_segmented_array actors;
	uint32_t actor_slots, actor_count;
	maiko_actor_id *free_ids; /* of freed slots, with the next generation */
	uint32_t free_count, free_size;
	mk_departed departed;
	struct mk_failures *failures;
	/* start.c, stop.c */
	mk_actor *first, **last; /* the first batch, in the order added */
	struct mk_start_run *start;
	struct mk_hook *hooks; /* stop_order.c: the last started first */
	uint64_t start_count;
	struct mk_stop *stop;
	uint64_t stop_ms;           /* the default deadline of a stop (under the lock) */
	mk_quiescence_round settle; /* under the lock */
	/* topology.c */
	struct mk_topology *topology;
	/* external.c */
	struct mk_external *external_senders;
	/* under the lock of external_sender.c: these by thread; and those whose thread has ended */
	mk_map threads;
	struct mk_external *idle_external_sender, *last_idle_external_sender;
	/* fd_watch.c: bit set of the descriptors that ticks watch */
	uint64_t *watched;
	uint32_t watched_size;
	/* blocking.c */
	struct mk_blocking *blocking;
	/* monitor.c */
	maiko_monitor *monitors[MAIKO_MONITORS_MAX];
	uint32_t monitor_count;
};

/* Subscriptions or monitors have changed on this worker: invalidates the subscribers cached in its routes. */
static inline void mk_routes_forget(mk_worker *w) { w->route_version++; }

/* The worker of an actor, as of the last topology change that `w` has applied. */
static inline uint32_t mk_home_of(const mk_worker *w, const mk_sender *s) { return mk_home_at(s, w->marker); }
/* With the lock: the worker of an actor, or the one that it migrates to. */
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
/* Sequentially consistent, for threads about to wait (external.c) or to sleep (idle.c). */
static inline int mk_state_of(const mk_sup *sup)
{
	return atomic_load_explicit((_Atomic(int) *)(uintptr_t)&sup->state, memory_order_seq_cst);
}
static inline bool mk_forked(const mk_sup *sup)
{
	assert(sup->magic == MK_SUP_MAGIC); /* else the call is a use after free */
	return mk_is_forked(sup->alive);
}

/* Takes the lock. In a simulation the seam may run steps of other threads before, as they may run
 * in reality between two critical sections of a call. */
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

/* Waits until another thread signals `cond`. With the lock, taken once. */
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

/* The result of an actor's callback that returned `rc`; a simulation may inject an error instead. */
static inline int mk_result(const mk_sup *sup, const mk_actor *a, maiko_phase phase, int rc)
{
	return MK_LIKELY(sup->seam.result == NULL) ? rc : sup->seam.result(sup->seam.arg, a->self->id, phase, rc);
}

/* I/O or another real resource was requested in a simulation: MAIKO_ESIMULATED. */
static inline int mk_refuse(const mk_sup *sup, const char *call, const char *who)
{
	sup->seam.refused(sup->seam.arg, call, who);
	return MAIKO_ESIMULATED;
}

/* The public description of an event. */
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

/* The extra of an actor, allocated if missing; NULL without memory. Stored with release
 * order, because a report may read it on another thread. */
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

/* The tally of an actor, in the same way. */
static inline mk_tally *mk_tally_of(mk_actor *a)
{
	if (a->tally == NULL)
		__atomic_store_n(&a->tally, MK_NEW(mk_tally), __ATOMIC_RELEASE);
	return a->tally;
}

/* Relaxed: a report reads it on another thread. */
static inline void mk_status_set(mk_actor *a, maiko_actor_status status)
{
	__atomic_store_n(&a->status, (uint8_t)status, __ATOMIC_RELAXED);
}

#endif
