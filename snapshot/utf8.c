/* SPDX-License-Identifier: MIT */
/*
 * utf8.c -- text that is UTF-8 without NUL, or is made so
 *
 * The well-formed sequences are those of table 3-7 of the Unicode Standard, version 15.0.
 */
#include "utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static bool is_between(unsigned char byte, unsigned char low, unsigned char high)
{
    return byte >= low && byte <= high;
}

/* The length of the character that begins here, or 0. */
static size_t character(const unsigned char *at, size_t left)
{
    unsigned char lead = at[0];
    if (lead < 0x80) return lead != 0;
    size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (!is_between(lead, 0xC2, 0xF4) || left < length) return 0;
    unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (!is_between(at[1], low, high)) return 0;
    for (size_t i = 2; i < length; i++)
        if (!is_between(at[i], 0x80, 0xBF)) return 0;
    return length;
}

/* Whether eight bytes are ASCII without NUL. */
static bool is_plain(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
    return ((word | (word - ones)) & highs) == 0;
}

size_t ouro__utf8_length(const char *text, size_t length)
{
    size_t at = 0;
    while (at < length) {
        if (length - at >= 8 && is_plain(text + at)) {
            at += 8;
            continue;
        }
        size_t bytes = character((const unsigned char *)text + at, length - at);
        if (bytes == 0) break;
        at += bytes;
    }
    return at;
}

size_t ouro__utf8_mend(const char *text, size_t length, char *out)
{
    static const char replacement[3] = {'\xEF', '\xBF', '\xBD'}; /* U+FFFD */
    size_t written = 0;
    for (size_t at = 0; at < length;) {
        size_t good = ouro__utf8_length(text + at, length - at);
        memcpy(out + written, text + at, good);
        written += good;
        at += good;
        if (at == length) break;
        memcpy(out + written, replacement, sizeof replacement);
        written += sizeof replacement;
        at++;
    }
    return written;
}

size_t ouro__utf8_cut(const char *text, size_t length, size_t limit)
{
    if (length <= limit) return length;
    while (limit > 0 && ((unsigned char)text[limit] & 0xC0) == 0x80) limit--;
    return limit;
}
