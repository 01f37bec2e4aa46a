/*
 * test_macros.c - what the macros expand to that describe events and topics.
 *
 * test_macro_actors.c has those of actors, test_macro_calls.c those that call. Nothing here runs an actor. What must
 * not compile is in tests/compile_fail.
 *
 * SPDX-License-Identifier: MIT
 */
#include "elsewhere.h"

#include <maiko/maiko.h>
#include <limits.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- pp.h -------------------------------------------------------------------------- */

static void counts_arguments(void **state)
{
	(void)state;
	assert_int_equal(MAIKO_PP_COUNT(a), 1);
	assert_int_equal(MAIKO_PP_COUNT(a, b), 2);
	assert_int_equal(MAIKO_PP_COUNT(a, (b, c)), 2);
#define TEN 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
	assert_int_equal(MAIKO_PP_COUNT(TEN, TEN, TEN, TEN, TEN, TEN, 0, 0, 0), 63);
	assert_int_equal(MAIKO_PP_COUNT(TEN, TEN, TEN, TEN, TEN, TEN, 0, 0, 0, 0), 64);
}

static void maps_each_argument(void **state)
{
	(void)state;
#define PLUS(c, x) +(c) * (x)
	assert_int_equal(MAIKO_PP_MAP(PLUS, 1, 7), 7);
	assert_int_equal(MAIKO_PP_MAP(PLUS, 10, 1, 2, 3), 60);
#define ONES 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
	assert_int_equal(MAIKO_PP_MAP(PLUS, 1, ONES, ONES, ONES, ONES, ONES, ONES, 1, 1, 1, 1), 64);
}

static void tells_a_tuple(void **state)
{
	(void)state;
	assert_int_equal(MAIKO_PP_IS_TUPLE(a), 0);
	assert_int_equal(MAIKO_PP_IS_TUPLE((a)), 1);
	assert_int_equal(MAIKO_PP_IS_TUPLE((a, b, c)), 1);
}

/* ---- events ------------------------------------------------------------------------ */

typedef struct row {
	const char *name;
	uint32_t offset, size;
	maiko_kind kind;
} row;

static void expect_fields(const maiko_layout *layout, const row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const maiko_field *field = &layout->fields[i];
		assert_non_null(field->name);
		assert_string_equal(field->name, rows[i].name);
		assert_int_equal(field->offset, rows[i].offset);
		assert_int_equal(field->size, rows[i].size);
		assert_int_equal(field->kind, rows[i].kind);
		if (field->kind != MAIKO_KIND_STRUCT)
			assert_null(field->nested);
	}
	assert_null(layout->fields[count].name);
}

MAIKO_TOPIC(plain);

/* The larger fields first: so the offsets are the same on every machine, and with that the size. */
typedef struct numbers {
	_Alignas(8) int64_t i64;
	uint64_t u64;
	double d;
	float f;
	int32_t i32;
	uint32_t u32;
	int16_t i16;
	uint16_t u16;
	int8_t i8;
	uint8_t u8;
	bool b;
} numbers;
MAIKO_EVENT(numbers, plain, i64, u64, d, f, i32, u32, i16, u16, i8, u8, b);

static void describes_every_width_of_number(void **state)
{
	(void)state;
	static const row rows[] = {
		{"i64", 0, 8, MAIKO_KIND_INT},  {"u64", 8, 8, MAIKO_KIND_UINT},  {"d", 16, 8, MAIKO_KIND_DOUBLE},
		{"f", 24, 4, MAIKO_KIND_FLOAT}, {"i32", 28, 4, MAIKO_KIND_INT},  {"u32", 32, 4, MAIKO_KIND_UINT},
		{"i16", 36, 2, MAIKO_KIND_INT}, {"u16", 38, 2, MAIKO_KIND_UINT}, {"i8", 40, 1, MAIKO_KIND_INT},
		{"u8", 41, 1, MAIKO_KIND_UINT}, {"b", 42, 1, MAIKO_KIND_BOOL},
	};
	const maiko_event_type *type = MAIKO_EVENT_REF(numbers);
	expect_fields(type->layout, rows, COUNT(rows));
	assert_string_equal(type->layout->name, "numbers");
	assert_int_equal(type->layout->size, 48);
	assert_ptr_equal(type->topic, MAIKO_TOPIC_REF(plain));
	assert_null(type->route);
	assert_int_equal(*type->slot, 0);
}

typedef struct spellings {
	long long ll;
	unsigned long long ull;
	int i;
	unsigned u;
	short s;
	unsigned short us;
	signed char sc;
	unsigned char uc;
	long l;
	unsigned long ul;
	size_t size;
	intptr_t ip;
	char c;
} spellings;
MAIKO_EVENT(spellings, plain, ll, ull, i, u, s, us, sc, uc, l, ul, size, ip, c);

static void describes_every_spelling_of_integer(void **state)
{
	(void)state;
	static const maiko_kind kinds[] = {MAIKO_KIND_INT, MAIKO_KIND_UINT, MAIKO_KIND_INT,  MAIKO_KIND_UINT,
					   MAIKO_KIND_INT, MAIKO_KIND_UINT, MAIKO_KIND_INT,  MAIKO_KIND_UINT,
					   MAIKO_KIND_INT, MAIKO_KIND_UINT, MAIKO_KIND_UINT, MAIKO_KIND_INT};
	static const uint32_t sizes[] = {8, 8, 4, 4, 2, 2, 1, 1};
	const maiko_field *fields = MAIKO_EVENT_REF(spellings)->layout->fields;
	for (size_t i = 0; i < COUNT(kinds); i++)
		assert_int_equal(fields[i].kind, kinds[i]);
	for (size_t i = 0; i < COUNT(sizes); i++)
		assert_int_equal(fields[i].size, sizes[i]);
	for (size_t i = COUNT(sizes); i < COUNT(kinds); i++) /* long and the like: a machine word */
		assert_int_equal(fields[i].size, UINTPTR_MAX > UINT32_MAX ? 8 : 4);
	assert_string_equal(fields[COUNT(kinds)].name, "c"); /* with a sign or without: the machine's choice */
	assert_int_equal(fields[COUNT(kinds)].kind, CHAR_MIN < 0 ? MAIKO_KIND_INT : MAIKO_KIND_UINT);
	assert_int_equal(fields[COUNT(kinds)].size, 1);
	assert_null(fields[COUNT(kinds) + 1].name);
}

typedef struct arrays {
	char text[16];
	char letter[1];
	uint8_t bytes[5];
	uint8_t byte[1];
	char more[41];
} arrays;
MAIKO_EVENT(arrays, plain, text, letter, bytes, byte, more);

static void tells_text_from_bytes(void **state)
{
	(void)state;
	static const row rows[] = {
		{"text", 0, 16, MAIKO_KIND_TEXT},   {"letter", 16, 1, MAIKO_KIND_TEXT},
		{"bytes", 17, 5, MAIKO_KIND_BYTES}, {"byte", 22, 1, MAIKO_KIND_BYTES},
		{"more", 23, 41, MAIKO_KIND_TEXT},
	};
	const maiko_layout *layout = MAIKO_EVENT_REF(arrays)->layout;
	expect_fields(layout, rows, COUNT(rows));
	assert_int_equal(layout->size, 64);
	assert_int_equal(layout->align, 1);
}

typedef enum colour { RED, GREEN } colour;
typedef enum offset { BACK = -1, FORTH = 1 } offset;
typedef struct enums {
	colour c;
	offset o;
	uint8_t small; /* an enum kept in a byte */
	_Alignas(8) int64_t wide;
	_Alignas(8) unsigned long long longest;
} enums;
MAIKO_EVENT(enums, plain, MAIKO_ENUM(c), MAIKO_ENUM(o), MAIKO_ENUM(small), MAIKO_ENUM(wide), MAIKO_ENUM(longest));

static void describes_enums(void **state)
{
	(void)state;
	static const row rows[] = {
		{"c", 0, 4, MAIKO_KIND_ENUM},     {"o", 4, 4, MAIKO_KIND_ENUM},        {"small", 8, 1, MAIKO_KIND_ENUM},
		{"wide", 16, 8, MAIKO_KIND_ENUM}, {"longest", 24, 8, MAIKO_KIND_ENUM},
	};
	expect_fields(MAIKO_EVENT_REF(enums)->layout, rows, COUNT(rows));
}

typedef struct point {
	int32_t x, y;
} point;
typedef struct box {
	point from, to;
	uint32_t unlisted;
	char label[4];
} box;
typedef struct drawing {
	uint32_t n;
	box frame;
	point pen;
} drawing;
MAIKO_STRUCT(point, x, y);
MAIKO_STRUCT(box, MAIKO_NESTED(from, point), MAIKO_NESTED(to, point), label);
MAIKO_EVENT(drawing, plain, n, MAIKO_NESTED(frame, box), MAIKO_NESTED(pen, point));

static void describes_nested_structs(void **state)
{
	(void)state;
	static const row drawing_rows[] = {{"n", 0, 4, MAIKO_KIND_UINT},
					   {"frame", 4, 24, MAIKO_KIND_STRUCT},
					   {"pen", 28, 8, MAIKO_KIND_STRUCT}};
	static const row box_rows[] = {{"from", 0, 8, MAIKO_KIND_STRUCT},
				       {"to", 8, 8, MAIKO_KIND_STRUCT},
				       {"label", 20, 4, MAIKO_KIND_TEXT}};
	static const row point_rows[] = {{"x", 0, 4, MAIKO_KIND_INT}, {"y", 4, 4, MAIKO_KIND_INT}};

	const maiko_layout *top = MAIKO_EVENT_REF(drawing)->layout;
	expect_fields(top, drawing_rows, COUNT(drawing_rows));
	assert_int_equal(top->size, 36);
	assert_int_equal(top->align, 4);

	const maiko_layout *frame = top->fields[1].nested;
	assert_string_equal(frame->name, "box");
	assert_int_equal(frame->size, 24);
	expect_fields(frame, box_rows, COUNT(box_rows));

	const maiko_layout *pen = top->fields[2].nested;
	assert_string_equal(pen->name, "point");
	assert_ptr_equal(frame->fields[0].nested, pen);
	assert_ptr_equal(frame->fields[1].nested, pen);
	expect_fields(pen, point_rows, COUNT(point_rows));
}

typedef struct blobs {
	maiko_buffer *mine;
	const maiko_buffer *theirs;
} blobs;
MAIKO_EVENT(blobs, plain, mine, theirs);

static void describes_buffers(void **state)
{
	(void)state;
	const maiko_field *fields = MAIKO_EVENT_REF(blobs)->layout->fields;
	assert_int_equal(fields[0].kind, MAIKO_KIND_BUFFER);
	assert_int_equal(fields[1].kind, MAIKO_KIND_BUFFER);
	assert_int_equal(fields[0].size, UINTPTR_MAX > UINT32_MAX ? 8 : 4);
	assert_int_equal(fields[1].offset, UINTPTR_MAX > UINT32_MAX ? 8 : 4);
	assert_null(fields[2].name);
}

typedef struct full {
	uint8_t a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7;
	uint8_t c0, c1, c2, c3, c4, c5, c6, c7, d0, d1, d2, d3, d4, d5, d6, d7;
} full;
MAIKO_EVENT(full, plain, a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7, c0, c1, c2, c3, c4, c5, c6, c7,
	    d0, d1, d2, d3, d4, d5, d6, MAIKO_ENUM(d7));

static void describes_32_fields(void **state)
{
	(void)state;
	const maiko_field *fields = MAIKO_EVENT_REF(full)->layout->fields;
	for (uint32_t i = 0; i < 32; i++) {
		const char name[] = {"abcd"[i / 8], "01234567"[i % 8], 0};
		assert_string_equal(fields[i].name, name);
		assert_int_equal(fields[i].offset, i);
		assert_int_equal(fields[i].kind, i < 31 ? MAIKO_KIND_UINT : MAIKO_KIND_ENUM);
	}
	assert_null(fields[32].name);
}

MAIKO_SIGNAL(quit, plain);
typedef struct opaque {
	void *anything;
} opaque;
MAIKO_EVENT(opaque, maiko_default_topic);

static void describes_events_without_fields(void **state)
{
	(void)state;
	const maiko_event_type *type = MAIKO_EVENT_REF(quit);
	assert_string_equal(type->layout->name, "quit");
	assert_int_equal(type->layout->size, 1);
	assert_null(type->layout->fields[0].name);
	assert_ptr_equal(type->topic, MAIKO_TOPIC_REF(plain));

	type = MAIKO_EVENT_REF(opaque);
	assert_null(type->layout->fields[0].name);
	assert_ptr_equal(type->topic, &maiko_default_topic);
}

typedef struct reading {
	uint32_t device;
} reading;
MAIKO_TOPIC(near_devices);
MAIKO_TOPIC(far_devices);
static const maiko_topic *reading_topic(const reading *ev)
{
	return ev->device < 10 ? MAIKO_TOPIC_REF(near_devices) : MAIKO_TOPIC_REF(far_devices);
}
MAIKO_EVENT_ROUTED(reading, reading_topic, device);

static void routes_by_content(void **state)
{
	(void)state;
	const maiko_event_type *type = MAIKO_EVENT_REF(reading);
	assert_null(type->topic);
	assert_ptr_equal(type->route(&(reading){.device = 9}, NULL), MAIKO_TOPIC_REF(near_devices));
	assert_ptr_equal(type->route(&(reading){.device = 10}, NULL), MAIKO_TOPIC_REF(far_devices));
	assert_string_equal(type->layout->fields[0].name, "device");
}

/* Names that would meet if one generated name were another's with a prefix. */
MAIKO_TOPIC(time);
MAIKO_TOPIC(slot_time);
MAIKO_SIGNAL(start, time);
MAIKO_SIGNAL(slot_start, time);

static void keeps_names_apart(void **state)
{
	(void)state;
	assert_string_equal(MAIKO_TOPIC_REF(time)->name, "time");
	assert_string_equal(MAIKO_TOPIC_REF(slot_time)->name, "slot_time");
	assert_ptr_not_equal(MAIKO_TOPIC_REF(time)->slot, MAIKO_TOPIC_REF(slot_time)->slot);
	assert_string_equal(MAIKO_EVENT_REF(slot_start)->layout->name, "slot_start");
	assert_ptr_not_equal(MAIKO_EVENT_REF(start)->slot, MAIKO_EVENT_REF(slot_start)->slot);
	assert_ptr_not_equal(MAIKO_EVENT_REF(start)->slot, MAIKO_TOPIC_REF(time)->slot);
}

static void reads_any_event_by_its_type(void **state)
{
	(void)state;
	reading value = {.device = 7};
	maiko_any any = {.type = MAIKO_EVENT_REF(reading), .data = &value};
	const reading *as_reading = maiko_as(&any, reading);
	assert_ptr_equal(as_reading, &value);
	assert_null(maiko_as(&any, quit));
}

/* ---- topics -------------------------------------------------------------------------- */

static uint64_t reading_key(const maiko_any *any)
{
	const reading *ev = maiko_as(any, reading);
	return ev == NULL ? 0 : ev->device;
}
MAIKO_TOPIC(latest, .overflow = MAIKO_KEEP_LATEST, .key = reading_key);

static void describes_topics(void **state)
{
	(void)state;
	const maiko_topic *topic = MAIKO_TOPIC_REF(plain);
	assert_string_equal(topic->name, "plain");
	assert_int_equal(topic->overflow, MAIKO_OVERFLOW_DEFAULT);
	assert_null(topic->key);
	assert_int_equal(*topic->slot, 0);

	topic = MAIKO_TOPIC_REF(latest);
	assert_string_equal(topic->name, "latest");
	assert_int_equal(topic->overflow, MAIKO_KEEP_LATEST);
	assert_ptr_equal(topic->key, reading_key);
	assert_ptr_not_equal(topic->slot, MAIKO_TOPIC_REF(plain)->slot);
}

static void lists_topics(void **state)
{
	(void)state;
	const maiko_subscription *one = MAIKO_TOPICS(plain);
	assert_ptr_equal(one[0].topic, MAIKO_TOPIC_REF(plain));
	assert_int_equal(one[0].overflow, MAIKO_OVERFLOW_DEFAULT);
	assert_null(one[1].topic);

	const maiko_subscription *three =
		MAIKO_TOPICS(plain, MAIKO_SUB(latest, .overflow = MAIKO_DROP_NEWEST), MAIKO_SUB(time));
	assert_ptr_equal(three[0].topic, MAIKO_TOPIC_REF(plain));
	assert_int_equal(three[0].overflow, MAIKO_OVERFLOW_DEFAULT);
	assert_ptr_equal(three[1].topic, MAIKO_TOPIC_REF(latest));
	assert_int_equal(three[1].overflow, MAIKO_DROP_NEWEST);
	assert_ptr_equal(three[2].topic, MAIKO_TOPIC_REF(time));
	assert_int_equal(three[2].overflow, MAIKO_OVERFLOW_DEFAULT);
	assert_null(three[3].topic);

#define FOUR plain, time, latest, plain
	const maiko_subscription *many = MAIKO_TOPICS(FOUR, FOUR, FOUR, FOUR, FOUR, FOUR, FOUR, FOUR);
	assert_ptr_equal(many[30].topic, MAIKO_TOPIC_REF(latest));
	assert_ptr_equal(many[31].topic, MAIKO_TOPIC_REF(plain));
	assert_null(many[32].topic);

	const maiko_subscription *unnamed = MAIKO_TOPICS(maiko_default_topic);
	assert_ptr_equal(unnamed[0].topic, &maiko_default_topic);
	assert_ptr_equal(MAIKO_ALL_TOPICS, maiko_all_topics);
	assert_ptr_equal(MAIKO_NO_TOPICS, maiko_no_topics);
}

/* ---- over two files ---------------------------------------------------------------------- */

static void finds_what_another_file_defines(void **state)
{
	(void)state;
	static const row move_rows[] = {{"to", 0, 8, MAIKO_KIND_STRUCT}, {"speed", 8, 4, MAIKO_KIND_UINT}};
	static const row step_rows[] = {{"n", 0, 4, MAIKO_KIND_INT}};
	const maiko_topic *topic = MAIKO_TOPIC_REF(remote_moves);
	assert_string_equal(topic->name, "remote_moves");
	assert_int_equal(topic->overflow, MAIKO_DROP_NEWEST);

	const maiko_event_type *move = MAIKO_EVENT_REF(remote_move);
	expect_fields(move->layout, move_rows, COUNT(move_rows));
	assert_ptr_equal(move->topic, topic);
	assert_ptr_equal(move->layout, &maiko_gen_layout_remote_move);
	assert_string_equal(move->layout->fields[0].nested->name, "remote_point");

	assert_string_equal(MAIKO_EVENT_REF(remote_halt)->layout->name, "remote_halt");
	assert_int_equal(sizeof(remote_halt), 1);

	const maiko_event_type *step = MAIKO_EVENT_REF(remote_step);
	expect_fields(step->layout, step_rows, COUNT(step_rows));
	assert_ptr_equal(step->route(&(remote_step){.n = 1}, NULL), topic);
	assert_null(step->route(&(remote_step){.n = 0}, NULL));

	remote_mover self = {.x = 0};
	const maiko_actor_type *mover = MAIKO_ACTOR_REF(remote_mover);
	assert_string_equal(mover->name, "remote_mover");
	assert_int_equal(mover->state_size, 4);
	assert_ptr_equal(mover->items[0].event, move);
	assert_int_equal(mover->items[0].on(&self, &(remote_move){.to = {.x = 9}}, NULL), 0);
	assert_int_equal(self.x, 9);
}

/* ---- the results of a tick ---------------------------------------------------------------- */

static void expect_next(maiko_next next, maiko_next_kind kind, int fd, uint64_t ms, int error)
{
	assert_int_equal(next.kind, kind);
	assert_int_equal(next.fd, fd);
	assert_int_equal(next.ms, ms);
	assert_int_equal(next.error, error);
}

static void makes_each_answer_of_a_tick(void **state)
{
	(void)state;
	expect_next(maiko_never(), MAIKO_NEXT_NEVER, -1, 0, 0);
	expect_next(maiko_again(), MAIKO_NEXT_AGAIN, -1, 0, 0);
	expect_next(maiko_after_ms(5000), MAIKO_NEXT_AFTER, -1, 5000, 0);
	expect_next(maiko_after_events(), MAIKO_NEXT_EVENTS, -1, 0, 0);
	expect_next(maiko_when_readable(3), MAIKO_NEXT_READABLE, 3, UINT64_MAX, 0);
	expect_next(maiko_when_readable_or_ms(3, 20), MAIKO_NEXT_READABLE, 3, 20, 0);
	expect_next(maiko_when_writable(4), MAIKO_NEXT_WRITABLE, 4, UINT64_MAX, 0);
	expect_next(maiko_when_sendable(), MAIKO_NEXT_SENDABLE, -1, 0, 0);
	expect_next(maiko_failed(MAIKO_ENOMEM), MAIKO_NEXT_FAILED, -1, 0, MAIKO_ENOMEM);
	maiko_next any = maiko_when_any(maiko_when_readable_or_ms(0, 20), maiko_after_events(), maiko_after_ms(30));
	expect_next(any, MAIKO_NEXT_ANY, 0, 20, 0);
	assert_int_equal(any.of, MAIKO_WOKEN_READABLE | MAIKO_WOKEN_TIME | MAIKO_WOKEN_EVENTS);
	any = maiko_when_any(any, maiko_when_any(maiko_when_writable(0), maiko_after_ms(10)));
	expect_next(any, MAIKO_NEXT_ANY, 0, 10, 0);
	assert_int_equal(any.of, MAIKO_WOKEN_READABLE | MAIKO_WOKEN_WRITABLE | MAIKO_WOKEN_TIME | MAIKO_WOKEN_EVENTS);
	/* A state that was only zeroed rests. */
	assert_int_equal(MAIKO_NEXT_NEVER, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_arguments),
		cmocka_unit_test(maps_each_argument),
		cmocka_unit_test(tells_a_tuple),
		cmocka_unit_test(describes_every_width_of_number),
		cmocka_unit_test(describes_every_spelling_of_integer),
		cmocka_unit_test(tells_text_from_bytes),
		cmocka_unit_test(describes_enums),
		cmocka_unit_test(describes_nested_structs),
		cmocka_unit_test(describes_buffers),
		cmocka_unit_test(describes_32_fields),
		cmocka_unit_test(describes_events_without_fields),
		cmocka_unit_test(routes_by_content),
		cmocka_unit_test(keeps_names_apart),
		cmocka_unit_test(reads_any_event_by_its_type),
		cmocka_unit_test(describes_topics),
		cmocka_unit_test(lists_topics),
		cmocka_unit_test(finds_what_another_file_defines),
		cmocka_unit_test(makes_each_answer_of_a_tick),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
