/*
 * block.c - see block.h.
 */
#include "event/block.h"

#include "base/memory.h"

enum { SMALLEST_BITS = 9, STEPS_BITS = 3, STEPS = 1 << STEPS_BITS };

/* The class of a size, and the size of its blocks. */
static uint32_t class_of(uint32_t size, uint32_t *ret_size)
{
	if (size <= 1u << SMALLEST_BITS) {
		*ret_size = 1u << SMALLEST_BITS;
		return 0;
	}
	uint32_t bits = 31 - (uint32_t)__builtin_clz(size - 1); /* 2^bits < size <= 2^(bits + 1) */
	uint32_t shift = bits - STEPS_BITS, steps = (size - 1) >> shift;
	*ret_size = (steps + 1) << shift;
	return (bits - SMALLEST_BITS) * STEPS + steps - STEPS + 1;
}

static void keep(mk_blocks *blocks, mk_block *block)
{
	uint32_t size, class = class_of(block->size, &size);
	if (blocks->bytes + size > blocks->most) {
		mk_free_aligned(block);
		return;
	}
	blocks->bytes += size;
	block->next = blocks->free[class];
	blocks->free[class] = block;
}

/* Takes those that other threads have returned. */
static void collect(mk_blocks *blocks)
{
	mk_block *block = atomic_exchange_explicit(&blocks->returned, NULL, memory_order_acquire);
	atomic_store_explicit(&blocks->returned_bytes, 0, memory_order_relaxed);
	while (block != NULL) {
		mk_block *next = block->next;
		keep(blocks, block);
		block = next;
	}
}

static mk_block *take(mk_blocks *blocks, uint32_t class)
{
	if (blocks->free[class] == NULL && atomic_load_explicit(&blocks->returned, memory_order_relaxed) != NULL)
		collect(blocks);
	mk_block *block = blocks->free[class];
	if (block != NULL)
		blocks->free[class] = block->next;
	return block;
}

mk_block *mk_block_new(mk_blocks *home, uint32_t size)
{
	mk_block *block;
	if (home == NULL) {
		block = mk_calloc_aligned(sizeof *block + size, 16);
	} else {
		uint32_t rounded, class = class_of(size, &rounded);
		block = take(home, class);
		if (block != NULL) {
			home->bytes -= rounded;
			home->least = home->bytes < home->least ? home->bytes : home->least;
		} else {
			block = mk_malloc_aligned(sizeof *block + rounded, 16);
		}
	}
	if (block != NULL) {
		atomic_init(&block->refs, 1);
		block->size = size;
		block->home = home;
		block->magic = 0;
	}
	return block;
}

void mk_block_free(mk_blocks *here, mk_block *block)
{
	mk_blocks *home = block->home;
	if (home == NULL) {
		mk_free_aligned(block);
	} else if (home == here) {
		keep(home, block);
	} else if (atomic_fetch_add_explicit(&home->returned_bytes, block->size, memory_order_relaxed) > home->most) {
		mk_free_aligned(block);
	} else {
		block->next = atomic_load_explicit(&home->returned, memory_order_relaxed);
		while (!atomic_compare_exchange_weak_explicit(&home->returned, &block->next, block,
							      memory_order_release, memory_order_relaxed))
			;
	}
}

void mk_blocks_trim(mk_blocks *blocks)
{
	collect(blocks);
	for (uint32_t class = MK_BLOCK_CLASSES; class -- > 0;)
		for (mk_block *block; blocks->least > 0 && (block = blocks->free[class]) != NULL;) {
			uint32_t size;
			(void)class_of(block->size, &size);
			blocks->free[class] = block->next;
			blocks->bytes -= size;
			blocks->least -= size < blocks->least ? size : blocks->least;
			mk_free_aligned(block);
		}
	blocks->least = blocks->bytes;
}

void mk_blocks_fini(mk_blocks *blocks)
{
	collect(blocks);
	for (uint32_t class = 0; class < MK_BLOCK_CLASSES; class ++)
		while (blocks->free[class] != NULL) {
			mk_block *block = blocks->free[class];
			blocks->free[class] = block->next;
			mk_free_aligned(block);
		}
	blocks->bytes = blocks->least = 0;
}
