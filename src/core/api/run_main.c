/*
 * run_main.c - maiko_run: runs a supervisor until a signal or its own end.
 *
 * Signals are watched on a loop of this call, or on the caller's loop if the supervisor is
 * embedded; only during the call. Because libuv leaves the default handler, the handlers that
 * were set before are restored when the last such call of the process ends.
 */
#include "api/ledger.h"
#include "base/error.h"
#include "base/system.h"
#include "lifecycle/stop.h"
#include "runtime/callback.h"

#include <signal.h>
#include <stdio.h>

enum { LOOK_MS = MAIKO_STOP_GRACE_MS / 4 };

typedef struct host {
	maiko_supervisor *sup;
	uv_loop_t own_loop, *loop;
	uv_signal_t interrupt, terminate;
	uv_async_t told;
	uv_timer_t look;
	unsigned open; /* handles */
	_Atomic(bool) begun, over;
	bool stopping;
	int status;
} host;

/* ---- the signal handlers set before --------------------------------------------------------- */

static const int signal_numbers[2] = {SIGINT, SIGTERM};

static struct {
	uv_mutex_t mutex;
	unsigned users;
	struct sigaction before[2], ours[2];
} signals;

static void signals_init(void)
{
	if (uv_mutex_init(&signals.mutex) != 0)
		signals.users = 1; /* never reaches 0: nothing is restored */
}

static void signals_enter(void)
{
	static uv_once_t once = UV_ONCE_INIT;
	uv_once(&once, signals_init);
	uv_mutex_lock(&signals.mutex);
	if (signals.users++ == 0)
		for (int i = 0; i < 2; i++)
			sigaction(signal_numbers[i], NULL, &signals.before[i]);
	uv_mutex_unlock(&signals.mutex);
}

/* Notes libuv's handler, to tell it from the caller's. */
static void signals_set(void)
{
	uv_mutex_lock(&signals.mutex);
	for (int i = 0; i < 2; i++)
		sigaction(signal_numbers[i], NULL, &signals.ours[i]);
	uv_mutex_unlock(&signals.mutex);
}

static void signals_leave(void)
{
	uv_mutex_lock(&signals.mutex);
	bool last = --signals.users == 0;
	for (int i = 0; last && i < 2; i++) {
		struct sigaction now;
		sigaction(signal_numbers[i], NULL, &now);
		/* Unless a loop of the caller uses libuv's handler now, or used it before. */
		if (now.sa_handler == SIG_DFL && signals.before[i].sa_handler != signals.ours[i].sa_handler)
			sigaction(signal_numbers[i], &signals.before[i], NULL);
	}
	uv_mutex_unlock(&signals.mutex);
}

/* ---- the loop ------------------------------------------------------------------------------- */

/* The supervisor has stopped; called on a worker or on the loop. */
static void on_stopped(void *arg, int status)
{
	host *h = arg;
	h->status = status;
	atomic_store_explicit(&h->over, true, memory_order_release);
	uv_async_send(&h->told);
}

static void on_begun(void *arg)
{
	host *h = arg;
	atomic_store_explicit(&h->begun, true, memory_order_release);
	uv_async_send(&h->told);
}

static void on_signal(uv_signal_t *signal, int number)
{
	host *h = signal->data;
	(void)number;
	maiko_stop_begin(h->sup, &(maiko_stop_options){.now = h->stopping}, NULL, NULL);
	h->stopping = true;
}

/* The caller's loop may have other handles, so it is stopped as soon as ours are closed. */
static void on_closed(uv_handle_t *handle)
{
	host *h = handle->data;
	if (--h->open == 0)
		uv_stop(h->loop);
}

static void close_one(host *h, uv_handle_t *handle)
{
	handle->data = h;
	uv_close(handle, on_closed);
}

static void close_all(host *h)
{
	close_one(h, (uv_handle_t *)&h->interrupt);
	close_one(h, (uv_handle_t *)&h->terminate);
	close_one(h, (uv_handle_t *)&h->look);
	close_one(h, (uv_handle_t *)&h->told);
}

/* If all workers are stuck, only this thread can give them up. (The worker of an embedded
 * supervisor is this thread.) */
static void on_look(uv_timer_t *look) { mk_stop_look(((host *)look->data)->sup); }

static void on_told(uv_async_t *told)
{
	host *h = told->data;
	if (atomic_load_explicit(&h->over, memory_order_acquire))
		close_all(h);
	else if (atomic_load_explicit(&h->begun, memory_order_acquire) && !h->sup->embedded)
		uv_timer_start(&h->look, on_look, LOOK_MS, LOOK_MS);
}

static int open_all(host *h)
{
	int rc = uv_async_init(h->loop, &h->told, on_told);
	if (rc != 0)
		return rc;
	uv_timer_init(h->loop, &h->look);
	uv_signal_init(h->loop, &h->interrupt);
	uv_signal_init(h->loop, &h->terminate);
	h->told.data = h->look.data = h->interrupt.data = h->terminate.data = h;
	h->open = 4;
	rc = uv_signal_start(&h->interrupt, on_signal, SIGINT);
	if (rc == 0)
		rc = uv_signal_start(&h->terminate, on_signal, SIGTERM);
	if (rc == 0)
		signals_set();
	else
		close_all(h);
	return rc;
}

/* Starts the supervisor if it is new, and registers for its end. */
static int begin(host *h)
{
	int rc = mk_state_of(h->sup) == MK_NEW ? maiko_start(h->sup) : 0;
	/* After a failed start the loop must still stop an embedded supervisor. */
	bool running = rc == 0 || mk_state_of(h->sup) == MK_STOPPING;
	int watched = running ? mk_stop_watch(h->sup, on_stopped, on_begun, h) : 0;
	if (!running || watched != 0)
		close_all(h);
	return rc != 0 ? rc : watched;
}

static int say_discarded(maiko_supervisor *sup, uint64_t discarded)
{
	uint32_t count;
	char more[32] = "";
	const char *on_hold = mk_ledger_left_on_hold(sup, &count);
	if (count > 1)
		(void)snprintf(more, sizeof more, " (and %u more)", count - 1);
	return mk_fail(MAIKO_EDISCARDED, "maiko_run: %llu deliveries were discarded by the stop%s%s%s%s",
		       (unsigned long long)discarded, on_hold == NULL ? "" : "; on hold was the actor '",
		       on_hold == NULL ? "" : on_hold, on_hold == NULL ? "" : "'", more);
}

/* The result at the end of a run: adds MAIKO_EDISCARDED to a success, and the report. */
static int account(maiko_supervisor *sup, const maiko_run_options *o, int rc)
{
	bool over = mk_state_of(sup) >= MK_STOPPED;
	uint64_t discarded = over && rc == 0 ? mk_ledger_discarded(sup) : 0;
	if (discarded != 0)
		rc = say_discarded(sup, discarded);
	if (!over || o == NULL || o->ret_report == NULL)
		return rc;
	int reported = maiko_report(sup, o->ret_report);
	return rc == 0 ? reported : rc;
}

int maiko_supervisor_run(maiko_supervisor *sup, const maiko_run_options *options)
{
	host h = {.sup = sup};
	if (sup == NULL)
		return MK_NULL_IN("maiko_run", sup);
	if (mk_forked(sup))
		return mk_fail_forked();
	if (sup->seam.simulated)
		return mk_refuse(sup, "maiko_run", "outside");
	if (mk_inside != NULL || (mk_hosting != 0 && !sup->embedded))
		return mk_fail(MAIKO_EDEADLK,
			       "maiko_run waits, which a thread inside a callback, or with an embedded loop, may not");
	int rc = MK_RESERVED("maiko_run", options);
	if (rc != 0)
		return rc;
	h.loop = sup->embedded ? sup->options.loop : &h.own_loop;
	rc = sup->embedded ? 0 : mk_loop_init(&h.own_loop);
	if (rc != 0)
		return mk_fail(rc, "maiko_run: no loop to watch for signals: %s", maiko_strerror(rc));
	if (options != NULL && options->deadline_ms != 0) {
		uv_mutex_lock(&sup->lock);
		sup->stop_ms = options->deadline_ms;
		uv_mutex_unlock(&sup->lock);
	}
	signals_enter();
	rc = open_all(&h);
	if (rc != 0)
		(void)mk_fail(rc, "maiko_run: signals cannot be watched: %s", maiko_strerror(rc));
	if (rc == 0)
		rc = begin(&h);
	while (h.open != 0) /* repeated if other code has called uv_stop */
		uv_run(h.loop, UV_RUN_DEFAULT);
	signals_leave();
	if (!sup->embedded)
		uv_loop_close(&h.own_loop);
	return account(sup, options, rc != 0 ? rc : mk_stop_say(sup, "maiko_run", h.status));
}
