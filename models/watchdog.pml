/*
 * watchdog.pml - how the watchdog sleeps while all workers do, and how a worker that rises wakes it.
 *
 * Modeled code: src/core/runtime/timed.h and timed.c (mk_watchdog_risen, mk_watchdog_call); of lifecycle/watchdog.c look
 * and rest; of runtime/lane.c mk_lane_rest, mk_lane_rise, mk_lane_enter, and take_sleep of a thread that wakes a worker.
 *
 * Property, for every interleaving: a callback that does not return is seen, however the watchdog slept before it began.
 *
 * Abstractions, and why they are sound:
 *   - Memory orders: accesses to mk_worker.rest (MK_SLEEPS, here `asleep`) and `watchdog_rests` are sequentially
 *     consistent in C; the rest is under the supervisor's lock.
 *   - A wait with a timeout is none: the watchdog looks again. A callback that does not return is one step; the watchdog
 *     sees it when it looks, because only its duration decides whether it is reported.
 *   - A worker that enters an actor from libuv (mk_lane_enter) is one that rises.
 *
 * Planted bugs, each found: LOOKS_FIRST, RISES_LATE, WAKES_UNLOCKED.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef ROUNDS
#define ROUNDS 2 /* sleeps of each worker */
#endif

bool asleep[WORKERS]
bool rests
bool lock
bool waits, signaled /* the condition variable */

/* for the properties */
bool stuck, reported

inline take() { atomic { !lock -> lock = true } }
inline give() { lock = false }

/* ---- a worker ---------------------------------------------------------------------------------- */

inline call()
{
	if
	:: rests ->
#ifndef WAKES_UNLOCKED
		take();
#endif
		rests = false;
		atomic { if :: waits -> signaled = true :: else fi }
#ifndef WAKES_UNLOCKED
		give()
#endif
	:: else
	fi
}

active [WORKERS] proctype worker()
{
	byte rounds = 0;
	do
	:: rounds < ROUNDS ->
		rounds++;
		asleep[_pid] = true;
#ifdef RISES_LATE
		call();
		asleep[_pid] = false;
#else
		asleep[_pid] = false; /* it rises, or a thread that wakes it has stored this */
		call();
#endif
		if
		:: true -> stuck = true; goto over /* in a callback that does not return */
		:: true
		fi
	:: rounds == ROUNDS -> asleep[_pid] = true; break
	od;
over:	skip
}

/* ---- the watchdog ------------------------------------------------------------------------------- */

inline look_for_awake()
{
	awake = false;
	i = 0;
	do
	:: i < WORKERS -> awake = awake || !asleep[i]; i++
	:: else -> break
	od
}

active proctype watchdog()
{
	byte i;
	bool awake;
	take();
	do
	:: stuck -> reported = true; break
	:: else ->
#ifdef LOOKS_FIRST
		look_for_awake();
		if
		:: awake -> give(); take(); goto again
		:: else
		fi;
		rests = true;
#else
		rests = true;
		look_for_awake();
#endif
		if
		:: awake -> rests = false
		:: else ->
			do
			:: rests ->
				atomic { lock = false; waits = true };
end_rests:			atomic { signaled -> signaled = false; waits = false };
				take()
			:: else -> break
			od
		fi;
		give();
		take();
again:		skip
	od;
	give()
}

/* Nothing else can happen any more. */
active proctype judge()
{
	timeout -> assert(!stuck || reported)
}
