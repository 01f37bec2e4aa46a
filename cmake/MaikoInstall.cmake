# What `cmake --install` puts where. Two components: what a program needs to run, and
# what is needed to build one. Nothing names the prefix: the whole may be moved.
#
# SPDX-License-Identifier: MIT
include(CMakePackageConfigHelpers)

set(MAIKO_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/maiko")
set(MAIKO_PC_DIR "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

# ---- the libraries and their headers -------------------------------------------

# maiko_install(<library>): both kinds of it.
function(maiko_install name)
	install(TARGETS ${name} ${name}_static EXPORT maiko-targets
		LIBRARY COMPONENT runtime NAMELINK_COMPONENT development
		ARCHIVE COMPONENT development)
endfunction()

# maiko_install_pc(<library> <what it needs> <description>)
function(maiko_install_pc name requires description)
	cmake_path(ABSOLUTE_PATH MAIKO_PC_DIR BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}" OUTPUT_VARIABLE pc_dir)
	file(RELATIVE_PATH to_prefix "${pc_dir}" "${CMAKE_INSTALL_PREFIX}")
	string(REGEX REPLACE "/$" "" to_prefix "${to_prefix}")
	# Appended, an absolute path takes the place of what was there.
	cmake_path(APPEND libdir "\${prefix}" "${CMAKE_INSTALL_LIBDIR}")
	cmake_path(APPEND includedir "\${prefix}" "${CMAKE_INSTALL_INCLUDEDIR}")
	configure_file(cmake/maiko.pc.in ${name}.pc @ONLY)
	install(FILES "${PROJECT_BINARY_DIR}/${name}.pc" DESTINATION "${MAIKO_PC_DIR}" COMPONENT development)
endfunction()

maiko_install(maiko)
maiko_install_pc(maiko "libuv >= 1.44" "${PROJECT_DESCRIPTION}")
set_target_properties(maiko_static PROPERTIES EXPORT_NAME static)

set_target_properties(maiko-observe PROPERTIES INSTALL_RPATH "$ORIGIN")
maiko_install(maiko-observe)
maiko_install_pc(maiko-observe "maiko = ${PROJECT_VERSION}" "${PROJECT_DESCRIPTION}, observed")
set_target_properties(maiko-observe PROPERTIES EXPORT_NAME observe)
set_target_properties(maiko-observe_static PROPERTIES EXPORT_NAME observe_static)

if(MAIKO_BUILD_TESTLIB)
	# Of a program's own search path the loader looks at nothing for what its libraries need.
	set_target_properties(maiko-test PROPERTIES INSTALL_RPATH "$ORIGIN")
	maiko_install(maiko-test)
	maiko_install_pc(maiko-test "maiko-observe = ${PROJECT_VERSION}" "${PROJECT_DESCRIPTION}, for tests")
	set_target_properties(maiko-test PROPERTIES EXPORT_NAME test)
	set_target_properties(maiko-test_static PROPERTIES EXPORT_NAME test_static)
endif()

install(DIRECTORY include/maiko DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
	COMPONENT development FILES_MATCHING PATTERN "*.h")

# ---- what find_package reads -------------------------------------------------------

install(EXPORT maiko-targets NAMESPACE maiko:: DESTINATION "${MAIKO_CMAKE_DIR}" COMPONENT development)
configure_package_config_file(cmake/maiko-config.cmake.in "${PROJECT_BINARY_DIR}/maiko-config.cmake"
	INSTALL_DESTINATION "${MAIKO_CMAKE_DIR}" NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
# As the soname has it.
set(compatible SameMajorVersion)
if(PROJECT_VERSION_MAJOR EQUAL 0)
	set(compatible SameMinorVersion)
endif()
write_basic_package_version_file("${PROJECT_BINARY_DIR}/maiko-config-version.cmake" COMPATIBILITY ${compatible})
install(FILES "${PROJECT_BINARY_DIR}/maiko-config.cmake" "${PROJECT_BINARY_DIR}/maiko-config-version.cmake"
	DESTINATION "${MAIKO_CMAKE_DIR}" COMPONENT development)

# ---- the manual, where it was built --------------------------------------------------

if(PROJECT_IS_TOP_LEVEL)
	add_custom_target(reference COMMAND "${PROJECT_SOURCE_DIR}/docs/build.sh" "${PROJECT_BINARY_DIR}/reference" VERBATIM)
	install(DIRECTORY "${PROJECT_BINARY_DIR}/reference/man/" DESTINATION "${CMAKE_INSTALL_MANDIR}"
		COMPONENT development OPTIONAL)
endif()
