/* expect: MAIKO_TICK\(greeter_fn\): it must be */
/* MAIKO_TICK takes a function of one signature only. */
#include <maiko/maiko.h>

typedef struct greeter {
	unsigned greeted;
} greeter;

#ifndef CONTROL
static int greeter_fn(greeter *self, maiko_ctx *ctx)
#else
static maiko_next greeter_fn(greeter *self, maiko_ctx *ctx)
#endif
{
	(void)ctx;
	self->greeted++;
#ifndef CONTROL
	return 0;
#else
	return maiko_never();
#endif
}

MAIKO_ACTOR(greeter, MAIKO_TICK(greeter_fn));
