/* expect: actor greeter: two handlers of hello */
/* An actor type has one handler for an event. */
#include <maiko/maiko.h>

typedef struct hello {
	char name[32];
} hello;
MAIKO_TOPIC(greetings);
MAIKO_EVENT(hello, greetings, name);

typedef struct greeter {
	unsigned greeted;
} greeter;

static int greeter_on_hello(greeter *self, const hello *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->greeted++;
	return 0;
}

#ifndef CONTROL
MAIKO_ACTOR(greeter, MAIKO_ON(hello, greeter_on_hello), MAIKO_ON(hello, greeter_on_hello));
#else
MAIKO_ACTOR(greeter, MAIKO_ON(hello, greeter_on_hello));
#endif
