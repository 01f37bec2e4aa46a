/* expect: incompatible pointer type */
/* The first state is of the type of the actor. */
#include <maiko/maiko.h>

typedef struct hello {
	char name[32];
} hello;
MAIKO_TOPIC(greetings);
MAIKO_EVENT(hello, greetings, name);

typedef struct greeter {
	unsigned greeted;
} greeter;

typedef struct stranger {
	unsigned met;
} stranger;

static int greeter_on_hello(greeter *self, const hello *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->greeted++;
	return 0;
}

MAIKO_ACTOR(greeter, MAIKO_ON(hello, greeter_on_hello));

int add(maiko_supervisor *sup)
{
	stranger s = {.met = 1};
	greeter g = {.greeted = s.met};
#ifndef CONTROL
	(void)g;
	return maiko_add(sup, greeter, "greeter", .init = &s);
#else
	return maiko_add(sup, greeter, "greeter", .init = &g);
#endif
}
