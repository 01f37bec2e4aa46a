/*
 * ledger.c - the calls that make and free a ledger, and what follows from its numbers.
 */
#include "api/ledger.h"

#include "api/ledger_rows.h"
#include "base/error.h"
#include "registry/registry.h"
#include "registry/topic.h"

/* ---- pointers to the rows ------------------------------------------------------------------ */

static const void **point(const void **to, const void *rows, size_t count, size_t size)
{
	for (size_t i = 0; i < count; i++)
		*to++ = (const char *)rows + i * size;
	return to;
}

/* Readers use pointers to the rows, because only this file knows the size of a row. False: no memory. */
static bool point_at_rows(mk_book *b)
{
	maiko_ledger *l = &b->ledger;
	size_t count = l->actor_count + l->topic_count + l->pair_count + l->failure_count + l->group_count;
	const void **to = b->pointers = mk_malloc(count * sizeof *to); /* count > 0: the row of removed actors */
	if (to == NULL)
		return false;
	l->actors = (const maiko_actor_row *const *)to;
	to = point(to, b->actors, l->actor_count, sizeof *b->actors);
	l->topics = (const maiko_topic_row *const *)to;
	to = point(to, b->topics, l->topic_count, sizeof *b->topics);
	l->pairs = (const maiko_pair_row *const *)to;
	to = point(to, b->pairs, l->pair_count, sizeof *b->pairs);
	l->failures = (const maiko_failure *const *)to;
	to = point(to, b->failures, l->failure_count, sizeof *b->failures);
	l->groups = (const maiko_group_row *const *)to;
	for (size_t i = 0; i < b->line_count; i++)
		if (b->lines[i].is_group)
			*to++ = &b->groups[b->lines[i].entry].row;
	return true;
}

/* ---- the calls ---------------------------------------------------------------------------- */

int maiko_report(maiko_supervisor *sup, maiko_ledger **ret_ledger)
{
	if (sup == NULL || ret_ledger == NULL)
		return MK_NULL(sup, ret_ledger);
	if (mk_forked(sup))
		return mk_fail_forked();
	mk_book *b = MK_NEW(mk_book);
	if (b == NULL)
		return MAIKO_ENOMEM;
	mk_lock(sup);
	b->ledger.now_ns = mk_now(&sup->seam);
	mk_book_rows(b, sup);
	mk_book_groups(b, sup);
	mk_unlock(sup);
	if (b->failed || !mk_book_order(b) || !point_at_rows(b)) {
		maiko_ledger_free(&b->ledger);
		return MAIKO_ENOMEM;
	}
	*ret_ledger = &b->ledger;
	return 0;
}

const char *mk_ledger_left_on_hold(mk_sup *sup, uint32_t *ret_count)
{
	const char *first = NULL;
	*ret_count = 0;
	mk_lock(sup);
	for (uint32_t i = 0; i < sup->actor_slots; i++) {
		const mk_actor *a = mk_segmented_array_get(&sup->actors, i);
		bool left = a != NULL && (a->sched & MK_ON_HOLD) != 0 && a->tally != NULL &&
			    mk_count(&a->tally->counts.discarded) != 0;
		if (left && first == NULL)
			first = a->self->name;
		*ret_count += left;
	}
	mk_unlock(sup);
	return first;
}

uint64_t mk_ledger_discarded(mk_sup *sup)
{
	mk_lock(sup);
	uint64_t discarded = sup->idle_topics.gone.counts.discarded;
	for (uint32_t i = 0; i < mk_worker_total(sup); i++)
		for (uint32_t k = 0; k < sup->topic_count; k++) {
			const mk_topic *t = mk_topic_known(sup->workers[i], k);
			discarded += t == NULL ? 0 : mk_count(&t->counts.discarded);
		}
	mk_unlock(sup);
	return discarded;
}

maiko_ledger *maiko_ledger_free(maiko_ledger *ledger)
{
	if (ledger == NULL)
		return NULL;
	mk_book *b = MK_OF(ledger, mk_book, ledger);
	for (size_t i = 0; i < ledger->actor_count; i++) {
		const maiko_actor_row *row = &b->actors[i].row;
		mk_free(row->name);
		mk_free(row->type);
		mk_free(row->detail);
		if (row->event != NULL && row->event[0] != '\0') /* else it is static */
			mk_free(row->event);
	}
	for (size_t i = 0; i < ledger->topic_count; i++)
		mk_free(b->topics[i].name);
	for (size_t i = 0; i < ledger->failure_count; i++) {
		mk_free(b->failures[i].actor);
		mk_free(b->failures[i].type);
		mk_free(b->failures[i].detail);
		mk_free(b->failures[i].event);
	}
	for (size_t i = 0; i < ledger->group_count; i++)
		mk_free(b->groups[i].row.name);
	mk_free(ledger->chain);
	mk_free(b->pointers);
	mk_free(b->lines);
	mk_free(b->groups);
	mk_free(b->failures);
	mk_free(b->actors);
	mk_free(b->topics);
	mk_free(b->pairs);
	mk_free(b);
	return NULL;
}

bool maiko_ledger_balanced(const maiko_ledger *ledger)
{
	bool balanced = ledger != NULL;
	uint64_t by_topic = 0;
	for (size_t i = 0; balanced && i < ledger->actor_count; i++) {
		const maiko_counts *c = &ledger->actors[i]->counts;
		balanced = c->deliveries == c->queued + mk_outcomes(c);
	}
	for (size_t i = 0; balanced && i < ledger->topic_count; i++) {
		const maiko_counts *c = &ledger->topics[i]->counts;
		by_topic += c->deliveries;
		balanced = c->deliveries == c->queued + mk_outcomes(c);
	}
	for (size_t i = 0; balanced && i < ledger->pair_count; i++) {
		const maiko_pair_row *row = ledger->pairs[i];
		balanced = row->sent == row->taken + row->in_flight + row->discarded;
	}
	return balanced && by_topic == ledger->total.deliveries;
}

uint64_t maiko_ledger_lost(const maiko_ledger *ledger)
{
	if (ledger == NULL)
		return 0;
	const maiko_counts *c = &ledger->total;
	uint64_t lost = c->dropped + c->discarded + c->dead + c->no_memory + c->lost;
	for (size_t i = 0; i < ledger->topic_count; i++)
		lost += ledger->topics[i]->channel_dropped;
	for (size_t i = 0; i < ledger->pair_count; i++)
		lost += ledger->pairs[i]->discarded;
	return lost;
}
