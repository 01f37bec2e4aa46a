/*
 * test_schema_random.c - schemas of someone hostile: whatever is in them, they are refused in words, within bounds of
 * memory, or describe a valid struct, of which values are printed and sent.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <stdlib.h>
#include <string.h>

enum { SCHEMAS = 6, ROUNDS = 20000, A_FEW = 500 };

static uint64_t state = 1;

/* splitmix64 (Steele, Lea and Flood, 2014) */
static uint64_t next_random(void)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}
static uint32_t below(uint32_t count) { return (uint32_t)(next_random() % count); }
static bool seldom(void) { return below(150) == 0; }

static maiko_schema_field fields[SCHEMAS][MAIKO_FIELDS_MAX + 2];
static maiko_schema schemas[SCHEMAS];

static const char *random_name(uint32_t i)
{
	static const char *const good[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"};
	static const char *const bad[] = {NULL, "", "a", "with\nline",
					  "0123456789012345678901234567890123456789012345678901234567890123456789"};
	return seldom() ? bad[below(5)] : good[i % 12];
}

static uint32_t random_width(void)
{
	static const uint32_t good[] = {1, 2, 4, 8}, bad[] = {0, 3, 16, 1u << 20, (1u << 20) + 1, 1u << 31, UINT32_MAX};
	return seldom() ? bad[below(7)] : good[below(4)];
}

static uint32_t random_elements(bool after_count)
{
	static const uint32_t bad[] = {MAIKO_ELEMENTS_COUNTED, 1u << 20, INT32_MAX, UINT32_MAX, 1u << 30};
	if (seldom())
		return bad[below(5)];
	uint32_t elements = below(2) == 0 ? 0 : 1 + below(40);
	return elements != 0 && (after_count || seldom()) && below(2) == 0 ? elements | MAIKO_ELEMENTS_COUNTED
									   : elements;
}

static void make_field(uint32_t k, uint32_t i)
{
	maiko_schema_field *f = &fields[k][i];
	bool array = below(3) == 0, number;
	*f = (maiko_schema_field){.name = random_name(i),
				  .kind = seldom() ? (maiko_kind)below(300) : (maiko_kind)(1 + below(10)),
				  .width = random_width()};
	if (f->kind == MAIKO_KIND_STRUCT) /* mostly a later one; an earlier one may contain itself */
		f->nested = seldom() ? NULL : &schemas[seldom() ? below(SCHEMAS) : (k + 1 < SCHEMAS ? k + 1 : k)];
	number = f->kind != MAIKO_KIND_TEXT && f->kind != MAIKO_KIND_BYTES && f->kind != MAIKO_KIND_BUFFER;
	if (array && (number || seldom()))
		f->elements = random_elements(i > 0 && f[-1].kind == MAIKO_KIND_UINT && f[-1].elements == 0);
	if (below(2000) == 0)
		f->reserved_[below(2)] = 1;
}

static void make_schemas(void)
{
	for (uint32_t k = 0; k < SCHEMAS; k++) {
		uint32_t count = k + 1 == SCHEMAS ? 0 : seldom() ? below(MAIKO_FIELDS_MAX + 2) : 1 + below(4);
		for (uint32_t i = 0; i < count; i++)
			make_field(k, i);
		schemas[k] = (maiko_schema){.name = seldom() ? random_name(k) : test_name("event", below(20 * A_FEW)),
					    .fields = seldom() && count == 0 ? NULL : fields[k],
					    .count = count};
		schemas[k].name = strdup(schemas[k].name == NULL ? "" : schemas[k].name);
	}
}

static void drop_schemas(void)
{
	for (uint32_t k = 0; k < SCHEMAS; k++)
		free((char *)(uintptr_t)schemas[k].name);
}

/* What was accepted is as good as a description by the macros. */
static void use(maiko_supervisor *sup, const maiko_event_type *type)
{
	char text[256];
	const maiko_layout *layout = type->layout;
	void *value = calloc(1, layout->size);
	assert_non_null(value);
	ok(maiko_layout_check(layout));
	assert_true(layout->size <= MAIKO_EVENT_SIZE_MAX && layout->size % layout->align == 0);
	int rc = maiko_layout_print(layout, value, text, sizeof text);
	assert_true(rc == 0 || rc == MAIKO_ETRUNC);
	ok(maiko_supervisor_send(sup, type, value, 0));
	free(value);
}

TEST_ONCE(a_hostile_schema_is_refused_or_is_a_valid_struct)
{
	uint64_t accepted = 0, arrays = 0, refused = 0;
	maiko_supervisor *sup = test_supervisor(1);
	ok(maiko_start(sup));
	for (uint32_t round = 0; round < ROUNDS; round++) {
		const maiko_event_type *type = NULL;
		make_schemas();
		uint64_t before = test_allocator_count();
		int rc = maiko_event_from(sup, &schemas[0], "all", &type);
		/* A layout, its fields and its name, for each struct; a name for each field. */
		assert_true(test_allocator_count() - before <= 4 * MAIKO_FIELDS_TOTAL_MAX + 100);
		assert_true(rc == 0 || rc == MAIKO_EINVAL || rc == MAIKO_E2BIG || rc == MAIKO_ETYPE);
		assert_int_equal(rc == 0, type != NULL);
		if (rc == 0)
			use(sup, type);
		else
			assert_true(strlen(maiko_last_error()) > 10);
		accepted += rc == 0;
		refused += rc != 0;
		for (const maiko_field *f = rc == 0 ? type->layout->fields : NULL; f != NULL && f->name != NULL; f++)
			arrays += f->elements != 0;
		drop_schemas();
	}
	assert_true(accepted > A_FEW && arrays > A_FEW && refused > A_FEW); /* else this has tested little */
	test_finish(sup);
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
