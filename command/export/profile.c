/* SPDX-License-Identifier: MIT */
/*
 * profile.c -- the bytes of a snapshot as a tree of stacks
 *
 * A frame's place is found by two pairs, so that equal frames of different sites are one: (pc, module and function) is
 * half of it, whose number with (file and line) is the place.
 */
#include "profile.h"

#include "analysis/retention.h"
#include "analysis/sites.h"

#include <stdlib.h>
#include <string.h>

static uint64_t both(uint32_t low, uint32_t high)
{
    return low | (uint64_t)high << 32;
}

/* A stack's number, with room for its values. */
static uint32_t stack_of(profile *made, uint32_t outside, uint32_t place)
{
    uint32_t number =
        pairs_number(&made->stacks, outside == OURO_GRAPH_NONE ? 0 : (uint64_t)outside + 1, place);
    if (made->stacks.refused) made->refused = true;
    if (made->refused || number < made->capacity) return number;
    uint32_t capacity = made->stacks.capacity;
    profile_values *values = realloc(made->values, capacity * sizeof *values);
    if (values == NULL) {
        made->refused = true;
        return 0;
    }
    memset(values + made->capacity, 0, (capacity - made->capacity) * sizeof *values);
    made->values = values;
    made->capacity = capacity;
    return number;
}

/* ---- by sites ---- */

/* The place of a frame, or of the unknown one (OURO_GRAPH_NONE). */
static uint32_t place_of_frame(profile *made, uint32_t frame)
{
    const ouro_snapshot_frame *row =
        frame != OURO_GRAPH_NONE ? &made->snapshot->frames[frame] : &(ouro_snapshot_frame){0};
    uint64_t half = pairs_number(&made->halves, row->pc, both(row->module, row->function));
    if (frame == OURO_GRAPH_NONE) half = UINT64_MAX;
    uint32_t place = pairs_number(&made->places, half, both(row->file, row->line));
    if (made->halves.refused || made->places.refused) made->refused = true;
    if (made->refused) return 0;
    if (place >= made->place_capacity) {
        uint32_t capacity = made->places.capacity;
        uint32_t *frames = realloc(made->frames, capacity * sizeof *frames);
        if (frames == NULL) {
            made->refused = true;
            return 0;
        }
        made->frames = frames;
        made->place_capacity = capacity;
    }
    made->frames[place] = frame;
    return place;
}

static uint32_t stack_of_site(profile *made, uint32_t site)
{
    const ouro_snapshot_site *row = &made->snapshot->sites[site];
    uint32_t stack = OURO_GRAPH_NONE;
    if (row->frame_count == 0)
        return stack_of(made, OURO_GRAPH_NONE, place_of_frame(made, OURO_GRAPH_NONE));
    for (uint32_t i = row->frame_count; i > 0; i--)
        stack = stack_of(made, stack, place_of_frame(made, row->first_frame + i - 1));
    return stack;
}

static bool make_by_sites(profile *made)
{
    const ouro_snapshot *snapshot = made->snapshot;
    const bool knows = sites_have_sums(snapshot);
    uint32_t *stacks =
        malloc((snapshot->site_count > 0 ? snapshot->site_count : 1) * sizeof *stacks);
    if (stacks == NULL) return false;
    for (uint32_t s = 0; s < snapshot->site_count && !made->refused; s++) {
        const ouro_snapshot_site *site = &snapshot->sites[s];
        stacks[s] = stack_of_site(made, s);
        if (made->refused) break;
        profile_values *values = &made->values[stacks[s]];
        values->made_objects += site->objects;
        values->made_bytes += site->bytes;
        values->objects += knows ? site->live_objects : 0;
        values->bytes += knows ? site->live_bytes : 0;
    }
    for (uint32_t n = 0; n < snapshot->object_count && !knows && !made->refused; n++) {
        profile_values *values = &made->values[stacks[snapshot->object_sites[n]]];
        values->objects++;
        values->bytes += snapshot->sizes[n];
    }
    free(stacks);
    return !made->refused;
}

/* ---- by types ---- */

/* The stack of an object whose dominator has the stack `outside`. */
static uint32_t stack_inside(profile *made, uint32_t outside, uint32_t type)
{
    if (outside != OURO_GRAPH_NONE && profile_place(made, outside) == type) return outside;
    uint32_t depth = outside == OURO_GRAPH_NONE ? 1 : made->values[outside].depth + 1;
    if (depth > PROFILE_DEPTH) {
        outside = profile_outside(made, outside);
        depth = PROFILE_DEPTH;
        if (profile_place(made, outside) == type) return outside;
    }
    uint32_t stack = stack_of(made, outside, type);
    if (!made->refused) made->values[stack].depth = depth;
    return stack;
}

static void count_object(profile *made, uint32_t stack, uint32_t object)
{
    if (made->refused) return;
    made->values[stack].objects++;
    made->values[stack].bytes += made->snapshot->sizes[object];
}

/* Down the tree of dominators, by a list of those whose children are to come. */
static bool descend(profile *made, const retention *held, uint32_t *stack, uint32_t *waiting)
{
    size_t count = 0, waits = 0;
    const uint32_t *top = retention_children(held, OURO_GRAPH_ROOT, &count);
    for (size_t i = 0; i < count; i++) {
        stack[top[i]] = OURO_GRAPH_NONE;
        waiting[waits++] = top[i];
    }
    while (waits > 0 && !made->refused) {
        const uint32_t object = waiting[--waits];
        stack[object] = stack_inside(made, stack[object], made->snapshot->object_types[object]);
        count_object(made, stack[object], object);
        const uint32_t *children = retention_children(held, object, &count);
        for (size_t i = 0; i < count; i++) {
            stack[children[i]] = stack[object];
            waiting[waits++] = children[i];
        }
    }
    return !made->refused;
}

static void add_unreached(profile *made, const retention *held)
{
    const ouro_snapshot *snapshot = made->snapshot;
    for (uint32_t n = 0; n < snapshot->object_count && !made->refused; n++) {
        if (held->dominator[n] != OURO_GRAPH_NONE) continue;
        uint32_t outside = stack_of(made, OURO_GRAPH_NONE, snapshot->type_count);
        count_object(made, stack_of(made, outside, snapshot->object_types[n]), n);
    }
}

static bool make_by_types(profile *made)
{
    const uint32_t objects = made->snapshot->object_count;
    retention held;
    if (!retention_find(made->snapshot, &held)) return false;
    uint32_t *stack = malloc(((size_t)objects + 1) * sizeof *stack);
    uint32_t *waiting = malloc(((size_t)objects + 1) * sizeof *waiting);
    bool done = stack != NULL && waiting != NULL && retention_grow_tree(&held) &&
                descend(made, &held, stack, waiting);
    if (done) add_unreached(made, &held);
    free(stack);
    free(waiting);
    retention_free(&held);
    return done && !made->refused;
}

/* ---- ---- */

bool profile_make(const export_request *request, profile *out_profile)
{
    *out_profile = (profile){.snapshot = request->snapshot};
    out_profile->by_sites =
        request->profile == EXPORT_BY_SITES ||
        (request->profile == EXPORT_BY_ANY && request->snapshot->site_count > 1);
    bool done = out_profile->by_sites ? make_by_sites(out_profile) : make_by_types(out_profile);
    if (!done) profile_free(out_profile);
    return done;
}

void profile_free(profile *made)
{
    pairs_free(&made->stacks);
    pairs_free(&made->halves);
    pairs_free(&made->places);
    free(made->values);
    free(made->frames);
    made->values = NULL;
    made->frames = NULL;
}

uint32_t profile_place(const profile *made, uint32_t stack)
{
    return (uint32_t)made->stacks.rows[stack].second;
}

uint32_t profile_outside(const profile *made, uint32_t stack)
{
    uint64_t first = made->stacks.rows[stack].first;
    return first == 0 ? OURO_GRAPH_NONE : (uint32_t)(first - 1);
}

uint32_t profile_places(const profile *made)
{
    return made->by_sites ? made->places.count : made->snapshot->type_count + 1;
}

const ouro_snapshot_frame *profile_frame(const profile *made, uint32_t place)
{
    if (!made->by_sites || made->frames[place] == OURO_GRAPH_NONE) return NULL;
    return &made->snapshot->frames[made->frames[place]];
}

const char *profile_place_name(const profile *made, uint32_t place)
{
    const ouro_snapshot *snapshot = made->snapshot;
    if (made->by_sites) return "(unknown)";
    if (place == snapshot->type_count) return "(unreached)";
    return snapshot->strings[snapshot->types[place].name];
}
