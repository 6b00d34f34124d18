/* SPDX-License-Identifier: MIT */
/*
 * demo_automatic.c -- question 1: who frees what nobody needs any more?
 *
 * `x = 42; x = 43; del x`, in C: a variable that holds numbers.  A number says
 * its last word itself, from its release hook, so the reader sees that it runs
 * inside the call that let the number go.
 */
#include "demo.h"

typedef struct number {
    long value;
} number;

typedef struct variable {
    number *value;
} variable;

/* What the hook needs: it gets the number and nothing else. */
typedef struct witness {
    terminal_output *terminal;
    size_t released;
    long last_value;
} witness;

static void number_release(void *object);
static ouro_type number_type = OURO_TYPE(number, .release = number_release);

static const ouro_field variable_fields[] = {
    OURO_REF(variable, value, &number_type),
    OURO_END,
};
static ouro_type variable_type = OURO_TYPE(variable, .fields = variable_fields);

static void number_release(void *object)
{
    const number *released = object;
    witness *watching = number_type.user;
    watching->released++;
    watching->last_value = released->value;
    terminal_result(watching->terminal, "its release hook: {%ld is gone}", released->value);
}

static number *number_new(ouro_heap *heap, long value)
{
    number *made = ouro_new(heap, number);
    if (made != NULL) made->value = value;
    return made;
}

static void show_alive(demo *shown, const ouro_heap *heap)
{
    ouro_heap_stats stats = demo_stats(heap);
    terminal_result(&shown->terminal, "{%zu} alive, %zu bytes", stats.objects,
                    demo_live_bytes(&stats));
}

/* x = value.  False when the heap refused. */
static bool assign(demo *shown, ouro_heap *heap, variable *x, long value, const char *code)
{
    number *made = number_new(heap, value);
    if (made == NULL) {
        demo_refused(shown, heap);
        return false;
    }
    terminal_code(&shown->terminal, code);
    ouro_put(x, value, made);
    show_alive(shown, heap);
    return true;
}

static void show_life(demo *shown, ouro_heap *heap, json_object *section)
{
    witness watching = {.terminal = &shown->terminal};
    number_type.user = &watching;
    terminal_code(&shown->terminal, "variable *x = ouro_new(heap, variable);");
    variable *x = ouro_new(heap, variable);
    if (x == NULL) {
        demo_refused(shown, heap);
        return;
    }
    show_alive(shown, heap);
    if (assign(shown, heap, x, 42, "ouro_put(x, value, number_new(heap, 42));")) {
        demo_integer(section, "alive_after_first", demo_stats(heap).objects);
        demo_expect(shown, watching.released == 0, "42 lives as long as x holds it");
    }
    if (assign(shown, heap, x, 43, "ouro_put(x, value, number_new(heap, 43));")) {
        demo_integer(section, "alive_after_second", demo_stats(heap).objects);
        demo_expect(shown, watching.released == 1 && watching.last_value == 42,
                    "42 is freed by the assignment of 43");
    }
    terminal_code(&shown->terminal, "ouro_decref(x);");
    ouro_decref(x);
    show_alive(shown, heap);
    demo_integer(section, "released", watching.released);
    demo_expect(shown, watching.released == 2, "43 is freed with x");
}

void demo_automatic(demo *shown)
{
    terminal_title(&shown->terminal, 1, "Automatic management",
                   "who frees what nobody needs any more?");
    ouro_heap *heap = demo_heap_new(shown, "automatic");
    if (heap == NULL) return;
    json_object *section = demo_section(shown->answer, "automatic");
    show_life(shown, heap, section);
    ouro_heap_stats after = demo_stats(heap);
    size_t collections = demo_collections(heap);
    terminal_gap(&shown->terminal);
    terminal_say(&shown->terminal,
                 "Nobody called free().  Each number went within the call that dropped it;");
    terminal_say(&shown->terminal, "the collector ran {%zu} times, and {%zu} objects are left.",
                 collections, after.objects);
    demo_integer(section, "alive_after", after.objects);
    demo_integer(section, "collections", collections);
    demo_expect(shown, after.objects == 0, "nothing is left of question 1");
    demo_heap_close(shown, heap);
}
