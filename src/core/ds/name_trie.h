/*
 * name_trie.h - names and patterns by their tokens, which dots separate: finds those that meet a name or a pattern.
 *
 * A token "*" stands for exactly one token, a last token ">" for one or more. A text without either is a name. Two
 * texts meet if some name fits both: a pattern meets the names that it matches, and the patterns that it overlaps.
 *
 * A node of the trie is a token after those of its parent. Nodes are found by a hash of both, and each has a list of
 * its children, so that a walk visits only what meets its text, whatever else there is. What is entered is a link in
 * the thing itself; several things may have one text.
 *
 * A walk by a name visits in an order that depends on the texts alone: compared token by token, an equal token comes
 * before "*", and that before ">"; equal texts in the order in which they were entered.
 */
#ifndef MK_NAME_TRIE_H
#define MK_NAME_TRIE_H

#include "ds/map.h"

typedef struct mk_trie_node mk_trie_node;

/* The link of what is entered. */
typedef struct mk_trie_entry {
	struct mk_trie_entry *next;
	mk_trie_node *node; /* NULL: it is in no trie */
} mk_trie_entry;

typedef struct mk_trie {
	mk_trie_node *root;
	mk_map nodes; /* by a hash of the parent and the token */
} mk_trie;

/* Whether the text has a token "*" or ">". */
MK_PRIVATE bool mk_name_is_pattern(const char *text);
/* Whether some name fits both. */
MK_PRIVATE bool mk_names_meet(const char *one, const char *other);

/* Enters it; the text is copied. 0 or MAIKO_ENOMEM. Precondition: at most MAIKO_NAME_MAX bytes. */
int mk_trie_add(mk_trie *trie, mk_trie_entry *entry, const char *text);
/* Does nothing if it is in no trie. */
void mk_trie_remove(mk_trie *trie, mk_trie_entry *entry);

/* Calls `visit` with each entry whose text meets that one. The first result that is not 0 ends the walk and is
 * returned. `visit` neither enters nor removes anything. Allocates nothing. */
typedef int (*mk_trie_visit)(void *arg, mk_trie_entry *entry);
MK_PRIVATE int mk_trie_walk(const mk_trie *trie, const char *text, mk_trie_visit visit, void *arg);

/* Frees the nodes; what is entered is not touched any more. */
void mk_trie_fini(mk_trie *trie);

#endif
