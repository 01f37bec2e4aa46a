/* expect: MAIKO_TEXT: n must be an array of char */
/* MAIKO_TEXT fills a text, and nothing else. */
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
	return maiko_send(sup, hello, MAIKO_TEXT(n, who));
#else
	return maiko_send(sup, hello, MAIKO_TEXT(name, who));
#endif
}
