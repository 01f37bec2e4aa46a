/*
 * name_index.h - finds the things of a table by name: a hash table with open addressing. The
 * names stay the things' own. Not for threads: the supervisor's lock guards it.
 *
 * A slot has the name's hash and the thing's index, so that neither a search nor growth
 * looks at a thing of another hash.
 */
#ifndef MK_NAME_INDEX_H
#define MK_NAME_INDEX_H

#include "ds/segmented_array.h"

typedef struct mk_name_index {
	struct mk_named {
		uint32_t hash;
		uint32_t place; /* in the table, from 1; 0: free */
	} * slots;
	uint32_t size, count;
	mk_segmented_array *things;
	const char *(*name_of)(const void *thing);
} mk_name_index;

void mk_name_index_init(mk_name_index *names, mk_segmented_array *things, const char *(*name_of)(const void *thing));
MK_PRIVATE void *mk_name_index_get(const mk_name_index *names, const char *name);
/* Brings what a put of that name will touch into the cache. */
void mk_name_index_expect(const mk_name_index *names, const char *name);
/* The thing itself may come into its table later, but before the next call. 0, MAIKO_EEXIST or
 * MAIKO_ENOMEM. */
int mk_name_index_put(mk_name_index *names, const char *name, uint32_t index);
/* Nothing if there is none. */
void mk_name_index_remove(mk_name_index *names, const char *name);
void mk_name_index_fini(mk_name_index *names);

#endif
