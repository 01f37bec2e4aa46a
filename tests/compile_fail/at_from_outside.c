/* expect: incompatible pointer type */
/* A timer at a time of day belongs to an actor. */
#include <maiko/maiko.h>

typedef struct alarm_at {
	unsigned n;
} alarm_at;
MAIKO_EVENT(alarm_at, maiko_private_topic, n);

int begin(maiko_ctx *ctx, maiko_supervisor *sup)
{
#ifndef CONTROL
	return maiko_at(sup, 10, NULL, alarm_at, .n = 1);
#else
	(void)sup;
	return maiko_at(ctx, 10, NULL, alarm_at, .n = 1);
#endif
}
