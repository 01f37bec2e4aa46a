/* expect: the handler must be  int greeter_on_hello\(greeter */
/* A handler answers 0 or an error: it cannot return nothing. */
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
static void greeter_on_hello(greeter *self, const hello *ev, maiko_ctx *ctx)
#else
static int greeter_on_hello(greeter *self, const hello *ev, maiko_ctx *ctx)
#endif
{
	(void)ev;
	(void)ctx;
	self->greeted++;
#ifdef CONTROL
	return 0;
#endif
}

MAIKO_ACTOR(greeter, MAIKO_ON(hello, greeter_on_hello));
