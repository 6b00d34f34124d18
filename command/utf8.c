/* SPDX-License-Identifier: MIT */
/*
 * utf8.c -- text of which nobody has said that it is UTF-8
 *
 * The well-formed sequences are those of table 3-7 of the Unicode Standard, version 15.0.
 */
#include "utf8.h"

#include <string.h>

size_t utf8_size(const char *at)
{
    const unsigned char *text = (const unsigned char *)at;
    unsigned char first = text[0];
    if (first < 0x80) return 1;
    size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4) return 0;
    for (size_t i = 1; i < size; i++)
        if ((text[i] & 0xc0) != 0x80) return 0;
    if (first == 0xe0 && text[1] < 0xa0) return 0; /* longer than it need be */
    if (first == 0xf0 && text[1] < 0x90) return 0;
    if (first == 0xed && text[1] > 0x9f) return 0; /* half of a pair of UTF-16 */
    if (first == 0xf4 && text[1] > 0x8f) return 0; /* beyond Unicode */
    return size;
}

void utf8_copy(char *out, size_t room, const char *text)
{
    while (*text != '\0') {
        size_t size = utf8_size(text), taken = size > 0 ? size : 1;
        if (taken >= room) break;
        memcpy(out, size > 0 ? text : "?", taken);
        out += taken;
        room -= taken;
        text += taken;
    }
    *out = '\0';
}
