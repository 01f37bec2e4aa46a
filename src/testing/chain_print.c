/*
 * chain_print.c - a chain as a tree, and as a diagram.
 */
#include "harness.h"

#include <stdlib.h>

enum { LEVELS_SHOWN = 30 }; /* deeper ones are not indented further */

/* ---- a tree ------------------------------------------------------------------------------- */

/* The subscribers that have not received the event, and why. */
static void print_lost(const mt_event *e, FILE *out)
{
	for (const mt_note *n = mt_first_note(e); n != NULL; n = mt_next_note(n)) {
		const maiko_record *r = &n->record;
		if (r->kind == MAIKO_OBSERVED_OVERFLOWED || r->kind == MAIKO_OBSERVED_DISCARDED)
			fprintf(out, "; %s for %s", maiko_observation_text(r->kind),
				r->actor == 0 ? "another worker" : r->actor_name);
		else if (r->kind == MAIKO_OBSERVED_HANDLED && r->code == 1)
			fprintf(out, "; ignored by %s", r->actor_name);
		else if (r->kind == MAIKO_OBSERVED_HANDLED && r->code < 0)
			fprintf(out, "; %s returned %s", r->actor_name, maiko_err_name((int)r->code));
	}
}

static void print_line(const mt_event *e, FILE *out)
{
	mt_names receivers = {0};
	mt_print_event(e, out);
	mt_event_add_receivers(e, &receivers);
	fprintf(out, "  from %s, to ", e->envelope.sender);
	mt_print_names(&receivers, "no one", out);
	mt_names_give(&receivers, NULL, 0);
	print_lost(e, out);
	fprintf(out, "\n");
}

void mt_chain_print(maiko_chain chain, size_t lines, const char *indent, FILE *out)
{
	mt_tree tree;
	size_t depth = 0;
	mt_tree_init(&tree, chain);
	if (tree.root == NULL)
		mt_chain_print_empty(chain, indent, out);
	for (const mt_event *e = tree.root; e != NULL; e = mt_tree_next(&tree, e, &depth)) {
		if (lines-- == 0) {
			fprintf(out, "%s... and more: %zu events in all\n", indent, maiko_chain_count(chain));
			break;
		}
		fprintf(out, "%s%*s", indent, (int)(depth < LEVELS_SHOWN ? depth : LEVELS_SHOWN) * 2, "");
		if (depth > LEVELS_SHOWN)
			fprintf(out, "(%zu deep) ", depth);
		print_line(e, out);
	}
	mt_tree_fini(&tree);
}

void mt_chain_print_empty(maiko_chain chain, const char *indent, FILE *out)
{
	if (mt_event_of(chain.event) == NULL || chain.towards == NULL)
		fprintf(out, "%s(no event)\n", indent);
	else
		fprintf(out, "%s(no event that leads to %s)\n", indent, chain.towards);
}

void maiko_chain_print(maiko_chain chain, FILE *out)
{
	if (out != NULL)
		mt_chain_print(chain, SIZE_MAX, "", out);
}

/* ---- a diagram ------------------------------------------------------------------------------- */

/* Escapes the characters that Mermaid interprets: ; ends a statement, # begins an entity. */
static void put_escaped(const char *text, FILE *out)
{
	for (; *text != '\0'; text++) {
		if (*text == ';' || *text == '#' || *text == '"' || *text == '<' || *text == '>' || *text == '%')
			fprintf(out, "#%d;", (int)*text);
		else
			fputc(*text, out);
	}
}

static size_t index_of(const mt_names *names, const char *name)
{
	size_t i = 0;
	mt_names one = {names->tallies, 1, 1};
	while (i < names->count && !mt_names_have(&one, name)) {
		one.tallies++;
		i++;
	}
	return i;
}

static int by_number(const void *a, const void *b)
{
	const mt_event *const *x = a, *const *y = b;
	return (*x)->number < (*y)->number ? -1 : (*x)->number > (*y)->number;
}

/* The events of a tree in the order sent. NULL: no memory. */
static const mt_event **events_of(const mt_tree *tree, size_t count)
{
	size_t i = 0;
	const mt_event **events = malloc(count * sizeof(const mt_event *));
	if (events == NULL) {
		mt_no_memory(tree->harness);
		return NULL;
	}
	for (const mt_event *e = tree->root; e != NULL && i < count; e = mt_tree_next(tree, e, NULL))
		events[i++] = e;
	qsort(events, i, sizeof(const mt_event *), by_number);
	return events;
}

/* Adds the sender and the receivers of an event. */
static bool add_participants(const mt_event *e, mt_names *names)
{
	if (!mt_names_add(e->harness, names, e->envelope.sender))
		return false;
	for (const mt_note *n = mt_first_note(e); n != NULL; n = mt_next_note(n))
		if (n->record.actor != 0 && !mt_names_add(e->harness, names, n->record.actor_name))
			return false;
	return true;
}

static void print_arrow(const mt_names *names, const maiko_record *r, const char *arrow, FILE *out)
{
	fprintf(out, "    p%zu%sp%zu: ", index_of(names, r->event->sender), arrow, index_of(names, r->actor_name));
	put_escaped(r->event->type->layout->name, out);
}

static void print_arrows(const mt_names *names, const mt_event *e, FILE *out)
{
	bool some = false;
	for (const mt_note *n = mt_first_note(e); n != NULL; n = mt_next_note(n)) {
		const maiko_record *r = &n->record;
		bool lost = r->kind == MAIKO_OBSERVED_OVERFLOWED || r->kind == MAIKO_OBSERVED_DISCARDED;
		if (r->actor == 0 || (!lost && r->kind != MAIKO_OBSERVED_HANDLED))
			continue;
		some = true;
		if (lost || r->code == 1) {
			print_arrow(names, r, "--x", out);
			fprintf(out, " (%s)", lost ? maiko_observation_text(r->kind) : "ignored");
		} else {
			print_arrow(names, r, "->>", out);
		}
		fprintf(out, "\n");
	}
	if (!some) {
		fprintf(out, "    Note over p%zu: ", index_of(names, e->envelope.sender));
		put_escaped(e->envelope.type->layout->name, out);
		fprintf(out, ", to no one\n");
	}
}

static void print_events(const mt_event *const *events, size_t count, FILE *out)
{
	mt_names names = {0};
	bool complete = true;
	for (size_t i = 0; complete && i < count; i++)
		complete = add_participants(events[i], &names);
	for (size_t i = 0; complete && i < names.count; i++) {
		fprintf(out, "    participant p%zu as ", i);
		put_escaped(names.tallies[i].name, out);
		fprintf(out, "\n");
	}
	for (size_t i = 0; complete && i < count; i++)
		print_arrows(&names, events[i], out);
	mt_names_give(&names, NULL, 0);
}

void maiko_chain_mermaid(maiko_chain chain, FILE *out)
{
	mt_tree tree;
	if (out == NULL)
		return;
	fprintf(out, "sequenceDiagram\n");
	size_t count = maiko_chain_count(chain);
	mt_tree_init(&tree, chain);
	const mt_event **events = tree.root == NULL || count == 0 ? NULL : events_of(&tree, count);
	if (events != NULL)
		print_events(events, count, out);
	else if (tree.root == NULL)
		mt_chain_print_empty(chain, "    %% ", out);
	free(events);
	mt_tree_fini(&tree);
}
