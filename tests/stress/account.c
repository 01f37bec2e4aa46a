/*
 * account.c - see account.h.
 */
#include "account.h"

#include <inttypes.h>
#include <stdio.h>

uint64_t round_seed;
_Atomic(uint64_t) faults;
maiko_counts in_all;

/* splitmix64 (Steele, Lea and Flood, 2014) */
uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}
uint32_t below(uint64_t *state, uint32_t count) { return (uint32_t)(random_next(state) % count); }

void fault_at_end(const char *what, const maiko_ledger *ledger)
{
	fprintf(stderr, "%s: round seed %" PRIu64 ": %s\n", program_name, round_seed, what);
	if (ledger != NULL)
		maiko_ledger_print(ledger, stderr);
	atomic_fetch_add(&faults, 1);
}

/* What is wrong, or NULL. */
static const char *fault_of_ledger(const maiko_ledger *ledger, bool graceful)
{
	bool under_way = ledger->total.queued != 0;
	for (size_t i = 0; i < ledger->pair_count; i++)
		under_way |= ledger->pairs[i]->in_flight != 0;
	if (!maiko_ledger_balanced(ledger))
		return "the ledger does not balance";
	if (under_way)
		return "something is left";
	return graceful && ledger->total.discarded != 0 ? "a graceful stop has discarded something" : NULL;
}

bool account(const maiko_ledger *ledger, bool graceful)
{
	const char *what = fault_of_ledger(ledger, graceful);
	if (what != NULL)
		fault_at_end(what, ledger);
	in_all.deliveries += ledger->total.deliveries;
#define ADD(field, text) in_all.field += ledger->total.field;
	MAIKO_OUTCOME_MAP(ADD)
#undef ADD
	return what == NULL;
}

void tell_deliveries(void)
{
	printf("%" PRIu64 " deliveries:", in_all.deliveries);
#define TELL(field, text) printf(" %" PRIu64 " " #field, in_all.field);
	MAIKO_OUTCOME_MAP(TELL)
#undef TELL
}
