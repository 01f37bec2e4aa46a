/* expect: maiko_gen_event_bye */
/* A struct that was not made an event. */
#include <maiko/maiko.h>

typedef struct hello {
	char name[32];
} hello;
MAIKO_TOPIC(greetings);
MAIKO_EVENT(hello, greetings, name);

typedef struct bye {
	char name[32];
} bye;

int feed(maiko_supervisor *sup)
{
#ifndef CONTROL
	return maiko_send(sup, bye, .name = "World");
#else
	return maiko_send(sup, hello, .name = "World");
#endif
}
