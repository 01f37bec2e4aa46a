/*
 * query.c - see maiko/testing/query.h: finds the notes that a query asks for.
 *
 * The conditions have a fixed order; each is one `criterion`. So a query without results can say
 * which condition excluded the last one.
 */
#include "event/event.h"
#include "harness.h"

#include <string.h>

typedef enum criterion {
	BY_BASE = 0,
	BY_TYPE,
	BY_TYPE_NAME,
	BY_TOPIC,
	BY_SENDER,
	BY_RECEIVER,
	BY_ID,
	BY_PARENT,
	BY_CORRELATION,
	BY_AFTER,
	BY_BEFORE,
	BY_WITHIN,
	BY_WHERE, /* the first matcher; the others follow */
	CRITERIA = BY_WHERE + MAIKO_MATCHERS_MAX
} criterion;

static const maiko_matcher *matcher_of(const maiko_query *q, unsigned i)
{
	return i == 0 ? &q->where : &q->and_where[i - 1];
}

static bool is_set(const maiko_query *q, unsigned by)
{
	switch (by) {
	case BY_BASE:
		return true;
	case BY_TYPE:
		return q->type != NULL;
	case BY_TYPE_NAME:
		return q->type_name != NULL;
	case BY_TOPIC:
		return q->topic != NULL;
	case BY_SENDER:
		return q->sender != NULL;
	case BY_RECEIVER:
		return q->receiver != NULL;
	case BY_ID:
		return !mk_id_is_none(q->id);
	case BY_PARENT:
		return !mk_id_is_none(q->parent);
	case BY_CORRELATION:
		return !mk_id_is_none(q->correlation);
	case BY_AFTER:
		return q->after != NULL;
	case BY_BEFORE:
		return q->before != NULL;
	case BY_WITHIN:
		return q->within != NULL;
	default:
		return mt_matcher_is_set(matcher_of(q, by - BY_WHERE));
	}
}

static bool is_of_base(const maiko_query *q, const maiko_record *r)
{
	switch (q->of) {
	case MAIKO_OF_EVENTS:
		return r->kind == MAIKO_OBSERVED_DISPATCHED;
	case MAIKO_OF_DELIVERIES:
		return r->kind == MAIKO_OBSERVED_DELIVERED;
	case MAIKO_OF_RECEIPTS:
		return mt_is_receipt(r);
	case MAIKO_OF_OBSERVATIONS:
		return q->kinds == 0 || (q->kinds >> r->kind & 1) != 0;
	}
	return false;
}

/* In a query of events: whether the actor received the event; else whether the record is about the actor. */
static bool has_receiver(const maiko_query *q, const mt_note *note)
{
	if (q->of != MAIKO_OF_EVENTS)
		return strcmp(note->record.actor_name, q->receiver) == 0;
	for (const mt_note *n = mt_first_note(note->event); n != NULL; n = mt_next_note(n))
		if (mt_is_receipt(&n->record) && strcmp(n->record.actor_name, q->receiver) == 0)
			return true;
	return false;
}

static bool holds(const maiko_query *q, unsigned by, const mt_note *n)
{
	const maiko_envelope *e = n->record.event;
	if (by == BY_BASE)
		return is_of_base(q, &n->record);
	if (by == BY_RECEIVER)
		return has_receiver(q, n);
	if (by == BY_AFTER)
		return n->record.order > q->after->order;
	if (by == BY_BEFORE)
		return n->record.order < q->before->order;
	if (e == NULL) /* the rest is about events */
		return false;
	switch (by) {
	case BY_TYPE:
		return mt_same_type(e->type, q->type);
	case BY_TYPE_NAME:
		return strcmp(e->type->layout->name, q->type_name) == 0;
	case BY_TOPIC:
		return strcmp(e->topic->name, q->topic) == 0;
	case BY_SENDER:
		return strcmp(e->sender, q->sender) == 0;
	case BY_ID:
		return maiko_id_equal(e->id, q->id);
	case BY_PARENT:
		return maiko_id_equal(e->parent, q->parent);
	case BY_CORRELATION:
		return maiko_id_equal(e->correlation, q->correlation);
	case BY_WITHIN:
		return mt_event_of(q->within) != NULL && mt_event_is_within(n->event, mt_event_of(q->within));
	default:
		return mt_matcher_holds(matcher_of(q, by - BY_WHERE), &n->record);
	}
}

static bool all_hold(const maiko_query *q, const mt_note *n)
{
	for (unsigned by = 0; by < CRITERIA; by++)
		if (is_set(q, by) && !holds(q, by, n))
			return false;
	return true;
}

/* Whether it can be evaluated. */
static bool is_fine(const maiko_query *q)
{
	if (q->harness == NULL)
		return false;
	if ((unsigned)q->of > MAIKO_OF_OBSERVATIONS) {
		mt_misuse(q->harness, "a query's .of is %d", (int)q->of);
		return false;
	}
	for (unsigned i = 0; i < MAIKO_MATCHERS_MAX; i++)
		if (!mt_matcher_check(q->harness, matcher_of(q, i)))
			return false;
	return true;
}

/* The next result from index `place` on, before `end`; or NULL. */
static const mt_note *next_from(const maiko_query *q, uint64_t place, uint64_t end)
{
	for (; place < end; place++) {
		const mt_note *n = mt_store_note(&q->harness->store, place);
		if (all_hold(q, n))
			return n;
	}
	return NULL;
}

static uint64_t place_after(const maiko_query *q, const maiko_record *r)
{
	return r->order - q->harness->store.cleared;
}

/* An iteration over the results of a query, in order. */
typedef struct pass {
	const maiko_query *q;
	uint64_t place, end;
} pass;

static pass pass_over(const maiko_query *q)
{
	return (pass){q, 0, is_fine(q) ? mt_store_count(&q->harness->store) : 0};
}

static const mt_note *pass_next(pass *p)
{
	const mt_note *n = next_from(p->q, p->place, p->end);
	if (n != NULL)
		p->place = place_after(p->q, &n->record);
	return n;
}

/* ---- evaluation ----------------------------------------------------------------------------- */

size_t maiko_query_collect(maiko_query query, const maiko_record **records, size_t size)
{
	size_t count = 0;
	pass p = pass_over(&query);
	for (const mt_note *n; (n = pass_next(&p)) != NULL; count++)
		if (count < size)
			records[count] = &n->record;
	return count;
}

size_t maiko_query_count(maiko_query query) { return maiko_query_collect(query, NULL, 0); }

const maiko_record *maiko_query_nth(maiko_query query, size_t n)
{
	pass p = pass_over(&query);
	const mt_note *note = pass_next(&p);
	for (; note != NULL && n > 0; n--)
		note = pass_next(&p);
	return note == NULL ? NULL : &note->record;
}

const maiko_record *maiko_query_first(maiko_query query) { return maiko_query_nth(query, 0); }

const maiko_record *maiko_query_last(maiko_query query)
{
	uint64_t place = is_fine(&query) ? mt_store_count(&query.harness->store) : 0;
	while (place-- > 0) {
		const mt_note *n = mt_store_note(&query.harness->store, place);
		if (all_hold(&query, n))
			return &n->record;
	}
	return NULL;
}

const maiko_record *maiko_query_next(maiko_query query, const maiko_record *record)
{
	pass p = pass_over(&query);
	if (record != NULL && p.end != 0)
		p.place = place_after(&query, record);
	const mt_note *n = pass_next(&p);
	return n == NULL ? NULL : &n->record;
}

bool maiko_query_any(maiko_query query) { return maiko_query_first(query) != NULL; }

bool maiko_query_all(maiko_query query, maiko_matcher matcher)
{
	pass p = pass_over(&query);
	if (query.harness == NULL || !mt_matcher_check(query.harness, &matcher))
		return false;
	for (const mt_note *n; (n = pass_next(&p)) != NULL;)
		if (!mt_matcher_holds(&matcher, &n->record))
			return false;
	return true;
}

size_t maiko_query_senders(maiko_query query, const char **names, size_t size)
{
	mt_names found = {0};
	pass p = pass_over(&query);
	for (const mt_note *n; (n = pass_next(&p)) != NULL;)
		if (n->event != NULL && !mt_names_add(query.harness, &found, n->event->envelope.sender))
			break;
	return mt_names_give(&found, names, size);
}

size_t maiko_query_receivers(maiko_query query, const char **names, size_t size)
{
	mt_names found = {0};
	pass p = pass_over(&query);
	for (const mt_note *n; (n = pass_next(&p)) != NULL;) {
		bool more = true;
		if (query.of == MAIKO_OF_EVENTS)
			more = mt_event_add_receivers(n->event, &found);
		else if (n->record.actor != 0)
			more = mt_names_add(query.harness, &found, n->record.actor_name);
		if (!more)
			break;
	}
	return mt_names_give(&found, names, size);
}

size_t maiko_query_types(maiko_query query, maiko_tally *tallies, size_t size)
{
	mt_names found = {0};
	pass p = pass_over(&query);
	for (const mt_note *n; (n = pass_next(&p)) != NULL;)
		if (n->event != NULL && !mt_names_add(query.harness, &found, n->event->envelope.type->layout->name))
			break;
	if (size > 0 && found.count > 0)
		memcpy(tallies, found.tallies, (size < found.count ? size : found.count) * sizeof *tallies);
	return mt_names_give(&found, NULL, 0);
}

const void *maiko_record_as(const maiko_record *record, const maiko_event_type *type)
{
	if (record == NULL || record->event == NULL || type == NULL || !mt_same_type(record->event->type, type))
		return NULL;
	return record->data;
}

/* ---- construction -------------------------------------------------------------------------------- */

maiko_query maiko_received_by(maiko_harness *h, const char *actor)
{
	return (maiko_query){.harness = h, .of = MAIKO_OF_RECEIPTS, .receiver = actor == NULL ? "" : actor};
}

maiko_query maiko_sent_by(maiko_harness *h, const char *actor)
{
	return (maiko_query){.harness = h, .of = MAIKO_OF_EVENTS, .sender = actor == NULL ? "" : actor};
}

maiko_query maiko_published_on(maiko_harness *h, const char *topic)
{
	return (maiko_query){.harness = h, .of = MAIKO_OF_EVENTS, .topic = topic == NULL ? "" : topic};
}

maiko_query maiko_delivered_on(maiko_harness *h, const char *topic)
{
	return (maiko_query){.harness = h, .of = MAIKO_OF_DELIVERIES, .topic = topic == NULL ? "" : topic};
}

maiko_query maiko_query_where(maiko_query query, maiko_matcher matcher)
{
	unsigned i = 0;
	while (i < MAIKO_MATCHERS_MAX && mt_matcher_is_set(matcher_of(&query, i)))
		i++;
	if (i == 0)
		query.where = matcher;
	else if (i < MAIKO_MATCHERS_MAX)
		query.and_where[i - 1] = matcher;
	else if (query.harness != NULL)
		mt_misuse(query.harness, "a query has more than %d matchers", MAIKO_MATCHERS_MAX);
	return query;
}

/* ---- as text ---------------------------------------------------------------------------------------- */

void mt_query_print_count(const maiko_query *q, size_t count, FILE *out)
{
	static const char *const one[] = {"event", "delivery", "receipt", "record"};
	static const char *const many[] = {"events", "deliveries", "receipts", "records"};
	fprintf(out, "%zu %s", count, (count == 1 ? one : many)[q->of]);
}

static void print_criterion(const maiko_query *q, unsigned by, FILE *out)
{
	switch (by) {
	case BY_TYPE:
		fprintf(out, "type %s", q->type->layout->name);
		break;
	case BY_TYPE_NAME:
		fprintf(out, "type %s", q->type_name);
		break;
	case BY_TOPIC:
		fprintf(out, "topic %s", q->topic);
		break;
	case BY_SENDER:
		fprintf(out, "sender %s", q->sender);
		break;
	case BY_RECEIVER:
		fprintf(out, "receiver %s", q->receiver);
		break;
	case BY_ID:
		fprintf(out, "of that id");
		break;
	case BY_PARENT:
		fprintf(out, "children of that event");
		break;
	case BY_CORRELATION:
		fprintf(out, "of that correlation");
		break;
	case BY_AFTER:
		fprintf(out, "after #%llu", (unsigned long long)q->after->order);
		break;
	case BY_BEFORE:
		fprintf(out, "before #%llu", (unsigned long long)q->before->order);
		break;
	case BY_WITHIN:
		fprintf(out, "in the chain of #%llu", (unsigned long long)q->within->order);
		break;
	default:
		mt_matcher_print(matcher_of(q, by - BY_WHERE), out);
		break;
	}
}

void mt_query_print_funnel(const maiko_query *q, FILE *out)
{
	size_t left[CRITERIA] = {0};
	uint64_t end = is_fine(q) ? mt_store_count(&q->harness->store) : 0;
	for (uint64_t place = 0; place < end; place++) {
		const mt_note *n = mt_store_note(&q->harness->store, place);
		for (unsigned by = 0; by < CRITERIA && (!is_set(q, by) || holds(q, by, n)); by++)
			left[by]++;
	}
	fprintf(out, "  of ");
	mt_query_print_count(q, left[BY_BASE], out);
	fprintf(out, "\n");
	for (unsigned by = BY_TYPE; by < CRITERIA; by++)
		if (is_set(q, by)) {
			fprintf(out, "    %6zu  ", left[by]);
			print_criterion(q, by, out);
			fprintf(out, "\n");
		}
}
