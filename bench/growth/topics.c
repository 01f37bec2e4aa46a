/*
 * topics.c - operations among n topics, and n subscribers of one.
 */
#include "growth.h"

#include <stdlib.h>

typedef struct note {
	uint32_t topic;
} note;
static const maiko_topic **topics;
static const maiko_topic *note_topic(const note *n) { return topics[n->topic]; }
MAIKO_EVENT_ROUTED(note, note_topic, topic);

static maiko_subscription *list;
static uint64_t read_notes, changed;
static maiko_actor_id listener;

typedef struct reader {
	uint32_t read;
} reader;
static int reader_on_note(reader *self, const note *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->read++;
	read_notes++;
	return 0;
}
MAIKO_ACTOR(reader, MAIKO_ON(note, reader_on_note));

static void on_changed(void *arg, const maiko_completion *completion)
{
	(void)arg;
	changed += completion->status == 0;
}

static int make_topics(uint32_t n)
{
	int rc = growth_open();
	topics = calloc(n, sizeof *topics);
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = maiko_topic_named(growth_sup, growth_name(i), &topics[i]);
	return rc;
}

static int run_name(uint32_t n, uint64_t *ret_done)
{
	int rc = 0;
	const maiko_topic *topic;
	for (uint32_t i = 0; rc == 0 && i < growth_some(n); i++, ++*ret_done) {
		rc = maiko_topic_named(growth_sup, growth_name(i), &topic);
		if (rc == 0)
			rc = maiko_topic_named(growth_sup, growth_name(n + i), &topic);
	}
	return rc;
}

/* ---- an actor of n topics ---- */

/* With `spare` topics to which it is not subscribed yet. */
static int make_listener(uint32_t n, uint32_t spare)
{
	int rc = make_topics(n + spare);
	maiko_subscription *all = calloc((size_t)n + 1, sizeof *all);
	for (uint32_t i = 0; i < n; i++)
		all[i] = (maiko_subscription){.topic = topics[i]};
	if (rc == 0)
		rc = maiko_add(growth_sup, reader, "listener", .topics = n == 0 ? maiko_no_topics : all,
			       .ret_id = &listener, .mailbox = MAIKO_MAILBOX_MAX);
	free(all);
	return rc != 0 ? rc : growth_start();
}

/* Looks one up before the measurement, which creates the index. */
static int prepare_listener(uint32_t n)
{
	int rc = make_listener(n, 1);
	if (rc == 0)
		rc = maiko_subscribe(growth_sup, listener, topics[n], .done = on_changed);
	growth_until(&changed, 1);
	if (rc == 0)
		rc = maiko_unsubscribe(growth_sup, listener, topics[n], .done = on_changed);
	growth_until(&changed, 2);
	return rc;
}

static int run_subscribe(uint32_t n, uint64_t *ret_done)
{
	int rc = 0;
	uint64_t before = changed;
	for (uint32_t i = 0; rc == 0 && i < growth_some(n); i++, ++*ret_done) {
		rc = maiko_unsubscribe(growth_sup, listener, topics[i], .done = on_changed);
		growth_until(&changed, before + 2 * i + 1);
		if (rc == 0)
			rc = maiko_subscribe(growth_sup, listener, topics[i], .done = on_changed);
		growth_until(&changed, before + 2 * i + 2);
	}
	return rc;
}

static int prepare_subscribe_all(uint32_t n) { return make_listener(0, n); }

static int ask_for_all(maiko_ctx *ctx, uint32_t n)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = maiko_subscribe(ctx, listener, topics[i], .done = on_changed);
	return rc;
}

static int run_subscribe_all(uint32_t n, uint64_t *ret_done)
{
	int rc = growth_in_actor(ask_for_all, n);
	growth_until(&changed, n);
	*ret_done = n;
	return rc;
}

/* All of a list in one change, there and back. */
static int prepare_subscribe_list(uint32_t n)
{
	int rc = make_listener(0, n);
	list = calloc((size_t)n + 1, sizeof *list);
	for (uint32_t i = 0; i < n; i++)
		list[i] = (maiko_subscription){.topic = topics[i]};
	return rc;
}

static int run_subscribe_list(uint32_t n, uint64_t *ret_done)
{
	int rc = maiko_subscribe_all(growth_sup, listener, list, .done = on_changed);
	growth_until(&changed, 1);
	if (rc == 0)
		rc = maiko_unsubscribe_all(growth_sup, listener, list, .done = on_changed);
	growth_until(&changed, 2);
	*ret_done = 2 * (uint64_t)n;
	return rc;
}

static int note_each(maiko_ctx *ctx, uint32_t n)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = maiko_send(ctx, note, .topic = i);
	return rc;
}

static int prepare_publish(uint32_t n) { return make_listener(n, 0); }

static int run_publish(uint32_t n, uint64_t *ret_done)
{
	int rc = growth_in_actor(note_each, n);
	growth_until(&read_notes, n);
	*ret_done = n;
	return rc;
}

/* ---- n subscribers of a topic ---- */

static int prepare_subscribers(uint32_t n)
{
	int rc = make_topics(1);
	const maiko_subscription one[] = {{.topic = topics[0]}, {.topic = NULL}};
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = maiko_add(growth_sup, reader, growth_name(i), .topics = one, .ret_id = &listener);
	if (rc == 0)
		rc = growth_start();
	if (rc == 0)
		rc = maiko_unsubscribe(growth_sup, listener, topics[0], .done = on_changed);
	growth_until(&changed, 1);
	return rc;
}

static int run_join(uint32_t n, uint64_t *ret_done)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < growth_some(n); i++, ++*ret_done) {
		rc = maiko_subscribe(growth_sup, listener, topics[0], .done = on_changed);
		growth_until(&changed, 2 * i + 2);
		if (rc == 0)
			rc = maiko_unsubscribe(growth_sup, listener, topics[0], .done = on_changed);
		growth_until(&changed, 2 * i + 3);
	}
	return rc;
}

static int note_all(maiko_ctx *ctx, uint32_t n)
{
	(void)n;
	return maiko_send(ctx, note, .topic = 0);
}

static int run_deliver(uint32_t n, uint64_t *ret_done)
{
	int rc = growth_in_actor(note_all, n);
	growth_until(&read_notes, n - 1);
	*ret_done = n - 1;
	return rc;
}

/* ---- n topics that each retain an event, and n keys of one ---- */

typedef struct level {
	uint32_t key;
} level;
static uint64_t level_key(const maiko_any *any);
MAIKO_TOPIC(levels, .overflow = MAIKO_KEEP_LATEST, .key = level_key, .retain = MAIKO_RETAIN_MAX);
MAIKO_EVENT(level, levels, key);
static uint64_t level_key(const maiko_any *any) { return maiko_as(any, level)->key; }

static int prepare_retained(uint32_t n)
{
	int rc = growth_open();
	topics = calloc(n, sizeof *topics);
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = maiko_topic_with(growth_sup, growth_name(i), &(maiko_topic){.retain = 1}, &topics[i]);
	if (rc == 0)
		rc = maiko_add(growth_sup, reader, "listener", .topics = maiko_no_topics, .ret_id = &listener);
	if (rc == 0)
		rc = growth_start();
	return rc != 0 ? rc : growth_in_actor(note_each, n);
}

/* Joins some of them, and is given its event. */
static int run_join_retained(uint32_t n, uint64_t *ret_done)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < growth_some(n); i++, ++*ret_done) {
		rc = maiko_subscribe(growth_sup, listener, topics[i], .done = on_changed);
		growth_until(&changed, i + 1);
		growth_until(&read_notes, i + 1);
	}
	return rc;
}

static int send_levels(maiko_ctx *ctx, uint32_t n)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = maiko_send(ctx, level, .key = i);
	return rc;
}

static int prepare_levels(uint32_t n)
{
	int rc = growth_open();
	if (rc == 0)
		rc = growth_start();
	return rc != 0 ? rc : growth_in_actor(send_levels, n);
}

static int run_levels(uint32_t n, uint64_t *ret_done)
{
	*ret_done = growth_some(n);
	return growth_in_actor(send_levels, growth_some(n));
}

/* ---- n members of a share group ---- */

static int prepare_members(uint32_t n)
{
	int rc = make_topics(1);
	const maiko_subscription one[] = {{.topic = topics[0], .share = "readers"}, {.topic = NULL}};
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = maiko_add(growth_sup, reader, growth_name(i), .topics = one);
	return rc != 0 ? rc : growth_start();
}

static int note_some(maiko_ctx *ctx, uint32_t n)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = maiko_send(ctx, note, .topic = 0);
	return rc;
}

static int run_share(uint32_t n, uint64_t *ret_done)
{
	uint32_t some = growth_some(n);
	int rc = growth_in_actor(note_some, some);
	growth_until(&read_notes, some);
	*ret_done = some;
	return rc;
}

const growth_operation growth_topics[] = {{"name-topic", make_topics, run_name, 0},
					  {"subscribe", prepare_listener, run_subscribe, 0},
					  {"subscribe-all", prepare_subscribe_all, run_subscribe_all, 0},
					  {"subscribe-list", prepare_subscribe_list, run_subscribe_list, 0},
					  {"publish", prepare_publish, run_publish, 0},
					  {"join", prepare_subscribers, run_join, 0},
					  {"deliver", prepare_subscribers, run_deliver, 0},
					  {"join-retained", prepare_retained, run_join_retained, 0},
					  {"retain-key", prepare_levels, run_levels, 0},
					  {"share", prepare_members, run_share, 0},
					  {.name = NULL}};
