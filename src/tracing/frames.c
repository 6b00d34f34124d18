/* SPDX-License-Identifier: MIT */
/*
 * frames.c -- who called whom                                          [floor 3]
 *
 * A chain of frame pointers is followed as long as it leads outwards within the thread's stack:
 *
 *     frame pointer --> | frame pointer of the caller | return address |
 *
 * where code without frame pointers has used the register for something else the chain ends, or goes past
 * frames; but nothing outside the stack is read.  On a stack that is not the thread's own (a signal's, a coroutine's) it
 * ends at once.
 *
 * The unwinder starts in here.  What is in front of the call into the library is cut off.
 */
#include "tracing/frames.h"

#include "base/os_program.h"

enum { INSIDE = 32 }; /* frames of the library's own, at most */

static uintptr_t within_call(const void *return_address)
{
    return (uintptr_t)return_address - 1;
}

static void know_stack(struct ouro__frames *frames)
{
    const void *thread = __builtin_thread_pointer();
    if (frames->thread == thread) return;
    frames->thread = thread;
    if (!ouro__os_stack(&frames->stack_low, &frames->stack_high))
        frames->stack_low = frames->stack_high = 0;
}

/* Return addresses from the caller outwards. */
static uint32_t by_pointers(struct ouro__frames *frames, struct ouro__caller caller,
                            const void **out, uint32_t limit)
{
    uint32_t count = 0;
    uintptr_t frame = (uintptr_t)caller.frame, inner = (uintptr_t)__builtin_frame_address(0);
    out[count++] = caller.pc;
    if (limit > 1) know_stack(frames);
    while (count < limit) {
        if (frame <= inner || frame % sizeof(void *) != 0 || frame < frames->stack_low ||
            frame > frames->stack_high - 2 * sizeof(void *) || frames->stack_high == 0)
            break;
        const uintptr_t *words = (const uintptr_t *)frame;
        if (words[1] == 0) break;
        out[count++] = (const void *)words[1];
        inner = frame;
        frame = words[0];
    }
    return count;
}

static __attribute__((noinline)) uint32_t by_tables(struct ouro__caller caller, const void **out,
                                                    uint32_t limit)
{
    void *pcs[OURO_TRACE_FRAMES_MAX + INSIDE];
    int found = ouro__os_backtrace(pcs, (int)limit + INSIDE), first = 0;
    uint32_t count = 0;
    while (first < found && pcs[first] != caller.pc) first++;
    for (int i = first; i < found && count < limit; i++) out[count++] = pcs[i];
    if (count == 0) out[count++] = caller.pc;
    return count;
}

static uint32_t native(struct ouro__frames *frames, struct ouro__caller caller, const void **out,
                       uint32_t limit)
{
    if (frames->by_pointers || limit == 1) {
        const bool starts = caller.frame != NULL || limit == 1;
        if (starts) return by_pointers(frames, caller, out, limit);
    }
    return by_tables(caller, out, limit);
}

uint32_t ouro__frames_of(struct ouro__frames *frames, struct ouro__caller caller,
                         const ouro_trace_position *position, struct ouro__frame *out)
{
    const void *pcs[OURO_TRACE_FRAMES_MAX];
    uint32_t count = 0;
    const bool told = position != NULL;
    for (; position != NULL && count < frames->limit; position = position->outer)
        out[count++] = (struct ouro__frame){0, position->file, position->function, position->line};
    if ((told && !frames->keep_native) || count == frames->limit || caller.pc == NULL) return count;
    const uint32_t more = native(frames, caller, pcs, frames->limit - count);
    for (uint32_t i = 0; i < more; i++)
        out[count++] = (struct ouro__frame){.pc = within_call(pcs[i])};
    return count;
}

/* Whether the chain of pointers tells what the tables do, for as long as these know anything. */
static bool pointers_are_whole(struct ouro__frames *frames, struct ouro__caller caller)
{
    enum { LOOKED_AT = 16 };
    const void *by_tables_pcs[LOOKED_AT], *by_pointers_pcs[LOOKED_AT];
    const uint32_t known = by_tables(caller, by_tables_pcs, LOOKED_AT);
    const uint32_t led = by_pointers(frames, caller, by_pointers_pcs, LOOKED_AT);
    /* the C library that called main has none */
    uint32_t same = 0;
    while (same < known && same < led && by_tables_pcs[same] == by_pointers_pcs[same]) same++;
    return same >= 2 && same + 3 >= known;
}

void ouro__frames_init(struct ouro__frames *frames, const ouro_trace_options *options,
                       struct ouro__caller caller)
{
    *frames = (struct ouro__frames){.limit = options->frames, .keep_native = options->keep_native};
    frames->by_pointers = options->unwind == OURO_TRACE_UNWIND_FRAME_POINTERS;
    if (options->unwind == OURO_TRACE_UNWIND_AUTO && options->frames > 1)
        frames->by_pointers = pointers_are_whole(frames, caller);
    void *one;
    if (!frames->by_pointers && options->frames > 1)
        (void)ouro__os_backtrace(&one, 1); /* loads the unwinder now */
}
