/*
 * c_changes.c - C: changes of a supervisor that runs and has nothing else to do, by a thread from outside: an actor is
 * added and removed, a subscription begins and ends. Each call waits until its change is complete.
 */
#include "workloads.h"

enum { CHANGES = 10000 };

typedef struct news {
	uint64_t number;
} news;
static const maiko_topic *home, *other;
static const maiko_topic *news_topic(const news *ev) { return ev->number == 0 ? home : other; }
MAIKO_EVENT_ROUTED(news, news_topic, number);

typedef struct reader {
	uint64_t read;
} reader;

static int reader_on_news(reader *self, const news *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->read++;
	return 0;
}

MAIKO_ACTOR(reader, MAIKO_ON(news, reader_on_news));

static maiko_actor_id present;

static int add_one(maiko_supervisor *sup, const char *name, maiko_actor_id *ret_id)
{
	maiko_subscription own[] = {{.topic = home}, {.topic = NULL}};
	return maiko_add(sup, reader, name, .topics = own, .ret_id = ret_id);
}

static int add_reader(maiko_supervisor *sup)
{
	int rc = maiko_topic_named(sup, "home", &home);
	if (rc == 0)
		rc = maiko_topic_named(sup, "other", &other);
	return rc != 0 ? rc : add_one(sup, "reader", &present);
}

static uint64_t changes;

static void add_and_remove(maiko_supervisor *sup)
{
	int rc = 0;
	run_begins();
	for (uint64_t i = 0; i < changes && rc == 0; i++) {
		maiko_actor_id id;
		rc = add_one(sup, "other", &id);
		if (rc == 0)
			rc = maiko_remove(sup, id);
	}
	run_ends();
	bench_check(rc == 0, "a change was refused");
}

static void subscribe_and_unsubscribe(maiko_supervisor *sup)
{
	int rc = 0;
	run_begins();
	for (uint64_t i = 0; i < changes && rc == 0; i++) {
		rc = maiko_subscribe(sup, present, other);
		if (rc == 0)
			rc = maiko_unsubscribe(sup, present, other);
	}
	run_ends();
	bench_check(rc == 0, "a change was refused");
}

static bool run(const bench_variant *v, void (*change)(maiko_supervisor *))
{
	changes = bench_scaled(CHANGES, 1);
	if (!run_supervisor(&(run_plan){.options.workers = v->workers, .add = add_reader, .external = change}))
		return false;
	bench_figure("pair", "us", run_ns() / 1e3 / (double)changes);
	return true;
}

static bool run_actors(const bench_variant *v) { return run(v, add_and_remove); }
static bool run_subscriptions(const bench_variant *v) { return run(v, subscribe_and_unsubscribe); }

const bench_variant change_variants[] = {{"C/actor", run_actors, .workers = 1},
					 {"C/actor-two", run_actors, .workers = 2},
					 {"C/subscription", run_subscriptions, .workers = 1},
					 {"C/subscription-two", run_subscriptions, .workers = 2},
					 {.name = NULL}};
