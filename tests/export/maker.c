/* SPDX-License-Identifier: MIT */
/*
 * maker.c -- a snapshot of what is seldom, for tests of exports
 *
 * Garbage cycles that refer to what lives, two lists in one object, names and texts that quoting must survive, a chain
 * that is deeper than a profile's stacks, allocation sites of equal frames, objects of nothing.
 *
 *     root --> shelf --lists--> book 0..2          garbage:  ring a <-> ring b --> book 0,  tail <-- ring b
 *                +---chain---> link -> link -> ... (200 links and pairs in turn)
 *
 * usage: maker FILE
 */
#include <ouro/snapshot.h>

#include <stdlib.h>

enum { CHAIN = 200 };

static bool write_file(void *context, const void *bytes, size_t size)
{
    return fwrite(bytes, 1, size, context) == size;
}

static uint64_t address_of(unsigned number)
{
    return UINT64_C(0x7f5500000010) + 32 * (uint64_t)number;
}

static uint32_t type_of(ouro_snapshot_writer *writer, const char *name)
{
    return ouro_snapshot_type_of(
        writer, name,
        &(ouro_snapshot_type){.name = ouro_snapshot_string(writer, name), .size = 16});
}

static void add(ouro_snapshot_writer *writer, unsigned number, uint32_t type, const char *text,
                uint32_t count, uint32_t site)
{
    ouro_snapshot_add_object(
        writer,
        &(ouro_snapshot_object){.address = address_of(number),
                                .size = 16 + number,
                                .type = type,
                                .count = count,
                                .text = ouro_snapshot_string(writer, text),
                                .site = site,
                                .flags = OURO_OBJECT_GENERATION | OURO_OBJECT_COUNT_IS_EXACT});
}

static void refer(ouro_snapshot_writer *writer, unsigned target, ouro_edge_kind kind,
                  const char *name, uint32_t index)
{
    uint32_t label = ouro_snapshot_label_of(writer, kind, ouro_snapshot_string(writer, name));
    ouro_snapshot_add_edge(writer, address_of(target), label, index);
}

static uint32_t add_site(ouro_snapshot_writer *writer, const char *file)
{
    const ouro_snapshot_frame frames[] = {
        {.pc = 0x1010,
         .offset = 0x10,
         .module = ouro_snapshot_string(writer, "/lib/\"quoted\".so"),
         .function = ouro_snapshot_string(writer, "allocate"),
         .file = ouro_snapshot_string(writer, "allocate.c"),
         .line = 7},
        {.function = ouro_snapshot_string(writer, "run"),
         .file = ouro_snapshot_string(writer, file),
         .line = 3}};
    const ouro_snapshot_site site = {
        .frame_count = 2, .live_objects = 4, .live_bytes = 100, .objects = 9, .bytes = 300};
    return ouro_snapshot_add_site(writer, &site, frames);
}

enum { SHELF, BOOK_0, BOOK_1, BOOK_2, RING_A, RING_B, TAIL, LONELY, LINK };

static void write_objects(ouro_snapshot_writer *writer)
{
    const uint32_t shelf = type_of(writer, "shelf"), book = type_of(writer, "book");
    const uint32_t ring = type_of(writer, "ring, of \"two\" words"), link = type_of(writer, "link");
    const uint32_t two = type_of(writer, "pair");
    const uint32_t one = add_site(writer, "one.py"), same = add_site(writer, "one.py");
    add(writer, SHELF, shelf, "", 1, one);
    refer(writer, BOOK_0, OURO_EDGE_ITEM, "lists", 0);
    refer(writer, BOOK_1, OURO_EDGE_ITEM, "lists", 1);
    refer(writer, BOOK_2, OURO_EDGE_ITEM, "others", 0);
    refer(writer, LINK, OURO_EDGE_FIELD, "chain", 0);
    refer(writer, BOOK_2, OURO_EDGE_BORROWED, "best", 0);
    add(writer, BOOK_0, book, "comma, \"quote\"\nand line", 2, same);
    add(writer, BOOK_1, book, "x\\y \xc3\xa4\x01", 1, add_site(writer, "two.py"));
    add(writer, BOOK_2, book, "", 1, 0);
    add(writer, RING_A, ring, "a", 1, 0);
    refer(writer, RING_B, OURO_EDGE_KEY, "to \"b\"", 0);
    add(writer, RING_B, ring, "b", 1, 0);
    refer(writer, RING_A, OURO_EDGE_FIELD, "back", 0);
    refer(writer, BOOK_0, OURO_EDGE_ITEM, "held", 4);
    refer(writer, TAIL, OURO_EDGE_INTERNAL, "", 0);
    refer(writer, TAIL, OURO_EDGE_KEYS, "", 0);
    add(writer, TAIL, book, "tail", 2, 0);
    add(writer, LONELY, book, "", 0, 0);
    for (unsigned i = 0; i < CHAIN; i++) {
        add(writer, LINK + i, i % 2 == 0 ? link : two, "", 1, 0);
        if (i + 1 < CHAIN) refer(writer, LINK + i + 1, OURO_EDGE_FIELD, "next", 0);
    }
}

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "wb") : NULL;
    if (file == NULL) return 2;
    const ouro_snapshot_sink sink = {file, write_file};
    ouro_error error;
    ouro_snapshot_writer *writer = ouro_snapshot_writer_new(&sink, &error);
    if (writer == NULL) return 1;
    ouro_snapshot_note(writer, "program", "the \"program\"");
    write_objects(writer);
    ouro_snapshot_add_root(writer, address_of(SHELF), OURO_ROOT_NAMED,
                           ouro_snapshot_string(writer, "the shelf"), 1);
    ouro_status status = ouro_snapshot_writer_finish(writer, &error);
    if (status != OURO_OK) fprintf(stderr, "maker: %s\n", error.message);
    return fclose(file) == 0 && status == OURO_OK ? 0 : 1;
}
