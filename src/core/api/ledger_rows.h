/*
 * ledger_rows.h - a ledger while it is made, and all that it owns.
 *
 * The rows are copied under the lock; what they need no supervisor for, such as the order of the tree, comes after it.
 */
#ifndef MK_LEDGER_ROWS_H
#define MK_LEDGER_ROWS_H

#include "runtime/runtime.h"

typedef struct mk_book_actor {
	maiko_actor_row row;
	const mk_actor *actor; /* under the lock; NULL: the row of the removed ones */
	uint64_t order;        /* as in mk_member; UINT64_MAX: not supervised */
	uint32_t group;        /* the index of its group */
} mk_book_actor;

typedef struct mk_book_group {
	maiko_group_row row;
	const struct mk_group *run; /* that stops or starts its members; NULL: none; under the lock */
	uint64_t order;
	uint32_t group; /* the index of the group that it is in */
	uint32_t first; /* of its members (mk_book_order) */
} mk_book_group;

/* A line of the tree. */
typedef struct mk_book_line {
	uint32_t entry; /* the index of the actor or group */
	uint16_t depth; /* 0: the root */
	bool is_group;
	bool last; /* of its group */
} mk_book_line;

typedef struct mk_book {
	maiko_ledger ledger;
	mk_book_actor *actors;
	maiko_topic_row *topics;
	maiko_pair_row *pairs;
	maiko_failure *failures;
	mk_book_group *groups; /* the root, then in the order in which they were made */
	uint32_t actor_size, topic_size, pair_size, failure_size, group_size;
	mk_book_line *lines; /* none if nothing is supervised */
	size_t line_count;
	const void **pointers; /* to all rows */
	bool failed;           /* no memory */
	bool given_up;         /* a stop has given up a stuck worker */
} mk_book;

/* The next row, zeroed, of an array that has `count` of them; a copy of a text. NULL without memory, which is noted. */
void *mk_book_add(mk_book *b, void **rows, uint32_t *size, size_t count, size_t row);
const char *mk_book_copy(mk_book *b, const char *text);

/* Under the lock: the rows of actors, topics, pairs and failures, and the other numbers. */
void mk_book_rows(mk_book *b, mk_sup *sup);
/* Then: the groups, and what the rows of actors say of them. */
void mk_book_groups(mk_book *b, mk_sup *sup);
/* Without the lock: the lines of the tree. False: no memory. */
bool mk_book_order(mk_book *b);

#endif
