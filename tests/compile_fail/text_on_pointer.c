/* expect: maiko_text: text must be an array of char */
/* maiko_text fills an array: of a pointer it would not know the size. */
#include <maiko/maiko.h>

int fill(char *text);

int fill(char *text)
{
	char name[8];
#ifndef CONTROL
	(void)name;
	return maiko_text(text, "World");
#else
	return maiko_text(name, text);
#endif
}
