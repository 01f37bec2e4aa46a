/*
 * expect.c - expectations of queries, of events and of actors.
 */
#include "base/error.h"
#include "harness.h"

#include <stdlib.h>

/* 0: the query can be evaluated. */
static int begin(const maiko_here *here, const maiko_query *q)
{
	int rc = mt_expect_begin(here, q->harness);
	if (rc == 0 && q->sender != NULL)
		rc = mt_expect_actors(here, q->harness, MAIKO_NAMES(q->sender));
	if (rc == 0 && q->receiver != NULL)
		rc = mt_expect_actors(here, q->harness, MAIKO_NAMES(q->receiver));
	return rc;
}

/* A misuse of a query is found only when it is evaluated: then the expectation fails for that. */
static int misused(const maiko_here *here, maiko_harness *h) { return mt_expect_begin(here, h); }

/* ---- counts ---------------------------------------------------------------------------- */

static int count_failed(const maiko_here *here, const maiko_query *q, const char *bound, size_t count, size_t found)
{
	mt_failure f;
	mt_fail_begin(&f, here, q->harness, "%s", bound);
	mt_query_print_count(q, count, f.out);
	mt_fail_happened(&f);
	fprintf(f.out, "%zu%s\n", found, found == 0 ? "" : ":");
	mt_fail_query(&f, q);
	return mt_fail_end(&f);
}

/* Expects a count from `least` to `most`; the failure text says that `count` was expected. */
static int expect_between(const maiko_here *here, const maiko_query *q, size_t least, size_t most, const char *bound,
			  size_t count)
{
	int rc = begin(here, q);
	if (rc != 0)
		return rc;
	size_t found = maiko_query_count(*q);
	rc = misused(here, q->harness);
	if (rc == 0 && (found < least || found > most))
		rc = count_failed(here, q, bound, count, found);
	return rc;
}

int maiko_expect_count_at(const maiko_here *here, maiko_query query, size_t count)
{
	return expect_between(here, &query, count, count, "", count);
}

int maiko_expect_at_least_at(const maiko_here *here, maiko_query query, size_t count)
{
	return expect_between(here, &query, count, SIZE_MAX, "at least ", count);
}

int maiko_expect_at_most_at(const maiko_here *here, maiko_query query, size_t count)
{
	return expect_between(here, &query, 0, count, "at most ", count);
}

int maiko_expect_any_at(const maiko_here *here, maiko_query query)
{
	return expect_between(here, &query, 1, SIZE_MAX, "at least ", 1);
}

int maiko_expect_none_at(const maiko_here *here, maiko_query query)
{
	return expect_between(here, &query, 0, 0, "", 0);
}

/* ---- matches ----------------------------------------------------------------------------- */

/* The failure of a query without any result. */
static int none_failed(const maiko_here *here, const maiko_query *q)
{
	return count_failed(here, q, "at least ", 1, 0);
}

static int match_failed(const maiko_here *here, const maiko_query *q, const char *which, const maiko_matcher *m,
			const maiko_record *r)
{
	mt_failure f;
	mt_fail_begin(&f, here, q->harness, "%s: ", which);
	mt_matcher_print(m, f.out);
	mt_fail_happened(&f);
	fprintf(f.out, "it is not so of:\n    ");
	mt_print_record(q->harness, r, f.out);
	mt_query_print_funnel(q, f.out);
	mt_fail_chain(&f, maiko_chain_of(q->harness, r));
	return mt_fail_end(&f);
}

/* 0: both can be evaluated, and the query has a result; else the value to return. */
static int begin_match(const maiko_here *here, const maiko_query *q, const maiko_matcher *m)
{
	int rc = begin(here, q);
	if (rc != 0)
		return rc;
	bool any = maiko_query_any(*q), fine = mt_matcher_check(q->harness, m);
	rc = fine ? misused(here, q->harness) : mt_expect_begin(here, q->harness);
	return rc != 0 ? rc : any ? 0 : none_failed(here, q);
}

static int expect_one(const maiko_here *here, const maiko_query *q, const char *which, const maiko_record *r,
		      const maiko_matcher *m)
{
	return maiko_record_matches(r, *m) ? 0 : match_failed(here, q, which, m, r);
}

int maiko_expect_all_at(const maiko_here *here, maiko_query query, maiko_matcher matcher)
{
	int rc = begin_match(here, &query, &matcher);
	for (const maiko_record *r = NULL; rc == 0 && (r = maiko_query_next(query, r)) != NULL;)
		rc = expect_one(here, &query, "of all", r, &matcher);
	return rc;
}

int maiko_expect_first_at(const maiko_here *here, maiko_query query, maiko_matcher matcher)
{
	int rc = begin_match(here, &query, &matcher);
	return rc != 0 ? rc : expect_one(here, &query, "of the first", maiko_query_first(query), &matcher);
}

int maiko_expect_last_at(const maiko_here *here, maiko_query query, maiko_matcher matcher)
{
	int rc = begin_match(here, &query, &matcher);
	return rc != 0 ? rc : expect_one(here, &query, "of the last", maiko_query_last(query), &matcher);
}

int maiko_expect_before_at(const maiko_here *here, maiko_query query, maiko_query later)
{
	mt_failure f;
	static const maiko_matcher none;
	int rc = begin_match(here, &query, &none);
	if (rc == 0)
		rc = begin_match(here, &later, &none);
	if (rc != 0)
		return rc;
	const maiko_record *last = maiko_query_last(query), *first = maiko_query_first(later);
	if (last->order < first->order)
		return 0;
	mt_fail_begin(&f, here, query.harness, "all of the one before all of the other");
	mt_fail_happened(&f);
	fprintf(f.out, "the first of the other, and the last of the one:\n    ");
	mt_print_record(query.harness, first, f.out);
	fprintf(f.out, "    ");
	mt_print_record(query.harness, last, f.out);
	mt_fail_chain(&f, maiko_chain_of(query.harness, last));
	return mt_fail_end(&f);
}

/* ---- actors --------------------------------------------------------------------------------- */

static int names_failed(const maiko_here *here, const maiko_query *q, const char *what, const mt_names *found,
			const char *const *names)
{
	mt_failure f;
	mt_fail_begin(&f, here, q->harness, "%s: ", what);
	mt_print_list(names, f.out);
	mt_fail_happened(&f);
	fprintf(f.out, "%s: ", what);
	mt_print_names(found, "none", f.out);
	fprintf(f.out, "\n");
	mt_fail_query(&f, q);
	return mt_fail_end(&f);
}

typedef size_t (*names_call)(maiko_query query, const char **names, size_t size);

static int expect_names(const maiko_here *here, const maiko_query *q, const char *what, names_call call,
			const char *const *names)
{
	int rc = begin(here, q);
	if (rc == 0 && names == NULL)
		rc = mk_fail(MAIKO_EINVAL, "%s:%d: the list of names is NULL", here->file, here->line);
	if (rc == 0)
		rc = mt_expect_actors(here, q->harness, names);
	if (rc != 0)
		return rc;
	mt_names found = {0};
	size_t size = call(*q, NULL, 0);
	const char **array = calloc(size + 1, sizeof *array);
	size_t count = array == NULL ? 0 : call(*q, array, size);
	for (size_t i = 0; i < count && i < size; i++)
		mt_names_add(q->harness, &found, array[i]);
	if (array == NULL)
		mt_no_memory(q->harness);
	rc = misused(here, q->harness);
	if (rc == 0 && !mt_names_are(&found, names))
		rc = names_failed(here, q, what, &found, names);
	free(array);
	mt_names_give(&found, NULL, 0);
	return rc;
}

int maiko_expect_senders_at(const maiko_here *here, maiko_query query, const char *const *names)
{
	return expect_names(here, &query, "senders", maiko_query_senders, names);
}

int maiko_expect_receivers_at(const maiko_here *here, maiko_query query, const char *const *names)
{
	return expect_names(here, &query, "receivers", maiko_query_receivers, names);
}
