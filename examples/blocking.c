/*
 * blocking.c - slow work in the blocking pool: maiko_blocking.
 *
 * An actor must not compute or wait for long: others share its worker. It passes such
 * work, as a separate struct, to the pool. `work` runs on a pool thread and accesses only
 * that struct, never the actor's state; `done` runs as a callback of the actor and receives
 * the struct. Meanwhile the actor handles other events.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>

enum { QUESTIONS = 3 };

typedef struct question { unsigned number, limit; } question;

MAIKO_TOPIC(questions);
MAIKO_EVENT(question, questions, number, limit);

typedef struct mathematician { unsigned primes[QUESTIONS]; } mathematician;

/* ---- the job: counts the primes below a limit ---- */

typedef struct count_job { unsigned number, limit, primes; } count_job;

static int count_work(count_job *job)
{
	for (unsigned n = 2; n < job->limit; n++) {
		unsigned d = 2;
		while (d * d <= n && n % d != 0) d++;
		if (d * d > n) job->primes++;
	}
	return 0;
}

static int count_done(mathematician *self, count_job *job, int status, maiko_ctx *ctx)
{
	(void)ctx;
	if (status == 0) self->primes[job->number] = job->primes;
	return status; /* what work returned; negative goes to on_error */
}

MAIKO_BLOCKING(mathematician, count_job, count_work, count_done);

/* ---- the actor ---- */

static int mathematician_on_question(mathematician *self, const question *ev, maiko_ctx *ctx)
{
	(void)self;
	if (ev->number >= QUESTIONS) return MAIKO_EINVAL;
	return maiko_blocking(ctx, count_work, count_done, .number = ev->number, .limit = ev->limit);
}

static int mathematician_on_stop(mathematician *self, maiko_ctx *ctx)
{
	(void)ctx;
	for (int i = 0; i < QUESTIONS; i++) printf("question %d: %u primes\n", i, self->primes[i]);
	return 0;
}

MAIKO_ACTOR(mathematician, MAIKO_ON(question, mathematician_on_question), MAIKO_ON_STOP(mathematician_on_stop));

int main(void)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc == 0) rc = maiko_add(sup, mathematician, "mathematician");
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_send(sup, question, .number = 0, .limit = 1000);
	if (rc == 0) rc = maiko_send(sup, question, .number = 1, .limit = 10000);
	if (rc == 0) rc = maiko_send(sup, question, .number = 2, .limit = 100000);
	if (rc == 0) rc = maiko_stop(sup, NULL); /* waits for the jobs too */
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "blocking: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * question 0: 168 primes
 * question 1: 1229 primes
 * question 2: 9592 primes
 */
