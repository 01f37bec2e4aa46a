/*
 * block.h - payloads that are too large for an event: in a block, shared by all copies of the event's header and
 * counted atomically.
 *
 * A worker's blocks are recycled, so that a large event costs its copy: new memory costs the kernel's page faults,
 * several times as much. A block returns to the worker that has made it, whichever thread drops the last reference:
 * that worker puts it on the free list of its size at once; any other pushes it to a stack, from which the worker takes
 * it when it needs one. Blocks of drafts (maiko_new) and of external threads have no home, and are freed.
 *
 * Sizes are rounded up to one of eight in each doubling. A worker keeps at most as many bytes as a mailbox may hold;
 * and mk_blocks_trim, called about once a second, frees those that were not needed since its last call.
 */
#ifndef MK_BLOCK_H
#define MK_BLOCK_H

#include "base/base.h"

#include <maiko/event.h>

typedef struct mk_block {
	_Atomic(uint32_t) refs;
	uint32_t size; /* of `data` */
	const maiko_event_type *desc;
	uint64_t magic;         /* MK_BLOCK_DRAFT until it is published */
	struct mk_blocks *home; /* NULL: it is not recycled */
	struct mk_block *next;  /* while free */
	_Alignas(16) unsigned char data[];
} mk_block;

#define MK_BLOCK_DRAFT UINT64_C(0x6d61696b6f206576)

/* From 512 bytes to MAIKO_EVENT_SIZE_MAX, 1 MiB: eleven doublings. */
enum { MK_BLOCK_CLASSES = 11 * 8 + 1 };

typedef struct mk_blocks {
	mk_block *free[MK_BLOCK_CLASSES]; /* the last freed first */
	uint64_t bytes, least;            /* of all these, now, and the least since the last trim */
	uint64_t most;                    /* the most bytes to keep */
	_Atomic(mk_block *) returned;     /* by other threads */
	_Atomic(uint64_t) returned_bytes;
} mk_blocks;

/* A block with one reference, whose data is not set; NULL without memory. `home` NULL: zeroed, and not recycled. */
mk_block *mk_block_new(mk_blocks *home, uint32_t size);

/* Frees or recycles a block without a reference. `here`: those of the calling thread's worker, or NULL. */
void mk_block_free(mk_blocks *here, mk_block *block);

void mk_blocks_trim(mk_blocks *blocks);

/* No thread refers to any block that has its home here. */
void mk_blocks_fini(mk_blocks *blocks);

#endif
