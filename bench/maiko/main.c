/*
 * main.c - maiko's program of the suite: the workloads of bench/README.md, one file each,
 * through the public headers only and with every feature on.
 */
#include "workloads.h"

int main(int argc, char **argv)
{
	static const bench_variant *const workloads[] = {pingpong_variants,
							 pipeline_variants,
							 fanout_variants,
							 fanin_variants,
							 cross_variants,
							 idle_variants,
							 paced_variants,
							 working_variants,
							 skew_variants,
							 routing_variants,
							 crowd_variants,
							 echo_variants,
							 payload_variants,
							 monitor_variants,
							 change_variants,
							 sweep_variants,
							 growth_variants,
							 timer_variants,
							 NULL};
	return bench_main(argc, argv,
			  "maiko " MAIKO_VERSION_TEXT ": mailboxes of 1,024, a full one mutes its sender; payload "
			  "copied once, shared by a worker's subscribers; a send publishes to a topic",
			  workloads);
}
