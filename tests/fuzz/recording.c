/*
 * recording.c - see recording.h: the runs that are recorded, and their replay.
 */
#include "recording.h"

#include <maiko/observe/recorder.h>
#include <maiko/testing/replay.h>

#include "../../src/observe/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- actors of each kind ------------------------------------------------------------------- */

MAIKO_TOPIC(words);
MAIKO_TOPIC(replies, .overflow = MAIKO_DROP_NEWEST);

typedef struct word {
	uint32_t n;
	char text[16];
	maiko_buffer *bytes;
} word;
MAIKO_EVENT(word, words, n, text, bytes);

typedef struct reply {
	uint32_t n;
} reply;
MAIKO_EVENT(reply, replies, n);

typedef struct echoer {
	uint32_t n;
} echoer;

static int echoer_start(echoer *self, maiko_ctx *ctx)
{
	self->n++;
	return maiko_send(ctx, reply, .n = 0);
}

static int echoer_on_word(echoer *self, const word *ev, maiko_ctx *ctx)
{
	if (++self->n % 4 == 0)
		return maiko_send_after_ms(ctx, 1, NULL, reply, .n = ev->n);
	if (self->n % 7 == 0)
		return maiko_unsubscribe(ctx, maiko_self(ctx), MAIKO_TOPIC_REF(replies));
	return maiko_send(ctx, reply, .n = ev->n);
}

static int echoer_on_reply(echoer *self, const reply *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->n += ev->n;
	return ev->n % 11 == 10 ? -1 : 0;
}

static int echoer_on_error(echoer *self, const maiko_error *error, maiko_ctx *ctx)
{
	(void)error;
	(void)ctx;
	return self->n % 3 == 0 ? -1 : 0;
}

static int echoer_done(echoer *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	(void)ctx;
	self->n += (uint32_t)completion->change;
	return 0;
}

static maiko_next echoer_tick(echoer *self, maiko_ctx *ctx)
{
	(void)ctx;
	self->n++;
	return maiko_after_events();
}

static int echoer_stop(echoer *self, maiko_ctx *ctx) { return maiko_send(ctx, reply, .n = self->n % 2); }
MAIKO_ACTOR(echoer, MAIKO_ON_START(echoer_start), MAIKO_ON(word, echoer_on_word), MAIKO_ON(reply, echoer_on_reply),
	    MAIKO_ON_ERROR(echoer_on_error), MAIKO_ON_DONE(echoer_done), MAIKO_TICK(echoer_tick),
	    MAIKO_ON_STOP(echoer_stop));

typedef struct talker {
	uint32_t n;
} talker;

static maiko_next talker_tick(talker *self, maiko_ctx *ctx)
{
	enum { WORDS = 14 };
	char name[16];
	int rc = 0;
	if (self->n == WORDS) {
		rc = maiko_stop_all(ctx);
		return rc < 0 ? maiko_failed(rc) : maiko_never();
	}
	snprintf(name, sizeof name, "guest%u", self->n / 4);
	if (self->n % 4 == 0)
		rc = maiko_add(ctx, echoer, name, .mailbox = 2, .restart = MAIKO_TEMPORARY, .own_thread = self->n == 8);
	self->n++;
	maiko_buffer *bytes = NULL;
	if (rc == 0)
		rc = maiko_buffer_copy(name, sizeof name, &bytes);
	if (rc == 0)
		rc = maiko_send(ctx, word, .n = self->n, .text = "word", .bytes = bytes);
	maiko_buffer_unref(bytes);
	return rc < 0 && rc != MAIKO_EAGAIN ? maiko_failed(rc) : maiko_when_sendable();
}
MAIKO_ACTOR(talker, MAIKO_TICK(talker_tick));

static int set_up(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	int rc = maiko_add(sup, echoer, "echo", .mailbox = 2, .restart = MAIKO_TEMPORARY);
	if (rc == 0)
		rc = maiko_add(sup, echoer, "second echo", .mailbox = 4, .restart = MAIKO_TEMPORARY);
	return rc == 0 ? maiko_add(sup, talker, "talker", .topics = MAIKO_NO_TOPICS) : rc;
}

static const char *const sources[] = {"talker", NULL};

/* ---- compact, and not ------------------------------------------------------------------------- */

enum { SEGMENTS_MAX = 16 };

typedef struct piece {
	uint32_t tape, size;
} piece;

static int write_all(int fd, const void *data, size_t size, off_t at)
{
	return pwrite(fd, data, size, at) == (ssize_t)size ? 0 : -EIO;
}

/* Into a file in memory. */
static int expand(const uint8_t *data, size_t size)
{
	int fd = memfd_create("recording", MFD_CLOEXEC), rc = 0;
	if (fd < 0)
		return -errno;
	size_t head = size < sizeof(mo_head) ? size : sizeof(mo_head);
	off_t at = MO_SEGMENT;
	rc = write_all(fd, data, head, 0);
	for (data += head, size -= head; rc == 0 && size > sizeof(piece) && at <= (off_t)SEGMENTS_MAX * MO_SEGMENT;) {
		piece p;
		memcpy(&p, data, sizeof p);
		data += sizeof p;
		size -= sizeof p;
		mo_segment segment = {.magic = MO_RECORDING_MAGIC, .tape = p.tape % MO_TAPES};
		size_t used = p.size < size ? p.size : size;
		if (used > MO_SEGMENT - sizeof segment)
			used = MO_SEGMENT - sizeof segment;
		rc = write_all(fd, &segment, sizeof segment, at);
		if (rc == 0)
			rc = write_all(fd, data, used, at + (off_t)sizeof segment);
		data += used;
		size -= used;
		at += MO_SEGMENT;
	}
	if (rc == 0 && ftruncate(fd, at) != 0)
		rc = -errno;
	if (rc != 0)
		close(fd);
	return rc != 0 ? rc : fd;
}

int fuzz_replay(const uint8_t *data, size_t size)
{
	static const maiko_actor_type *const actors[] = {MAIKO_ACTOR_REF(echoer), NULL};
	char path[64];
	maiko_replay_result result;
	int fd = expand(data, size);
	if (fd < 0)
		return fd;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	int rc = maiko_replay(
		&(maiko_replay_options){.path = path, .setup = set_up, .sources = sources, .actors = actors}, &result);
	close(fd);
	if (rc != 0 && getenv("FUZZ_VERBOSE") != NULL)
		fprintf(stderr, "%s: %s\n", maiko_strerror(rc), result.text);
	return rc;
}

/* The bytes that a segment uses. */
static uint32_t used_in(const uint8_t *segment)
{
	uint32_t at = sizeof(mo_segment), size;
	do {
		memcpy(&size, segment + at, sizeof size);
		at += size;
	} while (size != 0 && at + sizeof(mo_record) < MO_SEGMENT);
	return at - (uint32_t)sizeof(mo_segment);
}

static int compact(const uint8_t *file, size_t length, uint8_t **ret_data, size_t *ret_size)
{
	uint8_t *data = malloc(length);
	if (data == NULL)
		return MAIKO_ENOMEM;
	size_t size = sizeof(mo_head);
	memcpy(data, file, size);
	for (size_t at = MO_SEGMENT; at + MO_SEGMENT <= length; at += MO_SEGMENT) {
		mo_segment segment;
		memcpy(&segment, file + at, sizeof segment);
		piece p = {segment.tape, used_in(file + at)};
		memcpy(data + size, &p, sizeof p);
		memcpy(data + size + sizeof p, file + at + sizeof segment, p.size);
		size += sizeof p + p.size;
	}
	*ret_data = data;
	*ret_size = size;
	return 0;
}

static int read_compact(const char *path, uint8_t **ret_data, size_t *ret_size)
{
	struct stat info;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &info) != 0)
		return -errno;
	void *file = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (file == MAP_FAILED)
		return -errno;
	int rc = compact(file, (size_t)info.st_size, ret_data, ret_size);
	munmap(file, (size_t)info.st_size);
	return rc;
}

/* A group, from outside; what the talker's stop does not refuse by then. */
static void manage(maiko_supervisor *sup)
{
	maiko_group_id group;
	if (maiko_group(sup, "late", .restarts = MAIKO_UNLIMITED, .backoff = &(maiko_backoff){.first_ms = 1},
			.ret_id = &group) != 0)
		return;
	(void)maiko_add(sup, echoer, "late echo", .group = group, .mailbox = 2, .retries = 1);
	(void)maiko_remove_group(sup, group);
}

static int record(unsigned run, const char *path)
{
	maiko_supervisor *sup;
	maiko_recorder *recorder;
	int rc = maiko_supervisor_new(&sup, &(maiko_options){.workers = 1 + run, .channel = 16});
	if (rc != 0)
		return rc;
	rc = maiko_recorder_new(&recorder, sup, path, &(maiko_recorder_options){.sources = sources});
	if (rc == 0)
		rc = set_up(sup, NULL);
	if (rc == 0)
		rc = maiko_send(sup, reply, .n = 1);
	if (rc == 0)
		rc = maiko_start(sup);
	if (rc == 0) {
		manage(sup);
		(void)maiko_join(sup); /* an echo may fail in the stop */
	}
	int ended = maiko_recorder_free(recorder);
	maiko_supervisor_free(sup);
	return rc != 0 ? rc : ended;
}

int fuzz_record(unsigned run, uint8_t **ret_data, size_t *ret_size)
{
	char directory[] = "/tmp/maiko-fuzz-XXXXXX", path[64];
	if (mkdtemp(directory) == NULL)
		return -errno;
	snprintf(path, sizeof path, "%s/recording", directory);
	int rc = record(run, path);
	if (rc == 0)
		rc = read_compact(path, ret_data, ret_size);
	unlink(path);
	rmdir(directory);
	return rc;
}
