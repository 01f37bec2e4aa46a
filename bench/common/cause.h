/*
 * cause.h - why events of W6 are late: what their sender and their receiver did between the send and the handler.
 *
 * An event is late after 10 us. One interruption makes a series of events late: they all count for its cause. The
 * receiver reads its processor time and its context switches at each event, some 500 ns, so this is measured in
 * variants of its own.
 */
#ifndef BENCH_CAUSE_H
#define BENCH_CAUSE_H

#include <stdint.h>

/* Before the run: memory for so many events. */
void cause_open(uint64_t events);

/* The sender's thread: has sent the event with that number; and, before it does anything else, has control again:
 * what it sent before has been published. */
void cause_sent(uint64_t number, uint64_t sent_ns);
void cause_sender_runs(uint64_t now_ns);

/* The receiver's thread: handles the next event, at that time. */
void cause_handled(uint64_t now_ns);

/* After the run: notes for each cause and length the late events per million, and frees the memory.
 *
 *   sender       the sender stood still after its send: it was interrupted before it published the event, or it has
 *                yielded its core
 *   asleep       the receiver slept, and the kernel woke it
 *   descheduled  the kernel gave the receiver's processor to another thread
 *   running      neither: a poll, another callback, a page fault, an interrupt, or the host took the processor
 */
void cause_figures(void);

#endif
