/*
 * main.c - the main function of tests without their own.
 */
#include "support.h"

int main(void) { return test_main(); }
