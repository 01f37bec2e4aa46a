/*
 * text.h - text as a terminal can take it. Pure, but for the locale's character type.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SYSMON_TEXT_H
#define SYSMON_TEXT_H

#include <stddef.h>

/*
 * Copies as much of `src` as fits into `columns` of a terminal and `size` bytes. What
 * does not print becomes '?': a file name may hold line feeds, escape sequences and
 * broken characters. Wide characters count as the columns that they take.
 */
void text_fit(char *dst, size_t size, const char *src, size_t columns);

/* Writes an amount of bytes in human-readable form, always 9 columns wide: "  1.5 MiB". */
void text_bytes(char dst[16], double bytes);

#endif
