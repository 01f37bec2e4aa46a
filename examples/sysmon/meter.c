/*
 * meter.c - from counters to rates; see meter.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "meter.h"

#include <assert.h>
#include <string.h>

#define NS_PER_S 1e9
#define WRAP (UINT64_C(1) << 32)

bool counter_delta(uint64_t before, uint64_t now, uint64_t *ret_delta)
{
	if (now >= before) {
		*ret_delta = now - before;
		return true;
	}
	if (before < WRAP && before >= WRAP / 4 * 3 && now < WRAP / 4) {
		*ret_delta = now + WRAP - before;
		return true;
	}
	return false;
}

/* The device of that name, or a free place, or one that was not seen for long. */
static meter_device *find(meter *self, const char *name, uint64_t at_ns)
{
	meter_device *place = NULL;

	for (meter_device *d = self->devices; d < self->devices + METER_DEVICES; d++) {
		if (strcmp(d->name, name) == 0) return d;
		bool free = d->name[0] == '\0' || (at_ns > d->at_ns && at_ns - d->at_ns > METER_FORGET_NS);
		if (free && place == NULL) place = d;
	}
	if (place != NULL) *place = (meter_device){.at_ns = 0};
	return place;
}

int meter_take(meter *self, const char *device, uint64_t at_ns, const uint64_t *counters, size_t count,
	       double *ret_per_s)
{
	assert(count <= METER_COUNTERS && device[0] != '\0');

	meter_device *d = find(self, device, at_ns);
	if (d == NULL) return MAIKO_E2BIG;

	bool known = d->name[0] != '\0' && at_ns > d->at_ns;
	for (size_t i = 0; i < count && known; i++) {
		uint64_t delta;
		known = counter_delta(d->counters[i], counters[i], &delta);
		if (known) ret_per_s[i] = (double)delta * NS_PER_S / (double)(at_ns - d->at_ns);
	}
	(void)maiko_text(d->name, device);
	d->at_ns = at_ns;
	memcpy(d->counters, counters, count * sizeof(*counters));
	return known ? 1 : 0;
}
