/*
 * watchdog.h - the thread that reports callbacks which run too long (.stuck_ms of an actor), and members of a group
 * that do not stop in time while it restarts (.stop_ms).
 *
 * A stuck worker cannot report itself, nor can the only worker of a supervisor, so this thread does. It is made with
 * the first actor that has .stuck_ms, at the earliest when the supervisor starts; or when a group restarts several
 * members. It ends with the supervisor. In a simulation there is none: in virtual time callbacks take no time.
 *
 * How it sees a callback without cost for those of others, and when it sleeps: runtime/timed.h. While a worker is
 * awake it looks four times per .stuck_ms of the actor with the least (to a power of two). A callback is reported when
 * it was seen for that long, and again each time that has doubled. Time in which its thread waits for a processor does
 * not count (sched/thread_time.h), so a busy machine is no reason for a report.
 *
 * It calls the hooks of monitors itself (mk_monitor_tell). The event in hand is theirs to read meanwhile: a worker
 * whose callback returns just then waits for them.
 */
#ifndef MK_WATCHDOG_H
#define MK_WATCHDOG_H

#include "runtime/runtime.h"

/* With the lock, while the supervisor runs: makes the thread if there is none; it will look at that time at the latest.
 * 0, or the system's error. */
int mk_watchdog_need(mk_sup *sup, uint64_t by_ns);

/* After the end of the supervisor: waits for the thread. Without the lock. */
void mk_watchdog_end(mk_sup *sup);

/* Whether the caller is that thread, in a hook. */
bool mk_watchdog_is_here(const mk_sup *sup);

/* With the lock: the actor of that worker whose callback was reported and has not returned, and for how long it was
 * seen; NULL: none. */
const mk_actor *mk_watchdog_stuck(mk_sup *sup, const mk_worker *w, uint64_t *ret_ms);

#endif
