/* expect: a literal fills a char array and leaves no room for its terminating zero */
/* optimised */
/* C allows a literal that fills an array without its end; a text must have one. */
#include <maiko/maiko.h>

typedef struct hello {
	int n;
	char name[8];
} hello;
MAIKO_TOPIC(greetings);
MAIKO_EVENT(hello, greetings, n, name);

int feed(maiko_supervisor *sup, int n)
{
#ifndef CONTROL
	return maiko_send(sup, hello, .n = n, .name = "12345678");
#else
	return maiko_send(sup, hello, .n = n, .name = "1234567");
#endif
}
