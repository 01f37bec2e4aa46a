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
static const maiko_schema point_schema = {.name = "point", .fields = point_fields, .count = 2};
static const maiko_schema_field sample_fields[] = {{.name = "name", .kind = MAIKO_KIND_TEXT, .width = 16},
						   {.name = "on", .kind = MAIKO_KIND_BOOL},
						   {.name = "value", .kind = MAIKO_KIND_DOUBLE},
						   {.name = "at", .kind = MAIKO_KIND_STRUCT, .nested = &point_schema},
						   {.name = "raw", .kind = MAIKO_KIND_BUFFER}};
static const maiko_schema sample_schema = {.name = "sample", .fields = sample_fields, .count = 5};

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
	returns(maiko_event_from(sup, &(maiko_schema){.name = "sample", .fields = sample_fields, .count = 4}, "arrived",
				 &type),
		MAIKO_ETYPE);
	assert_non_null(strstr(maiko_last_error(), "event 'sample' has another layout"));
	maiko_supervisor_free(sup);
}

static void refused(maiko_supervisor *sup, maiko_schema_field field, uint32_t count, int code, const char *why)
{
	const maiko_event_type *type = NULL;
	maiko_schema_field fields[MAIKO_FIELDS_MAX + 1];
	for (uint32_t i = 0; i < count; i++)
		fields[i] = field;
	returns(maiko_event_from(sup, &(maiko_schema){.name = "bad", .fields = fields, .count = count}, "bad", &type),
		code);
	assert_null(type);
	if (strstr(maiko_last_error(), why) == NULL)
		fail_msg("%s: not in: %s", why, maiko_last_error());
}

TEST_ONCE(a_bad_schema_is_refused_in_words)
{
	const maiko_event_type *type;
	maiko_supervisor *sup = test_supervisor(1);
	maiko_schema_field own = {.name = "x", .kind = MAIKO_KIND_STRUCT};
	maiko_schema endless = {.name = "endless", .fields = &own, .count = 1};
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
	returns(maiko_event_from(sup, &(maiko_schema){.name = "bad", .count = 1}, "bad", &type), MAIKO_EINVAL);
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

/* ---- arrays --------------------------------------------------------------------------------------- */

typedef enum hue { RED = 1, BLUE = -2 } hue;

typedef struct leg {
	uint8_t used;
	int16_t steps[3];
	char name[5];
	point ends[2];
} leg;
MAIKO_STRUCT(leg, MAIKO_COUNTED(steps, used), name, MAIKO_NESTED(ends, point));

typedef struct track {
	int8_t tiny[3];
	double d[2];
	bool yes[2];
	hue hues[2];
	float f[1];
	uint8_t bytes[7];
	uint16_t used;
	leg legs[4];
	unsigned long long n;
	uint64_t big[2];
	sample samples[2];
} track;
MAIKO_EVENT(track, samples, tiny, d, yes, MAIKO_ENUM(hues), f, bytes, MAIKO_COUNTED(MAIKO_NESTED(legs, leg), used),
	    MAIKO_COUNTED(big, n), MAIKO_NESTED(samples, sample));

#define COUNTED(n) ((n) | MAIKO_ELEMENTS_COUNTED)
static const maiko_schema_field leg_fields[] = {
	{.name = "used", .kind = MAIKO_KIND_UINT, .width = 1},
	{.name = "steps", .kind = MAIKO_KIND_INT, .width = 2, .elements = COUNTED(3)},
	{.name = "name", .kind = MAIKO_KIND_TEXT, .width = 5},
	{.name = "ends", .kind = MAIKO_KIND_STRUCT, .nested = &point_schema, .elements = 2}};
static const maiko_schema leg_schema = {.name = "leg", .fields = leg_fields, .count = 4};
static const maiko_schema_field track_fields[] = {
	{.name = "tiny", .kind = MAIKO_KIND_INT, .width = 1, .elements = 3},
	{.name = "d", .kind = MAIKO_KIND_DOUBLE, .elements = 2},
	{.name = "yes", .kind = MAIKO_KIND_BOOL, .elements = 2},
	{.name = "hues", .kind = MAIKO_KIND_ENUM, .width = 4, .elements = 2},
	{.name = "f", .kind = MAIKO_KIND_FLOAT, .elements = 1},
	{.name = "bytes", .kind = MAIKO_KIND_BYTES, .width = 7},
	{.name = "used", .kind = MAIKO_KIND_UINT, .width = 2},
	{.name = "legs", .kind = MAIKO_KIND_STRUCT, .nested = &leg_schema, .elements = COUNTED(4)},
	{.name = "n", .kind = MAIKO_KIND_UINT, .width = 8},
	{.name = "big", .kind = MAIKO_KIND_UINT, .width = 8, .elements = COUNTED(2)},
	{.name = "samples", .kind = MAIKO_KIND_STRUCT, .nested = &sample_schema, .elements = 2}};
static const maiko_schema track_schema = {.name = "track", .fields = track_fields, .count = 11};

TEST_ONCE(a_schema_with_arrays_makes_the_layout_of_the_struct)
{
	const maiko_event_type *type;
	maiko_supervisor *sup = test_supervisor(1);
	ok(maiko_event_from(sup, &track_schema, "samples", &type));
	assert_true(type != MAIKO_EVENT_REF(track));
	assert_int_equal(type->layout->size, sizeof(track));
	assert_true(maiko_layout_digest(type->layout) == maiko_layout_digest(MAIKO_EVENT_REF(track)->layout));
	assert_true(maiko_layout_hash(type->layout) == maiko_layout_hash(MAIKO_EVENT_REF(track)->layout));
	ok(maiko_event_from(sup, &track_schema, "elsewhere", &type));
	maiko_supervisor_free(sup);
}

TEST_ONCE(the_digest_of_arrays_is_the_same_on_every_machine)
{
	assert_true(maiko_layout_digest(&maiko_gen_layout_leg) == UINT64_C(0x208ad1cfc6558449));
}

TEST_ONCE(it_is_printed_as_the_struct)
{
	char is[2000], text[2000];
	const maiko_event_type *type;
	maiko_supervisor *sup = test_supervisor(1);
	track value = {.tiny = {1, 2, 3}, .hues = {RED, BLUE}, .bytes = {255}, .used = 2, .n = 1, .big = {5, 6}};
	value.legs[1] = (leg){.used = 2, .steps = {7, 8, 9}, .name = "one", .ends = {{1, 2}, {3, 4}}};
	ok(maiko_event_from(sup, &track_schema, "samples", &type));
	ok(maiko_layout_print(type->layout, &value, is, sizeof is));
	ok(maiko_layout_print(MAIKO_EVENT_REF(track)->layout, &value, text, sizeof text));
	assert_string_equal(is, text);
	assert_non_null(strstr(is, "{\"used\":2,\"steps\":[7,8],\"name\":\"one\","
				   "\"ends\":[{\"x\":1,\"y\":2},{\"x\":3,\"y\":4}]}"));
	assert_non_null(strstr(is, "\"n\":1,\"big\":[5],"));
	maiko_supervisor_free(sup);
}

/* Another schema is another event, by its elements alone. */
TEST_ONCE(other_elements_are_another_event)
{
	const maiko_event_type *type;
	maiko_supervisor *sup = test_supervisor(1);
	maiko_schema_field fields[] = {{.name = "n", .kind = MAIKO_KIND_UINT, .width = 4},
				       {.name = "x", .kind = MAIKO_KIND_INT, .width = 2, .elements = 4}};
	const maiko_schema schema = {.name = "two", .fields = fields, .count = 2};
	ok(maiko_event_from(sup, &schema, "twos", &type));
	fields[1].elements = COUNTED(4);
	returns(maiko_event_from(sup, &schema, "twos", &type), MAIKO_ETYPE);
	fields[1] = (maiko_schema_field){.name = "x", .kind = MAIKO_KIND_INT, .width = 4, .elements = 2};
	returns(maiko_event_from(sup, &schema, "twos", &type), MAIKO_ETYPE);
	fields[1] = (maiko_schema_field){.name = "x", .kind = MAIKO_KIND_INT, .width = 8};
	returns(maiko_event_from(sup, &schema, "twos", &type), MAIKO_ETYPE);
	maiko_supervisor_free(sup);
}

static void bad_array(maiko_supervisor *sup, maiko_schema_field count, maiko_schema_field array, int code,
		      const char *why)
{
	const maiko_event_type *type = NULL;
	const maiko_schema_field fields[] = {count, array};
	int64_t living = test_allocator_living();
	returns(maiko_event_from(sup, &(maiko_schema){.name = "bad", .fields = fields, .count = 2}, "bad", &type),
		code);
	assert_null(type);
	assert_int_equal(test_allocator_living(), living);
	if (strstr(maiko_last_error(), why) == NULL)
		fail_msg("%s: not in: %s", why, maiko_last_error());
}

TEST_ONCE(a_bad_array_is_refused_in_words)
{
	maiko_supervisor *sup = test_supervisor(1);
	static const maiko_schema_field vast_fields[] = {
		{.name = "all", .kind = MAIKO_KIND_BYTES, .width = MAIKO_EVENT_SIZE_MAX}};
	static const maiko_schema vast = {.name = "vast", .fields = vast_fields, .count = 1};
	static const maiko_schema_field n = {.name = "n", .kind = MAIKO_KIND_UINT, .width = 4};
	static const maiko_schema_field signed_n = {.name = "n", .kind = MAIKO_KIND_INT, .width = 4};
	static const maiko_schema_field many_n = {.name = "n", .kind = MAIKO_KIND_UINT, .width = 4, .elements = 2};
	maiko_schema_field x = {.name = "x", .kind = MAIKO_KIND_INT, .width = 4, .elements = UINT32_MAX};
	bad_array(sup, n, x, MAIKO_E2BIG, "'bad' has 2147483647 elements in 'x', 8589934588 bytes; at most");
	x.elements = (MAIKO_EVENT_SIZE_MAX / 4) + 1;
	bad_array(sup, n, x, MAIKO_E2BIG, "'bad' has 262145 elements in 'x'");
	x.elements = MAIKO_EVENT_SIZE_MAX / 4; /* itself it is small enough */
	bad_array(sup, n, x, MAIKO_E2BIG, "'bad' has 1048580 bytes with 'x'");
	x.elements = MAIKO_ELEMENTS_COUNTED;
	bad_array(sup, n, x, MAIKO_EINVAL, "field 'bad.x' has 0 elements");
	x.elements = COUNTED(4);
	bad_array(sup, signed_n, x, MAIKO_EINVAL, "'bad.x' is a counted array; the field before it");
	bad_array(sup, many_n, x, MAIKO_EINVAL, "'bad.x' is a counted array; the field before it");
	bad_array(sup, x, n, MAIKO_EINVAL, "'bad.x' is a counted array; the field before it");
	x = (maiko_schema_field){.name = "x", .kind = MAIKO_KIND_INT, .width = 3, .elements = 4};
	bad_array(sup, n, x, MAIKO_EINVAL, "field 'bad.x' has kind 4 and a width of 3 bytes");
	x = (maiko_schema_field){.name = "x", .kind = MAIKO_KIND_TEXT, .width = 4, .elements = 4};
	bad_array(sup, n, x, MAIKO_EINVAL, "field 'bad.x' is an array of kind 1");
	x.kind = MAIKO_KIND_BYTES;
	bad_array(sup, n, x, MAIKO_EINVAL, "field 'bad.x' is an array of kind 2");
	x.kind = MAIKO_KIND_BUFFER;
	bad_array(sup, n, x, MAIKO_EINVAL, "field 'bad.x' is an array of kind 10");
	x = (maiko_schema_field){.name = "x",
				 .kind = MAIKO_KIND_STRUCT,
				 .nested = &sample_schema,
				 .elements = COUNTED(2)};
	bad_array(sup, n, x, MAIKO_EINVAL, "its elements may not contain buffers");
	x.elements = 33;
	bad_array(sup, n, x, MAIKO_E2BIG, "more than 32 buffers: see 'bad.x'");
	x = (maiko_schema_field){.name = "x", .kind = MAIKO_KIND_STRUCT, .nested = &vast, .elements = INT32_MAX};
	bad_array(sup, n, x, MAIKO_E2BIG, "'bad' has 2147483647 elements in 'x'");
	x = n;
	x.name = "x";
	x.reserved_[1] = 1;
	bad_array(sup, n, x, MAIKO_EINVAL, "a field of a schema");
	assert_null(maiko_event_named(sup, "bad"));
	maiko_supervisor_free(sup);
}

TEST_ONCE(a_count_beyond_its_array_is_refused_at_the_send)
{
	const maiko_event_type *type;
	maiko_supervisor *sup = test_supervisor(1);
	ok(maiko_event_from(sup, &track_schema, "samples", &type));
	ok(maiko_start(sup));
	returns(maiko_supervisor_send(sup, type, &(track){.used = 5}, 0), MAIKO_EINVAL);
	assert_non_null(strstr(maiko_last_error(), "'track': .used is 5; the array that it counts, .legs, has 4"));
	ok(maiko_supervisor_send(sup, type, &(track){.used = 4}, 0));
	test_finish(sup);
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
