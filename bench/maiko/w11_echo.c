/*
 * w11_echo.c - W11: a thousand actors, each of which echoes the messages of a socket pair.
 */
#include "workloads.h"

#include "echo.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { ROUND_TRIPS = 300000 };

static int near_ends[ECHO_PAIRS];
static double elapsed_ns;

typedef struct echoer {
	int fd;
} echoer;

static maiko_next echoer_tick(echoer *self, maiko_ctx *ctx)
{
	char message[ECHO_MESSAGE];
	(void)ctx;
	ssize_t length = read(self->fd, message, sizeof message);
	if (length == 0)
		return maiko_never(); /* the other end is closed */
	if (length < 0)
		return errno == EAGAIN ? maiko_when_readable(self->fd) : maiko_failed(-errno);
	if (write(self->fd, message, (size_t)length) != length)
		return maiko_failed(-EPIPE);
	return maiko_when_readable(self->fd);
}

static int echoer_on_stop(echoer *self, maiko_ctx *ctx)
{
	(void)ctx;
	return close(self->fd);
}

MAIKO_ACTOR(echoer, MAIKO_TICK(echoer_tick), MAIKO_ON_STOP(echoer_on_stop));

static int add(maiko_supervisor *sup)
{
	int rc = 0;
	echo_open(near_ends);
	for (int i = 0; rc == 0 && i < ECHO_PAIRS; i++) {
		char name[32];
		snprintf(name, sizeof name, "echoer%d", i);
		rc = maiko_add(sup, echoer, name, .init = &(echoer){.fd = near_ends[i]});
	}
	return rc;
}

static void drive(maiko_supervisor *sup)
{
	(void)sup;
	echo_start(bench_scaled(ROUND_TRIPS, ECHO_PAIRS));
	elapsed_ns = (double)echo_join();
	run_ends();
}

static bool run(const bench_variant *v)
{
	if (!run_supervisor(&(run_plan){.options.workers = v->workers, .add = add, .external = drive}))
		return false;
	bench_figure("round_trips", "/s", (double)bench_scaled(ROUND_TRIPS, ECHO_PAIRS) * 1e9 / elapsed_ns);
	echo_figures();
	return true;
}

const bench_variant echo_variants[] = {
	{"W11/echo", run, .workers = 1}, {.name = "W11/echo-default", .run = run}, {.name = NULL}};
