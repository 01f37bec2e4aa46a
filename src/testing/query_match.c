/*
 * query_match.c - matches an event: fields by their names, through the event's description, and
 * predicates.
 */
#include "event/layout.h"
#include "harness.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- fields ------------------------------------------------------------------------------ */

typedef struct found {
	maiko_field field; /* name NULL: there is none */
	uint32_t offset;   /* in the event */
	bool counts;       /* it is not an element beyond the count of its array */
} found;

static const maiko_field *field_named(const maiko_layout *layout, const char *name, size_t length)
{
	const maiko_field *f = layout->fields;
	while (f->name != NULL && (strncmp(f->name, name, length) != 0 || f->name[length] != '\0'))
		f++;
	return f->name == NULL ? NULL : f;
}

/* The element of an index such as "[2]" of the array in `f`; *name is moved behind it. */
static bool take_index(const maiko_field *f, const char **name, uint32_t *ret_index)
{
	char *end;
	unsigned long index = strtoul(*name + 1, &end, 0);
	if (f->elements == 0 || end == *name + 1 || *end != ']' || index >= mk_field_elements(f))
		return false;
	*name = end + 1;
	*ret_index = (uint32_t)index;
	return true;
}

/* The field of a name such as "to.x" or "points[2].x", of an event with this `data` (NULL: of any). */
static found field_of(const maiko_layout *layout, const char *name, const unsigned char *data)
{
	found none = {.field = {.name = NULL}}, at = {.counts = true};
	for (;;) {
		size_t length = strcspn(name, ".[");
		const maiko_field *f = field_named(layout, name, length);
		uint32_t index = 0;
		if (f == NULL)
			return none;
		name += length;
		at.field = *f;
		if (*name == '[') {
			if (!take_index(f, &name, &index))
				return none;
			at.field = mk_field_one(f);
			at.counts = at.counts && (data == NULL || index < mk_field_used(f, data + at.offset));
		}
		at.offset += f->offset + index * at.field.size;
		if (*name == '\0')
			return at;
		if (*name != '.' || at.field.kind != MAIKO_KIND_STRUCT || at.field.elements != 0)
			return none;
		layout = at.field.nested;
		name++;
	}
}

/* ---- numbers ------------------------------------------------------------------------------- */

/* A field's value; false for one that is no number. */
static bool number_at(const maiko_field *f, const unsigned char *at, maiko_value *ret_value)
{
	float single;
	switch (f->kind) {
	case MAIKO_KIND_BOOL:
		*ret_value = maiko_value_unsigned_(*at != 0);
		return true;
	case MAIKO_KIND_UINT:
		*ret_value = maiko_value_unsigned_(mk_unsigned_at(at, f->size));
		return true;
	case MAIKO_KIND_INT:
	case MAIKO_KIND_ENUM:
		*ret_value = maiko_value_signed_(mk_signed_at(at, f->size));
		return true;
	case MAIKO_KIND_FLOAT:
		memcpy(&single, at, sizeof single);
		*ret_value = maiko_value_real_((double)single);
		return true;
	case MAIKO_KIND_DOUBLE:
		*ret_value = maiko_value_real_(0);
		memcpy(&ret_value->as.real, at, sizeof(double));
		return true;
	default:
		return false;
	}
}

static double real_of(const maiko_value *v)
{
	return v->kind == MAIKO_VALUE_REAL     ? v->as.real
	       : v->kind == MAIKO_VALUE_SIGNED ? (double)v->as.integer
					       : (double)v->as.natural;
}

static bool is_negative(const maiko_value *v) { return v->kind == MAIKO_VALUE_SIGNED && v->as.integer < 0; }

enum { NOT_COMPARABLE = 2 }; /* a NaN */

/* -1, 0, 1: less, equal, greater. */
static int order_of(const maiko_value *a, const maiko_value *b)
{
	if (a->kind == MAIKO_VALUE_REAL || b->kind == MAIKO_VALUE_REAL) {
		double x = real_of(a), y = real_of(b);
		return x < y ? -1 : x > y ? 1 : x == y ? 0 : NOT_COMPARABLE;
	}
	if (is_negative(a) != is_negative(b))
		return is_negative(a) ? -1 : 1;
	/* Both negative or both not: as unsigned numbers they have the same order. */
	uint64_t x = a->as.natural, y = b->as.natural;
	return x < y ? -1 : x > y;
}

static bool number_holds(const maiko_field *f, const unsigned char *at, const maiko_field_test *test)
{
	maiko_value value, with = test->value;
	if (with.kind == MAIKO_VALUE_TEXT || !number_at(f, at, &value))
		return false;
	if (f->kind == MAIKO_KIND_FLOAT && with.kind == MAIKO_VALUE_REAL)
		with.as.real = (double)(float)with.as.real; /* the field has the precision of a float, as for 0.1 */
	int order = order_of(&value, &with);
	switch (test->compare) {
	case MAIKO_COMPARE_IS:
		return order == 0;
	case MAIKO_COMPARE_IS_NOT:
		return order != 0;
	case MAIKO_COMPARE_GREATER:
		return order == 1;
	case MAIKO_COMPARE_LESS:
		return order == -1;
	case MAIKO_COMPARE_AT_LEAST:
		return order == 0 || order == 1;
	case MAIKO_COMPARE_AT_MOST:
		return order == 0 || order == -1;
	default:
		return false;
	}
}

/* ---- texts -------------------------------------------------------------------------------------- */

/* The bytes of a text field or buffer; false for another. */
static bool text_at(const maiko_field *f, const unsigned char *at, const char **ret_text, size_t *ret_length)
{
	const maiko_buffer *buffer;
	if (f->kind == MAIKO_KIND_TEXT) {
		*ret_text = (const char *)at;
		*ret_length = strnlen(*ret_text, f->size);
		return true;
	}
	if (f->kind != MAIKO_KIND_BUFFER)
		return false;
	memcpy(&buffer, at, sizeof buffer);
	*ret_text = buffer == NULL ? "" : maiko_buffer_data(buffer);
	*ret_length = maiko_buffer_size(buffer);
	return true;
}

static bool text_holds(const maiko_field *f, const unsigned char *at, const maiko_field_test *test)
{
	const char *text, *with = test->value.as.text;
	size_t length;
	if (test->value.kind != MAIKO_VALUE_TEXT || with == NULL || !text_at(f, at, &text, &length))
		return false;
	size_t with_length = strlen(with);
	bool starts = length >= with_length && memcmp(text, with, with_length) == 0;
	switch (test->compare) {
	case MAIKO_COMPARE_IS:
		return starts && length == with_length;
	case MAIKO_COMPARE_IS_NOT:
		return !starts || length != with_length;
	case MAIKO_COMPARE_CONTAINS:
		return with_length == 0 || memmem(text, length, with, with_length) != NULL;
	case MAIKO_COMPARE_STARTS:
		return starts;
	default:
		return false;
	}
}

/* ---- matchers -------------------------------------------------------------------------------------- */

bool mt_same_type(const maiko_event_type *a, const maiko_event_type *b)
{
	if (a == b)
		return true;
	return strcmp(a->layout->name, b->layout->name) == 0 &&
	       maiko_layout_hash(a->layout) == maiko_layout_hash(b->layout);
}

static bool is_text(const maiko_field *f) { return f->kind == MAIKO_KIND_TEXT || f->kind == MAIKO_KIND_BUFFER; }

static bool tests_hold(const maiko_matcher *m, const maiko_layout *layout, const unsigned char *data)
{
	for (size_t i = 0; i < MAIKO_TESTS_MAX && m->tests[i].field != NULL; i++) {
		found at = field_of(layout, m->tests[i].field, data);
		if (at.field.name == NULL || at.field.elements != 0 || !at.counts)
			return false;
		if (!(is_text(&at.field) ? text_holds : number_holds)(&at.field, data + at.offset, &m->tests[i]))
			return false;
	}
	return true;
}

static bool predicate_holds(const maiko_matcher *m, const maiko_record *r)
{
	const maiko_predicate *p = m->predicate;
	if (p->needs_arg && m->arg == NULL)
		return false;
	if (p->type == NULL)
		return p->test_record(r, m->arg);
	return mt_same_type(p->type, r->event->type) && p->test(r->data, m->arg);
}

bool mt_matcher_holds(const maiko_matcher *m, const maiko_record *r)
{
	const maiko_envelope *e = r->event;
	if (!mt_matcher_is_set(m))
		return true;
	if (e == NULL || (m->type != NULL && !mt_same_type(m->type, e->type)))
		return false;
	if (m->type_name != NULL && strcmp(m->type_name, e->type->layout->name) != 0)
		return false;
	if (m->by_id && !maiko_id_equal(m->id, e->id))
		return false;
	return tests_hold(m, e->type->layout, r->data) && (m->predicate == NULL || predicate_holds(m, r));
}

static bool test_check(maiko_harness *h, const maiko_event_type *type, const maiko_field_test *test)
{
	found at = field_of(type->layout, test->field, NULL);
	if (at.field.name == NULL) {
		mt_misuse(h, "a matcher tests %s.%s: no field that the event describes", type->layout->name,
			  test->field);
		return false;
	}
	bool text = test->value.kind == MAIKO_VALUE_TEXT;
	bool for_text = test->compare == MAIKO_COMPARE_CONTAINS || test->compare == MAIKO_COMPARE_STARTS;
	bool for_both = test->compare == MAIKO_COMPARE_IS || test->compare == MAIKO_COMPARE_IS_NOT;
	bool neither =
		at.field.kind == MAIKO_KIND_STRUCT || at.field.kind == MAIKO_KIND_BYTES || at.field.elements != 0;
	if (neither || text != is_text(&at.field) || (!for_both && for_text != text) ||
	    (text && test->value.as.text == NULL)) {
		mt_misuse(h, "a matcher cannot compare %s.%s so", type->layout->name, test->field);
		return false;
	}
	return true;
}

bool mt_matcher_check(maiko_harness *h, const maiko_matcher *m)
{
	if (m->type == NULL && m->tests[0].field != NULL) {
		mt_misuse(h, "a matcher tests %s, but of no type of event", m->tests[0].field);
		return false;
	}
	if (m->predicate != NULL && m->predicate->needs_arg && m->arg == NULL) {
		mt_misuse(h, "the predicate %s was given no argument", m->predicate->name);
		return false;
	}
	for (size_t i = 0; i < MAIKO_TESTS_MAX && m->tests[i].field != NULL; i++)
		if (!test_check(h, m->type, &m->tests[i]))
			return false;
	return true;
}

maiko_matcher maiko_match_name(const char *name) { return (maiko_matcher){.type_name = name == NULL ? "" : name}; }
maiko_matcher maiko_match_id(maiko_id id) { return (maiko_matcher){.by_id = true, .id = id}; }

bool maiko_record_matches(const maiko_record *record, maiko_matcher matcher)
{
	return record != NULL && mt_matcher_holds(&matcher, record);
}

/* ---- as text ------------------------------------------------------------------------------------------ */

static void print_test(const maiko_field_test *test, FILE *out)
{
	static const char *const texts[] = {"",
#define TEXT(number, NAME, text) text,
					    MAIKO_COMPARE_MAP(TEXT)
#undef TEXT
	};
	fprintf(out, "%s %s ", test->field, texts[test->compare]);
	switch (test->value.kind) {
	case MAIKO_VALUE_SIGNED:
		fprintf(out, "%lld", (long long)test->value.as.integer);
		break;
	case MAIKO_VALUE_UNSIGNED:
		fprintf(out, "%llu", (unsigned long long)test->value.as.natural);
		break;
	case MAIKO_VALUE_REAL:
		fprintf(out, "%g", test->value.as.real);
		break;
	case MAIKO_VALUE_TEXT:
		fprintf(out, "\"%s\"", test->value.as.text == NULL ? "" : test->value.as.text);
		break;
	}
}

void mt_matcher_print(const maiko_matcher *m, FILE *out)
{
	const char *between = "";
	if (m->type_name != NULL)
		fputs(m->type_name, out);
	if (m->by_id) /* as in the text of a failed exploration */
		fprintf(out, "%s#%04" PRIx64 ".%" PRIu64, m->type_name == NULL ? "" : " ", m->id.origin & 0xffff,
			m->id.sequence);
	if (m->type_name != NULL || m->by_id)
		between = " and ";
	for (size_t i = 0; i < MAIKO_TESTS_MAX && m->tests[i].field != NULL; i++, between = " and ") {
		fputs(between, out);
		print_test(&m->tests[i], out);
	}
	if (m->predicate != NULL)
		fprintf(out, "%s%s (%s)", between, m->predicate->name, m->predicate->text);
	else if (m->type != NULL && m->tests[0].field == NULL)
		fprintf(out, "%s%s", between, m->type->layout->name);
	else if (!mt_matcher_is_set(m))
		fprintf(out, "any event");
}
