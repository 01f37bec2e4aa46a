/* expect: MAIKO_ON_INTEREST takes MAIKO_LIKE without options */
/* There is nothing to filter. */
#include <maiko/maiko.h>

typedef struct camera {
	unsigned told;
} camera;

static int camera_fn(camera *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	(void)interest;
	(void)ctx;
	self->told++;
	return 0;
}

#ifndef CONTROL
MAIKO_ACTOR(camera, MAIKO_ON_INTEREST(camera_fn, MAIKO_LIKE("frames.*", .overflow = MAIKO_BLOCK)));
#else
MAIKO_ACTOR(camera, MAIKO_ON_INTEREST(camera_fn, MAIKO_LIKE("frames.*")));
#endif
