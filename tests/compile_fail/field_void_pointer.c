/* expect: maiko: sample.value is not of a type that an event may have */
/* A pointer means nothing elsewhere: it cannot be a field. */
#include <maiko/maiko.h>

typedef struct sample {
	int n;
	void *value;
} sample;
MAIKO_TOPIC(samples);
#ifndef CONTROL
MAIKO_EVENT(sample, samples, n, value);
#else
MAIKO_EVENT(sample, samples, n); /* not described: allowed */
#endif
