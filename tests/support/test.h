/* SPDX-License-Identifier: MIT */
/*
 * test.h -- cmocka with what it needs, and the library
 */
#ifndef OURO_TEST_TEST_H
#define OURO_TEST_TEST_H

/* cmocka.h asks for these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ouro/ouro.h>

/* How many entries an array has. */
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

#endif
