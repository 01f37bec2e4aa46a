/*
 * expect_text.c - the text of a failed expectation, and where it goes.
 */
#include "base/error.h"
#include "harness.h"

#include <stdarg.h>
#include <stdlib.h>

enum { LIST_MAX = 10, CHAIN_MAX = 30 }; /* lines of a text */

void mt_fail_begin(mt_failure *f, const maiko_here *here, maiko_harness *h, const char *format, ...)
{
	va_list args;
	*f = (mt_failure){.harness = h};
	f->out = open_memstream(&f->text, &f->size);
	if (f->out == NULL) /* no memory for the text */
		f->out = stderr;
	fprintf(f->out, "%s:%d: %s\n  expected  ", here->file, here->line, here->text);
	va_start(args, format);
	vfprintf(f->out, format, args);
	va_end(args);
}

void mt_fail_happened(mt_failure *f) { fprintf(f->out, "\n  happened  "); }

int mt_fail_end(mt_failure *f)
{
	maiko_harness *h = f->harness;
	if (f->out != stderr)
		fclose(f->out);
	h->options.on_failure(h->options.arg,
			      f->text != NULL ? f->text : "an expectation failed; no memory to say which\n");
	uv_mutex_lock(&h->mutex);
	char *last = h->failure;
	h->failure = f->text;
	h->failures++;
	uv_mutex_unlock(&h->mutex);
	free(last);
	return mk_fail(MAIKO_EBROKEN, "an expectation does not hold: see maiko_harness_failure");
}

void mt_fail_query(mt_failure *f, const maiko_query *q)
{
	size_t n = 0;
	const maiko_record *first = maiko_query_first(*q), *r = first;
	for (; r != NULL && n < LIST_MAX; r = maiko_query_next(*q, r), n++) {
		fprintf(f->out, "    ");
		mt_print_record(q->harness, r, f->out);
	}
	if (r != NULL)
		fprintf(f->out, "    ... and more\n");
	mt_query_print_funnel(q, f->out);
	mt_fail_topic(q->harness, q->topic, f->out);
	if (q->type_name != NULL)
		mt_fail_types(q->harness, MAIKO_NAMES(q->type_name), f->out);
	mt_fail_chain(f, maiko_chain_of(q->harness, first));
}

void mt_fail_chain(mt_failure *f, maiko_chain chain)
{
	const mt_event *root = mt_event_of(chain.event);
	if (root == NULL)
		return;
	fprintf(f->out, "  chain of ");
	mt_print_event_name(root, f->out);
	fprintf(f->out, "\n");
	mt_chain_print(chain, CHAIN_MAX, "    ", f->out);
}

int mt_expect_begin(const maiko_here *here, maiko_harness *h)
{
	mt_failure f;
	if (here == NULL || h == NULL)
		return MK_NULL(here, h);
	int status = maiko_harness_status(h);
	if (status == 0)
		return 0;
	mt_fail_begin(&f, here, h, "what can be relied on");
	mt_fail_happened(&f);
	if (status == MAIKO_E2BIG)
		fprintf(f.out, "there were more than %zu records (.records_max): what came after is not known\n",
			h->options.records_max);
	else if (status == MAIKO_ENOMEM)
		fprintf(f.out, "there was no memory for a record, or to look at them\n");
	else
		fprintf(f.out, "%s\n", h->misuse);
	return mt_fail_end(&f);
}
