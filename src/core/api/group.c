/*
 * group.c - the public calls on groups (maiko/group.h).
 */
#include "base/error.h"
#include "base/memory.h"
#include "observe/note.h"
#include "registry/group.h"
#include "runtime/callback.h"

#include <string.h>

/* ---- making ------------------------------------------------------------------------------------ */

static int check_options(const char *name, const maiko_group_options *o)
{
	int rc = MK_RESERVED("maiko_group", o);
	if (rc != 0)
		return rc;
	if (strcmp(name, MK_ROOT_NAME) == 0)
		return mk_fail(MAIKO_EINVAL,
			       "the name of a group is '" MK_ROOT_NAME "', which the report says of the root");
	if ((unsigned)o->strategy > MAIKO_REST_FOR_ONE)
		return mk_fail(MAIKO_EINVAL, "group '%s': .strategy is %d, which is no maiko_strategy", name,
			       (int)o->strategy);
	if (o->restarts > MAIKO_RESTARTS_MAX && o->restarts != MAIKO_UNLIMITED)
		return mk_fail(MAIKO_EINVAL,
			       "group '%s': .restarts is %u; at most MAIKO_RESTARTS_MAX, %u, or MAIKO_UNLIMITED", name,
			       o->restarts, MAIKO_RESTARTS_MAX);
	rc = mk_check_ms("group", name, ".within_ms", o->within_ms);
	if (rc == 0)
		rc = mk_check_ms("group", name, ".stop_ms", o->stop_ms);
	if (rc != 0)
		return rc;
	if ((unsigned)o->restart > MAIKO_PERMANENT)
		return mk_fail(MAIKO_EINVAL, "group '%s': .restart is %d, which is no maiko_restarting", name,
			       (int)o->restart);
	return mk_backoff_check("group", name, o->backoff);
}

/* Whether calls on groups are notes now: not before the start, which a replay begins by making the same groups. */
static bool is_noted(const mk_sup *sup) { return MK_UNLIKELY(sup->seam.noted) && mk_state_of(sup) != MK_NEW; }

static void note_made(mk_sup *sup, mk_worker *caller, const char *name, const maiko_group_options *o, int rc,
		      const mk_group *g)
{
	if (rc == 0 || caller != NULL) /* else it had no effect */
		mk_note_call(sup, caller, MK_NOTE_GROUP_MADE, 0, rc != 0 ? rc : (int64_t)g->id,
			     &(mk_call){.name = name, .group = o});
}

/* In a replay: the id, or the error, of the recording. */
static int made_before(const mk_sup *sup, mk_worker *caller, maiko_group_id *ret_id)
{
	mk_told told;
	if (!mk_caller_is_told(sup, caller, MK_NOTE_GROUP_MADE, MK_ANY_NUMBER, &told))
		return MAIKO_EBROKEN;
	if (told.value < 0)
		return (int)told.value;
	*ret_id = (maiko_group_id)told.value;
	return 0;
}

/* With the lock. */
static int make(mk_sup *sup, mk_worker *caller, const char *name, const maiko_group_options *o)
{
	mk_group *g = NULL;
	maiko_group_id id = 0;
	int rc = 0;
	bool noted = is_noted(sup), led = noted && sup->seam.led;
	if (led)
		rc = made_before(sup, caller, &id);
	else if (mk_state_of(sup) >= MK_STOPPING)
		rc = mk_fail(MAIKO_ESHUTDOWN, "maiko_group: group '%s': the supervisor is stopping or has stopped",
			     name);
	if (rc == 0 && id != 0)
		g = mk_group_find(sup, id); /* it is there: a callback that used it was repeated first */
	if (rc == 0 && g == NULL)
		rc = mk_group_new(sup, name, o, id, &g);
	if (noted && !led)
		note_made(sup, caller, name, o, rc, g);
	if (rc == 0 && o->ret_id != NULL)
		*o->ret_id = g->id;
	return rc;
}

static int group(mk_sup *sup, const maiko_ctx *ctx, const char *name, const maiko_group_options *options)
{
	static const maiko_group_options plain;
	const maiko_group_options *o = options != NULL ? options : &plain;
	int rc = mk_name_valid(name) ? check_options(name, o) : mk_name_fail("a group", name);
	if (rc != 0)
		return rc;
	mk_lock(sup);
	rc = make(sup, mk_caller(sup, ctx), name, o);
	mk_unlock(sup);
	return rc;
}

int maiko_supervisor_group(maiko_supervisor *sup, const char *name, const maiko_group_options *options)
{
	int rc = mk_check_sup(sup);
	return rc != 0 ? rc : group(sup, NULL, name, options);
}

int maiko_ctx_group(maiko_ctx *ctx, const char *name, const maiko_group_options *options)
{
	int rc = mk_check_ctx(ctx);
	return rc != 0 ? rc : group(ctx->worker->sup, ctx, name, options);
}

int maiko_find_group(maiko_supervisor *sup, const char *name, maiko_group_id *ret_id)
{
	int rc = mk_check_sup(sup);
	if (rc == 0 && (name == NULL || ret_id == NULL))
		rc = MK_NULL(name, ret_id);
	if (rc != 0)
		return rc;
	mk_lock(sup);
	const mk_group *g = mk_group_named(sup, name);
	maiko_group_id id = mk_note_found(sup, g == NULL ? 0 : g->id);
	mk_unlock(sup);
	if (id == 0)
		return mk_fail(MAIKO_ENOENT, "maiko_find_group: there is no group '%s'", name);
	*ret_id = id;
	return 0;
}

/* ---- removing ---------------------------------------------------------------------------------- */

typedef struct actor_ids {
	maiko_actor_id *ids;
	uint32_t count, size;
} actor_ids;

/* The actors of the group and its groups, the last first. */
static int collect(const mk_group *g, actor_ids *ids)
{
	for (mk_care *c = mk_care_last(g); c != NULL; c = mk_care_before(g, g->first, c)) {
		if (mk_reserve((void **)&ids->ids, &ids->size, ids->count + 1, sizeof *ids->ids) != 0)
			return MAIKO_ENOMEM;
		ids->ids[ids->count++] = c->actor->self->id;
	}
	return 0;
}

static void mark_removing(mk_group *g)
{
	g->removing = true;
	for (mk_member *m = g->first; m != NULL; m = m->next)
		if (m->is_group)
			mark_removing(mk_group_of_member(m));
}

/* Frees its groups that have no actors, and then itself if it has none. */
static void release_empty(mk_sup *sup, mk_group *g)
{
	if (g->first == NULL) {
		mk_group_release(sup, g);
		return;
	}
	for (mk_member *m = g->first, *next; m != NULL; m = next) { /* the last one may free g */
		next = m->next;
		if (m->is_group)
			release_empty(sup, mk_group_of_member(m));
	}
}

/* With the lock. */
static int begin_removal(mk_sup *sup, maiko_group_id id, actor_ids *ids)
{
	mk_group *g = id == 0 ? NULL : mk_group_find(sup, id);
	int state = mk_state_of(sup);
	if (g == NULL || (g->removing && g->first == NULL))
		return mk_fail(MAIKO_ENOENT, "maiko_remove_group: %llu: there is no such group",
			       (unsigned long long)id);
	if (state >= MK_STOPPING)
		return mk_fail(MAIKO_ESHUTDOWN,
			       "maiko_remove_group: group '%s': the supervisor is stopping or has stopped", g->name);
	if (mk_care_last(g) != NULL && state < MK_STARTED)
		return mk_fail(MAIKO_ESTATE,
			       "maiko_remove_group: group '%s' has actors, and the supervisor has not been started",
			       g->name);
	int rc = collect(g, ids);
	if (rc != 0)
		return rc;
	mark_removing(g);
	release_empty(sup, g);
	return 0;
}

static void note_removal(mk_sup *sup, mk_worker *caller, maiko_group_id id, const actor_ids *ids, int rc)
{
	if (caller == NULL && rc == 0)
		mk_note_sup(sup, MK_NOTE_GROUP_REMOVED, id, 0);
	if (caller == NULL)
		return;
	mk_note_here(caller, MK_NOTE_GROUP_REMOVED, id, rc != 0 ? (int64_t)rc : (int64_t)ids->count);
	for (uint32_t i = 0; rc == 0 && i < ids->count; i++)
		mk_note_here(caller, MK_NOTE_GROUP_REMOVED, ids->ids[i], 0);
}

/* Which actors a callback removed in the recording: here they may have gone before, or have not come yet. What an
 * external thread removed is repeated by notes of its own. */
static int removal_told(mk_worker *caller, maiko_group_id id, actor_ids *ids, int rc)
{
	mk_told told, one;
	ids->count = 0;
	if (caller == NULL)
		return rc;
	if (!mk_is_told(caller, MK_NOTE_GROUP_REMOVED, id, &told))
		return MAIKO_EBROKEN;
	while (ids->count < told.value) {
		if (!mk_is_told(caller, MK_NOTE_GROUP_REMOVED, MK_ANY_NUMBER, &one))
			return MAIKO_EBROKEN;
		if (mk_reserve((void **)&ids->ids, &ids->size, ids->count + 1, sizeof *ids->ids) != 0)
			return MAIKO_ENOMEM;
		ids->ids[ids->count++] = one.number;
	}
	return told.value < 0 ? (int)told.value : 0;
}

static int remove_group(mk_sup *sup, maiko_ctx *ctx, maiko_group_id id)
{
	actor_ids ids = {NULL, 0, 0};
	mk_worker *caller = mk_caller(sup, ctx);
	mk_lock(sup);
	int rc = begin_removal(sup, id, &ids);
	if (is_noted(sup) && sup->seam.led)
		rc = removal_told(caller, id, &ids, rc);
	else if (is_noted(sup))
		note_removal(sup, caller, id, &ids, rc);
	mk_unlock(sup);
	for (uint32_t i = 0; rc == 0 && i < ids.count; i++) {
		rc = ctx != NULL ? maiko_ctx_remove(ctx, ids.ids[i], NULL)
				 : maiko_supervisor_remove(sup, ids.ids[i], NULL);
		if (rc == MAIKO_ENOENT) /* it has ended meanwhile */
			rc = 0;
	}
	mk_free(ids.ids);
	return rc;
}

int maiko_supervisor_remove_group(maiko_supervisor *sup, maiko_group_id group)
{
	int rc = mk_check_sup(sup);
	return rc != 0 ? rc : remove_group(sup, NULL, group);
}

int maiko_ctx_remove_group(maiko_ctx *ctx, maiko_group_id group)
{
	int rc = mk_check_ctx(ctx);
	return rc != 0 ? rc : remove_group(ctx->worker->sup, ctx, group);
}
