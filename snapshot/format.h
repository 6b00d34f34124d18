/* SPDX-License-Identifier: MIT */
/*
 * format.h -- the snapshot file in numbers
 *
 * docs/snapshot-format.md in C: what writer and reader have to agree on.  Machines are little-endian, as
 * ouro.h asks for, so that a column in memory is a column in the file.
 */
#ifndef OURO_SNAPSHOT_FORMAT_H
#define OURO_SNAPSHOT_FORMAT_H

#include <stdint.h>

#define OURO__MAGIC "ouro snapshot\n\1" /* with the NUL that ends it: the version, 1, as two bytes */

enum {
    OURO__MAGIC_BYTES = 16,
    OURO__MAGIC_TEXT = 14, /* of these without the version */
    OURO__CHUNK_HEADER = 16,
    OURO__CHUNK_MAX = 4 << 20, /* unpacked bytes */
    OURO__COLUMNS_MAX = 8,
    OURO__STRING_MAX = 1 << 20, /* bytes that the writer keeps of a longer one */
};

enum ouro__kind {
    OURO__STRINGS = 1,
    OURO__NOTES,
    OURO__TYPES,
    OURO__LABELS,
    OURO__OBJECTS,
    OURO__EDGES,
    OURO__ROOTS,
    OURO__POOLS,
    OURO__SITES,
    OURO__FRAMES,
    OURO__EVENTS,
    OURO__SAMPLES,
    OURO__CYCLES,
    OURO__LINKS,
    OURO__END,
    OURO__KINDS
};

struct ouro__row_format {
    const char *name; /* of its rows, in messages */
    uint8_t columns;
    uint8_t width[OURO__COLUMNS_MAX]; /* bytes; of strings the length alone */
};

extern const struct ouro__row_format ouro__row_formats[OURO__KINDS];

/* The bytes of a row, all columns together. */
uint32_t ouro__row_bytes(enum ouro__kind kind);

#endif
