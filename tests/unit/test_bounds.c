/*
 * test_bounds.c - how many events, topics and actors a supervisor knows at the most: the last
 * is taken, the next is MAIKO_E2BIG whoever asks, and what is known goes on. Counters of the
 * larger bounds are set from inside.
 *
 * SPDX-License-Identifier: MIT
 */
#include "lifecycle/actor.h"
#include "registry/directory.h"
#include "registry/own.h"
#include "support.h"

#include <stdio.h>

#define END                                                                                                            \
	{                                                                                                              \
		.name = NULL                                                                                           \
	}
#define LAST                                                                                                           \
	{                                                                                                              \
		.kind = MAIKO_ITEM_END                                                                                 \
	}

static const maiko_field fields[] = {{.name = "x", .offset = 0, .size = 4, .kind = MAIKO_KIND_UINT}, END};
static const maiko_topic news = {.name = "news"}, more_news = {.name = "more news"};
static const maiko_layout known_layout = {"known", 4, 4, fields, MAIKO_FORMAT},
			  unknown_layout = {"unknown", 4, 4, fields, MAIKO_FORMAT};
static const maiko_event_type known = {.layout = &known_layout, .topic = &news};
static const maiko_item plain_items[] = {LAST};
static const maiko_actor_type plain = {"plain", 8, 8, plain_items, NULL, MAIKO_FORMAT};

static int on_event(void *self, const void *event, maiko_ctx *ctx)
{
	(void)self, (void)event, (void)ctx;
	return 0;
}

static int send_one(maiko_supervisor *sup, const maiko_event_type *type)
{
	uint32_t value = 1;
	return maiko_supervisor_send(sup, type, &value, 0);
}

static int add(maiko_supervisor *sup, const maiko_actor_type *type, const char *name, const maiko_topic *topic)
{
	const maiko_subscription topics[] = {{.topic = topic}, {.topic = NULL}};
	maiko_add_options options = {.topics = topic == NULL ? MAIKO_NO_TOPICS : topics};
	return maiko_supervisor_add(sup, type, name, &options);
}

/* ---- events ------------------------------------------------------------------------------- */

enum { EVENTS = 65536 };

static struct {
	char names[EVENTS][8];
	maiko_layout layouts[EVENTS];
	maiko_event_type types[EVENTS];
} many;

static void up_to_65536_events(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	const maiko_event_type unknown = {.layout = &unknown_layout, .topic = &news};
	const maiko_item items[] = {{.kind = MAIKO_ITEM_ON, .event = &unknown, .on = on_event}, LAST};
	const maiko_actor_type hears_unknown = {"hears", 8, 8, items, NULL, MAIKO_FORMAT};
	const mk_type *t = NULL;
	for (uint32_t i = 0; i < EVENTS; i++) {
		snprintf(many.names[i], sizeof many.names[i], "e%u", (unsigned)i);
		many.layouts[i] = (maiko_layout){many.names[i], 4, 4, fields, MAIKO_FORMAT};
		many.types[i] = (maiko_event_type){.layout = &many.layouts[i], .topic = &news};
		assert_int_equal(mk_registry_type(sup, &many.types[i], &t), 0);
		assert_int_equal(t->index, MK_OWN_TYPES + i); /* after those of the library */
	}
	assert_int_equal(mk_registry_type(sup, &unknown, &t), MAIKO_E2BIG);
	assert_int_equal(send_one(sup, &unknown), MAIKO_E2BIG);
	assert_int_equal(add(sup, &hears_unknown, "a", NULL), MAIKO_E2BIG);
	assert_int_equal(send_one(sup, &many.types[0]), 0);
	assert_int_equal(send_one(sup, &many.types[65535]), 0);
	assert_int_equal(add(sup, &plain, "a", NULL), 0); /* the name is free yet */
	assert_int_equal(sup->type_count, MK_OWN_TYPES + 65536);
	test_finish(sup);
}

/* ---- topics ------------------------------------------------------------------------------- */

static void up_to_4194304_topics(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	const maiko_event_type unknown = {.layout = &unknown_layout, .topic = &more_news};
	const maiko_topic *topic = NULL, *again = NULL;
	assert_int_equal(send_one(sup, &known), 0);
	assert_int_equal(sup->topic_count, 1 + MK_OWN_TOPICS_END); /* after the wildcard and those of the library */
	sup->topic_count = 4194303;
	assert_int_equal(maiko_topic_named(sup, "last", &topic), 0);
	assert_int_equal(sup->topic_count, 4194304);
	assert_ptr_equal(&mk_record_at(sup, 4194303)->desc, topic);
	assert_int_equal(maiko_topic_named(sup, "one too many", &again), MAIKO_E2BIG);
	assert_int_equal(maiko_topic_with(sup, "one too many", &news, &again), MAIKO_E2BIG);
	assert_null(again);
	assert_int_equal(send_one(sup, &unknown), MAIKO_E2BIG);
	assert_int_equal(add(sup, &plain, "a", &more_news), MAIKO_E2BIG);
	assert_int_equal(maiko_topic_named(sup, "last", &again), 0);
	assert_ptr_equal(again, topic);
	assert_int_equal(send_one(sup, &known), 0);
	const maiko_item items[] = {{.kind = MAIKO_ITEM_ON, .event = &known, .on = on_event}, LAST};
	assert_int_equal(add(sup, &(maiko_actor_type){"hears", 8, 8, items, NULL, MAIKO_FORMAT}, "a", &news), 0);
	/* Back to what there is, the last at the place that it would have had. */
	mk_record *last = mk_record_at(sup, 4194303);
	mk_segmented_array_set(&sup->topics, 4194303, NULL);
	last->index = 1 + MK_OWN_TOPICS_END;
	mk_segmented_array_set(&sup->topics, last->index, last);
	sup->topic_count = last->index + 1;
	test_finish(sup);
}

/* ---- actors ------------------------------------------------------------------------------- */

static mk_actor *actor(maiko_supervisor *sup, const char *name)
{
	mk_actor *a = NULL;
	assert_int_equal(mk_actor_new(sup, &plain, name, NULL, &a), 0);
	return a;
}

static void up_to_4194304_actors(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	maiko_actor_id id = 77;
	mk_actor *last = actor(sup, "last"), *next = actor(sup, "next");
	sup->actor_slots = 4194303;
	assert_int_equal(mk_directory_enter(sup, last), 0);
	assert_int_equal((uint32_t)last->self->id, 4194304); /* slots count from 1 here */
	assert_int_equal(mk_directory_enter(sup, next), MAIKO_E2BIG);
	assert_int_equal(add(sup, &plain, "next", NULL), MAIKO_E2BIG);
	assert_int_equal(maiko_find(sup, "next", &id), MAIKO_ENOENT);
	assert_ptr_equal(mk_directory_find(sup, last->self->id), last);
	assert_int_equal(sup->actor_count, 1);
	mk_directory_leave(sup, last); /* it is how many at one time */
	assert_int_equal(mk_directory_enter(sup, next), 0);
	assert_int_equal((uint32_t)next->self->id, 4194304);
	assert_int_equal(mk_directory_enter(sup, last), MAIKO_E2BIG);
	mk_directory_leave(sup, next);
	mk_actor_discard(sup, last);
	mk_actor_discard(sup, next);
	maiko_supervisor_free(sup);
	assert_int_equal(test_allocator_living(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(up_to_65536_events),
		cmocka_unit_test(up_to_4194304_topics),
		cmocka_unit_test(up_to_4194304_actors),
	};
	test_allocator_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
