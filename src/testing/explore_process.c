/*
 * explore_process.c - starts, watches and ends the child processes of an exploration.
 *
 * A child holds the write end of a pipe and never writes. The parent polls the read end, which
 * reports the end of the child, whatever its cause, without a signal handler.
 */
#include "exploring.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static const size_t SLOT_SIZE = sizeof(mt_slot) + MAIKO_EXPLORE_CHOICES_MAX * sizeof(maiko_choice);

int mt_child_new(mt_child *child)
{
	*child = (mt_child){.alive = -1, .errors = -1};
	void *memory = mmap(NULL, SLOT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return -errno;
	child->slot = memory;
	atomic_store(&child->slot->at, UINT64_MAX); /* none yet */
	child->slot->log.size = MAIKO_EXPLORE_CHOICES_MAX;
	child->slot->log.choices = (maiko_choice *)(void *)(child->slot + 1);
	child->errors = memfd_create("maiko-explore", MFD_CLOEXEC);
	if (child->errors >= 0)
		return 0;
	int rc = -errno;
	mt_child_fini(child);
	return rc;
}

void mt_child_fini(mt_child *child)
{
	if (child->pid != 0)
		mt_child_kill(child);
	if (child->errors >= 0)
		close(child->errors);
	if (child->slot != NULL)
		munmap(child->slot, SLOT_SIZE);
	*child = (mt_child){.alive = -1, .errors = -1};
}

/* Removes signal handlers, such as those of the test runner: a crash must end the child. */
static void reset_signals(void)
{
	static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};
	for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++)
		signal(crashes[i], SIG_DFL);
}

int mt_child_start(mt_child *child, void (*main)(void *arg, mt_slot *slot), void *arg)
{
	int ends[2];
	if (ftruncate(child->errors, 0) != 0 || lseek(child->errors, 0, SEEK_SET) != 0 || pipe(ends) != 0)
		return -errno;
	atomic_store(&child->slot->started_ns, 0);
	child->slot->failed = false;
	fflush(NULL); /* else buffered output would be written twice if the child calls exit(3) */
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[0]);
		dup2(child->errors, STDERR_FILENO);
		reset_signals();
		main(arg, child->slot);
		_exit(0);
	}
	int rc = pid < 0 ? -errno : 0;
	close(ends[1]);
	if (rc != 0) {
		close(ends[0]);
		return rc;
	}
	child->pid = pid;
	child->alive = ends[0];
	return 0;
}

static int reap(mt_child *child)
{
	int status = 0;
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(child->alive);
	child->alive = -1;
	child->pid = 0;
	return status;
}

void mt_child_kill(mt_child *child)
{
	kill(child->pid, SIGKILL);
	(void)reap(child);
}

static void conclude(mt_child *child, bool too_long, uint64_t seed_ms_max, mt_outcome *ret_outcome)
{
	int status = reap(child);
	mt_outcome outcome = {.failed = child->slot->failed};
	if (too_long) {
		outcome = (mt_outcome){.failed = true, .too_long = true};
		snprintf(outcome.text, sizeof outcome.text, "no end within %llu ms of real time",
			 (unsigned long long)seed_ms_max);
	} else if (WIFSIGNALED(status)) {
		outcome = (mt_outcome){.failed = true, .signal = WTERMSIG(status)};
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): an explorer is a thread, and processes */
		snprintf(outcome.text, sizeof outcome.text, "crash: %s", strsignal(WTERMSIG(status)));
	} else if (WEXITSTATUS(status) != 0) { /* as with sanitizers */
		outcome = (mt_outcome){.failed = true};
		snprintf(outcome.text, sizeof outcome.text, "exit: the process ended with %d", WEXITSTATUS(status));
	} else if (outcome.failed) {
		memcpy(outcome.text, child->slot->text, sizeof outcome.text);
	}
	if (outcome.failed && !too_long && child->slot->log.failure[0] != '\0') /* it failed before the crash */
		memcpy(outcome.text, child->slot->log.failure, sizeof outcome.text);
	*ret_outcome = outcome;
}

static bool takes_too_long(const mt_child *child, uint64_t seed_ms_max)
{
	uint64_t started_ns = atomic_load_explicit(&child->slot->started_ns, memory_order_acquire);
	uint64_t now_ns = mt_real_ns();
	return started_ns != 0 && now_ns > started_ns && now_ns - started_ns > seed_ms_max * 1000000;
}

mt_child *mt_children_wait(mt_child *children, uint32_t count, int wait_ms, uint64_t seed_ms_max,
			   mt_outcome *ret_outcome)
{
	struct pollfd polled[MAIKO_WORKERS_MAX];
	for (uint32_t i = 0; i < count; i++)
		polled[i] = (struct pollfd){.fd = children[i].alive, .events = POLLIN};
	(void)poll(polled, count, wait_ms);
	for (uint32_t i = 0; i < count; i++) {
		if (children[i].pid == 0)
			continue;
		bool ended = polled[i].revents != 0, too_long = !ended && takes_too_long(&children[i], seed_ms_max);
		if (too_long)
			kill(children[i].pid, SIGKILL);
		if (ended || too_long) {
			conclude(&children[i], too_long, seed_ms_max, ret_outcome);
			return &children[i];
		}
	}
	return NULL;
}

char *mt_child_report(const mt_child *child)
{
	enum { MOST = 64 * 1024 };
	char *text = malloc(MOST);
	if (text == NULL)
		return NULL;
	ssize_t length = pread(child->errors, text, MOST - 1, 0);
	text[length > 0 ? length : 0] = '\0';
	return text;
}
