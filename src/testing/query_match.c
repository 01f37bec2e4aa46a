/*
 * query_match.c - matches an event: fields by their names, through the event's description, and
 * predicates.
 */
#include "event/match.h"
#include "harness.h"

#include <inttypes.h>
#include <string.h>

/* ---- matchers -------------------------------------------------------------------------------------- */

bool mt_same_type(const maiko_event_type *a, const maiko_event_type *b)
{
	if (a == b)
		return true;
	return strcmp(a->layout->name, b->layout->name) == 0 &&
	       maiko_layout_hash(a->layout) == maiko_layout_hash(b->layout);
}

static bool tests_hold(const maiko_matcher *m, const maiko_layout *layout, const unsigned char *data)
{
	for (size_t i = 0; i < MAIKO_TESTS_MAX && m->tests[i].field != NULL; i++) {
		mk_found at = mk_find_field(layout, m->tests[i].field, data);
		if (!mk_test_holds(&at, &m->tests[i], data))
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
	switch (mk_test_check(type->layout, test)) {
	case MK_TEST_GOOD:
		return true;
	case MK_TEST_NO_FIELD:
		mt_misuse(h, "a matcher tests %s.%s: no field that the event describes", type->layout->name,
			  test->field);
		return false;
	case MK_TEST_IMPOSSIBLE:
		break;
	}
	mt_misuse(h, "a matcher cannot compare %s.%s so", type->layout->name, test->field);
	return false;
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
