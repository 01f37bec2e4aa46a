/*
 * topology.h - who subscribes to what, changed while events flow (C2, C16).
 *
 * Changes are made in batches, numbered, one at a time, with one change an actor:
 *
 *   request ──▶ pending ──▶ batch n begins
 *                  1. each worker applies it: a subscriber's home marks it joining or
 *                     leaving, the others note the interest; each then puts marker n
 *                     into all its channels, and fans out its own events under n
 *                     each marker passed by its receiver is counted
 *                  2. all markers have passed: each worker settles, joining is joined,
 *                     leaving has left; a new actor's on_start runs
 *                     all have settled: the requesters are told, the next batch begins
 *
 * Between 1 and 2 a worker fans out what it takes from a channel under that channel's last
 * marker. So the moment of a change is one place in each sender's order, the same for all its
 * subscribers. The actor that a change is about rests meanwhile: else it could cause, by way
 * of a worker that has not passed the marker, an event that misses it. (An actor that moves is
 * a change of its own: migrate.h.)
 *
 * What has not begun when a stop begins is refused.
 *
 * Interests are added in 1 and taken away after 2, so that they are always enough.
 *
 * models/topology.pml shows that nobody gets an event too many or too few, and that every
 * change completes; a change of this changes it first.
 */
#ifndef MK_TOPOLOGY_H
#define MK_TOPOLOGY_H

#include "routing/in_transit.h"
#include "runtime/runtime.h"

/* An addition as it was asked for. */
typedef struct mk_given {
	const void *init; /* a copy, or NULL */
	char name[MAIKO_NAME_MAX + 1];
} mk_given;

typedef struct mk_change {
	mk_message message; /* to the requesting actor, at the end */
	mk_task task;
	struct mk_change *next;
	struct mk_change *after, **after_tail; /* those of the same actor that wait for its end */
	maiko_change kind;
	maiko_actor_id id;
	mk_actor *actor;        /* set when the batch begins; of an addition, from the start */
	mk_worker *worker;      /* of an addition with a thread of its own: a new worker */
	maiko_actor_id *ret_id; /* of an addition: set if the change is taken; may be NULL */
	uint32_t home;
	uint32_t topic;
	maiko_overflow overflow;
	mk_subscriptions places; /* of a removal, a move: the actor's */
	uint32_t place_count;
	/* of a move: to where, what it found (migrate.c), and what waits for its end */
	uint32_t to;
	uint64_t probes;
	mk_actor *shadow;
	mk_arrival arrival; /* at the new home */
	bool on_way;        /* it is on no worker's lists */
	bool begun;         /* it was possible; `status` says what became of it */
	bool arrived;       /* of an addition: the actor has come to its worker */
	int status;
	/* who asked; `by` and `number` name the change in a recording (note.h): the index + 1 of the worker
	 * that asked, 0 for outside, and how many changes were asked for there before */
	uint16_t by;
	uint32_t number;
	maiko_actor_id requester; /* an actor, or 0 */
	void (*done)(void *arg, const maiko_completion *completion);
	void *done_arg;
	struct mk_change_wait *wait; /* a thread that waits */
	bool told;                   /* of an addition: its outcome is reported to a caller, a function or an actor */
	mk_given *given;             /* of an addition whose outcome is reported to a function or an actor */
} mk_change;

/* A thread that waits for a change, under the lock. */
typedef struct mk_change_wait {
	bool complete;
	int status;
} mk_change_wait;

int mk_topology_init(mk_sup *sup);
void mk_topology_fini(mk_sup *sup);

/* Takes a change, to be freed when it is complete; `caller`: mk_caller. With `ret_status`, waits until it is
 * complete, and puts its status there. 0; MAIKO_ESHUTDOWN or MAIKO_ESTATE: not taken. What is asked for while
 * the start is under way begins after it. */
int mk_topology_request(mk_sup *sup, mk_worker *caller, mk_change *change, int *ret_status);
/* The same with the lock, which is released while it waits: for a caller that needs more to happen in one
 * critical section with it. */
int mk_topology_ask(mk_sup *sup, mk_worker *caller, mk_change *change, int *ret_status);

/* Ends and asks to remove the actors that are to part. */
void mk_topology_retire(mk_worker *w);

/* The start is over: begins what was asked for meanwhile. With the lock. */
void mk_topology_started(mk_sup *sup);

/* A marker has come out of a channel. */
void mk_topology_passed(mk_worker *w);

/* An actor has been taken over by its new home. */
void mk_topology_arrived(mk_worker *w);

/* Before the start: an actor and its subscriptions, at once. With the lock. */
int mk_topology_add_now(mk_sup *sup, mk_actor *a);

/* Whether a change is under way or pending. With the lock. */
MK_PRIVATE bool mk_topology_busy(const mk_sup *sup);

/* The number of the last change that has begun. With the lock. */
MK_PRIVATE uint64_t mk_topology_number(const mk_sup *sup);

/* ---- led by a recording (lead.h); each false if it cannot be now ------------------------- */

/* What a change is called: of an addition the actor's id. */
uint64_t mk_change_key(const mk_change *c);

/* Begins a batch of those changes; takes step 2 of it; ends it, as that worker. */
MK_PRIVATE bool mk_topology_begin_led(mk_sup *sup, uint64_t number, const uint64_t *keys, size_t count);
MK_PRIVATE bool mk_topology_settle_led(mk_sup *sup);
MK_PRIVATE bool mk_topology_finish_led(mk_worker *w);

/* Led no more: what it waited for. */
void mk_topology_go_on(mk_sup *sup);

#endif
