/*
 * text.c - text as a terminal can take it; see text.h.
 *
 * SPDX-License-Identifier: MIT
 */
#define _XOPEN_SOURCE 700 /* wcwidth */
#include "text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

void text_fit(char *dst, size_t size, const char *src, size_t columns)
{
	size_t left = strlen(src), used = 0;

	while (left > 0) {
		mbstate_t state = {0};
		wchar_t wide;
		size_t bytes = mbrtowc(&wide, src, left, &state);
		/* (size_t)-1 or -2; of musl's C locale a character that stands for the byte, and does not print */
		bool broken = bytes > left;
		int width = broken || !iswprint((wint_t)wide) ? -1 : wcwidth(wide);
		size_t taken = broken ? 1 : bytes;
		size_t given = width < 0 ? 1 : bytes, wanted = width < 0 ? 1 : (size_t)width;

		if (wanted > columns || used + given >= size) break;
		memcpy(dst + used, width < 0 ? "?" : src, given);
		used += given, columns -= wanted;
		src += taken, left -= taken;
	}
	dst[used] = '\0';
}

void text_bytes(char dst[16], double bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	size_t unit = 0;

	while (bytes >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0]))
		bytes /= 1024, unit++;
	if (!(bytes < 999)) bytes = 999; /* past all units, or no number */
	(void)snprintf(dst, 16, unit == 0 ? "%5.0f %3s" : "%5.1f %3s", bytes, units[unit]);
}
