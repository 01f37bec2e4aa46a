/*
 * options.c - reads the command line; each error names the option and what it wants.
 *
 * SPDX-License-Identifier: MIT
 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INTERVAL_MS_MIN 10
#define INTERVAL_MS_MAX 3600000
#define SECONDS_MAX 31536000

static const char help[] =
	"Usage: sysmon [OPTION]...\n"
	"Shows what this machine does: processor, memory, network, disks, and the changes\n"
	"in a directory. On a terminal as a table, elsewhere as one line for each figure.\n"
	"\n"
	"  -i, --interval MS      take a sample every MS milliseconds, 10 to 3600000 [1000]\n"
	"  -s, --seconds N        stop after N seconds [run until interrupted]\n"
	"  -w, --watch DIR        tell of changes in DIR [/tmp]\n"
	"  -p, --proc DIR         read DIR/stat, DIR/meminfo, DIR/net/dev, DIR/diskstats [/proc]\n"
	"  -j, --journal FILE     append every event to FILE, one line of JSON each [none]\n"
	"  -a, --alert WHAT=H:L   raise an alert when cpu, memory or disk passes H percent,\n"
	"                         end it below L percent [cpu=90:75, memory=90:80, disk=90:70]\n"
	"  -W, --workers N        run on N workers, 1 to 63; the console has one more [1]\n"
	"  -r, --record FILE      record the run, to be replayed\n"
	"  -R, --replay FILE      replay a recorded run, given the options that it had\n"
	"  -h, --help             print this\n"
	"\n"
	"At the end it prints the ledger: where every event went. The exit status is 0 if the\n"
	"ledger balances, no actor failed, and all was written, discarded nowhere and lost from\n"
	"neither the journal nor the record; 1 if not, and 2 for a bad option.\n";

static options_answer bad(const char *option, const char *text, const char *wants)
{
	fprintf(stderr, "sysmon: --%s %s: %s\nTry 'sysmon --help'.\n", option, text, wants);
	return OPTIONS_BAD;
}

static options_answer parse_number(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	char wants[64], *end = NULL;

	errno = 0;
	unsigned long long number = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number < min || number > max) {
		(void)snprintf(wants, sizeof(wants), "must be a number from %ju to %ju", (uintmax_t)min, (uintmax_t)max);
		return bad(option, text, wants);
	}
	*ret = number;
	return OPTIONS_RUN;
}

static options_answer parse_dir(const char *option, const char *text, const char **ret_dir)
{
	struct stat found;

	if (stat(text, &found) != 0) return bad(option, text, strerror(errno));
	if (!S_ISDIR(found.st_mode)) return bad(option, text, strerror(ENOTDIR));
	*ret_dir = text;
	return OPTIONS_RUN;
}

static options_answer parse_alert(const char *text, limits *all)
{
	char what[8], rest;
	limit one;

	if (sscanf(text, "%7[a-z]=%lf:%lf%c", what, &one.high, &one.low, &rest) != 3 ||
	    !(0 <= one.low && one.low <= one.high && one.high <= 100))
		return bad("alert", text, "must be WHAT=HIGH:LOW, in percent, as cpu=90:75");
	if (strcmp(what, "cpu") == 0) all->cpu = one;
	else if (strcmp(what, "memory") == 0) all->memory = one;
	else if (strcmp(what, "disk") == 0) all->disk = one;
	else return bad("alert", text, "there is cpu, memory and disk");
	return OPTIONS_RUN;
}

static options_answer parse_one(int option, const char *text, options *o)
{
	uint64_t number = 0;
	options_answer answer = OPTIONS_RUN;

	switch (option) {
	case 'i': return parse_number("interval", text, INTERVAL_MS_MIN, INTERVAL_MS_MAX, &o->interval_ms);
	case 's': return parse_number("seconds", text, 1, SECONDS_MAX, &o->seconds);
	case 'w': return parse_dir("watch", text, &o->watch_dir);
	case 'p': return parse_dir("proc", text, &o->proc_dir);
	case 'a': return parse_alert(text, &o->limits);
	case 'j':
		o->journal = text;
		return OPTIONS_RUN;
	case 'r':
		o->record = text;
		return OPTIONS_RUN;
	case 'R':
		o->replay = text;
		return OPTIONS_RUN;
	case 'W':
		answer = parse_number("workers", text, 1, MAIKO_WORKERS_MAX - 1, &number);
		if (answer == OPTIONS_RUN) o->workers = (uint32_t)number;
		return answer;
	case 'h':
		fputs(help, stdout);
		return OPTIONS_HELPED;
	default: /* getopt_long has named it */
		fputs("Try 'sysmon --help'.\n", stderr);
		return OPTIONS_BAD;
	}
}

options_answer options_parse(int argc, char **argv, options *ret_options)
{
	static const struct option known[] = {
		{"interval", required_argument, NULL, 'i'}, {"seconds", required_argument, NULL, 's'},
		{"watch", required_argument, NULL, 'w'},    {"proc", required_argument, NULL, 'p'},
		{"journal", required_argument, NULL, 'j'},  {"alert", required_argument, NULL, 'a'},
		{"workers", required_argument, NULL, 'W'},  {"record", required_argument, NULL, 'r'},
		{"replay", required_argument, NULL, 'R'},   {"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	options_answer answer = OPTIONS_RUN;
	int option;

	*ret_options = (options){.interval_ms = 1000,
				 .workers = 1,
				 .proc_dir = "/proc",
				 .watch_dir = "/tmp",
				 .limits = {.cpu = {90, 75}, .memory = {90, 80}, .disk = {90, 70}}};
	while (answer == OPTIONS_RUN && (option = getopt_long(argc, argv, "i:s:w:p:j:a:W:r:R:h", known, NULL)) != -1)
		answer = parse_one(option, optarg, ret_options);
	if (answer == OPTIONS_RUN && optind < argc) {
		fprintf(stderr, "sysmon: %s: not an option\nTry 'sysmon --help'.\n", argv[optind]);
		return OPTIONS_BAD;
	}
	return answer;
}
