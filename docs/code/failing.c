/*
 * failing.c - the path of an error: a negative result, on_error, the failure of the actor.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>

typedef struct request {
	int number;
} request;

MAIKO_TOPIC(requests);
MAIKO_EVENT(request, requests, number);

/* ---- handles the error of an invalid request, and no other ---- */

typedef struct clerk {
	unsigned served;
} clerk;

static int clerk_on_request(clerk *self, const request *ev, maiko_ctx *ctx)
{
	(void)ctx;
	if (ev->number < 0) return MAIKO_EINVAL;
	if (ev->number == 0) return MAIKO_ENOENT;
	self->served++;
	return 0;
}

static int clerk_on_error(clerk *self, const maiko_error *error, maiko_ctx *ctx)
{
	(void)self;
	const request *ev = maiko_as(&error->event, request);
	printf("%s: request %d: %s\n", maiko_name(ctx), ev != NULL ? ev->number : 0, maiko_strerror(error->code));
	return error->code == MAIKO_EINVAL ? 0 : error->code;
}

/* Also runs for an actor that fails, if its on_start succeeded. */
static int clerk_on_stop(clerk *self, maiko_ctx *ctx)
{
	printf("%s: served %u\n", maiko_name(ctx), self->served);
	return 0;
}

MAIKO_ACTOR(clerk, MAIKO_ON(request, clerk_on_request), MAIKO_ON_ERROR(clerk_on_error), MAIKO_ON_STOP(clerk_on_stop));

/* ---- receives the same requests ---- */

typedef struct archive {
	unsigned kept;
} archive;

static int archive_on_request(archive *self, const request *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->kept++;
	return 0;
}

static int archive_on_stop(archive *self, maiko_ctx *ctx)
{
	printf("%s: kept %u\n", maiko_name(ctx), self->kept);
	return 0;
}

MAIKO_ACTOR(archive, MAIKO_ON(request, archive_on_request), MAIKO_ON_STOP(archive_on_stop));

/* ---- the default: a failure stops the supervisor ---- */

static int until_it_fails(maiko_supervisor *sup)
{
	static const int numbers[] = {1, -1, 2, 0};
	int rc = maiko_add(sup, archive, "archive");
	if (rc == 0) rc = maiko_add(sup, clerk, "clerk");
	if (rc == 0) rc = maiko_start(sup);
	for (int i = 0; rc == 0 && i < 4; i++) rc = maiko_send(sup, request, .number = numbers[i]);
	return rc == 0 ? maiko_join(sup) : rc;
}

/* ---- the clerk may fail alone ---- */

static int goes_on(maiko_supervisor *sup)
{
	static const int numbers[] = {1, -1, 2, 0, 3, 4};
	int rc = maiko_add(sup, archive, "archive");
	if (rc == 0) rc = maiko_add(sup, clerk, "clerk", .restart = MAIKO_TEMPORARY);
	if (rc == 0) rc = maiko_start(sup);
	for (int i = 0; rc == 0 && i < 6; i++) rc = maiko_send(sup, request, .number = numbers[i]);
	return rc == 0 ? maiko_stop(sup, NULL) : rc;
}

/* ---- the program ---- */

/* Whether the output was written. */
static bool tell(maiko_supervisor *sup, int status)
{
	maiko_ledger *ledger;
	if (maiko_report(sup, &ledger) != 0) return false;
	for (size_t i = 0; i < ledger->failure_count; i++) {
		const maiko_failure *f = ledger->failures[i];
		printf("%s failed in %s: %s\n", f->actor, maiko_phase_text(f->phase), f->detail);
	}
	printf("the end: %s\n", maiko_strerror(status));
	maiko_ledger_free(ledger);
	return true;
}

static bool run(int (*part)(maiko_supervisor *sup), int expected)
{
	maiko_supervisor *sup;
	if (maiko_supervisor_new(&sup, NULL) != 0) return false;
	int rc = part(sup);
	bool told = tell(sup, rc);
	maiko_supervisor_free(sup);
	return told && rc == expected;
}

int main(void) { return run(until_it_fails, MAIKO_ENOENT) && run(goes_on, 0) && fflush(stdout) == 0 ? 0 : 1; }

/* Expected output:
 * clerk: request -1: invalid argument
 * clerk: request 0: there is no such thing
 * clerk: served 2
 * archive: kept 4
 * clerk failed in a handler: there is no such thing
 * the end: there is no such thing
 * clerk: request -1: invalid argument
 * clerk: request 0: there is no such thing
 * clerk: served 2
 * archive: kept 6
 * clerk failed in a handler: there is no such thing
 * the end: success
 */
