/*
 * scenario_events.c - the topics and events of the mixed scenario, and how they are sent.
 */
#include "scenario_events.h"

#include <stdio.h>
#include <string.h>

/* ---- topics and events ------------------------------------------------------------------ */

uint64_t sc_key(const maiko_any *any) { return ((const parcel *)any->data)->key; }

#define HEAD sender, topic, n, key, check, serial, chain, receipt, injected, upto
#define DEFINE(number, ...)                                                                                            \
	MAIKO_TOPIC_DEFINE(topic##number, __VA_ARGS__);                                                                \
	MAIKO_EVENT_DEFINE(note##number, topic##number, HEAD);
SC_TOPIC_MAP(DEFINE)

#define TOPIC(number, ...) MAIKO_TOPIC_REF(topic##number),
static const maiko_topic *const topics[SC_TOPICS_ALL] = {SC_TOPIC_MAP(TOPIC)};
#define TYPE(number, ...) MAIKO_EVENT_REF(note##number),
static const maiko_event_type *const types[SC_TOPICS_ALL] = {SC_TOPIC_MAP(TYPE)};

const maiko_topic *sc_topic(uint32_t used) { return topics[sc.topics[used]]; }
maiko_overflow sc_policy(uint32_t used) { return sc_topic(used)->overflow; }
bool sc_only_tracked(uint32_t used) { return sc.topics[used] == 4 || sc.topics[used] == 8; }

maiko_filter sc_numbered(uint32_t used)
{
	maiko_filter f = {.event = types[sc.topics[used]], .format = MAIKO_FORMAT};
	f.tests[0] = (maiko_field_test){"n", MAIKO_COMPARE_GREATER, {.kind = MAIKO_VALUE_SIGNED, .as.integer = 0}};
	return f;
}

MAIKO_STRUCT(parcel, HEAD);
MAIKO_STRUCT(egg, bytes, weights);

static const maiko_topic *topic_of(const parcel *p) { return p->topic < sc.used ? sc_topic(p->topic) : NULL; }
static const maiko_topic *crate_topic(const crate *c) { return topic_of(&c->head); }
static const maiko_topic *tray_topic(const tray *t) { return topic_of(&t->head); }
MAIKO_EVENT_ROUTED_DEFINE(letter, topic_of, HEAD);
MAIKO_EVENT_ROUTED_DEFINE(rarity, topic_of, HEAD);
MAIKO_EVENT_ROUTED_DEFINE(crate, crate_topic, MAIKO_NESTED(head, parcel), content, padding);
MAIKO_EVENT_ROUTED_DEFINE(tray, tray_topic, MAIKO_NESTED(head, parcel), sums,
			  MAIKO_COUNTED(MAIKO_NESTED(eggs, egg), count));

/* Their arrays, all elements of them, also those that do not count. */
static void fill_tray(tray *t, const parcel *p)
{
	*t = (tray){.head = *p, .count = (uint16_t)(p->serial % 7)};
	for (uint32_t i = 0; i < 4; i++)
		t->sums[i] = (int32_t)(p->serial * (i + 1)) - 1000;
	for (uint32_t i = 0; i < 6; i++) {
		memset(t->eggs[i].bytes, (int)(p->serial + i), sizeof t->eggs[i].bytes);
		t->eggs[i].weights[0] = p->serial * 0.5;
		t->eggs[i].weights[1] = -1.0 * i;
	}
}

void sc_check_arrays(const maiko_any *any)
{
	tray expected;
	const tray *t = any->data;
	if (any->type != MAIKO_EVENT_REF(tray))
		return;
	fill_tray(&expected, &t->head);
	bool same = t->count == expected.count && memcmp(t->sums, expected.sums, sizeof t->sums) == 0;
	for (uint32_t i = 0; i < 6; i++)
		same &= memcmp(t->eggs[i].bytes, expected.eggs[i].bytes, sizeof t->eggs[i].bytes) == 0 &&
			memcmp(t->eggs[i].weights, expected.eggs[i].weights, sizeof t->eggs[i].weights) == 0;
	if (!same)
		maiko_sim_fail(sc.sim, "content: the arrays of event %u are not those that were sent", t->head.serial);
}

/* ---- a parcel ------------------------------------------------------------------------------------ */

/* The number of a chain of causes that begins now; 0: too many of them. */
static uint16_t new_chain(void) { return sc.chain_count + 1 < SC_CHAINS ? ++sc.chain_count : 0; }

static parcel parcel_of(uint32_t sender, uint32_t used, uint32_t key, bool numbered)
{
	parcel p = {.sender = (uint16_t)sender, .topic = (uint16_t)used, .key = (uint16_t)key, .serial = sc.serial++};
	if (numbered)
		p.n = (uint16_t)(sc.sent[sender][used] + 1);
	memcpy(p.upto, sc.sent[sender], sizeof p.upto);
	return p;
}

static int sent(const parcel *p, int rc)
{
	if (rc == 0) {
		sc.accepted++;
		sc.sent[p->sender][p->topic] += p->n != 0;
	}
	return rc;
}

/* ---- an actor sends --------------------------------------------------------------------------------- */

/* Takes the place of a receipt for it. False: there is none. */
static bool track(const sc_actor *a, parcel *p)
{
	if (sc.receipt_count + 1 == SC_RECEIPTS)
		return false;
	p->receipt = ++sc.receipt_count; /* others may send in the midst of this send */
	sc.receipts[p->receipt] = (sc_receipt){.sender = a, .chain = p->chain, .topic = (uint8_t)p->topic};
	return true;
}

static void tracked(sc_actor *a, const parcel *p, maiko_id id)
{
	sc.receipts[p->receipt].id = id;
	sc.receipts[p->receipt].awaited = true;
	a->tracked++;
	sc.tracked++;
}

/* It answers the event that its sender handles, if that one is tracked. */
static void note_reply(const sc_actor *a, const parcel *p)
{
	sc_receipt *r = &sc.receipts[a->handles];
	if (a->handles != 0 && r->reply_count < SC_REPLIES)
		r->replies[r->reply_count++] = (sc_reply){p->sender, p->topic, p->n};
}

static int send_crate(maiko_ctx *ctx, const parcel *p, unsigned flags)
{
	crate *c = maiko_new(crate);
	if (c == NULL)
		return MAIKO_ENOMEM;
	c->head = *p;
	if (maiko_buffer_copy(p, sizeof *p, &c->content) != 0)
		c->content = NULL;
	maiko_buffer *content = c->content;
	int rc = maiko_ctx_publish(ctx, c, flags);
	if (rc != 0)
		maiko_discard(c);
	maiko_buffer_unref(content);
	return rc;
}

/* An element more than there are is none of them. */
static int send_tray(maiko_ctx *ctx, const parcel *p, unsigned flags)
{
	tray t;
	fill_tray(&t, p);
	t.count = 7;
	if (maiko_ctx_send(ctx, MAIKO_EVENT_REF(tray), &t, flags) == 0)
		maiko_sim_fail(sc.sim, "content: a count beyond its array was accepted");
	t.count = (uint16_t)(p->serial % 7);
	return maiko_ctx_send(ctx, MAIKO_EVENT_REF(tray), &t, flags);
}

/* Somewhere it sends to; on some topics all events have a receipt. */
static int choose(sc_actor *a, bool root, parcel *ret_parcel)
{
	uint32_t used = sc_draw(&a->random, sc.used);
	while ((a->outs >> used & 1) == 0)
		used = (used + 1) % sc.used;
	*ret_parcel = parcel_of((uint32_t)(a - sc.actors), used, sc_draw(&a->random, 3), true);
	ret_parcel->chain = a->chain == 0 || root ? new_chain() : a->chain;
	bool only = sc_only_tracked(used), has = a->has_receipts && (only || ret_parcel->serial % 5 == 0);
	return (has && track(a, ret_parcel)) || !only ? 0 : MAIKO_ENOENT;
}

/* It may expire, so it has no number. */
static int send_mortal(maiko_ctx *ctx, sc_actor *a, const parcel *p, unsigned flags)
{
	int rc = maiko_ctx_send_ttl(ctx, types[sc.topics[p->topic]], p, 1 + sc_draw(&a->random, 12), flags);
	a->later = (uint16_t)(a->later + (rc == 0));
	return rc;
}

int sc_send(maiko_ctx *ctx, sc_actor *a)
{
	parcel p;
	uint32_t how = sc_draw(&a->random, 16);
	if (choose(a, how == 1, &p) != 0)
		return 0;
	unsigned flags = p.receipt != 0 ? MAIKO_SEND_TRACKED : 0;
	int rc;
	bool mortal = sc.wide && how > 12;
	if (mortal)
		p.n = 0;
	p.check = sc_check_of(&p);
	if (mortal)
		rc = send_mortal(ctx, a, &p, flags);
	else if (how == 0)
		rc = send_crate(ctx, &p, flags);
	else if (how < 4)
		rc = maiko_ctx_send(ctx, MAIKO_EVENT_REF(letter), &p, flags | (how == 1 ? MAIKO_SEND_ROOT : 0));
	else if (how == 4)
		rc = send_tray(ctx, &p, flags);
	else
		rc = maiko_ctx_send(ctx, types[sc.topics[p.topic]], &p, flags);
	if (rc == 0 && p.receipt != 0)
		tracked(a, &p, maiko_sent_id(ctx));
	if (rc == 0)
		note_reply(a, &p);
	return sent(&p, rc);
}

void sc_send_some(maiko_ctx *ctx, sc_actor *a, uint32_t count)
{
	for (; count > 0 && a->energy > 0 && a->outs != 0; count--) {
		a->energy--;
		if (sc_send(ctx, a) != 0)
			return;
	}
}

void sc_send_later(maiko_ctx *ctx, sc_actor *a)
{
	uint32_t used = sc_draw(&a->random, sc.used), ms = sc_draw(&a->random, 3) == 0 ? 0 : sc_draw(&a->random, 40);
	if (a->energy == 0 || (a->outs >> used & 1) == 0 || sc_only_tracked(used))
		return;
	a->energy--;
	parcel p = parcel_of((uint32_t)(a - sc.actors), used, sc_draw(&a->random, 3), false);
	p.chain = a->chain == 0 ? new_chain() : a->chain;
	p.check = sc_check_of(&p);
	int rc = maiko_ctx_send_after(ctx, ms, &a->delayed, types[sc.topics[used]], &p);
	a->later = (uint16_t)(a->later + (sent(&p, rc) == 0));
}

void sc_ring(maiko_ctx *ctx, sc_actor *a)
{
	if (a->bell_ms != 0) {
		if (maiko_cancel(ctx, a->bell) != 0 && !maiko_stopping(ctx) && sc.strict) /* else it may be gone */
			maiko_sim_fail(sc.sim, "every: the timer of %u cannot be cancelled", (unsigned)(a - sc.actors));
		a->bell_ms = 0;
		return;
	}
	uint32_t used = sc_draw(&a->random, sc.used);
	parcel p = parcel_of((uint32_t)(a - sc.actors), used, SC_BELL, false);
	uint64_t ms = 1 + sc_draw(&a->random, 15);
	p.check = sc_check_of(&p);
	if (maiko_ctx_every(ctx, ms, &a->bell, types[sc.topics[used]], &p) != 0)
		return;
	a->bell_ms = ms;
	a->rings = true;
	a->bell_ns = maiko_now(ctx);
}

/* ---- from elsewhere -------------------------------------------------------------------------------------- */

static sc_origin origin_of(const maiko_envelope *e)
{
	sc_origin o = {.envelope = *e};
	snprintf(o.sender, sizeof o.sender, "%s", e->sender);
	return o;
}

void sc_leave(const maiko_ctx *ctx, const parcel *p)
{
	sc_origin *o = &sc.elsewhere[sc.left++ % SC_ELSEWHERE];
	*o = origin_of(maiko_meta(ctx));
	o->chain = p->chain;
}

/* Its time of day there is nobody's here. */
static sc_origin comes_from(uint64_t *random, bool again)
{
	static const uint64_t times_ns[] = {0, 1, UINT64_C(7200000000000), UINT64_MAX};
	sc_origin o = sc.elsewhere[sc_draw(random, sc.left < SC_ELSEWHERE ? sc.left : SC_ELSEWHERE)];
	uint32_t when = sc_draw(random, 5);
	o.envelope.origin_timestamp_ns = when < 4 ? times_ns[when] : o.envelope.timestamp_ns + times_ns[2];
	if (!again || sc_draw(random, 3) != 0) { /* else itself again */
		o.envelope.parent = o.envelope.id;
		o.envelope.id = (maiko_id){UINT64_C(0xe15e), sc.serial};
		snprintf(o.sender, sizeof o.sender, "abroad");
	}
	return o;
}

void sc_come_back(maiko_ctx *ctx, sc_actor *a)
{
	parcel p;
	if (sc.left == 0 || sc.injected_count + 1 == SC_INJECTED || a->energy == 0 || a->outs == 0 ||
	    choose(a, false, &p) != 0)
		return;
	a->energy--;
	p.injected = ++sc.injected_count;
	sc_origin *o = &sc.injected[p.injected];
	*o = comes_from(&a->random, p.receipt == 0); /* a receipt tells which event it is of by its id */
	o->envelope.sender = o->sender;
	o->by = a->id;
	p.chain = o->chain;
	if (p.receipt != 0)
		sc.receipts[p.receipt].chain = o->chain;
	p.check = sc_check_of(&p);
	const maiko_event_type *type = types[sc.topics[p.topic]];
	int rc = p.receipt == 0 ? maiko_inject(ctx, type, &p, &o->envelope)
				: maiko_inject_tracked(ctx, type, &p, &o->envelope);
	if (sent(&p, rc) != 0)
		return;
	if (p.receipt != 0)
		tracked(a, &p, o->envelope.id);
	note_reply(a, &p);
}

/* ---- from outside ----------------------------------------------------------------------------------------- */

int sc_send_outside(uint32_t thread, uint32_t used, uint64_t *random, int how)
{
	uint64_t before = sc.thread; /* another one, in the midst of whose call this one acts */
	parcel p = parcel_of(SC_ACTORS_MAX + thread, used, sc_draw(random, 3), true);
	const maiko_event_type *type = sc_draw(random, 3) == 0 ? MAIKO_EVENT_REF(letter) : types[sc.topics[used]];
	if (sc_only_tracked(used) || (sc.calling >> thread & 1) != 0)
		return 0;
	sc.calling |= 1u << thread;
	p.chain = new_chain();
	p.check = sc_check_of(&p);
	sc.thread = thread + 1;
	maiko_sim_thread(sc.sim, sc.thread);
	int rc;
	if (how == SC_TIMEOUT)
		rc = maiko_supervisor_send_timeout(sc.sup, type, &p, sc_draw(random, 20));
	else
		rc = maiko_supervisor_send(sc.sup, type, &p, how == SC_TRY ? MAIKO_SEND_TRY : 0);
	sc.thread = before;
	sc.calling &= ~(1u << thread);
	if (before != 0)
		maiko_sim_thread(sc.sim, before);
	return sent(&p, rc);
}
