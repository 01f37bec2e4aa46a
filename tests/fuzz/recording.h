/*
 * recording.h - recordings as a fuzzer has them: compact, and what is replayed from them.
 *
 * A recording is mostly empty segments. Compact it is its head, then of each segment its tape and the
 * bytes that are used:
 *
 *   head | tape, size, bytes | tape, size, bytes | ...       tape and size: 32 bits each
 */
#ifndef FUZZ_RECORDING_H
#define FUZZ_RECORDING_H

#include <stddef.h>
#include <stdint.h>

/* Expands a compact recording, and replays it: whatever it says, that ends, and nothing else happens. */
int fuzz_replay(const uint8_t *data, size_t size);

/* Records one of so many small runs, and compacts it; *ret_data is to be freed. 0, or an error. */
enum { FUZZ_RUNS = 3 };
int fuzz_record(unsigned run, uint8_t **ret_data, size_t *ret_size);

#endif
