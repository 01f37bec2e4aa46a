/* expect: or  const maiko_topic \*reading_topic\(const reading \*, maiko_supervisor \*\) */
/* The function that picks the topic may get the supervisor besides the event, and nothing else. */
#include <maiko/maiko.h>

typedef struct reading {
	int device;
} reading;
MAIKO_TOPIC(readings);

#ifndef CONTROL
static const maiko_topic *reading_topic(const reading *ev, maiko_ctx *ctx)
#else
static const maiko_topic *reading_topic(const reading *ev, maiko_supervisor *ctx)
#endif
{
	return ctx != NULL && ev->device > 0 ? MAIKO_TOPIC_REF(readings) : NULL;
}

MAIKO_EVENT_ROUTED(reading, reading_topic, device);
