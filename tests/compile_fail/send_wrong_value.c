/* expect: makes integer from pointer|incompatible pointer to integer */
/* A value that the field cannot hold. */
#include <maiko/maiko.h>

typedef struct hello {
	char name[32];
} hello;
MAIKO_TOPIC(greetings);
MAIKO_EVENT(hello, greetings, name);

typedef struct reading {
	int celsius;
} reading;
MAIKO_EVENT(reading, greetings, celsius);

int feed(maiko_supervisor *sup)
{
#ifndef CONTROL
	return maiko_send(sup, reading, .celsius = "warm");
#else
	return maiko_send(sup, reading, .celsius = 20);
#endif
}
