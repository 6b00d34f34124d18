/* SPDX-License-Identifier: MIT */
/*
 * json.c -- a heap as one JSON object
 */
#include "top/top.h"

#include "answer.h"

static void add_memory(answer *begun, const ouro_published *now)
{
    const struct {
        const char *key;
        uint64_t value;
    } numbers[] = {
        {"objects", now->objects},
        {"object_bytes", now->object_bytes},
        {"raw_blocks", now->raw_blocks},
        {"raw_bytes", now->raw_bytes},
        {"accounted_bytes", now->accounted_bytes},
        {"committed_bytes", now->committed_bytes},
        {"reserved_bytes", now->reserved_bytes},
        {"cached_bytes", now->cached_bytes},
        {"free_bytes", now->free_bytes},
        {"uncarved_bytes", now->uncarved_bytes},
        {"rounding_bytes", now->rounding_bytes},
        {"header_bytes", now->header_bytes},
        {"handed_bytes", now->handed_bytes},
        {"byte_limit", now->byte_limit},
        {"arenas", now->arenas},
        {"pools", now->pools},
        {"empty_pools", now->empty_pools},
        {"large_blocks", now->large_blocks},
    };
    json_object *memory = answer_section(begun, begun->root, "memory");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        answer_integer(begun, memory, numbers[i].key, numbers[i].value);
}

static void add_collector(answer *begun, const ouro_published *now)
{
    json_object *collector = answer_section(begun, begun->root, "collector");
    answer_boolean(begun, collector, "enabled", now->is_enabled != 0);
    answer_string(begun, collector, "phase", now->phase);
    answer_integer(begun, collector, "start_bytes", now->start_bytes);
    answer_integer(begun, collector, "goal_bytes", now->goal_bytes);
    answer_integer(begun, collector, "debt", now->debt);
    answer_integer(begun, collector, "work_done", now->work_done);
    answer_integer(begun, collector, "work_left", now->work_left);
    answer_integer(begun, collector, "steps", now->steps);
    answer_integer(begun, collector, "touched", now->touched);
    answer_integer(begun, collector, "nearby_passes", now->nearby_passes);
    json_object *generations = answer_list(begun, collector, "generations");
    for (int i = 0; i < 3; i++) {
        json_object *row = answer_row(begun, generations);
        answer_integer(begun, row, "collections", now->generations[i].collections);
        answer_integer(begun, row, "candidates", now->generations[i].candidates);
        answer_integer(begun, row, "collected", now->generations[i].collected);
        answer_integer(begun, row, "uncollectable", now->generations[i].uncollectable);
        answer_integer(begun, row, "nanoseconds", now->generations[i].nanoseconds);
    }
}

static void add_pauses(answer *begun, const ouro_published *now)
{
    uint64_t count = 0;
    for (size_t i = 0; i <= OURO_PAUSE_BOUNDS; i++) count += now->pauses.counts[i];
    json_object *pauses = answer_section(begun, begun->root, "pauses");
    answer_integer(begun, pauses, "count", count);
    answer_integer(begun, pauses, "nanoseconds", now->pauses.nanoseconds);
    answer_integer(begun, pauses, "p50", ouro_pause_quantile(&now->pauses, 0.5));
    answer_integer(begun, pauses, "p99", ouro_pause_quantile(&now->pauses, 0.99));
    answer_integer(begun, pauses, "longest", now->pauses.longest);
}

static void add_classes(answer *begun, const ouro_published *now)
{
    static const char *const kinds[] = {"raw", "acyclic", "tracked"};
    answer_integer(begun, begun->root, "class_count", now->class_count);
    json_object *classes = answer_list(begun, begun->root, "classes");
    for (size_t i = 0; i < OURO_PUBLISHED_CLASSES && now->classes[i].pools > 0; i++) {
        const ouro_published_class *class = &now->classes[i];
        json_object *row = answer_row(begun, classes);
        answer_string(begun, row, "kind", kinds[class->kind]);
        answer_integer(begun, row, "block_size", class->block_size);
        answer_integer(begun, row, "pools", class->pools);
        answer_integer(begun, row, "live", class->live);
        answer_integer(begun, row, "cached", class->cached);
        answer_integer(begun, row, "free", class->free);
        answer_integer(begun, row, "capacity", class->capacity);
    }
}

static void add_census(answer *begun, const ouro_published *now)
{
    if (now->census_answers == 0) return;
    json_object *census = answer_section(begun, begun->root, "census");
    answer_integer(begun, census, "objects", now->census_objects);
    answer_integer(begun, census, "bytes", now->census_bytes);
    answer_integer(begun, census, "type_count", now->census_types);
    json_object *types = answer_list(begun, census, "types");
    for (size_t i = 0; i < OURO_PUBLISHED_TYPES && now->types[i].objects > 0; i++) {
        json_object *row = answer_row(begun, types);
        answer_string(begun, row, "type", now->types[i].name);
        answer_integer(begun, row, "objects", now->types[i].objects);
        answer_integer(begun, row, "bytes", now->types[i].bytes);
    }
}

int top_print_json(const top_view *view)
{
    const ouro_published *now = &view->now;
    answer begun;
    answer_begin(&begun);
    answer_string(&begun, begun.root, "program", now->program);
    answer_integer(&begun, begun.root, "process", now->process);
    answer_string(&begun, begun.root, "heap", now->heap);
    answer_boolean(&begun, begun.root, "closed", now->is_closed != 0);
    answer_integer(&begun, begun.root, "updates", now->updates);
    answer_integer(&begun, begun.root, "nanoseconds",
                   now->written > now->born ? now->written - now->born : 0);
    add_memory(&begun, now);
    add_collector(&begun, now);
    add_pauses(&begun, now);
    add_classes(&begun, now);
    add_census(&begun, now);
    return answer_print(&begun);
}
