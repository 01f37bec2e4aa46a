/*
 * C15: allocation failure is an error code with nothing half done, or a delivery counted
 * no_memory. One long scenario runs again and again, with its first allocation failing, then
 * its second, and so on until none fails; and the same with all from the n-th on. Nothing
 * leaks, the ledger balances, nothing hangs.
 */
#include "no_memory.h"

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

static _Atomic(uint64_t) buffers_made, buffers_freed;

/* As well(), but once a stop is asked for nothing delayed and no actor is taken any more. */
static _Atomic(bool) stopping;
static bool well_or_late_at(int rc, int line)
{
	return rc == MAIKO_ESHUTDOWN && atomic_load(&stopping) ? false : no_memory_well(rc, line);
}
#define well_or_late(rc) well_or_late_at((rc), __LINE__)

static void free_pixels(void *data, void *arg) { atomic_fetch_add(&buffers_freed, 1); }

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
		atomic_fetch_add(&no_memory_wrong, 1);
	self->kept = well(maiko_keep(ctx, ev)) ? ev : NULL;
	atomic_fetch_add(&no_memory_handled, 1);
	return 0;
}

static int sink_on_large(sink *self, const large *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(ev->bytes[19999] == 7 ? &no_memory_handled : &no_memory_wrong, 1);
	return 0;
}

static int sink_on_frame(sink *self, const frame *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(maiko_buffer_size(ev->pixels) == 100 ? &no_memory_handled : &no_memory_wrong, 1);
	return 0;
}

static int sink_on_level(sink *self, const level *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&no_memory_handled, 1);
	return 0;
}

static int sink_on_error(sink *self, const maiko_error *error, maiko_ctx *ctx)
{
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
	atomic_fetch_add(&no_memory_handled, 1);
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
	if (j->n != 2 || status != 0)
		atomic_fetch_add(&no_memory_wrong, 1);
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
	atomic_fetch_add(&no_memory_handled, 1);
	send_all(ctx);
	(void)well_or_late(maiko_send_after_ms(ctx, 1, NULL, small, .n = 1));
	if (well_or_late(maiko_send_after_ms(ctx, 1000000, &delayed, small, .n = 1)))
		(void)well(maiko_cancel(ctx, delayed));
	(void)well_or_late(maiko_send_after_ms(ctx, 1000000, NULL, small, .n = 1));
	int rc = maiko_blocking(ctx, job_work, busy_on_job, .n = 1);
	if (rc != MAIKO_EAGAIN) /* no thread could be made */
		(void)well(rc);
	(void)well_or_late(maiko_add(ctx, child, test_name("child", ++self->children)));
	return 0;
}

static int busy_on_done(busy *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	if (well_or_late(completion->status) && completion->change == MAIKO_CHANGE_ADD)
		(void)well(maiko_send(ctx, leave));
	return 0;
}

static maiko_next busy_tick(busy *self, maiko_ctx *ctx)
{
	return ++self->ticks < 3 ? maiko_after_ms(1) : maiko_never();
}

static int busy_on_error(busy *self, const maiko_error *error, maiko_ctx *ctx)
{
	(void)well(error->code);
	return error->phase == MAIKO_PHASE_START ? error->code : 0;
}

static int busy_on_stop(busy *self, maiko_ctx *ctx)
{
	(void)well(maiko_send(ctx, small, .n = 0));
	return 0;
}
MAIKO_ACTOR(busy, MAIKO_ON_START(busy_on_start), MAIKO_ON(work, busy_on_work), MAIKO_ON_DONE(busy_on_done),
	    MAIKO_TICK(busy_tick), MAIKO_ON_ERROR(busy_on_error), MAIKO_ON_STOP(busy_on_stop));

/* ---- one that watches who listens ---- */

typedef struct lookout {
	bool told, wanted;
} lookout;

static int lookout_on_interest(lookout *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	if (self->told && interest->wanted == self->wanted)
		atomic_fetch_add(&no_memory_wrong, 1);
	self->told = true;
	self->wanted = interest->wanted;
	atomic_fetch_add(&no_memory_handled, 1);
	(void)well(maiko_send(ctx, level, .n = 1));
	return 0;
}
MAIKO_ACTOR(lookout, MAIKO_ON_INTEREST(lookout_on_interest, smalls));

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
	(void)well(maiko_add(sup, sink, "near", .worker = 1, .mailbox = 4, .stuck_ms = 60000));
	(void)well(maiko_add(sup, sink, "far", .worker = workers, .mailbox = 4));
	(void)well(maiko_add(sup, sink, "all", .topics = MAIKO_ALL_TOPICS));
	(void)well(maiko_add(sup, busy, "busy", .worker = 1));
	maiko_group_id group;
	if (well(maiko_group(sup, "group", .ret_id = &group)))
		(void)well(maiko_add(sup, sink, "member", .topics = MAIKO_NO_TOPICS, .group = group));
	(void)well(maiko_add(sup, lookout, "lookout", .worker = workers));
}

static void change(maiko_supervisor *sup)
{
	maiko_actor_id late, own;
	if (well(maiko_add(sup, sink, "late", .topics = MAIKO_NO_TOPICS, .stuck_ms = 60000, .ret_id = &late))) {
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

static void play(uint32_t workers)
{
	atomic_store(&stopping, false);
	atomic_store(&buffers_made, 0);
	atomic_store(&buffers_freed, 0);
	maiko_supervisor *sup = no_memory_supervisor((maiko_options){.workers = workers, .channel = 16});
	if (sup == NULL)
		return;
	add_first(sup, workers);
	send_from_outside(sup);
	run(sup);
	(void)no_memory_finish(sup);
	assert_int_equal(atomic_load(&buffers_freed), atomic_load(&buffers_made));
}

TEST_ONCE(any_one_allocation_may_fail_on_one_worker) { no_memory_play(play, 1, false); }

TEST_ONCE(any_one_allocation_may_fail_on_two_workers) { no_memory_play(play, 2, false); }

TEST_ONCE(all_allocations_may_fail_from_any_moment_on_one_worker) { no_memory_play(play, 1, true); }

TEST_ONCE(all_allocations_may_fail_from_any_moment_on_two_workers) { no_memory_play(play, 2, true); }

int main(void)
{
	test_allocator_install();
	return test_main();
}
