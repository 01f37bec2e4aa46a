#!/bin/sh
# guest.sh LIBRARY: C15, a good guest: what of the C library the core calls, read from the
# static library. Nothing there prints, ends the process, or changes what belongs to all of
# it; and each of what a function of ours is asked for is called in its file alone.
# tests/contract/test_guest.c looks at a process that has had it all.
#
# SPDX-License-Identifier: MIT
set -u
library=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A report goes to a stream that the caller gives, so fprintf is no print.
prints='stdout stderr printf vprintf puts putchar putchar_unlocked perror psignal psiginfo dprintf vdprintf write
	writev syslog vsyslog openlog warn warnx vwarn vwarnx error error_at_line uv_print_all_handles
	uv_print_active_handles'
ends='abort exit _exit _Exit quick_exit err errx verr verrx raise kill killpg tgkill pthread_kill pthread_exit
	uv_kill uv_library_shutdown'
# What all of the process has: signals, exit handlers, environment, locale, limits, clocks.
changes='signal sigset sigaction uv_signal_start uv_signal_start_oneshot sigprocmask pthread_sigmask sigaltstack
	siginterrupt alarm setitimer
	atexit at_quick_exit on_exit pthread_atfork __register_atfork setenv unsetenv putenv clearenv uv_os_setenv
	uv_os_unsetenv setlocale uselocale chdir fchdir uv_chdir chroot umask setrlimit prlimit nice setpriority
	uv_os_setpriority prctl personality srand srandom srand48 tzset fesetround fork vfork execve dup2 dup3
	uv_replace_allocator uv_set_process_title uv_disable_stdio_inheritance mallopt setvbuf fcloseall
	sched_setaffinity pthread_setaffinity_np uv_default_loop'

# maiko_run catches SIGINT and SIGTERM, and puts back what was there. The mask is the calling
# thread's, for as long as it makes another.
asked='run_main sigaction
run_main uv_signal_start
system pthread_sigmask'

# "file name" for each name that an object of the library has from elsewhere; of the
# variants that flags make (__printf_chk, __isoc99_sscanf) the plain name.
nm -A --undefined-only "$library" |
	sed -E 's/^.*:([^:]*)\.c\.o: *[Uw] ([^@]*).*$/\1 \2/; s/ __(.*)_chk$/ \1/; s/ __isoc[0-9]+_/ /' |
	sort -u >"$work/called"
grep -q ' uv_run$' "$work/called" || { echo "no calls found in $library"; exit 1; }

for kind in prints ends changes; do
	case $kind in
	prints) names=$prints what="the library prints" ;;
	ends) names=$ends what="the library ends the process" ;;
	changes) names=$changes what="the library changes what belongs to the process" ;;
	esac
	for name in $names; do
		sed -n "s/^\(.*\) $name\$/\1 $name/p" "$work/called" | grep -vFx "$asked" |
			sed "s/^\(.*\) \(.*\)/src\/core\/\1.c: calls \2: $what/"
	done
done >"$work/findings"
cat "$work/findings"
[ ! -s "$work/findings" ]
