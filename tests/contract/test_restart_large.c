/*
 * C20: restarts of actors that have much in hand: buffers, large payloads, delayed sends, what they watch. Each buffer
 * is released once, by whoever has it last, and what is queued is counted as it was.
 */
#include "support.h"

#include <maiko/testing/sim.h>
#include <string.h>
#include <uv.h>

enum { POISON = 1000, LARGE = 600, HOUR_MS = 3600000 };

typedef struct frame {
	uint32_t n;
	maiko_buffer *pixels;
} frame;
typedef struct page {
	uint32_t n;
	char text[LARGE];
} page;
typedef struct rumour {
	uint32_t n;
} rumour;
MAIKO_TOPIC(frames);
MAIKO_TOPIC(pages);
MAIKO_TOPIC(gossip);
MAIKO_EVENT(frame, frames, n, pixels);
MAIKO_EVENT(page, pages, n, text);
MAIKO_EVENT(rumour, gossip, n);

PER_TEST _Atomic(uint64_t) starts, stops, failures_left, released, letters;

static bool fails(void)
{
	if (atomic_load(&failures_left) == 0)
		return false;
	atomic_fetch_sub(&failures_left, 1);
	return true;
}

/* ---- the actor ------------------------------------------------------------------------------------- */

typedef struct screen {
	bool keeps; /* what it handles */
	bool later; /* it sends each frame again, a second later */
} screen;
static int screen_on_start(screen *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&starts, 1);
	return 0;
}
static int screen_on_stop(screen *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stops, 1);
	return 0;
}
static int screen_on_frame(screen *self, const frame *ev, maiko_ctx *ctx)
{
	expect(maiko_buffer_size(ev->pixels) == LARGE);
	expect(((const char *)maiko_buffer_data(ev->pixels))[LARGE - 1] == (char)ev->n);
	test_hear(ctx, MAIKO_EVENT_REF(frame), ev);
	if (self->keeps)
		expect(maiko_keep(ctx, ev) == 0);
	if (self->later)
		expect(maiko_send_after_ms(ctx, 1000, NULL, frame, .n = ev->n + 1, .pixels = ev->pixels) == 0);
	return ev->n == POISON && fails() ? UV_EIO : 0;
}
static int screen_on_page(screen *self, const page *ev, maiko_ctx *ctx)
{
	expect(ev->text[LARGE - 1] == (char)ev->n);
	test_hear(ctx, MAIKO_EVENT_REF(page), ev);
	return ev->n == POISON && fails() ? UV_EIO : 0;
}
MAIKO_ACTOR(screen, MAIKO_ON_START(screen_on_start), MAIKO_ON_STOP(screen_on_stop), MAIKO_ON(frame, screen_on_frame),
	    MAIKO_ON(page, screen_on_page));

static maiko_actor_id id;

static maiko_supervisor *with_screen(uint32_t workers, screen init, uint32_t retries, uint64_t delay_ms)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_group_id group;
	ok(maiko_group(sup, "group", .restarts = MAIKO_UNLIMITED, .ret_id = &group));
	ok(maiko_add(sup, screen, "screen", .group = group, .init = &init, .retries = retries, .worker = workers,
		     .mailbox_bytes = 4 * LARGE, .backoff = &(maiko_backoff){.first_ms = delay_ms}, .ret_id = &id));
	ok(maiko_add(sup, puppet, "feeder", .worker = workers));
	ok(maiko_start(sup));
	return sup;
}

static void count_release(void *data, void *arg) { atomic_fetch_add(&released, 1); }

/* The feeder keeps no reference, and no event of it is under way to another worker. */
static uint32_t next_frame;
static int feed(maiko_ctx *ctx)
{
	static char pixels[POISON + 1][LARGE];
	maiko_buffer *buffer;
	uint32_t n = next_frame;
	pixels[n][LARGE - 1] = (char)n;
	expect(maiko_buffer_wrap(pixels[n], LARGE, count_release, NULL, &buffer) == 0);
	int rc = maiko_send(ctx, frame, .n = n, .pixels = buffer);
	maiko_buffer_unref(buffer);
	return rc;
}

static void send_frame(maiko_supervisor *sup, uint32_t n)
{
	next_frame = n;
	test_order(sup, "feeder", feed);
	test_settle(sup);
}

/* A harness has copies of all events. */
static void expect_released(maiko_supervisor *sup, uint64_t buffers)
{
	if (atomic_load(&released) != buffers)
		ok(maiko_harness_clear(test_harness(sup)));
	assert_int_equal(atomic_load(&released), buffers);
}

static void send_page(maiko_supervisor *sup, uint32_t n)
{
	page one = {.n = n};
	one.text[LARGE - 1] = (char)n;
	ok(maiko_send_copy(sup, page, &one));
}

static uint64_t bytes_of(maiko_supervisor *sup) { return test_actor_row(test_report(sup), "screen")->bytes; }

/* ---- buffers ----------------------------------------------------------------------------------------- */

TEST_SIM(a_buffer_is_released_when_its_event_is_handled_at_last)
{
	maiko_supervisor *sup = with_screen(workers, (screen){0}, 3, 10);
	atomic_store(&failures_left, 3);
	send_frame(sup, 1);
	send_frame(sup, POISON);
	send_frame(sup, 2);
	test_wait_for(&starts, 3);
	test_settle(sup);
	expect_released(sup, 1);
	test_wait_for(&starts, 4);
	test_settle(sup);
	expect_released(sup, 3);
	expect_heard_numbers("screen", "1 1000 1000 1000 1000 2");
	(void)test_finish(sup);
}

typedef struct archive {
	uint32_t unused;
} archive;
static int archive_on_letter(archive *self, const maiko_dead_letter *ev, maiko_ctx *ctx)
{
	maiko_any any = maiko_letter_event(ev);
	const frame *f = maiko_as(&any, frame);
	expect(f != NULL && f->n == POISON && maiko_buffer_size(f->pixels) == LARGE);
	expect(ev->attempts == 2 && ev->error == UV_EIO);
	atomic_fetch_add(&letters, 1);
	return 0;
}
MAIKO_ACTOR(archive, MAIKO_ON(maiko_dead_letter, archive_on_letter));

TEST_SIM(a_letter_has_the_buffer_too)
{
	maiko_supervisor *sup = with_screen(workers, (screen){0}, 1, 10);
	ok(maiko_add(sup, archive, "archive", .worker = 1));
	atomic_store(&failures_left, 2);
	send_frame(sup, POISON);
	test_wait_for(&letters, 1);
	test_wait_for(&starts, 3);
	test_settle(sup);
	expect_released(sup, 1);
	(void)test_finish(sup);
}

TEST_SIM(what_a_life_keeps_is_released_with_it)
{
	maiko_supervisor *sup = with_screen(workers, (screen){.keeps = true}, 1, HOUR_MS);
	atomic_store(&failures_left, 1);
	for (uint32_t n = 1; n <= 5; n++)
		send_frame(sup, n);
	test_settle(sup);
	expect_released(sup, 0);
	send_frame(sup, POISON);
	test_wait_for(&stops, 1);
	test_settle(sup);
	expect_released(sup, 5); /* the one that failed is queued again */
	ok(maiko_restart(sup, id));
	test_settle(sup);
	expect_released(sup, 5); /* the next life keeps that one */
	ok(maiko_restart(sup, id));
	test_settle(sup);
	expect_released(sup, 6);
	(void)test_finish(sup);
}

/* The echo of a delayed frame would be handled. */
TEST_SIM(what_a_life_sends_later_is_released_with_it)
{
	maiko_supervisor *sup = with_screen(workers, (screen){.later = true}, 0, 10);
	for (uint32_t n = 1; n <= 5; n++)
		send_frame(sup, n);
	test_settle(sup);
	expect_released(sup, 0);
	ok(maiko_restart(sup, id));
	test_settle(sup);
	expect_released(sup, 5);
	ok(maiko_sim_advance(maiko_sim_of(sup), HOUR_MS));
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_topic_row(ledger, "frames")->delayed_discarded, 5);
	assert_int_equal(test_topic_row(ledger, "frames")->published, 5);
	test_release(sup);
}

/* ---- what is queued ------------------------------------------------------------------------------------ */

/* What has failed is queued again, and counts in the bound of the mailbox. */
static void queue_again(uint32_t workers, void (*send)(maiko_supervisor *sup, uint32_t n), uint64_t size)
{
	maiko_supervisor *sup = with_screen(workers, (screen){0}, 4, HOUR_MS);
	atomic_store(&failures_left, 4);
	send(sup, POISON);
	test_wait_for(&stops, 1);
	assert_int_equal(bytes_of(sup), size);
	for (uint32_t n = 1; n <= 3; n++)
		send(sup, n);
	test_settle(sup);
	assert_int_equal(bytes_of(sup), 4 * size);
	for (uint64_t stop = 2; stop <= 4; stop++) {
		ok(maiko_restart(sup, id));
		test_wait_for(&stops, stop);
		test_settle(sup);
		assert_int_equal(bytes_of(sup), 4 * size);
	}
	ok(maiko_restart(sup, id));
	test_settle(sup);
	expect_heard_numbers("screen", "1000 1000 1000 1000 1000 1 2 3");
	assert_int_equal(bytes_of(sup), 0);
	(void)test_finish(sup);
}
TEST_SIM(the_bytes_of_buffers_are_counted_as_before) { queue_again(workers, send_frame, LARGE); }
TEST_SIM(the_bytes_of_payloads_are_counted_as_before) { queue_again(workers, send_page, sizeof(page)); }

TEST_SIM(buffers_of_one_that_is_removed_while_it_waits_are_released)
{
	maiko_supervisor *sup = with_screen(workers, (screen){.keeps = true}, 1, HOUR_MS);
	atomic_store(&failures_left, 1);
	send_frame(sup, 1);
	send_frame(sup, POISON);
	test_wait_for(&stops, 1);
	send_frame(sup, 2);
	test_settle(sup);
	expect_released(sup, 1);
	ok(maiko_remove(sup, id));
	test_settle(sup);
	expect_released(sup, 3);
	assert_int_equal(test_finish(sup).dead, 2);
}

TEST_SIM(buffers_of_one_that_a_stop_ends_while_it_waits_are_released)
{
	maiko_ledger *ledger = NULL;
	maiko_supervisor *sup = with_screen(workers, (screen){.keeps = true}, 1, HOUR_MS);
	atomic_store(&failures_left, 1);
	send_frame(sup, POISON);
	test_wait_for(&stops, 1);
	send_frame(sup, 2);
	test_settle(sup);
	ok(maiko_stop(sup, &(maiko_stop_options){.ret_report = &ledger}));
	assert_int_equal(ledger->total.discarded, 2);
	assert_true(maiko_ledger_balanced(ledger));
	maiko_ledger_free(ledger);
	expect_released(sup, 2);
	test_release(sup);
}

/* ---- what it watches ------------------------------------------------------------------------------------- */

typedef struct camera {
	bool wanted;
	uint32_t life;
} camera;
static int camera_on_start(camera *self, maiko_ctx *ctx)
{
	self->life = (uint32_t)atomic_fetch_add(&starts, 1) + 1;
	return 0;
}
static int camera_on_stop(camera *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stops, 1);
	return 0;
}
static int camera_on_interest(camera *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	test_note("%u:%s", self->life, interest->wanted ? "on" : "off");
	return 0;
}
static int camera_on_page(camera *self, const page *ev, maiko_ctx *ctx) { return UV_EIO; }
MAIKO_ACTOR(camera, MAIKO_ON_START(camera_on_start), MAIKO_ON_STOP(camera_on_stop),
	    MAIKO_ON_INTEREST(camera_on_interest, gossip), MAIKO_ON(page, camera_on_page));
TEST_LISTENER(listener, rumour);

/* The camera has failed, and waits; the listener subscribes if `wanted`. */
static maiko_supervisor *with_camera(uint32_t workers, bool wanted, maiko_actor_id *ret_listener)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, camera, "camera", .restart = MAIKO_TRANSIENT, .worker = workers, .ret_id = &id,
		     .backoff = &(maiko_backoff){.first_ms = HOUR_MS}));
	ok(maiko_add(sup, listener, "listener", .worker = 1, .ret_id = ret_listener,
		     .topics = wanted ? MAIKO_TOPICS(gossip) : MAIKO_NO_TOPICS));
	ok(maiko_start(sup));
	test_settle(sup);
	expect_noted(wanted ? "1:on" : "1:off");
	send_page(sup, 1);
	test_wait_for(&stops, 1);
	return sup;
}

/* What changes while it waits it is told once, when it lives again. */
TEST_SIM(a_change_of_interest_is_told_to_the_next_life)
{
	maiko_actor_id heard;
	for (int wanted = 0; wanted < 2; wanted++) {
		maiko_supervisor *sup = with_camera(workers, wanted == 1, &heard);
		if (wanted == 1)
			ok(maiko_unsubscribe(sup, heard, MAIKO_TOPIC_REF(gossip)));
		else
			ok(maiko_subscribe(sup, heard, MAIKO_TOPIC_REF(gossip)));
		test_settle(sup);
		expect_noted(wanted == 1 ? "1:on" : "1:off");
		ok(maiko_restart(sup, id));
		test_settle(sup);
		expect_noted(wanted == 1 ? "1:on 2:off" : "1:off 2:on");
		(void)test_finish(sup);
	}
}

TEST_SIM(an_interest_that_changes_there_and_back_is_told_once)
{
	maiko_actor_id heard;
	maiko_supervisor *sup = with_camera(workers, true, &heard);
	for (int i = 0; i < 3; i++) {
		ok(maiko_unsubscribe(sup, heard, MAIKO_TOPIC_REF(gossip)));
		ok(maiko_subscribe(sup, heard, MAIKO_TOPIC_REF(gossip)));
	}
	ok(maiko_restart(sup, id));
	test_settle(sup);
	expect_noted("1:on 2:on");
	ok(maiko_remove(sup, heard));
	test_settle(sup);
	expect_noted("1:on 2:on 2:off");
	(void)test_finish(sup);
}

/* ---- a delayed send that is due ---------------------------------------------------------------------------- */

static int send_later(maiko_ctx *ctx)
{
	expect(maiko_send_after_ms(ctx, 1, NULL, rumour, .n = 1) == 0);
	return maiko_send_after_ms(ctx, 5, NULL, rumour, .n = 2);
}
static int fail_it(maiko_ctx *ctx) { return UV_EIO; }

/* One is sent before the failure, the other is cancelled by it. */
TEST_SIM(a_delayed_send_of_an_earlier_life_does_not_come)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "listener", .worker = 1));
	ok(maiko_add(sup, puppet, "puppet", .restart = MAIKO_TRANSIENT, .worker = workers,
		     .backoff = &(maiko_backoff){.first_ms = 1}));
	ok(maiko_start(sup));
	test_order(sup, "puppet", send_later);
	test_settle(sup);
	ok(maiko_sim_advance(maiko_sim_of(sup), 2));
	test_order(sup, "puppet", fail_it);
	test_settle(sup);
	ok(maiko_sim_advance(maiko_sim_of(sup), 100));
	expect_heard_numbers("listener", "1");
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_topic_row(ledger, "gossip")->delayed_discarded, 1);
	assert_int_equal(test_topic_row(ledger, "gossip")->delayed, 0);
	test_release(sup);
}
