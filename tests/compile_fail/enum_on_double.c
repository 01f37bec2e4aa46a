/* expect: maiko: sample.value is not an enum */
/* MAIKO_ENUM marks an integer, not a number with a fraction. */
#include <maiko/maiko.h>

typedef struct sample {
	double value;
} sample;
MAIKO_TOPIC(samples);
#ifndef CONTROL
MAIKO_EVENT(sample, samples, MAIKO_ENUM(value));
#else
MAIKO_EVENT(sample, samples, value);
#endif
