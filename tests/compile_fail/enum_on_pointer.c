/* expect: maiko: sample.shared is not an enum */
/* MAIKO_ENUM marks an integer, not a pointer. */
#include <maiko/maiko.h>

typedef enum colour { RED, GREEN } colour;
typedef struct sample {
	colour own;
	colour *shared;
} sample;
MAIKO_TOPIC(samples);
#ifndef CONTROL
MAIKO_EVENT(sample, samples, MAIKO_ENUM(own), MAIKO_ENUM(shared));
#else
MAIKO_EVENT(sample, samples, MAIKO_ENUM(own));
#endif
