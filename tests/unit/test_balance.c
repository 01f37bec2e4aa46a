/*
 * Which actors a busy worker gives away to an idle one, to the nanosecond: whole turns of real workers on a clock that
 * only handlers move.
 */
#include "support.h"
#include "turns.h"

#include "routing/external.h"
#include "runtime/runtime.h"
#include "sched/balance.h"
#include "sched/turn.h"

#include <string.h>

enum { PAIRS = 2, WORDS = 10, ROUNDS = 5 };

typedef struct round {
	uint64_t takes_ns; /* each sender and each receiver */
} round;
typedef struct word {
	uint64_t takes_ns;
} word;
MAIKO_TOPIC(rounds);
MAIKO_TOPIC(words);
MAIKO_EVENT(round, rounds, takes_ns);
MAIKO_EVENT(word, words, takes_ns);

/* ---- actors that only send, and actors that only receive ---- */

typedef struct speaker {
	uint32_t unused;
} speaker;
static int speaker_on_round(speaker *self, const round *ev, maiko_ctx *ctx)
{
	int rc = 0;
	(void)self;
	clock_ns += ev->takes_ns;
	for (uint32_t i = 0; rc == 0 && i < WORDS; i++)
		rc = maiko_send(ctx, word, .takes_ns = ev->takes_ns / (PAIRS * WORDS));
	return rc;
}
MAIKO_ACTOR(speaker, MAIKO_ON(round, speaker_on_round));

typedef struct hearer {
	uint32_t unused;
} hearer;
static int hearer_on_word(hearer *self, const word *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	clock_ns += ev->takes_ns;
	return 0;
}
MAIKO_ACTOR(hearer, MAIKO_ON(word, hearer_on_word));

/* Takes a place. */
typedef struct silent {
	uint32_t unused;
} silent;
static maiko_next silent_tick(silent *self, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	return maiko_never();
}
MAIKO_ACTOR(silent, MAIKO_TICK(silent_tick));

/* ---- two workers that take turns when they are told to ---- */

static maiko_supervisor *the;

/* Actors are placed in turn: those that do something on the first worker. */
static void set_up(void)
{
	the = turns_supervisor(2);
	for (uint32_t i = 0; i < PAIRS; i++) {
		ok(maiko_add(the, speaker, test_name("speaker", i)));
		ok(maiko_add(the, silent, test_name("silent", i)));
		ok(maiko_add(the, hearer, test_name("hearer", i)));
		ok(maiko_add(the, silent, test_name("still", i)));
	}
	ok(maiko_start(the));
}

static void tear_down(void)
{
	ok(maiko_stop(the, NULL));
	assert_null(maiko_supervisor_free(the));
	the = NULL;
}

/* How many live on the second worker that came from the first. */
static size_t given_away(void)
{
	maiko_ledger *ledger = NULL;
	size_t count = 0;
	ok(maiko_report(the, &ledger));
	for (size_t i = 0; i < ledger->actor_count; i++)
		count += ledger->actors[i]->worker == 2 && strcmp(ledger->actors[i]->type, "silent") != 0;
	maiko_ledger_free(ledger);
	return count;
}

/* The second worker has been idle for so long as the first looks at it, and for the measurement. */
static void look_and_measure(mk_worker *w, uint64_t takes_ns)
{
	mk_balance_idle(the->workers[1], clock_ns);
	w->looked_ns = clock_ns;
	clock_ns += MK_BALANCE_EVERY_NS;
	(void)mk_worker_turn(w);
	mk_balance_look(w);
	assert_null(w->sample); /* nobody is ready: nothing could run elsewhere */
	ok(maiko_send(the, round, .takes_ns = takes_ns));
	(void)mk_external_intake(w, 1); /* both speakers are */
	w->now_ns = clock_ns += MK_BALANCE_EVERY_NS;
	mk_balance_look(w);
	assert_non_null(w->sample);
	for (uint64_t until = clock_ns + 1000000; clock_ns < until;) {
		ok(maiko_send(the, round, .takes_ns = takes_ns));
		while (mk_worker_turn(w))
			;
	}
	mk_balance_look(w);
	assert_null(w->sample);
	turns_take();
}

static void talk_costs(uint64_t ns_per_event, size_t away)
{
	set_up();
	look_and_measure(the->workers[0], ns_per_event * PAIRS * WORDS);
	for (int i = 0; i < 10; i++)
		turns_take();
	assert_int_equal(given_away(), away);
	tear_down();
}

/* Each actor takes as long as the others in a round: 20 times the time of an event. Half of them, a speaker and a
 * hearer, would have 10 events with the other half, since an event to two is half of one for each: these cost each
 * worker 10 times 125 ns more. So the two would be done in half the time and 1,250 ns. That is less than four fifths of
 * it from 1,042 ns for each actor. */
static void what_saves_less_than_its_talk_costs_stays(void **state)
{
	(void)state;
	talk_costs(52, 0);
	talk_costs(53, 2);
}

/* ---- one that two workers run in turns ---- */

enum { LOOK_NS = 100000, LOOKS = 8, IDLE_NS = 50000 };

static void look_later(mk_worker *w, uint64_t later_ns)
{
	w->now_ns = clock_ns += later_ns;
	assert_true(mk_balance_due(w));
	mk_balance_look(w);
}

static void what_is_lent_runs_first_and_goes_back_when_the_other_worker_rests(void **state)
{
	(void)state;
	set_up();
	mk_worker *w = the->workers[0], *other = the->workers[1];
	mk_balance_busy(other, clock_ns);
	(void)mk_worker_turn(w);
	ok(maiko_send(the, round, .takes_ns = 1));
	(void)mk_external_intake(w, 1);
	const mk_actor *first = w->ready, *lent = first->next;
	assert_non_null(lent);
	w->now_ns = clock_ns;
	atomic_store(&w->lent_asked_ns, clock_ns);
	mk_balance_lent(w, lent->self->id, other->index);
	look_later(w, LOOK_NS);
	assert_ptr_equal(w->ready, lent);
	assert_ptr_equal(lent->next, first);
	assert_null(first->next);
	assert_ptr_equal(w->ready_tail, &first->next);
	for (int i = 1; i < LOOKS; i++) {
		look_later(w, LOOK_NS);
		assert_ptr_equal(w->ready, lent);
	}
	assert_int_equal(w->lent, lent->self->id); /* it may go, but the other worker has enough to do */
	mk_balance_idle(other, clock_ns + LOOK_NS - IDLE_NS);
	look_later(w, LOOK_NS);
	assert_int_equal(w->lent, 0);
	for (int i = 0; i < 10; i++)
		turns_take();
	assert_int_equal(given_away(), 1);
	tear_down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_saves_less_than_its_talk_costs_stays),
		cmocka_unit_test(what_is_lent_runs_first_and_goes_back_when_the_other_worker_rests),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
