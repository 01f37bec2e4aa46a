/*
 * stop_state.h - what a stop knows (stop.h), for those that take its steps.
 */
#ifndef MK_STOP_STATE_H
#define MK_STOP_STATE_H

#include "runtime/runtime.h"

typedef enum mk_stop_step {
	MK_STOP_NONE = 0,
	MK_STOP_BEGIN,
	MK_STOP_QUIESCE,
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

/* How far a worker has come, and since when it has been there. */
typedef struct mk_stop_mark {
	const mk_sender *running; /* what it names may be gone, but not the name */
	uint64_t head;            /* of that actor's mailbox: each event of a batch moves it */
	uint64_t looked_ns;       /* 0: nobody has looked yet */
	uint64_t run_ns;          /* of its thread, then; 0: it slept, or that is not known */
	uint64_t stood_ns;        /* for how long it has been there, its waits for a processor left out */
} mk_stop_mark;

/* All under the lock; `stuck` is also read without, `ending` is always. */
typedef struct mk_stop {
	mk_stop_step step;
	uint64_t asked;               /* workers that have not answered */
	_Atomic(uint64_t) stuck;      /* workers that are not waited for any more */
	_Atomic(const void *) ending; /* the thread that is busy with the end by itself, or NULL */
	mk_stop_mark marks[MAIKO_WORKERS_MAX];
	uint64_t answered_idle; /* workers that have said they have nothing left, at that count of stirs */
	uint64_t activity[MAIKO_WORKERS_MAX];
	mk_actor *hook;
	bool ended, ended_late; /* the step was taken; something had been sent since the quiesce before it */
	bool discarding;
	bool wanted, wanted_now; /* asked for while the start was under way */
	uint64_t wanted_ms;
	uint64_t deadline_ns; /* UINT64_MAX: none */
	mk_stop_call *calls;
} mk_stop;

/* The workers that were given up. */
static inline uint64_t mk_stop_stuck(const mk_sup *sup)
{
	return atomic_load_explicit((_Atomic(uint64_t) *)(uintptr_t)&sup->stop->stuck, memory_order_relaxed);
}

/* ---- the steps, with the lock ---------------------------------------------------------------- */

/* Takes the step that follows: asks those workers; of a hook, whose. */
void mk_stop_take(mk_sup *sup, mk_stop_step next, uint64_t workers, mk_actor *hook);

/* All have answered, or are given up. */
void mk_stop_step_over(mk_sup *sup);

/* It begins, it discards, it is over. */
void mk_stop_begin_until(mk_sup *sup, uint64_t deadline_ns);
void mk_stop_discard_now(mk_sup *sup);
void mk_stop_is_over(mk_sup *sup);

/* All workers but those that were given up. */
uint64_t mk_stop_all(mk_sup *sup);

static inline uint64_t mk_stop_bit(const mk_worker *w) { return UINT64_C(1) << w->index; }

/* ---- past the deadline, with the lock -------------------------------------------------------------- */

/* How often, after the deadline, somebody looks for workers that do not move. */
enum { MK_STOP_LOOK_MS = MAIKO_STOP_GRACE_MS / 4 };

/* Has all workers discard what is queued. Led, that is when the recording says so. */
void mk_stop_discard_all(mk_sup *sup);

/* Gives up the workers that do not return from a callback; the others go on without them. */
void mk_stop_give_up(mk_sup *sup);

/* Without the lock: the deadline of a worker's own. */
void mk_stop_deadline_passed(mk_timer *timer);

/* ---- who is told, with the lock ---------------------------------------------------------------------- */

/* Who is told of the end; as mk_stop_watch. With the lock. 0 or MAIKO_ENOMEM. */
int mk_stop_call_add(mk_sup *sup, void (*done)(void *arg, int status), void (*begun)(void *arg), void *arg);

/* Gives the lock up, and tells the end if it has come: who is told may free a supervisor that is
 * embedded, so it is not touched afterwards. */
void mk_stop_unlock_and_tell(mk_sup *sup);

#endif
