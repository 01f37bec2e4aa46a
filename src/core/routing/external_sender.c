/*
 * external_sender.c - see external_sender.h.
 *
 * A thread finds its record through a small thread-local cache, keyed by the supervisor's serial.
 *
 * One process-wide lock guards which thread owns a record, because a thread may have records of
 * several supervisors, and either may end first: an ending thread gives up its records, an ending
 * supervisor removes its own from their threads. Another thread may hold the lock during a fork; so
 * the lock is in a page that the kernel zeroes in the child, where it is unlocked.
 */
#include "routing/external_sender.h"

#include "routing/external.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

/* On Linux a zeroed mutex equals PTHREAD_MUTEX_INITIALIZER. */
typedef struct threads {
	pthread_mutex_t lock;
	uint32_t process; /* number of the process, from 1; 0: not assigned since the page was made or wiped */
} threads;

static threads unwiped; /* used if that page cannot be mapped */
static threads *all = &unwiped;
static pthread_key_t ends;
static bool has_ends_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static _Thread_local mk_external *records; /* of this thread, unless it is simulated */
static _Thread_local uint32_t process;     /* the process of these records */
static _Thread_local unsigned endings;     /* how many times thread_ends has run on this thread */

enum { CACHED = 4 };
static _Thread_local struct {
	uint32_t serial;
	mk_external *record;
} cache[CACHED];

/* A number unique to this thread; in a simulation, that of the simulated thread. */
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
		records = NULL; /* of the parent process, whose supervisors this process cannot use */
	}
}

static void unlock(void) { pthread_mutex_unlock(&all->lock); }

/* ---- a thread ends ------------------------------------------------------------------------ */

static void idle(mk_external *f)
{
	mk_sup *sup = f->sup;
	mk_map_remove(&sup->threads, f->thread);
	mk_feed_end(&f->feed);
	f->at = NULL;
	f->next_idle = NULL;
	if (sup->idle_external_sender == NULL)
		sup->idle_external_sender = f;
	else
		sup->last_idle_external_sender->next_idle = f;
	sup->last_idle_external_sender = f;
}

/* The destructor of the thread-specific key (pthread_key_create(3)). Another key's destructor may
 * still send, so this one may be called a limited number of times. */
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
	has_ends_key = pthread_key_create(&ends, thread_ends) == 0;
}

/* The library may be unloaded before the threads end. */
__attribute__((destructor)) static void delete_key(void)
{
	if (has_ends_key)
		pthread_key_delete(ends);
}

/* Assigns the record to this thread until the thread ends; for ever if the end cannot be detected. */
static void assign(mk_external *f)
{
	enum { ENDINGS = 3 }; /* destructors run in at least 4 rounds (limits.h); a record of a 4th might leak */
	if (!has_ends_key || endings == ENDINGS || pthread_setspecific(ends, &records) != 0)
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
	mk_feed_fini(&f->feed);
	uv_cond_destroy(&f->cond);
	uv_mutex_destroy(&f->mutex);
	mk_free_aligned(f);
}

/* Its events go to that worker, unless that takes none any more. With the supervisor's lock. */
static void set_home(mk_external *f, uint32_t worker)
{
	mk_home_set(f->self, mk_home_word(0, worker, worker));
	mk_feed_init(&f->feed);
	if (mk_worker_at(f->sup, worker)->feeds_closed)
		mk_feed_close(&f->feed);
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
	f->self = self;
	f->sup = sup;
	set_home(f, mk_begins_together(sup) ? 0 : mk_next_worker(sup));
	f->thread = this_thread(sup);
	mk_random random;
	mk_random_seed(&random, sup->seam.seed ^ (f->thread << 32 | f->thread >> 32));
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
		set_home(f, worker);
	}
	return f;
}

/* Takes over the first record of an ended thread, if its events are taken and nothing mutes it. */
static mk_external *take_over(mk_sup *sup)
{
	mk_external *f = sup->idle_external_sender;
	if (f == NULL)
		return NULL;
	uv_mutex_lock(&f->mutex); /* serializes with mk_external_mute */
	bool quiet = atomic_load_explicit(&f->mutes, memory_order_seq_cst) == 0 && mk_feed_rests(&f->feed);
	if (quiet)
		f->first = f->sequence + 1;
	uv_mutex_unlock(&f->mutex);
	if (!quiet)
		return NULL;
	sup->idle_external_sender = f->next_idle;
	mk_feed_take_over(&f->feed);
	f->thread = this_thread(sup);
	return f;
}

/* With the process-wide lock. */
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
		assign(f);
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

/* ---- memory of feeds ------------------------------------------------------------------------ */

void mk_external_warm(mk_worker *w, mk_feed *feed)
{
	feed->warm = true;
	feed->cooler = w->warm_feeds;
	w->warm_feeds = feed;
}

void mk_external_cool(mk_worker *w)
{
	for (mk_feed **at = &w->warm_feeds, *feed; (feed = *at) != NULL;) {
		uint64_t taken = atomic_load_explicit(&feed->taken, memory_order_relaxed);
		if (taken != feed->cooled) {
			feed->cooled = taken;
			at = &feed->cooler;
			continue;
		}
		*at = feed->cooler;
		feed->warm = false;
		mk_feed_cool(feed);
	}
}

/* ---- the end ------------------------------------------------------------------------------- */

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
