/*
 * Which actors a busy worker gives away to an idle one, to the nanosecond: whole turns of real workers on a clock that
 * only handlers move.
 */
#include "support.h"
#include "turns.h"

#include "routing/external.h"
#include "runtime/runtime.h"
#include "sched/balance.h"
#include "sched/sample.h"
#include "sched/thread_time.h"
#include "sched/turn.h"

#include <sched.h>
#include <string.h>
#include <time.h>

enum { PAIRS = 2, WORDS = 10, ROUNDS = 5, TOIL_NS = 40000000 };

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
	the->cores = 2;
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

static int send_round(uint64_t takes_ns) { return maiko_send(the, round, .takes_ns = takes_ns); }
static int send_word(uint64_t takes_ns) { return maiko_send(the, word, .takes_ns = takes_ns); }

static uint32_t lives_on(const char *name)
{
	maiko_ledger *ledger = NULL;
	uint32_t worker = 0;
	ok(maiko_report(the, &ledger));
	for (size_t i = 0; i < ledger->actor_count; i++)
		if (strcmp(ledger->actors[i]->name, name) == 0)
			worker = ledger->actors[i]->worker;
	maiko_ledger_free(ledger);
	return worker;
}

/* The second worker has been idle for so long as the first looks at it, and for the measurement. */
static void look_and_measure(mk_worker *w, int (*send)(uint64_t takes_ns), uint64_t takes_ns)
{
	mk_balance_idle(the->workers[1], clock_ns);
	w->looked_ns = clock_ns;
	clock_ns += MK_BALANCE_EVERY_NS;
	(void)mk_worker_turn(w);
	mk_balance_look(w);
	assert_null(w->sample); /* nobody is ready: nothing could run elsewhere */
	ok(send(takes_ns));
	(void)mk_external_intake(w, 1); /* both that hear it are */
	w->now_ns = clock_ns += MK_BALANCE_EVERY_NS;
	mk_balance_look(w);
	assert_non_null(w->sample);
	for (uint64_t until = clock_ns + 1000000; clock_ns < until;) {
		ok(send(takes_ns));
		while (mk_worker_turn(w))
			;
	}
	mk_balance_look(w);
	assert_null(w->sample);
	turns_take();
}

static void check_and_tear_down(size_t away)
{
	for (int i = 0; i < 10; i++)
		turns_take();
	assert_int_equal(given_away(), away);
	tear_down();
}

static void measured(int (*send)(uint64_t takes_ns), uint64_t takes_ns, size_t away)
{
	set_up();
	look_and_measure(the->workers[0], send, takes_ns);
	check_and_tear_down(away);
}

/* Each actor takes as long as the others in a round: 20 times the time of an event. Half of them, a speaker and a
 * hearer, would have 10 events with the other half, since an event to two is half of one for each: these cost each
 * worker 10 times 125 ns more, and the half of the round, which comes from outside, 62 ns. So the two would be done in
 * half the time and 1,312 ns. That is less than four fifths of it from 1,094 ns for each actor. */
static void what_saves_less_than_its_talk_costs_stays(void **state)
{
	(void)state;
	measured(send_round, UINT64_C(54) * PAIRS * WORDS, 0);
	measured(send_round, UINT64_C(55) * PAIRS * WORDS, 2);
}

/* Events from outside come by way of the first worker. One hearer of two would have half of each from there, which
 * costs each worker 62 ns. One time and that is less than four fifths of two times from 104 ns on. */
static void what_hears_threads_outside_stays_where_their_events_come_in(void **state)
{
	(void)state;
	measured(send_word, 103, 0);
	measured(send_word, 105, 1);
}

/* ---- threads of the program's own ---- */

/* Two cores, of which they use that: the second worker could do no more than the rest. With 35 percent of a core the
 * two would be done in 83 percent of the time. */
static void a_worker_takes_nothing_for_a_core_that_the_program_itself_uses(void **state)
{
	(void)state;
	set_up();
	the->workers[0]->outside_percent = 65;
	look_and_measure(the->workers[0], send_round, UINT64_C(1000) * PAIRS * WORDS);
	check_and_tear_down(0);
	measured(send_round, UINT64_C(1000) * PAIRS * WORDS, 2);
}

static uint64_t used_ns(void)
{
	struct timespec used;
	assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used), 0);
	return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

/* Until it has used that much processor time. */
static void toil(void *arg)
{
	(void)arg;
	for (uint64_t until_ns = used_ns() + TOIL_NS; used_ns() < until_ns;)
		;
}

typedef struct toil_now {
	uint64_t unused;
} toil_now;
MAIKO_TOPIC(toils);
MAIKO_EVENT(toil_now, toils, unused);

typedef struct toiler {
	uint32_t unused;
} toiler;
static int toiler_on_toil_now(toiler *self, const toil_now *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	(void)ctx;
	toil(NULL);
	return 0;
}
MAIKO_ACTOR(toiler, MAIKO_ON(toil_now, toiler_on_toil_now));

/* A thread that has toiled, and has ended, counts in full; a worker does not. */
static void what_other_threads_use_is_known_apart_from_the_workers(void **state)
{
	(void)state;
	uv_thread_t thread;
	uint64_t before_ns = 0, between_ns = 0, after_ns = 0;
	maiko_supervisor *sup = test_supervisor(2);
	ok(maiko_add(sup, toiler, "toiler"));
	ok(maiko_start(sup));
	while (!mk_thread_time_outside(sup, &before_ns)) /* a worker has not begun */
		(void)sched_yield();
	ok(uv_thread_create(&thread, toil, NULL));
	ok(uv_thread_join(&thread));
	assert_true(mk_thread_time_outside(sup, &between_ns));
	assert_true(between_ns - before_ns >= TOIL_NS);
	uint64_t own_ns = used_ns();
	ok(maiko_send(sup, toil_now, .unused = 0));
	test_settle(sup);
	own_ns = used_ns() - own_ns;
	assert_true(mk_thread_time_outside(sup, &after_ns));
	assert_true(after_ns - between_ns < own_ns + TOIL_NS / 2);
	test_finish(sup);
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

/* ---- samples ---- */

/* Of a worker that was busy for that part of the last second; its actors are still to come. */
static mk_sample *busy_for(mk_worker *w, uint32_t to, uint64_t percent)
{
	enum { SPAN_NS = 1000000000 };
	mk_sample *s = w->sample = MK_NEW(mk_sample);
	assert_non_null(s);
	s->from = w->index;
	s->to = to;
	s->spare_percent = 100;
	s->began_ns = clock_ns;
	s->ns = SPAN_NS / 100 * percent;
	w->now_ns = clock_ns += SPAN_NS;
	return s;
}

static maiko_actor_id named(const char *name)
{
	maiko_actor_id id = 0;
	ok(maiko_find(the, name, &id));
	return id;
}

/* Two workers talk much, and each is busy for that part of its time: does the second give all to the first? */
static bool merges(uint64_t percent)
{
	set_up();
	busy_for(the->workers[0], 1, percent)->merges = true;
	mk_balance_look(the->workers[0]);
	mk_sample *s = busy_for(the->workers[1], 0, percent);
	s->merges = true;
	(void)mk_sample_actor(s, named("still0"));
	mk_balance_look(the->workers[1]);
	for (int i = 0; i < 10; i++)
		turns_take();
	bool moved = lives_on("still0") == 1;
	tear_down();
	return moved;
}

static void what_is_too_much_for_one_worker_stays_on_two(void **state)
{
	(void)state;
	assert_true(merges(40));
	assert_false(merges(41));
}

/* Each of those that are sampled takes as long as the others; none of them lives any more. Half of the first worker's
 * go to the second, or all of the second's to the first. */
static void a_full_sample_is_read_to_its_last_actor(void **state)
{
	(void)state;
	for (uint32_t from = 0; from < 2; from++) {
		set_up();
		mk_sample *s = busy_for(the->workers[from], 1 - from, from == 0 ? 100 : 40);
		s->merges = from == 1;
		for (uint32_t i = 0; i < MK_SAMPLE_ACTORS; i++) {
			mk_sampled *a = &s->actors[mk_sample_actor(s, UINT64_MAX - i)];
			a->ns = a->beside_ns = s->ns / MK_SAMPLE_ACTORS;
		}
		mk_balance_look(the->workers[from]);
		turns_take();
		assert_int_equal(given_away(), 0);
		tear_down();
	}
}

static void what_an_actor_sends_to_the_other_worker_is_talk_with_it(void **state)
{
	(void)state;
	set_up();
	ok(maiko_add(the, hearer, "far", .worker = 2));
	mk_worker *w = the->workers[0];
	mk_sample *s = busy_for(w, 1, 0);
	ok(maiko_send(the, round, .takes_ns = 1));
	while (mk_worker_turn(w))
		;
	w->sample = NULL;
	for (uint32_t i = 0; i < PAIRS; i++) {
		uint32_t speaks = mk_sample_actor(s, named(test_name("speaker", i)));
		assert_int_equal(s->actors[speaks].there, WORDS * MK_SAMPLE_WHOLE);
	}
	mk_free(s);
	tear_down();
}

/* ---- what could run elsewhere ---- */

static void one_that_is_ready_alone_can_be_helped_if_another_is_muted(void **state)
{
	mk_worker *w = MK_NEW(mk_worker);
	mk_actor *ready = MK_NEW(mk_actor), *other = MK_NEW(mk_actor);
	(void)state;
	w->ready = ready;
	assert_false(mk_sample_may_help(w));
	w->held = other;
	other->sched = MK_MUTED;
	assert_true(mk_sample_may_help(w));
	other->sched = MK_WAITING;
	assert_false(mk_sample_may_help(w));
	mk_free(ready);
	mk_free(other);
	mk_free(w);
}

/* ---- an actor that two workers run in turns ---- */

/* That it was idle for so long until now. */
static void store_idle(mk_worker *w, uint64_t ns, bool still)
{
	mk_balance_idle(w, clock_ns - ns);
	if (!still)
		mk_balance_busy(w, clock_ns);
}

/* A worker with such an actor has done nothing else for a millisecond, and the one that has lent it nothing for that
 * part of it: does it get it back? */
static bool goes_back(uint64_t idle_ns, bool at_this_moment)
{
	set_up();
	mk_worker *w = the->workers[1], *lender = the->workers[0];
	w->balances = true;
	w->now_ns = clock_ns;
	atomic_store(&w->lent_asked_ns, clock_ns);
	mk_balance_lent(w, named("still0"), 0);
	w->balances = false;
	w->now_ns = clock_ns += 1000000;
	store_idle(lender, idle_ns, at_this_moment);
	mk_balance_look(w);
	bool over = w->lent == 0;
	for (int i = 0; i < 10; i++)
		turns_take();
	bool back = lives_on("still0") == 1;
	assert_int_equal(over, back);
	tear_down();
	return back;
}

static void what_is_lent_goes_back_to_one_that_rests_or_has_rested(void **state)
{
	(void)state;
	assert_false(goes_back(40000, true));
	assert_true(goes_back(60000, true));
	assert_false(goes_back(200000, false));
	assert_true(goes_back(300000, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_saves_less_than_its_talk_costs_stays),
		cmocka_unit_test(what_is_lent_runs_first_and_goes_back_when_the_other_worker_rests),
		cmocka_unit_test(what_hears_threads_outside_stays_where_their_events_come_in),
		cmocka_unit_test(a_worker_takes_nothing_for_a_core_that_the_program_itself_uses),
		cmocka_unit_test(what_other_threads_use_is_known_apart_from_the_workers),
		cmocka_unit_test(what_is_too_much_for_one_worker_stays_on_two),
		cmocka_unit_test(a_full_sample_is_read_to_its_last_actor),
		cmocka_unit_test(what_an_actor_sends_to_the_other_worker_is_talk_with_it),
		cmocka_unit_test(one_that_is_ready_alone_can_be_helped_if_another_is_muted),
		cmocka_unit_test(what_is_lent_goes_back_to_one_that_rests_or_has_rested),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
