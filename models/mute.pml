/*
 * mute.pml - backpressure: mutes, releases, and the probes that find cycles.
 *
 * Modeled code: src/core/routing/backpressure.h and backpressure.c, cycle.c, mute_edge.h; of dispatch.c
 * mk_dispatch_next, of end.c mk_actor_end, of overflow.c block, of router.c the code for mutes. Each
 * inline names its function.
 *
 * The protocol. A full subscriber sets up one edge for each sender and posts a mute to the
 * sender's worker, later a release; a worker's control lane keeps their order. The sender
 * has an mk_wait for each edge until its release arrives. If the sender has ended, the wait
 * is orphaned and freed by the release. For a new wait, a probe is sent along the waits of
 * its actor. An actor forwards each probe of each initiator once, and none whose path
 * contains it. A probe that returns to its initiator has a cycle as its path; each member
 * that receives the verdict, and still waits for the next member, runs although muted. It
 * keeps all cycles for which it runs: a cycle may be found several times, by the probes of
 * several members, and its members must know the same ones. When a member is released by
 * its next, all its cycles with that edge are open, and so is a cycle whose verdict finds a
 * member that does not wait, or is on hold since the probe. An actor without a cycle that is
 * not open is held, and sends a probe.
 *
 * With HOLDS actor 0 goes on hold once, at any time, and comes off it later, at any time that it runs: its
 * handlers rest meanwhile, what it sends by its tick goes on. A probe that has walked one on hold says so, and
 * so does its cycle: of that only those that are on hold run on. Going on hold and coming off it opens what
 * cycles the actor knows, and sends a probe. The restart of an actor is the same: from the end of the one life
 * to the begin of the next it is as one on hold that sends nothing.
 *
 * Properties, for two and three actors in a cycle, for two cycles that share an actor
 * (HUB), for two that send to one (FAN), and for a small channel (CHANNEL):
 *   - no deadlock and no lost release: in every end state all events are handled, no actor is
 *     held, and no edge and no wait is left; also if an actor ends at any time (ENDER);
 *   - progress: an end state is reached without a fairness assumption, so probes and verdicts
 *     do not circulate for ever;
 *   - a release finds its wait: a wait is freed once;
 *   - one edge per pair (a second mute would leave a wait behind);
 *   - an actor that runs although muted is in a cycle all of whose members wait for the next,
 *     as far as their workers can know;
 *   - the bound: a mailbox has at most its capacity, plus that of the channel, plus the sender's
 *     allowance, because a worker takes mutes before it uses room that it has just found
 *     (CHANNEL).
 *
 * Abstractions, and why they are sound:
 *   - Events have no content, only their number is modeled. Their order is in channel.pml.
 *   - Capacities are 1 or 2: only full, low and in between matter.
 *   - Without CHANNEL, channels have room for all events: the other worker always drains a full
 *     one, even if actors are muted there, so it only adds a delay.
 *   - A worker's steps run in any order, each an entry, a message or a callback, as in a
 *     simulation (step.c). This allows more than a turn does. The only order that matters is
 *     kept: a turn reads the control lane before its actors run (`unread`, in CHANNEL).
 *   - Time: probes are sent at any time. PROBE_AT_ONCE: at once, if there are too many states.
 *   - External senders, whose mutes are counted and close no cycle; the hard bound of a cycle,
 *     which needs tens of thousands of events; failed allocations.
 *
 * Models of three actors begin in a later state, all MUTED (or with full mailboxes: FILLED), and
 * two of the actors share a worker (TOGETHER), else there are too many states; GROWS: a HUB one of
 * whose two cycles closes later. run.sh lists the verified configurations.
 *
 * Planted bugs, each found: NO_RELEASE, NO_PROBES, NO_REPROBE, TWO_EDGES, ORPHAN_FREED,
 * HOLD_STOPS_PROBES (a muted actor on hold is in no cycle), UNHOLD_UNSEEN (it sends no probe then),
 * RELEASE_OVERTAKES, LAST_CYCLE (an actor knows only its last cycle), PATH_CROSSES, MUTES_LAST,
 * MARK_UNSEEN, DUE_UNSEEN (room is used before mutes are taken: in a send, after markers were
 * put into the channels, by due delayed events).
 *
 * SPDX-License-Identifier: MIT
 */

/* ---- the topology ----------------------------------------------------------------------- */

#if defined(HUB)
#define N 3
#define SENDS(a, b) (((a) == 0) != ((b) == 0)) /* 0 to 1 and to 2, and both back */
#elif defined(FAN)
#define N 3
#define SENDS(a, b) ((a) != 2 && (b) == 2) /* 0 and 1 to 2 */
#elif defined(CHANNEL)
#define N 2
#define SENDS(a, b) ((a) == 0 && (b) == 1)
#elif RING == 3
#define N 3
#define SENDS(a, b) ((b) == ((a) + 1) % 3)
#else
#define N 2
#define SENDS(a, b) ((a) != (b))
#endif

/* The worker of each actor: its own; with TOGETHER, 0 for the first TOGETHER actors, else 1. */
#ifdef TOGETHER
#define HOME(a) ((a) >= TOGETHER)
#else
#define HOME(a) (a)
#endif
#define HERE(a) (HOME(a) == me)

#ifndef CAPACITY
#define CAPACITY 1
#endif
#ifndef SENDS_EACH
#define SENDS_EACH 3 /* events that each actor sends */
#endif
#if defined(HUB) || defined(HOLDS)
#define CYCLES 6 /* in use at a time: the model asserts that they are enough */
#else
#define CYCLES 4
#endif
#ifdef TOGETHER
#define LANE 16 /* more than are ever in a lane: a worker that posts to a full one would block */
#else
#define LANE 8
#endif
#define NOBODY N
#define PAIR(a, b) ((a) * N + (b))
#define PAIRS (N * N)

/* Whether `what` is true for any pair of an actor; for any actor; for all actors. */
#if N == 2
#define ANY_FROM(what, a) (what[PAIR(a, 0)] || what[PAIR(a, 1)])
#define ANY_TO(what, a) (what[PAIR(0, a)] || what[PAIR(1, a)])
#define ANY_ACTOR(what) (what(0) || what(1))
#define ALL_ACTORS(what) (what(0) && what(1))
#else
#define ANY_FROM(what, a) (what[PAIR(a, 0)] || what[PAIR(a, 1)] || what[PAIR(a, 2)])
#define ANY_TO(what, a) (what[PAIR(0, a)] || what[PAIR(1, a)] || what[PAIR(2, a)])
#define ANY_ACTOR(what) (what(0) || what(1) || what(2))
#define ALL_ACTORS(what) (what(0) && what(1) && what(2))
#endif

/* ---- actors, by index --------------------------------------------------------------------- */

byte left[N] /* events that it still has to send */
byte box[N]  /* the length of its mailbox */
bool held[N] /* MK_MUTED */
bool ended[N]
bool runs_on[N]
bool reprobe[N]
byte seen[PAIRS] /* PAIR(a, first): the number of the last probe of that initiator that a has forwarded */
bool on_hold[N] /* MK_ON_HOLD */

/* by PAIR(sender, subscriber) */
bool edge[PAIRS]  /* the subscriber's mk_edge */
byte waits[PAIRS] /* the sender's mk_wait; orphaned if the sender has ended */
byte fly[PAIRS]   /* entries published in the channel, not taken */

/* of a worker */
mtype = { MUTE, RELEASE, PROBE, RUN_ON }
chan lane[N] = [LANE] of { mtype, byte, byte, byte, byte }
bool w_reprobe[N]

/* A step that posts several messages posts them one at a time. What remains of it: */
#define DONE 0
#define FORWARDS 1 /* a probe, to the subscribers that mute the actor, from `i` on */
#define TELLS 2    /* a verdict, to the members of a cycle, `i` next */
#define RELEASES 3 /* releases, to the senders that the actor mutes */

/* mk_cycle */
byte c_refs[CYCLES]
bool c_open[CYCLES]
bool c_on_hold[CYCLES]
byte c_next[CYCLES * N] /* for each member, the member that mutes it; else NOBODY */
byte pending[CYCLES]       /* bit set: members whose verdict is in transit */
byte known[N]           /* bit set: cycles for which the actor runs although muted */

/* Numbers of probes, in the smallest range that distinguishes old from new. */
byte number[N] /* the initiator's last number */
byte probes[N] /* its probes in transit */
#define NUMBERS 7
#define WALKED_HOLD 8 /* is added to the number of a probe that has walked one on hold */
#define NUMBER(n) ((n) % WALKED_HOLD)
#define IS_NEWER(n, than) ((than) == 0 || ((n) != (than) && ((n) + NUMBERS - (than)) % NUMBERS <= NUMBERS / 2))

#define IS_MUTED_BY(a, b) (waits[PAIR(a, b)] != 0)

#ifdef CHANNEL
/* A channel with little room; the others have room for all events. */
#ifndef ROOM
#define ROOM 2 /* for events */
#endif
#ifndef ALLOWANCE
#define ALLOWANCE 1
#endif
#ifndef DUE
#define DUE 3
#endif
#define BOUND (CAPACITY + ROOM + 1 + ALLOWANCE) /* the ring has ROOM + 1 slots */
byte taken[PAIRS]  /* entries not acknowledged yet */
byte filled[PAIRS] /* the producer's view: tail - reclaimed */
byte spill[PAIRS]
bool ch_full[PAIRS] /* it mutes the sender */
byte allowance[N]
byte due[N] /* due delayed events */
#define IS_MUTED_BY_CHANNEL(a) ANY_FROM(ch_full, a)
#else
#define IS_MUTED_BY_CHANNEL(a) false
#endif
#define IS_MUTED(a) (ANY_FROM(waits, a) || IS_MUTED_BY_CHANNEL(a))

/* ---- cycles ----------------------------------------------------------------------------------- */

/* Resets an unused cycle, so that states that differ only in it are equal. */
inline unref(cycle)
{
	c_refs[cycle]--;
	if
	:: c_refs[cycle] == 0 ->
		c_open[cycle] = false;
		c_on_hold[cycle] = false;
		for (k : 0 .. N - 1) {
			c_next[cycle * N + k] = 0
		}
		k = 0
	:: else
	fi
}

inline forget_number(first)
{
	if
	:: probes[first] == 0 && !ANY_TO(seen, first) -> number[first] = 0
	:: else
	fi
}

#define KNOWS(a, c) ((known[a] >> (c)) & 1)
#define LIVE(a, c) (KNOWS(a, c) && !c_open[c])

/* mk_cycle_runs_on */
#if CYCLES == 6
#define IN_LAST(a) (LIVE(a, 4) || LIVE(a, 5))
#else
#define IN_LAST(a) false
#endif
#define RUNS_ON(a) (runs_on[a] && (LIVE(a, 0) || LIVE(a, 1) || LIVE(a, 2) || LIVE(a, 3) || IN_LAST(a)))

/* mk_cycle_leave; with `open_ones`, only open cycles */
inline leave(who, open_ones)
{
	for (j : 0 .. CYCLES - 1) {
		if
		:: KNOWS(who, j) && (!open_ones || c_open[j]) ->
			known[who] = known[who] & ~(1 << j);
			unref(j)
		:: else
		fi
	}
	j = 0;
	if
	:: known[who] == 0 -> runs_on[who] = false
	:: else
	fi
}

/* mk_cycle_released */
inline open_released(who, by)
{
	for (j : 0 .. CYCLES - 1) {
		if
		:: KNOWS(who, j) && c_next[j * N + who] == by -> c_open[j] = true
		:: else
		fi
	}
	j = 0
}

/* mk_probe_soon */
inline probe_soon(who)
{
#ifdef NO_PROBES
	skip
#else
	reprobe[who] = true;
	w_reprobe[HOME(who)] = true
#endif
}

/* mk_cycle_hold_changed */
inline hold_changed(who)
{
#ifndef UNHOLD_UNSEEN
	for (j : 0 .. CYCLES - 1) {
		if
		:: KNOWS(who, j) -> c_open[j] = true
		:: else
		fi
	}
	j = 0;
	if
	:: IS_MUTED(who) -> probe_soon(who)
	:: else
	fi
#else
	skip
#endif
}

/* ---- the sender's end of an edge ----------------------------------------------------------------- */

/* mk_hold_muted */
inline hold(who)
{
#ifdef CHANNEL
	if
	:: !held[who] -> allowance[who] = ALLOWANCE
	:: else
	fi;
#endif
	held[who] = true
}

/* mute_arrived, wait_set */
inline wait_set(who, by)
{
	if
	:: ended[who] ->
#ifndef ORPHAN_FREED
		waits[PAIR(who, by)]++
#else
		skip
#endif
	:: else ->
		waits[PAIR(who, by)]++;
		if
		:: !RUNS_ON(who) -> hold(who)
		:: else
		fi;
		probe_soon(who)
	fi
}

/* mk_permit; mk_delayed_send_due, which takes mutes first, as send_full does */
inline permit(who)
{
	held[who] = false;
#ifdef CHANNEL
#ifndef DUE_UNSEEN
	if
	:: due[who] > 0 -> take_mutes(who, 1)
	:: else
	fi;
#endif
	do
	:: due[who] > 0 && !held[who] ->
		due[who]--;
		send_entry(who, 1)
	:: else -> break
	od
#endif
}

/* wait_clear, after the removal of a wait */
inline one_less(who)
{
	if
	:: !IS_MUTED(who) ->
		leave(who, false);
		for (j : 0 .. N - 1) {
			seen[PAIR(who, j)] = 0;
			forget_number(j)
		}
		j = 0;
		permit(who)
	:: IS_MUTED(who) && runs_on[who] && !IS_MUTED_BY_CHANNEL(who) -> held[who] = false
	:: else
	fi
}

/* release_arrived, wait_clear */
inline wait_clear(who, by)
{
	assert(waits[PAIR(who, by)] > 0);
	waits[PAIR(who, by)]--;
	if
	:: !ended[who] ->
		open_released(who, by);
		one_less(who)
	:: else
	fi
}

/* ---- the subscriber's end of an edge --------------------------------------------------------------- */

/* mk_mute_by_subscriber */
#ifdef TWO_EDGES
#define MUTES_ALREADY(from, to) false
#else
#define MUTES_ALREADY(from, to) edge[PAIR(from, to)]
#endif

inline mute(from, to)
{
	if
	:: MUTES_ALREADY(from, to) || (HOME(from) == HOME(to) && ended[from])
	:: else ->
		edge[PAIR(from, to)] = true;
		if
#ifdef TOGETHER
		:: HOME(from) == HOME(to) -> wait_set(from, to)
#endif
		:: HOME(from) != HOME(to) -> lane[HOME(from)]!MUTE(from, to, 0, 0)
		fi
	fi
}

/* fan_out, block; if the subscriber has ended, the event is dead */
inline deliver(from, to)
{
	if
	:: ended[to]
	:: !ended[to] && box[to] < CAPACITY -> box[to]++
	:: else ->
		mute(from, to);
		box[to]++
	fi;
#ifdef BOUND
	assert(box[to] <= BOUND)
#endif
}

/* mk_release_all: one sender */
#define MUTES_ANY(who) ANY_TO(edge, who)
inline release_one(who)
{
	if
	:: edge[PAIR(0, who)] -> i = 0
	:: edge[PAIR(1, who)] -> i = 1
#if N == 3
	:: edge[PAIR(2, who)] -> i = 2
#endif
	fi;
	edge[PAIR(i, who)] = false;
	if
#ifdef TOGETHER
	:: HOME(i) == HOME(who) -> wait_clear(i, who)
#endif
	:: HOME(i) != HOME(who) -> lane[HOME(i)]!RELEASE(i, who, 0, 0)
	fi;
	i = 0;
	phase = (MUTES_ANY(who) -> RELEASES : DONE)
}

/* ---- probes ------------------------------------------------------------------------------------------- */

/* forward_all, forward: to the next subscriber that mutes it, from `i` on. `walk`: the path so far,
 * one digit per actor. */
inline forward_next(who, first, num, walk)
{
	do
	:: i < N && !IS_MUTED_BY(who, i) -> i++
	:: else -> break
	od;
	if
	:: i < N ->
		probes[first]++;
		lane[HOME(i)]!PROBE(i, first, NUMBER(num) + (num >= WALKED_HOLD || on_hold[who] -> WALKED_HOLD : 0), walk * 4 + who + 1);
		i++
	:: else
	fi;
	do
	:: i < N && !IS_MUTED_BY(who, i) -> i++
	:: else -> break
	od;
	phase = (i < N -> FORWARDS : DONE)
}

/* cycle_found */
inline make_cycle(first, num, walk)
{
	made = 0;
	do
	:: made < CYCLES && c_refs[made] != 0 -> made++
	:: else -> break
	od;
	assert(made < CYCLES);
	c_refs[made] = 1;
	c_on_hold[made] = (num >= WALKED_HOLD);
	for (k : 0 .. N - 1) {
		c_next[made * N + k] = NOBODY
	}
	k = 0;
	i = first;
	do
	:: walk != 0 ->
		c_next[made * N + walk % 4 - 1] = i;
		pending[made] = pending[made] | (1 << (walk % 4 - 1));
		c_refs[made]++;
		i = walk % 4 - 1;
		walk = walk / 4
	:: else -> break
	od
}

/* notify_members: the next one */
inline tell_next(first)
{
	lane[HOME(i)]!RUN_ON(i, made, 0, 0);
	i = c_next[made * N + i];
	if
	:: i == first ->
		unref(made);
		made = 0;
		phase = DONE
	:: else -> phase = TELLS
	fi
}

/* probe_arrived. An actor that was released has cleared `seen`, so a probe that it has forwarded
 * may arrive again: that probe has traversed another cycle. */
#ifdef PATH_CROSSES
#define IS_NEW_HERE(who, first, num, walk) IS_NEW(num, seen[PAIR(who, first)])
#else
#define IS_NEW_HERE(who, first, num, walk) (IS_NEW(num, seen[PAIR(who, first)]) && !IS_ON_PATH(walk, who))
#endif
/* The same without a hold on its way counts as later. */
#define IS_NEW(n, than) \
	((than) == 0 || (NUMBER(n) == NUMBER(than) && (n) < (than)) || IS_NEWER(NUMBER(n), NUMBER(than)))
#define IS_ON_PATH(walk, who) \
	((walk) % 4 == (who) + 1 || (walk) / 4 % 4 == (who) + 1 || (walk) / 16 % 4 == (who) + 1)
#ifdef HOLD_STOPS_PROBES
#define GOES_ON(who) (!on_hold[who])
#else
#define GOES_ON(who) true
#endif
inline probe_arrived(who, first, num, walk)
{
	probes[first]--;
	if
#ifdef HOLD_STOPS_PROBES
	:: on_hold[who] -> forget_number(first)
#endif
	:: !ended[who] && GOES_ON(who) && IS_MUTED(who) && who == first ->
		forget_number(first);
		make_cycle(first, num, walk);
		phase = TELLS
	:: !ended[who] && GOES_ON(who) && IS_MUTED(who) && who != first && IS_NEW_HERE(who, first, num, walk) ->
		assert(!IS_ON_PATH(walk, who));
		seen[PAIR(who, first)] = num;
		i = 0;
		phase = FORWARDS
	:: else -> forget_number(first)
	fi
}

/* mk_probe_now: for the held actors of the worker, one after the other. The interval is modeled
 * as any time. */
#define PROBES_HERE(a) (HERE(a) && held[a] && reprobe[a])
inline send_probes()
{
	if
	:: ANY_ACTOR(PROBES_HERE) ->
		a = 0;
		do
		:: !PROBES_HERE(a) -> a++
		:: else -> break
		od;
		b = a;
		reprobe[a] = false;
		number[a] = number[a] % NUMBERS + 1;
		c = number[a];
		i = 0;
		phase = FORWARDS
	:: else
	fi;
	if
	:: !ANY_ACTOR(PROBES_HERE) -> w_reprobe[me] = false
	:: else
	fi
}

/* run_on */
inline verdict_arrived(who, cycle)
{
	pending[cycle] = pending[cycle] & ~(1 << who);
	if
	:: ended[who] || !IS_MUTED_BY(who, c_next[cycle * N + who]) || (on_hold[who] && !c_on_hold[cycle]) ->
		c_open[cycle] = true
	:: else
	fi;
	if
	:: !c_open[cycle] && (!c_on_hold[cycle] || on_hold[who]) ->
#ifdef LAST_CYCLE
		leave(who, false);
#else
		leave(who, true);
#endif
		known[who] = known[who] | (1 << cycle);
		c_refs[cycle]++;
		runs_on[who] = true;
		if
		:: !IS_MUTED_BY_CHANNEL(who) -> held[who] = false
		:: else
		fi
	:: else
	fi;
	unref(cycle)
}

/* ---- channels ---------------------------------------------------------------------------------------------- */

#ifdef CHANNEL

inline take_back(from, to)
{
	filled[PAIR(from, to)] = fly[PAIR(from, to)] + taken[PAIR(from, to)]
}

/* mk_mutes_take: mutes overtake other messages */
inline take_mutes(from, to)
{
	do
	:: lane[me]??[MUTE, eval(from), eval(to), 0, 0] ->
		lane[me]??MUTE, eval(from), eval(to), 0, 0;
		unread = (unread > 0 -> unread - 1 : 0);
		wait_set(from, to)
	:: else -> break
	od
}

#define HAS_ROOM(from, to) (filled[PAIR(from, to)] < ROOM)

/* mk_channel_unspill */
inline unspill(from, to)
{
	do
	:: spill[PAIR(from, to)] > 0 && HAS_ROOM(from, to) ->
		spill[PAIR(from, to)]--;
		filled[PAIR(from, to)]++;
		fly[PAIR(from, to)]++
	:: else -> break
	od
}

/* send_full, mk_mute_by_channel */
inline send_full(from, to)
{
	take_back(from, to);
#ifndef MUTES_LAST
	take_mutes(from, to);
#endif
	unspill(from, to);
	if
	:: spill[PAIR(from, to)] == 0 && HAS_ROOM(from, to) ->
		filled[PAIR(from, to)]++;
		fly[PAIR(from, to)]++
	:: else ->
		spill[PAIR(from, to)]++;
		ch_full[PAIR(from, to)] = true;
		hold(from)
	fi
}

/* send_entries */
inline send_entry(from, to)
{
	if
	:: spill[PAIR(from, to)] == 0 && HAS_ROOM(from, to) ->
		filled[PAIR(from, to)]++;
		fly[PAIR(from, to)]++
	:: else -> send_full(from, to)
	fi
}

/* mk_router_flush. The next turn begins with the messages that are in the lane now. */
inline flush(from, to)
{
	take_back(from, to);
	unspill(from, to);
	if
	:: ch_full[PAIR(from, to)] && spill[PAIR(from, to)] == 0 && filled[PAIR(from, to)] <= (ROOM + 1) / 2 ->
		ch_full[PAIR(from, to)] = false; /* mk_release_channel */
		if
		:: !ended[from] -> one_less(from)
		:: else
		fi
	:: else
	fi;
	unread = len(lane[me]);
	in_turn = false
}

/* mk_router_mark, inside run_control: it takes mutes too. */
inline mark(from, to)
{
	take_back(from, to);
	unspill(from, to);
#ifndef MARK_UNSEEN
	take_mutes(from, to);
#endif
	in_turn = true
}

#define SEND_ENTRY(from, to) send_entry(from, to)
#define READ() unread = (unread > 0 -> unread - 1 : 0)
#define IS_BEHIND(from, to) (filled[PAIR(from, to)] != fly[PAIR(from, to)] + taken[PAIR(from, to)])
#else
#define SEND_ENTRY(from, to) fly[PAIR(from, to)]++
#define READ() skip
#define unread 0
#endif

/* ---- a worker ------------------------------------------------------------------------------------------------- */

#define MAY_RUN(a) (!ended[a] && !held[a] && (TAKES(a) || left[a] > 0))
#define TAKES(a) (box[a] > 0 && !on_hold[a])

/* mk_cycle_look */
inline look(who)
{
	if
	:: runs_on[who] && !RUNS_ON(who) ->
		leave(who, true);
#ifndef NO_REPROBE
		probe_soon(who);
#endif
		hold(who)
	:: else
	fi
}

/* mk_publish: by pointer to each subscriber on the worker, one entry to each other worker */
inline publish(who)
{
	for (i : 0 .. N - 1) {
		if
#ifdef TOGETHER
		:: SENDS(who, i) && HOME(i) == me -> deliver(who, i)
#endif
		:: SENDS(who, i) && HOME(i) != me -> SEND_ENTRY(who, i)
		:: else
		fi
	}
	i = 0
}

/* An actor that runs although muted is in a cycle, as far as the members' workers can know: each
 * member waits for the next, or its verdict is still in transit. */
inline check_reason(who)
{
	found = !IS_MUTED(who);
	for (j : 0 .. CYCLES - 1) {
		if
		:: LIVE(who, j) ->
			whole = true;
			for (k : 0 .. N - 1) {
				if
				:: c_next[j * N + k] != NOBODY && !((pending[j] >> k) & 1) && !ended[k] &&
					    !IS_MUTED_BY(k, c_next[j * N + k]) ->
					whole = false
				:: else
				fi
			}
			k = 0;
			found = found || whole;
			whole = false
		:: else
		fi
	}
	j = 0;
	assert(found);
	found = false
}

/* A callback for an event, or a tick that sends. A callback that handles an event and sends is
 * modeled as a tick before the event. */
inline call_back(who)
{
	if
	:: TAKES(who) -> box[who]--
#ifdef CHANNEL
	:: left[who] > 0 ->
		do
		:: left[who] > 0 && (!held[who] || allowance[who] > 0) ->
			if
			:: held[who] -> allowance[who]-- /* spend_allowance */
			:: else
			fi;
			left[who]--;
			publish(who);
			found = true
		:: found -> break
		od;
		found = false;
		in_turn = true
#else
	:: left[who] > 0 ->
		left[who]--;
		publish(who)
#endif
	fi
}

/* mk_dispatch_next; mk_release_if_low at its end */
#ifdef NO_RELEASE
#define IS_LOW(who) false
#else
#define IS_LOW(who) (box[who] <= CAPACITY / 2)
#endif
inline run_next(who)
{
	look(who);
	if
	:: held[who]
	:: else ->
		check_reason(who);
		call_back(who);
		if
		:: IS_LOW(who) && MUTES_ANY(who) -> phase = RELEASES
		:: else
		fi
	fi
}

/* mk_actor_end: mk_forget_waits, mk_purge, mk_release_all */
inline end(who)
{
	ended[who] = true;
	on_hold[who] = false;
	leave(who, false);
	held[who] = false;
	left[who] = 0;
	box[who] = 0;
	if
	:: MUTES_ANY(who) -> phase = RELEASES
	:: else
	fi
}

/* run_channel, one entry; an actor's run */
inline take_entry(who)
{
	if
	:: fly[PAIR(0, who)] > 0 -> i = 0
	:: fly[PAIR(1, who)] > 0 -> i = 1
#if N == 3
	:: fly[PAIR(2, who)] > 0 -> i = 2
#endif
	fi;
	fly[PAIR(i, who)]--;
#ifdef CHANNEL
	taken[PAIR(i, who)]++;
#endif
	deliver(i, who)
}

/*
 * A worker executes one step at a time, in any order (as in a simulation, step.c; of the
 * order in mk_worker_turn only one part matters, see CHANNEL). Sleeping without work is in
 * channel.pml.
 */
#define GETS_HERE(a) (HERE(a) && ANY_TO(fly, a))
#define READY_HERE(a) (HERE(a) && unread == 0 && MAY_RUN(a))
#ifndef TOGETHER
#define PICK(what) a = me
#elif N == 2
#define PICK(what) \
	if \
	:: what(0) -> a = 0 \
	:: what(1) -> a = 1 \
	fi
#else
#define PICK(what) \
	if \
	:: what(0) -> a = 0 \
	:: what(1) -> a = 1 \
	:: what(2) -> a = 2 \
	fi
#endif

inline tidy()
{
	if
	:: phase == DONE ->
		a = 0;
		b = 0;
		c = 0;
		d = 0;
		i = 0
	:: else
	fi
}

proctype worker(byte me)
{
	byte a, b, c, d, i, j, k, made, phase;
	bool found, whole;
#ifdef ENDER
	bool may_end = HERE(ENDER);
#endif
#ifdef HOLDS
	bool may_hold = HERE(0);
#endif
#ifdef CHANNEL
	byte unread;  /* control messages that the turn takes first */
	bool in_turn; /* the turn ends when the channel is flushed */
#endif
end_asleep:
	do
	:: atomic {
			if
			/* run_control, one message */
			:: lane[me]?MUTE(a, b, _, _) ->
				READ();
				wait_set(a, b)
#ifdef RELEASE_OVERTAKES
			:: lane[me]??RELEASE(a, b, _, _) ->
#else
			:: lane[me]?RELEASE(a, b, _, _) ->
#endif
				READ();
				wait_clear(a, b)
			:: lane[me]?RUN_ON(a, b, _, _) -> verdict_arrived(a, b)
			:: lane[me]?PROBE(a, b, c, d) ->
				READ();
				probe_arrived(a, b, c, d)
			:: ANY_ACTOR(GETS_HERE) ->
				PICK(GETS_HERE);
				take_entry(a)
			:: ANY_ACTOR(READY_HERE) ->
				PICK(READY_HERE);
				run_next(a)
			:: w_reprobe[me] -> send_probes()
#ifdef CHANNEL
			:: HERE(1) && taken[PAIR(0, 1)] > 0 -> taken[PAIR(0, 1)] = 0 /* mk_channel_acknowledge */
			:: HERE(0) && (in_turn || IS_BEHIND(0, 1)) -> flush(0, 1)
			:: HERE(0) && IS_BEHIND(0, 1) -> mark(0, 1)
#endif
#ifdef HOLDS
			:: may_hold && !ended[0] && !held[0] -> /* maiko_hold, in a callback */
				may_hold = false;
				on_hold[0] = true;
				hold_changed(0)
			:: HERE(0) && on_hold[0] && !held[0] -> /* maiko_unhold, in a tick or a task */
				look(0);
				if
				:: held[0]
				:: else ->
					on_hold[0] = false;
					hold_changed(0)
				fi
#endif
#ifdef ENDER
			:: may_end ->
				may_end = false;
				a = ENDER;
				end(a)
#endif
			fi;
			tidy();
#ifdef PROBE_AT_ONCE
			if
			:: phase == DONE && w_reprobe[me] ->
				send_probes();
				tidy()
			:: else
			fi
#endif
		}
		do
		:: phase == FORWARDS -> atomic {
				forward_next(a, b, c, d);
				tidy()
			}
		:: phase == TELLS -> atomic {
				tell_next(b);
				tidy()
			}
		:: phase == RELEASES -> atomic {
				release_one(a);
				tidy()
			}
		:: phase == DONE -> break
		od
	od
}

/* ---- properties --------------------------------------------------------------------------------------------------- */

#define RESTS(a) \
	((ended[a] || (left[a] == 0 && !held[a] && !on_hold[a] && box[a] == 0)) && len(lane[a]) == 0 && !ANY_TO(edge, a) && \
	 !ANY_TO(waits, a) && !ANY_TO(fly, a))
#define ALL_DONE ALL_ACTORS(RESTS)

init
{
	byte a;
	atomic {
		for (a : 0 .. PAIRS - 1) {
			if
			:: SENDS(a / N, a % N) ->
				left[a / N] = SENDS_EACH;
#ifdef CHANNEL
				due[a / N] = DUE;
#endif
#ifdef FILLED
				box[a % N] = CAPACITY;
				fly[a] = 1
#endif
#ifdef MUTED
				box[a % N] = (box[a % N] == 0 -> CAPACITY + 1 : box[a % N] + 1);
				edge[a] = true;
				waits[a] = 1;
				held[a / N] = true;
				reprobe[a / N] = true;
				w_reprobe[HOME(a / N)] = true
#endif
			:: else
			fi
		}
#ifdef GROWS
		/* 2 is full, but does not mute 0 yet */
		left[0] = 1;
		box[2] = CAPACITY;
		edge[PAIR(0, 2)] = false;
		waits[PAIR(0, 2)] = 0;
#endif
		for (a : 0 .. N - 1) {
			run worker(a)
		}
	}
	timeout;
	assert(ALL_DONE)
}

ltl progress { <>[] ALL_DONE }
