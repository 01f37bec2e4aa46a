/*
 * layout.h - descriptions of structs: checking, comparing, and finding the buffers in them.
 */
#ifndef MK_LAYOUT_H
#define MK_LAYOUT_H

#include "base.h"

#include <maiko/event.h>

/* The most buffer fields of one event, nested structs included. */
#define MK_BUFFERS_MAX 32

/* Whether `name` is 1 to MAIKO_NAME_MAX bytes without a control character. */
bool mk_name_valid(const char *name);

/* MAIKO_EINVAL: it is not; `what` has the name ("an actor"). */
int mk_name_fail(const char *what, const char *name);

/* Writes the offsets of all buffer fields; returns how many. The layout is valid. */
uint32_t mk_layout_buffers(const maiko_layout *layout, uint32_t offsets[MK_BUFFERS_MAX]);

#endif
