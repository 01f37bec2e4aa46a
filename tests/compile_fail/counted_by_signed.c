/* expect: maiko: MAIKO_COUNTED: sample.n is not an unsigned integer */
/* A count is never negative. */
#include <maiko/maiko.h>

typedef struct sample {
	int n;
	unsigned m;
	int some[4];
} sample;
MAIKO_TOPIC(samples);
#ifndef CONTROL
MAIKO_EVENT(sample, samples, MAIKO_COUNTED(some, n));
#else
MAIKO_EVENT(sample, samples, MAIKO_COUNTED(some, m));
#endif
