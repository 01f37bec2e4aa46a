/* expect: MAIKO_ON\(hello, greeter_on_hello\): the handler must be */
/* An event is shared by all who get it: no handler may write it. */
#include <maiko/maiko.h>

typedef struct hello {
	char name[32];
} hello;
MAIKO_TOPIC(greetings);
MAIKO_EVENT(hello, greetings, name);

typedef struct greeter {
	unsigned greeted;
} greeter;

#ifndef CONTROL
static int greeter_on_hello(greeter *self, hello *ev, maiko_ctx *ctx)
#else
static int greeter_on_hello(greeter *self, const hello *ev, maiko_ctx *ctx)
#endif
{
	(void)ev;
	(void)ctx;
	self->greeted++;
	return 0;
}

MAIKO_ACTOR(greeter, MAIKO_ON(hello, greeter_on_hello));
