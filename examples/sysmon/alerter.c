/*
 * alerter.c - raises an alert when a figure passes its high limit, and ends it when the
 * figure has fallen below the low one; between the two nothing changes (hysteresis), so
 * that a figure that oscillates around a limit does not raise alert after alert.
 *
 * SPDX-License-Identifier: MIT
 */
#include "actors.h"
#include "meter.h"

#include <stdio.h>
#include <string.h>

#define RAISED_MAX (METER_DEVICES + 2) /* every disk, the processor, the memory */

typedef struct alerter {
	limits limits;
	char raised[RAISED_MAX][sizeof(((alert *)0)->what)]; /* the alerts that hold; empty: free */
} alerter;

static char *find(alerter *self, const char *what)
{
	for (size_t i = 0; i < RAISED_MAX; i++)
		if (strcmp(self->raised[i], what) == 0) return self->raised[i];
	return NULL;
}

static int judge(alerter *self, maiko_ctx *ctx, const char *kind, const char *device, double percent, limit allowed)
{
	alert told = {.percent = percent};
	(void)snprintf(told.what, sizeof(told.what), "%s%s%s", kind, device[0] != '\0' ? " " : "", device);

	char *raised = find(self, told.what);
	if (raised != NULL ? percent >= allowed.low : percent <= allowed.high) return 0;

	told.raised = raised == NULL;
	told.limit_percent = told.raised ? allowed.high : allowed.low;
	char *place = told.raised ? find(self, "") : raised;
	if (place == NULL) return MAIKO_E2BIG;
	int rc = maiko_send_copy(ctx, alert, &told);
	if (rc == 0) (void)snprintf(place, sizeof(told.what), "%s", told.raised ? told.what : "");
	return rc;
}

static int alerter_on_cpu(alerter *self, const cpu_load *ev, maiko_ctx *ctx)
{
	return judge(self, ctx, "cpu", "", ev->busy_percent, self->limits.cpu);
}

static int alerter_on_mem(alerter *self, const mem_load *ev, maiko_ctx *ctx)
{
	return judge(self, ctx, "memory", "", ev->used_percent, self->limits.memory);
}

static int alerter_on_disk(alerter *self, const disk_rate *ev, maiko_ctx *ctx)
{
	return judge(self, ctx, "disk", ev->device, ev->busy_percent, self->limits.disk);
}

static int alerter_on_error(alerter *self, const maiko_error *error, maiko_ctx *ctx)
{
	(void)self;
	return trouble_forgive(ctx, error);
}

MAIKO_ACTOR(alerter, MAIKO_ON(cpu_load, alerter_on_cpu), MAIKO_ON(mem_load, alerter_on_mem),
	    MAIKO_ON(disk_rate, alerter_on_disk), MAIKO_ON_ERROR(alerter_on_error));

int alerter_add(maiko_supervisor *sup, const limits *allowed)
{
	return maiko_add(sup, alerter, "alerter", .init = &(alerter){.limits = *allowed});
}
