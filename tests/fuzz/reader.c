/* SPDX-License-Identifier: MIT */
/*
 * reader.c -- what the targets of the command's readers share
 */
#include "fuzz/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

static char complaint[1024];
static size_t complaints;

void complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(complaint, sizeof complaint, format, arguments);
    va_end(arguments);
    complaints++;
}

int finish_output(void)
{
    return fflush(stdout) == 0 && !ferror(stdout) ? COMMAND_OK : COMMAND_FAILED;
}

void reader_broken(const char *what)
{
    fprintf(stderr, "a file that was read: %s\n", what);
    abort();
}

void reader_expect(bool is_kept, const char *promise)
{
    if (!is_kept) reader_broken(promise);
}

size_t reader_complaints(void)
{
    size_t count = complaints;
    if (count == 0) complaint[0] = '\0';
    complaints = 0;
    return count;
}

const char *reader_complaint(void)
{
    return complaint;
}

json_object *reader_json(const char *text, size_t length)
{
    json_tokener *tokener = json_tokener_new();
    if (tokener == NULL) abort();
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    json_object *parsed = json_tokener_parse_ex(tokener, text, (int)length);
    bool is_whole = parsed != NULL && json_tokener_get_error(tokener) == json_tokener_success;
    size_t end = json_tokener_get_parse_end(tokener);
    reader_expect(is_whole, "what is written is JSON, and UTF-8");
    reader_expect(strspn(text + end, " \n") == length - end, "nothing is behind the JSON");
    json_tokener_free(tokener);
    return parsed;
}
