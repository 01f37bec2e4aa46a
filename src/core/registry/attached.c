/*
 * attached.c - see attached.h.
 */
#include "registry/attached.h"

#include "registry/members.h"
#include "registry/pattern.h"

/* ---- making a list ---------------------------------------------------------------------------- */

typedef struct maker {
	mk_worker *worker;
	mk_topic *topic;
} maker;

static int attach(void *arg, mk_trie_entry *entry)
{
	const maker *m = arg;
	mk_topic *t = m->topic;
	uint32_t index = mk_record_of_entry(entry)->index;
	bool may_make = mk_topic_may_follow(m->worker);
	mk_topic *view = may_make ? mk_topic_here(m->worker, index) : mk_topic_known(m->worker, index);
	if (view == NULL)
		return may_make ? MAIKO_ENOMEM : 0;
	bool empty = view->sub_count == 0 && view->remote == 0;
	if (mk_is_group(view)) /* what it has may come under the next marker (members.h) */
		empty = may_make && view->record->subscribers == 0;
	if (empty)
		return 0;
	int rc = mk_reserve((void **)&t->attached, &t->attached_size, t->attached_count + 1, sizeof(mk_topic *));
	if (rc == 0)
		t->attached[t->attached_count++] = view;
	return rc;
}

int mk_attached_make(mk_worker *w, mk_topic *t)
{
	if ((t->attaches & MK_STALE) == 0)
		return 0;
	t->attached_count = 0;
	uv_mutex_lock(&w->sup->lock);
	int rc = mk_patterns_meeting(w->sup, t->record->desc.name, attach, &(maker){w, t});
	uv_mutex_unlock(&w->sup->lock);
	if (rc == 0)
		t->attaches = t->attached_count != 0 ? MK_ATTACHED : 0;
	return rc;
}

static int mark_stale(void *arg, mk_trie_entry *entry)
{
	mk_topic *t = mk_topic_known(arg, mk_record_of_entry(entry)->index);
	if (t != NULL)
		t->attaches |= MK_STALE;
	return 0;
}

void mk_attached_forget(mk_worker *w, const mk_record *pattern)
{
	(void)mk_topics_meeting(w->sup, pattern->desc.name, mark_stale, w);
}

void mk_attached_refresh(mk_worker *w)
{
	for (const mk_record *r = w->sup->patterns.changed; r != NULL; r = r->next_changed)
		mk_attached_forget(w, r);
}

/* ---- reading a list --------------------------------------------------------------------------- */

typedef struct reader {
	mk_worker *worker;
	int (*visit)(void *arg, mk_topic *view);
	void *arg;
} reader;

static int read_known(void *arg, mk_trie_entry *entry)
{
	const reader *r = arg;
	mk_topic *view = mk_topic_known(r->worker, mk_record_of_entry(entry)->index);
	return view == NULL ? 0 : r->visit(r->arg, view);
}

int mk_attached_each(mk_worker *w, mk_topic *t, const mk_record *r, int (*visit)(void *arg, mk_topic *view), void *arg)
{
	int rc = 0;
	if (t != NULL && (t->attaches & MK_STALE) == 0) {
		for (uint32_t i = 0; rc == 0 && i < t->attached_count; i++)
			rc = visit(arg, t->attached[i]);
		return rc;
	}
	uv_mutex_lock(&w->sup->lock);
	if (mk_record_is_matched(r))
		rc = mk_patterns_meeting(w->sup, r->desc.name, read_known, &(reader){w, visit, arg});
	uv_mutex_unlock(&w->sup->lock);
	return rc;
}

typedef struct finder {
	const mk_actor *actor;
	mk_sub *found;
	mk_topic *view;
} finder;

static int find(void *arg, mk_topic *view)
{
	finder *f = arg;
	f->found = mk_topic_sub(view, f->actor);
	f->view = view;
	return f->found != NULL;
}

mk_sub *mk_attached_sub(mk_worker *w, const mk_record *topic, const mk_actor *a, mk_topic **ret_view)
{
	finder f = {.actor = a};
	mk_topic *t = mk_topic_known(w, topic->index);
	if ((t == NULL || find(&f, t) == 0) && mk_attached_each(w, t, topic, find, &f) == 0)
		(void)find(&f, w->all);
	if (ret_view != NULL)
		*ret_view = f.view;
	return f.found;
}

typedef struct search {
	const mk_worker *worker;
	const mk_topic *until;
	const mk_actor *actor;
	uint64_t marker;
} search;

enum { HAS_NONE = 1, HAS_ONE };

static int search_view(void *arg, mk_topic *view)
{
	const search *s = arg;
	const mk_sub *sub = view == s->until ? NULL : mk_topic_sub(view, s->actor);
	if (view == s->until)
		return HAS_NONE;
	return sub != NULL && mk_takes_part(s->worker, sub, s->marker) ? HAS_ONE : 0;
}

MK_NOINLINE bool mk_attached_earlier(mk_worker *w, const mk_record *topic, const mk_topic *view, const mk_actor *a,
				     uint64_t marker)
{
	mk_topic *t = mk_topic_known(w, topic->index);
	search s = {w, view, a, marker};
	int rc = t == NULL ? 0 : search_view(&s, t);
	return (rc == 0 ? mk_attached_each(w, t, topic, search_view, &s) : rc) == HAS_ONE;
}

static int is_marked(void *arg, mk_topic *view)
{
	(void)arg;
	return view->marked;
}

bool mk_attached_left(mk_worker *w, mk_topic *t, const mk_actor *a)
{
	return (t->marked || mk_attached_each(w, t, t->record, is_marked, NULL) != 0) &&
	       mk_attached_sub(w, t->record, a, NULL) == NULL;
}

/* ---- sums ------------------------------------------------------------------------------------- */

uint64_t mk_attached_remote(const mk_topic *t)
{
	uint64_t remote = 0;
	for (uint32_t i = 0; i < t->attached_count; i++)
		remote |= mk_is_group(t->attached[i]) ? 0 : t->attached[i]->remote;
	return remote;
}

uint64_t mk_attached_drops(const mk_topic *t)
{
	uint64_t drops = UINT64_MAX;
	for (uint32_t i = 0; i < t->attached_count; i++)
		if (!mk_is_group(t->attached[i]))
			drops &= t->attached[i]->remote_drops | ~t->attached[i]->remote;
	return drops;
}

uint32_t mk_attached_subs(const mk_topic *t)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < t->attached_count; i++)
		count += mk_is_group(t->attached[i]) ? 0 : t->attached[i]->sub_count;
	return count;
}

mk_actor *mk_attached_only(const mk_worker *w, const mk_topic *t)
{
	const mk_topic *all = w->all, *view = t->attached_count == 1 ? t->attached[0] : NULL;
	if (t->attaches != MK_ATTACHED || view == NULL || mk_is_group(view) || t->sub_count != 0 || t->changing ||
	    t->keeps || view->changing ||
	    (t->remote | view->remote | all->remote | all->sub_count | w->watched_sends) != 0 || t->checked ||
	    !mk_attached_may_be_simple(t))
		return NULL;
	return view->sub_count == 1 && view->subs[0].simple ? view->subs[0].actor : NULL;
}

void mk_attached_remember(const mk_worker *w, const mk_topic *t, mk_actor **only, uint64_t *version)
{
	mk_actor *a = mk_attached_only(w, t);
	if (a == NULL)
		return;
	*only = a;
	*version = w->route_version;
}
