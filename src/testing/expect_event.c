/*
 * expect_event.c - expectations of each event of a query, of an actor, and of anything.
 */
#include "base/error.h"
#include "harness.h"

#include <string.h>

/* An expectation of an event. */
typedef struct demand {
	bool (*holds)(const struct demand *d, const maiko_record *event);
	const char *text; /* "each delivered to" */
	const char *const *names;
	double least;
	size_t count;
} demand;

/* ---- outcomes ------------------------------------------------------------------------------ */

static const char *outcome_of(const mt_event *e, const char *actor)
{
	const char *outcome = "it was not sent there";
	for (const mt_note *n = mt_first_note(e); n != NULL; n = mt_next_note(n)) {
		const maiko_record *r = &n->record;
		if (strcmp(r->actor_name, actor) != 0)
			continue;
		if (r->kind == MAIKO_OBSERVED_HANDLED)
			return r->code == 1 ? "delivered, but it has no handler" : "received";
		if (r->kind == MAIKO_OBSERVED_DELIVERED)
			outcome = "delivered, not received";
		else if (r->kind == MAIKO_OBSERVED_OVERFLOWED)
			outcome = r->was_queued ? "delivered, then dropped for a later one"
						: "dropped: its mailbox was full";
		else if (r->kind == MAIKO_OBSERVED_DISCARDED)
			outcome = r->was_queued ? "delivered, then discarded" : "discarded";
	}
	return outcome;
}

static void print_outcomes(const mt_event *e, const char *const *names, FILE *out)
{
	for (; names != NULL && *names != NULL; names++)
		fprintf(out, "    %-20s %s\n", *names, outcome_of(e, *names));
}

static int event_failed(const maiko_here *here, const maiko_query *q, const demand *d, const maiko_record *r)
{
	mt_failure f;
	const mt_event *e = mt_event_of(r);
	mt_fail_begin(&f, here, q->harness, "%s", d->text);
	if (d->names != NULL)
		mt_print_list(d->names, f.out);
	mt_fail_happened(&f);
	if (e == NULL) {
		fprintf(f.out, "this is about no event:\n    ");
		mt_print_record(q->harness, r, f.out);
		return mt_fail_end(&f);
	}
	mt_print_event(e, f.out);
	fprintf(f.out, "  %s on %s\n", e->envelope.sender, e->envelope.topic->name);
	print_outcomes(e, d->names, f.out);
	mt_query_print_funnel(q, f.out);
	mt_fail_chain(&f, maiko_chain_of(q->harness, r));
	return mt_fail_end(&f);
}

/* Expects it of each event of the query; the query must have one. */
static int expect_each(const maiko_here *here, const maiko_query *q, const demand *d)
{
	int rc = maiko_expect_any_at(here, *q);
	if (rc == 0)
		rc = mt_expect_actors(here, q->harness, d->names);
	for (const maiko_record *r = NULL; rc == 0 && (r = maiko_query_next(*q, r)) != NULL;)
		if (!d->holds(d, r))
			rc = event_failed(here, q, d, r);
	return rc;
}

/* ---- delivered -------------------------------------------------------------------------------- */

static bool is_delivered(const demand *d, const maiko_record *event)
{
	(void)d;
	return maiko_event_delivered(event);
}

static bool is_delivered_to_all(const demand *d, const maiko_record *event)
{
	return maiko_event_delivered_to_all(event, d->names);
}

static bool is_delivered_to_none(const demand *d, const maiko_record *event)
{
	bool any = mt_event_of(event) == NULL;
	for (const char *const *name = d->names; *name != NULL && !any; name++)
		any = maiko_event_delivered_to(event, *name);
	return !any;
}

static bool is_delivered_to_enough(const demand *d, const maiko_record *event)
{
	return maiko_event_ratio(event, d->names) >= d->least;
}

static bool has_children(const demand *d, const maiko_record *event)
{
	return mt_event_of(event) != NULL && maiko_event_children(event, NULL, 0) == d->count;
}

int maiko_expect_delivered_at(const maiko_here *here, maiko_query query)
{
	return expect_each(here, &query, &(demand){.holds = is_delivered, .text = "each delivered to someone"});
}

int maiko_expect_delivered_to_at(const maiko_here *here, maiko_query query, const char *const *names)
{
	demand d = {.holds = is_delivered_to_all, .text = "each delivered to ", .names = names};
	return names == NULL ? MK_NULL(names) : expect_each(here, &query, &d);
}

int maiko_expect_not_delivered_to_at(const maiko_here *here, maiko_query query, const char *const *names)
{
	demand d = {.holds = is_delivered_to_none, .text = "each delivered to none of ", .names = names};
	return names == NULL ? MK_NULL(names) : expect_each(here, &query, &d);
}

int maiko_expect_ratio_at(const maiko_here *here, maiko_query query, double least, const char *const *names)
{
	char text[64];
	snprintf(text, sizeof text, "each delivered to at least %g of ", least);
	demand d = {.holds = is_delivered_to_enough, .text = text, .names = names, .least = least};
	return names == NULL ? MK_NULL(names) : expect_each(here, &query, &d);
}

int maiko_expect_children_at(const maiko_here *here, maiko_query query, size_t count)
{
	char text[64];
	snprintf(text, sizeof text, "each with that many children: %zu", count);
	return expect_each(here, &query, &(demand){.holds = has_children, .text = text, .count = count});
}

/* ---- an actor, anything --------------------------------------------------------------------------- */

static const char *status_text(maiko_actor_status status)
{
	static const char *const texts[] = {"added, not started",  "running", "stopped",   "failed",
					    "stuck in a callback", "cut off", "not there", "restarting"};
	return (unsigned)status <= MAIKO_ACTOR_RESTARTING ? texts[status] : "?";
}

int maiko_expect_actor_at(const maiko_here *here, maiko_harness *h, const char *actor, maiko_actor_status status)
{
	mt_failure f;
	int rc = mt_expect_begin(here, h);
	if (rc != 0)
		return rc;
	if (actor == NULL)
		return MK_NULL(actor);
	maiko_actor_status now = maiko_harness_actor(h, actor);
	if (now == status)
		return 0;
	if (now == MAIKO_ACTOR_GONE && (rc = mt_expect_actors(here, h, MAIKO_NAMES(actor))) != 0)
		return rc;
	mt_fail_begin(&f, here, h, "%s: %s", actor, status_text(status));
	mt_fail_happened(&f);
	fprintf(f.out, "%s: %s\n", actor, status_text(now));
	maiko_query life = maiko_query_events(h, .of = MAIKO_OF_OBSERVATIONS, .receiver = actor,
					      .kinds = MAIKO_KIND(ADDED) | MAIKO_KIND(STARTED) | MAIKO_KIND(STOPPED) |
						       MAIKO_KIND(FAILED) | MAIKO_KIND(REMOVED) | MAIKO_KIND(ERROR) |
						       MAIKO_KIND(RESTARTING) | MAIKO_KIND(RESTARTED));
	mt_fail_query(&f, &life);
	return mt_fail_end(&f);
}

int maiko_expect_at(const maiko_here *here, maiko_harness *h, bool condition)
{
	mt_failure f;
	int rc = mt_expect_begin(here, h);
	if (rc != 0 || condition)
		return rc;
	mt_fail_begin(&f, here, h, "this to hold");
	mt_fail_happened(&f);
	fprintf(f.out, "it does not\n");
	return mt_fail_end(&f);
}
