/*
 * memory.h - every allocation of the library, through the user's hooks.
 */
#ifndef MK_MEMORY_H
#define MK_MEMORY_H

#include "base/base.h"

void *mk_malloc(size_t size);
MK_PRIVATE void *mk_calloc(size_t count, size_t size);
void *mk_realloc(void *memory, size_t size);
void mk_free(const void *memory);

/* `size` zeroed bytes aligned to `align`, a power of two; freed with mk_free_aligned. */
void *mk_calloc_aligned(size_t size, size_t align);
void *mk_malloc_aligned(size_t size, size_t align); /* not zeroed */
void mk_free_aligned(void *memory);

/* As mk_calloc, for a table whose entries are accessed at random. A large one asks the system for large pages: else
 * most accesses miss the TLB, and each page faults twice, at the first read and the first write. */
void *mk_calloc_table(size_t count, size_t size);

/* Much was freed: the C library, if it is glibc and there are no hooks, gives free pages back to the system. It keeps
 * them otherwise, below whatever was allocated later. */
void mk_memory_trim(void);

/* A copy of a text; NULL without memory. */
char *mk_strdup(const char *text);

/* Grows an array of `*size` elements by doubling until `need` fit. 0, or MAIKO_ENOMEM
 * with the array unchanged. */
int mk_reserve(void **array, uint32_t *size, uint32_t need, size_t element);

#define MK_NEW(type) ((type *)mk_calloc(1, sizeof(type)))

#endif
