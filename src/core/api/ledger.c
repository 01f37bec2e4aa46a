/*
 * ledger.c - the ledger: a copy of all counters, taken from any thread at any time.
 *
 * Under the lock no actor enters or leaves the directory, and the counters of a removed actor are
 * added to its worker's row of removed actors; so each actor is counted once. While events flow,
 * the counters are read at slightly different moments.
 */
#include "api/ledger.h"

#include "base/error.h"
#include "lifecycle/watchdog.h"
#include "registry/failure.h"
#include "registry/registry.h"
#include "registry/stop_order.h"
#include "registry/topic.h"
#include "routing/external.h"
#include "routing/weight.h"
#include "runtime/stop_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct report {
	maiko_ledger ledger;
	maiko_actor_row *actors;
	maiko_topic_row *topics;
	maiko_pair_row *pairs;
	maiko_failure *failures;
	uint32_t actor_size, topic_size, pair_size, failure_size;
	const void **pointers; /* to all rows */
	bool failed;           /* no memory */
	bool given_up;         /* a stop has given up a stuck worker */
} report;

static void *add_row(report *r, void **rows, uint32_t *size, size_t count, size_t row)
{
	if (mk_reserve(rows, size, (uint32_t)count + 1, row) != 0) {
		r->failed = true;
		return NULL;
	}
	return memset((char *)*rows + count * row, 0, row);
}

static const char *copy(report *r, const char *text)
{
	char *own = mk_strdup(text);
	r->failed |= own == NULL;
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
	return mk_stop_order_has(a) || (given_up && status == MAIKO_ACTOR_RUNNING) ? MAIKO_ACTOR_CUT_OFF : status;
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

static void actor_row(report *r, mk_sup *sup, const mk_actor *a)
{
	maiko_actor_row *row = add_row(r, (void **)&r->actors, &r->actor_size, r->ledger.actor_count, sizeof *row);
	if (row == NULL)
		return;
	const mk_worker *w = mk_worker_of(sup, a->self);
	const mk_extra *x = __atomic_load_n(&a->extra, __ATOMIC_ACQUIRE);
	const mk_tally *tally = __atomic_load_n(&a->tally, __ATOMIC_ACQUIRE);
	row->name = copy(r, a->self->name);
	row->type = copy(r, a->class->desc->name);
	row->id = a->self->id;
	row->worker = w == NULL ? 0 : w->index + 1;
	row->status = status_of(sup, w, a);
	row->error = x == NULL ? 0 : x->error;
	row->held = x != NULL && atomic_load_explicit(&x->on_hold, memory_order_relaxed);
	char stuck[2 * MAIKO_NAME_MAX];
	bool says = says_stuck(stuck, sizeof stuck, sup, w, a);
	row->detail = copy(r, says ? stuck : detail_of(row, x, mk_stop_order_has(a)));
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
	r->ledger.cut_off += !stopped && mk_stop_order_has(a);
	if (r->given_up) {
		/* Includes the handled events of a batch in which an actor is stuck: they are counted at its end. */
		row->counts.queued = row->counts.deliveries - mk_outcomes(&row->counts);
		row->bytes = 0;
		discard(&row->counts);
	}
	r->ledger.actor_count++;
}

static void gone_row(report *r, mk_sup *sup)
{
	maiko_actor_row *row = add_row(r, (void **)&r->actors, &r->actor_size, r->ledger.actor_count, sizeof *row);
	if (row == NULL)
		return;
	row->name = copy(r, "(removed)");
	row->type = copy(r, "");
	row->detail = copy(r, "");
	row->status = MAIKO_ACTOR_GONE;
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		const mk_worker *w = sup->workers[i];
		mk_counts_read(&row->counts, &w->gone);
		row->counts.deliveries += mk_count(&w->gone_deliveries);
		row->sent += mk_count(&w->gone_sent);
		row->ticks += mk_count(&w->gone_ticks);
		row->mutes += mk_count(&w->gone_mutes);
	}
	r->ledger.actor_count++;
}

static int by_id(const void *a, const void *b)
{
	const maiko_actor_row *x = a, *y = b;
	/* By slot, then by generation: the order of addition unless slots were reused. */
	uint64_t p = x->id << 32 | x->id >> 32, q = y->id << 32 | y->id >> 32;
	return p < q ? -1 : p > q;
}

static void add_actors(report *r, mk_sup *sup)
{
	for (uint32_t i = 0; i < sup->actor_slots; i++) {
		const mk_actor *a = mk_segmented_array_get(&sup->actors, i);
		if (a != NULL)
			actor_row(r, sup, a);
	}
	if (r->ledger.actor_count > 1)
		qsort(r->actors, r->ledger.actor_count, sizeof *r->actors, by_id);
	gone_row(r, sup);
	for (size_t i = 0; i < r->ledger.actor_count; i++) {
		maiko_counts *t = &r->ledger.total;
		const maiko_counts *c = &r->actors[i].counts;
		t->deliveries += c->deliveries;
		t->queued += c->queued;
#define ADD(field, text) t->field += c->field;
		MAIKO_OUTCOME_MAP(ADD)
#undef ADD
	}
}

/* ---- topics and pairs ------------------------------------------------------------------ */

/* Adds a row with those sums, and a copy of its name. */
static void topic_row(report *r, const maiko_topic_row *sums)
{
	if (sums->published + sums->counts.deliveries + sums->delayed + sums->delayed_discarded == 0)
		return;
	maiko_topic_row *row = add_row(r, (void **)&r->topics, &r->topic_size, r->ledger.topic_count, sizeof *row);
	if (row == NULL)
		return;
	*row = *sums;
	row->name = copy(r, sums->name);
	r->ledger.published += row->published;
	r->ledger.topic_count++;
}

static void add_topic(report *r, mk_sup *sup, uint32_t index)
{
	maiko_topic_row sum = {.name = mk_record_at(sup, index)->desc.name};
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		const mk_topic *t = mk_topic_known(sup->workers[i], index);
		if (t == NULL)
			continue;
		mk_topic_add_counts(t, &sum);
	}
	uint64_t settled = mk_outcomes(&sum.counts);
	sum.counts.queued = sum.counts.deliveries > settled ? sum.counts.deliveries - settled : 0;
	if (r->given_up) {
		discard(&sum.counts);
		sum.delayed_discarded += sum.delayed;
		sum.delayed = sum.bytes = 0;
	}
	topic_row(r, &sum);
}

/* A row with the sums of the topics that were given back (idle_topics.h). */
static void add_gone_topics(report *r, const mk_sup *sup)
{
	maiko_topic_row sum = sup->idle_topics.gone;
	sum.name = "(given back)";
	topic_row(r, &sum);
}

static void pair_row(report *r, uint32_t from, uint32_t to, uint64_t sent, uint64_t taken, uint64_t dropped)
{
	maiko_pair_row *row = add_row(r, (void **)&r->pairs, &r->pair_size, r->ledger.pair_count, sizeof *row);
	if (row == NULL)
		return;
	uint64_t left = sent > taken ? sent - taken : 0;
	*row = (maiko_pair_row){.from = from,
				.to = to,
				.sent = sent,
				.taken = taken,
				.in_flight = r->given_up ? 0 : left,
				.discarded = r->given_up ? left : 0,
				.dropped = dropped};
	r->ledger.pair_count++;
}

static void add_pairs(report *r, mk_sup *sup)
{
	for (uint32_t to = 0; to < mk_worker_total(sup); to++) {
		uint64_t sent, taken;
		mk_external_totals(sup, to, &sent, &taken);
		if (sent != 0)
			pair_row(r, 0, to + 1, sent, taken, 0);
		for (uint32_t from = 0; from < mk_worker_total(sup); from++) {
			const mk_channel *ch = atomic_load_explicit(&sup->workers[to]->in[from], memory_order_acquire);
			if (ch == NULL)
				continue;
			taken = mk_count(&ch->taken); /* read before `sent`, so it is never larger */
			pair_row(r, from + 1, to + 1, mk_count(&ch->sent), taken, mk_count(&ch->dropped));
		}
	}
}

/* ---- failures ------------------------------------------------------------------------------ */

static void failure_row(report *r, const mk_failure *f)
{
	maiko_failure *row = add_row(r, (void **)&r->failures, &r->failure_size, r->ledger.failure_count, sizeof *row);
	if (row == NULL)
		return;
	*row = (maiko_failure){.actor = copy(r, f->actor),
			       .type = copy(r, f->type->name),
			       .id = f->id,
			       .worker = f->worker,
			       .error = f->code,
			       .detail = copy(r, f->detail != NULL ? f->detail : maiko_strerror(f->code)),
			       .phase = f->phase,
			       .event = copy(r, f->event == NULL ? "" : f->event->layout->name),
			       .event_id = f->event_id,
			       .time_ns = f->time_ns};
	r->ledger.failure_count++;
}

static void add_failures(report *r, const mk_failures *all)
{
	uint64_t from = all->count > MAIKO_FAILURES_KEPT ? all->count - MAIKO_FAILURES_KEPT : 0;
	r->ledger.failed = all->count;
	for (; from < all->count; from++)
		failure_row(r, &all->kept[from % MAIKO_FAILURES_KEPT]);
}

/* ---- pointers to the rows ------------------------------------------------------------------ */

static const void **point(const void **to, const void *rows, size_t count, size_t size)
{
	for (size_t i = 0; i < count; i++)
		*to++ = (const char *)rows + i * size;
	return to;
}

/* Readers use pointers to the rows, because only this file knows the size of a row. False: no memory. */
static bool point_at_rows(report *r)
{
	maiko_ledger *l = &r->ledger;
	size_t count = l->actor_count + l->topic_count + l->pair_count + l->failure_count;
	const void **to = r->pointers = mk_malloc(count * sizeof *to); /* count > 0: the row of removed actors */
	if (to == NULL)
		return false;
	l->actors = (const maiko_actor_row *const *)to;
	to = point(to, r->actors, l->actor_count, sizeof *r->actors);
	l->topics = (const maiko_topic_row *const *)to;
	to = point(to, r->topics, l->topic_count, sizeof *r->topics);
	l->pairs = (const maiko_pair_row *const *)to;
	to = point(to, r->pairs, l->pair_count, sizeof *r->pairs);
	l->failures = (const maiko_failure *const *)to;
	point(to, r->failures, l->failure_count, sizeof *r->failures);
	return true;
}

/* ---- the calls ---------------------------------------------------------------------------- */

int maiko_report(maiko_supervisor *sup, maiko_ledger **ret_ledger)
{
	if (sup == NULL || ret_ledger == NULL)
		return MK_NULL(sup, ret_ledger);
	if (mk_forked(sup))
		return mk_fail_forked();
	report *r = MK_NEW(report);
	if (r == NULL)
		return MAIKO_ENOMEM;
	mk_lock(sup);
	r->given_up = mk_state_of(sup) == MK_ABANDONED && mk_stop_stuck(sup) != 0;
	add_actors(r, sup);
	for (uint32_t i = 0; i < sup->topic_count; i++)
		add_topic(r, sup, i);
	add_gone_topics(r, sup);
	add_pairs(r, sup);
	add_failures(r, sup->failures);
	for (uint32_t i = 0; i < mk_worker_total(sup); i++)
		r->ledger.jobs += mk_count(&sup->workers[i]->jobs);
	r->ledger.workers = mk_worker_total(sup);
	r->ledger.stopped = mk_state_of(sup) >= MK_STOPPED;
	mk_unlock(sup);
	if (r->failed || !point_at_rows(r)) {
		maiko_ledger_free(&r->ledger);
		return MAIKO_ENOMEM;
	}
	*ret_ledger = &r->ledger;
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
	report *r = MK_OF(ledger, report, ledger);
	for (size_t i = 0; i < ledger->actor_count; i++) {
		mk_free(r->actors[i].name);
		mk_free(r->actors[i].type);
		mk_free(r->actors[i].detail);
	}
	for (size_t i = 0; i < ledger->topic_count; i++)
		mk_free(r->topics[i].name);
	for (size_t i = 0; i < ledger->failure_count; i++) {
		mk_free(r->failures[i].actor);
		mk_free(r->failures[i].type);
		mk_free(r->failures[i].detail);
		mk_free(r->failures[i].event);
	}
	mk_free(r->pointers);
	mk_free(r->failures);
	mk_free(r->actors);
	mk_free(r->topics);
	mk_free(r->pairs);
	mk_free(r);
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

/* ---- as text ----------------------------------------------------------------------------------- */

static const char *status_name(maiko_actor_status status)
{
	static const char *const names[] = {"added", "running", "stopped", "failed",
					    "stuck", "cut off", "gone",    "restarting"};
	return (unsigned)status < sizeof names / sizeof names[0] ? names[status] : "?";
}

static void print_counts(const maiko_counts *c, FILE *out)
{
	fprintf(out, " %10llu %10llu", (unsigned long long)c->deliveries, (unsigned long long)c->handled);
	fprintf(out, " %8llu %8llu", (unsigned long long)c->ignored, (unsigned long long)c->queued);
	fprintf(out, " %8llu %8llu", (unsigned long long)c->dropped, (unsigned long long)c->discarded);
	fprintf(out, " %8llu %8llu\n", (unsigned long long)c->dead, (unsigned long long)c->no_memory);
	if (c->expired + c->filtered + c->set_aside + c->passed_on + c->lost != 0)
		fprintf(out, "  %llu expired, %llu filtered, %llu set aside, %llu passed on, %llu lost\n",
			(unsigned long long)c->expired, (unsigned long long)c->filtered,
			(unsigned long long)c->set_aside, (unsigned long long)c->passed_on,
			(unsigned long long)c->lost);
}

static void print_bytes(uint64_t bytes, FILE *out)
{
	if (bytes != 0)
		fprintf(out, "  queued: %llu bytes of large payloads and buffers\n", (unsigned long long)bytes);
}

static void print_head(const char *first, FILE *out)
{
	fprintf(out, "%-20s %10s %10s %8s %8s %8s %8s %8s %8s\n", first, "deliveries", "handled", "ignored", "queued",
		"dropped", "discard", "dead", "no mem");
}

static void print_failure(const maiko_failure *f, FILE *out)
{
	enum { NS_PER_S = 1000000000, NS_PER_MS = 1000000 };
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
				(unsigned long long)row->published, (unsigned long long)row->unrouted,
				(unsigned long long)row->channel_dropped, (unsigned long long)row->delayed,
				(unsigned long long)row->delayed_discarded);
	}
	fprintf(out, "%-20s %10s %10s %8s %8s %8s\n", "between workers", "sent", "taken", "in flight", "dropped",
		"discard");
	for (size_t i = 0; i < ledger->pair_count; i++) {
		const maiko_pair_row *row = ledger->pairs[i];
		fprintf(out, "%7s%-3u -> %-6u %10llu %10llu %8llu %8llu %8llu\n", row->from == 0 ? "outside" : "",
			row->from, row->to, (unsigned long long)row->sent, (unsigned long long)row->taken,
			(unsigned long long)row->in_flight, (unsigned long long)row->dropped,
			(unsigned long long)row->discarded);
	}
	for (size_t i = 0; i < ledger->failure_count; i++)
		print_failure(ledger->failures[i], out);
	fprintf(out, "published %llu, delivered %llu, handled %llu: %s\n", (unsigned long long)ledger->published,
		(unsigned long long)ledger->total.deliveries, (unsigned long long)ledger->total.handled,
		maiko_ledger_balanced(ledger) ? "balanced"
		: ledger->stopped             ? "NOT BALANCED"
					      : "not balanced, because it was made while events were in flight");
	return 0;
}
