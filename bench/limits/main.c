/*
 * main.c - the limits' program of the suite.
 */
#include "limits.h"

int main(int argc, char **argv)
{
	static const bench_variant *const workloads[] = {local_variants, cross_variants, paced_variants,
							 work_variants,  array_variants, echo_variants,
							 copy_variants,  timer_variants, NULL};
	return bench_main(argc, argv,
			  "limits: the bare data movement, by plain rings and pointers; events have a header, nobody "
			  "counts or checks bounds; a send is a push",
			  workloads);
}
