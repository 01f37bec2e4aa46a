# What `cmake --install` puts where. Two components: what a program needs to run, and
# what is needed to build one; each module adds its own. Nothing names the prefix: the whole may be moved.
#
# SPDX-License-Identifier: MIT
include(CMakePackageConfigHelpers)

set(MAIKO_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/maiko")
set(MAIKO_PC_DIR "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

# ---- libraries and headers -------------------------------------------

# maiko_install(<library> <run-time component> <development component>): both kinds of it.
function(maiko_install name runtime development)
	# A loader does not look along a program's own search path for what its libraries need.
	set_target_properties(${name} PROPERTIES INSTALL_RPATH "$ORIGIN")
	install(TARGETS ${name} ${name}_static EXPORT ${name}-targets
		LIBRARY COMPONENT ${runtime} NAMELINK_COMPONENT ${development}
		ARCHIVE COMPONENT ${development})
endfunction()

# maiko_install_pc(<library> <what it needs> <what only a static link needs> <description> <component>)
function(maiko_install_pc name requires requires_private description component)
	cmake_path(ABSOLUTE_PATH MAIKO_PC_DIR BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}" OUTPUT_VARIABLE pc_dir)
	file(RELATIVE_PATH to_prefix "${pc_dir}" "${CMAKE_INSTALL_PREFIX}")
	string(REGEX REPLACE "/$" "" to_prefix "${to_prefix}")
	# Appended, an absolute path takes the place of what was there.
	cmake_path(APPEND libdir "\${prefix}" "${CMAKE_INSTALL_LIBDIR}")
	cmake_path(APPEND includedir "\${prefix}" "${CMAKE_INSTALL_INCLUDEDIR}")
	configure_file(cmake/maiko.pc.in ${name}.pc @ONLY)
	install(FILES "${PROJECT_BINARY_DIR}/${name}.pc" DESTINATION "${MAIKO_PC_DIR}" COMPONENT ${component})
endfunction()

maiko_install(maiko runtime development)
maiko_install_pc(maiko "libuv >= 1.44" "" "${PROJECT_DESCRIPTION}" development)
set_target_properties(maiko PROPERTIES INSTALL_RPATH "")
set_target_properties(maiko_static PROPERTIES EXPORT_NAME static)

# Those that no module has; after the last maiko_module.
function(maiko_install_core_headers)
	get_property(of_modules GLOBAL PROPERTY MAIKO_MODULE_HEADERS)
	file(GLOB headers RELATIVE "${PROJECT_SOURCE_DIR}/include/maiko" CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/maiko/*.h")
	list(REMOVE_ITEM headers ${of_modules})
	list(TRANSFORM headers PREPEND "${PROJECT_SOURCE_DIR}/include/maiko/")
	install(FILES ${headers} DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/maiko" COMPONENT development)
endfunction()

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
