/*
 * recorder.c - writing a recording: see recording.h for the file.
 *
 * Two hooks write records: that of a monitor writes observations, that of a scribe (note.h) decisions. Each runs on
 * its worker, or, for the supervisor's tape, with the supervisor's lock. It draws a ticket, fills a record in the
 * tape's segment of the mapped file, and stores the record's size last, with release order; so a reader after a crash
 * finds only whole records. A new segment is taken under the mutex, once in some ten thousand records, as is the number
 * of a new type.
 *
 * An error (a full disk) ends the recording, not the program: `rc` is set once, and from then on the hooks do nothing.
 * A ticket is drawn for that and never written: the reader stops there, so records that other workers write meanwhile
 * do not count.
 *
 * The file is shared with a forked child, which writes nothing.
 */
#include "recording.h"

#include "base/error.h"
#include "observe/note.h"
#include "registry/registry.h"
#include "runtime/callback.h"
#include "runtime/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct mo_writer {
	unsigned char *segment; /* NULL: none yet */
	size_t used;
} mo_writer;

typedef struct known_type {
	struct known_type *next;
	const maiko_event_type *desc;
	uint32_t number;
} known_type;

enum { TYPE_PLACES = 256 };

struct maiko_recorder {
	mk_sup *sup;
	maiko_monitor *monitor;
	mk_scribe scribe;
	maiko_recorder_options options;
	char *path;
	int fd;
	uv_mutex_t mutex;
	uint64_t segments; /* under the mutex, as are the types as written */
	uint32_t type_count;
	_Atomic(known_type *) types[TYPE_PLACES]; /* prepended, read without */
	_Atomic(uint64_t) ticket;
	_Atomic(int) rc;
	const char *why; /* of that error, and the records before it: read when no hook is called any more */
	uint64_t kept;
	_Atomic(bool) over; /* its last record is written, or it has failed */
	mo_writer tapes[MO_TAPES];
};

static void give_up(maiko_recorder *r, int rc, const char *why)
{
	int none = 0;
	if (!atomic_compare_exchange_strong(&r->rc, &none, rc))
		return;
	r->why = why;
	r->kept = atomic_fetch_add(&r->ticket, 1); /* a gap: nothing after it counts */
	atomic_store(&r->over, true);
}

static bool is_over(maiko_recorder *r)
{
	return atomic_load_explicit(&r->over, memory_order_acquire) || mk_forked(r->sup);
}

/* ---- space -------------------------------------------------------------------------------- */

/* A file that grows past the limit raises SIGXFSZ, which would end the program. */
static bool is_past_limit(uint64_t size)
{
	struct rlimit limit;
	return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && size > limit.rlim_cur;
}

static unsigned char *map_segment(maiko_recorder *r, uint64_t index)
{
	off_t at = (off_t)(index * MO_SEGMENT);
	int rc = EFBIG;
	if (!is_past_limit((index + 1) * MO_SEGMENT))
		rc = posix_fallocate(r->fd, at, MO_SEGMENT); /* a full disk shows here, not as a signal */
	if (rc != 0) {
		give_up(r, -rc, "its file cannot grow");
		return NULL;
	}
	void *segment = mmap(NULL, MO_SEGMENT, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, at);
	if (segment == MAP_FAILED) {
		give_up(r, -errno, "its file cannot be mapped");
		return NULL;
	}
	return segment;
}

static bool fetch_segment(maiko_recorder *r, uint32_t number)
{
	mo_writer *t = &r->tapes[number];
	if (t->segment != NULL)
		munmap(t->segment, MO_SEGMENT);
	uv_mutex_lock(&r->mutex);
	t->segment = map_segment(r, r->segments + 1);
	r->segments += t->segment != NULL;
	uv_mutex_unlock(&r->mutex);
	if (t->segment == NULL)
		return false;
	*(mo_segment *)(void *)t->segment = (mo_segment){.magic = MO_RECORDING_MAGIC, .tape = number};
	t->used = sizeof(mo_segment);
	return true;
}

/* Room for a record with so many bytes behind it; NULL: the recording has ended. */
static mo_record *reserve(maiko_recorder *r, uint32_t number, size_t rest)
{
	mo_writer *t = &r->tapes[number];
	size_t size = (sizeof(mo_record) + rest + 7) & ~(size_t)7;
	if (size > MO_RECORD_MAX) {
		give_up(r, MAIKO_E2BIG, "an event or a call takes more than 512 KiB");
		return NULL;
	}
	if ((t->segment == NULL || t->used + size > MO_SEGMENT) && !fetch_segment(r, number))
		return NULL;
	mo_record *record = (mo_record *)(void *)(t->segment + t->used);
	record->padding = (uint8_t)(size - sizeof *record - rest);
	record->ticket = atomic_fetch_add_explicit(&r->ticket, 1, memory_order_seq_cst) + 1;
	return record;
}

static void commit(maiko_recorder *r, uint32_t number, mo_record *record, size_t rest)
{
	uint32_t size = (uint32_t)((sizeof *record + rest + 7) & ~(size_t)7);
	r->tapes[number].used += size;
	__atomic_store_n(&record->size, size, __ATOMIC_RELEASE);
}

static void fill(mo_record *record, uint32_t kind, uint64_t now_ns, uint64_t number, int64_t value)
{
	record->kind = (uint8_t)kind;
	record->now_ns = now_ns;
	record->number = number;
	record->value = value;
}

/* ---- names --------------------------------------------------------------------------------- */

static void write_name(maiko_recorder *r, uint32_t tape, uint8_t kind, uint64_t number, uint64_t value,
		       const char *name)
{
	size_t length = strlen(name) + 1;
	mo_record *record = reserve(r, tape, length);
	if (record == NULL)
		return;
	fill(record, kind, 0, number, (int64_t)value);
	memcpy(record->rest, name, length);
	commit(r, tape, record, length);
}

static uint32_t find_type(known_type *first, const maiko_event_type *desc)
{
	for (; first != NULL; first = first->next)
		if (first->desc == desc)
			return first->number;
	return 0;
}

/* The number of a type, written with its name when it is new. */
static uint32_t number_of(maiko_recorder *r, uint32_t tape, const maiko_event_type *desc)
{
	_Atomic(known_type *) *place = &r->types[((uintptr_t)desc >> 4) % TYPE_PLACES];
	uint32_t number = find_type(atomic_load_explicit(place, memory_order_acquire), desc);
	if (number != 0)
		return number;
	known_type *made = malloc(sizeof *made);
	if (made == NULL) {
		give_up(r, MAIKO_ENOMEM, "the name of an event type could not be kept");
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
		write_name(r, tape, MO_NAMES_TYPE, number, maiko_layout_hash(desc->layout), desc->layout->name);
	else
		free(made);
	return number;
}

/* ---- what is seen --------------------------------------------------------------------------- */

/* Whether it is external input, whose content a replay cannot reproduce. */
static bool needs_content(const maiko_recorder *r, const maiko_observation *s)
{
	const maiko_envelope *e = s->event;
	return e->sender_id == 0 || e->injected || mk_id_is_none(e->parent) ||
	       mo_is_listed(r->options.sources, e->sender);
}

static void fill_dispatch(const maiko_recorder *r, mo_record *record, const maiko_observation *s, bool content)
{
	const maiko_layout *layout = s->event->type->layout;
	mo_dispatch *d = (mo_dispatch *)(void *)(record->rest + sizeof(mo_event));
	*d = (mo_dispatch){.parent = s->event->parent,
			   .correlation = s->event->correlation,
			   .hash = mo_content_hash(layout, s->data, r->options.undescribed),
			   .timestamp_ns = s->event->timestamp_ns,
			   .ttl_ms = s->event->ttl_ms};
	unsigned char *to = (unsigned char *)(d + 1);
	if (s->event->injected) {
		mo_origin *origin = (mo_origin *)(void *)to;
		*origin = (mo_origin){.timestamp_ns = s->event->origin_timestamp_ns};
		memcpy(origin->sender, s->event->sender, strlen(s->event->sender)); /* a name: it fits */
		to += sizeof *origin;
	}
	if ((record->flags & MO_NAMES_TOPIC) != 0) {
		mo_topic *topic = (mo_topic *)(void *)to;
		*topic = (mo_topic){.name = ""};
		memcpy(topic->name, s->event->topic->name, strlen(s->event->topic->name)); /* a name: it fits */
		to += sizeof *topic;
	}
	if (content)
		mo_content_write(layout, s->data, r->options.undescribed, to);
}

static void fill_event(mo_record *record, const maiko_observation *s, uint32_t type)
{
	mo_event *e = (mo_event *)(void *)record->rest;
	*e = (mo_event){.id = s->event->id, .sender = s->event->sender_id, .type = type};
}

static void see_event(maiko_recorder *r, const maiko_observation *s)
{
	uint32_t tape = s->worker - 1, type = number_of(r, tape, s->event->type);
	bool dispatched = s->kind == MAIKO_OBSERVED_DISPATCHED, content = dispatched && needs_content(r, s);
	bool injected = dispatched && s->event->injected, named = content && s->event->type->topic == NULL;
	size_t rest = sizeof(mo_event) + (dispatched ? sizeof(mo_dispatch) : 0) + (injected ? sizeof(mo_origin) : 0) +
		      (named ? sizeof(mo_topic) : 0);
	if (content)
		rest += mo_content_size(s->event->type->layout, s->data, r->options.undescribed);
	mo_record *record = type == 0 ? NULL : reserve(r, tape, rest);
	if (record == NULL)
		return;
	fill(record, s->kind, s->now_ns, s->actor, s->code);
	record->flags =
		(uint8_t)(MO_HAS_EVENT | (content ? MO_HAS_CONTENT : 0) | (s->was_queued ? MO_WAS_QUEUED : 0) |
			  (s->tracked ? MO_TRACKED : 0) | (injected ? MO_INJECTED : 0) |
			  (mk_topic_is_private(s->event->topic) ? MO_PRIVATE : 0) | (named ? MO_NAMES_TOPIC : 0));
	fill_event(record, s, type);
	if (dispatched)
		fill_dispatch(r, record, s, content);
	commit(r, tape, record, rest);
}

static void see_other(maiko_recorder *r, const maiko_observation *s)
{
	uint32_t tape = s->worker - 1;
	mo_record *record = reserve(r, tape, 0);
	if (record == NULL)
		return;
	fill(record, s->kind, s->now_ns, s->actor, s->code);
	commit(r, tape, record, 0);
}

static void see(void *arg, const maiko_observation *s)
{
	maiko_recorder *r = arg;
	if (is_over(r) || s->kind == MAIKO_OBSERVED_STUCK) /* called on no worker; in a replay callbacks take no time */
		return;
	if (s->kind == MAIKO_OBSERVED_DISCARDED && s->code == MAIKO_NO_MEMORY) {
		/* A replay could not reproduce it. */
		give_up(r, MAIKO_ENOMEM, "a delivery has failed");
		return;
	}
	if (s->kind == MAIKO_OBSERVED_ADDED)
		write_name(r, s->worker - 1, MO_NAMES_ACTOR, s->actor, 0, s->actor_name);
	if (s->event != NULL)
		see_event(r, s);
	else
		see_other(r, s);
}

/* ---- what is noted ------------------------------------------------------------------------------ */

/* Whether a replay reproduces the call by running its actor: it is a call of an actor that is no source, in the handler
 * of an event. */
static bool is_made_again(const maiko_recorder *r, const mk_worker *w, mk_note_kind kind)
{
	if (kind != MK_NOTE_AFTER && kind != MK_NOTE_CANCEL && kind != MK_NOTE_RANDOM && kind != MK_NOTE_STOP_SELF &&
	    kind != MK_NOTE_HOLD && kind != MK_NOTE_ASK && kind != MK_NOTE_REPLY && kind != MK_NOTE_KEEP &&
	    kind != MK_NOTE_RELEASE)
		return false;
	return w->event != NULL && w->actor != NULL && !mo_is_listed(r->options.sources, w->actor->self->name);
}

/* The bytes of the event of a call, behind the number of its type, or this number alone; or (`to` NULL) how many. */
static size_t write_given(const maiko_recorder *r, const mk_call *call, uint32_t type, unsigned char *to)
{
	uint64_t number = type;
	if (to != NULL)
		memcpy(to, &number, sizeof number);
	if (call->data == NULL)
		return sizeof number;
	if (to != NULL)
		mo_content_write(call->event->layout, call->data, r->options.undescribed, to + sizeof number);
	return sizeof number + mo_content_size(call->event->layout, call->data, r->options.undescribed);
}

static void write_note(maiko_recorder *r, uint32_t tape, const mk_note *note)
{
	const mk_call *call = note->call;
	uint32_t type = call != NULL && call->event != NULL ? number_of(r, tape, call->event) : 0;
	size_t rest = note->key_count * sizeof note->keys[0], given = 0;
	if (call != NULL)
		rest = given = mo_call_write(note->kind, call, NULL);
	if (type != 0)
		rest += write_given(r, call, type, NULL);
	mo_record *record = reserve(r, tape, rest);
	if (record == NULL)
		return;
	fill(record, MO_NOTES + note->kind, note->now_ns, note->number, note->value);
	if (note->key_count != 0)
		memcpy(record->rest, note->keys, rest);
	if (call != NULL)
		(void)mo_call_write(note->kind, call, record->rest);
	if (type != 0)
		(void)write_given(r, call, type, record->rest + given);
	commit(r, tape, record, rest);
}

static void note(void *arg, mk_worker *w, const mk_note *note)
{
	maiko_recorder *r = arg;
	if (is_over(r) || (w != NULL && is_made_again(r, w, note->kind)))
		return;
	if (note->kind == MK_NOTE_GIVE_UP)
		give_up(r, (int)note->value,
			note->value == MAIKO_ETIMEDOUT ? "the stop has given up a callback that does not return"
						       : "what followed could not be done again");
	else
		write_note(r, w == NULL ? MO_SUP_TAPE : w->index, note);
}

/* ---- what cannot be recorded ---------------------------------------------------------------------- */

static int accept_type(void *arg, const maiko_event_type *type)
{
	const maiko_recorder *r = arg;
	return mo_content_accept(type, r->options.undescribed);
}

static int accept_all(maiko_recorder *r)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < r->sup->type_count; i++) {
		const mk_type *t = mk_segmented_array_get(&r->sup->types, i);
		rc = accept_type(r, t->desc);
	}
	return rc;
}

/* With the lock. */
static int attach(maiko_recorder *r)
{
	mk_sup *sup = r->sup;
	if (sup->seam.simulated)
		return mk_fail_text(MAIKO_ESIMULATED,
				    "maiko_recorder_new: the supervisor is simulated: its seed and its "
				    "choices say all of the run");
	if (mk_state_of(sup) != MK_NEW)
		return mk_fail_text(MAIKO_ESTATE, "maiko_recorder_new: the supervisor has been started; a recording "
						  "begins before that, or it could not be replayed");
	if (mk_scribe_of(sup) != NULL || sup->seam.noted)
		return mk_fail_text(MAIKO_EEXIST, "maiko_recorder_new: the supervisor has had a recorder already");
	int rc = accept_all(r);
	if (rc != 0)
		return rc;
	r->scribe = (mk_scribe){.arg = r, .note = note, .accept = accept_type};
	mk_note_begin(sup, &r->scribe);
	return 0;
}

/* ---- life --------------------------------------------------------------------------------------- */

static int write_head(maiko_recorder *r)
{
	const mk_sup *sup = r->sup;
	unsigned char *segment = map_segment(r, 0);
	if (segment == NULL)
		return atomic_load(&r->rc);
	const maiko_options *o = &sup->options;
	*(mo_head *)(void *)segment = (mo_head){.magic = MO_RECORDING_MAGIC,
						.seed = sup->seam.seed,
						.wall_offset_ns = sup->seam.wall_offset_ns,
						.undescribed = r->options.undescribed,
						.mailbox_bytes = o->mailbox_bytes,
						.workers = o->workers,
						.mailbox = o->mailbox,
						.max_events_per_tick = o->max_events_per_tick,
						.external_credit = o->external_credit,
						.channel = o->channel,
						.blocking_threads = o->blocking_threads,
						.together = sup->together};
	munmap(segment, MO_SEGMENT);
	return 0;
}

static void recorder_free(maiko_recorder *r)
{
	for (uint32_t i = 0; i < MO_TAPES; i++)
		if (r->tapes[i].segment != NULL)
			munmap(r->tapes[i].segment, MO_SEGMENT);
	for (uint32_t i = 0; i < TYPE_PLACES; i++)
		for (known_type *t = atomic_load(&r->types[i]), *next; t != NULL; t = next) {
			next = t->next;
			free(t);
		}
	if (r->fd >= 0)
		close(r->fd);
	uv_mutex_destroy(&r->mutex);
	free(r->path);
	free(r);
}

/* With the lock, as its tape is the supervisor's: from here on nothing is written. */
static void detach(maiko_recorder *r)
{
	uv_mutex_lock(&r->sup->lock);
	mo_record *end = is_over(r) ? NULL : reserve(r, MO_SUP_TAPE, 0);
	if (end != NULL) {
		end->kind = MO_ENDS;
		commit(r, MO_SUP_TAPE, end, 0);
	}
	atomic_store(&r->over, true);
	__atomic_store_n(&r->sup->seam.scribe, NULL, __ATOMIC_RELEASE);
	uv_mutex_unlock(&r->sup->lock);
}

/* Its file, with a head, and its hooks. */
static int begin(maiko_recorder *r, const char *path)
{
	mk_sup *sup = r->sup;
	uv_mutex_lock(&sup->lock);
	int rc = attach(r);
	uv_mutex_unlock(&sup->lock);
	if (rc != 0)
		return rc;
	r->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (r->fd < 0) {
		rc = -errno;
		(void)mk_fail(rc, "maiko_recorder_new: '%.120s' cannot be made: %s%s", path, maiko_strerror(rc),
			      rc == -EEXIST ? "; a recorder overwrites no file" : "");
	} else if ((rc = write_head(r)) != 0) {
		(void)mk_fail(rc, "maiko_recorder_new: '%.120s' cannot be written: %s", path, maiko_strerror(rc));
	}
	if (rc == 0)
		rc = maiko_monitor_add(sup, &(maiko_hooks){.any = see}, r, &r->monitor);
	if (rc != 0) {
		detach(r);
		sup->seam.noted = sup->seam.steered = false;
		if (r->fd >= 0) /* it has made it */
			unlink(path);
	}
	return rc;
}

int maiko_recorder_new(maiko_recorder **ret_recorder, maiko_supervisor *sup, const char *path,
		       const maiko_recorder_options *options)
{
	if (ret_recorder == NULL || sup == NULL || path == NULL)
		return MK_NULL(ret_recorder, sup, path);
	if (mk_forked(sup))
		return mk_fail_forked();
	int rc = MK_RESERVED("maiko_recorder_new", options);
	if (rc != 0)
		return rc;
	maiko_recorder *r = calloc(1, sizeof *r);
	if (r == NULL)
		return MAIKO_ENOMEM;
	if (options != NULL)
		r->options = *options;
	r->sup = sup;
	r->fd = -1;
	r->path = strdup(path);
	rc = r->path == NULL ? MAIKO_ENOMEM : uv_mutex_init(&r->mutex);
	if (rc != 0) {
		free(r->path);
		free(r);
		return rc;
	}
	atomic_fetch_add(&sup->staying, 1); /* a replay does not move anything */
	rc = begin(r, path);
	if (rc != 0) {
		atomic_fetch_sub(&sup->staying, 1);
		recorder_free(r);
		return rc;
	}
	*ret_recorder = r;
	return 0;
}

/* It has ended before it was freed. No hook writes any more, or (MAIKO_ETIMEDOUT) counts any more. */
static int fail_ended(const maiko_recorder *r, int rc)
{
	return mk_fail(rc, "maiko_recorder_free: the recording '%.120s' ends after %llu records: %s (%s)", r->path,
		       (unsigned long long)r->kept, r->why, maiko_strerror(rc));
}

/* A hook may yet be called: the recorder stays. */
static int fail_to_leave(maiko_recorder *r, int rc)
{
	if (atomic_load(&r->rc) == rc)
		return fail_ended(r, rc);
	return mk_fail(rc, "maiko_recorder_free: the recording '%.120s' has ended, but its recorder stays: %s", r->path,
		       rc == MAIKO_ENOMEM ? maiko_strerror(rc) : maiko_last_error());
}

int maiko_recorder_free(maiko_recorder *r)
{
	if (r == NULL)
		return 0;
	if (mk_forked(r->sup))
		return mk_fail_forked();
	if (!mk_may_wait_here() && mk_state_of(r->sup) < MK_STOPPED)
		return mk_fail_text(MAIKO_EDEADLK,
				    "maiko_recorder_free waits until no worker records any more, which a "
				    "thread inside a callback, or with an embedded loop, may not before "
				    "the supervisor has stopped");
	detach(r);
	int rc = maiko_monitor_remove(r->monitor, NULL);
	if (rc != 0)
		return fail_to_leave(r, rc);
	atomic_fetch_sub(&r->sup->staying, 1);
	rc = atomic_load(&r->rc);
	if (rc != 0)
		(void)fail_ended(r, rc);
	recorder_free(r);
	return rc;
}
