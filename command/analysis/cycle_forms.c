/* SPDX-License-Identifier: MIT */
/*
 * cycle_forms.c -- ten thousand rings of one kind are one line
 */
#include "cycle_parts.h"

#include <stdlib.h>
#include <string.h>

/* A group and a hash of what its round looks like. */
typedef struct shape {
    uint64_t hash;
    size_t group;
} shape;

static const uint32_t *round_of(const cycles *found, size_t group, size_t *out_length)
{
    *out_length = found->groups[group].round_length;
    return found->rounds + found->groups[group].first_edge;
}

static uint64_t hash_round(const cycles *found, size_t group)
{
    size_t length;
    const uint32_t *round = round_of(found, group, &length);
    uint64_t hash = length;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ cycle_look(found->snapshot, round[i])) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 29;
    }
    return hash;
}

static int compare_looks(const cycles *found, size_t left, size_t right)
{
    size_t left_length, right_length;
    const uint32_t *a = round_of(found, left, &left_length);
    const uint32_t *b = round_of(found, right, &right_length);
    if (left_length != right_length) return left_length < right_length ? -1 : 1;
    for (size_t i = 0; i < left_length; i++) {
        uint64_t look_a = cycle_look(found->snapshot, a[i]),
                 look_b = cycle_look(found->snapshot, b[i]);
        if (look_a != look_b) return look_a < look_b ? -1 : 1;
    }
    return 0;
}

static int compare_shapes(const void *a, const void *b, void *argument)
{
    const shape *left = a, *right = b;
    if (left->hash != right->hash) return left->hash < right->hash ? -1 : 1;
    int order = compare_looks(argument, left->group, right->group);
    if (order != 0) return order;
    return left->group < right->group ? -1 : left->group > right->group;
}

/* ---- in order --------------------------------------------------------------------- */

static int compare_groups(const void *a, const void *b, void *argument)
{
    const cycles *found = argument;
    const cycle_group *left = a, *right = b;
    if (left->reached != right->reached) return left->reached ? 1 : -1;
    if (left->held_bytes != right->held_bytes) return left->held_bytes > right->held_bytes ? -1 : 1;
    if (left->member_count != right->member_count)
        return left->member_count > right->member_count ? -1 : 1;
    uint32_t first = found->members[left->first_member];
    uint32_t second = found->members[right->first_member];
    return first < second ? -1 : first > second;
}

static int compare_forms(const void *a, const void *b)
{
    const cycle_form *left = a, *right = b;
    if (left->unreached_held_bytes != right->unreached_held_bytes)
        return left->unreached_held_bytes > right->unreached_held_bytes ? -1 : 1;
    if (left->held_bytes != right->held_bytes) return left->held_bytes > right->held_bytes ? -1 : 1;
    return left->example < right->example ? -1 : left->example > right->example;
}

static void form_add(cycle_form *form, const cycle_group *group)
{
    form->groups++;
    form->objects += group->member_count;
    form->bytes += group->bytes;
    form->held_bytes += group->held_bytes;
    if (group->reached) return;
    form->unreached_groups++;
    form->unreached_objects += group->member_count;
    form->unreached_bytes += group->bytes;
    form->unreached_held_bytes += group->held_bytes;
}

/* Groups are in order, so the first of a form is its example; a form is known by that one afterwards. */
static void number_forms(cycles *found, const shape *shapes)
{
    for (size_t i = 0; i < found->group_count; i++) {
        bool is_new = i == 0 || shapes[i].hash != shapes[i - 1].hash ||
                      compare_looks(found, shapes[i].group, shapes[i - 1].group) != 0;
        if (is_new) found->forms[found->form_count++].example = shapes[i].group;
        cycle_group *group = &found->groups[shapes[i].group];
        form_add(&found->forms[found->form_count - 1], group);
    }
    qsort(found->forms, found->form_count, sizeof(cycle_form), compare_forms);
    for (size_t f = 0; f < found->form_count; f++) found->groups[found->forms[f].example].form = f;
    for (size_t i = 0, form = 0; i < found->group_count; i++) {
        bool is_new = i == 0 || shapes[i].hash != shapes[i - 1].hash ||
                      compare_looks(found, shapes[i].group, shapes[i - 1].group) != 0;
        if (is_new) form = found->groups[shapes[i].group].form;
        found->groups[shapes[i].group].form = form;
    }
}

bool cycle_find_forms(cycles *found)
{
    size_t count = found->group_count;
    qsort_r(found->groups, count, sizeof(cycle_group), compare_groups, found);
    for (size_t g = 0; g < count; g++)
        for (size_t i = 0; i < found->groups[g].member_count; i++)
            found->group_of[found->members[found->groups[g].first_member + i]] = (uint32_t)g;
    shape *shapes = malloc((count + 1) * sizeof(shape));
    found->forms = calloc(count + 1, sizeof(cycle_form));
    bool good = shapes != NULL && found->forms != NULL;
    if (good) {
        for (size_t g = 0; g < count; g++) shapes[g] = (shape){hash_round(found, g), g};
        qsort_r(shapes, count, sizeof(shape), compare_shapes, found);
        number_forms(found, shapes);
    }
    free(shapes);
    return good;
}
