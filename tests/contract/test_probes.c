/*
 * What finding cycles costs (C9): where all actors mute each other, and cycles come and go all the
 * time, a probe is begun for an edge or a verdict, and goes along each edge once.
 */
#include "support.h"

#include "runtime/runtime.h"

enum { TALKERS = 6, ROUNDS = 20 };

typedef struct rumour {
	uint32_t from, rounds;
} rumour;
static const maiko_topic *topics[TALKERS];
static const maiko_topic *rumour_topic(const rumour *r) { return topics[r->from]; }
MAIKO_EVENT_ROUTED(rumour, rumour_topic, from, rounds);

PER_TEST _Atomic(uint64_t) heard;

/* Each hears all others, and passes on what has rounds left as its own: to a mailbox of one. */
typedef struct talker {
	uint32_t number, said;
} talker;
static int talker_on_rumour(talker *self, const rumour *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&heard, 1);
	if (ev->rounds == 0 || self->said == ROUNDS)
		return 0;
	self->said++;
	return maiko_send(ctx, rumour, .from = self->number, .rounds = ev->rounds - 1);
}
static maiko_next talker_tick(talker *self, maiko_ctx *ctx)
{
	int rc = maiko_send(ctx, rumour, .from = self->number, .rounds = ROUNDS);
	return rc < 0 ? maiko_failed(rc) : maiko_never();
}
MAIKO_ACTOR(talker, MAIKO_ON(rumour, talker_on_rumour), MAIKO_TICK(talker_tick));

static struct mk_probing sum(maiko_supervisor *sup)
{
	struct mk_probing all = {0};
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		const struct mk_probing *p = &mk_worker_at(sup, i)->probed;
		all.edges += p->edges;
		all.verdicts += p->verdicts;
		all.begun += p->begun;
		all.sent += p->sent;
	}
	return all;
}

TEST_SIM(a_probe_goes_along_each_edge_once)
{
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_subscription all[TALKERS + 1] = {{.topic = NULL}};
	for (uint32_t i = 0; i < TALKERS; i++) {
		char name[16];
		snprintf(name, sizeof name, "topic%u", i);
		ok(maiko_topic_named(sup, name, &topics[i]));
		all[i].topic = topics[i];
	}
	for (uint32_t i = 0; i < TALKERS; i++) {
		char name[16];
		snprintf(name, sizeof name, "talker%u", i);
		ok(maiko_add(sup, talker, name, .init = &(talker){i, 0}, .topics = all, .mailbox = 1,
			     .worker = i % workers + 1));
	}
	ok(maiko_start(sup));
	test_wait_for(&heard, (uint64_t)TALKERS * (TALKERS - 1) * (ROUNDS + 1)); /* all of the first, and all said */
	test_stop(sup);
	struct mk_probing cost = sum(sup);
	assert_true(cost.begun > 0);
	assert_true(cost.begun <= cost.edges + cost.verdicts);
	assert_true(cost.sent <= cost.begun * TALKERS * (TALKERS - 1));
	test_release(sup);
}
