/*
 * replay_read.c - reads a recording: collects the records of all segments and sorts them by
 * ticket. The recording ends at the first missing ticket: records after a gap (a crash, a full
 * disk, a truncated file) cannot be replayed.
 */
#include "replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The kind of a file that is not a regular one, as text. */
static const char *kind_of(mode_t mode)
{
	return S_ISDIR(mode)    ? "a directory"
	       : S_ISFIFO(mode) ? "a pipe"
	       : S_ISCHR(mode)  ? "a character device"
	       : S_ISBLK(mode)  ? "a block device"
				: "something else";
}

static int map_open(mt_recording *r, int fd, char *text, size_t size)
{
	struct stat info;
	if (fstat(fd, &info) != 0)
		return -errno;
	if (!S_ISREG(info.st_mode) || info.st_size == 0) {
		if (S_ISREG(info.st_mode))
			snprintf(text, size, "it is empty");
		else
			snprintf(text, size, "it is no regular file but %s", kind_of(info.st_mode));
		return MAIKO_EINVAL; /* `text` has the reason */
	}
	void *file = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (file == MAP_FAILED)
		return -errno;
	r->file = file;
	r->size = (size_t)info.st_size;
	return 0;
}

static int map_file(mt_recording *r, const char *path, char *text, size_t size)
{
	char why[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* does not wait for the writer of a pipe */
	int rc = fd < 0 ? -errno : map_open(r, fd, why, sizeof why);
	if (rc != 0)
		snprintf(text, size, "%s: %s", path, why[0] != '\0' ? why : maiko_strerror(rc));
	if (fd >= 0)
		close(fd);
	return rc;
}

static int check_head(mt_recording *r, char *text, size_t size)
{
	r->head = (const mo_head *)(const void *)r->file;
	unsigned ours = MO_RECORDING_MAGIC & 0xff;
	if (r->size < sizeof *r->head || r->head->magic >> 8 != MO_RECORDING_MAGIC >> 8) {
		snprintf(text, size, "it is no recording, or of another kind of machine");
		return MAIKO_EINVAL; /* `text` has the reason */
	}
	if (r->head->magic != MO_RECORDING_MAGIC) {
		unsigned version = (unsigned)(r->head->magic & 0xff);
		snprintf(text, size,
			 "it is a recording of version %u; this library reads version %u: replay it with the library "
			 "that made it",
			 version, ours);
		return MAIKO_EINVAL; /* `text` has the reason */
	}
	if (r->head->workers == 0 || r->head->workers > MAIKO_WORKERS_MAX) {
		snprintf(text, size, "its head is damaged");
		return MAIKO_EINVAL; /* `text` has the reason */
	}
	return 0;
}

/* ---- records ------------------------------------------------------------------------------ */

static int add(mt_recording *r, size_t *room, const mo_record *record, uint32_t tape)
{
	if (r->count == *room) {
		size_t grown = *room == 0 ? 4096 : *room * 2;
		mt_entry *more = realloc(r->entries, grown * sizeof *more);
		if (more == NULL)
			return MAIKO_ENOMEM;
		r->entries = more;
		*room = grown;
	}
	r->entries[r->count++] = (mt_entry){.record = record, .tape = tape};
	return 0;
}

static bool names_topic(const mo_record *record)
{
	return record->kind == MAIKO_OBSERVED_DISPATCHED && (record->flags & MO_HAS_EVENT) != 0 &&
	       (record->flags & MO_NAMES_TOPIC) != 0;
}

/* The number of bytes before the content. */
static size_t fixed_of(const mo_record *record)
{
	size_t fixed = sizeof *record;
	if ((record->flags & MO_HAS_EVENT) != 0)
		fixed += sizeof(mo_event) + (record->kind == MAIKO_OBSERVED_DISPATCHED ? sizeof(mo_dispatch) : 0);
	if (mt_origin_of(record) != NULL)
		fixed += sizeof(mo_origin);
	if (names_topic(record))
		fixed += sizeof(mo_topic);
	return fixed;
}

const char *mt_topic_of(const mo_record *record)
{
	if (!names_topic(record))
		return NULL;
	const mo_topic *topic = (const mo_topic *)(const void *)((const char *)record + fixed_of(record)) - 1;
	return memchr(topic->name, '\0', sizeof topic->name) == NULL ? "" : topic->name; /* "": it is damaged */
}

const unsigned char *mt_content_of(const mo_record *record, size_t *ret_size)
{
	size_t fixed = fixed_of(record);
	*ret_size = record->size - record->padding - fixed;
	return (const unsigned char *)record + fixed;
}

static bool is_whole(const mo_record *record, size_t left)
{
	if (left < sizeof *record || record->size < sizeof *record || record->size > left || record->size % 8 != 0 ||
	    record->padding >= 8)
		return false;
	bool needs_event = record->kind <= MAIKO_OBSERVED_DISCARDED; /* as the first observations do */
	return record->size >= fixed_of(record) + record->padding &&
	       (!needs_event || (record->flags & MO_HAS_EVENT) != 0);
}

static int read_segment(mt_recording *r, size_t *room, const unsigned char *segment, size_t size)
{
	const mo_segment *s = (const mo_segment *)(const void *)segment;
	if (size < sizeof *s || s->magic != MO_RECORDING_MAGIC || s->tape >= MO_TAPES)
		return 0; /* taken but not written, because of a crash */
	for (size_t at = sizeof *s; at < size;) {
		const mo_record *record = (const mo_record *)(const void *)(segment + at);
		if (!is_whole(record, size - at))
			break;
		int rc = add(r, room, record, s->tape);
		if (rc != 0)
			return rc;
		at += record->size;
	}
	return 0;
}

static int by_ticket(const void *a, const void *b)
{
	const mt_entry *x = a, *y = b;
	return x->record->ticket < y->record->ticket ? -1 : x->record->ticket > y->record->ticket;
}

/* ---- names -------------------------------------------------------------------------------- */

/* Whether the text of a name ends inside its record. */
static bool is_text(const mo_record *record)
{
	size_t size;
	const unsigned char *text = mt_content_of(record, &size);
	return size > 0 && text[size - 1] == '\0';
}

static int keep_name(const mo_record ***names, size_t index, size_t *room, const mo_record *record)
{
	enum { NAMES_MAX = 1 << 24 };
	if (index >= NAMES_MAX)
		return 0;
	if (index >= *room) {
		size_t grown = index * 2 + 16;
		const mo_record **more = realloc(*names, grown * sizeof **names);
		if (more == NULL)
			return MAIKO_ENOMEM;
		memset(more + *room, 0, (grown - *room) * sizeof *more);
		*names = more;
		*room = grown;
	}
	(*names)[index] = record;
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const mo_record *x = *(const mo_record *const *)a, *y = *(const mo_record *const *)b;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* ---- in order --------------------------------------------------------------------------------- */

/* Removes the names, and ends the recording at the first gap, or where the recorder was freed. */
static int sift(mt_recording *r)
{
	size_t kept = 0, type_room = 0, actor_room = 0;
	int rc = 0;
	r->found = r->count;
	for (size_t i = 0; rc == 0 && i < r->count && !r->complete; i++) {
		const mt_entry e = r->entries[i];
		if (e.record->ticket != i + 1)
			break;
		r->whole++;
		if (e.record->kind == MO_NAMES_TYPE && is_text(e.record))
			rc = keep_name(&r->types, e.record->number, &type_room, e.record);
		else if (e.record->kind == MO_NAMES_ACTOR && is_text(e.record))
			rc = keep_name(&r->actors, r->actor_count++, &actor_room, e.record);
		else if (e.record->kind == MO_ENDS)
			r->complete = true;
		else if (e.record->kind < MAIKO_OBSERVATION_KINDS || e.record->kind >= MO_NOTES)
			r->entries[kept++] = e;
		r->over |= mt_is_note(e.record, MK_NOTE_OVER);
	}
	r->type_count = (uint32_t)type_room;
	r->count = kept;
	if (r->actor_count > 1)
		qsort(r->actors, r->actor_count, sizeof *r->actors, by_number);
	return rc;
}

/* If a tape ends with an intake of external events that were not written, ends it before the intake. */
static void drop_untaken(mt_recording *r)
{
	bool is_last[MO_TAPES];
	for (uint32_t k = 0; k < MO_TAPES; k++)
		is_last[k] = true;
	for (size_t i = r->count; i-- > 0;) {
		mt_entry *e = &r->entries[i];
		bool drops = is_last[e->tape] && mt_is_note(e->record, MK_NOTE_EXTERNAL);
		is_last[e->tape] = false;
		if (drops)
			memmove(e, e + 1, (--r->count - i) * sizeof *e);
	}
}

/* Divides the entries by tape. */
static int part(mt_recording *r)
{
	for (size_t i = 0; i < r->count; i++)
		r->tapes[r->entries[i].tape].count++;
	for (uint32_t k = 0; k < MO_TAPES; k++) {
		mt_tape *t = &r->tapes[k];
		t->records = t->count == 0 ? NULL : calloc(t->count, sizeof *t->records);
		if (t->count != 0 && t->records == NULL)
			return MAIKO_ENOMEM;
		t->count = 0;
	}
	for (size_t i = 0; i < r->count; i++) {
		mt_entry *e = &r->entries[i];
		mt_tape *t = &r->tapes[e->tape];
		e->place = t->count;
		t->records[t->count++] = e->record;
	}
	return 0;
}

int mt_recording_init(mt_recording *r, const char *path, char *text, size_t size)
{
	*r = (mt_recording){0};
	int rc = map_file(r, path, text, size);
	if (rc == 0)
		rc = check_head(r, text, size);
	size_t room = 0;
	for (size_t at = MO_SEGMENT; rc == 0 && at < r->size; at += MO_SEGMENT)
		rc = read_segment(r, &room, r->file + at, r->size - at < MO_SEGMENT ? r->size - at : MO_SEGMENT);
	if (rc != 0)
		return rc;
	if (r->count > 1)
		qsort(r->entries, r->count, sizeof *r->entries, by_ticket);
	rc = sift(r);
	drop_untaken(r);
	return rc != 0 ? rc : part(r);
}

void mt_recording_fini(mt_recording *r)
{
	if (r->file != NULL)
		munmap(r->file, r->size);
	for (uint32_t k = 0; k < MO_TAPES; k++)
		free(r->tapes[k].records);
	free(r->entries);
	free(r->types);
	free(r->actors);
}

static const char *name_in(const mo_record *record) { return (const char *)record->rest; }

const char *mt_recording_actor(const mt_recording *r, uint64_t actor)
{
	const mo_record like = {.number = actor}, *key = &like;
	const mo_record **found =
		r->actor_count == 0 ? NULL : bsearch(&key, r->actors, r->actor_count, sizeof *r->actors, by_number);
	if (found != NULL)
		return name_in(*found);
	return actor == 0 ? "outside" : "?";
}

const char *mt_recording_type(const mt_recording *r, uint32_t type)
{
	return type < r->type_count && r->types[type] != NULL ? name_in(r->types[type]) : "?";
}

double mt_recording_seconds(const mt_recording *r, const mo_record *record)
{
	uint64_t first = r->count == 0 ? 0 : r->entries[0].record->now_ns;
	return record->now_ns > first ? (double)(record->now_ns - first) / 1e9 : 0;
}
