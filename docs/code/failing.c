/*
 * failing.c - one path for errors: a negative return, on_error, and what follows.
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

/* ---- forgives a bad request, and nothing else ---- */

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

/* Runs for an actor that fails, too, if its on_start succeeded. */
static int clerk_on_stop(clerk *self, maiko_ctx *ctx)
{
	printf("%s: served %u\n", maiko_name(ctx), self->served);
	return 0;
}

MAIKO_ACTOR(clerk, MAIKO_ON(request, clerk_on_request), MAIKO_ON_ERROR(clerk_on_error), MAIKO_ON_STOP(clerk_on_stop));

/* ---- the others go on ---- */

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

/* ---- the program ---- */

static int run(maiko_supervisor *sup)
{
	static const int numbers[] = {1, 2, -1, 3, 0, 4, 5};
	int rc = maiko_add(sup, archive, "archive");
	if (rc == 0) rc = maiko_add(sup, clerk, "clerk");
	if (rc == 0) rc = maiko_start(sup);
	for (size_t i = 0; rc == 0 && i < sizeof(numbers) / sizeof(numbers[0]); i++)
		rc = maiko_send(sup, request, .number = numbers[i]);
	if (rc == 0) rc = maiko_stop(sup, NULL);
	return rc;
}

int main(void)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc == 0) rc = run(sup);
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "failing: %s\n", maiko_strerror(rc));
	return rc == 0 ? 0 : 1;
}

/* Expected output:
 * clerk: request -1: invalid argument
 * clerk: request 0: there is no such thing
 * clerk: served 3
 * archive: kept 7
 */
