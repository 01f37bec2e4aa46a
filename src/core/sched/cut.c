/*
 * cut.c - see cut.h.
 */
#include "sched/cut.h"

enum {
	ALONE_PERCENT = 80,    /* the least part of the time of an actor that gets a worker for itself */
	LONG_RUNS = 2,         /* so many long runs of it: one may be a thread that has lost its core */
	GAIN_PERCENT = 20,     /* the least part of the time that a move must save */
	LENT_TALK_PERCENT = 50 /* the most that an actor's talk between workers may cost of its time if it is lent */
};

/* A graph of a sample while a part grows: the pairs of actor i are edges[first[i]] to edges[first[i + 1] - 1]. */
typedef struct part {
	mk_sample *s;
	uint64_t there_ns; /* what the other worker has to do already, in the time of the sample */
	uint32_t first[MK_SAMPLE_ACTORS + 1];
	uint32_t edges[MK_SAMPLE_PAIRS * 2]; /* of one end: the index of the pair */
	int64_t gain[MK_SAMPLE_ACTORS];      /* talk with the part, less that with the rest */
	bool inside[MK_SAMPLE_ACTORS], near[MK_SAMPLE_ACTORS];
	uint32_t order[MK_SAMPLE_ACTORS];  /* the part, in the order in which it grew */
	uint32_t border[MK_SAMPLE_ACTORS]; /* those outside that talk with it */
	uint32_t count, border_count;
	/* of the part */
	uint64_t ns, alone_ns; /* alone: while nobody else was ready, so it saves nothing elsewhere */
	int64_t crossing;      /* events that would cross between the workers, less those that would no longer */
} part;

static uint32_t other_end(const mk_pair *p, uint32_t i) { return p->one == i ? p->other : p->one; }

static void index_pairs(part *g)
{
	const mk_sample *s = g->s;
	for (uint32_t k = 0; k < s->pair_count; k++) {
		g->first[s->pairs[k].one + 1]++;
		g->first[s->pairs[k].other + 1]++;
	}
	for (uint32_t i = 0; i < s->actor_count; i++)
		g->first[i + 1] += g->first[i];
	uint32_t *at = g->order; /* not used yet */
	for (uint32_t i = 0; i < s->actor_count; i++)
		at[i] = g->first[i];
	for (uint32_t k = 0; k < s->pair_count; k++) {
		g->edges[at[s->pairs[k].one]++] = k;
		g->edges[at[s->pairs[k].other]++] = k;
	}
}

static void begin(part *g)
{
	const mk_sample *s = g->s;
	g->count = g->border_count = 0;
	g->ns = g->alone_ns = 0;
	g->crossing = 0;
	for (uint32_t i = 0; i < s->actor_count; i++) {
		g->gain[i] = (int64_t)s->actors[i].there;
		g->inside[i] = g->near[i] = false;
		for (uint32_t k = g->first[i]; k < g->first[i + 1]; k++)
			g->gain[i] -= (int64_t)s->pairs[g->edges[k]].parts;
	}
}

static void add(part *g, uint32_t i)
{
	const mk_sample *s = g->s;
	g->inside[i] = true;
	g->order[g->count++] = i;
	g->ns += s->actors[i].ns;
	g->alone_ns += s->actors[i].ns - s->actors[i].beside_ns;
	g->crossing -= g->gain[i];
	for (uint32_t k = g->first[i]; k < g->first[i + 1]; k++) {
		const mk_pair *p = &s->pairs[g->edges[k]];
		uint32_t j = other_end(p, i);
		g->gain[j] += 2 * (int64_t)p->parts;
		if (!g->near[j] && !s->actors[j].fixed) {
			g->near[j] = true;
			g->border[g->border_count++] = j;
		}
	}
}

/* When both workers would have done the sampled work, with the part on the other one. */
static uint64_t done_ns(const part *g)
{
	int64_t talk_ns = g->crossing * MK_TALK_NS / 2 / (int64_t)MK_SAMPLE_WHOLE;
	int64_t here_ns = (int64_t)(g->s->ns - g->ns + g->alone_ns) + talk_ns;
	int64_t there_ns = (int64_t)(g->there_ns + g->ns) + talk_ns;
	int64_t later_ns = here_ns > there_ns ? here_ns : there_ns;
	return later_ns > 0 ? (uint64_t)later_ns : 0;
}

static bool can_go(const part *g, uint32_t i) { return !g->inside[i] && !g->s->actors[i].fixed; }

/* Without a border: the one that talks most with the other worker, of these the one with the most time. */
static bool is_better(const mk_sampled *a, const mk_sampled *than)
{
	return a->there != than->there ? a->there > than->there : a->ns > than->ns;
}

/* The actor on the border that adds the least talk between the parts; without a border any. MK_SAMPLE_ACTORS: none is
 * left. */
static uint32_t next(part *g)
{
	const mk_sample *s = g->s;
	uint32_t found = MK_SAMPLE_ACTORS, left = 0;
	for (uint32_t k = 0; k < g->border_count; k++) {
		uint32_t i = g->border[k];
		if (g->inside[i])
			continue;
		g->border[left++] = i;
		if (found == MK_SAMPLE_ACTORS || g->gain[i] > g->gain[found])
			found = i;
	}
	g->border_count = left;
	for (uint32_t i = 0; left == 0 && i < s->actor_count; i++)
		if (can_go(g, i) && (found == MK_SAMPLE_ACTORS || is_better(&s->actors[i], &s->actors[found])))
			found = i;
	return found;
}

/* Grows a part without actors from that one until the other worker would have more to do than this one has now; marks
 * the best one on the way if it is done before `best_ns`. Returns the lesser of the two. */
static uint64_t grow(part *g, uint32_t from, uint64_t best_ns)
{
	mk_sample *s = g->s;
	uint32_t best = 0;
	for (uint32_t i = from; i != MK_SAMPLE_ACTORS && g->there_ns + g->ns < s->ns; i = next(g)) {
		add(g, i);
		if (done_ns(g) < best_ns) {
			best_ns = done_ns(g);
			best = g->count;
		}
	}
	for (uint32_t i = 0; best != 0 && i < s->actor_count; i++)
		s->actors[i].goes = false;
	for (uint32_t k = 0; k < best; k++)
		s->actors[g->order[k]].goes = true;
	return best_ns;
}

/* ---- the first actors of parts --------------------------------------------------------------- */

/* How well a part may begin with an actor; the greatest counts. */
static int64_t by_talk_there(const part *g, uint32_t i) { return (int64_t)g->s->actors[i].there; }
static int64_t by_time(const part *g, uint32_t i) { return (int64_t)g->s->actors[i].ns; }
static int64_t by_little_talk(const part *g, uint32_t i) { return g->gain[i]; } /* of a part without actors */
static int64_t by_age(const part *g, uint32_t i) { return (int64_t)(g->s->actor_count - i); }

/* Begins a part. Returns its first actor, or MK_SAMPLE_ACTORS. */
static uint32_t first_by(part *g, int64_t (*worth)(const part *, uint32_t))
{
	uint32_t found = MK_SAMPLE_ACTORS;
	begin(g);
	for (uint32_t i = 0; i < g->s->actor_count; i++)
		if (can_go(g, i) && (found == MK_SAMPLE_ACTORS || worth(g, i) > worth(g, found)))
			found = i;
	return found;
}

bool mk_cut_find(mk_sample *s)
{
	int64_t (*const worths[])(const part *, uint32_t) = {by_talk_there, by_time, by_little_talk, by_age};
	part *g = MK_NEW(part);
	if (g == NULL)
		return false;
	g->s = s;
	g->there_ns = s->ns * (100 - s->spare_percent) / 100;
	index_pairs(g);
	uint64_t enough_ns = s->ns * (100 - GAIN_PERCENT) / 100, best_ns = enough_ns;
	for (size_t k = 0; k < sizeof worths / sizeof worths[0]; k++) {
		uint32_t from = first_by(g, worths[k]);
		if (from != MK_SAMPLE_ACTORS)
			best_ns = grow(g, from, best_ns);
	}
	mk_free(g);
	return best_ns < enough_ns;
}

/* ---- lending ---------------------------------------------------------------------------------- */

static uint64_t talk_of(const mk_sample *s, uint32_t i)
{
	uint64_t parts = s->actors[i].there;
	for (uint32_t k = 0; k < s->pair_count; k++)
		if (s->pairs[k].one == i || s->pairs[k].other == i)
			parts += s->pairs[k].parts;
	return parts;
}

/* In turns the two workers share the time evenly: so each has half of what they have together. */
mk_sampled *mk_cut_to_lend(mk_sample *s)
{
	uint64_t there_ns = s->ns * (100 - s->spare_percent) / 100;
	mk_sampled *found = NULL;
	if ((s->ns + there_ns) / 2 > s->ns * (100 - GAIN_PERCENT) / 100)
		return NULL;
	for (uint32_t i = 0; i < s->actor_count; i++) {
		mk_sampled *a = &s->actors[i];
		uint64_t talk_ns = talk_of(s, i) * MK_TALK_NS / MK_SAMPLE_WHOLE;
		if (!a->fixed && a->beside_ns * 2 >= s->ns - there_ns && there_ns + a->ns <= s->ns + s->ns / 10 &&
		    talk_ns * 100 <= a->ns * LENT_TALK_PERCENT && (found == NULL || a->beside_ns > found->beside_ns))
			found = a;
	}
	return found;
}

/* ---- a worker for one ---------------------------------------------------------------------------- */

mk_sampled *mk_cut_to_isolate(mk_sample *s)
{
	if (s->idle_percent < ALONE_PERCENT)
		return NULL;
	for (uint32_t i = 0; i < s->actor_count; i++) {
		mk_sampled *a = &s->actors[i];
		if (!a->fixed && a->long_runs >= LONG_RUNS && a->ns < s->ns && a->ns * 100 >= s->ns * ALONE_PERCENT)
			return a;
	}
	return NULL;
}
