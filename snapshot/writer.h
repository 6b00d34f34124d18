/* SPDX-License-Identifier: MIT */
/*
 * writer.h -- the inside of an ouro_snapshot_writer
 */
#ifndef OURO_SNAPSHOT_WRITER_H
#define OURO_SNAPSHOT_WRITER_H

#include "pack.h"
#include "strings.h"

/* What the type and label numbers stand for. */
struct ouro__typekey {
    const void *key;
    uint32_t number;
};

struct ouro_snapshot_writer {
    struct ouro__packer packer;
    struct ouro__strings strings;
    uint32_t strings_sent;

    struct ouro__table type_keys; /* hash of a key -> row of `keys` */
    struct ouro__typekey *keys;
    uint32_t key_count, key_capacity;
    uint32_t type_count;

    struct ouro__table label_table;
    ouro_snapshot_label *labels;
    uint32_t label_count, label_capacity;

    uint32_t site_count; /* site 0 is given */
    uint64_t object_count, edge_count;
    uint64_t owner;          /* address of the object that was added last */
    uint32_t owner_edges;    /* its edges so far */
    uint64_t address_before; /* of the row before in the chunk of objects */
};

#endif
