/*
 * failure.h - which actors have failed: the last of them by name, and what the end of the
 * supervisor has to say of them (C11).
 *
 * All of it has its memory from the start, because want of memory is what many fail for;
 * only a text of its own is given up then. Under the supervisor's lock.
 */
#ifndef MK_FAILURE_H
#define MK_FAILURE_H

#include "runtime/runtime.h"

/* Why and where an actor has failed. */
typedef struct mk_cause {
	int code;
	maiko_phase phase;
	const mk_event *event; /* that it was handling, or NULL */
	const char *detail;    /* copied; NULL: the code's text */
} mk_cause;

/* One that has failed. What it points to lives as long as the supervisor, but for `detail`. */
typedef struct mk_failure {
	char actor[MAIKO_NAME_MAX + 1];
	const maiko_actor_type *type;
	const maiko_event_type *event; /* NULL: none */
	maiko_id event_id;
	maiko_actor_id id;
	uint64_t time_ns;
	uint32_t worker;
	int code;
	maiko_phase phase;
	char *detail; /* its own; NULL: the code's text */
} mk_failure;

typedef struct mk_failures {
	int status;                        /* what the supervisor ends with: the first decisive error, or 0 */
	char decisive[MAIKO_NAME_MAX + 1]; /* its actor, and what that was doing */
	maiko_phase phase;
	uint64_t count;
	mk_failure kept[MAIKO_FAILURES_KEPT]; /* a ring: the next goes to count % MAIKO_FAILURES_KEPT */
} mk_failures;

int mk_failures_init(mk_sup *sup);
void mk_failures_fini(mk_sup *sup);

/* Records it. `decisive`: the actor is not temporary, so the supervisor ends with this error, if it is
 * the first such. On the actor's worker. */
void mk_failure_note(mk_worker *w, const mk_actor *a, const mk_cause *cause, bool decisive);

/* What the supervisor ends with: 0, MAIKO_ETIMEDOUT, or the error of the actor that failed. */
int mk_end_status(const mk_sup *sup);

#endif
