# What `cpack -G DEB` makes of the components: libmaiko0.2, which a program needs to run, and libmaiko-dev,
# which it is built with; and for each module what maiko_module says.
#
# SPDX-License-Identifier: MIT

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "maiko developers <maiko@example.org>")
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
# Each package has a synopsis of its own.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
set(CPACK_VERBATIM_VARIABLES ON)
# What the system's own debhelper would do besides.
set(CPACK_PRE_BUILD_SCRIPTS "${PROJECT_SOURCE_DIR}/cmake/deb.cmake")
set(CPACK_MAIKO_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL runtime development)
# Where the shared libraries are that those of modules need, which are in other packages.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${PROJECT_BINARY_DIR}")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SOURCE maiko)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
	OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(about "Actors own their state, publish typed events to topics and subscribe to topics;
the runtime routes the events between them, on every core. What works on a
libuv loop works inside an actor.
.
")

# The trigger has the linker's cache renewed. CPack would add scripts that do it again,
# if files of these names were not listed; there are none.
file(WRITE "${PROJECT_BINARY_DIR}/deb/triggers" "activate-noawait ldconfig\n")

set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)

# maiko_package_runtime(<component> <name> <synopsis> <text>): of a shared library.
macro(maiko_package_runtime component name synopsis text)
	string(TOUPPER "${component}" upper)
	# For deb.cmake. The soname is part of the name, so that two of them can be installed together.
	set(CPACK_MAIKO_DEB_${component} "${name}${MAIKO_SOVERSION}")
	set(CPACK_DEBIAN_${upper}_PACKAGE_NAME "${CPACK_MAIKO_DEB_${component}}")
	set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION libs)
	set(CPACK_DEBIAN_${upper}_PACKAGE_SHLIBDEPS ON)
	set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA "${PROJECT_BINARY_DIR}/deb/triggers"
		"${PROJECT_BINARY_DIR}/deb/postinst" "${PROJECT_BINARY_DIR}/deb/postrm")
	set(CPACK_DEBIAN_${upper}_DESCRIPTION "event-driven actors for libuv - ${synopsis}\n${about}${text}")
endmacro()

# maiko_package_development(<component> <name> <synopsis> <text> <package>...): what a program is built with.
macro(maiko_package_development component name synopsis text)
	string(TOUPPER "${component}" upper)
	set(CPACK_MAIKO_DEB_${component} "${name}")
	set(CPACK_DEBIAN_${upper}_PACKAGE_NAME "${name}")
	set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION libdevel)
	string(REPLACE ";" ", " CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "${ARGN}")
	set(CPACK_DEBIAN_${upper}_DESCRIPTION "event-driven actors for libuv - ${synopsis}\n${about}${text}")
endmacro()

maiko_package_runtime(runtime libmaiko "shared library" "This package has the shared library.")
maiko_package_development(development libmaiko-dev "development files"
	"This package has the headers, the static libraries, what pkg-config and CMake
need to find them, and the manual." "libuv1-dev (>= 1.44)")
set(CPACK_COMPONENT_DEVELOPMENT_DEPENDS runtime)

get_property(modules GLOBAL PROPERTY MAIKO_MODULES)
foreach(name IN LISTS modules)
	get_property(ours GLOBAL PROPERTY MAIKO_OURS_${name})
	get_property(packages GLOBAL PROPERTY MAIKO_PACKAGES_${name})
	get_property(does GLOBAL PROPERTY MAIKO_DESCRIPTION_${name})
	maiko_package_runtime(${name} libmaiko-${name} "${does}" "This package has the shared library of this module: ${does}.")
	string(TOUPPER "${name}" upper)
	set(CPACK_COMPONENT_${upper}_DEPENDS runtime ${ours})
	list(APPEND CPACK_COMPONENTS_ALL ${name})
	if(NOT packages)
		list(APPEND CPACK_COMPONENT_DEVELOPMENT_DEPENDS ${name})
		continue()
	endif()
	maiko_package_development(${name}_development libmaiko-${name}-dev "${does} (development)"
		"This package has what a program is built with that uses this module: ${does}." ${packages})
	set(CPACK_COMPONENT_${upper}_DEPENDS ${name} development)
	list(APPEND CPACK_COMPONENTS_ALL ${name}_development)
endforeach()

include(CPack)
