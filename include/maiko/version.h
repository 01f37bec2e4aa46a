/*
 * version.h - the version of these headers, and of the linked library.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_VERSION_H
#define MAIKO_VERSION_H

#include <maiko/export.h>

#define MAIKO_VERSION_MAJOR 0
#define MAIKO_VERSION_MINOR 2
#define MAIKO_VERSION_PATCH 0
#define MAIKO_VERSION_TEXT "0.2.0"

MAIKO_BEGIN_DECLS

/* The version of the library that is linked, as text ("0.2.0"). Any thread. */
MAIKO_API const char *maiko_version(void);

MAIKO_END_DECLS

#endif
