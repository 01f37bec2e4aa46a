/*
 * replay.h - replaying a recording (observe/recorder.h) in simulation.
 *
 * Replay builds the same actors in a simulation and does again, in the same order, the pieces in which the
 * recorded workers did their work. What the actors then do is compared with what they did.
 *
 *   static const char *const sources[] = {"cpu", "network*", NULL};
 *   maiko_replay_result result;
 *   maiko_replay(&(maiko_replay_options){.path = "run.mkr", .setup = add_actors, .sources = sources}, &result);
 *
 * An actor that does I/O (a file, a descriptor, a clock of its own) is a source: a replay does not run
 * it; it repeats in its name what it sent, and which actors it added, removed or subscribed. All others
 * must do the same when the same happens to them: then a replay has no divergence, and after a change
 * of an actor it names the first event that differs. Mutes, drops, cycles of full
 * mailboxes, failures, delayed events, actors with threads of their own, blocking jobs and all changes of
 * actors and subscriptions, from actors or from outside, are replayed exactly.
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
	const char *const *sources;           /* names of actors, ended by NULL; "net*" is each that begins so */
	const maiko_event_type *const *types; /* those that no actor handles, ended by NULL */
	/* Types of the actors that only a source, or an external thread, adds while the program runs; ended
	 * by NULL. `init` (may be NULL) is called with a copy of the recorded bytes of the .init of such an
	 * actor, to correct pointers in it. 0, or an error, which ends the replay. */
	const maiko_actor_type *const *actors;
	int (*init)(const char *name, const maiko_actor_type *type, void *state, void *arg);
	uint64_t reserved_[8];
} maiko_replay_options;

typedef struct maiko_replay_result {
	uint64_t records; /* compared */
	uint64_t events;  /* handled */
	uint64_t whole;   /* records of the file that follow each other without a gap */
	bool complete;    /* the recording ends with maiko_recorder_free, not with a crash */
	/* The first divergence, with the names in the options that the recording does not have; or what is
	 * wrong with the file, or why `setup` failed; of a recording that is not whole (after a
	 * crash, a full disk, or cut), how much of it is and was replayed; else "". */
	char text[1024];
	uint64_t reserved_[8];
} maiko_replay_result;

MAIKO_BEGIN_DECLS

/* Replays a recording, as much as is whole, on this thread. 0: no divergence; MAIKO_EBROKEN: *ret_result
 * names the first; MAIKO_EINVAL: a NULL, or a file that is no recording, or of another version or
 * kind of machine, or of which nothing is whole (the text says which); MAIKO_EDEADLK: this thread may not
 * wait; MAIKO_ENOMEM; what open(2) or `setup` say. What was refused when it was recorded (an event with bytes
 * that no field describes) is refused again, in the same words. */
MAIKO_API int maiko_replay(const maiko_replay_options *options, maiko_replay_result *ret_result);

MAIKO_END_DECLS

#endif
