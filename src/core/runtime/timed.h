/*
 * timed.h - actors with .stuck_ms ("timed"): what a worker tells of their callbacks while they run, for the thread that
 * looks whether one runs too long (lifecycle/watchdog.h).
 *
 * A worker counts each callback of a timed actor when it begins (mk_worker.timed_calls). A look that finds the same
 * actor in a callback, and the same count as the look before, has seen one callback both times, however many short ones
 * others run. Such an actor is always `occupied`, so it takes the path of dispatch.c that has time for this; the path
 * of all others is unchanged.
 *
 * The event in hand is pinned: the worker refers to it until the handler has returned, and stores it in
 * mk_worker.pinned. The watchdog takes it out of there to read it, and puts it back; a worker that does not find it
 * there when it unpins waits. So the event cannot be freed while it is read, and nobody waits otherwise.
 *
 * Without a timed actor, and while some worker is awake, the watchdog looks a few times per .stuck_ms. When all workers
 * sleep it sleeps too, and the first that rises wakes it: it stores `watchdog_rests` and then loads mk_worker.rest of
 * all; a worker stores `rest` and then loads `watchdog_rests`. All four are sequentially consistent, so one sees the
 * other's store (models/watchdog.pml).
 */
#ifndef MK_TIMED_H
#define MK_TIMED_H

#include "runtime/runtime.h"

/* What the watchdog saw of a worker when it last looked. */
typedef struct mk_stuck_mark {
	const mk_sender *running; /* the timed actor in a callback; its actor may be freed; NULL: none */
	uint64_t call;            /* mk_worker.timed_calls */
	uint64_t looked_ns;
	uint64_t run_ns;   /* CPU time of its thread then; 0: it slept, or unknown */
	uint64_t stood_ns; /* how long it was seen in that callback, without waits for a processor */
	uint64_t next_ms;  /* reported when it is seen for so long */
	uint64_t told_ms;  /* for how long, as reported last; 0: not reported */
} mk_stuck_mark;

enum { MK_STUCK_CLASSES = 40 };

/* Under the supervisor's lock. */
typedef struct mk_watchdog {
	uv_cond_t cond;
	uv_thread_t thread;
	bool made, ends;
	mk_map actors;                       /* those that are timed and present, by their sender */
	uint32_t of_class[MK_STUCK_CLASSES]; /* how many of them have a .stuck_ms of 2 to that power or more */
	mk_stuck_mark marks[MAIKO_WORKERS_MAX];
	uint64_t until_ns;      /* it sleeps until then; UINT64_MAX: until it is woken; 0: it is awake */
	const mk_worker *reads; /* the worker whose pinned event it reads, or NULL */
} mk_watchdog;

/* With the lock. The supervisor's; made if it is missing, without its thread. NULL without memory. */
mk_watchdog *mk_watchdog_of(mk_sup *sup);
void mk_watchdog_wake(mk_sup *sup);
void mk_watchdog_fini(mk_sup *sup);

/* With the lock: a timed actor enters the directory (0 or MAIKO_ENOMEM), and leaves it. */
int mk_timed_enter(mk_sup *sup, mk_actor *a);
void mk_timed_leave(mk_sup *sup, const mk_actor *a);

/* On a worker, around a handler of a timed actor. Precondition: the caller has a reference on the event until both have
 * returned. */
static inline void mk_timed_pin(mk_worker *w, mk_event *e)
{
	mk_count_add(&w->timed_calls, 1); /* first: who takes this event sees that an earlier callback is over */
	atomic_store_explicit(&w->pinned, e, memory_order_release);
}
void mk_timed_await(mk_worker *w);
static inline void mk_timed_unpin(mk_worker *w)
{
	if (MK_UNLIKELY(atomic_exchange_explicit(&w->pinned, NULL, memory_order_acq_rel) == NULL))
		mk_timed_await(w);
}

/* The worker has risen. */
MK_NOINLINE void mk_watchdog_call(mk_sup *sup);
static inline void mk_watchdog_risen(const mk_worker *w)
{
	if (MK_UNLIKELY(atomic_load_explicit(&w->sup->watchdog_rests, memory_order_seq_cst)))
		mk_watchdog_call(w->sup);
}

#endif
