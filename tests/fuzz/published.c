/* SPDX-License-Identifier: MIT */
/*
 * published.c -- any bytes are what is done to a published file, and when it is looked at
 *
 *     byte 0   even: what follows is the file, byte for byte, which is looked at once
 *              odd: what follows are steps of four bytes, which change a file that is right or look at it: what, an
 *              offset of two bytes, and an argument
 *
 * What is read is what the file says, but for what is put in bounds, and what is shown of it is short, for a terminal
 * and for programs.  What is refused is refused with the name of the file and the byte, and changes nothing.
 */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "fuzz/program.h"
#include "fuzz/reader.h"
#include "support/random.h"
#include "top/top.h"

enum {
    IS_STEPS = 1,
    STEP = 4,
    STEPS_MAX = 24,
    FILE_MAX = 2 * sizeof(ouro_published),
    TEXT_MAX = 8 << 10, /* what is shown, at most */
    JSON_MAX = 32 << 10
};

/* The file, and how it is to be when the reader has waited so often. */
static struct published {
    int file;
    char path[64];
    ouro_published state;
    unsigned unfinished;
} published;

static void put_file(const void *bytes, size_t size)
{
    if (ftruncate(published.file, 0) != 0 ||
        pwrite(published.file, bytes, size, 0) != (ssize_t)size)
        abort();
}

static void put_state(size_t size)
{
    unsigned char bytes[FILE_MAX] = {0};
    memcpy(bytes, &published.state, sizeof published.state);
    put_file(bytes, size);
}

static void sign(void)
{
    published.state.checksum = ouro_published_checksum(&published.state);
}

/* Instead of waiting, the program that publishes gets on; it ends in the middle, or finishes what it writes. */
int nanosleep(const struct timespec *wanted, struct timespec *left)
{
    (void)wanted;
    (void)left;
    if (published.unfinished > 0 && --published.unfinished == 0) {
        sign();
        put_state(sizeof published.state);
    }
    return 0;
}

/* ---- what is read ---- */

static bool is_printable(const char *text, size_t size)
{
    size_t length = strnlen(text, size);
    for (size_t i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] > '~') return false;
    return length < size;
}

static void check_in_bounds(const ouro_published *state)
{
    bool is_text = is_printable(state->heap, sizeof state->heap) &&
                   is_printable(state->program, sizeof state->program) &&
                   is_printable(state->phase, sizeof state->phase);
    for (size_t i = 0; i < OURO_PUBLISHED_TYPES; i++)
        is_text = is_text && is_printable(state->types[i].name, sizeof state->types[i].name);
    reader_expect(is_text, "text has an end and can be printed");
    for (size_t i = 0; i < OURO_PUBLISHED_CLASSES; i++)
        reader_expect(state->classes[i].kind <= OURO_CLASS_TRACKED, "kinds are known ones");
}

/* A state without what is put in bounds. */
static void blank(ouro_published *state)
{
    memset(state->heap, 0, sizeof state->heap);
    memset(state->program, 0, sizeof state->program);
    memset(state->phase, 0, sizeof state->phase);
    for (size_t i = 0; i < OURO_PUBLISHED_TYPES; i++)
        memset(state->types[i].name, 0, sizeof state->types[i].name);
    for (size_t i = 0; i < OURO_PUBLISHED_CLASSES; i++) state->classes[i].kind = 0;
}

static void check_is_in_file(const ouro_published *state)
{
    ouro_published written, read = *state;
    if (pread(published.file, &written, sizeof written, 0) != (ssize_t)sizeof written)
        reader_broken("what is read is in the file");
    blank(&written);
    blank(&read);
    reader_expect(memcmp(&written, &read, sizeof read) == 0, "what is read is what the file says");
}

/* ---- what is shown ---- */

static void check_shown(const top_view *view)
{
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    if (file == NULL) abort();
    top_show(view, file);
    if (fclose(file) != 0) abort();
    reader_expect(length <= TEXT_MAX, "what is shown is short");
    for (size_t i = 0; i < length; i++)
        reader_expect(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~'),
                      "no terminal has to obey what is shown");
    reader_expect(strstr(text, "nan%") == NULL && strstr(text, "inf%") == NULL,
                  "shares are numbers");
    free(text);
}

static void check_printed(const top_view *view)
{
    char *text = NULL;
    size_t length = 0;
    FILE *screen = stdout;
    stdout = open_memstream(&text, &length);
    if (stdout == NULL) abort();
    int status = top_print_json(view);
    if (fclose(stdout) != 0) abort();
    stdout = screen;
    reader_expect(status == COMMAND_OK && length <= JSON_MAX, "what is printed is short");
    json_object *root = reader_json(text, length), *objects;
    reader_expect(json_object_object_get_ex(root, "memory", &objects) &&
                      json_object_object_get_ex(objects, "objects", &objects) &&
                      json_object_get_uint64(objects) == view->now.objects,
                  "what is printed is what was read");
    json_object_put(root);
    free(text);
}

static void check_rate(const top_view *view, uint64_t now, uint64_t before)
{
    double rate = top_rate(view, now, before);
    reader_expect(isfinite(rate) && rate >= 0, "rates are numbers");
    reader_expect(rate == 0 || !view->has_before || now >= before, "nothing is undone");
}

static void look(top_view *view)
{
    ouro_published before = view->now;
    top_outcome outcome = top_read(view);
    published.unfinished = 0;
    reader_expect(reader_complaints() == 0, "reading leaves complaining to others");
    if (outcome == TOP_READ) {
        check_in_bounds(&view->now);
        check_is_in_file(&view->now);
        check_shown(view);
        check_printed(view);
        check_rate(view, view->now.handed_bytes, view->before.handed_bytes);
        (void)top_life_of(view);
        return;
    }
    reader_expect(memcmp(&before, &view->now, sizeof before) == 0,
                  "what is not read changes nothing");
    top_complain(view, outcome, published.path);
    reader_expect(reader_complaints() == 1, "there is one complaint");
    const char *said = reader_complaint();
    reader_expect(strstr(said, published.path) != NULL, "a complaint names the file");
    reader_expect(outcome == TOP_OTHER_VERSION || strstr(said, " byte ") != NULL,
                  "a complaint names the place");
}

static void ask(top_view *view)
{
    uint32_t request = 0;
    top_ask(view);
    reader_expect(view->may_ask, "a census can be asked for");
    if (pread(published.file, &request, sizeof request, offsetof(ouro_published, request)) !=
        (ssize_t)sizeof request)
        abort();
    reader_expect(request == view->asked && request != 0 && request != view->now.census_answers,
                  "what is asked for has not been answered");
    published.state.request = request;
}

/* ---- steps ---- */

static void set_words(size_t offset, size_t count, uint64_t value)
{
    unsigned char *bytes = (unsigned char *)&published.state;
    for (size_t i = 0; i < count; i++) {
        size_t at = (offset / 8 + i) * 8 % sizeof published.state;
        memcpy(bytes + at, &value, sizeof value);
    }
}

static void take_step(top_view *view, const uint8_t step[STEP])
{
    static const uint64_t numbers[] = {
        0,          1,         2,         INT64_MAX,           (uint64_t)INT64_MAX + 1, UINT64_MAX,
        UINT32_MAX, INT32_MAX, 1u << 31u, 0x1b1b1b1b1b1b1b1bu, 0x4141414141414141u,     1000000000};
    enum { NUMBERS = sizeof numbers / sizeof *numbers };
    size_t offset = (step[1] | (size_t)step[2] << 8) % sizeof published.state;
    switch (step[0] % 7) {
    case 0: ((unsigned char *)&published.state)[offset] = step[3]; return;
    case 1: set_words(offset, 1, numbers[step[3] % NUMBERS]); return;
    case 2: set_words(offset, 1 + step[3] / NUMBERS, numbers[step[3] % NUMBERS]); return;
    case 3: /* written, signed or not, and read */
        if (step[3] % 4 != 0) sign();
        put_state(sizeof published.state + (step[3] % 4 == 1 ? offset : 0));
        look(view);
        return;
    case 4: /* cut off */
        sign();
        put_state(offset);
        look(view);
        return;
    case 5: /* read while it is written */
        published.state.checksum = 0;
        put_state(sizeof published.state);
        published.unfinished = 1 + step[3] % 64;
        look(view);
        return;
    default: /* asked */
        sign();
        put_state(sizeof published.state);
        ask(view);
    }
}

static void begin_state(void)
{
    published.state = (ouro_published){
        .magic = OURO_PUBLISHED_MAGIC,
        .version = OURO_PUBLISHED_VERSION,
        .size = sizeof published.state,
        .process = (uint32_t)getpid(),
        .updates = 1,
        .born = 1000000000,
        .written = 3000000000,
        .is_enabled = 1,
        .heap = "heap",
        .program = "program",
        .phase = "IDLE",
        .objects = 12,
        .pauses = {.counts = {1, 2, 3}, .longest = 500},
        .class_count = 1,
        .census_answers = 1,
        .classes = {{OURO_CLASS_TRACKED, 32, 1, 12, 0, 3, 2000}},
        .types = {{"node", 12, 384}},
    };
}

size_t program_run(const uint8_t *bytes, size_t size)
{
    if (size == 0) return 0;
    if (published.path[0] == '\0') {
        published.file = memfd_create("published", MFD_CLOEXEC);
        if (published.file < 0) abort();
        snprintf(published.path, sizeof published.path, "/proc/self/fd/%d", published.file);
    }
    published.unfinished = 0;
    top_view view;
    if (!top_open(&view, published.path)) abort();
    if (bytes[0] % 2 == 0) {
        size_t length = size - 1 < FILE_MAX ? size - 1 : FILE_MAX;
        put_file(bytes + 1, length);
        look(&view);
        top_close(&view);
        return 1;
    }
    begin_state();
    size_t steps = 0;
    for (size_t at = 1; at + STEP <= size && steps < STEPS_MAX; at += STEP, steps++)
        take_step(&view, bytes + at);
    top_close(&view);
    return steps;
}

/* ---- seeds ---- */

size_t program_make(uint64_t seed, size_t operations, uint8_t *out_bytes, size_t room)
{
    struct random chance = {seed};
    begin_state();
    published.state.process = 1;
    if (seed % 8 == 0) { /* a file as it is, right or one byte wrong */
        size_t offset = random_below(&chance, sizeof published.state);
        sign();
        if (seed > 0) ((unsigned char *)&published.state)[offset] ^= 1;
        out_bytes[0] = 0;
        memcpy(out_bytes + 1, &published.state, sizeof published.state);
        return 1 + sizeof published.state;
    }
    size_t size = 1;
    out_bytes[0] = IS_STEPS;
    for (size_t i = 0; i < operations && size + STEP <= room; i++, size += STEP) {
        uint64_t step = random_next(&chance);
        memcpy(out_bytes + size, &step, STEP);
    }
    return size;
}
