/*
 * group_failure.c - see group_failure.h.
 */
#include "lifecycle/group_failure.h"

#include "base/error.h"
#include "base/memory.h"
#include "observe/note.h"
#include "registry/failure.h"
#include "routing/news.h"

#include <maiko/lifecycle.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- in words ---------------------------------------------------------------------------------- */

/* Appends to the chain. Its memory suffices (group.c). */
static void __attribute__((format(printf, 2, 3))) tell(mk_groups *all, const char *format, ...)
{
	size_t length = strlen(all->chain);
	va_list args;
	va_start(args, format);
	(void)vsnprintf(all->chain + length, all->chain_size - length, format, args);
	va_end(args);
}

static void tell_name(mk_groups *all, const mk_group *g)
{
	if (g->member.group == NULL)
		tell(all, "the supervisor");
	else
		tell(all, "the group '%s'", g->name);
}

static void tell_chain(mk_groups *all, const mk_care *c)
{
	const mk_actor *a = c->actor;
	if (c->code == 0) {
		tell(all, "the actor '%s', which is permanent, has ended", a->self->name);
	} else {
		tell(all, "the actor '%s' failed in %s", a->self->name, maiko_phase_text(c->phase));
		if (c->event[0] != '\0')
			tell(all, " of '%s'", c->event);
		tell(all, ": %s", a->extra->detail != NULL ? a->extra->detail : maiko_strerror(c->code));
	}
	for (const mk_group *g = c->member.group; g != NULL; g = g->member.group) {
		tell(all, "; ");
		tell_name(all, g);
		tell(all, " had restarted %u time%s within %llu ms", g->limit, g->limit == 1 ? "" : "s",
		     (unsigned long long)g->within_ms);
	}
}

/* The supervisor is to stop because of the actor. False: it does already, because of another. */
static bool decide(mk_sup *sup, const mk_care *c)
{
	mk_failures *f = sup->failures;
	int code = c->code != 0 ? c->code : MAIKO_EFAILED;
	sup->groups->fatal = code;
	if (f->status != 0)
		return false;
	f->status = code;
	f->phase = c->phase;
	memcpy(f->decisive, c->actor->self->name, strlen(c->actor->self->name) + 1);
	return true;
}

/* The root has failed because of the actor, and each group between them. */
static void root_failed(mk_sup *sup, const mk_care *c)
{
	if (decide(sup, c))
		tell_chain(sup->groups, c);
}

/* A group that has failed, because of an actor of that worker. */
typedef struct mk_failed_group {
	maiko_group_failed failed;
	const mk_worker *worker;
} mk_failed_group;

/* The group has failed because of the actor; mk_groups_tell publishes that. */
static void note_group_failed(mk_groups *all, const mk_group *g, const mk_care *c)
{
	if (mk_reserve((void **)&all->failed, &all->failed_size, all->failed_count + 1, sizeof *all->failed) != 0) {
		all->untold++;
		return;
	}
	mk_failed_group *f = &all->failed[all->failed_count++];
	f->worker = c->actor->worker;
	maiko_group_failed *failed = &f->failed;
	*failed = (maiko_group_failed){.group = g->id,
				       .actor = c->actor->self->id,
				       .error = c->code,
				       .restarts = g->limit,
				       .within_ms = g->within_ms};
	mk_name_copy(failed->name, g->name);
	mk_name_copy(failed->actor_name, c->actor->self->name);
}

void mk_groups_tell(mk_worker *w)
{
	mk_groups *all = w->sup->groups;
	uint32_t others = 0;
	for (uint32_t i = 0; i < all->failed_count; i++)
		if (all->failed[i].worker == w)
			mk_news_add(w, MK_TYPE_GROUP_FAILED, &all->failed[i].failed, NULL);
		else
			all->failed[others++] = all->failed[i];
	all->failed_count = others;
	mk_count_add(&w->untold, all->untold);
	all->untold = 0;
}

mk_group *mk_group_blame(mk_sup *sup, mk_care *c, mk_member **ret_member)
{
	mk_member *m = &c->member;
	bool counts = c->counts;
	for (mk_group *g = m->group; g != NULL; m = &g->member, g = m->group, counts = true) {
		*ret_member = m;
		if (!counts || mk_group_count(g, c->report_ns))
			return g;
		g->failed++;
		note_group_failed(sup->groups, g, c);
	}
	root_failed(sup, c);
	return NULL;
}

/* ---- a member that does not stop ---------------------------------------------------------------- */

/* Why it may not have stopped yet. */
static const char *hindrance(const mk_actor *a)
{
	if (atomic_load_explicit(&a->worker->running, memory_order_relaxed) == a->self)
		return "a callback of it does not return";
	if (__atomic_load_n(&a->status, __ATOMIC_RELAXED) == MAIKO_ACTOR_RESTARTING)
		return "a handle that it has adopted does not close";
	return "its worker has not come to it";
}

void mk_group_is_overdue(mk_sup *sup, const mk_group *g, mk_care *c)
{
	mk_note_sup(sup, MK_NOTE_GROUP, c->actor->self->id, MK_IS_OVERDUE);
	c->code = MAIKO_ETIMEDOUT;
	c->phase = MAIKO_PHASE_STOP;
	if (!decide(sup, c))
		return;
	tell_name(sup->groups, g);
	tell(sup->groups, " restarts, and the actor '%s' has not stopped within %llu ms: %s", c->actor->self->name,
	     (unsigned long long)g->stop_ms, hindrance(c->actor));
}
