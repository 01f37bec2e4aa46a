/*
 * groups.c - operations among n members of one group, and among n groups.
 */
#include "growth.h"

#include <stdlib.h>

typedef struct blow {
	uint32_t number; /* which member it makes fail */
} blow;
MAIKO_TOPIC(blows);
MAIKO_EVENT(blow, blows, number);

static maiko_group_id group;
static uint64_t starts, added;

typedef struct member {
	uint32_t unused;
} member;
static int member_on_start(member *self, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	starts++;
	return 0;
}
static int member_on_blow(member *self, const blow *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	(void)ctx;
	return MAIKO_EFAILED;
}
MAIKO_ACTOR(member, MAIKO_ON_START(member_on_start), MAIKO_ON(blow, member_on_blow));

/* The first one alone hears the blows. */
static int add(uint32_t i)
{
	return maiko_add(growth_sup, member, growth_name(i), .group = group, .topics = i == 0 ? NULL : MAIKO_NO_TOPICS);
}

static int prepare(uint32_t n, maiko_strategy strategy)
{
	int rc = growth_open();
	if (rc == 0)
		rc = maiko_group(growth_sup, "group", .strategy = strategy, .restarts = MAIKO_UNLIMITED,
				 .backoff = &(maiko_backoff){.first_ms = 0}, .ret_id = &group);
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = add(i);
	added = n;
	return rc != 0 ? rc : growth_start();
}
static int prepare_one_for_one(uint32_t n) { return prepare(n, MAIKO_ONE_FOR_ONE); }
static int prepare_one_for_all(uint32_t n) { return prepare(n, MAIKO_ONE_FOR_ALL); }

static int run_add(uint32_t n, uint64_t *ret_done)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < growth_some(n); i++, ++*ret_done)
		rc = add(n + i);
	growth_until(&starts, added + *ret_done);
	return rc;
}

/* The first one fails some times: it is restarted alone; or once, and all are: in restarts. */
static int run_alone(uint32_t n, uint64_t *ret_done)
{
	int rc = 0;
	(void)n;
	for (uint32_t i = 0; rc == 0 && i < 100; i++, ++*ret_done) {
		rc = maiko_send(growth_sup, blow, .number = i);
		growth_until(&starts, added + i + 1);
	}
	return rc;
}
static int run_all(uint32_t n, uint64_t *ret_done)
{
	int rc = maiko_send(growth_sup, blow, .number = 1);
	growth_until(&starts, added + n);
	*ret_done = n;
	return rc;
}

/* ---- among n groups ---- */

static maiko_group_id *ids;

static int prepare_groups(uint32_t n)
{
	int rc = growth_open();
	ids = calloc(n, sizeof *ids);
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = maiko_group(growth_sup, growth_name(i), .ret_id = &ids[i]);
	return rc != 0 ? rc : growth_start();
}

/* Makes the last one, and removes one that others were made before and after. */
static int run_group(uint32_t n, uint64_t *ret_done)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < growth_some(n); i++, ++*ret_done) {
		rc = maiko_group(growth_sup, growth_name(n + i));
		if (rc == 0)
			rc = maiko_remove_group(growth_sup, ids[(n / 2 + i) % n]);
	}
	return rc;
}

static int run_find_group(uint32_t n, uint64_t *ret_done)
{
	int rc = 0;
	maiko_group_id id;
	for (uint32_t i = 0; rc == 0 && i < growth_some(n); i++, ++*ret_done)
		rc = maiko_find_group(growth_sup, growth_name(i), &id);
	return rc;
}

const growth_operation growth_groups[] = {
	{"member", prepare_one_for_one, run_add, 0},       {"restart", prepare_one_for_one, run_alone, 0},
	{"restart_all", prepare_one_for_all, run_all, 0},  {"group", prepare_groups, run_group, 0},
	{"find-group", prepare_groups, run_find_group, 0}, {.name = NULL}};
