/*
 * scenario_check.c - what must hold in the mixed scenario, besides the properties (src/testing/properties.c).
 */
#include "scenario.h"

#include "runtime/runtime.h"

#include "registry/directory.h"
#include "registry/group.h"

#include <string.h>

uint32_t sc_check_of(const parcel *p)
{
	uint16_t words[sizeof *p / 2];
	parcel unchecked = *p;
	uint64_t z = 0;
	unchecked.check = 0;
	memcpy(words, &unchecked, sizeof words);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		z = (z ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(z >> 32) | 1;
}

static uint32_t number_of(const sc_actor *a) { return (uint32_t)(a - sc.actors); }

/* ---- an event --------------------------------------------------------------------------------- */

/* Whether it gets all that is sent there after what it has seen of that sender. */
static bool gets_all(const sc_actor *a, uint32_t sender, uint32_t topic)
{
	bool follows = ((a->whole | a->known[sender]) >> topic & 1) != 0;
	bool some = (a->shares >> topic & 1) != 0 || sc_topic(topic)->ttl_ms != 0;
	return follows && !some && sc.strict && !a->ignores && !a->loses && a->policy[topic] == MAIKO_BLOCK &&
	       (!a->holds || mk_state_of(sc.sup) < MK_STOPPING);
}

/* C1, C2: nothing twice, nothing overtaken, nothing missing. */
static void saw_number(sc_actor *a, const parcel *p, bool retained)
{
	uint16_t *seen = &a->seen[p->sender][p->topic];
	if (p->n <= *seen)
		maiko_sim_fail(sc.sim, "C1: actor %u got number %u of sender %u on topic %u after number %u",
			       number_of(a), p->n, p->sender, p->topic, *seen);
	else if (gets_all(a, p->sender, p->topic) && p->n != *seen + 1)
		maiko_sim_fail(sc.sim, "C2: actor %u missed number %u of sender %u on topic %u: it got number %u",
			       number_of(a), *seen + 1, p->sender, p->topic, p->n);
	*seen = p->n;
	a->known[p->sender] |= (uint8_t)(1u << p->topic);
	/* What is retained was sent before its change, and that with which it begins on a topic that retains may be. */
	uint32_t others = retained ? 0 : a->group[p->topic] & ~(uint32_t)a->known[p->sender];
	for (uint32_t t = 0; t < sc.used; t++)
		if ((others >> t & 1) != 0 && sc_topic(t)->retain == 0) {
			a->seen[p->sender][t] = p->upto[t];
			a->known[p->sender] |= (uint8_t)(1u << t);
		}
}

/* All of a chain have one correlation, wherever they were sent. */
static void saw_chain(const parcel *p, maiko_id correlation)
{
	maiko_id *chain = &sc.chains[p->chain];
	if (p->chain == 0)
		return;
	if (chain->origin == 0)
		*chain = correlation;
	if (!maiko_id_equal(*chain, correlation))
		maiko_sim_fail(sc.sim, "C13: event %u has another correlation than its chain", p->serial);
}

/* An event has the envelope of its origin if it was sent elsewhere, but for the time that orders. */
static void saw_envelope(const parcel *p, const maiko_envelope *meta)
{
	const uint64_t an_hour_ns = UINT64_C(3600000000000);
	const sc_origin *o = &sc.injected[p->injected];
	const maiko_envelope *e = &o->envelope;
	if (sc.first_ns == 0)
		sc.first_ns = meta->timestamp_ns;
	if (meta->timestamp_ns - sc.first_ns + an_hour_ns > 2 * an_hour_ns)
		maiko_sim_fail(sc.sim, "inject: event %u has a time of elsewhere", p->serial);
	if (meta->injected != (p->injected != 0))
		maiko_sim_fail(sc.sim, "inject: event %u is taken for one of another origin", p->serial);
	else if (meta->injected &&
		 (!maiko_id_equal(meta->id, e->id) || !maiko_id_equal(meta->parent, e->parent) ||
		  !maiko_id_equal(meta->correlation, e->correlation) || meta->sender_id != o->by ||
		  meta->origin_timestamp_ns != e->origin_timestamp_ns || strcmp(meta->sender, o->sender) != 0))
		maiko_sim_fail(sc.sim, "inject: event %u has not the envelope that it came with", p->serial);
}

/* The filter of its subscription lets only those pass that have a number. */
static bool is_unwanted(const sc_actor *a, const parcel *p) { return p->n == 0 && (a->filters >> p->topic & 1) != 0; }

static bool is_expired(const parcel *p, const maiko_envelope *meta, uint64_t now_ns)
{
	uint64_t ms = sc_topic(p->topic)->ttl_ms;
	if (meta->ttl_ms != 0 && (ms == 0 || meta->ttl_ms < ms))
		ms = meta->ttl_ms;
	return ms != 0 && (int64_t)(now_ns - meta->timestamp_ns) > (int64_t)(ms * 1000000);
}

/* All periods that have passed are told of: by an event, or as missed; and none after it was cancelled. */
bool sc_rang(sc_actor *a, const parcel *p, const maiko_ctx *ctx)
{
	if (p->key != SC_BELL)
		return false;
	sc.rung++;
	if (a->bell_ms == 0 || p->check != sc_check_of(p) || p->sender != number_of(a))
		maiko_sim_fail(sc.sim, "every: actor %u has an event of a timer that it has not", number_of(a));
	a->bell_ns += (maiko_missed(ctx) + 1) * a->bell_ms * 1000000;
	uint64_t now_ns = maiko_now(ctx);
	if (now_ns < a->bell_ns || now_ns - a->bell_ns > a->bell_ms * 1000000)
		maiko_sim_fail(sc.sim, "every: actor %u, %llu ms: due at %llu ns, it comes at %llu", number_of(a),
			       (unsigned long long)a->bell_ms, (unsigned long long)a->bell_ns,
			       (unsigned long long)now_ns);
	return true;
}

void sc_saw(sc_actor *a, const parcel *p, const maiko_ctx *ctx)
{
	const maiko_envelope *meta = maiko_meta(ctx);
	if (p->check != sc_check_of(p) || p->sender >= SC_SENDERS || p->topic >= sc.used) {
		maiko_sim_fail(sc.sim, "content: actor %u got an event that was overwritten", number_of(a));
		return;
	}
	a->wait.events = true;
	saw_chain(p, meta->correlation);
	saw_envelope(p, meta);
	bool again = a->again == p->serial + 1;
	if (!meta->retained) /* that comes before all that waits */
		a->again = 0;
	if (is_unwanted(a, p))
		maiko_sim_fail(sc.sim, "filter: actor %u got event %u, which it does not want", number_of(a),
			       p->serial);
	if (is_expired(p, meta, maiko_now(ctx) + sc.sup->seam.wall_offset_ns))
		maiko_sim_fail(sc.sim, "ttl: actor %u got event %u, which has expired", number_of(a), p->serial);
	if (p->n != 0 && a->policy[p->topic] != MAIKO_KEEP_LATEST && (a->shares >> p->topic & 1) == 0 && !again)
		saw_number(a, p, meta->retained);
}

/* ---- a receipt ------------------------------------------------------------------------------------ */

/* Whether its data is an event of a timer. */
static bool is_bell(const maiko_observation *s)
{
	return __builtin_strncmp(s->event->type->layout->name, "note", 4) == 0 &&
	       ((const parcel *)s->data)->key == SC_BELL;
}

/* A receipt counts where a delivery has come to its end; one that no member of a share group takes has no actor. */
void sc_observed(const maiko_observation *s)
{
	if (s->kind == MAIKO_OBSERVED_SET_ASIDE && !s->was_queued && is_bell(s))
		sc.rung--;
	if (!s->tracked)
		return;
	sc_receipt *r = &sc.receipts[((const parcel *)s->data)->receipt];
	if (s->kind == MAIKO_OBSERVED_HANDLED)
		r->seen[s->code == 1 ? MAIKO_IGNORED : MAIKO_HANDLED]++;
	else if (s->kind == MAIKO_OBSERVED_SET_ASIDE) {
		r->seen[MAIKO_HANDLED] -= !s->was_queued; /* else it was to be tried again */
		r->seen[MAIKO_SET_ASIDE]++;
	} else if (s->code != MAIKO_PASSED_ON && (s->actor != 0 || s->kind == MAIKO_OBSERVED_DISCARDED))
		r->seen[s->code]++;
}

/* C17: it says what was seen. Of workers that the event has not reached it knows no subscribers. */
static void check_counts(sc_receipt *r, const maiko_receipt *receipt)
{
	uint64_t sum = 0;
	memcpy(r->counts, &receipt->handled, sizeof r->counts);
	r->unknown = receipt->unknown;
	for (uint32_t i = 0; i <= MAIKO_LOST; i++) {
		sum += r->counts[i];
		if (r->counts[i] > r->seen[i] || (r->unknown == 0 && r->counts[i] != r->seen[i]))
			maiko_sim_fail(sc.sim, "C17: a receipt counts %llu of outcome %u, a monitor %llu",
				       (unsigned long long)r->counts[i], i, (unsigned long long)r->seen[i]);
	}
	if (sum != receipt->deliveries)
		maiko_sim_fail(sc.sim, "C17: a receipt has %llu deliveries, and %llu outcomes",
			       (unsigned long long)receipt->deliveries, (unsigned long long)sum);
}

/* C17: what a handler of the event had sent to its sender comes first; but an actor on hold handles no events, and
 * has its receipts. */
static void check_replies(const sc_actor *a, const sc_receipt *r)
{
	bool all = mk_state_of(sc.sup) < MK_STOPPING || (sc.graceful && !a->holds);
	for (uint32_t i = 0; i < r->reply_count && all && !a->on_hold && a->unsubscribing == 0; i++) {
		const sc_reply *reply = &r->replies[i];
		bool own = reply->sender == number_of(a) && !a->echo;
		if (!own && gets_all(a, reply->sender, reply->topic) && a->seen[reply->sender][reply->topic] < reply->n)
			maiko_sim_fail(sc.sim, "C17: actor %u has a receipt before reply %u of sender %u on topic %u",
				       number_of(a), reply->n, reply->sender, reply->topic);
	}
}

const sc_receipt *sc_receipt_came(sc_actor *a, const maiko_receipt *receipt)
{
	uint32_t i = 1;
	while (i <= sc.receipt_count && (sc.receipts[i].sender != a || !sc.receipts[i].awaited ||
					 !maiko_id_equal(sc.receipts[i].id, receipt->event)))
		i++;
	if (i > sc.receipt_count) {
		maiko_sim_fail(sc.sim, "C17: actor %u has a receipt of event %llu that it does not wait for",
			       number_of(a), (unsigned long long)receipt->event.sequence);
		return &sc.receipts[0];
	}
	sc_receipt *r = &sc.receipts[i];
	r->awaited = false;
	r->came = true;
	sc.came++;
	a->receipts++;
	if (r->chain != 0 && sc.chains[r->chain].origin != 0 &&
	    !maiko_id_equal(sc.chains[r->chain], receipt->correlation))
		maiko_sim_fail(sc.sim, "C17: a receipt has another correlation than its event");
	check_counts(r, receipt);
	check_replies(a, r);
	return r;
}

/* ---- a restart -------------------------------------------------------------------------------------- */

/* Whether somebody repairs this failure. */
static bool is_contained(const sc_actor *a)
{
	const mk_actor *real = mk_directory_find(sc.sup, a->id);
	return a->supervised && real != NULL && !real->worker->draining;
}

/* Its failure is nobody's surprise, but it need not have had everything; and the first that
 * nobody has decided about is what the end says. */
void sc_failed(sc_actor *a, const maiko_observation *s)
{
	if (is_contained(a)) {
		a->loses |= s->code == MAIKO_EDEADLK;
		return;
	}
	a->failed = true;
	if (a->running && !a->temporary && sc.status == 0)
		sc.status = (int)s->code;
}

void sc_restarting(sc_actor *a, const maiko_observation *s)
{
	a->down = true;
	a->on_hold = a->leaving = a->stopped = false;
	a->kept = NULL;
	a->bell_ms = 0;
	a->wait = (sc_wait){0};
	for (uint32_t i = 1; i <= sc.receipt_count; i++)
		if (sc.receipts[i].sender == a)
			sc.receipts[i].awaited = false;
	if (s->event == NULL)
		return;
	const parcel *p = s->data;
	a->again = p->serial + 1;
	sc.rung -= is_bell(s);
	if (s->tracked)
		sc.receipts[p->receipt].seen[MAIKO_HANDLED]--;
}

void sc_restarted(sc_actor *a)
{
	a->down = false;
	a->running = true;
}

bool sc_is_status(int status)
{
	return status == sc.status ||
	       (sc.sup->groups != NULL && sc.sup->groups->fatal != 0 && status == sc.sup->groups->fatal);
}

/* ---- a tick ------------------------------------------------------------------------------------------ */

/* C12: it is told what has come, and nothing else. */
void sc_tick_begins(sc_actor *a, const maiko_ctx *ctx)
{
	unsigned by = maiko_woken_by(ctx), of = a->wait.of;
	bool late = (by & MAIKO_WOKEN_TIME) != 0 && maiko_now(ctx) < a->wait.due_ns;
	bool called = (by & MAIKO_WOKEN_CALL) != 0;
	if (!a->wait.unsure && ((by & ~(of | MAIKO_WOKEN_CALL)) != 0 || (by == 0 && of != 0) || late ||
				((by & MAIKO_WOKEN_EVENTS) != 0 && !a->wait.events) || (called && !a->wait.calls)))
		maiko_sim_fail(sc.sim, "C12: the tick of actor %u waits for %#x, and is woken by %#x", number_of(a), of,
			       by);
	a->wait = (sc_wait){.unsure = true};
}

void sc_tick_ends(sc_actor *a, const maiko_ctx *ctx, const maiko_next *next)
{
	static const unsigned of[] = {[MAIKO_NEXT_AFTER] = MAIKO_WOKEN_TIME,
				      [MAIKO_NEXT_EVENTS] = MAIKO_WOKEN_EVENTS,
				      [MAIKO_NEXT_SENDABLE] = MAIKO_WOKEN_SENDABLE};
	if (next->kind < MAIKO_NEXT_FAILED) {
		a->wait.of = of[next->kind];
		a->wait.ms = next->ms;
	}
	a->wait.due_ns = maiko_now(ctx) + a->wait.ms * 1000000;
	a->wait.unsure = next->kind == MAIKO_NEXT_FAILED;
}

/* C12: quiet, but what it waits for has come. */
static void quiet_tick(const sc_actor *a)
{
	const mk_actor *real = mk_directory_find(sc.sup, a->id);
	if (real == NULL || (real->sched & ~(unsigned)MK_ON_HOLD) != 0 || a->wait.unsure ||
	    mk_state_of(sc.sup) != MK_STARTED)
		return;
	if (a->wait.calls || (a->wait.of & MAIKO_WOKEN_SENDABLE) != 0 ||
	    ((a->wait.of & MAIKO_WOKEN_EVENTS) != 0 && a->wait.events) ||
	    ((a->wait.of & MAIKO_WOKEN_TIME) != 0 && a->wait.due_ns <= maiko_sim_now(sc.sim)))
		maiko_sim_fail(sc.sim, "C12: quiet, but what the tick of actor %u waits for has come", number_of(a));
}

/* ---- an end ------------------------------------------------------------------------------------------- */

void sc_had_all(const sc_actor *a)
{
	if (!sc.strict || !sc.graceful || !sc.started || a->ignores || a->holds || a->failed || a->leaving ||
	    a->stopped || a->unsubscribing != 0 || a->down || a->loses)
		return;
	const mk_actor *real = mk_directory_find(sc.sup, a->id);
	bool leaves = real != NULL && real->cared && mk_care_of(real)->command == MK_LEAVE;
	if (real == NULL || real->removing || leaves || (real->sched & MK_DOWN) != 0)
		return;
	for (uint32_t t = 0; t < sc.used; t++) {
		for (uint32_t s = 0; s < SC_SENDERS; s++)
			if (gets_all(a, s, t) && a->seen[s][t] != sc.sent[s][t] && (s != number_of(a) || a->echo))
				maiko_sim_fail(sc.sim, "C2: actor %u got %u of the %u events of sender %u on topic %u",
					       number_of(a), a->seen[s][t], sc.sent[s][t], s, t);
	}
}

/* Nobody outside waits, but perhaps for one that is on hold. */
void sc_quiet(void)
{
	uint64_t random = 1;
	bool down = false; /* who sends to one that waits for its restart may wait too */
	for (uint32_t i = 0; i < sc.actor_count; i++) {
		quiet_tick(&sc.actors[i]);
		down |= sc.actors[i].down;
	}
	if (down)
		return;
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
	uint64_t missing = sc.tracked - sc.came;
	if (row->counts.handled != sc.came + sc.told + sc.rung || row->counts.dead < missing || sc.tracked < sc.came)
		maiko_sim_fail(sc.sim,
			       "C17: %llu tracked events, %llu receipts, %llu notices, %llu of timers; %llu handled "
			       "and %llu dead",
			       (unsigned long long)sc.tracked, (unsigned long long)sc.came, (unsigned long long)sc.told,
			       (unsigned long long)sc.rung, (unsigned long long)row->counts.handled,
			       (unsigned long long)row->counts.dead);
}

/* Where all events are tracked, their receipts together are the ledger's row; but for those that did not come. What a
 * worker had no memory for may stand in the row of all topics. */
static void check_row_of_receipts(uint32_t used, const maiko_topic_row *row)
{
	uint64_t sums[MAIKO_LOST + 1] = {0}, ledger[MAIKO_LOST + 1];
	bool all = true;
	memcpy(ledger, &row->counts.handled, sizeof ledger);
	for (uint32_t i = 1; i <= sc.receipt_count; i++) {
		const sc_receipt *r = &sc.receipts[i];
		if (r->topic != used)
			continue;
		all &= r->came && r->unknown == 0;
		for (uint32_t k = 0; k <= MAIKO_LOST; k++)
			sums[k] += r->counts[k];
	}
	for (uint32_t k = 0; k <= MAIKO_LOST; k++)
		if (k != MAIKO_NO_MEMORY && k != MAIKO_PASSED_ON &&
		    (sums[k] > ledger[k] || (all && sums[k] != ledger[k])))
			maiko_sim_fail(sc.sim, "C17: topic '%s': %llu of outcome %u in receipts, %llu in the ledger",
				       row->name, (unsigned long long)sums[k], k, (unsigned long long)ledger[k]);
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
		discarded += l->topics[i]->delayed_discarded;
		for (uint32_t t = 0; t < sc.used; t++)
			if (sc_only_tracked(t) && __builtin_strcmp(l->topics[i]->name, sc_topic(t)->name) == 0)
				check_row_of_receipts(t, l->topics[i]);
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
			bool same = !a->watches && !a->rings && a->first && a->shares == 0 && a->whole == a->subs &&
				    (a->later == 0 || a->echo);
			if (sc.strict && sc.started && same && dropped == 0)
				check_deliveries(l, a, row);
		}
	}
	maiko_ledger_free(l);
}
