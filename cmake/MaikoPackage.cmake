# What `cpack -G DEB` makes of the two components: libmaiko0.2, which a program needs to
# run, and libmaiko-dev, which it is built with.
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

# The soname is part of the name, so that two of them can be installed together.
set(CPACK_MAIKO_DEB_runtime "libmaiko${MAIKO_SOVERSION}")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME "${CPACK_MAIKO_DEB_runtime}")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
# The trigger has the linker's cache renewed. CPack would add scripts that do it again,
# if files of these names were not listed; there are none.
file(WRITE "${PROJECT_BINARY_DIR}/deb/triggers" "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA "${PROJECT_BINARY_DIR}/deb/triggers"
	"${PROJECT_BINARY_DIR}/deb/postinst" "${PROJECT_BINARY_DIR}/deb/postrm")
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION "event-driven actors for libuv - shared libraries
${about}This package has the shared libraries.")

set(CPACK_MAIKO_DEB_development libmaiko-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME "${CPACK_MAIKO_DEB_development}")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
set(CPACK_COMPONENT_DEVELOPMENT_DEPENDS runtime)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libuv1-dev (>= 1.44)")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "event-driven actors for libuv - development files
${about}This package has the headers, the static libraries, what pkg-config and CMake
need to find them, and the manual.")

include(CPack)
