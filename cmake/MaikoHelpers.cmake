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

# maiko_add_library(<name> <map> <source>...): a library of ours, twice. The target <name> is the
# shared one, which exports what the file <map> says; <name>_static is the static one, which
# a plugin may be linked with too, so its code is position-independent likewise.
function(maiko_add_library name map_in)
	add_library(${name} SHARED ${ARGN})
	add_library(${name}_static STATIC ${ARGN})
	set_target_properties(${name} PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${MAIKO_SOVERSION})
	set_target_properties(${name}_static PROPERTIES OUTPUT_NAME ${name})
	foreach(target ${name} ${name}_static)
		maiko_set_flags(${target})
		# Not for programs: there a variable may have the name of its type (`limits *limits`).
		target_compile_options(${target} PRIVATE -Wshadow)
		# POSIX and Linux calls, which C11 without extensions hides.
		target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
		# Only what is marked MAIKO_API leaves a shared library.
		set_target_properties(${target} PROPERTIES C_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON)
		# Nobody takes the place of our functions, so we may call them directly.
		target_compile_options(${target} PRIVATE -fno-semantic-interposition)
		target_include_directories(${target} PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
			"$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
	endforeach()

	target_link_options(${name} PRIVATE "LINKER:-Bsymbolic-functions")
	set(map "${PROJECT_BINARY_DIR}/lib${name}.map")
	configure_file("${map_in}" "${map}" @ONLY)
	target_link_options(${name} PRIVATE "LINKER:--version-script=${map}" "LINKER:--no-undefined-version")
	# A sanitizer's runtime is in the program, not in the library.
	if(NOT MAIKO_SANITIZE)
		target_link_options(${name} PRIVATE "LINKER:-z,defs")
	endif()
	set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS "${map}")
endfunction()

# maiko_add_test(NAME <name> LABEL <label> COMMAND <command>...): a test with our time limit.
# That ends a hang, and nothing else: it is far more than ten times what any test takes, for a
# machine may be busy, and a sanitizer slows a program down.
function(maiko_add_test)
	cmake_parse_arguments(PARSE_ARGV 0 test "" "NAME;LABEL" "COMMAND")
	add_test(NAME ${test_NAME} COMMAND ${test_COMMAND})
	set_tests_properties(${test_NAME} PROPERTIES LABELS ${test_LABEL} TIMEOUT 1200)
endfunction()
