/*
 * scenario_questions.c - see scenario_questions.h.
 *
 * Actors ask and answer at random: they reply at once, later, twice or never, keep and release questions, fail, rest
 * (maiko_hold), leave, are restarted, moved and removed, while their mailboxes are small and drop. A monitor counts
 * what becomes of each question. When one ends, its status is compared with that; at the end each has ended once,
 * unless the life of its asker has ended before.
 */
#include "scenario_questions.h"

#include "runtime/runtime.h"
#include "scenario.h"

#include <stdio.h>
#include <string.h>

enum { ASKED_MAX = 2048, ACTORS_MAX = 24, KEPT_MAX = 4 };

MAIKO_TOPIC(open_questions);
MAIKO_TOPIC(lossy_questions, .overflow = MAIKO_DROP_NEWEST);
MAIKO_TOPIC(rare_questions); /* nobody need subscribe to it */
MAIKO_TOPIC(nudges, .overflow = MAIKO_DROP_OLDEST);

typedef struct riddle {
	uint32_t number;
} riddle;
static const maiko_topic *route(const riddle *r, maiko_supervisor *sup);
MAIKO_EVENT_ROUTED(riddle, route, number);

typedef struct solution {
	uint32_t number;
} solution;
MAIKO_EVENT(solution, maiko_private_topic, number);

typedef struct nudge {
	uint32_t n;
} nudge;
MAIKO_EVENT(nudge, nudges, n);

typedef struct reminder {
	uint32_t n;
} reminder;
MAIKO_EVENT(reminder, maiko_private_topic, n);

/* A question, as the scenario knows it. */
typedef struct asked {
	uint32_t asker, life; /* asker UINT32_MAX: a thread */
	maiko_id id;
	uint64_t due_ns;
	uint32_t ends, solutions; /* calls of its function: the last one, and those with a solution */
	bool all, accepted;
	/* seen meanwhile */
	uint32_t delivered, handled, replies;
	uint32_t outcomes[MAIKO_LOST + 1];
	bool kept, lost; /* lost: dropped at a channel */
	int error;       /* of a handler */
} asked;

typedef struct person_of {
	maiko_actor_id id;
	uint32_t life;
	bool gone; /* it has stopped itself */
} person_of;

static struct world {
	maiko_sim *sim;
	maiko_supervisor *sup;
	uint64_t random;
	uint32_t asked_count, person_count, calls;
	maiko_group_id group;
	asked asked[ASKED_MAX];
	person_of people[ACTORS_MAX];
	bool memory_fails;
} world;

static uint32_t draw(uint32_t n) { return sc_draw(&world.random, n); }

static const maiko_topic *route(const riddle *r, maiko_supervisor *sup)
{
	(void)sup;
	return r->number % 8 == 0   ? MAIKO_TOPIC_REF(rare_questions)
	       : r->number % 3 == 0 ? MAIKO_TOPIC_REF(lossy_questions)
				    : MAIKO_TOPIC_REF(open_questions);
}

/* ---- the end of a question ------------------------------------------------------------------- */

/* Whether that status is true. */
static bool is_true(const asked *q, int status)
{
	const uint32_t *n = q->outcomes;
	bool stopping = mk_state_of(world.sup) >= MK_STOPPING;
	switch (status) {
	case 0:
		return q->all && q->replies >= q->delivered && q->replies > 0;
	case MAIKO_ETIMEDOUT:
		return maiko_sim_now(world.sim) >= q->due_ns;
	case MAIKO_ESHUTDOWN:
		return stopping;
	case MAIKO_ENOSUBSCRIBER:
		return q->delivered == 0;
	case MAIKO_EOVERFLOW:
		return n[MAIKO_DROPPED] != 0 || q->lost || world.memory_fails;
	case MAIKO_ENOMEM:
		return world.memory_fails;
	case MAIKO_ECANCELED:
		return n[MAIKO_DEAD] != 0 || q->kept || q->error == status;
	case MAIKO_ENOREPLY:
		return q->handled != 0 && (q->all ? q->replies < q->delivered : q->replies == 0);
	default: /* of a handler, or of who failed while it kept the question */
		return status == MAIKO_EBADF && (q->error == status || q->kept);
	}
}

static void check(const asked *q, int status)
{
	if (is_true(q, status))
		return;
	maiko_sim_fail(
		world.sim,
		"C21: question %u ends with %s, which is not so: %u delivered, %u handled, %u replies, error %d%s%s",
		(uint32_t)(q - world.asked), maiko_err_name(status), q->delivered, q->handled, q->replies, q->error,
		q->all ? ", of all" : "", q->kept ? ", kept" : "");
}

static void ended(asked *q, const solution *s, int status)
{
	uint32_t number = (uint32_t)(q - world.asked);
	bool solved = status == 0 && s != NULL;
	if (solved && s->number != number)
		maiko_sim_fail(world.sim, "C21: question %u has the solution of %u", number, s->number);
	if (q->ends != 0)
		maiko_sim_fail(world.sim, "C21: question %u has ended before", number);
	if (solved) {
		q->solutions++;
		q->ends += !q->all;
		if (q->solutions > q->replies)
			maiko_sim_fail(world.sim, "C21: question %u has more solutions than replies", number);
		return;
	}
	q->ends++;
	/* These do not wait for a reply that is on its way; without memory for the timer of one that moves, neither. */
	bool waits = status != MAIKO_ETIMEDOUT && status != MAIKO_ESHUTDOWN && status != MAIKO_ENOMEM;
	if (!q->all && waits && q->replies != 0)
		maiko_sim_fail(world.sim, "C21: question %u ends with %s, and was answered", number,
			       maiko_err_name(status));
	check(q, status);
}

/* ---- people: they ask and answer --------------------------------------------------------------- */

typedef struct person {
	uint32_t number;
	const riddle *kept[KEPT_MAX];
} person;

static int on_solution(person *self, const solution *s, int status, maiko_ctx *ctx);
MAIKO_ASK(person, riddle, solution, on_solution);

static void ask(person *self, maiko_ctx *ctx)
{
	if (world.asked_count == ASKED_MAX)
		return;
	uint32_t number = world.asked_count++;
	asked *q = &world.asked[number];
	uint64_t ms = draw(3) == 0 ? UINT64_MAX : draw(30);
	uint64_t now_ns = maiko_now(ctx);
	*q = (asked){.asker = self->number, .life = world.people[self->number].life, .all = draw(4) == 0};
	q->due_ns = ms == UINT64_MAX ? UINT64_MAX : now_ns + ms * 1000000;
	q->accepted = true; /* an answer may come only after the call, but its deliveries are seen in it */
	int rc = q->all ? maiko_ask_all(ctx, on_solution, ms, riddle, .number = number)
			: maiko_ask(ctx, on_solution, ms, riddle, .number = number);
	q->accepted = rc == 0;
	if (rc == 0)
		q->id = maiko_sent_id(ctx);
}

static void reply(person *self, const riddle *r, maiko_ctx *ctx, bool now)
{
	(void)self;
	uint32_t number = r->number;
	int rc =
		now ? maiko_reply(ctx, solution, .number = number) : maiko_reply_to(ctx, r, solution, .number = number);
	if (rc == 0)
		world.asked[number].replies++;
	else if (rc != MAIKO_ENOMEM)
		maiko_sim_fail(world.sim, "C21: a reply is refused: %s", maiko_last_error());
}

static const riddle **free_place(person *self)
{
	for (uint32_t i = 0; i < KEPT_MAX; i++)
		if (self->kept[i] == NULL)
			return &self->kept[i];
	return NULL;
}

/* Replies to one that it keeps, or not, and releases it. */
static void give_back(person *self, maiko_ctx *ctx)
{
	for (uint32_t i = 0; i < KEPT_MAX; i++) {
		const riddle *r = self->kept[i];
		if (r == NULL)
			continue;
		if (draw(3) != 0)
			reply(self, r, ctx, false);
		if (draw(8) != 0 && maiko_release(ctx, r) == 0)
			self->kept[i] = NULL;
		return;
	}
}

static int live(person *self, maiko_ctx *ctx)
{
	switch (draw(20)) {
	case 0:
		return MAIKO_EBADF; /* fails */
	case 1:
		(void)maiko_hold(ctx);
		(void)maiko_send_self_after_ms(ctx, draw(20), NULL, reminder, .n = 1);
		return 0;
	case 2:
		world.people[self->number].gone |= draw(6) == 0 && maiko_stop_self(ctx) == 0;
		return 0;
	case 3:
	case 4:
		give_back(self, ctx);
		return 0;
	default:
		for (uint32_t i = draw(3); i > 0; i--)
			ask(self, ctx);
		return 0;
	}
}

/* Found by its id: an actor may have asked several. */
static asked *asked_by(const person *self, maiko_id id)
{
	for (uint32_t i = world.asked_count; i > 0; i--) {
		asked *q = &world.asked[i - 1];
		if (q->asker == self->number && maiko_id_equal(q->id, id))
			return q;
	}
	maiko_sim_fail(world.sim, "C21: person %u is told of a question that it has not asked", self->number);
	return &world.asked[0];
}

static int on_solution(person *self, const solution *s, int status, maiko_ctx *ctx)
{
	ended(asked_by(self, maiko_asked_id(ctx)), s, status);
	return draw(4) == 0 && !maiko_stopping(ctx) ? live(self, ctx) : 0;
}

static int on_riddle(person *self, const riddle *r, maiko_ctx *ctx)
{
	asked *q = &world.asked[r->number];
	const riddle **place = free_place(self);
	switch (draw(10)) {
	case 0:
	case 1:
		return 0; /* no reply */
	case 2:
		return q->error = MAIKO_EBADF; /* the last of several may be another */
	case 3:
		reply(self, r, ctx, true);
		reply(self, r, ctx, true);
		return 0;
	case 4:
	case 5:
		if (place != NULL && maiko_keep(ctx, r) == 0) {
			*place = r;
			q->kept = true;
			(void)maiko_send_self_after_ms(ctx, draw(40), NULL, reminder, .n = 2);
		}
		return 0;
	default:
		reply(self, r, ctx, true);
		return 0;
	}
}

static int on_nudge(person *self, const nudge *ev, maiko_ctx *ctx)
{
	(void)ev;
	return live(self, ctx);
}

static int on_reminder(person *self, const reminder *ev, maiko_ctx *ctx)
{
	if (ev->n == 1)
		return maiko_unhold(ctx);
	give_back(self, ctx);
	return 0;
}

static int on_start(person *self, maiko_ctx *ctx)
{
	(void)ctx;
	world.people[self->number].life++;
	return 0;
}

static int on_stop(person *self, maiko_ctx *ctx)
{
	give_back(self, ctx);
	return 0;
}

static int on_error(person *self, const maiko_error *error, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	return draw(2) == 0 ? 0 : error->code;
}
MAIKO_ACTOR(person, MAIKO_ON(riddle, on_riddle), MAIKO_ON(nudge, on_nudge), MAIKO_ON(reminder, on_reminder),
	    MAIKO_ON_START(on_start), MAIKO_ON_STOP(on_stop), MAIKO_ON_ERROR(on_error));

/* ---- what a monitor sees -------------------------------------------------------------------------- */

static void observed(void *arg, const maiko_observation *s)
{
	(void)arg;
	if (s->event == NULL || s->event->type != MAIKO_EVENT_REF(riddle))
		return;
	asked *q = &world.asked[((const riddle *)s->data)->number];
	q->lost |= s->actor == 0;
	if (s->actor == 0)
		return;
	if (s->kind == MAIKO_OBSERVED_DELIVERED)
		q->delivered++;
	else if (s->kind == MAIKO_OBSERVED_HANDLED)
		q->handled++;
	else if (s->kind == MAIKO_OBSERVED_SET_ASIDE)
		q->outcomes[MAIKO_SET_ASIDE]++;
	else
		q->outcomes[s->code]++;
	if (s->kind == MAIKO_OBSERVED_OVERFLOWED && !s->was_queued)
		q->delivered++; /* it was one all the same */
}

/* Its questions end with its life. */
static void life_over(void *arg, const maiko_observation *s)
{
	(void)arg;
	for (uint32_t i = 0; i < world.person_count; i++)
		if (world.people[i].id == s->actor)
			world.people[i].life++;
}

/* ---- from outside ----------------------------------------------------------------------------------- */

static const maiko_subscription *topics_of(uint32_t which)
{
	static const maiko_subscription all[] = {{.topic = MAIKO_TOPIC_REF(open_questions)},
						 {.topic = MAIKO_TOPIC_REF(lossy_questions)},
						 {.topic = MAIKO_TOPIC_REF(nudges)},
						 {.topic = NULL}};
	return which == 0 ? &all[2] : which == 1 ? &all[1] : all;
}

static void add_person(void)
{
	char name[16];
	if (world.person_count == ACTORS_MAX)
		return;
	person_of *p = &world.people[world.person_count];
	person init = {.number = world.person_count++};
	snprintf(name, sizeof name, "person %u", init.number);
	bool supervised = draw(2) == 0 && world.group != 0;
	if (maiko_add(world.sup, person, name, .init = &init, .topics = topics_of(draw(4)), .ret_id = &p->id,
		      .group = supervised ? world.group : 0,
		      .restart = supervised ? MAIKO_RESTART_UNSAID : MAIKO_TEMPORARY) != 0)
		p->id = 0;
}

static maiko_actor_id someone(void) { return world.people[draw(world.person_count)].id; }

/* A thread asks, and waits. */
static void call(void)
{
	solution got = {.number = UINT32_MAX};
	if (world.asked_count == ASKED_MAX)
		return;
	uint32_t number = world.asked_count++;
	asked *q = &world.asked[number];
	uint64_t ms = draw(30);
	*q = (asked){.asker = UINT32_MAX, .due_ns = maiko_sim_now(world.sim) + ms * 1000000};
	int rc = maiko_call(world.sup, ms, solution, &got, riddle, .number = number);
	world.calls++;
	if (rc == 0 && (got.number != number || q->replies == 0))
		maiko_sim_fail(world.sim, "C21: a thread has asked %u, and has the solution of %u", number, got.number);
	else if (rc != 0 && rc != MAIKO_ESTATE)
		check(q, rc);
}

static void do_something(void)
{
	switch (draw(12)) {
	case 0:
		add_person();
		break;
	case 1:
		(void)maiko_remove(world.sup, someone());
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
		call();
		break;
	default:
		for (uint32_t i = 1 + draw(4); i > 0; i--)
			(void)maiko_try_send(world.sup, nudge, .n = i);
	}
	for (uint32_t left = draw(24); left > 0; left--)
		if (maiko_sim_step(world.sim) != 1)
			return;
}

/* Of an asker whose life goes on each has ended, and of no other twice. */
static void check_all_have_ended(void)
{
	for (uint32_t i = 0; i < world.asked_count; i++) {
		const asked *q = &world.asked[i];
		if (q->asker == UINT32_MAX || !q->accepted)
			continue;
		bool lives = !world.people[q->asker].gone && world.people[q->asker].life == q->life;
		if (q->ends > 1 || (lives && q->ends == 0))
			maiko_sim_fail(world.sim, "C21: question %u has ended %u times", i, q->ends);
	}
}

static int set_up(maiko_sim *sim)
{
	static const maiko_hooks hooks = {.delivered = observed,
					  .handled = observed,
					  .overflowed = observed,
					  .discarded = observed,
					  .set_aside = observed,
					  .restarting = life_over,
					  .failed = life_over,
					  .removed = life_over};
	maiko_monitor *monitor;
	bool memory_fails = world.memory_fails;
	memset(&world, 0, sizeof world);
	world.memory_fails = memory_fails;
	world.sim = sim;
	world.sup = maiko_sim_supervisor(sim);
	world.random = maiko_sim_random(sim);
	int rc = maiko_monitor_add(world.sup, &hooks, NULL, &monitor);
	if (rc == 0)
		(void)maiko_group(world.sup, "people", .restarts = UINT32_MAX, .ret_id = &world.group);
	for (uint32_t i = 2 + draw(6); rc == 0 && i > 0; i--)
		add_person();
	return rc;
}

void questions_prepare(maiko_sim_options *options, void *arg)
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

int questions_run(maiko_sim *sim, void *arg)
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
		check_all_have_ended();
	return maiko_sim_failure(sim) != NULL ? MAIKO_EBROKEN : 0;
}
