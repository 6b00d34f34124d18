/* SPDX-License-Identifier: MIT */
/*
 * metrics.c -- heaps in numbers, as OpenMetrics text                   [floor 7]
 *
 * https://github.com/OpenObservability/OpenMetrics, specification 1.0.0.  The samples of a family stand together, so
 * all heaps are read first, and then each family is written for all of them:
 *
 *     # TYPE ouro_objects gauge
 *     # HELP ouro_objects Living objects.
 *     ouro_objects{heap="first"} 12
 *     ouro_objects{heap="second"} 7
 *     ...
 *     # EOF
 */
#include <ouro/events.h>

#include "base/os.h"
#include "heap/heap.h"
#include "memory/usage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

/* What is known of one heap. */
struct reading {
    const ouro_heap *heap;
    char label[256]; /* heap="...", escaped */
    ouro_heap_stats stats;
    ouro_generation_stats generations[3];
    ouro_progress progress;
    struct ouro__usage usage;
};

struct readings {
    struct reading *all;
    size_t count, bytes;
};

/* ---- the label ---- */

/* How many bytes from `text` on are one character of UTF-8; 0: they are none. */
static size_t character_length(const unsigned char *text)
{
    static const unsigned char smallest[] = {0, 0, 0xc2, 0xe0, 0xf0};
    if (text[0] < 0x80) return 1;
    size_t length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    if (text[0] < smallest[length] || text[0] > 0xf4) return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80) return 0;
    bool is_overlong = (text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xf0 && text[1] < 0x90);
    bool is_beyond = (text[0] == 0xed && text[1] >= 0xa0) || (text[0] == 0xf4 && text[1] >= 0x90);
    return is_overlong || is_beyond ? 0 : length;
}

/* The name with backslash, quote and line feed escaped, and `?` for what is no UTF-8: a heap's name may be
 * cut in the middle of a character.  Returns the length; a name has 31 bytes at most. */
static size_t escape(const char *name, char *out_text)
{
    size_t length = 0;
    for (const unsigned char *at = (const unsigned char *)name; *at != '\0';) {
        size_t bytes = character_length(at);
        if (*at == '\\' || *at == '"' || *at == '\n') {
            out_text[length++] = '\\';
            out_text[length++] = *at == '\n' ? 'n' : (char)*at;
        } else if (bytes == 0) {
            out_text[length++] = '?';
        } else {
            memcpy(out_text + length, at, bytes);
            length += bytes;
        }
        at += bytes > 0 ? bytes : 1;
    }
    out_text[length] = '\0';
    return length;
}

/* The n-th heap of a name has "#n" behind it, from the second on. */
static void make_label(struct readings *readings, size_t number)
{
    struct reading *reading = &readings->all[number];
    size_t same = 1;
    for (size_t i = 0; i < number; i++)
        same += strcmp(readings->all[i].heap->name, reading->heap->name) == 0;
    char name[2 * sizeof reading->heap->name];
    (void)escape(reading->heap->name, name);
    if (same > 1)
        snprintf(reading->label, sizeof reading->label, "heap=\"%s#%zu\"", name, same);
    else
        snprintf(reading->label, sizeof reading->label, "heap=\"%s\"", name);
}

/* ---- families ---- */

static void describe(FILE *file, const char *name, const char *kind, const char *unit,
                     const char *help)
{
    fprintf(file, "# TYPE %s %s\n", name, kind);
    if (unit != NULL) fprintf(file, "# UNIT %s %s\n", name, unit);
    fprintf(file, "# HELP %s %s\n", name, help);
}

/* Nanoseconds in seconds, as short as it can be and with a point, whatever the locale says: 1e-06 is written
 * 0.000001. */
static void write_seconds(FILE *file, uint64_t nanoseconds)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64 ".%09" PRIu64, nanoseconds / 1000000000,
             nanoseconds % 1000000000);
    size_t length = strlen(text);
    while (text[length - 1] == '0' && text[length - 2] != '.') text[--length] = '\0';
    fputs(text, file);
}

/* A sample in seconds. */
__attribute__((format(printf, 3, 4))) static void write_time(FILE *file, uint64_t nanoseconds,
                                                             const char *sample, ...)
{
    va_list arguments;
    va_start(arguments, sample);
    vfprintf(file, sample, arguments);
    va_end(arguments);
    fputc(' ', file);
    write_seconds(file, nanoseconds);
    fputc('\n', file);
}

/* Where a number of a family is found. */
struct column {
    const char *label; /* further labels, or NULL */
    size_t offset;     /* of a size_t in a reading */
};

static void write_columns(const struct readings *readings, FILE *file, const char *sample,
                          const struct column *columns, size_t count)
{
    for (size_t i = 0; i < readings->count; i++) {
        const struct reading *reading = &readings->all[i];
        for (size_t j = 0; j < count; j++) {
            const char *more = columns[j].label;
            const void *number = (const char *)reading + columns[j].offset;
            fprintf(file, "%s{%s%s%s} %zu\n", sample, reading->label, more != NULL ? "," : "",
                    more != NULL ? more : "", *(const size_t *)number);
        }
    }
}

#define OF_STATS(label, field) {label, offsetof(struct reading, stats.field)}
#define OF_PROGRESS(label, field) {label, offsetof(struct reading, progress.field)}

static void write_memory(const struct readings *readings, FILE *file)
{
    static const struct column objects[] = {OF_STATS(NULL, objects)};
    static const struct column bytes[] = {
        OF_STATS("kind=\"objects\"", object_bytes),
        OF_STATS("kind=\"raw\"", raw_bytes),
        OF_STATS("kind=\"cached\"", cached_bytes),
        OF_STATS("kind=\"free\"", free_bytes),
        OF_STATS("kind=\"uncarved\"", uncarved_bytes),
        OF_STATS("kind=\"rounding\"", rounding_bytes),
        OF_STATS("kind=\"headers\"", header_bytes),
        OF_STATS("kind=\"accounted\"", accounted_bytes),
    };
    static const struct column system[] = {
        OF_STATS("state=\"reserved\"", reserved_bytes),
        OF_STATS("state=\"committed\"", committed_bytes),
        OF_STATS("state=\"resident\"", resident_bytes),
    };
    static const struct column blocks[] = {
        OF_STATS("kind=\"raw\"", raw_blocks),
        OF_STATS("kind=\"cached\"", cached_blocks),
        OF_STATS("kind=\"free\"", free_blocks),
        OF_STATS("kind=\"large\"", large_blocks),
    };
    static const struct column pools[] = {OF_STATS("state=\"used\"", pools),
                                          OF_STATS("state=\"empty\"", empty_pools)};
    static const struct column arenas[] = {OF_STATS(NULL, arenas)};
    describe(file, "ouro_objects", "gauge", NULL, "Living objects.");
    write_columns(readings, file, "ouro_objects", objects, 1);
    describe(file, "ouro_memory_bytes", "gauge", "bytes", "What memory is used for.");
    write_columns(readings, file, "ouro_memory_bytes", bytes, sizeof bytes / sizeof *bytes);
    describe(file, "ouro_system_bytes", "gauge", "bytes", "What the heap has of the system.");
    write_columns(readings, file, "ouro_system_bytes", system, sizeof system / sizeof *system);
    describe(file, "ouro_blocks", "gauge", NULL, "Blocks that are no objects, and large ones.");
    write_columns(readings, file, "ouro_blocks", blocks, sizeof blocks / sizeof *blocks);
    describe(file, "ouro_pools", "gauge", NULL, "Pools in use, and empty ones that wait.");
    write_columns(readings, file, "ouro_pools", pools, 2);
    describe(file, "ouro_arenas", "gauge", NULL, "Arenas of pools.");
    write_columns(readings, file, "ouro_arenas", arenas, 1);
}

static void write_class_column(const struct readings *readings, FILE *file, const char *name,
                               const char *help, size_t offset)
{
    static const char *const kinds[] = {"raw", "acyclic", "tracked"};
    describe(file, name, "gauge", NULL, help);
    for (size_t i = 0; i < readings->count; i++) {
        const struct reading *reading = &readings->all[i];
        for (size_t bin = 1; bin < OURO__BINS; bin++) {
            const ouro_class_stats *class = &reading->usage.bins[bin];
            if (class->pools == 0) continue;
            enum ouro__kind kind = ouro__bin_kind(bin);
            bool is_wide = kind == OURO__ACYCLIC_16 || kind == OURO__TRACKED_16;
            const void *number = (const char *)class + offset;
            fprintf(file, "%s{%s,kind=\"%s\",size=\"%zu\",alignment=\"%d\"} %zu\n", name,
                    reading->label, kinds[class->kind], class->block_size, is_wide ? 16 : 8,
                    *(const size_t *)number);
        }
    }
}

static void write_classes(const struct readings *readings, FILE *file)
{
    write_class_column(readings, file, "ouro_class_live_blocks", "Living blocks of a size class.",
                       offsetof(ouro_class_stats, live));
    write_class_column(readings, file, "ouro_class_pools", "Pools of a size class.",
                       offsetof(ouro_class_stats, pools));
}

#define GENERATIONS(field)                                                                         \
    {{"generation=\"0\"", offsetof(struct reading, generations[0].field)},                         \
     {"generation=\"1\"", offsetof(struct reading, generations[1].field)},                         \
     {"generation=\"2\"", offsetof(struct reading, generations[2].field)}}

static void write_generations(const struct readings *readings, FILE *file)
{
    static const struct {
        const char *name, *sample, *help;
        struct column columns[3];
    } families[] = {
        {"ouro_collections", "ouro_collections_total", "Passes and whole cycles that are over.",
         GENERATIONS(collections)},
        {"ouro_candidates", "ouro_candidates_total", "Objects that collections have judged.",
         GENERATIONS(candidates)},
        {"ouro_collected", "ouro_collected_total", "Objects of garbage cycles that were freed.",
         GENERATIONS(collected)},
        {"ouro_uncollectable", "ouro_uncollectable_total",
         "Objects of garbage cycles that were kept.", GENERATIONS(uncollectable)},
    };
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        describe(file, families[i].name, "counter", NULL, families[i].help);
        write_columns(readings, file, families[i].sample, families[i].columns, 3);
    }
    describe(file, "ouro_collection_seconds", "counter", "seconds",
             "Time in collections, finalizers included.");
    for (size_t i = 0; i < readings->count; i++)
        for (int j = 0; j < 3; j++)
            write_time(file, readings->all[i].generations[j].nanoseconds,
                       "ouro_collection_seconds_total{%s,generation=\"%d\"}",
                       readings->all[i].label, j);
}

/* ---- pauses and pace ---- */

static void write_pauses(const struct readings *readings, FILE *file)
{
    describe(file, "ouro_pause_seconds", "histogram", "seconds",
             "How long passes and steps have held the program up.");
    for (size_t i = 0; i < readings->count; i++) {
        const ouro_pauses *pauses = &readings->all[i].heap->pauses;
        const char *label = readings->all[i].label;
        uint64_t count = 0;
        for (size_t j = 0; j < OURO_PAUSE_BOUNDS; j++) {
            count += pauses->counts[j];
            fprintf(file, "ouro_pause_seconds_bucket{%s,le=\"", label);
            write_seconds(file, ouro_pause_bound(j));
            fprintf(file, "\"} %" PRIu64 "\n", count);
        }
        count += pauses->counts[OURO_PAUSE_BOUNDS];
        fprintf(file, "ouro_pause_seconds_bucket{%s,le=\"+Inf\"} %" PRIu64 "\n", label, count);
        write_time(file, pauses->nanoseconds, "ouro_pause_seconds_sum{%s}", label);
        fprintf(file, "ouro_pause_seconds_count{%s} %" PRIu64 "\n", label, count);
    }
    describe(file, "ouro_longest_pause_seconds", "gauge", "seconds", "The longest of them.");
    for (size_t i = 0; i < readings->count; i++)
        write_time(file, readings->all[i].heap->pauses.longest, "ouro_longest_pause_seconds{%s}",
                   readings->all[i].label);
}

static void write_handed(const struct readings *readings, FILE *file)
{
    describe(file, "ouro_handed_bytes", "counter", "bytes",
             "Bytes handed to class lists and programs since the heap was made.");
    for (size_t i = 0; i < readings->count; i++)
        fprintf(file, "ouro_handed_bytes_total{%s} %zu\n", readings->all[i].label,
                ouro__heap_pools(readings->all[i].heap)->handed_bytes);
}

static void write_pace(const struct readings *readings, FILE *file)
{
    static const struct column bytes[] = {OF_PROGRESS("mark=\"now\"", bytes),
                                          OF_PROGRESS("mark=\"start\"", start_bytes),
                                          OF_PROGRESS("mark=\"goal\"", goal_bytes)};
    static const struct column units[] = {OF_PROGRESS("kind=\"debt\"", debt),
                                          OF_PROGRESS("kind=\"left\"", work_left)};
    static const struct column steps[] = {OF_PROGRESS(NULL, steps)};
    static const struct column touched[] = {OF_PROGRESS(NULL, touched)};
    static const struct column nearby[] = {OF_PROGRESS(NULL, nearby_passes)};
    describe(file, "ouro_pace_bytes", "gauge", "bytes",
             "Live and accounted bytes, those at which a whole cycle begins, and those before "
             "which it ends.");
    write_columns(readings, file, "ouro_pace_bytes", bytes, 3);
    describe(file, "ouro_work_units", "gauge", "units",
             "Work of the whole cycle that allocation owes, and that is left.");
    write_columns(readings, file, "ouro_work_units", units, 2);
    describe(file, "ouro_steps", "counter", NULL, "Steps of whole cycles.");
    write_columns(readings, file, "ouro_steps_total", steps, 1);
    describe(file, "ouro_nearby_passes", "counter", NULL, "Passes near touched objects.");
    write_columns(readings, file, "ouro_nearby_passes_total", nearby, 1);
    describe(file, "ouro_touched_objects", "gauge", NULL, "Old objects that wait to be looked at.");
    write_columns(readings, file, "ouro_touched_objects", touched, 1);
    describe(file, "ouro_collector_enabled", "gauge", NULL, "Whether automatic collection is on.");
    for (size_t i = 0; i < readings->count; i++)
        fprintf(file, "ouro_collector_enabled{%s} %d\n", readings->all[i].label,
                readings->all[i].heap->enabled);
    describe(file, "ouro_limit_bytes", "gauge", "bytes", "The byte limit, of heaps that have one.");
    for (size_t i = 0; i < readings->count; i++) {
        size_t limit = ouro__heap_pools(readings->all[i].heap)->byte_limit;
        if (limit > 0) fprintf(file, "ouro_limit_bytes{%s} %zu\n", readings->all[i].label, limit);
    }
}

/* ---- all together ---- */

static bool open_readings(ouro_heap *const heaps[], size_t count, struct readings *out_readings)
{
    enum { page = 4096 };
    size_t bytes = 0;
    *out_readings = (struct readings){.count = count};
    if (count == 0) return true;
    if (__builtin_mul_overflow(count, sizeof(struct reading), &bytes) || bytes > SIZE_MAX - page)
        return false;
    out_readings->bytes = (bytes + page - 1) & ~(size_t)(page - 1);
    out_readings->all = ouro__os_map(out_readings->bytes, page);
    if (out_readings->all == NULL) return false;
    for (size_t i = 0; i < count; i++) {
        struct reading *reading = &out_readings->all[i];
        reading->heap = heaps[i];
        make_label(out_readings, i);
        ouro_get_heap_stats(heaps[i], &reading->stats);
        ouro_get_stats(heaps[i], reading->generations);
        ouro_get_progress(heaps[i], &reading->progress);
        ouro__usage_count(ouro__heap_pools(heaps[i]), &reading->usage);
    }
    return true;
}

ouro_status ouro_write_metrics(ouro_heap *const heaps[], size_t count, FILE *file)
{
    struct readings readings;
    if (!open_readings(heaps, count, &readings)) {
        ouro__heap_fail(heaps[0], OURO_NO_MEMORY, readings.bytes,
                        "the system gave no memory to read %zu heaps", count);
        return OURO_NO_MEMORY;
    }
    errno = 0;
    write_memory(&readings, file);
    write_classes(&readings, file);
    write_handed(&readings, file);
    write_generations(&readings, file);
    write_pauses(&readings, file);
    write_pace(&readings, file);
    fputs("# EOF\n", file);
    if (readings.all != NULL) ouro__os_unmap(readings.all, readings.bytes);
    if (fflush(file) == 0 && !ferror(file)) return OURO_OK;
    int error = errno;
    if (count > 0)
        ouro__heap_fail(heaps[0], OURO_SYSTEM, 0, "not all metrics were written: %s",
                        strerror(error));
    errno = error;
    return OURO_SYSTEM;
}
