/*
 * upcalls.h - the calls from a lower module to a higher one.
 *
 * All other calls and includes go downwards (ARCHITECTURE.md; tests/structure.pl checks the objects). These few go
 * through one table, which the highest module fills in.
 */
#ifndef MK_UPCALLS_H
#define MK_UPCALLS_H

#include "runtime/runtime.h"

struct mk_cause;

typedef struct mk_upcalls {
	/* from routing to the scheduler: dispatch.h */
	void (*hold)(mk_worker *w, mk_actor *a, unsigned bit);
	void (*permit)(mk_worker *w, mk_actor *a, unsigned bit);
	void (*fail)(mk_worker *w, mk_actor *a, const struct mk_cause *cause);
	bool (*error)(mk_worker *w, mk_actor *a, int code, maiko_phase phase, const mk_event *e);
	/* from the registry to the life cycle, with the lock */
	void (*topology_next)(mk_sup *sup);
	/* from the scheduler to it */
	void (*topology_passed)(mk_worker *w);
	void (*topology_retire)(mk_worker *w);
	bool (*quiescence_look)(mk_worker *w);
	void (*stop_idle)(mk_worker *w);
	void (*stop_exited)(mk_worker *w);
	void (*stop_for_failure)(mk_sup *sup, int code);
	bool (*contain)(mk_worker *w, mk_actor *a, const struct mk_cause *cause);
	void (*care_up)(mk_worker *w, mk_actor *a);
	void (*care_gone)(mk_worker *w, mk_actor *a);
	void (*care_go_on)(mk_worker *w, mk_actor *a);
	void (*move)(mk_sup *sup, maiko_actor_id id, uint32_t to, bool lent);
	/* within the life cycle, with the lock */
	int (*watchdog_need)(mk_sup *sup, uint64_t by_ns);
} mk_upcalls;

extern const mk_upcalls mk_up;

#endif
