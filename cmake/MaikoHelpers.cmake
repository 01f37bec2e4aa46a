# What the targets of this project have in common.
#
# SPDX-License-Identifier: MIT

# maiko_find_package(<name> <pkg-config module> <Debian package>): the library as the
# target PkgConfig::<name>, or an error that says what to install.
function(maiko_find_package name module package)
	find_package(PkgConfig QUIET)
	if(NOT PKG_CONFIG_FOUND)
		message(FATAL_ERROR "maiko needs pkg-config (Debian package pkg-config)")
	endif()
	pkg_check_modules(${name} QUIET IMPORTED_TARGET GLOBAL "${module}")
	if(NOT ${name}_FOUND)
		message(FATAL_ERROR "maiko needs ${module} (Debian package ${package})")
	endif()
endfunction()

# Language and warnings, for every target of ours and for none of a user's.
function(maiko_set_flags target)
	set_target_properties(${target} PROPERTIES C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
	target_compile_options(${target} PRIVATE
		-Wall -Wextra -Wpedantic -Wstrict-prototypes -Wmissing-prototypes
		-Wpointer-arith -Wcast-qual -Wundef $<$<BOOL:${MAIKO_WERROR}>:-Werror>)
endfunction()

# maiko_add_library(<name> <STATIC, or "" for what BUILD_SHARED_LIBS says>): the library.
function(maiko_add_library name type)
	add_library(${name} ${type} ${MAIKO_SOURCES})
	maiko_set_flags(${name})
	# Not for programs: there a variable may have the name of its type (`limits *limits`).
	target_compile_options(${name} PRIVATE -Wshadow)
	# Only what is marked MAIKO_API leaves a shared library.
	set_target_properties(${name} PROPERTIES C_VISIBILITY_PRESET hidden)
	# POSIX and Linux calls, which C11 without extensions hides.
	target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
	target_include_directories(${name} PUBLIC
		"$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
	target_link_libraries(${name} PUBLIC PkgConfig::libuv Threads::Threads)
endfunction()

# maiko_add_test(NAME <name> LABEL <label> COMMAND <command>...): a test with our
# time limit: a hang is a failure, and sanitizers slow a program down.
function(maiko_add_test)
	cmake_parse_arguments(PARSE_ARGV 0 test "" "NAME;LABEL" "COMMAND")
	add_test(NAME ${test_NAME} COMMAND ${test_COMMAND})
	set(timeout_s 60)
	if(MAIKO_SANITIZE)
		set(timeout_s 240)
	endif()
	set_tests_properties(${test_NAME} PROPERTIES LABELS ${test_LABEL} TIMEOUT ${timeout_s})
endfunction()
