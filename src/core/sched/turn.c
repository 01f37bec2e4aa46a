/*
 * turn.c - see turn.h.
 */
#include "sched/turn.h"

#include "observe/note.h"
#include "registry/expected.h"
#include "routing/backpressure.h"
#include "routing/external.h"
#include "routing/receipt.h"
#include "routing/router.h"
#include "routing/silence.h"
#include "runtime/lane.h"
#include "runtime/ready.h"
#include "runtime/stop_state.h"
#include "runtime/upcalls.h"
#include "sched/dispatch.h"
#include "sched/intake.h"
#include "sched/pace.h"
#include "sched/sample.h"

enum {
	ACTORS_PER_TURN = 64,    /* at most */
	TURNS_PASSED_OVER = 16,  /* without a run of an actor that is ready, at most */
	ENTRIES_PER_TURN = 1024, /* of one channel */
	EXTERNAL_PER_TURN = 256  /* events of external threads */
};

/* ---- control --------------------------------------------------------------------------- */

static void run_one_control(mk_worker *w)
{
	mk_message *m = mk_lane_remove(w, &w->deferred);
	if (MK_UNLIKELY(w->sup->seam.noted)) {
		if (m->post == MK_POST_TOPOLOGY)
			mk_router_flush(w); /* for the markers; the flushes of m->run do not check for room */
		mk_note_control(w, m);
	}
	m->run(w, m);
}

bool mk_worker_run_posted(mk_worker *w, uint64_t posted, maiko_actor_id of)
{
	mk_message *m = mk_lane_take_posted(w, posted, of, false);
	if (m == NULL)
		return false;
	m->run(w, m);
	return true;
}

static void run_control(mk_worker *w)
{
	mk_lane_take(w);
	while (w->deferred != NULL)
		run_one_control(w);
}

/* Takes up to `left` entries; returns whether some are left. */
static bool run_channel(mk_worker *w, uint32_t from, int left)
{
	mk_channel *ch = atomic_load_explicit(&w->in[from], memory_order_acquire);
	uint64_t entry, taken = 0, published = mk_channel_published(ch);
	if (ch->marker > w->marker) /* created in a batch whose control message has not arrived yet */
		return ch->taken_to != published;
	if (ch->taken_to != published) /* must precede `taken` (stop.h) */
		mk_count_add(&w->activity, 1);
	uint64_t there = published - ch->taken_to;
	if (MK_UNLIKELY(w->sup->seam.noted) && there != 0)
		mk_note_take(w, from, there < (uint64_t)left ? there : (uint64_t)left);
	for (; left > 0 && mk_channel_take(ch, published, &entry); left--) {
		if (MK_LIKELY(mk_entry_is_event(entry))) {
			mk_publish_taken(w, (const mk_event *)(uintptr_t)entry, ch->marker);
			taken++;
			continue;
		}
		if (!mk_entry_is_marker(entry)) {
			mk_message *parcel = mk_entry_parcel(entry);
			parcel->run(w, parcel);
			taken++;
			continue;
		}
		if (mk_entry_marker(entry) != w->marker) {
			mk_channel_untake(ch); /* the control message of its batch has not arrived yet */
			break;
		}
		ch->marker = mk_entry_marker(entry);
		mk_up.topology_passed(w);
	}
	atomic_store_explicit(&ch->taken, mk_count(&ch->taken) + taken, memory_order_release);
	if (mk_channel_acknowledge(ch))
		mk_lane_wake_by(w, mk_worker_at(w->sup, from));
	return ch->taken_to != published;
}

static bool run_channels(mk_worker *w)
{
	bool more = false;
	uint64_t incoming = atomic_load_explicit(&w->incoming, memory_order_acquire);
	for (; incoming != 0; incoming &= incoming - 1)
		more |= run_channel(w, (uint32_t)__builtin_ctzll(incoming), ENTRIES_PER_TURN);
	return more;
}

/* Whether there is anything to do without being woken. */
bool mk_worker_has_input(mk_worker *w)
{
	if (!mk_inbox_empty(&w->control) || w->deferred != NULL || w->ready != NULL || w->retiring != NULL ||
	    w->news_count != 0 || (w->reprobe && w->now_ns >= mk_probes_due(w)) || (w->go && mk_external_waits(w)))
		return true;
	uint64_t incoming = atomic_load_explicit(&w->incoming, memory_order_seq_cst);
	for (; incoming != 0; incoming &= incoming - 1) {
		mk_channel *ch = atomic_load_explicit(&w->in[__builtin_ctzll(incoming)], memory_order_acquire);
		if (mk_channel_published(ch) != ch->taken_to)
			return true;
	}
	for (uint64_t left = w->outgoing; left != 0; left &= left - 1) {
		mk_channel *ch = w->out[__builtin_ctzll(left)];
		if (atomic_load_explicit(&ch->producer_waits, memory_order_relaxed) &&
		    atomic_load_explicit(&ch->head, memory_order_seq_cst) != ch->seen_head)
			return true;
	}
	return mk_state_of(w->sup) == MK_ABANDONED;
}

/* ---- the same in single steps ---------------------------------------------------------- */

bool mk_worker_has_control(mk_worker *w) { return w->deferred != NULL || !mk_inbox_empty(&w->control); }

void mk_worker_run_control(mk_worker *w)
{
	mk_lane_take(w);
	run_one_control(w);
}

bool mk_worker_can_take(mk_worker *w, uint32_t from)
{
	mk_channel *ch = atomic_load_explicit(&w->in[from], memory_order_acquire);
	if (ch->marker > w->marker || mk_channel_published(ch) == ch->taken_to)
		return false;
	uint64_t entry = mk_channel_first(ch);
	return !mk_entry_is_marker(entry) || mk_entry_marker(entry) == w->marker;
}

void mk_worker_take(mk_worker *w, uint32_t from, uint32_t count) { run_channel(w, from, (int)count); }

/* ---- quiet ------------------------------------------------------------------------------ */

static bool has_nothing(mk_worker *w)
{
	if (w->ready != NULL || w->retiring != NULL || w->deferred != NULL || w->unpublished != 0 ||
	    w->news_count != 0 || !mk_inbox_empty(&w->control) || (mk_count(&w->jobs) != 0 && !w->discarding))
		return false;
	uint64_t incoming = atomic_load_explicit(&w->incoming, memory_order_acquire);
	for (; incoming != 0; incoming &= incoming - 1) {
		mk_channel *ch = atomic_load_explicit(&w->in[__builtin_ctzll(incoming)], memory_order_acquire);
		if (mk_channel_published(ch) != ch->taken_to)
			return false;
	}
	for (uint64_t left = w->outgoing & ~mk_stop_stuck(w->sup); left != 0; left &= left - 1)
		if (mk_channel_waits(w->out[__builtin_ctzll(left)]))
			return false;
	return true;
}

static bool is_muted_by_subscribers(const mk_actor *a)
{
	return mk_is_muted(a) && (a->sched & MK_HELD) == MK_MUTED && !mk_is_muted_by_channel(a);
}

bool mk_worker_quiet(mk_worker *w)
{
	if (!has_nothing(w) || (w->draining && mk_intake_drains(w)))
		return false;
	for (const mk_actor *a = w->held; a != NULL && !w->discarding; a = a->next_held)
		if (mk_has_work(a) && (a->sched & (MK_ENDED | MK_WAITING)) == 0)
			return false;
	return true;
}

bool mk_worker_rests(mk_worker *w)
{
	if (!has_nothing(w))
		return false;
	for (const mk_actor *a = w->held; a != NULL && !w->discarding; a = a->next_held) {
		bool works = mk_has_work(a) || (a->extra != NULL && a->extra->due != NULL);
		if (works && (a->sched & (MK_ENDED | MK_WAITING)) == 0 && !is_muted_by_subscribers(a))
			return false;
	}
	return true;
}

bool mk_worker_may_answer(mk_worker *w)
{
	return (w->asked_idle && mk_worker_quiet(w)) || (w->on_hold != NULL && has_nothing(w) && mk_intake_stranded(w));
}

/* ---- a turn ------------------------------------------------------------------------------- */

/* Returns how many have run. A turn may end before any has, because a control message has come. Messages that post
 * others, such as the restarts of an on_start that fails without delay, could end every turn so: after some of them one
 * actor runs. Not in a recording, whose replay would not know. */
static inline uint32_t run_actors(mk_worker *w)
{
	bool passed_over = w->passed_over >= TURNS_PASSED_OVER && !w->sup->seam.noted;
	uint32_t ran = 0;
	while (ran < ACTORS_PER_TURN && w->ready != NULL && (mk_pace_goes_on(w) || (passed_over && ran == 0))) {
		if (MK_LIKELY(w->sample == NULL))
			mk_dispatch_next(w);
		else
			mk_sample_run_next(w);
		if (w->unpublished != 0)
			mk_router_show(w);
		ran++;
	}
	w->passed_over = ran == 0 && w->ready != NULL ? w->passed_over + 1 : 0;
	return ran;
}

bool mk_worker_turn(mk_worker *w)
{
	if (MK_LIKELY(!w->is_now))
		w->now_ns = mk_now(&w->sup->seam);
	w->is_now = false;
	mk_pace_begin(w);
	run_control(w);
	if (w->left)
		return false;
	bool more = run_channels(w);
	if (w->go && !w->draining && MK_UNLIKELY(mk_external_waits(w)))
		more |= mk_external_intake(w, EXTERNAL_PER_TURN);
	if (MK_UNLIKELY(w->sup->seam.noted) && mk_timers_due(&w->timers) <= w->now_ns)
		mk_note_here(w, MK_NOTE_TIMERS, 0, 0);
	mk_timers_fire(&w->timers, w->now_ns, MK_TIMERS_PER_TURN);
	more |= mk_timers_due(&w->timers) <= w->now_ns;
	if (MK_UNLIKELY(w->looks_ns <= w->now_ns) && mk_expected_due(w) <= w->now_ns)
		mk_silence_look(w);
	w->ran += run_actors(w);
	if (MK_UNLIKELY(w->retiring != NULL)) {
		MK_NOTE(w, MK_NOTE_RETIRE, 0, 0);
		mk_up.topology_retire(w);
	}
	if (MK_UNLIKELY(w->reprobe) && w->now_ns >= mk_probes_due(w)) {
		MK_NOTE(w, MK_NOTE_PROBE, 0, 0);
		mk_probe_now(w);
	}
	if (MK_UNLIKELY(w->news_count != 0)) {
		MK_NOTE(w, MK_NOTE_NEWS, 0, 0);
		mk_publish_news(w);
	}
	mk_router_flush(w);
	if (MK_UNLIKELY(w->asked_idle || w->draining) && mk_worker_may_answer(w)) {
		MK_NOTE(w, MK_NOTE_IDLE, 0, 0);
		mk_up.stop_idle(w);
		more |= w->asked_idle || w->unpublished != 0; /* receipts of what was discarded (channel.pml) */
	}
	if (MK_UNLIKELY(w->settling != 0 || w->settle_stops))
		more |= mk_up.quiescence_look(w);
	return more || w->ready != NULL;
}
