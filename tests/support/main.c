/*
 * main.c - the main function of a test that has none of its own.
 */
#include "support.h"

int main(void) { return test_main(); }
