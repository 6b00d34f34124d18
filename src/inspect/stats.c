/* SPDX-License-Identifier: MIT */
/*
 * stats.c -- where the memory is, in numbers and as a drawing          [floor 7]
 *
 * What is alive is counted by memory/usage.c.
 */
#include "base/os.h"
#include "inspect/inspect.h"
#include "memory/usage.h"

#include <string.h>

static size_t resident_of(const struct ouro__arena *arena)
{
    size_t bytes = 0;
    for (; arena != NULL; arena = arena->next) bytes += ouro__os_resident(arena, arena->size);
    return bytes;
}

void ouro_get_heap_stats(const ouro_heap *heap, ouro_heap_stats *out_stats)
{
    struct ouro__usage usage;
    const struct ouro__pools *pools = ouro__heap_pools(heap);
    ouro__usage_count(pools, &usage);
    *out_stats = usage.total;
    out_stats->reserved_bytes += heap->size;
    out_stats->header_bytes += heap->size;
    out_stats->resident_bytes = ouro__os_resident(heap, heap->size);
    for (int realm = 0; realm < OURO__REALMS; realm++)
        out_stats->resident_bytes +=
            resident_of(pools->realms[realm].arenas) + resident_of(pools->realms[realm].large);
}

size_t ouro_get_class_stats(const ouro_heap *heap, ouro_class_stats *out_classes, size_t capacity)
{
    struct ouro__usage usage;
    size_t count = 0;
    ouro__usage_count(ouro__heap_pools(heap), &usage);
    for (size_t bin = 1; bin < OURO__BINS; bin++) {
        if (usage.bins[bin].pools == 0) continue;
        if (count < capacity) out_classes[count] = usage.bins[bin];
        count++;
    }
    return count;
}

/* ---- drawing ---- */

struct drawing {
    ouro_class_kind kind;
    size_t block_size;
    char *text;
    size_t size;
    size_t length;
    size_t pools;
};

static char occupancy(const struct ouro__pool *pool, size_t cached)
{
    static const char levels[] = " .:+#@";
    size_t live = pool->used - cached;
    if (live == 0) return levels[0];
    if (live == pool->capacity) return levels[5];
    return levels[1 + 4 * live / (pool->capacity + 1)];
}

static void draw_pool(struct ouro__pool *pool, void *context)
{
    struct drawing *drawing = context;
    if (ouro__arena_of(pool)->large) return;
    if (drawing->block_size != 0 && pool->block_size != drawing->block_size) return;
    drawing->pools++;
    if (drawing->length + 1 < drawing->size)
        drawing->text[drawing->length++] = occupancy(pool, ouro__pool_cached(pool));
}

size_t ouro_draw_pools(const ouro_heap *heap, ouro_class_kind kind, size_t block_size,
                       char *out_text, size_t size)
{
    struct drawing drawing = {kind, block_size, out_text, size, 0, 0};
    ouro__walk_pools(ouro__heap_pools(heap), (enum ouro__realm)kind, draw_pool, &drawing);
    if (size > 0) out_text[drawing.length] = '\0';
    return drawing.pools;
}

/* ---- for people ---- */

static void print_classes(const struct ouro__usage *usage, FILE *file)
{
    static const char *const kinds[] = {"raw", "acyclic", "tracked"};
    fprintf(file, "%-8s %6s %7s %10s %8s %10s %10s %9s %6s\n", "kind", "size", "pools", "live",
            "cached", "free", "carved", "capacity", "in use");
    for (size_t bin = 1; bin < OURO__BINS; bin++) {
        const ouro_class_stats *class = &usage->bins[bin];
        if (class->pools == 0) continue;
        fprintf(file, "%-8s %6zu %7zu %10zu %8zu %10zu %10zu %9zu %5.1f%%\n", kinds[class->kind],
                class->block_size, class->pools, class->live, class->cached, class->free,
                class->carved, class->capacity,
                100.0 * (double)class->live / (double)class->capacity);
    }
}

static void print_line(FILE *file, const char *what, size_t number)
{
    char digits[32], grouped[48];
    int length = snprintf(digits, sizeof digits, "%zu", number);
    int out = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) grouped[out++] = ',';
        grouped[out++] = digits[i];
    }
    grouped[out] = '\0';
    fprintf(file, "%-44s = %18s\n", what, grouped);
}

static void print_drawing(const ouro_heap *heap, ouro_class_kind kind, const char *title,
                          FILE *file)
{
    enum { width = 64, rows = 32 };
    char text[width * rows + 1];
    size_t pools = ouro_draw_pools(heap, kind, 0, text, sizeof text);
    if (pools == 0) return;
    size_t drawn = strlen(text);
    fprintf(file, "\n%s, %zu pools of 64 KiB ('.' to '#' by quarters, '@' full):\n", title, pools);
    for (size_t i = 0; i < drawn; i += width) fprintf(file, "  |%-64.64s|\n", text + i);
    if (drawn < pools) fprintf(file, "  ... and %zu more\n", pools - drawn);
}

/* What the bytes of pools and of blocks with a mapping of their own are used for. */
static void print_bytes(const ouro_heap_stats *stats, FILE *file)
{
    print_line(file, "bytes in objects' blocks", stats->object_bytes);
    print_line(file, "bytes in raw blocks", stats->raw_bytes);
    print_line(file, "bytes in class lists", stats->cached_bytes);
    print_line(file, "bytes in free blocks of pools", stats->free_bytes);
    print_line(file, "bytes of pools never cut, or given back", stats->uncarved_bytes);
    print_line(file, "bytes lost at the ends of pools", stats->rounding_bytes);
    print_line(file, "Total",
               stats->object_bytes + stats->raw_bytes + stats->cached_bytes + stats->free_bytes +
                   stats->uncarved_bytes + stats->rounding_bytes);
}

void ouro_heap_print_stats(const ouro_heap *heap, FILE *file)
{
    struct ouro__usage usage;
    ouro_heap_stats stats;
    ouro__usage_count(ouro__heap_pools(heap), &usage);
    ouro_get_heap_stats(heap, &stats);
    fprintf(file, "Heap \"%s\"\n\n", heap->name);
    print_classes(&usage, file);
    fputc('\n', file);
    print_line(file, "objects alive", stats.objects);
    print_line(file, "raw blocks alive", stats.raw_blocks);
    print_line(file, "native bytes accounted", stats.accounted_bytes);
    fputc('\n', file);
    print_line(file, "arenas of 32 MiB of addresses", stats.arenas);
    print_line(file, "blocks with a mapping of their own", stats.large_blocks);
    print_line(file, "pools in use", stats.pools);
    print_line(file, "pools empty, waiting to be purged or reused", stats.empty_pools);
    print_line(file, "bytes committed", stats.committed_bytes);
    print_line(file, "bytes resident", stats.resident_bytes);
    print_line(file, "bytes of headers", stats.header_bytes);
    fputc('\n', file);
    print_bytes(&stats, file);
    print_drawing(heap, OURO_CLASS_TRACKED, "Tracked objects", file);
    print_drawing(heap, OURO_CLASS_ACYCLIC, "Acyclic objects", file);
    print_drawing(heap, OURO_CLASS_RAW, "Raw memory", file);
}
