/*
 * growth.h - the cost of an operation among n objects of its kind.
 *
 * An operation is a function that creates n objects, and one that does some operations among them
 * and is measured: in instructions (budget/growth.c, a test), and in nanoseconds (maiko/g_growth.c).
 * All of it runs on this thread, with the caller's loop.
 */
#ifndef GROWTH_H
#define GROWTH_H

#include <maiko/maiko.h>
#include <stdint.h>

typedef struct growth_operation {
	const char *name;
	int (*prepare)(uint32_t n);
	/* Does some operations and sets *ret_done to their number. 0, or an error. */
	int (*run)(uint32_t n, uint64_t *ret_done);
	uint32_t most; /* the largest n; 0: a hundred thousand */
} growth_operation;

/* By kind of object; each ends with a NULL. */
extern const growth_operation growth_actors[];   /* actors.c  */
extern const growth_operation growth_topics[];   /* topics.c  */
extern const growth_operation growth_patterns[]; /* patterns.c */
extern const growth_operation growth_events[];   /* events.c  */
extern const growth_operation growth_mutes[];    /* mutes.c   */
extern const growth_operation growth_groups[];   /* groups.c  */
extern const growth_operation growth_watches[];  /* watches.c */
extern const growth_operation growth_others[];   /* others.c  */

/* The operation of that name, or NULL. */
const growth_operation *growth_find(const char *name);
/* The operation of that number, or NULL. */
const growth_operation *growth_at(uint32_t i);

/* ---- for the operations: one supervisor, on a loop of this thread ---- */

extern maiko_supervisor *growth_sup;
extern struct uv_loop_s *growth_loop;

/* Creates it, with an actor that runs tasks. */
int growth_open(void);
int growth_start(void);

/* Runs the loop until `*counter` is at least `least`. */
void growth_until(const uint64_t *counter, uint64_t least);

/* Runs a function in a callback of that actor, and the loop until it has returned. */
int growth_in_actor(int (*task)(maiko_ctx *ctx, uint32_t n), uint32_t n);

/* "a0", "a1", ... */
const char *growth_name(uint32_t i);

/* n, but at most a few hundred. */
uint32_t growth_some(uint32_t n);

#endif
