/* SPDX-License-Identifier: MIT */
/*
 * failure.c -- errors of this library
 */
#include "failure.h"

#include <stdarg.h>
#include <string.h>

static void fill(ouro_error *error, ouro_status status, const char *format, va_list arguments)
{
    memset(error, 0, sizeof *error);
    error->status = status;
    vsnprintf(error->message, sizeof error->message, format, arguments);
}

ouro_status ouro__fail(ouro_error *error, ouro_status status, const char *format, ...)
{
    if (error == NULL) return status;
    va_list arguments;
    va_start(arguments, format);
    fill(error, status, format, arguments);
    va_end(arguments);
    return status;
}

ouro_status ouro__fail_system(ouro_error *error, int number, const char *format, ...)
{
    if (error == NULL) return OURO_SYSTEM;
    va_list arguments;
    va_start(arguments, format);
    fill(error, OURO_SYSTEM, format, arguments);
    va_end(arguments);
    const char *reason = strerror(number); /* of a thread's own, in glibc */
    size_t length = strlen(error->message);
    /* A long path must not hide the reason. */
    size_t room = sizeof error->message - strlen(reason) - 3;
    if (length > room) length = room;
    snprintf(error->message + length, sizeof error->message - length, ": %s", reason);
    return OURO_SYSTEM;
}

ouro_status ouro__fail_memory(ouro_error *error, size_t bytes, const char *what)
{
    ouro__fail(error, OURO_NO_MEMORY, "no memory for %s of a snapshot (%zu bytes)", what, bytes);
    if (error != NULL) error->requested = bytes;
    return OURO_NO_MEMORY;
}

void ouro__say_where(ouro_error *error, const char *path)
{
    if (error == NULL) return;
    char said[sizeof error->message];
    memcpy(said, error->message, sizeof said);
    /* The reason fits: it is cut where there is no room for it and the path's last 40 bytes. */
    size_t length = strlen(path), shown = length < 40 ? length : 40;
    snprintf(error->message, sizeof error->message, "%s%s: %.*s", shown < length ? "..." : "",
             path + (length - shown), (int)(sizeof said - 46), said);
}
