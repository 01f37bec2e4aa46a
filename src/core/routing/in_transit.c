/*
 * in_transit.c - see in_transit.h.
 */
#include "routing/in_transit.h"

void mk_arrival_expect(mk_worker *w, mk_arrival *arrival, maiko_actor_id id)
{
	*arrival = (mk_arrival){.id = id, .next = w->arriving, .at = &w->arriving, .kept_tail = &arrival->kept};
	if (w->arriving != NULL)
		w->arriving->at = &arrival->next;
	w->arriving = arrival;
}

static mk_arrival *find(const mk_worker *w, maiko_actor_id id)
{
	mk_arrival *arrival = w->arriving;
	while (arrival != NULL && arrival->id != id)
		arrival = arrival->next;
	return arrival;
}

bool mk_arrival_awaited(const mk_worker *w, maiko_actor_id id) { return find(w, id) != NULL; }

bool mk_arrival_keeps(mk_worker *w, maiko_actor_id id, mk_message *m)
{
	mk_arrival *arrival = find(w, id);
	if (arrival == NULL || arrival->heard == m)
		return false;
	m->link.next = NULL;
	*arrival->kept_tail = &m->link;
	arrival->kept_tail = &m->link.next;
	return true;
}

static mk_message *next_kept(mk_arrival *arrival)
{
	mk_message *m = MK_OF(arrival->kept, mk_message, link);
	arrival->kept = arrival->kept->next;
	if (arrival->kept == NULL)
		arrival->kept_tail = &arrival->kept;
	return m;
}

void mk_arrival_hear(mk_worker *w, mk_arrival *arrival)
{
	while (arrival->kept != NULL) {
		mk_message *m = next_kept(arrival);
		arrival->heard = m;
		m->run(w, m);
	}
	arrival->heard = NULL;
}

void mk_arrival_over(const mk_arrival *arrival)
{
	*arrival->at = arrival->next;
	if (arrival->next != NULL)
		arrival->next->at = arrival->at;
}

void mk_arrival_drop(mk_arrival *arrival)
{
	while (arrival->kept != NULL) {
		mk_message *m = next_kept(arrival);
		if (m->drop != NULL)
			m->drop(m);
	}
}
