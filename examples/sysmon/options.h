/*
 * options.h - what the user of sysmon can choose.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SYSMON_OPTIONS_H
#define SYSMON_OPTIONS_H

#include "actors.h"

typedef struct options {
	uint64_t interval_ms;
	uint64_t seconds; /* 0: until it is interrupted */
	uint32_t workers;
	const char *proc_dir, *watch_dir;
	const char *journal; /* NULL: none */
	const char *record, *replay; /* NULL: do not */
	limits limits;
} options;

typedef enum options_answer {
	OPTIONS_RUN,
	OPTIONS_HELPED, /* --help was asked for and given */
	OPTIONS_BAD     /* and the user was told why */
} options_answer;

options_answer options_parse(int argc, char **argv, options *ret_options);

#endif
