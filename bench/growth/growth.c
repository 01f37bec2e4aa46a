/*
 * growth.c - see growth.h: what the operations share.
 */
#include "growth.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

maiko_supervisor *growth_sup;
static uv_loop_t loop;
struct uv_loop_s *growth_loop = &loop;

static const growth_operation *const lists[] = {growth_actors, growth_topics, growth_patterns, growth_events,
						growth_mutes,  growth_groups, growth_watches,  growth_others};

const growth_operation *growth_at(uint32_t i)
{
	for (size_t k = 0; k < sizeof lists / sizeof lists[0]; k++)
		for (const growth_operation *o = lists[k]; o->name != NULL; o++)
			if (i-- == 0)
				return o;
	return NULL;
}

const growth_operation *growth_find(const char *name)
{
	const growth_operation *o;
	for (uint32_t i = 0; (o = growth_at(i)) != NULL; i++)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

/* ---- an actor that runs tasks ---- */

typedef struct order {
	int (*task)(maiko_ctx *ctx, uint32_t n);
	uint32_t n;
} order;

static order current;
static uint64_t tasks_done;
static int task_result;

typedef struct command {
	uint32_t number;
} command;
MAIKO_TOPIC(commands);
MAIKO_EVENT(command, commands, number);

typedef struct hand {
	uint32_t done;
} hand;
static int hand_on_command(hand *self, const command *ev, maiko_ctx *ctx)
{
	(void)ev;
	self->done++;
	task_result = current.task(ctx, current.n);
	tasks_done++;
	return 0;
}
MAIKO_ACTOR(hand, MAIKO_ON(command, hand_on_command));

int growth_in_actor(int (*task)(maiko_ctx *ctx, uint32_t n), uint32_t n)
{
	uint64_t before = tasks_done;
	current = (order){task, n};
	int rc = maiko_send(growth_sup, command, .number = n);
	if (rc != 0)
		return rc;
	growth_until(&tasks_done, before + 1);
	return task_result;
}

/* ---- the supervisor ---- */

int growth_open(void)
{
	int rc = uv_loop_init(&loop);
	if (rc == 0)
		rc = maiko_supervisor_new(&growth_sup, &(maiko_options){.loop = &loop});
	return rc != 0 ? rc : maiko_add(growth_sup, hand, "hand");
}

/* All actors have started when it returns, so their start is not measured. */
int growth_start(void)
{
	int rc = maiko_start(growth_sup);
	if (rc == 0)
		uv_run(&loop, UV_RUN_NOWAIT);
	return rc;
}

void growth_until(const uint64_t *counter, uint64_t least)
{
	while (*(const volatile uint64_t *)counter < least)
		uv_run(&loop, UV_RUN_NOWAIT);
}

const char *growth_name(uint32_t i)
{
	static char name[16];
	snprintf(name, sizeof name, "a%u", i);
	return name;
}

uint32_t growth_some(uint32_t n) { return n < 200 ? n : 200; }
