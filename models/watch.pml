/*
 * watch.pml - an actor watches another, while both move and the other ends: it is told exactly once, unless it gives
 * the watch up, and nothing is freed twice, left behind, or touched on a wrong worker.
 *
 * Modeled code: src/core/routing/watch.h and watch.c; mk_router_send_parcel of router.c; mk_private_give of private.c;
 * mk_arrival_keeps, mk_arrival_hear; of migrate.c mk_migrate_apply, hand_over, take_over; of sender.h mk_home_at; of
 * topology.c apply, settle. Each inline names its function. How actors move is topology.pml's. That what comes back in
 * the channel is behind the events of the watched actor is receipt.pml's: it is the same parcel.
 *
 * Properties, for every interleaving:
 *   - a watch that is not given up is told once when the watched actor has ended, also if that was before the watch;
 *     one that is given up is not told after that;
 *   - each half of a watch is given up once, and nothing touches it afterwards: in the end both are, or the watch is
 *     wanted and in the list of an actor that lives;
 *   - the list is touched where the watched actor is, the map where the watcher is.
 *
 * Abstractions, and why they are sound:
 *   - A channel is a queue that keeps its order (channel.pml), a control lane is one, from whomever.
 *   - A watcher that ends or is restarted gives its watches up, and one that is no longer there wants none.
 *   - An actor that is being added is one that is moving: messages for it are kept. (If its worker is being made, "go"
 *     waits where the watcher was, and "cancel" may come first; the mark that it leaves then has no use here: the
 *     model asserts that.)
 *
 * Planted bugs, each found: NOT_SENT_ON (of messages that come where the watched actor is not yet), NOT_KEPT (until the
 * watched actor has arrived), BACK_NOT_KEPT (the same for the watcher), TELLS_CANCELLED (the map is not asked again when
 * the private delivery runs), FORGOTTEN (an actor that has ended already turns nothing back).
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef WATCHES
#define WATCHES 2 /* one after the other */
#endif
#ifndef CHANGES
#define CHANGES 2 /* batches */
#endif
#ifndef WATCHER_MOVES
#define WATCHER_MOVES 2 /* bit sets: numbers of batches */
#endif
#ifndef WATCHED_MOVES
#define WATCHED_MOVES 4
#endif
#define HAS(set, bit) (((set) >> (bit)) & 1)
#define NONE 255

/* mk_worker; mk_channel */
byte marker[2]
mtype = { APPLY, SETTLE, WATCHER_COMES, WATCHED_COMES, GO, CANCEL, BACK, MARK }
chan control[2] = [8] of { mtype, byte }
chan ring[2] = [8] of { mtype, byte } /* from the other one */

/* the watcher */
byte watcher_at = 0
bool watcher_moves, watcher_awaited[2]
byte watcher_number, watcher_from, watcher_to
byte wanted = NONE /* mk_extra.watched */
byte made          /* watches so far */
chan privates = [WATCHES] of { byte }
chan kept_back = [WATCHES] of { byte }
#define WATCHER_HOME(me) (marker[me] >= watcher_number -> watcher_to : watcher_from)

/* the watched actor */
byte watched_at = 1
bool watched_moves, watched_awaited[2], ended
byte watched_number, watched_from = 1, watched_to = 1
chan kept = [2 * WATCHES] of { mtype, byte }
#define WATCHED_HOME(me) (marker[me] >= watched_number -> watched_to : watched_from)

/* mk_watch */
byte halves[WATCHES]
bool linked[WATCHES]

/* mk_topology */
byte change, waiting
bool over

/* what will happen; for the properties */
bool gives_up, ends
byte told[WATCHES]
bool unwatched[WATCHES]

inline give_up_half(k)
{
	assert(halves[k] > 0);
	halves[k]--
}

/* ---- the way back --------------------------------------------------------------------------------- */

/* end_comes: the watcher is here */
inline back_here(me, k)
{
	assert(watcher_at == me && halves[k] > 0);
	if
	:: wanted == k -> privates!k
	:: else -> give_up_half(k)
	fi
}

/* end_comes, is_home */
inline back(me, k)
{
	home = WATCHER_HOME(me);
	if
	:: home != me -> ring[home]!BACK, k /* mk_router_send_parcel */
#ifndef BACK_NOT_KEPT
	:: home == me && watcher_awaited[me] -> kept_back!k
	:: home == me && !watcher_awaited[me] -> back_here(me, k)
#else
	:: home == me -> back_here(me, k)
#endif
	fi;
	home = 0
}

/* run_end */
inline run_private()
{
	privates?k;
	if
#ifdef TELLS_CANCELLED
	:: true ->
#else
	:: wanted == k ->
#endif
		assert(!unwatched[k]);
		told[k]++;
		wanted = NONE;
		give_up_half(k);
		give_up_half(k)
#ifndef TELLS_CANCELLED
	:: else -> give_up_half(k)
#endif
	fi;
	k = 0
}

/* ---- to the watched actor --------------------------------------------------------------------------- */

/* go, cancel: the watched actor is here */
inline there(me, m, k)
{
	assert(watched_at == me && halves[k] > 0);
	if
#ifndef FORGOTTEN
	:: m == GO && ended -> back(me, k)
#else
	:: m == GO && ended -> give_up_half(k)
#endif
	:: m == GO && !ended -> linked[k] = true
	:: m == CANCEL ->
		if
		:: !ended && linked[k] ->
			linked[k] = false;
			give_up_half(k)
		:: !ended && !linked[k] -> assert(false)
		:: ended
		fi;
		give_up_half(k)
	fi
}

/* find */
inline to_watched(me, m, k)
{
	home = WATCHED_HOME(me);
	if
#ifndef NOT_SENT_ON
	:: home != me -> control[home]!m, k
#endif
#ifndef NOT_KEPT
	:: home == me && watched_awaited[me] -> kept!m, k
#endif
	:: else -> there(me, m, k)
	fi;
	home = 0
}

/* ---- changes ------------------------------------------------------------------------------------------- */

/* mk_migrate_apply */
inline apply(me)
{
	if
	:: watcher_moves && watcher_number == change && watcher_to == me -> watcher_awaited[me] = true
	:: else
	fi;
	if
	:: watched_moves && watched_number == change && watched_to == me -> watched_awaited[me] = true
	:: else
	fi;
	marker[me] = change;
	ring[1 - me]!MARK, change
}

/* hand_over */
inline settle(me)
{
	if
	:: watcher_moves && watcher_at == me && watcher_to != me ->
		watcher_at = watcher_to;
		control[watcher_to]!WATCHER_COMES, 0
	:: else
	fi;
	if
	:: watched_moves && watched_at == me && watched_to != me ->
		watched_at = watched_to;
		control[watched_to]!WATCHED_COMES, 0
	:: else
	fi;
	waiting--
}

active proctype supervisor()
{
	do
	:: change < CHANGES ->
		atomic {
			change++;
			waiting = 4; /* two workers, two markers */
			if
			:: HAS(WATCHER_MOVES, change) ->
				watcher_moves = true;
				watcher_number = change;
				watcher_from = watcher_to;
				watcher_to = 1 - watcher_to
			:: else
			fi;
			if
			:: HAS(WATCHED_MOVES, change) && !ended ->
				watched_moves = true;
				watched_number = change;
				watched_from = watched_to;
				watched_to = 1 - watched_to
			:: else
			fi
		}
		control[0]!APPLY, 0;
		control[1]!APPLY, 0;
		atomic {
			waiting == 0;
			waiting = 2 + watcher_moves + watched_moves
		}
		control[0]!SETTLE, 0;
		control[1]!SETTLE, 0;
		waiting == 0
	:: else -> break
	od;
	over = true
}

/* ---- a worker -------------------------------------------------------------------------------------------- */

#define WATCHER_RUNS (watcher_at == me && !watcher_moves)
#define WATCHED_RUNS (watched_at == me && !watched_moves)

proctype worker(byte me)
{
	byte k, home;
	mtype m;
end_idle:
	do
	:: atomic {
		control[me]?[APPLY, _] ->
			control[me]?APPLY, _;
			apply(me);
			waiting--
	   }
	:: atomic {
		control[me]?[SETTLE, _] ->
			control[me]?SETTLE, _;
			settle(me)
	   }
	:: atomic { /* take_over, mk_arrival_hear */
		control[me]?[WATCHER_COMES, _] ->
			control[me]?WATCHER_COMES, _;
			watcher_awaited[me] = false;
			do
			:: nempty(kept_back) ->
				kept_back?k;
				back(me, k)
			:: empty(kept_back) -> break
			od;
			watcher_moves = false;
			waiting--;
			k = 0
	   }
	:: atomic {
		control[me]?[WATCHED_COMES, _] ->
			control[me]?WATCHED_COMES, _;
			watched_awaited[me] = false;
			do
			:: nempty(kept) ->
				kept?m, k;
				to_watched(me, m, k)
			:: empty(kept) -> break
			od;
			watched_moves = false;
			waiting--;
			k = 0;
			m = 0
	   }
	:: atomic {
		control[me]?[GO, _] ->
			control[me]?GO, k;
			to_watched(me, GO, k);
			k = 0
	   }
	:: atomic {
		control[me]?[CANCEL, _] ->
			control[me]?CANCEL, k;
			to_watched(me, CANCEL, k);
			k = 0
	   }
	:: atomic { /* run_channel */
		ring[me]?[MARK, eval(marker[me])] ->
			ring[me]?MARK, _;
			waiting--
	   }
	:: atomic {
		ring[me]?[BACK, _] ->
			ring[me]?BACK, k;
			back(me, k);
			k = 0
	   }
	/* the watcher */
	:: atomic { /* maiko_ctx_watch */
		WATCHER_RUNS && wanted == NONE && made < WATCHES ->
			k = made;
			made++;
			halves[k] = 2;
			wanted = k;
			to_watched(me, GO, k);
			k = 0;
			if
			:: gives_up = true
			:: gives_up = false
			fi
	   }
	:: atomic { /* maiko_unwatch_actor, no_longer */
		WATCHER_RUNS && wanted != NONE && gives_up ->
			k = wanted;
			wanted = NONE;
			unwatched[k] = true;
			to_watched(me, CANCEL, k);
			k = 0
	   }
	:: atomic { WATCHER_RUNS && nempty(privates) -> run_private() }
	/* the watched actor */
	:: atomic { /* mk_watch_ended */
		WATCHED_RUNS && ends && !ended ->
			ended = true;
			do
			:: k < WATCHES && linked[k] ->
				linked[k] = false;
				back(me, k);
				k++
			:: k < WATCHES && !linked[k] -> k++
			:: k == WATCHES -> break
			od;
			k = 0
	   }
	od
}

init
{
	atomic {
		if
		:: ends = true
		:: ends = false
		fi;
		run worker(0);
		run worker(1)
	}
}

/* ---- in the end -------------------------------------------------------------------------------------------- */

active proctype judge()
{
	byte k;
	atomic {
		timeout;
		assert(over);
		do
		:: k < made ->
			assert(told[k] <= 1 && !(told[k] == 1 && unwatched[k]));
			assert(told[k] == 1 || unwatched[k] || (wanted == k && !ended));
			assert(wanted == k -> (halves[k] == 2 && linked[k] && !ended) : (halves[k] == 0 && !linked[k]));
			k++
		:: else -> break
		od
	}
}
