/*
 * ledger_text.c - a ledger as text for people.
 */
#include "api/ledger_rows.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { NS_PER_S = 1000000000, NS_PER_MS = 1000000 };

typedef unsigned long long number;

/* ---- the table --------------------------------------------------------------------------------- */

static const char *status_name(maiko_actor_status status)
{
	static const char *const names[] = {"added", "running", "stopped", "failed",
					    "stuck", "cut off", "gone",    "restarting"};
	return (unsigned)status < sizeof names / sizeof names[0] ? names[status] : "?";
}

static void print_counts(const maiko_counts *c, FILE *out)
{
	fprintf(out, " %10llu %10llu", (number)c->deliveries, (number)c->handled);
	fprintf(out, " %8llu %8llu", (number)c->ignored, (number)c->queued);
	fprintf(out, " %8llu %8llu", (number)c->dropped, (number)c->discarded);
	fprintf(out, " %8llu %8llu\n", (number)c->dead, (number)c->no_memory);
	if (c->expired + c->filtered + c->set_aside + c->passed_on + c->lost != 0)
		fprintf(out, "  %llu expired, %llu filtered, %llu set aside, %llu passed on, %llu lost\n",
			(number)c->expired, (number)c->filtered, (number)c->set_aside, (number)c->passed_on,
			(number)c->lost);
}

static void print_bytes(uint64_t bytes, FILE *out)
{
	if (bytes != 0)
		fprintf(out, "  queued: %llu bytes of large payloads and buffers\n", (number)bytes);
}

static void print_head(const char *first, FILE *out)
{
	fprintf(out, "%-20s %10s %10s %8s %8s %8s %8s %8s %8s\n", first, "deliveries", "handled", "ignored", "queued",
		"dropped", "discard", "dead", "no mem");
}

static void print_failure(const maiko_failure *f, FILE *out)
{
	time_t seconds = (time_t)(f->time_ns / NS_PER_S);
	struct tm utc;
	char when[32] = "?";
	if (gmtime_r(&seconds, &utc) != NULL)
		(void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &utc);
	fprintf(out, "failed: %s (%s) in %s", f->actor, f->type, maiko_phase_text(f->phase));
	if (f->event[0] != '\0')
		fprintf(out, " of %s", f->event);
	fprintf(out, ", %s.%03uZ: %s\n", when, (unsigned)(f->time_ns % NS_PER_S / NS_PER_MS), f->detail);
}

/* ---- the tree --------------------------------------------------------------------------------- */

enum { STEP = 3 /* columns of a level */, NAME_COLUMNS_MAX = 48, STATUS_COLUMNS = 12 };

static const char *plural(uint64_t n) { return n == 1 ? "" : "s"; }

static void print_ms(uint64_t ms, FILE *out)
{
	uint64_t tenths = ms / 100;
	if (ms < 1000)
		fprintf(out, "%llu ms", (number)ms);
	else if (tenths % 10 == 0)
		fprintf(out, "%llu s", (number)tenths / 10);
	else
		fprintf(out, "%llu.%llu s", (number)tenths / 10, (number)tenths % 10);
}

static void print_wait(uint64_t until_ns, uint64_t now_ns, FILE *out)
{
	uint64_t ms = until_ns > now_ns ? (until_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS : 0;
	fputs("in ", out);
	print_ms(ms > 1000 ? (ms + 99) / 100 * 100 : ms, out); /* no earlier than it says */
}

static void print_group(const maiko_ledger *ledger, const maiko_group_row *row, FILE *out)
{
	static const char *const strategies[] = {"one for one", "one for all", "rest for one"};
	fprintf(out, "%s, ", strategies[row->strategy]);
	if (row->restarts == MAIKO_UNLIMITED)
		fputs("restarts without limit", out);
	else {
		fprintf(out, "%u of %u restart%s in ", row->spent, row->restarts, plural(row->restarts));
		print_ms(row->within_ms, out);
	}
	if (row->failed != 0)
		fprintf(out, ", failed %llu time%s", (number)row->failed, plural(row->failed));
	if (row->restarting)
		fputs(", restarts its members", out);
	if (row->resumes_ns != 0) {
		fputc(' ', out);
		print_wait(row->resumes_ns, ledger->now_ns, out);
	}
}

/* Why it does not run, and what it waits for. */
static bool print_state(const maiko_ledger *ledger, const maiko_actor_row *row, FILE *out)
{
	if (row->resumes_ns != 0)
		print_wait(row->resumes_ns, ledger->now_ns, out);
	else if (row->waits)
		fputs("with its group", out);
	bool waits = row->resumes_ns != 0 || row->waits;
	if (row->detail[0] != '\0')
		fprintf(out, "%s%s", waits ? ": " : "", row->detail);
	if (row->phase != 0)
		fprintf(out, ", in %s", maiko_phase_text(row->phase));
	if (row->event[0] != '\0')
		fprintf(out, " of %s", row->event);
	return waits || row->detail[0] != '\0';
}

static void print_actor(const maiko_ledger *ledger, const maiko_actor_row *row, FILE *out)
{
	bool more = row->restarts != 0 || row->detail[0] != '\0' || row->resumes_ns != 0 || row->waits;
	fprintf(out, "%-*s", more ? STATUS_COLUMNS : 0, status_name(row->status));
	bool told = print_state(ledger, row, out);
	if (row->restarts != 0)
		fprintf(out, "%s%llu restart%s", told ? "; " : "", (number)row->restarts, plural(row->restarts));
}

static const char *name_of(const mk_book *b, const mk_book_line *line)
{
	return line->is_group ? b->groups[line->entry].row.name : b->actors[line->entry].row.name;
}

/* The columns of branches and names, up to a maximum. */
static int name_columns(const mk_book *b)
{
	size_t columns = 0;
	for (size_t i = 0; i < b->line_count; i++) {
		size_t own = b->lines[i].depth * (size_t)STEP + strlen(name_of(b, &b->lines[i]));
		columns = own > columns ? own : columns;
	}
	return (int)(columns < NAME_COLUMNS_MAX ? columns : NAME_COLUMNS_MAX) + 2;
}

/* The branches to a line; `ended`: of each level, whether its last member has been written. */
static void print_branches(const mk_book_line *line, bool *ended, FILE *out)
{
	ended[line->depth] = line->last;
	for (int level = 1; level < line->depth; level++)
		fputs(ended[level] ? "   " : "|  ", out);
	if (line->depth != 0)
		fputs("+- ", out);
}

static void print_lines(const mk_book *b, FILE *out)
{
	bool ended[MAIKO_GROUP_DEPTH_MAX + 2];
	int columns = name_columns(b);
	for (size_t i = 0; i < b->line_count; i++) {
		const mk_book_line *line = &b->lines[i];
		print_branches(line, ended, out);
		fprintf(out, "%-*s", columns - line->depth * STEP, name_of(b, line));
		if (line->is_group)
			print_group(&b->ledger, &b->groups[line->entry].row, out);
		else
			print_actor(&b->ledger, &b->actors[line->entry].row, out);
		fputc('\n', out);
	}
}

/* Of a supervisor that supervises nothing: its actors. */
static void print_flat(const maiko_ledger *ledger, FILE *out)
{
	fputs("supervisor\n", out);
	for (size_t i = 0; i + 1 < ledger->actor_count; i++) {
		fprintf(out, "+- %-20s  ", ledger->actors[i]->name);
		print_actor(ledger, ledger->actors[i], out);
		fputc('\n', out);
	}
}

int maiko_ledger_print_tree(const maiko_ledger *ledger, FILE *out)
{
	if (ledger == NULL || out == NULL)
		return MK_NULL(ledger, out);
	if (ledger->group_count != 0)
		print_lines(MK_OF((uintptr_t)ledger, mk_book, ledger), out);
	else
		print_flat(ledger, out);
	if (ledger->chain[0] != '\0')
		fprintf(out, "ended: %s\n", ledger->chain);
	return 0;
}

/* ---- both -------------------------------------------------------------------------------------- */

int maiko_ledger_print(const maiko_ledger *ledger, FILE *out)
{
	if (ledger == NULL || out == NULL)
		return MK_NULL(ledger, out);
	print_head("actor", out);
	for (size_t i = 0; i < ledger->actor_count; i++) {
		const maiko_actor_row *row = ledger->actors[i];
		if (row->status == MAIKO_ACTOR_GONE && row->counts.deliveries == 0)
			continue;
		fprintf(out, "%-20s", row->name);
		print_counts(&row->counts, out);
		print_bytes(row->bytes, out);
		if (row->status >= MAIKO_ACTOR_FAILED && row->status <= MAIKO_ACTOR_CUT_OFF)
			fprintf(out, "  %s %s: %s\n", row->name, status_name(row->status), row->detail);
		if (row->held)
			fprintf(out, "  %s %s\n", row->name,
				row->status <= MAIKO_ACTOR_RUNNING ? "is on hold" : "was on hold when it ended");
	}
	print_head("topic", out);
	for (size_t i = 0; i < ledger->topic_count; i++) {
		const maiko_topic_row *row = ledger->topics[i];
		fprintf(out, "%-20s", row->name);
		print_counts(&row->counts, out);
		print_bytes(row->bytes, out);
		if (row->unrouted + row->channel_dropped + row->delayed + row->delayed_discarded != 0)
			fprintf(out,
				"  of %llu published: %llu to nobody, %llu entries dropped; delayed: %llu, %llu "
				"cancelled\n",
				(number)row->published, (number)row->unrouted, (number)row->channel_dropped,
				(number)row->delayed, (number)row->delayed_discarded);
		if (row->refused != 0)
			fprintf(out, "  and %llu refused by its check\n", (number)row->refused);
		if (row->retained + row->unretained != 0)
			fprintf(out, "  retained: %llu, %llu bytes; not retained: %llu\n", (number)row->retained,
				(number)row->retained_bytes, (number)row->unretained);
	}
	fprintf(out, "%-20s %10s %10s %8s %8s %8s\n", "between workers", "sent", "taken", "in flight", "dropped",
		"discard");
	for (size_t i = 0; i < ledger->pair_count; i++) {
		const maiko_pair_row *row = ledger->pairs[i];
		fprintf(out, "%7s%-3u -> %-6u %10llu %10llu %8llu %8llu %8llu\n", row->from == 0 ? "outside" : "",
			row->from, row->to, (number)row->sent, (number)row->taken, (number)row->in_flight,
			(number)row->dropped, (number)row->discarded);
	}
	for (size_t i = 0; i < ledger->failure_count; i++)
		print_failure(ledger->failures[i], out);
	if (ledger->untold != 0)
		fprintf(out, "not told on a topic of the library, without memory: %llu\n", (number)ledger->untold);
	if (ledger->group_count != 0)
		(void)maiko_ledger_print_tree(ledger, out);
	fprintf(out, "published %llu, delivered %llu, handled %llu: %s\n", (number)ledger->published,
		(number)ledger->total.deliveries, (number)ledger->total.handled,
		maiko_ledger_balanced(ledger) ? "balanced"
		: ledger->stopped             ? "NOT BALANCED"
					      : "not balanced, because it was made while events were in flight");
	return 0;
}
