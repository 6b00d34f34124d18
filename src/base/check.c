/* SPDX-License-Identifier: MIT */
/*
 * check.c -- the last words before an abort                            [floor 0]
 */
#include "base/check.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static void print_misuse(const char *message, const void *object)
{
    (void)object;
    fprintf(stderr, "ouro: %s\n", message);
}

static _Atomic(ouro__misuse_function) misuse_hook = print_misuse;

ouro__misuse_function ouro__misuse_set(ouro__misuse_function hook)
{
    return atomic_exchange(&misuse_hook, hook != NULL ? hook : print_misuse);
}

void ouro__misuse(const void *object, const char *format, ...)
{
    char message[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    ouro__misuse_function hook = atomic_load(&misuse_hook);
    hook(message, object);
    abort();
}

void ouro__check_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "ouro: internal check failed: %s (%s:%d)\n", condition, file, line);
    abort();
}
