/*
 * buffer.h - what the library may ask of a buffer besides its public functions.
 */
#ifndef MK_BUFFER_H
#define MK_BUFFER_H

#include <maiko/buffer.h>

/* The `arg` of a buffer of maiko_buffer_wrap that has that `release`; NULL: it is another buffer, or NULL. */
void *mk_buffer_arg_of(const maiko_buffer *buffer, void (*release)(void *data, void *arg));

#endif
