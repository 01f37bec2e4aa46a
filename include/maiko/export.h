/*
 * export.h - what the linker and a C++ compiler need to know; and the names
 * that more than one header shares.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_EXPORT_H
#define MAIKO_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define MAIKO_BEGIN_DECLS extern "C" {
#define MAIKO_END_DECLS }
#else
#define MAIKO_BEGIN_DECLS
#define MAIKO_END_DECLS
#endif

#if defined(__GNUC__) || defined(__clang__)
#define MAIKO_API __attribute__((visibility("default")))
#define MAIKO_UNUSED __attribute__((unused))
#else
#define MAIKO_API
#define MAIKO_UNUSED
#endif

/* What an actor calls the runtime through: one a actor, valid as long as its
 * state is. Opaque. */
typedef struct maiko_ctx maiko_ctx;

/* A set of actors and the workers that run them. Opaque. */
typedef struct maiko_supervisor maiko_supervisor;

/* Names an actor of one supervisor: never 0, never used twice. */
typedef uint64_t maiko_actor_id;

/* The longest name of a topic, event, field or actor, in bytes, without the
 * terminating zero. */
#define MAIKO_NAME_MAX 63

/*
 * How structs grow without breaking a program that was compiled before:
 *
 *   what a caller fills in (options, hooks, subscriptions, topics), and what is counted or
 *   returned into memory of the caller's, ends with `reserved_`, which is zero: a new field
 *   takes its place there, and zero is its default. A library that does not know the field
 *   refuses it with MAIKO_EINVAL.
 *   what only the library makes (a ledger and its rows, observations, errors, envelopes) is read
 *   through a pointer, and grows at its end.
 *   what a macro makes (the descriptions of topics, layouts, events, actors and jobs) has a
 *   format, and the library refuses one that is newer than MAIKO_FORMAT was for it.
 *   Values (maiko_id, maiko_any, maiko_next, maiko_choice and the like) do not grow.
 */

/* The format of the descriptions that these headers make. */
#define MAIKO_FORMAT 1

#endif
