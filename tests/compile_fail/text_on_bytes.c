/* expect: maiko_text: name must be an array of char */
/* maiko_text fills text, not bytes. */
#include <maiko/maiko.h>

int fill(const char *text);

int fill(const char *text)
{
#ifndef CONTROL
	uint8_t name[8];
#else
	char name[8];
#endif
	return maiko_text(name, text);
}
