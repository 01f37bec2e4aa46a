/* expect: MAIKO_ON_INTEREST\(camera_fn\): it must be */
/* MAIKO_ON_INTEREST takes a function of one signature only. */
#include <maiko/maiko.h>

typedef struct camera {
	unsigned told;
} camera;
MAIKO_TOPIC(frames);

#ifndef CONTROL
static int camera_fn(camera *self, bool wanted, maiko_ctx *ctx)
#else
static int camera_fn(camera *self, const maiko_interest *wanted, maiko_ctx *ctx)
#endif
{
	(void)wanted;
	(void)ctx;
	self->told++;
	return 0;
}

MAIKO_ACTOR(camera, MAIKO_ON_INTEREST(camera_fn, frames));
