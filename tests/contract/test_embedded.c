/*
 * C15, C6, C10: a supervisor on the caller's own loop, without a thread of its own.
 */
#include "support.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

enum { THREADS = 3, EACH = 2000 };

typedef struct item {
	uint32_t source, n;
} item;
typedef struct order {
	uint32_t what;
} order;
MAIKO_TOPIC(items);
MAIKO_TOPIC(orders);
MAIKO_EVENT(item, items, source, n);
MAIKO_EVENT(order, orders, what);

PER_TEST _Atomic(uint64_t) handled, ticks, starts, stops, done_calls, closed, entered;
PER_TEST _Atomic(int) done_status = 1;

/* ---- a loop of the caller's, and a supervisor on it ---- */

typedef struct scene {
	uv_loop_t loop;
	maiko_supervisor *sup;
} scene;

static void scene_init(scene *s, maiko_options options)
{
	test_begin();
	ok(uv_loop_init(&s->loop));
	options.loop = &s->loop;
	ok(maiko_supervisor_new(&s->sup, &options));
}

static void count_done(void *arg, int status)
{
	atomic_store(&done_status, status);
	atomic_fetch_add(&done_calls, 1);
}

/* The loop has nothing left once the supervisor has stopped. */
static maiko_counts scene_end(scene *s)
{
	ok(maiko_stop_begin(s->sup, NULL, count_done, NULL));
	uint64_t before = atomic_load(&done_calls);
	ok(uv_run(&s->loop, UV_RUN_DEFAULT));
	assert_true(atomic_load(&done_calls) >= before);
	assert_int_equal(atomic_load(&done_calls), 1);
	assert_int_equal(atomic_load(&done_status), 0);
	maiko_counts total = test_finish(s->sup);
	ok(uv_loop_close(&s->loop));
	return total;
}

/* ---- an actor with a bit of everything ---- */

typedef struct worker {
	uint32_t unused;
} worker;

static int worker_on_start(worker *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&starts, 1);
	return 0;
}

static int worker_on_stop(worker *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stops, 1);
	return 0;
}

static int worker_on_item(worker *self, const item *ev, maiko_ctx *ctx)
{
	expect(atomic_load(&starts) >= 2);
	atomic_fetch_add(&handled, 1);
	return 0;
}

static maiko_next worker_tick(worker *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&ticks, 1);
	return maiko_after_ms(1);
}

MAIKO_ACTOR(worker, MAIKO_ON_START(worker_on_start), MAIKO_ON_STOP(worker_on_stop), MAIKO_ON(item, worker_on_item),
	    MAIKO_TICK(worker_tick));

static void start_workers(scene *s)
{
	ok(maiko_add(s->sup, worker, "one"));
	ok(maiko_add(s->sup, worker, "two"));
	ok(maiko_start(s->sup));
	assert_int_equal(atomic_load(&starts), 2);
}

TEST_ONCE(it_starts_ticks_handles_and_stops)
{
	scene s;
	scene_init(&s, (maiko_options){0});
	assert_int_equal(maiko_worker_count(s.sup), 1);
	ok(maiko_send(s.sup, item, .n = 1)); /* before the start */
	start_workers(&s);
	returns(maiko_start(s.sup), MAIKO_ESTATE);
	assert_int_equal(atomic_load(&handled), 0); /* the start does not run the loop */
	assert_true(uv_loop_alive(&s.loop));
	ok(maiko_send(s.sup, item, .n = 2));
	test_run_loop(&s.loop, &handled, 4);
	test_run_loop(&s.loop, &ticks, 20);
	assert_int_equal(scene_end(&s).handled, 4);
	assert_int_equal(atomic_load(&stops), 2);
}

TEST_ONCE(the_loop_stays_alive_until_the_stop_is_done)
{
	scene s;
	scene_init(&s, (maiko_options){0});
	assert_false(uv_loop_alive(&s.loop));
	ok(maiko_start(s.sup));
	for (int i = 0; i < 100; i++)
		assert_true(uv_run(&s.loop, UV_RUN_NOWAIT) != 0);
	ok(maiko_stop_begin(s.sup, NULL, count_done, NULL));
	assert_true(uv_loop_alive(&s.loop));
	assert_int_equal(atomic_load(&done_calls), 0);
	ok(uv_run(&s.loop, UV_RUN_DEFAULT));
	assert_int_equal(atomic_load(&done_calls), 1);
	assert_false(uv_loop_alive(&s.loop));
	test_finish(s.sup);
	ok(uv_loop_close(&s.loop));
}

TEST_ONCE(the_loop_s_thread_never_waits)
{
	scene s;
	scene_init(&s, (maiko_options){.external_credit = 8});
	start_workers(&s);
	int rc = 0, accepted = 0;
	while ((rc = maiko_send(s.sup, item, .n = 1)) == 0)
		accepted++;
	assert_int_equal(rc, MAIKO_EAGAIN);
	assert_int_equal(accepted, 8);
	returns(maiko_send_timeout(s.sup, 100000, item, .n = 1), MAIKO_EAGAIN);
	returns(maiko_stop(s.sup, NULL), MAIKO_EDEADLK);
	returns(maiko_join(s.sup), MAIKO_EDEADLK);
	assert_true(maiko_supervisor_free(s.sup) == s.sup);
	test_run_loop(&s.loop, &handled, 16);
	ok(maiko_send(s.sup, item, .n = 1));
	assert_int_equal(scene_end(&s).handled, 18);
}

/* Without a loop that has to run there is nothing to wait for. */
TEST_ONCE(before_the_start_it_can_be_stopped_and_freed)
{
	scene s;
	for (int i = 0; i < 2; i++) {
		scene_init(&s, (maiko_options){0});
		ok(maiko_add(s.sup, worker, "one"));
		ok(maiko_send(s.sup, item, .n = 1));
		if (i == 0)
			ok(maiko_stop(s.sup, NULL));
		test_release(s.sup);
		ok(uv_loop_close(&s.loop));
	}
}

/* ---- external threads ---- */

static void sender_main(void *arg)
{
	for (uint32_t n = 0; n < EACH; n++)
		expect(maiko_send((maiko_supervisor *)arg, item, .n = n) == 0);
}

static void senders_main(void *arg)
{
	uv_thread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++)
		expect(uv_thread_create(&threads[i], sender_main, arg) == 0);
	for (int i = 0; i < THREADS; i++)
		expect(uv_thread_join(&threads[i]) == 0);
	expect(maiko_stop(arg, NULL) == 0);
}

/* The loop waits in its poll: a wake-up that were lost would leave it there. */
TEST_ONCE(threads_outside_send_and_wait)
{
	scene s;
	uv_thread_t thread;
	scene_init(&s, (maiko_options){.external_credit = 16, .mailbox = 32});
	start_workers(&s);
	ok(uv_thread_create(&thread, senders_main, s.sup));
	ok(uv_run(&s.loop, UV_RUN_DEFAULT));
	ok(uv_thread_join(&thread));
	assert_int_equal(scene_end(&s).handled, 12000);
}

static void outsider_main(void *arg)
{
	maiko_supervisor *sup = arg;
	maiko_actor_id id = 0;
	expect(maiko_add(sup, worker, "added", .ret_id = &id) == 0);
	expect(maiko_send(sup, item, .n = 1) == 0);
	expect(maiko_unsubscribe(sup, id, MAIKO_TOPIC_REF(items)) == 0);
	expect(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(items)) == 0);
	expect(maiko_remove(sup, id) == 0);
	expect(maiko_stop(sup, NULL) == 0); /* it may wait: the loop is another's */
	atomic_fetch_add(&entered, 1);
}

TEST_ONCE(a_thread_outside_may_change_and_stop_it)
{
	scene s;
	uv_thread_t thread;
	scene_init(&s, (maiko_options){0});
	start_workers(&s);
	ok(uv_thread_create(&thread, outsider_main, s.sup));
	ok(uv_run(&s.loop, UV_RUN_DEFAULT));
	ok(uv_thread_join(&thread));
	assert_int_equal(atomic_load(&entered), 1);
	assert_int_equal(atomic_load(&stops), 3);
	test_finish(s.sup);
	ok(uv_loop_close(&s.loop));
	assert_int_equal(test_wrong(), 0);
}

static void note_change(void *arg, const maiko_completion *completion)
{
	expect(completion->status == 0);
	atomic_fetch_add(&entered, 1);
}

TEST_ONCE(changes_on_the_loop_s_thread_complete_later)
{
	scene s;
	maiko_actor_id id = 0;
	scene_init(&s, (maiko_options){0});
	start_workers(&s);
	ok(maiko_add(s.sup, worker, "added", .ret_id = &id, .done = note_change));
	returns(maiko_add(s.sup, worker, "own", .own_thread = true), MAIKO_EINVAL);
	assert_int_equal(atomic_load(&starts), 2);
	test_run_loop(&s.loop, &entered, 1);
	assert_int_equal(atomic_load(&starts), 3);
	ok(maiko_remove(s.sup, id, .done = note_change));
	test_run_loop(&s.loop, &entered, 2);
	assert_int_equal(atomic_load(&stops), 1);
	scene_end(&s);
	assert_int_equal(atomic_load(&stops), 3);
}

/* ---- a start that fails ---- */

static int failing_on_start(worker *self, maiko_ctx *ctx) { return UV_EIO; }
typedef worker failing;
MAIKO_ACTOR(failing, MAIKO_ON_START(failing_on_start), MAIKO_ON(item, worker_on_item));

TEST_ONCE(a_failed_start_is_undone_by_the_loop)
{
	for (int run = 0; run < 2; run++) {
		scene s;
		scene_init(&s, (maiko_options){0});
		ok(maiko_add(s.sup, worker, "one"));
		ok(maiko_add(s.sup, failing, "failing"));
		ok(maiko_send(s.sup, item, .n = 1));
		if (run == 0) {
			returns(maiko_start(s.sup), UV_EIO);
			ok(uv_run(&s.loop, UV_RUN_DEFAULT));
		} else {
			returns(maiko_run(s.sup), UV_EIO);
		}
		assert_int_equal(atomic_load(&stops), 1);
		assert_int_equal(atomic_load(&handled), 0);
		test_finish_with(s.sup, UV_EIO);
		ok(uv_loop_close(&s.loop));
	}
}

/* ---- handles of the loop, adopted; and the way back from their callbacks ---- */

typedef struct host {
	uv_timer_t timer;
	maiko_ctx *ctx;
	uint32_t fired;
} host;

static void on_host_timer(uv_timer_t *timer)
{
	host *self = timer->data;
	int rc = maiko_enter(self->ctx);
	expect(rc == 0 || rc == MAIKO_EFAILED); /* it ends a little before its timer is closed */
	if (rc != 0)
		return;
	expect(maiko_enter(self->ctx) == MAIKO_ESTATE);
	expect(maiko_stop(maiko_supervisor_of(self->ctx), NULL) == MAIKO_EDEADLK);
	int sent = maiko_send(self->ctx, item, .n = ++self->fired);
	expect(sent == (maiko_stopping(self->ctx) ? MAIKO_ESHUTDOWN : 0)); /* a stop may have begun */
	maiko_leave(self->ctx, 0);
}

static int host_on_start(host *self, maiko_ctx *ctx)
{
	self->ctx = ctx;
	self->timer.data = self;
	int rc = uv_timer_init(maiko_loop(ctx), &self->timer);
	if (rc == 0)
		rc = maiko_adopt(ctx, (uv_handle_t *)&self->timer);
	return rc != 0 ? rc : uv_timer_start(&self->timer, on_host_timer, 1, 1);
}

MAIKO_ACTOR(host, MAIKO_ON_START(host_on_start));

TEST_ONCE(an_adopted_timer_finds_its_way_back)
{
	scene s;
	scene_init(&s, (maiko_options){0});
	ok(maiko_add(s.sup, host, "host"));
	start_workers(&s);
	test_run_loop(&s.loop, &handled, 20);
	scene_end(&s); /* which closes the timer: else the loop would not end */
}

static void on_closed(uv_handle_t *handle) { atomic_fetch_add(&closed, 1); }

TEST_ONCE(a_removed_actor_s_timer_is_closed)
{
	scene s;
	maiko_actor_id id = 0;
	scene_init(&s, (maiko_options){0});
	start_workers(&s);
	for (uint64_t round = 1; round <= 20; round++) {
		ok(maiko_add(s.sup, host, "host", .ret_id = &id));
		test_run_loop(&s.loop, &handled, atomic_load(&handled) + 2);
		ok(maiko_remove(s.sup, id, .done = note_change));
		test_run_loop(&s.loop, &entered, round);
	}
	scene_end(&s);
}

/* ---- the program's own handles beside it ---- */

static void on_own_timer(uv_timer_t *timer) { (void)timer; }

TEST_ONCE(a_loop_with_other_handles_goes_on_after_the_stop)
{
	scene s;
	uv_timer_t own;
	scene_init(&s, (maiko_options){0});
	start_workers(&s);
	ok(uv_timer_init(&s.loop, &own));
	ok(uv_timer_start(&own, on_own_timer, 3600000, 0));
	ok(maiko_stop_begin(s.sup, NULL, count_done, NULL));
	test_run_loop(&s.loop, &done_calls, 1);
	assert_int_equal(atomic_load(&stops), 2);
	assert_true(uv_loop_alive(&s.loop));
	test_finish(s.sup);
	uv_close((uv_handle_t *)&own, on_closed);
	ok(uv_run(&s.loop, UV_RUN_DEFAULT));
	assert_int_equal(atomic_load(&closed), 1);
	ok(uv_loop_close(&s.loop));
}

static void free_it(void *arg, int status)
{
	scene *s = arg;
	expect(status == 0);
	s->sup = maiko_supervisor_free(s->sup);
	expect(s->sup == NULL);
	atomic_fetch_add(&done_calls, 1);
}

TEST_ONCE(it_can_be_freed_as_soon_as_it_is_done)
{
	scene s;
	scene_init(&s, (maiko_options){0});
	ok(maiko_add(s.sup, host, "host"));
	start_workers(&s);
	test_run_loop(&s.loop, &handled, 4);
	ok(maiko_stop_begin(s.sup, NULL, free_it, &s));
	ok(uv_run(&s.loop, UV_RUN_DEFAULT));
	assert_int_equal(atomic_load(&done_calls), 1);
	assert_null(s.sup);
	ok(uv_loop_close(&s.loop));
	assert_int_equal(test_wrong(), 0);
}

/* ---- a callback between the worker's turn and the poll ---- */

typedef struct counter {
	uint32_t unused;
} counter;

/* The poll that follows does not wait. */
static int counter_on_item(counter *self, const item *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&handled, 1);
	uv_stop(maiko_loop(ctx));
	return 0;
}

MAIKO_ACTOR(counter, MAIKO_ON(item, counter_on_item));

typedef struct guest {
	maiko_ctx **ret_ctx;
} guest;

static int guest_on_start(guest *self, maiko_ctx *ctx)
{
	*self->ret_ctx = ctx;
	return maiko_loop(ctx) != NULL ? 0 : MAIKO_EINVAL;
}

MAIKO_ACTOR(guest, MAIKO_ON_START(guest_on_start));

typedef struct late_sender {
	uv_prepare_t prepare;
	maiko_ctx *ctx;
	uint32_t left; /* to send, one per iteration of the loop */
} late_sender;

static void on_late_prepare(uv_prepare_t *prepare)
{
	late_sender *self = prepare->data;
	if (self->left == 0)
		return;
	self->left--;
	expect(maiko_enter(self->ctx) == 0);
	expect(maiko_send(self->ctx, item, .n = self->left) == 0);
	maiko_leave(self->ctx, 0);
}

static void in_vain(uv_timer_t *timer) { *(bool *)timer->data = true; }

/* libuv calls prepare handles in the reverse order of their start, so this one comes after the worker's, which
 * has found nothing to do: nothing else ends the poll. */
TEST_ONCE(what_is_sent_right_before_the_poll_does_not_wait_for_its_end)
{
	enum { ROUNDS = 20, VAIN_MS = 60000 };
	scene s;
	late_sender late = {.left = 0};
	uv_timer_t timer;
	bool vain = false;
	scene_init(&s, (maiko_options){0});
	ok(uv_prepare_init(&s.loop, &late.prepare));
	ok(uv_prepare_start(&late.prepare, on_late_prepare));
	late.prepare.data = &late;
	ok(maiko_add(s.sup, guest, "guest", .init = &(guest){&late.ctx}));
	ok(maiko_add(s.sup, counter, "counter"));
	ok(maiko_start(s.sup));
	ok(uv_timer_init(&s.loop, &timer));
	timer.data = &vain;
	for (uint64_t i = 1; i <= ROUNDS && !vain; i++) {
		ok(uv_timer_start(&timer, in_vain, VAIN_MS, 0));
		late.left = 1;
		while (atomic_load(&handled) < i && !vain)
			(void)uv_run(&s.loop, UV_RUN_ONCE);
	}
	assert_false(vain);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_close((uv_handle_t *)&late.prepare, NULL);
	assert_int_equal(scene_end(&s).handled, 20);
}

/* ---- maiko_run ---- */

static int quitter_on_item(worker *self, const item *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&handled, 1);
	return maiko_stop_all(ctx);
}
typedef worker quitter;
MAIKO_ACTOR(quitter, MAIKO_ON(item, quitter_on_item));

TEST_ONCE(run_runs_the_loop_until_it_has_stopped)
{
	for (int other = 0; other < 2; other++) {
		scene s;
		uv_timer_t own;
		scene_init(&s, (maiko_options){0});
		ok(uv_timer_init(&s.loop, &own));
		if (other == 1) /* what else the loop has does not keep it */
			ok(uv_timer_start(&own, on_own_timer, 3600000, 0));
		ok(maiko_add(s.sup, quitter, "quitter"));
		ok(maiko_send(s.sup, item, .n = 1));
		ok(maiko_run(s.sup));
		assert_int_equal(atomic_load(&handled), 1);
		ok(maiko_run(s.sup));
		test_finish(s.sup);
		uv_close((uv_handle_t *)&own, NULL);
		ok(uv_run(&s.loop, UV_RUN_DEFAULT));
		ok(uv_loop_close(&s.loop));
	}
}

/* ---- blocking jobs and descriptors ---- */

typedef struct job {
	uint32_t n;
} job;

typedef struct jobber {
	uint32_t unused;
} jobber;

static int job_work(job *self) { return (int)self->n; }

static int jobber_on_job(jobber *self, job *done, int status, maiko_ctx *ctx)
{
	expect(status == (int)done->n);
	return atomic_fetch_add(&handled, 1) == 49 ? maiko_stop_all(ctx) : 0;
}

MAIKO_BLOCKING(jobber, job, job_work, jobber_on_job);

static int jobber_on_order(jobber *self, const order *ev, maiko_ctx *ctx)
{
	return maiko_blocking(ctx, job_work, jobber_on_job, .n = ev->what);
}

MAIKO_ACTOR(jobber, MAIKO_ON(order, jobber_on_order));

TEST_ONCE(blocking_jobs_come_back_to_the_loop)
{
	scene s;
	scene_init(&s, (maiko_options){0});
	ok(maiko_add(s.sup, jobber, "jobber"));
	ok(maiko_start(s.sup));
	for (uint32_t i = 0; i < 100; i++)
		ok(maiko_send(s.sup, order, .what = i));
	ok(uv_run(&s.loop, UV_RUN_DEFAULT)); /* the stop, at half, waits for the rest */
	scene_end(&s);
	assert_int_equal(atomic_load(&handled), 100);
}

typedef struct reader {
	int fd;
} reader;

static maiko_next reader_tick(reader *self, maiko_ctx *ctx)
{
	char c;
	while (read(self->fd, &c, 1) == 1)
		atomic_fetch_add(&handled, 1);
	return maiko_when_readable(self->fd);
}

MAIKO_ACTOR(reader, MAIKO_TICK(reader_tick));

TEST_ONCE(descriptors_are_watched_on_the_loop)
{
	scene s;
	int fds[2];
	assert_int_equal(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
	scene_init(&s, (maiko_options){0});
	ok(maiko_add(s.sup, reader, "reader", .init = &(reader){fds[0]}));
	ok(maiko_start(s.sup));
	for (uint64_t i = 1; i <= 20; i++) {
		assert_int_equal(write(fds[1], "x", 1), 1);
		test_run_loop(&s.loop, &handled, i);
	}
	scene_end(&s);
	close(fds[0]);
	close(fds[1]);
}

/* ---- two on one loop ---- */

typedef struct bridge {
	maiko_supervisor *other;
} bridge;

static int bridge_on_order(bridge *self, const order *ev, maiko_ctx *ctx)
{
	expect(maiko_send(self->other, item, .n = ev->what) == 0);
	return 0;
}

MAIKO_ACTOR(bridge, MAIKO_ON(order, bridge_on_order));

TEST_ONCE(two_share_a_loop)
{
	scene s;
	maiko_supervisor *second = NULL;
	scene_init(&s, (maiko_options){0});
	maiko_options options = {.loop = &s.loop};
	ok(maiko_supervisor_new(&second, &options));
	ok(maiko_add(second, bridge, "bridge", .init = &(bridge){s.sup}));
	start_workers(&s);
	ok(maiko_start(second));
	for (uint32_t i = 0; i < 10; i++)
		ok(maiko_send(second, order, .what = i));
	test_run_loop(&s.loop, &handled, 20);
	ok(maiko_stop_begin(second, NULL, count_done, NULL));
	test_run_loop(&s.loop, &done_calls, 1);
	test_finish(second);
	atomic_store(&done_calls, 0);
	ok(maiko_send(s.sup, item, .n = 1));
	assert_int_equal(scene_end(&s).handled, 22);
}

TEST_ONCE(options_that_do_not_fit_are_refused)
{
	uv_loop_t loop;
	maiko_supervisor *sup = NULL;
	ok(uv_loop_init(&loop));
	maiko_options options = {.loop = &loop, .workers = 2};
	returns(maiko_supervisor_new(&sup, &options), MAIKO_EINVAL);
	assert_null(sup);
	ok(uv_loop_close(&loop));
}
