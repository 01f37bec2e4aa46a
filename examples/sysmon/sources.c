/*
 * sources.c - four actors that sample the figures of the machine, on a time-based tick.
 *
 * One actor type serves all four: they differ in the file that they read and in the
 * parser, a row of the table below. A line that cannot be parsed is a trouble, and the
 * other lines are sent. A file that cannot be read is a failure: the group tries again,
 * later and later. The same trouble is reported once, until it changes.
 *
 * /proc is memory, so reading it does not block; a read from a disk would belong into
 * maiko_blocking, as in journal.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "actors.h"
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>
#include <uv.h>

#define TEXT_SIZE 65536 /* bytes read of a file, at most */

/* Takes the next sample out of the text and sends it. A proc_result, or negative: what
 * maiko_send said. */
typedef int take_fn(proc_text *text, maiko_ctx *ctx);

typedef struct source {
	const char *name; /* of the actor */
	const char *file; /* below /proc */
	take_fn *take;
	int told; /* the trouble that was told last, before a restart or since: its code and line */
	unsigned told_line;
} source;

typedef struct sampler {
	source *source;
	uint64_t interval_ms;
	char path[PATH_MAX];
	char text[TEXT_SIZE];
} sampler;

static int take_cpu(proc_text *text, maiko_ctx *ctx)
{
	cpu_sample sample;
	int result = proc_next_cpu(text, &sample);
	return result == PROC_SAMPLE ? maiko_send_copy(ctx, cpu_sample, &sample) : result;
}

static int take_mem(proc_text *text, maiko_ctx *ctx)
{
	mem_sample sample;
	int result = proc_next_mem(text, &sample);
	return result == PROC_SAMPLE ? maiko_send_copy(ctx, mem_sample, &sample) : result;
}

static int take_net(proc_text *text, maiko_ctx *ctx)
{
	net_sample sample = {.at_ns = maiko_now(ctx)};
	int result = proc_next_net(text, &sample);
	return result == PROC_SAMPLE ? maiko_send_copy(ctx, net_sample, &sample) : result;
}

static int take_disk(proc_text *text, maiko_ctx *ctx)
{
	disk_sample sample = {.at_ns = maiko_now(ctx)};
	int result = proc_next_disk(text, &sample);
	if (result == PROC_SAMPLE && sample.reads + sample.writes == 0) return PROC_SAMPLE; /* never used */
	return result == PROC_SAMPLE ? maiko_send_copy(ctx, disk_sample, &sample) : result;
}

static source sources[] = {
	{"cpu", "stat", take_cpu, 0, 0},
	{"memory", "meminfo", take_mem, 0, 0},
	{"network", "net/dev", take_net, 0, 0},
	{"disk", "diskstats", take_disk, 0, 0},
};

/* Reads the file into `text`: at most `size` bytes, and whole lines of a longer file. */
static int read_file(const char *path, char *text, size_t size, size_t *ret_size)
{
	size_t have = 0;
	ssize_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) return uv_translate_sys_error(errno);
	do {
		n = read(fd, text + have, size - have);
		if (n > 0) have += (size_t)n;
	} while (have < size && (n > 0 || (n < 0 && errno == EINTR)));
	int rc = n < 0 ? uv_translate_sys_error(errno) : 0;
	close(fd);
	if (rc != 0) return rc;

	size_t whole = have;
	while (have == size && whole > 0 && text[whole - 1] != '\n')
		whole--;
	*ret_size = whole > 0 ? whole : have; /* no line end at all: the parser will say so */
	return 0;
}

/* Whether this trouble is another than the one before. */
static bool is_news(source *self, int code, unsigned line)
{
	bool news = code != self->told || line != self->told_line;
	self->told = code;
	self->told_line = line;
	return news;
}

static int sampler_on_start(sampler *self, maiko_ctx *ctx)
{
	size_t size;
	(void)ctx;
	return read_file(self->path, self->text, sizeof(self->text), &size);
}

static maiko_next sampler_tick(sampler *self, maiko_ctx *ctx)
{
	size_t size = 0;
	int rc = read_file(self->path, self->text, sizeof(self->text), &size);
	if (rc != 0) return maiko_failed(rc);

	proc_text text = proc_text_init(self->text, size), fault = text;
	int faults = 0, first = 0;
	while ((rc = self->source->take(&text, ctx)) != PROC_END) {
		if (rc < 0) return maiko_failed(rc);
		if (rc != PROC_SAMPLE && faults++ == 0) first = rc, fault = text;
	}
	if (is_news(self->source, first, fault.line) && faults > 0) {
		rc = trouble_send(ctx, fault.line, "%s: %s: %s (lines at fault: %d)", self->source->file, fault.what,
				  proc_result_text((proc_result)first), faults);
		if (rc != 0) return maiko_failed(rc);
	}
	return maiko_after_ms(self->interval_ms);
}

static int sampler_on_error(sampler *self, const maiko_error *error, maiko_ctx *ctx)
{
	if (is_news(self->source, error->code, 0))
		(void)trouble_send(ctx, 0, "%s: %s", self->path, maiko_strerror(error->code));
	return error->code;
}

MAIKO_ACTOR(sampler, MAIKO_ON_START(sampler_on_start), MAIKO_TICK(sampler_tick), MAIKO_ON_ERROR(sampler_on_error));

int sources_add(maiko_supervisor *sup, maiko_group_id group, const char *proc_dir, uint64_t interval_ms)
{
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		sampler init = {.source = &sources[i], .interval_ms = interval_ms};
		int size = snprintf(init.path, sizeof(init.path), "%s/%s", proc_dir, sources[i].file);
		if (size < 0 || (size_t)size >= sizeof(init.path)) return UV_ENAMETOOLONG;

		int rc = maiko_add(sup, sampler, sources[i].name, .group = group, .start_may_fail = true, .init = &init,
				   .topics = MAIKO_NO_TOPICS);
		if (rc != 0) return rc;
	}
	return 0;
}
