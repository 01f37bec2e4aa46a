/*
 * code_text.h - what the code of an observation means (monitor.h), in words.
 */
#ifndef MT_CODE_TEXT_H
#define MT_CODE_TEXT_H

#include <maiko/monitor.h>

/* "dropped", "maiko_after_ms", "MAIKO_ENOMEM"; NULL where there is no word for it. Static memory. */
const char *mt_code_text(maiko_observation_kind kind, int64_t code);

#endif
