/*
 * retained.pml - one that joins a topic is given what the topic retains, while senders send and move.
 *
 * Modeled code: src/core/registry/keeper.h, keeper.c mk_keeper_take, mk_keepers_merge; src/core/lifecycle/joining.h,
 * joining.c mk_joining_apply, mk_joining_settle, mk_joining_settled; src/core/routing/retained.c mk_retained_give; and
 * of topology.pml what these rest on: apply, settle, the markers in the channels, the move of a sender. Each inline
 * names its function.
 *
 * Every event goes to the keeper's worker, and there it is kept. A change n makes the joiner a subscriber. From the
 * apply of that change to its settling the keeper's worker keeps apart what was sent under n (`late`): that the joiner
 * gets itself, which queues it. When all markers have passed, `now` is what was sent before n by all senders; a copy
 * goes to the joiner's home, by a message that may come before or after that worker settles; the joiner runs when both
 * are there, and handles what it was given first.
 *
 * Properties:
 *   - of what was given, each sender's events are the last that it has sent before the change, in order, without a
 *     gap; with RETAIN >= the number of all events, all of them; and not more than RETAIN;
 *   - then follow those that it has sent under the change, all of them, in order, each once;
 *   - what is kept at the end is a piece of each sender's events up to its last one, for whoever joins next;
 *   - the change completes.
 *
 * Abstractions, and why they are sound:
 *   - Of one topic and one joiner: others have stores and parts of their own. Several joiners of one batch are given
 *     copies of the same store before it is merged.
 *   - By key each store has at most one event of a key, in the same places and times; to replace it takes nothing from
 *     the order of the others.
 *   - Stand-ins, interest and channels that are opened at any time: topology.pml. Workers that take part in a joining
 *     are not stood in for.
 *   - An event that cannot be kept takes all before it with it: as if RETAIN were smaller.
 *
 * Planted bugs, each found: NOT_SPLIT (all is kept as if it were earlier), OWN_NUMBER (the keeper's worker splits by its
 * own number, not by the channel's marker), COPIES_EARLY (at its apply), RUNS_AT_ONCE (the joiner, when its home
 * settles), QUEUED_BEHIND (what was given), LATE_LOST (what was sent meanwhile is not kept for the next one).
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef EVENTS
#define EVENTS 2 /* of each sender */
#endif
#ifndef RETAIN
#define RETAIN 4
#endif
#ifndef JOINER
#define JOINER 1 /* the home of the joiner */
#endif
#define WORKERS 3
#define KEEPER 0
#define SENDERS 2 /* sender 0 stays on the last worker; sender 1 moves: */
#ifndef FROM
#define FROM 0
#endif
#ifndef TO
#define TO 2
#endif

/* The changes: 1, sender 1 moves; 2, the joiner subscribes, and with MOVES_TOO sender 1 moves back in the same batch. */
#define MOVE 1
#define JOIN 2
#ifdef MOVES_TOO
#define IS_MOVE(n) true
#else
#define IS_MOVE(n) ((n) == MOVE)
#endif
#define OLD_HOME(n) ((n) == MOVE -> FROM : TO)
#define NEW_HOME(n) ((n) == MOVE -> TO : FROM)
#define PAIR(from, to) ((from) * WORKERS + (to))

byte marker[WORKERS]
mtype = { APPLY, SETTLE, HAND_OVER, PART }
chan control[WORKERS] = [4] of { mtype }
mtype = { EVENT, MARK }
chan ring[WORKERS * WORKERS] = [SENDERS * EVENTS + 3] of { mtype, byte, byte } /* event: sender, n; mark: number */
byte ch_marker[WORKERS * WORKERS]

/* the senders */
byte home[SENDERS]
bool paused[SENDERS]
byte sent[SENDERS]

/* the keeper */
bool splits
chan now = [SENDERS * EVENTS + 1] of { byte, byte }
chan late = [SENDERS * EVENTS + 1] of { byte, byte }

/* the joiner */
bool joining, joined /* as its home has it */
byte missing = 2     /* the part, and the settling of its home; 0: it runs */
chan part = [SENDERS * EVENTS + 1] of { byte, byte }
chan box = [SENDERS * EVENTS + 1] of { byte, byte }

/* mk_topology */
byte change
byte waiting

/* for the properties */
byte before[SENDERS] /* what each had sent when its worker applied the joining */
byte given[SENDERS], live[SENDERS], given_count
byte completed

/* ---- events ------------------------------------------------------------------------------- */

/* make_room, link_last */
inline keep(store, s, n)
{
	if
	:: len(store) == RETAIN -> store?_, _
	:: else
	fi;
	store!s, n
}

/* mk_keeper_take */
#ifdef NOT_SPLIT
#define IS_LATE(under) false
#elif defined(OWN_NUMBER)
#define IS_LATE(under) (splits)
#else
#define IS_LATE(under) (splits && (under) >= marker[KEEPER])
#endif
inline take_in(s, n, under)
{
	if
	:: IS_LATE(under) -> keep(late, s, n)
	:: else -> keep(now, s, n)
	fi
}

/* fan_out, mk_takes_part; the keeper's worker keeps it as well */
inline fan_out(w, s, n, under)
{
	if
	:: w == JOINER && joining && (joined || under >= marker[w]) -> box!s, n
	:: else
	fi;
	if
	:: w == KEEPER -> take_in(s, n, under)
	:: else
	fi
}

/* mk_publish: to the keeper's worker, and to the joiner's home once that change is applied here */
inline publish(w, s)
{
	sent[s]++;
	fan_out(w, s, sent[s], marker[w]);
	if
	:: w != KEEPER -> ring[PAIR(w, KEEPER)]!EVENT, s, sent[s]
	:: else
	fi;
	if
	:: w != JOINER && JOINER != KEEPER && marker[w] >= JOIN -> ring[PAIR(w, JOINER)]!EVENT, s, sent[s]
	:: else
	fi
}

/* ---- changes ----------------------------------------------------------------------------------- */

/* mk_keeper_copy */
inline copy()
{
	k = len(now);
	do
	:: k > 0 ->
		now?a, b;
		now!a, b;
		part!a, b;
		k--
	:: else -> break
	od;
	a = 0;
	b = 0
}

/* mk_keepers_merge */
inline merge()
{
	splits = false;
	do
	:: len(late) > 0 ->
		late?a, b;
#ifndef LATE_LOST
		keep(now, a, b)
#else
		skip
#endif
	:: else -> break
	od;
	a = 0;
	b = 0
}

/* mk_retained_give; with QUEUED_BEHIND after what has come meanwhile */
inline give()
{
#ifdef QUEUED_BEHIND
	do
	:: len(part) > 0 ->
		part?a, b;
		box!a, b
	:: else -> break
	od;
	a = 0;
	b = 0
#else
	skip /* `part` is taken before `box` */
#endif
}

/* one_less */
inline one_less()
{
	missing--;
	if
	:: missing == 0 ->
		give();
		joined = true;
		waiting--
	:: else
	fi
}

/* apply */
inline apply(w)
{
	for (k : 0 .. SENDERS - 1) {
		if
		:: change == JOIN && home[k] == w -> before[k] = sent[k]
		:: else
		fi
	}
	k = 0;
	if
	:: IS_MOVE(change) && w == OLD_HOME(change) -> paused[1] = true
	:: else
	fi;
	if
	:: change == JOIN && w == JOINER -> joining = true
	:: else
	fi;
	if
	:: change == JOIN && w == KEEPER ->
		splits = true;
#ifdef COPIES_EARLY
		copy()
#endif
	:: else
	fi;
	marker[w] = change;
	for (k : 0 .. WORKERS - 1) {
		if
		:: k != w ->
			waiting++;
			ring[PAIR(w, k)]!MARK, change, 0
		:: else
		fi
	}
	k = 0;
	waiting--
}

/* settle: mk_joining_settle, then what is at home */
inline settle(w)
{
	if
	:: change == JOIN && w == KEEPER ->
#ifndef COPIES_EARLY
		copy();
#endif
		merge();
		if
		:: JOINER == KEEPER -> missing--
		:: else -> control[JOINER]!PART
		fi
	:: else
	fi;
	if
	:: IS_MOVE(change) && w == OLD_HOME(change) -> control[NEW_HOME(change)]!HAND_OVER
	:: else
	fi;
	if
	:: change == JOIN && w == JOINER ->
#ifdef RUNS_AT_ONCE
		missing = 1;
		one_less()
#else
		one_less()
#endif
	:: else
	fi;
	waiting--
}

proctype supervisor()
{
	byte w;
	do
	:: change < JOIN ->
		atomic {
			change++;
			waiting = WORKERS;
			for (w : 0 .. WORKERS - 1) {
				control[w]!APPLY
			}
		}
		atomic {
			waiting == 0;
			waiting = WORKERS + IS_MOVE(change) + (change == JOIN);
			w = 0
		}
		do
		:: w < WORKERS ->
			control[w]!SETTLE;
			w++
		:: else -> break
		od;
		atomic {
			waiting == 0;
			w = 0;
			completed++
		}
	:: else -> break
	od
}

/* ---- a worker --------------------------------------------------------------------------------------- */

/* run_channel */
#define IS_PASSABLE(from) (!(ring[PAIR(from, me)]?[MARK, _, _] && !ring[PAIR(from, me)]?[MARK, eval(marker[me]), _]))
inline take(from)
{
	atomic {
		len(ring[PAIR(from, me)]) > 0 && IS_PASSABLE(from) ->
			ring[PAIR(from, me)]?kind, a, b;
			if
			:: kind == MARK ->
				ch_marker[PAIR(from, me)] = a;
				waiting--
			:: kind == EVENT -> fan_out(me, a, b, ch_marker[PAIR(from, me)])
			fi;
			kind = 0;
			a = 0;
			b = 0
	}
}

/* The handler: what was given comes first. */
inline handle_given()
{
	part?a, b;
	given_count++;
	assert(given_count <= RETAIN);
	assert(live[0] + live[1] == 0);                  /* none older last */
	assert(given[a] == 0 || b == given[a] + 1);      /* no gap, none twice */
	assert(b <= before[a]);
	if
	:: RETAIN >= SENDERS * EVENTS -> assert(b == given[a] + 1)
	:: else
	fi;
	given[a] = b;
	a = 0;
	b = 0
}
inline handle_live()
{
	box?a, b;
#ifdef QUEUED_BEHIND
	if
	:: b <= before[a] ->
		given_count++;
		assert(live[0] + live[1] == 0)
	:: else ->
#endif
	/* what was given ends with the last one before the change */
	assert(given[a] == 0 || given[a] == before[a]);
	assert(RETAIN < SENDERS * EVENTS || given[a] == before[a]);
	assert(b == before[a] + live[a] + 1);
	live[a]++
#ifdef QUEUED_BEHIND
	fi
#endif
	;
	a = 0;
	b = 0
}

#define RUNS (me == JOINER && missing == 0)

proctype worker(byte me)
{
	byte k, a, b;
	mtype kind;
end_idle:
	do
	:: atomic {
		control[me]?kind ->
			if
			:: kind == APPLY -> apply(me)
			:: kind == SETTLE -> settle(me)
			:: kind == HAND_OVER ->
				home[1] = me;
				paused[1] = false;
				waiting--
			:: kind == PART ->
#ifdef RUNS_AT_ONCE
				skip
#else
				one_less()
#endif
			fi;
			kind = 0
		}
	:: atomic { home[0] == me && !paused[0] && sent[0] < EVENTS -> publish(me, 0) }
	:: atomic { home[1] == me && !paused[1] && sent[1] < EVENTS -> publish(me, 1) }
	:: take(0)
	:: take(1)
	:: take(2)
	:: atomic { RUNS && len(part) > 0 -> handle_given() }
	:: atomic { RUNS && len(part) == 0 && len(box) > 0 -> handle_live() }
	od
}

/* ---- properties --------------------------------------------------------------------------------------- */

#define LEFT(s) (EVENTS - before[s])

init
{
	byte a, b, k, kept[SENDERS];
	atomic {
		home[0] = WORKERS - 1;
		home[1] = FROM;
		for (k : 0 .. WORKERS - 1) {
			run worker(k)
		}
		run supervisor();
		k = 0
	}
	timeout;
	assert(completed == JOIN && missing == 0 && len(part) == 0 && len(box) == 0);
	for (k : 0 .. SENDERS - 1) {
		assert(sent[k] == EVENTS && live[k] == LEFT(k));
		assert(given[k] == 0 || given[k] == before[k]);
		assert(RETAIN < SENDERS * EVENTS || given[k] == before[k])
	}
	/* as much as there is is given */
	assert(given_count == (before[0] + before[1] < RETAIN -> before[0] + before[1] : RETAIN));
	/* and for the next one is kept the end of what was sent */
	assert(len(late) == 0 && len(now) == (SENDERS * EVENTS < RETAIN -> SENDERS * EVENTS : RETAIN));
	do
	:: len(now) > 0 ->
		now?a, b;
		assert(kept[a] == 0 || b == kept[a] + 1);
		kept[a] = b
	:: else -> break
	od;
	assert((kept[0] == 0 || kept[0] == EVENTS) && (kept[1] == 0 || kept[1] == EVENTS))
}
