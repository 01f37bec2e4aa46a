/*
 * external.c - see external.h.
 *
 * Waiting: the thread stores `waiting`, then loads its credit, the mutes and the state; a
 * worker stores one of those, then loads `waiting`. All are sequentially consistent, so at
 * least one sees the other's store. The condition is signaled under the record's mutex.
 */
#include "routing/external.h"

#include "base/error.h"
#include "observe/monitor.h"
#include "observe/note.h"
#include "registry/registry.h"
#include "registry/topic.h"
#include "routing/external_sender.h"
#include "routing/receipt.h"
#include "routing/router.h"
#include "runtime/callback.h"

void mk_external_totals(mk_sup *sup, uint32_t worker, uint64_t *ret_sent, uint64_t *ret_taken)
{
	*ret_sent = *ret_taken = 0;
	for (mk_external *f = sup->external_senders; f != NULL; f = f->next)
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

void mk_external_drop(mk_worker *w) { free_events(mk_inbox_close(&w->external)); }

/* ---- waiting ------------------------------------------------------------------------------- */

static void signal_one(mk_external *f)
{
	if (atomic_load_explicit(&f->waiting, memory_order_seq_cst)) {
		uv_mutex_lock(&f->mutex);
		uv_cond_broadcast(&f->cond);
		uv_mutex_unlock(&f->mutex);
	}
}

bool mk_external_mute(mk_external *f, uint64_t sequence)
{
	uv_mutex_lock(&f->mutex);
	bool its = sequence >= f->first;
	if (its)
		atomic_fetch_add_explicit(&f->mutes, 1, memory_order_seq_cst);
	uv_mutex_unlock(&f->mutex);
	return its;
}

void mk_external_release(mk_external *f)
{
	atomic_fetch_sub_explicit(&f->mutes, 1, memory_order_seq_cst);
	signal_one(f);
}

void mk_external_wake_all(mk_sup *sup)
{
	for (mk_external *f = sup->external_senders; f != NULL; f = f->next)
		signal_one(f);
}

/* 0, MAIKO_EAGAIN or MAIKO_ESHUTDOWN. */
static int may_send(mk_sup *sup, mk_external *f)
{
	uint64_t taken = atomic_load_explicit(&f->taken, memory_order_seq_cst);
	if (mk_state_of(sup) >= MK_STOPPING)
		return MAIKO_ESHUTDOWN;
	if (atomic_load_explicit(&f->mutes, memory_order_seq_cst) != 0)
		return MAIKO_EAGAIN;
	return mk_count(&f->sent) - taken < sup->options.external_credit ? 0 : MAIKO_EAGAIN;
}

static int wait_simulated(mk_sup *sup, mk_external *f, uint64_t until)
{
	int rc;
	while ((rc = may_send(sup, f)) == MAIKO_EAGAIN && mk_now(&sup->seam) < until)
		sup->seam.wait(sup->seam.arg, until);
	return rc == MAIKO_EAGAIN ? MAIKO_ETIMEDOUT : rc;
}

MK_NOINLINE int mk_external_fail(mk_sup *sup, int rc)
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
				    ? "before the start no more than .external_credit events are kept"
				    : "this send would have to wait: the workers have not taken what was sent, or "
				      "a subscriber is full");
	}
}

int mk_external_wait(mk_sup *sup, mk_external *f, uint64_t timeout_ms)
{
	int rc = may_send(sup, f);
	if (rc != MAIKO_EAGAIN)
		return rc;
	if (timeout_ms == 0 || !mk_may_wait() || mk_state_of(sup) < MK_STARTED)
		return MAIKO_EAGAIN;
	uint64_t until = mk_deadline(&sup->seam, timeout_ms);
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

int mk_external_topic(mk_sup *sup, const mk_type *type, const void *value, uint32_t *ret_topic)
{
	*ret_topic = type->topic;
	if (type->desc->route == NULL)
		return type->topic == MK_PRIVATE_TOPIC ? mk_private_fail(type) : 0;
	const maiko_topic *desc = type->desc->route(value, sup);
	return desc == NULL ? mk_route_fail(type) : mk_registry_topic_index(sup, desc, ret_topic);
}

/* ---- replay --------------------------------------------------------------------------------- */

void mk_external_forget(mk_worker *w) { free_events(mk_inbox_take(&w->external)); }

int mk_external_put(mk_worker *w, const maiko_event_type *desc, const void *value, maiko_id id, uint64_t timestamp_ns)
{
	mk_sup *sup = w->sup;
	const mk_type *type;
	uint32_t topic;
	int rc = mk_registry_type(sup, desc, &type);
	mk_external *f = rc == 0 ? mk_external_sender_with(sup, w->index, id.origin) : NULL;
	if (rc == 0)
		rc = f == NULL ? MAIKO_ENOMEM : mk_external_topic(sup, type, value, &topic);
	mk_event *e = rc == 0 ? mk_event_make(NULL, type, value, NULL) : NULL;
	if (e == NULL)
		return rc == 0 ? mk_event_fail(type, value) : rc;
	e->id = e->correlation = id;
	e->timestamp_ns = timestamp_ns;
	e->sender = f->self;
	e->refs = topic;
	mk_count_add(&f->sent, 1);
	if (!mk_inbox_push(&w->external, mk_event_link(e))) {
		mk_event_free(NULL, e);
		return MAIKO_ESHUTDOWN;
	}
	return 0;
}

/* ---- on the worker -------------------------------------------------------------------------------- */

static void return_credit(mk_external *f, uint64_t taken)
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
		mk_note_here(w, MK_NOTE_EXTERNAL, 0, count);
}

/* Publishes an event; without memory to route it, counts it as dropped, because it was accepted. */
static void publish_one(mk_worker *w, mk_event *e)
{
	mk_advance_time(w, e);
	mk_topic *t = mk_topic_here(w, e->refs);
	if (t != NULL && mk_router_prepare(w, t) == 0) {
		e->topic = t;
		if (MK_UNLIKELY(mk_is_tracked(e)))
			mk_receipt_enters(w, e);
		mk_publish(w, e);
		return;
	}
	e->topic = t == NULL ? w->all : t;
	mk_count_add(&e->topic->published, 1);
	mk_count_add(&e->topic->channel_dropped, 1);
	MK_NOTIFY(w, MAIKO_OBSERVED_DISPATCHED, NULL, e, 0);
	MK_NOTIFY(w, MAIKO_OBSERVED_OVERFLOWED, NULL, e, MAIKO_DROPPED);
	if (mk_is_tracked(e))
		mk_part_of(e)->unknown++;
	mk_event_free(NULL, e);
}

void mk_external_intake(mk_worker *w, bool close)
{
	mk_external *last = NULL;
	uint64_t taken = 0;
	if (MK_UNLIKELY(w->sup->seam.led) && mk_scribe_of(w->sup) != NULL)
		mk_scribe_of(w->sup)->refill(mk_scribe_of(w->sup)->arg, w);
	mk_link *link = close ? mk_inbox_close(&w->external) : mk_inbox_take(&w->external);
	if (MK_UNLIKELY(w->sup->seam.noted))
		note_intake(w, link);
	while (link != NULL) {
		mk_event *e = mk_event_of_link(link);
		link = link->next;
		mk_external *f = mk_external_of(e->sender);
		if (f != last) {
			return_credit(last, taken);
			last = f;
			taken = 0;
		}
		taken++;
		publish_one(w, e);
	}
	return_credit(last, taken);
}
