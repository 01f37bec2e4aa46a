/* expect: incompatible pointer type */
/* maiko_subscribe_all takes a list of topics, not a topic. */
#include <maiko/maiko.h>

typedef struct hello {
	char name[32];
} hello;
MAIKO_TOPIC(greetings);
MAIKO_EVENT(hello, greetings, name);

int feed(maiko_supervisor *sup)
{
#ifndef CONTROL
	return maiko_subscribe_all(sup, 1, MAIKO_TOPIC_REF(greetings));
#else
	return maiko_subscribe_all(sup, 1, MAIKO_TOPICS(greetings));
#endif
}
