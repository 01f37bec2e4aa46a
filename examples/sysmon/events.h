/*
 * events.h - the topics of sysmon, and the events of each.
 *
 *   samples    counters as read from /proc                   sources -> rates
 *   figures    rates per second and percentages              rates   -> alerter, console
 *   alerts     a figure passed a limit, or came back         alerter -> console
 *   files      something changed in the watched directory    watch   -> console
 *   troubles   errors of sysmon itself                       all     -> console
 *
 * The journal subscribes to all of them. No actor refers to another.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SYSMON_EVENTS_H
#define SYSMON_EVENTS_H

#include <maiko/maiko.h>

#define DEVICE_NAME_SIZE 32 /* bytes, with the terminating zero */

MAIKO_TOPIC_DECLARE(samples);
MAIKO_TOPIC_DECLARE(figures);
MAIKO_TOPIC_DECLARE(alerts);
MAIKO_TOPIC_DECLARE(files);
MAIKO_TOPIC_DECLARE(troubles);

/* ---- samples: counters since the machine started; at_ns is the time of maiko_now ---- */

typedef struct cpu_sample { /* clock ticks, all processors together */
	uint64_t user, nice, system, idle, iowait, irq, softirq, steal;
} cpu_sample;

typedef struct mem_sample { /* no counters: the present amounts */
	uint64_t total_kib, available_kib, swap_total_kib, swap_free_kib;
} mem_sample;

typedef struct net_sample {
	char device[DEVICE_NAME_SIZE];
	uint64_t at_ns;
	uint64_t rx_bytes, rx_packets, tx_bytes, tx_packets;
} net_sample;

typedef struct disk_sample {
	char device[DEVICE_NAME_SIZE];
	uint64_t at_ns;
	uint64_t reads, read_bytes, writes, write_bytes, busy_ms;
} disk_sample;

/* ---- figures ------------------------------------------------------------------------- */

typedef struct cpu_load { double busy_percent, iowait_percent; } cpu_load;

typedef struct mem_load { double used_percent, used_bytes, total_bytes, swap_percent; } mem_load;

typedef struct net_rate {
	char device[DEVICE_NAME_SIZE];
	double rx_bytes_s, tx_bytes_s, packets_s;
} net_rate;

typedef struct disk_rate {
	char device[DEVICE_NAME_SIZE];
	double read_bytes_s, write_bytes_s, ops_s, busy_percent;
} disk_rate;

/* ---- what a person should know -------------------------------------------------------- */

typedef struct alert {
	char what[48]; /* "cpu", "memory", "disk sda" */
	bool raised;   /* else it is over */
	double percent, limit_percent;
} alert;

typedef enum file_outcome { FILE_CREATED, FILE_WRITTEN, FILE_DELETED, FILE_MOVED_IN, FILE_MOVED_OUT } file_outcome;

typedef struct file_change {
	char name[256]; /* within the watched directory; any bytes but zero and '/' */
	file_outcome outcome;
} file_change;

typedef struct trouble {
	char source[24]; /* the actor that has it */
	uint32_t line;   /* of the text that is at fault, counted from 1; 0: no line */
	char text[160];
} trouble;

MAIKO_EVENT_DECLARE(cpu_sample);
MAIKO_EVENT_DECLARE(mem_sample);
MAIKO_EVENT_DECLARE(net_sample);
MAIKO_EVENT_DECLARE(disk_sample);
MAIKO_EVENT_DECLARE(cpu_load);
MAIKO_EVENT_DECLARE(mem_load);
MAIKO_EVENT_DECLARE(net_rate);
MAIKO_EVENT_DECLARE(disk_rate);
MAIKO_EVENT_DECLARE(alert);
MAIKO_EVENT_DECLARE(file_change);
MAIKO_EVENT_DECLARE(trouble);

/* Sends a trouble of the actor `ctx`. What maiko_send says. */
int trouble_send(maiko_ctx *ctx, unsigned line, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* What most actors of a monitor answer in on_error: tell of it, and go on. */
int trouble_forgive(maiko_ctx *ctx, const maiko_error *error);

#endif
