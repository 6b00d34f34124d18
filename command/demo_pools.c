/* SPDX-License-Identifier: MIT */
/*
 * demo_pools.c -- question 3: what does a small object cost?
 *
 * A thousand objects of 64 bytes: where they lie, what each costs beside its 64
 * bytes, here and with malloc; and a drawing of their pools, one row a pool,
 * one character a KiB, made from the addresses of the living objects.
 */
#include "demo.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum {
    THINGS = 1000,
    CELLS = 64,    /* characters of a row */
    ROWS_MAX = 16, /* a thousand objects lie in two or three pools */
};

typedef struct thing {
    uint64_t words[8];
} thing;
static ouro_type thing_type = OURO_TYPE(thing, .fields = NULL);

typedef struct pools {
    demo *shown;
    ouro_heap *heap;
    json_object *states;
    thing *things[THINGS];
    size_t block_bytes; /* of one thing */
    size_t pool_bytes;

    uintptr_t rows[ROWS_MAX]; /* addresses of pools, ascending */
    size_t rows_length;
    size_t filled[ROWS_MAX][CELLS]; /* bytes of living objects */
} pools;

/* ---- the drawing ----------------------------------------------------------------- */

/* The class that serves things; all zero when there is none yet. */
static ouro_class_stats class_of_things(const pools *state)
{
    ouro_class_stats classes[512];
    size_t length =
        ouro_get_class_stats(state->heap, classes, sizeof(classes) / sizeof(classes[0]));
    for (size_t i = 0; i < length && i < sizeof(classes) / sizeof(classes[0]); i++)
        if (classes[i].kind == OURO_CLASS_ACYCLIC && classes[i].block_size == state->block_bytes)
            return classes[i];
    return (ouro_class_stats){0};
}

/* A pool is a power of two of bytes; its blocks leave a rest smaller than one. */
static size_t pool_bytes_of(const ouro_class_stats *class)
{
    if (class->pools == 0) return 0;
    size_t blocks = class->capacity / class->pools * class->block_size;
    size_t bytes = CELLS;
    while (bytes < blocks) bytes *= 2;
    return bytes;
}

/* The row of a pool, made when it is new, in the order of addresses. */
static size_t row_of(pools *state, uintptr_t pool)
{
    size_t row = 0;
    while (row < state->rows_length && state->rows[row] < pool) row++;
    if (row < state->rows_length && state->rows[row] == pool) return row;
    if (state->rows_length == ROWS_MAX) return ROWS_MAX;
    size_t behind = state->rows_length++ - row;
    memmove(&state->rows[row + 1], &state->rows[row], behind * sizeof(state->rows[0]));
    memmove(&state->filled[row + 1], &state->filled[row], behind * sizeof(state->filled[0]));
    state->rows[row] = pool;
    memset(state->filled[row], 0, sizeof(state->filled[row]));
    return row;
}

static int note_object(void *object, void *argument)
{
    pools *state = argument;
    uintptr_t address = (uintptr_t)object;
    size_t row = row_of(state, address & ~(uintptr_t)(state->pool_bytes - 1));
    if (row < ROWS_MAX) {
        size_t offset = address & (state->pool_bytes - 1);
        state->filled[row][offset / (state->pool_bytes / CELLS)] += ouro_sizeof(object);
    }
    return 0;
}

/* The library's own scale, for one cell. */
static char fill_character(size_t bytes, size_t cell_bytes, size_t block_bytes)
{
    if (bytes == 0) return ' ';
    if (bytes + block_bytes > cell_bytes) return '@';
    return ".:+#"[bytes * 4 / cell_bytes];
}

static void draw(pools *state, const char *label)
{
    memset(state->filled, 0, sizeof(state->filled));
    ouro_each_object(state->heap, note_object, state);
    for (size_t row = 0; row < state->rows_length; row++) {
        char cells[CELLS + 1];
        for (size_t i = 0; i < CELLS; i++)
            cells[i] = fill_character(state->filled[row][i], state->pool_bytes / CELLS,
                                      state->block_bytes);
        cells[CELLS] = '\0';
        terminal_row(&state->shown->terminal, row == 0 ? label : "          ", cells, "");
    }
}

/* Draws the pools as they are now, and notes the figures. */
static void show_state(pools *state, const char *name, const char *label)
{
    ouro_class_stats class = class_of_things(state);
    ouro_heap_stats stats = demo_stats(state->heap);
    char drawing[64];
    ouro_draw_pools(state->heap, OURO_CLASS_ACYCLIC, state->block_bytes, drawing, sizeof(drawing));
    json_object *section = demo_list_section(state->states);
    demo_string(section, "state", name);
    demo_integer(section, "alive", stats.objects);
    demo_integer(section, "pools", class.pools);
    demo_integer(section, "blocks_cached", class.cached);
    demo_integer(section, "blocks_free", class.free);
    demo_integer(section, "committed_bytes", stats.committed_bytes);
    demo_string(section, "drawing", drawing);
    if (state->rows_length == 0 && stats.objects == 0)
        terminal_say(&state->shown->terminal, "%s no pool yet", label);
    else
        draw(state, label);
}

/* ---- malloc, for comparison --------------------------------------------------------- */

/*
 * Bytes that the system's malloc takes for one allocation of `size` bytes, on
 * average over a thousand: by its own account where it has one (glibc), and
 * else what is usable plus a header of one word.  0 when it refuses.
 */
static double malloc_bytes_each(size_t size)
{
    static void *blocks[THINGS];
    size_t usable = 0;
    size_t made = 0;
    size_t before = mallinfo2().uordblks;
    while (made < THINGS && (blocks[made] = malloc(size)) != NULL)
        usable += malloc_usable_size(blocks[made++]) + sizeof(size_t);
    size_t reported = mallinfo2().uordblks - before;
    bool accounts = reported >= THINGS * size && reported <= 2 * usable;
    for (size_t i = 0; i < made; i++) free(blocks[i]);
    if (made < THINGS) return 0;
    return (double)(accounts ? reported : usable) / THINGS;
}

static void compare_with_malloc(pools *state, const ouro_class_stats *class, json_object *section)
{
    terminal_output *terminal = &state->shown->terminal;
    double theirs = malloc_bytes_each(sizeof(thing));
    double ours = (double)state->block_bytes;
    terminal_fact(terminal, "each", "{%zu bytes} here: %zu and a word that holds count and type",
                  state->block_bytes, sizeof(thing));
    terminal_fact(terminal, "with malloc", "{%.0f bytes}: %zu and %.0f that hold neither", theirs,
                  sizeof(thing), theirs - (double)sizeof(thing));
    terminal_fact(terminal, "together",
                  "{%zu pools} of %s, cut into %s blocks so far, in {1 arena}", class->pools,
                  show_bytes(state->pool_bytes).text, show_count(class->carved).text);
    demo_integer(section, "object_bytes", sizeof(thing));
    demo_integer(section, "block_bytes", state->block_bytes);
    demo_real(section, "overhead_bytes", ours - (double)sizeof(thing));
    demo_real(section, "malloc_bytes", theirs);
    demo_real(section, "malloc_overhead_bytes", theirs - (double)sizeof(thing));
}

/* ---- the question ---------------------------------------------------------------------- */

static bool make_things(pools *state)
{
    for (size_t i = 0; i < THINGS; i++) {
        state->things[i] = ouro_new(state->heap, thing);
        if (state->things[i] != NULL) continue;
        demo_refused(state->shown, state->heap);
        while (i > 0) ouro_decref(state->things[--i]);
        return false;
    }
    return true;
}

/* In an order that has nothing to do with the addresses, as programs die; the
 * same one every time. */
static void shuffle(pools *state)
{
    uint32_t random = 20110;
    for (size_t i = THINGS - 1; i > 0; i--) {
        random = random * 1664525u + 1013904223u;
        size_t j = (random >> 8) % (i + 1);
        thing *other = state->things[j];
        state->things[j] = state->things[i];
        state->things[i] = other;
    }
}

static void drop_things(pools *state, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) ouro_decref(state->things[i]);
}

static void show_things(pools *state, json_object *section)
{
    terminal_output *terminal = &state->shown->terminal;
    size_t committed_before = demo_stats(state->heap).committed_bytes;
    state->block_bytes = sizeof(thing) + sizeof(uint64_t);
    show_state(state, "before", "before    ");
    if (!make_things(state)) return;
    state->block_bytes = ouro_sizeof(state->things[0]);
    ouro_class_stats class = class_of_things(state);
    ouro_heap_stats full = demo_stats(state->heap);
    state->pool_bytes = pool_bytes_of(&class);
    demo_expect(state->shown, class.pools > 0 && class.live == THINGS && full.objects == THINGS,
                "a thousand objects are in their pools");
    show_state(state, "full", "1000 alive");
    shuffle(state);
    drop_things(state, 0, THINGS / 2);
    demo_expect(state->shown, demo_stats(state->heap).objects == THINGS / 2, "half are freed");
    show_state(state, "half", "half freed");
    drop_things(state, THINGS / 2, THINGS);
    size_t trimmed = ouro_trim(state->heap);
    show_state(state, "after", "all freed ");
    ouro_heap_stats empty = demo_stats(state->heap);
    demo_expect(state->shown, empty.objects == 0 && class_of_things(state).pools == 0,
                "no pool is in use when all things are gone");
    terminal_gap(terminal);
    compare_with_malloc(state, &class, section);
    terminal_fact(terminal, "given back", "{%s} to the system by ouro_trim",
                  show_bytes(trimmed).text);
    demo_integer(section, "objects", THINGS);
    demo_integer(section, "pools", class.pools);
    demo_integer(section, "pool_bytes", state->pool_bytes);
    demo_integer(section, "arenas", full.arenas);
    demo_integer(section, "committed_bytes_before", committed_before);
    demo_integer(section, "committed_bytes", full.committed_bytes);
    demo_integer(section, "trimmed_bytes", trimmed);
}

void demo_pools(demo *shown)
{
    terminal_title(&shown->terminal, 3, "Pools", "what does a small object cost?");
    pools state = {.shown = shown};
    state.heap = demo_heap_new(shown, "pools");
    if (state.heap == NULL) return;
    json_object *section = demo_section(shown->answer, "pools");
    terminal_say(&shown->terminal,
                 "A thousand objects of %zu bytes.  A row is a pool, a character one %s of it:",
                 sizeof(thing), "KiB");
    terminal_gap(&shown->terminal);
    state.states = demo_list(section, "states");
    show_things(&state, section);
    demo_heap_close(shown, state.heap);
}
