/* expect: maiko: sample.at is not of type size */
/* MAIKO_NESTED with the description of another struct. */
#include <maiko/maiko.h>

typedef struct point {
	int x, y;
} point;
typedef struct size {
	int w, h;
} size;
typedef struct sample {
	point at;
} sample;
MAIKO_STRUCT(point, x, y);
MAIKO_STRUCT(size, w, h);
MAIKO_TOPIC(samples);
#ifndef CONTROL
MAIKO_EVENT(sample, samples, MAIKO_NESTED(at, size));
#else
MAIKO_EVENT(sample, samples, MAIKO_NESTED(at, point));
#endif
