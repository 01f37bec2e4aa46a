/*
 * attached_events.h - an event goes to the subscribers of what is attached to its topic (registry/attached.h), to each
 * actor once.
 */
#ifndef MK_ATTACHED_EVENTS_H
#define MK_ATTACHED_EVENTS_H

#include "runtime/runtime.h"

/* Delivers an event to the subscribers here of the views that are attached to its topic; `marker` as in mk_fan_out.
 * Precondition: that topic is not stale. */
void mk_fan_out_attached(mk_worker *w, mk_event *e, uint64_t marker);

#endif
