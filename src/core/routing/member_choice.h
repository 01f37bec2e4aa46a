/*
 * member_choice.h - which member of a share group gets an event (registry/members.h).
 *
 * The best member of this worker is the one that is able to run and has the fewest events; then come those that are
 * held or on hold, those that are full, those that wait for their restart. Another worker is chosen by its load.
 * While recording, workers are chosen in turn, not by loads that others write meanwhile; everything else depends on
 * nothing but the state of this worker, so that a replay chooses as the run did.
 */
#ifndef MK_MEMBER_CHOICE_H
#define MK_MEMBER_CHOICE_H

#include "runtime/runtime.h"

/* A search for the best member here. */
typedef struct mk_member_choice {
	mk_worker *worker;
	mk_topic *group;
	const mk_event *event;
	uint64_t marker;        /* those count that take part under it */
	const mk_actor *except; /* who passes it on, or NULL */
	/* what mk_member_look finds; NULL: none */
	const mk_sub *best;
	uint64_t rank;
	const mk_sub *turned_away; /* one whose filter does not accept it */
	const mk_sub *ended;       /* one that has ended */
} mk_member_choice;

/* How good a choice a member is: first what it is able to do, then how many events it has; the least is best. */
enum { MK_RANK_RUNS = 0, MK_RANK_WAITS, MK_RANK_FULL, MK_RANK_DOWN };
#define MK_RANK_CLASS(rank) ((rank) >> 32)
uint64_t mk_member_rank(const mk_sub *s);

/* Whether that member may have the event: it has not ended, and its filter accepts it. */
bool mk_member_may_have(const mk_member_choice *q, const mk_sub *s);

/* Finds the best one. */
void mk_member_look(mk_member_choice *q);

/* The one with the least load of the workers in the set, which is not empty. */
uint32_t mk_member_worker(const mk_worker *w, mk_topic *group, uint64_t workers);

/* After the search: this worker's index, or that of one of the others, which may be none. Precondition: there is a best
 * one here, or another worker. */
uint32_t mk_member_choose(const mk_member_choice *q, uint64_t others);

#endif
