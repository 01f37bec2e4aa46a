/* expect: maiko_send_many: byes must be an array of hello */
/* An array of structs of another type than the event named. */
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

int feed(maiko_supervisor *sup, const bye byes[3])
{
#ifndef CONTROL
	return maiko_send_many(sup, hello, byes, 3, NULL);
#else
	return maiko_send_many(sup, bye, byes, 3, NULL);
#endif
}
