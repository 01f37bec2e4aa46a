/*
 * queue_actors.c - queue_pthreads.c with an actor: after.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>

enum { ROOM = 16, JOBS = 1000 };

typedef struct job {
	unsigned n;
} job;

MAIKO_TOPIC(jobs);
MAIKO_EVENT(job, jobs, n);

typedef struct summer {
	unsigned long sum;
} summer;

static int summer_on_job(summer *self, const job *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->sum += ev->n;
	return 0;
}

static int summer_on_stop(summer *self, maiko_ctx *ctx)
{
	(void)ctx;
	printf("sum: %lu\n", self->sum);
	return 0;
}

MAIKO_ACTOR(summer, MAIKO_ON(job, summer_on_job), MAIKO_ON_STOP(summer_on_stop));

int main(void)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc == 0) rc = maiko_add(sup, summer, "summer", .mailbox = ROOM);
	if (rc == 0) rc = maiko_start(sup);
	for (unsigned n = 1; rc == 0 && n <= JOBS; n++) rc = maiko_send(sup, job, .n = n); /* waits while it is full */
	if (rc == 0) rc = maiko_stop(sup, NULL);                                           /* handles what is queued */
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "queue_actors: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * sum: 500500
 */
