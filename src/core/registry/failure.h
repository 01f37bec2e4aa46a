/*
 * failure.h - the failed actors: the last MAIKO_FAILURES_KEPT of them, and the error with which the
 * supervisor ends (C11).
 *
 * Its memory is allocated at the start, because many failures are out of memory; only the
 * detail text may be missing then. Under the supervisor's lock.
 */
#ifndef MK_FAILURE_H
#define MK_FAILURE_H

#include "base/error.h"
#include "runtime/runtime.h"

/* Why, and in which callback, an actor has failed. */
typedef struct mk_cause {
	int code;
	maiko_phase phase;
	const mk_event *event; /* the event that it handled, or NULL */
	const char *detail;    /* copied; NULL: the code's text, or what the failed call says */
	bool asked;            /* on_error has been called */
} mk_cause;

/* The record of one failure. It owns `detail`; its other pointers are valid as long as the supervisor. */
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
	int status;                        /* the first decisive error, with which the supervisor ends, or 0 */
	char decisive[MAIKO_NAME_MAX + 1]; /* its actor, and the phase: */
	maiko_phase phase;
	char detail[MK_ERROR_SIZE]; /* "": the code's text */
	uint64_t count;
	mk_failure kept[MAIKO_FAILURES_KEPT]; /* a ring: the next goes to count % MAIKO_FAILURES_KEPT */
} mk_failures;

int mk_failures_init(mk_sup *sup);
void mk_failures_fini(mk_sup *sup);

/* Records a failure. `decisive`: the actor is not temporary, so the supervisor ends with this error if
 * it is the first of these. On the actor's worker. */
void mk_failure_note(mk_worker *w, const mk_actor *a, const mk_cause *cause, bool decisive);

/* The status with which the supervisor ends: 0, MAIKO_ETIMEDOUT, or the decisive actor's error. */
int mk_end_status(const mk_sup *sup);

#endif
