/*
 * name_trie.c - see name_trie.h.
 */
#include "ds/name_trie.h"

#include "base/memory.h"

#include <maiko/error.h>
#include <string.h>

struct mk_trie_node {
	mk_trie_node *parent;
	mk_trie_node *first;           /* of its children, the latest first */
	mk_trie_node *next, *prev;     /* among its siblings */
	mk_trie_node *same;            /* the next node of that key in the map */
	mk_trie_entry *entries, *last; /* whose text ends here; last: valid if there is one */
	uint64_t key;
	uint32_t length;
	char token[];
};

/* ---- tokens ---------------------------------------------------------------------------------- */

typedef struct token {
	const char *at;
	size_t length;
} token;

static token token_at(const char *text) { return (token){text, strcspn(text, ".")}; }

/* What follows the token; NULL: it is the last. */
static const char *after(token t) { return t.at[t.length] == '\0' ? NULL : t.at + t.length + 1; }

static bool is_one(token t) { return t.length == 1 && *t.at == '*'; }
static bool is_rest(token t) { return t.length == 1 && *t.at == '>'; }
static token token_of(const mk_trie_node *node) { return (token){node->token, node->length}; }

bool mk_name_is_pattern(const char *text)
{
	for (; text != NULL; text = after(token_at(text)))
		if (is_one(token_at(text)) || is_rest(token_at(text)))
			return true;
	return false;
}

bool mk_names_meet(const char *one, const char *other)
{
	while (one != NULL && other != NULL) {
		token a = token_at(one), b = token_at(other);
		if (is_rest(a) || is_rest(b))
			return true;
		bool equal = a.length == b.length && memcmp(a.at, b.at, a.length) == 0;
		if (!equal && !is_one(a) && !is_one(b))
			return false;
		one = after(a);
		other = after(b);
	}
	return one == other;
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static uint64_t key_of(const mk_trie_node *parent, token t)
{
	uint64_t h = mk_map_key(parent) * UINT64_C(0x9e3779b97f4a7c15);
	for (size_t i = 0; i < t.length; i++)
		h = (h ^ (unsigned char)t.at[i]) * UINT64_C(0xff51afd7ed558ccd);
	h ^= h >> 32;
	return h == 0 ? 1 : h;
}

static mk_trie_node *child_of(const mk_trie *trie, const mk_trie_node *parent, token t)
{
	mk_trie_node *node = parent->first == NULL ? NULL : mk_map_get(&trie->nodes, key_of(parent, t));
	while (node != NULL &&
	       (node->parent != parent || node->length != t.length || memcmp(node->token, t.at, t.length) != 0))
		node = node->same;
	return node;
}

static mk_trie_node *node_new(token t)
{
	mk_trie_node *node = mk_calloc(1, sizeof *node + t.length);
	if (node != NULL) {
		node->length = (uint32_t)t.length;
		memcpy(node->token, t.at, t.length);
	}
	return node;
}

static mk_trie_node *add_child(mk_trie *trie, mk_trie_node *parent, token t)
{
	mk_trie_node *node = node_new(t);
	if (node == NULL)
		return NULL;
	node->parent = parent;
	node->key = key_of(parent, t);
	node->same = mk_map_get(&trie->nodes, node->key);
	if (mk_map_put(&trie->nodes, node->key, mk_map_key(node)) != 0) {
		mk_free(node);
		return NULL;
	}
	node->next = parent->first;
	if (node->next != NULL)
		node->next->prev = node;
	parent->first = node;
	return node;
}

static void unindex(mk_trie *trie, mk_trie_node *node)
{
	mk_trie_node *first = mk_map_get(&trie->nodes, node->key);
	if (first == node && node->same == NULL) {
		mk_map_remove(&trie->nodes, node->key);
	} else if (first == node) {
		(void)mk_map_put(&trie->nodes, node->key, mk_map_key(node->same)); /* replaces a value: cannot fail */
	} else {
		while (first->same != node)
			first = first->same;
		first->same = node->same;
	}
}

/* Frees the node and its parents, as long as they have neither entries nor children. */
static void prune(mk_trie *trie, mk_trie_node *node)
{
	while (node->parent != NULL && node->entries == NULL && node->first == NULL) {
		mk_trie_node *parent = node->parent;
		unindex(trie, node);
		if (node->prev != NULL)
			node->prev->next = node->next;
		else
			parent->first = node->next;
		if (node->next != NULL)
			node->next->prev = node->prev;
		mk_free(node);
		node = parent;
	}
}

int mk_trie_add(mk_trie *trie, mk_trie_entry *entry, const char *text)
{
	if (trie->root == NULL && (trie->root = node_new((token){"", 0})) == NULL)
		return MAIKO_ENOMEM;
	mk_trie_node *node = trie->root;
	for (; text != NULL; text = after(token_at(text))) {
		token t = token_at(text);
		mk_trie_node *child = child_of(trie, node, t);
		if (child == NULL && (child = add_child(trie, node, t)) == NULL) {
			prune(trie, node);
			return MAIKO_ENOMEM;
		}
		node = child;
	}
	*entry = (mk_trie_entry){.node = node};
	if (node->entries == NULL)
		node->entries = entry;
	else
		node->last->next = entry;
	node->last = entry;
	return 0;
}

void mk_trie_remove(mk_trie *trie, mk_trie_entry *entry)
{
	mk_trie_node *node = entry->node;
	mk_trie_entry *before = NULL;
	if (node == NULL)
		return;
	for (mk_trie_entry *e = node->entries; e != entry; e = e->next)
		before = e;
	if (before == NULL)
		node->entries = entry->next;
	else
		before->next = entry->next;
	if (node->last == entry)
		node->last = before;
	entry->node = NULL;
	prune(trie, node);
}

/* ---- walks ----------------------------------------------------------------------------------- */

typedef struct walk {
	const mk_trie *trie;
	mk_trie_visit visit;
	void *arg;
} walk;

static int visit_entries(const walk *w, const mk_trie_node *node)
{
	int rc = 0;
	for (mk_trie_entry *e = node->entries, *next; rc == 0 && e != NULL; e = next) {
		next = e->next;
		rc = w->visit(w->arg, e);
	}
	return rc;
}

/* All below a node. */
static int visit_below(const walk *w, const mk_trie_node *top)
{
	const mk_trie_node *node = top->first;
	while (node != NULL) {
		int rc = visit_entries(w, node);
		if (rc != 0)
			return rc;
		if (node->first != NULL) {
			node = node->first;
			continue;
		}
		while (node != top && node->next == NULL)
			node = node->parent;
		node = node == top ? NULL : node->next;
	}
	return 0;
}

/* `text`: what must follow the tokens of the node; NULL: nothing. As deep as it has tokens, which its length bounds. */
static int visit_from(const walk *w, const mk_trie_node *node, const char *text) /* NOLINT(misc-no-recursion) */
{
	if (text == NULL)
		return visit_entries(w, node);
	token t = token_at(text);
	const char *rest = after(t);
	const mk_trie_node *child;
	int rc = 0;
	if (is_rest(t))
		return visit_below(w, node);
	if (is_one(t)) {
		for (child = node->first; rc == 0 && child != NULL; child = child->next)
			rc = is_rest(token_of(child)) ? visit_entries(w, child) : visit_from(w, child, rest);
		return rc;
	}
	child = child_of(w->trie, node, t);
	if (child != NULL)
		rc = visit_from(w, child, rest);
	child = rc == 0 ? child_of(w->trie, node, (token){"*", 1}) : NULL;
	if (child != NULL)
		rc = visit_from(w, child, rest);
	child = rc == 0 ? child_of(w->trie, node, (token){">", 1}) : NULL;
	return child != NULL ? visit_entries(w, child) : rc;
}

int mk_trie_walk(const mk_trie *trie, const char *text, mk_trie_visit visit, void *arg)
{
	const walk w = {trie, visit, arg};
	return trie->root == NULL ? 0 : visit_from(&w, trie->root, text);
}

void mk_trie_fini(mk_trie *trie)
{
	mk_trie_node *node = trie->root;
	while (node != NULL) { /* the first leaf, and so on */
		if (node->first != NULL) {
			node = node->first;
			continue;
		}
		mk_trie_node *parent = node->parent;
		if (parent != NULL)
			parent->first = node->next;
		mk_free(node);
		node = parent;
	}
	mk_map_fini(&trie->nodes);
	*trie = (mk_trie){0};
}
