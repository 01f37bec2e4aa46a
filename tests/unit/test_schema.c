/*
 * test_schema.c - event types described at run time: by name, from a schema, and their digest for other machines.
 *
 * SPDX-License-Identifier: MIT
 */
#include "no_memory.h"

#include <string.h>

typedef struct point {
	int32_t x, y;
} point;
MAIKO_STRUCT(point, x, y);

typedef struct sample {
	char name[16];
	bool on;
	double value;
	point at;
	maiko_buffer *raw;
} sample;
MAIKO_TOPIC(samples);
MAIKO_EVENT(sample, samples, name, on, value, MAIKO_NESTED(at, point), raw);

static const maiko_schema_field point_fields[] = {{.name = "x", .kind = MAIKO_KIND_INT, .width = 4},
						  {.name = "y", .kind = MAIKO_KIND_INT, .width = 4}};
static const maiko_schema point_schema = {"point", point_fields, 2};
static const maiko_schema_field sample_fields[] = {{.name = "name", .kind = MAIKO_KIND_TEXT, .width = 16},
						   {.name = "on", .kind = MAIKO_KIND_BOOL},
						   {.name = "value", .kind = MAIKO_KIND_DOUBLE},
						   {.name = "at", .kind = MAIKO_KIND_STRUCT, .nested = &point_schema},
						   {.name = "raw", .kind = MAIKO_KIND_BUFFER}};
static const maiko_schema sample_schema = {"sample", sample_fields, 5};

TEST_ONCE(the_digest_is_the_same_on_every_machine)
{
	assert_true(maiko_layout_digest(MAIKO_EVENT_REF(sample)->layout) == UINT64_C(0xc220119e126d829a));
	assert_true(maiko_layout_digest(NULL) == 0);
}

static uint64_t digest_of(const maiko_field *fields)
{
	return maiko_layout_digest(&(maiko_layout){"s", 64, 8, fields, MAIKO_FORMAT});
}

TEST_ONCE(the_digest_knows_names_kinds_and_widths_but_not_places)
{
	const maiko_field one[] = {{"a", 0, 4, MAIKO_KIND_INT, 0, NULL}, {.name = NULL}};
	const maiko_field moved[] = {{"a", 8, 4, MAIKO_KIND_INT, 0, NULL}, {.name = NULL}};
	const maiko_field renamed[] = {{"b", 0, 4, MAIKO_KIND_INT, 0, NULL}, {.name = NULL}};
	const maiko_field wider[] = {{"a", 0, 8, MAIKO_KIND_INT, 0, NULL}, {.name = NULL}};
	const maiko_field other[] = {{"a", 0, 4, MAIKO_KIND_UINT, 0, NULL}, {.name = NULL}};
	assert_true(digest_of(one) == digest_of(moved));
	assert_true(digest_of(one) != digest_of(renamed));
	assert_true(digest_of(one) != digest_of(wider));
	assert_true(digest_of(one) != digest_of(other));
	assert_true(digest_of(one) == maiko_layout_digest(&(maiko_layout){"s", 4, 4, one, MAIKO_FORMAT}));
}

TEST_LISTENER(listener, sample);

TEST_ONCE(an_event_is_known_by_its_name)
{
	maiko_supervisor *sup = test_supervisor(1);
	assert_null(maiko_event_named(sup, "sample"));
	ok(maiko_add(sup, listener, "listener"));
	assert_ptr_equal(maiko_event_named(sup, "sample"), MAIKO_EVENT_REF(sample));
	assert_null(maiko_event_named(sup, "samples"));
	assert_null(maiko_event_named(NULL, "sample"));
	assert_null(maiko_event_named(sup, NULL));
	maiko_supervisor_free(sup);
}

TEST_ONCE(a_schema_makes_the_layout_of_the_struct)
{
	const maiko_event_type *type, *again;
	maiko_supervisor *sup = test_supervisor(1);
	ok(maiko_event_from(sup, &sample_schema, "arrived", &type));
	assert_true(type != MAIKO_EVENT_REF(sample));
	assert_true(maiko_layout_hash(type->layout) == maiko_layout_hash(MAIKO_EVENT_REF(sample)->layout));
	assert_string_equal(type->topic->name, "arrived");
	ok(maiko_event_from(sup, &sample_schema, "elsewhere", &again));
	assert_ptr_equal(type, again);
	assert_ptr_equal(maiko_event_named(sup, "sample"), type);
	ok(maiko_event_from(sup, &(maiko_schema){.name = "ping"}, "pings", &type));
	assert_int_equal(type->layout->size, 1);
	maiko_supervisor_free(sup);
}

TEST_ONCE(a_schema_of_a_compiled_event_is_that_event)
{
	const maiko_event_type *type;
	maiko_supervisor *sup = test_supervisor(1);
	ok(maiko_add(sup, listener, "listener"));
	ok(maiko_event_from(sup, &sample_schema, "arrived", &type));
	assert_ptr_equal(type, MAIKO_EVENT_REF(sample));
	returns(maiko_event_from(sup, &(maiko_schema){"sample", sample_fields, 4}, "arrived", &type), MAIKO_ETYPE);
	assert_non_null(strstr(maiko_last_error(), "event 'sample' has another layout"));
	maiko_supervisor_free(sup);
}

static void refused(maiko_supervisor *sup, maiko_schema_field field, uint32_t count, int code, const char *why)
{
	const maiko_event_type *type = NULL;
	maiko_schema_field fields[MAIKO_FIELDS_MAX + 1];
	for (uint32_t i = 0; i < count; i++)
		fields[i] = field;
	returns(maiko_event_from(sup, &(maiko_schema){"bad", fields, count}, "bad", &type), code);
	assert_null(type);
	if (strstr(maiko_last_error(), why) == NULL)
		fail_msg("%s: not in: %s", why, maiko_last_error());
}

TEST_ONCE(a_bad_schema_is_refused_in_words)
{
	const maiko_event_type *type;
	maiko_supervisor *sup = test_supervisor(1);
	maiko_schema_field own = {.name = "x", .kind = MAIKO_KIND_STRUCT};
	maiko_schema endless = {"endless", &own, 1};
	own.nested = &endless;
	refused(sup, (maiko_schema_field){.name = ""}, 1, MAIKO_EINVAL, "the name of a field is ''");
	refused(sup, (maiko_schema_field){.name = "x"}, 1, MAIKO_EINVAL, "field 'bad.x' has kind 0");
	refused(sup, (maiko_schema_field){.name = "x", .kind = (maiko_kind)99}, 1, MAIKO_EINVAL, "has kind 99");
	refused(sup, (maiko_schema_field){.name = "x", .kind = MAIKO_KIND_INT, .width = 3}, 1, MAIKO_EINVAL, "3 bytes");
	refused(sup, (maiko_schema_field){.name = "x", .kind = MAIKO_KIND_TEXT, .width = UINT32_MAX}, 1, MAIKO_EINVAL,
		"4294967295 bytes");
	refused(sup, (maiko_schema_field){.name = "x", .kind = MAIKO_KIND_STRUCT}, 1, MAIKO_EINVAL, "'bad.x'");
	refused(sup, (maiko_schema_field){.name = "x", .kind = MAIKO_KIND_BOOL}, 2, MAIKO_EINVAL, "two fields 'x'");
	refused(sup, (maiko_schema_field){.name = "x", .kind = MAIKO_KIND_BOOL}, 33, MAIKO_E2BIG, "MAIKO_FIELDS_MAX");
	refused(sup, (maiko_schema_field){.name = "x", .kind = MAIKO_KIND_BYTES, .width = 1u << 20}, 2, MAIKO_E2BIG,
		"MAIKO_EVENT_SIZE_MAX");
	refused(sup, own, 1, MAIKO_E2BIG, "MAIKO_NESTING_MAX");
	returns(maiko_event_from(sup, &(maiko_schema){"bad", NULL, 1}, "bad", &type), MAIKO_EINVAL);
	returns(maiko_event_from(sup, &(maiko_schema){.name = ""}, "bad", &type), MAIKO_EINVAL);
	returns(maiko_event_from(sup, &(maiko_schema){.name = "bad"}, "", &type), MAIKO_EINVAL);
	returns(maiko_event_from(NULL, &sample_schema, "bad", &type), MAIKO_EINVAL);
	returns(maiko_event_from(sup, NULL, "bad", &type), MAIKO_EINVAL);
	returns(maiko_event_from(sup, &sample_schema, NULL, &type), MAIKO_EINVAL);
	returns(maiko_event_from(sup, &sample_schema, "bad", NULL), MAIKO_EINVAL);
	assert_null(maiko_event_named(sup, "bad"));
	maiko_supervisor_free(sup);
}

TEST_ONCE(without_memory_nothing_is_known_and_nothing_leaks)
{
	const maiko_event_type *type;
	int rc = MAIKO_ENOMEM;
	int64_t living = test_allocator_living();
	for (uint64_t n = 0; rc == MAIKO_ENOMEM; n++) {
		maiko_supervisor *sup = test_supervisor(1);
		test_allocator_fail_at(n, false);
		rc = maiko_event_from(sup, &sample_schema, "arrived", &type);
		test_allocator_fail_never();
		assert_true(rc == 0 || (rc == MAIKO_ENOMEM && maiko_event_named(sup, "sample") == NULL));
		maiko_supervisor_free(sup);
		assert_true(n < 100);
	}
	ok(rc);
	assert_int_equal(test_allocator_living(), living);
}

TEST_WORKERS(events_of_a_schema_are_sent_like_others)
{
	const maiko_event_type *type;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_event_from(sup, &sample_schema, "samples", &type));
	ok(maiko_add(sup, listener, "listener"));
	ok(maiko_start(sup));
	ok(maiko_supervisor_send(sup, type, &(sample){.name = "made"}, 0));
	test_wait_for(&test_heard_events, 1);
	expect_heard("listener", "sample made");
	test_finish(sup);
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
