/*
 * fixed_rate.c - a job at a fixed rate, and one at a time of day: maiko_every_ms, maiko_missed, maiko_at.
 *
 * A meter samples every 10 ms. Its third sample takes so long that it misses some: these are not made up for, but it is
 * told how many they were, and all later ones come when they should. Then it waits for a time of the machine's clock.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>
#include <time.h>

enum { PERIOD_MS = 10, PERIODS = 20, NS_PER_MS = 1000000 };

MAIKO_SIGNAL(sample, maiko_private_topic);

typedef struct closing { uint64_t unix_ms; } closing;
MAIKO_EVENT(closing, maiko_private_topic, unix_ms);

typedef struct meter {
	maiko_delayed rate;
	unsigned samples;
	uint64_t periods; /* that have passed */
	uint64_t begun_ns;
} meter;

static int meter_on_start(meter *self, maiko_ctx *ctx) { return maiko_every_ms(ctx, PERIOD_MS, &self->rate, sample); }

static int close_soon(maiko_ctx *ctx)
{
	uint64_t unix_ms = maiko_unix_ms(ctx) + 20;
	return maiko_at(ctx, unix_ms, NULL, closing, .unix_ms = unix_ms);
}

static int meter_on_sample(meter *self, const sample *ev, maiko_ctx *ctx)
{
	(void)ev;
	self->periods += 1 + maiko_missed(ctx);
	uint64_t due_ns = maiko_meta(ctx)->timestamp_ns, passed_ns = self->periods * PERIOD_MS * NS_PER_MS;
	if (++self->samples == 1) self->begun_ns = due_ns - passed_ns;
	if (self->samples == 3) nanosleep(&(struct timespec){.tv_nsec = 35 * NS_PER_MS}, NULL); /* as slow work would */
	if (self->periods < PERIODS) return 0;
	printf("late once, but drifted by %d ns\n", (int)(due_ns - self->begun_ns - passed_ns));
	int rc = maiko_cancel(ctx, self->rate);
	return rc == 0 ? close_soon(ctx) : rc;
}

static int meter_on_closing(meter *self, const closing *ev, maiko_ctx *ctx)
{
	(void)self;
	printf("closing time: %s\n", maiko_unix_ms(ctx) >= ev->unix_ms ? "reached" : "not yet");
	return maiko_stop_all(ctx);
}

MAIKO_ACTOR(meter, MAIKO_ON_START(meter_on_start), MAIKO_ON(sample, meter_on_sample),
	    MAIKO_ON(closing, meter_on_closing));

int main(void)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc == 0) rc = maiko_add(sup, meter, "meter");
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_join(sup);
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "fixed_rate: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * late once, but drifted by 0 ns
 * closing time: reached
 */
