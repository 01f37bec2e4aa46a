/*
 * scenario_check.c - what must hold in the mixed scenario, besides the properties (src/testing/properties.c).
 */
#include "scenario.h"

#include "runtime/runtime.h"

#include "registry/directory.h"

uint32_t sc_check_of(const parcel *p)
{
	uint64_t z = ((uint64_t)p->sender << 48 | (uint64_t)p->topic << 32 | (uint64_t)p->n << 16 | p->key) ^ p->serial;
	return (uint32_t)((z * UINT64_C(0x9e3779b97f4a7c15)) >> 32) | 1;
}

static uint32_t number_of(const sc_actor *a) { return (uint32_t)(a - sc.actors); }

void sc_saw(sc_actor *a, const parcel *p)
{
	if (p->check != sc_check_of(p) || p->sender >= SC_SENDERS || p->topic >= sc.used) {
		maiko_sim_fail(sc.sim, "content: actor %u got an event that was overwritten", number_of(a));
		return;
	}
	maiko_overflow policy = (maiko_overflow)a->policy[p->topic];
	if (p->n == 0 || policy == MAIKO_KEEP_LATEST)
		return;
	uint16_t *seen = &a->seen[p->sender][p->topic];
	bool whole = (a->whole >> p->topic & 1) != 0, all = !a->holds || mk_state_of(sc.sup) < MK_STOPPING;
	if (p->n <= *seen)
		maiko_sim_fail(sc.sim, "C1: actor %u got number %u of sender %u on topic %u after number %u",
			       number_of(a), p->n, p->sender, p->topic, *seen);
	else if (sc.strict && all && !a->ignores && policy == MAIKO_BLOCK && (*seen != 0 || whole) && p->n != *seen + 1)
		maiko_sim_fail(sc.sim, "C2: actor %u missed number %u of sender %u on topic %u: it got number %u",
			       number_of(a), *seen + 1, p->sender, p->topic, p->n);
	*seen = p->n;
}

void sc_had_all(const sc_actor *a)
{
	if (!sc.strict || !sc.graceful || !sc.started || !a->first || a->ignores || a->holds || a->failed ||
	    a->leaving || a->stopped)
		return;
	const mk_actor *real = mk_directory_find(sc.sup, a->id);
	if (real == NULL || real->removing)
		return;
	for (uint32_t t = 0; t < sc.used; t++) {
		if ((a->whole >> t & 1) == 0 || a->policy[t] != MAIKO_BLOCK)
			continue;
		for (uint32_t s = 0; s < SC_SENDERS; s++)
			if (a->seen[s][t] != sc.sent[s][t] && (s != number_of(a) || a->echo))
				maiko_sim_fail(sc.sim, "C2: actor %u got %u of the %u events of sender %u on topic %u",
					       number_of(a), a->seen[s][t], sc.sent[s][t], s, t);
	}
}

/* Nobody outside waits, but perhaps for one that is on hold. */
void sc_quiet(void)
{
	uint64_t random = 1;
	for (uint32_t i = 0; i < mk_worker_total(sc.sup); i++)
		if (mk_worker_at(sc.sup, i)->on_hold != NULL)
			return;
	for (uint32_t thread = 0; thread < SC_THREADS; thread++)
		if (sc_send_outside(thread, 0, &random, SC_TRY) == MAIKO_EAGAIN)
			maiko_sim_fail(sc.sim, "C8: quiet, but thread %u may not send", thread);
}

/* ---- at the end ------------------------------------------------------------------------------ */

static const maiko_topic_row *row_of(const maiko_ledger *l, const maiko_topic *topic)
{
	for (size_t i = 0; i < l->topic_count; i++)
		if (l->topics[i]->name == topic->name || __builtin_strcmp(l->topics[i]->name, topic->name) == 0)
			return l->topics[i];
	return NULL;
}

/* What was sent to the topics of one that was there from the start was delivered to it. */
static void check_deliveries(const maiko_ledger *l, const sc_actor *a, const maiko_actor_row *row)
{
	uint64_t due = 0;
	for (uint32_t t = 0; t < sc.used; t++) {
		const maiko_topic_row *topic = row_of(l, sc_topic(t));
		if ((a->subs >> t & 1) == 0)
			continue;
		due += topic == NULL ? 0 : topic->published;
		if (!a->echo)
			due -= sc.sent[number_of(a)][t];
	}
	/* And its receipts, of which some may have come as it ended. */
	if (row->counts.deliveries < due + a->receipts || row->counts.deliveries > due + a->tracked)
		maiko_sim_fail(sc.sim, "C2: %s was given %llu events of %llu", row->name,
			       (unsigned long long)row->counts.deliveries, (unsigned long long)due);
}

/* Each tracked event had one, handled by its sender or dead with it; as were the notices of interest. */
static void check_receipts(const maiko_topic_row *row)
{
	uint64_t missing = sc.tracked - sc.receipts;
	if (row->counts.handled != sc.receipts + sc.told || row->counts.dead < missing || sc.tracked < sc.receipts)
		maiko_sim_fail(
			sc.sim, "C17: %llu tracked events, %llu receipts, %llu notices; %llu handled and %llu dead",
			(unsigned long long)sc.tracked, (unsigned long long)sc.receipts, (unsigned long long)sc.told,
			(unsigned long long)row->counts.handled, (unsigned long long)row->counts.dead);
}

void sc_end(void)
{
	maiko_ledger *l;
	uint64_t published = 0, dropped = 0, discarded = 0;
	if (maiko_report(sc.sup, &l) != 0)
		return;
	for (size_t i = 0; i < l->topic_count; i++) {
		if (__builtin_strcmp(l->topics[i]->name, "maiko.private") == 0) {
			check_receipts(l->topics[i]);
			continue;
		}
		published += l->topics[i]->published;
		if (strcmp(l->topics[i]->name, "maiko.private") != 0) /* what the runtime delivers itself */
			discarded += l->topics[i]->delayed_discarded;
		dropped += l->topics[i]->channel_dropped;
		if (l->topics[i]->counts.queued == 0 && l->topics[i]->bytes != 0)
			maiko_sim_fail(sc.sim, "C3: topic '%s' has %llu bytes queued and no event", l->topics[i]->name,
				       (unsigned long long)l->topics[i]->bytes);
	}
	if (sc.started && published + discarded != sc.accepted)
		maiko_sim_fail(sc.sim, "C2: %llu events were accepted, %llu published and %llu cancelled",
			       (unsigned long long)sc.accepted, (unsigned long long)published,
			       (unsigned long long)discarded);
	for (size_t i = 0; i < l->actor_count; i++) {
		const maiko_actor_row *row = l->actors[i];
		if (row->counts.queued == 0 && row->bytes != 0)
			maiko_sim_fail(sc.sim, "C3: actor '%s' has %llu bytes queued and no event", row->name,
				       (unsigned long long)row->bytes);
		for (uint32_t k = 0; k < sc.actor_count; k++) {
			const sc_actor *a = &sc.actors[k];
			if (a->id == 0 || a->id != row->id)
				continue;
			sc_had_all(a);
			bool same = !a->watches && a->first && a->whole == a->subs && (a->later == 0 || a->echo);
			if (sc.strict && sc.started && same && dropped == 0)
				check_deliveries(l, a, row);
		}
	}
	maiko_ledger_free(l);
}
