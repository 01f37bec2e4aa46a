/*
 * foreign.c - see foreign.h.
 *
 * Waiting: the thread stores `waiting`, then looks at its credit, the mutes and the
 * state; a worker stores one of those, then loads `waiting` (all sequentially
 * consistent), so one sees the other; the signal is given with the record's mutex.
 */
#include "foreign.h"

#include "error.h"
#include "foreigner.h"
#include "monitor.h"
#include "note.h"
#include "registry.h"
#include "router.h"
#include "topic.h"
#include "worker.h"

void mk_foreign_totals(mk_sup *sup, uint32_t worker, uint64_t *ret_sent, uint64_t *ret_taken)
{
	*ret_sent = *ret_taken = 0;
	for (mk_foreign *f = sup->foreigners; f != NULL; f = f->next)
		if (mk_home_now(f->self) == worker) {
			*ret_taken += atomic_load_explicit(&f->taken, memory_order_acquire);
			*ret_sent += mk_count(&f->sent);
		}
}

static void free_events(mk_link *link)
{
	while (link != NULL) {
		mk_event *e = mk_event_of_link(link);
		link = link->next;
		mk_event_free(NULL, e);
	}
}

void mk_foreign_drop(mk_worker *w) { free_events(mk_inbox_close(&w->foreign)); }

/* ---- waiting ------------------------------------------------------------------------------- */

static void signal_one(mk_foreign *f)
{
	if (atomic_load_explicit(&f->waiting, memory_order_seq_cst)) {
		uv_mutex_lock(&f->mutex);
		uv_cond_broadcast(&f->cond);
		uv_mutex_unlock(&f->mutex);
	}
}

bool mk_foreign_mute(mk_foreign *f, uint64_t sequence)
{
	uv_mutex_lock(&f->mutex);
	bool its = sequence >= f->first;
	if (its)
		atomic_fetch_add_explicit(&f->mutes, 1, memory_order_seq_cst);
	uv_mutex_unlock(&f->mutex);
	return its;
}

void mk_foreign_release(mk_foreign *f)
{
	atomic_fetch_sub_explicit(&f->mutes, 1, memory_order_seq_cst);
	signal_one(f);
}

void mk_foreign_wake_all(mk_sup *sup)
{
	for (mk_foreign *f = sup->foreigners; f != NULL; f = f->next)
		signal_one(f);
}

/* 0, MAIKO_EAGAIN or MAIKO_ESHUTDOWN. */
static int may_send(mk_sup *sup, mk_foreign *f)
{
	uint64_t taken = atomic_load_explicit(&f->taken, memory_order_seq_cst);
	if (mk_state_of(sup) >= MK_STOPPING)
		return MAIKO_ESHUTDOWN;
	if (atomic_load_explicit(&f->mutes, memory_order_seq_cst) != 0)
		return MAIKO_EAGAIN;
	return mk_count(&f->sent) - taken < sup->options.foreign_credit ? 0 : MAIKO_EAGAIN;
}

static int wait_simulated(mk_sup *sup, mk_foreign *f, uint64_t until)
{
	int rc;
	while ((rc = may_send(sup, f)) == MAIKO_EAGAIN && mk_now(&sup->seam) < until)
		sup->seam.wait(sup->seam.arg);
	return rc == MAIKO_EAGAIN ? MAIKO_ETIMEDOUT : rc;
}

static MK_NOINLINE int fail_to_send(mk_sup *sup, int rc)
{
	switch (rc) {
	case MAIKO_ESHUTDOWN:
		return mk_fail_text(rc, "the supervisor is stopping or has stopped: it takes no event from outside");
	case MAIKO_ETIMEDOUT:
		return mk_fail_text(
			rc, "the time is over: the workers have not taken what was sent, or a subscriber is full");
	default:
		return mk_fail_text(
			rc, mk_state_of(sup) < MK_STARTED
				    ? "before the start no more than .foreign_credit events are kept"
				    : "this send would have to wait: the workers have not taken what was sent, or "
				      "a subscriber is full");
	}
}

static int wait_to_send(mk_sup *sup, mk_foreign *f, uint64_t timeout_ms)
{
	int rc = may_send(sup, f);
	if (rc != MAIKO_EAGAIN)
		return rc;
	if (timeout_ms == 0 || !mk_may_wait() || mk_state_of(sup) < MK_STARTED)
		return MAIKO_EAGAIN;
	uint64_t until = timeout_ms < MAIKO_NEXT_MS_MAX ? mk_now(&sup->seam) + timeout_ms * 1000000 : UINT64_MAX;
	if (sup->seam.simulated)
		return wait_simulated(sup, f, until);
	uv_mutex_lock(&f->mutex);
	atomic_store_explicit(&f->waiting, true, memory_order_seq_cst);
	while ((rc = may_send(sup, f)) == MAIKO_EAGAIN) {
		uint64_t now = mk_now(&sup->seam);
		if (now >= until) {
			rc = MAIKO_ETIMEDOUT;
			break;
		}
		if (until == UINT64_MAX)
			uv_cond_wait(&f->cond, &f->mutex);
		else
			uv_cond_timedwait(&f->cond, &f->mutex, until - now);
	}
	atomic_store_explicit(&f->waiting, false, memory_order_seq_cst);
	uv_mutex_unlock(&f->mutex);
	return rc;
}

/* ---- sending ---------------------------------------------------------------------------------- */

static int topic_of(mk_sup *sup, const mk_type *type, const void *value, uint32_t *ret_topic)
{
	*ret_topic = type->topic;
	if (type->desc->route == NULL)
		return 0;
	const maiko_topic *desc = type->desc->route(value);
	return desc == NULL ? mk_route_fail(type) : mk_registry_topic_index(sup, desc, ret_topic);
}

static bool is_owner(const mk_sup *sup)
{
	uv_thread_t self = uv_thread_self();
	return uv_thread_equal(&self, &sup->seam.owner) != 0;
}

/* Sends a copy of `value`, or the block that it is in. */
static int foreign_send(mk_sup *sup, const maiko_event_type *desc, const void *value, mk_block *block,
			uint64_t timeout_ms)
{
	const mk_type *type;
	uint32_t index, topic;
	if (sup == NULL)
		return MK_NULL_IN("maiko_send", sup);
	if (desc == NULL || value == NULL)
		return mk_send_null_fail("maiko_supervisor_send", desc);
	if (mk_forked(sup))
		return mk_fail_forked();
	if (MK_UNLIKELY(sup->seam.simulated) && !is_owner(sup))
		return mk_refuse(sup, "a send from another thread", "outside");
	int rc = 0;
	if (mk_slot_get(desc->slot, sup->serial, &index))
		type = mk_table_get(&sup->types, index);
	else
		rc = mk_registry_type(sup, desc, &type);
	mk_foreign *f = rc == 0 ? mk_foreigner_of(sup) : NULL;
	if (rc == 0)
		rc = f == NULL ? MAIKO_ENOMEM : topic_of(sup, type, value, &topic);
	if (rc != 0)
		return rc;
	rc = wait_to_send(sup, f, timeout_ms);
	if (MK_UNLIKELY(rc != 0))
		return fail_to_send(sup, rc);
	mk_event *e = mk_event_make(NULL, type, value, block);
	if (e == NULL)
		return MAIKO_ENOMEM;
	e->id = e->correlation = (maiko_id){f->origin, ++f->sequence};
	e->timestamp_ns = mk_now(&sup->seam) + sup->seam.wall_offset_ns;
	e->sender = f->self;
	e->refs = topic; /* until the worker has it, which knows its own view of the topic */
	mk_count_add(&f->sent, 1);
	mk_worker *w = mk_worker_at(sup, mk_home_now(f->self));
	if (!mk_inbox_push(&w->foreign, mk_event_link(e))) {
		mk_count_add(&f->sent, (uint64_t)-1);
		if (block != NULL)
			mk_event_unmake(NULL, e);
		else
			mk_event_free(NULL, e);
		return fail_to_send(sup, MAIKO_ESHUTDOWN);
	}
	mk_worker_wake(w);
	return 0;
}

int maiko_supervisor_send(maiko_supervisor *sup, const maiko_event_type *type, const void *event, unsigned flags)
{
	if ((flags & ~(MAIKO_SEND_ROOT | MAIKO_SEND_TRY)) != 0)
		return mk_send_flags_fail(flags);
	return foreign_send(sup, type, event, NULL, (flags & MAIKO_SEND_TRY) != 0 ? 0 : UINT64_MAX);
}

int maiko_supervisor_send_timeout(maiko_supervisor *sup, const maiko_event_type *type, const void *event,
				  uint64_t timeout_ms)
{
	int rc = foreign_send(sup, type, event, NULL, timeout_ms);
	return rc == MAIKO_EAGAIN && timeout_ms == 0 ? MAIKO_ETIMEDOUT : rc;
}

int maiko_supervisor_publish(maiko_supervisor *sup, void *event, unsigned flags)
{
	mk_block *b = event == NULL ? NULL : MK_OF(event, mk_block, data);
	if (b == NULL || b->magic != MK_BLOCK_DRAFT)
		return mk_draft_fail(event);
	if ((flags & ~(MAIKO_SEND_ROOT | MAIKO_SEND_TRY)) != 0)
		return mk_send_flags_fail(flags);
	b->magic = 0;
	int rc = foreign_send(sup, b->desc, event, b, (flags & MAIKO_SEND_TRY) != 0 ? 0 : UINT64_MAX);
	if (rc != 0)
		b->magic = MK_BLOCK_DRAFT;
	return rc;
}

/* ---- led by a recording --------------------------------------------------------------------- */

void mk_foreign_forget(mk_worker *w) { free_events(mk_inbox_take(&w->foreign)); }

int mk_foreign_put(mk_worker *w, const maiko_event_type *desc, const void *value, maiko_id id, uint64_t timestamp_ns)
{
	mk_sup *sup = w->sup;
	const mk_type *type;
	uint32_t topic;
	int rc = mk_registry_type(sup, desc, &type);
	mk_foreign *f = rc == 0 ? mk_foreigner_with(sup, w->index, id.origin) : NULL;
	if (rc == 0)
		rc = f == NULL ? MAIKO_ENOMEM : topic_of(sup, type, value, &topic);
	mk_event *e = rc == 0 ? mk_event_make(NULL, type, value, NULL) : NULL;
	if (e == NULL)
		return rc == 0 ? MAIKO_ENOMEM : rc;
	e->id = e->correlation = id;
	e->timestamp_ns = timestamp_ns;
	e->sender = f->self;
	e->refs = topic;
	mk_count_add(&f->sent, 1);
	if (!mk_inbox_push(&w->foreign, mk_event_link(e))) {
		mk_event_free(NULL, e);
		return MAIKO_ESHUTDOWN;
	}
	return 0;
}

/* ---- on the worker -------------------------------------------------------------------------------- */

static void told(mk_foreign *f, uint64_t taken)
{
	if (f != NULL && taken != 0) {
		atomic_store_explicit(&f->taken, atomic_load_explicit(&f->taken, memory_order_relaxed) + taken,
				      memory_order_seq_cst);
		signal_one(f);
	}
}

static void note_intake(mk_worker *w, const mk_link *link)
{
	int64_t count = 0;
	for (; link != NULL; link = link->next)
		count++;
	if (count != 0)
		mk_note_here(w, MK_NOTE_FOREIGN, 0, count);
}

void mk_foreign_intake(mk_worker *w, bool close)
{
	mk_foreign *last = NULL;
	uint64_t taken = 0;
	if (MK_UNLIKELY(w->sup->seam.led) && mk_scribe_of(w->sup) != NULL)
		mk_scribe_of(w->sup)->refill(mk_scribe_of(w->sup)->arg, w);
	mk_link *link = close ? mk_inbox_close(&w->foreign) : mk_inbox_take(&w->foreign);
	if (MK_UNLIKELY(w->sup->seam.noted))
		note_intake(w, link);
	while (link != NULL) {
		mk_event *e = mk_event_of_link(link);
		link = link->next;
		mk_foreign *f = mk_foreign_of(e->sender);
		if (f != last) {
			told(last, taken);
			last = f;
			taken = 0;
		}
		taken++;
		mk_heed_time(w, e);
		mk_topic *t = mk_topic_here(w, e->refs);
		if (t != NULL && mk_router_prepare(w, t) == 0) {
			e->topic = t;
			mk_publish(w, e);
		} else { /* accepted, but there is no memory to route it */
			e->topic = t == NULL ? w->all : t;
			mk_count_add(&e->topic->published, 1);
			mk_count_add(&e->topic->channel_dropped, 1);
			MK_TELL(w, MAIKO_SAW_DISPATCHED, NULL, e, 0);
			MK_TELL(w, MAIKO_SAW_OVERFLOWED, NULL, e, MAIKO_DROPPED);
			mk_event_free(NULL, e);
		}
	}
	told(last, taken);
}
