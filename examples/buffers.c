/*
 * buffers.c - large data in an event: maiko_buffer.
 *
 * The event carries a reference, not the bytes: all receivers read the same ones, which
 * are immutable once sent. A send takes its own reference, and the sender always drops
 * the one it has. A receiver that keeps the bytes past its handler takes another.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 640, HEIGHT = 480 };

typedef struct frame {
	unsigned width, height;
	maiko_buffer *pixels;
} frame;

MAIKO_TOPIC(video);
MAIKO_EVENT(frame, video, width, height, pixels);

/* ---- three viewers, one frame ---- */

typedef struct viewer { maiko_buffer *kept; } viewer;

static int viewer_on_frame(viewer *self, const frame *ev, maiko_ctx *ctx)
{
	(void)ctx;
	maiko_buffer_unref(self->kept);
	self->kept = maiko_buffer_ref(ev->pixels);
	return 0;
}

static int viewer_on_stop(viewer *self, maiko_ctx *ctx)
{
	const unsigned char *pixels = maiko_buffer_data(self->kept);
	size_t size = maiko_buffer_size(self->kept), lit = 0;
	for (size_t i = 0; i < size; i++) lit += pixels[i] != 0;
	printf("%s: %zu bytes, %zu of them lit\n", maiko_name(ctx), size, lit);
	self->kept = maiko_buffer_unref(self->kept);
	return 0;
}

MAIKO_ACTOR(viewer, MAIKO_ON(frame, viewer_on_frame), MAIKO_ON_STOP(viewer_on_stop));

/* Sends one frame whose first line is lit. */
static int send_frame(maiko_supervisor *sup)
{
	maiko_buffer *pixels = NULL;
	int rc = maiko_buffer_new((size_t)WIDTH * HEIGHT, &pixels);
	if (rc < 0) return rc;
	memset(maiko_buffer_writable(pixels), 255, WIDTH); /* ours alone, until it is sent */
	rc = maiko_send(sup, frame, .width = WIDTH, .height = HEIGHT, .pixels = pixels);
	maiko_buffer_unref(pixels);
	return rc;
}

int main(void)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc == 0) rc = maiko_add(sup, viewer, "left");
	if (rc == 0) rc = maiko_add(sup, viewer, "middle");
	if (rc == 0) rc = maiko_add(sup, viewer, "right");
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = send_frame(sup);
	if (rc == 0) rc = maiko_stop(sup, NULL);
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "buffers: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * right: 307200 bytes, 640 of them lit
 * middle: 307200 bytes, 640 of them lit
 * left: 307200 bytes, 640 of them lit
 */
