/*
 * target.c - see target.h.
 */
#include "registry/target.h"

#include "base/memory.h"

enum { FIRST_BITS = 4 };

mk_target mk_no_targets[1]; /* never written */

static mk_target *put(mk_worker *w, const mk_target *entry)
{
	uint64_t i = mk_target_hash(w, entry->desc) & w->target_mask;
	while (w->targets[i].desc != NULL)
		i = (i + 1) & w->target_mask;
	w->targets[i] = *entry;
	return &w->targets[i];
}

static bool grow(mk_worker *w)
{
	uint32_t size = w->target_mask + 1;
	uint32_t bits = w->targets == mk_no_targets ? FIRST_BITS : 64 - w->target_shift + 1;
	mk_target *old = w->targets;
	mk_target *grown = mk_calloc_aligned(sizeof *grown << bits, MK_LINE);
	if (grown == NULL)
		return false;
	w->targets = grown;
	w->target_shift = 64 - bits;
	w->target_mask = (UINT32_C(1) << bits) - 1;
	w->target_span = (uint32_t)(w->target_mask * sizeof *grown);
	for (uint32_t i = 0; i < size; i++)
		if (old[i].desc != NULL)
			put(w, &old[i]);
	if (old != mk_no_targets)
		mk_free_aligned(old);
	return true;
}

mk_target *mk_target_add(mk_worker *w, const maiko_topic *desc, mk_topic *topic)
{
	if (w->target_count >= (w->target_mask + 1) / 2 && !grow(w))
		return NULL;
	w->target_count++;
	return put(w, &(mk_target){.desc = desc, .topic = topic});
}

void mk_targets_forget(mk_worker *w)
{
	if (w->targets != mk_no_targets)
		mk_free_aligned(w->targets);
	w->targets = mk_no_targets;
	w->target_mask = w->target_span = w->target_count = 0;
	w->target_shift = 63;
}
