/* expect: MAIKO_ON_DONE\(greeter_fn\): it must be */
/* MAIKO_ON_DONE takes a function of one signature only. */
#include <maiko/maiko.h>

typedef struct greeter {
	unsigned greeted;
} greeter;

#ifndef CONTROL
static int greeter_fn(greeter *self, maiko_change arg, maiko_ctx *ctx)
#else
static int greeter_fn(greeter *self, const maiko_completion *arg, maiko_ctx *ctx)
#endif
{
	(void)arg;
	(void)ctx;
	self->greeted++;
	return 0;
}

MAIKO_ACTOR(greeter, MAIKO_ON_DONE(greeter_fn));
