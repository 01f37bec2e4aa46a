/*
 * harness_wait.c - sends in an actor's name, and waits for quiescence or for a condition. The
 * core detects quiescence of a real supervisor (quiescence.h), a simulation that of a simulated one.
 */
#include "harness.h"

#include "base/error.h"
#include "lifecycle/quiescence.h"
#include "sim/send_as.h"

#include <maiko/testing/sim.h>

static const uint64_t NS_A_MS = 1000000;

/* ---- sending ---------------------------------------------------------------------------- */

int maiko_harness_dispatch(maiko_harness *h, const char *actor, const maiko_event_type *type, const void *event)
{
	maiko_actor_id id;
	maiko_id sent;
	if (h == NULL || actor == NULL || type == NULL || event == NULL)
		return MK_NULL(h, actor, type, event);
	maiko_sim *sim = maiko_sim_of(h->sup);
	if (sim != NULL && maiko_sim_failure(sim) != NULL)
		return mk_fail(MAIKO_EBROKEN, "%s", maiko_sim_failure(sim));
	int rc = maiko_find(h->sup, actor, &id);
	if (rc == MAIKO_ENOENT)
		rc = mk_fail(rc,
			     "maiko_harness_send_as: there is no actor '%s'; in place of one that is left out, add a "
			     "small one of that name",
			     actor);
	if (rc == 0)
		rc = mk_send_as(h->sup, id, type, event, sim != NULL ? UINT64_MAX : h->options.timeout_ms, &sent);
	if (rc != 0)
		return sim == NULL || maiko_sim_failure(sim) == NULL
			       ? rc
			       : mk_fail(MAIKO_EBROKEN, "%s", maiko_sim_failure(sim));
	uv_mutex_lock(&h->mutex);
	h->sent = sent;
	uv_mutex_unlock(&h->mutex);
	return 0;
}

const maiko_record *maiko_harness_event(maiko_harness *h, maiko_id id)
{
	return h == NULL ? NULL : mt_event_record(mt_store_find(h, id));
}

const maiko_record *maiko_harness_sent(maiko_harness *h)
{
	if (h == NULL)
		return NULL;
	uv_mutex_lock(&h->mutex);
	maiko_id sent = h->sent;
	uv_mutex_unlock(&h->mutex);
	return maiko_harness_event(h, sent);
}

/* ---- quiescence --------------------------------------------------------------------------- */

int maiko_harness_settle(maiko_harness *h)
{
	if (h == NULL)
		return MK_NULL(h);
	maiko_sim *sim = maiko_sim_of(h->sup);
	int rc = mk_quiescence_check(h->sup);
	if (rc == 0)
		rc = sim != NULL ? maiko_sim_run(sim) : mk_quiescence(h->sup, h->options.timeout_ms);
	return rc != 0 ? rc : maiko_harness_status(h);
}

/* ---- a condition ----------------------------------------------------------------------------- */

static uint64_t observations_of(maiko_harness *h)
{
	uv_mutex_lock(&h->mutex);
	uint64_t observations = h->observations;
	uv_mutex_unlock(&h->mutex);
	return observations;
}

/* Waits until there are more observations than that, at most `ns`. */
static void wait_for_observation(maiko_harness *h, uint64_t observations, uint64_t ns)
{
	uv_mutex_lock(&h->mutex);
	h->waiters++;
	if (h->observations == observations)
		uv_cond_timedwait(&h->cond, &h->mutex, ns);
	h->waiters--;
	uv_mutex_unlock(&h->mutex);
}

/* Runs the loop until there is an observation, or until that time. */
static int run_to_observation(maiko_harness *h, uint64_t until)
{
	uv_mutex_lock(&h->mutex);
	h->stops_loop = true;
	uv_mutex_unlock(&h->mutex);
	int rc = mk_quiescence_host(h->sup, until);
	uv_mutex_lock(&h->mutex);
	h->stops_loop = false;
	uv_mutex_unlock(&h->mutex);
	return rc;
}

static bool has_ended(const maiko_harness *h) { return mk_state_of(h->sup) >= MK_STOPPED; }

static int ended(void)
{
	return mk_fail(MAIKO_ESHUTDOWN,
		       "maiko_harness_settle_until: the supervisor has stopped, and the condition does not hold");
}

static int wait_until(maiko_harness *h, bool (*condition)(void *arg), void *arg, uint64_t limit_ms)
{
	const uint64_t look_ns = 10 * NS_A_MS;
	uint64_t now = uv_hrtime();
	uint64_t until = limit_ms < MAIKO_NEXT_MS_MAX ? now + limit_ms * NS_A_MS : UINT64_MAX;
	for (;;) {
		uint64_t observations = observations_of(h); /* before the check: a later one wakes this thread */
		bool is_last = has_ended(h);
		if (condition(arg))
			return 0;
		if (is_last)
			return ended();
		now = uv_hrtime();
		if (now >= until)
			return mk_fail(MAIKO_ETIMEDOUT, "maiko_harness_settle_until: not within %llu ms",
				       (unsigned long long)limit_ms);
		uint64_t left = until - now < look_ns ? until - now : look_ns;
		if (!mk_quiescence_is_host(h->sup)) {
			wait_for_observation(h, observations, left);
			continue;
		}
		int rc = run_to_observation(h, now + left);
		if (rc != 0)
			return rc;
	}
}

int maiko_harness_settle_until(maiko_harness *h, bool (*condition)(void *arg), void *arg, uint64_t limit_ms)
{
	if (h == NULL)
		return MK_NULL(h);
	if (condition == NULL)
		return mk_fail(MAIKO_EINVAL, "maiko_harness_settle_until: condition is NULL");
	maiko_sim *sim = maiko_sim_of(h->sup);
	int rc = mk_quiescence_check(h->sup);
	if (limit_ms == 0)
		limit_ms = h->options.timeout_ms;
	if (rc == 0)
		rc = sim != NULL ? maiko_sim_run_until(sim, condition, arg, limit_ms)
				 : wait_until(h, condition, arg, limit_ms);
	if (rc == MAIKO_ETIMEDOUT && sim != NULL && has_ended(h))
		rc = ended();
	return rc != 0 ? rc : maiko_harness_status(h);
}

typedef struct goal {
	maiko_query query;
	size_t count;
} goal;

static bool is_reached(void *arg)
{
	const goal *g = arg;
	return maiko_query_count(g->query) >= g->count || maiko_harness_status(g->query.harness) != 0;
}

int maiko_harness_settle_on(maiko_query query, size_t count, uint64_t limit_ms)
{
	goal g = {query, count};
	return maiko_harness_settle_until(query.harness, is_reached, &g, limit_ms);
}
