/*
 * grown.c - a program that uses what public structs hold: options, hooks, observations, errors,
 * subscriptions, a ledger's rows. grown.sh compiles it with the headers of today and runs it
 * with a library whose structs have grown; and, with -DGROWN, compiles it with grown headers
 * and runs it with the library of today, which must refuse what it does not know.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct beat {
	uint32_t n;
} beat;
MAIKO_TOPIC(beats, .overflow = MAIKO_DROP_NEWEST);
MAIKO_TOPIC(others);
MAIKO_EVENT(beat, beats, n);
MAIKO_SIGNAL(other, others);

static _Atomic(unsigned) dispatched, handled, failed, forgiven;
static bool ok = true;

static void expect(const char *what, uint64_t expected, uint64_t actual)
{
	if (expected == actual)
		return;
	fprintf(stderr, "%s: %" PRIu64 ", not %" PRIu64 "\n", what, actual, expected);
	ok = false;
}

typedef struct counter {
	uint32_t step, sum;
} counter;

static int counter_on_beat(counter *self, const beat *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->sum += ev->n * self->step;
	return ev->n == 3 && self->step == 7 ? MAIKO_EBUSY : 0;
}

static int counter_on_other(counter *self, const other *ev, maiko_ctx *ctx)
{
	(void)self, (void)ev, (void)ctx;
	return 0;
}

/* Forgives nothing; sees what it is asked about. */
static int counter_on_error(counter *self, const maiko_error *error, maiko_ctx *ctx)
{
	(void)self, (void)ctx;
	forgiven += error->code == MAIKO_EBUSY && error->phase == MAIKO_PHASE_HANDLE &&
		    maiko_as(&error->event, beat)->n == 3;
	return error->code;
}

MAIKO_ACTOR(counter, MAIKO_ON(beat, counter_on_beat), MAIKO_ON(other, counter_on_other),
	    MAIKO_ON_ERROR(counter_on_error));

static void on_dispatched(void *arg, const maiko_observation *observation)
{
	dispatched += arg == &dispatched && observation->event->type == MAIKO_EVENT_REF(beat);
}

static void on_any(void *arg, const maiko_observation *observation)
{
	(void)arg;
	handled += observation->kind == MAIKO_OBSERVED_HANDLED && strcmp(observation->actor_type, "counter") == 0;
	failed += observation->kind == MAIKO_OBSERVED_FAILED && observation->code == MAIKO_EBUSY;
}

static const maiko_actor_row *row_of(const maiko_ledger *ledger, const char *name)
{
	for (size_t i = 0; i < ledger->actor_count; i++)
		if (strcmp(ledger->actors[i]->name, name) == 0)
			return ledger->actors[i];
	static const maiko_actor_row none;
	return &none;
}

static void check(const maiko_ledger *ledger)
{
	const maiko_actor_row *one = row_of(ledger, "one");
	expect("balanced", 1, maiko_ledger_balanced(ledger));
	expect("the last row", MAIKO_ACTOR_GONE, ledger->actors[ledger->actor_count - 1]->status);
	expect("handled by one", 5, one->counts.handled);
	expect("worker of one", 1, one->worker);
	expect("handled by two", 5, row_of(ledger, "two")->counts.handled);
	expect("of all, handled or dead", 15, ledger->total.handled + ledger->total.dead);
	expect("topics", 1, ledger->topic_count);
	expect("published", 5, ledger->topics[0]->published);
	expect("deliveries", 15, ledger->topics[0]->counts.deliveries);
	uint64_t taken = 0;
	for (size_t i = 0; i < ledger->pair_count; i++)
		taken += ledger->pairs[i]->from == 0 ? ledger->pairs[i]->taken : 0;
	expect("taken from outside", 1, taken >= 5);
	expect("failures", 1, ledger->failure_count);
	expect("the error of bad", (uint64_t)-MAIKO_EBUSY, (uint64_t)-ledger->failures[0]->error);
	expect("dispatched", 5, dispatched);
	expect("failed", 1, failed);
	expect("asked on_error", 1, forgiven);
}

static int run(maiko_supervisor *sup)
{
	maiko_monitor *monitor;
	maiko_actor_id one = 0;
	maiko_ledger *ledger = NULL;
	const maiko_hooks hooks = {.dispatched = on_dispatched, .any = on_any};
	int rc = maiko_monitor_add(sup, &hooks, &dispatched, &monitor);
	if (rc == 0)
		rc = maiko_add(sup, counter, "one", .worker = 1, .mailbox = 8, .topics = MAIKO_TOPICS(beats),
			       .ret_id = &one);
	if (rc == 0)
		rc = maiko_add(sup, counter, "two", .topics = MAIKO_TOPICS(beats, others));
	if (rc == 0)
		rc = maiko_add(sup, counter, "bad", .init = &(counter){.step = 7}, .restart = MAIKO_TEMPORARY);
	if (rc == 0)
		rc = maiko_start(sup);
	if (rc == 0)
		rc = maiko_subscribe(sup, one, MAIKO_TOPIC_REF(others), .overflow = MAIKO_BLOCK);
	for (uint32_t n = 1; rc == 0 && n <= 5; n++)
		rc = maiko_send(sup, beat, .n = n);
	if (rc == 0)
		rc = maiko_stop(sup, &(maiko_stop_options){.ret_report = &ledger});
	if (rc == 0)
		check(ledger);
	maiko_ledger_free(ledger);
	return rc;
}

#ifdef GROWN
/* What the library of today does not have is refused, and the sentence says so. */
static void expect_refused(const char *what, int rc, const char *why)
{
	expect(what, (uint64_t)-MAIKO_EINVAL, (uint64_t)-rc);
	if (rc == MAIKO_EINVAL && strstr(maiko_last_error(), why) == NULL) {
		fprintf(stderr, "%s: \"%s\" does not say \"%s\"\n", what, maiko_last_error(), why);
		ok = false;
	}
}

static void check_refusals(maiko_supervisor *sup)
{
	static const maiko_event_type beat_1 = {.layout = &maiko_gen_layout_beat, .topic = MAIKO_TOPIC_REF(beats)};
	maiko_supervisor *none = NULL;
	const maiko_topic *topic;
	char text[64];
	expect_refused("options", maiko_supervisor_new(&none, &(maiko_options){.grown_ = 1}),
		       "maiko_supervisor_new: a field is set");
	expect_refused("stop", maiko_stop(sup, &(maiko_stop_options){.grown_ = 1}), "maiko_stop: a field is set");
	expect_refused("like", maiko_topic_with(sup, "t", &(maiko_topic){.grown_ = 1}, &topic), "a field is set");
	expect_refused("actor", maiko_add(sup, counter, "one"), "an actor type has format 3");
	expect_refused("event", maiko_send(sup, beat, .n = 1), "an event type has format 3");
	expect_refused("layout", maiko_supervisor_send(sup, &beat_1, &(beat){1}, 0), "layout of a struct has format 3");
	expect_refused("topic", maiko_subscribe(sup, 1, MAIKO_TOPIC_REF(beats)), "a topic has format 3");
	expect_refused("print", maiko_layout_print(&maiko_gen_layout_beat, &(beat){1}, text, sizeof text), "format 3");
	expect("hash", 0, maiko_layout_hash(&maiko_gen_layout_beat));
}
#endif

int main(void)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, &(maiko_options){.workers = 2, .no_spin = true});
#ifdef GROWN
	if (getenv("LIBRARY_OF_TODAY") != NULL) {
		check_refusals(sup);
		maiko_supervisor_free(sup);
		return rc == 0 && ok ? 0 : 1;
	}
#endif
	if (rc == 0)
		rc = run(sup);
	if (rc != 0)
		fprintf(stderr, "%s: %s\n", maiko_err_name(rc), maiko_last_error());
	maiko_supervisor_free(sup);
	return rc == 0 && ok ? 0 : 1;
}
