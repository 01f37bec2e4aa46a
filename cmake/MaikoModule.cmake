# maiko_module: a library beside the core, in one call.
#
#   maiko_module(<name>
#	DESCRIPTION <text>                 of its package and its pkg-config file
#	PREFIX <prefix>                    of the names that its files share, for example mo_
#	SOURCES <pattern>...               its C files
#	HEADERS <file or folder>...        its public headers, in include/maiko
#	[DEPENDS <dependency>...]
#	[PRIVATE_HEADERS <folder>...])     of src: it may use what lies there
#
# Makes the shared library libmaiko-<name> and the static one, as the targets maiko::<name> and
# maiko::<name>_static; installs both, the headers, a pkg-config file and a component for
# find_package(maiko COMPONENTS <name>); and adds its package, libmaiko-<name><soname>. What it is built
# with is in libmaiko-dev; or, if it depends on another library than libuv, in libmaiko-<name>-dev.
#
# A dependency is one of
#
#   observe                                          another module
#   "pkg-config libnghttp2>=1.52 (libnghttp2-dev)"   what pkg-config finds, and its Debian package
#   "CMake OpenSSL OpenSSL::SSL (libssl-dev)"        what find_package finds, a target of it, its Debian package
#
# Where one is missing, a line says which package to install, and all else is built. A module is left out, too, if
# MAIKO_WITHOUT names it.
#
# SPDX-License-Identifier: MIT

set(MAIKO_WITHOUT "" CACHE STRING "Modules that are not built, a list")

# What one dependency adds to a module: to ours, targets, requires, packages or missing of the caller.
macro(maiko_add_dependency dependency)
	if("${dependency}" MATCHES "^[a-z0-9]+$")
		list(APPEND ours "${dependency}")
		get_property(missing_there GLOBAL PROPERTY MAIKO_MISSING_${dependency})
		if(NOT TARGET maiko-${dependency} AND NOT missing_there)
			message(FATAL_ERROR "maiko_module(${name}): ${dependency} is no module before it")
		endif()
		list(APPEND missing ${missing_there})
	elseif("${dependency}" MATCHES "^pkg-config ([A-Za-z0-9.+_-]+)([<>=0-9.]*) \\(([a-z0-9.+-]+)\\)$")
		set(package "${CMAKE_MATCH_3}")
		set(version "${CMAKE_MATCH_2}")
		set(required "${CMAKE_MATCH_1}")
		string(MAKE_C_IDENTIFIER "maiko_${required}" variable)
		find_package(PkgConfig QUIET REQUIRED) # its variables, which are a scope's
		pkg_check_modules(${variable} QUIET IMPORTED_TARGET GLOBAL "${required}${version}")
		list(APPEND targets PkgConfig::${variable})
		string(REGEX REPLACE "([<>=]+)" " \\1 " spaced "${required}${version}")
		list(APPEND requires "${spaced}")
		list(APPEND packages "${package}")
		string(APPEND find "maiko_need_pkg_config(${variable} \"${required}${version}\" ${package})\n")
		if(NOT ${variable}_FOUND)
			list(APPEND missing "the Debian package ${package}")
		endif()
	elseif("${dependency}" MATCHES "^CMake ([^ ]+) ([^ ]+) \\(([a-z0-9.+-]+)\\)$")
		set(found "${CMAKE_MATCH_1}")
		list(APPEND targets "${CMAKE_MATCH_2}")
		set(package "${CMAKE_MATCH_3}")
		list(APPEND packages "${package}")
		string(APPEND find "maiko_need_package(${found} ${package})\n")
		find_package(${found} QUIET GLOBAL)
		if(NOT ${found}_FOUND)
			list(APPEND missing "the Debian package ${package}")
		endif()
	else()
		message(FATAL_ERROR "maiko_module(${name}): this is no dependency: ${dependency}")
	endif()
endmacro()

# Its two libraries.
function(maiko_add_module_libraries name)
	cmake_parse_arguments(PARSE_ARGV 1 module "" "PREFIX" "SOURCES;OURS;TARGETS;PRIVATE_HEADERS")
	file(GLOB sources CONFIGURE_DEPENDS ${module_SOURCES})
	string(TOUPPER "${name}" MAIKO_MODULE)
	set(MAIKO_PREFIX "${module_PREFIX}")
	maiko_add_library(maiko-${name} "${PROJECT_SOURCE_DIR}/cmake/maiko-module.map.in" ${sources})
	list(TRANSFORM module_PRIVATE_HEADERS PREPEND "${PROJECT_SOURCE_DIR}/src/")
	foreach(kind "" _static)
		set(ours ${module_OURS})
		list(TRANSFORM ours REPLACE "(.+)" "maiko-\\1${kind}")
		target_include_directories(maiko-${name}${kind} PRIVATE ${module_PRIVATE_HEADERS})
		target_link_libraries(maiko-${name}${kind} PUBLIC ${ours} maiko${kind} PRIVATE ${module_TARGETS})
		set_target_properties(maiko-${name}${kind} PROPERTIES EXPORT_NAME ${name}${kind})
		add_library(maiko::${name}${kind} ALIAS maiko-${name}${kind})
	endforeach()
endfunction()

# What is installed of it: the run-time component has its name; <development> is that of the rest.
function(maiko_install_module name development)
	cmake_parse_arguments(PARSE_ARGV 2 module "" "DESCRIPTION;FIND" "HEADERS;OURS;REQUIRES")
	maiko_install(maiko-${name} ${name} ${development})
	set(requires "maiko = ${PROJECT_VERSION}")
	foreach(our IN LISTS module_OURS)
		string(APPEND requires ", maiko-${our} = ${PROJECT_VERSION}")
	endforeach()
	list(JOIN module_REQUIRES ", " requires_private)
	maiko_install_pc(maiko-${name} "${requires}" "${requires_private}" "${PROJECT_DESCRIPTION}: ${module_DESCRIPTION}" ${development})
	foreach(header IN LISTS module_HEADERS)
		cmake_path(GET header PARENT_PATH folder)
		set(to "${CMAKE_INSTALL_INCLUDEDIR}/maiko/${folder}")
		if(IS_DIRECTORY "${PROJECT_SOURCE_DIR}/include/maiko/${header}")
			install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/maiko/${header}" DESTINATION "${to}"
				COMPONENT ${development} FILES_MATCHING PATTERN "*.h")
		else()
			install(FILES "${PROJECT_SOURCE_DIR}/include/maiko/${header}" DESTINATION "${to}" COMPONENT ${development})
		endif()
	endforeach()

	set(MAIKO_FIND "${module_FIND}")
	foreach(our IN LISTS module_OURS)
		string(PREPEND MAIKO_FIND "maiko_need_module(${our})\n")
	endforeach()
	install(EXPORT maiko-${name}-targets NAMESPACE maiko:: DESTINATION "${MAIKO_CMAKE_DIR}" COMPONENT ${development})
	configure_file("${PROJECT_SOURCE_DIR}/cmake/maiko-module.cmake.in" "${PROJECT_BINARY_DIR}/maiko-${name}.cmake" @ONLY)
	install(FILES "${PROJECT_BINARY_DIR}/maiko-${name}.cmake" DESTINATION "${MAIKO_CMAKE_DIR}" COMPONENT ${development})
endfunction()

function(maiko_module name)
	cmake_parse_arguments(PARSE_ARGV 1 module "" "DESCRIPTION;PREFIX" "SOURCES;HEADERS;DEPENDS;PRIVATE_HEADERS")
	foreach(needed DESCRIPTION PREFIX SOURCES HEADERS)
		if(NOT module_${needed})
			message(FATAL_ERROR "maiko_module(${name}) has no ${needed}")
		endif()
	endforeach()
	if(module_UNPARSED_ARGUMENTS)
		message(FATAL_ERROR "maiko_module(${name}) does not know ${module_UNPARSED_ARGUMENTS}")
	endif()
	set_property(GLOBAL APPEND PROPERTY MAIKO_MODULE_HEADERS ${module_HEADERS})
	if(name IN_LIST MAIKO_WITHOUT)
		set_property(GLOBAL APPEND PROPERTY MAIKO_HEADERS_LEFT_OUT ${module_HEADERS})
		set_property(GLOBAL PROPERTY MAIKO_MISSING_${name} "${name}, which MAIKO_WITHOUT leaves out")
		return()
	endif()

	set(ours "")     # modules
	set(targets "")  # of other libraries
	set(requires "") # those, as pkg-config names them
	set(packages "") # and Debian
	set(find "")     # how find_package(maiko) finds them
	set(missing "")
	foreach(dependency IN LISTS module_DEPENDS)
		maiko_add_dependency("${dependency}")
	endforeach()
	if(missing)
		list(REMOVE_DUPLICATES missing)
		set_property(GLOBAL APPEND PROPERTY MAIKO_HEADERS_LEFT_OUT ${module_HEADERS})
		set_property(GLOBAL PROPERTY MAIKO_MISSING_${name} ${missing})
		list(JOIN missing ", " missing)
		message(STATUS "maiko-${name} is not built: it needs ${missing}")
		return()
	endif()

	maiko_add_module_libraries(${name} PREFIX ${module_PREFIX} SOURCES ${module_SOURCES} OURS ${ours} TARGETS ${targets}
		PRIVATE_HEADERS ${module_PRIVATE_HEADERS})
	set(development development)
	if(packages)
		set(development ${name}_development)
	endif()
	maiko_install_module(${name} ${development} DESCRIPTION "${module_DESCRIPTION}" FIND "${find}"
		HEADERS ${module_HEADERS} OURS ${ours} REQUIRES ${requires})
	# For MaikoPackage.
	set_property(GLOBAL APPEND PROPERTY MAIKO_MODULES ${name})
	set_property(GLOBAL PROPERTY MAIKO_DESCRIPTION_${name} "${module_DESCRIPTION}")
	set_property(GLOBAL PROPERTY MAIKO_OURS_${name} ${ours})
	set_property(GLOBAL PROPERTY MAIKO_PACKAGES_${name} ${packages})
endfunction()
