/*
 * external_thread.c - an external thread sends to actors.
 *
 * An external thread may wait, so backpressure makes it wait: maiko_send waits until there
 * is space, maiko_send_timeout for a limited time, maiko_try_send not at all. Each thread
 * is a separate sender: its events arrive in the order sent.
 *
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L /* for uv.h */
#include <maiko/maiko.h>
#include <stdio.h>
#include <uv.h>

enum { EACH = 1000, THREADS = 2 };

typedef struct sample { unsigned feed, n; } sample;

MAIKO_TOPIC(samples);
MAIKO_EVENT(sample, samples, feed, n);

/* ---- the actor: counts, and checks the order ---- */

typedef struct meter {
	unsigned last[THREADS];
	unsigned handled, misplaced;
} meter;

static int meter_on_sample(meter *self, const sample *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->handled++;
	if (ev->n != self->last[ev->feed] + 1) self->misplaced++;
	self->last[ev->feed] = ev->n;
	return 0;
}

static int meter_on_stop(meter *self, maiko_ctx *ctx)
{
	printf("%s: %u handled, %u out of order\n", maiko_name(ctx), self->handled, self->misplaced);
	return 0;
}

MAIKO_ACTOR(meter, MAIKO_ON(sample, meter_on_sample), MAIKO_ON_STOP(meter_on_stop));

/* ---- the threads ---- */

typedef struct feed {
	maiko_supervisor *sup;
	unsigned number;
	unsigned sent;
	int rc;
} feed;

/* Waits without limit. */
static void patient_main(void *arg)
{
	feed *self = arg;
	while (self->rc == 0 && self->sent < EACH) {
		self->rc = maiko_send(self->sup, sample, .feed = self->number, .n = self->sent + 1);
		if (self->rc == 0) self->sent++;
	}
}

/* Tries first, as a thread with other work would; then waits for a limited time. */
static void busy_main(void *arg)
{
	feed *self = arg;
	while (self->rc == 0 && self->sent < EACH) {
		unsigned n = self->sent + 1;
		self->rc = maiko_try_send(self->sup, sample, .feed = self->number, .n = n);
		if (self->rc == MAIKO_EAGAIN)
			self->rc = maiko_send_timeout(self->sup, 10000, sample, .feed = self->number, .n = n);
		if (self->rc == 0) self->sent++;
	}
}

int main(void)
{
	feed feeds[THREADS] = {{.number = 0}, {.number = 1}};
	uv_thread_t threads[THREADS];
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, &(maiko_options){.external_credit = 16});
	if (rc == 0) rc = maiko_add(sup, meter, "meter", .mailbox = 16);
	if (rc == 0) rc = maiko_start(sup);

	int started = 0;
	while (rc == 0 && started < THREADS) {
		feeds[started].sup = sup;
		rc = uv_thread_create(&threads[started], started == 0 ? patient_main : busy_main, &feeds[started]);
		if (rc == 0) started++;
	}
	for (int i = 0; i < started; i++) {
		uv_thread_join(&threads[i]);
		if (rc == 0) rc = feeds[i].rc;
	}

	if (rc == 0) rc = maiko_stop(sup, NULL); /* what was accepted is handled first */
	if (rc == 0) {
		printf("feeds: %u and %u sent\n", feeds[0].sent, feeds[1].sent);
		printf("after the stop: %s\n", maiko_err_name(maiko_send(sup, sample, .n = 1)));
	}
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "external_thread: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * meter: 2000 handled, 0 out of order
 * feeds: 1000 and 1000 sent
 * after the stop: MAIKO_ESHUTDOWN
 */
