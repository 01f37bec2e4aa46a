/*
 * pairs.c - see pairs.h.
 *
 * A round has a supervisor, an actor that sends all the time, and one actor name that all threads
 * use. Two threads run each pair of calls in turn: each waits for the other, then makes its call,
 * while more threads make random calls. Some calls are made inside an actor: two `hand` actors make
 * them for a thread. At the end two threads stop the supervisor at once, while the others continue.
 * Then every completion must have been reported once, and the ledger must balance.
 */
#include "pairs.h"

#include "node.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

enum { MEETINGS = 128, MEETERS = 2, OTHERS = 2, HANDS = 2, STOP_MS = 300000 };

/* ---- the actors ----------------------------------------------------------------------------- */

typedef struct note {
	uint64_t n;
} note;
typedef struct wish {
	uint32_t call;
	uint64_t random;
} wish;
MAIKO_TOPIC(notes);
MAIKO_TOPIC(side_notes);
MAIKO_TOPIC(wishes);
MAIKO_EVENT(note, notes, n);
MAIKO_EVENT(wish, wishes, call, random);

typedef struct guest {
	uint64_t heard;
	char fill[200]; /* so that freed memory is soon reused */
} guest;

static int guest_on_start(guest *self, maiko_ctx *ctx)
{
	(void)self;
	return maiko_send(ctx, note, .n = 1);
}
static int guest_on_note(guest *self, const note *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	return ++self->heard % 4096 == 0 ? -1 : 0; /* and it fails */
}
/* Handles events of a topic that another call has subscribed it to. */
static int guest_on_any(guest *self, const maiko_any *event, maiko_ctx *ctx)
{
	(void)self;
	(void)event;
	(void)ctx;
	return 0;
}
static int guest_on_stop(guest *self, maiko_ctx *ctx)
{
	(void)self;
	return maiko_send(ctx, note, .n = 2);
}
MAIKO_ACTOR(guest, MAIKO_ON(note, guest_on_note), MAIKO_ON_ANY(guest_on_any), MAIKO_ON_START(guest_on_start),
	    MAIKO_ON_STOP(guest_on_stop));

typedef struct talker {
	uint64_t n;
} talker;
static maiko_next talker_tick(talker *self, maiko_ctx *ctx)
{
	(void)maiko_send(ctx, note, .n = ++self->n);
	return maiko_after_ms(1);
}
/* Nobody is told the same twice. */
typedef struct lookout {
	bool told, wanted;
} lookout;
static int lookout_on_interest(lookout *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	if (self->told && self->wanted == interest->wanted)
		fault_code("the same interest again", 0);
	self->told = true;
	self->wanted = interest->wanted;
	(void)maiko_send(ctx, note, .n = 3);
	return 0;
}
MAIKO_ACTOR(lookout, MAIKO_ON_INTEREST(lookout_on_interest, side_notes));

MAIKO_ACTOR(talker, MAIKO_TICK(talker_tick));

/* ---- completions ------------------------------------------------------------------------------ */

static maiko_supervisor *sup;
static uint32_t workers_of_round;
static maiko_monitor *standing;
static _Atomic(bool) stopping, over;
static _Atomic(uint64_t) made; /* calls */

/* Changes requested by external threads, where the call waits: those that succeeded. Changes requested
 * in an actor: those that were accepted. */
static _Atomic(uint64_t) done_external, taken_inside, told_external, told_inside;

static void tell_external(void *arg, const maiko_completion *c)
{
	(void)arg;
	atomic_fetch_add(&told_external, c->status == 0);
}

static void tell_inside(void *arg, const maiko_completion *c)
{
	(void)arg;
	(void)c;
	atomic_fetch_add(&told_inside, 1);
}

static int asked(const maiko_ctx *ctx, int rc)
{
	atomic_fetch_add(ctx != NULL ? &taken_inside : &done_external, rc == 0);
	return rc;
}

/* ---- the calls ------------------------------------------------------------------------------- */

static maiko_actor_id find_it(void)
{
	maiko_actor_id id = 0;
	(void)maiko_find(sup, "it", &id);
	return id;
}

static int add_with(maiko_ctx *ctx, maiko_add_options o)
{
	o.done = ctx != NULL ? tell_inside : tell_external;
	o.restart = MAIKO_TEMPORARY;
	o.topics = MAIKO_TOPICS(notes);
	return asked(ctx, ctx != NULL ? maiko_ctx_add(ctx, MAIKO_ACTOR_REF(guest), "it", &o)
				      : maiko_supervisor_add(sup, MAIKO_ACTOR_REF(guest), "it", &o));
}
static int add(maiko_ctx *ctx, uint64_t random)
{
	(void)random;
	return add_with(ctx, (maiko_add_options){.mailbox = 8});
}
static int add_alone(maiko_ctx *ctx, uint64_t random)
{
	(void)random;
	return add_with(ctx, (maiko_add_options){.own_thread = true});
}
static int add_pinned(maiko_ctx *ctx, uint64_t random)
{
	return add_with(ctx, (maiko_add_options){.worker = 1 + below(&random, workers_of_round)});
}
static maiko_change_options options_of(const maiko_ctx *ctx)
{
	return (maiko_change_options){.done = ctx != NULL ? tell_inside : tell_external};
}
static int remove_it(maiko_ctx *ctx, uint64_t random)
{
	maiko_change_options o = options_of(ctx);
	(void)random;
	return asked(ctx,
		     ctx != NULL ? maiko_ctx_remove(ctx, find_it(), &o) : maiko_supervisor_remove(sup, find_it(), &o));
}
static int subscribe(maiko_ctx *ctx, uint64_t random)
{
	maiko_change_options o = options_of(ctx);
	const maiko_topic *topic = random % 4 == 0 ? MAIKO_TOPIC_REF(notes) : MAIKO_TOPIC_REF(side_notes);
	return asked(ctx, ctx != NULL ? maiko_ctx_subscribe(ctx, find_it(), topic, &o)
				      : maiko_supervisor_subscribe(sup, find_it(), topic, &o));
}
static int unsubscribe(maiko_ctx *ctx, uint64_t random)
{
	maiko_change_options o = options_of(ctx);
	const maiko_topic *topic = random % 4 == 0 ? MAIKO_TOPIC_REF(notes) : MAIKO_TOPIC_REF(side_notes);
	return asked(ctx, ctx != NULL ? maiko_ctx_unsubscribe(ctx, find_it(), topic, &o)
				      : maiko_supervisor_unsubscribe(sup, find_it(), topic, &o));
}
static int move(maiko_ctx *ctx, uint64_t random)
{
	maiko_change_options o = options_of(ctx);
	uint32_t to = 1 + below(&random, workers_of_round);
	return asked(ctx, ctx != NULL ? maiko_ctx_move(ctx, find_it(), to, &o)
				      : maiko_supervisor_move(sup, find_it(), to, &o));
}
static int find(maiko_ctx *ctx, uint64_t random)
{
	maiko_actor_id id;
	(void)ctx;
	(void)random;
	return maiko_find(sup, "it", &id);
}
static int report(maiko_ctx *ctx, uint64_t random)
{
	maiko_ledger *ledger;
	(void)ctx;
	(void)random;
	int rc = maiko_report(sup, &ledger);
	for (size_t i = 0; rc == 0 && i < ledger->actor_count; i++)
		if (ledger->actors[i]->worker > ledger->workers || ledger->actors[i]->status > MAIKO_ACTOR_RESTARTING)
			fault_code("the report", (int)ledger->actors[i]->worker);
	if (rc == 0)
		maiko_ledger_free(ledger);
	return rc;
}
static void see(void *arg, const maiko_observation *s)
{
	(void)s;
	atomic_fetch_add((_Atomic(uint64_t) *)arg, 1);
}
static int watch(maiko_ctx *ctx, uint64_t random)
{
	static _Atomic(uint64_t) seen;
	maiko_monitor *monitor;
	(void)ctx;
	(void)random;
	int rc = maiko_monitor_add(sup, &(maiko_hooks){.any = see}, &seen, &monitor);
	return rc != 0 ? rc : maiko_monitor_remove(monitor, NULL);
}
static int look_away(maiko_ctx *ctx, uint64_t random)
{
	(void)ctx;
	return random % 2 == 0 ? maiko_monitor_pause(standing) : maiko_monitor_resume(standing);
}
static int send_note(maiko_ctx *ctx, uint64_t random)
{
	if (ctx != NULL)
		return maiko_send(ctx, note, .n = random);
	switch (random % 3) {
	case 0:
		return maiko_send(sup, note, .n = random);
	case 1:
		return maiko_try_send(sup, note, .n = random);
	default:
		return maiko_send_timeout(sup, 1000, note, .n = random);
	}
}

/* Each with the results that are allowed besides 0. */
static const struct call {
	const char *name;
	int (*make)(maiko_ctx *ctx, uint64_t random);
	int may[6];
} calls[] = {
	{"maiko_add", add, {MAIKO_EEXIST, MAIKO_EAGAIN}},
	{"maiko_add with a thread", add_alone, {MAIKO_EEXIST, MAIKO_EAGAIN, MAIKO_E2BIG}},
	{"maiko_add to a worker", add_pinned, {MAIKO_EEXIST, MAIKO_EAGAIN}},
	{"maiko_remove", remove_it, {MAIKO_ENOENT}},
	{"maiko_subscribe", subscribe, {MAIKO_ENOENT, MAIKO_EEXIST}},
	{"maiko_unsubscribe", unsubscribe, {MAIKO_ENOENT}},
	{"maiko_move", move, {MAIKO_ENOENT, MAIKO_EBUSY, MAIKO_EAGAIN, MAIKO_EINVAL}},
	{"maiko_find", find, {MAIKO_ENOENT}},
	{"maiko_report", report, {0}},
	{"maiko_monitor_add", watch, {MAIKO_E2BIG}},
	{"maiko_monitor_pause", look_away, {0}},
	{"maiko_send", send_note, {MAIKO_EAGAIN, MAIKO_ETIMEDOUT}},
};
enum { CALLS = sizeof calls / sizeof calls[0], WAYS = 2 * CALLS }; /* each on an external thread, and in an actor */
static uint32_t met[WAYS][WAYS];

static void make(maiko_ctx *ctx, uint32_t which, uint64_t random)
{
	const struct call *call = &calls[which];
	int rc = call->make(ctx, random);
	bool may = rc == 0 || (rc == MAIKO_ESHUTDOWN && atomic_load(&stopping));
	for (size_t i = 0; !may && call->may[i] != 0; i++)
		may = rc == call->may[i];
	if (!may)
		fault_code(call->name, rc);
	atomic_fetch_add(&made, 1);
}

typedef struct hand {
	uint32_t number;
} hand;
static int hand_on_wish(hand *self, const wish *ev, maiko_ctx *ctx)
{
	if (ev->random % HANDS == self->number)
		make(ctx, ev->call, ev->random / HANDS);
	return 0;
}
MAIKO_ACTOR(hand, MAIKO_ON(wish, hand_on_wish));

static void make_some_way(uint32_t way, uint64_t random)
{
	if (way < CALLS)
		make(NULL, way, random);
	else
		(void)maiko_send_timeout(sup, 1000, wish, .call = way - CALLS, .random = random);
}

/* ---- the threads ----------------------------------------------------------------------------- */

typedef struct party {
	uint32_t number;
	uint64_t random;
	uv_thread_t thread;
} party;

static uint32_t plan[MEETINGS][MEETERS]; /* the calls of the round */
static _Atomic(uint32_t) arrivals;

static void meet(void *arg)
{
	party *self = arg;
	for (uint32_t i = 0; i < MEETINGS; i++) {
		atomic_fetch_add(&arrivals, 1);
		while (atomic_load(&arrivals) < (i + 1) * MEETERS)
			sched_yield();
		for (uint32_t left = below(&self->random, 64); left > 0; left--)
			(void)atomic_load(&over); /* varies the delay between the two calls */
		make_some_way(plan[i][self->number], random_next(&self->random));
	}
	while (!atomic_load(&over))
		make_some_way(below(&self->random, WAYS), random_next(&self->random));
}

static void make_any(void *arg)
{
	party *self = arg;
	while (!atomic_load(&over))
		make_some_way(below(&self->random, WAYS), random_next(&self->random));
}

static void stop_too(void *arg)
{
	party *self = arg;
	int rc = self->random % 2 == 0 ? maiko_join(sup)
				       : maiko_stop(sup, &(maiko_stop_options){.deadline_ms = STOP_MS});
	if (rc != 0)
		fault_code("the other stop", rc);
}

/* ---- a round --------------------------------------------------------------------------------- */

/* Selects the pairs that have run least often. */
static void make_plan(uint64_t *random)
{
	for (uint32_t i = 0; i < MEETINGS; i++) {
		uint32_t best = below(random, WAYS * WAYS);
		for (uint32_t k = 1; k < WAYS * WAYS && met[best / WAYS][best % WAYS] != 0; k++) {
			uint32_t other = (best + k) % (WAYS * WAYS);
			if (met[other / WAYS][other % WAYS] < met[best / WAYS][best % WAYS])
				best = other;
		}
		plan[i][0] = best / WAYS;
		plan[i][1] = best % WAYS;
		met[best / WAYS][best % WAYS]++;
	}
}

static uint32_t pairs_left(void)
{
	uint32_t left = 0;
	for (uint32_t i = 0; i < WAYS * WAYS; i++)
		left += met[i / WAYS][i % WAYS] == 0;
	return left;
}

static void check_ledger(const maiko_ledger *ledger, bool graceful)
{
	if (!maiko_ledger_balanced(ledger) || ledger->total.queued != 0 || ledger->total.no_memory != 0 ||
	    (graceful && ledger->total.discarded != 0)) {
		fault_code("the ledger at the end", MAIKO_EBROKEN);
		maiko_ledger_print(ledger, stderr);
	}
}

static void stop(uint64_t *random)
{
	maiko_ledger *ledger = NULL;
	party other = {.random = random_next(random)};
	uint32_t way = below(random, 4);
	maiko_stop_options o = {.deadline_ms = way == 1 ? 5 : STOP_MS, .now = way == 0, .ret_report = &ledger};
	atomic_store(&stopping, true);
	bool two = uv_thread_create(&other.thread, stop_too, &other) == 0;
	int rc = maiko_stop(sup, &o);
	if (rc != 0)
		fault_code("maiko_stop", rc);
	if (two)
		uv_thread_join(&other.thread);
	if (ledger != NULL)
		check_ledger(ledger, way > 1);
	maiko_ledger_free(ledger);
}

static int set_up(uint32_t workers, uint64_t *random)
{
	static _Atomic(uint64_t) seen;
	maiko_options o = {.workers = workers, .channel = 16u << below(random, 5)};
	int rc = maiko_supervisor_new(&sup, &o);
	if (rc == 0)
		rc = maiko_monitor_add(sup, &(maiko_hooks){.any = see}, &seen, &standing);
	if (rc == 0)
		rc = maiko_add(sup, talker, "talker", .topics = MAIKO_NO_TOPICS);
	if (rc == 0)
		rc = maiko_add(sup, lookout, "lookout", .topics = MAIKO_NO_TOPICS);
	if (rc == 0)
		rc = maiko_add(sup, hand, "left", .init = &(hand){0}, .mailbox = 8);
	if (rc == 0)
		rc = maiko_add(sup, hand, "right", .init = &(hand){1}, .mailbox = 8);
	return rc == 0 ? maiko_start(sup) : rc;
}

static void run_round(uint32_t workers, uint64_t *random)
{
	party parties[MEETERS + OTHERS];
	uint32_t count = 0;
	workers_of_round = workers != 0 ? workers : 1 + below(random, 4);
	atomic_store(&stopping, false);
	atomic_store(&over, false);
	atomic_store(&arrivals, 0);
	make_plan(random);
	int rc = set_up(workers_of_round, random);
	for (; rc == 0 && count < MEETERS + OTHERS; count++) {
		party *p = &parties[count];
		*p = (party){.number = count, .random = random_next(random)};
		rc = uv_thread_create(&p->thread, count < MEETERS ? meet : make_any, p);
	}
	while (rc == 0 && atomic_load(&arrivals) < MEETINGS * MEETERS)
		sched_yield();
	if (rc == 0)
		stop(random);
	else
		fault_code("the round", rc);
	atomic_store(&over, true);
	for (uint32_t i = 0; i < count; i++)
		uv_thread_join(&parties[i].thread);
	if (maiko_supervisor_free(sup) != NULL)
		fault_code("maiko_supervisor_free", MAIKO_EDEADLK);
	if (atomic_load(&done_external) != atomic_load(&told_external) ||
	    atomic_load(&taken_inside) != atomic_load(&told_inside))
		fault_code("completions told", MAIKO_EBROKEN);
}

int pairs_run(uint64_t seconds, uint32_t workers, uint64_t seed)
{
	uint64_t start = uv_hrtime(), random = seed, rounds = 0;
	do {
		round_seed = seed;
		run_round(workers, &random);
		rounds++;
	} while (atomic_load(&faults) == 0 && (pairs_left() != 0 || uv_hrtime() - start < seconds * 1000000000u));
	printf("%" PRIu64 " rounds of pairs in %.1f s, %" PRIu64 " calls\n%s\n", rounds,
	       (double)(uv_hrtime() - start) / 1e9, atomic_load(&made),
	       atomic_load(&faults) == 0 ? "all is accounted for" : "something is wrong");
	return atomic_load(&faults) == 0 ? 0 : 1;
}
