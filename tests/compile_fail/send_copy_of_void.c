/* expect: maiko_send_copy: .*value must point to a hello */
/* A pointer that says nothing about what it points to. */
#include <maiko/maiko.h>

typedef struct hello {
	char name[32];
} hello;
MAIKO_TOPIC(greetings);
MAIKO_EVENT(hello, greetings, name);

int feed(maiko_supervisor *sup, const hello *value)
{
#ifndef CONTROL
	return maiko_send_copy(sup, hello, (const void *)value);
#else
	return maiko_send_copy(sup, hello, value);
#endif
}
