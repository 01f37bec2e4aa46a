/*
 * bench.h - what the programs of the suite share: their command line, clock, figures
 * and checks.
 *
 *   PROGRAM list                    the variants, one per line
 *   PROGRAM run VARIANT [SCALE]     runs one and prints "<figure> <unit> <value>" lines
 *   PROGRAM about                   describes the program in one line
 *
 * A variant is run once per process. It prints nothing and fails unless the counts at its
 * sinks are right: a fast program that loses events has no figure. A failure to print makes the
 * status 1 too.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One variant of a workload. `run` gets the variant itself. */
typedef struct bench_variant {
	const char *name; /* "W1/one"; NULL ends a list */
	bool (*run)(const struct bench_variant *variant);
	uint32_t workers;
	uint64_t size; /* depends on the workload: bytes, topics, events per second, ... */
} bench_variant;

/* The program: `workloads` is a list of lists of variants and ends with NULL. */
int bench_main(int argc, char **argv, const char *about, const bench_variant *const *workloads);

/* `full` events times the SCALE of the command line, rounded up to a multiple. */
uint64_t bench_scaled(uint64_t full, uint64_t multiple);

/* ---- figures and checks ----------------------------------------------------------- */

/* Notes a figure, which is printed if all checks of the run succeed. */
void bench_figure(const char *name, const char *unit, double value);

/* Unless `right`, marks the run as wrong and prints the reason. Any thread. */
void bench_check(bool right, const char *what);

/* ---- time, processors, random numbers ------------------------------------------------- */

/* The time of a monotonic clock in nanoseconds. */
uint64_t bench_now_ns(void);

/* Processor nanoseconds that this process, or this thread, has used. */
uint64_t bench_process_cpu_ns(void);
uint64_t bench_thread_cpu_ns(void);

/* Pins the calling thread to the first or the second of the processors that the process may
 * use. */
void bench_pin(unsigned which);

/* Keeps the processor busy for `ns` nanoseconds. */
void bench_work(uint64_t ns);

/* Bytes of this process that are in memory. */
uint64_t bench_resident(void);

/* Allocates zeroed memory aligned to a cache line; never NULL: the program ends instead. */
void *bench_lines(size_t count, size_t size);

/* The next number of a pseudo-random 64-bit sequence (xorshift64* by Vigna, 2014);
 * `state` must not be 0. */
uint64_t bench_random(uint64_t *state);

/* Sorts the samples, and returns one of them: `percent` of all are less or equal. */
uint64_t bench_percentile(uint64_t *samples, uint64_t count, uint64_t percent);

/* Notes p50, p99 and p999 in microseconds; sorts the samples. */
void bench_percentiles(uint64_t *samples_ns, uint64_t count);

#endif
