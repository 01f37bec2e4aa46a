# Run by cpack between the installation and the packing: what debhelper does for a
# package of Debian's. Each component is in a folder of its own.
#
# SPDX-License-Identifier: MIT

find_program(GZIP gzip REQUIRED)
find_program(STRIP strip REQUIRED)

# The file compressed, the same for the same content.
function(compress file)
	execute_process(COMMAND "${GZIP}" -9nf "${file}" COMMAND_ERROR_IS_FATAL ANY)
endfunction()

string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)

foreach(component IN LISTS CPACK_COMPONENTS_ALL)
	set(usr "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/${component}/usr")
	set(doc "${usr}/share/doc/${CPACK_MAIKO_DEB_${component}}")

	configure_file("${CPACK_MAIKO_LICENSE}" "${doc}/copyright" COPYONLY)
	file(WRITE "${doc}/changelog"
		"maiko (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium\n\n  * Version ${CPACK_PACKAGE_VERSION}.\n\n"
		" -- ${CPACK_PACKAGE_CONTACT}  ${date}\n")
	compress("${doc}/changelog")

	# Here it is known where the files are; and pkg-config leaves out /usr/include and
	# the like, where a compiler looks anyway.
	file(GLOB_RECURSE descriptions "${usr}/lib/*.pc")
	foreach(description IN LISTS descriptions)
		file(READ "${description}" text)
		string(REGEX REPLACE "^#[^\n]*\nprefix=[^\n]*" "prefix=/usr" text "${text}")
		file(WRITE "${description}" "${text}")
	endforeach()

	file(GLOB_RECURSE pages "${usr}/share/man/*.3")
	foreach(page IN LISTS pages)
		compress("${page}")
	endforeach()

	file(GLOB_RECURSE libraries "${usr}/lib/*.so.*.*")
	foreach(library IN LISTS libraries)
		# The system's loader knows the folder.
		file(RPATH_REMOVE FILE "${library}")
		execute_process(COMMAND "${STRIP}" --strip-unneeded -R .comment -R .note "${library}"
			COMMAND_ERROR_IS_FATAL ANY)
	endforeach()
	file(GLOB_RECURSE libraries "${usr}/lib/*.a")
	foreach(library IN LISTS libraries)
		execute_process(COMMAND "${STRIP}" --strip-debug -D -R .comment -R .note "${library}"
			COMMAND_ERROR_IS_FATAL ANY)
	endforeach()
endforeach()
