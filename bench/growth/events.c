/*
 * events.c - operations among n delayed, kept and queued events.
 */
#include "growth.h"

#include <stdlib.h>

typedef struct plain {
	uint32_t number;
} plain;
MAIKO_TOPIC(plains);
MAIKO_EVENT(plain, plains, number);

/* ---- delayed ---- */

enum { LATE_MS = 1000000000 };

static maiko_delayed *delayed;

static int send_late(maiko_ctx *ctx, uint32_t n)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = maiko_send_after_ms(ctx, LATE_MS, &delayed[i], plain, .number = i);
	return rc;
}

static int prepare_late(uint32_t n)
{
	delayed = calloc(n, sizeof *delayed);
	int rc = growth_open();
	return rc != 0 ? rc : growth_start();
}

static int run_send_late(uint32_t n, uint64_t *ret_done)
{
	*ret_done = n;
	return growth_in_actor(send_late, n);
}

static int prepare_cancel(uint32_t n)
{
	int rc = prepare_late(n);
	return rc != 0 ? rc : growth_in_actor(send_late, n);
}

static int cancel_oldest_first(maiko_ctx *ctx, uint32_t n)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = maiko_cancel(ctx, delayed[i]);
	return rc;
}

static int run_cancel(uint32_t n, uint64_t *ret_done)
{
	*ret_done = growth_some(n);
	return growth_in_actor(cancel_oldest_first, growth_some(n));
}

/* ---- to oneself ---- */

typedef struct alarm_at {
	uint32_t number;
} alarm_at;
MAIKO_EVENT(alarm_at, maiko_private_topic, number);

typedef struct wind {
	uint32_t count, ms;
} wind;
MAIKO_TOPIC(winds);
MAIKO_EVENT(wind, winds, count, ms);

static uint64_t wound, rung;
static bool cancels;

typedef struct clock_actor {
	uint32_t count;
} clock_actor;
static int clock_on_wind(clock_actor *self, const wind *ev, maiko_ctx *ctx)
{
	int rc = 0;
	self->count = ev->count;
	for (uint32_t i = 0; rc == 0 && i < ev->count; i++)
		rc = maiko_send_self_after_ms(ctx, ev->ms, &delayed[i], alarm_at, .number = i);
	wound++;
	return rc;
}
static int clock_on_alarm(clock_actor *self, const alarm_at *ev, maiko_ctx *ctx)
{
	int rc = 0;
	(void)ev;
	rung++;
	for (uint32_t i = self->count - 1; cancels && rc == 0 && i > 0; i--) /* all others are due, and wait */
		rc = maiko_cancel(ctx, delayed[i]);
	return rc;
}
MAIKO_ACTOR(clock_actor, MAIKO_ON(wind, clock_on_wind), MAIKO_ON(alarm_at, clock_on_alarm));

static int prepare_clock(uint32_t n)
{
	delayed = calloc(n, sizeof *delayed);
	int rc = growth_open();
	if (rc == 0)
		rc = maiko_add(growth_sup, clock_actor, "clock");
	return rc != 0 ? rc : growth_start();
}

static int wind_up(uint32_t n, uint32_t ms, uint64_t *ret_done)
{
	*ret_done = n;
	int rc = maiko_send(growth_sup, wind, .count = n, .ms = ms);
	growth_until(&wound, 1);
	return rc;
}

static int run_send_self(uint32_t n, uint64_t *ret_done) { return wind_up(n, LATE_MS, ret_done); }

static int run_self_due(uint32_t n, uint64_t *ret_done)
{
	int rc = wind_up(n, 0, ret_done);
	growth_until(&rung, n);
	return rc;
}

static int run_cancel_due(uint32_t n, uint64_t *ret_done)
{
	cancels = true;
	int rc = wind_up(n, 0, ret_done);
	growth_until(&rung, 1);
	return rc;
}

/* ---- kept ---- */

static const plain **kept;
static uint32_t kept_count;
static uint64_t handled;

typedef struct keeper {
	uint32_t kept;
} keeper;
static int keeper_on_plain(keeper *self, const plain *ev, maiko_ctx *ctx)
{
	self->kept++;
	handled++;
	kept[kept_count++] = ev;
	return maiko_keep(ctx, ev);
}

typedef struct release {
	uint32_t count;
} release;
MAIKO_TOPIC(releases);
MAIKO_EVENT(release, releases, count);
static int keeper_on_release(keeper *self, const release *ev, maiko_ctx *ctx)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < ev->count; i++)
		rc = maiko_release(ctx, kept[i]);
	self->kept -= ev->count;
	handled++;
	return rc;
}
MAIKO_ACTOR(keeper, MAIKO_ON(plain, keeper_on_plain), MAIKO_ON(release, keeper_on_release));

static int send_plain(maiko_ctx *ctx, uint32_t n)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = maiko_send(ctx, plain, .number = i);
	return rc;
}

static int prepare_keep(uint32_t n)
{
	kept = calloc(n, sizeof(plain *));
	int rc = growth_open();
	if (rc == 0)
		rc = maiko_add(growth_sup, keeper, "keeper", .mailbox = MAIKO_MAILBOX_MAX);
	return rc != 0 ? rc : growth_start();
}

static int run_keep(uint32_t n, uint64_t *ret_done)
{
	int rc = growth_in_actor(send_plain, n);
	growth_until(&handled, n);
	*ret_done = n;
	return rc;
}

static int prepare_release(uint32_t n)
{
	uint64_t done;
	int rc = prepare_keep(n);
	return rc != 0 ? rc : run_keep(n, &done);
}

static int release_some(maiko_ctx *ctx, uint32_t n) { return maiko_send(ctx, release, .count = n); }

static int run_release(uint32_t n, uint64_t *ret_done)
{
	int rc = growth_in_actor(release_some, growth_some(n));
	growth_until(&handled, (uint64_t)n + 1);
	*ret_done = growth_some(n);
	return rc;
}

/* ---- keep latest: n keys in one mailbox, and oldest ones dropped between them ---- */

typedef struct price {
	uint64_t share;
} price;
static uint64_t share_of(const maiko_any *ev) { return ((const price *)ev->data)->share; }
MAIKO_TOPIC(prices, .overflow = MAIKO_KEEP_LATEST, .key = share_of);
MAIKO_EVENT(price, prices, share);
typedef struct sample {
	uint32_t number;
} sample;
MAIKO_TOPIC(samples, .overflow = MAIKO_DROP_OLDEST);
MAIKO_EVENT(sample, samples, number);

typedef struct board {
	uint32_t shown;
} board;
static int board_on_price(board *self, const price *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->shown++;
	handled++;
	return 0;
}
static int board_on_sample(board *self, const sample *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->shown++;
	handled++;
	return 0;
}
MAIKO_ACTOR(board, MAIKO_ON(price, board_on_price), MAIKO_ON(sample, board_on_sample));

static int make_board(uint32_t capacity)
{
	int rc = growth_open();
	if (rc == 0)
		rc = maiko_add(growth_sup, board, "board", .mailbox = capacity);
	return rc != 0 ? rc : growth_start();
}

static int prepare_latest(uint32_t n) { return make_board(n); }
/* Half of the board is for the samples. */
static int prepare_mixed(uint32_t n) { return make_board(2 * n); }

static int send_prices_twice(maiko_ctx *ctx, uint32_t n)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < 2 * n; i++)
		rc = maiko_send(ctx, price, .share = i % n);
	return rc;
}

static int run_latest(uint32_t n, uint64_t *ret_done)
{
	*ret_done = 2 * (uint64_t)n;
	int rc = growth_in_actor(send_prices_twice, n);
	growth_until(&handled, n);
	return rc;
}

static int send_mixed(maiko_ctx *ctx, uint32_t n)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < 5 * n; i++) {
		rc = maiko_send(ctx, price, .share = i % n);
		if (rc == 0)
			rc = maiko_send(ctx, sample, .number = i);
	}
	return rc;
}

static int run_mixed(uint32_t n, uint64_t *ret_done)
{
	*ret_done = 10 * (uint64_t)n;
	int rc = growth_in_actor(send_mixed, n);
	growth_until(&handled, 2 * (uint64_t)n);
	return rc;
}

/* ---- drop oldest: one mailbox with an event of each of n topics ---- */

typedef struct reading {
	uint32_t device;
} reading;
static const maiko_topic **devices;
static const maiko_topic *device_of(const reading *r) { return devices[r->device]; }
MAIKO_EVENT_ROUTED(reading, device_of, device);

typedef struct meter {
	uint32_t read;
} meter;
static int meter_on_reading(meter *self, const reading *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->read++;
	handled++;
	return 0;
}
MAIKO_ACTOR(meter, MAIKO_ON(reading, meter_on_reading));

static int prepare_oldest(uint32_t n)
{
	static const maiko_topic like = {.name = "like", .overflow = MAIKO_DROP_OLDEST};
	int rc = growth_open();
	devices = calloc(n, sizeof *devices);
	maiko_subscription *all = calloc((size_t)n + 1, sizeof *all);
	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		rc = maiko_topic_with(growth_sup, growth_name(i), &like, &devices[i]);
		all[i] = (maiko_subscription){.topic = devices[i]};
	}
	if (rc == 0)
		rc = maiko_add(growth_sup, meter, "meter", .topics = all, .mailbox = n);
	free(all);
	return rc != 0 ? rc : growth_start();
}

static int read_thrice(maiko_ctx *ctx, uint32_t n)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < 3 * n; i++)
		rc = maiko_send(ctx, reading, .device = i % n);
	return rc;
}

static int run_oldest(uint32_t n, uint64_t *ret_done)
{
	*ret_done = 3 * (uint64_t)n;
	int rc = growth_in_actor(read_thrice, n);
	growth_until(&handled, n);
	return rc;
}

const growth_operation growth_events[] = {{"send-late", prepare_late, run_send_late, 0},
					  {"cancel", prepare_cancel, run_cancel, 0},
					  {"send-self", prepare_clock, run_send_self, 0},
					  {"self-due", prepare_clock, run_self_due, 0},
					  {"cancel-due", prepare_clock, run_cancel_due, 0},
					  {"keep", prepare_keep, run_keep, 0},
					  {"release", prepare_release, run_release, 0},
					  {"keep-latest", prepare_latest, run_latest, 0},
					  {"keep-latest-mixed", prepare_mixed, run_mixed, 0},
					  {"drop-oldest", prepare_oldest, run_oldest, 0},
					  {.name = NULL}};
