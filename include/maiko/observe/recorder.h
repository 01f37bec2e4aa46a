/*
 * recorder.h - recording a running program, which testing/replay.h replays in simulation.
 *
 * In libmaiko-observe: a program that records links -lmaiko-observe -lmaiko (pkg-config: maiko-observe;
 * CMake: maiko::observe).
 *
 * A recorder writes to a file: all external input, with its content; the steps of each worker (which
 * control message it ran, how many events it took from which other worker, which actor it ran and for
 * how many events, how much free space it saw in a channel); and digests of all that actors did and
 * sent.
 *
 *   maiko_recorder *recorder;
 *   maiko_recorder_new(&recorder, sup, "run.mkr", NULL);       // before maiko_start
 *   maiko_run(sup);
 *   maiko_recorder_free(recorder);
 *
 * To print it: a replay with a monitor, docs/testing.md.
 *
 * The file is memory-mapped, so a recording survives a crash of the program, up to its last record. A
 * forked child writes nothing to it. It grows by one segment (1 MiB) per worker at a time; a record takes
 * 40 bytes for a step, 72 for the outcome of an event, 120 for a send. It is valid only for the byte order,
 * the event layouts and the library version that it was made with.
 *
 * Effects of recording: no actor moves to another worker, and sends in the name of an actor are refused
 * (MAIKO_EBUSY). During a callback the free space of a channel is not updated, so a callback that sends
 * more than the channel holds mutes its actor (or drops, if all subscribers there drop) earlier. Refused
 * at the start: a supervisor that has been started, events with bytes that no field describes. Later
 * errors end the recording and are returned by maiko_recorder_free; the records before are intact: a full
 * disk, no memory for a delivery or for the recorder, an event of more than 512 KiB, and a stop that gives
 * up a callback.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_OBSERVE_RECORDER_H
#define MAIKO_OBSERVE_RECORDER_H

#include <maiko/maiko.h>

typedef struct maiko_recorder maiko_recorder;

typedef struct maiko_recorder_options {
	/* Names of actors, ended by NULL, all of whose sends are recorded with their content; a final '*'
	 * matches any rest of a name. The content of other sends is recorded only if they come from
	 * external threads or no event caused them (from a tick or an on_start). A source whose handlers
	 * send, ask, reply or keep events must be named here. */
	const char *const *sources;
	/* Record event bytes that no field describes too, unchanged: a pointer among them is invalid in a
	 * replay. Otherwise events with such bytes are refused. */
	bool undescribed;
	uint64_t reserved_[8];
} maiko_recorder_options;

MAIKO_BEGIN_DECLS

/* Begins to record `sup`, before maiko_start, into a new file, which must not exist. While it records,
 * adding or sending an event with bytes that no field describes is refused (MAIKO_ETYPE), unless
 * .undescribed is set. Errors: MAIKO_EINVAL (a NULL), MAIKO_ESTATE (it has been started), MAIKO_EEXIST (it
 * has or had a recorder), MAIKO_ETYPE (an event that its actors handle has such bytes), MAIKO_ESIMULATED,
 * MAIKO_ENOMEM, MAIKO_EFORK, errors of open(2) (-EEXIST: the file exists) and posix_fallocate(3) as a
 * negative errno, and those of maiko_monitor_add. Any thread. */
MAIKO_API int maiko_recorder_new(maiko_recorder **ret_recorder, maiko_supervisor *sup, const char *path,
				 const maiko_recorder_options *options);

/* Ends the recording and frees the recorder (NULL is allowed). Call it before the supervisor is freed, on a
 * thread that may wait, or (embedded, on the loop's thread) once the supervisor has stopped. 0, or the error
 * that ended the recording before: an error of posix_fallocate(3) or mmap(2) as a negative errno (-ENOSPC: a
 * full disk; -EFBIG: the file size limit); MAIKO_ENOMEM; MAIKO_E2BIG: an event or a call of more than
 * 512 KiB; the error of a start for which the system had no thread or loop. maiko_last_error says how many
 * records are intact. Errors that free nothing: MAIKO_EDEADLK (this thread may not wait), MAIKO_EFORK; and,
 * after the end of the recording, MAIKO_ETIMEDOUT (the stop has given up a callback, which may still write
 * a record) and MAIKO_ENOMEM, with a text that says so. */
MAIKO_API int maiko_recorder_free(maiko_recorder *recorder);

MAIKO_END_DECLS

#endif
