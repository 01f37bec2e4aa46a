/*
 * target.c - the entry of libFuzzer and of afl++.
 */
#include "recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)fuzz_replay(data, size);
	return 0;
}
