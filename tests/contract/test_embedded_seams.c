/*
 * Receipts, holding, interest, injection, timers to oneself and many subscriptions in one change, on the caller's own
 * loop, without a thread of its own.
 */
#include "support.h"

#include <uv.h>

typedef struct frame {
	uint32_t n;
} frame;
typedef struct sound {
	uint32_t n;
} sound;
typedef struct wake {
	uint32_t n;
} wake;
MAIKO_TOPIC(frames);
MAIKO_TOPIC(sounds);
MAIKO_EVENT(frame, frames, n);
MAIKO_EVENT(sound, sounds, n);
MAIKO_EVENT(wake, maiko_private_topic, n);

PER_TEST _Atomic(uint64_t) receipts, wanted, unwanted;

/* ---- a camera that works while anyone looks ------------------------------------------------------------ */

typedef struct camera {
	uint32_t unused;
} camera;

static int camera_on_interest(camera *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	const maiko_envelope envelope = {.id = {7, 7}, .sender = "elsewhere"};
	atomic_fetch_add(interest->wanted ? &wanted : &unwanted, 1);
	if (!interest->wanted)
		return 0;
	int rc = maiko_send_tracked(ctx, frame, .n = 1);
	if (rc == 0)
		rc = maiko_inject(ctx, MAIKO_EVENT_REF(frame), &(frame){.n = 2}, &envelope);
	return rc != 0 ? rc : maiko_send_self_after_ms(ctx, 1, NULL, wake, .n = 3);
}
static int camera_on_receipt(camera *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	expect(maiko_receipt_done(receipt) && receipt->deliveries == 1);
	atomic_fetch_add(&receipts, 1);
	return 0;
}
static int camera_on_wake(camera *self, const wake *ev, maiko_ctx *ctx) { return maiko_send(ctx, frame, .n = ev->n); }
MAIKO_ACTOR(camera, MAIKO_ON_INTEREST(camera_on_interest, frames), MAIKO_ON_RECEIPT(camera_on_receipt),
	    MAIKO_ON(wake, camera_on_wake));

/* ---- who looks: on hold until its tick ------------------------------------------------------------------ */

typedef struct viewer {
	uint32_t ticks;
} viewer;

static int viewer_on_start(viewer *self, maiko_ctx *ctx) { return maiko_hold(ctx); }
static maiko_next viewer_tick(viewer *self, maiko_ctx *ctx)
{
	if (self->ticks++ < 3)
		return maiko_after_ms(1);
	expect(maiko_unhold(ctx) == 0);
	return maiko_never();
}
static int viewer_on_frame(viewer *self, const frame *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(frame), ev);
	return 0;
}
static int viewer_on_sound(viewer *self, const sound *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(sound), ev);
	return 0;
}
MAIKO_ACTOR(viewer, MAIKO_ON_START(viewer_on_start), MAIKO_TICK(viewer_tick), MAIKO_ON(frame, viewer_on_frame),
	    MAIKO_ON(sound, viewer_on_sound));

TEST_ONCE(they_all_work_on_a_loop_of_the_callers)
{
	uv_loop_t loop;
	maiko_supervisor *sup;
	maiko_actor_id id;
	ok(uv_loop_init(&loop));
	ok(maiko_supervisor_new(&sup, &(maiko_options){.loop = &loop}));
	ok(maiko_add(sup, camera, "camera"));
	ok(maiko_add(sup, viewer, "viewer", .topics = MAIKO_NO_TOPICS, .ret_id = &id));
	ok(maiko_start(sup));
	test_run_loop(&loop, &unwanted, 1);
	ok(maiko_subscribe_all(sup, id, MAIKO_TOPICS(frames, sounds)));
	test_run_loop(&loop, &receipts, 1);
	test_run_loop(&loop, &test_heard_events, 3);
	expect_heard_numbers("viewer", "1 2 3");
	ok(maiko_unsubscribe_all(sup, id, MAIKO_TOPICS(frames, sounds)));
	test_run_loop(&loop, &unwanted, 2);
	assert_int_equal(atomic_load(&wanted), 1);
	ok(maiko_stop_begin(sup, NULL, NULL, NULL));
	ok(uv_run(&loop, UV_RUN_DEFAULT));
	test_finish(sup);
	ok(uv_loop_close(&loop));
}
