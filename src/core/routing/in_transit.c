/*
 * in_transit.c - see in_transit.h.
 */
#include "routing/in_transit.h"

void mk_arrival_expect(mk_worker *w, mk_arrival *arrival, maiko_actor_id id)
{
	*arrival = (mk_arrival){.id = id, .next = w->arriving};
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
	if (arrival->kept == NULL)
		arrival->kept = &m->link;
	else
		arrival->last->next = &m->link;
	arrival->last = &m->link;
	return true;
}

static mk_message *next_kept(mk_arrival *arrival)
{
	mk_message *m = MK_OF(arrival->kept, mk_message, link);
	arrival->kept = arrival->kept->next;
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

void mk_arrival_over(mk_worker *w, const mk_arrival *arrival)
{
	mk_arrival **at = &w->arriving;
	while (*at != arrival)
		at = &(*at)->next;
	*at = arrival->next;
}

void mk_arrival_drop(mk_arrival *arrival)
{
	while (arrival->kept != NULL) {
		mk_message *m = next_kept(arrival);
		if (m->drop != NULL)
			m->drop(m);
	}
}
