/* expect: has no member named .?number|.?number.? does not refer to any field */
/* A timer is an event, whose fields are checked. */
#include <maiko/maiko.h>

typedef struct beat {
	unsigned n;
} beat;
MAIKO_EVENT(beat, maiko_private_topic, n);

int begin(maiko_ctx *ctx)
{
#ifndef CONTROL
	return maiko_every_ms(ctx, 10, NULL, beat, .number = 1);
#else
	return maiko_every_ms(ctx, 10, NULL, beat, .n = 1);
#endif
}
