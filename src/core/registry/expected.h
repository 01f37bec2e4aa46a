/*
 * expected.h - topics on which something should be published every so many milliseconds (maiko_topic.expect_every_ms).
 *
 * Nothing is counted for them. The first worker looks, several times in that time, whether the workers' own counts of
 * what they have published have changed (routing/silence.h). When it looks next at which topic is in a heap of timers
 * of their own, under the lock, since any thread may make a topic. In a replay nobody looks: what a look has found is
 * in the recording.
 */
#ifndef MK_EXPECTED_H
#define MK_EXPECTED_H

#include "runtime/runtime.h"

typedef struct mk_expected {
	mk_timer timer; /* in mk_silence.timers: the next look */
	mk_record *record;
	uint64_t seen;     /* how many were published when it was looked at last */
	uint64_t since_ns; /* when a look last found more than before */
	bool begun, silent;
} mk_expected;

/* A topic that is expected to have something is made: it is looked at from the start, or from now on. With the lock. 0
 * or MAIKO_ENOMEM. */
int mk_expected_add(mk_sup *sup, mk_record *r);

/* The topic is given back, or freed. With the lock. */
void mk_expected_drop(mk_sup *sup, mk_record *r);

/* When a worker looks next; UINT64_MAX: never. */
static inline uint64_t mk_expected_due(const mk_worker *w) { return w->go && !w->draining ? w->looks_ns : UINT64_MAX; }

#endif
