/*
 * C13: control comes first. 100,000 events wait for a consumer; that it is to be removed, to
 * be unsubscribed, that all is to stop, takes effect within a turn of its worker, not behind
 * them: whoever asks for it, on the consumer's worker, on another one, or outside.
 *
 * Where the requester is elsewhere the consumer rests in its first handler until it has been
 * asked, so what it handles after that is counted exactly: at most the rest of a turn, which
 * is 64 runs of a budget each; of a stop, which interrupts the turn, the rest of one run.
 */
#include "support.h"

#include <uv.h>

enum { BACKLOG = 100000, RUNS_A_TURN = 64 };

typedef struct item {
	uint32_t n;
} item;
typedef struct probe {
	uint32_t n;
} probe;
MAIKO_TOPIC(items);
MAIKO_TOPIC(probes);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(probe, probes, n);

typedef enum what { REMOVE, UNSUBSCRIBE, STOP_NOW, STOP } what;
typedef enum place { SAME_WORKER, OTHER_WORKER, OUTSIDE } place;

/* `at_request`, `at_stopping`: what had been handled when it was asked for, and when the
 * consumer first saw that a stop has begun. */
PER_TEST _Atomic(uint64_t) begun, handled, probed, completed, stops, at_request, at_stopping;
static uv_sem_t asked;

/* ---- the consumer ---- */

typedef struct consumer {
	bool waits; /* in its first handler, until it has been asked */
	bool stopping;
} consumer;

static int consumer_on_item(consumer *self, const item *ev, maiko_ctx *ctx)
{
	expect(ev->n == atomic_load(&handled));
	if (maiko_stopping(ctx) && !self->stopping) {
		self->stopping = true;
		atomic_store(&at_stopping, atomic_load(&handled));
	}
	if (atomic_fetch_add(&handled, 1) == 0) {
		atomic_store(&begun, 1);
		if (self->waits)
			uv_sem_wait(&asked);
	}
	return 0;
}

static int consumer_on_probe(consumer *self, const probe *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&probed, 1);
	return 0;
}

static int consumer_on_stop(consumer *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stops, 1);
	return 0;
}
MAIKO_ACTOR(consumer, MAIKO_ON(item, consumer_on_item), MAIKO_ON(probe, consumer_on_probe),
	    MAIKO_ON_STOP(consumer_on_stop));

/* ---- the requester: an actor beside it, or of another supervisor, which is outside ---- */

typedef struct requester {
	maiko_supervisor *sup; /* the consumer's */
	maiko_actor_id consumer;
	what what;
	bool outside;
} requester;

static void on_changed(void *arg, const maiko_completion *completion)
{
	expect(completion->status == 0);
	atomic_fetch_add(&completed, 1);
}

static void on_stopped(void *arg, int status)
{
	expect(status == 0);
	atomic_fetch_add(&completed, 1);
}

static int request(const requester *self, maiko_ctx *ctx)
{
	const maiko_topic *topic = MAIKO_TOPIC_REF(items);
	maiko_stop_options stop = {.now = self->what == STOP_NOW, .deadline_ms = MAIKO_NO_DEADLINE};
	switch (self->what) {
	case REMOVE:
		return self->outside ? maiko_remove(self->sup, self->consumer, .done = on_changed)
				     : maiko_remove(ctx, self->consumer, .done = on_changed);
	case UNSUBSCRIBE:
		return self->outside ? maiko_unsubscribe(self->sup, self->consumer, topic, .done = on_changed)
				     : maiko_unsubscribe(ctx, self->consumer, topic, .done = on_changed);
	case STOP_NOW:
	case STOP:
		break;
	}
	return maiko_stop_begin(self->sup, &stop, on_stopped, NULL);
}

static maiko_next requester_tick(requester *self, maiko_ctx *ctx)
{
	if (atomic_load(&begun) == 0)
		return maiko_again();
	atomic_store(&at_request, atomic_load(&handled));
	expect(request(self, ctx) == 0);
	uv_sem_post(&asked);
	return maiko_never();
}
MAIKO_ACTOR(requester, MAIKO_TICK(requester_tick));

/* ---- the test ---- */

typedef struct scene {
	what what;
	place place;
	uint32_t workers, budget;
} scene;

static maiko_supervisor *with_backlog(const scene *s, maiko_actor_id *ret_id)
{
	maiko_supervisor *sup = test_supervisor_with((maiko_options){.workers = s->workers,
								     .mailbox = BACKLOG,
								     .external_credit = BACKLOG,
								     .no_balance = true});
	ok(maiko_add(sup, consumer, "consumer", .worker = 1, .max_events_per_tick = s->budget,
		     .init = &(consumer){.waits = s->place != SAME_WORKER}, .ret_id = ret_id));
	for (uint32_t i = 0; i < BACKLOG; i++)
		ok(maiko_send(sup, item, .n = i));
	return sup;
}

/* What may yet be handled after the request. */
static uint64_t allowance_of(const scene *s)
{
	if (s->what == REMOVE || s->what == UNSUBSCRIBE)
		return (uint64_t)RUNS_A_TURN * s->budget;
	return s->place == SAME_WORKER ? 0 : s->budget - 1;
}

static void check(const scene *s, const maiko_ledger *ledger)
{
	uint64_t done = atomic_load(&handled), rest = BACKLOG - done;
	uint64_t until = s->what == STOP ? atomic_load(&at_stopping) : done;
	assert_int_equal(test_wrong(), 0);
	assert_int_equal(atomic_load(&completed), 1);
	assert_int_equal(atomic_load(&stops), 1);
	assert_in_range(atomic_load(&at_request), 1, s->place == SAME_WORKER ? RUNS_A_TURN * s->budget : 1);
	assert_in_range(until, atomic_load(&at_request), atomic_load(&at_request) + allowance_of(s));
	assert_int_equal(ledger->total.deliveries, BACKLOG + atomic_load(&probed));
	assert_int_equal(ledger->total.handled, done + atomic_load(&probed));
	assert_int_equal(ledger->total.dead, s->what == REMOVE || s->what == UNSUBSCRIBE ? rest : 0);
	assert_int_equal(ledger->total.discarded, s->what == STOP_NOW ? rest : 0);
	assert_true((rest == 0) == (s->what == STOP));
}

static void ask(const scene *s)
{
	maiko_supervisor *other = NULL;
	requester init = {.what = s->what, .outside = s->place == OUTSIDE};
	test_begin();
	ok(uv_sem_init(&asked, 0));
	maiko_supervisor *sup = init.sup = with_backlog(s, &init.consumer);
	if (s->place == OUTSIDE) {
		other = test_supervisor(1);
		ok(maiko_add(other, requester, "requester", .init = &init));
		ok(maiko_start(other));
	} else {
		uint32_t worker = s->place == SAME_WORKER ? 1 : s->workers;
		ok(maiko_add(sup, requester, "requester", .init = &init, .worker = worker));
	}
	ok(maiko_start(sup));
	test_wait_for(&completed, 1);
	if (s->what == UNSUBSCRIBE) { /* it goes on, without them */
		ok(maiko_send(sup, probe, .n = 1));
		test_wait_for(&probed, 1);
	}
	const maiko_ledger *ledger = test_stop(sup);
	check(s, ledger);
	test_release(sup);
	if (other != NULL)
		test_finish(other);
	uv_sem_destroy(&asked);
}

static void ask_from_everywhere(what what, uint32_t workers)
{
	static const uint32_t budgets[] = {1, 100};
	for (int i = 0; i < 2; i++)
		for (place place = SAME_WORKER; place <= OUTSIDE; place++)
			if (place != OTHER_WORKER || workers > 1)
				ask(&(scene){what, place, workers, budgets[i]});
}

TEST_WORKERS(a_removal_does_not_wait_for_the_backlog) { ask_from_everywhere(REMOVE, workers); }
TEST_WORKERS(an_unsubscription_does_not_wait_for_the_backlog) { ask_from_everywhere(UNSUBSCRIBE, workers); }
TEST_WORKERS(a_stop_at_once_does_not_wait_for_the_backlog) { ask_from_everywhere(STOP_NOW, workers); }
TEST_WORKERS(a_graceful_stop_begins_before_the_backlog_is_handled) { ask_from_everywhere(STOP, workers); }
