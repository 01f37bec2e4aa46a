/*
 * replay_read.c - reads a recording: gathers the records of all segments and puts them in
 * the order of their tickets. The first ticket that is missing ends it: after a crash, or
 * a disk that was full, what is behind a gap cannot be led to.
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

static int map_file(mt_recording *r, const char *path)
{
	struct stat info;
	int rc = 0, fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &info) != 0)
		rc = -errno;
	r->size = rc == 0 ? (size_t)info.st_size : 0;
	void *file = r->size == 0 ? MAP_FAILED : mmap(NULL, r->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (file != MAP_FAILED)
		r->file = file;
	else if (rc == 0)
		rc = MAIKO_EINVAL;
	close(fd);
	return rc;
}

static int check_head(mt_recording *r, char *text, size_t size)
{
	r->head = (const mt_head *)(const void *)r->file;
	const char *wrong = NULL;
	if (r->size < MT_SEGMENT || r->head->magic >> 8 != MT_RECORDING_MAGIC >> 8)
		wrong = "it is no recording, or of another kind of machine";
	else if (r->head->magic != MT_RECORDING_MAGIC)
		wrong = "it is a recording of another version";
	else if (r->head->options.workers == 0 || r->head->options.workers > MAIKO_WORKERS_MAX)
		wrong = "its head is damaged";
	if (wrong != NULL)
		snprintf(text, size, "%s", wrong);
	return wrong == NULL ? 0 : MAIKO_EINVAL; /* in words: `text` */
}

static int keep_name(const mt_record ***names, size_t index, uint32_t *count, const mt_record *record)
{
	if (index >= *count) {
		size_t grown = index * 2 + 16;
		const mt_record **more = realloc(*names, grown * sizeof **names);
		if (more == NULL)
			return MAIKO_ENOMEM;
		memset(more + *count, 0, (grown - *count) * sizeof *more);
		*names = more;
		*count = (uint32_t)grown;
	}
	(*names)[index] = record;
	return 0;
}

static int add(mt_recording *r, size_t *room, const mt_record *record, uint32_t worker)
{
	if (r->count == *room) {
		size_t grown = *room == 0 ? 4096 : *room * 2;
		mt_entry *more = realloc(r->entries, grown * sizeof *more);
		if (more == NULL)
			return MAIKO_ENOMEM;
		r->entries = more;
		*room = grown;
	}
	r->entries[r->count++] = (mt_entry){record, worker};
	return 0;
}

static bool is_whole(const mt_record *record, size_t left)
{
	return left >= sizeof *record && record->size >= sizeof *record && record->size <= left &&
	       record->size % 8 == 0 && record->content_size <= record->size - sizeof *record;
}

static int read_segment(mt_recording *r, size_t *room, const unsigned char *segment)
{
	const mt_segment *s = (const mt_segment *)(const void *)segment;
	if (s->magic != MT_RECORDING_MAGIC || s->worker >= MAIKO_WORKERS_MAX)
		return 0; /* fetched, and nothing written: the crash came before */
	for (size_t at = sizeof *s; at < MT_SEGMENT;) {
		const mt_record *record = (const mt_record *)(const void *)(segment + at);
		if (!is_whole(record, MT_SEGMENT - at))
			break;
		int rc = add(r, room, record, s->worker);
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

/* A name's text ends inside its record. */
static bool is_text(const mt_record *record)
{
	return record->content_size > 0 && record->content[record->content_size - 1] == '\0';
}

static int learn_origin(mt_recording *r, const mt_entry *e)
{
	uint32_t threads = 0;
	for (size_t i = 0; i < r->origin_count; i++) {
		if (r->origins[i].origin == e->record->id.origin)
			return 0;
		threads += r->origins[i].thread != 0;
	}
	mt_origin *more = realloc(r->origins, (r->origin_count + 1) * sizeof *more);
	if (more == NULL)
		return MAIKO_ENOMEM;
	r->origins = more;
	r->origins[r->origin_count++] = (mt_origin){.origin = e->record->id.origin,
						    .worker = e->worker,
						    .thread = e->record->sender == 0 ? threads + 1 : 0};
	return 0;
}

/* Takes the names out, and ends it at the first gap. */
static int sift(mt_recording *r)
{
	size_t kept = 0;
	uint32_t actors = 0;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < r->count; i++) {
		const mt_entry e = r->entries[i];
		if (e.record->ticket != i + 1)
			break;
		if (e.record->kind == MT_NAMES_TYPE && is_text(e.record))
			rc = keep_name(&r->types, e.record->type, &r->type_count, e.record);
		else if (e.record->kind == MT_NAMES_ACTOR && is_text(e.record))
			rc = keep_name(&r->actors, r->actor_count++, &actors, e.record);
		else if (e.record->kind == MT_ENDS)
			r->complete = true;
		else if (e.record->kind < MAIKO_SIGHT_KINDS)
			r->entries[kept++] = e;
		if (rc == 0 && e.record->kind == MAIKO_SAW_DISPATCHED)
			rc = learn_origin(r, &e);
	}
	r->count = kept;
	return rc;
}

int mt_recording_init(mt_recording *r, const char *path, char *text, size_t size)
{
	*r = (mt_recording){0};
	int rc = map_file(r, path);
	if (rc != 0) {
		snprintf(text, size, "%s: %s", path, rc == MAIKO_EINVAL ? "it is empty" : uv_strerror(rc));
		return rc;
	}
	rc = check_head(r, text, size);
	size_t room = 0;
	for (size_t at = MT_SEGMENT; rc == 0 && at + MT_SEGMENT <= r->size; at += MT_SEGMENT)
		rc = read_segment(r, &room, r->file + at);
	if (rc != 0)
		return rc;
	qsort(r->entries, r->count, sizeof *r->entries, by_ticket);
	return sift(r);
}

void mt_recording_fini(mt_recording *r)
{
	if (r->file != NULL)
		munmap(r->file, r->size);
	free(r->entries);
	free(r->types);
	free(r->actors);
	free(r->origins);
}

const mt_origin *mt_recording_origin(const mt_recording *r, uint64_t origin)
{
	for (size_t i = 0; i < r->origin_count; i++)
		if (r->origins[i].origin == origin)
			return &r->origins[i];
	return NULL;
}

const char *mt_recording_actor(const mt_recording *r, uint64_t actor)
{
	for (size_t i = 0; i < r->actor_count; i++)
		if (r->actors[i]->actor == actor)
			return (const char *)r->actors[i]->content;
	return actor == 0 ? "outside" : "?";
}

const char *mt_recording_type(const mt_recording *r, uint32_t type)
{
	return type < r->type_count && r->types[type] != NULL ? (const char *)r->types[type]->content : "?";
}
