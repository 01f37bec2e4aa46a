/*
 * receipt.c - see receipt.h.
 */
#include "routing/receipt.h"

#include "base/error.h"
#include "observe/monitor.h"
#include "observe/note.h"
#include "registry/directory.h"
#include "routing/allowance.h"
#include "routing/in_transit.h"
#include "routing/private.h"
#include "routing/router.h"
#include "runtime/callback.h"
#include "runtime/lane.h"
#include "runtime/upcalls.h"

#include <string.h>

struct mk_receipt {
	mk_private private;
	mk_receipt *next, **at; /* in the list of its sender; at: what points to it */
	mk_sender *sender;      /* referenced */
	mk_sup *sup;
	maiko_receipt sum;
	_Atomic(uint32_t) parts;      /* not over yet */
	uint32_t life;                /* of its sender: that one alone waits for it (mk_extra.life) */
	const mk_type *answer;        /* of a question: the type of its answers; immutable */
	struct mk_question *question; /* of an actor; NULL: it has ended */
	void (*ask_complete)(mk_worker *w, struct mk_question *q, const maiko_receipt *sum);
	bool external;             /* if so, the rest is under the lock: */
	bool complete, unobserved; /* unobserved: its thread does not wait any more */
	mk_event *reply;           /* the first one */
	mk_part *more;             /* the parts for other workers */
	mk_part part[];            /* that of the event that was sent; of an actor's, then those for other workers */
};

/* ---- parts ---------------------------------------------------------------------------------- */

static void over(mk_tracked *tracked);
static void arrived(mk_worker *w, mk_message *m);

static void parts_init(mk_part *parts, uint32_t count, mk_receipt *r)
{
	for (uint32_t i = 0; i < count; i++) {
		parts[i].receipt = r;
		parts[i].tracked.over = over;
		parts[i].message = (mk_message){.run = arrived, .post = MK_POST_UNSEEN};
	}
}

/* The event is on this worker now. */
static void enter(mk_worker *w, mk_part *part)
{
	part->worker = w;
	if (w->tracked++ == 0)
		atomic_fetch_or_explicit(&w->attention, MK_TRACKS, memory_order_relaxed);
}

static void leave(mk_part *part)
{
	mk_worker *w = part->worker;
	if (--w->tracked == 0)
		atomic_fetch_and_explicit(&w->attention, ~(uint32_t)MK_TRACKS, memory_order_relaxed);
}

static void reply_drop(mk_event *reply)
{
	if (reply != NULL)
		mk_event_unref(NULL, reply); /* it is on the heap */
}

static void receipt_free(mk_receipt *r)
{
	reply_drop(r->reply);
	mk_sender_release(r->sender);
	mk_free(r->more);
	mk_free(r);
}

static void add(maiko_receipt *sum, const mk_part *part)
{
	uint64_t *to = &sum->handled;
	for (size_t i = 0; i <= MAIKO_LOST; i++) {
		to[i] += part->counts[i];
		sum->deliveries += part->counts[i];
	}
	sum->unknown += part->unknown;
	if (sum->error == 0)
		sum->error = part->error;
}
_Static_assert(offsetof(maiko_receipt, lost) - offsetof(maiko_receipt, handled) == MAIKO_LOST * sizeof(uint64_t),
	       "a receipt has the outcomes in their order");

/* ---- the way back ------------------------------------------------------------------------------ */

static bool run(mk_actor *a, mk_private *private)
{
	mk_receipt *r = MK_OF(private, mk_receipt, private);
	mk_worker *w = a->worker;
	maiko_id cause[2] = {r->sum.event, r->sum.correlation};
	w->cause = cause;
	mk_callback_enter(w, a);
	int rc = mk_result(w->sup, a, MAIKO_PHASE_RECEIPT, a->class->receipt(mk_actor_state(a), &r->sum, a));
	mk_callback_leave(w);
	MK_NOTIFY(w, MAIKO_OBSERVED_RECEIPT, a, NULL, rc);
	if (rc < 0)
		(void)mk_up.error(w, a, rc, MAIKO_PHASE_RECEIPT, NULL);
	w->cause = NULL;
	receipt_free(r);
	return true;
}

static void drop(mk_actor *a, mk_private *private)
{
	(void)a;
	receipt_free(MK_OF(private, mk_receipt, private));
}

static void part_free(mk_part *part)
{
	if (part->alone)
		mk_free(part);
}

/* A part is over; returns whether it was the last: then the receipt is in no list any more. */
static bool part_is_last(mk_receipt *r)
{
	bool last = atomic_fetch_sub_explicit(&r->parts, 1, memory_order_relaxed) == 1;
	if (last)
		MK_LIST_REMOVE(r);
	return last;
}

/* Adds one to its receipt. */
static bool take_part(mk_receipt *r, mk_part *part)
{
	add(&r->sum, part);
	part_free(part);
	return part_is_last(r);
}

/* On the sender's home. */
static void part_is_here(mk_worker *w, mk_part *part)
{
	mk_receipt *r = part->receipt;
	const mk_replies *replies = part->replies;
	bool last = take_part(r, part);
	if (!last && replies == NULL)
		return;
	mk_actor *a = mk_directory_look(w->sup, r->sender->id);
	bool earlier = a != NULL && a->extra->life != r->life;
	if (replies != NULL)
		replies->came(w, r->question, earlier ? NULL : a, part);
	if (!last)
		return;
	if (r->answer != NULL) {
		if (r->question != NULL)
			r->ask_complete(w, r->question, &r->sum);
		receipt_free(r);
		return;
	}
	r->private = (mk_private){.run = run, .drop = drop};
	if (earlier)
		mk_private_refuse(w, a, &r->private);
	else
		mk_private_give(w, a, &r->private);
}

/* Takes a part at the sender's home, keeps it until the sender arrives there, or sends it on. */
static void arrived(mk_worker *w, mk_message *m)
{
	mk_part *part = MK_OF(m, mk_part, message);
	uint32_t home = mk_home_of(w, part->receipt->sender);
	if (home != w->index)
		mk_router_send_parcel(w, home, m);
	else if (!mk_arrival_keeps(w, part->receipt->sender->id, m))
		part_is_here(w, part);
}

static void over_external(mk_part *part)
{
	mk_receipt *r = part->receipt;
	mk_sup *sup = r->sup;
	mk_event *reply = part->replies != NULL ? part->replies->answer(part) : NULL, *late = reply;
	uv_mutex_lock(&sup->lock);
	if (reply != NULL) {
		r->complete = part_is_last(r);
		if (r->reply == NULL && !r->unobserved) {
			r->reply = reply;
			late = NULL;
		}
	} else {
		r->complete = take_part(r, part);
	}
	bool last = r->complete && r->unobserved;
	if (r->complete || r->reply != NULL)
		uv_cond_broadcast(&sup->cond);
	uv_mutex_unlock(&sup->lock); /* from here on the thread that waits may free it */
	reply_drop(late);
	if (last)
		receipt_free(r);
}

static void over(mk_tracked *tracked)
{
	mk_part *part = MK_OF(tracked, mk_part, tracked);
	/* No receipt is delivered any more; the supervisor frees them. */
	if (mk_state_of(part->receipt->sup) >= MK_STOPPED) {
		part_free(part);
		return;
	}
	if (part->worker != NULL)
		leave(part);
	if (part->receipt->external)
		over_external(part);
	else
		arrived(part->worker, &part->message);
}

/* ---- sending -------------------------------------------------------------------------------------- */

static mk_receipt *receipt_new(mk_sup *sup, mk_sender *sender, uint32_t remote)
{
	mk_receipt *r = mk_calloc(1, sizeof *r + (remote + 1) * sizeof r->part[0]);
	if (r == NULL)
		return NULL;
	r->sup = sup;
	r->sender = mk_sender_hold(sender);
	atomic_init(&r->parts, remote + 1);
	parts_init(r->part, remote + 1, r);
	return r;
}

static void describe(mk_receipt *r, const mk_event *e)
{
	r->sum.event = e->id;
	r->sum.correlation = e->correlation;
	r->sum.type = e->type->desc;
}

/* The copy for the channels. Without it the event's part would be over only when the channels' entries are reclaimed,
 * instead of after its deliveries here. */
static mk_event *carrier_new(const mk_event *e, mk_part *part)
{
	mk_event *carrier = mk_event_copy(NULL, e);
	if (carrier != NULL)
		mk_event_track(carrier, &part->tracked, MK_SIZE_CLASS_CARRIES);
	return carrier;
}

static int send_failed(mk_event *e, const mk_block *block, mk_receipt *r, int rc)
{
	if (e != NULL)
		mk_event_unmake(NULL, e, block);
	if (r != NULL)
		receipt_free(r);
	return rc;
}

/* A question: the receipt and its record know each other. It is noted here, where the send cannot fail any more. */
static void ask(maiko_ctx *ctx, mk_receipt *r, const mk_asking *asking)
{
	if (MK_UNLIKELY(r->sup->seam.noted))
		mk_note_call(r->sup, ctx->worker, MK_NOTE_ASK, ctx->self->id, 0, asking->noted);
	r->question = asking->question;
	r->answer = asking->answer;
	r->ask_complete = asking->complete;
	*asking->receipt = r;
	asking->cause[0] = r->sum.event;
	asking->cause[1] = r->sum.correlation;
}

int mk_receipt_send(mk_topic *t, const mk_type *type, maiko_ctx *ctx, const void *value, mk_block *block,
		    unsigned flags, const mk_tracking *tracking)
{
	mk_worker *w = ctx->worker;
	const mk_injected *injected = tracking->injected;
	const mk_asking *asking = tracking->asking;
	if (asking == NULL && ctx->class->receipt == NULL)
		return mk_fail(MAIKO_EINVAL, "maiko_send_tracked: the actor type '%s' has no MAIKO_ON_RECEIPT",
			       ctx->class->desc->name);
	if (w->discarding) /* else a sender that sends again at each receipt would keep the stop from ending */
		return mk_fail_text(MAIKO_ESHUTDOWN,
				    "past the deadline of a stop no event is tracked: it is discarded");
	if (mk_private_prepare(ctx) != 0 || mk_router_prepare(w, t) != 0)
		return MAIKO_ENOMEM;
	uint64_t workers = mk_remote_of(w, t);
	mk_receipt *r = receipt_new(w->sup, ctx->self, (uint32_t)__builtin_popcountll(workers));
	mk_event *e = r == NULL ? NULL
				: mk_event_make_held(ctx->self, type, value, block,
						     injected == NULL ? NULL : &injected->origin, tracking->ttl_ms);
	mk_event *carrier = e == NULL || workers == 0 ? NULL : carrier_new(e, &r->part[0]);
	int rc = e == NULL                         ? mk_event_fail(type, value)
		 : workers != 0 && carrier == NULL ? MAIKO_ENOMEM
						   : mk_spend_allowance(ctx);
	if (rc != 0) {
		if (carrier != NULL)
			mk_event_free(NULL, carrier);
		return send_failed(e, block, r, rc);
	}
	if (injected != NULL)
		mk_event_enter(w, e, ctx->self, t, injected);
	else
		mk_event_stamp(w, e, ctx->self, t, (flags & MAIKO_SEND_ROOT) != 0);
	describe(r, e);
	r->life = ctx->extra->life;
	if (asking != NULL)
		ask(ctx, r, asking);
	r->part[0].remote = &r->part[1];
	r->part[0].workers = workers;
	r->part[0].carrier = carrier;
	MK_LIST_PUSH(&ctx->extra->receipts, r);
	mk_event_track(e, &r->part[0].tracked, MK_SIZE_CLASS_TRACKED);
	enter(w, &r->part[0]);
	mk_count_add(&ctx->sent, 1);
	mk_publish(w, e);
	return 0;
}

mk_receipt *mk_receipt_external(mk_sup *sup, mk_event *e, const mk_type *answer)
{
	mk_receipt *r = receipt_new(sup, e->sender, 0);
	if (r == NULL)
		return NULL;
	r->external = true;
	r->answer = answer;
	describe(r, e);
	mk_event_track(e, &r->part[0].tracked, MK_SIZE_CLASS_TRACKED);
	uv_mutex_lock(&sup->lock);
	MK_LIST_PUSH(&sup->awaited, r);
	uv_mutex_unlock(&sup->lock);
	return r;
}

void mk_receipt_disowns(mk_receipt *r) { r->question = NULL; }

bool mk_receipt_is_of_actor(const mk_event *e) { return !mk_part_of(e)->receipt->external; }
const mk_type *mk_receipt_asks(const mk_event *e) { return mk_is_tracked(e) ? mk_part_of(e)->receipt->answer : NULL; }

void mk_receipt_reply(mk_worker *w, const mk_event *e, mk_part *part, const mk_replies *replies)
{
	mk_receipt *r = mk_part_of(e)->receipt;
	parts_init(part, 1, r);
	part->message.drop = replies->lost;
	part->worker = w;
	part->replies = replies;
	/* Relaxed: the event's own part is not over, so this is not the last. */
	atomic_fetch_add_explicit(&r->parts, 1, memory_order_relaxed);
	if (r->external)
		over_external(part);
	else
		arrived(w, &part->message);
}

void mk_receipt_forget(mk_sup *sup, mk_receipt *r)
{
	uv_mutex_lock(&sup->lock);
	bool last = r->complete;
	r->unobserved = true;
	uv_mutex_unlock(&sup->lock);
	if (last)
		receipt_free(r);
}

int mk_receipt_await(mk_sup *sup, mk_receipt *r, uint64_t until_ns, maiko_receipt *ret_receipt, mk_event **ret_reply)
{
	uv_mutex_lock(&sup->lock);
	while (!r->complete && r->reply == NULL && mk_state_of(sup) < MK_STOPPED && mk_now(&sup->seam) < until_ns)
		mk_await_until(sup, until_ns);
	bool complete = r->complete || r->reply != NULL, stopped = mk_state_of(sup) >= MK_STOPPED;
	if (complete && ret_receipt != NULL)
		*ret_receipt = r->sum;
	if (ret_reply != NULL) {
		*ret_reply = r->reply;
		r->reply = NULL;
	}
	uv_mutex_unlock(&sup->lock);
	mk_receipt_forget(sup, r);
	return complete ? 0 : stopped ? MAIKO_ESHUTDOWN : MAIKO_ETIMEDOUT;
}

void mk_receipt_enters(mk_worker *w, mk_event *e)
{
	mk_part *part = mk_part_of(e);
	uint64_t workers = mk_remote_of(w, e->topic);
	uint32_t count = (uint32_t)__builtin_popcountll(workers);
	enter(w, part);
	part->workers = workers;
	if (count == 0)
		return;
	mk_part *more = mk_calloc(count, sizeof *more);
	mk_event *carrier = more == NULL ? NULL : carrier_new(e, part);
	if (carrier == NULL) {
		mk_free(more);
		part->unknown += count;
		return;
	}
	parts_init(more, count, part->receipt);
	atomic_fetch_add_explicit(&part->receipt->parts, count, memory_order_relaxed);
	part->receipt->more = part->remote = more;
	part->carrier = carrier;
}

/* ---- outcomes --------------------------------------------------------------------------------------- */

void mk_receipt_handled(const mk_actor *a, const mk_event *e)
{
	mk_part_of(e)->counts[mk_ignores(a->class, e->type) ? MAIKO_IGNORED : MAIKO_HANDLED]++;
}

void mk_receipt_failed(const mk_event *e, int error)
{
	if (mk_is_tracked(e) && mk_part_of(e)->error == 0)
		mk_part_of(e)->error = error;
}

mk_event *mk_receipt_carrier(mk_event *e)
{
	mk_event *carrier = mk_part_of(e)->carrier;
	if (carrier == NULL)
		return e;
	mk_part_of(e)->carrier = NULL;
	memcpy(carrier, e, offsetof(mk_event, type)); /* the event was stamped after the copy */
	carrier->refs = 1;
	return carrier;
}

mk_part *mk_receipt_part(mk_worker *w, const mk_event *from)
{
	const mk_part *sent = mk_part_of(from);
	uint64_t before = sent->workers & ((UINT64_C(1) << w->index) - 1);
	return &sent->remote[__builtin_popcountll(before)];
}

void mk_receipt_unknown(const mk_event *e)
{
	mk_part *sent = mk_part_of(e);
	sent->unknown++;
	if (!mk_is_carrier(e)) /* no part was made for it */
		return;
	/* Relaxed: the event's own part is not over, so this is not the last. */
	atomic_fetch_sub_explicit(&sent->receipt->parts, 1, memory_order_relaxed);
}

mk_event *mk_receipt_copy(mk_worker *w, const mk_event *from, mk_part *part)
{
	mk_event *e = mk_event_copy(NULL, from);
	if (e != NULL) {
		mk_event_track(e, &part->tracked, MK_SIZE_CLASS_TRACKED);
		enter(w, part);
	}
	return e;
}

void mk_receipt_refused(mk_worker *w, mk_part *part, uint64_t deliveries)
{
	part->counts[MAIKO_NO_MEMORY] += (uint32_t)deliveries;
	enter(w, part);
	over(&part->tracked);
}

mk_event *mk_receipt_split(const mk_event *e)
{
	mk_receipt *r = mk_part_of(e)->receipt;
	mk_part *part = mk_calloc(1, sizeof *part);
	mk_event *copy = part == NULL ? NULL : mk_event_copy(NULL, e);
	if (copy == NULL) {
		mk_free(part);
		return NULL;
	}
	parts_init(part, 1, r);
	part->alone = true;
	/* Relaxed: the event's own part is not over, so this is not the last. */
	atomic_fetch_add_explicit(&r->parts, 1, memory_order_relaxed);
	mk_event_track(copy, &part->tracked, MK_SIZE_CLASS_TRACKED);
	return copy;
}

void mk_receipt_comes(mk_worker *w, const mk_event *e) { enter(w, mk_part_of(e)); }

/* ---- the end --------------------------------------------------------------------------------------- */

static void move_all(mk_receipt **from, mk_receipt **to)
{
	while (*from != NULL) {
		mk_receipt *r = *from;
		MK_LIST_REMOVE(r);
		MK_LIST_PUSH(to, r);
	}
}

void mk_receipts_leave(mk_worker *w, mk_actor *a) { move_all(&a->extra->receipts, &w->orphans); }
void mk_receipts_keep(mk_sup *sup, mk_receipt **list) { move_all(list, &sup->awaited); }

void mk_receipts_fini(mk_sup *sup)
{
	while (sup->awaited != NULL) {
		mk_receipt *r = sup->awaited;
		MK_LIST_REMOVE(r);
		receipt_free(r);
	}
}

/* ---- the public calls -------------------------------------------------------------------------------- */

bool maiko_receipt_done(const maiko_receipt *r)
{
	return r != NULL && r->deliveries != 0 && r->unknown == 0 && r->error == 0 &&
	       r->deliveries == r->handled + r->ignored + r->filtered + r->expired + r->set_aside;
}

maiko_id maiko_sent_id(const maiko_ctx *ctx)
{
	if (ctx == NULL)
		return (maiko_id){0, 0};
	assert(mk_is_inside(ctx));
	return mk_last_sent(ctx->worker);
}
