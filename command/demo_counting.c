/* SPDX-License-Identifier: MIT */
/*
 * demo_counting.c -- question 2: how is it known that nobody needs an object?
 *
 * Two names for one object, and a field; each step with its count.
 */
#include "demo.h"

typedef struct greeting {
    char words[16];
} greeting;

typedef struct letter {
    greeting *opening;
} letter;

static void greeting_release(void *object);
static ouro_type greeting_type = OURO_TYPE(greeting, .release = greeting_release);

static const ouro_field letter_fields[] = {
    OURO_REF(letter, opening, &greeting_type),
    OURO_END,
};
static ouro_type letter_type = OURO_TYPE(letter, .fields = letter_fields);

/* What the hook needs: it gets the greeting and nothing else. */
static void greeting_release(void *object)
{
    bool *released = greeting_type.user;
    (void)object;
    *released = true;
}

typedef struct counting {
    demo *shown;
    json_object *steps;
    const char *code;
} counting;

/* Announces a step before it is done. */
static void begin_step(counting *state, const char *code)
{
    state->code = code;
    terminal_code(&state->shown->terminal, code);
}

/* Shows the count that the step has led to, and who holds the references. */
static void end_step(counting *state, const greeting *counted, int32_t expected,
                     const char *holders)
{
    int32_t count = ouro_refcount(counted);
    terminal_result(&state->shown->terminal, "count {%d}   %s", (int)count, holders);
    json_object *step = demo_list_section(state->steps);
    demo_string(step, "code", state->code);
    demo_integer(step, "count", (size_t)count);
    demo_expect(state->shown, count == expected, "each reference is counted");
}

static void show_counts(counting *state, ouro_heap *heap, json_object *section)
{
    bool released = false;
    greeting_type.user = &released;
    letter *written = ouro_new(heap, letter);
    begin_step(state, "greeting *a = ouro_new(heap, greeting);");
    greeting *a = ouro_new(heap, greeting);
    if (written == NULL || a == NULL) {
        demo_refused(state->shown, heap);
        ouro_xdecref(written);
        ouro_xdecref(a);
        return;
    }
    end_step(state, a, 1, "a");
    begin_step(state, "greeting *b = ouro_newref(a);");
    greeting *b = ouro_newref(a);
    end_step(state, b, 2, "a, b");
    begin_step(state, "ouro_set(letter, opening, b);");
    ouro_set(written, opening, b);
    end_step(state, b, 3, "a, b, letter");
    begin_step(state, "ouro_decref(a);");
    ouro_decref(a);
    end_step(state, b, 2, "b, letter");
    begin_step(state, "ouro_decref(letter);");
    ouro_decref(written);
    end_step(state, b, 1, "b");
    begin_step(state, "ouro_decref(b);");
    ouro_decref(b);
    terminal_result(&state->shown->terminal, released ? "count 0   {freed}" : "still there");
    demo_boolean(section, "freed_by_last", released);
    demo_expect(state->shown, released, "the last reference frees the object");
}

void demo_counting(demo *shown)
{
    terminal_title(&shown->terminal, 2, "Reference counting", "how is that known?");
    ouro_heap *heap = demo_heap_new(shown, "counting");
    if (heap == NULL) return;
    json_object *section = demo_section(shown->answer, "counting");
    counting state = {.shown = shown, .steps = demo_list(section, "steps")};
    show_counts(&state, heap, section);
    terminal_gap(&shown->terminal);
    terminal_say(&shown->terminal,
                 "Each object counts who refers to it; at zero it goes, and lets go in turn.");
    demo_heap_close(shown, heap);
}
