/*
 * C15: allocation failure is an error code with nothing half done, or a delivery counted
 * no_memory. One long scenario runs again and again, with its first allocation failing, then
 * its second, and so on until none fails; and the same with all from the n-th on. Nothing
 * leaks, the ledger balances, nothing hangs.
 */
#include "support.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

typedef struct small {
	uint32_t n;
} small;
typedef struct large {
	uint32_t n;
	uint8_t bytes[20000];
} large;
typedef struct frame {
	uint32_t n;
	maiko_buffer *pixels;
} frame;
typedef struct level {
	uint32_t n;
} level;
MAIKO_TOPIC(smalls);
MAIKO_TOPIC(larges);
MAIKO_TOPIC(frames);
MAIKO_TOPIC(levels, .overflow = MAIKO_KEEP_LATEST);
MAIKO_EVENT(small, smalls, n);
MAIKO_EVENT(large, larges, n, bytes);
MAIKO_EVENT(frame, frames, n, pixels);
MAIKO_EVENT(level, levels, n);

MAIKO_TOPIC(orders);
MAIKO_SIGNAL(work, orders);
MAIKO_SIGNAL(leave, orders);

static _Atomic(uint64_t) handled, wrong, buffers_made, buffers_freed;

/* Whatever fails, fails for want of memory. Returns whether it went well. */
#define well(rc) well_at((rc), __LINE__)
static bool well_at(int rc, int line)
{
	if (rc != 0 && rc != MAIKO_ENOMEM) {
		print_error("line %d: an unexpected %s\n", line, maiko_err_name(rc));
		atomic_fetch_add(&wrong, 1);
	}
	return rc == 0;
}

/* The same, but once a stop is asked for nothing delayed and no actor is taken any more. */
static _Atomic(bool) stopping;
#define well_or_late(rc) well_or_late_at((rc), __LINE__)
static bool well_or_late_at(int rc, int line)
{
	return rc == MAIKO_ESHUTDOWN && atomic_load(&stopping) ? false : well_at(rc, line);
}

static void free_pixels(void *data, void *arg)
{
	(void)data;
	(void)arg;
	atomic_fetch_add(&buffers_freed, 1);
}

static bool pixels_new(maiko_buffer **ret_buffer)
{
	static char pixels[100];
	bool made = well(maiko_buffer_wrap(pixels, sizeof pixels, free_pixels, NULL, ret_buffer));
	atomic_fetch_add(&buffers_made, made);
	return made;
}

/* ---- a sink ----------------------------------------------------------------------------- */

typedef struct sink {
	const small *kept;
} sink;

static int sink_on_small(sink *self, const small *ev, maiko_ctx *ctx)
{
	if (self->kept != NULL && !well(maiko_release(ctx, self->kept)))
		atomic_fetch_add(&wrong, 1);
	self->kept = well(maiko_keep(ctx, ev)) ? ev : NULL;
	atomic_fetch_add(&handled, 1);
	return 0;
}

static int sink_on_large(sink *self, const large *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	atomic_fetch_add(ev->bytes[19999] == 7 ? &handled : &wrong, 1);
	return 0;
}

static int sink_on_frame(sink *self, const frame *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	atomic_fetch_add(maiko_buffer_size(ev->pixels) == 100 ? &handled : &wrong, 1);
	return 0;
}

static int sink_on_level(sink *self, const level *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	(void)ctx;
	atomic_fetch_add(&handled, 1);
	return 0;
}

static int sink_on_error(sink *self, const maiko_error *error, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	(void)well(error->code);
	return 0;
}
MAIKO_ACTOR(sink, MAIKO_ON(small, sink_on_small), MAIKO_ON(large, sink_on_large), MAIKO_ON(frame, sink_on_frame),
	    MAIKO_ON(level, sink_on_level), MAIKO_ON_ERROR(sink_on_error));

/* ---- a worker that uses what an actor may use ------------------------------------------------ */

typedef struct child {
	int unused;
} child;

static int child_on_leave(child *self, const leave *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	atomic_fetch_add(&handled, 1);
	return maiko_stop_self(ctx);
}
MAIKO_ACTOR(child, MAIKO_ON(leave, child_on_leave));

typedef struct busy {
	uv_timer_t timer;
	uint32_t ticks, children;
} busy;

typedef struct job {
	uint32_t n;
} job;

static int job_work(job *j)
{
	j->n++;
	return 0;
}

static int busy_on_job(busy *self, job *j, int status, maiko_ctx *ctx)
{
	(void)self;
	if (j->n != 2 || status != 0)
		atomic_fetch_add(&wrong, 1);
	(void)well(maiko_send(ctx, small, .n = 99));
	return 0;
}
MAIKO_BLOCKING(busy, job, job_work, busy_on_job);

static void send_all(maiko_ctx *ctx)
{
	static large big = {.bytes = {[19999] = 7}};
	maiko_buffer *pixels;
	for (uint32_t n = 0; n < 20; n++)
		(void)well(maiko_send(ctx, small, .n = n));
	for (uint32_t n = 0; n < 20; n++)
		(void)well(maiko_send(ctx, level, .n = n));
	(void)well(maiko_send_copy(ctx, large, &big));
	if (pixels_new(&pixels)) {
		(void)well(maiko_send(ctx, frame, .pixels = pixels));
		maiko_buffer_unref(pixels);
	}
	large *draft = maiko_new(large);
	if (draft != NULL) {
		draft->bytes[19999] = 7;
		if (!well(maiko_publish(ctx, draft)))
			maiko_discard(draft);
	}
}

static int busy_on_start(busy *self, maiko_ctx *ctx)
{
	if (uv_timer_init(maiko_loop(ctx), &self->timer) != 0)
		return MAIKO_ENOMEM;
	if (!well(maiko_adopt(ctx, (uv_handle_t *)&self->timer)))
		uv_close((uv_handle_t *)&self->timer, NULL);
	send_all(ctx);
	return 0;
}

static int busy_on_work(busy *self, const work *ev, maiko_ctx *ctx)
{
	maiko_delayed delayed;
	char name[32];
	(void)ev;
	atomic_fetch_add(&handled, 1);
	send_all(ctx);
	(void)well_or_late(maiko_send_after_ms(ctx, 1, NULL, small, .n = 1));
	if (well_or_late(maiko_send_after_ms(ctx, 1000000, &delayed, small, .n = 1)))
		(void)well(maiko_cancel(ctx, delayed));
	(void)well_or_late(maiko_send_after_ms(ctx, 1000000, NULL, small, .n = 1));
	int rc = maiko_blocking(ctx, job_work, busy_on_job, .n = 1);
	if (rc != MAIKO_EAGAIN) /* no thread could be made */
		(void)well(rc);
	snprintf(name, sizeof name, "child%u", ++self->children);
	(void)well_or_late(maiko_add(ctx, child, name));
	return 0;
}

static int busy_on_done(busy *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	(void)self;
	if (well_or_late(completion->status) && completion->change == MAIKO_CHANGE_ADD)
		(void)well(maiko_send(ctx, leave));
	return 0;
}

static maiko_next busy_tick(busy *self, maiko_ctx *ctx)
{
	(void)ctx;
	return ++self->ticks < 3 ? maiko_after_ms(1) : maiko_never();
}

static int busy_on_error(busy *self, const maiko_error *error, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	(void)well(error->code);
	return error->phase == MAIKO_PHASE_START ? error->code : 0;
}

static int busy_on_stop(busy *self, maiko_ctx *ctx)
{
	(void)self;
	(void)well(maiko_send(ctx, small, .n = 0));
	return 0;
}
MAIKO_ACTOR(busy, MAIKO_ON_START(busy_on_start), MAIKO_ON(work, busy_on_work), MAIKO_ON_DONE(busy_on_done),
	    MAIKO_TICK(busy_tick), MAIKO_ON_ERROR(busy_on_error), MAIKO_ON_STOP(busy_on_stop));

/* ---- the scenario ---------------------------------------------------------------------------- */

static void send_from_outside(maiko_supervisor *sup)
{
	static large big = {.bytes = {[19999] = 7}};
	maiko_buffer *pixels;
	(void)well(maiko_send(sup, small, .n = 1));
	(void)well(maiko_send(sup, level, .n = 1));
	(void)well(maiko_send_copy(sup, large, &big));
	if (pixels_new(&pixels)) {
		frame *draft = maiko_new(frame);
		if (draft != NULL) {
			draft->pixels = pixels;
			if (!well(maiko_publish(sup, draft)))
				maiko_discard(draft);
		}
		(void)well(maiko_send(sup, frame, .pixels = pixels));
		maiko_buffer_unref(pixels);
	}
}

static void add_first(maiko_supervisor *sup, uint32_t workers)
{
	const maiko_topic *topic;
	(void)well(maiko_topic_named(sup, "device.42", &topic));
	(void)well(maiko_add(sup, sink, "near", .worker = 1, .mailbox = 4));
	(void)well(maiko_add(sup, sink, "far", .worker = workers, .mailbox = 4));
	(void)well(maiko_add(sup, sink, "all", .topics = MAIKO_ALL_TOPICS));
	(void)well(maiko_add(sup, busy, "busy", .worker = 1));
}

static void change(maiko_supervisor *sup)
{
	maiko_actor_id late, own;
	if (well(maiko_add(sup, sink, "late", .topics = MAIKO_NO_TOPICS, .ret_id = &late))) {
		bool subscribed = well(maiko_subscribe(sup, late, MAIKO_TOPIC_REF(smalls)));
		send_from_outside(sup);
		if (subscribed)
			(void)well(maiko_unsubscribe(sup, late, MAIKO_TOPIC_REF(smalls)));
		if (well(maiko_remove(sup, late)))
			(void)well(maiko_add(sup, sink, "late"));
	}
	if (well(maiko_add(sup, sink, "own", .own_thread = true, .ret_id = &own))) {
		send_from_outside(sup);
		(void)well(maiko_remove(sup, own));
	}
}

static void run(maiko_supervisor *sup)
{
	maiko_ledger *ledger = NULL;
	if (!well(maiko_start(sup)))
		return;
	send_from_outside(sup);
	(void)well(maiko_send(sup, work));
	change(sup);
	if (well(maiko_report(sup, &ledger)))
		ledger = maiko_ledger_free(ledger);
	(void)well(maiko_send(sup, work));
	atomic_store(&stopping, true);
	(void)well(maiko_stop(sup, &(maiko_stop_options){.ret_report = &ledger}));
	maiko_ledger_free(ledger);
}

/* Returns how many deliveries were discarded. */
static uint64_t finish(maiko_supervisor *sup)
{
	test_allocator_fail_never();
	maiko_ledger *ledger = test_stop(sup);
	uint64_t others = 0; /* what the sink of all topics got and has no handler for */
	for (size_t i = 0; i < ledger->actor_count; i++)
		others += ledger->actors[i].counts.ignored;
	assert_int_equal(ledger->total.handled + ledger->total.ignored, atomic_load(&handled) + others);
	uint64_t discarded = ledger->total.discarded;
	maiko_ledger_free(ledger);
	assert_null(maiko_supervisor_free(sup));
	return discarded;
}

static void play(uint32_t workers)
{
	maiko_supervisor *sup = NULL;
	maiko_options options = {.workers = workers, .channel = 16};
	if (!well(maiko_supervisor_new(&sup, &options))) {
		assert_null(sup);
		test_allocator_fail_never();
		return;
	}
	add_first(sup, workers);
	send_from_outside(sup);
	run(sup);
	(void)finish(sup);
}

static void with_failures(void (*scenario)(uint32_t workers), uint32_t workers, bool forever)
{
	bool failed = true;
	uint64_t n = 0;
	for (; failed; n++) {
		int64_t before = test_allocator_living();
		atomic_store(&handled, 0);
		atomic_store(&wrong, 0);
		atomic_store(&stopping, false);
		atomic_store(&buffers_made, 0);
		atomic_store(&buffers_freed, 0);
		test_allocator_fail_at(n, forever);
		scenario(workers);
		failed = test_allocator_has_failed();
		if (test_allocator_living() != before || atomic_load(&wrong) != 0)
			print_error("with allocation %llu failing\n", (unsigned long long)n);
		assert_int_equal(test_allocator_living(), before);
		assert_int_equal(atomic_load(&wrong), 0);
		assert_int_equal(atomic_load(&buffers_freed), atomic_load(&buffers_made));
		assert_true(n < 100000);
	}
	print_message("%llu allocations\n", (unsigned long long)n - 1);
	assert_true(n > 60); /* it was the whole scenario */
}

static void any_one_allocation_may_fail_on_one_worker(void **state)
{
	(void)state;
	with_failures(play, 1, false);
}

static void any_one_allocation_may_fail_on_two_workers(void **state)
{
	(void)state;
	with_failures(play, 2, false);
}

static void all_allocations_may_fail_from_any_moment_on_one_worker(void **state)
{
	(void)state;
	with_failures(play, 1, true);
}

static void all_allocations_may_fail_from_any_moment_on_two_workers(void **state)
{
	(void)state;
	with_failures(play, 2, true);
}

/* ---- changes that an actor asks for, and policies that lose events ------------------------------- */

MAIKO_TOPIC(newest, .overflow = MAIKO_DROP_NEWEST);
MAIKO_TOPIC(oldest, .overflow = MAIKO_DROP_OLDEST);
MAIKO_TOPIC(failing, .overflow = MAIKO_FAIL);
typedef small first_kept;
typedef small last_kept;
typedef small refused;
MAIKO_EVENT(first_kept, newest, n);
MAIKO_EVENT(last_kept, oldest, n);
MAIKO_EVENT(refused, failing, n);

static _Atomic(uint64_t) asked, told, chain_over, ended, overflows;

typedef struct lossy {
	int unused;
} lossy;

static int lossy_on_any(lossy *self, const maiko_any *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	(void)ctx;
	atomic_fetch_add(&handled, 1);
	return 0;
}

static int lossy_on_error(lossy *self, const maiko_error *error, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	atomic_fetch_add(error->code == MAIKO_EOVERFLOW ? &overflows : &wrong, 1);
	return 0;
}
MAIKO_ACTOR(lossy, MAIKO_ON_ANY(lossy_on_any), MAIKO_ON_ERROR(lossy_on_error));

typedef struct guest {
	int unused;
} guest;

static int guest_on_small(guest *self, const small *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	(void)ctx;
	atomic_fetch_add(&handled, 1);
	return 0;
}
MAIKO_ACTOR(guest, MAIKO_ON(small, guest_on_small));

/* Has a guest added, subscribed, moved, unsubscribed and removed, one after the other. It has
 * neither tick nor mailbox in use, so that only its requests make room for their answers. */
typedef struct changer {
	uint32_t workers;
	maiko_actor_id guest;
} changer;

/* Each request that is taken is told of, once. */
static int changer_asks(bool taken)
{
	atomic_fetch_add(taken ? &asked : &chain_over, 1);
	return 0;
}

static int changer_on_start(changer *self, maiko_ctx *ctx)
{
	return changer_asks(well(maiko_add(ctx, guest, "guest", .topics = MAIKO_NO_TOPICS, .ret_id = &self->guest)));
}

static int changer_on_done(changer *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	const maiko_topic *topic = MAIKO_TOPIC_REF(smalls);
	atomic_fetch_add(&told, 1);
	for (uint32_t n = 0; n < 8; n++) {
		(void)well(maiko_send(ctx, small, .n = n));
		(void)well(maiko_send(ctx, first_kept, .n = n));
		(void)well(maiko_send(ctx, last_kept, .n = n));
		(void)well(maiko_send(ctx, refused, .n = n));
	}
	if (!well(completion->status))
		return changer_asks(false);
	switch (completion->change) {
	case MAIKO_CHANGE_ADD:
		return changer_asks(well(maiko_subscribe(ctx, self->guest, topic)));
	case MAIKO_CHANGE_SUBSCRIBE:
		return changer_asks(well(maiko_move(ctx, self->guest, self->workers)));
	case MAIKO_CHANGE_MOVE:
		return changer_asks(well(maiko_unsubscribe(ctx, self->guest, topic)));
	case MAIKO_CHANGE_UNSUBSCRIBE:
		return changer_asks(well(maiko_remove(ctx, self->guest)));
	case MAIKO_CHANGE_REMOVE:
		break;
	}
	return changer_asks(false);
}
MAIKO_ACTOR(changer, MAIKO_ON_START(changer_on_start), MAIKO_ON_DONE(changer_on_done));

static void note_end(void *arg, int status)
{
	(void)arg;
	atomic_fetch_add(status == 0 ? &ended : &wrong, 1);
}

/* Stops without waiting; a stop that finds no memory has not begun. */
static void run_changes(maiko_supervisor *sup)
{
	if (!well(maiko_start(sup)))
		return;
	test_wait_for(&chain_over, 1);
	assert_int_equal(atomic_load(&told), atomic_load(&asked));
	if (well(maiko_stop_begin(sup, NULL, note_end, NULL)))
		test_wait_for(&ended, 1);
}

/* What MAIKO_FAIL drops, the subscriber hears of. */
static void check_overflows(maiko_supervisor *sup)
{
	test_allocator_fail_never();
	maiko_ledger *ledger = test_stop(sup);
	for (size_t i = 0; i < ledger->topic_count; i++)
		if (strcmp(ledger->topics[i].name, "failing") == 0 && ledger->topics[i].counts.dropped != 0)
			assert_true(atomic_load(&overflows) > 0);
	maiko_ledger_free(ledger);
}

static void play_changes(uint32_t workers)
{
	maiko_supervisor *sup = NULL;
	maiko_options options = {.workers = workers, .channel = 16};
	_Atomic(uint64_t) *all[] = {&asked, &told, &chain_over, &ended, &overflows};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		atomic_store(all[i], 0);
	if (!well(maiko_supervisor_new(&sup, &options))) {
		test_allocator_fail_never();
		return;
	}
	(void)well(maiko_add(sup, lossy, "near", .topics = MAIKO_TOPICS(newest, oldest, failing), .worker = 1,
			     .mailbox = 4));
	(void)well(maiko_add(sup, lossy, "far", .topics = MAIKO_TOPICS(newest, oldest, failing), .worker = workers,
			     .mailbox = 4));
	if (well(maiko_add(sup, changer, "changer", .worker = 1, .init = &(changer){.workers = workers})))
		run_changes(sup);
	check_overflows(sup);
	(void)finish(sup);
}

static void any_allocation_may_fail_while_an_actor_asks_for_changes(void **state)
{
	(void)state;
	with_failures(play_changes, 1, false);
	with_failures(play_changes, 2, false);
}

static void all_allocations_may_fail_while_an_actor_asks_for_changes(void **state)
{
	(void)state;
	with_failures(play_changes, 1, true);
	with_failures(play_changes, 2, true);
}

/* ---- under pressure: mutes and spills that find no memory ------------------------------------- */

MAIKO_TOPIC(tokens);
typedef struct token {
	uint32_t hops;
} token;
MAIKO_EVENT(token, tokens, hops);

/* Two of them fill each other's mailboxes: mutes, probes, verdicts, spills. */
typedef struct player {
	int unused;
} player;

static int player_on_token(player *self, const token *ev, maiko_ctx *ctx)
{
	(void)self;
	atomic_fetch_add(&handled, 1);
	if (ev->hops > 0)
		(void)well(maiko_send(ctx, token, .hops = ev->hops - 1));
	return 0;
}

static int player_on_work(player *self, const work *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	atomic_fetch_add(&handled, 1);
	for (int i = 0; i < 50; i++)
		(void)well(maiko_send(ctx, token, .hops = 5));
	return 0;
}
MAIKO_ACTOR(player, MAIKO_ON(token, player_on_token), MAIKO_ON(work, player_on_work));

static void play_in_a_cycle(uint32_t workers)
{
	maiko_supervisor *sup = NULL;
	maiko_options options = {.workers = workers, .channel = 16, .mailbox = 2};
	if (!well(maiko_supervisor_new(&sup, &options))) {
		test_allocator_fail_never();
		return;
	}
	(void)well(maiko_add(sup, player, "one", .worker = 1));
	(void)well(maiko_add(sup, player, "two", .worker = workers));
	if (well(maiko_start(sup))) {
		(void)well(maiko_send(sup, work));
		(void)well(maiko_stop(sup, NULL)); /* drains the cycle */
	}
	assert_int_equal(finish(sup), 0);
}

static void a_cycle_goes_on_when_an_allocation_fails(void **state)
{
	(void)state;
	for (uint32_t workers = 1; workers <= 2; workers++) {
		bool failed = true;
		for (uint64_t n = 0; failed && n < 5000; n++) {
			int64_t before = test_allocator_living();
			atomic_store(&handled, 0);
			atomic_store(&wrong, 0);
			test_allocator_fail_at(n, false);
			play_in_a_cycle(workers);
			failed = test_allocator_has_failed();
			assert_int_equal(test_allocator_living(), before);
			assert_int_equal(atomic_load(&wrong), 0);
		}
		assert_false(failed); /* the last went through all */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_one_allocation_may_fail_on_one_worker),
		cmocka_unit_test(any_one_allocation_may_fail_on_two_workers),
		cmocka_unit_test(all_allocations_may_fail_from_any_moment_on_one_worker),
		cmocka_unit_test(all_allocations_may_fail_from_any_moment_on_two_workers),
		cmocka_unit_test(any_allocation_may_fail_while_an_actor_asks_for_changes),
		cmocka_unit_test(all_allocations_may_fail_while_an_actor_asks_for_changes),
		cmocka_unit_test(a_cycle_goes_on_when_an_allocation_fails),
	};
	test_allocator_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
