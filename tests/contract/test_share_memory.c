/*
 * Share groups without memory: each allocation of a scenario fails in turn. Nothing leaks, the ledger balances, and
 * what is not handled is counted.
 */
#include "no_memory.h"

#include <string.h>

typedef struct job {
	uint32_t n;
} job;
MAIKO_TOPIC(jobs);
MAIKO_EVENT(job, jobs, n);

typedef struct worker {
	uint32_t handled;
} worker;
static int on_job(worker *self, const job *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&no_memory_handled, 1);
	if (ev->n == 3 && strcmp(maiko_name(ctx), "three") != 0)
		return maiko_stop_self(ctx);
	if (++self->handled == 2 && ev->n < 8)
		(void)well(maiko_send(ctx, job, .n = ev->n + 10));
	return 0;
}
MAIKO_ACTOR(worker, MAIKO_ON(job, on_job));

#define IN(group) MAIKO_TOPICS(MAIKO_SUB(jobs, .share = (group)))

static void share_jobs(uint32_t workers)
{
	maiko_actor_id id = 0;
	maiko_receipt receipt;
	maiko_supervisor *sup = no_memory_supervisor((maiko_options){.workers = workers});
	if (sup == NULL)
		return;
	for (uint32_t i = 0; i < 2; i++)
		(void)well(maiko_add(sup, worker, i == 0 ? "one" : "two", .topics = IN("workers"),
				     .worker = i % workers + 1));
	if (well(maiko_start(sup))) {
		for (uint32_t n = 1; n <= 6; n++)
			(void)well(maiko_send(sup, job, .n = n));
		if (well(maiko_add(sup, worker, "three", .topics = IN("workers"), .worker = workers, .ret_id = &id))) {
			(void)well(maiko_send_wait(sup, UINT64_MAX, &receipt, job, .n = 7));
			(void)well(maiko_move(sup, id, 1));
			if (well(maiko_unsubscribe_all(sup, id, IN("workers"))))
				(void)well(maiko_subscribe_all(sup, id, IN("others")));
			(void)well(maiko_remove(sup, id));
		}
		for (uint32_t n = 20; n <= 24; n++)
			(void)well(maiko_send(sup, job, .n = n));
	}
	(void)no_memory_finish(sup);
}

TEST_ONCE(each_allocation_fails_on_one_worker) { no_memory_play(share_jobs, 1, false); }
TEST_ONCE(each_allocation_fails_on_two_workers) { no_memory_play(share_jobs, 2, false); }
TEST_ONCE(none_succeeds_from_some_moment_on) { no_memory_play(share_jobs, 2, true); }

int main(void)
{
	test_allocator_install();
	return test_main();
}
