/*
 * tick_echo.c - a tick that waits for several things: maiko_when_any.
 *
 * A server on a Unix socket, with one actor for each connection. The tick of a connection waits
 * until it can read, until it can write what it could not write at once, and at most a minute.
 * When the client has closed its connection, the program ends.
 *
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <maiko/maiko.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- a connection ---- */

typedef struct connection {
	int fd;
	bool at_end;     /* the client has sent all */
	size_t left;     /* bytes of `text` that are to be sent back */
	char text[4096];
} connection;

static int connection_read(connection *self)
{
	ssize_t n = read(self->fd, self->text + self->left, sizeof(self->text) - self->left);
	if (n < 0) return errno == EAGAIN ? 0 : -errno;
	self->at_end = n == 0;
	self->left += (size_t)n;
	return 0;
}

static int connection_write(connection *self)
{
	ssize_t n = self->left == 0 ? 0 : send(self->fd, self->text, self->left, MSG_NOSIGNAL);
	if (n < 0) return errno == EAGAIN ? 0 : -errno;
	self->left -= (size_t)n;
	memmove(self->text, self->text + n, self->left);
	return 0;
}

static maiko_next connection_end(maiko_ctx *ctx)
{
	int rc = maiko_stop_all(ctx); /* a real server would only maiko_stop_self */
	return rc < 0 ? maiko_failed(rc) : maiko_never();
}

static maiko_next connection_tick(connection *self, maiko_ctx *ctx)
{
	int rc = 0;
	if (maiko_woken_by(ctx) == MAIKO_WOKEN_TIME) return connection_end(ctx); /* nothing for a minute */
	if (!self->at_end && self->left < sizeof(self->text)) rc = connection_read(self);
	if (rc == 0) rc = connection_write(self);
	if (rc < 0) return maiko_failed(rc);
	if (self->at_end && self->left == 0) return connection_end(ctx);
	bool reads = !self->at_end && self->left < sizeof(self->text);
	return maiko_when_any(reads ? maiko_when_readable(self->fd) : maiko_never(),
			      self->left > 0 ? maiko_when_writable(self->fd) : maiko_never(),
			      maiko_after_ms(60000));
}

static int connection_on_stop(connection *self, maiko_ctx *ctx)
{
	(void)ctx;
	close(self->fd);
	return 0;
}

MAIKO_ACTOR(connection, MAIKO_TICK(connection_tick), MAIKO_ON_STOP(connection_on_stop));

/* ---- the server ---- */

typedef struct server {
	int fd;
	unsigned accepted;
} server;

static maiko_next server_tick(server *self, maiko_ctx *ctx)
{
	connection init = {.fd = accept(self->fd, NULL, NULL)};
	if (init.fd < 0) return errno == EAGAIN ? maiko_when_readable(self->fd) : maiko_failed(-errno);
	(void)fcntl(init.fd, F_SETFL, O_NONBLOCK); /* its first tick reads before it waits */
	char name[32];
	snprintf(name, sizeof(name), "connection-%u", ++self->accepted);
	int rc = maiko_add(ctx, connection, name, .init = &init, .restart = MAIKO_TEMPORARY);
	if (rc < 0) close(init.fd);
	return rc < 0 ? maiko_failed(rc) : maiko_again();
}

/* A connection could not be added after all. */
static int server_on_done(server *self, const maiko_completion *done, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	const connection *init = done->init;
	if (done->status < 0 && init != NULL) close(init->fd);
	return 0;
}

MAIKO_ACTOR(server, MAIKO_TICK(server_tick), MAIKO_ON_DONE(server_on_done));

/* ---- a client, in a thread of its own ---- */

static struct sockaddr_un address = {.sun_family = AF_UNIX};

static void *client(void *arg)
{
	const char *said = arg;
	char heard[64] = "";
	size_t got = 0;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	bool done = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		    write(fd, said, strlen(said)) == (ssize_t)strlen(said);
	for (ssize_t n = 1; done && n > 0 && got < strlen(said); got += n > 0 ? (size_t)n : 0)
		n = read(fd, heard + got, sizeof(heard) - 1 - got);
	if (done) printf("%s\n", heard);
	else perror("client");
	if (fd >= 0) close(fd);
	return NULL;
}

static int serve(int fd)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc == 0) rc = maiko_add(sup, server, "server", .init = &(server){.fd = fd});
	if (rc == 0) rc = maiko_start(sup);
	pthread_t thread;
	bool started = rc == 0 && pthread_create(&thread, NULL, client, "hello, echo") == 0;
	if (rc == 0) rc = started ? maiko_join(sup) : maiko_stop(sup, NULL);
	if (started) pthread_join(thread, NULL);
	if (rc != 0) fprintf(stderr, "tick_echo: %s\n", maiko_last_error());
	maiko_supervisor_free(sup);
	return started ? rc : -1;
}

int main(void)
{
	char folder[] = "/tmp/maiko-echo-XXXXXX";
	if (mkdtemp(folder) == NULL) return 1;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", folder);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), rc = -1;
	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 8) == 0 &&
	    fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
		rc = serve(fd);
	else
		perror("tick_echo");
	if (fd >= 0) close(fd);
	unlink(address.sun_path);
	rmdir(folder);
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * hello, echo
 */
