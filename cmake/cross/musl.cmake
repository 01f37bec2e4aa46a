# This machine with musl for the C library. Its compiler knows no headers but musl's, so those
# of the kernel are given to it by name (build.sh).
#
# SPDX-License-Identifier: MIT
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_C_COMPILER musl-gcc)
set(CMAKE_C_FLAGS_INIT "-isystem $ENV{MAIKO_KERNEL_HEADERS}")
