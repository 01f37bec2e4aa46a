/* expect: maiko_send_copy: .* must point to a hello */
/* A struct of another type than the event named. */
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
	return maiko_send_copy(sup, hello, &(bye){.name = "World"});
#else
	return maiko_send_copy(sup, bye, &(bye){.name = "World"});
#endif
}
