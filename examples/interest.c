/*
 * interest.c - a source that sleeps while nobody listens: MAIKO_ON_INTEREST.
 *
 * The camera takes a picture every ten milliseconds, but only while some actor subscribes to its frames. When the last
 * one has gone its tick waits for ever, and nothing wakes up. The first subscriber wakes it, and misses no frame.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>

typedef struct frame { unsigned number; } frame;

MAIKO_TOPIC(frames);
MAIKO_EVENT(frame, frames, number);

/* ---- who sends ---- */

typedef struct camera { bool wanted; unsigned taken; } camera;

static int camera_on_interest(camera *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	bool changed = self->wanted != interest->wanted; /* at its start it is told that nobody listens yet */
	self->wanted = interest->wanted;
	if (!changed) return 0;
	printf("%s\n", self->wanted ? "somebody listens: the camera is on" : "nobody listens: the camera is off");
	return self->wanted ? maiko_wake_tick(ctx) : maiko_stop_all(ctx); /* here it is the end of the example */
}

static maiko_next camera_tick(camera *self, maiko_ctx *ctx)
{
	if (!self->wanted) return maiko_never();
	int rc = maiko_send(ctx, frame, .number = ++self->taken);
	return rc == 0 ? maiko_after_ms(10) : maiko_failed(rc);
}

MAIKO_ACTOR(camera, MAIKO_ON_INTEREST(camera_on_interest, frames), MAIKO_TICK(camera_tick));

/* ---- who listens, for a while ---- */

typedef struct viewer { unsigned seen; } viewer;

static int viewer_on_frame(viewer *self, const frame *ev, maiko_ctx *ctx)
{
	printf("%s sees frame %u\n", maiko_name(ctx), ev->number);
	return ++self->seen == 2 ? maiko_stop_self(ctx) : 0;
}

MAIKO_ACTOR(viewer, MAIKO_ON(frame, viewer_on_frame));

int main(void)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, &(maiko_options){.workers = 1});
	if (rc == 0) rc = maiko_add(sup, camera, "camera");
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_add(sup, viewer, "viewer");
	if (rc == 0) rc = maiko_join(sup);
	maiko_supervisor_free(sup);
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * somebody listens: the camera is on
 * viewer sees frame 1
 * viewer sees frame 2
 * nobody listens: the camera is off
 */
