/*
 * worker.c - a worker's turn, its sleep, and its end.
 *
 * A turn: control lane, incoming channels, foreign sends, timers, ready actors; then what
 * it sent becomes visible. pace.h says when a turn ends. libuv is polled when there is nothing
 * to do (rest.c), and every 100 µs when there is.
 *
 * Sleeping: the worker stores `sleeping` and then looks at all its lanes once more; who
 * gives it something stores that and then loads `sleeping`. All four accesses are
 * sequentially consistent, so at least one of the two sees the other's store: either the
 * worker does not sleep, or it is sent a wake-up. Only the one that turns `sleeping` back
 * sends it, so a sleeping worker gets one. models/channel.pml shows that no wake-up is lost; a
 * change of this changes it first.
 */
#include "worker.h"

#include "actor.h"
#include "backpressure.h"
#include "balance.h"
#include "blocking.h"
#include "foreign.h"
#include "note.h"
#include "pace.h"
#include "rest.h"
#include "router.h"
#include "run.h"
#include "settle.h"
#include "stop.h"
#include "system.h"
#include "thread_time.h"
#include "tick.h"
#include "topic.h"
#include "topology.h"
#include "watch.h"

enum {
	ACTORS_A_TURN = 64,    /* at most */
	ENTRIES_A_TURN = 1024, /* of one channel */
	NS_A_MS = 1000000
};

/* ---- lanes ----------------------------------------------------------------------------- */

void mk_worker_wake(mk_worker *w)
{
	if (atomic_load_explicit(&w->sleeping, memory_order_seq_cst) &&
	    atomic_exchange_explicit(&w->sleeping, false, memory_order_seq_cst) && !w->sup->seam.simulated)
		uv_async_send(&w->async);
}

void mk_worker_post(mk_worker *w, mk_message *m)
{
	mk_inbox_push(&w->control, &m->link);
	/* After the push: who finds the flag set and the lane empty has taken the message already. Relaxed: the
	 * lane synchronises, this only ends a run sooner. */
	atomic_fetch_or_explicit(&w->attention, MK_POSTED, memory_order_relaxed);
	mk_worker_wake(w);
}

void mk_worker_post_by(mk_worker *from, mk_worker *to, mk_message *m)
{
	m->from = (uint16_t)(from->index + 1);
	m->number = from->posted++;
	mk_worker_post(to, m);
}

static void take_control(mk_worker *w)
{
	if (mk_pace_posted(w))
		atomic_fetch_and_explicit(&w->attention, ~(uint32_t)MK_POSTED, memory_order_relaxed);
	if (mk_inbox_empty(&w->control))
		return;
	/* Before the messages leave the lane: who finds it empty then finds that (stop.h). */
	mk_count_add(&w->stirred, 1);
	mk_link *taken = mk_inbox_take(&w->control);
	*w->deferred_tail = taken;
	for (; taken != NULL; taken = taken->next) {
		w->deferred_tail = &taken->next;
		mk_count_add(&w->stirred, 1);
	}
}

/* The link to the message of that name; NULL: it has not come, or one of the same worker is before it.
 * With `mute` it may overtake those that are not mutes. */
static mk_link **find_posted(mk_worker *w, uint64_t posted, maiko_actor_id of, bool mute)
{
	take_control(w);
	for (mk_link **at = &w->deferred; *at != NULL; at = &(*at)->next) {
		const mk_message *m = MK_OF(*at, mk_message, link);
		bool alone = m->post >= MK_POST_START && m->post == posted >> 56; /* its number says nothing */
		bool same = mk_note_posted(m) == posted;
		if (alone || (same && (m->post != MK_POST_JOB || mk_blocking_actor_of(m) == of)))
			return at;
		if (m->post == MK_POST_NUMBERED && !same && m->from == posted >> 32 && (m->mutes || !mute))
			break;
	}
	return NULL;
}

bool mk_worker_has_posted(mk_worker *w, uint64_t posted, maiko_actor_id of)
{
	return find_posted(w, posted, of, false) != NULL;
}

static mk_message *take_posted(mk_worker *w, uint64_t posted, maiko_actor_id of, bool mute)
{
	mk_link **at = find_posted(w, posted, of, mute);
	if (at == NULL)
		return NULL;
	mk_message *m = MK_OF(*at, mk_message, link);
	*at = m->link.next;
	if (w->deferred_tail == &m->link.next)
		w->deferred_tail = at;
	if (w->deferred_seen == &m->link.next)
		w->deferred_seen = at;
	return m;
}

/* Led: those that the recording says. */
static void take_told_mutes(mk_worker *w)
{
	mk_told told;
	while (mk_is_told(w, MK_NOTE_MUTE, MK_ANY_NUMBER, &told)) {
		mk_message *m = take_posted(w, told.number, 0, true);
		if (m != NULL && m->mutes)
			m->run(w, m);
		else if (m != NULL)
			mk_inbox_push(&w->control, &m->link); /* the recording is wrong, and will be found so */
	}
}

void mk_worker_take_mutes(mk_worker *w)
{
	if (MK_UNLIKELY(w->sup->seam.led)) {
		take_told_mutes(w);
		return;
	}
	if (MK_LIKELY(!w->sup->seam.noted)) /* else a flush has done so before it noted what it saw */
		take_control(w);
	while (*w->deferred_seen != NULL) {
		mk_link **at = w->deferred_seen;
		mk_message *m = MK_OF(*at, mk_message, link);
		if (!m->mutes || !mk_mute_is_for(w, m)) {
			w->deferred_seen = &m->link.next;
			continue;
		}
		*at = m->link.next;
		if (w->deferred_tail == &m->link.next)
			w->deferred_tail = at;
		MK_NOTE(w, MK_NOTE_MUTE, mk_note_posted(m), 0);
		m->run(w, m);
	}
}

void mk_worker_look_at_control(mk_worker *w) { take_control(w); }

static void run_one_control(mk_worker *w)
{
	mk_message *m = MK_OF(w->deferred, mk_message, link);
	w->deferred = m->link.next;
	if (w->deferred == NULL)
		w->deferred_tail = &w->deferred;
	if (w->deferred_seen == &m->link.next)
		w->deferred_seen = &w->deferred;
	if (MK_UNLIKELY(w->sup->seam.noted)) {
		if (m->post == MK_POST_TOPOLOGY)
			(void)mk_router_flush(w); /* for the markers; while it runs there is no look at room */
		mk_note_control(w, m);
	}
	m->run(w, m);
}

bool mk_worker_run_posted(mk_worker *w, uint64_t posted, maiko_actor_id of)
{
	mk_message *m = take_posted(w, posted, of, false);
	if (m == NULL)
		return false;
	m->run(w, m);
	return true;
}

static void run_control(mk_worker *w)
{
	take_control(w);
	while (w->deferred != NULL)
		run_one_control(w);
}

/* Takes up to `left` entries; returns whether some are left. */
static bool run_channel(mk_worker *w, uint32_t from, int left)
{
	mk_channel *ch = atomic_load_explicit(&w->in[from], memory_order_acquire);
	uint64_t entry, taken = 0, published = mk_channel_published(ch);
	if (ch->marker > w->marker) /* born in a batch that is on its way to us on the control lane */
		return ch->taken_to != published;
	if (ch->taken_to != published) /* before they count as taken: stop.h */
		mk_count_add(&w->stirred, 1);
	if (MK_UNLIKELY(w->sup->seam.noted) && ch->taken_to != published)
		mk_note_take(w, from,
			     published - ch->taken_to < (uint64_t)left ? published - ch->taken_to : (uint64_t)left);
	for (; left > 0 && mk_channel_take(ch, published, &entry); left--) {
		if (!mk_entry_is_marker(entry)) {
			mk_publish_taken(w, (const mk_event *)(uintptr_t)entry, ch->marker);
			taken++;
			continue;
		}
		if (mk_entry_marker(entry) != w->marker) {
			mk_channel_untake(ch); /* the batch is on its way to us on the control lane */
			break;
		}
		ch->marker = mk_entry_marker(entry);
		mk_topology_passed(w);
	}
	atomic_store_explicit(&ch->taken, mk_count(&ch->taken) + taken, memory_order_release);
	if (mk_channel_acknowledge(ch))
		mk_worker_wake(mk_worker_at(w->sup, from));
	return ch->taken_to != published;
}

static bool run_channels(mk_worker *w)
{
	bool more = false;
	uint64_t incoming = atomic_load_explicit(&w->incoming, memory_order_acquire);
	for (; incoming != 0; incoming &= incoming - 1)
		more |= run_channel(w, (uint32_t)__builtin_ctzll(incoming), ENTRIES_A_TURN);
	return more;
}

/* Whether there is anything to do without being woken. */
bool mk_worker_has_input(mk_worker *w)
{
	if (!mk_inbox_empty(&w->control) || w->deferred != NULL || w->ready != NULL || w->parting != NULL ||
	    (w->reprobe && w->now_ns >= mk_probes_due(w)) || (w->go && !mk_inbox_empty(&w->foreign)))
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

/* ---- the same, one by one -------------------------------------------------------------- */

bool mk_worker_has_control(mk_worker *w) { return w->deferred != NULL || !mk_inbox_empty(&w->control); }

void mk_worker_run_control(mk_worker *w)
{
	take_control(w);
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

/* ---- whether it is quiet --------------------------------------------------------------- */

bool mk_worker_quiet(mk_worker *w)
{
	if (w->ready != NULL || w->parting != NULL || w->deferred != NULL || w->unpublished != 0 ||
	    !mk_inbox_empty(&w->control) || (mk_count(&w->jobs) != 0 && !w->discarding))
		return false;
	for (const mk_actor *a = w->held; a != NULL && !w->discarding; a = a->next_held)
		if (mk_has_work(a) && (a->sched & (MK_ENDED | MK_WAITING)) == 0)
			return false;
	uint64_t incoming = atomic_load_explicit(&w->incoming, memory_order_acquire);
	for (; incoming != 0; incoming &= incoming - 1) {
		mk_channel *ch = atomic_load_explicit(&w->in[__builtin_ctzll(incoming)], memory_order_acquire);
		if (mk_channel_published(ch) != ch->taken_to)
			return false;
	}
	for (uint64_t left = w->outgoing & ~mk_stop_stuck(w->sup); left != 0; left &= left - 1)
		if (mk_channel_spilling(w->out[__builtin_ctzll(left)]))
			return false;
	return true;
}

/* ---- a turn ------------------------------------------------------------------------------- */

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
	if (w->go && !w->draining)
		mk_foreign_intake(w, false);
	if (MK_UNLIKELY(w->sup->seam.noted) && mk_timers_due(&w->timers) <= w->now_ns)
		mk_note_here(w, MK_NOTE_TIMERS, 0, 0);
	mk_timers_fire(&w->timers, w->now_ns);
	uint32_t left = ACTORS_A_TURN;
	for (; left > 0 && w->ready != NULL && mk_pace_goes_on(w); left--) {
		if (MK_LIKELY(!w->measuring))
			mk_run_next(w);
		else
			mk_balance_run_next(w);
		if (w->unpublished != 0)
			mk_router_show(w);
	}
	w->ran += ACTORS_A_TURN - left;
	if (MK_UNLIKELY(w->parting != NULL)) {
		MK_NOTE(w, MK_NOTE_PART, 0, 0);
		mk_topology_part(w);
	}
	if (MK_UNLIKELY(w->reprobe) && w->now_ns >= mk_probes_due(w)) {
		MK_NOTE(w, MK_NOTE_PROBE, 0, 0);
		mk_probe_now(w);
	}
	mk_router_flush(w);
	if (MK_UNLIKELY(w->asked_idle) && mk_worker_quiet(w)) {
		MK_NOTE(w, MK_NOTE_IDLE, 0, 0);
		mk_stop_idle(w);
	}
	if (MK_UNLIKELY(w->settling != 0 || w->settle_stops))
		more |= mk_settle_look(w);
	return more || w->ready != NULL;
}

/* ---- a thread of ours ------------------------------------------------------------------------ */

static void on_async(uv_async_t *async) { (void)async; }

static void thread_main(void *arg)
{
	mk_worker *w = arg;
	mk_hosting++;
	mk_thread_time_init(w);
	while (!w->left && mk_state_of(w->sup) != MK_ABANDONED) {
		if (MK_UNLIKELY(w->measure != NULL && w->now_ns - w->looked_ns >= MK_BALANCE_EVERY_NS))
			mk_balance_look(w);
		if (mk_worker_turn(w)) {
			if (w->pace.over || w->now_ns - w->polled_ns >= MK_TURN_NS)
				mk_rest_poll(w);
		} else if (!w->left) {
			mk_rest(w);
		}
	}
	atomic_store_explicit(&w->finished, true, memory_order_release);
}

/* ---- a loop of the caller's -------------------------------------------------------------------- */

static void on_idle(uv_idle_t *idle) { (void)idle; }

/* Before each poll: turns, but not for long; then either the poll does not wait, or the
 * worker counts as sleeping meanwhile. */
static void on_prepare(uv_prepare_t *prepare)
{
	mk_worker *w = MK_OF(prepare, mk_worker, prepare);
	uint64_t start = mk_now(&w->sup->seam);
	bool more;
	w->polled_ns = start;
	w->fresh = false; /* it has polled since the last time, in any case */
	atomic_store_explicit(&w->sleeping, false, memory_order_seq_cst);
	do
		more = mk_worker_turn(w);
	while (more && !w->exiting && !w->pace.over && w->now_ns - start < MK_TURN_NS);
	if (!w->exiting && mk_state_of(w->sup) == MK_ABANDONED)
		mk_worker_exit(w); /* it was given up, and has returned after all */
	if (w->exiting)
		return; /* and never counts as sleeping: its async is closing */
	mk_cool(w);
	/* What follows is the poll, in any case. */
	if (mk_rest_may_poll(w) && !more && mk_rest_set_alarm(w)) {
		uv_idle_stop(&w->idle);
		atomic_store_explicit(&w->sleeping, true, memory_order_seq_cst);
		if (!mk_worker_has_input(w))
			return;
		atomic_store_explicit(&w->sleeping, false, memory_order_seq_cst);
	}
	uv_idle_start(&w->idle, on_idle);
}

/* ---- life ------------------------------------------------------------------------------------------ */

void mk_worker_number(mk_worker *w, uint32_t index)
{
	w->index = index;
	mk_random_seed(&w->random, w->sup->seam.seed + index);
	w->origin = mk_random_next(&w->sup->seam, &w->random);
}

mk_worker *mk_worker_new(mk_sup *sup, uint32_t index, bool own_thread)
{
	mk_worker *w = mk_calloc_aligned(sizeof *w, MK_LINE);
	if (w == NULL)
		return NULL;
	w->sup = sup;
	w->alive = sup->alive;
	w->wall_offset_ns = sup->seam.wall_offset_ns;
	w->serial = sup->serial;
	w->own_thread = own_thread;
	w->ready_tail = &w->ready;
	w->shape = 1;
	w->deferred_tail = w->deferred_seen = &w->deferred;
	w->loop = sup->embedded ? sup->options.loop : &w->own_loop;
	mk_worker_number(w, index);
	w->now_ns = mk_now(&sup->seam);
	mk_pace_reset(w);
	w->all = mk_topic_here(w, 0);
	if (w->all == NULL || mk_timers_reserve(&w->timers) != 0 /* for the deadline */ ||
	    (sup->balance && !own_thread && mk_balance_init(w) != 0)) {
		mk_worker_free(w);
		return NULL;
	}
	return w;
}

int mk_worker_open(mk_worker *w)
{
	if (w->sup->seam.simulated)
		return 0;
	int rc = w->sup->embedded ? 0 : mk_loop_init(&w->own_loop);
	if (rc != 0)
		return rc;
	rc = uv_async_init(w->loop, &w->async, on_async);
	if (rc != 0) {
		if (!w->sup->embedded)
			uv_loop_close(&w->own_loop);
		return rc;
	}
	w->opened = true;
	uv_timer_init(w->loop, &w->uv_timer);
	if (w->sup->embedded) {
		uv_idle_init(w->loop, &w->idle);
		uv_prepare_init(w->loop, &w->prepare);
		uv_prepare_start(&w->prepare, on_prepare);
		uv_idle_start(&w->idle, on_idle);
	}
	return 0;
}

int mk_worker_spawn(mk_worker *w)
{
	if (w->sup->seam.simulated)
		return 0;
	int rc = mk_thread_create(&w->thread, thread_main, w);
	w->thread_made = rc == 0;
	return rc;
}

void mk_worker_handle_closed(mk_worker *w)
{
	assert(w->open_handles > 0);
	if (--w->open_handles == 0 && w->exiting) {
		w->left = true;
		if (w->sup->embedded)
			mk_hosting--;
		mk_stop_exited(w);
	}
}

static void on_closed(uv_handle_t *handle) { mk_worker_handle_closed(handle->data); }

static void close_one(mk_worker *w, uv_handle_t *handle)
{
	handle->data = w;
	w->open_handles++;
	uv_close(handle, on_closed);
}

/* What an actor had adopted must be closed before its state is freed: see adopt.c. The
 * async handle of a thread of ours stays until mk_worker_free, because others may be
 * about to use it. */
void mk_worker_exit(mk_worker *w)
{
	w->exiting = true;
	if (w->sup->seam.simulated) {
		w->left = true;
		mk_stop_exited(w);
		return;
	}
	close_one(w, (uv_handle_t *)&w->uv_timer);
	mk_watch_exit(w);
	if (w->sup->embedded) {
		close_one(w, (uv_handle_t *)&w->async);
		close_one(w, (uv_handle_t *)&w->idle);
		close_one(w, (uv_handle_t *)&w->prepare);
	}
}

static void close_stray(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void drop_messages(mk_worker *w)
{
	take_control(w);
	while (w->deferred != NULL) {
		mk_message *m = MK_OF(w->deferred, mk_message, link);
		w->deferred = m->link.next;
		if (m->drop != NULL)
			m->drop(m);
	}
}

static void leave(mk_worker *w, mk_message *m)
{
	(void)m;
	w->left = true;
}

void mk_worker_join(mk_worker *w)
{
	w->leave_message = (mk_message){.run = leave, .post = MK_POST_UNSEEN};
	mk_worker_post(w, &w->leave_message); /* most have left already */
	uv_thread_join(&w->thread);
	w->thread_made = false;
}

void mk_worker_abort(mk_worker *w)
{
	if (w->thread_made)
		mk_worker_join(w);
	mk_worker_free(w);
}

/* With what nobody will take, and the mutes that nobody will end. */
static void free_channel(mk_worker *w, mk_channel *ch)
{
	uint64_t entry;
	do {
		mk_channel_unspill(ch);
		ch->seen_head = ch->tail;
		while (mk_channel_reclaim(ch, &entry))
			if (!mk_entry_is_marker(entry))
				mk_event_unref(&w->pool, (mk_event *)(uintptr_t)entry);
	} while (mk_channel_spilling(ch));
	mk_drop_channel_waits(ch);
	mk_channel_free(ch);
}

struct uv_loop_s *mk_worker_idle_loop(mk_worker *w, const char *who)
{
	(void)mk_refuse(w->sup, "maiko_loop", who);
	if (!w->opened)
		w->opened = mk_loop_init(&w->own_loop) == 0;
	return w->opened ? &w->own_loop : NULL;
}

void mk_worker_free(mk_worker *w)
{
	drop_messages(w);
	mk_foreign_drop(w);
	mk_watch_fini(w);
	if (w->opened && !w->sup->embedded) {
		uv_walk(&w->own_loop, close_stray, NULL);
		uv_run(&w->own_loop, UV_RUN_DEFAULT);
		uv_loop_close(&w->own_loop);
	}
	for (uint32_t i = 0; i < MAIKO_WORKERS_MAX; i++)
		if (w->out[i] != NULL)
			free_channel(w, w->out[i]);
	for (mk_actor *a = w->ready, *next; a != NULL; a = next) {
		next = a->next;
		if (a->gone)
			mk_actor_free(a);
	}
	while (w->here_count > 0)
		mk_actor_free(w->here[--w->here_count]);
	mk_free(w->here);
	if (w->all != NULL)
		mk_topics_fini(w);
	mk_free(w->routes);
	mk_free(w->measure);
	mk_timers_fini(&w->timers);
	mk_pool_fini(&w->pool);
	mk_free_aligned(w);
}
