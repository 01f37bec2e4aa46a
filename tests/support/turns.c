/*
 * turns.c - see turns.h.
 */
#include "turns.h"

#include "sched/turn.h"
#include "sim/step.h"
#include "support.h"

uint64_t clock_ns;
static maiko_supervisor *the;

static uint64_t now(void *arg)
{
	(void)arg;
	return clock_ns;
}

void turns_take(void)
{
	for (uint32_t i = 0; i < mk_worker_total(the); i++)
		(void)mk_worker_turn(the->workers[i]);
	clock_ns++; /* a deadline comes too */
}

static void wait(void *arg, uint64_t until_ns)
{
	(void)arg;
	(void)until_ns;
	turns_take();
}

static uint32_t first(void *arg, uint32_t count)
{
	(void)arg;
	(void)count;
	return 0;
}

maiko_supervisor *turns_supervisor(uint32_t workers)
{
	mk_seam seam = {.now_ns = now,
			.choose = first,
			.wait = wait,
			.thread = 1,
			.simulated = true,
			.owner = uv_thread_self(),
			.seed = 1};
	const maiko_options options = {.workers = workers};
	clock_ns = 1000000000;
	ok(mk_supervisor_simulated(&the, &options, &seam));
	return the;
}
