/*
 * topology.h - changes of actors and subscriptions while events flow (C2, C16).
 *
 * Changes are made in numbered batches, one batch at a time, with one change per actor:
 *
 *   request ──▶ pending ──▶ batch n begins
 *                  1. each worker applies it: a subscriber's home marks it joining or
 *                     leaving, the others note the interest; each then puts marker n
 *                     into all its channels, and fans out its own events under n
 *                     each marker passed by its receiver is counted
 *                  2. all markers have passed: each worker settles, joining is joined,
 *                     leaving has left; a new actor's on_start runs
 *                     all have settled: requesters are notified, the next batch begins
 *
 * Between 1 and 2 a worker fans out an event from a channel under that channel's last marker. So
 * a change takes effect at one position in each sender's order, the same for all subscribers.
 * The changed actor is held during the change: else it could cause an event that misses it, by
 * way of a worker that has not passed the marker. (A migration has its own rules: migrate.h.)
 *
 * A step is taken in the name of workers that rest, where possible (stand_in.h).
 *
 * A change that has not begun when a stop begins is refused.
 *
 * Interests are added in 1 and removed after 2, so that they always cover all subscribers.
 *
 * models/topology.pml shows that each actor gets exactly the events it should and that every
 * change completes; to change the protocol, change the model first.
 */
#ifndef MK_TOPOLOGY_H
#define MK_TOPOLOGY_H

#include "routing/in_transit.h"
#include "runtime/runtime.h"

/* The name and the init of a requested addition. */
typedef struct mk_given {
	const void *init; /* a copy, or NULL */
	char name[MAIKO_NAME_MAX + 1];
} mk_given;

typedef struct mk_change {
	mk_message message; /* notifies the requesting actor of the completion */
	mk_task task;
	struct mk_change *next;
	struct mk_change *after, **after_tail; /* changes of the same actor that wait for this one to complete */
	maiko_change kind;
	maiko_actor_id id;
	mk_actor *actor;        /* set when the batch begins; of an addition, from the start */
	mk_worker *worker;      /* of an addition with a thread of its own: a new worker */
	maiko_actor_id *ret_id; /* of an addition: set if the change is accepted; may be NULL */
	uint32_t home;
	mk_subscriptions places; /* those that are asked for; of a removal, a move: the actor's subscriptions */
	uint32_t place_count;
	struct mk_filter *filters; /* of a subscription: the filters that it brings, until it is applied */
	/* of a move: the new home, the state of migrate.c, and the messages kept until the actor arrives */
	uint32_t to;
	uint64_t probes;
	mk_actor *shadow;
	mk_arrival arrival; /* at the new home */
	int watch_error;    /* why the new home cannot watch another descriptor, or 0 */
	uint32_t timers;    /* reserved at the new home */
	bool watches;       /* a watch is reserved at the new home (fd_watch.h) */
	bool lent;          /* the two workers run it in turns (balance.h) */
	bool on_way;        /* the actor is on no worker's lists */
	bool overlaps;      /* of (un)subscribing: mk_actor.overlaps, as it will be */
	bool asks;          /* of subscriptions, until it is queued: mk_topic_needed */
	bool begun;         /* it was possible; `status` is its result so far */
	bool arrived;       /* of an addition: the actor is linked to its worker */
	int status;
	/* the requester; `by` and `number` name the change in a recording (note.h): the index + 1 of the requesting
	 * worker, 0 for external threads, and the number of earlier requests there */
	uint16_t by;
	uint32_t number;
	maiko_actor_id requester; /* an actor, or 0 */
	uint32_t life;            /* of it (mk_extra.life) */
	void (*done)(void *arg, const maiko_completion *completion);
	void *done_arg;
	struct mk_change_wait *wait; /* a thread that waits */
	bool told;                   /* of an addition: its outcome is reported to a caller, a function or an actor */
	mk_given *given;             /* of an addition whose outcome is reported to a function or an actor */
	struct mk_joining *joining;  /* what it is given, of retained topics (joining.h); NULL: nothing */
} mk_change;

/* A thread that waits for a change. The status is stored, under the lock, before `complete`, which is released. */
typedef struct mk_change_wait {
	_Atomic(bool) complete;
	int status;
} mk_change_wait;

int mk_topology_init(mk_sup *sup);
void mk_topology_fini(mk_sup *sup);

/* Queues a change, which is freed when it is complete; `caller`: mk_caller. With `ret_status`, waits until it is
 * complete and sets its status there. 0; MAIKO_ESHUTDOWN or MAIKO_ESTATE: not queued. A change that is requested
 * during the start begins after it. */
int mk_topology_request(mk_sup *sup, mk_worker *caller, mk_change *change, int *ret_status);
/* The same with the lock held, which is released while it waits: for a caller that does more in the same
 * critical section. */
int mk_topology_ask(mk_sup *sup, mk_worker *caller, mk_change *change, int *ret_status);

/* Ends the worker's retiring actors and requests their removal. */
void mk_topology_retire(mk_worker *w);

/* Begins the next batch if none is under way and a change is pending (requested during the start that is over), or
 * topics are to be given back. With the lock. */
void mk_topology_next(mk_sup *sup);

/* A marker was taken from a channel. */
void mk_topology_passed(mk_worker *w);

/* The new home of an actor has taken it over. */
void mk_topology_arrived(mk_worker *w);

/* Before the start: adds an actor and its subscriptions at once. With the lock. */
int mk_topology_add_now(mk_sup *sup, mk_actor *a);

/* Whether a change is under way or pending. With the lock. */
MK_PRIVATE bool mk_topology_busy(const mk_sup *sup);

/* The number of the last change that has begun. With the lock. */
MK_PRIVATE uint64_t mk_topology_number(const mk_sup *sup);

/* ---- replay (lead.h); each false if it is not possible now -------------------------------- */

/* The key of a change in a recording; of an addition the actor's id. */
uint64_t mk_change_key(const mk_change *c);

/* Begins a batch of those changes; begins its step 2; ends it on that worker. */
MK_PRIVATE bool mk_topology_begin_led(mk_sup *sup, uint64_t number, const uint64_t *keys, size_t count);
MK_PRIVATE bool mk_topology_settle_led(mk_sup *sup);
MK_PRIVATE bool mk_topology_finish_led(mk_worker *w);

/* The replay has ended: takes the step that waited for the recording. */
void mk_topology_go_on(mk_sup *sup);

#endif
