/*
 * invariant.c - see maiko/observe/invariant.h.
 *
 * First events that wait for their answer are in a list in the order of observation, which is nearly the order of their
 * times: workers read their clocks once a turn. So those whose time is over are at its front. Each is also in a hash
 * table by correlation, where an answer by correlation is looked up; an answer by a function is compared with all.
 */
#include <maiko/observe/invariant.h>

#include "base/error.h"
#include "runtime/runtime.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct waiting {
	struct waiting *next, *previous; /* in the order seen */
	struct waiting *next_of_chain;
	maiko_envelope envelope;
	char sender[MAIKO_NAME_MAX + 1]; /* a copy of its sender's name: the sender may be gone */
	_Alignas(16) unsigned char data[];
} waiting;

struct maiko_invariant {
	maiko_supervisor *sup;
	const maiko_event_type *first, *then;
	maiko_followed_by_options options;
	maiko_monitor *monitor;
	uv_mutex_t lock;
	waiting *oldest, *newest;
	uint32_t open;
	uint64_t violations;
	uint32_t chain_count; /* a power of two */
	waiting *chains[];
};

static uint64_t within_ns(const maiko_invariant *v) { return v->options.within_ms * UINT64_C(1000000); }

/* ---- those that wait, with the lock ---------------------------------------------------------- */

static waiting **chain_of(maiko_invariant *v, maiko_id correlation)
{
	uint64_t h = (correlation.sequence ^ correlation.origin) * UINT64_C(0x9e3779b97f4a7c15);
	return &v->chains[(h >> 32) & (v->chain_count - 1)];
}

static void take_out(maiko_invariant *v, waiting *x)
{
	waiting **at = chain_of(v, x->envelope.correlation);
	while (*at != x)
		at = &(*at)->next_of_chain;
	*at = x->next_of_chain;
	if (x->previous != NULL)
		x->previous->next = x->next;
	else
		v->oldest = x->next;
	if (x->next != NULL)
		x->next->previous = x->previous;
	else
		v->newest = x->previous;
	v->open--;
}

static void put_in(maiko_invariant *v, waiting *x)
{
	waiting **chain = chain_of(v, x->envelope.correlation);
	x->next_of_chain = *chain;
	*chain = x;
	x->next = NULL;
	x->previous = v->newest;
	if (v->newest != NULL)
		v->newest->next = x;
	else
		v->oldest = x;
	v->newest = x;
	v->open++;
}

/* ---- violations, with the lock ----------------------------------------------------------------- */

static void violated(maiko_invariant *v, int code, const maiko_envelope *first, const void *data,
		     const maiko_envelope *then, uint64_t late_ms)
{
	char text[256];
	const char *what = code == MAIKO_E2BIG    ? "is not watched, too many wait"
			   : code == MAIKO_ENOMEM ? "is not watched, there is no memory"
			   : then == NULL         ? "is not followed"
						  : "is followed too late";
	snprintf(text, sizeof text, "followed by: %s #%" PRIu64 " from %s %s: by %s within %" PRIu64 " ms",
		 v->first->layout->name, first->id.sequence, first->sender, what, v->then->layout->name,
		 v->options.within_ms);
	v->violations++;
	const mk_seam *seam = &v->sup->seam;
	if (seam->broken != NULL)
		seam->broken(seam->arg, text);
	maiko_violation violation = {.code = code,
				     .first = first,
				     .data = data,
				     .then = then,
				     .late_ms = late_ms,
				     .text = text,
				     .invariant = v};
	if (v->options.violated != NULL)
		v->options.violated(v->options.arg, &violation);
}

/* Ends those whose time was over at `now_ns` (of envelopes: since 1970). */
static void expire(maiko_invariant *v, uint64_t now_ns)
{
	while (v->oldest != NULL) {
		waiting *x = v->oldest;
		uint64_t since_ns = x->envelope.timestamp_ns;
		if (now_ns <= since_ns || now_ns - since_ns <= within_ns(v))
			return;
		take_out(v, x);
		violated(v, MAIKO_EBROKEN, &x->envelope, x->data, NULL, (now_ns - since_ns) / 1000000);
		free(x);
	}
}

/* ---- what is seen ---------------------------------------------------------------------------------- */

static bool answers(const maiko_invariant *v, const waiting *x, const maiko_observation *s)
{
	return v->options.match != NULL ? v->options.match(x->data, s->data)
					: maiko_id_equal(x->envelope.correlation, s->event->correlation);
}

static void see_then(maiko_invariant *v, const maiko_observation *s)
{
	bool by_chain = v->options.match == NULL;
	waiting *next, *x = by_chain ? *chain_of(v, s->event->correlation) : v->oldest;
	for (; x != NULL; x = next) {
		next = by_chain ? x->next_of_chain : x->next;
		if (!answers(v, x, s))
			continue;
		uint64_t since_ns = x->envelope.timestamp_ns, now_ns = s->event->timestamp_ns;
		uint64_t late_ns = now_ns > since_ns ? now_ns - since_ns : 0;
		take_out(v, x);
		if (late_ns > within_ns(v))
			violated(v, MAIKO_EBROKEN, &x->envelope, x->data, s->event, late_ns / 1000000);
		free(x);
	}
}

static void see_first(maiko_invariant *v, const maiko_observation *s)
{
	uint32_t size = s->event->type->layout->size;
	waiting *x = NULL;
	int code = v->open >= v->options.open_max ? MAIKO_E2BIG : MAIKO_ENOMEM;
	if (code == MAIKO_ENOMEM)
		x = malloc(sizeof *x + size);
	if (x == NULL) {
		violated(v, code, s->event, s->data, NULL, 0);
		return;
	}
	x->envelope = *s->event;
	snprintf(x->sender, sizeof x->sender, "%s", s->event->sender);
	x->envelope.sender = x->sender;
	memcpy(x->data, s->data, size);
	put_in(v, x);
}

static bool is_of(const maiko_observation *s, const maiko_event_type *type)
{
	maiko_any any = {s->event->type, s->data};
	return s->event->type == type || maiko_any_as(&any, type) != NULL;
}

/* The answer first: if it is in time, the event before it has not expired, even if no observation came in between. */
static void see(void *arg, const maiko_observation *s)
{
	maiko_invariant *v = arg;
	bool first = is_of(s, v->first), then = !first && is_of(s, v->then);
	if (!first && !then)
		return;
	uv_mutex_lock(&v->lock);
	if (then)
		see_then(v, s);
	expire(v, s->event->timestamp_ns);
	if (first)
		see_first(v, s);
	uv_mutex_unlock(&v->lock);
}

/* ---- at each step of a simulation --------------------------------------------------------------------- */

static void check_step(void *arg) { (void)maiko_invariant_check(arg); }

static int begin_checks(maiko_invariant *v)
{
	const mk_seam *seam = &v->sup->seam;
	return seam->add_check == NULL ? 0 : seam->add_check(seam->arg, check_step, v);
}

static void end_checks(maiko_invariant *v)
{
	const mk_seam *seam = &v->sup->seam;
	if (seam->remove_check != NULL)
		seam->remove_check(seam->arg, check_step, v);
}

/* ---- public -------------------------------------------------------------------------------------------- */

static int check_options(maiko_followed_by_options *o)
{
	int rc = MK_RESERVED("an invariant", o);
	if (rc != 0)
		return rc;
	if (o->open_max == 0)
		o->open_max = MAIKO_INVARIANT_OPEN;
	if (o->open_max > MAIKO_INVARIANT_OPEN_MAX)
		return mk_fail(MAIKO_EINVAL, "an invariant: .open_max is %u; at most MAIKO_INVARIANT_OPEN_MAX, %u",
			       o->open_max, (unsigned)MAIKO_INVARIANT_OPEN_MAX);
	if (o->within_ms > UINT64_MAX / 1000000)
		return mk_fail(MAIKO_EINVAL, "an invariant: .within_ms is %llu; at most %llu",
			       (unsigned long long)o->within_ms, (unsigned long long)(UINT64_MAX / 1000000));
	return 0;
}

static maiko_invariant *invariant_new(maiko_supervisor *sup, const maiko_followed_by_options *o)
{
	uint32_t chains = 16;
	while (chains < o->open_max)
		chains *= 2;
	maiko_invariant *v = calloc(1, sizeof *v + chains * sizeof v->chains[0]);
	if (v == NULL || uv_mutex_init(&v->lock) != 0) {
		free(v);
		return NULL;
	}
	v->sup = sup;
	v->options = *o;
	v->chain_count = chains;
	return v;
}

static void invariant_free(maiko_invariant *v)
{
	while (v->oldest != NULL) {
		waiting *x = v->oldest;
		take_out(v, x);
		assert(v->oldest != x);
		free(x);
	}
	uv_mutex_destroy(&v->lock);
	free(v);
}

int maiko_invariant_followed_by(maiko_supervisor *sup, const maiko_event_type *first, const maiko_event_type *then,
				maiko_invariant **ret_invariant, const maiko_followed_by_options *options)
{
	static const maiko_followed_by_options plain;
	if (sup == NULL || first == NULL || then == NULL || ret_invariant == NULL)
		return MK_NULL(sup, first, then, ret_invariant);
	if (first == then)
		return mk_fail(MAIKO_EINVAL, "an invariant: '%s' cannot be followed by itself", first->layout->name);
	maiko_followed_by_options o = options == NULL ? plain : *options;
	int rc = check_options(&o);
	if (rc != 0)
		return rc;
	maiko_invariant *v = invariant_new(sup, &o);
	if (v == NULL)
		return MAIKO_ENOMEM;
	v->first = first;
	v->then = then;
	rc = begin_checks(v);
	if (rc == 0)
		rc = maiko_monitor_add(sup, &(maiko_hooks){.dispatched = see}, v, &v->monitor);
	if (rc != 0) {
		end_checks(v);
		invariant_free(v);
		return rc;
	}
	*ret_invariant = v;
	return 0;
}

int maiko_invariant_check(maiko_invariant *v)
{
	if (v == NULL)
		return mk_fail(MAIKO_EINVAL, "the invariant is NULL");
	if (mk_forked(v->sup))
		return mk_fail_forked();
	const mk_seam *seam = &v->sup->seam;
	uv_mutex_lock(&v->lock);
	expire(v, mk_now(seam) + seam->wall_offset_ns);
	bool fine = v->violations == 0;
	uv_mutex_unlock(&v->lock);
	return fine ? 0 : mk_fail(MAIKO_EBROKEN, "the invariant does not hold");
}

uint64_t maiko_invariant_violations(maiko_invariant *v)
{
	if (v == NULL)
		return 0;
	uv_mutex_lock(&v->lock);
	uint64_t violations = v->violations;
	uv_mutex_unlock(&v->lock);
	return violations;
}

uint32_t maiko_invariant_open(maiko_invariant *v)
{
	if (v == NULL)
		return 0;
	uv_mutex_lock(&v->lock);
	uint32_t open = v->open;
	uv_mutex_unlock(&v->lock);
	return open;
}

maiko_invariant *maiko_invariant_free(maiko_invariant *v)
{
	if (v == NULL)
		return NULL;
	int rc = maiko_monitor_remove(v->monitor, NULL);
	if (rc == MAIKO_EFORK)
		return v;
	if (rc == MAIKO_ETIMEDOUT)
		return NULL; /* a callback that does not return may yet call the hook */
	end_checks(v);
	invariant_free(v);
	return NULL;
}
