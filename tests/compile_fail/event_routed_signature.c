/* expect: MAIKO_EVENT_ROUTED\(reading, reading_topic\): it must be */
/* The function that picks the topic sees the event as it is. */
#include <maiko/maiko.h>

typedef struct reading {
	int device;
} reading;
MAIKO_TOPIC(readings);

#ifndef CONTROL
static const maiko_topic *reading_topic(reading *ev)
#else
static const maiko_topic *reading_topic(const reading *ev)
#endif
{
	return ev->device > 0 ? MAIKO_TOPIC_REF(readings) : NULL;
}

MAIKO_EVENT_ROUTED(reading, reading_topic, device);
