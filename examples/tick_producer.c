/*
 * tick_producer.c - a tick that produces periodically: maiko_after_ms.
 *
 * A tick does one piece of work and returns the condition for its next run. This one
 * sends a beat every 10 ms and ends after the third.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>

enum { BEATS = 3 };

typedef struct beat { unsigned n; } beat;

MAIKO_TOPIC(pulse);
MAIKO_EVENT(beat, pulse, n);

typedef struct heart { unsigned n; } heart;

static maiko_next heart_tick(heart *self, maiko_ctx *ctx)
{
	int rc = maiko_send(ctx, beat, .n = ++self->n);
	if (rc < 0) return maiko_failed(rc); /* on_error decides */
	return self->n < BEATS ? maiko_after_ms(10) : maiko_never();
}

MAIKO_ACTOR(heart, MAIKO_TICK(heart_tick));

typedef struct monitor { unsigned heard; } monitor;

static int monitor_on_beat(monitor *self, const beat *ev, maiko_ctx *ctx)
{
	printf("beat %u from the %s\n", ev->n, maiko_sender(ctx));
	return ++self->heard == BEATS ? maiko_stop_all(ctx) : 0;
}

MAIKO_ACTOR(monitor, MAIKO_ON(beat, monitor_on_beat));

int main(void)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc == 0) rc = maiko_add(sup, heart, "heart");
	if (rc == 0) rc = maiko_add(sup, monitor, "monitor");
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_join(sup);
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "tick_producer: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * beat 1 from the heart
 * beat 2 from the heart
 * beat 3 from the heart
 */
