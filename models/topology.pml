/*
 * topology.pml - changes of subscriptions while events are sent; and the migration of actors.
 *
 * Modeled code: src/core/lifecycle/topology.h, topology.c and batch.c; of router.c fan_out, mk_takes_part,
 * open_channel, mk_publish, mk_publish_taken, mk_router_mark; of turn.c run_channel; of backpressure.c
 * mk_mutes_take; of topic.c mk_topic_here; of interest.c mk_interest_refresh; of migrate.c
 * mk_migrate_apply, mk_migrate_settle, hand_over, take_over; mk_arrival_hear, mk_arrival_keeps; of sender.h
 * mk_home_at; of stand_in.c mk_stand_in_apply, mk_stand_in_settle; of router.c pass_marker. Each inline names its
 * function.
 *
 * How an actor migrates (migrate.h): it leaves its old home and joins its new one in one numbered change.
 *   1. Each worker applies the change: the old home marks its subscriptions leaving and pauses
 *      it, the new home marks them joining and gives it a mailbox; the others add the new home
 *      to the workers with subscribers. Each puts the marker into all its channels. So the old
 *      home queues events sent before the change, the new home events sent under it.
 *   2. When all markers have passed, the old home has received all of its events, and the
 *      events that the actor sent have left the old home's channels. When it settles, the old
 *      home hands the actor over to the new one, on the control lane: state, mailbox, counters,
 *      mutes, waits. The new home puts the transferred mailbox before the events that it has
 *      queued, and lets the actor run. The change is complete when the hand-over has arrived:
 *      it counts as one more answer to wait for.
 *   Messages for the actor (mutes, releases, probes, verdicts, completions) go to the old home
 *   from a worker that has not applied the change, to the new home from one that has, wherever
 *   the actor is at that time; so a worker's shortcuts for its own actors depend on the change
 *   too. A message to the old home arrives before the old home settles, because all workers
 *   apply the change before that; a message that reaches the new home before the hand-over is
 *   kept there until then. So each worker's messages stay in order.
 *   A mute may overtake messages posted before it (mk_mutes_take), but only if its actor belongs
 *   to this worker by the changes applied: else it would overtake the change itself, and find the
 *   actor still at its old home.
 *   A migrating actor is paused from the time its old home applies the change to the hand-over:
 *   events that it sent from there could be overtaken by events from its new home. (In the code
 *   from the time it is chosen, which is earlier.)
 *
 * With STAND_INS, whoever begins a step of a batch takes it for workers without input, of all changes but MOVE; and a
 * sender passes its own marker in the name of a receiver that has applied the batch, if the channel is empty. (How a
 * worker that sleeps is kept from waking up meanwhile: channel.pml.)
 *
 * An actor that ends in a batch may publish in its end callback, on its worker, when that applies
 * the batch. The event has the previous number, because the marker comes later; so it precedes all
 * changes there (LAST_WORDS: the workers that have such a callback, in every batch).
 *
 * Properties:
 *   - a subscriber receives exactly the events sent from the number of its subscription to the
 *     number of its removal, as the sender's worker had applied them; each exactly once, in
 *     order for each sender, handled or counted as dead; also across a migration, and through
 *     channels that are opened at any time;
 *   - its own events arrive in order, and so do the messages for it, across a migration;
 *   - each change completes (`complete`, without a fairness assumption);
 *   - a consistent cut: no event is taken by a worker that has not applied every change that
 *     the sender's worker had applied. So no causal chain can bypass a change. (With
 *     RUNS_WHILE_JOINING all this holds too: a subscriber is paused because of causes that do
 *     not travel through channels.)
 *
 * Abstractions, and why they are sound:
 *   - Backpressure and the ring: a channel is a queue that keeps its order (channel.pml).
 *   - Other actors' changes in the same batch: a change affects only its own actor's
 *     subscriptions, the counts of subscribers, here of one actor, the marks of the batch, and
 *     events published meanwhile (LAST_WORDS).
 *   - Adding actors and workers: the subscriptions of a new actor join in the same way, and it
 *     is paused until they have; a worker exists before the batch begins, with its number.
 *   - A migration that is not possible (mk_migrate_undo) changes nothing.
 *   - Notices of interest: interest.pml. Receipts: receipt.pml.
 *   - Wake-ups, a worker's turn: its steps run in any order.
 *   - Which thread runs the next step of a batch: a separate process here, in the code the
 *     worker that decrements `waiting` to 0. The model allows more than the code.
 *
 * Planted bugs, each found: MARKER_ON_CONTROL (a worker fans out under its own number),
 * BORN_UNMARKED, TAKES_AHEAD, UNCOUNTED, INTEREST_EARLY, INTEREST_LATE; of a migration,
 * MOVES_AT_ONCE, RUNS_WHILE_MOVING, RUNS_BEFORE_HAND_OVER, ADDRESS_ON_ARRIVAL; with messages
 * for the actor, MUTES_OVERTAKE (the change itself), POSTED_UNLOCKED (a worker may have applied
 * a change before all have its message); with LAST_WORDS, MOVES_BEFORE_WORDS,
 * JOINS_BEFORE_WORDS; with STAND_INS, PASSES_AHEAD.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef EVENTS
#define EVENTS 3 /* of the topic, sent on each worker that has a sender */
#endif
#ifndef SENDERS
#define SENDERS 3 /* bit set: workers that have a sender */
#endif
#ifndef OWN_EVENTS
#define OWN_EVENTS 0 /* sent by the subscriber itself */
#endif
#ifndef CALLS
#define CALLS 0 /* messages for it, on the control lane; with MUTES, mutes */
#endif
#ifndef LAST_WORDS
#define LAST_WORDS 0 /* bit set: workers */
#endif
#define HOME 0                 /* the worker where it subscribes, */
#define NEW_HOME 1             /* to which it migrates, */
#define OBSERVER (WORKERS - 1) /* and of the receivers of its events, and of the callers */

/* The changes: numbers of batches, in this order. */
#define SUBSCRIBE 1
#ifdef MOVES
#define MOVE 2
#define REMOVE 3
#else
#define MOVE 99
#define REMOVE 2
#endif
#define FROM SUBSCRIBE
#define UNTIL REMOVE
#define PAIR(from, to) ((from) * WORKERS + (to))
#define PAIRS (WORKERS * WORKERS)
#define BIT(worker) (1 << (worker))
#define HAS(set, worker) (((set) >> (worker)) & 1)

/* mk_worker */
byte marker[WORKERS]
mtype = { APPLY, SETTLE, HAND_OVER, CALL }
chan control[WORKERS] = [3 + CALLS] of { mtype, byte }

/* mk_channel */
mtype = { EVENT, OWN, MARK }
chan ring[PAIRS] = [EVENTS + OWN_EVENTS + 3] of { mtype, byte, byte }
bool is_there[PAIRS]
byte ch_marker[PAIRS]

/* the topic: the supervisor's counts, and each worker's view */
bool interest[WORKERS]
bool has_view[WORKERS]
byte remote[WORKERS]

/* the subscriber: its mk_sub and its mailbox on each worker */
#define NONE 0
#define JOINING 1
#define ACTIVE 2
#define LEAVING 3
byte sub[WORKERS]
chan box[WORKERS] = [EVENTS * WORKERS] of { byte, byte }
byte home = HOME
bool paused
bool ended
bool handed /* its mailbox has arrived at the new home */

/* mk_topology */
byte change
byte waiting

/* for the properties */
byte left[WORKERS]
byte due[WORKERS], got[WORKERS] /* by sender: events that the subscriber must receive; has received */
byte own_left = OWN_EVENTS
byte own_sent, own_got
byte calls_left = CALLS
byte called, heard
chan kept = [CALLS + 1] of { byte } /* for the actor in transit */
byte completed

#define IS_DUE(m) ((m) >= FROM && (m) < UNTIL)

/* ---- events ------------------------------------------------------------------------------- */

/* An event has its outcome: handled, or dead because the subscriber has ended. */
inline account(from, n)
{
	got[from]++;
	assert(n == got[from])
}

/* fan_out, takes_part */
inline fan_out(worker, from, n, under)
{
	if
	:: sub[worker] == ACTIVE || (sub[worker] == JOINING && under >= marker[worker]) ||
		    (sub[worker] == LEAVING && under < marker[worker]) ->
		if
		:: ended -> account(from, n)
		:: else -> box[worker]!from, n
		fi
	:: else
	fi
}

/* open_channel */
inline open_channel(from, to)
{
	if
	:: !is_there[PAIR(from, to)] ->
		is_there[PAIR(from, to)] = true;
#ifndef BORN_UNMARKED
		ch_marker[PAIR(from, to)] = marker[from]
#endif
	:: else
	fi
}

/* mk_topic_here: a view is made on first use */
inline make_view(worker)
{
	if
	:: !has_view[worker] ->
		has_view[worker] = true;
		for (k : 0 .. WORKERS - 1) {
			if
			:: k != worker && interest[k] -> remote[worker] = remote[worker] | BIT(k)
			:: else
			fi
		}
		k = 0
	:: else
	fi
}

/* mk_publish, by the sender of a worker */
inline publish(worker)
{
	left[worker]--;
	make_view(worker);
	if
	:: IS_DUE(marker[worker]) ->
		due[worker]++;
		n = due[worker]
	:: else -> n = 0
	fi;
	fan_out(worker, worker, n, marker[worker]);
	for (k : 0 .. WORKERS - 1) {
		if
		:: HAS(remote[worker], k) ->
			open_channel(worker, k);
			ring[PAIR(worker, k)]!EVENT, n, marker[worker]
		:: else
		fi
	}
	k = 0;
	n = 0
}

/* The subscriber's own events go to a receiver that never changes. */
inline observe(n)
{
	own_got++;
	assert(n == own_got)
}

inline send_own(worker)
{
	own_left--;
	own_sent++;
	if
	:: worker == OBSERVER -> observe(own_sent)
	:: else ->
		open_channel(worker, OBSERVER);
		ring[PAIR(worker, OBSERVER)]!OWN, own_sent, marker[worker]
	fi
}

/* ---- changes ----------------------------------------------------------------------------------- */

/* refresh */
inline refresh(worker, other)
{
	if
	:: has_view[worker] && worker != other ->
		if
		:: interest[other] -> remote[worker] = remote[worker] | BIT(other)
		:: else -> remote[worker] = remote[worker] & ~BIT(other)
		fi
	:: else
	fi
}

/* mk_actor_end, mk_purge: queued events are dead */
inline end()
{
	ended = true;
	do
	:: len(box[HOME]) > 0 ->
		box[HOME]?k, n;
		account(k, n)
	:: len(box[HOME]) == 0 && len(box[NEW_HOME]) > 0 ->
		box[NEW_HOME]?k, n;
		account(k, n)
	:: else -> break
	od;
	k = 0;
	n = 0
}

/* mk_actor_end, run_on_stop: of another actor, in the same batch */
inline last_words(worker)
{
	if
	:: HAS(LAST_WORDS, worker) && left[worker] > 0 -> publish(worker)
	:: true
	fi
}

#ifdef MOVES_BEFORE_WORDS
#define WORDS_LATE (change == MOVE)
#elif defined(JOINS_BEFORE_WORDS)
#define WORDS_LATE (change == SUBSCRIBE)
#else
#define WORDS_LATE false
#endif

#ifdef PASSES_AHEAD
#define NOTHING_PRECEDES(from, to) true
#else
#define NOTHING_PRECEDES(from, to) (len(ring[PAIR(from, to)]) == 0)
#endif

/* apply: apply_here, mk_migrate_apply, refresh_all, mk_router_mark */
inline apply(worker)
{
	if
	:: !WORDS_LATE -> last_words(worker)
	:: else
	fi;
	if
	:: change == SUBSCRIBE && worker == HOME ->
		sub[worker] = JOINING;
#ifndef RUNS_WHILE_JOINING
		paused = true
#endif
	:: change == MOVE && worker == HOME ->
		sub[worker] = LEAVING;
#ifndef RUNS_WHILE_MOVING
		paused = true;
#endif
#ifdef MOVES_AT_ONCE
		waiting++;
		control[NEW_HOME]!HAND_OVER, 0
#endif
	:: change == MOVE && worker == NEW_HOME -> sub[worker] = JOINING
	:: change == REMOVE && worker == home ->
		if
		:: own_left > 0 -> send_own(worker) /* its own end callback */
		:: true
		fi;
		sub[worker] = LEAVING;
		end()
	:: else
	fi;
	if
	:: WORDS_LATE -> last_words(worker)
	:: else
	fi;
#ifndef INTEREST_LATE
	refresh(worker, HOME);
	refresh(worker, NEW_HOME);
#endif
	marker[worker] = change;
	for (k : 0 .. WORKERS - 1) {
		if
		:: is_there[PAIR(worker, k)] ->
#ifndef UNCOUNTED
			waiting++;
#endif
			ring[PAIR(worker, k)]!MARK, change, change
#ifdef STAND_INS
		:: is_there[PAIR(worker, k)] && marker[k] == change && NOTHING_PRECEDES(worker, k) ->
			ch_marker[PAIR(worker, k)] = change /* pass_marker */
#endif
		:: !is_there[PAIR(worker, k)]
		fi
	}
	k = 0;
	waiting-- /* step_done */
}

/* settle: settle_here, mk_migrate_settle, hand_over, refresh_all */
inline settle(worker)
{
	if
	:: change == SUBSCRIBE && worker == HOME ->
		sub[worker] = ACTIVE;
		paused = false
	:: change == MOVE && worker == HOME ->
		sub[worker] = NONE;
#ifndef MOVES_AT_ONCE
		control[NEW_HOME]!HAND_OVER, 0
#endif
	:: change == MOVE && worker == NEW_HOME ->
		sub[worker] = ACTIVE;
#ifdef RUNS_BEFORE_HAND_OVER
		home = NEW_HOME;
		paused = false
#endif
	:: change == REMOVE && worker == home -> sub[worker] = NONE
	:: else
	fi;
	refresh(worker, HOME);
	refresh(worker, NEW_HOME);
	waiting--
}

/* take_over, mk_arrival_hear: the new home receives the actor, its state and its mailbox, which goes
 * before the events queued for it there. The new home may not have settled yet. */
inline take_over()
{
	handed = true;
	home = NEW_HOME;
	paused = false;
	do
	:: len(kept) > 0 ->
		kept?n;
		hear(n)
	:: else -> break
	od;
	n = 0;
	waiting--
}

/* Messages for the actor (mutes, releases, probes, verdicts, completions). The posting worker
 * chooses the address by the changes that it has applied. */
#ifdef ADDRESS_ON_ARRIVAL
#define ADDRESS(worker) home
#else
#define ADDRESS(worker) (marker[worker] >= MOVE -> NEW_HOME : HOME) /* mk_home_at */
#endif
#ifdef MUTES_OVERTAKE
#define MAY_OVERTAKE(worker) true
#else
#define MAY_OVERTAKE(worker) (ADDRESS(worker) == worker)
#endif
inline call(worker)
{
	calls_left--;
	called++;
	control[ADDRESS(worker)]!CALL, called
}

inline hear(n)
{
	heard++;
	assert(n == heard)
}

/* mk_arrival_keeps: the new home knows the actor as in transit from the time it applies the change */
inline call_arrived(worker)
{
	if
	:: worker == home -> hear(n)
	:: worker != home ->
		assert(worker == NEW_HOME && marker[worker] >= MOVE && home == HOME);
		kept!n
	fi
}

/* The part of step_done under the lock. */
inline take_interest()
{
	if
	:: change == MOVE -> interest[HOME] = false
	:: change == REMOVE -> interest[home] = false
	:: else
	fi
}

/* Begins a batch and its second step: mk_topology_request, begin, step_done, finish. A batch
 * begins under the lock. A worker that applies the batch takes the lock too, before it gets the
 * number: so all workers have their message by then. In the second step a worker may run its
 * message before the others have theirs. */
#ifdef STAND_INS
#if WORKERS == 3
#define NO_EVENTS(w) \
	(len(ring[PAIR(0, w)]) == 0 && len(ring[PAIR(1, w)]) == 0 && len(ring[PAIR(2, w)]) == 0)
#else
#define NO_EVENTS(w) (len(ring[PAIR(0, w)]) == 0 && len(ring[PAIR(1, w)]) == 0)
#endif
/* mk_worker_has_input, all_here: an actor of the change has nothing to do either */
#define MAY_STAND_IN(w) \
	(change != MOVE && len(control[w]) == 0 && NO_EVENTS(w) && (w != home || len(box[w]) == 0 || ended))
#endif

proctype supervisor()
{
	byte w, k, n, others;
	do
	:: change < UNTIL ->
		atomic {
			change++;
			if
			:: change == SUBSCRIBE -> interest[HOME] = true
			:: change == MOVE -> interest[NEW_HOME] = true
			:: change == REMOVE
			fi;
#ifdef INTEREST_EARLY
			take_interest();
#endif
			waiting = WORKERS;
#ifdef POSTED_UNLOCKED
		}
		{
#endif
			do
			:: w < WORKERS ->
#ifdef STAND_INS
				if
				:: MAY_STAND_IN(w) -> apply(w)
				:: true -> others = others | BIT(w)
				fi;
#else
				others = others | BIT(w);
#endif
				w++
			:: else -> break
			od;
			do
			:: w > 0 ->
				w--;
				if
				:: HAS(others, w) -> control[w]!APPLY, 0
				:: else
				fi
			:: else -> break
			od;
			others = 0
		}
		atomic {
			waiting == 0;
			take_interest();
			waiting = WORKERS;
#ifndef MOVES_AT_ONCE
			waiting = waiting + (change == MOVE);
#endif
			w = 0
		}
		do
		:: w < WORKERS ->
#ifdef STAND_INS
			if
			:: atomic { MAY_STAND_IN(w) -> settle(w) }
			:: control[w]!SETTLE, 0
			fi;
#else
			control[w]!SETTLE, 0;
#endif
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

/* run_channel, an entry; mk_publish_taken, mk_topology_passed */
#ifdef MARKER_ON_CONTROL
#define UNDER(from) marker[me]
#else
#define UNDER(from) ch_marker[PAIR(from, me)]
#endif
#ifdef TAKES_AHEAD
#define IS_PASSABLE(from) true
#else
#define IS_PASSABLE(from) \
	(ch_marker[PAIR(from, me)] <= marker[me] && \
	 !(ring[PAIR(from, me)]?[MARK, _, _] && !ring[PAIR(from, me)]?[MARK, eval(marker[me]), _]))
#endif
inline take(from)
{
	atomic {
		len(ring[PAIR(from, me)]) > 0 && IS_PASSABLE(from) ->
			ring[PAIR(from, me)]?kind, n, under;
			if
			:: kind == MARK ->
				ch_marker[PAIR(from, me)] = n;
#ifndef UNCOUNTED
				waiting--
#else
				skip
#endif
			:: kind == EVENT ->
				assert(under <= marker[me]); /* no event precedes the changes of its causes */
				fan_out(me, from, n, UNDER(from))
			:: kind == OWN ->
				assert(under <= marker[me]);
				observe(n)
			fi;
			kind = 0;
			n = 0;
			under = 0
	}
}

#define WAITS(worker) (len(box[worker]) > 0 && (worker == HOME -> home == HOME || handed : home == NEW_HOME))

/* One step at a time, in any order: the protocol does not depend on it. */
proctype worker(byte me)
{
	byte k, n, under, whose;
	mtype kind;
end_idle:
	do
	:: atomic {
		control[me]?kind, n ->
			if
			:: kind == APPLY -> apply(me)
			:: kind == SETTLE -> settle(me)
			:: kind == HAND_OVER -> take_over()
			:: kind == CALL -> call_arrived(me)
			fi;
			kind = 0;
			n = 0
		}
#ifdef MUTES
	:: atomic { /* mk_mutes_take */
		MAY_OVERTAKE(me) && control[me]??[CALL, _] ->
			control[me]??CALL, n;
			call_arrived(me);
			n = 0
		}
#endif
	:: atomic {
		left[me] > 0 -> publish(me)
		}
	:: take(0)
	:: take(1)
#if WORKERS == 3
	:: take(2)
#endif
	:: atomic { /* mk_dispatch_next */
		home == me && !paused && !ended && (WAITS(HOME) || WAITS(NEW_HOME)) ->
			if
			:: WAITS(HOME) -> box[HOME]?whose, n
			:: else -> box[NEW_HOME]?whose, n
			fi;
			account(whose, n);
			whose = 0;
			n = 0
		}
	:: atomic {
		home == me && !paused && !ended && own_left > 0 -> send_own(me)
		}
	:: atomic {
		me == OBSERVER && calls_left > 0 -> call(me)
		}
	od
}

/* ---- properties --------------------------------------------------------------------------------------- */

#if WORKERS == 3
#define ALL(what) (what(0) && what(1) && what(2))
#else
#define ALL(what) (what(0) && what(1))
#endif
#define ALL_DUE(w) (left[w] == 0 && got[w] == due[w])
#define ALL_DONE (completed == UNTIL && ALL(ALL_DUE) && own_got == own_sent && heard == called && calls_left == 0)

init
{
	byte w, v;
	atomic {
		for (w : 0 .. WORKERS - 1) {
			if
			:: HAS(SENDERS, w) -> left[w] = EVENTS
			:: else
			fi;
			/* some channels exist already, for other topics */
			for (v : 0 .. WORKERS - 1) {
				if
				:: w != v -> is_there[PAIR(w, v)] = true
				:: true
				fi
			}
		}
		for (w : 0 .. WORKERS - 1) {
			run worker(w)
		}
		run supervisor();
		w = 0;
		v = 0
	}
	timeout;
	assert(ALL_DONE)
}

ltl complete { <>[] ALL_DONE }
