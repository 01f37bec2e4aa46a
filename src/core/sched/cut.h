/*
 * cut.h - divides the actors of a saturated worker so that a worker with spare time takes over a part of the work.
 *
 * The actors of a sample are the nodes of a graph, weighted with their time, and their talk is its edges. A part is
 * worth moving if both workers then finish the sampled work sooner, although each event between them costs more than
 * within one. So actors that talk stay together: a ring becomes two arcs, a pipeline two halves, and what only talks
 * stays whole.
 *
 * A part is grown from one actor, always by that which adds the least talk between the parts (greedy graph growing:
 * Karypis and Kumar, A Fast and High Quality Multilevel Scheme for Partitioning Irregular Graphs, 1998, after Kernighan
 * and Lin, 1970); of all parts on the way, from several first actors, the best counts. That actors should live where
 * those live with whom they talk, and that sampling the talk is enough to know it, is from ActOp (Newell and others,
 * Optimizing Distributed Actor Systems for Dynamic Interactive Services, EuroSys 2016).
 */
#ifndef MK_CUT_H
#define MK_CUT_H

#include "sched/sample.h"

/* The extra cost of an event between two workers, half of it to each. */
enum { MK_TALK_NS = 250 };

/* Sets `goes` of the actors that should move to the sample's worker `to`; the rest stays. False: none should,
 * or there is no memory. */
bool mk_cut_find(mk_sample *s);

/* Where no part is worth moving because single actors have too much of the work: the actor that both workers should
 * run in turns. NULL: none. */
mk_sampled *mk_cut_to_lend(mk_sample *s);

/* Nothing is gained in all, but one actor has nearly all of the time, in runs so long that the others wait for it: it
 * should have a worker for itself. NULL: none, or the other worker has something to do. */
mk_sampled *mk_cut_to_isolate(mk_sample *s);

#endif
