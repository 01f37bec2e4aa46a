/*
 * stop_state.h - the state of a stop (lifecycle/stop.h).
 */
#ifndef MK_STOP_STATE_H
#define MK_STOP_STATE_H

#include "runtime/runtime.h"

typedef enum mk_stop_step {
	MK_STOP_NONE = 0,
	MK_STOP_BEGIN,
	MK_STOP_QUIESCE,
	MK_STOP_FINISH,
	MK_STOP_HOOK,
	MK_STOP_END,
	MK_STOP_EXIT,
	MK_STOP_DONE
} mk_stop_step;

typedef struct mk_stop_call {
	struct mk_stop_call *next;
	void (*done)(void *arg, int status);
	void (*begun)(void *arg); /* may be NULL */
	void *arg;
} mk_stop_call;

/* A worker's progress after the deadline, to detect a callback that does not return. */
typedef struct mk_stop_mark {
	const mk_sender *running; /* its actor may be freed; the sender is not */
	uint64_t head;            /* of that actor's mailbox: each event of a batch advances it */
	uint64_t looked_ns;       /* when it was checked; 0: never */
	uint64_t run_ns;          /* CPU time of its thread then; 0: it slept, or unknown */
	uint64_t stood_ns;        /* how long it has not progressed, without waits for a processor */
} mk_stop_mark;

/* All under the lock, except that `stuck` is also read and `ending` always accessed without it. */
typedef struct mk_stop {
	mk_stop_step step;
	uint64_t asked;               /* workers that have not answered */
	_Atomic(uint64_t) stuck;      /* workers that are no longer waited for */
	_Atomic(const void *) ending; /* the thread that completes the end, or NULL */
	mk_stop_mark marks[MAIKO_WORKERS_MAX];
	uint64_t answered_idle; /* workers that have reported that nothing is left, at that activity count */
	uint64_t activity[MAIKO_WORKERS_MAX];
	uint64_t drainers; /* workers that have actors with .drains */
	mk_actor *hook;
	bool ended, ended_late; /* the step was taken; something was sent after the quiesce before it */
	bool discarding;
	bool wanted, wanted_now; /* requested while the start was under way */
	uint64_t wanted_ms;
	uint64_t deadline_ns; /* UINT64_MAX: none */
	mk_stop_call *calls;
} mk_stop;

/* The workers that the stop no longer waits for. */
static inline uint64_t mk_stop_stuck(const mk_sup *sup)
{
	return atomic_load_explicit((_Atomic(uint64_t) *)(uintptr_t)&sup->stop->stuck, memory_order_relaxed);
}

#endif
