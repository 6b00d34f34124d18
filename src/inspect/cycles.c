/* SPDX-License-Identifier: MIT */
/*
 * cycles.c -- which cycles the last collections have found             [floor 7]
 *
 * The collector calls when garbage is final and whole still; a sample of it is looked at (rounds.h), and what was seen
 * stands for all of it.  Forms are kept in one mapping:
 *
 *     struct log | sample | form, form, ... capacity
 *
 * A round may begin anywhere, and a ring may have any length: a form begins with its least link, and has links that
 * repeat once.
 */
#include "base/os.h"
#include "inspect/rounds.h"
#include "inspect/text.h"

#include <ouro/trace.h>

#include <string.h>

/* Numbers of what is concluded are kept in parts of one. */
enum { PART = 256 };

struct form {
    uint64_t seen;                  /* the collection that found it last */
    uint64_t found, objects, bytes; /* times PART */
    uint32_t site;
    unsigned length;
    ouro_cycle_link links[OURO_LOOK_OBJECTS];
};

/* Sums over a part of the sample, or several. */
struct weight {
    uint64_t objects, bytes;
};

/* The round of each part, if it has one.  All together have no more links than there are objects. */
struct rounds {
    ouro_cycle_link links[OURO_LOOK_OBJECTS];
    unsigned first[OURO_LOOK_OBJECTS], length[OURO_LOOK_OBJECTS];
    void *object[OURO_LOOK_OBJECTS]; /* of the first link */
    struct weight weight[OURO_LOOK_OBJECTS];
    struct weight all, round; /* of all parts, and of those that have a round */
};

struct log {
    size_t capacity, length;
    uint64_t collections;
    struct ouro__sample sample;
    struct rounds rounds;
    struct form now; /* the one at hand */
    struct form forms[];
};

/* ---- forms ---- */

static int compare_links(const ouro_cycle_link *a, const ouro_cycle_link *b)
{
    if (a->type != b->type) {
        int names = strcmp(a->type->name, b->type->name);
        return names != 0 ? names : (uintptr_t)a->type < (uintptr_t)b->type ? -1 : 1;
    }
    int names = strcmp(a->name, b->name);
    return names != 0 ? names : (int)a->kind - (int)b->kind;
}

/* Whether the round that begins at `a` comes before the one that begins at `b`. */
static bool begins_before(const ouro_cycle_link *links, unsigned length, unsigned a, unsigned b)
{
    for (unsigned i = 0; i < length; i++) {
        int order = compare_links(&links[(a + i) % length], &links[(b + i) % length]);
        if (order != 0) return order < 0;
    }
    return false; /* unreached: beginnings inside one period differ */
}

/* After how many links the round repeats; its length if it does not. */
static unsigned period(const ouro_cycle_link *links, unsigned length)
{
    for (unsigned after = 1; after <= length / 2; after++) {
        unsigned i = 0;
        if (length % after != 0) continue;
        while (i < length - after && compare_links(&links[i], &links[i + after]) == 0) i++;
        if (i == length - after) return after;
    }
    return length;
}

static void make_form(struct form *form, const ouro_cycle_link *links, unsigned length)
{
    unsigned best = 0;
    form->length = period(links, length);
    for (unsigned start = 1; start < form->length; start++)
        if (begins_before(links, form->length, start, best)) best = start;
    for (unsigned i = 0; i < form->length; i++) form->links[i] = links[(best + i) % form->length];
}

static bool is_same(const struct form *a, const struct form *b)
{
    if (a->length != b->length) return false;
    for (unsigned i = 0; i < a->length; i++)
        if (compare_links(&a->links[i], &b->links[i]) != 0) return false;
    return true;
}

/* The place of a form: its own, a free one, or that of the form that was found longest ago. */
static struct form *place_of(struct log *log, const struct form *form)
{
    struct form *oldest = &log->forms[0];
    for (size_t i = 0; i < log->length; i++) {
        if (is_same(&log->forms[i], form)) return &log->forms[i];
        if (log->forms[i].seen < oldest->seen) oldest = &log->forms[i];
    }
    if (log->length < log->capacity) oldest = &log->forms[log->length++];
    *oldest = *form;
    oldest->found = oldest->objects = oldest->bytes = 0;
    return oldest;
}

/* ---- what a collection has found ---- */

static struct weight weigh(const struct ouro__sample *sample, unsigned part)
{
    struct weight weight = {0, 0};
    for (unsigned i = sample->first_object[part]; i < sample->first_object[part + 1]; i++) {
        ouro_object_info info;
        ouro_get_object_info(sample->objects[i], &info);
        weight.objects++;
        weight.bytes += info.block_bytes + info.buffer_bytes;
    }
    return weight;
}

static void add_weight(struct weight *sum, struct weight weight)
{
    sum->objects += weight.objects;
    sum->bytes += weight.bytes;
}

static void find_rounds(const struct ouro__sample *sample, struct rounds *rounds)
{
    unsigned links = 0;
    rounds->all = rounds->round = (struct weight){0, 0};
    for (unsigned part = 0; part < sample->part_count; part++) {
        rounds->first[part] = links;
        rounds->length[part] =
            ouro__sample_round(sample, part, rounds->links + links, &rounds->object[part]);
        links += rounds->length[part];
        rounds->weight[part] = weigh(sample, part);
        add_weight(&rounds->all, rounds->weight[part]);
        if (rounds->length[part] > 0) add_weight(&rounds->round, rounds->weight[part]);
    }
}

/* The form at hand stands for so much of the garbage. */
static void remember(struct log *log, uint64_t found, uint64_t objects, uint64_t bytes)
{
    struct form *form = place_of(log, &log->now);
    form->seen = log->collections;
    form->found += found;
    form->objects += objects;
    form->bytes += bytes;
    if (log->now.site != 0) form->site = log->now.site;
}

/* Parts without a round hang on those that have one: theirs is divided among the others. */
static void remember_rounds(struct log *log, const struct rounds *rounds, uint64_t garbage)
{
    uint64_t bytes = PART * rounds->all.bytes * garbage / log->sample.length;
    for (unsigned part = 0; part < log->sample.part_count; part++) {
        if (rounds->length[part] == 0) continue;
        make_form(&log->now, rounds->links + rounds->first[part], rounds->length[part]);
        log->now.site = ouro_trace_site_of(rounds->object[part]);
        remember(log, PART * garbage / log->sample.length,
                 PART * garbage * rounds->weight[part].objects / rounds->round.objects,
                 bytes / rounds->round.bytes * rounds->weight[part].bytes);
    }
    if (rounds->round.objects > 0) return;
    log->now.length = 0;
    log->now.site = 0;
    remember(log, PART, PART * garbage, bytes);
}

static void look_at_garbage(const struct ouro__collector *collector, void *context)
{
    struct log *log = context;
    log->collections++;
    ouro__sample_take(&log->sample, collector);
    if (log->sample.length == 0) return; /* it lies too far behind what lives */
    find_rounds(&log->sample, &log->rounds);
    remember_rounds(log, &log->rounds, ouro__suspects(collector));
}

/* ---- for programs ---- */

static void set_log(ouro_heap *heap, struct log *log, size_t size)
{
    heap->cycle_log = log;
    heap->cycle_log_size = size;
    heap->pass.found = heap->whole.found = log != NULL ? look_at_garbage : NULL;
    heap->pass.found_context = heap->whole.found_context = log;
}

ouro_status ouro_set_cycle_log(ouro_heap *heap, size_t capacity)
{
    if (heap->cycle_log != NULL) ouro__os_unmap(heap->cycle_log, heap->cycle_log_size);
    set_log(heap, NULL, 0);
    if (capacity == 0) return OURO_OK;
    size_t most = PTRDIFF_MAX / sizeof(struct form);
    size_t size =
        sizeof(struct log) + (capacity < most ? capacity : most - 4) * sizeof(struct form);
    size = ouro__whole_pages(size);
    struct log *log = ouro__os_map(size, 4096);
    if (log == NULL) {
        ouro__heap_fail(heap, OURO_NO_MEMORY, size,
                        "a log of %zu forms of cycles of heap \"%s\" needs %zu bytes: the system "
                        "gave none",
                        capacity, heap->name, size);
        return OURO_NO_MEMORY;
    }
    log->capacity = capacity;
    set_log(heap, log, size);
    return OURO_OK;
}

/* Whether a form is shown before another: by bytes, then as they were found. */
static bool is_before(const struct form *a, const struct form *b)
{
    return a->bytes != b->bytes ? a->bytes > b->bytes : a < b;
}

/* The form that is shown after another; the first after NULL. */
static const struct form *next_form(const struct log *log, const struct form *last)
{
    const struct form *next = NULL;
    for (size_t i = 0; i < log->length; i++) {
        const struct form *form = &log->forms[i];
        if ((last == NULL || is_before(last, form)) && (next == NULL || is_before(form, next)))
            next = form;
    }
    return next;
}

void ouro_each_cycle(const ouro_heap *heap, ouro_visit_cycle visit, void *argument)
{
    const struct log *log = heap->cycle_log;
    if (log == NULL) return;
    for (const struct form *form = next_form(log, NULL); form != NULL;
         form = next_form(log, form)) {
        const ouro_cycle cycle = {
            .links = form->links,
            .length = form->length,
            .found = (size_t)((form->found + PART / 2) / PART),
            .objects = (size_t)((form->objects + PART / 2) / PART),
            .bytes = (size_t)((form->bytes + PART / 2) / PART),
            .site = form->site,
        };
        if (visit(&cycle, argument) != 0) return;
    }
}

size_t ouro_cycle_text(const ouro_cycle *cycle, char *out_text, size_t size)
{
    struct ouro__text text;
    ouro__text_begin(&text, out_text, size);
    for (size_t i = 0; i < cycle->length; i++) {
        const ouro_cycle_link *link = &cycle->links[i];
        ouro__text_add_reference(&text, link->type, link->name, link->kind, "");
    }
    ouro__text_add(&text, "%s",
                   cycle->length > 0 ? cycle->links[0].type->name
                                     : "a round longer than was looked");
    return text.length;
}
