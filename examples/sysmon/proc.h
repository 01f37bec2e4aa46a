/*
 * proc.h - parsers for the text of /proc/stat, meminfo, net/dev and diskstats.
 *
 * Pure: no I/O, no allocation, no state but the position in the text, which need not
 * be terminated and may hold any bytes. Each call takes the next sample out of the
 * text. One that finds a fault has skipped the line at fault, so that the caller may
 * go on with the lines behind it:
 *
 *   proc_text text = proc_text_init(bytes, size);
 *   while ((result = proc_next_net(&text, &sample)) != PROC_END)
 *           if (result == PROC_SAMPLE) ... else ... text.line, text.what ...
 *
 * The sample is untouched unless the result is PROC_SAMPLE; at_ns is the caller's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SYSMON_PROC_H
#define SYSMON_PROC_H

#include "events.h"

/* Not error codes: a text may be at fault, a parser cannot fail. All but END and
 * SAMPLE set text->line (0 for MISSING) and text->what. */
typedef enum proc_result {
	PROC_SAMPLE = 0,
	PROC_END,     /* there is no more */
	PROC_MISSING, /* the text has no line for `what` */
	PROC_SYNTAX,  /* `what` is missing in the line, or is not what it should be */
	PROC_RANGE    /* `what` is a number too large for 64 bits, or a name too long */
} proc_result;

typedef struct proc_span { const char *at, *end; } proc_span;

typedef struct proc_text {
	proc_span rest;   /* at is NULL when all is read */
	unsigned line;    /* the line read last, counted from 1 */
	const char *what; /* the line or column at fault; static memory */
	proc_span disk;   /* the whole disk read last, by which its partitions are known */
} proc_text;

proc_text proc_text_init(const char *bytes, size_t size);

proc_result proc_next_cpu(proc_text *text, cpu_sample *ret_sample); /* one in a text */
proc_result proc_next_mem(proc_text *text, mem_sample *ret_sample); /* one in a text */
proc_result proc_next_net(proc_text *text, net_sample *ret_sample);
proc_result proc_next_disk(proc_text *text, disk_sample *ret_sample); /* without partitions */

/* What is wrong, in a few words; static memory. */
const char *proc_result_text(proc_result result);

#endif
