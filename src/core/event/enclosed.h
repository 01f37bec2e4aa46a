/*
 * enclosed.h - an event inside a buffer: the content of a dead letter.
 *
 * It is a copy that outlives the event, its worker and, except for a description made at run time, the supervisor. It
 * has its own references on the event's buffers, dropped with the last reference on the enclosing one.
 */
#ifndef MK_ENCLOSED_H
#define MK_ENCLOSED_H

#include "event/event.h"

#include <maiko/buffer.h>

/* NULL without memory. */
maiko_buffer *mk_enclose(const mk_event *e);

/* The type and the data; the type is NULL if the buffer (may be NULL) encloses no event. */
MK_PRIVATE maiko_any mk_enclosed(const maiko_buffer *buffer);

#endif
