/* expect: maiko: sample.grid is not of type point or an array of it */
/* Arrays of structs have one dimension. */
#include <maiko/maiko.h>

typedef struct point {
	int x, y;
} point;
typedef struct sample {
	point grid[2][2], line[2];
} sample;
MAIKO_STRUCT(point, x, y);
MAIKO_TOPIC(samples);
#ifndef CONTROL
MAIKO_EVENT(sample, samples, MAIKO_NESTED(grid, point));
#else
MAIKO_EVENT(sample, samples, MAIKO_NESTED(line, point));
#endif
