/* expect: incompatible[- ]pointer|incompatible function pointer|incompatible types|initializing */
/* The option is a filter, not its function. */
#include <maiko/maiko.h>

typedef struct reading {
	double value;
} reading;
MAIKO_TOPIC(readings);
MAIKO_EVENT(reading, readings, value);

static bool is_hot(const reading *ev) { return ev->value > 80; }
MAIKO_FILTER(reading, is_hot);

int subscribe(maiko_supervisor *sup, maiko_actor_id id);
int subscribe(maiko_supervisor *sup, maiko_actor_id id)
{
#ifndef CONTROL
	return maiko_subscribe(sup, id, MAIKO_TOPIC_REF(readings), .where = is_hot);
#else
	return maiko_subscribe(sup, id, MAIKO_TOPIC_REF(readings), .where = MAIKO_FILTER_REF(is_hot));
#endif
}
