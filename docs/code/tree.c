/*
 * tree.c - which actors start again when one of them fails: a group whose members depend on those before them.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

typedef struct jolt {
	char part[16];
} jolt;

MAIKO_TOPIC(jolts);
MAIKO_EVENT(jolt, jolts, part);

/* ---- a part fails when the jolt is for it ---- */

typedef struct part {
	unsigned jolts;
} part;

static int part_on_start(part *self, maiko_ctx *ctx)
{
	(void)self;
	printf("  %s starts\n", maiko_name(ctx));
	return 0;
}

static int part_on_jolt(part *self, const jolt *ev, maiko_ctx *ctx)
{
	self->jolts++;
	return strcmp(ev->part, maiko_name(ctx)) == 0 ? UV_EIO : 0;
}

static int part_on_stop(part *self, maiko_ctx *ctx)
{
	(void)self;
	printf("  %s stops\n", maiko_name(ctx));
	return 0;
}

MAIKO_ACTOR(part, MAIKO_ON_START(part_on_start), MAIKO_ON(jolt, part_on_jolt), MAIKO_ON_STOP(part_on_stop));

/* ---- sends the next jolt when the display, the last of them, is back ---- */

typedef struct bench {
	unsigned jolts;
} bench;

static int bench_jolt(bench *self, maiko_ctx *ctx)
{
	static const char *const parts[] = {"display", "decoder", "port"};
	printf("%s\n", self->jolts < 3 ? parts[self->jolts] : "the stop");
	if (self->jolts == 3) return maiko_stop_all(ctx);
	return maiko_send(ctx, jolt, MAIKO_TEXT(part, parts[self->jolts++]));
}

static int bench_on_restarted(bench *self, const maiko_restarted *ev, maiko_ctx *ctx)
{
	return strcmp(ev->name, "display") == 0 ? bench_jolt(self, ctx) : 0;
}

MAIKO_ACTOR(bench, MAIKO_ON_START(bench_jolt), MAIKO_ON(maiko_restarted, bench_on_restarted));

static int run(maiko_supervisor *sup)
{
	maiko_group_id line;
	int rc = maiko_group(sup, "line", .strategy = MAIKO_REST_FOR_ONE, .ret_id = &line);
	if (rc == 0) rc = maiko_add(sup, part, "port", .group = line);
	if (rc == 0) rc = maiko_add(sup, part, "decoder", .group = line);
	if (rc == 0) rc = maiko_add(sup, part, "display", .group = line);
	if (rc == 0) rc = maiko_add(sup, bench, "bench", .topics = MAIKO_TOPICS(maiko_lifecycle_topic));
	return rc == 0 ? maiko_run(sup) : rc;
}

int main(void)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, &(maiko_options){.workers = 1});
	if (rc == 0) rc = run(sup);
	if (rc != 0) fprintf(stderr, "tree: %s\n", maiko_last_error());
	maiko_supervisor_free(sup);
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 *   port starts
 *   decoder starts
 *   display starts
 * display
 *   display stops
 *   display starts
 * decoder
 *   decoder stops
 *   display stops
 *   decoder starts
 *   display starts
 * port
 *   port stops
 *   display stops
 *   decoder stops
 *   port starts
 *   decoder starts
 *   display starts
 * the stop
 *   display stops
 *   decoder stops
 *   port stops
 */
