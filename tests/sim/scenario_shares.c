/*
 * scenario_shares.c - see scenario_shares.h.
 *
 * Three groups share jobs: two of the same topic, one of a pattern; beside them listens one without a group. A group
 * has one member that stays, though it may fail, rest and move, or none. Members have filters, small mailboxes and
 * policies of their own. A monitor counts what becomes of each job in each group. In a group where somebody stays
 * each job has exactly one end, in the others at most one: whatever was passed on meanwhile. A receipt tells of as
 * many deliveries as there were ends.
 */
#include "scenario_shares.h"

#include "runtime/runtime.h"
#include "scenario.h"

#include <stdio.h>
#include <string.h>

enum { JOBS_MAX = 2048, HANDS_MAX = 32, GROUPS = 3, ALONE = GROUPS /* the listener without a group */ };

MAIKO_TOPIC(work);
static const maiko_topic work_by_pattern = {.name = "work.*"};
static const maiko_topic work_of_one = {.name = "work.one"};
MAIKO_TOPIC(orders, .overflow = MAIKO_DROP_OLDEST);

typedef struct job {
	uint32_t number;
} job;
static const maiko_topic *route(const job *j, maiko_supervisor *sup);
MAIKO_EVENT_ROUTED(job, route, number);

typedef struct order {
	uint32_t n;
} order;
MAIKO_EVENT(order, orders, n);

typedef struct reminder {
	uint32_t n;
} reminder;
MAIKO_EVENT(reminder, maiko_private_topic, n);

/* A job, as the scenario knows it. */
typedef struct given {
	bool sent, of_pattern;
	maiko_id id; /* of a tracked one */
	uint32_t ends[GROUPS + 1], passed_on;
	uint32_t nowhere, lost; /* ends of no actor; dropped at a channel */
	bool failed;            /* some handler has failed at it: it is not passed on then */
} given;

typedef struct hand_of {
	maiko_actor_id id;
	uint32_t group;
	bool stays;
} hand_of;

static struct world {
	maiko_sim *sim;
	maiko_supervisor *sup;
	uint64_t random;
	uint32_t job_count, hand_count;
	maiko_group_id group;
	given jobs[JOBS_MAX];
	hand_of hands[HANDS_MAX];
	bool someone_stays[GROUPS + 1];
	bool memory_fails;
} world;

static uint32_t draw(uint32_t n) { return sc_draw(&world.random, n); }

static const maiko_topic *route(const job *j, maiko_supervisor *sup)
{
	(void)sup;
	return j->number % 3 == 0 ? &work_of_one : MAIKO_TOPIC_REF(work);
}

static uint32_t next_job(void)
{
	uint32_t number = world.job_count++;
	world.jobs[number] = (given){.of_pattern = number % 3 == 0};
	return number;
}

/* ---- hands: they work ----------------------------------------------------------------------------- */

typedef struct hand {
	uint32_t number;
} hand;

static void give_work(maiko_ctx *ctx)
{
	for (uint32_t i = draw(4); i > 0 && world.job_count < JOBS_MAX; i--) {
		uint32_t number = next_job();
		world.jobs[number].sent = true; /* it may be seen inside the call */
		bool tracked = draw(2) == 0;
		int rc = tracked ? maiko_send_tracked(ctx, job, .number = number)
				 : maiko_send(ctx, job, .number = number);
		if (rc != 0)
			world.jobs[number].sent = false;
		else if (tracked)
			world.jobs[number].id = maiko_sent_id(ctx);
	}
}

static int live(const hand *self, maiko_ctx *ctx)
{
	switch (draw(16)) {
	case 0:
		return MAIKO_EBADF; /* fails */
	case 1:
	case 2:
	case 3:
		(void)maiko_hold(ctx);
		(void)maiko_send_self_after_ms(ctx, draw(20), NULL, reminder, .n = 1);
		return 0;
	case 4:
		if (!world.hands[self->number].stays && draw(3) == 0)
			(void)maiko_stop_self(ctx);
		return 0;
	case 5:
	case 6:
		return 0;
	default:
		give_work(ctx);
		return 0;
	}
}

static int on_job(hand *self, const job *j, maiko_ctx *ctx)
{
	(void)j;
	return draw(3) == 0 ? live(self, ctx) : 0;
}

static int on_order(hand *self, const order *ev, maiko_ctx *ctx)
{
	(void)ev;
	return live(self, ctx);
}

static int on_reminder(hand *self, const reminder *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	return maiko_unhold(ctx);
}

/* One delivery in each group, whatever was passed on. */
static int on_receipt(hand *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	for (uint32_t i = 0; i < world.job_count && !world.memory_fails; i++) {
		const given *j = &world.jobs[i];
		uint64_t ends = j->nowhere;
		if (!maiko_id_equal(j->id, receipt->event))
			continue;
		for (uint32_t g = 0; g <= GROUPS; g++)
			ends += j->ends[g];
		if (receipt->deliveries != ends || receipt->passed_on != 0)
			maiko_sim_fail(world.sim, "the receipt of job %u has %u deliveries; there were %u", i,
				       (uint32_t)receipt->deliveries, (uint32_t)ends);
	}
	return 0;
}

static int on_error(hand *self, const maiko_error *error, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	return draw(2) == 0 ? 0 : error->code;
}
MAIKO_ACTOR(hand, MAIKO_ON(job, on_job), MAIKO_ON(order, on_order), MAIKO_ON(reminder, on_reminder),
	    MAIKO_ON_RECEIPT(on_receipt), MAIKO_ON_ERROR(on_error));

/* ---- what a monitor sees -------------------------------------------------------------------------- */

static given *given_of(const maiko_observation *s)
{
	return s->event == NULL || s->event->type != MAIKO_EVENT_REF(job) ? NULL
									  : &world.jobs[((const job *)s->data)->number];
}

static uint32_t group_of(maiko_actor_id id)
{
	for (uint32_t i = world.hand_count; i > 0; i--)
		if (world.hands[i - 1].id == id)
			return world.hands[i - 1].group;
	maiko_sim_fail(world.sim, "a job for an actor that was not added");
	return ALONE;
}

static void ended(void *arg, const maiko_observation *s)
{
	given *j = given_of(s);
	(void)arg;
	if (j == NULL)
		return;
	if (s->actor == 0) {
		*(s->kind == MAIKO_OBSERVED_DISCARDED ? &j->nowhere : &j->lost) += 1;
		return;
	}
	uint32_t group = group_of(s->actor);
	if (s->kind == MAIKO_OBSERVED_DISCARDED && s->code == MAIKO_PASSED_ON) {
		j->passed_on++;
		if (group == ALONE)
			maiko_sim_fail(world.sim, "passed on by one that is in no group");
		return;
	}
	bool dead = s->kind == MAIKO_OBSERVED_DISCARDED && s->code == MAIKO_DEAD && !j->failed;
	if (dead && group != ALONE && world.someone_stays[group] && mk_state_of(world.sup) < MK_STOPPING &&
	    !world.memory_fails)
		maiko_sim_fail(world.sim, "job %u is dead, though another member of group %u could have it",
			       (uint32_t)(j - world.jobs), group);
	/* An event that is set aside has been seen as handled. */
	if (s->kind != MAIKO_OBSERVED_SET_ASIDE || s->was_queued)
		j->ends[group]++;
	if (j->ends[group] > 1)
		maiko_sim_fail(world.sim, "job %u has two ends in group %u", (uint32_t)(j - world.jobs), group);
}

/* The event whose handler has failed goes back. */
static void restarting(void *arg, const maiko_observation *s)
{
	given *j = given_of(s);
	(void)arg;
	if (j == NULL)
		return;
	j->ends[group_of(s->actor)]--;
	j->failed = true;
}

/* ---- from outside ----------------------------------------------------------------------------------- */

static bool is_even(const job *j) { return j->number % 2 == 0; }
MAIKO_FILTER(job, is_even);

static const maiko_subscription *topics_of(uint32_t group, bool picky)
{
	static maiko_subscription topics[4];
	static const char *const names[GROUPS + 1] = {"first", "second", "first", NULL};
	const maiko_filter *where = picky ? MAIKO_FILTER_REF(is_even) : NULL;
	maiko_overflow overflow = draw(5) == 0 ? MAIKO_DROP_OLDEST : draw(8) == 0 ? MAIKO_DROP_NEWEST : MAIKO_BLOCK;
	memset(topics, 0, sizeof topics);
	topics[0].topic = group == 2 ? &work_by_pattern : MAIKO_TOPIC_REF(work);
	topics[0].share = names[group];
	topics[0].where = where;
	topics[0].overflow = overflow;
	topics[1].topic = MAIKO_TOPIC_REF(orders);
	return topics;
}

static void add_hand(uint32_t group, bool stays)
{
	char name[16];
	if (world.hand_count == HANDS_MAX)
		return;
	hand_of *h = &world.hands[world.hand_count];
	*h = (hand_of){.group = group, .stays = stays};
	hand init = {.number = world.hand_count++};
	snprintf(name, sizeof name, "hand %u", init.number);
	bool supervised = world.group != 0 && (stays || draw(2) == 0);
	int rc = maiko_add(world.sup, hand, name, .init = &init, .topics = topics_of(group, !stays && draw(4) == 0),
			   .ret_id = &h->id, .group = supervised ? world.group : 0, .retries = supervised ? draw(3) : 0,
			   .echo = stays || draw(2) == 0, .restart = supervised ? MAIKO_PERMANENT : MAIKO_TEMPORARY);
	if (rc != 0)
		h->id = 0;
	else if (supervised && stays)
		world.someone_stays[group] = true;
	else
		h->stays = false;
}

static maiko_actor_id someone(void) { return world.hands[draw(world.hand_count)].id; }

/* One that need not stay. */
static const hand_of *someone_free(void)
{
	const hand_of *h = &world.hands[draw(world.hand_count)];
	return h->stays ? NULL : h;
}

static void change(void)
{
	const hand_of *h = someone_free();
	if (h == NULL)
		return;
	if (draw(3) == 0)
		(void)maiko_remove(world.sup, h->id);
	else if (draw(2) == 0)
		(void)maiko_unsubscribe_all(world.sup, h->id, topics_of(h->group, false));
	else
		(void)maiko_subscribe_all(world.sup, h->id, topics_of(h->group, false));
}

static void send_jobs(void)
{
	for (uint32_t i = draw(12); i > 0 && world.job_count < JOBS_MAX; i--) {
		uint32_t number = next_job();
		world.jobs[number].sent = maiko_try_send(world.sup, job, .number = number) == 0;
	}
}

static void do_something(void)
{
	switch (draw(12)) {
	case 0:
		add_hand(draw(GROUPS), false);
		break;
	case 1:
		change();
		break;
	case 2:
		(void)maiko_restart(world.sup, someone());
		break;
	case 3:
	case 4:
		(void)maiko_move(world.sup, someone(), 1 + draw(4));
		break;
	case 5:
	case 6:
		(void)maiko_sim_advance(world.sim, draw(30));
		break;
	case 7:
		for (uint32_t i = 1 + draw(4); i > 0; i--)
			(void)maiko_try_send(world.sup, order, .n = i);
		break;
	default:
		send_jobs();
	}
	for (uint32_t left = draw(24); left > 0; left--)
		if (maiko_sim_step(world.sim) != 1)
			return;
}

/* Where somebody stays, each job has an end. */
static void check_jobs(void)
{
	for (uint32_t i = 0; i < world.job_count; i++) {
		const given *j = &world.jobs[i];
		uint32_t missing = 0;
		for (uint32_t g = 0; j->sent && g <= GROUPS; g++)
			missing += (g == 2) == j->of_pattern && world.someone_stays[g] && j->ends[g] == 0;
		bool all_lost = world.memory_fails && j->lost != 0; /* no memory to publish it at all */
		if (missing > j->nowhere + j->lost && !all_lost)
			maiko_sim_fail(world.sim, "job %u has no end in %u groups; passed on %u times", i,
				       missing - j->nowhere - j->lost, j->passed_on);
	}
}

static int set_up(maiko_sim *sim)
{
	static const maiko_hooks hooks = {.handled = ended,
					  .overflowed = ended,
					  .discarded = ended,
					  .set_aside = ended,
					  .restarting = restarting};
	maiko_monitor *monitor;
	bool memory_fails = world.memory_fails;
	memset(&world, 0, sizeof world);
	world.memory_fails = memory_fails;
	world.sim = sim;
	world.sup = maiko_sim_supervisor(sim);
	world.random = maiko_sim_random(sim);
	int rc = maiko_monitor_add(world.sup, &hooks, NULL, &monitor);
	if (rc == 0)
		(void)maiko_group(world.sup, "hands", .restarts = UINT32_MAX, .ret_id = &world.group);
	for (uint32_t g = 0; rc == 0 && g <= GROUPS; g++)
		if (draw(4) != 0)
			add_hand(g, true);
	for (uint32_t i = draw(8); rc == 0 && i > 0; i--)
		add_hand(draw(GROUPS), false);
	if (world.hand_count == 0)
		add_hand(0, false);
	return rc;
}

void shares_prepare(maiko_sim_options *options, void *arg)
{
	uint64_t random = options->seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	(void)arg;
	for (int i = 0; i < 4; i++)
		(void)sc_draw(&random, 2);
	options->supervisor.workers = 1 + sc_draw(&random, 4);
	options->supervisor.mailbox = 1 + sc_draw(&random, 6);
	options->supervisor.channel = 16;
	options->supervisor.max_events_per_tick = 1 + sc_draw(&random, 4);
	if (sc_draw(&random, 4) == 0)
		options->faults.allocation = 20 + sc_draw(&random, 300);
	if (sc_draw(&random, 4) == 0)
		options->faults.stall = 30 + sc_draw(&random, 200);
	world.memory_fails = options->faults.allocation != 0;
	options->steps_max = 200000;
}

int shares_run(maiko_sim *sim, void *arg)
{
	(void)arg;
	int rc = set_up(sim);
	if (rc == 0 && maiko_start(world.sup) == 0)
		for (uint32_t i = 4 + draw(12); i > 0 && maiko_sim_failure(sim) == NULL; i--)
			do_something();
	if (draw(8) == 0)
		(void)maiko_stop(world.sup, &(maiko_stop_options){.now = true});
	(void)maiko_sim_finish(sim);
	if (maiko_sim_failure(sim) == NULL)
		check_jobs();
	return maiko_sim_failure(sim) != NULL ? MAIKO_EBROKEN : 0;
}
