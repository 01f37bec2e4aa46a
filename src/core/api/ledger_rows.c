/*
 * ledger_rows.c - the rows of actors, topics, pairs and failures: a copy of all counters, taken from any thread at any
 * time.
 *
 * Under the lock no actor enters or leaves the directory, and the counters of a removed actor are
 * added to its worker's row of removed actors; so each actor is counted once. While events flow,
 * the counters are read at slightly different moments.
 */
#include "api/ledger_rows.h"

#include "lifecycle/watchdog.h"
#include "registry/failure.h"
#include "registry/group.h"
#include "registry/keeper.h"
#include "registry/registry.h"
#include "registry/stop_order.h"
#include "registry/topic.h"
#include "routing/external.h"
#include "routing/weight.h"
#include "runtime/stop_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *mk_book_add(mk_book *b, void **rows, uint32_t *size, size_t count, size_t row)
{
	if (mk_reserve(rows, size, (uint32_t)count + 1, row) != 0) {
		b->failed = true;
		return NULL;
	}
	return memset((char *)*rows + count * row, 0, row);
}

const char *mk_book_copy(mk_book *b, const char *text)
{
	char *own = mk_strdup(text);
	b->failed |= own == NULL;
	return own;
}

/* Counts the queued events of a worker that was given up as discarded. */
static void discard(maiko_counts *c)
{
	c->discarded += c->queued;
	c->queued = 0;
}

/* ---- actors ------------------------------------------------------------------------- */

/* The actor's status; if a stop has given its worker up, stuck or cut off. */
static maiko_actor_status status_of(const mk_sup *sup, const mk_worker *w, const mk_actor *a)
{
	maiko_actor_status status = (maiko_actor_status)__atomic_load_n(&a->status, __ATOMIC_RELAXED);
	if (mk_state_of(sup) != MK_ABANDONED || w == NULL)
		return status;
	if (atomic_load_explicit((_Atomic(mk_sender *) *)(uintptr_t)&w->running, memory_order_relaxed) == a->self)
		return MAIKO_ACTOR_STUCK;
	bool given_up = (mk_stop_stuck(sup) >> w->index & 1) != 0;
	bool lives = status == MAIKO_ACTOR_RUNNING || status == MAIKO_ACTOR_RESTARTING;
	return mk_stop_order_has(a) || (given_up && lives) ? MAIKO_ACTOR_CUT_OFF : status;
}

static const char *detail_of(const maiko_actor_row *row, const mk_extra *x, bool pending)
{
	if (row->status == MAIKO_ACTOR_STUCK)
		return "in a callback that does not return";
	if (row->status == MAIKO_ACTOR_CUT_OFF)
		return pending ? "its on_stop did not run, because its worker is stuck" : "its worker is stuck";
	if (x != NULL && x->detail != NULL)
		return x->detail;
	if (row->error < 0)
		return maiko_strerror(row->error);
	return !row->held ? "" : row->status <= MAIKO_ACTOR_RUNNING ? "on hold" : "on hold when it ended";
}

/* While a callback was reported to run too long: says so of its actor, and of those that wait for it. */
static bool says_stuck(char *text, size_t size, mk_sup *sup, const mk_worker *w, const mk_actor *a)
{
	uint64_t ms;
	const mk_actor *in = w == NULL || mk_state_of(sup) == MK_ABANDONED ? NULL : mk_watchdog_stuck(sup, w, &ms);
	if (in == a)
		(void)snprintf(text, size, "in one callback for %llu ms", (unsigned long long)ms);
	else if (in != NULL && __atomic_load_n(&a->status, __ATOMIC_RELAXED) == MAIKO_ACTOR_RUNNING)
		(void)snprintf(text, size, "waits: '%s' is in one callback for %llu ms", in->self->name,
			       (unsigned long long)ms);
	else
		return false;
	return true;
}

static void actor_row(mk_book *b, mk_sup *sup, const mk_actor *a)
{
	mk_book_actor *entry =
		mk_book_add(b, (void **)&b->actors, &b->actor_size, b->ledger.actor_count, sizeof *entry);
	if (entry == NULL)
		return;
	entry->actor = a;
	maiko_actor_row *row = &entry->row;
	const mk_worker *w = mk_worker_of(sup, a->self);
	const mk_extra *x = __atomic_load_n(&a->extra, __ATOMIC_ACQUIRE);
	const mk_tally *tally = __atomic_load_n(&a->tally, __ATOMIC_ACQUIRE);
	row->name = mk_book_copy(b, a->self->name);
	row->type = mk_book_copy(b, a->class->desc->name);
	row->id = a->self->id;
	row->worker = w == NULL ? 0 : w->index + 1;
	row->status = status_of(sup, w, a);
	row->error = x == NULL ? 0 : x->error;
	row->held = x != NULL && atomic_load_explicit(&x->on_hold, memory_order_relaxed);
	char stuck[2 * MAIKO_NAME_MAX];
	bool says = says_stuck(stuck, sizeof stuck, sup, w, a);
	row->detail = mk_book_copy(b, says ? stuck : detail_of(row, x, mk_stop_order_has(a)));
	row->event = "";
	row->sent = mk_count(&a->sent);
	row->ticks = x == NULL ? 0 : mk_count(&x->ticks);
	row->mutes = x == NULL ? 0 : mk_count(&x->mute_count);
	row->bytes = mk_weight_of(x);
	/* head is read before tail, so that the length is never negative. */
	uint64_t head = mk_count(&a->box.head), tail = mk_count(&a->box.tail);
	row->counts.handled += mk_count(&a->handled);
	if (tally != NULL)
		mk_counts_read(&row->counts, &tally->counts);
	uint32_t holes = mk_mailbox_holes(&a->box);
	row->counts.queued = tail - head > holes ? tail - head - holes : 0;
	row->counts.deliveries = tail + (tally == NULL ? 0 : mk_count(&tally->refused));
	bool stopped = row->status != MAIKO_ACTOR_STUCK && row->status != MAIKO_ACTOR_CUT_OFF;
	b->ledger.cut_off += !stopped && mk_stop_order_has(a);
	if (b->given_up) {
		/* Includes the handled events of a batch in which an actor is stuck: they are counted at its end. */
		row->counts.queued = row->counts.deliveries - mk_outcomes(&row->counts);
		row->bytes = 0;
		discard(&row->counts);
	}
	b->ledger.actor_count++;
}

static void gone_row(mk_book *b, mk_sup *sup)
{
	mk_book_actor *entry =
		mk_book_add(b, (void **)&b->actors, &b->actor_size, b->ledger.actor_count, sizeof *entry);
	if (entry == NULL)
		return;
	maiko_actor_row *row = &entry->row;
	row->name = mk_book_copy(b, "(removed)");
	row->type = mk_book_copy(b, "");
	row->detail = mk_book_copy(b, "");
	row->event = "";
	row->status = MAIKO_ACTOR_GONE;
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		const mk_worker *w = sup->workers[i];
		mk_counts_read(&row->counts, &w->gone);
		row->counts.deliveries += mk_count(&w->gone_deliveries);
		row->sent += mk_count(&w->gone_sent);
		row->ticks += mk_count(&w->gone_ticks);
		row->mutes += mk_count(&w->gone_mutes);
	}
	b->ledger.actor_count++;
}

static int by_id(const void *a, const void *b)
{
	const maiko_actor_row *x = &((const mk_book_actor *)a)->row, *y = &((const mk_book_actor *)b)->row;
	/* By slot, then by generation: the order of addition unless slots were reused. */
	uint64_t p = x->id << 32 | x->id >> 32, q = y->id << 32 | y->id >> 32;
	return p < q ? -1 : p > q;
}

static void add_actors(mk_book *b, mk_sup *sup)
{
	for (uint32_t i = 0; i < sup->actor_slots; i++) {
		const mk_actor *a = mk_segmented_array_get(&sup->actors, i);
		if (a != NULL)
			actor_row(b, sup, a);
	}
	if (b->ledger.actor_count > 1)
		qsort(b->actors, b->ledger.actor_count, sizeof *b->actors, by_id);
	gone_row(b, sup);
	for (size_t i = 0; i < b->ledger.actor_count; i++) {
		maiko_counts *t = &b->ledger.total;
		const maiko_counts *c = &b->actors[i].row.counts;
		t->deliveries += c->deliveries;
		t->queued += c->queued;
#define ADD(field, text) t->field += c->field;
		MAIKO_OUTCOME_MAP(ADD)
#undef ADD
	}
}

/* ---- topics and pairs ------------------------------------------------------------------ */

/* Adds a row with those sums, and a copy of its name. */
static void topic_row(mk_book *b, const maiko_topic_row *sums)
{
	if (sums->published + sums->counts.deliveries + sums->delayed + sums->delayed_discarded + sums->refused == 0)
		return;
	maiko_topic_row *row = mk_book_add(b, (void **)&b->topics, &b->topic_size, b->ledger.topic_count, sizeof *row);
	if (row == NULL)
		return;
	*row = *sums;
	row->name = mk_book_copy(b, sums->name);
	b->ledger.published += row->published;
	b->ledger.topic_count++;
}

static void add_topic(mk_book *b, mk_sup *sup, uint32_t index)
{
	const mk_record *r = mk_record_at(sup, index);
	maiko_topic_row sum = {.name = r->desc.name, .refused = mk_count(&r->refused)};
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		const mk_topic *t = mk_topic_known(sup->workers[i], index);
		if (t == NULL)
			continue;
		mk_topic_add_counts(t, &sum);
	}
	mk_keeper_read(r, &sum);
	uint64_t settled = mk_outcomes(&sum.counts);
	sum.counts.queued = sum.counts.deliveries > settled ? sum.counts.deliveries - settled : 0;
	if (b->given_up) {
		discard(&sum.counts);
		sum.delayed_discarded += sum.delayed;
		sum.delayed = sum.bytes = 0;
	}
	topic_row(b, &sum);
}

/* A row with the sums of the topics that were given back (idle_topics.h). */
static void add_gone_topics(mk_book *b, const mk_sup *sup)
{
	maiko_topic_row sum = sup->idle_topics.gone;
	sum.name = "(given back)";
	topic_row(b, &sum);
}

static void pair_row(mk_book *b, uint32_t from, uint32_t to, uint64_t sent, uint64_t taken, uint64_t dropped)
{
	maiko_pair_row *row = mk_book_add(b, (void **)&b->pairs, &b->pair_size, b->ledger.pair_count, sizeof *row);
	if (row == NULL)
		return;
	uint64_t left = sent > taken ? sent - taken : 0;
	*row = (maiko_pair_row){.from = from,
				.to = to,
				.sent = sent,
				.taken = taken,
				.in_flight = b->given_up ? 0 : left,
				.discarded = b->given_up ? left : 0,
				.dropped = dropped};
	b->ledger.pair_count++;
}

static void add_pairs(mk_book *b, mk_sup *sup)
{
	for (uint32_t to = 0; to < mk_worker_total(sup); to++) {
		uint64_t sent, taken;
		mk_external_totals(sup, to, &sent, &taken);
		if (sent != 0)
			pair_row(b, 0, to + 1, sent, taken, 0);
		for (uint32_t from = 0; from < mk_worker_total(sup); from++) {
			const mk_channel *ch = atomic_load_explicit(&sup->workers[to]->in[from], memory_order_acquire);
			if (ch == NULL)
				continue;
			taken = mk_count(&ch->taken); /* read before `sent`, so it is never larger */
			pair_row(b, from + 1, to + 1, mk_count(&ch->sent), taken, mk_count(&ch->dropped));
		}
	}
}

/* ---- failures ------------------------------------------------------------------------------ */

static void failure_row(mk_book *b, const mk_failure *f)
{
	maiko_failure *row =
		mk_book_add(b, (void **)&b->failures, &b->failure_size, b->ledger.failure_count, sizeof *row);
	if (row == NULL)
		return;
	*row = (maiko_failure){.actor = mk_book_copy(b, f->actor),
			       .type = mk_book_copy(b, f->type->name),
			       .id = f->id,
			       .worker = f->worker,
			       .error = f->code,
			       .detail = mk_book_copy(b, f->detail != NULL ? f->detail : maiko_strerror(f->code)),
			       .phase = f->phase,
			       .event = mk_book_copy(b, f->event == NULL ? "" : f->event->layout->name),
			       .event_id = f->event_id,
			       .time_ns = f->time_ns};
	b->ledger.failure_count++;
}

static void add_failures(mk_book *b, const mk_failures *all)
{
	uint64_t from = all->count > MAIKO_FAILURES_KEPT ? all->count - MAIKO_FAILURES_KEPT : 0;
	b->ledger.failed = all->count;
	for (; from < all->count; from++)
		failure_row(b, &all->kept[from % MAIKO_FAILURES_KEPT]);
}

/* ---- all of them ----------------------------------------------------------------------------- */

void mk_book_rows(mk_book *b, mk_sup *sup)
{
	b->given_up = mk_state_of(sup) == MK_ABANDONED && mk_stop_stuck(sup) != 0;
	add_actors(b, sup);
	for (uint32_t i = 0; i < sup->topic_count; i++)
		add_topic(b, sup, i);
	add_gone_topics(b, sup);
	add_pairs(b, sup);
	add_failures(b, sup->failures);
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		b->ledger.jobs += mk_count(&sup->workers[i]->jobs);
		b->ledger.untold += mk_count(&sup->workers[i]->untold);
	}
	b->ledger.untold += mk_groups_untold(sup);
	b->ledger.workers = mk_worker_total(sup);
	b->ledger.stopped = mk_state_of(sup) >= MK_STOPPED;
}
