/* expect: two MAIKO_ON_INTEREST */
/* An actor has one MAIKO_ON_INTEREST, for all its topics. */
#include <maiko/maiko.h>

typedef struct camera {
	unsigned told;
} camera;
MAIKO_TOPIC(frames);

static int camera_fn(camera *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	(void)interest;
	(void)ctx;
	self->told++;
	return 0;
}

#ifndef CONTROL
MAIKO_ACTOR(camera, MAIKO_ON_INTEREST(camera_fn, frames), MAIKO_ON_INTEREST(camera_fn, frames));
#else
MAIKO_ACTOR(camera, MAIKO_ON_INTEREST(camera_fn, frames));
#endif
