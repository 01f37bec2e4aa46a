/*
 * worker.c - see worker.h.
 */
#include "sched/worker.h"

#include "base/system.h"
#include "observe/note.h"
#include "registry/keeper.h"
#include "registry/named.h"
#include "registry/target.h"
#include "registry/topic.h"
#include "routing/backpressure.h"
#include "routing/delivery.h"
#include "routing/external.h"
#include "routing/news.h"
#include "routing/receipt.h"
#include "routing/router.h"
#include "routing/watch.h"
#include "runtime/callback.h"
#include "runtime/lane.h"
#include "runtime/upcalls.h"
#include "sched/actors.h"
#include "sched/balance.h"
#include "sched/closing.h"
#include "sched/fd_watch.h"
#include "sched/idle.h"
#include "sched/pace.h"
#include "sched/spin.h"
#include "sched/thread_time.h"
#include "sched/turn.h"

/* ---- a worker with its own thread -------------------------------------------------------------- */

static void on_async(uv_async_t *async) { (void)async; }

static void thread_main(void *arg)
{
	mk_worker *w = arg;
	mk_hosting++;
	mk_thread_time_init(w);
	while (!w->left && mk_state_of(w->sup) != MK_ABANDONED) {
		if (MK_UNLIKELY(mk_balance_due(w)))
			mk_balance_look(w);
		bool more = mk_worker_turn(w);
		if (MK_UNLIKELY(w->yields))
			mk_idle_yield(w);
		if (more) {
			if (w->pace.over || w->now_ns - w->polled_ns >= MK_TURN_NS)
				mk_idle_poll(w);
		} else if (!w->left) {
			mk_idle(w);
		}
	}
	atomic_store_explicit(&w->finished, true, memory_order_release);
}

/* ---- an embedded worker, on the caller's loop --------------------------------------------------- */

static void on_idle(uv_idle_t *idle) { (void)idle; }

/* Before each poll: takes turns for a limited time. Then either the poll does not wait, or the
 * worker sleeps during the poll. */
static void on_prepare(uv_prepare_t *prepare)
{
	mk_worker *w = MK_OF(prepare, mk_worker, prepare);
	uint64_t start = mk_now(&w->sup->seam);
	bool more;
	w->polled_ns = start;
	w->fresh = false; /* the loop has polled since the last call */
	(void)mk_lane_rise(w);
	do
		more = mk_worker_turn(w);
	while (more && !w->exiting && !w->pace.over && w->now_ns - start < MK_TURN_NS);
	if (!w->exiting && mk_state_of(w->sup) == MK_ABANDONED)
		mk_worker_exit(w); /* a stop gave it up, but its callback has returned */
	if (w->exiting)
		return; /* it must not sleep: its async handle is closing */
	mk_cool(w);
	/* The poll follows on each path from here. */
	if (mk_idle_may_poll(w) && !more && mk_idle_set_alarm(w)) {
		uv_idle_stop(&w->idle);
		mk_lane_rest(w, MK_SLEEPS);
		if (!mk_worker_has_input(w))
			return;
		(void)mk_lane_rise(w);
	}
	uv_idle_start(&w->idle, on_idle);
}

/* ---- creation and end ----------------------------------------------------------------------------- */

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
	w->looks_ns = UINT64_MAX;
	w->serial = sup->serial;
	w->own_thread = own_thread;
	w->ready_tail = &w->ready;
	w->route_version = 1;
	mk_targets_forget(w);
	w->deferred_tail = w->deferred_seen = &w->deferred;
	w->feeds_tail = &w->feeds;
	w->watches_coming_tail = &w->watches_coming;
	w->loop = sup->embedded ? sup->options.loop : &w->own_loop;
	w->pool.blocks = &w->blocks;
	w->blocks.most = sup->options.mailbox_bytes;
	mk_worker_number(w, index);
	w->balances = sup->balance && !own_thread;
	w->look_every_ns = w->sample_wait_ns = MK_BALANCE_EVERY_NS;
	w->now_ns = w->warm_swept_ns = mk_now(&sup->seam);
	mk_pace_reset(w);
	mk_spin_init(&w->spin, (uint64_t)sup->options.spin_us * 1000);
	w->all = mk_topic_here(w, 0);
	w->private_topic = w->all == NULL ? NULL : mk_topic_here(w, MK_PRIVATE_TOPIC);
	bool own = w->private_topic != NULL;
	for (uint32_t topic = MK_LIFECYCLE_TOPIC; own && topic < MK_OWN_TOPICS_END; topic++)
		own = mk_topic_here(w, topic) != NULL;
	if (!own || mk_timers_reserve(&w->timers) != 0 /* for the stop deadline */) {
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

static void on_closed(uv_handle_t *handle) { mk_worker_handle_closed(handle->data); }

static void close_one(mk_worker *w, uv_handle_t *handle)
{
	handle->data = w;
	w->open_handles++;
	uv_close(handle, on_closed);
}

/* Adopted handles must be closed before the actor's state is freed: see handles.c. A worker with
 * its own thread keeps its async handle until mk_worker_free, because another thread may be about
 * to use it. */
void mk_worker_exit(mk_worker *w)
{
	w->exiting = true;
	if (w->sup->seam.simulated) {
		w->left = true;
		mk_up.stop_exited(w);
		return;
	}
	close_one(w, (uv_handle_t *)&w->uv_timer);
	mk_fd_watch_exit(w);
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
	mk_lane_take(w);
	while (w->deferred != NULL) {
		mk_message *m = mk_lane_remove(w, &w->deferred);
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
	mk_lane_post(w, &w->leave_message); /* unless it has left already */
	uv_thread_join(&w->thread);
	w->thread_made = false;
}

void mk_worker_abort(mk_worker *w)
{
	if (w->thread_made)
		mk_worker_join(w);
	mk_worker_free(w);
}

/* A parcel that was `taken` is its receiver's. */
static void free_entry(mk_worker *w, uint64_t entry, bool taken)
{
	if (mk_entry_is_event(entry)) {
		mk_event_unref(&w->pool, (mk_event *)(uintptr_t)entry);
	} else if (!mk_entry_is_marker(entry) && !taken) {
		mk_message *parcel = mk_entry_parcel(entry);
		if (parcel->drop != NULL)
			parcel->drop(parcel);
	}
}

/* Frees the channel with its remaining entries and the mutes that wait for it. */
static void free_channel(mk_worker *w, mk_channel *ch)
{
	uint64_t entry;
	do {
		mk_channel_unspill(ch);
		ch->seen_head = ch->tail;
		while (mk_channel_reclaim(ch, &entry))
			free_entry(w, entry, ch->reclaimed <= ch->taken_to);
	} while (mk_channel_waits(ch));
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

/* Frees all that the worker has, except the memory of its events, to which other workers may still refer. */
static void empty(mk_worker *w)
{
	drop_messages(w);
	mk_keepers_fini(w);
	mk_external_drop(w);
	mk_receipts_keep(w->sup, &w->orphans);
	mk_fd_watch_fini(w);
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
	mk_news_fini(w);
	mk_watches_drop(w);
	if (w->all != NULL)
		mk_topics_fini(w);
	mk_free(w->routes);
	mk_targets_forget(w);
	mk_named_forget(w);
	mk_free(w->sample);
	mk_timers_fini(&w->timers);
}

static void free_empty(mk_worker *w)
{
	mk_pool_fini(&w->pool);
	mk_blocks_fini(&w->blocks);
	mk_free_aligned(w);
}

void mk_worker_free(mk_worker *w)
{
	empty(w);
	free_empty(w);
}

void mk_workers_free(mk_sup *sup)
{
	for (uint32_t i = 0; i < mk_worker_total(sup); i++)
		empty(sup->workers[i]);
	for (uint32_t i = 0; i < mk_worker_total(sup); i++)
		free_empty(sup->workers[i]);
}
