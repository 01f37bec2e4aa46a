/* expect: incompatible pointer type */
/* A timer belongs to an actor. */
#include <maiko/maiko.h>

typedef struct timeout {
	unsigned attempt;
} timeout;
MAIKO_EVENT(timeout, maiko_private_topic, attempt);

int wait(maiko_ctx *ctx, maiko_supervisor *sup)
{
#ifndef CONTROL
	return maiko_send_self_after_ms(sup, 10, NULL, timeout, .attempt = 1);
#else
	(void)sup;
	return maiko_send_self_after_ms(ctx, 10, NULL, timeout, .attempt = 1);
#endif
}
