/* SPDX-License-Identifier: MIT */
/*
 * options.c -- what a program leaves open, the environment may say     [floor 6]
 *
 *     OURO_BYTE_LIMIT      bytes, with k, m or g behind        options.byte_limit
 *     OURO_THRESHOLD       "4096,10,10"                        options.threshold
 *     OURO_COLLECTOR       "on" or "off"                       options.collector_off
 *     OURO_PURGE_DELAY_MS  milliseconds                        options.purge_delay_ms
 *     OURO_DEBUG           names with commas between           options.debug
 *     OURO_TRACE           "1", "25 frames", "512k,8"          ouro_trace_start
 */
#include "heap/heap.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool read_number(const char **text, size_t *out_number)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(*text, &end, 10);
    if (end == *text || !isdigit((unsigned char)**text) || errno != 0) return false;
    *text = end;
    *out_number = (size_t)number;
    return true;
}

/* A number with or without a unit behind it. */
static bool read_amount(const char **text, size_t *out_size, bool *out_has_unit)
{
    static const char units[] = "kmg";
    if (!read_number(text, out_size)) return false;
    const char *unit = **text != '\0' ? strchr(units, **text | 32) : NULL;
    *out_has_unit = unit != NULL;
    if (unit == NULL) return true;
    size_t factor = (size_t)1 << 10 * (unit - units + 1);
    if (__builtin_mul_overflow(*out_size, factor, out_size)) return false;
    ++*text;
    return true;
}

static bool read_size(const char *text, size_t *out_size)
{
    bool has_unit;
    return read_amount(&text, out_size, &has_unit) && *text == '\0';
}

/* What has a unit is the bytes of a sample, what has none is a number of frames. */
static bool read_trace(const char *text, ouro_trace_options *out_options)
{
    static const char word[] = " frames";
    do {
        size_t amount;
        bool has_unit;
        if (!read_amount(&text, &amount, &has_unit)) return false;
        if (has_unit) {
            if (amount == 0) return false;
            out_options->sample_bytes = amount;
        } else {
            if (amount > OURO_TRACE_FRAMES_MAX) return false;
            out_options->frames = (unsigned)amount;
            if (strncmp(text, word, sizeof word - 1) == 0) text += sizeof word - 1;
        }
    } while (*text++ == ',');
    return text[-1] == '\0';
}

static bool read_thresholds(const char *text, size_t out_threshold[3])
{
    for (int i = 0; i < 3; i++) {
        if (!read_number(&text, &out_threshold[i])) return false;
        if (*text++ != (i < 2 ? ',' : '\0')) return false;
    }
    return true;
}

static bool read_debug(const char *text, unsigned *out_flags)
{
    static const struct {
        const char *name;
        unsigned flag;
    } names[] = {
        {"stats", OURO_DEBUG_STATS},
        {"collectable", OURO_DEBUG_COLLECTABLE},
        {"uncollectable", OURO_DEBUG_UNCOLLECTABLE},
        {"saveall", OURO_DEBUG_SAVEALL},
        {"leak", OURO_DEBUG_LEAK},
    };
    *out_flags = 0;
    while (*text != '\0') {
        size_t length = strcspn(text, ",");
        size_t i = 0;
        while (i < sizeof names / sizeof names[0] &&
               (strlen(names[i].name) != length || strncmp(names[i].name, text, length) != 0))
            i++;
        if (i == sizeof names / sizeof names[0]) return false;
        *out_flags |= names[i].flag;
        text += length;
        if (*text == ',' && *++text == '\0') return false; /* a name is missing behind it */
    }
    return true;
}

static ouro_status refuse(ouro_error *out_error, const char *variable, const char *value,
                          const char *wanted)
{
    return ouro__error_fill(out_error, OURO_BAD_SETTING,
                            "environment variable %s has the value \"%.40s\": give %s, or unset it",
                            variable, value, wanted);
}

ouro_status ouro__options_from_environment(ouro_heap_options *options, ouro_error *out_error)
{
    const char *value;
    size_t number;
    if (options->byte_limit == 0 && (value = getenv("OURO_BYTE_LIMIT")) != NULL &&
        !read_size(value, &options->byte_limit))
        return refuse(out_error, "OURO_BYTE_LIMIT", value,
                      "a number of bytes, with k, m or g behind");
    const size_t *given = options->threshold;
    if (given[0] == 0 && given[1] == 0 && given[2] == 0 &&
        (value = getenv("OURO_THRESHOLD")) != NULL && !read_thresholds(value, options->threshold))
        return refuse(out_error, "OURO_THRESHOLD", value, "three numbers with commas between");
    if (!options->collector_off && (value = getenv("OURO_COLLECTOR")) != NULL) {
        options->collector_off = strcmp(value, "off") == 0;
        if (!options->collector_off && strcmp(value, "on") != 0)
            return refuse(out_error, "OURO_COLLECTOR", value, "\"on\" or \"off\"");
    }
    if (options->purge_delay_ms == 0 && (value = getenv("OURO_PURGE_DELAY_MS")) != NULL) {
        const char *rest = value;
        if (!read_number(&rest, &number) || *rest != '\0' || number > UINT32_MAX)
            return refuse(out_error, "OURO_PURGE_DELAY_MS", value, "a number of milliseconds");
        options->purge_delay_ms = (unsigned)number;
    }
    if (options->debug == 0 && (value = getenv("OURO_DEBUG")) != NULL &&
        !read_debug(value, &options->debug))
        return refuse(out_error, "OURO_DEBUG", value,
                      "some of stats, collectable, uncollectable, saveall, leak");
    return OURO_OK;
}

ouro_status ouro__options_trace(ouro_trace_options *out_options, bool *out_wanted,
                                ouro_error *out_error)
{
    const char *value = getenv("OURO_TRACE");
    *out_options = (ouro_trace_options){0};
    *out_wanted = value != NULL && strcmp(value, "0") != 0;
    if (!*out_wanted || read_trace(value, out_options)) return OURO_OK;
    return refuse(out_error, "OURO_TRACE", value,
                  "frames up to 128, or bytes of a sample with k, m or g, or both");
}
