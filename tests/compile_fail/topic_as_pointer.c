/* expect: incompatible pointer type */
/* maiko_subscribe takes a topic, not its name. */
#include <maiko/maiko.h>

typedef struct hello {
	char name[32];
} hello;
MAIKO_TOPIC(greetings);
MAIKO_EVENT(hello, greetings, name);

int feed(maiko_supervisor *sup)
{
#ifndef CONTROL
	return maiko_subscribe(sup, 1, "greetings");
#else
	return maiko_subscribe(sup, 1, MAIKO_TOPIC_REF(greetings));
#endif
}
