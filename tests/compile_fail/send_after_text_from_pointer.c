/* expect: makes integer from pointer|incompatible pointer to integer */
/* As send_text_from_pointer.c, of an event that is sent later. */
#include <maiko/maiko.h>

typedef struct hello {
	int n;
	char name[8];
} hello;
MAIKO_TOPIC(greetings);
MAIKO_EVENT(hello, greetings, n, name);

int feed(maiko_ctx *ctx, const char *who)
{
#ifndef CONTROL
	return maiko_send_after_ms(ctx, 1, NULL, hello, .name = who);
#else
	return maiko_send_after_ms(ctx, 1, NULL, hello, MAIKO_TEXT(name, who));
#endif
}
