/*
 * rates.c - turns samples into figures: counters into rates, amounts into percent.
 *
 * A pure consumer that sends: each handler takes one sample and sends at most one
 * figure, its child, so that the journal shows which sample a figure came from. What
 * cannot be known yet (a first sample, a counter that was reset) is not sent.
 *
 * SPDX-License-Identifier: MIT
 */
#include "actors.h"
#include "meter.h"

#define KIB 1024.0
#define MS_PER_S 1000.0

typedef struct rates {
	bool has_cpu;
	cpu_sample cpu; /* the last one */
	meter nets, disks;
	bool crowded; /* it was told that there are more devices than a meter takes */
} rates;

static double percent(double part, double whole)
{
	if (whole <= 0 || part <= 0) return 0;
	return part >= whole ? 100 : part / whole * 100;
}

/* Idle and iowait may step back a little (proc(5)): that counts as no time. */
static double ticks_since(uint64_t before, uint64_t now)
{
	uint64_t delta;
	return counter_delta(before, now, &delta) ? (double)delta : 0;
}

static int rates_on_cpu(rates *self, const cpu_sample *now, maiko_ctx *ctx)
{
	const cpu_sample last = self->cpu;
	bool first = !self->has_cpu;
	double idle = ticks_since(last.idle, now->idle), iowait = ticks_since(last.iowait, now->iowait);
	double busy = ticks_since(last.user, now->user) + ticks_since(last.nice, now->nice) +
		      ticks_since(last.system, now->system) + ticks_since(last.irq, now->irq) +
		      ticks_since(last.softirq, now->softirq) + ticks_since(last.steal, now->steal);
	double all = busy + idle + iowait;

	self->cpu = *now;
	self->has_cpu = true;
	if (first || all <= 0) return 0;
	return maiko_send(ctx, cpu_load, .busy_percent = percent(busy, all), .iowait_percent = percent(iowait, all));
}

static int rates_on_mem(rates *self, const mem_sample *now, maiko_ctx *ctx)
{
	double total = (double)now->total_kib, used = total - (double)now->available_kib;
	double swap = (double)now->swap_total_kib, swapped = swap - (double)now->swap_free_kib;

	(void)self;
	if (used < 0) used = 0;
	return maiko_send(ctx, mem_load, .used_percent = percent(used, total), .used_bytes = used * KIB,
			  .total_bytes = total * KIB, .swap_percent = percent(swapped, swap));
}

static int rates_on_net(rates *self, const net_sample *now, maiko_ctx *ctx)
{
	const uint64_t counters[] = {now->rx_bytes, now->tx_bytes, now->rx_packets, now->tx_packets};
	double per_s[4];
	int rc = meter_take(&self->nets, now->device, now->at_ns, counters, 4, per_s);
	if (rc <= 0) return rc;

	net_rate rate = {.rx_bytes_s = per_s[0], .tx_bytes_s = per_s[1], .packets_s = per_s[2] + per_s[3]};
	(void)maiko_text(rate.device, now->device);
	return maiko_send_copy(ctx, net_rate, &rate);
}

static int rates_on_disk(rates *self, const disk_sample *now, maiko_ctx *ctx)
{
	const uint64_t counters[] = {now->read_bytes, now->write_bytes, now->reads, now->writes, now->busy_ms};
	double per_s[5];
	int rc = meter_take(&self->disks, now->device, now->at_ns, counters, 5, per_s);
	if (rc <= 0) return rc;

	disk_rate rate = {.read_bytes_s = per_s[0], .write_bytes_s = per_s[1], .ops_s = per_s[2] + per_s[3]};
	rate.busy_percent = percent(per_s[4], MS_PER_S);
	(void)maiko_text(rate.device, now->device);
	return maiko_send_copy(ctx, disk_rate, &rate);
}

static int rates_on_error(rates *self, const maiko_error *error, maiko_ctx *ctx)
{
	if (error->code == MAIKO_E2BIG) {
		if (self->crowded) return 0; /* it would come again with every sample */
		self->crowded = true;
	}
	return trouble_forgive(ctx, error);
}

MAIKO_ACTOR(rates, MAIKO_ON(cpu_sample, rates_on_cpu), MAIKO_ON(mem_sample, rates_on_mem),
	    MAIKO_ON(net_sample, rates_on_net), MAIKO_ON(disk_sample, rates_on_disk), MAIKO_ON_ERROR(rates_on_error));

int rates_add(maiko_supervisor *sup) { return maiko_add(sup, rates, "rates"); }
