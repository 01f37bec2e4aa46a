/* expect: incompatible pointer type */
/* .topics is a list (MAIKO_TOPICS), not a topic. */
#include <maiko/maiko.h>

typedef struct hello {
	int n;
	char name[8];
} hello;
MAIKO_TOPIC(greetings);
MAIKO_EVENT(hello, greetings, n, name);

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

int feed(maiko_supervisor *sup)
{
#ifndef CONTROL
	return maiko_add(sup, greeter, "greeter", .topics = MAIKO_TOPIC_REF(greetings));
#else
	return maiko_add(sup, greeter, "greeter", .topics = MAIKO_TOPICS(greetings));
#endif
}
