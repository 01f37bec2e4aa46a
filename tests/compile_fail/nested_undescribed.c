/* expect: maiko_gen_layout_point */
/* MAIKO_NESTED with a struct that MAIKO_STRUCT has not described. */
#include <maiko/maiko.h>

typedef struct point {
	int x, y;
} point;
typedef struct sample {
	point at;
} sample;
MAIKO_TOPIC(samples);
#ifdef CONTROL
MAIKO_STRUCT(point, x, y);
#endif
MAIKO_EVENT(sample, samples, MAIKO_NESTED(at, point));
