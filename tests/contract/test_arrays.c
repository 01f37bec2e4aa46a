/*
 * C2: arrays arrive whole, on whatever workers the receivers are; a count beyond its array sends nothing,
 * by whichever call.
 */
#include "support.h"

#include <string.h>

typedef enum colour { RED, GREEN, BLUE } colour;
typedef struct point {
	double at[3];
	char label[4];
} point;
typedef struct shape {
	int32_t v[4];
	bool on[3];
	colour hues[2];
	uint16_t corners;
	point points[8];
} shape;
MAIKO_STRUCT(point, at, label);
MAIKO_TOPIC(shapes);
MAIKO_EVENT(shape, shapes, v, on, MAIKO_ENUM(hues), MAIKO_COUNTED(MAIKO_NESTED(points, point), corners));

typedef struct samples {
	uint32_t used;
	int32_t values[5];
} samples;
MAIKO_EVENT(samples, shapes, MAIKO_COUNTED(values, used));

/* Sends a copy of what it gets, and what it may not send. */
typedef struct artist {
	int unused;
} artist;
static int artist_on_shape(artist *self, const shape *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(shape), ev);
	expect(ev->on[0] && !ev->on[1] && ev->on[2] && ev->hues[0] == BLUE && ev->points[0].at[2] > 1.5);
	expect(strcmp(ev->points[0].label, "top") == 0);
	samples *draft = maiko_new(samples);
	draft->used = 6;
	expect(maiko_send(ctx, samples, .used = 6) == MAIKO_EINVAL);
	expect(maiko_send_root(ctx, samples, .used = 6) == MAIKO_EINVAL);
	expect(maiko_send_after_ms(ctx, 1, NULL, samples, .used = 6) == MAIKO_EINVAL);
	expect(maiko_publish(ctx, draft) == MAIKO_EINVAL);
	maiko_discard(draft);
	return maiko_send(ctx, samples, .used = 2, .values = {ev->v[0], ev->v[3]});
}
MAIKO_ACTOR(artist, MAIKO_ON(shape, artist_on_shape));
TEST_LISTENER(reader, samples);

typedef struct viewer {
	int unused;
} viewer;
static int viewer_on_samples(viewer *self, const samples *ev, maiko_ctx *ctx)
{
	expect(ev->used == 2 && ev->values[0] == 1 && ev->values[1] == -4);
	test_hear(ctx, MAIKO_EVENT_REF(samples), ev);
	return 0;
}
MAIKO_ACTOR(viewer, MAIKO_ON(samples, viewer_on_samples));

static const char *const viewers[] = {"ann", "ben", "cat", "dan", "eve"};
enum { VIEWERS = sizeof viewers / sizeof viewers[0] };

TEST_SIM(arrays_arrive_whole)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, artist, "artist"));
	for (int i = 0; i < VIEWERS; i++)
		ok(maiko_add(sup, viewer, viewers[i]));
	ok(maiko_start(sup));
	ok(maiko_send(sup, shape, .v = {1, 2, 3, -4}, .on = {true, false, true}, .hues = {BLUE, GREEN}, .corners = 1,
		      .points = {{.at = {0.5, 1, 2}, .label = "top"}}));
	test_settle(sup);
	test_finish(sup);
	expect_heard_count("artist", shape, 1);
	for (int i = 0; i < VIEWERS; i++)
		expect_heard_count(viewers[i], samples, 1);
}

TEST_SIM(a_count_beyond_its_array_sends_nothing)
{
	static const shape full = {.corners = 8}, over = {.corners = 9};
	maiko_receipt receipt;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, reader, "reader"));
	ok(maiko_start(sup));
	samples *draft = maiko_new(samples);
	draft->used = UINT32_MAX;
	assert_int_equal(maiko_send(sup, samples, .used = 6), MAIKO_EINVAL);
	assert_string_equal(maiko_last_error(),
			    "'samples': .used is 6; the array that it counts, .values, has 5 elements");
	assert_int_equal(maiko_send_copy(sup, shape, &over), MAIKO_EINVAL);
	assert_int_equal(maiko_send_wait(sup, 1000, &receipt, samples, .used = 6), MAIKO_EINVAL);
	assert_int_equal(maiko_publish(sup, draft), MAIKO_EINVAL);
	draft->used = 5;
	ok(maiko_publish(sup, draft));
	ok(maiko_send_copy(sup, shape, &full));
	maiko_counts total = test_finish(sup);
	expect_heard_count("reader", samples, 1);
	assert_int_equal(total.deliveries, 2);
}
