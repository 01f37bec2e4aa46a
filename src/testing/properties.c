/*
 * properties.c - checks the promises of the runtime while it runs.
 *
 * Every observation is compared with a small model. The model has for each actor the events
 * delivered to it that have no outcome yet, and its state; for each sender, actor and topic the
 * last event delivered and handled. A property costs one or two look-ups per observation.
 *
 *   C1  order          events of one sender are delivered and handled in the order sent, across
 *                      topics and moves (events kept by key: in order per key; those of a share group: in none)
 *   C2  once           ids are unique, no event is delivered twice, or handled without having been
 *                      delivered; of the events kept by one key one is queued
 *   C3  the ledger     the queues of the model and of the supervisor agree; at the end it balances
 *   C4  one at a time  no handler inside a tick of the same actor
 *   C5  no echo
 *   C7  the start      no event is handled before it
 *   C8  mutes          a muted actor finishes its callback and runs no other, unless in a cycle
 *   C9  release        when no work is left, no actor is muted
 *   C10 the stop       when no work is left, it is over
 *   C11 on_stop        once for each start
 *   C12 ticks          not inside another of the same actor, and only while it runs
 *   C14 idle           when no step is possible, no work is left: no lost wake-up
 *   C16 removal        no observation of a removed actor
 *   C18 hold           an actor on hold handles no event, except the one that it was handling
 *   C19 interest       when no work is left, each watcher has been told whether anyone subscribes
 *   C20 restarts       one on_stop for each start, before the next one; the event whose handler has failed is the first
 *                      again, or set aside; restarts are numbered; nobody waits for a restart that does not come
 */
#include "properties.h"

#include "lifecycle/topology.h"
#include "registry/attached.h"
#include "registry/directory.h"
#include "registry/members.h"
#include "registry/registry.h"

#include <stdlib.h>

mt_properties *mt_properties_new(maiko_sim *sim)
{
	enum { FLOWS_FIRST = 256 };
	mt_properties *properties = calloc(1, sizeof *properties);
	if (properties == NULL)
		return NULL;
	properties->sim = sim;
	properties->flow_size = FLOWS_FIRST;
	properties->flows = calloc(properties->flow_size, sizeof *properties->flows);
	properties->order = mt_order_new();
	if (properties->flows == NULL || properties->order == NULL) {
		mt_properties_free(properties);
		return NULL;
	}
	return properties;
}

void mt_properties_free(mt_properties *properties)
{
	for (uint32_t i = 0; i < properties->actor_size; i++)
		free(properties->actors[i].queued);
	free(properties->actors);
	mt_order_free(properties->order);
	free(properties->flows);
	free(properties);
}

/* ---- the model ------------------------------------------------------------------------------ */

property_actor *mt_properties_actor(mt_properties *properties, maiko_actor_id id)
{
	uint32_t slot = (uint32_t)id - 1; /* directory.c */
	if (slot >= properties->actor_size) {
		uint32_t size = properties->actor_size == 0 ? 16 : properties->actor_size;
		while (size <= slot)
			size *= 2;
		property_actor *grown = realloc(properties->actors, size * sizeof *grown);
		if (grown == NULL)
			abort(); /* without memory the test has no result */
		for (uint32_t i = properties->actor_size; i < size; i++)
			grown[i] = (property_actor){0};
		properties->actors = grown;
		properties->actor_size = size;
	}
	return &properties->actors[slot];
}

static void push(property_actor *a, property_event e)
{
	if (a->count == a->size) {
		uint32_t size = a->size == 0 ? 16 : a->size * 2;
		property_event *grown = malloc(size * sizeof *grown);
		if (grown == NULL)
			abort();
		for (uint32_t i = 0; i < a->count; i++)
			grown[i] = a->queued[(a->head + i) & (a->size - 1)];
		free(a->queued);
		a->queued = grown;
		a->size = size;
		a->head = 0;
	}
	a->queued[(a->head + a->count++) & (a->size - 1)] = e;
}

static uint64_t key_of(const maiko_observation *s)
{
	maiko_any any = {s->event->type, s->data};
	return s->event->topic->key == NULL ? 0 : s->event->topic->key(&any);
}

/* Whether it is that event; several may have its id, as one that is injected may be there already. */
static bool is_event(const property_event *q, const maiko_observation *s)
{
	return maiko_id_equal(q->id, s->event->id) && q->topic == s->event->topic && q->type == s->event->type &&
	       (q->kept == NULL || q->key == key_of(s));
}

/* Takes an event from the model of a mailbox, usually the first. */
static bool take(property_actor *a, const maiko_observation *s, property_event *ret_event)
{
	for (uint32_t i = 0; i < a->count; i++) {
		const property_event *q = &a->queued[(a->head + i) & (a->size - 1)];
		if (!is_event(q, s))
			continue;
		*ret_event = *q;
		for (; i > 0; i--)
			a->queued[(a->head + i) & (a->size - 1)] = a->queued[(a->head + i - 1) & (a->size - 1)];
		a->head++;
		a->count--;
		return true;
	}
	return false;
}

static property_flow *flow_place(property_flow *flows, uint32_t size, maiko_actor_id actor, uint64_t sender)
{
	uint64_t h = (actor * 31 + sender) * UINT64_C(0x9e3779b97f4a7c15);
	for (uint32_t i = (uint32_t)(h >> 32);; i++) {
		property_flow *f = &flows[i & (size - 1)];
		if (f->actor == 0 || (f->actor == actor && f->sender == sender))
			return f;
	}
}

static property_flow *flow_of(mt_properties *properties, maiko_actor_id actor, const maiko_envelope *e)
{
	uint64_t sender = e->sender_id != 0 ? e->sender_id : e->id.origin;
	property_flow *f = flow_place(properties->flows, properties->flow_size, actor, sender);
	if (f->actor != 0)
		return f;
	if (++properties->flow_count * 2 > properties->flow_size) {
		property_flow *grown = calloc((size_t)properties->flow_size * 2, sizeof *grown);
		if (grown == NULL)
			abort();
		for (uint32_t i = 0; i < properties->flow_size; i++)
			if (properties->flows[i].actor != 0)
				*flow_place(grown, properties->flow_size * 2, properties->flows[i].actor,
					    properties->flows[i].sender) = properties->flows[i];
		free(properties->flows);
		properties->flows = grown;
		properties->flow_size *= 2;
		f = flow_place(properties->flows, properties->flow_size, actor, sender);
	}
	f->actor = actor;
	f->sender = sender;
	return f;
}

static maiko_overflow policy_of(const mk_sub *sub, const maiko_topic *topic)
{
	return sub->overflow == MAIKO_OVERFLOW_DEFAULT ? topic->overflow : (maiko_overflow)sub->overflow;
}

static property_event event_of(const maiko_observation *s, const mk_sub *sub, bool shared)
{
	property_event e = {.id = s->event->id, .topic = s->event->topic, .type = s->event->type, .shared = shared};
	if (policy_of(sub, s->event->topic) != MAIKO_KEEP_LATEST)
		return e;
	e.kept = s->event->topic;
	e.key = key_of(s);
	return e;
}

/* ---- the properties --------------------------------------------------------------------------------- */

static void broken(mt_properties *properties, const char *property, const maiko_observation *s)
{
	const maiko_envelope *e = s->event;
	if (e == NULL)
		maiko_sim_fail(properties->sim, "%s: %s of %s", property, maiko_observation_text(s->kind),
			       s->actor_name);
	else
		maiko_sim_fail(properties->sim, "%s: %s of %s, event %s #%llu from %s on topic %s", property,
			       maiko_observation_text(s->kind), s->actor_name, e->type->layout->name,
			       (unsigned long long)e->id.sequence, e->sender, e->topic->name);
}

static void dispatched(mt_properties *properties, const maiko_observation *s)
{
	maiko_id id = s->event->id;
	uint32_t i = 0;
	if (!mt_order_sent(properties->order, s->event))
		abort();        /* without memory the test has no result */
	if (s->event->injected) /* its id is not this supervisor's */
		return;
	while (i < properties->origin_count && properties->origins[i].origin != id.origin)
		i++;
	property_origin *o = &properties->origins[i];
	if (i == properties->origin_count) {
		if (i == ORIGINS_MAX)
			return;
		properties->origin_count++;
		*o = (property_origin){.origin = id.origin, .worker = s->worker};
	}
	if (o->worker != s->worker || id.sequence <= o->last)
		broken(properties, "C2: an id twice, or not in order", s);
	o->last = id.sequence;
	uint64_t marker = mk_worker_at(s->supervisor, s->worker - 1)->marker;
	if (o->epoch_count == 0 || o->epochs[(o->epoch_count - 1) % EPOCHS].marker != marker) {
		o->epochs[o->epoch_count % EPOCHS].from = id.sequence;
		o->epochs[o->epoch_count++ % EPOCHS].marker = marker;
	}
}

/* The topology number under which an event of another worker was sent; UINT64_MAX: no longer known, or injected,
 * or an event of this worker, which applies a change in one step. */
static uint64_t marker_of(const mt_properties *properties, const maiko_envelope *e, uint32_t here)
{
	maiko_id id = e->id;
	uint32_t i = 0;
	if (e->injected)
		return UINT64_MAX;
	while (i < properties->origin_count && properties->origins[i].origin != id.origin)
		i++;
	if (i == properties->origin_count || properties->origins[i].worker == here)
		return UINT64_MAX;
	const property_origin *o = &properties->origins[i];
	for (uint32_t k = o->epoch_count; k > 0 && k + EPOCHS > o->epoch_count; k--)
		if (o->epochs[(k - 1) % EPOCHS].from <= id.sequence)
			return o->epochs[(k - 1) % EPOCHS].marker;
	return UINT64_MAX;
}

/* An event comes to an actor: by which of its subscriptions? */
typedef struct search {
	maiko_actor_id actor; /* or its shadow */
	uint64_t sent_under, change;
	const mk_sub *first, *found;
	bool shared; /* by that of a share group: then it may have been passed on since it was sent */
} search;

/* Whether the subscription takes part in what was sent then, as far as that is known. */
static bool takes_part(const search *s, const mk_sub *sub)
{
	return sub->state == MK_ACTIVE || s->sent_under == UINT64_MAX ||
	       (sub->state == MK_JOINING) == (s->sent_under >= s->change);
}

static int search_view(void *arg, mk_topic *view)
{
	search *s = arg;
	for (uint32_t i = 0; i < view->sub_count; i++) {
		const mk_sub *sub = &view->subs[i];
		if (sub->actor->self->id != s->actor)
			continue;
		s->first = s->first == NULL ? sub : s->first;
		s->shared = mk_is_group(view);
		s->found = s->shared || takes_part(s, sub) ? sub : NULL;
		break;
	}
	return s->found != NULL;
}

/* The subscription by which the actor gets the event: the first that takes part; without one, that which does not. */
static const mk_sub *sub_of(const mt_properties *properties, const maiko_observation *s, bool *ret_shared)
{
	mk_worker *w = mk_worker_at(s->supervisor, s->worker - 1);
	const mk_record *record = MK_OF((void *)(uintptr_t)s->event->topic, mk_record, desc);
	mk_topic *t = mk_topic_known(w, record->index);
	search find = {.actor = s->actor,
		       .sent_under = marker_of(properties, s->event, s->worker),
		       .change = mk_topology_number(s->supervisor)};
	if ((t == NULL || search_view(&find, t) == 0) && mk_attached_each(w, t, record, search_view, &find) == 0)
		(void)search_view(&find, w->all);
	*ret_shared = find.found != NULL && find.shared;
	return find.found != NULL ? find.found : find.first;
}

/* A change takes effect at one position in the sender's order: a joining actor gets the events after
 * it, a leaving actor those before it. */
static void in_its_time(mt_properties *properties, const mk_sub *sub, const maiko_observation *s)
{
	if (sub->state == MK_ACTIVE)
		return;
	uint64_t sent_under = marker_of(properties, s->event, s->worker);
	uint64_t change = mk_topology_number(s->supervisor);
	if (sent_under == UINT64_MAX)
		return;
	if (sub->state == MK_JOINING && sent_under < change)
		broken(properties, "C2: delivered though it was sent before the subscription", s);
	if (sub->state == MK_LEAVING && sent_under >= change)
		broken(properties, "C2: delivered though it was sent after the end of the subscription", s);
}

/* Whether the actor is handling that event now: it has left the mailbox, but the observation follows
 * when the handler returns. Or the handler has failed, and the event may go back. */
static bool is_in_hand(const maiko_observation *s, maiko_id id)
{
	const mk_worker *w = mk_worker_at(s->supervisor, s->worker - 1);
	bool its = w->actor == NULL || w->actor->self->id == s->actor;
	return its && w->event != NULL && maiko_id_equal(w->event->id, id);
}

/* Whether it is kept by key and the actor migrates: then it may arrive in the order of the new mailbox. */
static bool is_by_key_of_a_move(const property_event *e, const mk_actor *real)
{
	return e->kept != NULL && real != NULL && (real->sched & MK_MOVING) != 0;
}

static void delivered(mt_properties *properties, property_actor *a, const maiko_observation *s)
{
	const mk_actor *real = mk_directory_find(s->supervisor, s->actor);
	bool shared;
	const mk_sub *sub = sub_of(properties, s, &shared);
	if (sub == NULL) {
		broken(properties, "C16: delivered to one that is not subscribed", s);
		return;
	}
	property_flow *f = flow_of(properties, s->actor, s->event);
	property_event e = event_of(s, sub, shared);
	bool ordered = !shared && !s->event->retained && !is_by_key_of_a_move(&e, real);
	uint64_t place = ordered ? mt_order_of(properties->order, s->event) : 0;
	if (place != 0 && place == f->delivered)
		broken(properties, "C2: delivered twice", s);
	else if (place != 0 && place < f->delivered)
		broken(properties, "C1: delivered out of order", s);
	f->delivered = place != 0 ? place : f->delivered;
	if (!shared && !s->event->retained)
		in_its_time(properties, sub, s);
	for (uint32_t i = 0; e.kept != NULL && i < a->count; i++) {
		const property_event *q = &a->queued[(a->head + i) & (a->size - 1)];
		if (q->kept == e.kept && q->type == e.type && q->key == e.key && !is_in_hand(s, q->id))
			broken(properties, "C2: of one key two are queued", s);
	}
	push(a, e);
	if (s->event->sender_id == s->actor && real != NULL && !real->echo)
		broken(properties, "C5: its own event", s);
	if ((a->ended && !a->down) || (real != NULL && (real->sched & MK_ENDED) != 0))
		broken(properties, "C16: delivered to one that has ended", s);
}

/* Whether a muted actor may run because it is in a cycle. */
static bool may_run_on(const maiko_observation *s)
{
	const mk_actor *real = mk_directory_find(s->supervisor, s->actor);
	return real == NULL || (real->extra != NULL && real->extra->runs_on);
}

/* It was not in the mailbox: its handler runs at once, also on hold. */
static void own_delivered(mt_properties *properties, property_actor *a, const maiko_observation *s)
{
	bool replies = !mk_id_is_none(s->event->parent);
	if (s->event->sender_id != s->actor && s->event->sender_id != 0 /* the library */ && !replies)
		broken(properties, "C5: to itself, but from another, which replies to nothing", s);
	if (!mk_id_is_none(a->own))
		broken(properties, "C4: to itself, while it handles another such event", s);
	a->own = s->event->id;
}

/* What holds for each handler. */
static void ran(mt_properties *properties, property_actor *a, const maiko_observation *s)
{
	if (a->in_tick)
		broken(properties, "C4: handled inside its tick", s);
	if (mk_state_of(s->supervisor) < MK_STARTED)
		broken(properties, "C7: handled before the start", s);
	if (!a->started || a->ended)
		broken(properties, "C16: handled by an actor that does not run", s);
	bool runs_on = may_run_on(s);
	if (!a->muted || runs_on)
		return;
	if (a->runs_muted == 0)
		broken(properties, "C8: muted, and run again", s);
	a->runs_muted = 0;
}

static void own_handled(mt_properties *properties, property_actor *a, const maiko_observation *s)
{
	if (!maiko_id_equal(a->own, s->event->id))
		broken(properties, "C2: handled, but not sent to itself", s);
	a->own = (maiko_id){0, 0};
	ran(properties, a, s);
}

static void handled(mt_properties *properties, property_actor *a, const maiko_observation *s)
{
	property_event e;
	if (!take(a, s, &e)) {
		broken(properties, "C2: handled, but not in its mailbox", s);
		return;
	}
	a->in_hand = e;
	if (e.kept == NULL && !e.shared && !s->event->retained) {
		property_flow *f = flow_of(properties, s->actor, s->event);
		uint64_t place = mt_order_of(properties->order, s->event);
		if (place != 0 && place <= f->handled)
			broken(properties, "C1: handled out of order", s);
		a->before = f->handled;
		f->handled = place != 0 ? place : f->handled;
	}
	if (a->on_hold && a->runs_held == 0)
		broken(properties, "C18: on hold, and it handles an event", s);
	a->runs_held = 0;
	ran(properties, a, s);
}

/* An event refused at once is not in the model; a queued event is taken from it. */
static void refused(mt_properties *properties, property_actor *a, const maiko_observation *s)
{
	property_event e;
	if (s->was_queued && !take(a, s, &e))
		broken(properties, "C2: ended, but not in its mailbox", s);
}

/* It will be restarted, with the event first of which the observation tells. */
static void restarting(mt_properties *properties, property_actor *a, const maiko_observation *s)
{
	if (a->started && !a->ended)
		broken(properties, "C20: restarted, but its on_stop has not run", s);
	a->down = true;
	if (s->event == NULL)
		return;
	if (!is_event(&a->in_hand, s)) {
		broken(properties, "C20: to be handled again, but it was not handled", s);
		return;
	}
	push(a, a->in_hand);
	for (uint32_t i = a->count - 1; i > 0; i--)
		a->queued[(a->head + i) & (a->size - 1)] = a->queued[(a->head + i - 1) & (a->size - 1)];
	a->queued[a->head & (a->size - 1)] = a->in_hand;
	if (a->in_hand.kept == NULL && !a->in_hand.shared && !s->event->retained)
		flow_of(properties, s->actor, s->event)->handled = a->before;
}

static void restarted(mt_properties *properties, property_actor *a, const maiko_observation *s)
{
	if (!a->down || (a->started && !a->ended))
		broken(properties, "C20: restarted, but it had not stopped", s);
	if (s->code != (int64_t)++a->restarts)
		broken(properties, "C20: not the number of its restarts", s);
	a->started = true;
	a->ended = a->down = false;
}

static void added(mt_properties *properties, property_actor *a, const maiko_observation *s)
{
	if (a->id != 0)
		broken(properties, "C16: its place is still taken", s);
	property_event *queued = a->queued;
	*a = (property_actor){.id = s->actor, .queued = queued, .size = a->size};
}

static void removed(mt_properties *properties, property_actor *a, const maiko_observation *s)
{
	if (a->count != 0)
		broken(properties, "C3: removed with events queued", s);
	if (a->started && !a->ended)
		broken(properties, "C11: removed, not stopped", s);
	a->id = 0;
}

/* A muted actor may finish its current callback; the observation of a handled event is still to come. */
static bool is_in_handler(const maiko_observation *s)
{
	const mk_worker *w = mk_worker_at(s->supervisor, s->worker - 1);
	return w->actor != NULL && w->actor->self->id == s->actor && w->event != NULL;
}

static void muted(property_actor *a, const maiko_observation *s)
{
	a->muted = true;
	a->runs_muted = is_in_handler(s);
}

static void tick_entered(mt_properties *properties, property_actor *a, const maiko_observation *s)
{
	if (a->muted && !may_run_on(s))
		broken(properties, "C8: muted, and its tick runs", s);
	if (a->in_tick || !a->started || a->ended)
		broken(properties, "C12: a tick inside another, or of one that does not run", s);
	a->in_tick = true;
}

static void hold_changed(mt_properties *properties, property_actor *a, const maiko_observation *s)
{
	if (a->on_hold == (s->kind == MAIKO_OBSERVED_HELD))
		broken(properties, "C18: held or unheld twice", s);
	a->on_hold = s->kind == MAIKO_OBSERVED_HELD;
	a->runs_held = a->on_hold && is_in_handler(s) && mk_id_is_none(a->own);
}

/* What happens to the actor itself. */
static void life_seen(mt_properties *properties, property_actor *a, const maiko_observation *s)
{
	switch (s->kind) {
	case MAIKO_OBSERVED_STARTED:
		if (a->started)
			broken(properties, "C11: started twice", s);
		a->started = true;
		break;
	case MAIKO_OBSERVED_RESTARTING:
		restarting(properties, a, s);
		break;
	case MAIKO_OBSERVED_RESTARTED:
		restarted(properties, a, s);
		break;
	case MAIKO_OBSERVED_STOPPED:
		if (!a->started || a->ended)
			broken(properties, "C11: on_stop without a start, or twice", s);
		a->ended = true;
		break;
	case MAIKO_OBSERVED_REMOVED:
		removed(properties, a, s);
		break;
	default:
		break;
	}
}

void mt_properties_see(mt_properties *properties, const maiko_observation *s)
{
	if (s->kind == MAIKO_OBSERVED_DISPATCHED)
		dispatched(properties, s);
	if (s->actor == 0)
		return;
	property_actor *a = mt_properties_actor(properties, s->actor);
	if (s->kind == MAIKO_OBSERVED_ADDED) {
		added(properties, a, s);
		return;
	}
	if (a->id != s->actor) {
		broken(properties, "C16: not there", s);
		return;
	}
	/* What happens to an event is about one. */
	bool own = s->kind <= MAIKO_OBSERVED_DISCARDED && mk_topic_is_private(s->event->topic);
	switch (s->kind) {
	case MAIKO_OBSERVED_DELIVERED:
		(own ? own_delivered : delivered)(properties, a, s);
		break;
	case MAIKO_OBSERVED_HANDLED:
		(own ? own_handled : handled)(properties, a, s);
		break;
	case MAIKO_OBSERVED_OVERFLOWED:
	case MAIKO_OBSERVED_DISCARDED:
	case MAIKO_OBSERVED_SET_ASIDE:
		refused(properties, a, s);
		break;
	case MAIKO_OBSERVED_TICK_ENTERED:
		tick_entered(properties, a, s);
		break;
	case MAIKO_OBSERVED_TICK_LEFT:
		a->in_tick = false;
		break;
	case MAIKO_OBSERVED_MUTED:
		muted(a, s);
		break;
	case MAIKO_OBSERVED_RELEASED:
		a->muted = false;
		break;
	case MAIKO_OBSERVED_HELD:
	case MAIKO_OBSERVED_UNHELD:
		hold_changed(properties, a, s);
		break;
	default:
		life_seen(properties, a, s);
		break;
	}
}

/* ---- the end --------------------------------------------------------------------------------------- */

void mt_properties_end(mt_properties *properties, mk_sup *sup)
{
	maiko_ledger *ledger;
	if (maiko_report(sup, &ledger) != 0) {
		maiko_sim_fail(properties->sim, "no memory for the ledger");
		return;
	}
	if (!maiko_ledger_balanced(ledger))
		maiko_sim_fail(properties->sim, "C3: the ledger does not balance");
	if (ledger->total.queued != 0)
		maiko_sim_fail(properties->sim, "C10: %llu events are left in mailboxes",
			       (unsigned long long)ledger->total.queued);
	for (size_t i = 0; i < ledger->pair_count; i++)
		if (ledger->pairs[i]->in_flight != 0)
			maiko_sim_fail(properties->sim, "C10: %llu events are left between workers",
				       (unsigned long long)ledger->pairs[i]->in_flight);
	maiko_ledger_free(ledger);
}
