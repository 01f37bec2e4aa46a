/*
 * external_sender.c - see external_sender.h.
 *
 * A thread finds its record through a small cache of its own, keyed by the supervisor's serial.
 *
 * Whose a record is stands under one lock of the process, because a thread may have records of
 * several supervisors, and either may end first: the thread gives its records back, the supervisor
 * takes its own from their threads. Another thread may have the lock at the moment of a fork: so
 * it lies in a page that is zeroed in the child, where it is free.
 */
#include "routing/external_sender.h"

#include "routing/external.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

/* Zeroed, a mutex is as PTHREAD_MUTEX_INITIALIZER has it, on Linux. */
typedef struct threads {
	pthread_mutex_t lock;
	uint32_t process; /* which one, counted from 1; 0: nobody has asked since it was made, or wiped */
} threads;

static threads unwiped; /* where there is no such page */
static threads *all = &unwiped;
static pthread_key_t ends;
static bool ends_are_told;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static _Thread_local mk_external *records; /* of this thread, unless it is simulated */
static _Thread_local uint32_t process;     /* whose they are */
static _Thread_local unsigned endings;     /* how often this thread has given them back */

enum { CACHED = 4 };
static _Thread_local struct {
	uint32_t serial;
	mk_external *record;
} cache[CACHED];

/* A number for this thread, never used by another; under simulation the one it plays. */
static uint64_t this_thread(const mk_sup *sup)
{
	if (MK_UNLIKELY(sup->seam.simulated))
		return sup->seam.thread;
	static _Atomic(uint64_t) last;
	static _Thread_local uint64_t mine;
	if (mine == 0)
		mine = atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
	return mine;
}

static void make_key(void);

static void lock(void)
{
	static uint32_t processes;
	pthread_once(&once, make_key);
	pthread_mutex_lock(&all->lock);
	if (all->process == 0)
		all->process = ++processes;
	if (process != all->process) {
		process = all->process;
		records = NULL; /* those of the parent's, whose supervisors this process cannot use */
	}
}

static void unlock(void) { pthread_mutex_unlock(&all->lock); }

/* ---- a thread ends ------------------------------------------------------------------------ */

static void idle(mk_external *f)
{
	mk_sup *sup = f->sup;
	mk_map_remove(&sup->threads, f->thread);
	f->at = NULL;
	f->next_idle = NULL;
	if (sup->idle_external_sender == NULL)
		sup->idle_external_sender = f;
	else
		sup->last_idle_external_sender->next_idle = f;
	sup->last_idle_external_sender = f;
}

/* A destructor of the thread's own (pthread_key_create(3)). Another may send yet, so it may be
 * called more than once, but not for ever. */
static void thread_ends(void *unused)
{
	(void)unused;
	endings++;
	lock();
	while (records != NULL) {
		mk_external *f = records;
		records = f->next_of_thread;
		idle(f);
	}
	unlock();
	memset(cache, 0, sizeof cache);
}

static void make_key(void)
{
	enum { PAGE = 4096 };
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page != MAP_FAILED) {
		(void)madvise(page, PAGE, MADV_WIPEONFORK);
		all = page;
	}
	ends_are_told = pthread_key_create(&ends, thread_ends) == 0;
}

/* The library may be unloaded before its threads end. */
__attribute__((destructor)) static void delete_key(void)
{
	if (ends_are_told)
		pthread_key_delete(ends);
}

/* The record is this thread's until the thread ends, or if that is not told, for ever. */
static void belong(mk_external *f)
{
	enum { ENDINGS = 3 }; /* after the fourth, or a later one, there are none (limits.h: at least 4) */
	if (!ends_are_told || endings == ENDINGS || pthread_setspecific(ends, &records) != 0)
		return;
	f->at = &records;
	f->next_of_thread = records;
	if (records != NULL)
		records->at = &f->next_of_thread;
	records = f;
}

/* ---- records ------------------------------------------------------------------------------- */

static void record_free(mk_external *f)
{
	if (f->at != NULL) {
		*f->at = f->next_of_thread;
		if (f->next_of_thread != NULL)
			f->next_of_thread->at = f->at;
	}
	uv_cond_destroy(&f->cond);
	uv_mutex_destroy(&f->mutex);
	mk_free_aligned(f);
}

static mk_external *record_new(mk_sup *sup)
{
	mk_external *f = mk_calloc_aligned(sizeof *f, MK_LINE);
	mk_sender *self = f == NULL ? NULL : mk_sender_new(MK_OUTSIDE);
	if (self == NULL || uv_mutex_init(&f->mutex) != 0) {
		mk_free(self);
		mk_free_aligned(f);
		return NULL;
	}
	if (uv_cond_init(&f->cond) != 0) {
		uv_mutex_destroy(&f->mutex);
		mk_free(self);
		mk_free_aligned(f);
		return NULL;
	}
	self->external = f;
	uint32_t worker = sup->next_worker++ % sup->options.workers;
	mk_home_set(self, mk_home_word(0, worker, worker));
	f->self = self;
	f->sup = sup;
	f->thread = this_thread(sup);
	mk_random random;
	mk_random_seed(&random, sup->seam.seed ^ (f->thread << 32));
	f->origin = mk_random_next(&sup->seam, &random);
	f->next = sup->external_senders;
	sup->external_senders = f;
	return f;
}

mk_external *mk_external_sender_with(mk_sup *sup, uint32_t worker, uint64_t origin)
{
	mk_external *f = sup->external_senders;
	while (f != NULL && f->origin != origin)
		f = f->next;
	if (f == NULL && (f = record_new(sup)) != NULL) {
		f->thread = 0;
		f->origin = origin;
		mk_home_set(f->self, mk_home_word(0, worker, worker));
	}
	return f;
}

/* Takes over what a thread has left behind, the first of these, if nothing of it is under way. */
static mk_external *take_over(mk_sup *sup)
{
	mk_external *f = sup->idle_external_sender;
	if (f == NULL)
		return NULL;
	uv_mutex_lock(&f->mutex); /* who would mute it comes before, or after (mk_external_mute) */
	bool quiet = atomic_load_explicit(&f->mutes, memory_order_seq_cst) == 0 &&
		     atomic_load_explicit(&f->taken, memory_order_seq_cst) == mk_count(&f->sent);
	if (quiet)
		f->first = f->sequence + 1;
	uv_mutex_unlock(&f->mutex);
	if (!quiet)
		return NULL;
	sup->idle_external_sender = f->next_idle;
	f->thread = this_thread(sup);
	return f;
}

/* With the lock of all. */
static mk_external *record_for(mk_sup *sup)
{
	if (mk_map_reserve(&sup->threads, 1) != 0)
		return NULL;
	mk_external *f = take_over(sup);
	if (f == NULL) {
		uv_mutex_lock(&sup->lock);
		f = record_new(sup);
		uv_mutex_unlock(&sup->lock);
	}
	if (f == NULL)
		return NULL;
	(void)mk_map_put(&sup->threads, f->thread, mk_map_key(f));
	if (!sup->seam.simulated)
		belong(f);
	return f;
}

mk_external *mk_external_sender_of(mk_sup *sup)
{
	uint32_t place = sup->serial % CACHED;
	bool cached = cache[place].serial == sup->serial;
	if (cached && (!sup->seam.simulated || cache[place].record->thread == sup->seam.thread))
		return cache[place].record;
	lock();
	mk_external *f = mk_map_get(&sup->threads, this_thread(sup));
	if (f == NULL)
		f = record_for(sup);
	unlock();
	if (f != NULL) {
		cache[place].serial = sup->serial;
		cache[place].record = f;
	}
	return f;
}

void mk_external_fini(mk_sup *sup)
{
	lock();
	while (sup->external_senders != NULL) {
		mk_external *f = sup->external_senders;
		sup->external_senders = f->next;
		mk_free(f->self);
		record_free(f);
	}
	mk_map_fini(&sup->threads);
	unlock();
}
