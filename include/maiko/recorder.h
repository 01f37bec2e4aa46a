/*
 * recorder.h - recording a running program, and replaying it in simulation.
 *
 * A recorder is a monitor that writes what it sees to a file: what came in from outside
 * with its content, what every actor did and sent with a digest of it, and in which order
 * the workers did it all. Replay builds the same actors in a simulation and leads it along
 * the recording: the same workers take the same events from the same channels and run the
 * same actors at the same times. What the actors then do is compared with what they did.
 *
 *   maiko_recorder *recorder;
 *   maiko_recorder_new(&recorder, sup, "run.mkr", NULL);       // before maiko_start
 *   maiko_run(sup);
 *   maiko_recorder_free(recorder);
 *
 *   static const char *const sources[] = {"cpu", "network", NULL};
 *   maiko_replay_result result;
 *   maiko_replay(&(maiko_replay_options){.path = "run.mkr", .setup = add_actors, .sources = sources}, &result);
 *
 * An actor that reads the world (a file, a descriptor, a clock of its own) is a source: in
 * a replay it is not run, and what it sent is sent again in its name. All others must do
 * the same when the same happens to them: then a replay has no divergence, and after a
 * change of an actor it names the first event that differs.
 *
 * The file is mapped, so a recording outlives a crash of the program, up to its last sight.
 * It grows by a segment (1 MiB) a worker at a time; a record takes some 100 bytes. It holds
 * for the byte order, the layout of the events and the number of workers that it was made
 * with. While it is made no actor moves to another worker. Not reproduced: changes of the topology asked for from outside, what was dropped at
 * a full channel between workers, what a failed allocation caused.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_RECORDER_H
#define MAIKO_RECORDER_H

#include <maiko/maiko.h>
#include <stdio.h>

typedef struct maiko_recorder maiko_recorder;

typedef struct maiko_recorder_options {
	/* Names of actors, ended by NULL, all of whose sends are recorded with their content.
	 * Else it is that of sends from outside and of those that no event caused: what a tick
	 * or an on_start sends. A source whose handlers send must be named here. */
	const char *const *sources;
	char reserved_;
} maiko_recorder_options;

typedef struct maiko_replay_options {
	const char *path;
	/* Adds the actors, with the names and in the order of the recorded program. */
	int (*setup)(maiko_supervisor *sup, void *arg);
	void *arg;
	const char *const *sources;           /* names of actors, ended by NULL */
	const maiko_event_type *const *types; /* those that no actor handles, ended by NULL */
	char reserved_;
} maiko_replay_options;

typedef struct maiko_replay_result {
	uint64_t records; /* compared */
	uint64_t events;  /* handled */
	bool complete;    /* the recording ends with maiko_recorder_free, not with a crash */
	char text[1024];  /* the first divergence, or what is wrong with the file */
} maiko_replay_result;

MAIKO_BEGIN_DECLS

/* Records `sup` from now on into a new file; to be replayed, from before maiko_start.
 * Errors: MAIKO_EINVAL, MAIKO_ENOMEM, MAIKO_EFORK, what open(2) or posix_fallocate(3) say,
 * as a negative errno, and those of maiko_monitor_add. Any thread. */
MAIKO_API int maiko_recorder_new(maiko_recorder **ret_recorder, maiko_supervisor *sup, const char *path,
				 const maiko_recorder_options *options);

/* Ends the recording and frees the recorder (NULL is fine); before the supervisor is freed, on a thread
 * that may wait. 0, or the error (a full disk) that ended the recording before: what was
 * recorded until then is whole. */
MAIKO_API int maiko_recorder_free(maiko_recorder *recorder);

/* Replays a recording, on this thread. 0: no divergence; MAIKO_EBROKEN: *ret_result names
 * the first; MAIKO_EINVAL: a NULL, or a file that is no recording, or of another version or
 * kind of machine (the text says which); MAIKO_ENOMEM; what open(2) or `setup` say. */
MAIKO_API int maiko_replay(const maiko_replay_options *options, maiko_replay_result *ret_result);

MAIKO_END_DECLS

#endif
