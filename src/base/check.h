/* SPDX-License-Identifier: MIT */
/*
 * check.h -- checks at their prices                                    [floor 0]
 *
 * OURO_CHECK holds in every build and costs a constant; OURO_ASSERT holds in
 * builds with OURO_DEBUG.  Both tell of a fault in the library.  Misuse is a
 * fault of the program: it names the object and goes through the hook.
 */
#ifndef OURO_BASE_CHECK_H
#define OURO_BASE_CHECK_H

#include <stddef.h>

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define NOINLINE __attribute__((noinline, cold))
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define UNUSED __attribute__((unused))

typedef void (*ouro__misuse_function)(const char *message, const void *object);

/* Swaps the process's hook; NULL is the default.  Thread: any. */
ouro__misuse_function ouro__misuse_set(ouro__misuse_function hook);

/* Writes lines about an object behind a sentence: what the debug build knows, or where it was born. */
typedef void (*ouro__describe_function)(const void *object, char *text, size_t size);
void ouro__misuse_describe(ouro__describe_function describe);

/* Formats the sentence, calls the hook, aborts. */
_Noreturn void ouro__misuse(const void *object, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

_Noreturn void ouro__check_failed(const char *condition, const char *file, int line);

#define OURO_CHECK(condition)                                                                 \
    (LIKELY(condition) ? (void)0 : ouro__check_failed(#condition, __FILE__, __LINE__))

#if defined(OURO_DEBUG) && OURO_DEBUG
#define OURO_CHECKS 1 /* for what an assertion cannot say: if (OURO_CHECKS) ... */
#define OURO_ASSERT(condition) OURO_CHECK(condition)
#else
#define OURO_CHECKS 0
#define OURO_ASSERT(condition) ((void)0)
#endif

#endif
