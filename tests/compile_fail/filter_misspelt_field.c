/* expect: has no member named|no member named .?valeu.? */
/* A filter tests a field that the event does not have. */
#include <maiko/maiko.h>

typedef struct reading {
	double value;
} reading;
MAIKO_TOPIC(readings);
MAIKO_EVENT(reading, readings, value);

int subscribe(maiko_supervisor *sup, maiko_actor_id id);
int subscribe(maiko_supervisor *sup, maiko_actor_id id)
{
#ifndef CONTROL
	const maiko_filter *hot = MAIKO_FILTER_OF(reading, MAIKO_FIELD_GREATER(valeu, 80));
#else
	const maiko_filter *hot = MAIKO_FILTER_OF(reading, MAIKO_FIELD_GREATER(value, 80));
#endif
	return maiko_subscribe(sup, id, MAIKO_TOPIC_REF(readings), .where = hot);
}
