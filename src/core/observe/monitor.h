/*
 * monitor.h - who watches, and how a worker tells them.
 *
 * Each worker has an array of the monitors that watch it, which it alone touches: told by
 * a message on the control lane, in the order asked for under the lock. A monitor that is
 * removed is freed when the last worker has had its message. Where no worker runs yet, or
 * none any more, the caller changes the arrays itself.
 */
#ifndef MK_MONITOR_H
#define MK_MONITOR_H

#include "runtime/runtime.h"

/* What the table has, by kind. */
struct maiko_monitor {
	maiko_hook hooks[MAIKO_OBSERVATION_KINDS];
	void *arg;
	mk_sup *sup;
	void (*removed)(void *arg);
	bool leaving; /* under the lock, as is: */
	bool watches; /* what was asked for last */
};

/* Calls the hooks of an observation. `e` may be another worker's. */
MK_NOINLINE void mk_notify(mk_worker *w, maiko_observation_kind kind, const mk_actor *a, const mk_event *e,
			   int64_t code, bool was_queued);

/* A worker that joins the others: it is watched by whom they are watched. With the lock. */
void mk_monitor_welcome(mk_worker *w);

void mk_monitor_fini(mk_sup *sup);

/* One predictable branch when nobody watches. */
#define MK_NOTIFY(w, kind, a, e, code)                                                                                 \
	do {                                                                                                           \
		if (MK_UNLIKELY((w)->monitor_count != 0))                                                              \
			mk_notify((w), (kind), (a), (e), (code), false);                                               \
	} while (0)
/* The same of an event that was in the mailbox. */
#define MK_NOTIFY_QUEUED(w, kind, a, e, code)                                                                          \
	do {                                                                                                           \
		if (MK_UNLIKELY((w)->monitor_count != 0))                                                              \
			mk_notify((w), (kind), (a), (e), (code), true);                                                \
	} while (0)

#endif
