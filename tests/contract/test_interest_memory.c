/*
 * C15, C19: the last subscriber of a topic goes and another comes in one change, and for that one there is no memory:
 * an actor that watches the topic is told that nobody listens before it handles anything that the change has caused.
 */
#include "support.h"

typedef struct frame {
	uint32_t n;
} frame;
typedef struct hail {
	uint32_t n;
} hail;
typedef struct nothing {
	uint32_t n;
} nothing;
MAIKO_TOPIC(frames);
MAIKO_TOPIC(hails);
MAIKO_TOPIC(nothings);
MAIKO_EVENT(frame, frames, n);
MAIKO_EVENT(hail, hails, n);
MAIKO_EVENT(nothing, nothings, n);

PER_TEST maiko_actor_id viewer_id, other_id, teller_id;
PER_TEST _Atomic(bool) wanted, hailed, hailed_while_wanted;
PER_TEST uint64_t failing;

/* ---- who watches -------------------------------------------------------------------------------- */

typedef struct camera {
	uint32_t unused;
} camera;
static int camera_on_interest(camera *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	atomic_store(&wanted, interest->wanted);
	return 0;
}
static int camera_on_hail(camera *self, const hail *ev, maiko_ctx *ctx)
{
	atomic_store(&hailed, true);
	atomic_store(&hailed_while_wanted, atomic_load(&wanted));
	return 0;
}
MAIKO_ACTOR(camera, MAIKO_ON_INTEREST(camera_on_interest, frames), MAIKO_ON(hail, camera_on_hail));

/* ---- who subscribes, and whose frame is lost with the subscription --------------------------------- */

typedef struct viewer {
	uint32_t unused;
} viewer;
static int viewer_on_start(viewer *self, maiko_ctx *ctx) { return maiko_hold(ctx); }
static int viewer_on_frame(viewer *self, const frame *ev, maiko_ctx *ctx) { return 0; }
MAIKO_ACTOR(viewer, MAIKO_ON_START(viewer_on_start), MAIKO_ON(frame, viewer_on_frame));

/* Its receipt comes when the change is settled where the viewer is. */
typedef struct teller {
	uint32_t unused;
} teller;
static int teller_on_start(teller *self, maiko_ctx *ctx) { return maiko_send_tracked(ctx, frame, .n = 1); }
static int teller_on_receipt(teller *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	(void)maiko_send(ctx, hail, .n = 1);
	return 0;
}
static int teller_on_nothing(teller *self, const nothing *ev, maiko_ctx *ctx) { return 0; }
MAIKO_ACTOR(teller, MAIKO_ON_START(teller_on_start), MAIKO_ON(nothing, teller_on_nothing),
	    MAIKO_ON_RECEIPT(teller_on_receipt));

/* The first change is under way when the others are asked for, so these begin together. */
static int change_frames(maiko_ctx *ctx)
{
	test_allocator_fail_at(failing, false);
	(void)maiko_unsubscribe(ctx, teller_id, MAIKO_TOPIC_REF(nothings));
	(void)maiko_unsubscribe(ctx, viewer_id, MAIKO_TOPIC_REF(frames));
	(void)maiko_subscribe(ctx, other_id, MAIKO_TOPIC_REF(frames));
	return 0;
}

static int do_nothing(maiko_ctx *ctx) { return 0; }

/* `before`: orders that only make another schedule of the rest. */
static void play(uint32_t workers, uint64_t n, uint32_t before)
{
	maiko_supervisor *sup = test_supervisor(workers);
	failing = n;
	atomic_store(&hailed, false);
	ok(maiko_add(sup, viewer, "viewer", .worker = 1, .ret_id = &viewer_id));
	ok(maiko_add(sup, viewer, "other", .worker = 1, .topics = MAIKO_NO_TOPICS, .ret_id = &other_id));
	ok(maiko_add(sup, puppet, "boss", .worker = 1));
	ok(maiko_add(sup, teller, "teller", .worker = 1, .ret_id = &teller_id));
	ok(maiko_add(sup, camera, "camera", .worker = workers));
	ok(maiko_start(sup));
	test_settle(sup);
	assert_true(atomic_load(&wanted));
	for (uint32_t i = 0; i < before; i++)
		test_order(sup, "boss", do_nothing);
	test_order(sup, "boss", change_frames);
	test_settle(sup);
	test_allocator_fail_never();
	if (!atomic_load(&wanted) && atomic_load(&hailed))
		assert_false(atomic_load(&hailed_while_wanted));
	ok(maiko_stop(sup, NULL));
	(void)test_finish(sup);
}

TEST_SIM(a_watcher_rests_while_it_is_not_known_whether_there_is_memory)
{
	enum { ALLOCATIONS = 8, SCHEDULES = 16 };
	for (uint64_t n = 1; n <= ALLOCATIONS; n++)
		for (uint32_t i = 0; i < SCHEDULES; i++)
			play(workers, n, i);
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
