/* SPDX-License-Identifier: MIT */
/*
 * json.h -- JSON written as it comes, safe inside an HTML page
 *
 * Nothing is kept but where commas go, so that megabytes cost nothing.  `<` becomes \u003c: no text of a
 * program can end the element that the data stands in, nor begin a comment there.  What is no UTF-8 becomes
 * U+FFFD.  Whether everything got through is the file's ferror.
 */
#ifndef OURO_REPORT_JSON_H
#define OURO_REPORT_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct json {
    FILE *file;
    bool comma; /* a value stands before */
} json;

void json_open(json *out, char bracket);  /* '[' or '{' */
void json_close(json *out, char bracket); /* ']' or '}' */

/* The key of the next value. */
void json_key(json *out, const char *key);

void json_number(json *out, uint64_t value);
void json_signed(json *out, int64_t value);
void json_null(json *out);

/* At most `limit` bytes of the text, whole characters, and "..." when that cut something off; 0: all. */
void json_text(json *out, const char *text, size_t limit);

/* An address, hexadecimal, as text: numbers of 64 bits are beyond JavaScript's. */
void json_address(json *out, uint64_t address);

/* A key and its value. */
void json_put(json *out, const char *key, uint64_t value);
void json_put_text(json *out, const char *key, const char *text);

#endif
