/*
 * workers.c - a pool of workers: each job goes to one of them, the one with the fewest waiting (.share).
 *
 * A customer asks for the squares of twelve numbers. The workers are slow: each rests after a job, and what waits for it
 * meanwhile goes to the others. One job makes its worker fail; the worker is started again, the others take over what it
 * had to do, and the customer is told which of its questions has no answer.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>

enum { JOBS = 12, BAD = 5 };

typedef struct job { unsigned n; } job;
typedef struct result { unsigned n, square; } result;
typedef struct rested { unsigned unused; } rested;

MAIKO_TOPIC(jobs);
MAIKO_EVENT(job, jobs, n);
MAIKO_EVENT(result, maiko_private_topic, n, square);
MAIKO_EVENT(rested, maiko_private_topic, unused);

/* ---- a worker ---- */

typedef struct worker { unsigned done; } worker;

static int worker_on_job(worker *self, const job *ev, maiko_ctx *ctx)
{
	if (ev->n == BAD) return MAIKO_EINVAL; /* fails */
	self->done++;
	int rc = maiko_reply(ctx, result, .n = ev->n, .square = ev->n * ev->n);
	if (rc == 0) rc = maiko_hold(ctx);
	return rc == 0 ? maiko_send_self_after_ms(ctx, 5, NULL, rested) : rc;
}

static int worker_on_rested(worker *self, const rested *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	return maiko_unhold(ctx);
}

MAIKO_ACTOR(worker, MAIKO_ON(job, worker_on_job), MAIKO_ON(rested, worker_on_rested));

/* ---- the customer ---- */

typedef struct customer { unsigned answers; } customer;

static int on_result(customer *self, const result *answer, int status, maiko_ctx *ctx)
{
	if (status == 0)
		printf("%u squared is %u\n", answer->n, answer->square);
	else
		printf("no answer: %s\n", maiko_strerror(status));
	return ++self->answers == JOBS ? maiko_stop_all(ctx) : 0;
}
MAIKO_ASK(customer, job, result, on_result);

static int customer_start(customer *self, maiko_ctx *ctx)
{
	(void)self;
	int rc = 0;
	for (unsigned n = 1; rc == 0 && n <= JOBS; n++) rc = maiko_ask(ctx, on_result, 5000, job, .n = n);
	return rc;
}

MAIKO_ACTOR(customer, MAIKO_ON_START(customer_start));

static int add_worker(maiko_supervisor *sup, const char *name)
{
	return maiko_add(sup, worker, name, .restart = MAIKO_PERMANENT,
			 .topics = MAIKO_TOPICS(MAIKO_SUB(jobs, .share = "workers")));
}

int main(void)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc == 0) rc = add_worker(sup, "anna");
	if (rc == 0) rc = add_worker(sup, "ben");
	if (rc == 0) rc = add_worker(sup, "clara");
	if (rc == 0) rc = maiko_add(sup, customer, "customer");
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_join(sup);
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "workers: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output, in any order:
 * 1 squared is 1
 * 2 squared is 4
 * 3 squared is 9
 * 4 squared is 16
 * no answer: invalid argument
 * 6 squared is 36
 * 7 squared is 49
 * 8 squared is 64
 * 9 squared is 81
 * 10 squared is 100
 * 11 squared is 121
 * 12 squared is 144
 */
