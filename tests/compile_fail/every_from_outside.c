/* expect: incompatible pointer type */
/* A timer at a fixed rate belongs to an actor. */
#include <maiko/maiko.h>

typedef struct beat {
	unsigned n;
} beat;
MAIKO_EVENT(beat, maiko_private_topic, n);

int begin(maiko_ctx *ctx, maiko_supervisor *sup)
{
#ifndef CONTROL
	return maiko_every_ms(sup, 10, NULL, beat, .n = 1);
#else
	(void)sup;
	return maiko_every_ms(ctx, 10, NULL, beat, .n = 1);
#endif
}
