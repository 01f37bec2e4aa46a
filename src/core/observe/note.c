/*
 * note.c - see note.h.
 */
#include "observe/note.h"

#include "registry/topic.h"
#include "runtime/callback.h"

void mk_note_begin(mk_sup *sup, mk_scribe *scribe)
{
	sup->seam.noted = sup->seam.steered = true;
	for (uint32_t i = 0; i < mk_worker_total(sup); i++)
		mk_topics_know_all(mk_worker_at(sup, i));
	__atomic_store_n(&sup->seam.scribe, scribe, __ATOMIC_RELEASE);
}

static void tell(mk_sup *sup, mk_worker *w, const mk_note *note)
{
	const mk_scribe *s = mk_scribe_of(sup);
	bool numbered = w == NULL || w->index < MAIKO_WORKERS_MAX; /* a worker without an index has no notes */
	if (s != NULL && s->note != NULL && numbered)
		s->note(s->arg, w, note);
}

MK_NOINLINE void mk_note_here(mk_worker *w, mk_note_kind kind, uint64_t number, int64_t value)
{
	tell(w->sup, w, &(mk_note){.kind = kind, .number = number, .value = value, .now_ns = w->now_ns});
}

void mk_note_sup(mk_sup *sup, mk_note_kind kind, uint64_t number, int64_t value)
{
	if (sup->seam.noted)
		tell(sup, NULL,
		     &(mk_note){.kind = kind, .number = number, .value = value, .now_ns = mk_now(&sup->seam)});
}

void mk_note_batch(mk_sup *sup, uint64_t number, const uint64_t *keys, uint32_t count)
{
	tell(sup, NULL,
	     &(mk_note){.kind = MK_NOTE_BATCH,
			.number = number,
			.now_ns = mk_now(&sup->seam),
			.keys = keys,
			.key_count = count});
}

void mk_note_control(mk_worker *w, const mk_message *m)
{
	if (m->post == MK_POST_UNSEEN || m->post == MK_POST_START) /* START has its own note, MK_NOTE_HOOKS */
		return;
	mk_note_here(w, MK_NOTE_CONTROL, mk_message_posted(m), (int64_t)mk_message_actor(m));
}

void mk_note_call(mk_sup *sup, mk_worker *caller, mk_note_kind kind, uint64_t number, int64_t value,
		  const mk_call *call)
{
	mk_note note = {.kind = kind, .number = number, .value = value, .call = call};
	note.now_ns = caller != NULL ? caller->now_ns : mk_now(&sup->seam);
	tell(sup, caller, &note);
}

mk_worker *mk_caller(const mk_sup *sup, const mk_actor *requester)
{
	if (requester != NULL)
		return requester->worker;
	bool inside = mk_inside != NULL && mk_inside->sup == sup && mk_inside->actor != NULL && mk_inside->telling == 0;
	return inside ? mk_inside : NULL;
}

bool mk_caller_is_told(const mk_sup *sup, mk_worker *caller, mk_note_kind kind, uint64_t number, mk_told *ret_told)
{
	const mk_scribe *s = mk_scribe_of(sup);
	return s != NULL && s->told != NULL && s->told(s->arg, caller, kind, number, ret_told);
}

bool mk_is_told(mk_worker *w, mk_note_kind kind, uint64_t number, mk_told *ret_told)
{
	return mk_caller_is_told(w->sup, w, kind, number, ret_told);
}

uint64_t mk_note_found(mk_sup *sup, uint64_t id)
{
	mk_told told;
	mk_worker *caller = MK_LIKELY(!sup->seam.noted) ? NULL : mk_caller(sup, NULL);
	if (caller == NULL)
		return id;
	if (sup->seam.led && mk_is_told(caller, MK_NOTE_FOUND, MK_ANY_NUMBER, &told))
		return (uint64_t)told.value;
	mk_note_here(caller, MK_NOTE_FOUND, 0, (int64_t)id);
	return id;
}

uint64_t mk_note_wall(mk_worker *w)
{
	mk_told told;
	if (w->sup->seam.led && mk_is_told(w, MK_NOTE_WALL, 0, &told))
		return (uint64_t)told.value;
	uint64_t wall_ns = mk_wall(&w->sup->seam);
	MK_NOTE(w, MK_NOTE_WALL, 0, (int64_t)wall_ns);
	return wall_ns;
}
