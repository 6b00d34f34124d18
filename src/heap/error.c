/* SPDX-License-Identifier: MIT */
/*
 * error.c -- statuses, their sentences, and the heap's last one        [floor 6]
 */
#include "heap/heap.h"

#include <stdarg.h>
#include <stdio.h>

const char *ouro_status_text(ouro_status status)
{
    static const char *const texts[] = {
#define TEXT(name, text) [name] = text,
        OURO_STATUSES(TEXT)
#undef TEXT
    };
    size_t number = (size_t)status;
    return number < sizeof texts / sizeof texts[0] ? texts[number] : "unknown status";
}

void ouro__heap_fail(ouro_heap *heap, ouro_status status, size_t requested, const char *format, ...)
{
    const struct ouro__pools *pools = ouro__heap_pools(heap);
    ouro_error *error = &heap->error;
    error->status = status;
    error->requested = requested;
    error->in_use = pools->committed_bytes + pools->accounted_bytes;
    error->limit = status == OURO_LIMIT ? pools->byte_limit : 0;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
}

ouro_status ouro__error_fill(ouro_error *out_error, ouro_status status, const char *format, ...)
{
    if (out_error == NULL) return status;
    *out_error = (ouro_error){.status = status};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out_error->message, sizeof out_error->message, format, arguments);
    va_end(arguments);
    return status;
}

void ouro__heap_fail_refused(ouro_heap *heap, const char *what, size_t requested)
{
    const struct ouro__pools *pools = ouro__heap_pools(heap);
    size_t in_use = pools->committed_bytes + pools->accounted_bytes;
    ouro_status status = pools->refusal.status;
    if (status == OURO_LIMIT)
        ouro__heap_fail(
            heap, status, requested,
            "%s of %zu bytes refused: heap \"%s\" uses %zu of its limit of %zu bytes; drop "
            "objects or raise the limit",
            what, requested, heap->name, in_use, pools->byte_limit);
    else
        ouro__heap_fail(heap, status, requested,
                        "%s of %zu bytes refused: %s; heap \"%s\" uses %zu bytes", what, requested,
                        ouro_status_text(status), heap->name, in_use);
}

const ouro_error *ouro_heap_error(const ouro_heap *heap)
{
    return &heap->error;
}

ouro_misuse_hook ouro_set_misuse_hook(ouro_misuse_hook hook)
{
    return ouro__misuse_set(hook);
}

const char *ouro_version(void)
{
#define TEXT_OF(x) #x
#define VERSION_TEXT(a, b, c) TEXT_OF(a) "." TEXT_OF(b) "." TEXT_OF(c)
    return VERSION_TEXT(OURO_VERSION_MAJOR, OURO_VERSION_MINOR, OURO_VERSION_PATCH);
}
