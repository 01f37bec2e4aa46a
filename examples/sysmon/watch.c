/*
 * watch.c - reports changes in a directory: an external source of events, inotify(7).
 *
 * The tick runs when inotify has events. Writes are reported when the file is closed, not
 * one by one; otherwise a journal inside the watched directory would report its own
 * reports endlessly. A directory that does not exist, or disappears, is a trouble and is
 * tried again later.
 *
 * SPDX-License-Identifier: MIT
 */
#include "actors.h"
#include "events.h"

#include <errno.h>
#include <sys/inotify.h>
#include <unistd.h>
#include <uv.h>

#define RETRY_MS 5000
#define WATCHED (IN_CREATE | IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_ONLYDIR)

typedef struct watch {
	const char *dir;
	int fd; /* -1: none */
} watch;

static int watch_open(watch *self)
{
	self->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (self->fd < 0) return uv_translate_sys_error(errno);
	return inotify_add_watch(self->fd, self->dir, WATCHED) < 0 ? uv_translate_sys_error(errno) : 0;
}

static void watch_close(watch *self)
{
	if (self->fd >= 0) close(self->fd);
	self->fd = -1;
}

static maiko_next watch_later(watch *self, maiko_ctx *ctx, const char *why)
{
	watch_close(self);
	int rc = trouble_send(ctx, 0, "%s: %s", self->dir, why);
	return rc != 0 ? maiko_failed(rc) : maiko_after_ms(RETRY_MS);
}

static int watch_tell(maiko_ctx *ctx, const struct inotify_event *seen)
{
	file_change change = {.outcome = seen->mask & IN_CREATE	    ? FILE_CREATED
				      : seen->mask & IN_CLOSE_WRITE ? FILE_WRITTEN
				      : seen->mask & IN_DELETE	    ? FILE_DELETED
				      : seen->mask & IN_MOVED_TO    ? FILE_MOVED_IN
								    : FILE_MOVED_OUT};
	(void)maiko_text(change.name, seen->len > 0 ? seen->name : "");
	return maiko_send_copy(ctx, file_change, &change);
}

static maiko_next watch_tick(watch *self, maiko_ctx *ctx)
{
	_Alignas(struct inotify_event) char bytes[4096];

	if (self->fd < 0) {
		int rc = watch_open(self);
		return rc != 0 ? watch_later(self, ctx, maiko_strerror(rc)) : maiko_when_readable(self->fd);
	}
	ssize_t size = read(self->fd, bytes, sizeof(bytes));
	if (size < 0 && errno != EAGAIN && errno != EINTR) return maiko_failed(uv_translate_sys_error(errno));

	for (ssize_t at = 0; at < size;) { /* the kernel returns whole records only */
		const struct inotify_event *seen = (const struct inotify_event *)(const void *)(bytes + at);
		at += (ssize_t)(sizeof(*seen) + seen->len);
		if (seen->mask & IN_IGNORED) return watch_later(self, ctx, "no longer watched");
		int rc = seen->mask & IN_Q_OVERFLOW ? trouble_send(ctx, 0, "too many changes at once, some are lost")
						    : watch_tell(ctx, seen);
		if (rc != 0) return maiko_failed(rc);
	}
	return maiko_when_readable(self->fd);
}

static int watch_on_stop(watch *self, maiko_ctx *ctx)
{
	(void)ctx;
	watch_close(self);
	return 0;
}

static int watch_on_error(watch *self, const maiko_error *error, maiko_ctx *ctx)
{
	(void)self;
	return trouble_forgive(ctx, error);
}

MAIKO_ACTOR(watch, MAIKO_TICK(watch_tick), MAIKO_ON_STOP(watch_on_stop), MAIKO_ON_ERROR(watch_on_error));

int watch_add(maiko_supervisor *sup, const char *dir)
{
	return maiko_add(sup, watch, "watch", .init = &(watch){.dir = dir, .fd = -1}, .topics = MAIKO_NO_TOPICS);
}
