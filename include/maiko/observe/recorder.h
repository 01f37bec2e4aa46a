/*
 * recorder.h - recording a running program, which testing/replay.h replays in simulation.
 *
 * In libmaiko-observe: a program that records links -lmaiko-observe -lmaiko (pkg-config: maiko-observe;
 * CMake: maiko::observe).
 *
 * A recorder writes to a file what comes in from outside, with its content, and in which pieces each
 * worker did its work: which control message it ran next, how many events it took from which other
 * worker, which actor it ran and for how many events, what it saw of a channel's room; and what every
 * actor did and sent, with a digest of it.
 *
 *   maiko_recorder *recorder;
 *   maiko_recorder_new(&recorder, sup, "run.mkr", NULL);       // before maiko_start
 *   maiko_run(sup);
 *   maiko_recorder_free(recorder);
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
#ifndef MAIKO_OBSERVE_RECORDER_H
#define MAIKO_OBSERVE_RECORDER_H

#include <maiko/maiko.h>

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

MAIKO_END_DECLS

#endif
