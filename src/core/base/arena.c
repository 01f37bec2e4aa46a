/*
 * arena.c - maiko_use_memory: all memory of the library comes from one block of the caller.
 *
 * Pieces have size classes, four to each power of two, so at most a fifth of a piece is
 * wasted. A freed piece goes to the free list of its class and is reused only for that class;
 * pieces are never merged. So each call takes constant time, without a search, and a program
 * with a steady load soon takes every piece from a free list.
 *
 *   block  [head|piece][head|piece]...[  not used yet  ]
 */
#include "base/error.h"

#include <maiko/supervisor.h>
#include <string.h>
#include <uv.h>

enum { HEAD = 16, ALIGN = 16, CLASSES = 4 * 44 };

typedef struct piece {
	size_t class; /* the header, HEAD bytes before the caller's memory */
	struct piece *next;
} piece;

static struct {
	uv_mutex_t mutex;
	bool made;
	char *at, *end;
	piece *free[CLASSES];
} arena;

/* Sizes 16, 20 -> 32, ... rounded to ALIGN: quarter steps of a power of two. */
static size_t size_of(size_t class)
{
	size_t power = (size_t)ALIGN << (class / 4);
	return (power + power / 4 * (class % 4) + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static size_t class_of(size_t size)
{
	if (size <= ALIGN)
		return 0;
	size_t power =
		63 - (size_t)__builtin_clzll((unsigned long long)size - 1); /* size is in (2^power, 2^(power+1)] */
	size_t class = (power - 4) * 4;
	while (size_of(class) < size)
		class ++;
	return class;
}

/* Takes a new piece from the unused end of the block. Mutex held. */
static piece *cut(size_t class)
{
	size_t size = size_of(class) + HEAD;
	if (size > (size_t)(arena.end - arena.at))
		return NULL;
	piece *p = (piece *)(void *)arena.at;
	arena.at += size;
	return p;
}

static void *arena_malloc(size_t size, void *arg)
{
	(void)arg;
	if (size > PTRDIFF_MAX / 2)
		return NULL;
	size_t class = class_of(size);
	uv_mutex_lock(&arena.mutex);
	piece *p = arena.free[class];
	if (p != NULL)
		arena.free[class] = p->next;
	else
		p = cut(class);
	uv_mutex_unlock(&arena.mutex);
	if (p == NULL)
		return NULL;
	p->class = class;
	return (char *)p + HEAD;
}

static void arena_free(void *memory, void *arg)
{
	(void)arg;
	if (memory == NULL)
		return;
	piece *p = (piece *)(void *)((char *)memory - HEAD);
	uv_mutex_lock(&arena.mutex);
	p->next = arena.free[p->class];
	arena.free[p->class] = p;
	uv_mutex_unlock(&arena.mutex);
}

static void *arena_calloc(size_t count, size_t size, void *arg)
{
	if (size != 0 && count > PTRDIFF_MAX / 2 / size)
		return NULL;
	void *memory = arena_malloc(count * size, arg);
	return memory == NULL ? NULL : memset(memory, 0, count * size);
}

static void *arena_realloc(void *memory, size_t size, void *arg)
{
	if (memory == NULL)
		return arena_malloc(size, arg);
	size_t room = size_of(((piece *)(void *)((char *)memory - HEAD))->class);
	if (size <= room)
		return memory;
	void *grown = arena_malloc(size, arg);
	if (grown == NULL)
		return NULL;
	memcpy(grown, memory, room);
	arena_free(memory, arg);
	return grown;
}

int maiko_use_memory(void *block, size_t size)
{
	enum { LEAST = 65536 };
	static const maiko_allocator allocator = {.malloc = arena_malloc,
						  .calloc = arena_calloc,
						  .realloc = arena_realloc,
						  .free = arena_free};
	if (block == NULL)
		return maiko_set_allocator(NULL);
	if (size < LEAST)
		return mk_fail(MAIKO_EINVAL, "maiko_use_memory: size is %zu; at least %d bytes", size, LEAST);
	int rc = arena.made ? 0 : uv_mutex_init(&arena.mutex);
	if (rc != 0)
		return mk_fail(rc, "maiko_use_memory: no mutex: %s", maiko_strerror(rc));
	arena.made = true;
	size_t skip = (ALIGN - (uintptr_t)block % ALIGN) % ALIGN;
	arena.at = (char *)block + skip;
	arena.end = (char *)block + size;
	memset(arena.free, 0, sizeof arena.free);
	return maiko_set_allocator(&allocator);
}
