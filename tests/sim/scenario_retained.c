/*
 * scenario_retained.c - see scenario_retained.h.
 *
 * Sources, which move, and a thread send numbered events on topics that retain; readers are added, subscribe,
 * unsubscribe, move and are removed meanwhile, from outside and by the sources, several in one batch. The numbers of
 * one sender on one topic have no gap. Of each subscription holds:
 *
 *   - what is retained comes before all else of its topic (of its key), and not more than the topic retains;
 *   - of each sender the numbers go on by one; by key they increase;
 *   - if fewer were given than the topic retains, none was left out: each sender's begin with 1;
 *   - at the end, after a graceful stop, the last one sent has been seen; by key, the last one of each key.
 *
 * Where memory fails, events may be missing, but none comes twice or late.
 */
#include "scenario_retained.h"

#include "scenario.h"

#include <stdio.h>
#include <string.h>

enum { TOPICS = 4, LATEST = 3, SOURCES = 4, SENDERS = SOURCES + 1, KEYS_EACH = 2, READERS_MAX = 24 };
static const uint32_t retained_of[TOPICS] = {1, 4, 32, 16};

typedef struct fact {
	uint32_t topic, sender, n, key;
} fact;
static const maiko_topic *route(const fact *f, maiko_supervisor *sup);
static uint64_t key_of(const maiko_any *any);
MAIKO_TOPIC(last_one, .retain = 1);
MAIKO_TOPIC(last_few, .retain = 4);
MAIKO_TOPIC(last_many, .retain = 32);
MAIKO_TOPIC(latest, .overflow = MAIKO_KEEP_LATEST, .key = key_of, .retain = 16);
MAIKO_TOPIC(prods, .overflow = MAIKO_DROP_OLDEST);
MAIKO_EVENT_ROUTED(fact, route, topic, sender, n, key);

typedef struct prod {
	uint32_t n;
} prod;
MAIKO_EVENT(prod, prods, n);

static const maiko_topic *const topics[TOPICS] = {MAIKO_TOPIC_REF(last_one), MAIKO_TOPIC_REF(last_few),
						  MAIKO_TOPIC_REF(last_many), MAIKO_TOPIC_REF(latest)};
static const maiko_topic *route(const fact *f, maiko_supervisor *sup)
{
	(void)sup;
	return topics[f->topic];
}
static uint64_t key_of(const maiko_any *any) { return maiko_as(any, fact)->key; }

/* What a subscription has seen. */
typedef struct session {
	bool on, live, starts_late; /* starts_late: of some sender not the first one */
	uint32_t given;
	uint32_t first[SENDERS], last[SENDERS], last_of_key[SENDERS * KEYS_EACH];
} session;

typedef struct reader_of {
	maiko_actor_id id;
	bool started, gone;
	session sessions[TOPICS];
} reader_of;

static struct world {
	maiko_sim *sim;
	maiko_supervisor *sup;
	uint64_t random;
	uint32_t reader_count;
	uint32_t sent[SENDERS][TOPICS], sent_of_key[SENDERS * KEYS_EACH];
	maiko_actor_id sources[SOURCES];
	reader_of readers[READERS_MAX];
	bool memory_fails, cut_short;
} world;

static uint32_t draw(uint32_t n) { return sc_draw(&world.random, n); }

/* ---- readers --------------------------------------------------------------------------------------- */

typedef struct reader {
	uint32_t number;
} reader;

static void wrong(const fact *f, uint32_t reader, const char *what, uint32_t before)
{
	maiko_sim_fail(world.sim, "retained: reader %u, topic %s: number %u of sender %u %s (%u)", reader,
		       topics[f->topic]->name, f->n, f->sender, what, before);
}

/* All that was given has come: what is missing at the front must have been left out by the topic. */
static void check_given(const session *s, const fact *f, uint32_t reader)
{
	if (s->starts_late && s->given < retained_of[f->topic] && !world.memory_fails)
		wrong(f, reader, "is not the first, and fewer were given than the topic retains", s->given);
}

static void saw_by_key(session *s, const fact *f, uint32_t reader)
{
	if (f->n <= s->last_of_key[f->key])
		wrong(f, reader, "of its key comes twice or late", s->last_of_key[f->key]);
	s->last_of_key[f->key] = f->n;
}

static void saw_in_order(session *s, const fact *f, uint32_t reader)
{
	uint32_t last = s->last[f->sender];
	if (last == 0)
		s->first[f->sender] = f->n;
	s->starts_late |= last == 0 && f->n != 1;
	if (f->n <= last)
		wrong(f, reader, "comes twice or late", last);
	else if (last != 0 && f->n != last + 1 && !world.memory_fails)
		wrong(f, reader, "leaves a gap", last);
	s->last[f->sender] = f->n;
}

static void saw(reader *self, const fact *f, bool retained)
{
	session *s = &world.readers[self->number].sessions[f->topic];
	if (retained && s->live && f->topic != LATEST) /* by key a later one takes the place of one that waits */
		wrong(f, self->number, "was retained, and comes after others", 0);
	if (retained && ++s->given > retained_of[f->topic])
		wrong(f, self->number, "is one more than the topic retains", s->given);
	if (f->topic == LATEST)
		saw_by_key(s, f, self->number);
	else
		saw_in_order(s, f, self->number);
	s->live |= !retained;
	if (!retained && f->topic != LATEST)
		check_given(s, f, self->number);
}

static int on_fact(reader *self, const fact *f, maiko_ctx *ctx)
{
	saw(self, f, maiko_meta(ctx)->retained);
	return 0;
}
static int on_start(reader *self, maiko_ctx *ctx)
{
	(void)ctx;
	if (draw(16) == 0)
		return MAIKO_EBADF;
	world.readers[self->number].started = true;
	return 0;
}
MAIKO_ACTOR(reader, MAIKO_ON(fact, on_fact), MAIKO_ON_START(on_start));

static const maiko_subscription *some_topics(uint32_t which)
{
	static const maiko_subscription all[] = {{.topic = MAIKO_TOPIC_REF(last_one)},
						 {.topic = MAIKO_TOPIC_REF(last_few)},
						 {.topic = MAIKO_TOPIC_REF(last_many)},
						 {.topic = MAIKO_TOPIC_REF(latest)},
						 {.topic = NULL}};
	return which == 0 ? maiko_all_topics : &all[which - 1];
}

/* `ctx` NULL: from outside, which waits for it. */
static void add_reader(maiko_ctx *ctx)
{
	char name[16];
	if (world.reader_count == READERS_MAX)
		return;
	reader init = {.number = world.reader_count++};
	reader_of *r = &world.readers[init.number];
	uint32_t which = draw(6);
	snprintf(name, sizeof name, "reader %u", init.number);
	maiko_add_options options = {.init = &init,
				     .topics = some_topics(which),
				     .restart = MAIKO_TEMPORARY,
				     .ret_id = &r->id,
				     .mailbox = draw(3)};
	for (uint32_t t = which == 0 ? 0 : which - 1; t < TOPICS; t++)
		r->sessions[t].on = true;
	int rc = ctx != NULL ? maiko_ctx_add(ctx, MAIKO_ACTOR_REF(reader), name, &options)
			     : maiko_supervisor_add(world.sup, MAIKO_ACTOR_REF(reader), name, &options);
	r->gone = rc != 0;
}

/* One that lives. */
static reader_of *some_reader(void)
{
	reader_of *r = &world.readers[draw(world.reader_count)];
	return r->started && !r->gone ? r : NULL;
}

static void resubscribe(void)
{
	reader_of *r = some_reader();
	uint32_t t = draw(TOPICS);
	if (r == NULL)
		return;
	session *s = &r->sessions[t];
	if (s->on && maiko_unsubscribe(world.sup, r->id, topics[t]) == 0)
		*s = (session){.on = false};
	else if (!s->on && maiko_subscribe(world.sup, r->id, topics[t]) == 0)
		s->on = true;
}

/* Of all topics to which it does not subscribe, in one change. */
static void subscribe_all(void)
{
	reader_of *r = some_reader();
	maiko_subscription list[TOPICS + 1] = {{.topic = NULL}};
	uint32_t count = 0;
	for (uint32_t t = 0; r != NULL && t < TOPICS; t++)
		if (!r->sessions[t].on)
			list[count++].topic = topics[t];
	list[count].topic = NULL;
	if (count == 0 || maiko_subscribe_all(world.sup, r->id, list) != 0)
		return;
	for (uint32_t t = 0; t < TOPICS; t++)
		r->sessions[t].on = true;
}

/* ---- sources --------------------------------------------------------------------------------------------- */

typedef struct source {
	uint32_t number;
} source;

static fact next_fact(uint32_t sender)
{
	uint32_t t = draw(TOPICS);
	return (fact){.topic = t,
		      .sender = sender,
		      .n = world.sent[sender][t] + 1,
		      .key = sender * KEYS_EACH + draw(KEYS_EACH)};
}

static void was_sent(const fact *f)
{
	world.sent[f->sender][f->topic] = f->n;
	if (f->topic == LATEST)
		world.sent_of_key[f->key] = f->n;
}

static int on_prod(source *self, const prod *ev, maiko_ctx *ctx)
{
	(void)ev;
	for (uint32_t i = draw(6); i > 0; i--) {
		fact f = next_fact(self->number);
		if (maiko_send_copy(ctx, fact, &f) == 0)
			was_sent(&f);
	}
	for (uint32_t i = draw(12) == 0 ? 1 + draw(3) : 0; i > 0; i--)
		add_reader(ctx);
	return 0;
}
MAIKO_ACTOR(source, MAIKO_ON(prod, on_prod));

static void send_outside(void)
{
	for (uint32_t i = 1 + draw(4); i > 0; i--) {
		fact f = next_fact(SOURCES);
		if (maiko_try_send(world.sup, fact, .topic = f.topic, .sender = f.sender, .n = f.n, .key = f.key) == 0)
			was_sent(&f);
	}
}

/* ---- from outside ------------------------------------------------------------------------------------------ */

static void remove_reader(void)
{
	reader_of *r = some_reader();
	if (r == NULL)
		return;
	r->gone = true;
	(void)maiko_remove(world.sup, r->id);
}

static void do_something(void)
{
	const reader_of *r;
	switch (draw(16)) {
	case 0:
	case 1:
		add_reader(NULL);
		break;
	case 2:
		remove_reader();
		break;
	case 3:
	case 4:
		resubscribe();
		break;
	case 5:
		subscribe_all();
		break;
	case 6:
	case 7:
		(void)maiko_move(world.sup, world.sources[draw(SOURCES)], 1 + draw(4));
		break;
	case 8:
		r = some_reader();
		if (r != NULL)
			(void)maiko_move(world.sup, r->id, 1 + draw(4));
		break;
	case 9:
	case 10:
		send_outside();
		break;
	default:
		for (uint32_t i = 1 + draw(4); i > 0; i--)
			(void)maiko_try_send(world.sup, prod, .n = i);
	}
	for (uint32_t left = draw(24); left > 0; left--)
		if (maiko_sim_step(world.sim) != 1)
			return;
}

static void check_end_of(const session *s, uint32_t reader, uint32_t t)
{
	for (uint32_t i = 0; i < SENDERS; i++) {
		fact last = {.topic = t, .sender = i, .n = world.sent[i][t]};
		bool all = s->given < retained_of[t]; /* so none was left out */
		if (t != LATEST && s->last[i] != last.n && (all || s->last[i] != 0))
			wrong(&last, reader, "was sent last, and another seen", s->last[i]);
		if (t != LATEST)
			check_given(s, &last, reader);
	}
	for (uint32_t k = 0; t == LATEST && k < SENDERS * KEYS_EACH; k++) {
		fact last = {.topic = t, .sender = k / KEYS_EACH, .n = world.sent_of_key[k]};
		if (s->last_of_key[k] != last.n)
			wrong(&last, reader, "was sent last of its key, and another seen", s->last_of_key[k]);
	}
}

static void check_the_end(void)
{
	for (uint32_t i = 0; i < world.reader_count; i++) {
		const reader_of *r = &world.readers[i];
		for (uint32_t t = 0; r->started && !r->gone && t < TOPICS; t++)
			if (r->sessions[t].on)
				check_end_of(&r->sessions[t], i, t);
	}
}

static int set_up(maiko_sim *sim)
{
	bool memory_fails = world.memory_fails;
	int rc = 0;
	memset(&world, 0, sizeof world);
	world.memory_fails = memory_fails;
	world.sim = sim;
	world.sup = maiko_sim_supervisor(sim);
	world.random = maiko_sim_random(sim);
	for (uint32_t i = 0; rc == 0 && i < SOURCES; i++) {
		char name[16];
		source init = {.number = i};
		snprintf(name, sizeof name, "source %u", i);
		rc = maiko_add(world.sup, source, name, .init = &init, .ret_id = &world.sources[i]);
	}
	reader init = {.number = 0};
	reader_of *r = &world.readers[world.reader_count++];
	for (uint32_t t = 0; t < TOPICS; t++)
		r->sessions[t].on = true;
	return rc != 0 ? rc
		       : maiko_add(world.sup, reader, "reader 0", .init = &init, .topics = some_topics(1),
				   .restart = MAIKO_TEMPORARY, .ret_id = &r->id);
}

void retained_prepare(maiko_sim_options *options, void *arg)
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
	if (sc_draw(&random, 4) == 0)
		options->faults.slow = 30 + sc_draw(&random, 200);
	world.memory_fails = options->faults.allocation != 0;
	options->steps_max = 200000;
}

int retained_run(maiko_sim *sim, void *arg)
{
	(void)arg;
	int rc = set_up(sim);
	bool started = rc == 0 && maiko_start(world.sup) == 0;
	if (started)
		for (uint32_t i = 4 + draw(16); i > 0 && maiko_sim_failure(sim) == NULL; i--)
			do_something();
	world.cut_short = !started || draw(8) == 0;
	if (world.cut_short)
		(void)maiko_stop(world.sup, &(maiko_stop_options){.now = true});
	(void)maiko_sim_finish(sim);
	if (maiko_sim_failure(sim) == NULL && !world.cut_short && !world.memory_fails)
		check_the_end();
	return maiko_sim_failure(sim) != NULL ? MAIKO_EBROKEN : 0;
}
