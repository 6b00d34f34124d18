/* SPDX-License-Identifier: MIT */
/*
 * alive.c -- why an object is alive                                    [floor 7]
 *
 * Breadth first from everything that the program holds, and back from the object to where that began.  The graph
 * has no names: of each step the owner is asked again which reference it was.
 */
#include "base/os.h"
#include "inspect/live.h"
#include "inspect/text.h"

struct path {
    ouro_path path; /* first: what the program gets */
    size_t size;    /* of the mapping */
    ouro_reference steps[];
};

/* ---- finding ---- */

struct step {
    const void *target;
    ouro_reference *reference;
};

static int is_step(const ouro_reference *reference, void *argument)
{
    const struct step *step = argument;
    if (reference->target != step->target || !ouro_reference_holds(reference->kind)) return 0;
    *step->reference = *reference;
    return 1;
}

/* A traverse hook that does not report the same again leaves a step without its index. */
static void fill_steps(struct path *made, const struct ouro__live *live, const uint32_t *from)
{
    uint32_t node = live->asked;
    for (size_t i = made->path.length; i > 0; node = from[node], i--) {
        void *owner = live->objects[from[node]], *target = live->objects[node];
        struct step step = {target, &made->steps[i - 1]};
        made->steps[i - 1] = (ouro_reference){
            .owner = owner, .target = target, .name = "", .kind = OURO_REFERENCE_HOOK};
        ouro_each_reference(owner, is_step, &step);
    }
    made->path.first = live->objects[node];
}

struct naming {
    const void *object;
    const char *name;
};

static int is_name(void *object, const char *name, void *argument)
{
    struct naming *naming = argument;
    if (object == naming->object) naming->name = name;
    return object == naming->object;
}

/* The name that says most. */
static void tell_holder(ouro_path *path, const struct ouro__live *live, uint32_t node)
{
    uint64_t word = *ouro__word_of(path->first);
    struct naming naming = {path->first, NULL};
    ouro_each_root(live->heap, is_name, &naming);
    path->root_name = naming.name;
    if (naming.name != NULL)
        path->holder = OURO_HELD_BY_ROOT;
    else if (ouro__word_is_immortal(word))
        path->holder = OURO_HELD_IMMORTAL;
    else if ((word & OURO__SAVED) != 0 && live->outside[node] == 1)
        path->holder = OURO_HELD_BY_HEAP;
    else
        path->holder = OURO_HELD_BY_PROGRAM;
    if (path->holder == OURO_HELD_BY_PROGRAM) path->references = live->outside[node];
}

static struct path *make_path(const struct ouro__live *live, const uint32_t *from)
{
    uint32_t node = live->asked, length = 0;
    bool found = node != OURO_GRAPH_NONE && from[node] != OURO_GRAPH_NONE;
    while (found && from[node] != OURO_GRAPH_ROOT) {
        node = from[node];
        length++;
    }
    size_t size = ouro__whole_pages(sizeof(struct path) + length * sizeof(ouro_reference));
    struct path *made = ouro__os_map(size, 4096);
    if (made == NULL) {
        (void)ouro__live_refused(live->heap, size);
        return NULL;
    }
    *made = (struct path){.path = {.steps = made->steps, .length = length}, .size = size};
    if (!found) return made;
    fill_steps(made, live, from);
    tell_holder(&made->path, live, node);
    return made;
}

const ouro_path *ouro_why_alive(void *object, size_t own)
{
    struct ouro__live live;
    struct ouro__scratch scratch;
    struct path *made = NULL;
    ouro_heap *heap = ouro_heap_of(object);
    if (ouro__live_open(&live, heap, object, own) != OURO_OK) return NULL;
    size_t size = live.graph.nodes * sizeof(uint32_t);
    if (!ouro__scratch_open(&scratch, size, 1)) {
        (void)ouro__live_refused(heap, size);
    } else {
        uint32_t *from = ouro__scratch_array(&scratch, live.graph.nodes, sizeof(uint32_t));
        if (ouro_graph_search(&live.graph, live.roots, live.root_count, from))
            made = make_path(&live, from);
        else
            (void)ouro__live_refused(heap, size);
        ouro__scratch_close(&scratch);
    }
    ouro__live_close(&live);
    return made != NULL ? &made->path : NULL;
}

void ouro_path_free(const ouro_path *path)
{
    if (path == NULL) return;
    struct path *made = (struct path *)(uintptr_t)path;
    ouro__os_unmap(made, made->size);
}

/* ---- for people ---- */

static void add_holder(struct ouro__text *text, const ouro_path *path)
{
    switch (path->holder) {
    case OURO_HELD_BY_NOBODY: ouro__text_add(text, "nothing holds it"); return;
    case OURO_HELD_BY_ROOT: ouro__text_add(text, "root %s: ", path->root_name); return;
    case OURO_HELD_BY_PROGRAM:
        ouro__text_add(text, "the program, by %zu reference%s: ", path->references,
                       path->references == 1 ? "" : "s");
        return;
    case OURO_HELD_BY_HEAP: ouro__text_add(text, "the heap's garbage: "); return;
    case OURO_HELD_IMMORTAL: ouro__text_add(text, "immortal: "); return;
    }
}

static void add_step(struct ouro__text *text, const ouro_reference *step)
{
    char index[24];
    snprintf(index, sizeof index, "%zu", step->index);
    ouro__text_add_reference(text, ouro_type_of(step->owner), step->name, step->kind, index);
}

size_t ouro_path_text(const ouro_path *path, char *out_text, size_t size)
{
    struct ouro__text text;
    ouro__text_begin(&text, out_text, size);
    add_holder(&text, path);
    for (size_t i = 0; i < path->length; i++) add_step(&text, &path->steps[i]);
    const void *last = path->length > 0 ? path->steps[path->length - 1].target : path->first;
    if (last != NULL) ouro__text_add(&text, "%s", ouro_type_of(last)->name);
    return text.length;
}
