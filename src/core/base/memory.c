/*
 * memory.c - the allocator hooks.
 *
 * Aligned memory comes from the plain hooks too: the start of the block is stored
 * just before the aligned address. So a user's allocator needs only four functions.
 */
#include "base/memory.h"

#include "base/error.h"

#include <maiko/supervisor.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void *std_malloc(size_t size, void *arg)
{
	(void)arg;
	return malloc(size);
}
static void *std_calloc(size_t count, size_t size, void *arg)
{
	(void)arg;
	return calloc(count, size);
}
static void *std_realloc(void *memory, size_t size, void *arg)
{
	(void)arg;
	return realloc(memory, size);
}
static void std_free(void *memory, void *arg)
{
	(void)arg;
	free(memory);
}

static const maiko_allocator std_allocator = {
	.malloc = std_malloc, .calloc = std_calloc, .realloc = std_realloc, .free = std_free};
static maiko_allocator hooks = {.malloc = std_malloc, .calloc = std_calloc, .realloc = std_realloc, .free = std_free};

int maiko_set_allocator(const maiko_allocator *allocator)
{
	if (allocator == NULL) {
		hooks = std_allocator;
		return 0;
	}
	if (allocator->malloc == NULL || allocator->calloc == NULL || allocator->realloc == NULL ||
	    allocator->free == NULL)
		return mk_fail(MAIKO_EINVAL, "maiko_set_allocator: one of the four functions is NULL");
	int rc = MK_RESERVED("maiko_set_allocator", allocator);
	if (rc == 0)
		hooks = *allocator;
	return rc;
}

/* The error text of a call that fails because an allocation did, unless the call sets its own. */
static MK_NOINLINE void *none(size_t count, size_t size)
{
	(void)mk_fail(MAIKO_ENOMEM, "not enough memory: an allocation of %zu bytes failed", count * size);
	return NULL;
}

void *mk_malloc(size_t size)
{
	void *memory = hooks.malloc(size, hooks.arg);
	return MK_LIKELY(memory != NULL) ? memory : none(1, size);
}

void *mk_calloc(size_t count, size_t size)
{
	void *memory = hooks.calloc(count, size, hooks.arg);
	return MK_LIKELY(memory != NULL) ? memory : none(count, size);
}

void *mk_realloc(void *memory, size_t size)
{
	void *grown = hooks.realloc(memory, size, hooks.arg);
	return MK_LIKELY(grown != NULL) ? grown : none(1, size);
}

void mk_free(const void *memory)
{
	if (memory != NULL)
		hooks.free((void *)(uintptr_t)memory, hooks.arg);
}

/* The aligned address in a larger block, whose start is stored before it. */
static void *align_in(char *block, size_t align)
{
	if (block == NULL)
		return NULL;
	uintptr_t start = ((uintptr_t)block + sizeof(void *) + align - 1) & ~(uintptr_t)(align - 1);
	((void **)start)[-1] = block;
	return (void *)start;
}

void *mk_calloc_aligned(size_t size, size_t align)
{
	assert(align >= sizeof(void *) && (align & (align - 1)) == 0);
	return align_in(mk_calloc(1, size + align + sizeof(void *)), align);
}

void *mk_malloc_aligned(size_t size, size_t align)
{
	assert(align >= sizeof(void *) && (align & (align - 1)) == 0);
	return align_in(mk_malloc(size + align + sizeof(void *)), align);
}

void mk_free_aligned(void *memory)
{
	if (memory != NULL)
		mk_free(((void **)memory)[-1]);
}

void mk_memory_trim(void)
{
#ifdef __GLIBC__
	if (hooks.free == std_free)
		(void)malloc_trim(0);
#endif
}

void *mk_calloc_table(size_t count, size_t size)
{
	const uintptr_t page = UINT64_C(2) << 20, bytes = count * size;
	void *memory = mk_calloc(count, size);
	if (memory == NULL || bytes < 2 * page || hooks.calloc != std_calloc)
		return memory;
	uintptr_t from = ((uintptr_t)memory + page - 1) & ~(page - 1), to = ((uintptr_t)memory + bytes) & ~(page - 1);
	(void)madvise((void *)from, to - from, MADV_HUGEPAGE); /* not possible: the pages are small */
	return memory;
}

char *mk_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = mk_malloc(size);
	return copy == NULL ? NULL : memcpy(copy, text, size);
}

int mk_reserve(void **array, uint32_t *size, uint32_t need, size_t element)
{
	if (need <= *size)
		return 0;
	uint32_t larger = *size == 0 ? 4 : *size;
	while (larger < need)
		larger *= 2;
	void *grown = mk_realloc(*array, larger * element);
	if (grown == NULL)
		return MAIKO_ENOMEM;
	*array = grown;
	*size = larger;
	return 0;
}
