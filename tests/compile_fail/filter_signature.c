/* expect: MAIKO_FILTER\(reading, is_hot\): it must be */
/* MAIKO_FILTER takes a function of one signature only. */
#include <maiko/maiko.h>

typedef struct reading {
	double value;
} reading;
typedef struct other {
	double value;
} other;
MAIKO_TOPIC(readings);
MAIKO_EVENT(reading, readings, value);

#ifndef CONTROL
static bool is_hot(const other *ev)
#else
static bool is_hot(const reading *ev)
#endif
{
	return ev->value > 80;
}
MAIKO_FILTER(reading, is_hot);
