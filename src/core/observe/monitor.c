/*
 * monitor.c - see monitor.h.
 *
 * While a worker calls hooks (`telling` is the depth, as a hook may cause another observation),
 * `none` takes the place of removed monitors in its array; it is compacted afterwards. So a hook may
 * remove any monitor. A hook is a callback: `mk_inside` is its worker, and it must not wait.
 */
#include "observe/monitor.h"

#include "base/error.h"
#include "runtime/callback.h"
#include "runtime/lane.h"

#include <maiko/lifecycle.h>

#include <string.h>

static const char *const texts[] = {
#define TEXT(number, KIND, hook, text) [number] = text,
	MAIKO_OBSERVATION_MAP(TEXT)
#undef TEXT
};

_Static_assert(sizeof texts / sizeof texts[0] == MAIKO_OBSERVATION_KINDS, "MAIKO_OBSERVATION_MAP lists so many");

_Static_assert(MK_OUTCOME_OF(dropped) / sizeof(mk_counter) == MAIKO_DROPPED &&
		       MK_OUTCOME_OF(no_memory) / sizeof(mk_counter) == MAIKO_NO_MEMORY &&
		       MK_OUTCOME_OF(lost) / sizeof(mk_counter) == MAIKO_LOST,
	       "maiko_outcome has the order of MAIKO_OUTCOME_MAP");

const char *maiko_observation_text(maiko_observation_kind kind)
{
	return (unsigned)kind < MAIKO_OBSERVATION_KINDS ? texts[kind] : "";
}

/* Stands for a removed monitor: it has no hook. */
static maiko_monitor none;

/* ---- calling hooks --------------------------------------------------------------------- */

/* Which kinds are watched: a hop pays only for those that it causes (send.c, dispatch.c). */
static void set_watched(mk_worker *w)
{
	const uint64_t sends = MK_KIND_BIT(MAIKO_OBSERVED_DISPATCHED) | MK_KIND_BIT(MAIKO_OBSERVED_DELIVERED);
	w->watched = 0;
	for (uint32_t i = 0; i < w->monitor_count; i++)
		w->watched |= w->monitors[i]->kinds;
	w->watched_sends = w->watched & sends;
	if (mk_is_watched(w, MAIKO_OBSERVED_HANDLED))
		atomic_fetch_or_explicit(&w->attention, MK_WATCHED, memory_order_relaxed);
	else
		atomic_fetch_and_explicit(&w->attention, ~(uint32_t)MK_WATCHED, memory_order_relaxed);
}

static void compact(mk_worker *w)
{
	uint32_t count = 0;
	w->detached = false;
	for (uint32_t i = 0; i < w->monitor_count; i++)
		if (w->monitors[i] != &none)
			w->monitors[count++] = w->monitors[i];
	if (count == w->monitor_count)
		return;
	w->monitor_count = count;
	set_watched(w);
	mk_routes_forget(w);
}

/* Most observations are about the event of the one before, which is described already: it was published, then
 * delivered. An injected event may have the id of another, and one that was retained that of one that was not. */
static MK_INLINE void describe(mk_worker *w, const mk_event *e)
{
	const uint32_t seldom = MK_SIZE_CLASS_INJECTED | MK_SIZE_CLASS_RETAINED;
	maiko_envelope *told = &w->told;
	bool another = !maiko_id_equal(told->id, e->id);
	if (another || MK_UNLIKELY((e->size_class & seldom) != 0 || told->injected || told->retained))
		mk_envelope_fill(told, e);
}

static MK_INLINE void call_hooks(mk_worker *w, const maiko_observation *o)
{
	for (maiko_monitor **at = w->monitors, **end = at + w->monitor_count; at != end; at++)
		if ((*at)->hooks[o->kind] != NULL)
			(*at)->hooks[o->kind]((*at)->arg, o);
}

static MK_INLINE void tell(mk_worker *w, maiko_observation_kind kind, const mk_actor *a, const mk_event *e,
			   int64_t code, bool was_queued)
{
	maiko_observation *o = &w->observation;
	o->kind = kind;
	o->now_ns = w->now_ns;
	o->actor = a == NULL ? 0 : a->self->id;
	o->actor_name = a == NULL ? "" : a->self->name;
	o->actor_type = a == NULL ? "" : a->class->desc->name;
	o->event = e == NULL ? NULL : &w->told;
	o->data = e == NULL ? NULL : e->data;
	o->code = code;
	o->was_queued = was_queued;
	o->tracked = e != NULL && mk_has_receipt(e);
	if (e != NULL)
		describe(w, e);
	call_hooks(w, o);
}

/* Outside the callbacks of actors, and what a hook has caused: then the observation that it was given is as it was
 * when it goes on. */
static MK_NOINLINE void tell_apart(mk_worker *w, maiko_observation_kind kind, const mk_actor *a, const mk_event *e,
				   int64_t code, bool was_queued)
{
	maiko_observation observation = w->observation;
	maiko_envelope told = w->told;
	mk_worker *inside = mk_inside;
	mk_inside = w;
	w->telling++;
	tell(w, kind, a, e, code, was_queued);
	mk_inside = inside;
	if (--w->telling == 0) {
		compact(w);
	} else {
		w->observation = observation;
		w->told = told;
	}
}

MK_NOINLINE void mk_notify(mk_worker *w, maiko_observation_kind kind, const mk_actor *a, const mk_event *e,
			   int64_t code, bool was_queued)
{
	if (a != NULL &&
	    MK_UNLIKELY(a->shadow)) { /* its events count as delivered when the actor has arrived (migrate.c) */
		if (kind == MAIKO_OBSERVED_DELIVERED)
			return;
		was_queued = false;
	}
	if (MK_UNLIKELY(w->actor == NULL || w->telling != 0)) {
		tell_apart(w, kind, a, e, code, was_queued);
		return;
	}
	assert(mk_inside == w);
	w->telling = 1;
	tell(w, kind, a, e, code, was_queued);
	w->telling = 0;
	if (MK_UNLIKELY(w->detached))
		compact(w);
}

void mk_notify_group_failed(mk_worker *w, const maiko_group_failed *failed)
{
	maiko_observation o = {.kind = MAIKO_OBSERVED_GROUP_FAILED,
			       .supervisor = w->sup,
			       .worker = w->index + 1,
			       .now_ns = w->now_ns,
			       .actor_name = "",
			       .actor_type = "",
			       .data = failed,
			       .code = failed->error};
	assert(w->actor == NULL && w->telling == 0);
	mk_inside = w;
	w->telling = 1;
	call_hooks(w, &o);
	w->telling = 0;
	mk_inside = NULL;
	compact(w);
}

/* ---- on a worker -------------------------------------------------------------------------- */

static void attach(mk_worker *w, maiko_monitor *m)
{
	for (uint32_t i = 0; i < w->monitor_count; i++)
		if (w->monitors[i] == m)
			return;
	mk_routes_forget(w);
	w->observation.supervisor = w->sup;
	w->observation.worker = w->index + 1;
	w->monitors[w->monitor_count++] = m; /* never inside a hook, so there are at most MAIKO_MONITORS_MAX */
	set_watched(w);
}

static void detach(mk_worker *w, const maiko_monitor *m)
{
	for (uint32_t i = 0; i < w->monitor_count; i++)
		if (w->monitors[i] == m) {
			w->monitors[i] = &none;
			w->detached = true;
		}
	if (w->telling == 0)
		compact(w);
}

void mk_monitor_welcome(mk_worker *w)
{
	for (uint32_t i = 0; i < w->sup->monitor_count; i++)
		if (w->sup->monitors[i]->watches)
			attach(w, w->sup->monitors[i]);
}

/* ---- a change, posted to all workers ---------------------------------------------------------- */

typedef struct mk_monitor_request request;

/* The part of a worker in a request. */
typedef struct order {
	mk_message message;
	request *of;
} order;

struct mk_monitor_request {
	request *next; /* of sup->telling_requests */
	mk_sup *sup;
	maiko_monitor *monitor; /* may be freed before the last drop */
	bool watches, removes;
	bool waited_for; /* a caller waits for the request, and frees it */
	uint32_t left;   /* under the lock: workers, and mk_monitor_tell, that have not applied it */
	order orders[];
};

/* Removes the monitor from the supervisor's array. With the lock. */
static void forget(const maiko_monitor *m)
{
	mk_sup *sup = m->sup;
	uint32_t i = 0;
	while (sup->monitors[i] != m)
		i++;
	memmove(&sup->monitors[i], &sup->monitors[i + 1], (--sup->monitor_count - i) * sizeof sup->monitors[0]);
}

/* Calls `removed` and frees the monitor, after its last hook has returned. Without the lock. */
static void free_removed(maiko_monitor *m)
{
	if (m->removed != NULL)
		m->removed(m->arg);
	mk_free(m);
}

/* One party has applied the request. With the lock, which it releases. */
static void applied(mk_sup *sup, request *r)
{
	bool last = --r->left == 0, mine = last && !r->waited_for;
	maiko_monitor *gone = mine && r->removes ? r->monitor : NULL;
	if (gone != NULL)
		forget(gone);
	if (last)
		uv_cond_broadcast(&sup->cond);
	mk_unlock(sup);
	if (gone != NULL)
		free_removed(gone);
	if (mine)
		mk_free(r);
}

static void run(mk_worker *w, mk_message *message)
{
	request *r = MK_OF(message, order, message)->of;
	mk_sup *sup = w->sup;
	mk_lock(sup);
	if (!r->watches)
		detach(w, r->monitor);
	else if (r->monitor->watches) /* else a later pause or removal already applies */
		attach(w, r->monitor);
	applied(sup, r);
}

/* The supervisor is being freed: no thread waits, and the monitor is freed. */
static void drop(mk_message *message)
{
	request *r = MK_OF(message, order, message)->of;
	if (--r->left == 0)
		mk_free(r);
}

/* The stop has given up a callback that does not return: that callback may still cause observations. */
static bool is_given_up(const mk_sup *sup) { return mk_state_of(sup) == MK_ABANDONED && !sup->seam.simulated; }

static bool is_running(const mk_sup *sup) { return mk_state_of(sup) != MK_NEW && mk_state_of(sup) < MK_STOPPED; }

/* With the lock, while no worker runs. */
static void apply_to_all(mk_sup *sup, maiko_monitor *m, bool watches)
{
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		if (watches)
			attach(sup->workers[i], m);
		else
			detach(sup->workers[i], m);
	}
}

/* Removes and frees a monitor. With the lock, which it releases and takes again. */
static void remove_now(maiko_monitor *m)
{
	mk_sup *sup = m->sup;
	forget(m);
	mk_unlock(sup);
	free_removed(m);
	mk_lock(sup);
}

/* With the lock. */
static int send_request(maiko_monitor *m, bool watches, bool removes, bool wait, maiko_monitor **ret_monitor,
			request **ret_request)
{
	mk_sup *sup = m->sup;
	uint32_t count = mk_worker_total(sup);
	request *r = mk_calloc(1, sizeof *r + count * sizeof r->orders[0]);
	if (r == NULL)
		return MAIKO_ENOMEM;
	*r = (request){.sup = sup,
		       .monitor = m,
		       .watches = watches,
		       .removes = removes,
		       .waited_for = wait,
		       .left = count + (sup->telling ? 1 : 0)};
	if (sup->telling) {
		r->next = sup->telling_requests;
		sup->telling_requests = r;
	}
	if (ret_monitor != NULL)
		*ret_monitor = m; /* set before the first hook, which may use it */
	for (uint32_t i = 0; i < count; i++) {
		r->orders[i] = (order){{.run = run, .drop = drop, .post = MK_POST_UNSEEN}, r};
		mk_lane_post(sup->workers[i], &r->orders[i].message);
	}
	*ret_request = r;
	return 0;
}

/* The workers have ended: waits until no hook runs any more, except in a hook. With the lock, which it releases
 * meanwhile. */
static void await_telling(mk_sup *sup)
{
	uv_thread_t self = uv_thread_self();
	while (sup->telling && !uv_thread_equal(&self, &sup->telling_thread))
		mk_await(sup);
}

static int fail_given_up(void)
{
	return mk_fail_text(MAIKO_ETIMEDOUT,
			    "the stop has given up a callback that does not return: it may yet call a hook");
}

/* Waits until every worker has applied the request, or none runs any more. With the lock, which it
 * releases meanwhile. */
static int await(mk_sup *sup, request *r)
{
	maiko_monitor *m = r->monitor;
	bool watches = r->watches, removes = r->removes;
	while (r->left != 0 && is_running(sup))
		mk_await(sup);
	if (r->left == 0) {
		mk_free(r);
	} else { /* the request is dropped and freed with the workers */
		r->removes = r->waited_for = false;
		if (is_given_up(sup))
			return fail_given_up();
		await_telling(sup);
		apply_to_all(sup, m, watches);
	}
	if (removes)
		remove_now(m);
	return 0;
}

/* With the lock; the monitor may be gone when it returns. */
static int change(maiko_monitor *m, bool watches, bool removes, maiko_monitor **ret_monitor)
{
	mk_sup *sup = m->sup;
	request *r;
	bool wait = mk_may_wait();
	if (is_given_up(sup)) /* the stuck callback's worker may still read its array */
		return fail_given_up();
	if (!is_running(sup)) {
		m->watches = watches;
		await_telling(sup);
		if (ret_monitor != NULL)
			*ret_monitor = m;
		apply_to_all(sup, m, watches);
		if (removes)
			remove_now(m);
		return 0;
	}
	int rc = send_request(m, watches, removes, wait, ret_monitor, &r);
	if (rc != 0)
		return rc;
	m->watches = watches;
	m->leaving = removes;
	if (!watches && mk_inside != NULL && mk_inside->sup == sup)
		detach(mk_inside, m);
	return wait ? await(sup, r) : 0;
}

/* ---- public ---------------------------------------------------------------------------------- */

/* Fills its table of hooks; a kind without its own hook gets `any`. False: there is no hook at all. */
static bool fill(maiko_monitor *m, const maiko_hooks *hooks)
{
#define FILL(number, KIND, hook, text)                                                                                 \
	m->hooks[MAIKO_OBSERVED_##KIND] = hooks->hook != NULL ? hooks->hook : hooks->any;                              \
	m->kinds |= m->hooks[MAIKO_OBSERVED_##KIND] != NULL ? MK_KIND_BIT(MAIKO_OBSERVED_##KIND) : 0;
	MAIKO_OBSERVATION_MAP(FILL)
#undef FILL
	return m->kinds != 0;
}

int maiko_monitor_add(maiko_supervisor *sup, const maiko_hooks *hooks, void *arg, maiko_monitor **ret_monitor)
{
	if (sup == NULL || hooks == NULL || ret_monitor == NULL)
		return MK_NULL(sup, hooks, ret_monitor);
	if (mk_forked(sup))
		return mk_fail_forked();
	maiko_monitor *m = MK_NEW(maiko_monitor);
	if (m == NULL)
		return MAIKO_ENOMEM;
	m->sup = sup;
	m->arg = arg;
	int rc = MK_RESERVED("maiko_monitor_add", hooks);
	if (rc == 0 && !fill(m, hooks))
		rc = mk_fail_text(MAIKO_EINVAL, "maiko_monitor_add: hooks has no hook at all");
	mk_lock(sup);
	if (rc == 0 && sup->monitor_count == MAIKO_MONITORS_MAX)
		rc = mk_fail(MAIKO_E2BIG, "maiko_monitor_add: the supervisor has MAIKO_MONITORS_MAX monitors, %d",
			     MAIKO_MONITORS_MAX);
	if (rc == 0) {
		sup->monitors[sup->monitor_count++] = m;
		rc = change(m, true, false, ret_monitor);
		if (rc == 0 || m->watches)
			m = NULL; /* the supervisor owns it */
		else
			forget(m);
	}
	mk_unlock(sup);
	mk_free(m);
	return rc;
}

/* The next monitor that has a hook for that kind and was not called in this round. With the lock. */
static maiko_monitor *next_to_tell(mk_sup *sup, maiko_observation_kind kind)
{
	for (uint32_t i = 0; i < sup->monitor_count; i++) {
		maiko_monitor *m = sup->monitors[i];
		if (m->watches && m->told != sup->telling_round && m->hooks[kind] != NULL)
			return m;
	}
	return NULL;
}

/* While it calls hooks it takes part in each request, as the workers do: so no monitor is freed whose hook runs. */
void mk_monitor_tell(mk_sup *sup, const maiko_observation *observation)
{
	maiko_monitor *m;
	mk_lock(sup);
	sup->telling = true;
	sup->telling_thread = uv_thread_self();
	sup->telling_round++;
	while ((m = next_to_tell(sup, observation->kind)) != NULL) {
		m->told = sup->telling_round;
		mk_unlock(sup);
		m->hooks[observation->kind](m->arg, observation);
		mk_lock(sup);
	}
	sup->telling = false;
	request *r = sup->telling_requests;
	sup->telling_requests = NULL;
	uv_cond_broadcast(&sup->cond);
	while (r != NULL) {
		request *next = r->next;
		applied(sup, r);
		r = next;
		mk_lock(sup);
	}
	mk_unlock(sup);
}

static int change_public(maiko_monitor *m, bool watches, bool removes, void (*removed)(void *arg))
{
	if (m == NULL)
		return mk_fail_text(MAIKO_EINVAL, "the monitor is NULL");
	mk_sup *sup = m->sup;
	if (mk_forked(sup))
		return mk_fail_forked();
	mk_lock(sup);
	int rc = m->leaving ? mk_fail_text(MAIKO_ESTATE, "the monitor is being removed") : 0;
	if (rc == 0) {
		m->removed = removed;
		rc = change(m, watches, removes, NULL);
	}
	mk_unlock(sup);
	return rc;
}

int maiko_monitor_pause(maiko_monitor *monitor) { return change_public(monitor, false, false, NULL); }
int maiko_monitor_resume(maiko_monitor *monitor) { return change_public(monitor, true, false, NULL); }
int maiko_monitor_remove(maiko_monitor *monitor, void (*removed)(void *arg))
{
	return change_public(monitor, false, true, removed);
}

void mk_monitor_fini(mk_sup *sup)
{
	while (sup->monitor_count > 0) {
		maiko_monitor *m = sup->monitors[sup->monitor_count - 1];
		apply_to_all(sup, m, false);
		forget(m);
		if (m->leaving)
			free_removed(m);
		else
			mk_free(m);
	}
}
