/* expect: maiko: MAIKO_COUNTED: sample.one is not an array of numbers, of MAIKO_ENUM or of MAIKO_NESTED */
/* One number has no elements that could be counted. */
#include <maiko/maiko.h>

typedef struct sample {
	unsigned n;
	int one, some[4];
} sample;
MAIKO_TOPIC(samples);
#ifndef CONTROL
MAIKO_EVENT(sample, samples, MAIKO_COUNTED(one, n));
#else
MAIKO_EVENT(sample, samples, MAIKO_COUNTED(some, n));
#endif
