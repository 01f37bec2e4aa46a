# The modules: libraries beside the core, each after those that it depends on. cmake/MaikoModule.cmake
# says what a call makes.
#
# SPDX-License-Identifier: MIT

maiko_module(observe
	DESCRIPTION "recorder and invariants"
	PREFIX mo_
	SOURCES src/observe/*.c
	HEADERS observe
	PRIVATE_HEADERS core)

maiko_module(test
	DESCRIPTION "harness, simulation and replay for tests"
	PREFIX mt_
	DEPENDS observe
	SOURCES src/testing/*.c
	HEADERS testing testing.h
	PRIVATE_HEADERS core observe)
