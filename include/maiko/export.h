/*
 * export.h - symbol visibility, C++ linkage, and the names that several headers
 * share.
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
#define MAIKO_PRINTF_(text, first) __attribute__((format(printf, text, first)))
#else
#define MAIKO_API
#define MAIKO_UNUSED
#define MAIKO_PRINTF_(text, first)
#endif

/* The handle through which an actor calls the runtime: one per actor, valid as long
 * as its state. Opaque. */
typedef struct maiko_ctx maiko_ctx;

/* A set of actors and the workers that run them. Opaque. */
typedef struct maiko_supervisor maiko_supervisor;

/* Identifies an actor of one supervisor: never 0, never reused. */
typedef uint64_t maiko_actor_id;

/* The longest name of a topic, event, field or actor, in bytes, without the
 * terminating zero. */
#define MAIKO_NAME_MAX 63

/*
 * How structs grow without breaking a program that was compiled before:
 *
 *   Structs that a caller fills in (options, hooks, subscriptions, topics), counts, and results
 *   written into the caller's memory end with `reserved_`, which is zero: a new field takes
 *   space there, and zero is its default. A library that does not know the field rejects a
 *   nonzero value with MAIKO_EINVAL.
 *   Structs that only the library makes (a ledger and its rows, observations, errors, envelopes)
 *   are read through a pointer, and grow at the end.
 *   Descriptors made by macros (of topics, layouts, events, actors and jobs) carry a format
 *   number; the library rejects one newer than the MAIKO_FORMAT it was built with.
 *   Values (maiko_id, maiko_any, maiko_next, maiko_choice and the like) do not grow.
 */

/* The format of the descriptors that these headers make. Of 1 no field is an array; 2 has arrays. */
#define MAIKO_FORMAT 2

#endif
