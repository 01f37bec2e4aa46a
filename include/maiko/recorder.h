/*
 * recorder.h - recording a running program, and replaying it in simulation.
 *
 * In libmaiko-test: a program that records links -lmaiko-test -lmaiko (pkg-config: maiko-test; CMake:
 * maiko::test).
 *
 * A recorder writes to a file what comes in from outside, with its content, and in which pieces each
 * worker did its work: which control message it ran next, how many events it took from which other
 * worker, which actor it ran and for how many events, what it saw of a channel's room; and what every
 * actor did and sent, with a digest of it. Replay builds the same actors in a simulation and does these
 * pieces again in the same order. What the actors then do is compared with what they did.
 *
 *   maiko_recorder *recorder;
 *   maiko_recorder_new(&recorder, sup, "run.mkr", NULL);       // before maiko_start
 *   maiko_run(sup);
 *   maiko_recorder_free(recorder);
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
 * The file is mapped, so a recording outlives a crash of the program, up to its last record. A forked
 * child writes nothing to it.
 * It grows by a segment (1 MiB) a worker at a time; a record takes 40 bytes for a piece, 72 for what
 * became of an event, 120 for what was sent. It holds for the byte order, the layout of the events and the
 * version of the library that it was made with.
 *
 * What a recording changes: no actor moves to another worker, and nothing is sent in an actor's name from
 * outside (MAIKO_EBUSY); a callback finds a channel to another worker as full as the worker's last look
 * between callbacks has left it, so one that sends more than a channel holds is muted (or, where all
 * subscribers there drop, drops) earlier. What cannot be recorded is refused when it begins: a
 * supervisor that has been started, events with bytes that no field describes. What goes wrong later ends
 * the recording, as an error of maiko_recorder_free, and what was recorded before is whole: a full disk, no
 * memory for a delivery or for the recorder, an event of more than 512 KiB, and a stop that gives up a
 * callback.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_RECORDER_H
#define MAIKO_RECORDER_H

#include <maiko/maiko.h>
#include <stdio.h>

typedef struct maiko_recorder maiko_recorder;

typedef struct maiko_recorder_options {
	/* Names of actors, ended by NULL, all of whose sends are recorded with their content; a name that
	 * ends with '*' stands for all that begin with what is before it. The content of other sends is
	 * recorded if they come from outside or no event caused them (from a tick or an on_start). A source
	 * whose handlers send must be named here. */
	const char *const *sources;
	/* Bytes of events that no field describes are recorded as they are, too: a pointer among them
	 * is invalid in a replay. Otherwise events that have such bytes are refused. */
	bool undescribed;
	uint64_t reserved_[8];
} maiko_recorder_options;

typedef struct maiko_replay_options {
	const char *path;
	/* Adds the actors, with the names and in the order of the recorded program. */
	int (*setup)(maiko_supervisor *sup, void *arg);
	void *arg;
	const char *const *sources;           /* names of actors, ended by NULL; '*' as above */
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

/* Records `sup` from now on, before maiko_start, into a new file, which must not exist. While it records,
 * adding or sending an event with bytes that no field describes is refused (MAIKO_ETYPE), unless
 * .undescribed is set. Errors: MAIKO_EINVAL (a NULL), MAIKO_ESTATE (it has been started), MAIKO_EEXIST (it
 * has or had a recorder), MAIKO_ETYPE (an event that its actors handle has such bytes), MAIKO_ESIMULATED,
 * MAIKO_ENOMEM, MAIKO_EFORK, what open(2) (-EEXIST: there is such a file) or posix_fallocate(3) say, as a
 * negative errno, and those of maiko_monitor_add. Any thread. */
MAIKO_API int maiko_recorder_new(maiko_recorder **ret_recorder, maiko_supervisor *sup, const char *path,
				 const maiko_recorder_options *options);

/* Ends the recording and frees the recorder (NULL is fine); before the supervisor is freed, on a thread
 * that may wait, or (an embedded supervisor's, on its loop's thread) once the supervisor has stopped. 0, or
 * the error that ended the recording before: what posix_fallocate(3) or mmap(2) say, as a negative errno
 * (-ENOSPC: a full disk; -EFBIG: the file size limit); MAIKO_ENOMEM; MAIKO_E2BIG: an event or a call of more
 * than 512 KiB; the error of a start for which the system had no thread or loop. maiko_last_error says how
 * many records are whole. Errors that free nothing: MAIKO_EDEADLK (this thread may not wait), MAIKO_EFORK;
 * and, after the end of the recording, MAIKO_ETIMEDOUT (the stop has given up a callback, which may yet come
 * to record) and MAIKO_ENOMEM, with a text that says so. */
MAIKO_API int maiko_recorder_free(maiko_recorder *recorder);

/* Replays a recording, as much as is whole, on this thread. 0: no divergence; MAIKO_EBROKEN: *ret_result
 * names the first; MAIKO_EINVAL: a NULL, or a file that is no recording, or of another version or
 * kind of machine, or of which nothing is whole (the text says which); MAIKO_EDEADLK: this thread may not
 * wait; MAIKO_ENOMEM; what open(2) or `setup` say. What was refused when it was recorded (an event with bytes
 * that no field describes) is refused again, in the same words. */
MAIKO_API int maiko_replay(const maiko_replay_options *options, maiko_replay_result *ret_result);

MAIKO_END_DECLS

#endif
