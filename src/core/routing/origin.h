/*
 * origin.h - the names of senders elsewhere, which injected events (inject.c) have. Each is kept once, as long as the
 * supervisor: an event, and what was read of it, refers to it without counting.
 *
 * A hostile peer may send any number of names. So there is a bound, MAIKO_ELSEWHERE_NAMES_MAX; further ones share one
 * name, MK_ELSEWHERE.
 */
#ifndef MK_ORIGIN_H
#define MK_ORIGIN_H

#include "runtime/runtime.h"

#define MK_ELSEWHERE "elsewhere"

/* On any worker: the kept name that is equal; NULL without memory. */
const char *mk_origin_name(mk_sup *sup, const char *name);

void mk_origins_fini(mk_sup *sup);

#endif
