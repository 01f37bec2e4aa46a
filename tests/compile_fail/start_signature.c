/* expect: MAIKO_ON_START\(greeter_fn\): it must be */
/* MAIKO_ON_START takes a function of one signature only. */
#include <maiko/maiko.h>

typedef struct greeter {
	unsigned greeted;
} greeter;

#ifndef CONTROL
static int greeter_fn(greeter *self)
#else
static int greeter_fn(greeter *self, maiko_ctx *ctx)
#endif
{
#ifdef CONTROL
	(void)ctx;
#endif
	self->greeted++;
	return 0;
}

MAIKO_ACTOR(greeter, MAIKO_ON_START(greeter_fn));
