/*
 * name_index.h - finds the objects of a segmented array by name: a hash table with open
 * addressing. The objects own their names. Not thread safe: the supervisor's lock guards it.
 *
 * A slot stores the name's hash and the object's index, so that neither a search nor growth
 * reads an object with another hash.
 */
#ifndef MK_NAME_INDEX_H
#define MK_NAME_INDEX_H

#include "ds/segmented_array.h"

typedef struct mk_name_index {
	struct mk_named {
		uint32_t hash;
		uint32_t place; /* index in `things`, plus 1; 0: free */
	} * slots;
	uint32_t size, count;
	mk_segmented_array *things;
	const char *(*name_of)(const void *thing);
} mk_name_index;

uint64_t mk_name_hash(const char *name);

void mk_name_index_init(mk_name_index *names, mk_segmented_array *things, const char *(*name_of)(const void *thing));
MK_PRIVATE void *mk_name_index_get(const mk_name_index *names, const char *name);
/* Prefetches the cache line that a put of that name will write. */
void mk_name_index_expect(const mk_name_index *names, const char *name);
/* The object may be stored in `things` later, but before the next call. 0, MAIKO_EEXIST or
 * MAIKO_ENOMEM. */
int mk_name_index_put(mk_name_index *names, const char *name, uint32_t index);
/* Does nothing if the name is absent. */
void mk_name_index_remove(mk_name_index *names, const char *name);
void mk_name_index_fini(mk_name_index *names);

#endif
