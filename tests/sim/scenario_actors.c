/*
 * scenario_actors.c - the actors of the mixed scenario: what they do, and what changes them.
 */
#include "scenario_events.h"

#include <stdio.h>
#include <string.h>

enum { MIXER, PICKY, SINK, BRITTLE, PATIENT, ACTOR_TYPES }; /* below */

/* ---- what an actor does --------------------------------------------------------------------------- */

typedef struct mixer {
	uint32_t number;
} mixer;

typedef struct chore {
	uint32_t number;
	uint32_t squared;
} chore;

static int chore_work(chore *job)
{
	job->squared = job->number * job->number;
	return 0;
}

static int wake_tick(maiko_ctx *ctx, sc_actor *a)
{
	int rc = maiko_wake_tick(ctx);
	a->wait.calls |= rc == 0;
	return rc;
}

static int mixer_on_chore(mixer *self, chore *job, int status, maiko_ctx *ctx)
{
	sc_actor *a = &sc.actors[self->number];
	if (status != 0 || job->squared != self->number * self->number)
		maiko_sim_fail(sc.sim, "job: its content is another's");
	sc_send_some(ctx, a, 1 + sc_draw(&a->random, 3));
	a->on_hold = false;
	return maiko_unhold(ctx);
}
MAIKO_BLOCKING(mixer, chore, chore_work, mixer_on_chore);

static void keep(maiko_ctx *ctx, sc_actor *a, const parcel *p)
{
	if (a->kept != NULL) {
		if (memcmp(a->kept, &a->kept_copy, sizeof a->kept_copy) != 0)
			maiko_sim_fail(sc.sim, "content: an event that is kept was overwritten");
		if (maiko_release(ctx, a->kept) != 0)
			maiko_sim_fail(sc.sim, "content: an event that is kept cannot be released");
		a->kept = NULL;
	} else if (maiko_keep(ctx, p) == 0) {
		a->kept = p;
		a->kept_copy = *p;
	}
}

static void supervise(maiko_ctx *ctx, sc_actor *a)
{
	uint64_t random = a->random ^ UINT64_C(0x3c6ef372fe94f82b);
	switch (sc_draw(&random, 8)) {
	case 0:
		(void)sc_group(ctx, &random);
		break;
	case 1:
		(void)sc_ungroup(ctx, &random);
		break;
	case 2:
	case 3:
		(void)sc_restart(ctx, &random);
		break;
	default:
		break;
	}
}

static void change_something(maiko_ctx *ctx, sc_actor *a)
{
	if (sc.groups)
		supervise(ctx, a);
	switch (sc_draw(&a->random, 8)) {
	case 0:
		(void)sc_add(ctx, &a->random);
		break;
	case 1:
		(void)sc_remove(ctx, &a->random);
		break;
	case 2:
		a->leaving |= maiko_stop_self(ctx) == 0;
		break;
	case 3:
		if (sc.stops && sc_draw(&a->random, 4) == 0)
			(void)maiko_stop_all(ctx);
		break;
	case 4:
		(void)sc_move(ctx, &a->random);
		break;
	default:
		(void)sc_resubscribe(ctx, &a->random);
	}
}

/* Until a job has been done, or until its tick says so. */
static void hold(maiko_ctx *ctx, sc_actor *a)
{
	bool for_long = sc_draw(&a->random, 4) == 0;
	if (maiko_hold(ctx) != 0)
		return;
	a->holds = a->on_hold = true;
	int rc = for_long ? wake_tick(ctx, a)
			  : maiko_blocking(ctx, chore_work, mixer_on_chore, .number = (uint32_t)(a - sc.actors));
	if (rc != 0 && (a->drains || !maiko_stopping(ctx)))
		a->on_hold = maiko_unhold(ctx) != 0;
}

/* What comes of an event. `p` NULL: of something else. */
static int react(maiko_ctx *ctx, sc_actor *a, const parcel *p)
{
	uint32_t d = sc_draw(&a->random, 100);
	if (d < 30)
		sc_send_some(ctx, a, 1);
	else if (d < 38)
		sc_send_some(ctx, a, 2);
	else if (d < 40)
		sc_send_some(ctx, a, 40);
	else if (d < 46)
		for (uint32_t count = 1 + sc_draw(&a->random, 3); count > 0; count--)
			sc_send_later(ctx, a);
	else if (d < 49)
		(void)maiko_cancel(ctx, a->delayed);
	else if (d < 52)
		change_something(ctx, a);
	else if (d < 56 && p != NULL)
		keep(ctx, a, p);
	else if (d < 58)
		(void)wake_tick(ctx, a);
	else if (d < 60)
		return MAIKO_ECANCELED;
	else if (d < 63 && a->type == MIXER)
		hold(ctx, a);
	else if (d < 67 && p != NULL)
		sc_leave(ctx, p);
	else if (d < 72)
		sc_come_back(ctx, a);
	else if (d < 76 && sc.wide)
		sc_ring(ctx, a);
	return 0;
}

static int on_parcel(uint32_t number, const parcel *p, maiko_ctx *ctx)
{
	sc_actor *a = &sc.actors[number];
	if (!sc_rang(a, p, ctx))
		sc_saw(a, p, ctx);
	a->chain = p->chain;
	a->handles = maiko_meta(ctx)->retained ? 0 : p->receipt; /* its receipt does not wait for what is retained */
	int rc = react(ctx, a, p);
	a->chain = a->handles = 0;
	return rc;
}

static int on_any(uint32_t number, const maiko_any *any, maiko_ctx *ctx)
{
	sc_check_arrays(any);
	return on_parcel(number, any->data, ctx);
}

/* ---- types -------------------------------------------------------------------------------------------- */

/* Does everything. */
static int mixer_on_any(mixer *self, const maiko_any *any, maiko_ctx *ctx)
{
	sc_actor *a = &sc.actors[self->number];
	if (sc_draw(&a->random, 24) == 0)
		(void)maiko_blocking(ctx, chore_work, mixer_on_chore, .number = self->number);
	return on_any(self->number, any, ctx);
}
static int mixer_on_start(mixer *self, maiko_ctx *ctx)
{
	sc_actor *a = &sc.actors[self->number];
	sc_send_some(ctx, a, sc_draw(&a->random, 3));
	return sc_draw(&a->random, 256) == 0 ? MAIKO_ECANCELED : 0;
}
static int mixer_on_stop(mixer *self, maiko_ctx *ctx)
{
	sc_actor *a = &sc.actors[self->number];
	if (maiko_stopping(ctx))
		sc_had_all(a);
	a->stopped = true;
	a->energy += 3;
	sc_send_some(ctx, a, sc_draw(&a->random, 4));
	return 0;
}
static int mixer_on_error(mixer *self, const maiko_error *error, maiko_ctx *ctx)
{
	sc_actor *a = &sc.actors[self->number];
	sc_send_some(ctx, a, sc_draw(&a->random, 2));
	a->wait.unsure |= error->phase == MAIKO_PHASE_TICK;
	if (a->on_hold) /* a tick that has failed after it rested would rest again */
		(void)wake_tick(ctx, a);
	return sc_draw(&a->random, 4) == 0 ? error->code : 0;
}
static int mixer_on_done(mixer *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	(void)completion;
	return react(ctx, &sc.actors[self->number], NULL);
}

/* C17: one for each tracked event, with an outcome for each delivery. */
static int mixer_on_receipt(mixer *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	sc_actor *a = &sc.actors[self->number];
	const sc_receipt *r = sc_receipt_came(a, receipt);
	a->chain = r->chain;
	int rc = react(ctx, a, NULL);
	a->chain = 0;
	return rc;
}

/* Several of them; and says what. */
static maiko_next any_of(sc_actor *a)
{
	uint32_t ms = sc_draw(&a->random, 8);
	a->wait.ms = ms < 5 ? ms : 5;
	a->wait.of = MAIKO_WOKEN_TIME | (ms % 2 == 0 ? MAIKO_WOKEN_EVENTS : MAIKO_WOKEN_SENDABLE);
	return maiko_when_any(maiko_after_ms(ms), ms % 2 == 0 ? maiko_after_events() : maiko_when_sendable(),
			      maiko_after_ms(5), maiko_never());
}

static maiko_next next_of(sc_actor *a, maiko_ctx *ctx)
{
	if (a->on_hold && sc_draw(&a->random, 4) != 0)
		return maiko_after_ms(1 + sc_draw(&a->random, 20));
	if (a->on_hold)
		a->on_hold = maiko_unhold(ctx) != 0;
	if (a->ticks_left == 0)
		return maiko_never();
	a->ticks_left--;
	if (sc_draw(&a->random, 3) == 0)
		sc_send_some(ctx, a, 1 + sc_draw(&a->random, 2));
	switch (sc_draw(&a->random, 15)) {
	case 0:
	case 1:
		return maiko_again();
	case 2:
	case 3:
		return maiko_when_sendable();
	case 4:
		return maiko_failed(MAIKO_ECANCELED);
	case 5:
	case 6:
	case 7:
		return maiko_after_events();
	case 8:
		return maiko_never();
	case 9:
	case 10:
	case 11:
		return any_of(a);
	default:
		return maiko_after_ms(sc_draw(&a->random, 8));
	}
}

static maiko_next tick(uint32_t number, maiko_ctx *ctx)
{
	sc_actor *a = &sc.actors[number];
	sc_tick_begins(a, ctx);
	maiko_next next = next_of(a, ctx);
	sc_tick_ends(a, ctx, &next);
	return next;
}
static maiko_next mixer_tick(mixer *self, maiko_ctx *ctx) { return tick(self->number, ctx); }

MAIKO_ACTOR(mixer, MAIKO_ON_ANY(mixer_on_any), MAIKO_ON_START(mixer_on_start), MAIKO_ON_STOP(mixer_on_stop),
	    MAIKO_ON_ERROR(mixer_on_error), MAIKO_ON_DONE(mixer_on_done), MAIKO_TICK(mixer_tick),
	    MAIKO_ON_RECEIPT(mixer_on_receipt));

/* Handles some events and ignores others. */
typedef struct picky {
	uint32_t number;
} picky;
static int picky_on_note(picky *self, const parcel *p, maiko_ctx *ctx) { return on_parcel(self->number, p, ctx); }
static int picky_on_stop(picky *self, maiko_ctx *ctx)
{
	sc_actor *a = &sc.actors[self->number];
	a->stopped = true;
	a->energy += 2;
	sc_send_some(ctx, a, sc_draw(&a->random, 3));
	return 0;
}
MAIKO_ACTOR(picky, MAIKO_ON(note0, picky_on_note), MAIKO_ON(note1, picky_on_note), MAIKO_ON(note5, picky_on_note),
	    MAIKO_ON(note7, picky_on_note), MAIKO_ON(note9, picky_on_note), MAIKO_ON(rarity, picky_on_note),
	    MAIKO_ON_STOP(picky_on_stop));

/* Only listens. */
typedef struct sink {
	uint32_t number;
} sink;
static int sink_on_any(sink *self, const maiko_any *any, maiko_ctx *ctx)
{
	sc_check_arrays(any);
	sc_saw(&sc.actors[self->number], any->data, ctx);
	return 0;
}
MAIKO_ACTOR(sink, MAIKO_ON_ANY(sink_on_any));

/* Answers, has a tick, and fails at the first error. */
typedef struct brittle {
	uint32_t number;
} brittle;
static int brittle_on_any(brittle *self, const maiko_any *any, maiko_ctx *ctx)
{
	return on_any(self->number, any, ctx);
}
static maiko_next brittle_tick(brittle *self, maiko_ctx *ctx) { return tick(self->number, ctx); }
MAIKO_ACTOR(brittle, MAIKO_ON_ANY(brittle_on_any), MAIKO_TICK(brittle_tick));

/* Forgives everything. */
typedef struct patient {
	uint32_t number;
} patient;
static int patient_on_any(patient *self, const maiko_any *any, maiko_ctx *ctx)
{
	return on_any(self->number, any, ctx);
}
static int patient_on_error(patient *self, const maiko_error *error, maiko_ctx *ctx)
{
	(void)self;
	(void)error;
	(void)ctx;
	return 0;
}

/* Watches topics; properties.c checks what it was told. */
static int patient_on_interest(patient *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	(void)self;
	(void)interest;
	sc.told++;
	(void)ctx;
	return 0;
}
MAIKO_ACTOR(patient, MAIKO_ON_ANY(patient_on_any), MAIKO_ON_ERROR(patient_on_error),
	    MAIKO_ON_INTEREST(patient_on_interest, topic0, topic1, topic2, topic5, topic7, topic9));

static const maiko_actor_type *const actor_types[] = {MAIKO_ACTOR_REF(mixer), MAIKO_ACTOR_REF(picky),
						      MAIKO_ACTOR_REF(sink), MAIKO_ACTOR_REF(brittle),
						      MAIKO_ACTOR_REF(patient)};

enum { NAMES = 12 };

/* ---- changes ----------------------------------------------------------------------------------------------- */

/* Of a quarter of the topics it wants not all; a third of the actors share a quarter. */
static void widen(sc_actor *a, uint64_t random)
{
	if (!sc.wide)
		return;
	a->filters = (uint8_t)(sc_draw(&random, 1u << sc.used) & sc_draw(&random, 1u << sc.used));
	if (sc_draw(&random, 3) == 0)
		a->shares = (uint8_t)(sc_draw(&random, 1u << sc.used) & sc_draw(&random, 1u << sc.used));
}

static void fill(sc_actor *a, uint64_t *random)
{
	static const uint8_t often[] = {MIXER, MIXER, MIXER, PATIENT, PATIENT, BRITTLE, PICKY, SINK};
	*a = (sc_actor){.random = *random ^ UINT64_C(0x9e3779b97f4a7c15), .first = !sc.begun};
	a->type = often[sc_draw(random, sizeof often)];
	a->ignores = a->type == PICKY;
	a->watches = a->type == PATIENT;
	a->has_receipts = a->type == MIXER;
	a->energy = 8 + sc_draw(random, 24);
	a->ticks_left = sc_draw(random, 12);
	a->outs = (uint8_t)(sc_draw(random, 1u << sc.used) | sc_draw(random, 1u << sc.used));
	a->subs = (uint8_t)(1 + sc_draw(random, (1u << sc.used) - 1));
	a->echo = sc_draw(random, 5) == 0;
	a->temporary = !sc.fatal || sc_draw(random, 2) == 0;
	a->drains = (*random >> 40 & 3) == 0;
	for (uint32_t t = 0; t < sc.used; t++) {
		bool own = sc_policy(t) != MAIKO_FAIL && sc_draw(random, 8) == 0;
		a->policy[t] = (uint8_t)(own ? MAIKO_BLOCK + sc_draw(random, 4) : sc_policy(t));
	}
	widen(a, *random ^ UINT64_C(0x510e527fade682d1));
	a->whole = a->first ? a->subs : 0;
}

/* NULL: too many of them. */
static sc_change *change_new(sc_actor *a, uint32_t topics, bool ends)
{
	if (sc.change_count == SC_CHANGES)
		return NULL;
	sc_change *c = &sc.changes[sc.change_count++];
	*c = (sc_change){a, (uint8_t)topics, ends, true, a->unsubscribed};
	return c;
}

/* It has been refused, or is complete; some are told both. */
static void change_over(sc_change *c)
{
	if (c->under_way && c->ends)
		c->actor->unsubscribing--;
	c->under_way = false;
}

/* All of them in one change: from now on, of what one sender sends to them, it gets all that comes after any of it. */
static void subscribed(void *arg, const maiko_completion *completion)
{
	sc_change *c = arg;
	change_over(c);
	if (completion->status != 0 || c->actor->unsubscribed != c->unsubscribed)
		return;
	for (uint32_t t = 0; t < sc.used; t++)
		if ((c->topics >> t & 1) != 0)
			c->actor->group[t] = c->topics;
}

static void leave_groups(sc_actor *a, uint32_t topics)
{
	for (uint32_t t = 0; t < sc.used; t++)
		a->group[t] &= (uint8_t)~topics;
}

/* Its numbers on those topics begin anew. */
static void unsubscribed(void *arg, const maiko_completion *completion)
{
	sc_change *c = arg;
	change_over(c);
	if (completion->status != 0)
		return;
	leave_groups(c->actor, c->topics); /* a list may have been subscribed while the request was on its way */
	for (uint32_t s = 0; s < SC_SENDERS; s++) {
		for (uint32_t t = 0; t < sc.used; t++)
			if ((c->topics >> t & 1) != 0)
				c->actor->seen[s][t] = 0;
		c->actor->known[s] &= (uint8_t)~c->topics;
	}
}

static void joined(void *arg, const maiko_completion *completion) { (void)arg, (void)completion; }

/* Of a third of the actors somebody takes care, where there are groups. */
static void care_for(sc_actor *a, uint64_t random, maiko_add_options *o, maiko_backoff *backoff)
{
	if (!sc.groups || sc_draw(&random, 3) == 0)
		return;
	if (sc.group_count > 0 && sc_draw(&random, 4) != 0)
		o->group = sc.group_ids[sc_draw(&random, sc.group_count)];
	if (o->group == 0 || sc_draw(&random, 3) == 0)
		o->restart = sc_draw(&random, 3) == 0 ? MAIKO_PERMANENT : MAIKO_TRANSIENT;
	else
		o->restart = sc_draw(&random, 6) == 0 ? MAIKO_TEMPORARY : MAIKO_RESTART_UNSAID;
	a->temporary = o->restart == MAIKO_TEMPORARY;
	a->supervised = !a->temporary;
	*backoff = (maiko_backoff){.first_ms = sc_draw(&random, 4),
				   .max_ms = 10,
				   .jitter_percent = 30 * sc_draw(&random, 2),
				   .overflow = sc_draw(&random, 4) == 0 ? MAIKO_DROP_OLDEST : MAIKO_OVERFLOW_DEFAULT};
	a->loses = backoff->overflow == MAIKO_DROP_OLDEST;
	o->backoff = backoff;
	o->retries = sc_draw(&random, 3);
	o->start_may_fail = sc_draw(&random, 2) != 0;
	o->ephemeral = sc_draw(&random, 8) == 0;
}

static const maiko_subscription *const all_by_name = MAIKO_TOPICS_LIKE("*");

static maiko_subscription subscription_of(const sc_actor *a, uint32_t t, maiko_filter *filter)
{
	*filter = sc_numbered(t);
	return (maiko_subscription){.topic = sc_topic(t),
				    .overflow = (maiko_overflow)a->policy[t],
				    .where = (a->filters >> t & 1) != 0 ? filter : NULL};
}

int sc_add(maiko_ctx *ctx, uint64_t *random)
{
	maiko_subscription subs[SC_USED_MAX + 1] = {{.topic = NULL}};
	maiko_filter filters[SC_USED_MAX];
	char name[8];
	uint32_t count = 0, number = sc.actor_count;
	if (number == SC_ACTORS_MAX)
		return MAIKO_E2BIG;
	sc.actor_count++;
	sc_actor *a = &sc.actors[number];
	fill(a, random);
	for (uint32_t t = 0; t < sc.used; t++)
		if ((a->subs >> t & 1) != 0) {
			subs[count] = subscription_of(a, t, &filters[t]);
			subs[count++].share = (a->shares >> t & 1) != 0 ? "some" : NULL;
		}
	subs[count].topic = NULL;
	mixer state = {number}; /* all types have this state */
	maiko_add_options o = {.init = &state,
			       .topics = subs,
			       .mailbox = 1 + sc_draw(random, 8),
			       .max_events_per_tick = 1 + sc_draw(random, 4),
			       .echo = a->echo,
			       .drains = a->drains,
			       .restart = a->temporary ? MAIKO_TEMPORARY : MAIKO_RESTART_UNSAID,
			       .ret_id = &a->id,
			       .done = subscribed};
	maiko_backoff backoff;
	care_for(a, *random ^ UINT64_C(0xa54ff53a5f1d36f1), &o, &backoff);
	uint32_t place = sc_draw(random, 12);
	o.own_thread = place == 0;
	o.worker = place > 9 ? 1 : 0;
	if (place == 5 || (sc.wide && place == 4)) { /* everything, each topic as it is */
		a->subs = (uint8_t)((1u << sc.used) - 1);
		a->whole = a->first ? a->subs : 0;
		a->filters = a->shares = 0;
		o.topics = sc.wide && (*random >> 60 & 3) != 0 ? all_by_name : MAIKO_ALL_TOPICS;
		for (uint32_t t = 0; t < sc.used; t++)
			a->policy[t] = (uint8_t)sc_policy(t);
	}
	o.done_arg = change_new(a, a->subs, false);
	if (o.done_arg == NULL)
		return MAIKO_E2BIG;
	snprintf(name, sizeof name, "a%u", number % NAMES);
	return ctx != NULL ? maiko_ctx_add(ctx, actor_types[a->type], name, &o)
			   : maiko_supervisor_add(sc.sup, actor_types[a->type], name, &o);
}

/* That topic and those that follow it, `count` in all. */
static uint32_t list_of(const sc_actor *a, uint32_t t, uint32_t count, maiko_subscription *list, maiko_filter *filters)
{
	uint32_t topics = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t used = (t + i) % sc.used;
		list[i] = subscription_of(a, used, &filters[i]);
		topics |= 1u << used;
	}
	list[count] = (maiko_subscription){.topic = NULL};
	return topics;
}

static int subscribe(maiko_ctx *ctx, sc_actor *a, uint32_t t, uint32_t count)
{
	maiko_subscription list[SC_USED_MAX + 1];
	maiko_filter filters[SC_USED_MAX];
	uint32_t topics = list_of(a, t, count, list, filters);
	maiko_change_options o = {.overflow = (maiko_overflow)a->policy[t], .where = list[0].where, .done = subscribed};
	o.done_arg = change_new(a, topics, false);
	if (o.done_arg == NULL)
		return MAIKO_E2BIG;
	a->subs |= (uint8_t)topics;
	if (count > 1)
		return ctx != NULL ? maiko_ctx_subscribe_all(ctx, a->id, list, &o)
				   : maiko_supervisor_subscribe_all(sc.sup, a->id, list, &o);
	return ctx != NULL ? maiko_ctx_subscribe(ctx, a->id, sc_topic(t), &o)
			   : maiko_supervisor_subscribe(sc.sup, a->id, sc_topic(t), &o);
}

static int ask_to_unsubscribe(maiko_ctx *ctx, const sc_change *c, uint32_t t, const maiko_subscription *list)
{
	maiko_change_options o = {.done = unsubscribed, .done_arg = (void *)(uintptr_t)c};
	maiko_actor_id id = c->actor->id;
	if (list[1].topic != NULL)
		return ctx != NULL ? maiko_ctx_unsubscribe_all(ctx, id, list, &o)
				   : maiko_supervisor_unsubscribe_all(sc.sup, id, list, &o);
	return ctx != NULL ? maiko_ctx_unsubscribe(ctx, id, sc_topic(t), &o)
			   : maiko_supervisor_unsubscribe(sc.sup, id, sc_topic(t), &o);
}

static int unsubscribe(maiko_ctx *ctx, sc_actor *a, uint32_t t, uint32_t count)
{
	maiko_subscription list[SC_USED_MAX + 1];
	maiko_filter filters[SC_USED_MAX];
	uint32_t topics = list_of(a, t, count, list, filters);
	sc_change *c = change_new(a, topics, true);
	if (c == NULL)
		return MAIKO_E2BIG;
	a->whole &= (uint8_t)~topics;
	a->unsubscribed++;
	a->unsubscribing++;
	leave_groups(a, topics);
	int rc = ask_to_unsubscribe(ctx, c, t, list);
	if (rc != 0)
		change_over(c);
	return rc;
}

int sc_resubscribe(maiko_ctx *ctx, uint64_t *random)
{
	if (sc.actor_count == 0)
		return MAIKO_ENOENT;
	sc_actor *a = &sc.actors[sc_draw(random, sc.actor_count)];
	uint32_t t = sc_draw(random, sc.used);
	uint32_t what = sc_draw(random, 4), count = what < 2 ? 1 : 2 + sc_draw(random, sc.used - 1);
	return what % 2 == 0 ? subscribe(ctx, a, t, count) : unsubscribe(ctx, a, t, count);
}

int sc_remove(maiko_ctx *ctx, uint64_t *random)
{
	if (sc.actor_count == 0)
		return MAIKO_ENOENT;
	sc_actor *a = &sc.actors[sc_draw(random, sc.actor_count)];
	maiko_change_options o = {.done = joined};
	return ctx != NULL ? maiko_ctx_remove(ctx, a->id, &o) : maiko_supervisor_remove(sc.sup, a->id, &o);
}

int sc_meet(uint64_t *random)
{
	char name[8];
	maiko_actor_id id;
	maiko_change_options o = {.done = joined};
	snprintf(name, sizeof name, "a%u", sc_draw(random, NAMES));
	int rc = maiko_find(sc.sup, name, &id);
	if (rc != 0)
		return rc;
	uint32_t number = 0, t = sc_draw(random, sc.used);
	while (number < sc.actor_count && sc.actors[number].id != id)
		number++;
	sc_actor *a = number == sc.actor_count ? NULL : &sc.actors[number];
	switch (a == NULL ? 0 : sc_draw(random, 4)) {
	case 0:
		return maiko_supervisor_remove(sc.sup, id, &o);
	case 1:
		return subscribe(NULL, a, t, 1);
	case 2:
		return unsubscribe(NULL, a, t, 1);
	default:
		return maiko_supervisor_move(sc.sup, id, 1 + sc_draw(random, maiko_worker_count(sc.sup)), &o);
	}
}

int sc_move(maiko_ctx *ctx, uint64_t *random)
{
	if (sc.actor_count == 0)
		return MAIKO_ENOENT;
	sc_actor *a = &sc.actors[sc_draw(random, sc.actor_count)];
	uint32_t worker = 1 + sc_draw(random, maiko_worker_count(sc.sup));
	maiko_change_options o = {.done = joined};
	return ctx != NULL ? maiko_ctx_move(ctx, a->id, worker, &o) : maiko_supervisor_move(sc.sup, a->id, worker, &o);
}

int sc_restart(maiko_ctx *ctx, uint64_t *random)
{
	if (sc.actor_count == 0)
		return MAIKO_ENOENT;
	sc_actor *a = &sc.actors[sc_draw(random, sc.actor_count)];
	maiko_change_options o = {.done = joined};
	return ctx != NULL ? maiko_ctx_restart(ctx, a->id, &o) : maiko_supervisor_restart(sc.sup, a->id, &o);
}

/* Those below the root never fail for good, but in some worlds. */
int sc_group(maiko_ctx *ctx, uint64_t *random)
{
	char name[8];
	if (sc.group_count == SC_GROUPS)
		return MAIKO_E2BIG;
	uint32_t within = sc_draw(random, sc.group_count + 1);
	maiko_group_id id = 0;
	maiko_group_options o = {.group = within == 0 ? 0 : sc.group_ids[within - 1],
				 .strategy = (maiko_strategy)sc_draw(random, 3),
				 .restarts = within == 0 && !sc.fatal ? MAIKO_UNLIMITED : 1 + sc_draw(random, 5),
				 .within_ms = 1 + sc_draw(random, 50),
				 .backoff = &(maiko_backoff){.first_ms = sc_draw(random, 3), .max_ms = 8},
				 .ret_id = &id};
	snprintf(name, sizeof name, "g%u", sc.group_count);
	int rc = ctx != NULL ? maiko_ctx_group(ctx, name, &o) : maiko_supervisor_group(sc.sup, name, &o);
	if (rc == 0)
		sc.group_ids[sc.group_count++] = id;
	return rc;
}

int sc_ungroup(maiko_ctx *ctx, uint64_t *random)
{
	if (sc.group_count == 0)
		return MAIKO_ENOENT;
	maiko_group_id id = sc.group_ids[sc_draw(random, sc.group_count)];
	return ctx != NULL ? maiko_ctx_remove_group(ctx, id) : maiko_supervisor_remove_group(sc.sup, id);
}
