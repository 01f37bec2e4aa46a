/*
 * cycle.c - see backpressure.h for the algorithm.
 *
 * A probe carries the path that it has traversed, so a probe that returns to its initiator
 * names the cycle. An actor forwards each probe of each initiator once (the `dependent` array
 * of the paper), so a probe costs at most one message per edge, however many paths there are.
 */
#include "routing/cycle.h"

#include "observe/note.h"
#include "registry/directory.h"
#include "registry/failure.h"
#include "routing/backpressure.h"
#include "routing/in_transit.h"
#include "routing/mute_edge.h"
#include "routing/weight.h"
#include "runtime/lane.h"
#include "runtime/upcalls.h"

#include <stdio.h>

/* Cycles, probes and breaks count references on their senders (departed.h); a verdict counts one on its cycle. */

/* An actor that a probe has visited, and in which of its lives. */
typedef struct mk_visit {
	mk_sender *actor;
	uint32_t life;
} mk_visit;

typedef struct mk_cycle {
	_Atomic(uint32_t) refs;
	_Atomic(bool) open; /* one of its edges is removed: its muted members are held again */
	bool on_hold;       /* a member rests: then only members that rest run although muted */
	uint32_t count;
	mk_visit members[]; /* each is muted by the next, the last by the first */
} mk_cycle;

typedef struct mk_probe_message {
	mk_message message;
	uint64_t number;
	bool on_hold; /* an actor in its path rests */
	mk_sender *target;
	uint32_t length;
	mk_visit path[]; /* path[0] is the initiator */
} mk_probe_message;

/* A message to one member of a cycle: it runs although muted, or it fails. */
typedef struct mk_verdict {
	mk_message message;
	mk_visit member;
	mk_cycle *cycle;
} mk_verdict;

static uint32_t life_of(const mk_actor *a) { return a->extra == NULL ? 0 : a->extra->life; }

/* Whether it waits for something outside: it is on hold, or is being restarted. */
static bool rests(const mk_actor *a) { return (a->sched & (MK_ON_HOLD | MK_DOWN)) != 0; }

static void cycle_unref(mk_cycle *c)
{
	if (atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (uint32_t i = 0; i < c->count; i++)
		mk_sender_release(c->members[i].actor);
	mk_free(c);
}

void mk_cycle_leave(mk_actor *a)
{
	if (a->extra->cycle != NULL) {
		cycle_unref(a->extra->cycle);
		a->extra->cycle = NULL;
		a->extra->runs_on = false;
	}
}

/* The member of the cycle that mutes this member. */
static const mk_sender *next_of(const mk_cycle *c, const mk_sender *member)
{
	for (uint32_t i = 0; i < c->count; i++)
		if (c->members[i].actor == member)
			return c->members[(i + 1) % c->count].actor;
	return NULL;
}

/* Relaxed, here and below: the flag orders nothing else, and is checked again before each run. */
static bool is_open(mk_worker *w, const mk_cycle *c)
{
	mk_told told;
	uint32_t look = w->looks_open++;
	if (MK_UNLIKELY(w->sup->seam.led))
		return mk_is_told(w, MK_NOTE_OPEN, look, &told);
	bool open = atomic_load_explicit((_Atomic(bool) *)(uintptr_t)&c->open, memory_order_relaxed);
	if (open)
		MK_NOTE(w, MK_NOTE_OPEN, look, 0);
	return open;
}

static void open_up(mk_cycle *c) { atomic_store_explicit(&c->open, true, memory_order_relaxed); }

void mk_cycle_released(mk_actor *a, const mk_sender *subscriber)
{
	mk_cycle *c = a->extra->cycle;
	if (c != NULL && subscriber != NULL && next_of(c, a->self) == subscriber)
		open_up(c);
}

bool mk_cycle_runs_on(const mk_actor *a) { return a->extra->runs_on && !is_open(a->worker, a->extra->cycle); }

/* The verdict on its cycle assumed the old state, so the cycle is open; mk_cycle_look sees that before the next run. */
void mk_cycle_hold_changed(mk_worker *w, mk_actor *a)
{
	if (a->extra->cycle != NULL)
		open_up(a->extra->cycle);
	if (mk_is_muted(a))
		mk_probe_soon(w, a);
}

/* It may be in other cycles, which did not change anything while it ran; so it sends its probes again. */
void mk_cycle_look(mk_worker *w, mk_actor *a)
{
	if (mk_cycle_runs_on(a))
		return;
	w->probed.verdicts++;
	a->extra->runs_on = false;
	mk_probe_soon(w, a);
	mk_hold_muted(w, a);
}

/* ---- verdicts ------------------------------------------------------------------------ */

static void verdict_drop(mk_message *m)
{
	mk_verdict *v = MK_OF(m, mk_verdict, message);
	cycle_unref(v->cycle);
	mk_free(v);
}

static bool is_muted_by(const mk_actor *a, const mk_sender *subscriber)
{
	const mk_wait *wait = a->extra == NULL ? NULL : a->extra->muted_by;
	while (wait != NULL && wait->subscriber != subscriber)
		wait = wait->next;
	return wait != NULL;
}

/* Whether the probe that has found the cycle would find the actor in it again, but for its edges. */
static bool is_as_visited(const mk_actor *a, const mk_verdict *v)
{
	return (a->sched & MK_ENDED) == 0 && life_of(a) == v->member.life && (v->cycle->on_hold || !rests(a));
}

static void run_on(mk_worker *w, mk_message *m)
{
	mk_verdict *v = MK_OF(m, mk_verdict, message);
	if (mk_arrival_keeps(w, v->member.actor->id, m))
		return;
	w->probed.verdicts++;
	mk_actor *a = mk_directory_look(w->sup, v->member.actor->id);
	bool waits = a != NULL && is_as_visited(a, v) && is_muted_by(a, next_of(v->cycle, v->member.actor));
	if (!waits)
		open_up(v->cycle);
	if (waits && !is_open(w, v->cycle)) {
		if (v->cycle->on_hold && !rests(a)) {
			verdict_drop(m); /* it waits for an actor that rests, which waits for something outside */
			return;
		}
		mk_cycle_leave(a);
		a->extra->cycle = v->cycle;
		mk_occupy(a);
		a->extra->runs_on = true;
		atomic_fetch_add_explicit(&v->cycle->refs, 1, memory_order_relaxed);
		if (!mk_is_muted_by_channel(a))
			mk_up.permit(w, a, MK_MUTED);
	} else if (a != NULL && mk_is_muted(a)) {
		mk_probe_soon(w, a); /* it may be in another cycle, whose probe was not sent because of this one */
	}
	verdict_drop(m);
}

static void name_cycle(const mk_cycle *c, char *text, size_t size)
{
	size_t used = (size_t)snprintf(text, size, "a cycle of full mailboxes:");
	for (uint32_t i = 0; i <= c->count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s %s", i == 0 ? "" : " ->",
					 c->members[i % c->count].actor->name);
}

/* Fails a member, even if the cycle is open by now: it has filled a mailbox past the bound. Not in a later life:
 * several members may break a cycle, and the first of these verdicts ends what it was found in. */
static void fail_member(mk_worker *w, mk_message *m)
{
	mk_verdict *v = MK_OF(m, mk_verdict, message);
	if (mk_arrival_keeps(w, v->member.actor->id, m))
		return;
	mk_actor *a = mk_directory_look(w->sup, v->member.actor->id);
	if (a != NULL && (a->sched & (MK_ENDED | MK_DOWN)) == 0 && life_of(a) == v->member.life) {
		char text[256];
		name_cycle(v->cycle, text, sizeof text);
		mk_up.fail(w, a, &(mk_cause){.code = MAIKO_EDEADLK, .phase = MAIKO_PHASE_DEADLOCK, .detail = text});
	}
	verdict_drop(m);
}

/* Posts a verdict to every member. False: there was no memory for one or more. */
static bool notify_members(mk_worker *w, mk_cycle *c, void (*run)(mk_worker *, mk_message *))
{
	bool all = true;
	for (uint32_t i = 0; i < c->count; i++) {
		mk_verdict *v = MK_NEW(mk_verdict);
		if (v == NULL) {
			all = false;
			continue;
		}
		v->message = (mk_message){.run = run, .drop = verdict_drop};
		v->member = c->members[i];
		v->cycle = c;
		atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
		mk_lane_post_by(w, mk_worker_at(w->sup, mk_home_of(w, v->member.actor)), &v->message);
	}
	return all;
}

/* A request to the sender's worker to break the cycle of the sender. A sender that adds to a full
 * mailbox for long is in a cycle with the subscriber, or in one that leads to it. */
typedef struct mk_break {
	mk_message message;
	mk_sender *sender;
} mk_break;

static void break_drop(mk_message *m)
{
	mk_break *b = MK_OF(m, mk_break, message);
	mk_sender_release(b->sender);
	mk_free(b);
}

static void break_arrived(mk_worker *w, mk_message *m)
{
	maiko_actor_id id = MK_OF(m, mk_break, message)->sender->id;
	if (mk_arrival_keeps(w, id, m))
		return;
	mk_actor *a = mk_directory_look(w->sup, id);
	if (a != NULL && a->extra != NULL && a->extra->cycle != NULL)
		(void)notify_members(w, a->extra->cycle, fail_member);
	break_drop(m);
}

void mk_cycle_check(mk_worker *w, mk_actor *subscriber, mk_sender *sender)
{
	uint64_t length = mk_mailbox_length(&subscriber->box);
	uint64_t place = mk_count(&subscriber->box.tail);
	bool past = length >= (uint64_t)subscriber->box.capacity + MK_CYCLE_BOUND ||
		    mk_weight_full(w, subscriber, MK_CYCLE_BYTES);
	if (!past || mk_external_of(sender) != NULL || place - subscriber->extra->asked_to_break < MAIKO_ALLOWANCE)
		return; /* past the bound it asks once every MAIKO_ALLOWANCE events, until the verdict has arrived */
	mk_break *b = MK_NEW(mk_break);
	if (b == NULL)
		return;
	subscriber->extra->asked_to_break = place;
	b->message = (mk_message){.run = break_arrived, .drop = break_drop};
	b->sender = mk_sender_hold(sender);
	mk_lane_post_by(w, mk_worker_at(w->sup, mk_home_of(w, sender)), &b->message);
}

/* ---- probes ------------------------------------------------------------------------------ */

static void probe_drop(mk_message *m)
{
	mk_probe_message *p = MK_OF(m, mk_probe_message, message);
	mk_sender_release(p->target);
	for (uint32_t i = 0; i < p->length; i++)
		mk_sender_release(p->path[i].actor);
	mk_free(p);
}

static mk_visit visit(mk_sender *actor, uint32_t life) { return (mk_visit){mk_sender_hold(actor), life}; }

static void hold_path(mk_visit *to, const mk_visit *from, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++)
		to[i] = visit(from[i].actor, from[i].life);
}

static void cycle_found(mk_worker *w, mk_actor *a, const mk_probe_message *p)
{
	mk_cycle *c = mk_malloc(sizeof *c + p->length * sizeof c->members[0]);
	if (c == NULL) {
		mk_probe_soon(w, a);
		return;
	}
	atomic_init(&c->refs, 1);
	atomic_init(&c->open, false);
	c->on_hold = p->on_hold;
	c->count = p->length;
	hold_path(c->members, p->path, p->length);
	if (!notify_members(w, c, run_on))
		mk_probe_soon(w, a);
	cycle_unref(c);
}

static void probe_arrived(mk_worker *w, mk_message *m);

/* Sends a probe to the subscriber that mutes `a`: `from` with `a` appended, or (NULL) a new one of that number. */
static void forward(mk_worker *w, mk_actor *a, const mk_wait *wait, const mk_probe_message *from, uint64_t number)
{
	uint32_t length = from == NULL ? 1 : from->length + 1;
	mk_probe_message *p = mk_malloc(sizeof *p + length * sizeof p->path[0]);
	if (p == NULL) {
		mk_probe_soon(w, a);
		return;
	}
	p->message = (mk_message){.run = probe_arrived, .drop = probe_drop};
	p->number = number;
	p->on_hold = rests(a) || (from != NULL && from->on_hold);
	p->target = mk_sender_hold(wait->subscriber);
	p->length = length;
	if (from != NULL)
		hold_path(p->path, from->path, from->length);
	p->path[length - 1] = visit(a->self, a->extra->life);
	w->probed.sent++;
	mk_lane_post_by(w, mk_worker_at(w->sup, mk_home_of(w, p->target)), &p->message);
}

static void forward_all(mk_worker *w, mk_actor *a, const mk_probe_message *from, uint64_t number)
{
	for (const mk_wait *wait = a->extra->muted_by; wait != NULL; wait = wait->next)
		if (wait->channel == NULL)
			forward(w, a, wait, from, number);
}

/* Whether the actor has forwarded this probe already; stores that it has. A copy that has visited no actor
 * on hold counts as later than one that has, because the verdict on its cycle applies to more actors. Without
 * memory it returns true, and the actor begins a probe of its own: it is in the same cycle, if there is one. */
static bool has_seen(mk_worker *w, mk_actor *a, const mk_probe_message *p)
{
	maiko_actor_id initiator = p->path[0].actor->id;
	uint64_t number = p->number * 2 + !p->on_hold;
	const uint64_t *last = mk_map_find(&a->extra->seen, initiator);
	if (last != NULL && *last >= number)
		return true;
	if (mk_map_put(&a->extra->seen, initiator, number) == 0)
		return false;
	mk_probe_soon(w, a);
	return true;
}

/* Whether the actor is in the probe's path: it was released and muted again meanwhile, and the
 * path in between is not a cycle. */
static bool has_walked(const mk_actor *a, const mk_probe_message *p)
{
	for (uint32_t i = 1; i < p->length; i++)
		if (p->path[i].actor == a->self)
			return true;
	return false;
}

static void probe_arrived(mk_worker *w, mk_message *m)
{
	mk_probe_message *p = MK_OF(m, mk_probe_message, message);
	if (mk_arrival_keeps(w, p->target->id, m))
		return;
	w->probes_seen++;
	mk_actor *a = mk_directory_look(w->sup, p->target->id);
	if (a != NULL && mk_is_muted(a)) {
		if (a->self == p->path[0].actor)
			cycle_found(w, a, p);
		else if (!has_walked(a, p) && !has_seen(w, a, p))
			forward_all(w, a, p, p->number);
	}
	probe_drop(m);
}

static void note_probe(mk_worker *w, mk_actor *a)
{
	mk_extra *x = a->extra;
	if (x->reprobe)
		return;
	x->reprobe = true;
	x->prev_probing = NULL;
	x->next_probing = w->probing;
	if (w->probing != NULL)
		w->probing->extra->prev_probing = a;
	w->probing = a;
}

void mk_probe_soon(mk_worker *w, mk_actor *a)
{
	note_probe(w, a);
	w->reprobe = true;
}

void mk_probe_forget(mk_worker *w, mk_actor *a)
{
	mk_extra *x = a->extra;
	if (x == NULL || !x->reprobe)
		return;
	x->reprobe = false;
	if (x->prev_probing != NULL)
		x->prev_probing->extra->next_probing = x->next_probing;
	else
		w->probing = x->next_probing;
	if (x->next_probing != NULL)
		x->next_probing->extra->prev_probing = x->prev_probing;
}

uint64_t mk_probes_due(const mk_worker *w)
{
	enum { BUSY_NS = 1000000, A_PROBE_NS = 2000 /* ten times the cost of a probe */, FEW = 100 };
	uint64_t pause_ns = w->probes_seen < FEW ? 0 : w->probes_seen * A_PROBE_NS;
	if (w->ready != NULL && pause_ns < BUSY_NS)
		pause_ns = BUSY_NS;
	return w->reprobe ? w->probed_ns + pause_ns : UINT64_MAX;
}

void mk_probe_now(mk_worker *w)
{
	w->probed_ns = w->now_ns;
	w->probes_seen = 0;
	w->reprobe = false;
	mk_actor *a = w->probing;
	w->probing = NULL; /* actors whose probe could not be allocated are added again */
	while (a != NULL) {
		mk_actor *next = a->extra->next_probing;
		a->extra->reprobe = false;
		if ((a->sched & MK_HELD) != 0) {
			w->probed.begun++;
			forward_all(w, a, NULL, ++w->probes);
		} else if (mk_is_muted(a))
			note_probe(w, a); /* it runs although muted: the probe is sent when it is held again */
		a = next;
	}
}
