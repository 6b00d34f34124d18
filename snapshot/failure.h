/* SPDX-License-Identifier: MIT */
/*
 * failure.h -- errors of this library
 */
#ifndef OURO_SNAPSHOT_FAILURE_H
#define OURO_SNAPSHOT_FAILURE_H

#include <ouro/ouro.h>

/* Fills *error, unless it is NULL, with a status and a sentence.  Result: the status. */
__attribute__((format(printf, 3, 4))) ouro_status ouro__fail(ouro_error *error, ouro_status status,
                                                             const char *format, ...);

/* The same for what the system refused: the sentence, ": " and what `number` (an errno) means. */
__attribute__((format(printf, 3, 4))) ouro_status ouro__fail_system(ouro_error *error, int number,
                                                                    const char *format, ...);

/* OURO_NO_MEMORY, with the bytes asked for. */
ouro_status ouro__fail_memory(ouro_error *error, size_t bytes, const char *what);

/* Puts a path in front of what was said; of a long one the end. */
void ouro__say_where(ouro_error *error, const char *path);

#endif
