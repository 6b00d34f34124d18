/* SPDX-License-Identifier: MIT */
/*
 * utf8.h -- text of which nobody has said that it is UTF-8
 */
#ifndef OURO_COMMAND_UTF8_H
#define OURO_COMMAND_UTF8_H

#include <stddef.h>

/* Bytes of the character that begins here, 1 for the NUL at the end; 0 where none begins.  Nothing behind a NUL is
 * read. */
size_t utf8_size(const char *at);

/* Copies as many whole characters as there is room for, and ends them; each byte that is of no character becomes '?'. */
void utf8_copy(char *out, size_t room, const char *text);

#endif
