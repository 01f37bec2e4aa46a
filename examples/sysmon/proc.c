/*
 * proc.c - the parsers of proc.h.
 *
 * Everything works on spans: no function reads at or past `end`, or relies on a
 * terminating zero. text->what is set before a column is read, so it names the column of
 * any fault returned.
 *
 * SPDX-License-Identifier: MIT
 */
#include "proc.h"

#include <string.h>

#define SECTOR_BYTES 512 /* of diskstats, whatever the device says */
#define NET_HEADER_LINES 2
#define COLUMNS_MAX 16

proc_text proc_text_init(const char *bytes, size_t size)
{
	return (proc_text){.rest = {bytes, bytes + size}, .what = ""};
}

const char *proc_result_text(proc_result result)
{
	switch (result) {
	case PROC_MISSING: return "no such line";
	case PROC_SYNTAX: return "missing or malformed";
	case PROC_RANGE: return "too large";
	case PROC_SAMPLE:
	case PROC_END: break;
	}
	return "nothing is wrong";
}

/* ---- lines, words, numbers ------------------------------------------------------------ */

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static size_t span_size(proc_span span) { return (size_t)(span.end - span.at); }

static bool starts_with(proc_span span, proc_span prefix)
{
	return span_size(span) >= span_size(prefix) && memcmp(span.at, prefix.at, span_size(prefix)) == 0;
}

static bool next_line(proc_text *text, proc_span *ret_line)
{
	if (text->rest.at == NULL || text->rest.at == text->rest.end) return false;

	const char *end = memchr(text->rest.at, '\n', span_size(text->rest));
	*ret_line = (proc_span){text->rest.at, end != NULL ? end : text->rest.end};
	text->rest.at = end != NULL ? end + 1 : text->rest.end;
	text->line++;
	return true;
}

/* Nothing further is read from this text: the next call answers PROC_END. */
static proc_result finish(proc_text *text, proc_result result)
{
	text->rest.at = NULL;
	if (result == PROC_MISSING) text->line = 0;
	return result;
}

static proc_span next_word(proc_span *line)
{
	while (line->at < line->end && is_blank(*line->at))
		line->at++;

	proc_span word = {line->at, line->at};
	while (word.end < line->end && !is_blank(*word.end))
		word.end++;
	line->at = word.end;
	return word;
}

static proc_result next_number(proc_span *line, uint64_t *ret_number)
{
	proc_span word = next_word(line);
	uint64_t number = 0;

	if (span_size(word) == 0) return PROC_SYNTAX;
	for (; word.at < word.end; word.at++) {
		if (!is_digit(*word.at)) return PROC_SYNTAX;
		uint64_t digit = (uint64_t)(*word.at - '0');
		if (number > (UINT64_MAX - digit) / 10) return PROC_RANGE;
		number = number * 10 + digit;
	}
	*ret_number = number;
	return PROC_SAMPLE;
}

/* Reads one number for each name, until the NULL that ends the names. */
static proc_result next_numbers(proc_text *text, proc_span *line, const char *const *names, uint64_t *ret_numbers)
{
	for (; *names != NULL; names++, ret_numbers++) {
		text->what = *names;
		proc_result result = next_number(line, ret_numbers);
		if (result != PROC_SAMPLE) return result;
	}
	return PROC_SAMPLE;
}

static proc_result copy_name(proc_text *text, proc_span name, char ret_name[DEVICE_NAME_SIZE])
{
	text->what = "device";
	if (span_size(name) == 0 || memchr(name.at, '\0', span_size(name)) != NULL) return PROC_SYNTAX;
	if (span_size(name) >= DEVICE_NAME_SIZE) return PROC_RANGE;
	memset(ret_name, 0, DEVICE_NAME_SIZE);
	memcpy(ret_name, name.at, span_size(name));
	return PROC_SAMPLE;
}

/* ---- stat: "cpu  user nice system idle iowait irq softirq steal guest guest_nice" ------ */

proc_result proc_next_cpu(proc_text *text, cpu_sample *ret_sample)
{
	static const char *const names[] = {"user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", NULL};
	static const char head[] = "cpu ";
	uint64_t n[COLUMNS_MAX] = {0};
	proc_span line;

	if (text->rest.at == NULL) return PROC_END;
	do {
		text->what = "cpu";
		if (!next_line(text, &line)) return finish(text, PROC_MISSING);
	} while (!starts_with(line, (proc_span){head, head + sizeof(head) - 1}));

	line.at += sizeof(head) - 1;
	proc_result result = next_numbers(text, &line, names, n);
	if (result == PROC_SAMPLE) *ret_sample = (cpu_sample){n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]};
	return finish(text, result);
}

/* ---- meminfo: "MemTotal:       16384000 kB" --------------------------------------------- */

proc_result proc_next_mem(proc_text *text, mem_sample *ret_sample)
{
	static const char *const names[] = {"MemTotal:", "MemAvailable:", "SwapTotal:", "SwapFree:"};
	enum { NAMES = sizeof(names) / sizeof(names[0]) };
	uint64_t n[NAMES] = {0};
	bool found[NAMES] = {false};
	proc_span line;

	if (text->rest.at == NULL) return PROC_END;
	while (next_line(text, &line)) {
		proc_span name = next_word(&line);
		for (size_t i = 0; i < NAMES; i++) {
			if (found[i] || span_size(name) != strlen(names[i]) || memcmp(name.at, names[i], strlen(names[i])) != 0)
				continue;
			text->what = names[i];
			proc_result result = next_number(&line, &n[i]);
			if (result != PROC_SAMPLE) return finish(text, result);
			found[i] = true;
		}
	}
	for (size_t i = 0; i < NAMES; i++) {
		text->what = names[i];
		if (!found[i]) return finish(text, PROC_MISSING);
	}
	*ret_sample = (mem_sample){n[0], n[1], n[2], n[3]};
	return finish(text, PROC_SAMPLE);
}

/* ---- net/dev: two lines of headings, then "  eth0: rx_bytes ... tx_bytes ..." ------------ */

proc_result proc_next_net(proc_text *text, net_sample *ret_sample)
{
	static const char *const names[] = {"rx bytes", "rx packets", "rx errs",    "rx drop",    "rx fifo",   "rx frame",
					    "rx compr", "multicast",  "tx bytes",   "tx packets", "tx errs",   "tx drop",
					    "tx fifo",  "tx colls",   "tx carrier", "tx compr",   NULL};
	uint64_t n[COLUMNS_MAX] = {0};
	net_sample sample = {.at_ns = ret_sample->at_ns};
	proc_span line;

	if (text->rest.at == NULL) return PROC_END;
	text->what = "headings";
	do {
		if (!next_line(text, &line)) return finish(text, text->line < NET_HEADER_LINES ? PROC_MISSING : PROC_END);
		if (text->line <= NET_HEADER_LINES && memchr(line.at, '|', span_size(line)) == NULL) return PROC_SYNTAX;
	} while (text->line <= NET_HEADER_LINES);

	text->what = "device";
	const char *colon = memchr(line.at, ':', span_size(line));
	if (colon == NULL) return PROC_SYNTAX;
	proc_span head = {line.at, colon};
	line.at = colon + 1;

	proc_result result = copy_name(text, next_word(&head), sample.device);
	if (result == PROC_SAMPLE) result = next_numbers(text, &line, names, n);
	if (result != PROC_SAMPLE) return result;
	sample.rx_bytes = n[0], sample.rx_packets = n[1], sample.tx_bytes = n[8], sample.tx_packets = n[9];
	*ret_sample = sample;
	return PROC_SAMPLE;
}

/* ---- diskstats: "   8       0 sda reads merged sectors ms writes merged sectors ms ..." --- */

/* A partition follows its disk, and has its name with a number behind it: sda1,
 * nvme0n1p1. */
static bool is_partition(proc_span disk, proc_span name)
{
	if (span_size(disk) == 0 || !starts_with(name, disk)) return false;
	name.at += span_size(disk);
	if (is_digit(disk.end[-1])) {
		if (name.at == name.end || *name.at != 'p') return false;
		name.at++;
	}
	return name.at < name.end && is_digit(*name.at);
}

static proc_result read_disk(proc_text *text, proc_span line, proc_span name, disk_sample *ret_sample)
{
	static const char *const names[] = {"reads",      "reads merged",  "sectors read",    "read ms",
					    "writes",     "writes merged", "sectors written", "write ms",
					    "in flight",  "busy ms",       "weighted ms",     NULL};
	uint64_t n[COLUMNS_MAX] = {0};
	disk_sample sample = {.at_ns = ret_sample->at_ns};

	proc_result result = copy_name(text, name, sample.device);
	if (result == PROC_SAMPLE) result = next_numbers(text, &line, names, n);
	if (result != PROC_SAMPLE) return result;

	text->what = "sectors";
	if (n[2] > UINT64_MAX / SECTOR_BYTES || n[6] > UINT64_MAX / SECTOR_BYTES) return PROC_RANGE;
	sample.reads = n[0], sample.read_bytes = n[2] * SECTOR_BYTES;
	sample.writes = n[4], sample.write_bytes = n[6] * SECTOR_BYTES;
	sample.busy_ms = n[9];
	*ret_sample = sample;
	return PROC_SAMPLE;
}

proc_result proc_next_disk(proc_text *text, disk_sample *ret_sample)
{
	static const char *const names[] = {"major", "minor", NULL};
	uint64_t device[COLUMNS_MAX];
	proc_span line;

	while (next_line(text, &line)) {
		proc_result result = next_numbers(text, &line, names, device);
		if (result != PROC_SAMPLE) return result;
		proc_span name = next_word(&line);
		if (is_partition(text->disk, name)) continue;
		text->disk = name;
		return read_disk(text, line, name, ret_sample);
	}
	return finish(text, PROC_END);
}
