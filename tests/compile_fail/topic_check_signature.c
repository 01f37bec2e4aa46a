/* expect: incompatible[- ]pointer|incompatible function pointer */
/* a warning */
/* The check of a topic has one signature only. */
#include <maiko/maiko.h>

typedef struct reading {
	double value;
} reading;

#ifndef CONTROL
static const char *check(const reading *event) { return event->value < 0 ? "negative" : NULL; }
#else
static const char *check(const maiko_any *event) { return event->data == NULL ? "nothing" : NULL; }
#endif

MAIKO_TOPIC(readings, .check = check);
MAIKO_EVENT(reading, readings, value);
