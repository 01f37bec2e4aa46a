/* expect: MAIKO_FILTER\(reading, is_hot\): it must be */
/* The function of a filter returns a bool. */
#include <maiko/maiko.h>

typedef struct reading {
	double value;
} reading;
MAIKO_TOPIC(readings);
MAIKO_EVENT(reading, readings, value);

#ifndef CONTROL
static int is_hot(const reading *ev)
#else
static bool is_hot(const reading *ev)
#endif
{
	return ev->value > 80;
}
MAIKO_FILTER(reading, is_hot);
