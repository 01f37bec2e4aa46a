/* expect: maiko_gen_event_hello */
/* A handler of a struct that was not made an event. */
#include <maiko/maiko.h>

typedef struct hello {
	char name[32];
} hello;
MAIKO_TOPIC(greetings);
#ifdef CONTROL
MAIKO_EVENT(hello, greetings, name);
#endif

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

MAIKO_ACTOR(greeter, MAIKO_ON(hello, greeter_on_hello));
