/*
 * stop.pml - how a stop detects that no work is left, although it queries only the workers that
 * have received work.
 *
 * Modeled code: src/core/lifecycle/stop.h and stop_steps.c; of lane.c mk_lane_take, of turn.c run_channel,
 * mk_worker_quiet; of callback.c mk_callback_enter; of router.c counting and publishing entries.
 * Each inline names its function.
 *
 * The protocol. A queried worker answers when it has no work left; the answer includes its
 * activity count. The worker that answers last holds the lock and checks every worker: it is
 * idle if its lane is empty, each channel to it has as many entries taken as sent, and, read
 * last, its activity count equals the one in its answer. The others are queried again. If all
 * are idle the next on_stop runs; that step also queries its worker. Before the first on_stop the
 * workers that have actors with .drains are told to end their ticks (finish), and all is checked again.
 *
 * Properties, for every interleaving:
 *   - when the next on_stop begins, and at the end, everything that was sent has been handled
 *     completely, on every worker, whichever workers were queried;
 *   - the end is reached without fairness: every query is answered, every on_stop has run, and
 *     no worker is queried for ever (`stops`).
 *
 * Abstractions, and why they are sound:
 *   - Memory orders. Interleavings are sequentially consistent. The check's loads of a lane and
 *     of `taken` acquire what the worker releases, including the activity counted before; what
 *     was sent before an answer is visible through the lock. What is sent after the answer, by
 *     a worker that received work first, the check need not see.
 *   - An activity count is only compared with the count in the last answer, so one bit
 *     suffices: whether it has grown since.
 *   - Work is an event, or a message that calls an actor. Its callback may send to any lane,
 *     any channel and its own worker, WORK times in all.
 *   - Parts of receipts (receipt.pml) are entries, and what they cause at the sender is work. With HOLDS an event may
 *     lie with an actor on hold: when its worker has nothing else it discards it, whether it was asked or not, and
 *     sends a part to the first worker. What is sent while actors end (ended_late) takes one more quiesce.
 *   - Sleep and wake-up, full channels, spill (channel.pml): a worker with unpublished entries
 *     is not quiet. Held actors (mute.pml): they are not quiet either, and a release is a
 *     message. A worker's steps run in any order.
 *   - An actor with .drains that is on hold: its worker is not quiet, one reason more. What it does on
 *     its own is one tick at any time, which sends what an event may send.
 *   - Topology changes: while one is under way all workers are queried.
 *   - The deadline, workers that were given up, and the closing of libuv handles, after which
 *     there is one more quiesce like that after an on_stop.
 *
 * Planted bugs, each found: TRUSTS_ANSWERS (an answer is valid for ever), COUNT_ALONE (only the
 * count is checked), NO_LANE, NO_CHANNELS (one of the two is not checked), COUNT_FIRST (the
 * count is read first), LANE_UNCOUNTED, CHANNEL_UNCOUNTED (activity is counted after the message
 * has left the lane, or the entry counts as taken), NO_FINISH (on_stop runs while ticks go on).
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef WORK
#define WORK 3 /* sends in all, besides the initial events */
#endif

#define CHANNEL(from, to) ((from) * WORKERS + (to))

/* mk_worker: its lane, by kind of message, and its activity */
byte lane_work[WORKERS]
bool lane_ask[WORKERS] = true, lane_hook[WORKERS], lane_finish[WORKERS] /* all are queried at first */
bool activity[WORKERS] /* whether it was counted since the answer */
#define LANE_EMPTY(w) (lane_work[w] == 0 && !lane_ask[w] && !lane_hook[w] && !lane_finish[w])

/* mk_channel, one for each ordered pair of different workers */
byte sent[WORKERS * WORKERS], published[WORKERS * WORKERS], taken[WORKERS * WORKERS]

/* mk_stop, and the supervisor's lock */
bool locked
bool answered_idle[WORKERS]
byte asked = WORKERS            /* workers that have not answered */
byte hooks = WORKERS            /* on_stops that have not begun: one per worker */
bool over
bool lasts[WORKERS] = true /* it has an actor with .drains, whose ticks have not ended */

/* for the properties */
#ifdef HOLDS
byte left = WORKERS + 1 /* sent, but not handled completely; each worker has one event at first, */
#define MAY_HOLD (_pid == 1) /* and this one one more with an actor on hold */
#else
byte left = WORKERS
#define MAY_HOLD false
#endif
byte budget = WORK

#if WORKERS == 3
#define ANY(IS) (IS(0) || IS(1) || IS(2))
#else
#define ANY(IS) (IS(0) || IS(1))
#endif

/* ---- the steps, under the lock ------------------------------------------------------------ */

/* run_finish is asked for: of all that have such an actor */
#define LASTS(w) lasts[w]
inline finish()
{
	d_step {
		do
		:: at < WORKERS && lasts[at] ->
			asked++;
			lane_finish[at] = true;
			at++
		:: at < WORKERS && !lasts[at] -> at++
		:: else -> break
		od;
		at = 0
	}
}

/* next_hook */
inline next_hook()
{
	assert(left == 0 && !ANY(LASTS));
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
inline check_inputs()
{
#if !defined(COUNT_ALONE) && !defined(NO_LANE)
	idle = idle && LANE_EMPTY(at);
#endif
#if !defined(COUNT_ALONE) && !defined(NO_CHANNELS)
	do
	:: from < WORKERS ->
		was_taken = taken[CHANNEL(from, at)];
		atomic {
			idle = idle && was_taken == sent[CHANNEL(from, at)];
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
inline check()
{
	idle = answered_idle[at];
#ifndef TRUSTS_ANSWERS
#ifdef COUNT_FIRST
	idle = idle && !activity[at];
	check_inputs()
#else
	check_inputs();
	idle = idle && !activity[at]
#endif
#else
	skip
#endif
}

/* quiesce; mk_stop_take queries after all workers have been checked */
inline quiesce()
{
	do
	:: at < WORKERS ->
		check();
		atomic {
			to_ask[at] = !idle;
			some = some || !idle;
			idle = false;
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
#ifndef NO_FINISH
	:: !some && ANY(LASTS) -> finish()
#endif
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

inline count_activity() { activity[_pid] = true }

/* mk_lane_take: takes all messages of the lane at once, and counts each again */
inline take_control()
{
#ifndef LANE_UNCOUNTED
	count_activity();
#endif
	atomic {
		work = work + lane_work[_pid];
		asks = asks || lane_ask[_pid];
		hook = hook || lane_hook[_pid];
		ends = ends || lane_finish[_pid];
		lane_work[_pid] = 0;
		lane_ask[_pid] = false;
		lane_hook[_pid] = false;
		lane_finish[_pid] = false
	}
	count_activity()
}

/* run_channel: the event goes to a mailbox of this worker, then counts as taken */
#define MAY_TAKE(one) (published[CHANNEL(one, _pid)] != taken[CHANNEL(one, _pid)])
inline run_channel(one)
{
#ifndef CHANNEL_UNCOUNTED
	count_activity();
#endif
	atomic {
		if
		:: events++
		:: MAY_HOLD -> stranded++
		fi;
		taken[CHANNEL(one, _pid)]++
	}
#ifdef CHANNEL_UNCOUNTED
	count_activity()
#endif
}

/* mk_router_show */
#define MAY_SHOW(to) (published[CHANNEL(_pid, to)] != sent[CHANNEL(_pid, to)])
inline make_visible(to) { published[CHANNEL(_pid, to)] = sent[CHANNEL(_pid, to)] }

/* mk_worker_quiet */
#define QUIET (events == 0 && work == 0 && !asks && !hook && !ends && LANE_EMPTY(_pid) && !ANY(MAY_SHOW) && !ANY(MAY_TAKE))

/* maiko_send of an event, or posting of a message; to the own worker only an event */
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

/* mk_callback_enter, and the sends of the callback until it returns */
inline callback()
{
	count_activity();
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
	byte stranded = MAY_HOLD; /* events with an actor on hold */
	byte work;              /* messages taken from its lane, as are the next two */
	bool asks, hook, ends;
	byte ticks = (_pid == 0 || WORKERS < 3); /* of its actor with .drains */
	bool asked_idle;        /* it must answer */
	byte at, from, was_taken; /* used by the check, as are the next three */
	bool idle, some, to_ask[WORKERS];
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
	:: ends -> /* run_finish, which answers; then quiesce */
		ends = false;
		lasts[_pid] = false;
		atomic {
			!locked;
			locked = true;
			asked--
		}
		if
		:: asked == 0 -> quiesce()
		:: else
		fi;
		locked = false
	:: lasts[_pid] && ticks > 0 -> /* nothing has come for it */
		ticks--;
		callback()
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
	:: stranded > 0 && QUIET -> /* mk_intake_discard, send_part */
		count_activity();
		atomic {
			stranded--;
			sent[CHANNEL(_pid, 0)]++
		}
	:: asked_idle && QUIET && stranded == 0 -> answer()
	:: over -> break
	od
}

ltl stops { <> over }
