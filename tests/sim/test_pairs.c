/*
 * test_pairs.c - every two calls about one actor, from two threads at once: the first is cut
 * wherever it holds no lock, or waits for a step that does not, and there the second is made.
 * Between the cuts workers take steps. Each cut of each pair is a run of its own, which ends
 * with the ledger and the properties.
 */
#include <maiko/testing/sim.h>

#include "support.h"

#include "sim/send_as.h"

enum { SEEDS = 6, WORKERS = 3, REQUESTS_MAX = 4 };

typedef struct item {
	uint32_t n;
} item;
MAIKO_TOPIC(items);
MAIKO_TOPIC(others);
MAIKO_EVENT(item, items, n);

typedef struct guest {
	uint32_t heard;
} guest;

static int guest_on_item(guest *self, const item *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->heard++;
	return 0;
}
/* What comes from a topic that it was subscribed to meanwhile. */
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
	return maiko_send(ctx, item, .n = 0);
}
MAIKO_ACTOR(guest, MAIKO_ON(item, guest_on_item), MAIKO_ON_ANY(guest_on_any), MAIKO_ON_STOP(guest_on_stop));

typedef struct sink {
	uint32_t heard;
} sink;
static int sink_on_item(sink *self, const item *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->heard++;
	return 0;
}
MAIKO_ACTOR(sink, MAIKO_ON(item, sink_on_item));

/* ---- the calls ----------------------------------------------------------------------------- */

/* What was asked for with a `done`: it is told of once, if it was taken. */
typedef struct request {
	const char *call;
	int rc;
	uint32_t told;
} request;

static struct run {
	maiko_sim *sim;
	maiko_supervisor *sup;
	const struct call *first, *second;
	bool during;          /* the first call is under way */
	uint32_t cut, at_cut; /* so many so far; where the second is made */
	request requests[REQUESTS_MAX];
	uint32_t request_count;
	uint32_t present; /* actors of the name, by what was told */
	bool stopping;
	maiko_monitor *monitor;
} now;

static void told(void *arg, const maiko_completion *c)
{
	((request *)arg)->told++;
	if (c->status == 0 && c->change == MAIKO_CHANGE_ADD)
		now.present++;
	if (c->status == 0 && c->change == MAIKO_CHANGE_REMOVE)
		now.present--;
}

static request *request_of(const char *call)
{
	request *r = &now.requests[now.request_count++];
	*r = (request){.call = call};
	return r;
}

static maiko_actor_id found(void)
{
	maiko_actor_id id = 0;
	(void)maiko_find(now.sup, "it", &id);
	return id;
}

static int add(void)
{
	request *r = request_of("add");
	return r->rc = maiko_add(now.sup, guest, "it", .topics = MAIKO_TOPICS(items), .done = told, .done_arg = r);
}
static int add_alone(void)
{
	request *r = request_of("add alone");
	return r->rc = maiko_add(now.sup, guest, "it", .topics = MAIKO_TOPICS(items), .own_thread = true, .done = told,
				 .done_arg = r);
}
static int remove_it(void)
{
	request *r = request_of("remove");
	return r->rc = maiko_remove(now.sup, found(), .done = told, .done_arg = r);
}
static int subscribe(void)
{
	request *r = request_of("subscribe");
	return r->rc = maiko_subscribe(now.sup, found(), MAIKO_TOPIC_REF(others), .done = told, .done_arg = r);
}
static int unsubscribe(void)
{
	request *r = request_of("unsubscribe");
	return r->rc = maiko_unsubscribe(now.sup, found(), MAIKO_TOPIC_REF(items), .done = told, .done_arg = r);
}
static int move_to(uint32_t worker)
{
	request *r = request_of("move");
	return r->rc = maiko_move(now.sup, found(), worker, .done = told, .done_arg = r);
}
static int move_away(void) { return move_to(2); }
static int move_back(void) { return move_to(1); }
static int report(void)
{
	maiko_ledger *ledger;
	int rc = maiko_report(now.sup, &ledger);
	for (size_t i = 0; rc == 0 && i < ledger->actor_count; i++) {
		const maiko_actor_row *row = ledger->actors[i];
		bool here = row->worker != 0 && row->worker <= ledger->workers;
		if (!here && row->status != MAIKO_ACTOR_ADDED && row->status != MAIKO_ACTOR_GONE)
			maiko_sim_fail(now.sim, "%s is on worker %u of %u", row->name, row->worker, ledger->workers);
	}
	if (rc == 0)
		maiko_ledger_free(ledger);
	return rc;
}
static void seen(void *arg, const maiko_observation *s) { (void)arg, (void)s; }
static int watch(void)
{
	maiko_monitor *monitor;
	int rc = maiko_monitor_add(now.sup, &(maiko_hooks){.any = seen}, NULL, &monitor);
	return rc != 0 ? rc : maiko_monitor_remove(monitor, NULL);
}
static int look_away(void)
{
	int rc = maiko_monitor_pause(now.monitor);
	return rc != 0 ? rc : maiko_monitor_resume(now.monitor);
}
static int send_one(void)
{
	maiko_sim_thread(now.sim, 2);
	return maiko_send(now.sup, item, .n = 2);
}
static int send_as(void) { return mk_send_as(now.sup, found(), MAIKO_EVENT_REF(item), &(item){3}, 1000, NULL); }
static int stop(void)
{
	now.stopping = true;
	return maiko_stop_begin(now.sup, NULL, NULL, NULL);
}
static int stop_now(void)
{
	now.stopping = true;
	return maiko_stop_begin(now.sup, &(maiko_stop_options){.now = true}, NULL, NULL);
}
static int stop_and_wait(void)
{
	now.stopping = true;
	int rc = maiko_stop(now.sup, NULL);
	return rc == MAIKO_EDEADLK && !now.during ? 0 : rc;
}

/* Each with what it may say besides 0. */
static const struct call {
	const char *name;
	int (*make)(void);
	int may[5];
} calls[] = {
	{"add", add, {MAIKO_EEXIST}},
	{"add alone", add_alone, {MAIKO_EEXIST}},
	{"remove", remove_it, {MAIKO_ENOENT}},
	{"subscribe", subscribe, {MAIKO_ENOENT, MAIKO_EEXIST}},
	{"unsubscribe", unsubscribe, {MAIKO_ENOENT}},
	{"move away", move_away, {MAIKO_ENOENT, MAIKO_EBUSY, MAIKO_EAGAIN, MAIKO_EINVAL}},
	{"move back", move_back, {MAIKO_ENOENT, MAIKO_EBUSY, MAIKO_EAGAIN, MAIKO_EINVAL}},
	{"report", report, {0}},
	{"watch", watch, {0}},
	{"look away", look_away, {0}},
	{"send", send_one, {MAIKO_EAGAIN}},
	{"send as", send_as, {MAIKO_ENOENT, MAIKO_EFAILED, MAIKO_ESTATE, MAIKO_EDEADLK}},
	{"stop", stop, {0}},
	{"stop now", stop_now, {0}},
	{"stop and wait", stop_and_wait, {MAIKO_EDEADLK}},
};
enum { CALLS = sizeof calls / sizeof calls[0] };

static void make(const struct call *call)
{
	int rc = call->make();
	bool may = rc == 0 || (rc == MAIKO_ESHUTDOWN && now.stopping);
	for (size_t i = 0; !may && call->may[i] != 0; i++)
		may = rc == call->may[i];
	if (!may)
		maiko_sim_fail(now.sim, "%s says %s", call->name, maiko_err_name(rc));
}

/* ---- a run --------------------------------------------------------------------------------- */

static void at_a_cut(maiko_sim *sim, void *arg)
{
	(void)sim;
	(void)arg;
	if (now.during && now.cut++ == now.at_cut)
		make(now.second);
	else
		(void)report();
}

static void check_requests(void)
{
	for (uint32_t i = 0; i < now.request_count; i++) {
		const request *r = &now.requests[i];
		if (r->told > 1 || (r->rc == 0 && r->told != 1))
			maiko_sim_fail(now.sim, "%s said %s, and was told of %u times", r->call, maiko_err_name(r->rc),
				       r->told);
	}
	if (!now.stopping && now.present != (found() != 0))
		maiko_sim_fail(now.sim, "by what was told there are %u, but it is %s", now.present,
			       found() != 0 ? "found" : "not found");
}

static int set_up(uint32_t workers, uint64_t seed, bool present)
{
	maiko_sim_options o = {.seed = seed,
			       .supervisor.workers = workers,
			       .faults = {.overlap = 1, .on_overlap = at_a_cut}};
	int rc = maiko_sim_new(&now.sim, &o);
	now.sup = maiko_sim_supervisor(now.sim);
	if (rc == 0)
		rc = maiko_monitor_add(now.sup, &(maiko_hooks){.any = seen}, NULL, &now.monitor);
	if (rc == 0)
		rc = maiko_add(now.sup, sink, "sink", .worker = workers);
	if (rc == 0 && present)
		rc = maiko_add(now.sup, guest, "it", .topics = MAIKO_TOPICS(items), .worker = 1);
	now.present = present;
	return rc == 0 ? maiko_start(now.sup) : rc;
}

/* Whether the first call had that cut. */
static bool run(uint32_t workers, uint64_t seed, bool present, const struct call *first, const struct call *second,
		uint32_t at_cut)
{
	now = (struct run){.first = first, .second = second, .at_cut = at_cut};
	assert_int_equal(set_up(workers, seed, present), 0);
	assert_int_equal(maiko_send(now.sup, item, .n = 1), 0);
	now.during = true;
	make(first);
	now.during = false;
	if (maiko_sim_run(now.sim) == 0) {
		check_requests();
		(void)maiko_sim_finish(now.sim);
	}
	if (maiko_sim_failure(now.sim) != NULL)
		fail_msg("%s, cut %u: %s (%s; %u workers, seed %u): %s", first->name, at_cut, second->name,
			 present ? "it is there" : "it is not there", workers, (unsigned)seed,
			 maiko_sim_failure(now.sim));
	maiko_sim_free(now.sim);
	return now.cut > at_cut;
}

/* With each other call at each of its cuts. */
static void meets_all(const struct call *first)
{
	for (uint32_t i = 0; i < CALLS * 2 * WORKERS * SEEDS; i++) {
		const struct call *second = &calls[i % CALLS];
		bool present = i / CALLS % 2 == 1;
		uint32_t workers = 1 + i / CALLS / 2 % WORKERS;
		for (uint32_t cut = 0; run(workers, i / CALLS / 2 / WORKERS, present, first, second, cut);)
			cut++;
	}
}

static void each_call_meets_each_other_at_each_cut(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < CALLS; i++)
		meets_all(&calls[i]);
}

/* ---- of nobody --------------------------------------------------------------------------------- */

static int changes_rc[4];

typedef struct changer {
	uint32_t unused;
} changer;
static int changer_on_item(changer *self, const item *ev, maiko_ctx *ctx)
{
	maiko_actor_id it = found();
	(void)self;
	(void)ev;
	changes_rc[0] = maiko_unsubscribe(ctx, it, MAIKO_TOPIC_REF(items)); /* a batch of its own */
	changes_rc[1] = maiko_remove(ctx, 0);
	changes_rc[2] = maiko_subscribe(ctx, it, MAIKO_TOPIC_REF(others));
	changes_rc[3] = maiko_unsubscribe(ctx, it, MAIKO_TOPIC_REF(others)); /* put off */
	return 0;
}
MAIKO_ACTOR(changer, MAIKO_ON(item, changer_on_item));

static void a_change_of_nobody_is_beside_two_of_one(void **state)
{
	(void)state;
	now = (struct run){.at_cut = UINT32_MAX};
	assert_int_equal(set_up(2, 0, true), 0);
	assert_int_equal(maiko_add(now.sup, changer, "changer"), 0);
	assert_int_equal(maiko_send(now.sup, item, .n = 1), 0);
	assert_int_equal(maiko_sim_run(now.sim), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(changes_rc[i], 0);
	assert_int_equal(maiko_sim_finish(now.sim), 0);
	maiko_sim_free(now.sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_call_meets_each_other_at_each_cut),
		cmocka_unit_test(a_change_of_nobody_is_beside_two_of_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
