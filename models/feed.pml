/*
 * feed.pml - the feeds of external threads: how a worker learns of events, closes, and gives memory back.
 *
 * Modeled code: src/core/ds/feed.h and feed.c; of external.c mk_external_show, mk_external_wait, signal_if_low, visit,
 * mk_external_intake, mk_external_close; of external_sender.c thread_ends, take_over; of idle.c sleep_until_woken.
 *
 * Properties, for every interleaving:
 *   - what was accepted is taken exactly once, and nothing that was refused, also where the worker closes meanwhile;
 *   - no lost wake-up: if the worker sleeps for ever, everything is taken, and no thread waits for credit;
 *   - only its owner touches the memory of a feed, which is freed once its thread has ended.
 *
 * Abstractions, and why they are sound:
 *   - Memory orders: accesses to `state`, `taken`, `waiting`, the inbox and `rest` (MK_SLEEPS, here `sleeping`) are
 *     sequentially consistent in C.
 *   - Segments: all of a feed are one, which exists or not. That the consumer reads only what was published follows
 *     from the count in `state`; which segment an item lies in is sequential code.
 *   - The inbox is closed and taken in one step each (inbox.h). A worker that polls or spins has no other behavior.
 *   - The process-wide lock (external_sender.c) is not modeled: a record passes from its thread to the next one.
 *
 * Planted bugs, each found: REST_BLIND, CLOSED_APART, CLOSES_LISTED, WAKES_FIRST, SLEEPS_BLIND, WAITS_BLIND,
 * SIGNALS_FIRST, LOADS_TWICE, FREES_BLIND, FREES_LATE, TAKES_OVER_EARLY.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef FEEDS
#define FEEDS 2
#endif
#ifndef EVENTS
#define EVENTS 2 /* of each thread */
#endif
#ifndef THREADS
#define THREADS 1 /* that use a feed one after the other */
#endif
#ifndef CREDIT
#define CREDIT 1
#endif

/* mk_feed.state: one word */
byte published[FEEDS]
bool resting[FEEDS] = true
bool closed[FEEDS], ended[FEEDS]
byte taken[FEEDS]
bool waiting[FEEDS], signaled[FEEDS]
bool memory[FEEDS]
bool used[FEEDS] /* by the worker, until it lets the feed rest */

/* mk_worker */
bool inbox[FEEDS], inbox_closed
bool lists[FEEDS]
bool sleeping, async, stopping, all_closed

/* for the properties */
byte accepted[FEEDS], received[FEEDS], over

/* ---- an external thread ------------------------------------------------------------------------ */

/* mk_lane_wake */
inline wake()
{
	if
	:: atomic { sleeping -> sleeping = false }; async = true
	:: else
	fi
}

#define HAS_CREDIT (published[f] - taken[f] < CREDIT)
#define IS_LOW (published[f] - taken[f] <= CREDIT / 2)

/* mk_external_wait: `waiting` is stored before the credit is read again */
inline wait()
{
	if
	:: HAS_CREDIT || stopping
	:: else ->
#ifdef WAITS_BLIND
		waiting[f] = true;
		atomic { signaled[f] -> signaled[f] = false };
#else
		waiting[f] = true;
		do
		:: IS_LOW || stopping -> break
		:: else -> atomic { signaled[f] -> signaled[f] = false }
		od;
#endif
		waiting[f] = false
	fi
}

/* mk_feed_publish, mk_external_show: one compare-and-swap refuses, or publishes and ends the rest */
inline publish()
{
	rested = false;
	refused = false;
#ifdef CLOSED_APART
	refused = closed[f];
	if
	:: !refused ->
		atomic {
			published[f]++;
			rested = resting[f];
			resting[f] = false;
			accepted[f]++
		}
	:: else
	fi;
#else
	atomic {
		refused = closed[f];
		if
		:: !refused ->
			published[f]++;
			rested = resting[f];
			resting[f] = false;
			accepted[f]++
		:: else
		fi
	}
#endif
	if
	:: rested ->
#ifdef WAKES_FIRST
		wake();
#endif
		inbox[f] = !inbox_closed;
#ifndef WAKES_FIRST
		wake()
#endif
	:: else
	fi
}

proctype thread(byte f)
{
	byte left, threads = THREADS;
	bool rested, refused;
	do
	:: threads > 0 ->
		threads--;
		left = EVENTS;
		do
		:: left > 0 ->
			left--;
			wait();
			if
			:: !memory[f] ->
				assert(!used[f]);
				memory[f] = true
			:: else
			fi;
			publish()
		:: left == 0 || refused -> break
		od;
		/* thread_ends: who sets the second of `ended` and `resting` frees */
		atomic {
			ended[f] = true;
			rested = resting[f]
		}
#ifdef FREES_BLIND
		rested = true;
#endif
		if
		:: rested ->
			assert(!used[f]);
			memory[f] = false
		:: else
		fi;
		if
		:: threads > 0 -> /* take_over */
#ifdef TAKES_OVER_EARLY
			atomic { taken[f] == published[f] -> ended[f] = false }
#else
			atomic { resting[f] && taken[f] == published[f] -> ended[f] = false }
#endif
		:: else
		fi
	:: else -> break
	od;
	over++
}

/* ---- the worker ------------------------------------------------------------------------------------ */

/* mk_feed_rest */
inline rest()
{
	do
	:: /* one load of the word */
		atomic {
			more = published[f] != received[f];
#ifndef LOADS_TWICE
			last = ended[f]
#endif
		}
#ifdef LOADS_TWICE
		last = ended[f];
#endif
		if
		:: more -> break
		:: else
		fi;
#ifndef FREES_LATE
		if
		:: last -> memory[f] = false
		:: else
		fi;
#endif
		atomic {
#ifdef REST_BLIND
			rested = true;
#else
			rested = published[f] == received[f] && ended[f] == last;
#endif
			if
			:: rested ->
				resting[f] = true;
				lists[f] = false;
#ifndef FREES_LATE
				used[f] = false
#endif
			:: else
			fi
		}
#ifdef FREES_LATE
		if
		:: rested && last -> memory[f] = false
		:: else
		fi;
		used[f] = used[f] && !rested;
#endif
		if
		:: rested -> break
		:: else
		fi
	od
}

/* visit */
inline visit()
{
	used[f] = true;
	upto = published[f];
	do
	:: received[f] < upto ->
		assert(memory[f]);
		received[f]++
	:: received[f] > taken[f] -> break /* EXTERNAL_PER_TURN */
	:: received[f] == upto -> break
	od;
#ifdef SIGNALS_FIRST
	if
	:: waiting[f] && IS_LOW -> signaled[f] = true
	:: else
	fi;
	taken[f] = received[f];
#else
	taken[f] = received[f];
	if
	:: waiting[f] && IS_LOW -> signaled[f] = true
	:: else
	fi;
#endif
	upto = 0;
	rest()
}

inline each_feed(which)
{
	f = 0;
	do
	:: f < FEEDS ->
		if
		:: which -> visit()
		:: else
		fi;
		f++
	:: else -> break
	od;
	f = 0
}

inline take_inbox()
{
	d_step {
		f = 0;
		do
		:: f < FEEDS ->
			lists[f] = lists[f] || inbox[f];
			inbox[f] = false;
			f++
		:: else -> break
		od;
		f = 0
	}
}

#if FEEDS == 1
#define INPUT (inbox[0] || lists[0])
#else
#define INPUT (inbox[0] || lists[0] || inbox[1] || lists[1])
#endif

/* mk_external_close: all feeds first, then the inbox, then what is published */
inline close()
{
	f = 0;
	do
	:: f < FEEDS ->
#ifdef CLOSES_LISTED
		if
		:: lists[f] || inbox[f] -> closed[f] = true
		:: else
		fi;
#else
		closed[f] = true;
#endif
		f++
	:: else -> break
	od;
	f = 0;
	atomic {
		take_inbox();
		inbox_closed = true
	}
	do
	:: lists[0] || lists[FEEDS - 1] -> each_feed(lists[f])
	:: else -> break
	od;
#ifndef CLOSES_LISTED
	do
	:: received[0] != published[0] || received[FEEDS - 1] != published[FEEDS - 1] ->
		each_feed(received[f] != published[f])
	:: else -> break
	od;
#endif
	all_closed = true
}

active proctype worker()
{
	byte f, upto;
	bool last, rested, more;
	do
	:: stopping -> close(); break
	:: else ->
		take_inbox();
		each_feed(lists[f]);
		if
		:: INPUT
		:: else ->
			sleeping = true;
			if
#ifndef SLEEPS_BLIND
			:: INPUT || stopping
#endif
			:: else ->
end_asleep:
				atomic { async -> async = false }
			fi;
			sleeping = false
		fi
	od
}

/* maiko_stop: the state, the threads that wait, the worker's control lane */
proctype stop()
{
	stopping = true;
	if
	:: waiting[0] -> signaled[0] = true
	:: else
	fi;
	if
	:: waiting[FEEDS - 1] -> signaled[FEEDS - 1] = true
	:: else
	fi;
	wake()
}

init
{
	atomic {
		run thread(0);
#if FEEDS > 1
		run thread(1);
#endif
#ifdef STOPS
		run stop()
#endif
	}
}

/* ---- properties --------------------------------------------------------------------------------------- */

#define DONE(f) (received[f] == accepted[f] && taken[f] == published[f])

active proctype watch()
{
end_watch:
	timeout;
	assert(over == FEEDS);
	assert(DONE(0) && DONE(FEEDS - 1));
	assert(!memory[0] && !memory[FEEDS - 1]);
#ifdef STOPS
	assert(all_closed)
#endif
}
