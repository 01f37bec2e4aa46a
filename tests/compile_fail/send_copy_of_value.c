/* expect: maiko_send_copy: value must point to a hello */
/* A struct rather than a pointer to it. */
#include <maiko/maiko.h>

typedef struct hello {
	char name[32];
} hello;
MAIKO_TOPIC(greetings);
MAIKO_EVENT(hello, greetings, name);

int feed(maiko_supervisor *sup, hello value)
{
#ifndef CONTROL
	return maiko_send_copy(sup, hello, value);
#else
	return maiko_send_copy(sup, hello, &value);
#endif
}
