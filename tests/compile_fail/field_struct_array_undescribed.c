/* expect: maiko: sample.points is not of a type that an event may have */
/* An array of structs has the spelling of a nested struct. */
#include <maiko/maiko.h>

typedef struct point {
	int x, y;
} point;
typedef struct sample {
	int n;
	point points[4];
} sample;
MAIKO_TOPIC(samples);
#ifndef CONTROL
MAIKO_EVENT(sample, samples, n, points);
#else
MAIKO_STRUCT(point, x, y);
MAIKO_EVENT(sample, samples, n, MAIKO_NESTED(points, point));
#endif
