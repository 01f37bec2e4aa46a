/*
 * names.h - finds things by name: a hash table with open addressing. The names stay the
 * things' own. Not for threads: the supervisor's lock guards it.
 */
#ifndef MK_NAMES_H
#define MK_NAMES_H

#include "base.h"

typedef struct mk_names {
	struct mk_named {
		const char *name; /* NULL: free */
		void *thing;
	} * slots;
	uint32_t size, count;
} mk_names;

MK_PRIVATE void *mk_names_get(const mk_names *names, const char *name);
/* Precondition: no thing of that name. 0 or MAIKO_ENOMEM. */
int mk_names_put(mk_names *names, const char *name, void *thing);
/* Nothing if there is none. */
void mk_names_remove(mk_names *names, const char *name);
void mk_names_fini(mk_names *names);

#endif
