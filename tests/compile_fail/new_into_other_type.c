/* expect: incompatible pointer type */
/* a warning */
/* maiko_new makes an event of the type named, and of no other. */
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

int feed(maiko_supervisor *sup)
{
#ifndef CONTROL
	bye *event = maiko_new(hello);
	return maiko_publish(sup, event);
#else
	bye *event = maiko_new(bye);
	return maiko_publish(sup, event);
#endif
}
