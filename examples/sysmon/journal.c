/*
 * journal.c - writes every event, of whatever type, to a file: one line of JSON each.
 *
 *   {"time_ns":...,"id":"...","chain":"...","event":"alert","from":"alerter","data":{...}}
 *
 * Lines gather in a page. The housekeeping tick hands a page that is full enough, or old
 * enough, to the blocking pool, one at a time, so that a slow disk never holds up the
 * worker; the job has a copy, and the page continues to fill. Only whole lines are written:
 * when the disk is full the file is truncated to its last line end. Lines that could not be
 * written are counted, and reported once for each cause: an error of the journal does not
 * stop the monitor. But it makes on_stop fail, so that the exit status shows it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "actors.h"
#include "events.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#define PAGE_BYTES 32768
#define PAGE_ENOUGH 8192 /* bytes to write at once */
#define PAGE_OLD_NS UINT64_C(2000000000)
#define LINE_SIZE 2048 /* the longest: a file name, every byte escaped */

typedef struct page {
	size_t size;
	char text[PAGE_BYTES];
} page;

typedef struct journal {
	const char *path;
	int fd;
	bool writing;       /* a job has the page before this one */
	int told;           /* the error that was told last */
	uint64_t lost;      /* lines */
	int lost_by;        /* the error that the last of them was lost by */
	uint64_t opened_ns; /* when the page got its first line */
	page page;
} journal;

typedef struct page_job { /* what a thread of the pool gets */
	int fd;
	uint64_t lost; /* lines, when it is done */
	page page;
} page_job;

/* ---- writing: on a thread of the pool, or in on_stop ---------------------------------- */

static uint64_t count_lines(const char *text, size_t size)
{
	uint64_t lines = 0;
	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	return lines;
}

/* Writes the page; where it cannot, takes the begun line back and counts the rest. */
static int page_write(int fd, const page *full, uint64_t *ret_lost)
{
	size_t done = 0, torn = 0;
	struct stat file;
	int rc = 0;

	while (done < full->size && rc == 0) {
		ssize_t n = write(fd, full->text + done, full->size - done);
		if (n > 0) done += (size_t)n;
		else if (n == 0 || errno != EINTR) rc = n == 0 ? UV_EIO : uv_translate_sys_error(errno);
	}
	while (torn < done && full->text[done - torn - 1] != '\n')
		torn++;
	if (torn > 0 && fstat(fd, &file) == 0 && S_ISREG(file.st_mode) && ftruncate(fd, file.st_size - (off_t)torn) != 0)
		rc = uv_translate_sys_error(errno);
	*ret_lost = count_lines(full->text + done, full->size - done);
	return rc;
}

static int page_job_work(page_job *job) { return page_write(job->fd, &job->page, &job->lost); }

/* What became of a page: told when it is news. */
static int journal_account(journal *self, int status, uint64_t lost, maiko_ctx *ctx)
{
	bool news = status != 0 && status != self->told;

	self->lost += lost;
	if (lost > 0) self->lost_by = status;
	self->told = status;
	return news ? trouble_send(ctx, 0, "%s: %s (%" PRIu64 " lines lost so far)", self->path, maiko_strerror(status),
				   self->lost)
		    : 0;
}

static int journal_on_page(journal *self, page_job *job, int status, maiko_ctx *ctx)
{
	self->writing = false;
	return journal_account(self, status, job->lost, ctx);
}

MAIKO_BLOCKING(journal, page_job, page_job_work, journal_on_page);

/* ---- gathering --------------------------------------------------------------------------- */

static int line_print(char line[LINE_SIZE], const maiko_any *any, const maiko_envelope *meta, size_t *ret_size)
{
	const size_t room = LINE_SIZE - 2; /* but for the end */
	int head = snprintf(line, room,
			    "{\"time_ns\":%" PRIu64 ",\"id\":\"%016" PRIx64 "-%" PRIu64 "\",\"chain\":\"%016" PRIx64
			    "-%" PRIu64 "\",\"event\":\"%s\",\"from\":\"%s\",\"data\":",
			    meta->timestamp_ns, meta->id.origin, meta->id.sequence, meta->correlation.origin,
			    meta->correlation.sequence, any->type->layout->name, meta->sender);
	if (head < 0 || (size_t)head >= room) return MAIKO_ETRUNC;

	int rc = maiko_layout_print(any->type->layout, any->data, line + head, room - (size_t)head);
	if (rc != 0) return rc;
	size_t size = strlen(line);
	line[size++] = '}';
	line[size++] = '\n';
	*ret_size = size;
	return 0;
}

static int journal_on_any(journal *self, const maiko_any *any, maiko_ctx *ctx)
{
	char line[LINE_SIZE];
	size_t size = 0;
	int rc = line_print(line, any, maiko_meta(ctx), &size);

	if (rc != 0) return rc;
	if (size > sizeof(self->page.text) - self->page.size) return journal_account(self, MAIKO_EOVERFLOW, 1, ctx);
	if (self->page.size == 0) self->opened_ns = maiko_now(ctx);
	memcpy(self->page.text + self->page.size, line, size);
	self->page.size += size;
	return 0;
}

static maiko_next journal_tick(journal *self, maiko_ctx *ctx)
{
	bool old = self->page.size > 0 && maiko_now(ctx) - self->opened_ns >= PAGE_OLD_NS;

	if (!self->writing && (old || self->page.size >= PAGE_ENOUGH)) {
		int rc = maiko_blocking(ctx, page_job_work, journal_on_page, .fd = self->fd, .page = self->page);
		if (rc != 0) return maiko_failed(rc);
		self->writing = true;
		self->page.size = 0;
	}
	return maiko_after_events();
}

/* ---- from start to end ------------------------------------------------------------------- */

static int journal_on_start(journal *self, maiko_ctx *ctx)
{
	(void)ctx;
	self->fd = open(self->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	return self->fd < 0 ? uv_translate_sys_error(errno) : 0;
}

static int journal_on_stop(journal *self, maiko_ctx *ctx)
{
	uint64_t lost = 0;
	int status = page_write(self->fd, &self->page, &lost);
	int rc = journal_account(self, status, lost, ctx);

	if (rc == 0 && self->lost > 0)
		rc = trouble_send(ctx, 0, "%s: %" PRIu64 " lines lost in all", self->path, self->lost);
	if (!self->writing) close(self->fd); /* else a stuck job still has it */
	return self->lost > 0 ? self->lost_by : rc;
}

static int journal_on_error(journal *self, const maiko_error *error, maiko_ctx *ctx)
{
	if (error->phase == MAIKO_PHASE_START)
		fprintf(stderr, "sysmon: --journal %s: %s\n", self->path, maiko_strerror(error->code));
	else if (error->phase != MAIKO_PHASE_STOP) return trouble_forgive(ctx, error);
	return error->code;
}

MAIKO_ACTOR(journal, MAIKO_ON_ANY(journal_on_any), MAIKO_ON_START(journal_on_start), MAIKO_TICK(journal_tick),
	    MAIKO_ON_STOP(journal_on_stop), MAIKO_ON_ERROR(journal_on_error));

int journal_add(maiko_supervisor *sup, const char *path)
{
	return maiko_add(sup, journal, "journal", .init = &(journal){.path = path, .fd = -1}, .topics = MAIKO_ALL_TOPICS);
}
