/*
 * account.h - what the programs of random rounds share: random numbers, faults, and the sum of their ledgers.
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include <maiko/ledger.h>
#include <stdatomic.h>

enum { FAULTS_TOLD = 10 }; /* the others are only counted */

extern const char program_name[]; /* of each program */
extern uint64_t round_seed;
extern _Atomic(uint64_t) faults;
extern maiko_counts in_all; /* of the rounds so far */

uint64_t random_next(uint64_t *state);
uint32_t below(uint64_t *state, uint32_t count);

/* A fault of the round; `ledger` may be NULL. */
void fault_at_end(const char *what, const maiko_ledger *ledger);

/* Adds the ledger of a stop. False: it is not as it must be, which is reported. */
bool account(const maiko_ledger *ledger, bool graceful);

/* "5 deliveries: 3 handled ...", without the end of the line. */
void tell_deliveries(void);

#endif
