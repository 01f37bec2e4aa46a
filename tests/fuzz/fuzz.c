/*
 * fuzz - recordings that are damaged, replayed: without a fuzzer's library.
 *
 *   fuzz [--seconds S] [--count N] [--seed X] [--save DIRECTORY] [FILE]...
 *
 * Replays each file (a compact recording, as the corpus has them), and then changes of them and of
 * recordings that it makes itself, N for each of these (default 200), or for S seconds. What kills it
 * can be had again by its seed, and lies in the directory, if one is named: each is saved there before
 * it is replayed, as "last". With --save alone, its own recordings are put there.
 *
 * SPDX-License-Identifier: MIT
 */
#include "recording.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct input {
	uint8_t *data;
	size_t size;
} input;

enum { INPUTS_MAX = 256, ROOM = 64 };

static input inputs[INPUTS_MAX];
static unsigned input_count;

static void complain(const char *what, const char *why)
{
	fprintf(stderr, "fuzz: %s: %s\n", what, why);
	exit(2);
}

/* splitmix64 (Steele, Lea and Flood, 2014) */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static size_t below(uint64_t *state, size_t count) { return (size_t)(next_random(state) % count); }

/* ---- what it starts from ------------------------------------------------------------------- */

static void keep(uint8_t *data, size_t size)
{
	if (input_count == INPUTS_MAX)
		complain("inputs", "too many");
	inputs[input_count++] = (input){data, size};
}

static void read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t size = 0, got;
	if (file == NULL)
		complain(path, "cannot be opened");
	do {
		uint8_t *more = realloc(data, size + 65536);
		if (more == NULL)
			complain(path, "no memory");
		data = more;
		got = fread(data + size, 1, 65536, file);
		size += got;
	} while (got > 0);
	fclose(file);
	keep(data, size);
}

static void save(const char *directory, const char *name, const input *in)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", directory, name);
	FILE *file = fopen(path, "wb");
	if (file == NULL || fwrite(in->data, 1, in->size, file) != in->size || fclose(file) != 0)
		complain(path, "cannot be written");
}

/* A recording of its own is replayed as it was. */
static void record_all(const char *directory)
{
	for (unsigned run = 0; run < FUZZ_RUNS; run++) {
		uint8_t *data;
		size_t size;
		char name[32];
		if (fuzz_record(run, &data, &size) != 0)
			complain("a recording", "cannot be made");
		keep(data, size);
		snprintf(name, sizeof name, "recording%u", run + 1);
		if (directory != NULL)
			save(directory, name, &inputs[input_count - 1]);
		if (fuzz_replay(data, size) != 0) {
			fprintf(stderr, "fuzz: a recording of ours diverges\n");
			exit(1);
		}
	}
}

/* ---- changes ----------------------------------------------------------------------------------- */

/* One of them, in place; there is room for some bytes more. */
static void change(input *in, uint64_t *random)
{
	static const uint64_t numbers[] = {0, 1, 2, 3, 7, 8, 40, 64, 255, 65535, UINT32_MAX, UINT64_MAX, INT64_MAX};
	size_t at = below(random, in->size), length = 1 + below(random, 64);
	size_t aligned = at & ~(size_t)7;
	if (length > in->size - at)
		length = in->size - at;
	switch (below(random, 6)) {
	case 0:
		in->data[at] ^= (uint8_t)(1u << below(random, 8));
		break;
	case 1:
		in->data[at] = (uint8_t)next_random(random);
		break;
	case 2: /* a number that is one of those that matter */
		if (aligned + 8 <= in->size)
			memcpy(in->data + aligned, &numbers[below(random, sizeof numbers / sizeof numbers[0])],
			       below(random, 2) == 0 ? 4 : 8);
		break;
	case 3: /* a number of a neighbour's */
		if (aligned >= 256 && aligned + 8 <= in->size)
			memcpy(in->data + aligned, in->data + aligned - 8 * (1 + below(random, 32)), 8);
		break;
	case 4:
		memmove(in->data + at, in->data + at + length, in->size - at - length);
		in->size -= length < in->size ? length : 0;
		break;
	default:
		if (below(random, 8) == 0)
			in->size = at + 1;
		break;
	}
}

static void replay_changed(const input *from, uint64_t seed, const char *directory)
{
	uint64_t random = seed;
	input in = {malloc(from->size + ROOM), from->size};
	if (in.data == NULL)
		complain("a change", "no memory");
	memcpy(in.data, from->data, from->size);
	for (size_t left = 1 + below(&random, 6); left > 0; left--)
		change(&in, &random);
	if (directory != NULL)
		save(directory, "last", &in);
	(void)fuzz_replay(in.data, in.size);
	free(in.data);
}

/* ---- the program --------------------------------------------------------------------------------- */

int main(int argc, char **argv)
{
	static const struct option known[] = {{"seconds", required_argument, NULL, 's'},
					      {"count", required_argument, NULL, 'n'},
					      {"seed", required_argument, NULL, 'x'},
					      {"save", required_argument, NULL, 'd'},
					      {NULL, 0, NULL, 0}};
	uint64_t seconds = 0, count = 200, seed = 1, done = 0;
	const char *directory = NULL;
	for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		if (option == 's')
			seconds = strtoull(optarg, NULL, 10);
		else if (option == 'n')
			count = strtoull(optarg, NULL, 10);
		else if (option == 'x')
			seed = strtoull(optarg, NULL, 10);
		else if (option == 'd')
			directory = optarg;
		else
			return 2;
	}
	for (int i = optind; i < argc; i++) {
		read_file(argv[i]);
		(void)fuzz_replay(inputs[input_count - 1].data, inputs[input_count - 1].size);
	}
	record_all(directory);
	time_t end = time(NULL) + (time_t)seconds;
	for (uint64_t i = 0; seconds == 0 ? i < count : time(NULL) < end; i++)
		for (unsigned k = 0; k < input_count; k++, done++) {
			if (inputs[k].size == 0)
				continue;
			replay_changed(&inputs[k], seed + i * INPUTS_MAX + k, directory);
		}
	printf("%" PRIu64 " changed recordings replayed, from seed %" PRIu64 "\n", done, seed);
	for (unsigned k = 0; k < input_count; k++)
		free(inputs[k].data);
	return fflush(stdout) == 0 ? 0 : 1;
}
