/* expect: maiko: sample.v and 1 must both be texts or both be numbers */
/* A test is of one element; whole arrays are for MAIKO_WHERE. */
#include <maiko/testing/harness.h>

typedef struct sample {
	int v[4];
} sample;
MAIKO_TOPIC(samples);
MAIKO_EVENT(sample, samples, v);

maiko_matcher matcher(void);
maiko_matcher matcher(void)
{
#ifndef CONTROL
	return maiko_match(sample, MAIKO_FIELD_IS(v, 1));
#else
	return maiko_match(sample, MAIKO_FIELD_IS(v[2], 1));
#endif
}
