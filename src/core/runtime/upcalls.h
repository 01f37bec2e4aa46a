/*
 * upcalls.h - the calls upwards: what a module does that stands above the one where it is found necessary.
 *
 * All other calls and includes go downwards (ARCHITECTURE.md; tests/style.sh looks at the objects). These few are
 * made through one table, which the uppermost module fills in.
 */
#ifndef MK_UPCALLS_H
#define MK_UPCALLS_H

#include "runtime/runtime.h"

struct mk_cause;

typedef struct mk_upcalls {
	/* routing asks of the scheduler: dispatch.h */
	void (*hold)(mk_worker *w, mk_actor *a, unsigned bit);
	void (*permit)(mk_worker *w, mk_actor *a, unsigned bit);
	void (*fail)(mk_worker *w, mk_actor *a, const struct mk_cause *cause);
	/* the scheduler of the life cycle: what a turn has come to */
	void (*topology_passed)(mk_worker *w);
	void (*topology_retire)(mk_worker *w);
	bool (*quiescence_look)(mk_worker *w);
	void (*stop_idle)(mk_worker *w);
	void (*stop_exited)(mk_worker *w);
	void (*stop_for_failure)(mk_sup *sup, int code);
	void (*move)(mk_sup *sup, maiko_actor_id id, uint32_t to);
} mk_upcalls;

extern const mk_upcalls mk_up;

#endif
