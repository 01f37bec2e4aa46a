/* expect: actor greeter: two MAIKO_TICK */
/* An actor type has one tick. */
#include <maiko/maiko.h>

typedef struct greeter {
	unsigned greeted;
} greeter;

static maiko_next greeter_tick(greeter *self, maiko_ctx *ctx)
{
	(void)ctx;
	self->greeted++;
	return maiko_never();
}

#ifndef CONTROL
MAIKO_ACTOR(greeter, MAIKO_TICK(greeter_tick), MAIKO_TICK(greeter_tick));
#else
MAIKO_ACTOR(greeter, MAIKO_TICK(greeter_tick));
#endif
