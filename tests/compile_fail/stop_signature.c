/* expect: MAIKO_ON_STOP\(greeter_fn\): it must be */
/* MAIKO_ON_STOP takes a function of one signature only. */
#include <maiko/maiko.h>

typedef struct greeter {
	unsigned greeted;
} greeter;

#ifndef CONTROL
static maiko_next greeter_fn(greeter *self, maiko_ctx *ctx)
#else
static int greeter_fn(greeter *self, maiko_ctx *ctx)
#endif
{
	(void)ctx;
	self->greeted++;
#ifndef CONTROL
	return maiko_never();
#else
	return 0;
#endif
}

MAIKO_ACTOR(greeter, MAIKO_ON_STOP(greeter_fn));
