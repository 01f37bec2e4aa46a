/*
 * receipt.pml - how the sender of a tracked event learns what became of it, while its subscribers and itself move,
 * end and run short of memory.
 *
 * Modeled code: src/core/routing/receipt.h and receipt.c; of router.c mk_publish, send_full, mk_publish_taken,
 * mk_router_mark; of channel.c mk_channel_send_parcel, mk_channel_unspill; of turn.c run_channel; of private.c
 * mk_private_give, mk_private_is_due, mk_private_shift; of migrate.c mk_migrate_apply, hand_over, pack_mailbox,
 * take_over; mk_arrival_keeps, mk_arrival_hear; of sender.h mk_home_at; of topology.c apply, settle. Each inline
 * names its function. With ASKS each event is a question that the subscriber answers, or not, when it handles it
 * (question.c: mk_question_ask, mk_question_reply, came, complete, time_is_over, mk_questions_drop). How changes are made and actors move is topology.pml's, and as simple here as receipts allow.
 *
 * The actors: the sender, which also subscribes to the replies; a subscriber, which replies once to each event; and
 * one that stays where it is and does not reply. FIRST and SECOND are the changes, in this order.
 *
 * Properties, for every interleaving:
 *   - each event that was sent has exactly one receipt: a callback, or, if the sender has ended, one counted dead;
 *   - its counts are the true ones: the deliveries, what was handled, what was lost, the workers that did not get it;
 *   - it comes after every reply: each has been handled, or counted dead, when the callback runs;
 *   - nobody touches a receipt, or a part of it, after the last part has come; and a receipt itself is touched only
 *     where its sender is at that time;
 *   - with no memory for anything after the send, each part comes back all the same;
 *   - each question ends once, and for the true reason: with an answer if one comes before its time is over; because
 *     the receipt is complete only if nobody has replied.
 *
 * Abstractions, and why they are sound:
 *   - A channel is a queue that keeps its order (channel.pml). It is full, and a spill or a channel without memory,
 *     when the model likes, FULL and NO_MEMORY times in all. A parcel that waits for the spill to be empty enters at
 *     any time after.
 *   - A handler with its replies and its counting is one step: others see it in channels alone, entry by entry.
 *   - An actor that fails ends as one that is removed does, and settles later.
 *   - Outcomes are two: handled, and all others, which are counted alike. Mailboxes take everything: what a policy
 *     drops, or coalesces, is such an outcome at another time.
 *   - maiko_keep: an event that is kept is one that is handled later. Holding: receipts pass it, before the replies.
 *   - External threads: their receipts are summed under the lock by whoever has the part; nothing travels.
 *   - Sleep (channel.pml); the end of a supervisor (stop.pml: a part is an entry, what it causes is work).
 *
 * Planted bugs, each found: ON_LANE (parts take the control lane), ASIDE_ON_LANE (those that find no room do),
 * LOST_ASIDE (those are lost), TO_THE_NEWEST (a part goes to where the sender is about to be), NOT_KEPT,
 * NOT_SENT_ON (of parts that come to where the sender is not yet, or no more), NO_SHIFT (of a receipt, behind what
 * came for the sender meanwhile), SHARES_PART, SPLIT_UNCOUNTED (of a copy that moves with its actor),
 * DROP_UNCOUNTED (an entry that a channel drops), REFUSED_UNTOLD (a worker that has no subscriber any more),
 * REPLY_UNCOUNTED (a reply is no part of the receipt), NOT_DISOWNED (the receipt finds a question that has ended),
 * COMPLETE_FIRST (the last part completes the receipt before the reply in it is taken).
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef EVENTS
#define EVENTS 2
#endif
#ifndef SUBSCRIBER
#define SUBSCRIBER 1 /* the worker where the subscriber is at first; it moves to 0 */
#endif
#ifndef OTHER
#define OTHER 1 /* where the other one is; WORKERS: there is none */
#endif
#ifndef FULL
#define FULL 0
#endif
#ifndef NO_MEMORY
#define NO_MEMORY 0
#endif

/* The changes */
#define NONE 0
#define SENDER_MOVES 1 /* from 0 to 1 */
#define SENDER_MOVES_BACK 2
#define SENDER_GOES 3
#define SUBSCRIBER_MOVES 4
#define SUBSCRIBER_GOES 5
#define BOTH_MOVE 6 /* in one batch */
#ifndef FIRST
#define FIRST SENDER_MOVES
#endif
#ifndef SECOND
#define SECOND NONE
#endif
#define CHANGES ((FIRST != NONE) + (SECOND != NONE))
#define IS(kind) (((change) == 1 -> FIRST : SECOND) == (kind))
#define MOVES_SENDER (IS(SENDER_MOVES) || IS(SENDER_MOVES_BACK) || IS(BOTH_MOVE))
#define MOVES_SUBSCRIBER (IS(SUBSCRIBER_MOVES) || IS(BOTH_MOVE))

#define PAIR(from, to) ((from) * WORKERS + (to))
#define PAIRS (WORKERS * WORKERS)
#define BIT(worker) (1 << (worker))
#define HAS(set, worker) (((set) >> (worker)) & 1)

/* mk_worker */
byte marker[WORKERS]
mtype = { APPLY, SETTLE, SENDER_COMES, SUBSCRIBER_COMES, POSTED_PART }
chan control[WORKERS] = [4 + 3 * EVENTS] of { mtype, byte }

/* mk_channel */
mtype = { EVENT, REPLY, PART, MARK }
chan ring[PAIRS] = [4 * EVENTS + 2] of { mtype, byte, byte }
chan aside[PAIRS] = [3 * EVENTS] of { byte } /* parcels that wait */
bool is_there[PAIRS]
byte ch_marker[PAIRS]

/* Each actor: its subscription on each worker, its mailbox and that of its shadow. */
#define ABSENT 0
#define JOINING 1
#define ACTIVE 2
#define LEAVING 3
byte sends_at = 0, takes_at = SUBSCRIBER /* where they are */
bool sender_paused, sender_on_way, sender_ended
bool subscriber_paused, subscriber_on_way, subscriber_ended
byte for_replies[WORKERS], for_events[WORKERS] /* mk_sub */
chan replies = [2 * EVENTS] of { byte }        /* of events */
chan replies_of_shadow = [2 * EVENTS] of { byte }
chan events = [EVENTS] of { byte } /* by part */
chan events_of_shadow = [EVENTS] of { byte }
chan events_of_other = [EVENTS] of { byte }
byte head, tail                              /* of the sender's mailbox */
chan privates = [EVENTS] of { byte, byte }   /* its receipts: of which event; after which place */
chan kept = [3 * EVENTS] of { byte }         /* mk_arrival: parts */
bool awaited[WORKERS]

/* The topics: the supervisor's counts, and each worker's view. mk_sender.home, a word. */
bool reply_interest[WORKERS], event_interest[WORKERS]
byte reply_view[WORKERS], event_view[WORKERS]
byte home_number, home_from, home_to
#define HOME_AT(number) ((number) >= home_number -> home_to : home_from) /* mk_home_at */
#ifdef TO_THE_NEWEST
#define HOME_OF(worker) home_to
#else
#define HOME_OF(worker) HOME_AT(marker[worker]) /* mk_home_of */
#endif
#define IS_HOME(worker) (HOME_OF(worker) == (worker))

/* mk_topology */
byte change, waiting, completed

/* mk_part: of each worker, and of the copy that moves; mk_receipt */
#ifdef ASKS
#define PARTS (WORKERS + 2)
#define REPLY_TO(event) PART_OF(event, WORKERS + 1) /* mk_reply */
#else
#define PARTS (WORKERS + 1)
#endif
#define PART_OF(event, worker) ((event) * PARTS + (worker))
#define MOVED(event) PART_OF(event, WORKERS)
#define EVENT_OF(part) ((part) / PARTS)
byte refs[EVENTS * PARTS] /* of its event, or of the copy that it is for */
byte at[EVENTS * PARTS]   /* the worker where that is, plus one */
byte handled[EVENTS * PARTS], lost[EVENTS * PARTS], unknown[EVENTS * PARTS]
byte parts[EVENTS]        /* that are not over */
byte sum_handled[EVENTS], sum_lost[EVENTS], sum_unknown[EVENTS]
bool complete[EVENTS]

/* for the properties: what is so */
byte next_event
byte is_delivered[EVENTS], is_handled[EVENTS], is_lost[EVENTS], is_unknown[EVENTS]
byte replied[EVENTS], heard[EVENTS] /* replies; those that have an outcome */
byte receipts[EVENTS]
#ifdef ASKS
bool is_open[EVENTS]                /* mk_question: it has not ended */
byte ends[EVENTS], answers[EVENTS] /* answers: that were sent */
#endif
byte full_left = FULL, no_memory_left = NO_MEMORY

/* ---- the way back ---------------------------------------------------------------------------- */

/* open_channel */
inline open_channel(from, to)
{
	if
	:: !is_there[PAIR(from, to)] ->
		is_there[PAIR(from, to)] = true;
		ch_marker[PAIR(from, to)] = marker[from]
	:: else
	fi
}

#ifdef ASKS
/* set_end, take_out, mk_receipt_disowns */
inline end_question(event)
{
	ends[event]++;
	is_open[event] = false
}

/* came, of a part with a reply */
inline take_reply(p)
{
	if
	:: p == REPLY_TO(EVENT_OF(p)) && is_open[EVENT_OF(p)] -> end_question(EVENT_OF(p))
	:: else /* another part, or late */
	fi
}

/* complete, of a question whose receipt is complete */
inline complete_question(event)
{
	if
#ifdef NOT_DISOWNED
	:: !sender_ended -> end_question(event)
#endif
	:: is_open[event] ->
		assert(answers[event] == 0); /* nobody has replied */
		end_question(event)
	:: else
	fi
}
#endif

/* part_is_here, take_part, mk_private_give */
inline part_is_here(me, p)
{
	assert(sends_at == me && !sender_on_way); /* only the sender's worker touches a receipt */
	assert(!complete[EVENT_OF(p)]);
#if defined(ASKS) && !defined(COMPLETE_FIRST)
	take_reply(p);
#endif
	sum_handled[EVENT_OF(p)] = sum_handled[EVENT_OF(p)] + handled[p];
	sum_lost[EVENT_OF(p)] = sum_lost[EVENT_OF(p)] + lost[p];
	sum_unknown[EVENT_OF(p)] = sum_unknown[EVENT_OF(p)] + unknown[p];
	parts[EVENT_OF(p)]--;
	if
	:: parts[EVENT_OF(p)] == 0 ->
		complete[EVENT_OF(p)] = true;
#ifdef ASKS
		complete_question(EVENT_OF(p));
#endif
		assert(sum_handled[EVENT_OF(p)] == is_handled[EVENT_OF(p)]);
		assert(sum_lost[EVENT_OF(p)] == is_lost[EVENT_OF(p)]);
		assert(sum_unknown[EVENT_OF(p)] == is_unknown[EVENT_OF(p)]);
		assert(is_handled[EVENT_OF(p)] + is_lost[EVENT_OF(p)] == is_delivered[EVENT_OF(p)]);
		if
		:: sender_ended -> receipts[EVENT_OF(p)]++ /* dead */
		:: else -> privates!EVENT_OF(p), tail
		fi
	:: else
	fi;
#if defined(ASKS) && defined(COMPLETE_FIRST)
	take_reply(p)
#endif
}

/* mk_router_send_parcel, mk_channel_send_parcel */
inline send_part(me, p)
{
	to = HOME_OF(me);
	if
#ifdef ON_LANE
	:: control[to]!POSTED_PART, p
#else
	:: !is_there[PAIR(me, to)] && no_memory_left > 0 -> /* mk_router_open */
		no_memory_left--;
		control[to]!POSTED_PART, p
	:: is_there[PAIR(me, to)] && len(aside[PAIR(me, to)]) == 0 && no_memory_left > 0 -> /* mk_channel_spill */
		no_memory_left--;
#ifdef ASIDE_ON_LANE
		control[to]!POSTED_PART, p
#elif defined(LOST_ASIDE)
		skip
#else
		aside[PAIR(me, to)]!p
#endif
	:: len(aside[PAIR(me, to)]) > 0 -> aside[PAIR(me, to)]!p
	:: len(aside[PAIR(me, to)]) == 0 ->
		open_channel(me, to);
		ring[PAIR(me, to)]!PART, p, marker[me]
#endif
	fi;
	to = 0
}

/* arrived; mk_arrival_keeps */
inline arrived(me, p)
{
	assert(!complete[EVENT_OF(p)]);
	if
#ifndef NOT_SENT_ON
	:: !IS_HOME(me) -> send_part(me, p)
#endif
#ifndef NOT_KEPT
	:: IS_HOME(me) && awaited[me] -> kept!p
	:: IS_HOME(me) && !awaited[me] -> part_is_here(me, p)
#else
	:: IS_HOME(me) -> part_is_here(me, p)
#endif
#ifdef NOT_SENT_ON
	:: !IS_HOME(me) -> part_is_here(me, p)
#endif
	fi
}

/* mk_event_unref; over */
inline unref(me, p)
{
	assert(!complete[EVENT_OF(p)] && refs[p] > 0);
	refs[p]--;
	if
	:: refs[p] == 0 ->
		assert(at[p] == me + 1);
		at[p] = 0;
		arrived(me, p)
	:: else
	fi
}

/* ---- events ----------------------------------------------------------------------------------- */

/* mk_takes_part */
#define TAKES_PART(sub, worker, under)                                                                                 \
	((sub) == ACTIVE || ((sub) == JOINING && (under) >= marker[worker]) ||                                         \
	 ((sub) == LEAVING && (under) < marker[worker]))

inline lose(p)
{
	lost[p]++;
	is_lost[EVENT_OF(p)]++
}

/* fan_out of a tracked event */
inline fan_out_event(me, p, under)
{
	if
	:: TAKES_PART(for_events[me], me, under) ->
		is_delivered[EVENT_OF(p)]++;
		if
		:: subscriber_ended -> lose(p)
		:: !subscriber_ended && takes_at == me && !subscriber_on_way ->
			refs[p]++;
			events!p
		:: else ->
			refs[p]++;
			events_of_shadow!p
		fi
	:: else
	fi;
	if
	:: OTHER == me ->
		is_delivered[EVENT_OF(p)]++;
		refs[p]++;
		events_of_other!p
	:: else
	fi
}

/* mk_receipt_send, mk_publish, send_entries, mk_receipt_unknown. The event is `e`. */
inline send_tracked(me)
{
	e = next_event;
	next_event++;
	parts[e] = 1;
#ifdef ASKS
	is_open[e] = true;
#endif
	for (k : 0 .. WORKERS - 1) {
		parts[e] = parts[e] + HAS(event_view[me], k)
	}
	refs[PART_OF(e, me)] = 1;
	at[PART_OF(e, me)] = me + 1;
	fan_out_event(me, PART_OF(e, me), marker[me]);
	for (k : 0 .. WORKERS - 1) {
		if
		:: HAS(event_view[me], k) && full_left > 0 ->
			full_left--;
			is_unknown[e]++;
			unknown[PART_OF(e, me)]++;
#ifndef DROP_UNCOUNTED
			parts[e]--
#endif
		:: HAS(event_view[me], k) ->
			open_channel(me, k);
			ring[PAIR(me, k)]!EVENT, e, marker[me]
		:: else
		fi
	}
	k = 0;
	unref(me, PART_OF(e, me));
	e = 0
}

/* mk_receipt_refused */
inline refused(me, p)
{
	refs[p] = 1;
	at[p] = me + 1;
	unref(me, p)
}

/* mk_publish_taken, refuse_taken, mk_overflow_no_memory */
inline take_event(me, p, under)
{
	assert(!complete[EVENT_OF(p)] && refs[p] == 0);
	if
	:: for_events[me] == ABSENT && OTHER != me ->
#ifndef REFUSED_UNTOLD
		refused(me, p)
#else
		skip
#endif
	:: (for_events[me] != ABSENT || OTHER == me) && no_memory_left > 0 ->
		no_memory_left--;
		if
		:: TAKES_PART(for_events[me], me, under) ->
			is_delivered[EVENT_OF(p)]++;
			lose(p)
		:: else
		fi;
		if
		:: OTHER == me ->
			is_delivered[EVENT_OF(p)]++;
			lose(p)
		:: else
		fi;
		refused(me, p)
	:: for_events[me] != ABSENT || OTHER == me -> /* mk_receipt_copy */
		refs[p] = 1;
		at[p] = me + 1;
		fan_out_event(me, p, under);
		unref(me, p)
	fi
}

/* fan_out of a reply */
inline fan_out_reply(me, event, under)
{
	if
	:: TAKES_PART(for_replies[me], me, under) ->
		if
		:: sender_ended -> heard[event]++
		:: !sender_ended && sends_at == me && !sender_on_way ->
			replies!event;
			tail++
		:: else -> replies_of_shadow!event
		fi
	:: else
	fi
}

/* The subscriber's handler: mk_publish of a reply; mk_receipt_handled. */
inline handle(me)
{
	events?p;
	assert(at[p] == me + 1);
	replied[EVENT_OF(p)]++;
	fan_out_reply(me, EVENT_OF(p), marker[me]);
	for (k : 0 .. WORKERS - 1) {
		if
		:: HAS(reply_view[me], k) ->
			open_channel(me, k);
			ring[PAIR(me, k)]!REPLY, EVENT_OF(p), marker[me]
		:: else
		fi
	}
	k = 0;
#ifdef ASKS
	if
	:: true -> /* mk_question_reply, mk_receipt_reply */
		answers[EVENT_OF(p)]++;
#ifndef REPLY_UNCOUNTED
		parts[EVENT_OF(p)]++;
#endif
		e = EVENT_OF(p);
		arrived(me, REPLY_TO(e));
		e = 0
	:: true
	fi;
#endif
	handled[p]++;
	is_handled[EVENT_OF(p)]++;
	unref(me, p);
	p = 0
}

inline handle_by_other(me)
{
	events_of_other?p;
	handled[p]++;
	is_handled[EVENT_OF(p)]++;
	unref(me, p);
	p = 0
}

/* ---- changes ------------------------------------------------------------------------------------ */

/* mk_interest_refresh, of both topics */
inline refresh_all(me)
{
	for (k : 0 .. WORKERS - 1) {
		if
		:: k != me && reply_interest[k] -> reply_view[me] = reply_view[me] | BIT(k)
		:: k != me && !reply_interest[k] -> reply_view[me] = reply_view[me] & ~BIT(k)
		:: else
		fi;
		if
		:: k != me && (event_interest[k] || k == OTHER) -> event_view[me] = event_view[me] | BIT(k)
		:: k != me && !event_interest[k] && k != OTHER -> event_view[me] = event_view[me] & ~BIT(k)
		:: else
		fi
	}
	k = 0
}

/* mk_actor_end: what is queued is dead, and what it waits for. */
inline end_sender(me)
{
	sender_ended = true;
#ifdef ASKS
	for (k : 0 .. EVENTS - 1) { /* mk_questions_drop */
		if
		:: is_open[k] -> end_question(k)
		:: else
		fi
	}
	k = 0;
#endif
	do
	:: len(replies) > 0 ->
		replies?e;
		heard[e]++
	:: else -> break
	od;
	do
	:: len(privates) > 0 ->
		privates?e, _;
		receipts[e]++
	:: else -> break
	od;
	e = 0
}

inline end_subscriber(me)
{
	subscriber_ended = true;
	do
	:: len(events) > 0 ->
		events?p;
		lose(p);
		unref(me, p)
	:: else -> break
	od;
	p = 0
}

/* apply: apply_here, mk_migrate_apply, refresh_all, mk_router_mark */
inline apply(me)
{
	if
	:: IS(SENDER_GOES) && me == sends_at ->
		for_replies[me] = LEAVING;
		end_sender(me)
	:: IS(SUBSCRIBER_GOES) && me == takes_at ->
		for_events[me] = LEAVING;
		end_subscriber(me)
	:: else
	fi;
	if
	:: MOVES_SENDER && me == sends_at ->
		for_replies[me] = LEAVING;
		sender_paused = true
	:: MOVES_SENDER && me == home_to ->
		for_replies[me] = JOINING;
		awaited[me] = true
	:: else
	fi;
	if
	:: MOVES_SUBSCRIBER && me == takes_at ->
		for_events[me] = LEAVING;
		subscriber_paused = true
	:: MOVES_SUBSCRIBER && me == 0 -> for_events[me] = JOINING
	:: else
	fi;
	refresh_all(me);
	marker[me] = change;
	for (k : 0 .. WORKERS - 1) {
		if
		:: is_there[PAIR(me, k)] ->
			waiting++;
			ring[PAIR(me, k)]!MARK, change, change
		:: else
		fi
	}
	k = 0;
	waiting--
}

/* pack_mailbox, mk_receipt_split; hand_over */
inline hand_over_subscriber(me)
{
	n = len(events);
	do
	:: n > 0 ->
		n--;
		events?p;
		if
		:: no_memory_left > 0 ->
			no_memory_left--;
			lose(p)
		:: true ->
#ifdef SHARES_PART
			refs[p]++;
			events!p
#else
#ifndef SPLIT_UNCOUNTED
			parts[EVENT_OF(p)]++;
#endif
			refs[MOVED(EVENT_OF(p))] = 1;
			events!MOVED(EVENT_OF(p))
#endif
		fi;
		unref(me, p)
	:: else -> break
	od;
	n = 0;
	p = 0;
	takes_at = 0;
	subscriber_on_way = true;
	control[0]!SUBSCRIBER_COMES, 0
}

/* settle: settle_here, mk_migrate_settle, hand_over, refresh_all */
inline settle(me)
{
	if
	:: for_replies[me] == JOINING -> for_replies[me] = ACTIVE
	:: for_replies[me] == LEAVING ->
		for_replies[me] = ABSENT;
		if
		:: !sender_ended ->
			sends_at = home_to;
			sender_on_way = true;
			control[home_to]!SENDER_COMES, 0
		:: else
		fi
	:: else
	fi;
	if
	:: for_events[me] == JOINING -> for_events[me] = ACTIVE
	:: for_events[me] == LEAVING ->
		for_events[me] = ABSENT;
		if
		:: !subscriber_ended -> hand_over_subscriber(me)
		:: else
		fi
	:: else
	fi;
	refresh_all(me);
	waiting--
}

/* take_over: mk_arrival_hear, take_events_of_shadow, mk_private_shift */
inline take_over_sender(me)
{
	sender_on_way = false;
	awaited[me] = false;
	do
	:: len(kept) > 0 ->
		kept?p;
		part_is_here(me, p)
	:: else -> break
	od;
	do
	:: len(replies_of_shadow) > 0 ->
		replies_of_shadow?e;
		replies!e;
		tail++
	:: else -> break
	od;
	n = len(privates);
	do
	:: n > 0 ->
		n--;
		privates?e, p;
#ifndef NO_SHIFT
		p = tail;
#endif
		privates!e, p
	:: else -> break
	od;
	n = 0;
	e = 0;
	p = 0;
	sender_paused = false;
	waiting--
}

/* take_over: take_mailbox, mk_receipt_comes, take_events_of_shadow */
inline take_over_subscriber(me)
{
	subscriber_on_way = false;
	n = len(events);
	do
	:: n > 0 ->
		n--;
		events?p;
		at[p] = me + 1;
		events!p
	:: else -> break
	od;
	do
	:: len(events_of_shadow) > 0 ->
		events_of_shadow?p;
		events!p
	:: else -> break
	od;
	n = 0;
	p = 0;
	subscriber_paused = false;
	waiting--
}

/* As in topology.pml: mk_topology_begin, step_done, mk_topology_settle_all, mk_topology_finish. */
proctype supervisor()
{
	byte w;
	do
	:: completed < CHANGES ->
		atomic {
			change++;
			if
			:: MOVES_SENDER ->
				home_from = home_to;
				home_to = !IS(SENDER_MOVES_BACK);
				home_number = change;
				reply_interest[home_to] = true
			:: else
			fi;
			if
			:: MOVES_SUBSCRIBER -> event_interest[0] = true
			:: else
			fi;
			waiting = WORKERS;
			for (w : 0 .. WORKERS - 1) {
				control[w]!APPLY, 0
			}
			w = 0
		}
		atomic {
			waiting == 0;
			waiting = WORKERS;
			if
			:: MOVES_SENDER ->
				reply_interest[home_from] = false;
				waiting++
			:: IS(SENDER_GOES) -> reply_interest[home_to] = false
			:: else
			fi;
			if
			:: MOVES_SUBSCRIBER ->
				event_interest[SUBSCRIBER] = false;
				waiting++
			:: IS(SUBSCRIBER_GOES) -> event_interest[takes_at] = false
			:: else
			fi
		}
		do
		:: w < WORKERS ->
			control[w]!SETTLE, 0;
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

/* ---- a worker ------------------------------------------------------------------------------------- */

/* run_channel, an entry */
#define IS_PASSABLE(from)                                                                                              \
	(ch_marker[PAIR(from, me)] <= marker[me] &&                                                                    \
	 !(ring[PAIR(from, me)]?[MARK, _, _] && !ring[PAIR(from, me)]?[MARK, eval(marker[me]), _]))
inline take(from)
{
	atomic {
		len(ring[PAIR(from, me)]) > 0 && IS_PASSABLE(from) ->
			ring[PAIR(from, me)]?kind, what, _;
			if
			:: kind == MARK ->
				ch_marker[PAIR(from, me)] = what;
				waiting--
			:: kind == EVENT -> take_event(me, PART_OF(what, me), ch_marker[PAIR(from, me)])
			:: kind == REPLY -> fan_out_reply(me, what, ch_marker[PAIR(from, me)])
			:: kind == PART -> arrived(me, what)
			fi;
			kind = 0;
			what = 0
	}
}

/* mk_channel_unspill, of a parcel that waited */
inline unspill(to)
{
	atomic {
		len(aside[PAIR(me, to)]) > 0 ->
			aside[PAIR(me, to)]?p;
			ring[PAIR(me, to)]!PART, p, marker[me];
			p = 0
	}
}

#define SENDER_RUNS (sends_at == me && !sender_paused && !sender_on_way && !sender_ended)
#define SUBSCRIBER_RUNS (takes_at == me && !subscriber_paused && !subscriber_on_way && !subscriber_ended)

/* One step at a time, in any order. */
proctype worker(byte me)
{
	byte what, to, k, n, e, p;
	mtype kind;
end_idle:
	do
	:: atomic {
		control[me]?kind, what ->
			if
			:: kind == APPLY -> apply(me)
			:: kind == SETTLE -> settle(me)
			:: kind == SENDER_COMES -> take_over_sender(me)
			:: kind == SUBSCRIBER_COMES -> take_over_subscriber(me)
			:: kind == POSTED_PART -> arrived(me, what)
			fi;
			kind = 0;
			what = 0
	   }
	:: take(0)
	:: take(1)
	:: unspill(0)
	:: unspill(1)
#if WORKERS == 3
	:: take(2)
	:: unspill(2)
#endif
	:: atomic { SENDER_RUNS && next_event < EVENTS -> send_tracked(me) }
	:: atomic { /* mk_private_is_due, mk_private_run: on_receipt */
		SENDER_RUNS && privates?[e, p] ->
			privates?<e, p>;
			if
			:: (head >= p) ->
				privates?_, _;
				assert(heard[e] == replied[e]);
				receipts[e]++
			:: else ->
				replies?e; /* its place is behind what is queued */
				heard[e]++;
				head++
			fi;
			e = 0;
			p = 0
	   }
	:: atomic {
		SENDER_RUNS && len(privates) == 0 && len(replies) > 0 ->
			replies?e;
			heard[e]++;
			head++;
			e = 0
	   }
#ifdef ASKS
	:: atomic { /* time_is_over */
		SENDER_RUNS && is_open[0] -> end_question(0)
	   }
#endif
	:: atomic { SUBSCRIBER_RUNS && len(events) > 0 -> handle(me) }
	:: atomic { OTHER == me && len(events_of_other) > 0 -> handle_by_other(me) }
	od
}

/* ---- properties ------------------------------------------------------------------------------------- */

init
{
	byte w, v;
	atomic {
		for_replies[0] = ACTIVE;
		reply_interest[0] = true;
		for_events[SUBSCRIBER] = ACTIVE;
		event_interest[SUBSCRIBER] = true;
		for (w : 0 .. WORKERS - 1) {
			for (v : 0 .. WORKERS - 1) {
				if
				:: v != w -> is_there[PAIR(w, v)] = true /* for other topics */
				:: true
				fi;
				if
				:: v != w && reply_interest[v] -> reply_view[w] = reply_view[w] | BIT(v)
				:: else
				fi;
				if
				:: v != w && (event_interest[v] || v == OTHER) -> event_view[w] = event_view[w] | BIT(v)
				:: else
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
	assert(completed == CHANGES && (next_event == EVENTS || sender_ended));
	for (w : 0 .. EVENTS - 1) {
		assert(receipts[w] == (w < next_event) && (heard[w] == replied[w] || sender_ended));
#ifdef ASKS
		assert(ends[w] == (w < next_event))
#endif
	}
}
