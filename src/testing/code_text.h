/*
 * code_text.h - the code of an observation (monitor.h) as text.
 */
#ifndef MT_CODE_TEXT_H
#define MT_CODE_TEXT_H

#include <maiko/monitor.h>

/* "dropped", "maiko_after_ms", "MAIKO_ENOMEM"; NULL if it has no text. Static memory. */
const char *mt_code_text(maiko_observation_kind kind, int64_t code);

#endif
