/*
 * replay.h - replays a recording (observe/recorder.h) in simulation.
 *
 * A replay builds the same actors in a simulation, repeats the steps of the recorded workers in the same
 * order, and compares what the actors do with the recording.
 *
 *   static const char *const sources[] = {"cpu", "network*", NULL};
 *   maiko_replay_result result;
 *   maiko_replay(&(maiko_replay_options){.path = "run.mkr", .setup = add_actors, .sources = sources}, &result);
 *
 * An actor that does I/O (a file, a descriptor, its own clock) is a source: a replay does not run it, but
 * repeats in its name the events it sent, its questions and replies, and its additions, removals and
 * subscriptions. All other actors must be deterministic: the same input gives the same output. Then a
 * replay has no divergence, and after a change of an actor it names the first event that differs. Mutes,
 * drops, cycles of full mailboxes, failures, delayed events, actors with .own_thread, blocking jobs and all
 * changes of actors, groups and subscriptions, by actors or external threads, are replayed exactly.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_TESTING_REPLAY_H
#define MAIKO_TESTING_REPLAY_H

#include <maiko/maiko.h>

typedef struct maiko_replay_options {
	const char *path;
	/* Adds the actors, with the names and in the order of the recorded program. */
	int (*setup)(maiko_supervisor *sup, void *arg);
	void *arg;
	const char *const *sources;           /* names of actors, ended by NULL; "net*": a prefix */
	const maiko_event_type *const *types; /* those that no actor handles, as answers, ended by NULL */
	/* Types of actors that only a source, or an external thread, adds while the program runs; ended by
	 * NULL. `init` (may be NULL) is called with a copy of the recorded .init of such an actor, to
	 * correct pointers in it. An error that it returns ends the replay. */
	const maiko_actor_type *const *actors;
	int (*init)(const char *name, const maiko_actor_type *type, void *state, void *arg);
	uint64_t reserved_[8];
} maiko_replay_options;

typedef struct maiko_replay_result {
	uint64_t records; /* compared */
	uint64_t events;  /* handled */
	uint64_t whole;   /* records of the file before the first gap */
	bool complete;    /* the recording ends with maiko_recorder_free, not with a crash */
	/* The first divergence, and the names in the options that are not in the recording; or the defect
	 * of the file, or why `setup` failed; for an incomplete recording (after a crash, a full disk, or
	 * truncated), how much of it was replayed; else "". */
	char text[1024];
	uint64_t reserved_[8];
} maiko_replay_result;

MAIKO_BEGIN_DECLS

/* Replays a recording, up to its first gap, on this thread. 0: no divergence; MAIKO_EBROKEN: *ret_result
 * names the first; MAIKO_EINVAL: a NULL, or a file that is not a recording, is of another version or
 * kind of machine, or has no intact record (the text says which); MAIKO_EDEADLK: this thread may not wait;
 * MAIKO_ENOMEM; errors of open(2) and `setup`. Calls that were refused in the recording (an event with bytes
 * that no field describes) are refused again, with the same text. */
MAIKO_API int maiko_replay(const maiko_replay_options *options, maiko_replay_result *ret_result);

MAIKO_END_DECLS

#endif
