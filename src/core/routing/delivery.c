/*
 * delivery.c - see delivery.h.
 */
#include "routing/delivery.h"

#include "observe/monitor.h"
#include "routing/external_sender.h"
#include "routing/letter.h"
#include "routing/receipt.h"

/* ---- counting ------------------------------------------------------------------------- */

static void add_one(mk_counts *counts, size_t outcome)
{
	mk_count_add((mk_counter *)(void *)((char *)counts + outcome), 1);
}

void mk_count_outcome(mk_actor *a, const mk_event *e, size_t outcome)
{
	add_one(&a->tally->counts, outcome);
	add_one(&e->topic->counts, outcome);
	mk_receipt_count(e, outcome);
	mk_letter(a->worker, a, e, outcome);
}

void mk_count_refused_on(mk_worker *w, mk_actor *a, mk_topic *t, size_t outcome)
{
	mk_tally *tally = mk_tally_of(a);
	mk_count_add(tally != NULL ? &tally->refused : &w->gone_deliveries, 1);
	add_one(tally != NULL ? &tally->counts : &w->gone, outcome);
	add_one(&t->counts, outcome);
}

void mk_count_refused(mk_worker *w, mk_actor *a, const mk_event *e, size_t outcome)
{
	mk_count_refused_on(w, a, e->topic, outcome);
	mk_receipt_count(e, outcome);
	mk_letter(w, a, e, outcome);
}

void mk_count_passed_on(mk_actor *a, const mk_event *e)
{
	add_one(&a->tally->counts, MK_OUTCOME_OF(passed_on));
	add_one(&e->topic->counts, MK_OUTCOME_OF(passed_on));
}

void mk_count_nowhere_on(mk_worker *w, mk_topic *t, size_t outcome)
{
	mk_count_add(&w->gone_deliveries, 1);
	add_one(&w->gone, outcome);
	add_one(&t->counts, outcome);
}

void mk_count_nowhere(mk_worker *w, const mk_event *e, size_t outcome)
{
	mk_count_nowhere_on(w, e->topic, outcome);
	mk_receipt_count(e, outcome);
	mk_letter(w, NULL, e, outcome);
}

/* ---- into a mailbox --------------------------------------------------------------------- */

MK_NOINLINE void mk_deliver_failed(mk_worker *w, mk_actor *a, mk_event *e)
{
	mk_count_refused(w, a, e, MK_OUTCOME_OF(no_memory));
	MK_NOTIFY(w, MAIKO_OBSERVED_DISCARDED, a, e, MAIKO_NO_MEMORY);
}

MK_NOINLINE int mk_deliver_grow(mk_worker *w, mk_actor *a)
{
	int rc = mk_tally_of(a) == NULL ? MAIKO_ENOMEM : mk_mailbox_grow(&a->box);
	if (rc == 0 && !a->warm && mk_mailbox_has_ring(&a->box))
		mk_warm(w, a);
	return rc;
}

/* ---- freeing unused rings ----------------------------------------------------------------- */

MK_NOINLINE void mk_warm(mk_worker *w, mk_actor *a)
{
	a->warm = true;
	a->tally->prev_warm = NULL;
	a->tally->next_warm = w->warm;
	if (w->warm != NULL)
		w->warm->tally->prev_warm = a;
	w->warm = a;
}

void mk_unlink_warm(mk_worker *w, mk_actor *a)
{
	const mk_tally *tally = a->tally;
	a->warm = false;
	if (tally->prev_warm != NULL)
		tally->prev_warm->tally->next_warm = tally->next_warm;
	else
		w->warm = tally->next_warm;
	if (tally->next_warm != NULL)
		tally->next_warm->tally->prev_warm = tally->prev_warm;
}

enum { COOL_EVERY_NS = 1000000000, FEW_SLABS = 16, MANY_SLABS = 64, TRIMS_WAIT_MOST = 64 };

/* Visits the events of the pool after so many calls, twice as many whenever there was nothing to give back. */
static void trim_pool(mk_worker *w)
{
	if (w->pool.slab_count <= FEW_SLABS || w->trim_in-- > 0)
		return;
	uint64_t since_ns = w->now_ns - 2 * (uint64_t)COOL_EVERY_NS + w->wall_offset_ns;
	uint32_t freed = mk_pool_trim(&w->pool, since_ns);
	if (freed >= MANY_SLABS) /* 4 MiB */
		mk_memory_trim();
	uint32_t longer = w->trim_wait < TRIMS_WAIT_MOST / 2 ? 2 * w->trim_wait : TRIMS_WAIT_MOST;
	w->trim_wait = freed > 0 || w->trim_wait == 0 ? 1 : longer;
	w->trim_in = w->trim_wait;
}

uint64_t mk_cools_at(const mk_worker *w)
{
	if (w->warm != NULL || w->blocks.bytes != 0 || w->warm_feeds != NULL)
		return w->warm_swept_ns + COOL_EVERY_NS;
	return w->pool.slab_count <= FEW_SLABS ? UINT64_MAX
					       : w->warm_swept_ns + (w->trim_in + UINT64_C(1)) * COOL_EVERY_NS;
}

void mk_cool(mk_worker *w)
{
	if (w->now_ns - w->warm_swept_ns < COOL_EVERY_NS)
		return;
	w->warm_swept_ns = w->now_ns;
	mk_blocks_trim(&w->blocks);
	trim_pool(w);
	mk_external_cool(w);
	for (mk_actor *a = w->warm, *next; a != NULL; a = next) {
		next = a->tally->next_warm;
		uint64_t tail = mk_count(&a->box.tail);
		if (mk_mailbox_span(&a->box) != 0 || a->tally->cooled != tail) {
			a->tally->cooled = tail;
			continue;
		}
		mk_unlink_warm(w, a);
		mk_mailbox_shrink(&a->box);
	}
}
