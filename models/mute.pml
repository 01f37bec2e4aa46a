/*
 * mute.pml - who must wait for whom: mutes, releases, and the probes that find cycles.
 *
 * What it follows: src/core/routing/backpressure.h and backpressure.c, cycle.c, mute_edge.h; of dispatch.c
 * mk_dispatch_next and mk_actor_end, of overflow.c block, of router.c what concerns mutes. Each
 * inline names its function.
 *
 * The protocol. A full subscriber sets up one edge for each sender and posts a mute to the
 * sender's worker, later a release; a worker's control lane keeps their order. The sender
 * holds an mk_wait for each until its release has come; when the sender has ended, the wait
 * is orphaned and goes with the release. A new wait sends a probe along the waits of its
 * actor. An actor sends each probe of each initiator on once, and none that it is already
 * on the path of. One that comes home makes its path a cycle; each member that gets the
 * verdict, and waits for the next member still, runs on. It keeps all the cycles that it
 * runs on for: a cycle is found as often as its members' probes cross, and its members must
 * know the same ones. When a member is released by its next, all its cycles with that step
 * are open, and so is one whose verdict finds a member that does not wait. Who finds none
 * left that is not open is held, and sends a probe.
 *
 * What it shows, for two and three actors in a cycle, for two cycles that share an actor
 * (HUB), for two that send to one (FAN), and for a channel that is soon full (CHANNEL):
 *   - no deadlock and no lost release: in every end state all events are handled, nobody is
 *     held, and no edge and no wait is left; also when an actor ends at any time (ENDER);
 *   - progress: that end comes, without any assumption of fairness, so probes and verdicts do
 *     not go round for ever;
 *   - a release finds its wait: a wait is freed once;
 *   - one edge a pair (a second mute would leave a wait behind);
 *   - whoever runs on although it is muted has a reason: a cycle all of whose members wait
 *     for the next, as far as their workers can know;
 *   - the bound: a mailbox has at most its capacity, and that of the channel, and the sender's
 *     allowance, because whoever is about to use room that it has just learnt of looks for
 *     mutes first (CHANNEL).
 *
 * What is left out, and why that is sound:
 *   - What events carry: only how many there are. Their order is channel.pml's.
 *   - Capacities are 1 or 2: what counts is full, low or in between.
 *   - Channels without CHANNEL have room for all: a full one is always drained by the other
 *     worker, whoever is muted there, so it is one delay more.
 *   - A worker's steps come in any order, one entry, message or callback each, as under
 *     simulation (step.c). More is possible than in a turn. The one order that matters is
 *     kept: a turn reads the control lane before its actors run (`unread`, in CHANNEL).
 *   - Time: probes go out at any time. PROBE_AT_ONCE: at once, where any time is too much.
 *   - External senders, whose mutes are counted and close no cycle; the hard bound of a cycle,
 *     which needs tens of thousands of events; failed allocations.
 *
 * Three actors begin where it gets difficult, all MUTED (or with full mailboxes: FILLED), and
 * two of them share a worker (TOGETHER), else there are too many states; GROWS: a HUB one of
 * whose two cycles closes later. run.sh has what is verified.
 *
 * Broken on purpose, each found: NO_RELEASE, NO_PROBES, NO_REPROBE, TWO_EDGES, ORPHAN_FREED,
 * RELEASE_OVERTAKES, LAST_CYCLE (an actor knows but the last cycle), PATH_CROSSES, MUTES_LAST,
 * MARK_UNSEEN, DUE_UNSEEN (room is used before the mutes are looked for: in a send, after
 * markers were put into the channels, by delayed events that were due).
 *
 * SPDX-License-Identifier: MIT
 */

/* ---- who sends to whom ------------------------------------------------------------------ */

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

/* The worker of each: its own; with TOGETHER, 0 of as many actors and 1 of the others. */
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
#define SENDS_EACH 3 /* how often each actor sends */
#endif
#ifdef HUB
#define CYCLES 6 /* in use at a time: the model asserts that they are enough */
#else
#define CYCLES 4
#endif
#ifdef TOGETHER
#define LANE 16 /* more than are under way: a worker that finds one full would stand still */
#else
#define LANE 8
#endif
#define NOBODY N
#define PAIR(a, b) ((a) * N + (b))
#define PAIRS (N * N)

/* Whether something is so for one pair of an actor's, or for one or all actors. */
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

/* ---- actors, an index each ---------------------------------------------------------------- */

byte left[N] /* how often it has yet to send */
byte box[N]  /* the length of its mailbox */
bool held[N] /* MK_MUTED */
bool ended[N]
bool runs_on[N]
bool reprobe[N]
byte seen[PAIRS] /* PAIR(a, first): the last number of that initiator that a has sent on */

/* of PAIR(sender, subscriber) */
bool edge[PAIRS]  /* the subscriber's mk_edge */
byte waits[PAIRS] /* the sender's mk_wait; when the sender has ended: orphaned */
byte fly[PAIRS]   /* entries published in the channel, not taken */

/* of a worker */
mtype = { MUTE, RELEASE, PROBE, RUN_ON }
chan lane[N] = [LANE] of { mtype, byte, byte, byte, byte }
bool w_reprobe[N]

/* What a step of a worker posts to several it posts one by one. The rest of it: */
#define DONE 0
#define FORWARDS 1 /* a probe, to those that mute the actor, from `i` on */
#define TELLS 2    /* a verdict, to the members of a cycle, `i` next */
#define RELEASES 3 /* to those that the actor mutes */

/* mk_cycle */
byte c_refs[CYCLES]
bool c_open[CYCLES]
byte c_next[CYCLES * N] /* of each member, who mutes it; else NOBODY */
byte owed[CYCLES]       /* a bit for each member whose verdict is under way */
byte known[N]           /* a bit for each cycle that the actor runs on for */

/* Numbers of probes, no larger than is needed to tell old from new. */
byte number[N] /* the initiator's last */
byte probes[N] /* its probes under way */
#define NUMBERS 7
#define IS_NEWER(n, than) ((than) == 0 || ((n) != (than) && ((n) + NUMBERS - (than)) % NUMBERS <= NUMBERS / 2))

#define IS_MUTED_BY(a, b) (waits[PAIR(a, b)] != 0)

#ifdef CHANNEL
/* A channel with room for few; the others have room for all that is sent. */
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
byte filled[PAIRS] /* as the producer knows: tail - reclaimed */
byte spill[PAIRS]
bool ch_full[PAIRS] /* it mutes the sender */
byte allowance[N]
byte due[N] /* delayed events whose time has come */
#define IS_MUTED_BY_CHANNEL(a) ANY_FROM(ch_full, a)
#else
#define IS_MUTED_BY_CHANNEL(a) false
#endif
#define IS_MUTED(a) (ANY_FROM(waits, a) || IS_MUTED_BY_CHANNEL(a))

/* ---- cycles ----------------------------------------------------------------------------------- */

/* What is not in use looks like new, so that states that differ in nothing else are one. */
inline unref(cycle)
{
	c_refs[cycle]--;
	if
	:: c_refs[cycle] == 0 ->
		c_open[cycle] = false;
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

/* mk_cycle_leave; with `open_ones`, only from those that are open */
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

/* ---- the sender's end ---------------------------------------------------------------------------- */

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

/* mk_permit; mk_delayed_send_due, which looks at the lane first, as send_full does */
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

/* wait_clear, what follows the removal of a wait */
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

/* ---- the subscriber's end -------------------------------------------------------------------------- */

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

/* fan_out, block; if it has ended, the event is dead */
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

/* mk_release_all: one of them */
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

/* forward_all, forward: to the next that mutes it, from `i` on. `walk`: the path so far, a
 * digit an actor. */
inline forward_next(who, first, num, walk)
{
	do
	:: i < N && !IS_MUTED_BY(who, i) -> i++
	:: else -> break
	od;
	if
	:: i < N ->
		probes[first]++;
		lane[HOME(i)]!PROBE(i, first, num, walk * 4 + who + 1);
		i++
	:: else
	fi;
	do
	:: i < N && !IS_MUTED_BY(who, i) -> i++
	:: else -> break
	od;
	phase = (i < N -> FORWARDS : DONE)
}

/* came_home */
inline make_cycle(first, walk)
{
	made = 0;
	do
	:: made < CYCLES && c_refs[made] != 0 -> made++
	:: else -> break
	od;
	assert(made < CYCLES);
	c_refs[made] = 1;
	for (k : 0 .. N - 1) {
		c_next[made * N + k] = NOBODY
	}
	k = 0;
	i = first;
	do
	:: walk != 0 ->
		c_next[made * N + walk % 4 - 1] = i;
		owed[made] = owed[made] | (1 << (walk % 4 - 1));
		c_refs[made]++;
		i = walk % 4 - 1;
		walk = walk / 4
	:: else -> break
	od
}

/* tell_members: the next one */
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

/* probe_arrived. An actor that was released meanwhile has forgotten what it has seen, and
 * may be met again by a probe that it has sent on: that one has gone round another cycle. */
#ifdef PATH_CROSSES
#define IS_NEW_HERE(who, first, num, walk) IS_NEWER(num, seen[PAIR(who, first)])
#else
#define IS_NEW_HERE(who, first, num, walk) (IS_NEWER(num, seen[PAIR(who, first)]) && !IS_ON_PATH(walk, who))
#endif
#define IS_ON_PATH(walk, who) \
	((walk) % 4 == (who) + 1 || (walk) / 4 % 4 == (who) + 1 || (walk) / 16 % 4 == (who) + 1)
inline probe_arrived(who, first, num, walk)
{
	probes[first]--;
	if
	:: !ended[who] && IS_MUTED(who) && who == first ->
		forget_number(first);
		make_cycle(first, walk);
		phase = TELLS
	:: !ended[who] && IS_MUTED(who) && who != first && IS_NEW_HERE(who, first, num, walk) ->
		assert(!IS_ON_PATH(walk, who));
		seen[PAIR(who, first)] = num;
		i = 0;
		phase = FORWARDS
	:: else -> forget_number(first)
	fi
}

/* mk_reprobe: of the held actors here, one after the other. Not more often than every
 * millisecond: at any time. */
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
	owed[cycle] = owed[cycle] & ~(1 << who);
	if
	:: ended[who] || !IS_MUTED_BY(who, c_next[cycle * N + who]) -> c_open[cycle] = true
	:: else
	fi;
	if
	:: !c_open[cycle] ->
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

/* mk_mutes_take: they overtake the other messages */
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

/* mk_router_flush. The next turn begins with what lies in the lane now. */
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

/* mk_router_mark, in the middle of run_control: it looks at the lane too. */
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

#define MAY_RUN(a) (!ended[a] && !held[a] && (box[a] > 0 || left[a] > 0))

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

/* mk_publish: by pointer to each subscriber here, an entry to each other worker */
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

/* Whoever runs although it is muted is in a cycle, as far as the members' workers can know:
 * each of them waits for the next, or its verdict is still under way. */
inline check_reason(who)
{
	found = !IS_MUTED(who);
	for (j : 0 .. CYCLES - 1) {
		if
		:: LIVE(who, j) ->
			whole = true;
			for (k : 0 .. N - 1) {
				if
				:: c_next[j * N + k] != NOBODY && !((owed[j] >> k) & 1) && !ended[k] &&
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

/* A callback: of an event, or a tick that sends. One that handles an event and sends is a
 * tick before it. */
inline call_back(who)
{
	if
	:: box[who] > 0 -> box[who]--
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
	leave(who, false);
	held[who] = false;
	left[who] = 0;
	box[who] = 0;
	if
	:: MUTES_ANY(who) -> phase = RELEASES
	:: else
	fi
}

/* run_channel, an entry; an actor's turn */
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
 * A worker takes one step at a time, in any order (as a simulation lets it, step.c; of the
 * orders that mk_worker_turn has, only one matters, see CHANNEL). It sleeps while there is
 * nothing for it: channel.pml.
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
#ifdef CHANNEL
	byte unread;  /* control messages that the turn takes first */
	bool in_turn; /* it is not over before the channel is flushed */
#endif
end_asleep:
	do
	:: atomic {
			if
			/* run_control, a message */
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

/* ---- what is to be shown ------------------------------------------------------------------------------------------ */

#define RESTS(a) \
	((ended[a] || (left[a] == 0 && !held[a] && box[a] == 0)) && len(lane[a]) == 0 && !ANY_TO(edge, a) && \
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
