/*
 * refusal.c - see refusal.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "refusal.h"

#include <stdatomic.h>
#include <stddef.h>

#if __has_include(<linux/seccomp.h>)

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A sanitizer makes system calls itself, and aborts when one is refused. musl's malloc requests memory
 * in small pieces, so the refused call could be one by libuv, right after the tested call. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define ITS_OWN(name, error)
#else
#define ITS_OWN(name, error) {#name, SYS_##name, error},
#endif

#ifndef SYS_mmap2 /* some 32-bit machines have it instead of mmap */
#define SYS_mmap2 SYS_mmap
#endif

static const struct {
	const char *name;
	int number, error;
} calls[] = {{"epoll_create1", SYS_epoll_create1, EMFILE},
	     {"eventfd2", SYS_eventfd2, EMFILE},
	     {"pipe2", SYS_pipe2, EMFILE},         /* only non-blocking ones: see filter_new */
	     {"epoll_ctl", SYS_epoll_ctl, ENOSPC}, /* only EPOLL_CTL_ADD */
	     {"getrandom", SYS_getrandom, EPERM},  /* as another seccomp filter may */
	     ITS_OWN(openat, EMFILE) ITS_OWN(clone, EAGAIN) ITS_OWN(clone3, EAGAIN) ITS_OWN(mmap2, ENOMEM)
		     ITS_OWN(mprotect, ENOMEM)};
enum { CALLS = sizeof calls / sizeof calls[0] };

static _Atomic(int) listener = -1;
static _Atomic(uint64_t) left = UINT64_MAX; /* calls before the one that is refused */
static _Atomic(bool) all_after;
static _Atomic(uint64_t) refused;
static _Atomic(const char *) first;

static int error_for(int number)
{
	if (atomic_load(&left) == UINT64_MAX)
		return 0;
	if (atomic_load(&left) > 0) {
		atomic_fetch_sub(&left, 1);
		return 0;
	}
	if (!atomic_load(&all_after))
		atomic_store(&left, UINT64_MAX);
	for (int i = 0; i < CALLS; i++)
		if (calls[i].number == number) {
			if (atomic_fetch_add(&refused, 1) == 0)
				atomic_store(&first, calls[i].name);
			return calls[i].error;
		}
	return 0;
}

/* Whether the descriptor has been added already, which the kernel checks first. */
static bool is_polled(const struct seccomp_data *call)
{
	int poller = (int)call->args[0], fd = (int)call->args[2];
	struct epoll_event event = {0};
	/* Not epoll_ctl(): a thread sanitizer would report a second user of the descriptor. */
	if (syscall(SYS_epoll_ctl, poller, EPOLL_CTL_ADD, fd, &event) != 0)
		return errno == EEXIST;
	syscall(SYS_epoll_ctl, poller, EPOLL_CTL_DEL, fd, &event);
	return false;
}

static void *decide(void *memory)
{
	struct seccomp_notif *request = memory;
	struct seccomp_notif_resp response;
	while (atomic_load(&listener) < 0)
		;
	for (;;) {
		memset(request, 0, 4096);
		if (syscall(SYS_ioctl, atomic_load(&listener), SECCOMP_IOCTL_NOTIF_RECV, request) != 0)
			continue; /* the calling thread has ended */
		memset(&response, 0, sizeof response);
		response.id = request->id;
		if (request->data.nr != SYS_epoll_ctl || !is_polled(&request->data))
			response.error = -error_for(request->data.nr);
		response.flags = response.error == 0 ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0;
		syscall(SYS_ioctl, atomic_load(&listener), SECCOMP_IOCTL_NOTIF_SEND, &response);
	}
	return NULL;
}

/* The bit that the second argument must have for the call to be refused; 0: any. The filter reads
 * the lower half of the argument, as on a little-endian machine. */
static uint32_t bit_of(int number)
{
	return number == SYS_epoll_ctl ? EPOLL_CTL_ADD : number == SYS_pipe2 ? O_NONBLOCK : 0;
}

/* Blocking pipes are not refused: libuv creates one per process and aborts if that fails, after it
 * has tried the same resources. */
static int filter_new(void)
{
	struct sock_filter code[6 * CALLS + 1];
	unsigned short n = 0;
	for (int i = 0; i < CALLS; i++) {
		uint32_t number = (uint32_t)calls[i].number, bit = bit_of(calls[i].number);
		code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, bit == 0 ? 1 : 3);
		if (bit != 0) {
			code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
								 offsetof(struct seccomp_data, args[1]));
			code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bit, 0, 1);
		}
		code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {.len = n, .filter = code};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

bool refusal_install(void)
{
	pthread_t thread;
	void *memory = malloc(4096);
	if (memory == NULL || pthread_create(&thread, NULL, decide, memory) != 0)
		return false;
	int fd = filter_new();
	if (fd < 0)
		return false;
	atomic_store(&listener, fd);
	return true;
}

void refusal_at(uint64_t n, bool forever)
{
	atomic_store(&refused, 0);
	atomic_store(&first, NULL);
	atomic_store(&all_after, forever);
	atomic_store(&left, n);
}

void refusal_never(void) { atomic_store(&left, UINT64_MAX); }

uint64_t refusal_count(void) { return atomic_load(&refused); }

const char *refusal_name(void)
{
	const char *name = atomic_load(&first);
	return name == NULL ? "none" : name;
}

#else

bool refusal_install(void) { return false; }
void refusal_at(uint64_t n, bool forever) { (void)n, (void)forever; }
void refusal_never(void) {}
uint64_t refusal_count(void) { return 0; }
const char *refusal_name(void) { return "none"; }

#endif
