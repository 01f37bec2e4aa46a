/*
 * expect_names.c - unknown names. The compiler checks types but not names; an expectation that
 * "shpo" sends nothing would always hold.
 *
 * The actor of an expectation must be known. A topic or an event type need not: it becomes known by
 * its first use, and a test may expect that it is not used. If such an expectation fails, the text
 * lists the known ones.
 */
#include "harness.h"

#include <string.h>

static const char *const OUTSIDE = "outside"; /* the sender name of external threads */

static const char *type_of(const maiko_record *r) { return r->event == NULL ? NULL : r->event->type->layout->name; }
static const char *topic_of(const maiko_record *r) { return r->event == NULL ? NULL : r->event->topic->name; }
static const char *actor_of(const maiko_record *r) { return r->actor == 0 ? NULL : r->actor_name; }
static const char *sender_of(const maiko_record *r) { return r->event == NULL ? NULL : r->event->sender; }

typedef const char *(*name_of)(const maiko_record *r);

/* ---- names in the records ----------------------------------------------------------------- */

static bool is_recorded(maiko_harness *h, name_of of, const char *name)
{
	for (uint64_t place = mt_store_count(&h->store); place-- > 0;) {
		const char *one = of(&mt_store_note(&h->store, place)->record);
		if (one != NULL && strcmp(one, name) == 0)
			return true;
	}
	return false;
}

static void add_recorded(maiko_harness *h, name_of of, mt_names *names)
{
	uint64_t count = mt_store_count(&h->store);
	for (uint64_t place = 0; place < count; place++) {
		const char *one = of(&mt_store_note(&h->store, place)->record);
		if (one != NULL && !mt_names_add(h, names, one))
			return;
	}
}

static void print_recorded(maiko_harness *h, name_of of, const char *what, const char *name, FILE *out)
{
	mt_names names = {0};
	add_recorded(h, of, &names);
	fprintf(out, "  no %s is named %s; known: ", what, name);
	mt_print_names(&names, "none", out);
	fprintf(out, "\n");
	mt_names_give(&names, NULL, 0);
}

void mt_fail_types(maiko_harness *h, const char *const *names, FILE *out)
{
	for (; names != NULL && *names != NULL; names++)
		if (!is_recorded(h, type_of, *names))
			print_recorded(h, type_of, "recorded event", *names, out);
}

void mt_fail_topic(maiko_harness *h, const char *name, FILE *out)
{
	if (name != NULL && !is_recorded(h, topic_of, name))
		print_recorded(h, topic_of, "topic of a recorded event", name, out);
}

/* ---- actors -------------------------------------------------------------------------------- */

static bool is_present(const maiko_ledger *ledger, const char *name)
{
	for (size_t i = 0; i < ledger->actor_count; i++)
		if (ledger->actors[i]->status != MAIKO_ACTOR_GONE && strcmp(ledger->actors[i]->name, name) == 0)
			return true;
	return false;
}

static void add_present(maiko_harness *h, const maiko_ledger *ledger, mt_names *names)
{
	for (size_t i = 0; i < ledger->actor_count; i++)
		if (ledger->actors[i]->status != MAIKO_ACTOR_GONE && !mt_names_add(h, names, ledger->actors[i]->name))
			return;
}

static int unknown(const maiko_here *here, maiko_harness *h, const maiko_ledger *ledger, const char *name)
{
	mt_failure f;
	mt_names names = {0};
	add_present(h, ledger, &names);
	add_recorded(h, actor_of, &names);
	add_recorded(h, sender_of, &names);
	if (!mt_names_have(&names, OUTSIDE))
		mt_names_add(h, &names, OUTSIDE);
	mt_fail_begin(&f, here, h, "an actor named %s", name);
	mt_fail_happened(&f);
	fprintf(f.out, "there is none, and none is recorded; known: ");
	mt_print_names(&names, "none", f.out);
	fprintf(f.out, "\n");
	mt_names_give(&names, NULL, 0);
	return mt_fail_end(&f);
}

int mt_expect_actors(const maiko_here *here, maiko_harness *h, const char *const *names)
{
	int rc = 0;
	for (; rc == 0 && names != NULL && *names != NULL; names++) {
		maiko_ledger *ledger = NULL;
		const char *name = *names;
		if (strcmp(name, OUTSIDE) == 0 || is_recorded(h, actor_of, name) || is_recorded(h, sender_of, name))
			continue;
		if (maiko_report(h->sup, &ledger) != 0) /* without a ledger no name can be called unknown */
			continue;
		if (!is_present(ledger, name))
			rc = unknown(here, h, ledger, name);
		maiko_ledger_free(ledger);
	}
	return rc;
}
