/*
 * recorder.c - writing a recording: see recording.h for the file.
 *
 * The hook runs on the worker: it draws a ticket, fills a record in the worker's segment of
 * the mapped file, and stores its size last, released, so that a reader after a crash finds
 * whole records alone. Segments are fetched under the mutex, one in some ten thousand
 * records; so are numbers for types and names of actors, one each.
 *
 * An error (a full disk) ends the recording, not the program: `rc` is set once, and from
 * then on the hooks do nothing. What was written is a prefix of every worker's records; the
 * reader stops at the first ticket that is missing.
 */
#include "error.h"
#include "recording.h"

#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct tape {
	unsigned char *segment; /* NULL: none yet */
	size_t used;
} tape;

typedef struct known_type {
	struct known_type *next;
	const maiko_event_type *desc;
	uint32_t number;
} known_type;

enum { TYPE_PLACES = 256 };

struct maiko_recorder {
	mk_sup *sup;
	maiko_monitor *monitor;
	maiko_recorder_options options;
	int fd;
	uv_mutex_t mutex;
	uint64_t segments; /* under the mutex, as are the types as written */
	uint32_t type_count;
	_Atomic(known_type *) types[TYPE_PLACES]; /* prepended, read without */
	_Atomic(uint64_t) ticket;
	_Atomic(int) rc;
	tape tapes[MAIKO_WORKERS_MAX];
};

static void give_up(maiko_recorder *r, int rc)
{
	int none = 0;
	atomic_compare_exchange_strong(&r->rc, &none, rc);
}

/* ---- space -------------------------------------------------------------------------------- */

static unsigned char *map_segment(maiko_recorder *r, uint64_t index)
{
	off_t at = (off_t)(index * MT_SEGMENT);
	int rc = posix_fallocate(r->fd, at, MT_SEGMENT); /* a full disk shows here, not as a signal */
	if (rc != 0) {
		give_up(r, -rc);
		return NULL;
	}
	void *segment = mmap(NULL, MT_SEGMENT, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, at);
	if (segment == MAP_FAILED) {
		give_up(r, -errno);
		return NULL;
	}
	return segment;
}

static bool fetch_segment(maiko_recorder *r, uint32_t worker)
{
	tape *t = &r->tapes[worker];
	if (t->segment != NULL)
		munmap(t->segment, MT_SEGMENT);
	uv_mutex_lock(&r->mutex);
	t->segment = map_segment(r, ++r->segments);
	uv_mutex_unlock(&r->mutex);
	if (t->segment == NULL)
		return false;
	*(mt_segment *)(void *)t->segment = (mt_segment){.magic = MT_RECORDING_MAGIC, .worker = worker};
	t->used = sizeof(mt_segment);
	return true;
}

/* Room for a record on a worker's tape; NULL: the recording has ended. */
static mt_record *reserve(maiko_recorder *r, uint32_t worker, size_t content)
{
	tape *t = &r->tapes[worker];
	size_t size = (sizeof(mt_record) + content + 7) & ~(size_t)7;
	if (size > MT_RECORD_MAX) {
		give_up(r, MAIKO_E2BIG);
		return NULL;
	}
	if ((t->segment == NULL || t->used + size > MT_SEGMENT) && !fetch_segment(r, worker))
		return NULL;
	mt_record *record = (mt_record *)(void *)(t->segment + t->used);
	record->content_size = (uint32_t)content;
	record->ticket = atomic_fetch_add_explicit(&r->ticket, 1, memory_order_relaxed) + 1;
	return record;
}

static void commit(maiko_recorder *r, uint32_t worker, mt_record *record)
{
	uint32_t size = (uint32_t)((sizeof *record + record->content_size + 7) & ~(size_t)7);
	r->tapes[worker].used += size;
	__atomic_store_n(&record->size, size, __ATOMIC_RELEASE);
}

/* ---- names --------------------------------------------------------------------------------- */

static void write_name(maiko_recorder *r, uint32_t worker, int kind, uint64_t actor, uint32_t type, uint64_t hash,
		       const char *name)
{
	size_t length = strlen(name) + 1;
	mt_record *record = reserve(r, worker, length);
	if (record == NULL)
		return;
	record->kind = (uint8_t)kind;
	record->actor = actor;
	record->type = type;
	record->hash = hash;
	memcpy(record->content, name, length);
	commit(r, worker, record);
}

static uint32_t find_type(known_type *first, const maiko_event_type *desc)
{
	for (; first != NULL; first = first->next)
		if (first->desc == desc)
			return first->number;
	return 0;
}

/* The number of a type, written with its name when it is new. */
static uint32_t number_of(maiko_recorder *r, uint32_t worker, const maiko_event_type *desc)
{
	_Atomic(known_type *) *place = &r->types[((uintptr_t)desc >> 4) % TYPE_PLACES];
	uint32_t number = find_type(atomic_load_explicit(place, memory_order_acquire), desc);
	if (number != 0)
		return number;
	known_type *made = malloc(sizeof *made);
	if (made == NULL) {
		give_up(r, MAIKO_ENOMEM);
		return 0;
	}
	uv_mutex_lock(&r->mutex);
	known_type *first = atomic_load_explicit(place, memory_order_relaxed);
	number = find_type(first, desc);
	bool is_new = number == 0;
	if (is_new) {
		number = ++r->type_count;
		*made = (known_type){first, desc, number};
		atomic_store_explicit(place, made, memory_order_release);
	}
	uv_mutex_unlock(&r->mutex);
	if (is_new)
		write_name(r, worker, MT_NAMES_TYPE, 0, number, maiko_layout_hash(desc->layout), desc->layout->name);
	else
		free(made);
	return number;
}

/* ---- the hook --------------------------------------------------------------------------------- */

static bool is_source(const maiko_recorder *r, const char *name)
{
	for (const char *const *s = r->options.sources; s != NULL && *s != NULL; s++)
		if (strcmp(*s, name) == 0)
			return true;
	return false;
}

/* Whether it came from the world: then its content cannot be made again. */
static bool needs_content(const maiko_recorder *r, const maiko_sight *s)
{
	const maiko_envelope *e = s->event;
	if (s->kind != MAIKO_SAW_DISPATCHED || e == NULL)
		return false;
	return e->sender_id == 0 || (e->parent.origin == 0 && e->parent.sequence == 0) || is_source(r, e->sender);
}

static void fill(mt_record *record, const maiko_sight *s)
{
	record->kind = (uint8_t)s->kind;
	record->was_queued = s->was_queued;
	record->now_ns = s->now_ns;
	record->actor = s->actor;
	record->code = s->code;
	if (s->event != NULL) {
		record->id = s->event->id;
		record->parent = s->event->parent;
		record->sender = s->event->sender_id;
	}
}

static void see(void *arg, const maiko_sight *s)
{
	maiko_recorder *r = arg;
	if (atomic_load_explicit(&r->rc, memory_order_relaxed) != 0)
		return;
	uint32_t worker = s->worker - 1, type = 0;
	const maiko_layout *layout = s->event == NULL ? NULL : s->event->type->layout;
	if (s->kind == MAIKO_SAW_ADDED)
		write_name(r, worker, MT_NAMES_ACTOR, s->actor, 0, 0, s->actor_name);
	if (layout != NULL && (type = number_of(r, worker, s->event->type)) == 0)
		return;
	bool content = needs_content(r, s);
	mt_record *record = reserve(r, worker, content ? mt_content_size(layout, s->data) : 0);
	if (record == NULL)
		return;
	fill(record, s);
	record->type = type;
	record->has_content = content;
	if (s->kind == MAIKO_SAW_DISPATCHED)
		record->hash = mt_content_hash(layout, s->data);
	if (content)
		mt_content_write(layout, s->data, record->content);
	commit(r, worker, record);
}

/* ---- life --------------------------------------------------------------------------------------- */

static int write_head(maiko_recorder *r, const mk_sup *sup)
{
	unsigned char *segment = map_segment(r, 0);
	if (segment == NULL)
		return atomic_load(&r->rc);
	*(mt_head *)(void *)segment = (mt_head){.magic = MT_RECORDING_MAGIC,
						.seed = sup->seam.seed,
						.wall_offset_ns = sup->seam.wall_offset_ns,
						.options = sup->options};
	((mt_head *)(void *)segment)->options.loop = NULL;
	((mt_head *)(void *)segment)->options.on_end = NULL;
	munmap(segment, MT_SEGMENT);
	return 0;
}

static void recorder_free(maiko_recorder *r)
{
	for (uint32_t i = 0; i < MAIKO_WORKERS_MAX; i++)
		if (r->tapes[i].segment != NULL)
			munmap(r->tapes[i].segment, MT_SEGMENT);
	for (uint32_t i = 0; i < TYPE_PLACES; i++)
		for (known_type *t = atomic_load(&r->types[i]), *next; t != NULL; t = next) {
			next = t->next;
			free(t);
		}
	close(r->fd);
	uv_mutex_destroy(&r->mutex);
	free(r);
}

int maiko_recorder_new(maiko_recorder **ret_recorder, maiko_supervisor *sup, const char *path,
		       const maiko_recorder_options *options)
{
	if (ret_recorder == NULL || sup == NULL || path == NULL)
		return MK_NULL(ret_recorder, sup, path);
	maiko_recorder *r = calloc(1, sizeof *r);
	if (r == NULL)
		return MAIKO_ENOMEM;
	if (options != NULL)
		r->options = *options;
	r->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int rc = r->fd < 0 ? -errno : uv_mutex_init(&r->mutex);
	if (rc != 0) {
		if (r->fd >= 0)
			close(r->fd);
		free(r);
		return mk_fail(rc, "maiko_recorder_new: '%.200s': %s", path, maiko_strerror(rc));
	}
	rc = write_head(r, sup);
	atomic_fetch_add(&sup->staying, 1); /* a replay does not move anything */
	if (rc == 0)
		rc = maiko_monitor_add(sup, &(maiko_hooks){.any = see}, r, &r->monitor);
	if (rc != 0) {
		atomic_fetch_sub(&sup->staying, 1);
		recorder_free(r);
		return rc;
	}
	r->sup = sup;
	*ret_recorder = r;
	return 0;
}

int maiko_recorder_free(maiko_recorder *r)
{
	if (r == NULL)
		return 0;
	int rc = maiko_monitor_remove(r->monitor, NULL);
	if (rc != 0)
		return rc; /* a hook may yet be called: it stays */
	atomic_fetch_sub(&r->sup->staying, 1);
	mt_record *end = atomic_load(&r->rc) == 0 ? reserve(r, 0, 0) : NULL;
	if (end != NULL) {
		end->kind = MT_ENDS;
		commit(r, 0, end);
	}
	rc = atomic_load(&r->rc);
	recorder_free(r);
	return rc;
}
