/* expect: a literal fills a char array and leaves no room for its terminating zero */
/* optimised */
/* As text_fills_array.c, in a struct inside the event. */
#include <maiko/maiko.h>

typedef struct place {
	char name[4];
} place;
typedef struct hello {
	int n;
	place from;
} hello;
MAIKO_TOPIC(greetings);
MAIKO_STRUCT(place, name);
MAIKO_EVENT(hello, greetings, n, MAIKO_NESTED(from, place));

int feed(maiko_supervisor *sup, int n)
{
#ifndef CONTROL
	return maiko_try_send(sup, hello, .n = n, .from = {"Bonn"});
#else
	return maiko_try_send(sup, hello, .n = n, .from = {"Ulm"});
#endif
}
