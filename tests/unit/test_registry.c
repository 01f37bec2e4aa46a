/*
 * test_registry.c - what a supervisor knows by name: one name is one thing, whoever
 * describes it; what must agree and what is refused; slots shared by supervisors; threads
 * that register at one time; no memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "registry/interest.h"
#include "registry/own.h"

#include "support.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

#define END                                                                                                            \
	{                                                                                                              \
		.name = NULL                                                                                           \
	}
#define U32(name_, offset_)                                                                                            \
	{                                                                                                              \
		.name = (name_), .offset = (offset_), .size = 4, .kind = MAIKO_KIND_UINT                               \
	}

static const maiko_field x_fields[] = {U32("x", 0), END}, y_fields[] = {U32("y", 0), END};
static const maiko_layout a_layout = {"a", 4, 4, x_fields, MAIKO_FORMAT},
			  a_changed = {"a", 4, 4, y_fields, MAIKO_FORMAT},
			  b_layout = {"b", 4, 4, x_fields, MAIKO_FORMAT};
static const maiko_topic news = {.name = "news"}, sports = {.name = "sports"};
static const maiko_event_type a_event = {.layout = &a_layout, .topic = &news};
static const maiko_event_type b_event = {.layout = &b_layout, .topic = &news};

static const maiko_topic *to_news(const void *event, maiko_supervisor *sup)
{
	(void)event;
	(void)sup;
	return &news;
}

static uint64_t key_one(const maiko_any *event) { return (uintptr_t)event->data; }
static uint64_t key_two(const maiko_any *event) { return (uintptr_t)event->type; }

/* The topics of the library, besides the wildcard. */
enum { OWN_TOPICS = MK_OWN_TOPICS_END - 1 };

static uint32_t topic_of(maiko_supervisor *sup, const maiko_topic *desc)
{
	mk_record *r = NULL;
	assert_int_equal(mk_registry_topic(sup, desc, &r), 0);
	assert_ptr_equal(mk_record_at(sup, r->index), r);
	return r->index - OWN_TOPICS; /* those of the library come first */
}

static const mk_type *type_of(maiko_supervisor *sup, const maiko_event_type *desc)
{
	const mk_type *t = NULL;
	assert_int_equal(mk_registry_type(sup, desc, &t), 0);
	return t;
}

static void refused_topic(maiko_supervisor *sup, const maiko_topic *desc, int rc)
{
	mk_record *r = NULL;
	assert_int_equal(mk_registry_topic(sup, desc, &r), rc);
	assert_null(r);
}

static void refused_type(maiko_supervisor *sup, const maiko_event_type *desc, int rc)
{
	const mk_type *t = NULL;
	assert_int_equal(mk_registry_type(sup, desc, &t), rc);
	assert_null(t);
}

/* ---- topics ------------------------------------------------------------------------------ */

static void a_topic_is_known_by_its_name_alone(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	const maiko_topic again = {.name = "news"};
	assert_int_equal(topic_of(sup, &news), 1);
	assert_int_equal(topic_of(sup, &sports), 2);
	assert_int_equal(topic_of(sup, &again), 1);
	assert_int_equal(topic_of(sup, &maiko_default_topic), 3);
	assert_int_equal(topic_of(sup, &(maiko_topic){.name = "default"}), 3);
	maiko_supervisor_free(sup);
}

static void other_policies_are_refused(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	topic_of(sup, &news);
	assert_int_equal(topic_of(sup, &(maiko_topic){.name = "news", .overflow = MAIKO_BLOCK}), 1); /* the default */
	refused_topic(sup, &(maiko_topic){.name = "news", .overflow = MAIKO_DROP_NEWEST}, MAIKO_EINVAL);
	refused_topic(sup, &(maiko_topic){.name = "news", .key = key_one}, MAIKO_EINVAL);
	const maiko_topic keyed = {.name = "k", .overflow = MAIKO_KEEP_LATEST, .key = key_one};
	const maiko_topic same = keyed, other = {.name = "k", .overflow = MAIKO_KEEP_LATEST, .key = key_two};
	assert_int_equal(topic_of(sup, &keyed), 2);
	assert_int_equal(topic_of(sup, &same), 2);
	refused_topic(sup, &other, MAIKO_EINVAL);
	maiko_supervisor_free(sup);
}

static void a_bad_topic_is_refused(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	refused_topic(sup, NULL, MAIKO_EINVAL);
	refused_topic(sup, &(maiko_topic){.name = NULL}, MAIKO_EINVAL);
	refused_topic(sup, &(maiko_topic){.name = ""}, MAIKO_EINVAL);
	refused_topic(sup, &(maiko_topic){.name = "a\n"}, MAIKO_EINVAL);
	refused_topic(sup, &(maiko_topic){.name = "t", .overflow = (maiko_overflow)6}, MAIKO_EINVAL);
	assert_int_equal(sup->topic_count, 1 + OWN_TOPICS);
	maiko_supervisor_free(sup);
}

static void a_topic_named_is_the_one_described(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	const maiko_topic drops = {.name = "drops", .overflow = MAIKO_DROP_OLDEST};
	const maiko_topic *named = NULL, *again = NULL;
	assert_int_equal(topic_of(sup, &drops), 1);
	assert_int_equal(maiko_topic_named(sup, "drops", &named), 0);
	assert_string_equal(named->name, "drops");
	assert_int_equal(named->overflow, MAIKO_DROP_OLDEST); /* it keeps its policy */
	assert_int_equal(topic_of(sup, named), 1);
	assert_int_equal(maiko_topic_named(sup, "new", &named), 0);
	assert_int_equal(named->overflow, MAIKO_BLOCK);
	assert_int_equal(maiko_topic_named(sup, "new", &again), 0);
	assert_ptr_equal(again, named);
	assert_int_equal(topic_of(sup, &(maiko_topic){.name = "new"}), 2);
	maiko_supervisor_free(sup);
}

static void a_topic_made_at_run_time_may_have_policies(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	const maiko_topic like = {.name = "ignored", .overflow = MAIKO_KEEP_LATEST, .key = key_one};
	const maiko_topic wrong = {.overflow = (maiko_overflow)-1};
	const maiko_topic *topic = NULL, *again = NULL;
	assert_int_equal(maiko_topic_with(sup, "t", &like, &topic), 0);
	assert_string_equal(topic->name, "t");
	assert_int_equal(topic->overflow, MAIKO_KEEP_LATEST);
	assert_true(topic->key == key_one);
	assert_int_equal(maiko_topic_with(sup, "t", &like, &again), 0);
	assert_ptr_equal(again, topic);
	again = NULL;
	assert_int_equal(maiko_topic_with(sup, "t", &news, &again), MAIKO_EINVAL);
	assert_int_equal(maiko_topic_with(sup, "u", &wrong, &again), MAIKO_EINVAL);
	assert_int_equal(maiko_topic_with(sup, "u", NULL, &again), MAIKO_EINVAL);
	assert_int_equal(maiko_topic_named(NULL, "u", &again), MAIKO_EINVAL);
	assert_int_equal(maiko_topic_named(sup, NULL, &again), MAIKO_EINVAL);
	assert_int_equal(maiko_topic_named(sup, "", &again), MAIKO_EINVAL);
	assert_int_equal(maiko_topic_named(sup, "u", NULL), MAIKO_EINVAL);
	assert_null(again);
	maiko_supervisor_free(sup);
}

static void a_name_of_63_bytes_is_the_longest(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	char name[65];
	const maiko_topic *topic = NULL;
	memset(name, 'n', sizeof name);
	name[64] = '\0';
	assert_int_equal(maiko_topic_named(sup, name, &topic), MAIKO_EINVAL);
	assert_null(topic);
	name[63] = '\0';
	assert_int_equal(maiko_topic_named(sup, name, &topic), 0);
	name[0] = 'm'; /* the name is a copy */
	assert_int_equal(topic->name[0], 'n');
	maiko_supervisor_free(sup);
}

static void a_star_is_a_name_like_any_other(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	assert_int_equal(topic_of(sup, &(maiko_topic){.name = "*", .overflow = MAIKO_DROP_NEWEST}), 1);
	maiko_supervisor_free(sup);
}

static void a_hundred_thousand_topics_have_names_of_their_own(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	char name[32];
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t i = 0; i < 100000; i++) {
			const maiko_topic *topic = NULL;
			snprintf(name, sizeof name, "device.%u", (unsigned)i);
			assert_int_equal(maiko_topic_named(sup, name, &topic), 0);
			assert_string_equal(topic->name, name);
			assert_ptr_equal(topic, &mk_record_at(sup, i + 1 + OWN_TOPICS)->desc);
		}
	assert_int_equal(sup->topic_count, 100001 + OWN_TOPICS);
	maiko_supervisor_free(sup);
}

static void interests_are_counted_for_each_worker(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	mk_record *r = mk_record_at(sup, topic_of(sup, &news));
	for (uint32_t worker = 0; worker < 10; worker++)
		mk_record_interest(r, worker * 3)->subscribers = worker;
	assert_int_equal(r->interest_count, 10);
	for (uint32_t worker = 0; worker < 10; worker++)
		assert_int_equal(mk_record_interest(r, worker * 3)->subscribers, worker);
	test_allocator_fail_at(0, true);
	for (uint32_t worker = 100; worker < 110; worker++)
		if (mk_record_interest(r, worker) == NULL)
			break;
	test_allocator_fail_never();
	assert_true(test_allocator_has_failed());
	assert_int_equal(mk_record_interest(r, 27)->subscribers, 9);
	maiko_supervisor_free(sup);
}

/* ---- event types -------------------------------------------------------------------------- */

static void an_event_is_known_by_name_and_layout(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	const maiko_field fields[] = {U32("x", 0), END};
	const maiko_layout layout = {"a", 4, 4, fields, MAIKO_FORMAT};
	const maiko_topic topic = {.name = "news"};
	const maiko_event_type again = {.layout = &layout, .topic = &topic};
	const mk_type *a = type_of(sup, &a_event), *b = type_of(sup, &b_event);
	assert_int_equal(a->index, MK_OWN_TYPES);
	assert_int_equal(a->topic, 1 + OWN_TOPICS);
	assert_int_equal(a->size, 4);
	assert_ptr_equal(a->desc, &a_event);
	assert_int_equal(b->index, MK_OWN_TYPES + 1);
	assert_ptr_equal(type_of(sup, &again), a);
	assert_ptr_equal(type_of(sup, &a_event), a);
	maiko_supervisor_free(sup);
}

static void the_same_name_with_another_layout_is_etype(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	const maiko_event_type changed = {.layout = &a_changed, .topic = &news};
	const mk_type *a = type_of(sup, &a_event);
	refused_type(sup, &changed, MAIKO_ETYPE);
	assert_ptr_equal(type_of(sup, &a_event), a);
	maiko_supervisor_free(sup);
}

static void the_same_event_of_another_topic_is_refused(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	const maiko_event_type moved = {.layout = &a_layout, .topic = &sports};
	const maiko_event_type routed = {.layout = &a_layout, .route = to_news};
	type_of(sup, &a_event);
	refused_type(sup, &moved, MAIKO_EINVAL);
	refused_type(sup, &routed, MAIKO_EINVAL);
	maiko_supervisor_free(sup);
}

static void a_bad_event_is_refused(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	const maiko_layout nameless = {"", 4, 4, x_fields, MAIKO_FORMAT},
			   huge = {"a", 1048577, 4, x_fields, MAIKO_FORMAT};
	const maiko_topic bad = {.name = ""};
	refused_type(sup, NULL, MAIKO_EINVAL);
	refused_type(sup, &(maiko_event_type){.topic = &news}, MAIKO_EINVAL);
	refused_type(sup, &(maiko_event_type){.layout = &nameless, .topic = &news}, MAIKO_EINVAL);
	refused_type(sup, &(maiko_event_type){.layout = &huge, .topic = &news}, MAIKO_E2BIG);
	refused_type(sup, &(maiko_event_type){.layout = &a_layout}, MAIKO_EINVAL);
	refused_type(sup, &(maiko_event_type){.layout = &a_layout, .topic = &news, .route = to_news}, MAIKO_EINVAL);
	refused_type(sup, &(maiko_event_type){.layout = &a_layout, .topic = &bad}, MAIKO_EINVAL);
	assert_int_equal(sup->type_count, MK_OWN_TYPES);
	type_of(sup, &a_event); /* its name is free yet */
	maiko_supervisor_free(sup);
}

static void a_type_knows_its_buffers(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	const maiko_field fields[] = {{.name = "p", .offset = 8, .size = sizeof(void *), .kind = MAIKO_KIND_BUFFER},
				      {.name = "q", .offset = 24, .size = sizeof(void *), .kind = MAIKO_KIND_BUFFER},
				      END};
	const maiko_layout layout = {"frame", 32, 8, fields, MAIKO_FORMAT};
	const mk_type *t = type_of(sup, &(maiko_event_type){.layout = &layout, .topic = &news});
	assert_int_equal(t->buffer_count, 2);
	assert_int_equal(t->buffers[0], 8);
	assert_int_equal(t->buffers[1], 24);
	maiko_supervisor_free(sup);
}

/* ---- slots ---------------------------------------------------------------------------------- */

/* The supervisors number the same descriptions differently, and share their slots. */
static void two_supervisors_share_slots_in_turn(void **state)
{
	(void)state;
	static uint64_t topic_slot, event_slot;
	static const maiko_topic topic = {.name = "shared", .slot = &topic_slot};
	static const maiko_event_type event = {.layout = &a_layout, .topic = &topic, .slot = &event_slot};
	maiko_supervisor *one = test_supervisor(1), *two = test_supervisor(1);
	topic_of(two, &news);
	type_of(two, &b_event);
	const mk_type *in_one = type_of(one, &event), *in_two = type_of(two, &event);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(topic_of(one, &topic), 1);
		assert_int_equal(topic_of(two, &topic), 2);
		assert_ptr_equal(type_of(one, &event), in_one);
		assert_ptr_equal(type_of(two, &event), in_two);
	}
	assert_int_equal(in_one->index, MK_OWN_TYPES);
	assert_int_equal(in_two->index, MK_OWN_TYPES + 1);
	maiko_supervisor_free(one);
	assert_int_equal(topic_of(two, &topic), 2);
	one = test_supervisor(1); /* perhaps where the other was */
	assert_int_equal(topic_of(one, &sports), 1);
	assert_int_equal(topic_of(one, &topic), 2);
	maiko_supervisor_free(two);
	maiko_supervisor_free(one);
	assert_int_equal(test_allocator_living(), 0);
}

static void a_slot_remembers_after_the_first_use(void **state)
{
	(void)state;
	uint64_t slot = 0;
	uint32_t index = 77;
	const maiko_topic topic = {.name = "t", .slot = &slot};
	maiko_supervisor *sup = test_supervisor(1);
	assert_false(mk_slot_get(&slot, sup->serial, &index));
	topic_of(sup, &topic);
	assert_true(mk_slot_get(&slot, sup->serial, &index));
	assert_int_equal(index, 1 + OWN_TOPICS);
	assert_false(mk_slot_get(&slot, sup->serial + 1, &index));
	assert_false(mk_slot_get(NULL, sup->serial, &index));
	refused_topic(sup, &(maiko_topic){.name = "t", .overflow = MAIKO_FAIL, .slot = NULL}, MAIKO_EINVAL);
	maiko_supervisor_free(sup);
}

static void what_is_refused_leaves_its_slot_alone(void **state)
{
	(void)state;
	uint64_t slot = 0;
	maiko_supervisor *sup = test_supervisor(1);
	type_of(sup, &a_event);
	refused_type(sup, &(maiko_event_type){.layout = &a_changed, .topic = &news, .slot = &slot}, MAIKO_ETYPE);
	refused_topic(sup, &(maiko_topic){.name = "news", .overflow = MAIKO_FAIL, .slot = &slot}, MAIKO_EINVAL);
	assert_int_equal(slot, 0);
	maiko_supervisor_free(sup);
}

/* ---- actor types -------------------------------------------------------------------------------- */

static int on_a(void *self, const void *event, maiko_ctx *ctx)
{
	(void)self;
	(void)event;
	(void)ctx;
	return 0;
}

static int hook(void *self, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	return 0;
}

#define LAST                                                                                                           \
	{                                                                                                              \
		.kind = MAIKO_ITEM_END                                                                                 \
	}
#define ACTOR(items_) (&(const maiko_actor_type){"actor", 8, 8, (items_), NULL, MAIKO_FORMAT})
#define ITEMS(...) ((const maiko_item[]){__VA_ARGS__, LAST})

static int class_of(maiko_supervisor *sup, const maiko_actor_type *desc, const mk_actor_class **ret_class)
{
	*ret_class = NULL;
	return mk_registry_class(sup, desc, ret_class);
}

static void refused_class(maiko_supervisor *sup, const maiko_actor_type *desc, int rc)
{
	const mk_actor_class *c;
	assert_int_equal(class_of(sup, desc, &c), rc);
	assert_null(c);
	assert_null(sup->classes);
}

static void an_actor_type_is_its_description(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	const maiko_item items[] = {{.kind = MAIKO_ITEM_ON, .event = &a_event, .on = on_a},
				    {.kind = MAIKO_ITEM_START, .hook = hook},
				    {.kind = MAIKO_ITEM_ON, .event = &b_event, .on = on_a},
				    LAST};
	const maiko_actor_type desc = {"actor", 8, 8, items, NULL, MAIKO_FORMAT},
			       other = {"actor", 8, 8, items, NULL, MAIKO_FORMAT};
	const mk_actor_class *c, *again, *second;
	assert_int_equal(class_of(sup, &desc, &c), 0);
	assert_ptr_equal(c->desc, &desc);
	const mk_handler *a = mk_handler_of(c, type_of(sup, &a_event)), *b = mk_handler_of(c, type_of(sup, &b_event));
	assert_true(a != NULL && b != NULL && a != b);
	assert_ptr_equal(a->type, type_of(sup, &a_event));
	assert_ptr_equal(b->type, type_of(sup, &b_event));
	assert_true(a->on == on_a && c->start == hook && c->stop == NULL && c->any == NULL);
	assert_int_equal(class_of(sup, &desc, &again), 0);
	assert_ptr_equal(again, c);
	assert_int_equal(class_of(sup, &other, &second), 0); /* names may be shared */
	assert_ptr_not_equal(second, c);
	maiko_supervisor_free(sup);
}

static void a_bad_actor_type_is_refused(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	const maiko_item none[] = {LAST};
	refused_class(sup, NULL, MAIKO_EINVAL);
	refused_class(sup, &(maiko_actor_type){NULL, 8, 8, none, NULL, MAIKO_FORMAT}, MAIKO_EINVAL);
	refused_class(sup, &(maiko_actor_type){"", 8, 8, none, NULL, MAIKO_FORMAT}, MAIKO_EINVAL);
	refused_class(sup, ACTOR(NULL), MAIKO_EINVAL);
	refused_class(sup, &(maiko_actor_type){"actor", 0, 8, none, NULL, MAIKO_FORMAT}, MAIKO_EINVAL);
	refused_class(sup, &(maiko_actor_type){"actor", 8, 0, none, NULL, MAIKO_FORMAT}, MAIKO_EINVAL);
	refused_class(sup, &(maiko_actor_type){"actor", 8, 24, none, NULL, MAIKO_FORMAT}, MAIKO_EINVAL);
	refused_class(sup, &(maiko_actor_type){"actor", 8, 128, none, NULL, MAIKO_FORMAT}, MAIKO_E2BIG);
	refused_class(sup, &(maiko_actor_type){"actor", 67108865, 8, none, NULL, MAIKO_FORMAT}, MAIKO_E2BIG);
	maiko_supervisor_free(sup);
}

static void a_bad_item_is_refused(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	const maiko_event_type bad = {.layout = &a_layout};
	refused_class(sup, ACTOR(ITEMS({.kind = MAIKO_ITEM_ON, .event = &a_event})), MAIKO_EINVAL);
	refused_class(sup, ACTOR(ITEMS({.kind = MAIKO_ITEM_ON, .on = on_a})), MAIKO_EINVAL);
	refused_class(sup, ACTOR(ITEMS({.kind = MAIKO_ITEM_ON, .event = &bad, .on = on_a})), MAIKO_EINVAL);
	for (maiko_item_kind kind = MAIKO_ITEM_ANY; kind <= MAIKO_ITEM_TICK; kind++)
		refused_class(sup, ACTOR(ITEMS({.kind = kind})), MAIKO_EINVAL);
	refused_class(sup, ACTOR(ITEMS({.kind = (maiko_item_kind)8, .hook = hook})), MAIKO_EINVAL);
	maiko_supervisor_free(sup);
}

static void two_of_a_kind_are_refused(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	const maiko_event_type again = {.layout = &a_layout, .topic = &news};
	refused_class(sup,
		      ACTOR(ITEMS({.kind = MAIKO_ITEM_STOP, .hook = hook}, {.kind = MAIKO_ITEM_STOP, .hook = hook})),
		      MAIKO_EINVAL);
	refused_class(sup,
		      ACTOR(ITEMS({.kind = MAIKO_ITEM_ON, .event = &a_event, .on = on_a},
				  {.kind = MAIKO_ITEM_ON, .event = &again, .on = on_a})),
		      MAIKO_EINVAL);
	maiko_supervisor_free(sup);
}

static void up_to_32_items(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	char names[33][4];
	maiko_layout layouts[33];
	maiko_event_type events[33];
	maiko_item items[34] = {LAST};
	for (int i = 0; i < 33; i++) {
		snprintf(names[i], sizeof names[i], "e%d", i);
		layouts[i] = (maiko_layout){names[i], 4, 4, x_fields, MAIKO_FORMAT};
		events[i] = (maiko_event_type){.layout = &layouts[i], .topic = &news};
		items[i] = (maiko_item){.kind = MAIKO_ITEM_ON, .event = &events[i], .on = on_a};
	}
	refused_class(sup, ACTOR(items), MAIKO_E2BIG);
	items[32] = (maiko_item)LAST;
	const mk_actor_class *c;
	assert_int_equal(class_of(sup, ACTOR(items), &c), 0);
	for (int i = 0; i < 32; i++) {
		const mk_type *type = type_of(sup, &events[i]);
		assert_ptr_equal(mk_handler_of(c, type)->type, type);
	}
	assert_null(mk_handler_of(c, type_of(sup, &events[32])));
	maiko_supervisor_free(sup);
}

/* ---- no memory ---------------------------------------------------------------------------- */

/* Everything that registers something, from nothing. */
static int register_all(maiko_supervisor *sup)
{
	static const maiko_item items[] = {{.kind = MAIKO_ITEM_ON, .event = &b_event, .on = on_a}, LAST};
	static const maiko_actor_type desc = {"actor", 8, 8, items, NULL, MAIKO_FORMAT};
	const maiko_topic *topic;
	const mk_type *type;
	const mk_actor_class *class;
	int rc = maiko_topic_named(sup, "weather", &topic);
	if (rc == 0)
		rc = mk_registry_type(sup, &a_event, &type);
	return rc == 0 ? mk_registry_class(sup, &desc, &class) : rc;
}

static void whatever_allocation_fails_it_can_be_done_again(void **state)
{
	(void)state;
	uint64_t n = 0;
	for (bool failed = true; failed; n++) {
		maiko_supervisor *sup = test_supervisor(1);
		test_allocator_fail_at(n, false);
		int rc = register_all(sup);
		failed = test_allocator_has_failed();
		test_allocator_fail_never();
		assert_int_equal(rc, failed ? MAIKO_ENOMEM : 0);
		assert_int_equal(register_all(sup), 0);
		assert_int_equal(sup->topic_count, 3 + OWN_TOPICS); /* the wildcard, and two */
		assert_int_equal(sup->type_count, MK_OWN_TYPES + 2);
		maiko_supervisor_free(sup);
		assert_int_equal(test_allocator_living(), 0);
	}
	assert_true(n > 8); /* it did fail, in many places */
}

static void a_supervisor_is_made_whole_or_not_at_all(void **state)
{
	(void)state;
	uint64_t n = 0;
	for (bool failed = true; failed; n++) {
		maiko_supervisor *sup = NULL;
		test_allocator_fail_at(n, false);
		int rc = maiko_supervisor_new(&sup, &(maiko_options){.workers = 2});
		failed = test_allocator_has_failed();
		test_allocator_fail_never();
		assert_int_equal(rc, failed ? MAIKO_ENOMEM : 0);
		assert_int_equal(sup == NULL, failed);
		maiko_supervisor_free(sup);
		assert_int_equal(test_allocator_living(), 0);
	}
	assert_true(n > 5);
}

/* ---- threads ------------------------------------------------------------------------------ */

enum { THREADS = 3, NAMES = 2000 };

static struct {
	maiko_supervisor *sup;
	char names[NAMES][16];
	uint64_t slots[NAMES];
	const maiko_topic *found[THREADS][NAMES];
	uint32_t indexes[THREADS][NAMES];
	_Atomic(uint64_t) wrong;
} many;

static void register_many(void *arg)
{
	uint64_t me = (uintptr_t)arg;
	for (uint64_t k = 0; k < NAMES; k++) {
		uint64_t i = (k + me * 700) % NAMES; /* each begins elsewhere */
		const maiko_topic desc = {.name = many.names[i], .slot = &many.slots[i]};
		mk_record *r = NULL;
		if (mk_registry_topic(many.sup, &desc, &r) != 0 ||
		    maiko_topic_named(many.sup, many.names[i], &many.found[me][i]) != 0 || r->index == 0)
			atomic_fetch_add(&many.wrong, 1);
		else
			many.indexes[me][i] = r->index;
	}
}

static void threads_find_the_same_topics(void **state)
{
	(void)state;
	uv_thread_t threads[THREADS];
	many.sup = test_supervisor(1);
	for (int i = 0; i < NAMES; i++)
		snprintf(many.names[i], sizeof many.names[i], "t%d", i);
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(uv_thread_create(&threads[i], register_many, (void *)i), 0);
	for (int i = 0; i < THREADS; i++)
		uv_thread_join(&threads[i]);
	assert_int_equal(atomic_load(&many.wrong), 0);
	for (int i = 0; i < NAMES; i++)
		for (int k = 1; k < THREADS; k++) {
			assert_ptr_equal(many.found[k][i], many.found[0][i]);
			assert_int_equal(many.indexes[k][i], many.indexes[0][i]);
		}
	assert_int_equal(many.sup->topic_count, 2001 + OWN_TOPICS);
	maiko_supervisor_free(many.sup);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_topic_is_known_by_its_name_alone),
		cmocka_unit_test(other_policies_are_refused),
		cmocka_unit_test(a_bad_topic_is_refused),
		cmocka_unit_test(a_topic_named_is_the_one_described),
		cmocka_unit_test(a_topic_made_at_run_time_may_have_policies),
		cmocka_unit_test(a_name_of_63_bytes_is_the_longest),
		cmocka_unit_test(a_star_is_a_name_like_any_other),
		cmocka_unit_test(a_hundred_thousand_topics_have_names_of_their_own),
		cmocka_unit_test(interests_are_counted_for_each_worker),
		cmocka_unit_test(an_event_is_known_by_name_and_layout),
		cmocka_unit_test(the_same_name_with_another_layout_is_etype),
		cmocka_unit_test(the_same_event_of_another_topic_is_refused),
		cmocka_unit_test(a_bad_event_is_refused),
		cmocka_unit_test(a_type_knows_its_buffers),
		cmocka_unit_test(two_supervisors_share_slots_in_turn),
		cmocka_unit_test(a_slot_remembers_after_the_first_use),
		cmocka_unit_test(what_is_refused_leaves_its_slot_alone),
		cmocka_unit_test(an_actor_type_is_its_description),
		cmocka_unit_test(a_bad_actor_type_is_refused),
		cmocka_unit_test(a_bad_item_is_refused),
		cmocka_unit_test(two_of_a_kind_are_refused),
		cmocka_unit_test(up_to_32_items),
		cmocka_unit_test(whatever_allocation_fails_it_can_be_done_again),
		cmocka_unit_test(a_supervisor_is_made_whole_or_not_at_all),
		cmocka_unit_test(threads_find_the_same_topics),
	};
	test_allocator_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
