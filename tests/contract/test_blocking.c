/*
 * Blocking work: a job runs on a thread of the pool, its end is a callback of the actor
 * (C4), and a stop waits for both (C10).
 */
#include "support.h"

#include <string.h>
#include <sys/resource.h>
#include <uv.h>

enum { MANY = 500, ACTORS = 10, POOL = 4 };

typedef struct ask {
	uint32_t n;
} ask;
typedef struct answer {
	uint32_t n;
	int32_t status;
} answer;
typedef struct quit {
	uint32_t how;
} quit;
MAIKO_TOPIC(asks);
MAIKO_TOPIC(answers);
MAIKO_TOPIC(quits);
MAIKO_EVENT(ask, asks, n);
MAIKO_EVENT(answer, answers, n, status);
MAIKO_EVENT(quit, quits, how);

PER_TEST _Atomic(uint64_t) asked, working, worked, finished, stops, errors, statted;
PER_TEST _Atomic(int) last_code, last_phase;
static uv_sem_t gate;

/* ---- the jobs, and the actor that starts them ---- */

typedef struct square {
	uint32_t n, result;
	char text[16];
	bool waits; /* for the gate */
	bool fails; /* in done */
} square;

typedef struct solver {
	uint32_t started, done, inside;
	bool waits, fails, forgives, starts_at_stop;
	bool dropped; /* a stop at once does not wait for its jobs */
} solver;

static int square_work(square *job)
{
	expect(strcmp(job->text, "square") == 0);
	atomic_fetch_add(&working, 1);
	if (job->waits)
		uv_sem_wait(&gate);
	job->result = job->n * job->n;
	atomic_fetch_add(&worked, 1);
	return job->n % 2 == 0 ? 7 : UV_ENOENT;
}

static int solver_on_square(solver *self, square *job, int status, maiko_ctx *ctx)
{
	expect(self->inside++ == 0);
	expect(strncmp(maiko_name(ctx), "solver", 6) == 0);
	expect(job->result == job->n * job->n);
	expect(status == (job->n % 2 == 0 ? 7 : UV_ENOENT));
	expect(strcmp(maiko_sender(ctx), "") == 0 && maiko_meta(ctx) == NULL);
	expect(maiko_send(ctx, answer, .n = job->result, .status = status) == 0);
	self->done++;
	atomic_fetch_add(&finished, 1);
	self->inside--;
	return job->fails ? UV_EIO : 0;
}

MAIKO_BLOCKING(solver, square, square_work, solver_on_square);

static int start_job(solver *self, maiko_ctx *ctx, uint32_t n)
{
	self->started++;
	return maiko_blocking(ctx, square_work, solver_on_square, .n = n, .text = "square", .waits = self->waits,
			      .fails = self->fails);
}

static int solver_on_ask(solver *self, const ask *ev, maiko_ctx *ctx)
{
	expect(self->inside++ == 0);
	expect(start_job(self, ctx, ev->n) == 0);
	atomic_fetch_add(&asked, 1);
	self->inside--;
	return 0;
}

static int solver_on_quit(solver *self, const quit *ev, maiko_ctx *ctx)
{
	if (ev->how == 0)
		expect(maiko_stop_self(ctx) == 0);
	return ev->how == 0 ? 0 : UV_EPIPE;
}

static int solver_on_error(solver *self, const maiko_error *error, maiko_ctx *ctx)
{
	expect(error->phase == MAIKO_PHASE_HANDLE || error->event.type == NULL);
	atomic_store(&last_code, error->code);
	atomic_store(&last_phase, (int)error->phase);
	atomic_fetch_add(&errors, 1);
	return self->forgives ? 0 : error->code;
}

static int solver_on_stop(solver *self, maiko_ctx *ctx)
{
	if (!self->starts_at_stop)
		expect(self->done == self->started || self->dropped || !maiko_stopping(ctx));
	else
		(void)start_job(self, ctx, 4); /* too late: its done does not run */
	atomic_fetch_add(&stops, 1);
	return 0;
}

MAIKO_ACTOR(solver, MAIKO_ON(ask, solver_on_ask), MAIKO_ON(quit, solver_on_quit), MAIKO_ON_ERROR(solver_on_error),
	    MAIKO_ON_STOP(solver_on_stop));

typedef struct listener {
	uint32_t unused;
} listener;

static int listener_on_answer(listener *self, const answer *ev, maiko_ctx *ctx)
{
	const maiko_envelope *meta = maiko_meta(ctx);
	expect(ev->status == (ev->n % 2 == 0 ? 7 : UV_ENOENT));
	expect(!maiko_id_equal(meta->parent, (maiko_id){0, 0})); /* the ask that started the job */
	expect(maiko_id_equal(meta->parent, meta->correlation));
	test_hear(ctx, MAIKO_EVENT_REF(answer), ev);
	return 0;
}

MAIKO_ACTOR(listener, MAIKO_ON(answer, listener_on_answer));

static maiko_supervisor *started(uint32_t workers, uint32_t solvers, const solver *init)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "listener", .mailbox = 8192));
	for (uint32_t i = 0; i < solvers; i++)
		ok(maiko_add(sup, solver, test_name("solver", i), .init = init, .restart = MAIKO_TEMPORARY));
	ok(maiko_start(sup));
	return sup;
}

static void ask_for(maiko_supervisor *sup, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		ok(maiko_send(sup, ask, .n = i));
}

static uint64_t jobs_now(maiko_supervisor *sup) { return test_report(sup)->jobs; }

static void wait_for_no_jobs(maiko_supervisor *sup)
{
	uint64_t until = uv_hrtime() + UINT64_C(300000000000);
	while (jobs_now(sup) != 0)
		assert_true(uv_hrtime() < until);
}

static void open_gate(uint32_t times)
{
	for (uint32_t i = 0; i < times; i++)
		uv_sem_post(&gate);
}

TEST_WORKERS(done_runs_in_the_actor_with_status_and_job)
{
	maiko_supervisor *sup = started(workers, 1, NULL);
	ask_for(sup, 2);
	test_wait_for(&test_heard_events, 2);
	wait_for_no_jobs(sup);
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.handled, 4);
	assert_int_equal(atomic_load(&finished), 2);
}

TEST_WORKERS(every_one_of_many_jobs_is_done_once)
{
	maiko_supervisor *sup = started(workers, ACTORS, NULL);
	ask_for(sup, MANY);
	maiko_counts total = test_finish(sup); /* which waits for them */
	assert_int_equal(atomic_load(&worked), 5000);
	assert_int_equal(atomic_load(&finished), 5000);
	assert_int_equal(atomic_load(&test_heard_events), 5000);
	assert_int_equal(total.handled, 10000);
}

static void note_stop(void *arg, int status)
{
	expect(status == 0);
	atomic_fetch_add((_Atomic(uint64_t) *)arg, 1);
}

TEST_WORKERS(a_stop_waits_for_a_job_and_its_done)
{
	_Atomic(uint64_t) stopped = 0;
	maiko_supervisor *sup = started(workers, 1, &(solver){.waits = true});
	ask_for(sup, 6);
	test_wait_for(&working, POOL);
	test_wait_for(&asked, 6);
	assert_int_equal(jobs_now(sup), 6);
	ok(maiko_stop_begin(sup, NULL, note_stop, &stopped));
	open_gate(5);
	test_wait_for(&test_heard_events, 5);
	assert_int_equal(atomic_load(&stopped), 0); /* one still runs */
	assert_int_equal(atomic_load(&stops), 0);
	open_gate(1);
	test_wait_for(&stopped, 1);
	test_finish(sup);
	assert_int_equal(atomic_load(&test_heard_events), 6);
	assert_int_equal(atomic_load(&stops), 1);
}

TEST_WORKERS(a_stop_now_does_not_wait_for_a_job)
{
	maiko_supervisor *sup = started(workers, 1, &(solver){.waits = true, .dropped = true});
	ask_for(sup, 6);
	test_wait_for(&working, POOL);
	test_wait_for(&asked, 6);
	maiko_ledger *ledger = NULL;
	ok(maiko_stop(sup, &(maiko_stop_options){.now = true, .ret_report = &ledger}));
	assert_true(maiko_ledger_balanced(ledger));
	maiko_ledger_free(ledger);
	assert_int_equal(atomic_load(&finished), 0);
	open_gate(6);
	test_release(sup);
	assert_true(atomic_load(&worked) >= 4); /* those that still waited for a thread were dropped */
	while (uv_sem_trywait(&gate) == 0)
		;
	assert_int_equal(atomic_load(&finished), 0);
	assert_int_equal(atomic_load(&stops), 1);
}

TEST_WORKERS(a_job_started_by_on_stop_is_harmless)
{
	maiko_supervisor *sup = started(workers, ACTORS, &(solver){.starts_at_stop = true});
	ask_for(sup, 1);
	test_finish(sup);
	assert_int_equal(atomic_load(&finished), 10);
	assert_int_equal(atomic_load(&stops), 10);
}

/* ---- the actor ends first ---- */

static void end_before_done(uint32_t workers, int how)
{
	maiko_actor_id id;
	maiko_supervisor *sup = started(workers, 1, &(solver){.waits = true});
	ask_for(sup, 6);
	test_wait_for(&asked, 6);
	test_wait_for(&working, POOL);
	if (how < 0) {
		ok(maiko_find(sup, "solver0", &id));
		ok(maiko_remove(sup, id));
	} else {
		ok(maiko_send(sup, quit, .how = (uint32_t)how));
		test_wait_gone(sup, "solver0");
		test_wait_for(&stops, 1); /* its name is free before */
	}
	assert_int_equal(atomic_load(&stops), 1);
	assert_int_equal(jobs_now(sup), 6);
	open_gate(6);
	wait_for_no_jobs(sup);
	test_finish(sup);
	assert_int_equal(atomic_load(&worked), 6);
	assert_int_equal(atomic_load(&finished), 0);
	assert_int_equal(atomic_load(&stops), 1);
}

TEST_WORKERS(after_a_removal_done_does_not_run) { end_before_done(workers, -1); }
TEST_WORKERS(after_an_actor_has_left_done_does_not_run) { end_before_done(workers, 0); }
TEST_WORKERS(after_a_failure_done_does_not_run) { end_before_done(workers, 1); }

/* ---- errors ---- */

TEST_WORKERS(an_error_of_done_is_told_and_can_be_forgiven)
{
	maiko_supervisor *sup = started(workers, 1, &(solver){.fails = true, .forgives = true});
	ask_for(sup, 3);
	test_finish(sup);
	assert_int_equal(atomic_load(&errors), 3);
	assert_int_equal(atomic_load(&last_code), UV_EIO);
	assert_int_equal(atomic_load(&last_phase), MAIKO_PHASE_DONE);
	assert_int_equal(atomic_load(&test_heard_events), 3);
	assert_int_equal(atomic_load(&stops), 1);
}

TEST_WORKERS(an_error_of_done_ends_the_actor)
{
	maiko_supervisor *sup = started(workers, 1, &(solver){.fails = true});
	ask_for(sup, 1);
	test_wait_gone(sup, "solver0");
	test_finish(sup);
	assert_int_equal(atomic_load(&errors), 1);
	assert_int_equal(atomic_load(&last_phase), MAIKO_PHASE_DONE);
	assert_int_equal(atomic_load(&test_heard_events), 1); /* what it sent before */
	assert_int_equal(atomic_load(&stops), 1);
}

/* ---- no thread for it ---- */

typedef struct trier {
	uint32_t unused;
} trier;

typedef struct errand {
	uint32_t n;
} errand;

static int errand_work(errand *job) { return 0; }

static int trier_on_errand(trier *self, errand *job, int status, maiko_ctx *ctx)
{
	test_note("done %u", job->n);
	atomic_fetch_add(&finished, 1);
	return 0;
}

MAIKO_BLOCKING(trier, errand, errand_work, trier_on_errand);

static int trier_on_ask(trier *self, const ask *ev, maiko_ctx *ctx)
{
	int rc = maiko_blocking(ctx, errand_work, trier_on_errand, .n = ev->n);
	test_note(rc == MAIKO_EAGAIN ? "refused" : rc == 0 ? "started" : "?");
	atomic_fetch_add(&asked, 1);
	return 0;
}

MAIKO_ACTOR(trier, MAIKO_ON(ask, trier_on_ask));

/* A new thread's stack is as large as the limit, and this is more than there are addresses. */
static struct rlimit forbid_threads(void)
{
	struct rlimit before, most;
	assert_int_equal(getrlimit(RLIMIT_STACK, &before), 0);
	if (before.rlim_max != RLIM_INFINITY)
		skip();
	most = before;
	most.rlim_cur = (rlim_t)1 << 60;
	assert_int_equal(setrlimit(RLIMIT_STACK, &most), 0);
	return before;
}

TEST_WORKERS(a_job_that_no_thread_can_be_made_for_is_refused)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, trier, "trier"));
	ok(maiko_start(sup));
	struct rlimit before = forbid_threads();
	ok(maiko_send(sup, ask, .n = 1));
	test_wait_for(&asked, 1);
	assert_int_equal(setrlimit(RLIMIT_STACK, &before), 0);
	assert_int_equal(jobs_now(sup), 0);
	ok(maiko_send(sup, ask, .n = 2));
	test_wait_for(&finished, 1);
	test_finish(sup);
	expect_noted("refused started done 2");
}

/* ---- another actor's job, and other wrong calls ---- */

typedef struct stranger {
	uint32_t unused;
} stranger;

static int stranger_on_ask(stranger *self, const ask *ev, maiko_ctx *ctx)
{
	const maiko_job_type *job = &maiko_gen_job_square_work_solver_on_square;
	maiko_job_type own = *job, broken;
	own.actor = "stranger";
	expect(maiko_blocking(ctx, square_work, solver_on_square, .n = ev->n) == MAIKO_ETYPE);
	expect(maiko_ctx_blocking(NULL, &own, &(square){.n = 2}) == MAIKO_EINVAL);
	expect(maiko_ctx_blocking(ctx, NULL, &(square){.n = 2}) == MAIKO_EINVAL);
	expect(maiko_ctx_blocking(ctx, &own, NULL) == MAIKO_EINVAL);
	broken = own;
	broken.work = NULL;
	expect(maiko_ctx_blocking(ctx, &broken, &(square){.n = 2}) == MAIKO_EINVAL);
	broken = own;
	broken.done = NULL;
	expect(maiko_ctx_blocking(ctx, &broken, &(square){.n = 2}) == MAIKO_EINVAL);
	broken = own;
	broken.size = MAIKO_EVENT_SIZE_MAX + 1;
	expect(maiko_ctx_blocking(ctx, &broken, &(square){.n = 2}) == MAIKO_E2BIG);
	atomic_fetch_add(&asked, 1);
	return 0;
}

MAIKO_ACTOR(stranger, MAIKO_ON(ask, stranger_on_ask));

TEST_WORKERS(a_job_of_another_actor_is_refused)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, stranger, "stranger"));
	ok(maiko_start(sup));
	ask_for(sup, 1);
	test_finish(sup);
	assert_int_equal(atomic_load(&asked), 1);
	assert_int_equal(atomic_load(&working), 0);
}

/* ---- libuv's own pool stays free ---- */

typedef struct stater {
	uv_fs_t request;
	maiko_ctx *ctx;
} stater;

static void stat_done(uv_fs_t *request)
{
	stater *self = request->data;
	expect(request->result == 0);
	expect(maiko_enter(self->ctx) == 0);
	expect(atomic_load(&worked) == 0); /* the pool's jobs are still blocked */
	maiko_leave(self->ctx, 0);
	uv_fs_req_cleanup(request);
	atomic_fetch_add(&statted, 1);
}

static int stater_on_quit(stater *self, const quit *ev, maiko_ctx *ctx)
{
	self->ctx = ctx;
	self->request.data = self;
	return uv_fs_stat(maiko_loop(ctx), &self->request, "/", stat_done);
}

MAIKO_ACTOR(stater, MAIKO_ON(quit, stater_on_quit));

TEST_WORKERS(a_full_pool_does_not_delay_libuvs)
{
	maiko_supervisor *sup = started(workers, 0, NULL);
	solver init = {.waits = true};
	ok(maiko_add(sup, solver, "solver", .init = &init, .topics = MAIKO_TOPICS(asks)));
	ok(maiko_add(sup, stater, "stater"));
	ask_for(sup, POOL + 4);
	test_wait_for(&asked, POOL + 4);
	test_wait_for(&working, POOL);
	ok(maiko_send(sup, quit, .how = 0));
	test_wait_for(&statted, 1);
	assert_int_equal(atomic_load(&working), POOL); /* four threads, no more */
	open_gate(POOL + 4);
	test_finish(sup);
	assert_int_equal(atomic_load(&finished), 8);
}

/* ---- a job that would stop what waits for it ---- */

typedef struct stopper {
	uint32_t unused;
} stopper;

typedef struct suicide {
	maiko_supervisor *sup;
} suicide;

static int suicide_work(suicide *job)
{
	expect(maiko_stop(job->sup, NULL) == MAIKO_EDEADLK);
	expect(maiko_join(job->sup) == MAIKO_EDEADLK);
	expect(maiko_supervisor_free(job->sup) == job->sup);
	return 0;
}

static int stopper_on_suicide(stopper *self, suicide *job, int status, maiko_ctx *ctx)
{
	atomic_fetch_add(&finished, 1);
	return maiko_stop_all(ctx);
}

MAIKO_BLOCKING(stopper, suicide, suicide_work, stopper_on_suicide);

static int stopper_on_start(stopper *self, maiko_ctx *ctx)
{
	return maiko_blocking(ctx, suicide_work, stopper_on_suicide, .sup = maiko_supervisor_of(ctx));
}

MAIKO_ACTOR(stopper, MAIKO_ON_START(stopper_on_start));

TEST_WORKERS(a_job_cannot_wait_for_the_stop_that_waits_for_it)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, stopper, "stopper", .topics = MAIKO_NO_TOPICS));
	ok(maiko_start(sup));
	ok(maiko_join(sup));
	assert_int_equal(atomic_load(&finished), 1);
	test_finish(sup);
}

int main(void)
{
	if (uv_sem_init(&gate, 0) != 0)
		return 1;
	return test_main();
}
