/*
 * scenario_actors.c - the topics, events and actors of the mixed scenario.
 */
#include "scenario.h"

#include <stdio.h>
#include <string.h>

/* ---- topics ----------------------------------------------------------------------------- */

static uint64_t key_of(const maiko_any *any) { return ((const parcel *)any->data)->key; }

/* XX(number, options): the topics, their policies, and an event of each. */
#define TOPIC_MAP(XX)                                                                                                  \
	XX(0, .overflow = MAIKO_BLOCK)                                                                                 \
	XX(1, .overflow = MAIKO_BLOCK)                                                                                 \
	XX(2, .overflow = MAIKO_BLOCK)                                                                                 \
	XX(3, .overflow = MAIKO_BLOCK)                                                                                 \
	XX(4, .overflow = MAIKO_BLOCK)                                                                                 \
	XX(5, .overflow = MAIKO_DROP_NEWEST)                                                                           \
	XX(6, .overflow = MAIKO_DROP_NEWEST)                                                                           \
	XX(7, .overflow = MAIKO_DROP_OLDEST)                                                                           \
	XX(8, .overflow = MAIKO_DROP_OLDEST)                                                                           \
	XX(9, .overflow = MAIKO_KEEP_LATEST, .key = key_of)                                                            \
	XX(10, .overflow = MAIKO_KEEP_LATEST)                                                                          \
	XX(11, .overflow = MAIKO_FAIL)

#define DEFINE(number, ...)                                                                                            \
	typedef parcel note##number;                                                                                   \
	MAIKO_TOPIC(topic##number, __VA_ARGS__);                                                                       \
	MAIKO_EVENT(note##number, topic##number, sender, topic, n, key, check, serial);
TOPIC_MAP(DEFINE)

#define TOPIC(number, ...) MAIKO_TOPIC_REF(topic##number),
static const maiko_topic *const topics[SC_TOPICS] = {TOPIC_MAP(TOPIC)};
#define TYPE(number, ...) MAIKO_EVENT_REF(note##number),
static const maiko_event_type *const types[SC_TOPICS] = {TOPIC_MAP(TYPE)};

const maiko_topic *sc_topic(uint32_t used) { return topics[sc.topics[used]]; }
maiko_overflow sc_policy(uint32_t used) { return sc_topic(used)->overflow; }

/* Routed by content. */
typedef parcel letter;
static const maiko_topic *letter_topic(const letter *l) { return l->topic < sc.used ? sc_topic(l->topic) : NULL; }
MAIKO_EVENT_ROUTED(letter, letter_topic, sender, topic, n, key, check, serial);

/* Large, with a buffer. */
typedef struct crate {
	uint16_t sender, topic, n, key;
	uint32_t check, serial;
	maiko_buffer *content;
	uint8_t padding[560];
} crate;
static const maiko_topic *crate_topic(const crate *c) { return c->topic < sc.used ? sc_topic(c->topic) : NULL; }
MAIKO_EVENT_ROUTED(crate, crate_topic, sender, topic, n, key, check, serial, content, padding);

/* Nobody sends it; who handles it may subscribe to any topic. */
typedef parcel rarity;
MAIKO_EVENT_ROUTED(rarity, letter_topic, sender, topic, n, key, check, serial);

/* ---- sending --------------------------------------------------------------------------------- */

enum { PLAIN, ROUTED, LARGE };
enum { MIXER, PICKY, SINK, BRITTLE, PATIENT, ACTOR_TYPES }; /* of actors: below */

static parcel parcel_of(uint32_t sender, uint32_t used, uint32_t key, bool numbered)
{
	parcel p = {.sender = (uint16_t)sender, .topic = (uint16_t)used, .key = (uint16_t)key, .serial = sc.serial++};
	if (numbered)
		p.n = (uint16_t)(sc.sent[sender][used] + 1);
	p.check = sc_check_of(&p);
	return p;
}

static int sent(const parcel *p, int rc)
{
	if (rc == 0) {
		sc.accepted++;
		sc.sent[p->sender][p->topic] += p->n != 0;
	}
	return rc;
}

static int send_crate(maiko_ctx *ctx, const parcel *p)
{
	crate *c = maiko_new(crate);
	if (c == NULL)
		return MAIKO_ENOMEM;
	memcpy(c, p, sizeof *p);
	if (maiko_buffer_copy(p, sizeof *p, &c->content) != 0)
		c->content = NULL;
	maiko_buffer *content = c->content;
	int rc = maiko_publish(ctx, c);
	if (rc != 0)
		maiko_discard(c);
	maiko_buffer_unref(content);
	return rc;
}

static int send_tracked(maiko_ctx *ctx, sc_actor *a, const maiko_event_type *type, const parcel *p)
{
	int rc = maiko_ctx_send(ctx, type, p, MAIKO_SEND_TRACKED);
	if (rc == 0) {
		a->tracked++;
		sc.tracked++;
	}
	return rc;
}

static int send_one(maiko_ctx *ctx, sc_actor *a)
{
	uint32_t used = sc_draw(&a->random, sc.used), how = sc_draw(&a->random, 16);
	while ((a->outs >> used & 1) == 0)
		used = (used + 1) % sc.used;
	parcel p = parcel_of((uint32_t)(a - sc.actors), used, sc_draw(&a->random, 3), true);
	int rc;
	if (how == 0)
		rc = send_crate(ctx, &p);
	else if (how < 4)
		rc = maiko_ctx_send(ctx, MAIKO_EVENT_REF(letter), &p, how == 1 ? MAIKO_SEND_ROOT : 0);
	else if (a->type != MIXER || p.serial % 5 != 0)
		rc = maiko_ctx_send(ctx, types[sc.topics[used]], &p, 0);
	else
		rc = send_tracked(ctx, a, types[sc.topics[used]], &p);
	return sent(&p, rc);
}

static void send_some(maiko_ctx *ctx, sc_actor *a, uint32_t count)
{
	for (; count > 0 && a->energy > 0 && a->outs != 0; count--) {
		a->energy--;
		if (send_one(ctx, a) != 0)
			return;
	}
}

static void send_later(maiko_ctx *ctx, sc_actor *a)
{
	uint32_t used = sc_draw(&a->random, sc.used), ms = sc_draw(&a->random, 3) == 0 ? 0 : sc_draw(&a->random, 40);
	if (a->energy == 0 || (a->outs >> used & 1) == 0)
		return;
	a->energy--;
	parcel p = parcel_of((uint32_t)(a - sc.actors), used, sc_draw(&a->random, 3), false);
	int rc = maiko_ctx_send_after(ctx, ms, &a->delayed, types[sc.topics[used]], &p);
	a->later = (uint16_t)(a->later + (sent(&p, rc) == 0));
}

int sc_send_outside(uint32_t thread, uint32_t used, uint64_t *random, int how)
{
	uint64_t before = sc.thread; /* another one, in the midst of whose call this one acts */
	parcel p = parcel_of(SC_ACTORS_MAX + thread, used, sc_draw(random, 3), true);
	const maiko_event_type *type = sc_draw(random, 3) == 0 ? MAIKO_EVENT_REF(letter) : types[sc.topics[used]];
	sc.thread = thread + 1;
	maiko_sim_thread(sc.sim, sc.thread);
	int rc;
	if (how == SC_TIMEOUT)
		rc = maiko_supervisor_send_timeout(sc.sup, type, &p, sc_draw(random, 20));
	else
		rc = maiko_supervisor_send(sc.sup, type, &p, how == SC_TRY ? MAIKO_SEND_TRY : 0);
	sc.thread = before;
	if (before != 0)
		maiko_sim_thread(sc.sim, before);
	return sent(&p, rc);
}

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

static int mixer_on_chore(mixer *self, chore *job, int status, maiko_ctx *ctx)
{
	sc_actor *a = &sc.actors[self->number];
	if (status != 0 || job->squared != self->number * self->number)
		maiko_sim_fail(sc.sim, "job: its content is another's");
	send_some(ctx, a, 1 + sc_draw(&a->random, 3));
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

static void change_something(maiko_ctx *ctx, sc_actor *a)
{
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
		(void)sc_change(ctx, &a->random);
	}
}

/* Until a job has been done, or until its tick says so. */
static void hold(maiko_ctx *ctx, sc_actor *a)
{
	bool for_long = sc_draw(&a->random, 4) == 0;
	if (maiko_hold(ctx) != 0)
		return;
	a->holds = a->on_hold = true;
	int rc = for_long ? maiko_wake_tick(ctx)
			  : maiko_blocking(ctx, chore_work, mixer_on_chore, .number = (uint32_t)(a - sc.actors));
	if (rc != 0 && (a->drains || !maiko_stopping(ctx)))
		a->on_hold = maiko_unhold(ctx) != 0;
}

/* What comes of an event. `p` NULL: of something else. */
static int react(maiko_ctx *ctx, sc_actor *a, const parcel *p)
{
	uint32_t d = sc_draw(&a->random, 100);
	if (d < 30)
		send_some(ctx, a, 1);
	else if (d < 38)
		send_some(ctx, a, 2);
	else if (d < 40)
		send_some(ctx, a, 40);
	else if (d < 46)
		for (uint32_t count = 1 + sc_draw(&a->random, 3); count > 0; count--)
			send_later(ctx, a);
	else if (d < 49)
		(void)maiko_cancel(ctx, a->delayed);
	else if (d < 52)
		change_something(ctx, a);
	else if (d < 56 && p != NULL)
		keep(ctx, a, p);
	else if (d < 58)
		(void)maiko_wake_tick(ctx);
	else if (d < 60)
		return MAIKO_ECANCELED;
	else if (d < 63 && a->type == MIXER)
		hold(ctx, a);
	return 0;
}

static int on_parcel(uint32_t number, const void *data, maiko_ctx *ctx)
{
	sc_actor *a = &sc.actors[number];
	sc_saw(a, data);
	return react(ctx, a, data);
}

/* ---- types -------------------------------------------------------------------------------------------- */

/* Does everything. */
static int mixer_on_any(mixer *self, const maiko_any *any, maiko_ctx *ctx)
{
	sc_actor *a = &sc.actors[self->number];
	if (sc_draw(&a->random, 24) == 0)
		(void)maiko_blocking(ctx, chore_work, mixer_on_chore, .number = self->number);
	return on_parcel(self->number, any->data, ctx);
}
static int mixer_on_start(mixer *self, maiko_ctx *ctx)
{
	sc_actor *a = &sc.actors[self->number];
	send_some(ctx, a, sc_draw(&a->random, 3));
	return sc_draw(&a->random, 256) == 0 ? MAIKO_ECANCELED : 0;
}
static int mixer_on_stop(mixer *self, maiko_ctx *ctx)
{
	sc_actor *a = &sc.actors[self->number];
	if (maiko_stopping(ctx))
		sc_had_all(a);
	a->stopped = true;
	a->energy += 3;
	send_some(ctx, a, sc_draw(&a->random, 4));
	return 0;
}
static int mixer_on_error(mixer *self, const maiko_error *error, maiko_ctx *ctx)
{
	sc_actor *a = &sc.actors[self->number];
	send_some(ctx, a, sc_draw(&a->random, 2));
	if (a->on_hold) /* a tick that has failed after it rested would rest again */
		(void)maiko_wake_tick(ctx);
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
	(void)ctx;
	sc.receipts++;
	if (++a->receipts > a->tracked)
		maiko_sim_fail(sc.sim, "C17: an actor has more receipts than tracked events");
	if (receipt->deliveries > SC_ACTORS_MAX)
		maiko_sim_fail(sc.sim, "C17: a receipt of more deliveries than there are actors");
	return 0;
}

static maiko_next tick(uint32_t number, maiko_ctx *ctx)
{
	sc_actor *a = &sc.actors[number];
	if (a->on_hold && sc_draw(&a->random, 4) != 0)
		return maiko_after_ms(1 + sc_draw(&a->random, 20));
	if (a->on_hold)
		a->on_hold = maiko_unhold(ctx) != 0;
	if (a->ticks_left == 0)
		return maiko_never();
	a->ticks_left--;
	if (sc_draw(&a->random, 3) == 0)
		send_some(ctx, a, 1 + sc_draw(&a->random, 2));
	switch (sc_draw(&a->random, 12)) {
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
	default:
		return maiko_after_ms(sc_draw(&a->random, 8));
	}
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
	send_some(ctx, a, sc_draw(&a->random, 3));
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
	(void)ctx;
	sc_saw(&sc.actors[self->number], any->data);
	return 0;
}
MAIKO_ACTOR(sink, MAIKO_ON_ANY(sink_on_any));

/* Answers, has a tick, and fails at the first error. */
typedef struct brittle {
	uint32_t number;
} brittle;
static int brittle_on_any(brittle *self, const maiko_any *any, maiko_ctx *ctx)
{
	return on_parcel(self->number, any->data, ctx);
}
static maiko_next brittle_tick(brittle *self, maiko_ctx *ctx) { return tick(self->number, ctx); }
MAIKO_ACTOR(brittle, MAIKO_ON_ANY(brittle_on_any), MAIKO_TICK(brittle_tick));

/* Forgives everything. */
typedef struct patient {
	uint32_t number;
} patient;
static int patient_on_any(patient *self, const maiko_any *any, maiko_ctx *ctx)
{
	return on_parcel(self->number, any->data, ctx);
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

static void fill(sc_actor *a, uint64_t *random)
{
	static const uint8_t often[] = {MIXER, MIXER, MIXER, PATIENT, PATIENT, BRITTLE, PICKY, SINK};
	*a = (sc_actor){.random = *random ^ UINT64_C(0x9e3779b97f4a7c15), .first = !sc.begun};
	a->type = often[sc_draw(random, sizeof often)];
	a->ignores = a->type == PICKY;
	a->watches = a->type == PATIENT;
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
	a->whole = a->first ? a->subs : 0;
}

static void joined(void *arg, const maiko_completion *completion) { (void)arg, (void)completion; }

int sc_add(maiko_ctx *ctx, uint64_t *random)
{
	maiko_subscription subs[SC_USED_MAX + 1] = {{.topic = NULL}};
	char name[8];
	uint32_t count = 0, number = sc.actor_count;
	if (number == SC_ACTORS_MAX)
		return MAIKO_E2BIG;
	sc.actor_count++;
	sc_actor *a = &sc.actors[number];
	fill(a, random);
	for (uint32_t t = 0; t < sc.used; t++)
		if ((a->subs >> t & 1) != 0)
			subs[count++] =
				(maiko_subscription){.topic = sc_topic(t), .overflow = (maiko_overflow)a->policy[t]};
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
			       .done = joined};
	uint32_t place = sc_draw(random, 12);
	o.own_thread = place == 0;
	o.worker = place > 9 ? 1 : 0;
	if (place == 5) { /* everything, each topic as it is */
		a->subs = (uint8_t)((1u << sc.used) - 1);
		a->whole = a->first ? a->subs : 0;
		o.topics = MAIKO_ALL_TOPICS;
		for (uint32_t t = 0; t < sc.used; t++)
			a->policy[t] = (uint8_t)sc_policy(t);
	}
	snprintf(name, sizeof name, "a%u", number % NAMES);
	return ctx != NULL ? maiko_ctx_add(ctx, actor_types[a->type], name, &o)
			   : maiko_supervisor_add(sc.sup, actor_types[a->type], name, &o);
}

/* An actor and some topics as one word. */
static void *some_of(const sc_actor *a, uint32_t topics)
{
	return (void *)(uintptr_t)((uint32_t)(a - sc.actors) << 8 | topics);
}

/* Its numbers on those topics begin anew. */
static void unsubscribed(void *arg, const maiko_completion *completion)
{
	sc_actor *a = &sc.actors[(uintptr_t)arg >> 8];
	for (uint32_t t = 0; t < sc.used && completion->status == 0; t++)
		for (uint32_t s = 0; s < SC_SENDERS && ((uintptr_t)arg >> t & 1) != 0; s++)
			a->seen[s][t] = 0;
}

/* That topic and, `two`, the next as well. */
static uint32_t list_of(const sc_actor *a, uint32_t t, bool two, maiko_subscription *list)
{
	uint32_t topics = 0, count = two && sc.used > 1 ? 2 : 1;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t used = (t + i) % sc.used;
		list[i] = (maiko_subscription){.topic = sc_topic(used), .overflow = (maiko_overflow)a->policy[used]};
		topics |= 1u << used;
	}
	list[count] = (maiko_subscription){.topic = NULL};
	return topics;
}

static int subscribe(maiko_ctx *ctx, sc_actor *a, uint32_t t, bool two)
{
	maiko_subscription list[3];
	maiko_change_options o = {.overflow = (maiko_overflow)a->policy[t], .done = joined};
	a->subs |= (uint8_t)list_of(a, t, two, list);
	if (two)
		return ctx != NULL ? maiko_ctx_subscribe_all(ctx, a->id, list, &o)
				   : maiko_supervisor_subscribe_all(sc.sup, a->id, list, &o);
	return ctx != NULL ? maiko_ctx_subscribe(ctx, a->id, sc_topic(t), &o)
			   : maiko_supervisor_subscribe(sc.sup, a->id, sc_topic(t), &o);
}

static int unsubscribe(maiko_ctx *ctx, sc_actor *a, uint32_t t, bool two)
{
	maiko_subscription list[3];
	uint32_t topics = list_of(a, t, two, list);
	maiko_change_options o = {.done = unsubscribed, .done_arg = some_of(a, topics)};
	a->whole &= (uint8_t)~topics;
	if (two)
		return ctx != NULL ? maiko_ctx_unsubscribe_all(ctx, a->id, list, &o)
				   : maiko_supervisor_unsubscribe_all(sc.sup, a->id, list, &o);
	return ctx != NULL ? maiko_ctx_unsubscribe(ctx, a->id, sc_topic(t), &o)
			   : maiko_supervisor_unsubscribe(sc.sup, a->id, sc_topic(t), &o);
}

int sc_change(maiko_ctx *ctx, uint64_t *random)
{
	if (sc.actor_count == 0)
		return MAIKO_ENOENT;
	sc_actor *a = &sc.actors[sc_draw(random, sc.actor_count)];
	uint32_t t = sc_draw(random, sc.used);
	uint32_t what = sc_draw(random, 4);
	return what % 2 == 0 ? subscribe(ctx, a, t, what == 2) : unsubscribe(ctx, a, t, what == 3);
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
		return subscribe(NULL, a, t, false);
	case 2:
		return unsubscribe(NULL, a, t, false);
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
