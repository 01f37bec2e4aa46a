/* expect: (address of|cannot take address).*bit.?field */
/* A bit field has no address, so no offset. */
#include <maiko/maiko.h>

typedef struct sample {
	int n;
	unsigned flag : 1;
} sample;
MAIKO_TOPIC(samples);
#ifndef CONTROL
MAIKO_EVENT(sample, samples, n, flag);
#else
MAIKO_EVENT(sample, samples, n);
#endif
