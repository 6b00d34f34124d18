/* SPDX-License-Identifier: MIT */
/*
 * check.c -- the last words before an abort                            [floor 0]
 */
#include "base/check.h"

#include "base/tune.h"

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

static _Atomic(ouro__describe_function) misuse_describe;

void ouro__misuse_describe(ouro__describe_function describe)
{
    atomic_store(&misuse_describe, describe);
}

ouro__misuse_function ouro__misuse_set(ouro__misuse_function hook)
{
    return atomic_exchange(&misuse_hook, hook != NULL ? hook : print_misuse);
}

void ouro__misuse(const void *object, const char *format, ...)
{
    char message[2048];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (atomic_load(&misuse_describe) != NULL && length >= 0 && (size_t)length < sizeof message)
        atomic_load (&misuse_describe)(object, message + length, sizeof message - (size_t)length);
    ouro__misuse_function hook = atomic_load(&misuse_hook);
    hook(message, object);
    abort();
}

void ouro__check_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "ouro: internal check failed: %s (%s:%d)\n", condition, file, line);
    abort();
}
