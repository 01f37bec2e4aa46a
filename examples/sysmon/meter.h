/*
 * meter.h - from counters to rates, device by device.
 *
 * A meter stores the last sample of each device and computes the rates of its counters
 * since then. Pure: the sample contains the time.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SYSMON_METER_H
#define SYSMON_METER_H

#include "events.h"

#define METER_DEVICES 64
#define METER_COUNTERS 5
#define METER_FORGET_NS UINT64_C(60000000000) /* a device not seen so long gives way to a new one */

typedef struct meter_device {
	char name[DEVICE_NAME_SIZE]; /* empty: free */
	uint64_t at_ns;
	uint64_t counters[METER_COUNTERS];
} meter_device;

typedef struct meter { meter_device devices[METER_DEVICES]; } meter; /* zeroed: empty */

/*
 * How far a counter has gone, through *ret_delta. One that wrapped at 32 bits counts
 * as such when it was in the last quarter of the range and is in the first; any other
 * step back is a reset (a device was replaced), of which nothing is known: false.
 */
bool counter_delta(uint64_t before, uint64_t now, uint64_t *ret_delta);

/*
 * Takes the next sample of a device: `count` counters, at most METER_COUNTERS. Returns
 * 1 and the rates per second, or 0 where there is nothing to compare with (the first
 * sample, a reset, no time has gone by), or MAIKO_E2BIG: METER_DEVICES are in use.
 */
int meter_take(meter *self, const char *device, uint64_t at_ns, const uint64_t *counters, size_t count,
	       double *ret_per_s);

#endif
