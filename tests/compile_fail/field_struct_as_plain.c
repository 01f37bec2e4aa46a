/* expect: maiko: sample.value is not of a type that an event may have */
/* A nested struct has a spelling of its own. */
#include <maiko/maiko.h>

typedef struct sample {
	int n;
	struct point {
		int x, y;
	} value;
} sample;
MAIKO_TOPIC(samples);
#ifndef CONTROL
MAIKO_EVENT(sample, samples, n, value);
#else
MAIKO_EVENT(sample, samples, n); /* not described: allowed */
#endif
