/*
 * news.c - see news.h.
 */
#include "routing/news.h"

#include "base/memory.h"
#include "observe/monitor.h"

void mk_news_add(mk_worker *w, mk_own_type type, const void *value, const mk_event *about)
{
	const mk_type *t = mk_own_type_of(w->sup, type);
	bool watched = type == MK_TYPE_GROUP_FAILED && mk_is_watched(w, MAIKO_OBSERVED_GROUP_FAILED);
	if (!watched && !mk_news_wanted(w, t->topic))
		return;
	mk_event *e = mk_reserve((void **)&w->news, &w->news_size, w->news_count + 1, sizeof *w->news) != 0
			      ? NULL
			      : mk_event_make(&w->pool, t, value, NULL);
	if (e == NULL) {
		mk_count_add(&w->untold, 1);
		return;
	}
	static const maiko_id none;
	/* It gets its id and its time when it is published. */
	e->parent = about == NULL ? none : about->id;
	e->correlation = about == NULL ? none : about->correlation;
	e->sender = w->sup->own_sender;
	e->topic = mk_topic_known(w, t->topic);
	e->refs = 1;
	w->news[w->news_count++] = e;
}

void mk_news_fini(mk_worker *w)
{
	while (w->news_count > 0)
		mk_event_unref(&w->pool, w->news[--w->news_count]);
	mk_free(w->news);
}
