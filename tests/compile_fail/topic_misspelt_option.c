/* expect: has no member named .?overflwo|.?overflwo.? does not refer to any field */
/* An option that topics do not have. */
#include <maiko/maiko.h>

#ifndef CONTROL
MAIKO_TOPIC(telemetry, .overflwo = MAIKO_DROP_OLDEST);
#else
MAIKO_TOPIC(telemetry, .overflow = MAIKO_DROP_OLDEST);
#endif
