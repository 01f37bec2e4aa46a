/*
 * runtime.h - the structs that the modules share: actor, topic, worker, supervisor.
 *
 * Which thread may access what:
 *   - an actor, its mailbox and its extra: only its worker; counters may be read by all
 *   - a worker's topics, subscribers, pool, timers, lists: only that worker
 *   - a worker's control, external and rest: any thread, by their own rules
 *   - all of a worker that rests: also the thread that stands in for it (lane.h)
 *   - the feed of an external thread: that thread and its worker, as feed.h says
 *   - a channel: its two workers, as channel.h says
 *   - the supervisor's registry, directory, topology, stop: under `lock`
 *   - mk_type, mk_actor_class, mk_sender, a record's description: immutable once published
 *
 * "With the lock" and "under the lock": the calling thread holds `lock`. No module calls user
 * code while it holds the lock.
 */
#ifndef MK_RUNTIME_H
#define MK_RUNTIME_H

#include "ds/name_index.h"
#include "runtime/worker_state.h"

#include <maiko/ledger.h>

/* Adds counters to those of a row of the ledger; and the sum of a row's outcomes. */
static inline void mk_counts_read(maiko_counts *to, const mk_counts *from)
{
#define MK_READ(field, text) to->field += mk_count(&from->field);
	MAIKO_OUTCOME_MAP(MK_READ)
#undef MK_READ
}
static inline uint64_t mk_outcomes(const maiko_counts *c)
{
	uint64_t sum = 0;
#define MK_SUM(field, text) sum += c->field;
	MAIKO_OUTCOME_MAP(MK_SUM)
#undef MK_SUM
	return sum;
}

/* ---- the supervisor ----------------------------------------------------------------- */

typedef enum mk_state { MK_NEW = 0, MK_STARTING, MK_STARTED, MK_STOPPING, MK_STOPPED, MK_ABANDONED } mk_state;

/* quiescence.c: a round of queries to the workers, and the sums of their answers. */
typedef struct mk_quiescence_round {
	bool busy;              /* a thread waits for it */
	uint64_t round;         /* from 1 */
	uint64_t posted, asked; /* workers whose query is in their lane; workers that have not answered */
	uint64_t sent, taken, activity;
} mk_quiescence_round;

/* The topics that nobody uses any more (idle_topics.h). Under the lock. */
typedef struct mk_idle_topics {
	mk_record *first, *last;
	mk_record *examined; /* by the batch under way */
	mk_record *free;
	uint64_t examined_ns; /* when that was done last */
	bool kept;
	uint32_t asking;      /* calls that have found a record by mk_topic_needed and not asked for their change yet */
	maiko_topic_row gone; /* the counts of those given back */
} mk_idle_topics;

/* The topics that are expected to have something (expected.h). Under the lock. */
typedef struct mk_silence {
	mk_timers timers;
	mk_message message; /* to the first worker: there are more */
	bool posted;
} mk_silence;

#define MK_SUP_MAGIC 0x6d61696bu
struct maiko_supervisor {
	maiko_options options;
	uint32_t serial, magic; /* identifies it in slots (registry.h); MK_SUP_MAGIC until it is freed */
	mk_alive *alive;
	mk_seam seam;
	bool spin, balance;
	uint32_t sleeping_for_changes; /* threads that sleep then; under the lock */
	uint32_t cores;                /* that the process may use */
	_Atomic(uint32_t) staying;     /* number of requests that no actor migrates */
	_Atomic(int) state;            /* mk_state; written under the lock */
	uv_mutex_t lock;
	uint32_t locked;         /* how many times its owner has taken it by mk_lock; under the lock */
	uv_cond_t cond;          /* signaled when a state changes that a caller waits for (mk_await) */
	uv_thread_t loop_thread; /* embedded: the thread that runs the loop */
	bool embedded;
	/* workers: slots below the count never change */
	mk_worker *workers[MAIKO_WORKERS_MAX];
	_Atomic(uint32_t) worker_count;
	uint32_t next_worker;    /* round robin */
	uint32_t together;       /* actors placed together so far; in a replay, that are still to be */
	uint32_t asked_changes;  /* changes requested by external threads (note.h) */
	uint32_t workers_coming; /* workers made, but in no batch yet */
	/* registry.c */
	_Atomic(uint32_t) filters_made; /* filter.c */
	mk_segmented_array types, topics;
	uint32_t type_count, topic_count;
	uint32_t keeper_count; /* under the lock */
	mk_name_index type_names, topic_names, actor_names;
	mk_sender *own_sender; /* of the events of the library itself */
	mk_actor_class *classes;
	mk_map class_of; /* the same, by description */
	mk_idle_topics idle_topics;
	mk_patterns patterns;
	mk_silence silence;
	/* schema.c (under the lock) */
	struct mk_piece *schemas;
	/* directory.c */
	mk_segmented_array actors;
	uint32_t actor_slots, actor_count;
	maiko_actor_id *free_ids; /* of freed slots, with the next generation */
	uint32_t free_count, free_size;
	mk_departed departed;
	struct mk_failures *failures;
	struct mk_groups *groups; /* registry/group.h */
	/* start.c, stop.c */
	mk_actor *first, **last; /* the first batch, in the order added */
	struct mk_start_run *start;
	struct mk_hook *hooks; /* stop_order.c: the last started first */
	struct mk_stop *stop;
	uint64_t stop_ms; /* the default deadline of a stop (under the lock) */
	/* timed.h */
	struct mk_watchdog *watchdog; /* made when it is needed */
	_Atomic(bool) watchdog_rests;
	mk_quiescence_round settle; /* under the lock */
	/* topology.c */
	struct mk_topology *topology;
	uint32_t pattern_watchers; /* notice.c: how many watch by a pattern (under the lock) */
	/* external.c */
	struct mk_external *external_senders;
	struct mk_receipt *awaited; /* by external threads (under the lock) */
	/* origin.c */
	_Atomic(struct mk_origins *) origins;
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
	bool telling; /* mk_monitor_tell calls hooks */
	uv_thread_t telling_thread;
	uint64_t telling_round;
	struct mk_monitor_request *telling_requests; /* that it applies after the hooks */
};

/* Subscriptions or monitors have changed on this worker: invalidates the subscribers cached in its routes. */
static inline void mk_routes_forget(mk_worker *w) { w->route_version++; }

/* Whether a stop has ended what the actor does on its own: ticks, watches, delayed events. */
static inline bool mk_is_drained(const mk_worker *w, const mk_actor *a)
{
	return w->draining && (!a->drains || w->discarding);
}

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

/* Whether an actor or an external thread for which nobody has named a worker begins together with the others, because
 * balance.c can move actors later; else each gets a worker in turn. A simulation moves none; of a replay the first
 * actors begin as those of the recording did. */
static inline bool mk_begins_together(const mk_sup *sup)
{
	if (MK_UNLIKELY(sup->seam.simulated))
		return sup->together != 0;
	return sup->balance &&
	       atomic_load_explicit((_Atomic(uint32_t) *)(uintptr_t)&sup->staying, memory_order_relaxed) == 0;
}

/* More workers than cores: one that spins takes the core from one that has work. */
static inline bool mk_is_crowded(const mk_sup *sup) { return sup->options.workers > sup->cores; }

/* With the lock: the worker that is next in turn. */
static inline uint32_t mk_next_worker(mk_sup *sup)
{
	uint32_t count = sup->options.workers, next = sup->next_worker++;
	return (sup->seam.place == NULL ? next : next + sup->seam.place(sup->seam.arg, count)) % count;
}

/* Takes the lock. In a simulation the seam may run steps of other threads before, as they may run in reality between
 * two critical sections of a call. Code that takes `lock` by uv_mutex_lock offers no such point. */
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

/* Waits until another thread has changed something and told `cond`, or (UINT64_MAX: without a bound) until that
 * moment. With the lock, held once. */
static inline void mk_await_until(mk_sup *sup, uint64_t until_ns)
{
	if (MK_LIKELY(!sup->seam.simulated)) {
		uint64_t now_ns = until_ns == UINT64_MAX ? 0 : mk_now(&sup->seam);
		if (until_ns == UINT64_MAX)
			uv_cond_wait(&sup->cond, &sup->lock);
		else if (now_ns < until_ns)
			(void)uv_cond_timedwait(&sup->cond, &sup->lock, until_ns - now_ns);
		return;
	}
	uint32_t locked = sup->locked;
	sup->locked = 0;
	uv_mutex_unlock(&sup->lock);
	sup->seam.wait(sup->seam.arg, until_ns);
	uv_mutex_lock(&sup->lock);
	sup->locked = locked;
}
static inline void mk_await(mk_sup *sup) { mk_await_until(sup, UINT64_MAX); }

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

/* The public description of an event, in place. */
static inline void mk_envelope_fill(maiko_envelope *to, const mk_event *e)
{
	bool injected = mk_is_injected(e);
	to->id = e->id;
	to->parent = e->parent;
	to->correlation = e->correlation;
	to->timestamp_ns = to->origin_timestamp_ns = e->timestamp_ns;
	to->sender = e->sender->name;
	to->sender_id = e->sender->id;
	to->topic = &e->topic->record->desc;
	to->type = e->type->desc;
	to->injected = injected;
	to->retained = mk_is_retained(e);
	to->ttl_ms = mk_ttl_ms_of(e);
	if (MK_UNLIKELY(injected)) {
		to->sender = mk_event_sender_name(e);
		to->origin_timestamp_ns = mk_origin_of(e)->timestamp_ns;
	}
}

/* To be called when anything is stored in its extra that a run of the actor must look at (mk_is_occupied). A run
 * that finds nothing resets it; so the runs of an actor that only handles events do not touch its extra.
 * Precondition: it has an extra. */
static inline void mk_occupy(mk_actor *a) { a->occupied = true; }
/* Whether there is anything. */
static inline bool mk_is_occupied(const mk_extra *x)
{
	return x->tasks != NULL || x->privates != NULL || x->overflowed || x->runs_on || x->tick_due ||
	       (x->wants & MAIKO_WOKEN_EVENTS) != 0 || x->watch != NULL || x->weights != NULL || x->mutes != NULL ||
	       x->stuck_ms != 0 || x->ages || x->membership != NULL;
}

/* The extra of an actor, allocated if missing; NULL without memory. Stored with release
 * order, because a report may read it on another thread. */
static inline mk_extra *mk_extra_of(mk_actor *a)
{
	if (a->extra != NULL) {
		mk_occupy(a);
		return a->extra;
	}
	mk_extra *x = MK_NEW(mk_extra);
	if (x != NULL) {
		mk_occupy(a);
		x->task_tail = &x->tasks;
		x->private_tail = &x->privates;
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
