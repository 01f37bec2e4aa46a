/*
 * test_later_headers.c - a program that was compiled with the headers of a later version: what this
 * library does not know is refused with a sentence that says so, and nothing else happens.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <maiko/observe/recorder.h>
#include <maiko/testing.h>
#include <stdio.h>
#include <string.h>

typedef struct inner {
	uint32_t n;
} inner;
typedef struct item {
	uint32_t n;
	inner in;
} item;
MAIKO_TOPIC(items);
MAIKO_STRUCT(inner, n);
MAIKO_EVENT(item, items, n, MAIKO_NESTED(in, inner));

typedef struct sink {
	uint32_t sum;
} sink;
static int sink_on_item(sink *self, const item *ev, maiko_ctx *ctx)
{
	self->sum += ev->n;
	return 0;
}
MAIKO_ACTOR(sink, MAIKO_ON(item, sink_on_item));

static void refused(int rc, const char *who)
{
	char words[200];
	snprintf(words, sizeof words,
		 "%s: a field is set that version %s of the library does not have: reserved_ must be zero", who,
		 maiko_version());
	assert_string_equal(rc == MAIKO_EINVAL ? maiko_last_error() : maiko_err_name(rc), words);
}

static void see(void *arg, const maiko_observation *observation) {}

/* A later version's field takes the first word of the room; another one a later word. */
#define LATER(type) (&(type){.reserved_ = {1}})
#define LATER_AT(type, n) (&(type){.reserved_ = {[n] = 1}})

TEST_ONCE(a_field_of_a_later_version_is_refused)
{
	maiko_supervisor *sup = test_supervisor(1), *none = NULL;
	maiko_monitor *monitor;
	const maiko_topic *topic;
	maiko_actor_id id;
	const maiko_subscription topics[] = {{.topic = MAIKO_TOPIC_REF(items), .reserved_ = {1}}, {.topic = NULL}};
	const maiko_hooks hooks = {.reserved_ = {see}};
	maiko_allocator allocator = {.malloc = NULL};
	ok(maiko_add(sup, sink, "sink", .ret_id = &id));
	ok(maiko_start(sup));

	refused(maiko_supervisor_new(&none, LATER(maiko_options)), "maiko_supervisor_new");
	refused(maiko_supervisor_new(&none, LATER_AT(maiko_options, 6)), "maiko_supervisor_new");
	refused(maiko_supervisor_add(sup, MAIKO_ACTOR_REF(sink), "a", LATER(maiko_add_options)), "maiko_add");
	refused(maiko_add(sup, sink, "a", .topics = topics), "a subscription of .topics");
	refused(maiko_supervisor_remove(sup, id, LATER(maiko_change_options)), "maiko_remove");
	refused(maiko_supervisor_move(sup, id, 1, LATER(maiko_change_options)), "maiko_move");
	refused(maiko_supervisor_subscribe(sup, id, MAIKO_TOPIC_REF(items), LATER(maiko_change_options)),
		"maiko_subscribe");
	refused(maiko_topic_with(sup, "t", LATER(maiko_topic), &topic), "maiko_topic_with");
	refused(maiko_monitor_add(sup, &hooks, NULL, &monitor), "maiko_monitor_add");
	refused(maiko_supervisor_run(sup, LATER(maiko_run_options)), "maiko_run");
	refused(maiko_stop(sup, LATER(maiko_stop_options)), "maiko_stop");
	refused(maiko_stop_begin(sup, LATER(maiko_stop_options), NULL, NULL), "maiko_stop");
	returns(maiko_set_allocator(&allocator), MAIKO_EINVAL); /* has none of the functions either */
	assert_null(none);

	ok(maiko_send(sup, item, .n = 1));
	assert_int_equal(test_finish(sup).handled, 1);
}

TEST_ONCE(the_library_for_tests_refuses_it_too)
{
	maiko_supervisor *sup = test_supervisor(1);
	maiko_harness *harness;
	maiko_recorder *recorder;
	maiko_invariant *invariant;
	maiko_sim *sim;
	refused(maiko_harness_open(&harness, sup, LATER(maiko_harness_options)), "maiko_harness_new");
	refused(maiko_recorder_new(&recorder, sup, "/dev/null/none", LATER(maiko_recorder_options)),
		"maiko_recorder_new");
	refused(maiko_invariant_followed_by(sup, MAIKO_EVENT_REF(item), &(maiko_event_type){.layout = NULL}, &invariant,
					    LATER(maiko_followed_by_options)),
		"an invariant");
	refused(maiko_sim_new(&sim, LATER(maiko_sim_options)), "maiko_sim_new");
	refused(maiko_sim_new(&sim, &(maiko_sim_options){.faults.reserved_ = {1}}), "maiko_sim_new: .faults");
	refused(maiko_sim_new(&sim, &(maiko_sim_options){.supervisor.reserved_ = {1}}), "maiko_supervisor_new");
	test_release(sup);
}

static void refused_format(int rc, const char *what)
{
	char words[200];
	snprintf(words, sizeof words,
		 "%s has format 3; version %s of the library knows those up to 2: it is older than the headers", what,
		 maiko_version());
	assert_string_equal(rc == MAIKO_EINVAL ? maiko_last_error() : maiko_err_name(rc), words);
}

/* Only `format` is read of such a description: where its names are, this library does not know. */
TEST_ONCE(a_description_of_a_later_format_is_refused)
{
	maiko_supervisor *sup = test_supervisor(1);
	const maiko_topic topic = {.format = 3};
	const maiko_layout layout = {.format = 3};
	const maiko_field fields[] = {{"in", 4, 4, MAIKO_KIND_STRUCT, 0, &layout}, {.name = NULL}};
	const maiko_layout inside = {.name = "item", .size = 8, .align = 4, .fields = fields};
	const maiko_layout of_item = *MAIKO_EVENT_REF(item)->layout;
	const item value = {.n = 1};
	char text[8];

	refused_format(maiko_supervisor_send(sup, &(maiko_event_type){.format = 3}, &value, 0), "an event type");
	refused_format(maiko_supervisor_send(sup, &(maiko_event_type){.layout = &layout}, &value, 0),
		       "the layout of a struct");
	refused_format(maiko_supervisor_send(sup, &(maiko_event_type){.layout = &of_item, .topic = &topic}, &value, 0),
		       "a topic");
	refused_format(maiko_supervisor_add(sup, &(maiko_actor_type){.format = 3}, "a", NULL), "an actor type");
	refused_format(maiko_layout_check(&layout), "the layout of a struct");
	refused_format(maiko_layout_check(&inside), "the layout of a struct");
	refused_format(maiko_layout_print(&layout, &value, text, sizeof text), "maiko_layout_print: the layout");
	assert_null(maiko_event_new(&(maiko_event_type){.format = 3}));
	assert_int_equal(maiko_layout_hash(&layout), 0);
	const maiko_event_type other = {.layout = &layout};
	assert_null(maiko_any_as(&(maiko_any){MAIKO_EVENT_REF(item), &value}, &other));
	test_release(sup);
}
