/* SPDX-License-Identifier: MIT */
/*
 * sample_heap.c -- a heap of ouro's
 *
 *     catalog --shelves--> shelf --books--> book --author--> author
 *        |                                  |  ^--next--+
 *        +--newest (weak) ------------------+
 */
#include "snapshot/samples.h"

#include <string.h>

typedef struct author {
    uint64_t number;
} author;
static ouro_type author_type = OURO_TYPE(author);

typedef struct book {
    author *author;
    struct book *next;
    uint64_t pages;
} book;
static ouro_type book_type;
static const ouro_field book_fields[] = {OURO_REF(book, author, &author_type),
                                         OURO_REF(book, next, &book_type), OURO_END};
static ouro_type book_type = OURO_TYPE(book, .fields = book_fields);

typedef struct shelf {
    size_t length;
    book *books[];
} shelf;
static const ouro_field shelf_fields[] = {OURO_ITEMS(shelf, books, &book_type), OURO_END};
static ouro_type shelf_type = OURO_TYPE(shelf, .fields = shelf_fields, .item_size = sizeof(void *),
                                        .length_offset = offsetof(shelf, length));

typedef struct catalog {
    ouro_vector shelves;
    ouro_weakref *newest;
} catalog;
static const ouro_field catalog_fields[] = {OURO_VECTOR(catalog, shelves, &shelf_type),
                                            OURO_WEAK(catalog, newest, &book_type), OURO_END};
static ouro_type catalog_type = OURO_TYPE(catalog, .fields = catalog_fields);

enum { SHELF = 100 };

/* A shelf of books, each of which holds the one before, and the first the last. */
static shelf *make_shelf(ouro_heap *heap, author *by)
{
    shelf *made = ouro_new_var(heap, shelf, SHELF);
    if (made == NULL) return NULL;
    for (size_t i = 0; i < SHELF; i++) {
        book *volume = ouro_new(heap, book);
        if (volume == NULL) break;
        volume->pages = i;
        ouro_set(volume, author, by);
        if (i > 0) ouro_set(volume, next, made->books[i - 1]);
        ouro_put(made, books[i], volume);
    }
    if (made->books[0] != NULL) ouro_set(made->books[0], next, made->books[SHELF - 1]);
    return made;
}

ouro_heap *sample_heap(uint32_t objects)
{
    ouro_heap *heap = ouro_heap_new(
        &(ouro_heap_options){.name = "sample", .collector_off = true, .ignore_environment = true},
        NULL);
    if (heap == NULL) return NULL;
    catalog *all =
        ouro_new(heap, catalog); /* the one that the program holds, until the heap ends */
    for (uint32_t made = 0; all != NULL && made < objects; made += SHELF + 2) {
        ouro_auto author *by = ouro_new(heap, author);
        ouro_auto shelf *full = by != NULL ? make_shelf(heap, by) : NULL;
        if (full == NULL || ouro_vector_append(all, &all->shelves, full) != OURO_OK) break;
        if (made == 0) (void)ouro_weak_set(all, newest, full->books[SHELF - 1]);
    }
    return heap;
}
