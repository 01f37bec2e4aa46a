/*
 * shrink.c - see exploring.h.
 *
 * The choices are divided into parts. If the failure remains without a part, that part is removed;
 * if no part can be removed, the parts become smaller, down to single choices. The first attempt
 * omits all choices, because some failures need none. Choices after the failure have no effect;
 * the first, large parts remove most of them.
 *
 * Then each choice that is left becomes as low as possible: fewer workers, a nearer one. After that a
 * choice more may be unnecessary.
 */
#include "exploring.h"

#include <string.h>

typedef struct shrinking {
	maiko_choice *spare;
	uint32_t runs_left;
	bool (*fails)(void *arg, const maiko_choice *choices, size_t count);
	void *arg;
} shrinking;

static bool still_fails(shrinking *s, const maiko_choice *choices, size_t count)
{
	if (s->runs_left == 0)
		return false;
	s->runs_left--;
	return s->fails(s->arg, choices, count);
}

/* Whether it fails without the choices from `from` to `to`; if so, removes them. */
static bool fails_without(shrinking *s, maiko_choice *choices, size_t *count, size_t from, size_t to)
{
	size_t left = *count - (to - from);
	memcpy(s->spare, choices, from * sizeof *choices);
	memcpy(s->spare + from, choices + to, (*count - to) * sizeof *choices);
	if (!still_fails(s, s->spare, left))
		return false;
	memcpy(choices, s->spare, left * sizeof *choices);
	*count = left;
	return true;
}

/* The last parts first: late choices are least likely to matter. */
static bool drop_a_part(shrinking *s, maiko_choice *choices, size_t *count, size_t size)
{
	bool some = false;
	for (size_t to = *count; to > 0 && s->runs_left > 0;) {
		size_t from = to > size ? to - size : 0;
		some |= fails_without(s, choices, count, from, to);
		to = from;
	}
	return some;
}

/* With ever fewer choices, until each is needed. */
static void drop_parts(shrinking *s, maiko_choice *choices, size_t *count)
{
	for (size_t size = (*count + 1) / 2; *count > 0 && s->runs_left > 0;) {
		if (drop_a_part(s, choices, count, size))
			size = size < *count ? size : (*count + 1) / 2;
		else if (size > 1)
			size = (size + 1) / 2;
		else
			break;
	}
}

/* Whether some choice can be lower; each then is as low as a few attempts find. */
static bool lower(shrinking *s, maiko_choice *choices, size_t count)
{
	enum { ATTEMPTS = 3 }; /* all lower numbers of workers */
	bool some = false;
	for (size_t i = 0; i < count; i++) {
		uint32_t value = choices[i].value, to = 1;
		for (; to < value && to <= ATTEMPTS; to++) {
			choices[i].value = to;
			if (still_fails(s, choices, count))
				break;
			choices[i].value = value;
		}
		some |= choices[i].value != value;
	}
	return some;
}

size_t mt_shrink(maiko_choice *choices, size_t count, maiko_choice *spare, uint32_t runs_max,
		 bool (*fails)(void *arg, const maiko_choice *choices, size_t count), void *arg)
{
	shrinking s = {.spare = spare, .runs_left = runs_max, .fails = fails, .arg = arg};
	if (count > 0 && fails_without(&s, choices, &count, 0, count))
		return 0;
	do
		drop_parts(&s, choices, &count);
	while (lower(&s, choices, count));
	return count;
}
