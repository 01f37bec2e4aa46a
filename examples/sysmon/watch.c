/*
 * watch.c - reports changes in a directory: an external source of events, inotify(7).
 *
 * The tick runs when inotify has events. Writes are reported when the file is closed, not
 * one by one; otherwise a journal inside the watched directory would report its own
 * reports endlessly. A directory that does not exist, or disappears, is a failure: the
 * group tries again, later and later.
 *
 * SPDX-License-Identifier: MIT
 */
#include "actors.h"
#include "events.h"

#include <errno.h>
#include <sys/inotify.h>
#include <unistd.h>
#include <uv.h>

#define WATCHED (IN_CREATE | IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_ONLYDIR)

typedef struct watch { const char *dir; int fd; } watch;

static int watch_on_stop(watch *self, maiko_ctx *ctx)
{
	(void)ctx;
	close(self->fd);
	return 0;
}

static int watch_on_start(watch *self, maiko_ctx *ctx)
{
	self->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (self->fd >= 0 && inotify_add_watch(self->fd, self->dir, WATCHED) >= 0) return 0;
	int rc = uv_translate_sys_error(errno);
	if (self->fd >= 0) (void)watch_on_stop(self, ctx); /* it runs only after a start */
	return rc;
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
	ssize_t size = read(self->fd, bytes, sizeof(bytes));
	if (size < 0 && errno != EAGAIN && errno != EINTR) return maiko_failed(uv_translate_sys_error(errno));

	for (ssize_t at = 0; at < size;) { /* the kernel returns whole records only */
		const struct inotify_event *seen = (const struct inotify_event *)(const void *)(bytes + at);
		at += (ssize_t)(sizeof(*seen) + seen->len);
		if (seen->mask & IN_IGNORED) return maiko_failed(UV_ENOENT); /* the directory has gone */
		int rc = seen->mask & IN_Q_OVERFLOW ? trouble_send(ctx, 0, "too many changes at once, some are lost")
						    : watch_tell(ctx, seen);
		if (rc != 0) return maiko_failed(rc);
	}
	return maiko_when_readable(self->fd);
}

static int watch_on_error(watch *self, const maiko_error *error, maiko_ctx *ctx)
{
	(void)trouble_send(ctx, 0, "%s: %s", self->dir, maiko_strerror(error->code));
	return error->code;
}

MAIKO_ACTOR(watch, MAIKO_ON_START(watch_on_start), MAIKO_TICK(watch_tick), MAIKO_ON_STOP(watch_on_stop),
	    MAIKO_ON_ERROR(watch_on_error));

int watch_add(maiko_supervisor *sup, maiko_group_id group, const char *dir)
{
	return maiko_add(sup, watch, "watch", .group = group, .start_may_fail = true, .init = &(watch){.dir = dir},
			 .topics = MAIKO_NO_TOPICS);
}
