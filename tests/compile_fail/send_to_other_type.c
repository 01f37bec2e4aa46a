/* expect: maiko: sup must be a maiko_ctx \* or a maiko_supervisor \* */
/* Only a ctx or a supervisor can send. */
#include <maiko/maiko.h>

typedef struct hello {
	char name[32];
} hello;
MAIKO_TOPIC(greetings);
MAIKO_EVENT(hello, greetings, name);

int feed(maiko_supervisor **sup)
{
#ifndef CONTROL
	return maiko_send(sup, hello, .name = "World");
#else
	return maiko_send(*sup, hello, .name = "World");
#endif
}
