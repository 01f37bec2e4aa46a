/*
 * stop.pml - how a stop knows that nothing is left, although it asks only those workers that
 * something has reached.
 *
 * What it follows: src/core/lifecycle/stop.h and stop.c; of worker.c take_control, run_channel,
 * mk_worker_quiet; of dispatch.c mk_callback_enter; of router.c what counts and publishes entries.
 * Each inline names its function.
 *
 * The protocol. A worker that is asked answers when it has nothing left; with the answer goes
 * how often it has activity. Who answers last holds the lock and looks at every worker: it is
 * at rest if its lane is empty, each channel to it has as many entries taken as sent, and,
 * read last, its count of stirs is what it has told. Those that are not are asked again. If
 * all are, the next on_stop runs; who ran it has been asked with that.
 *
 * What it shows, for every interleaving:
 *   - when the next on_stop begins, and at the end, all that was sent has been handled to its
 *     end, on every worker, whoever was asked;
 *   - the end comes, without fairness: every question is answered, every on_stop has run, and
 *     nobody is asked for ever (`stops`).
 *
 * What is left out, and why that is sound:
 *   - Memory orders. Interleavings are sequentially consistent. What the look reads of a lane
 *     and of `taken` acquires what their takers release, the stir before it; what was sent
 *     before an answer is seen through the lock; what is sent after it, by one that something
 *     has reached first, the look need not see.
 *   - A count of stirs is compared with what was told last and with nothing else, so one bit
 *     says whether it has grown since.
 *   - What work is: an event, or a message that calls an actor. Whoever does it may send to
 *     any lane, any channel and itself, as often as WORK says in all.
 *   - Sleep and wake-up, full channels, spill (channel.pml): a worker with entries that are
 *     not published is not quiet. Held actors (mute.pml): they are not quiet either, and a
 *     release is a message. A worker's steps come in any order.
 *   - Changes of topology: while one is under way all are asked.
 *   - The deadline, workers that were given up, and the end of what libuv calls, after which
 *     there is one more quiesce like that after an on_stop.
 *
 * Broken on purpose, each found: TRUSTS_ANSWERS (an answer holds for ever), COUNT_ALONE (the
 * look is at the count alone), NO_LANE, NO_CHANNELS (or leaves one of the two out),
 * COUNT_FIRST (it reads the count first), LANE_UNCOUNTED, CHANNEL_UNCOUNTED (a stir is counted
 * after what it takes has left the lane, or counts as taken).
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef WORK
#define WORK 3 /* what is sent in all, besides what is there at first */
#endif

#define CHANNEL(from, to) ((from) * WORKERS + (to))

/* mk_worker: its lane, by kinds, and how often it has activity */
byte lane_work[WORKERS]
bool lane_ask[WORKERS] = true, lane_hook[WORKERS] /* all are asked at first */
bool activity[WORKERS] /* since its answer */
#define LANE_EMPTY(w) (lane_work[w] == 0 && !lane_ask[w] && !lane_hook[w])

/* mk_channel, one from each to each; none to itself */
byte sent[WORKERS * WORKERS], published[WORKERS * WORKERS], taken[WORKERS * WORKERS]

/* mk_stop, and the supervisor's lock */
bool locked
bool answered_idle[WORKERS]
byte asked = WORKERS            /* how many have not answered */
byte hooks = WORKERS            /* on_stops that have not begun: one a worker */
bool over

/* what is to be shown */
byte left = WORKERS /* sent, and not handled to its end; each worker has one event at first */
byte budget = WORK

/* ---- the steps, under the lock ------------------------------------------------------------ */

/* next_hook */
inline next_hook()
{
	assert(left == 0);
	if
	:: hooks != 0 ->
		atomic {
			hooks--;
			asked++;
			lane_hook[hooks] = true
		}
	:: else -> over = true
	fi
}

/* is_reached_by_nothing: each load is a step, and `taken` is read before `sent` */
inline look_at_ways()
{
#if !defined(COUNT_ALONE) && !defined(NO_LANE)
	rest = rest && LANE_EMPTY(at);
#endif
#if !defined(COUNT_ALONE) && !defined(NO_CHANNELS)
	do
	:: from < WORKERS ->
		was_taken = taken[CHANNEL(from, at)];
		atomic {
			rest = rest && was_taken == sent[CHANNEL(from, at)];
			was_taken = 0;
			from++
		}
	:: else ->
		from = 0;
		break
	od
#else
	skip
#endif
}

/* is_at_rest */
inline look()
{
	rest = answered_idle[at];
#ifndef TRUSTS_ANSWERS
#ifdef COUNT_FIRST
	rest = rest && !activity[at];
	look_at_ways()
#else
	look_at_ways();
	rest = rest && !activity[at]
#endif
#else
	skip
#endif
}

/* quiesce; mk_stop_take asks after all have been looked at */
inline quiesce()
{
	do
	:: at < WORKERS ->
		look();
		atomic {
			to_ask[at] = !rest;
			some = some || !rest;
			rest = false;
			at++
		}
	:: else ->
		at = 0;
		break
	od;
	if
	:: some ->
		d_step {
			some = false;
			do
			:: at < WORKERS && to_ask[at] ->
				asked++;
				lane_ask[at] = true;
				to_ask[at] = false;
				at++
			:: at < WORKERS && !to_ask[at] -> at++
			:: else -> break
			od;
			at = 0
		}
	:: else -> next_hook()
	fi
}

/* mk_stop_idle */
inline answer()
{
	atomic {
		!locked;
		locked = true;
		asked_idle = false;
		answered_idle[_pid] = true;
		activity[_pid] = false;
		asked--
	}
	if
	:: asked == 0 -> quiesce()
	:: else
	fi;
	locked = false
}

/* ---- a worker's steps ---------------------------------------------------------------------- */

inline stir() { activity[_pid] = true }

/* take_control: what of a lane is there is taken at once, and each counts once more */
inline take_control()
{
#ifndef LANE_UNCOUNTED
	stir();
#endif
	atomic {
		work = work + lane_work[_pid];
		asks = asks || lane_ask[_pid];
		hook = hook || lane_hook[_pid];
		lane_work[_pid] = 0;
		lane_ask[_pid] = false;
		lane_hook[_pid] = false
	}
	stir()
}

/* run_channel: the event goes to a mailbox of this worker, then counts as taken */
#define MAY_TAKE(one) (published[CHANNEL(one, _pid)] != taken[CHANNEL(one, _pid)])
inline run_channel(one)
{
#ifndef CHANNEL_UNCOUNTED
	stir();
#endif
	atomic {
		events++;
		taken[CHANNEL(one, _pid)]++
	}
#ifdef CHANNEL_UNCOUNTED
	stir()
#endif
}

/* mk_router_show */
#define MAY_SHOW(to) (published[CHANNEL(_pid, to)] != sent[CHANNEL(_pid, to)])
inline make_visible(to) { published[CHANNEL(_pid, to)] = sent[CHANNEL(_pid, to)] }

/* mk_worker_quiet */
#if WORKERS == 3
#define ANY(IS) (IS(0) || IS(1) || IS(2))
#else
#define ANY(IS) (IS(0) || IS(1))
#endif
#define QUIET (events == 0 && work == 0 && !asks && !hook && LANE_EMPTY(_pid) && !ANY(MAY_SHOW) && !ANY(MAY_TAKE))

/* maiko_send of an event, or what posts a message; to itself an event alone */
inline send(to)
{
	atomic {
		budget > 0;
		budget--;
		left++;
		if
		:: to == _pid -> events++
		:: to != _pid -> sent[CHANNEL(_pid, to)]++
		:: to != _pid -> lane_work[to]++
		fi
	}
}

/* mk_callback_enter, and what the actor does until it returns */
inline callback()
{
	stir();
	do
	:: send(0)
	:: send(1)
#if WORKERS == 3
	:: send(2)
#endif
	:: break
	od
}

active[WORKERS] proctype worker()
{
	byte events = 1;        /* in its mailboxes */
	byte work;              /* messages out of its lane, as are the next two */
	bool asks, hook;
	bool asked_idle;        /* it owes an answer */
	byte at, from, was_taken; /* the look's, as are the next three */
	bool rest, some, to_ask[WORKERS];
	do
	:: !LANE_EMPTY(_pid) -> take_control()
	:: asks -> /* run_quiesce */
		atomic {
			asks = false;
			asked_idle = true
		}
	:: hook -> /* run_hook */
		hook = false;
		callback();
		asked_idle = true
	:: work > 0 ->
		work--;
		callback();
		left--
	:: events > 0 -> /* mk_dispatch_next */
		events--;
		callback();
		left--
	:: MAY_TAKE(0) -> run_channel(0)
	:: MAY_TAKE(1) -> run_channel(1)
	:: MAY_SHOW(0) -> make_visible(0)
	:: MAY_SHOW(1) -> make_visible(1)
#if WORKERS == 3
	:: MAY_TAKE(2) -> run_channel(2)
	:: MAY_SHOW(2) -> make_visible(2)
#endif
	:: asked_idle && QUIET -> answer()
	:: over -> break
	od
}

ltl stops { <> over }
