/*
 * owed.c - see owed.h: a list through the actors, under the supervisor's lock.
 */
#include "owed.h"

void mk_owe(mk_sup *sup, mk_actor *a)
{
	if (a->class->stop == NULL)
		return;
	uv_mutex_lock(&sup->lock);
	a->hooked = true;
	a->prev_hooked = NULL;
	a->next_hooked = sup->hooked;
	if (sup->hooked != NULL)
		sup->hooked->prev_hooked = a;
	sup->hooked = a;
	uv_mutex_unlock(&sup->lock);
}

bool mk_settle_owed(mk_sup *sup, mk_actor *a)
{
	if (a->class->stop == NULL)
		return false;
	uv_mutex_lock(&sup->lock);
	bool owed = a->hooked;
	if (owed) {
		a->hooked = false;
		if (a->prev_hooked != NULL)
			a->prev_hooked->next_hooked = a->next_hooked;
		else
			sup->hooked = a->next_hooked;
		if (a->next_hooked != NULL)
			a->next_hooked->prev_hooked = a->prev_hooked;
	}
	uv_mutex_unlock(&sup->lock);
	return owed;
}
