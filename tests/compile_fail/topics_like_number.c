/* expect: pointer */
/* A pattern that is no text. */
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

MAIKO_ACTOR(greeter, MAIKO_ON(hello, greeter_on_hello));

int add(maiko_supervisor *sup)
{
#ifndef CONTROL
	return maiko_add(sup, greeter, "greeter", .topics = MAIKO_TOPICS_LIKE("a.*", 17));
#else
	return maiko_add(sup, greeter, "greeter", .topics = MAIKO_TOPICS_LIKE("a.*", "*"));
#endif
}
