/*
 * The parsers of examples/sysmon: what they take out of real text, and that no text,
 * however broken, leads them astray.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../../examples/sysmon/proc.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define TEXT(literal) proc_text_init(literal, sizeof(literal) - 1)

/* One of the four parsers, with a sample of its own that nobody looks at. */
typedef proc_result parser(proc_text *text);

static proc_result any_cpu(proc_text *text)
{
	cpu_sample sample;
	return proc_next_cpu(text, &sample);
}

static proc_result any_mem(proc_text *text)
{
	mem_sample sample;
	return proc_next_mem(text, &sample);
}

static proc_result any_net(proc_text *text)
{
	net_sample sample = {.at_ns = 0};
	return proc_next_net(text, &sample);
}

static proc_result any_disk(proc_text *text)
{
	disk_sample sample = {.at_ns = 0};
	return proc_next_disk(text, &sample);
}

static parser *const parsers[] = {any_cpu, any_mem, any_net, any_disk};

static void assert_fault(parser *parse, proc_text *text, proc_result result, unsigned line, const char *what)
{
	assert_int_equal(parse(text), result);
	assert_int_equal(text->line, line);
	assert_string_equal(text->what, what);
}

/* ---- stat --------------------------------------------------------------------------- */

static const char real_stat[] = "cpu  74608 2520 24433 1117073 6176 4054 231 99 0 0\n"
				"cpu0 37784 1503 12096 557950 3122 2012 201 0 0 0\n"
				"cpu1 36824 1017 12337 559123 3054 2042 30 0 0 0\n"
				"intr 6289435 9 0 0 0 0\nctxt 10866284\nbtime 1700000000\nprocs_running 1\n";

static void cpu_is_read_from_real_text(void **state)
{
	proc_text text = TEXT(real_stat);
	cpu_sample sample;
	(void)state;

	assert_int_equal(proc_next_cpu(&text, &sample), PROC_SAMPLE);
	assert_int_equal(sample.user, 74608);
	assert_int_equal(sample.nice, 2520);
	assert_int_equal(sample.system, 24433);
	assert_int_equal(sample.idle, 1117073);
	assert_int_equal(sample.iowait, 6176);
	assert_int_equal(sample.irq, 4054);
	assert_int_equal(sample.softirq, 231);
	assert_int_equal(sample.steal, 99);
	assert_int_equal(proc_next_cpu(&text, &sample), PROC_END);
}

static void cpu_faults_name_line_and_column(void **state)
{
	proc_text cut = TEXT("cpu  74608 2520 244"), word = TEXT("intr 1\ncpu  1 2 3 4 5 x6 7 8\n");
	proc_text huge = TEXT("cpu  18446744073709551615 18446744073709551616 0 0 0 0 0 0\n");
	proc_text none = TEXT("cpu0 1 2 3 4 5 6 7 8\nintr 5\n"), minus = TEXT("cpu  -1 2 3 4 5 6 7 8\n");
	(void)state;

	assert_fault(any_cpu, &cut, PROC_SYNTAX, 1, "idle");
	assert_int_equal(any_cpu(&cut), PROC_END);
	assert_fault(any_cpu, &word, PROC_SYNTAX, 2, "irq");
	assert_fault(any_cpu, &huge, PROC_RANGE, 1, "nice");
	assert_fault(any_cpu, &none, PROC_MISSING, 0, "cpu");
	assert_int_equal(any_cpu(&none), PROC_END);
	assert_fault(any_cpu, &minus, PROC_SYNTAX, 1, "user");
}

/* ---- meminfo --------------------------------------------------------------------------- */

static void mem_is_read_from_real_text(void **state)
{
	proc_text text = TEXT("MemTotal:        8029676 kB\nMemFree:          315228 kB\n"
			      "MemAvailable:    5520832 kB\nBuffers:          371736 kB\n"
			      "SwapCached:            0 kB\nSwapTotal:       2097148 kB\nSwapFree:        2097000 kB\n"
			      "HugePages_Total:       0\n");
	mem_sample sample;
	(void)state;

	assert_int_equal(proc_next_mem(&text, &sample), PROC_SAMPLE);
	assert_int_equal(sample.total_kib, 8029676);
	assert_int_equal(sample.available_kib, 5520832);
	assert_int_equal(sample.swap_total_kib, 2097148);
	assert_int_equal(sample.swap_free_kib, 2097000);
	assert_int_equal(proc_next_mem(&text, &sample), PROC_END);
}

static void mem_faults_name_line_and_key(void **state)
{
	proc_text cut = TEXT("MemTotal:        8029676 kB\nMemFree:      1 kB\nMemAvail");
	proc_text empty = TEXT("MemFree: 1 kB\nMemTotal:\n"), word = TEXT("MemTotal: much kB\n");
	proc_text huge = TEXT("SwapTotal: 99999999999999999999 kB\n");
	(void)state;

	assert_fault(any_mem, &cut, PROC_MISSING, 0, "MemAvailable:");
	assert_fault(any_mem, &empty, PROC_SYNTAX, 2, "MemTotal:");
	assert_fault(any_mem, &word, PROC_SYNTAX, 1, "MemTotal:");
	assert_fault(any_mem, &huge, PROC_RANGE, 1, "SwapTotal:");
}

/* ---- net/dev ----------------------------------------------------------------------------- */

#define NET_HEADINGS                                                                                                   \
	"Inter-|   Receive                                                |  Transmit\n"                               \
	" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls "     \
	"carrier compressed\n"

static void net_is_read_from_real_text(void **state)
{
	proc_text text = TEXT(NET_HEADINGS "    lo: 4461936   33151    0    0    0     0          0         0  4461936 "
					   "  33151    0    0    0     0       0          0\n"
					   "enp0s3:987654321012 1234567  1  2    0     0          0        17 55 66    "
					   "0    0    0     0       0          0\n");
	net_sample sample = {.at_ns = 42};
	(void)state;

	assert_int_equal(proc_next_net(&text, &sample), PROC_SAMPLE);
	assert_string_equal(sample.device, "lo");
	assert_int_equal(sample.rx_bytes, 4461936);
	assert_int_equal(sample.at_ns, 42);
	assert_int_equal(proc_next_net(&text, &sample), PROC_SAMPLE);
	assert_string_equal(sample.device, "enp0s3");
	assert_int_equal(sample.rx_bytes, 987654321012);
	assert_int_equal(sample.rx_packets, 1234567);
	assert_int_equal(sample.tx_bytes, 55);
	assert_int_equal(sample.tx_packets, 66);
	assert_int_equal(proc_next_net(&text, &sample), PROC_END);
	assert_int_equal(proc_next_net(&text, &sample), PROC_END);
}

static void net_goes_on_behind_a_line_at_fault(void **state)
{
	proc_text text = TEXT(NET_HEADINGS "eth0: 1 2 3\n"
					   "garbage\n"
					   "  : 1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0\n"
					   "a-name-that-no-kernel-would-ever-give: 1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0\n"
					   "\n"
					   "eth1: 1 2 0 0 0 0 0 0 99999999999999999999 4 0 0 0 0 0 0\n"
					   "eth2: 1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0");
	net_sample sample = {.at_ns = 0};
	(void)state;

	assert_fault(any_net, &text, PROC_SYNTAX, 3, "rx drop");
	assert_fault(any_net, &text, PROC_SYNTAX, 4, "device");
	assert_fault(any_net, &text, PROC_SYNTAX, 5, "device");
	assert_fault(any_net, &text, PROC_RANGE, 6, "device");
	assert_fault(any_net, &text, PROC_SYNTAX, 7, "device");
	assert_fault(any_net, &text, PROC_RANGE, 8, "tx bytes");
	assert_int_equal(proc_next_net(&text, &sample), PROC_SAMPLE);
	assert_string_equal(sample.device, "eth2");
	assert_int_equal(proc_next_net(&text, &sample), PROC_END);
}

static void net_wants_its_headings(void **state)
{
	proc_text empty = TEXT(""), none = TEXT("eth0: 1 2\n"), only = TEXT(NET_HEADINGS);
	(void)state;

	assert_fault(any_net, &empty, PROC_MISSING, 0, "headings");
	assert_int_equal(any_net(&empty), PROC_END);
	assert_fault(any_net, &none, PROC_SYNTAX, 1, "headings");
	assert_fault(any_net, &none, PROC_MISSING, 0, "headings");
	assert_int_equal(any_net(&only), PROC_END);
}

/* ---- diskstats ------------------------------------------------------------------------------ */

static void disks_are_read_without_their_partitions(void **state)
{
	proc_text text = TEXT("   7       1 loop1 5 0 10 1 0 0 0 0 0 1 1\n"
			      "   7      10 loop10 6 0 10 1 0 0 0 0 0 1 1\n"
			      "   8       0 sda 100 1 2000 30 40 5 600 70 0 80 90 0 0 0 0\n"
			      "   8       1 sda1 99 1 1999 30 40 5 600 70 0 80 90 0 0 0 0\n"
			      " 259       0 nvme0n1 7 0 8 0 9 0 10 0 0 11 12\n"
			      " 259       1 nvme0n1p1 7 0 8 0 9 0 10 0 0 11 12\n"
			      "  65       0 sdaa 1 0 1 0 1 0 1 0 0 1 1\n");
	static const char *const expected[] = {"loop1", "loop10", "sda", "nvme0n1", "sdaa"};
	disk_sample sample = {.at_ns = 7};
	(void)state;

	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(proc_next_disk(&text, &sample), PROC_SAMPLE);
		assert_string_equal(sample.device, expected[i]);
		if (i != 2)
			continue;
		assert_int_equal(sample.at_ns, 7);
		assert_int_equal(sample.reads, 100);
		assert_int_equal(sample.read_bytes, 1024000);
		assert_int_equal(sample.writes, 40);
		assert_int_equal(sample.write_bytes, 307200);
		assert_int_equal(sample.busy_ms, 80);
	}
	assert_int_equal(proc_next_disk(&text, &sample), PROC_END);
}

static void disk_faults_name_line_and_column(void **state)
{
	proc_text text = TEXT("8 0 sda 1 2 3 4\n"
			      "8 zero sdb 1 2 3 4 5 6 7 8 9 10 11\n"
			      "8 16\n"
			      "8 32 sdc 1 2 18446744073709551615 4 5 6 7 8 9 10 11\n"
			      "8 48 sdd 1 2 3 4 5 6 7 8 9 10 11\n");
	disk_sample sample = {.at_ns = 0};
	(void)state;

	assert_fault(any_disk, &text, PROC_SYNTAX, 1, "writes");
	assert_fault(any_disk, &text, PROC_SYNTAX, 2, "minor");
	assert_fault(any_disk, &text, PROC_SYNTAX, 3, "device");
	assert_fault(any_disk, &text, PROC_RANGE, 4, "sectors");
	assert_int_equal(proc_next_disk(&text, &sample), PROC_SAMPLE);
	assert_string_equal(sample.device, "sdd");
}

static void no_disks_are_no_fault(void **state)
{
	proc_text text = TEXT("");
	(void)state;

	assert_int_equal(any_disk(&text), PROC_END);
}

/* ---- anything --------------------------------------------------------------------------------- */

/* Parses a copy that ends where its memory does, so that a memory checker sees a read
 * past the end. Every parser comes to its end, with no more results than lines and one. */
static void parse_to_the_end(const char *bytes, size_t size)
{
	char *copy = malloc(size > 0 ? size : 1);
	size_t lines = 1;

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	for (size_t i = 0; i < size; i++)
		lines += copy[i] == '\n';
	for (size_t p = 0; p < sizeof(parsers) / sizeof(parsers[0]); p++) {
		proc_text text = proc_text_init(copy, size);
		size_t results = 0;
		while (parsers[p](&text) != PROC_END)
			assert_true(++results <= lines + 1);
	}
	free(copy);
}

static void every_beginning_of_a_text_is_survived(void **state)
{
	static const char all[] = "cpu  1 2 3 4 5 6 7 8\nMemTotal: 5 kB\nMemAvailable: 4 kB\n" NET_HEADINGS
				  "  lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n";
	(void)state;

	for (size_t size = 0; size < sizeof(all); size++)
		parse_to_the_end(all, size);
	for (size_t size = 0; size < sizeof(all); size++)
		parse_to_the_end(all + size, sizeof(all) - 1 - size);
}

/* Random bytes of those that matter to a parser; the generator is xorshift64 by Marsaglia. */
static void garbage_is_survived(void **state)
{
	static const char alphabet[] = "cpu MemTotal:|0123456789\n\n \t:sda1lo\0\xff";
	uint64_t x = 88172645463325252;
	char bytes[256];
	(void)state;

	for (int round = 0; round < 20000; round++) {
		size_t size = 0;
		do {
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			bytes[size++] = alphabet[(x >> 20) % (sizeof(alphabet) - 1)];
		} while (size < sizeof(bytes) && (x >> 50) % 200 != 0);
		parse_to_the_end(bytes, size);
	}
}

static void an_overlong_line_is_survived(void **state)
{
	enum { SIZE = 1 << 20 };
	char *bytes = malloc(SIZE);
	(void)state;

	assert_non_null(bytes);
	memset(bytes, '7', SIZE);
	parse_to_the_end(bytes, SIZE);
	memcpy(bytes, "cpu ", 4);
	proc_text text = proc_text_init(bytes, SIZE);
	assert_fault(any_cpu, &text, PROC_RANGE, 1, "user");
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpu_is_read_from_real_text),
		cmocka_unit_test(cpu_faults_name_line_and_column),
		cmocka_unit_test(mem_is_read_from_real_text),
		cmocka_unit_test(mem_faults_name_line_and_key),
		cmocka_unit_test(net_is_read_from_real_text),
		cmocka_unit_test(net_goes_on_behind_a_line_at_fault),
		cmocka_unit_test(net_wants_its_headings),
		cmocka_unit_test(disks_are_read_without_their_partitions),
		cmocka_unit_test(disk_faults_name_line_and_column),
		cmocka_unit_test(no_disks_are_no_fault),
		cmocka_unit_test(every_beginning_of_a_text_is_survived),
		cmocka_unit_test(garbage_is_survived),
		cmocka_unit_test(an_overlong_line_is_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
