/*
 * names.h - finds the things of a table by name: a hash table with open addressing. The
 * names stay the things' own. Not for threads: the supervisor's lock guards it.
 *
 * A slot has the name's hash and the thing's index, so that neither a search nor growth
 * looks at a thing of another hash.
 */
#ifndef MK_NAMES_H
#define MK_NAMES_H

#include "table.h"

typedef struct mk_names {
	struct mk_named {
		uint32_t hash;
		uint32_t place; /* in the table, from 1; 0: free */
	} * slots;
	uint32_t size, count;
	mk_table *things;
	const char *(*name_of)(const void *thing);
} mk_names;

void mk_names_init(mk_names *names, mk_table *things, const char *(*name_of)(const void *thing));
MK_PRIVATE void *mk_names_get(const mk_names *names, const char *name);
/* Brings what a put of that name will touch into the cache. */
void mk_names_expect(const mk_names *names, const char *name);
/* The thing itself may come into its table later, but before the next call. 0, MAIKO_EEXIST or
 * MAIKO_ENOMEM. */
int mk_names_put(mk_names *names, const char *name, uint32_t index);
/* Nothing if there is none. */
void mk_names_remove(mk_names *names, const char *name);
void mk_names_fini(mk_names *names);

#endif
