/* SPDX-License-Identifier: MIT */
/*
 * weak_map.c -- a cache whose entries go with their keys
 *
 * What a program has worked out about an object it may want to keep beside it, in a
 * table.  A table that held its keys would keep every object that was ever
 * asked about.  A weak map looks at the key without holding it, and holds the value
 * for as long as the key is there:
 *
 *     cache ==holds==> summary        while the book lives
 *       :                 |
 *       looks at          holds
 *       v                 v
 *     book <--------------+
 *
 * The summary refers to the very book that it is stored under.  That does not keep the
 * book alive: what only its own entry leads to is garbage, and the collector finds it.
 */
#include <ouro/ouro.h>

#include <stdio.h>
#include <stdlib.h>

static void expect(bool happened, const char *what)
{
    if (happened) return;
    fprintf(stderr, "this did not happen: %s\n", what);
    exit(EXIT_FAILURE);
}

/*
 * A book refers to nothing, so the collector would have no reason to look at books.
 * As they are keys of a weak map it must, and the table says so.
 */
typedef struct book {
    int pages;
} book;
static ouro_type book_type = OURO_TYPE(book, .weak_key = true);

typedef struct summary {
    book *of;
    int minutes; /* to read it */
} summary;
static const ouro_field summary_fields[] = {
    OURO_REF(summary, of, &book_type),
    OURO_END,
};
static ouro_type summary_type = OURO_TYPE(summary, .fields = summary_fields);

static int summaries_made;

/* The summary of a book: from the cache, or made and put there. */
static OURO_OWNED summary *summary_of(ouro_weak_map *cache, book *wanted)
{
    summary *known = ouro_weak_map_get(cache, wanted);
    if (known != NULL) return known;
    ouro_auto summary *made = ouro_new(ouro_heap_of(cache), summary);
    expect(made != NULL, "there is memory for a summary");
    ouro_set(made, of, wanted);
    made->minutes = 2 * wanted->pages;
    summaries_made++;
    expect(ouro_weak_map_set(cache, wanted, made) == OURO_OK, "the cache takes it");
    return ouro_move(made); /* the cache has a reference of its own */
}

static OURO_OWNED book *book_new(ouro_heap *heap, int pages)
{
    book *made = ouro_new(heap, book);
    expect(made != NULL, "there is memory for a book");
    made->pages = pages;
    return made;
}

/* Nothing here tells the cache that a book goes. */
static void read_all(ouro_heap *heap)
{
    ouro_auto ouro_weak_map *cache = ouro_weak_map_new(heap);
    expect(cache != NULL, "there is memory for a weak map");
    ouro_auto book *kept = book_new(heap, 100);
    book *lent = book_new(heap, 250);
    for (int i = 0; i < 3; i++) {
        ouro_auto summary *of_kept = summary_of(cache, kept);
        ouro_auto summary *of_lent = summary_of(cache, lent);
        expect(of_kept->minutes == 200 && of_lent->minutes == 500, "each book has its summary");
    }
    expect(summaries_made == 2, "each summary was made once");
    printf("asked six times, made %d summaries; the cache has %zu\n", summaries_made,
           ouro_weak_map_length(cache));

    ouro_decref(lent); /* its summary still refers to it, and the cache holds the summary */
    size_t found = ouro_collect(heap, 2);
    printf("a book is gone: the collector found %zu, it and its summary; the cache has %zu\n",
           found, ouro_weak_map_length(cache));
    expect(found == 2, "a value does not keep its own key");
    expect(ouro_weak_map_length(cache) == 1, "the entry went with the book");

    /* To go through: a cursor, while entries may come and go. */
    ouro_weak_cursor cursor = {0};
    void *key = NULL, *value = NULL;
    while (ouro_weak_map_next(cache, &cursor, &key, &value)) {
        expect(key == kept, "the book that we kept is left");
        printf("left: a book of %d pages, %d minutes\n", ((book *)key)->pages,
               ((summary *)value)->minutes);
        ouro_decref(key); /* both are owned */
        ouro_decref(value);
    }
}

int main(void)
{
    ouro_heap *heap = ouro_heap_new(NULL, NULL);
    expect(heap != NULL, "there is memory for a heap");
    read_all(heap);
    ouro_close_report report;
    ouro_heap_close(heap, NULL, &report);
    expect(report.alive == report.collected, "nothing but garbage was left");
    return EXIT_SUCCESS;
}
