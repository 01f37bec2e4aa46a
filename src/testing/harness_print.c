/*
 * harness_print.c - records and events as text.
 */
#include "harness.h"

#include "code_text.h"

enum { CONTENT_MAX = 160 }; /* bytes of an event's content in a line */

void mt_print_event_name(const mt_event *e, FILE *out)
{
	fprintf(out, "%s#%llu", e->envelope.type->layout->name, (unsigned long long)e->number);
}

void mt_print_event(const mt_event *e, FILE *out)
{
	char text[CONTENT_MAX];
	const maiko_layout *layout = e->envelope.type->layout;
	mt_print_event_name(e, out);
	if (layout->fields[0].name == NULL) /* a signal */
		return;
	int rc = maiko_layout_print(layout, e->data, text, sizeof text);
	fprintf(out, " %s%s", text, rc == MAIKO_ETRUNC ? "..." : "");
}

static void print_code(const maiko_record *r, FILE *out)
{
	const char *text = mt_code_text(r->kind, r->code);
	switch (r->kind) {
	case MAIKO_OBSERVED_HANDLED:
		if (r->code == 1)
			fprintf(out, "  (ignored)");
		else if (r->code < 0)
			fprintf(out, "  (returned %s)", maiko_err_name((int)r->code));
		break;
	case MAIKO_OBSERVED_STOPPED:
	case MAIKO_OBSERVED_FAILED:
	case MAIKO_OBSERVED_ERROR:
		if (r->code < 0)
			fprintf(out, "  (%s)", maiko_err_name((int)r->code));
		break;
	case MAIKO_OBSERVED_OVERFLOWED:
	case MAIKO_OBSERVED_DISCARDED:
		if (text != NULL)
			fprintf(out, "  (%s%s)", text, r->was_queued ? ", was delivered" : "");
		break;
	case MAIKO_OBSERVED_TICK_LEFT:
		if (text != NULL)
			fprintf(out, "  (%s)", text);
		break;
	case MAIKO_OBSERVED_TOPOLOGY:
		fprintf(out, "  (%lld)", (long long)r->code);
		break;
	default:
		break;
	}
}

/* Each worker reads the clock once per turn, so a record may be slightly earlier than the first. */
static double since_first_ms(const maiko_harness *h, const maiko_record *r)
{
	return (double)(int64_t)(r->now_ns - mt_store_note(&h->store, 0)->record.now_ns) / 1e6;
}

void mt_print_record(maiko_harness *h, const maiko_record *r, FILE *out)
{
	const mt_event *e = mt_event_of(r);
	fprintf(out, "#%-5llu %10.3f ms  w%-2u %-12s ", (unsigned long long)r->order, since_first_ms(h, r),
		(unsigned)r->worker, maiko_observation_text(r->kind));
	if (r->kind == MAIKO_OBSERVED_DISPATCHED && e != NULL) {
		mt_print_event(e, out);
		fprintf(out, "  %s on %s", e->envelope.sender, e->envelope.topic->name);
	} else if (e != NULL) {
		mt_print_event_name(e, out);
		fprintf(out, "  %s -> %s", e->envelope.sender, r->actor == 0 ? "another worker" : r->actor_name);
	} else if (r->actor != 0) {
		fprintf(out, "%s (%s)", r->actor_name, r->actor_type);
	}
	print_code(r, out);
	fprintf(out, "\n");
}

void mt_print_names(const mt_names *names, const char *none, FILE *out)
{
	for (size_t i = 0; i < names->count; i++)
		fprintf(out, "%s%s", i == 0 ? "" : ", ", names->tallies[i].name);
	if (names->count == 0)
		fputs(none, out);
}

void mt_print_list(const char *const *names, FILE *out)
{
	for (size_t i = 0; names[i] != NULL; i++)
		fprintf(out, "%s%s", i == 0 ? "" : ", ", names[i]);
}

void maiko_harness_dump(maiko_harness *h, FILE *out)
{
	if (h == NULL || out == NULL)
		return;
	uint64_t count = mt_store_count(&h->store);
	if (count == 0)
		fprintf(out, "(no records)\n");
	for (uint64_t place = 0; place < count; place++)
		mt_print_record(h, &mt_store_note(&h->store, place)->record, out);
}
