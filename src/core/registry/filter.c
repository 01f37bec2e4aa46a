/*
 * filter.c - see filter.h.
 */
#include "registry/filter.h"

#include "base/error.h"
#include "registry/place.h"
#include "registry/registry.h"

#include <string.h>

/* ---- making one ------------------------------------------------------------------------------- */

static uint32_t tests_of(const maiko_filter *desc)
{
	uint32_t count = 0;
	while (desc->accepts == NULL && count < MAIKO_TESTS_MAX && desc->tests[count].field != NULL)
		count++;
	return count;
}

static int check_test(const char *who, const maiko_layout *layout, const maiko_field_test *test)
{
	switch (mk_test_check(layout, test)) {
	case MK_TEST_GOOD:
		return 0;
	case MK_TEST_NO_FIELD:
		return mk_fail(MAIKO_EINVAL, "%s: .where tests %s.%s, a field that the event does not describe", who,
			       layout->name, test->field);
	case MK_TEST_IMPOSSIBLE:
		break;
	}
	return mk_fail(MAIKO_EINVAL,
		       "%s: .where compares %s.%s as it cannot be: numbers with numbers, texts with texts", who,
		       layout->name, test->field);
}

/* Also finds its type. */
static int check(mk_sup *sup, const char *who, const maiko_filter *desc, const mk_record *r, const mk_type **ret_type)
{
	int rc = mk_check_format("a filter", desc->format);
	if (rc != 0)
		return rc;
	if (desc->event == NULL)
		return mk_fail(MAIKO_EINVAL, "%s: .where has no event (NULL)", who);
	rc = mk_registry_type_locked(sup, desc->event, ret_type);
	if (rc != 0)
		return rc;
	const mk_type *type = *ret_type;
	const maiko_layout *layout = type->desc->layout;
	if (!mk_record_may_have(sup, r, type))
		return mk_fail(MAIKO_EINVAL, "%s: .where of %s '%s' is for event '%s', which is of topic '%s'", who,
			       r->attaches ? "pattern" : "topic", r->desc.name, layout->name,
			       mk_record_at(sup, type->topic)->desc.name);
	uint32_t count = tests_of(desc);
	if (desc->accepts == NULL && count == 0)
		return mk_fail(MAIKO_EINVAL, "%s: .where has neither a function nor a test", who);
	for (uint32_t i = 0; rc == 0 && i < count; i++)
		rc = check_test(who, layout, &desc->tests[i]);
	return rc;
}

static bool has_text(const maiko_field_test *test) { return test->value.kind == MAIKO_VALUE_TEXT; }

static size_t text_size(const maiko_filter *desc, uint32_t count)
{
	size_t size = 0;
	for (uint32_t i = 0; i < count; i++)
		size += strlen(desc->tests[i].field) + 1 +
			(has_text(&desc->tests[i]) ? strlen(desc->tests[i].value.as.text) + 1 : 0);
	return size;
}

static const char *put_text(char **to, const char *text)
{
	char *at = *to;
	size_t size = strlen(text) + 1;
	memcpy(at, text, size);
	*to = at + size;
	return at;
}

/* By any thread, and only to tell filters of one time apart: relaxed. */
static uint32_t next_number(mk_sup *sup)
{
	enum { NUMBERS = (1 << 24) - 1 }; /* mk_subscription.filter */
	return atomic_fetch_add_explicit(&sup->filters_made, 1, memory_order_relaxed) % NUMBERS + 1;
}

int mk_filter_new(mk_sup *sup, const char *who, const maiko_filter *desc, const mk_record *r, mk_filter **list,
		  mk_subscription *place)
{
	const mk_type *type;
	int rc = check(sup, who, desc, r, &type);
	if (rc != 0)
		return rc;
	uint32_t count = tests_of(desc);
	mk_filter *f = mk_calloc(1, sizeof *f + count * sizeof f->found[0] + text_size(desc, count));
	if (f == NULL)
		return MAIKO_ENOMEM;
	char *texts = (char *)&f->found[count];
	f->number = place->filter = next_number(sup);
	f->topic = r->index;
	f->type = type;
	f->desc = *desc;
	for (uint32_t i = 0; i < count; i++) {
		maiko_field_test *test = &f->desc.tests[i];
		test->field = put_text(&texts, test->field);
		if (has_text(test))
			test->value.as.text = put_text(&texts, test->value.as.text);
		f->found[i] = mk_find_field(type->desc->layout, test->field, NULL);
	}
	if (count < MAIKO_TESTS_MAX)
		f->desc.tests[count].field = NULL;
	MK_LIST_PUSH(list, f);
	return 0;
}

void mk_filters_free(mk_filter *list)
{
	while (list != NULL) {
		mk_filter *f = list;
		list = f->next;
		mk_free(f);
	}
}

void mk_filters_pass(mk_filter **from, mk_filter **to)
{
	*to = *from;
	*from = NULL;
	if (*to != NULL)
		(*to)->at = to;
}

const mk_filter *mk_filters_find(const mk_filter *list, uint32_t topic)
{
	while (list != NULL && list->topic != topic)
		list = list->next;
	return list;
}

/* ---- those of an actor ------------------------------------------------------------------------ */

static uint64_t key_of(uint32_t topic) { return (uint64_t)topic + 1; }

int mk_filters_reserve(mk_actor *a, const mk_filter *list)
{
	uint32_t count = 0;
	for (; list != NULL; list = list->next)
		count++;
	if (count == 0)
		return 0;
	return mk_extra_of(a) == NULL ? MAIKO_ENOMEM : mk_map_reserve(&a->extra->filter_of, count);
}

void mk_filters_take(mk_actor *a, mk_filter **list)
{
	for (mk_filter *f; (f = *list) != NULL;) {
		MK_LIST_REMOVE(f);
		MK_LIST_PUSH(&a->extra->filters, f);
		(void)mk_map_put(&a->extra->filter_of, key_of(f->topic), mk_map_key(f));
	}
}

void mk_filters_drop(mk_actor *a, const mk_subscription *places, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (places[i].filter == 0)
			continue;
		mk_filter *f = mk_map_get(&a->extra->filter_of, key_of(places[i].topic));
		mk_map_remove(&a->extra->filter_of, key_of(places[i].topic));
		MK_LIST_REMOVE(f);
		mk_free(f);
	}
}

int mk_filters_lend(const mk_actor *a, mk_actor *shadow)
{
	const mk_filter *list = a->extra == NULL ? NULL : a->extra->filters;
	int rc = mk_filters_reserve(shadow, list);
	for (const mk_filter *f = list; rc == 0 && f != NULL; f = f->next)
		(void)mk_map_put(&shadow->extra->filter_of, key_of(f->topic), mk_map_key(f));
	return rc;
}

/* ---- deciding ------------------------------------------------------------------------------------ */

bool mk_filter_accepts(const mk_filter *f, const mk_event *e)
{
	if (e->type != f->type)
		return true;
	if (f->desc.accepts != NULL)
		return f->desc.accepts(e->data);
	for (uint32_t i = 0; i < MAIKO_TESTS_MAX && f->desc.tests[i].field != NULL; i++) {
		const maiko_field_test *test = &f->desc.tests[i];
		mk_found at = f->found[i];
		if (at.varies)
			at = mk_find_field(f->type->desc->layout, test->field, e->data);
		if (!mk_test_holds(&at, test, e->data))
			return false;
	}
	return true;
}
