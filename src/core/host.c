/*
 * host.c - maiko_run: a supervisor as a whole program, until a signal or its own end.
 *
 * The signals are watched on a loop of this call's, or on the caller's if the supervisor
 * is embedded; only while it runs, and only because it was called.
 */
#include "stop.h"

#include <signal.h>

typedef struct host {
	maiko_supervisor *sup;
	uv_loop_t own_loop, *loop;
	uv_signal_t interrupt, terminate;
	uv_async_t over;
	bool stopping;
	int status;
} host;

/* On a worker, or on the loop: the supervisor has stopped. */
static void on_stopped(void *arg, int status)
{
	host *h = arg;
	h->status = status;
	uv_async_send(&h->over);
}

static void on_signal(uv_signal_t *signal, int number)
{
	host *h = signal->data;
	(void)number;
	maiko_stop_begin(h->sup, &(maiko_stop_options){.now = h->stopping}, NULL, NULL);
	h->stopping = true;
}

static void close_all(host *h)
{
	uv_close((uv_handle_t *)&h->interrupt, NULL);
	uv_close((uv_handle_t *)&h->terminate, NULL);
	uv_close((uv_handle_t *)&h->over, NULL);
}

static void on_over(uv_async_t *async) { close_all(async->data); }

static int open_all(host *h)
{
	int rc = uv_async_init(h->loop, &h->over, on_over);
	if (rc != 0)
		return rc;
	uv_signal_init(h->loop, &h->interrupt);
	uv_signal_init(h->loop, &h->terminate);
	h->over.data = h->interrupt.data = h->terminate.data = h;
	rc = uv_signal_start(&h->interrupt, on_signal, SIGINT);
	if (rc == 0)
		rc = uv_signal_start(&h->terminate, on_signal, SIGTERM);
	if (rc != 0)
		close_all(h);
	return rc;
}

/* Starts it if need be, and sees to it that its end is told. */
static int begin(host *h)
{
	int state = mk_state_of(h->sup);
	int rc = state == MK_NEW ? maiko_start(h->sup) : state < MK_STOPPING ? 0 : MAIKO_ESHUTDOWN;
	if (rc == 0)
		rc = mk_stop_watch(h->sup, on_stopped, h);
	return rc;
}

int maiko_run(maiko_supervisor *sup)
{
	host h = {.sup = sup};
	if (sup == NULL)
		return MAIKO_EINVAL;
	if (mk_forked(sup))
		return MAIKO_EFORK;
	if (mk_inside != NULL || (mk_hosting != 0 && !sup->embedded))
		return MAIKO_EDEADLK;
	h.loop = sup->embedded ? sup->options.loop : &h.own_loop;
	int rc = sup->embedded ? 0 : uv_loop_init(&h.own_loop);
	if (rc != 0)
		return rc;
	rc = open_all(&h);
	if (rc == 0) {
		rc = begin(&h);
		if (rc != 0)
			close_all(&h);
	}
	uv_run(h.loop, UV_RUN_DEFAULT);
	if (!sup->embedded)
		uv_loop_close(&h.own_loop);
	return rc != 0 ? rc : h.status;
}
