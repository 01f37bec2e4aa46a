/* expect: MAIKO_ON\(hello, greeter_on_hello\): the handler must be  int greeter_on_hello\(stranger */
/* A handler that works on the state of another actor type. */
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

typedef struct stranger {
	unsigned met;
} stranger;

#ifndef CONTROL
MAIKO_ACTOR(stranger, MAIKO_ON(hello, greeter_on_hello));
#else
MAIKO_ACTOR(greeter, MAIKO_ON(hello, greeter_on_hello));
MAIKO_ACTOR(stranger);
#endif
