/*
 * scenario_patterns.c - see scenario_patterns.h.
 *
 * Actors and a thread send numbered events on topics that are made when they are first needed, and given back when
 * nobody needs them. Actors subscribe to patterns that overlap and to single topics, with and without a filter, in any
 * change, also by each other, while they move, are removed and added. The scenario knows of each actor which of its
 * subscriptions are complete and which are under way. So at each send it knows who must get the event, who must not,
 * and who may; as long as no allocation fails, each who must has handled it at the end.
 */
#include "scenario_patterns.h"

#include "ds/name_trie.h"
#include "runtime/runtime.h"
#include "scenario.h"

#include <stdio.h>
#include <string.h>

enum { ITEMS_MAX = 2048, ACTORS_MAX = 16, TOPICS = 10, PLACES = 14, OUTSIDE = ACTORS_MAX };

static const char *const topic_names[TOPICS] = {"a", "a.b", "a.c", "b.b", "b.c", "a.b.c", "a.c.c", "b.b.b", "d", "a.d"};
/* In the order in which they decide: a token before "*", and that before ">". */
static const char *const place_names[PLACES] = {"a",   "a.b", "a.b.c", "a.b.*", "a.*",   "a.*.c", "a.>",
						"b.b", "b.*", "*",     "*.b",   "*.c.>", "*.>",   ">"};

typedef struct item {
	uint32_t number;
} item;
static const maiko_topic *route(const item *i, maiko_supervisor *sup);
MAIKO_EVENT_ROUTED(item, route, number);

typedef struct poke {
	uint32_t n;
} poke;
MAIKO_TOPIC(pokes);
MAIKO_EVENT(poke, pokes, n);

static bool is_even(const item *i) { return i->number % 2 == 0; }
MAIKO_FILTER(item, is_even);

/* An event, as the scenario knows it; a bit for each actor. */
typedef struct sent {
	uint32_t topic, sender;
	uint32_t must, never, got;
} sent;

typedef struct person_of {
	maiko_actor_id id;
	bool there, busy;                 /* busy: a change of it is under way */
	uint32_t places, filtered;        /* complete; those of them with a filter */
	uint32_t coming, coming_filtered; /* under way */
	uint32_t going;
	uint32_t seen[ACTORS_MAX + 1]; /* the last number of each sender, plus 1 */
} person_of;

static struct world {
	maiko_sim *sim;
	maiko_supervisor *sup;
	uint64_t random;
	uint32_t sent_count, person_count, energy;
	sent sent[ITEMS_MAX];
	person_of people[ACTORS_MAX];
	const maiko_topic *topics[TOPICS];
	bool memory_fails;
} world;

static uint32_t draw(uint32_t n) { return sc_draw(&world.random, n); }

/* ---- who gets what ------------------------------------------------------------------------------ */

/* The places that match the topic. */
static uint32_t matching(uint32_t topic)
{
	uint32_t places = 0;
	for (uint32_t i = 0; i < PLACES; i++)
		if (mk_names_meet(place_names[i], topic_names[topic]))
			places |= UINT32_C(1) << i;
	return places;
}

/* Whether the first of those places lets the event pass. */
static bool passes(uint32_t places, uint32_t filtered, uint32_t number)
{
	uint32_t first = places & -places;
	return places != 0 && ((filtered & first) == 0 || number % 2 == 0);
}

static void decide(uint32_t number)
{
	sent *s = &world.sent[number];
	uint32_t match = matching(s->topic);
	for (uint32_t i = 0; i < world.person_count; i++) {
		const person_of *p = &world.people[i];
		uint32_t now = p->places & match, bit = UINT32_C(1) << i;
		bool may_change = ((p->coming | p->going) & match) != 0;
		if (s->sender == i || !(p->there || p->busy) || (!may_change && !passes(now, p->filtered, number)))
			s->never |= bit;
		else if (!may_change && p->there)
			s->must |= bit;
	}
}

/* A change of some places begins: an event from outside that is not handled may be published before it or after it;
 * what is queued for a subscription that ends is dropped, unless another one matches. */
static void unsettle(uint32_t who, uint32_t coming, uint32_t going)
{
	uint32_t bit = UINT32_C(1) << who, left = world.people[who].places & ~going;
	for (uint32_t number = 0; number < world.sent_count; number++) {
		sent *s = &world.sent[number];
		uint32_t match = matching(s->topic);
		if (((coming | going) & match) == 0 || (s->got & bit) != 0)
			continue;
		if (s->sender == OUTSIDE && s->sender != who)
			s->never &= ~bit;
		if (s->sender == OUTSIDE || (left & match) == 0)
			s->must &= ~bit;
	}
}

static void is_gone(uint32_t who)
{
	for (uint32_t number = 0; number < world.sent_count; number++)
		world.sent[number].must &= ~(UINT32_C(1) << who);
	world.people[who].there = false;
	world.people[who].busy = true; /* it may still get something, and is changed no more */
}

/* ---- sending --------------------------------------------------------------------------------------- */

static const maiko_topic *route(const item *i, maiko_supervisor *sup)
{
	const maiko_topic **topic = &world.topics[world.sent[i->number].topic];
	if (*topic == NULL)
		(void)maiko_topic_named(sup, topic_names[topic - world.topics], topic);
	return *topic;
}

/* From an actor (NULL: from outside). */
static void send_one(maiko_ctx *ctx, uint32_t sender)
{
	if (world.sent_count == ITEMS_MAX)
		return;
	uint32_t number = world.sent_count++;
	sent *s = &world.sent[number];
	*s = (sent){.topic = draw(TOPICS), .sender = sender};
	decide(number);
	int rc = ctx == NULL     ? maiko_try_send(world.sup, item, .number = number)
		 : draw(16) == 0 ? maiko_send_tracked(ctx, item, .number = number)
				 : maiko_send(ctx, item, .number = number);
	if (rc == 0)
		return;
	*s = (sent){.topic = s->topic, .sender = sender, .never = UINT32_MAX};
	if (rc != MAIKO_ENOMEM && rc != MAIKO_EAGAIN && rc != MAIKO_ESHUTDOWN && rc != MAIKO_ESTATE &&
	    !(rc == MAIKO_EINVAL && world.memory_fails)) /* no topic */
		maiko_sim_fail(world.sim, "C2: a send is refused: %s", maiko_last_error());
}

/* ---- changes ----------------------------------------------------------------------------------------- */

static const maiko_subscription *list_of(uint32_t places, uint32_t filtered)
{
	static maiko_topic topics[PLACES];
	static maiko_subscription list[PLACES + 1];
	uint32_t count = 0;
	for (uint32_t i = 0; i < PLACES; i++) {
		if ((places >> i & 1) == 0)
			continue;
		topics[count] = (maiko_topic){.name = place_names[i], .format = MAIKO_FORMAT | MAIKO_FORMAT_LIKE};
		list[count] =
			(maiko_subscription){.topic = &topics[count],
					     .where = (filtered >> i & 1) != 0 ? MAIKO_FILTER_REF(is_even) : NULL};
		count++;
	}
	list[count] = (maiko_subscription){.topic = NULL};
	return list;
}

static uint32_t some_places(void)
{
	uint32_t places = 0;
	for (uint32_t i = 1 + draw(3); i > 0; i--)
		places |= UINT32_C(1) << draw(PLACES);
	return places;
}

/* The change is complete; `rc` as it has ended. */
static void changed(uint32_t who, int rc)
{
	person_of *p = &world.people[who];
	if (rc == 0) {
		p->places = (p->places | p->coming) & ~p->going;
		p->filtered = (p->filtered | p->coming_filtered) & p->places;
	}
	p->coming = p->coming_filtered = p->going = 0;
	p->busy = !p->there;
}

static void on_done(void *arg, const maiko_completion *completion)
{
	(void)arg;
	for (uint32_t i = 0; i < world.person_count; i++)
		if (world.people[i].id == completion->actor && world.people[i].there)
			changed(i, completion->status);
}

/* Subscribes or unsubscribes; from an actor (NULL: from outside). */
static void resubscribe(maiko_ctx *ctx, uint32_t who)
{
	person_of *p = &world.people[who];
	if (!p->there || p->busy)
		return;
	uint32_t places = some_places();
	bool ends = draw(2) == 0;
	places = ends ? places & p->places : places & ~p->places;
	p->busy = true;
	p->going = ends ? places : 0;
	p->coming = ends ? 0 : places;
	p->coming_filtered = p->coming & draw(1 << PLACES) & draw(1 << PLACES);
	const maiko_subscription *list = list_of(places, p->coming_filtered);
	unsettle(who, p->coming, p->going);
	int rc;
	if (ctx == NULL) {
		rc = ends ? maiko_unsubscribe_all(world.sup, p->id, list) : maiko_subscribe_all(world.sup, p->id, list);
		if (p->there)
			changed(who, rc);
		return;
	}
	rc = ends ? maiko_unsubscribe_all(ctx, p->id, list, .done = on_done)
		  : maiko_subscribe_all(ctx, p->id, list, .done = on_done);
	if (rc != 0)
		changed(who, rc);
}

/* ---- people --------------------------------------------------------------------------------------------- */

typedef struct person {
	uint32_t number;
} person;

static void live(const person *self, maiko_ctx *ctx)
{
	if (world.energy == 0)
		return;
	world.energy--;
	if (draw(8) == 0)
		resubscribe(ctx, draw(world.person_count));
	for (uint32_t i = draw(4); i > 0; i--)
		send_one(ctx, self->number);
}

static int on_item(person *self, const item *i, maiko_ctx *ctx)
{
	sent *s = &world.sent[i->number];
	person_of *p = &world.people[self->number];
	uint32_t bit = UINT32_C(1) << self->number;
	if (strcmp(maiko_meta(ctx)->topic->name, topic_names[s->topic]) != 0)
		maiko_sim_fail(world.sim, "C2: event %u is on topic %s and came on %s", i->number,
			       topic_names[s->topic], maiko_meta(ctx)->topic->name);
	if ((s->got & bit) != 0)
		maiko_sim_fail(world.sim, "C1: actor %u has event %u on %s twice", self->number, i->number,
			       topic_names[s->topic]);
	if ((s->never & bit) != 0)
		maiko_sim_fail(world.sim, "C2: actor %u has event %u on %s, which no subscription of it matches",
			       self->number, i->number, topic_names[s->topic]);
	if (i->number + 1 <= p->seen[s->sender])
		maiko_sim_fail(world.sim, "C1: actor %u has event %u of sender %u after event %u", self->number,
			       i->number, s->sender, p->seen[s->sender] - 1);
	s->got |= bit;
	p->seen[s->sender] = i->number + 1;
	if (draw(3) == 0)
		live(self, ctx);
	return 0;
}

static int on_poke(person *self, const poke *ev, maiko_ctx *ctx)
{
	(void)ev;
	live(self, ctx);
	return 0;
}

static int on_receipt(person *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	uint64_t sum = receipt->handled + receipt->ignored + receipt->filtered + receipt->dropped + receipt->discarded +
		       receipt->dead + receipt->no_memory + receipt->expired + receipt->set_aside + receipt->lost;
	(void)self;
	(void)ctx;
	if (sum != receipt->deliveries)
		maiko_sim_fail(world.sim, "C17: a receipt has %u deliveries, and %u outcomes",
			       (uint32_t)receipt->deliveries, (uint32_t)sum);
	return 0;
}
MAIKO_ACTOR(person, MAIKO_ON(item, on_item), MAIKO_ON(poke, on_poke), MAIKO_ON_RECEIPT(on_receipt));

/* ---- from outside ----------------------------------------------------------------------------------------- */

static void add_person(void)
{
	char name[16];
	if (world.person_count == ACTORS_MAX)
		return;
	uint32_t who = world.person_count++;
	person_of *p = &world.people[who];
	person init = {.number = who};
	snprintf(name, sizeof name, "person %u", who);
	*p = (person_of){.coming = some_places(), .busy = true};
	p->coming_filtered = p->coming & draw(1 << PLACES) & draw(1 << PLACES);
	maiko_subscription topics[PLACES + 2];
	memcpy(topics, list_of(p->coming, p->coming_filtered), sizeof topics - sizeof topics[0]);
	uint32_t count = 0;
	while (topics[count].topic != NULL)
		count++;
	topics[count] = (maiko_subscription){.topic = MAIKO_TOPIC_REF(pokes)};
	topics[count + 1] = (maiko_subscription){.topic = NULL};
	unsettle(who, UINT32_MAX, 0);
	int rc = maiko_add(world.sup, person, name, .init = &init, .topics = topics, .ret_id = &p->id,
			   .worker = draw(2) == 0 ? 0 : 1 + draw(world.sup->options.workers),
			   .restart = MAIKO_TEMPORARY);
	p->there = rc == 0;
	changed(who, rc);
	if (rc != 0)
		is_gone(who);
}

/* The topics that nobody needs go, a minute later. */
static void release_some(void)
{
	for (uint32_t i = 0; i < TOPICS; i++) {
		if (world.topics[i] == NULL || draw(2) == 0)
			continue;
		(void)maiko_topic_release(world.sup, world.topics[i]);
		world.topics[i] = NULL;
	}
	if (draw(2) == 0)
		(void)maiko_sim_advance(world.sim, 61000);
}

static void remove_person(uint32_t who)
{
	if (!world.people[who].there)
		return;
	is_gone(who);
	(void)maiko_remove(world.sup, world.people[who].id);
}

static void do_something(void)
{
	uint32_t who = draw(world.person_count);
	switch (draw(16)) {
	case 0:
		add_person();
		break;
	case 1:
		if (draw(3) == 0)
			remove_person(who);
		break;
	case 2:
	case 3:
	case 4:
		(void)maiko_move(world.sup, world.people[who].id, 1 + draw(4));
		break;
	case 5:
	case 6:
	case 7:
	case 8:
		resubscribe(NULL, who);
		break;
	case 9:
		release_some();
		break;
	case 10:
		(void)maiko_try_send(world.sup, poke, .n = 0);
		break;
	default:
		for (uint32_t i = 1 + draw(6); i > 0; i--)
			send_one(NULL, OUTSIDE);
	}
	for (uint32_t left = draw(24); left > 0; left--)
		if (maiko_sim_step(world.sim) != 1)
			return;
}

static void check_all_have_got(void)
{
	for (uint32_t number = 0; number < world.sent_count; number++) {
		const sent *s = &world.sent[number];
		uint32_t missing = s->must & ~s->got;
		if (missing != 0)
			maiko_sim_fail(world.sim, "C2: event %u of sender %u on %s has not come to actor %u", number,
				       s->sender, topic_names[s->topic], (uint32_t)__builtin_ctz(missing));
	}
}

static void set_up(maiko_sim *sim)
{
	bool memory_fails = world.memory_fails;
	memset(&world, 0, sizeof world);
	world.memory_fails = memory_fails;
	world.sim = sim;
	world.sup = maiko_sim_supervisor(sim);
	world.random = maiko_sim_random(sim);
	world.energy = 100 + draw(300);
	for (uint32_t i = 2 + draw(6); i > 0; i--)
		add_person();
}

void patterns_prepare(maiko_sim_options *options, void *arg)
{
	uint64_t random = options->seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	(void)arg;
	for (int i = 0; i < 4; i++)
		(void)sc_draw(&random, 2);
	options->supervisor.workers = 1 + sc_draw(&random, 4);
	options->supervisor.mailbox = 1 + sc_draw(&random, 6);
	options->supervisor.channel = 16;
	options->supervisor.max_events_per_tick = 1 + sc_draw(&random, 4);
	if (sc_draw(&random, 4) == 0)
		options->faults.allocation = 20 + sc_draw(&random, 300);
	if (sc_draw(&random, 4) == 0)
		options->faults.stall = 30 + sc_draw(&random, 200);
	world.memory_fails = options->faults.allocation != 0;
	options->steps_max = 200000;
}

int patterns_run(maiko_sim *sim, void *arg)
{
	(void)arg;
	set_up(sim);
	bool started = maiko_start(world.sup) == 0;
	if (started)
		for (uint32_t i = 8 + draw(24); i > 0 && maiko_sim_failure(sim) == NULL; i--)
			do_something();
	bool now = draw(8) == 0;
	if (now)
		(void)maiko_stop(world.sup, &(maiko_stop_options){.now = true});
	int rc = maiko_sim_finish(sim);
	if (maiko_sim_failure(sim) == NULL && started && !now && rc == 0 && !world.memory_fails)
		check_all_have_got();
	return maiko_sim_failure(sim) != NULL ? MAIKO_EBROKEN : 0;
}
