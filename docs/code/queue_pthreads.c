/*
 * queue_pthreads.c - a thread, a queue, a lock and two conditions: before.
 *
 * queue_actors.c does the same with two actors.
 *
 * SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

enum { ROOM = 16, JOBS = 1000 };

/* ---- the queue ---- */

typedef struct queue {
	pthread_mutex_t lock;
	pthread_cond_t filled, emptied;
	unsigned jobs[ROOM];
	unsigned first, count;
	bool closed;
} queue;

static void queue_put(queue *q, unsigned job)
{
	pthread_mutex_lock(&q->lock);
	while (q->count == ROOM) pthread_cond_wait(&q->emptied, &q->lock);
	q->jobs[(q->first + q->count++) % ROOM] = job;
	pthread_cond_signal(&q->filled);
	pthread_mutex_unlock(&q->lock);
}

static bool queue_get(queue *q, unsigned *ret_job)
{
	pthread_mutex_lock(&q->lock);
	while (q->count == 0 && !q->closed) pthread_cond_wait(&q->filled, &q->lock);
	bool got = q->count > 0;
	if (got) {
		*ret_job = q->jobs[q->first];
		q->first = (q->first + 1) % ROOM;
		q->count--;
		pthread_cond_signal(&q->emptied);
	}
	pthread_mutex_unlock(&q->lock);
	return got;
}

static void queue_close(queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->closed = true;
	pthread_cond_broadcast(&q->filled);
	pthread_mutex_unlock(&q->lock);
}

/* ---- the thread ---- */

typedef struct summer {
	queue *queue;
	unsigned long sum;
} summer;

static void *summer_main(void *arg)
{
	summer *self = arg;
	unsigned job;
	while (queue_get(self->queue, &job)) self->sum += job;
	return NULL;
}

int main(void)
{
	queue q = {.lock = PTHREAD_MUTEX_INITIALIZER,
		   .filled = PTHREAD_COND_INITIALIZER,
		   .emptied = PTHREAD_COND_INITIALIZER};
	summer s = {.queue = &q};
	pthread_t thread;
	if (pthread_create(&thread, NULL, summer_main, &s) != 0) return 1;
	for (unsigned n = 1; n <= JOBS; n++) queue_put(&q, n);
	queue_close(&q);
	pthread_join(thread, NULL);
	printf("sum: %lu\n", s.sum);
	return fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * sum: 500500
 */
