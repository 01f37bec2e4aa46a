/* expect: maiko: sample.value is not of a type that an event may have */
/* Arrays have one dimension. */
#include <maiko/maiko.h>

typedef struct sample {
	int n;
	int value[4][4], row[4];
} sample;
MAIKO_TOPIC(samples);
#ifndef CONTROL
MAIKO_EVENT(sample, samples, n, value, row);
#else
MAIKO_EVENT(sample, samples, n, row);
#endif
