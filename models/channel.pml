/*
 * channel.pml - the channel of two workers, and how they sleep and wake each other.
 *
 * What it follows: src/core/ds/channel.h and channel.c; of router.c send_entries, send_full,
 * mk_router_mark, mk_router_show, mk_router_flush; of worker.c run_channel, mk_worker_has_input,
 * mk_lane_wake; of idle.c mk_idle, sleep_until_woken. Each inline below names its function.
 *
 * What it shows, for every interleaving:
 *   - entries come out once, in the order sent, markers among them, through ring and spill;
 *   - an entry of the ring is not overwritten, nor its event taken back, before it is
 *     acknowledged; one slot kept for a marker suffices, because a worker settles a change
 *     in a later turn than it acknowledged the change's marker in;
 *   - no lost wake-up: whenever both workers sleep for good, all has been taken and nobody
 *     is muted (the end state); and under weak fairness that comes (`delivered`).
 *
 * What is left out, and why that is sound:
 *   - Memory orders. The interleavings are sequentially consistent; so are, in C, the
 *     accesses on which sleeping rests (`incoming`, `published`, `head`, `producer_waits`,
 *     `sleeping`). RELAXED_PUBLISH and LATE_BIT show what weaker ones would do. What the others release
 *     and acquire is the content behind them, which ThreadSanitizer watches.
 *   - Time. A worker that looks longer before it sleeps (spin) does nothing that one which
 *     looks once cannot do; a poll of a busy worker's loop only forgets its async.
 *   - All that could wake a worker besides the channel: it could but hide a lost wake-up.
 *   - Allocation failure, drop policies, mutes by subscribers (mute.pml).
 *   - Sizes: counters that never wrap are bytes, and a handful of entries stands for all:
 *     the ring goes round more than once, and no step depends on how far it has come.
 *
 * Broken on purpose, each found: LOST_WAKE, RELAXED_PUBLISH, LATE_BIT, NO_WAITS,
 * NO_HEAD_LOOK, ACK_EARLY, PAST_SPILL, NO_KEPT_SLOT, MARK_AT_PASS, NO_LAST_SHOW.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CAPACITY
#define CAPACITY 4 /* slots, one of them kept for a marker */
#endif
#ifndef EVENTS
#define EVENTS 5
#endif
#ifndef MARKERS
#define MARKERS 2
#endif
#define ENTRIES (EVENTS + MARKERS)
#define ALLOWANCE 1 /* events that the muted sender may send yet, in its callback */

#define PRODUCER 0
#define CONSUMER 1

/* mk_channel */
byte slots[CAPACITY]
byte published, head
bool producer_waits
byte tail, seen_head, reclaimed /* the producer's */
byte taken_to                   /* the consumer's */
chan spill = [ENTRIES] of { byte }
bool unpublished                /* its bit of the producer's mk_worker */

/* mk_worker */
bool sleeping[2], async[2]
bool incoming /* the producer's bit of the consumer's mk_worker */

/* the actor that sends */
bool muted
byte allowance

/* what is to be shown: entries are numbered in the order sent */
byte events, sent, received
bool alive[ENTRIES + 1] /* an entry's event is still the channel's */

/* the changes of topology: how many have been begun, passed, settled */
byte begun, passed, settled
byte marker_entry /* the number that the last marker has as an entry */

/* ---- lanes, both workers ---------------------------------------------------------- */

/* mk_lane_wake */
inline wake(worker)
{
	if
	:: sleeping[worker] ->
		atomic {
			woken = sleeping[worker];
			sleeping[worker] = false
		}
		if
		:: woken -> async[worker] = true
		:: else
		fi
	:: else
	fi
}

/* mk_worker_has_input, what of it concerns the channel. One step: of the two loads of each side, the
 * first is of what does not change back. */
#define CONSUMER_INPUT (incoming && published != taken_to)
#ifdef NO_HEAD_LOOK
#define PRODUCER_INPUT false
#else
#define PRODUCER_INPUT (producer_waits && head != seen_head)
#endif

/* mk_idle, after a turn that left nothing: it looks, then sleep_until_woken. (on_prepare, of a
 * loop of the caller's, does the same.) */
inline rest(worker, INPUT)
{
	if
	:: INPUT
	:: else ->
		sleeping[worker] = true;
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
		sleeping[worker] = false
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
	assert(reclaimed <= head); /* so no entry is overwritten that is not acknowledged */
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
		/* the load of `sleeping` overtakes the store */
		if
		:: sleeping[CONSUMER] ->
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

/* mk_router_mark, as a change is applied */
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

/* mk_router_show: after any actor's run, be it one that has sent or another */
inline router_show()
{
	if
	:: unpublished -> make_visible()
	:: else
	fi
}

#define READY (!muted && events < EVENTS)

/* What falls due while channels are flushed, in mk_permit of those that one of them releases:
 * this channel, or another after it. */
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

/* The next change begins when the one before is complete, so the consumer has settled. */
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
		:: else -> rest(PRODUCER, PRODUCER_INPUT)
		fi
	od
}

/* ---- the consumer ---------------------------------------------------------------------- */

/* mk_channel_acknowledge, and what run_channel does with its answer */
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

/* mk_channel_take; the event is copied (mk_publish_taken), or the marker passed */
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
			rest(CONSUMER, CONSUMER_INPUT)
		fi
	od
}

/* ---- what is to be shown ------------------------------------------------------------------ */

#ifdef LATE_BIT
/* A store that is ordered with nothing becomes visible at some time. */
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
