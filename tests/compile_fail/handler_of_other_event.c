/* expect: MAIKO_ON\(hello, greeter_on_bye\): the handler must be */
/* A handler of one event cannot be given another. */
#include <maiko/maiko.h>

typedef struct hello {
	char name[32];
} hello;
MAIKO_TOPIC(greetings);
MAIKO_EVENT(hello, greetings, name);

typedef struct bye {
	char name[32];
} bye;
MAIKO_EVENT(bye, greetings, name);

typedef struct greeter {
	unsigned greeted;
} greeter;

static int greeter_on_bye(greeter *self, const bye *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->greeted++;
	return 0;
}

#ifndef CONTROL
MAIKO_ACTOR(greeter, MAIKO_ON(hello, greeter_on_bye));
#else
MAIKO_ACTOR(greeter, MAIKO_ON(bye, greeter_on_bye));
#endif
