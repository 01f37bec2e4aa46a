/*
 * spin.c - see spin.h.
 */
#include "sched/spin.h"

enum {
	LONG = MK_SPIN_CLASSES - 1, /* the class of the gaps that no spin covers */
	FADE = 4,                   /* each gap takes a sixteenth of the weight of those before it */
	WEIGHT = 1 << 12,           /* of the last gap */
	MORE = 16                   /* a longer spin may cost this part of a wake-up more a gap than the cheapest */
};

/* Class 0 has the gaps up to a 256th of the longest spin, each further one those up to twice as long. */
static uint64_t bound_of(const mk_spin *s, int class) { return s->most_ns >> (LONG - 1 - class); }

static int class_of(const mk_spin *s, uint64_t gap_ns)
{
	int class = 0;
	while (class < LONG && gap_ns > bound_of(s, class))
		class ++;
	return class;
}

/* A gap of a class is on average 3/4 of its bound. */
static void choose(mk_spin *s)
{
	uint64_t total = 0, covered_cost = 0, costs[LONG];
	for (int i = 0; i < MK_SPIN_CLASSES; i++)
		total += s->weight[i];
	uint64_t none = total * s->worth_ns, least = none, longer = total;
	for (int i = 0; i < LONG; i++) {
		uint64_t bound_ns = bound_of(s, i);
		longer -= s->weight[i];
		covered_cost += s->weight[i] * (bound_ns - bound_ns / 4);
		costs[i] = covered_cost + longer * (bound_ns + s->worth_ns);
		least = costs[i] < least ? costs[i] : least;
	}
	int longest = LONG - 1;
	while (least < none && costs[longest] > least + none / MORE)
		longest--;
	s->length_ns = least < none ? bound_of(s, longest) : 0;
}

static void count(mk_spin *s, int class)
{
	for (int i = 0; i < MK_SPIN_CLASSES; i++)
		s->weight[i] -= (s->weight[i] + (1 << FADE) - 1) >> FADE; /* rounded up: it fades to 0 */
	s->weight[class] += WEIGHT;
	choose(s);
}

/* Until more is known: as after one gap that is just worth a spin, so that the first spin finds out. */
void mk_spin_init(mk_spin *s, uint64_t most_ns)
{
	*s = (mk_spin){.most_ns = most_ns, .worth_ns = most_ns / 4};
	s->last = class_of(s, s->worth_ns);
}

uint64_t mk_spin_length(mk_spin *s)
{
	if (s->last >= 0)
		count(s, s->last);
	s->last = -1;
	return s->length_ns;
}

void mk_spin_gap(mk_spin *s, uint64_t gap_ns, bool slept)
{
	uint64_t woken_ns = slept ? s->worth_ns / 2 : 0; /* the work was there, the worker not yet */
	s->last = class_of(s, gap_ns > woken_ns ? gap_ns - woken_ns : 0);
}

void mk_spin_in_vain(mk_spin *s) { s->last = LONG; }
