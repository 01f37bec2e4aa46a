/*
 * blocking.c - see blocking.h.
 *
 * A job passes from its actor's worker to a pool thread, to the worker's control lane, to the
 * actor's tasks. It has one owner at each of these stages. The worker counts it from start to
 * return, so that a stop can wait for it. Threads are created when jobs are queued, up to
 * .blocking_threads, and kept.
 */
#include "sched/blocking.h"

#include "base/error.h"
#include "base/system.h"
#include "observe/note.h"
#include "registry/directory.h"
#include "runtime/callback.h"
#include "runtime/lane.h"
#include "runtime/ready.h"
#include "sched/end.h"

#include <string.h>

typedef struct mk_job {
	mk_actor_message back; /* returns it to the worker; names the actor */
	mk_task task;
	struct mk_job *next;
	const maiko_job_type *type;
	mk_worker *worker;
	uint32_t number;   /* among the jobs that its actor has started */
	uint32_t life;     /* of the actor (mk_extra.life) */
	maiko_id cause[2]; /* parent and correlation of the events that `done` sends */
	int status;
	_Alignas(16) unsigned char data[];
} mk_job;

typedef struct mk_blocking {
	uv_mutex_t mutex;
	uv_cond_t cond;
	mk_job *queue, **tail;
	uint32_t threads, idle, running, queued;
	bool closing;
	uv_thread_t thread[];
} mk_blocking;

static _Thread_local const mk_blocking *mk_working_for; /* the pool that this thread belongs to */

bool mk_blocking_is_worker(const mk_sup *sup) { return mk_working_for != NULL && mk_working_for == sup->blocking; }

int mk_blocking_init(mk_sup *sup)
{
	mk_blocking *b = mk_calloc(1, sizeof *b + sup->options.blocking_threads * sizeof b->thread[0]);
	if (b == NULL)
		return MAIKO_ENOMEM;
	b->tail = &b->queue;
	int rc = uv_mutex_init(&b->mutex);
	if (rc == 0 && (rc = uv_cond_init(&b->cond)) != 0)
		uv_mutex_destroy(&b->mutex);
	if (rc != 0)
		mk_free(b);
	else
		sup->blocking = b;
	return rc;
}

/* ---- the job returns to its worker ---------------------------------------------------------- */

static void task_run(mk_actor *a, mk_task *task)
{
	mk_job *job = MK_OF(task, mk_job, task);
	mk_worker *w = a->worker;
	w->cause = mk_id_is_none(job->cause[0]) ? NULL : job->cause;
	mk_callback_enter(w, a);
	int rc = mk_result(w->sup, a, MAIKO_PHASE_DONE, job->type->done(mk_actor_state(a), job->data, job->status, a));
	mk_callback_leave(w);
	MK_NOTE(w, MK_NOTE_TASK_DONE, 0, rc);
	if (rc < 0)
		mk_actor_error(w, a, rc, MAIKO_PHASE_DONE, NULL);
	w->cause = NULL;
	mk_free_aligned(job);
}

static void task_drop(mk_task *task) { mk_free_aligned(MK_OF(task, mk_job, task)); }

static void came_back(mk_worker *w, mk_message *m)
{
	mk_job *job = MK_OF(m, mk_job, back.message);
	mk_actor *a = mk_directory_look(w->sup, job->back.actor);
	mk_count_add(&w->jobs, (uint64_t)-1);
	job->task = (mk_task){.run = task_run, .drop = task_drop};
	if (a != NULL)
		a->extra->jobs--;
	if (a != NULL && a->extra->life == job->life) {
		mk_task_add(w, a, &job->task);
	} else {
		mk_free_aligned(job);
	}
}

static void message_drop(mk_message *m) { mk_free_aligned(MK_OF(m, mk_job, back.message)); }

/* ---- a pool thread -------------------------------------------------------------------------- */

/* The first of the queued jobs; NULL: there is none. With the mutex, or in a simulation. */
static mk_job *pop_job(mk_blocking *b)
{
	mk_job *job = b->queue;
	if (job == NULL)
		return NULL;
	b->queue = job->next;
	if (b->queue == NULL)
		b->tail = &b->queue;
	b->queued--;
	return job;
}

/* Waits for a job; NULL: the pool is closing. `ran`: the thread has run one before. */
static mk_job *next_job(mk_blocking *b, bool ran)
{
	uv_mutex_lock(&b->mutex);
	b->running -= ran;
	if (b->closing)
		uv_cond_broadcast(&b->cond); /* mk_blocking_drain waits for running jobs */
	b->idle++;
	while (b->queue == NULL && !b->closing)
		uv_cond_wait(&b->cond, &b->mutex);
	b->idle--;
	mk_job *job = pop_job(b);
	b->running += job != NULL;
	uv_mutex_unlock(&b->mutex);
	return job;
}

static void run_job(mk_job *job)
{
	job->status = job->type->work(job->data);
	job->back.message =
		(mk_message){.run = came_back, .drop = message_drop, .post = MK_POST_JOB, .number = job->number};
	mk_lane_post(job->worker, &job->back.message);
}

static void pool_main(void *arg)
{
	mk_blocking *b = arg;
	mk_job *job;
	mk_working_for = b;
	for (bool ran = false; (job = next_job(b, ran)) != NULL; ran = true)
		run_job(job);
}

bool mk_blocking_waiting(const mk_sup *sup) { return sup->blocking->queue != NULL; }

void mk_blocking_step(mk_sup *sup) { run_job(pop_job(sup->blocking)); }

int mk_blocking_start(mk_worker *w, mk_actor *a, const maiko_job_type *type, const void *data)
{
	mk_blocking *b = w->sup->blocking;
	mk_job *job = mk_extra_of(a) == NULL ? NULL : mk_calloc_aligned(sizeof *job + type->size, 16);
	if (job == NULL)
		return MAIKO_ENOMEM;
	job->type = type;
	job->worker = w;
	job->back.actor = a->self->id;
	job->number = a->extra->started_jobs++;
	job->life = a->extra->life;
	if (w->event != NULL) {
		job->cause[0] = w->event->id;
		job->cause[1] = w->event->correlation;
	} else if (w->cause != NULL) {
		job->cause[0] = w->cause[0];
		job->cause[1] = w->cause[1];
	}
	memcpy(job->data, data, type->size);
	uv_mutex_lock(&b->mutex);
	bool simulated = w->sup->seam.simulated;
	if (!simulated && b->idle <= b->queued && b->threads < w->sup->options.blocking_threads &&
	    mk_thread_create(&b->thread[b->threads], pool_main, b) == 0)
		b->threads++;
	bool served = simulated || b->threads > 0;
	if (served) {
		*b->tail = job;
		b->tail = &job->next;
		b->queued++;
		uv_cond_signal(&b->cond);
	}
	uv_mutex_unlock(&b->mutex);
	if (!served) {
		mk_free_aligned(job);
		return mk_fail_text(MAIKO_EAGAIN, "maiko_blocking: no thread could be made for the blocking pool");
	}
	mk_count_add(&w->jobs, 1);
	a->extra->jobs++;
	return 0;
}

bool mk_blocking_drain(mk_sup *sup, uint64_t timeout_ms)
{
	mk_blocking *b = sup->blocking;
	if (b == NULL)
		return true;
	uint64_t until = mk_now(&sup->seam) + timeout_ms * 1000000, now;
	uv_mutex_lock(&b->mutex);
	b->closing = true;
	mk_job *dropped = b->queue;
	b->queue = NULL;
	b->tail = &b->queue;
	uv_cond_broadcast(&b->cond);
	while (b->running > 0 && (now = mk_now(&sup->seam)) < until)
		uv_cond_timedwait(&b->cond, &b->mutex, until - now);
	bool drained = b->running == 0;
	uv_mutex_unlock(&b->mutex);
	while (dropped != NULL) {
		mk_job *next = dropped->next;
		mk_free_aligned(dropped);
		dropped = next;
	}
	return drained;
}

void mk_blocking_fini(mk_sup *sup)
{
	mk_blocking *b = sup->blocking;
	if (b == NULL)
		return;
	for (uint32_t i = 0; i < b->threads; i++)
		uv_thread_join(&b->thread[i]);
	uv_cond_destroy(&b->cond);
	uv_mutex_destroy(&b->mutex);
	mk_free(b);
	sup->blocking = NULL;
}
