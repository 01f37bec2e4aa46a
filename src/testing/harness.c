/*
 * harness.c - see maiko/testing/harness.h: creation, monitor and misuse of a harness.
 *
 * The monitor's hook adds to the store under the mutex, which is never held for long. The harness
 * is freed when its monitor ends: if the freeing thread may not wait, the last worker that
 * releases the monitor frees it.
 */
#include "harness.h"

#include "base/error.h"
#include "registry/idle_topics.h"
#include "runtime/runtime.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- recording ------------------------------------------------------------------------ */

static void keep(maiko_harness *h, const maiko_observation *observation)
{
	uint64_t count = atomic_load_explicit(&h->store.count, memory_order_relaxed);
	if (count >= h->options.records_max)
		h->broken = MAIKO_E2BIG;
	else
		h->broken = mt_store_add(h, observation);
}

static void see(void *arg, const maiko_observation *observation)
{
	maiko_harness *h = arg;
	uv_mutex_lock(&h->mutex);
	h->observations++;
	if (h->recording && h->broken == 0)
		keep(h, observation);
	if (h->waiters != 0)
		uv_cond_broadcast(&h->cond);
	if (h->stops_loop)
		uv_stop(h->sup->options.loop);
	uv_mutex_unlock(&h->mutex);
}

/* In a forked child the mutex may be locked for ever by a thread of the parent. */
static int check(const maiko_harness *h)
{
	if (h == NULL)
		return mk_fail(MAIKO_EINVAL, "the harness is NULL");
	return mk_forked(h->sup) ? mk_fail_forked() : 0;
}

static int set_recording(maiko_harness *h, bool recording)
{
	int rc = check(h);
	if (rc != 0)
		return rc;
	uv_mutex_lock(&h->mutex);
	h->recording = recording;
	uv_mutex_unlock(&h->mutex);
	return 0;
}

int maiko_harness_record(maiko_harness *h) { return set_recording(h, true); }
int maiko_harness_pause(maiko_harness *h) { return set_recording(h, false); }

int maiko_harness_clear(maiko_harness *h)
{
	mt_store old = {.events = NULL};
	int rc = check(h);
	if (rc != 0)
		return rc;
	uv_mutex_lock(&h->mutex);
	mt_store_take(&h->store, &old);
	h->broken = 0;
	char *misuse = h->misuse;
	h->misuse = NULL;
	uv_mutex_unlock(&h->mutex);
	mt_store_fini(&old); /* may call the release functions of buffers */
	free(misuse);
	return 0;
}

/* ---- creation and end -------------------------------------------------------------------- */

static void destroy(void *arg)
{
	maiko_harness *h = arg;
	mt_store_fini(&h->store);
	free(h->misuse);
	free(h->failure);
	uv_cond_destroy(&h->cond);
	uv_mutex_destroy(&h->mutex);
	free(h);
}

static void to_stderr(void *arg, const char *text)
{
	(void)arg;
	fputs(text, stderr);
}

static void set_options(maiko_harness *h, const maiko_harness_options *options)
{
	maiko_harness_options *o = &h->options;
	if (options != NULL)
		*o = *options;
	if (o->records_max == 0)
		o->records_max = MAIKO_HARNESS_RECORDS;
	if (o->timeout_ms == 0)
		o->timeout_ms = MAIKO_HARNESS_TIMEOUT_MS;
	if (o->on_failure == NULL)
		o->on_failure = to_stderr;
}

static maiko_harness *harness_new(maiko_supervisor *sup, const maiko_harness_options *options)
{
	maiko_harness *h = calloc(1, sizeof *h);
	if (h == NULL)
		return NULL;
	h->sup = sup;
	h->recording = true;
	set_options(h, options);
	if (uv_mutex_init(&h->mutex) != 0) {
		free(h);
		return NULL;
	}
	if (uv_cond_init(&h->cond) != 0) {
		uv_mutex_destroy(&h->mutex);
		free(h);
		return NULL;
	}
	return h;
}

int maiko_harness_open(maiko_harness **ret_harness, maiko_supervisor *sup, const maiko_harness_options *options)
{
	if (ret_harness == NULL || sup == NULL)
		return MK_NULL(ret_harness, sup);
	int rc = MK_RESERVED("maiko_harness_new", options);
	if (rc != 0)
		return rc;
	maiko_harness *h = harness_new(sup, options);
	if (h == NULL)
		return MAIKO_ENOMEM;
	mk_idle_topics_keep(sup); /* the records refer to them */
	rc = maiko_monitor_add(sup, &(maiko_hooks){.any = see}, h, &h->monitor);
	if (rc != 0)
		destroy(h);
	else
		*ret_harness = h;
	return rc;
}

maiko_harness *maiko_harness_free(maiko_harness *h)
{
	if (h != NULL && maiko_monitor_remove(h->monitor, destroy) != 0)
		return h;
	return NULL;
}

/* ---- misuse ------------------------------------------------------------------------------------ */

void mt_misuse(maiko_harness *h, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	uv_mutex_lock(&h->mutex);
	if (h->misuse == NULL && (h->misuse = strdup(text)) == NULL)
		h->broken = MAIKO_ENOMEM;
	uv_mutex_unlock(&h->mutex);
}

void mt_no_memory(maiko_harness *h)
{
	uv_mutex_lock(&h->mutex);
	if (h->broken == 0)
		h->broken = MAIKO_ENOMEM;
	uv_mutex_unlock(&h->mutex);
}

int maiko_harness_status(maiko_harness *h)
{
	int rc = check(h);
	if (rc != 0)
		return rc;
	uv_mutex_lock(&h->mutex);
	if (h->broken != 0)
		rc = mk_fail(h->broken, "the harness does not know all that happened: %s",
			     h->broken == MAIKO_E2BIG ? "more than .records_max records" : "no memory");
	else if (h->misuse != NULL)
		rc = mk_fail(MAIKO_EINVAL, "%s", h->misuse);
	uv_mutex_unlock(&h->mutex);
	return rc;
}

size_t maiko_harness_failures(maiko_harness *h)
{
	if (h == NULL)
		return 0;
	uv_mutex_lock(&h->mutex);
	size_t failures = h->failures;
	uv_mutex_unlock(&h->mutex);
	return failures;
}

const char *maiko_harness_failure(maiko_harness *h)
{
	if (h == NULL)
		return NULL;
	uv_mutex_lock(&h->mutex);
	const char *failure = h->failure;
	uv_mutex_unlock(&h->mutex);
	return failure;
}
