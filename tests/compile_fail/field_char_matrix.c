/* expect: maiko: sample.value is not of a type that an event may have */
/* No array of texts. */
#include <maiko/maiko.h>

typedef struct sample {
	int n;
	char value[4][4];
} sample;
MAIKO_TOPIC(samples);
#ifndef CONTROL
MAIKO_EVENT(sample, samples, n, value);
#else
MAIKO_EVENT(sample, samples, n); /* not described: allowed */
#endif
