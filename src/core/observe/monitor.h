/*
 * monitor.h - the monitors of a supervisor, and how a worker calls their hooks.
 *
 * Each worker has its own array of monitors, which only it accesses. Changes reach it by a
 * message on the control lane, posted under the lock in the order of the calls. A removed
 * monitor is freed when the last worker has run its message. Before the workers run, and
 * after they have ended, the caller changes the arrays itself.
 */
#ifndef MK_MONITOR_H
#define MK_MONITOR_H

#include "runtime/runtime.h"

struct maiko_monitor {
	maiko_hook hooks[MAIKO_OBSERVATION_KINDS];
	void *arg;
	mk_sup *sup;
	void (*removed)(void *arg);
	bool leaving;   /* under the lock, as is: */
	bool watches;   /* not paused, as last requested */
	uint64_t kinds; /* bit set: those with a hook */
	uint64_t told;  /* under the lock: the number of the last mk_monitor_tell that has called it */
};

#define MK_KIND_BIT(kind) (UINT64_C(1) << (kind))
static inline bool mk_is_watched(const mk_worker *w, maiko_observation_kind kind)
{
	return (w->watched & MK_KIND_BIT(kind)) != 0;
}

/* Calls the hooks for an observation. `e` may belong to another worker. */
MK_PRIVATE MK_NOINLINE void mk_notify(mk_worker *w, maiko_observation_kind kind, const mk_actor *a, const mk_event *e,
				      int64_t code, bool was_queued);

/* The same for a group; outside the callbacks of actors. */
void mk_notify_group_failed(mk_worker *w, const struct maiko_group_failed *failed);

/* Calls the hooks on a thread that is no worker, the same one each time, while the workers run. Without the lock. */
void mk_monitor_tell(mk_sup *sup, const maiko_observation *observation);

/* Attaches the supervisor's monitors to a new worker. With the lock. */
void mk_monitor_welcome(mk_worker *w);

void mk_monitor_fini(mk_sup *sup);

/* One predictable branch when no monitor has a hook for that kind. */
#define MK_NOTIFY(w, kind, a, e, code)                                                                                 \
	do {                                                                                                           \
		if (MK_UNLIKELY(mk_is_watched((w), (kind))))                                                           \
			mk_notify((w), (kind), (a), (e), (code), false);                                               \
	} while (0)
/* The same for an event that was in the mailbox. */
#define MK_NOTIFY_QUEUED(w, kind, a, e, code)                                                                          \
	do {                                                                                                           \
		if (MK_UNLIKELY(mk_is_watched((w), (kind))))                                                           \
			mk_notify((w), (kind), (a), (e), (code), true);                                                \
	} while (0)

#endif
