/*
 * events.c - the one place where topics and events are defined; see events.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "events.h"

#include <stdarg.h>
#include <stdio.h>

/* Which figures replace each other for a subscriber that keeps only the latest: those
 * of one device. FNV-1a, 64 bits, by Fowler, Noll and Vo. */
static uint64_t figures_key(const maiko_any *event)
{
	const net_rate *net = maiko_as(event, net_rate);
	const disk_rate *disk = maiko_as(event, disk_rate);
	const char *device = net != NULL ? net->device : disk != NULL ? disk->device : "";
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *device != '\0'; device++)
		hash = (hash ^ (unsigned char)*device) * UINT64_C(0x100000001b3);
	return hash;
}

MAIKO_TOPIC_DEFINE(samples);
MAIKO_TOPIC_DEFINE(figures, .key = figures_key);
MAIKO_TOPIC_DEFINE(alerts);
MAIKO_TOPIC_DEFINE(files);
MAIKO_TOPIC_DEFINE(troubles);

MAIKO_EVENT_DEFINE(cpu_sample, samples, user, nice, system, idle, iowait, irq, softirq, steal);
MAIKO_EVENT_DEFINE(mem_sample, samples, total_kib, available_kib, swap_total_kib, swap_free_kib);
MAIKO_EVENT_DEFINE(net_sample, samples, device, at_ns, rx_bytes, rx_packets, tx_bytes, tx_packets);
MAIKO_EVENT_DEFINE(disk_sample, samples, device, at_ns, reads, read_bytes, writes, write_bytes, busy_ms);
MAIKO_EVENT_DEFINE(cpu_load, figures, busy_percent, iowait_percent);
MAIKO_EVENT_DEFINE(mem_load, figures, used_percent, used_bytes, total_bytes, swap_percent);
MAIKO_EVENT_DEFINE(net_rate, figures, device, rx_bytes_s, tx_bytes_s, packets_s);
MAIKO_EVENT_DEFINE(disk_rate, figures, device, read_bytes_s, write_bytes_s, ops_s, busy_percent);
MAIKO_EVENT_DEFINE(alert, alerts, what, raised, percent, limit_percent);
MAIKO_EVENT_DEFINE(file_change, files, name, MAIKO_ENUM(outcome));
MAIKO_EVENT_DEFINE(trouble, troubles, source, line, text);

int trouble_send(maiko_ctx *ctx, unsigned line, const char *format, ...)
{
	trouble told = {.line = line};
	va_list args;

	va_start(args, format);
	vsnprintf(told.text, sizeof(told.text), format, args);
	va_end(args);
	(void)maiko_text(told.source, maiko_name(ctx));
	return maiko_send_copy(ctx, trouble, &told);
}

int trouble_forgive(maiko_ctx *ctx, const maiko_error *error)
{
	/* If even this cannot be sent, the ledger still shows it; no reason to stop. */
	(void)trouble_send(ctx, 0, "%s", error->detail[0] != '\0' ? error->detail : maiko_strerror(error->code));
	return 0;
}
