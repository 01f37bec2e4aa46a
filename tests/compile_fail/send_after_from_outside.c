/* expect: incompatible pointer type */
/* A delayed send belongs to an actor. */
#include <maiko/maiko.h>

typedef struct hello {
	char name[32];
} hello;
MAIKO_TOPIC(greetings);
MAIKO_EVENT(hello, greetings, name);

int feed(maiko_supervisor *sup)
{
#ifndef CONTROL
	return maiko_send_after_ms(sup, 10, NULL, hello, .name = "World");
#else
	return maiko_send(sup, hello, .name = "World");
#endif
}
