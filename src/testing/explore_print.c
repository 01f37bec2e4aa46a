/*
 * explore_print.c - the result of an exploration as text.
 */
#include "base/error.h"
#include "code_text.h"

#include <maiko/testing/explore.h>

#include <inttypes.h>

enum { LAST_MOMENTS = 40, CHOICES_A_LINE = 8 };

static void print_moment(const maiko_moment *m, FILE *out)
{
	char worker[24]; /* of the first supervisor its number alone */
	if (m->supervisor > 1)
		snprintf(worker, sizeof worker, "%" PRIu32 "/%" PRIu32, m->supervisor, m->worker);
	else
		snprintf(worker, sizeof worker, "%" PRIu32, m->worker);
	fprintf(out, "%6" PRIu64 " %9.3f ms  worker %-2s %-16s %-14s", m->step, (double)m->now_ns / 1e6, worker,
		m->actor[0] != '\0' ? m->actor : "-", maiko_observation_text(m->kind));
	if (m->event[0] != '\0')
		fprintf(out, " %s #%04" PRIx64 ".%" PRIu64 " on %s from %s", m->event, m->id.origin & 0xffff,
			m->id.sequence, m->topic, m->from);
	if (m->parent.sequence != 0 || m->parent.origin != 0)
		fprintf(out, ", by #%04" PRIx64 ".%" PRIu64, m->parent.origin & 0xffff, m->parent.sequence);
	const char *code = mt_code_text(m->kind, m->code);
	if (code != NULL)
		fprintf(out, " (%s)", code);
	else if (m->code != 0)
		fprintf(out, " (%" PRId64 ")", m->code);
	if (m->was_queued)
		fputs(" (was queued)", out);
	fputc('\n', out);
}

int maiko_moments_print(const maiko_moment *moments, size_t count, bool causes_only, FILE *out)
{
	if ((moments == NULL && count != 0) || out == NULL)
		return MK_NULL(out, moments);
	for (size_t i = 0; i < count; i++)
		if (!causes_only || moments[i].is_cause)
			print_moment(&moments[i], out);
	return 0;
}

static void print_choices(const maiko_explore_result *r, FILE *out)
{
	fprintf(out, "schedule: %zu choices of %zu (index:value)%s\n", r->choice_count, r->choices_all,
		r->repeats ? "" : "; it does not repeat");
	for (size_t i = 0; i < r->choice_count; i++)
		fprintf(out, "%s%" PRIu64 ":%" PRIu32 "%s", i % CHOICES_A_LINE == 0 ? "  " : " ", r->choices[i].index,
			r->choices[i].value,
			i % CHOICES_A_LINE == CHOICES_A_LINE - 1 || i + 1 == r->choice_count ? "\n" : "");
}

int maiko_explore_print(const maiko_explore_result *r, FILE *out)
{
	if (r == NULL || out == NULL)
		return MK_NULL(r, out);
	double seconds = (double)r->elapsed_ns / 1e9;
	fprintf(out, "%" PRIu64 " seeds, %" PRIu64 " steps, %" PRIu64 " events in %.1f s", r->seeds, r->steps,
		r->events, seconds);
	if (seconds > 0)
		fprintf(out, " (%.2f million events/s)", (double)r->events / seconds / 1e6);
	fprintf(out, ", signature %016" PRIx64 "\n", r->signature);
	if (r->failed) {
		fprintf(out, "FAILED: seed %" PRIu64 ": %s\n", r->seed, r->text);
		print_choices(r, out);
		if (r->signal != 0 || r->report[0] != '\0')
			fprintf(out, "%s\n", r->report);
		fputs("the events that led to it:\n", out);
		(void)maiko_moments_print(r->moments, r->moment_count, true, out);
		fputs("the last moments:\n", out);
	}
	size_t first = r->failed && r->moment_count > LAST_MOMENTS ? r->moment_count - LAST_MOMENTS : 0;
	if (r->moment_count != 0)
		(void)maiko_moments_print(r->moments + first, r->moment_count - first, false, out);
	return 0;
}
