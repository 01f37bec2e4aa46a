/*
 * console.c - shows figures, alerts, troubles and file changes: on a terminal as a table
 * that is redrawn in place, elsewhere as one line for each.
 *
 * Standard output may block (a paused terminal, a full pipe). So the console has its own
 * thread, and its subscriptions never mute a sender: of the figures it keeps the latest of
 * each device, of the rest the newest that fit its mailbox.
 *
 * SPDX-License-Identifier: MIT
 */
#include "actors.h"
#include "events.h"
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#define NS_PER_MS 1000000
#define NS_PER_S 1000000000
#define FRAME_MS 50 /* the least time between two drawings */
#define LINE_SIZE 512
#define NOTICES 6 /* of alerts and troubles; and as many of files, which come by the dozen */
#define ROWS 6 /* of a section: the busiest devices */
#define BAR 20 /* columns */

typedef enum section { CPU, MEMORY, NETWORK, DISK, SECTIONS } section;

typedef struct row {
	char device[DEVICE_NAME_SIZE];
	double weight; /* how much there is to see here */
	char text[96]; /* empty: free */
} row;

typedef struct notices {
	size_t count;                   /* of all there were; the newest is number count - 1 */
	char lines[NOTICES][LINE_SIZE]; /* a ring */
} notices;

typedef struct console {
	bool terminal, changed;
	uint64_t drawn_ns;
	row rows[SECTIONS][ROWS];
	notices urgent, files;
} console;

/* ---- the screen --------------------------------------------------------------------- */

typedef struct screen { size_t columns, rows; } screen; /* rows: still free */

static screen screen_measure(void)
{
	struct winsize size;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2 || size.ws_row < 2)
		return (screen){.columns = 79, .rows = 23};
	return (screen){.columns = size.ws_col - 1u, .rows = size.ws_row - 1u}; /* the last would scroll */
}

static size_t notices_shown(const notices *all, size_t rows)
{
	size_t kept = all->count < NOTICES ? all->count : NOTICES;
	return kept < rows ? kept : rows;
}

static void screen_put(screen *self, const char *text)
{
	char line[LINE_SIZE];

	if (self->rows == 0) return;
	self->rows--;
	text_fit(line, sizeof(line), text, self->columns);
	printf("%s\x1b[K\n", line); /* and clear what an older, longer line has left */
}

/* The newest that there is room for. */
static void screen_put_notices(screen *self, const notices *all)
{
	size_t shown = notices_shown(all, self->rows);

	for (size_t n = all->count - shown; n < all->count; n++)
		screen_put(self, all->lines[n % NOTICES]);
}

static int console_flush(void) { return fflush(stdout) != 0 ? uv_translate_sys_error(errno) : 0; }

static int console_draw(console *self, uint64_t now_ns)
{
	static const char *const headings[SECTIONS] = {
		[CPU] = "sysmon (Ctrl-C ends it)",
		[MEMORY] = NULL,
		[NETWORK] = "network                    received        sent packets/s",
		[DISK] = "disk                           read     written     ops/s    busy",
	};
	screen area = screen_measure();
	size_t urgent = notices_shown(&self->urgent, area.rows / 3); /* figures leave them so many rows */

	area.rows -= urgent;
	fputs(self->drawn_ns == 0 ? "\x1b[2J\x1b[H" : "\x1b[H", stdout);
	for (int s = 0; s < SECTIONS; s++) {
		if (headings[s] != NULL) screen_put(&area, headings[s]);
		for (int r = 0; r < ROWS; r++)
			if (self->rows[s][r].text[0] != '\0') screen_put(&area, self->rows[s][r].text);
	}
	screen_put(&area, "");
	area.rows += urgent;
	screen_put_notices(&area, &self->urgent);
	screen_put_notices(&area, &self->files);
	fputs("\x1b[J", stdout);

	self->drawn_ns = now_ns;
	self->changed = false;
	return console_flush();
}

/* ---- what is shown -------------------------------------------------------------------- */

static void clock_text(const maiko_ctx *ctx, char dst[16])
{
	const maiko_envelope *meta = maiko_meta(ctx);
	time_t seconds = meta != NULL ? (time_t)(meta->timestamp_ns / NS_PER_S) : time(NULL);
	struct tm local;

	if (localtime_r(&seconds, &local) == NULL || strftime(dst, 16, "%H:%M:%S", &local) == 0) dst[0] = '\0';
}

/* The row of that device, or a free one, or the one that shows least, if that is less. */
static row *row_for(row rows[ROWS], const char *device, double weight)
{
	row *least = &rows[0];

	for (row *r = rows; r < rows + ROWS; r++) {
		if (r->text[0] == '\0' || strcmp(r->device, device) == 0) return r;
		if (r->weight < least->weight) least = r;
	}
	return least->weight < weight ? least : NULL;
}

static void print_line(const maiko_ctx *ctx, const char *text)
{
	char clock[16], line[LINE_SIZE];

	clock_text(ctx, clock);
	text_fit(line, sizeof(line), text, LINE_SIZE);
	printf("%s %s\n", clock, line);
}

__attribute__((format(printf, 6, 7))) static int show_figure(console *self, const maiko_ctx *ctx, section where,
							     const char *device, double weight, const char *format, ...)
{
	row shown = {.weight = weight};
	va_list args;

	va_start(args, format);
	vsnprintf(shown.text, sizeof(shown.text), format, args);
	va_end(args);
	self->changed = true;
	if (!self->terminal) {
		print_line(ctx, shown.text);
		return 0;
	}
	(void)maiko_text(shown.device, device);
	row *place = row_for(self->rows[where], device, weight);
	if (place != NULL) *place = shown;
	return 0;
}

__attribute__((format(printf, 4, 5))) static int show_notice(console *self, const maiko_ctx *ctx, notices *where,
							     const char *format, ...)
{
	char text[LINE_SIZE - 16], clock[16];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	self->changed = true;
	if (!self->terminal) {
		print_line(ctx, text);
		return 0;
	}
	clock_text(ctx, clock);
	(void)snprintf(where->lines[where->count++ % NOTICES], LINE_SIZE, "%s %s", clock, text);
	return 0;
}

static const char *bar(double percent)
{
	static const char full[] = "####################....................";
	_Static_assert(sizeof(full) == 2 * BAR + 1, "as many full as empty columns");
	int filled = percent <= 0 ? 0 : percent >= 100 ? BAR : (int)(percent / 100 * BAR + 0.5);
	return full + BAR - filled;
}

static int console_on_cpu(console *self, const cpu_load *ev, maiko_ctx *ctx)
{
	return show_figure(self, ctx, CPU, "", 0, "cpu     [%.*s] %5.1f %%  waiting for disks %.1f %%", BAR,
			   bar(ev->busy_percent), ev->busy_percent, ev->iowait_percent);
}

static int console_on_mem(console *self, const mem_load *ev, maiko_ctx *ctx)
{
	char used[16], total[16];
	text_bytes(used, ev->used_bytes);
	text_bytes(total, ev->total_bytes);
	return show_figure(self, ctx, MEMORY, "", 0, "memory  [%.*s] %5.1f %%  %s of %s  swap %.1f %%", BAR,
			   bar(ev->used_percent), ev->used_percent, used, total, ev->swap_percent);
}

static int console_on_net(console *self, const net_rate *ev, maiko_ctx *ctx)
{
	char rx[16], tx[16];
	text_bytes(rx, ev->rx_bytes_s);
	text_bytes(tx, ev->tx_bytes_s);
	return show_figure(self, ctx, NETWORK, ev->device, ev->rx_bytes_s + ev->tx_bytes_s,
			   "net     %-15.15s %s/s %s/s %9.1f", ev->device, rx, tx, ev->packets_s);
}

static int console_on_disk(console *self, const disk_rate *ev, maiko_ctx *ctx)
{
	char read[16], written[16];
	text_bytes(read, ev->read_bytes_s);
	text_bytes(written, ev->write_bytes_s);
	return show_figure(self, ctx, DISK, ev->device, ev->read_bytes_s + ev->write_bytes_s,
			   "disk    %-15.15s %s/s %s/s %9.1f %5.1f %%", ev->device, read, written, ev->ops_s,
			   ev->busy_percent);
}

static int console_on_alert(console *self, const alert *ev, maiko_ctx *ctx)
{
	return show_notice(self, ctx, &self->urgent, "ALERT   %s %s: %.1f %% (limit %.1f %%)", ev->what,
			   ev->raised ? "is too high" : "is fine again", ev->percent, ev->limit_percent);
}

static int console_on_file(console *self, const file_change *ev, maiko_ctx *ctx)
{
	static const char *const outcomes[] = {[FILE_CREATED] = "created",
					    [FILE_WRITTEN] = "written",
					    [FILE_DELETED] = "deleted",
					    [FILE_MOVED_IN] = "moved in",
					    [FILE_MOVED_OUT] = "moved out"};
	return show_notice(self, ctx, &self->files, "file    %s: %s", outcomes[ev->outcome], ev->name);
}

static int console_on_trouble(console *self, const trouble *ev, maiko_ctx *ctx)
{
	if (ev->line == 0) return show_notice(self, ctx, &self->urgent, "TROUBLE %s: %s", ev->source, ev->text);
	return show_notice(self, ctx, &self->urgent, "TROUBLE %s: line %u: %s", ev->source, ev->line, ev->text);
}

static int console_on_restarted(console *self, const maiko_restarted *ev, maiko_ctx *ctx)
{
	return show_notice(self, ctx, &self->urgent, "again   %s: restart %u", ev->name, ev->restarts);
}

/* ---- when --------------------------------------------------------------------------------- */

static int console_on_start(console *self, maiko_ctx *ctx)
{
	(void)ctx;
	self->terminal = isatty(STDOUT_FILENO) == 1;
	return 0;
}

/* Once for a batch of events, and on a terminal not more often than an eye can follow. */
static maiko_next console_tick(console *self, maiko_ctx *ctx)
{
	uint64_t now_ns = maiko_now(ctx), age_ms = (now_ns - self->drawn_ns) / NS_PER_MS;

	if (!self->changed) return maiko_after_events();
	if (self->terminal && self->drawn_ns != 0 && age_ms < FRAME_MS) return maiko_after_ms(FRAME_MS - age_ms);
	self->changed = false;
	int rc = self->terminal ? console_draw(self, now_ns) : console_flush();
	return rc != 0 ? maiko_failed(rc) : maiko_after_events();
}

static int console_on_stop(console *self, maiko_ctx *ctx)
{
	return self->terminal && self->changed ? console_draw(self, maiko_now(ctx)) : console_flush();
}

static int console_on_error(console *self, const maiko_error *error, maiko_ctx *ctx)
{
	(void)self;
	return trouble_forgive(ctx, error); /* the journal may still be there to hear it */
}

MAIKO_ACTOR(console, MAIKO_ON(cpu_load, console_on_cpu), MAIKO_ON(mem_load, console_on_mem),
	    MAIKO_ON(net_rate, console_on_net), MAIKO_ON(disk_rate, console_on_disk), MAIKO_ON(alert, console_on_alert),
	    MAIKO_ON(file_change, console_on_file), MAIKO_ON(trouble, console_on_trouble),
	    MAIKO_ON(maiko_restarted, console_on_restarted), MAIKO_ON_START(console_on_start), MAIKO_TICK(console_tick), MAIKO_ON_STOP(console_on_stop),
	    MAIKO_ON_ERROR(console_on_error));

int console_add(maiko_supervisor *sup)
{
	return maiko_add(sup, console, "console", .own_thread = true,
			 .topics = MAIKO_TOPICS(maiko_lifecycle_topic, MAIKO_SUB(figures, .overflow = MAIKO_KEEP_LATEST),
						MAIKO_SUB(alerts, .overflow = MAIKO_DROP_OLDEST),
						MAIKO_SUB(files, .overflow = MAIKO_DROP_OLDEST),
						MAIKO_SUB(troubles, .overflow = MAIKO_DROP_OLDEST)));
}
