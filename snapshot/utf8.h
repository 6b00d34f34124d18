/* SPDX-License-Identifier: MIT */
/*
 * utf8.h -- text that is UTF-8 without NUL, or is made so
 */
#ifndef OURO_SNAPSHOT_UTF8_H
#define OURO_SNAPSHOT_UTF8_H

#include <stddef.h>

/* How many bytes from the start are UTF-8 without NUL: whole characters of the Unicode standard, no surrogates,
 * none longer than need be. */
size_t ouro__utf8_length(const char *text, size_t length);

/* Writes the text with U+FFFD for each byte that belongs to no character and for each NUL.  `out` has room for three
 * times the length.  Result: the bytes written. */
size_t ouro__utf8_mend(const char *text, size_t length, char *out);

/* At most `limit` bytes of whole characters of a valid text. */
size_t ouro__utf8_cut(const char *text, size_t length, size_t limit);

#endif
