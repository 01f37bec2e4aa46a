/* expect: (no member|has no member) named .?nmae */
/* A field that the struct does not have. */
#include <maiko/maiko.h>

typedef struct hello {
	char name[32];
} hello;
MAIKO_TOPIC(greetings);
#ifndef CONTROL
MAIKO_EVENT(hello, greetings, nmae);
#else
MAIKO_EVENT(hello, greetings, name);
#endif
