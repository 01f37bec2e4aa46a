/* expect: has no member named .?nmae|.?nmae.? does not refer to any field */
/* A field that the event does not have. */
#include <maiko/maiko.h>

typedef struct hello {
	char name[32];
} hello;
MAIKO_TOPIC(greetings);
MAIKO_EVENT(hello, greetings, name);

int feed(maiko_supervisor *sup)
{
#ifndef CONTROL
	return maiko_send(sup, hello, .nmae = "World");
#else
	return maiko_send(sup, hello, .name = "World");
#endif
}
