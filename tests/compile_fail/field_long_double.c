/* expect: maiko: sample.value is not of a type that an event may have */
/* A long double differs from machine to machine. */
#include <maiko/maiko.h>

typedef struct sample {
	int n;
	long double value;
} sample;
MAIKO_TOPIC(samples);
#ifndef CONTROL
MAIKO_EVENT(sample, samples, n, value);
#else
MAIKO_EVENT(sample, samples, n); /* not described: allowed */
#endif
