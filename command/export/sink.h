/* SPDX-License-Identifier: MIT */
/*
 * sink.h -- output in large pieces, with quick numbers
 *
 * A snapshot of a million objects becomes ten million numbers.  They are collected in a buffer, which goes to the file
 * when it is full.  The first failure is kept; what is written after it goes nowhere.
 */
#ifndef OURO_EXPORT_SINK_H
#define OURO_EXPORT_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { SINK_SIZE = 1 << 16 };

typedef struct sink {
    FILE *file;
    size_t used;
    int error;        /* errno of the first failure, or 0 */
    uint64_t written; /* bytes that went to the file */
    char bytes[SINK_SIZE];
} sink;

void sink_open(sink *out, FILE *file);

/* Writes what is left; false when anything was lost, and then `error` says why.  The file stays open. */
bool sink_finish(sink *out);

void sink_bytes(sink *out, const void *bytes, size_t size);
void sink_text(sink *out, const char *text);
void sink_number(sink *out, uint64_t number);
__attribute__((format(printf, 2, 3))) void sink_print(sink *out, const char *format, ...);

/* A string of JSON, quotes included. */
void sink_json(sink *out, const char *text);
/* What stands between the quotes; for strings that are made of several. */
void sink_json_part(sink *out, const char *text);

#endif
