/*
 * channel.pml - the channel between two workers, and how they sleep and wake each other.
 *
 * Modeled code: src/core/ds/channel.h and channel.c; of router.c send_entries, send_full,
 * pass_marker, mk_router_mark, mk_router_show, mk_router_flush; of turn.c run_channel; of idle.c mk_idle,
 * sleep_until_woken; mk_worker_has_input; of lane.c mk_lane_wake, mk_lane_rise, mk_lane_stand_in, mk_lane_stand_down; of
 * stand_in.c apply_for, settle_for. Each inline below names its function.
 *
 * Properties, for every interleaving:
 *   - entries are taken exactly once, in the order sent, markers included, through ring and spill;
 *   - a ring entry is not overwritten, nor its event reclaimed, before it is acknowledged;
 *     one slot reserved for a marker suffices, because a worker settles a change in a later
 *     turn than the one that acknowledged the change's marker;
 *   - no lost wake-up: if both workers sleep for ever, every entry is taken and no sender
 *     is muted (the end state); under weak fairness that state is reached (`delivered`);
 *   - a thread that stands in for a sleeping worker (STAND_INS times at most) is alone in that, sends its
 *     marker behind all that the worker has sent, and passes one only after all that precedes it.
 *
 * Abstractions, and why they are sound:
 *   - Memory orders. The interleavings are sequentially consistent; so are, in C, the
 *     accesses that sleeping relies on (`incoming`, `published`, `head`, `producer_waits`,
 *     `rest`). RELAXED_PUBLISH and LATE_BIT show the effect of weaker orders. The other
 *     release and acquire accesses protect data, which ThreadSanitizer checks.
 *   - Time. A worker that checks for longer before it sleeps (spin) has no behavior that one
 *     which checks once has not; a poll of a busy worker's loop only clears its async.
 *   - Other causes of a wake-up: they could only hide a lost wake-up.
 *   - Allocation failure (of a parcel's place: receipt.pml), drop policies, mutes by subscribers (mute.pml).
 *   - Sizes: counters that never wrap are bytes, and a few entries represent any number:
 *     the ring wraps more than once, and no step depends on the absolute position.
 *
 * Planted bugs, each found: LOST_WAKE, RELAXED_PUBLISH, LATE_BIT, NO_WAITS,
 * NO_HEAD_LOOK, ACK_EARLY, PAST_SPILL, NO_KEPT_SLOT, MARK_AT_PASS, NO_LAST_SHOW; with PARCELS, SLEEPS_ON_PARCEL;
 * with STAND_INS, CALL_LOST, RISES_STOOD_IN, STANDS_IN_AWAKE, PASSES_AHEAD.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CAPACITY
#define CAPACITY 4 /* slots, one of them reserved for a marker */
#endif
#ifndef EVENTS
#define EVENTS 5
#endif
#ifndef MARKERS
#define MARKERS 2
#endif
#ifndef PARCELS
#define PARCELS 0 /* that are sent at the end of a turn */
#endif
#ifndef STAND_INS
#define STAND_INS 0 /* changes begun by a thread that stands in for the producer, or for both */
#endif
#define ENTRIES (EVENTS + MARKERS + PARCELS)
#define ALLOWANCE 1 /* events that a muted sender may still send in its callback */

#define PRODUCER 0
#define CONSUMER 1

/* mk_channel */
byte slots[CAPACITY]
byte published, head
bool producer_waits
byte tail, seen_head, reclaimed /* used by the producer only */
byte taken_to                   /* used by the consumer only */
chan spill = [ENTRIES] of { byte }
bool unpublished                /* its bit of the producer's mk_worker */

/* mk_worker; mk_rest */
#define AWAKE 0
#define SLEEPS 1
#define STOOD_IN 2
#define CALLED 3
byte rest[2]
bool async[2]
bool incoming /* the producer's bit of the consumer's mk_worker */

/* the actor that sends */
bool muted
byte allowance

/* for the properties: entries are numbered in the order sent */
byte events, sent, received, parcels
bool alive[ENTRIES + 1] /* the channel still holds the entry's event */

/* topology changes: how many have begun, passed, settled */
byte begun, passed, settled
byte marker_entry /* the entry number of the last marker */

/* ---- lanes, both workers ---------------------------------------------------------- */

/* mk_lane_wake */
inline wake(worker)
{
	if
	:: rest[worker] != AWAKE ->
		atomic {
			if
			:: rest[worker] == SLEEPS ->
				rest[worker] = AWAKE;
				woken = true
			:: rest[worker] == STOOD_IN -> rest[worker] = CALLED
			:: else
			fi
		}
		if
		:: woken ->
			async[worker] = true;
			woken = false
		:: else
		fi
	:: else
	fi
}

/* mk_lane_rise */
inline rise(worker)
{
	atomic {
#ifndef RISES_STOOD_IN
		(rest[worker] == AWAKE || rest[worker] == SLEEPS);
#endif
		rest[worker] = AWAKE
	}
}

/* mk_lane_stand_in */
#ifdef STANDS_IN_AWAKE
#define MAY_STAND_IN(worker) (rest[worker] == SLEEPS || rest[worker] == AWAKE)
#else
#define MAY_STAND_IN(worker) (rest[worker] == SLEEPS)
#endif

/* mk_lane_stand_down */
inline stand_down(worker)
{
	atomic {
		if
		:: rest[worker] == STOOD_IN -> rest[worker] = SLEEPS
		:: rest[worker] == CALLED ->
#ifdef CALL_LOST
			rest[worker] = SLEEPS
#else
			rest[worker] = AWAKE;
			woken = true
#endif
		:: else
		fi
	}
	if
	:: woken ->
		async[worker] = true;
		woken = false
	:: else
	fi
}

/* mk_worker_has_input, the part about the channel. One step: of the two loads of each side, the
 * first reads a value that does not change back. */
#define CONSUMER_INPUT (incoming && published != taken_to)
#ifdef NO_HEAD_LOOK
#define PRODUCER_INPUT false
#else
#define PRODUCER_INPUT (producer_waits && head != seen_head)
#endif

/* mk_idle, after a turn that left no work: checks for input, then sleep_until_woken. (on_prepare, in
 * an embedded loop, does the same.) */
inline idle(worker, INPUT)
{
	if
	:: INPUT
	:: else ->
		rest[worker] = SLEEPS;
		if
#ifndef LOST_WAKE
		:: INPUT
#endif
		:: else ->
end_asleep:
			atomic {
				async[worker];
				async[worker] = false
			}
		fi;
		rise(worker)
	fi
}

/* ---- the producer -------------------------------------------------------------------- */

/* mk_channel_has_room */
#ifdef NO_KEPT_SLOT
#define HAS_ROOM (tail - reclaimed < CAPACITY)
#else
#define HAS_ROOM (tail - reclaimed < CAPACITY - 1)
#endif

/* mk_channel_push */
inline push(entry)
{
	assert(tail - reclaimed < CAPACITY);
	assert(reclaimed <= head); /* so no unacknowledged entry is overwritten */
	slots[tail % CAPACITY] = entry;
	tail++
}

/* make_visible, mk_channel_publish */
inline make_visible()
{
	unpublished = false;
	if
	:: published != tail ->
#ifdef RELAXED_PUBLISH
		/* the load of `rest` overtakes the store */
		if
		:: rest[CONSUMER] != AWAKE ->
			published = tail;
			wake(CONSUMER)
		:: else -> published = tail
		fi
#else
		published = tail;
		wake(CONSUMER)
#endif
	:: else
	fi
}

/* take_back: mk_channel_look, mk_channel_reclaim */
inline take_back()
{
	seen_head = head;
	d_step {
		do
		:: reclaimed != seen_head ->
			assert(alive[slots[reclaimed % CAPACITY]] && slots[reclaimed % CAPACITY] <= received);
			alive[slots[reclaimed % CAPACITY]] = false;
			reclaimed++
		:: else -> break
		od;
		entry = 0
	}
}

/* mk_channel_unspill */
inline unspill()
{
	d_step {
		do
		:: len(spill) != 0 && HAS_ROOM ->
			spill?entry;
			push(entry)
		:: else -> break
		od;
		entry = 0
	}
}

inline number_entry()
{
	sent++;
	alive[sent] = true
}

/* open_channel */
inline open_channel()
{
#ifndef LATE_BIT
	incoming = true
#else
	skip
#endif
}

/* mk_publish, send_entries */
inline send_event()
{
	open_channel();
	d_step {
		number_entry();
		events++;
		unpublished = true
	}
	if
	:: len(spill) == 0 && HAS_ROOM ->
		push(sent);
		if
		:: make_visible() /* PUBLISH_EVERY */
		:: true
		fi
	:: else -> send_full()
	fi
}

/* send_full; mk_mute_by_channel at its end */
inline send_full()
{
	make_visible();
	take_back();
	unpublished = true;
#ifndef PAST_SPILL
	unspill();
#endif
	if
#ifdef PAST_SPILL
	:: HAS_ROOM -> push(sent)
#else
	:: len(spill) == 0 && HAS_ROOM -> push(sent)
#endif
	:: else ->
		spill!sent;
#ifndef NO_WAITS
		producer_waits = true;
#endif
		if
		:: !muted ->
			muted = true;
			allowance = ALLOWANCE
		:: else
		fi
	fi
}

/* pass_marker: the receiver sleeps, and nothing precedes the marker */
inline pass_marker()
{
	atomic {
		MAY_STAND_IN(CONSUMER) -> rest[CONSUMER] = STOOD_IN
	}
	if
#ifndef PASSES_AHEAD
	:: taken_to == tail && len(spill) == 0 ->
#else
	:: true ->
#endif
		assert(received == sent);
		begun++;
		passed++;
		settled = passed /* settle_for; if the worker does it itself, that is later */
	:: else
	fi;
	stand_down(CONSUMER)
}

/* mk_router_mark, when a change is applied; changes before the first event need no marker */
inline mark()
{
	d_step {
		begun++;
		number_entry();
		marker_entry = sent
	}
	take_back();
	unspill();
	if
	:: len(spill) == 0 -> push(sent)
	:: else -> spill!sent
	fi;
	unpublished = true
}

/* mk_router_show: after the run of any actor, whether it has sent or not */
inline router_show()
{
	if
	:: unpublished -> make_visible()
	:: else
	fi
}

#define READY (!muted && events < EVENTS)

/* Delayed events that are sent while channels are flushed, by mk_permit of the actors that this
 * channel, or a later one, releases. */
inline send_due()
{
	do
	:: READY -> send_event()
	:: break
	od
}

/* mk_router_flush; mk_release_channel in its middle */
inline flush()
{
	if
	:: reclaimed != tail -> take_back()
	:: else
	fi;
	if
	:: len(spill) != 0 ->
		unspill();
		unpublished = true
	:: else
	fi;
	if
	:: len(spill) == 0 && tail - reclaimed <= CAPACITY / 2 && producer_waits ->
		d_step {
			producer_waits = false;
			muted = false;
			allowance = 0
		};
		send_due()
	:: else
	fi;
	router_show();
	send_due();
#ifndef NO_LAST_SHOW
	router_show()
#else
	skip
#endif
}

/* send_part, mk_channel_send_parcel; of mk_stop_idle, which discards what lies with actors on hold */
inline send_parcel()
{
	d_step {
		number_entry();
		parcels++;
		unpublished = true
	}
	if
	:: len(spill) == 0 && HAS_ROOM -> push(sent)
	:: else ->
		spill!sent;
		producer_waits = true
	fi
}

/* The next change begins when the previous one is complete, so the consumer has settled it. */
#ifdef MARK_AT_PASS
#define MAY_MARK (sent > 0 && begun < MARKERS && passed == begun)
#else
#define MAY_MARK (sent > 0 && begun < MARKERS && settled == begun)
#endif

active proctype producer()
{
	byte entry;
	bool woken, called;
	do
	:: /* mk_worker_turn: run_control, mk_dispatch_next, mk_router_show, mk_router_flush */
		if
		:: MAY_MARK -> mark()
#if STAND_INS
		:: MAY_MARK && MAY_STAND_IN(CONSUMER) -> pass_marker()
#endif
		:: true
		fi;
		if
		:: READY ->
			do
			:: events < EVENTS && (!muted || allowance > 0) ->
				if
				:: muted -> allowance-- /* spend_allowance */
				:: else
				fi;
				send_event();
				called = true
			:: called -> break
			od;
			called = false
		:: else
		fi;
		if
		:: router_show()
		:: true
		fi;
		flush();
		if
		:: READY
		:: !READY && parcels < PARCELS && len(spill) == 0 ->
			send_parcel();
#ifdef SLEEPS_ON_PARCEL
			idle(PRODUCER, PRODUCER_INPUT)
#endif
		:: !READY -> idle(PRODUCER, PRODUCER_INPUT)
		fi
	od
}

/* ---- the consumer ---------------------------------------------------------------------- */

/* mk_channel_acknowledge, and what run_channel does with its result */
inline acknowledge()
{
	if
	:: head != taken_to ->
		head = taken_to;
		if
		:: producer_waits -> wake(PRODUCER)
		:: else
		fi
	:: else
	fi
}

/* mk_channel_take; copies the event (mk_publish_taken) or passes the marker */
inline take_one()
{
	atomic {
		assert(slots[taken_to % CAPACITY] == received + 1);
		assert(alive[received + 1]);
		received++;
		if
		:: received == marker_entry -> passed++
		:: else
		fi;
		taken_to++
	}
}

active proctype consumer()
{
	byte upto;
	bool woken;
	do
	:: /* mk_worker_turn: run_control, which settles a change; run_channel */
		settled = passed;
		if
		:: incoming ->
			upto = published;
#ifdef ACK_EARLY
			if
			:: head != upto ->
				head = upto;
				if
				:: producer_waits -> wake(PRODUCER)
				:: else
				fi
			:: else
			fi;
#endif
			do
			:: taken_to != upto -> take_one()
			:: taken_to != head -> break /* ENTRIES_A_TURN */
			:: taken_to == upto -> break
			od;
#ifndef ACK_EARLY
			acknowledge()
#endif
		:: else
		fi;
		if
		:: upto != taken_to -> upto = 0
		:: else ->
			upto = 0;
			idle(CONSUMER, CONSUMER_INPUT)
		fi
	od
}

/* ---- a thread that stands in -------------------------------------------------------------- */

#if STAND_INS
/* mk_stand_in_apply, for the producer: apply_for, mk_router_may_mark, mk_share_markers, mk_router_show */
active proctype outsider()
{
	byte entry, times;
	bool woken;
end_outside:
	do
	:: times < STAND_INS ->
		atomic {
			MAY_STAND_IN(PRODUCER) ->
				times++;
				rest[PRODUCER] = STOOD_IN
		}
		if
		:: MAY_MARK && !PRODUCER_INPUT ->
			take_back();
			if
			:: len(spill) == 0 && tail - reclaimed < CAPACITY && !producer_waits ->
				if
				:: mark();
					make_visible()
				:: MAY_STAND_IN(CONSUMER) -> pass_marker()
				fi
			:: else
			fi
		:: else
		fi;
		stand_down(PRODUCER)
	:: else -> break
	od
}
#endif

/* ---- properties --------------------------------------------------------------------------- */

#ifdef LATE_BIT
/* An unordered store becomes visible at an arbitrary time. */
active proctype late_bit()
{
end_late:
	(sent > 0);
	incoming = true
}
#endif

#define ALL_DONE (events == EVENTS && received == sent && len(spill) == 0 && !muted)

active proctype watch()
{
end_watch:
	timeout;
	assert(ALL_DONE)
}

ltl delivered { <>[] ALL_DONE }
