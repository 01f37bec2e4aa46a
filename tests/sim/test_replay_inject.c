/*
 * test_replay_inject.c - injected events are recorded with their origin; a replay of a run injects them again.
 */
#include <maiko/observe/recorder.h>
#include <maiko/testing/replay.h>

#include "support.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct parcel {
	uint32_t n;
	char from[16];
} parcel;
MAIKO_TOPIC(parcels);
MAIKO_EVENT(parcel, parcels, n, from);

/* What its readers have seen of origins: it decides what they send. */
typedef struct receipt_slip {
	uint64_t stamp, chain;
	char sender[MAIKO_NAME_MAX + 1];
} receipt_slip;
MAIKO_TOPIC(slips);
MAIKO_EVENT(receipt_slip, slips, stamp, chain, sender);

enum { PARCELS = 100 };
static _Atomic(uint64_t) slips_seen;

/* A source: what it injects comes from elsewhere. */
typedef struct port {
	uint32_t sent;
} port;
static maiko_next port_tick(port *self, maiko_ctx *ctx)
{
	for (int i = 0; i < 10 && self->sent < PARCELS; i++, self->sent++) {
		uint32_t n = self->sent;
		maiko_envelope envelope = {.id = {UINT64_C(0xabcd), n + 1},
					   .correlation = {UINT64_C(0xabcd), n / 4 + 1},
					   .sender = n % 2 == 0 ? "ship" : "lorry",
					   .origin_timestamp_ns = maiko_random(ctx)};
		parcel value = {.n = n, .from = "elsewhere"};
		if (n > 0)
			envelope.parent = (maiko_id){UINT64_C(0xabcd), n / 4 + 1};
		int rc = n % 3 == 0 ? maiko_inject_tracked(ctx, MAIKO_EVENT_REF(parcel), &value, &envelope)
				    : maiko_inject(ctx, MAIKO_EVENT_REF(parcel), &value, &envelope);
		if (rc != 0)
			return maiko_failed(rc);
	}
	return self->sent < PARCELS ? maiko_after_ms(1) : maiko_never();
}
static int port_on_receipt(port *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	return maiko_receipt_done(receipt) ? 0 : MAIKO_EBROKEN;
}
MAIKO_ACTOR(port, MAIKO_TICK(port_tick), MAIKO_ON_RECEIPT(port_on_receipt));

typedef struct clerk {
	uint64_t sum;
} clerk;
static int clerk_on_parcel(clerk *self, const parcel *ev, maiko_ctx *ctx)
{
	const maiko_envelope *meta = maiko_meta(ctx);
	self->sum += ev->n + meta->origin_timestamp_ns;
	return maiko_send(ctx, receipt_slip, .stamp = self->sum, .chain = meta->correlation.sequence,
			  MAIKO_TEXT(sender, maiko_sender(ctx)));
}
MAIKO_ACTOR(clerk, MAIKO_ON(parcel, clerk_on_parcel));

typedef struct archive {
	uint64_t count;
} archive;
static int archive_on_slip(archive *self, const receipt_slip *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->count++;
	atomic_fetch_add(&slips_seen, 1);
	return 0;
}
MAIKO_ACTOR(archive, MAIKO_ON(receipt_slip, archive_on_slip));

static int add_actors(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	int rc = maiko_add(sup, archive, "archive");
	if (rc == 0)
		rc = maiko_add(sup, clerk, "clerk");
	return rc == 0 ? maiko_add(sup, port, "port", .topics = MAIKO_NO_TOPICS) : rc;
}

TEST_WORKERS(injected_events_are_injected_again_with_their_origin)
{
	static const char *const sources[] = {"port", NULL};
	maiko_replay_result result;
	maiko_recorder *recorder;
	char path[64];
	snprintf(path, sizeof path, "/tmp/maiko-replay-inject-%ld", (long)getpid());
	maiko_supervisor *sup = test_supervisor(workers);
	atomic_store(&slips_seen, 0);
	ok(maiko_recorder_new(&recorder, sup, path, NULL));
	ok(add_actors(sup, NULL));
	ok(maiko_start(sup));
	test_wait_for(&slips_seen, PARCELS);
	ok(maiko_stop(sup, NULL));
	ok(maiko_recorder_free(recorder));
	test_finish(sup);
	int rc = maiko_replay(&(maiko_replay_options){.path = path, .setup = add_actors, .sources = sources}, &result);
	unlink(path);
	if (rc != 0)
		fail_msg("%s: %s", maiko_strerror(rc), result.text);
	assert_true(result.complete);
	assert_true(result.events >= (uint64_t)2 * PARCELS);
}
