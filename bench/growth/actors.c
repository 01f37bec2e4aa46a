/*
 * actors.c - operations among n actors.
 */
#include "growth.h"

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

typedef struct hail {
	uint32_t number;
} hail;
MAIKO_TOPIC(hails);
MAIKO_EVENT(hail, hails, number);

static uint64_t hailed, changed, ticked;
static maiko_actor_id *ids;

typedef struct citizen {
	uint32_t hailed;
} citizen;
static int citizen_on_hail(citizen *self, const hail *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->hailed++;
	hailed++;
	return 0;
}
MAIKO_ACTOR(citizen, MAIKO_ON(hail, citizen_on_hail));

static void on_changed(void *arg, const maiko_completion *completion)
{
	(void)arg;
	changed += completion->status == 0;
}

static int make_citizens(uint32_t n)
{
	int rc = growth_open();
	ids = calloc((size_t)n + 1, sizeof *ids);
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = maiko_add(growth_sup, citizen, growth_name(i), .ret_id = &ids[i]);
	return rc != 0 ? rc : growth_start();
}

/* ---- one by one ---- */

static int run_find(uint32_t n, uint64_t *ret_done)
{
	int rc = 0;
	maiko_actor_id id;
	for (uint32_t i = 0; rc == 0 && i < growth_some(n); i++, ++*ret_done)
		rc = maiko_find(growth_sup, growth_name(i), &id);
	return rc;
}

static int run_add(uint32_t n, uint64_t *ret_done)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < growth_some(n); i++, ++*ret_done) {
		rc = maiko_add(growth_sup, citizen, growth_name(n + i), .done = on_changed);
		growth_until(&changed, i + 1);
	}
	return rc;
}

/* Removes the first one before the measurement, which creates the indices that a removal uses. */
static int make_and_remove_one(uint32_t n)
{
	int rc = make_citizens(n + 1);
	if (rc == 0)
		rc = maiko_remove(growth_sup, ids[n], .done = on_changed);
	growth_until(&changed, 1);
	return rc;
}

static int run_remove(uint32_t n, uint64_t *ret_done)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < growth_some(n); i++, ++*ret_done) {
		rc = maiko_remove(growth_sup, ids[i], .done = on_changed);
		growth_until(&changed, i + 2);
	}
	return rc;
}

/* ---- all at once, each with an event that it has not handled ---- */

static int hail_and_remove(maiko_ctx *ctx, uint32_t n)
{
	int rc = maiko_send(ctx, hail, .number = 1);
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = maiko_remove(ctx, ids[n - 1 - i], .done = on_changed);
	return rc;
}

static int run_remove_all(uint32_t n, uint64_t *ret_done)
{
	int rc = growth_in_actor(hail_and_remove, n);
	growth_until(&changed, n);
	*ret_done = n;
	return rc;
}

static int run_report(uint32_t n, uint64_t *ret_done)
{
	maiko_ledger *ledger;
	int rc = maiko_report(growth_sup, &ledger);
	*ret_done = rc == 0 ? ledger->actor_count : 0;
	(void)n;
	if (rc == 0)
		maiko_ledger_free(ledger);
	return rc;
}

static int prepare_nothing(uint32_t n)
{
	(void)n;
	return growth_open();
}

static int run_start(uint32_t n, uint64_t *ret_done)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = maiko_add(growth_sup, citizen, growth_name(i));
	*ret_done = n;
	return rc != 0 ? rc : growth_start();
}

static void on_stopped(void *arg, int status)
{
	(void)arg;
	changed += status == 0;
}

static int run_stop(uint32_t n, uint64_t *ret_done)
{
	int rc = maiko_stop_begin(growth_sup, NULL, on_stopped, NULL);
	*ret_done = n;
	growth_until(&changed, 1);
	return rc;
}

/* ---- timers ---- */

typedef struct clock_hand {
	uint32_t ticked;
} clock_hand;
static maiko_next clock_hand_tick(clock_hand *self, maiko_ctx *ctx)
{
	(void)ctx;
	self->ticked++;
	ticked++;
	return maiko_after_ms(1);
}
MAIKO_ACTOR(clock_hand, MAIKO_TICK(clock_hand_tick));

static int prepare_ticks(uint32_t n)
{
	int rc = growth_open();
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = maiko_add(growth_sup, clock_hand, growth_name(i));
	if (rc == 0)
		rc = growth_start();
	growth_until(&ticked, n);
	return rc;
}

static int run_ticks(uint32_t n, uint64_t *ret_done)
{
	uint64_t before = ticked;
	growth_until(&ticked, before + n);
	*ret_done = ticked - before;
	return 0;
}

/* ---- actor types created at run time, as in a binding ---- */

static int prepare_types(uint32_t n)
{
	int rc = growth_open();
	maiko_actor_type *types = calloc(n, sizeof *types);
	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		types[i] = *MAIKO_ACTOR_REF(citizen);
		rc = maiko_supervisor_add(growth_sup, &types[i], growth_name(i), NULL);
	}
	return rc;
}

static int run_types(uint32_t n, uint64_t *ret_done)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < growth_some(n); i++, ++*ret_done) {
		maiko_actor_type *type = calloc(1, sizeof *type);
		*type = *MAIKO_ACTOR_REF(citizen);
		rc = maiko_supervisor_add(growth_sup, type, growth_name(n + i), NULL);
	}
	return rc;
}

const growth_operation growth_actors[] = {
	{"find", make_citizens, run_find, 0},           {"add", make_citizens, run_add, 0},
	{"remove", make_and_remove_one, run_remove, 0}, {"remove-all", make_citizens, run_remove_all, 0},
	{"report", make_citizens, run_report, 0},       {"start", prepare_nothing, run_start, 0},
	{"stop", make_citizens, run_stop, 0},           {"tick", prepare_ticks, run_ticks, 0},
	{"type", prepare_types, run_types, 0},          {.name = NULL}};
