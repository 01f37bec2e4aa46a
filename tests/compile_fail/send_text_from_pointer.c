/* expect: makes integer from pointer|incompatible pointer to integer */
/* A pointer is no text: it would send a byte of its address. MAIKO_TEXT copies what it leads to. */
#include <maiko/maiko.h>

typedef struct hello {
	int n;
	char name[8];
} hello;
MAIKO_TOPIC(greetings);
MAIKO_EVENT(hello, greetings, n, name);

int feed(maiko_supervisor *sup, const char *who)
{
#ifndef CONTROL
	return maiko_send(sup, hello, .name = who);
#else
	return maiko_send(sup, hello, MAIKO_TEXT(name, who));
#endif
}
