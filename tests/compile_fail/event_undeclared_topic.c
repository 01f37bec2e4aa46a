/* expect: maiko_gen_topic_nowhere */
/* An event of a topic that does not exist. */
#include <maiko/maiko.h>

typedef struct hello {
	char name[32];
} hello;
MAIKO_TOPIC(greetings);
#ifndef CONTROL
MAIKO_EVENT(hello, nowhere, name);
#else
MAIKO_EVENT(hello, greetings, name);
#endif
