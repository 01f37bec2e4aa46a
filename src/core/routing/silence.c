/*
 * silence.c - see silence.h.
 */
#include "routing/silence.h"

#include "observe/note.h"
#include "registry/expected.h"
#include "registry/topic.h"
#include "routing/news.h"

enum { LOOKS = 4, NS_PER_MS = 1000000 };

void mk_silence_tell(mk_worker *w, const char *topic, uint64_t every_ms, uint64_t ms, bool again)
{
	maiko_silent told = {.ms = ms, .every_ms = every_ms, .again = again};
	mk_name_copy(told.topic, topic);
	mk_news_add(w, MK_TYPE_SILENT, &told, NULL);
}

static void tell(mk_worker *w, const mk_expected *e, bool again)
{
	const maiko_topic *topic = &e->record->desc;
	uint64_t ms = (w->now_ns - e->since_ns) / NS_PER_MS;
	if (!mk_news_wanted(w, MK_SILENT_TOPIC))
		return;
	if (MK_UNLIKELY(w->sup->seam.noted))
		mk_note_call(w->sup, w, MK_NOTE_SILENT, ms, again,
			     &(mk_call){.name = topic->name, .every_ms = topic->expect_every_ms});
	mk_silence_tell(w, topic->name, topic->expect_every_ms, ms, again);
}

static uint64_t published(mk_sup *sup, uint32_t topic)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		const mk_topic *t = mk_topic_known(mk_worker_at(sup, i), topic);
		sum += t == NULL ? 0 : mk_count(&t->published);
	}
	return sum;
}

static void look_at(mk_worker *w, mk_expected *e)
{
	uint64_t every_ns = e->record->desc.expect_every_ms * NS_PER_MS, now_ns = w->now_ns;
	uint64_t seen = published(w->sup, e->record->index);
	if (!e->begun || seen != e->seen) {
		if (e->silent)
			tell(w, e, true);
		e->begun = true;
		e->silent = false;
		e->seen = seen;
		e->since_ns = now_ns;
	} else if (!e->silent && now_ns - e->since_ns >= every_ns) {
		e->silent = true;
		tell(w, e, false);
	}
	uint64_t next_ns = now_ns + every_ns / LOOKS;
	if (!e->silent && e->since_ns + every_ns < next_ns)
		next_ns = e->since_ns + every_ns;
	mk_timer_set(&w->sup->silence.timers, &e->timer, next_ns);
}

/* Not mk_timers_fire: it needs the worker, and all are looked at in the order of their times. */
void mk_silence_look(mk_worker *w)
{
	mk_timers *timers = &w->sup->silence.timers;
	mk_lock(w->sup);
	while (mk_timers_due(timers) <= w->now_ns)
		look_at(w, MK_OF(timers->heap[1].timer, mk_expected, timer));
	w->looks_ns = mk_timers_due(timers);
	mk_unlock(w->sup);
}
