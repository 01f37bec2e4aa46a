/*
 * interest.pml - when an actor that watches a topic is told whether anyone subscribes to it.
 *
 * Modeled code: src/core/lifecycle/notice.h and notice.c; of topology.c begin_subscribe, begin_unsubscribe, apply,
 * undo_subscribe, mk_topology_settle_all, settle, mk_topology_finish; of private.c mk_private_is_due; of sender.h
 * mk_home_at. Each inline names its function. That an event which a worker sends under a change reaches who has
 * subscribed by it is topology.pml's; here it is enough that the worker has applied the change.
 *
 * The changes, one batch each: COMES, a first subscriber; GOES, the last one; SWAPS, it goes and another comes in one
 * batch. Who comes may find no memory. In the batches of MOVES the watcher moves to the other worker. Whatever a
 * change causes is a greeting: from its subscriber when that settles, and from anybody when the change is complete.
 *
 * Properties, for every interleaving:
 *   - when the watcher is told that a topic is wanted, all workers send under that change: no event that is sent
 *     because of the word, by whom and by which way ever, is missed by the subscriber that has caused it;
 *   - its word is never older than the last complete change: so after "not wanted" nobody subscribes, and after
 *     "wanted" the last one does not go, before the next word is on its way and the watcher rests;
 *   - it handles nothing that a change has caused before it has been told of it;
 *   - its last word is the truth, and each change completes;
 *   - a notice is touched only where the watcher is.
 *
 * Abstractions, and why they are sound:
 *   - A batch with other changes, several topics, several watchers: a notice is of one of each.
 *   - Mailboxes: a watcher that moves has one, because it does not run between; migrate.h orders it.
 *   - A watcher that is added is told in its start, which is in a SETTLE; one that is removed leaves before an APPLY.
 *   - Backpressure, holds, sleep (channel.pml, mute.pml): a worker's steps run in any order.
 *
 * Planted bugs, each found: TOLD_IN_APPLY (not all workers have applied the change), NOT_RESTING, NO_DOUBT (it rests
 * only where the change makes a difference if there is memory for all), NOT_FIRST (a notice is behind what is queued),
 * OLD_WORD (one on its way is not brought up to date), TOLD_AHEAD (where a watcher that moves will be).
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CHANGES
#define CHANGES 3
#endif
#ifndef MOVES
#define MOVES 0 /* bit set: numbers of batches */
#endif
#ifndef NO_MEMORY
#define NO_MEMORY 0 /* times */
#endif
#ifndef GREETINGS
#define GREETINGS 2 /* when a change is complete, in all */
#endif
#define WORKERS 2
#define SUBSCRIBER 1 /* the worker of who subscribes; the watcher is at 0 first */
#define HAS(set, bit) (((set) >> (bit)) & 1)

/* The kinds of changes: any that are possible. */
#define COMES 0
#define GOES 1
#define SWAPS 2
byte kind

/* mk_worker; mk_channel */
byte marker[WORKERS]
mtype = { APPLY, SETTLE, HAND_OVER, GREETING, MARK }
chan control[WORKERS] = [3] of { mtype }
chan ring[WORKERS] = [2 * CHANGES + GREETINGS + 2] of { mtype, byte } /* from the other one */

/* mk_record */
byte listeners, coming /* those of the batch, which may find no memory */
bool wanted, turned

/* the watcher, and its notice */
byte at                /* its worker */
byte home_number, home_from, home_to
bool paused, moving
bool rests             /* mk_notice.paused */
bool given             /* it is on its way, with this word: */
bool word
byte word_of           /* ... of that batch */
bool told
byte told_of
chan box = [2 * CHANGES + GREETINGS] of { byte } /* greetings, by batch */
#define HOME_AT(number) ((number) >= home_number -> home_to : home_from)

/* mk_topology */
byte change, waiting, completed
bool failed

/* for the properties */
byte last_turn[CHANGES + 1] /* up to each batch: the last that made a difference */
byte greetings = GREETINGS, no_memory = NO_MEMORY

/* ---- notices ---------------------------------------------------------------------------------- */

/* give */
inline give(me)
{
	assert(at == me);
#ifdef OLD_WORD
	if
	:: !given ->
		word = wanted;
		word_of = change
	:: else
	fi;
#else
	word = wanted;
	word_of = change;
#endif
	given = true
}

/* run: said, or dropped because it has changed there and back */
inline run_notice()
{
	given = false;
	told = word;
	told_of = word_of;
	assert(marker[0] >= told_of && marker[1] >= told_of);
	assert(told_of >= last_turn[completed])
}

/* is_here */
#ifdef TOLD_AHEAD
#define IS_HERE(me) (HOME_AT(change) == (me))
#else
#define IS_HERE(me) (HOME_AT(change - 1) == (me))
#endif

/* mk_notices_pause, may_turn */
#ifdef NO_DOUBT
#define MAKES_A_DIFFERENCE ((listeners > 0) != wanted)
#else
#define MAKES_A_DIFFERENCE ((listeners > 0) != wanted || listeners == coming)
#endif
inline pause_watcher(me)
{
#ifndef NOT_RESTING
	if
	:: IS_HERE(me) && !moving && MAKES_A_DIFFERENCE ->
		rests = true;
		paused = true
	:: else
	fi
#else
	skip
#endif
}

/* mk_notices_tell */
inline tell(me)
{
	if
	:: IS_HERE(me) && turned -> give(me)
	:: else
	fi
}

/* mk_notices_permit */
inline permit(me)
{
	if
	:: IS_HERE(me) && rests ->
		rests = false;
		paused = false
	:: else
	fi
}

/* ---- greetings ------------------------------------------------------------------------------------ */

/* To where the watcher is for this worker. */
inline greet(me, number)
{
	to = HOME_AT(marker[me]);
	if
	:: to == me -> box!number
	:: else -> ring[to]!GREETING, number
	fi;
	to = 0
}

/* ---- changes -------------------------------------------------------------------------------------- */

inline apply(me)
{
	if
	:: me == SUBSCRIBER && kind != GOES && no_memory > 0 -> /* mk_actor_join */
		no_memory--;
		failed = true
	:: true
	fi;
	if
	:: HAS(MOVES, change) && at == me -> moving = true
	:: else
	fi;
#ifdef TOLD_IN_APPLY
	if
	:: (listeners > 0) != wanted && IS_HERE(me) ->
		assert(at == me);
		given = true;
		word = listeners > 0;
		word_of = change
	:: else
	fi;
#endif
	pause_watcher(me);
	marker[me] = change;
	waiting++;
	ring[1 - me]!MARK, change;
	waiting--
}

inline settle(me)
{
#ifndef TOLD_IN_APPLY
	tell(me);
#endif
	if
	:: me == SUBSCRIBER -> greet(me, change)
	:: true
	fi;
	if
	:: HAS(MOVES, change) && HOME_AT(change - 1) == me ->
		at = 1 - me;
		control[1 - me]!HAND_OVER
	:: else
	fi;
	permit(me);
	waiting--
}

/* begin_subscribe, begin_unsubscribe */
inline begin()
{
	change++;
	if
	:: listeners == 0 ->
		kind = COMES;
		listeners++;
		coming = 1
	:: listeners == 1 ->
		kind = GOES;
		listeners--
	:: listeners == 1 ->
		kind = SWAPS;
		coming = 1
	fi;
	if
	:: HAS(MOVES, change) -> /* mk_migrate_begin */
		home_from = home_to;
		home_to = 1 - home_to;
		home_number = change
	:: else
	fi;
	waiting = WORKERS;
	control[0]!APPLY;
	control[1]!APPLY
}

/* mk_topology_settle_all: undo_subscribe, mk_notices_decide */
inline decide()
{
	if
	:: failed ->
		listeners--;
		failed = false
	:: else
	fi;
	coming = 0;
	turned = (listeners > 0) != wanted;
	wanted = listeners > 0;
	last_turn[change] = (turned -> change : last_turn[change - 1]);
	waiting = WORKERS + HAS(MOVES, change)
}

active proctype supervisor()
{
	do
	:: completed < CHANGES ->
		atomic { begin() }
		atomic {
			waiting == 0;
			decide()
		}
		control[0]!SETTLE;
		control[1]!SETTLE;
		atomic {
			waiting == 0;
			turned = false;
			completed++
		}
	:: else -> break
	od
}

/* ---- a worker -------------------------------------------------------------------------------------- */

#define RUNS (at == me && !paused && !moving)

proctype worker(byte me)
{
	byte what, to;
	mtype m;
end_idle:
	do
	:: atomic { control[me]?APPLY -> apply(me) }
	:: atomic { control[me]?SETTLE -> settle(me) }
	:: atomic {
		control[me]?HAND_OVER ->
			moving = false;
			waiting--
	   }
	:: atomic { /* run_channel */
		ring[me]?[MARK, eval(marker[me])] ->
			ring[me]?MARK, _;
			waiting--
	   }
	:: atomic {
		ring[me]?[GREETING, _] ->
			ring[me]?GREETING, what;
			box!what;
			what = 0
	   }
	:: atomic { /* of a completion */
		completed > 0 && greetings > 0 ->
			greetings--;
			greet(me, completed)
	   }
#ifndef NOT_FIRST
	:: atomic { RUNS && given -> run_notice() }
	:: atomic {
		RUNS && !given && len(box) > 0 ->
#else
	:: atomic { RUNS && given && len(box) == 0 -> run_notice() }
	:: atomic {
		RUNS && len(box) > 0 ->
#endif
			box?what;
			assert(told_of >= last_turn[what]); /* it was told before */
			what = 0
	   }
	od
}

/* ---- properties -------------------------------------------------------------------------------------- */

init
{
	atomic {
		run worker(0);
		run worker(1)
	}
	timeout;
	assert(completed == CHANGES && told == wanted && !given && len(box) == 0)
}
