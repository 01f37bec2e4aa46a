/*
 * send_external.c - all functions by which an external thread sends an event (maiko_supervisor_send and so on).
 *
 * Each waits for credit (external.h); then it copies the values of a plain type into the thread's feed, or makes the
 * event on the heap and puts its pointer there. The thread's worker publishes it.
 */
#include "base/error.h"
#include "registry/check.h"
#include "registry/registry.h"
#include "routing/external.h"
#include "routing/external_sender.h"
#include "routing/question.h"
#include "routing/receipt.h"
#include "runtime/callback.h"

static bool is_owner(const mk_sup *sup)
{
	uv_thread_t self = uv_thread_self();
	return uv_thread_equal(&self, &sup->seam.owner) != 0;
}

/* A call of an external thread: its record, and the event's type. 0 or an error. */
static int external_begin(mk_sup *sup, const maiko_event_type *desc, mk_external **ret_from, const mk_type **ret_type)
{
	if (mk_forked(sup))
		return mk_fail_forked();
	if (MK_UNLIKELY(sup->seam.simulated) && !is_owner(sup))
		return mk_refuse(sup, "a send from another thread", "outside");
	int rc = mk_registry_type_of(sup, desc, ret_type);
	*ret_from = rc == 0 ? mk_external_sender_of(sup) : NULL;
	return rc == 0 && *ret_from == NULL ? MAIKO_ENOMEM : rc;
}

/* The topic of an event, which takes it: `on`, a name, or (NULL) that of its type or content. 0 or an error. */
static int external_topic(mk_sup *sup, const mk_type *type, const char *on, const void *value, uint32_t *ret_topic)
{
	int rc = on == NULL ? mk_external_topic(sup, type, value, ret_topic)
			    : mk_external_topic_named(sup, type, on, ret_topic);
	if (MK_LIKELY(!type->checked) || rc != 0)
		return rc;
	return mk_check_for(mk_record_at(sup, *ret_topic), type, value);
}

/* The time of an event; it may be a microsecond old, because reading the clock costs as much as the rest of a send. */
static uint64_t time_of(const mk_sup *sup, mk_external *f)
{
	enum { TIME_STAMP_NS = 1000 };
	uint64_t ticks = mk_ticks(&sup->seam);
	if (ticks - f->read_ticks >= TIME_STAMP_NS || MK_UNLIKELY(sup->seam.now_ns != NULL)) {
		f->read_ns = mk_now(&sup->seam);
		f->read_ticks = ticks;
	}
	return f->read_ns + sup->seam.wall_offset_ns;
}

/* What an external thread wants of a send besides: a time to live, or to wait for the receipt, and, unless `answer` is
 * NULL, for a reply of that type. */
typedef struct wanted {
	uint64_t ttl_ms;
	bool waits;
	mk_receipt *receipt;
	const mk_type *answer;
} wanted;

/* Sends a copy of `value`, or the block that contains it, as an event on the heap. */
static int external_send_event(mk_sup *sup, mk_external *f, const mk_type *type, uint32_t topic, const void *value,
			       mk_block *block, wanted *want)
{
	mk_event *e = want != NULL && want->ttl_ms != 0 ? mk_event_make_expiring(NULL, type, value, want->ttl_ms)
							: mk_event_make(NULL, type, value, block);
	if (e == NULL)
		return mk_event_fail(type, value);
	e->id = e->correlation = (maiko_id){f->origin, ++f->sequence};
	e->timestamp_ns = time_of(sup, f);
	e->sender = f->self;
	e->refs = topic; /* the topic's index, until the worker takes the event and sets its own view of the topic */
	bool waits = want != NULL && want->waits;
	mk_receipt *r = waits ? mk_receipt_external(sup, e, want->answer) : NULL;
	if (waits && r == NULL) {
		mk_event_free(NULL, e);
		return MAIKO_ENOMEM;
	}
	int rc = mk_external_add_event(f, e);
	if (rc == 0)
		rc = mk_external_show(sup, f);
	if (rc != 0) {
		if (r != NULL)
			mk_receipt_forget(sup, r);
		mk_event_unmake(NULL, e, block);
		return rc == MAIKO_ESHUTDOWN ? mk_external_fail(sup, rc) : rc;
	}
	if (r != NULL)
		want->receipt = r;
	return 0;
}

/* Sends a copy of `value`, or the block that contains it; `on`: external_topic. */
static int external_send(mk_sup *sup, const char *on, const maiko_event_type *desc, const void *value, mk_block *block,
			 uint64_t timeout_ms, wanted *want)
{
	const mk_type *type = NULL;
	mk_external *f = NULL;
	uint32_t topic;
	if (sup == NULL)
		return MK_NULL_IN("maiko_send", sup);
	if (desc == NULL || value == NULL)
		return mk_send_null_fail("maiko_supervisor_send", desc);
	int rc = external_begin(sup, desc, &f, &type);
	if (rc == 0 && MK_LIKELY(on == NULL))
		rc = external_topic(sup, type, NULL, value, &topic);
	if (rc != 0)
		return rc;
	rc = mk_external_wait(sup, f, timeout_ms);
	if (MK_UNLIKELY(rc != 0))
		return mk_external_fail(sup, rc);
	/* A topic that only sends name may be given back a minute later: so it is found after all waiting. */
	if (MK_UNLIKELY(on != NULL) && (rc = external_topic(sup, type, on, value, &topic)) != 0)
		return rc;
	if (!type->plain || block != NULL || want != NULL)
		return external_send_event(sup, f, type, topic, value, block, want);
	rc = mk_external_add(f, type, topic, value, time_of(sup, f));
	if (rc == 0 && mk_external_show(sup, f) != 0)
		return mk_external_fail(sup, MAIKO_ESHUTDOWN);
	return rc;
}

int maiko_supervisor_send(maiko_supervisor *sup, const maiko_event_type *type, const void *event, unsigned flags)
{
	if ((flags & ~(MAIKO_SEND_ROOT | MAIKO_SEND_TRY)) != 0)
		return mk_send_flags_fail(flags);
	return external_send(sup, NULL, type, event, NULL, (flags & MAIKO_SEND_TRY) != 0 ? 0 : UINT64_MAX, NULL);
}

int maiko_supervisor_send_on(maiko_supervisor *sup, const char *topic, const maiko_event_type *type, const void *event,
			     unsigned flags)
{
	if (topic == NULL)
		return MK_NULL_IN("maiko_supervisor_send_on", topic);
	if ((flags & ~(MAIKO_SEND_ROOT | MAIKO_SEND_TRY)) != 0)
		return mk_send_flags_fail(flags);
	return external_send(sup, topic, type, event, NULL, (flags & MAIKO_SEND_TRY) != 0 ? 0 : UINT64_MAX, NULL);
}

int maiko_supervisor_send_ttl(maiko_supervisor *sup, const maiko_event_type *type, const void *event, uint64_t ttl_ms,
			      unsigned flags)
{
	int rc = mk_ttl_check(ttl_ms);
	if (rc == 0 && (flags & ~(MAIKO_SEND_ROOT | MAIKO_SEND_TRY)) != 0)
		rc = mk_send_flags_fail(flags);
	return rc != 0 ? rc
		       : external_send(sup, NULL, type, event, NULL, (flags & MAIKO_SEND_TRY) != 0 ? 0 : UINT64_MAX,
				       &(wanted){.ttl_ms = ttl_ms});
}

int maiko_supervisor_send_timeout(maiko_supervisor *sup, const maiko_event_type *type, const void *event,
				  uint64_t timeout_ms)
{
	int rc = external_send(sup, NULL, type, event, NULL, timeout_ms, NULL);
	return rc == MAIKO_EAGAIN && timeout_ms == 0 ? MAIKO_ETIMEDOUT : rc;
}

int maiko_supervisor_publish(maiko_supervisor *sup, void *event, unsigned flags)
{
	mk_block *b;
	int rc = mk_draft_of(event, &b);
	if (rc != 0)
		return rc;
	if ((flags & ~(MAIKO_SEND_ROOT | MAIKO_SEND_TRY)) != 0)
		return mk_send_flags_fail(flags);
	b->magic = 0;
	rc = external_send(sup, NULL, b->desc, event, b, (flags & MAIKO_SEND_TRY) != 0 ? 0 : UINT64_MAX, NULL);
	if (rc != 0)
		b->magic = MK_BLOCK_DRAFT;
	return rc;
}

enum { MANY = 64 /* the most events that are made visible together, with one time stamp */ };

/* Adds up to `most` values of a plain type; returns how many, and why not all. */
static size_t external_add_some(mk_sup *sup, mk_external *f, const mk_type *type, const char *values, size_t most,
				int *ret_rc)
{
	uint32_t topic;
	size_t added = 0;
	uint64_t timestamp_ns = time_of(sup, f);
	for (const char *value = values; added < most; value += type->size, added++) {
		*ret_rc = mk_layout_check_texts(type->desc->layout, value);
		if (*ret_rc == 0)
			*ret_rc = external_topic(sup, type, NULL, value, &topic);
		if (*ret_rc == 0)
			*ret_rc = mk_external_add(f, type, topic, value, timestamp_ns);
		if (*ret_rc != 0)
			break;
	}
	return added;
}

/* Sends the next of the values, as many as may be sent together. `*sent` is increased by how many were. */
static int external_send_some(mk_sup *sup, mk_external *f, const mk_type *type, const char *values, size_t left,
			      uint64_t timeout_ms, size_t *sent)
{
	uint32_t topic;
	int rc = mk_external_wait(sup, f, timeout_ms);
	if (rc != 0)
		return mk_external_fail(sup, rc);
	if (!type->plain) {
		rc = mk_layout_check_texts(type->desc->layout, values);
		if (rc == 0)
			rc = external_topic(sup, type, NULL, values, &topic);
		if (rc == 0)
			rc = external_send_event(sup, f, type, topic, values, NULL, NULL);
		*sent += rc == 0;
		return rc;
	}
	uint64_t credit = mk_external_credit(sup, f);
	size_t most = left < MANY ? left : MANY;
	size_t added = external_add_some(sup, f, type, values, most < credit ? most : (size_t)credit, &rc);
	if (added != 0 && mk_external_show(sup, f) != 0)
		return mk_external_fail(sup, MAIKO_ESHUTDOWN);
	*sent += added;
	return rc;
}

int maiko_supervisor_send_many(maiko_supervisor *sup, const maiko_event_type *type, const void *values, size_t count,
			       unsigned flags, size_t *ret_sent)
{
	const mk_type *known = NULL;
	mk_external *f = NULL;
	size_t sent = 0;
	if (ret_sent != NULL)
		*ret_sent = 0;
	if (sup == NULL)
		return MK_NULL_IN("maiko_send_many", sup);
	if (type == NULL || (values == NULL && count != 0))
		return MK_NULL_IN("maiko_send_many", type, values);
	if ((flags & ~(MAIKO_SEND_ROOT | MAIKO_SEND_TRY)) != 0)
		return mk_send_flags_fail(flags);
	int rc = external_begin(sup, type, &f, &known);
	while (rc == 0 && sent < count)
		rc = external_send_some(sup, f, known, (const char *)values + sent * known->size, count - sent,
					(flags & MAIKO_SEND_TRY) != 0 ? 0 : UINT64_MAX, &sent);
	if (ret_sent != NULL)
		*ret_sent = sent;
	return rc;
}

/* A call that waits for what becomes of its event: may this thread wait now? */
static int check_wait(const mk_sup *sup, const char *call)
{
	if (mk_forked(sup))
		return mk_fail_forked();
	if (!mk_may_wait())
		return mk_fail(MAIKO_EAGAIN,
			       "%s: this thread may not wait: it is inside a callback, or runs an embedded loop", call);
	if (mk_state_of(sup) < MK_STARTED)
		return mk_fail(MAIKO_ESTATE, "%s: the supervisor has not started", call);
	return 0;
}

/* Sends, and waits for the receipt, or for the reply (ret_reply), as mk_receipt_await; `call` asks. */
static int send_and_await(mk_sup *sup, const char *call, const maiko_event_type *type, const void *event,
			  uint64_t timeout_ms, const mk_type *answer, maiko_receipt *ret_receipt, mk_event **ret_reply)
{
	wanted want = {.waits = true, .answer = answer};
	uint64_t until_ns = mk_deadline(&sup->seam, timeout_ms);
	int rc = external_send(sup, NULL, type, event, NULL, timeout_ms, &want);
	if (rc != 0)
		return rc == MAIKO_EAGAIN ? MAIKO_ETIMEDOUT : rc;
	rc = mk_receipt_await(sup, want.receipt, until_ns, ret_receipt, ret_reply);
	if (rc == MAIKO_ESHUTDOWN)
		return mk_fail(rc,
			       "%s: sent, but the supervisor has stopped without a receipt: a worker "
			       "that had the event does not return",
			       call);
	return rc == 0 ? 0 : mk_fail(rc, "%s: sent, but not all of its subscribers have handled it in time", call);
}

int maiko_supervisor_send_wait(maiko_supervisor *sup, const maiko_event_type *type, const void *event,
			       uint64_t timeout_ms, maiko_receipt *ret_receipt)
{
	static const char call[] = "maiko_send_wait";
	int rc = sup == NULL ? MK_NULL_IN(call, sup) : check_wait(sup, call);
	return rc != 0 ? rc : send_and_await(sup, call, type, event, timeout_ms, NULL, ret_receipt, NULL);
}

int maiko_supervisor_call(maiko_supervisor *sup, const maiko_event_type *type, const void *event, uint64_t timeout_ms,
			  const maiko_event_type *answer, void *ret_answer)
{
	static const char call[] = "maiko_call";
	const mk_type *known;
	maiko_receipt receipt;
	mk_event *reply;
	if (sup == NULL || answer == NULL || ret_answer == NULL)
		return MK_NULL_IN(call, sup, answer, ret_answer);
	int rc = check_wait(sup, call);
	if (rc == 0)
		rc = mk_registry_type_of(sup, answer, &known);
	if (rc == 0)
		rc = send_and_await(sup, call, type, event, timeout_ms, known, &receipt, &reply);
	if (rc != 0)
		return rc;
	if (reply == NULL)
		return mk_question_fail(call, type, mk_question_status(&receipt, 0));
	mk_event_give(reply, ret_answer);
	return 0;
}
