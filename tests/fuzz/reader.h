/* SPDX-License-Identifier: MIT */
/*
 * reader.h -- what the targets of the command's readers share
 *
 * The readers' files are built into the target; what they would tell on stderr comes here instead of from the command's
 * main.c.
 */
#ifndef OURO_FUZZ_READER_H
#define OURO_FUZZ_READER_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

/* A promise that was not kept: a sentence, and the end. */
_Noreturn void reader_broken(const char *what);
void reader_expect(bool is_kept, const char *promise);

/* How many complaints there were since the last call, and the last of them; "" where there was none. */
size_t reader_complaints(void);
const char *reader_complaint(void);

/* The text as JSON, which has to be well-formed and UTF-8, with nothing behind it but white space.  The caller puts it. */
json_object *reader_json(const char *text, size_t length);

#endif
