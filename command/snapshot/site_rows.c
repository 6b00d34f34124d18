/* SPDX-License-Identifier: MIT */
/*
 * site_rows.c -- places that allocated, as the subcommands show them
 */
#include "site_rows.h"

#include "symbols/frames.h"

#include <inttypes.h>
#include <string.h>

enum { FRAMES_SHOWN = 4 };

struct symbols *site_symbols(void)
{
    return symbols_are_available() ? symbols_new() : NULL;
}

/* A file without its folders. */
static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* "remember (server.c:42)", "remember (libserver.so)", "libserver.so+0x12a0". */
static void add_frame(text *line, struct symbols *symbols, const ouro_snapshot *snapshot,
                      uint32_t frame)
{
    const ouro_snapshot_frame *row = &snapshot->frames[frame];
    const char *module = last_part(snapshot->strings[row->module]);
    struct symbol named;
    frame_name(symbols, snapshot, frame, &named);
    if (*named.function == '\0' && *named.file == '\0') {
        text_add_safely(line, module, 0);
        text_print(line, "%s0x%" PRIx64, *module != '\0' ? "+" : "",
                   *module != '\0' ? row->offset : row->pc);
        return;
    }
    text_add_safely(line, *named.function != '\0' ? named.function : "?", 0);
    text_add(line, " (");
    text_add_safely(line, *named.file != '\0' ? last_part(named.file) : module, 0);
    if (named.line > 0) text_print(line, ":%" PRIu32, named.line);
    text_add(line, ")");
}

void add_site(text *line, struct symbols *symbols, const ouro_snapshot *snapshot, uint32_t site)
{
    const ouro_snapshot_site *row = &snapshot->sites[site];
    if (row->frame_count == 0) text_add(line, "(unknown)");
    for (uint32_t i = 0; i < row->frame_count && i < FRAMES_SHOWN; i++) {
        if (i > 0) text_add(line, " < ");
        add_frame(line, symbols, snapshot, row->first_frame + i);
    }
    if (row->frame_count > FRAMES_SHOWN)
        text_print(line, " < %" PRIu32 " more", row->frame_count - FRAMES_SHOWN);
}

const char *site_words(text *line, struct symbols *symbols, const site_row *row)
{
    text_clear(line);
    add_site(line, symbols, row->snapshot, row->site);
    return text_of(line);
}

void answer_frames(answer *told, json_object *section, struct symbols *symbols, const site_row *row)
{
    const ouro_snapshot *snapshot = row->snapshot;
    const ouro_snapshot_site *site = &snapshot->sites[row->site];
    json_object *list = answer_list(told, section, "frames");
    for (uint32_t i = 0; i < site->frame_count; i++) {
        const ouro_snapshot_frame *frame = &snapshot->frames[site->first_frame + i];
        struct symbol named;
        frame_name(symbols, snapshot, site->first_frame + i, &named);
        json_object *one = answer_row(told, list);
        answer_string(told, one, "function", named.function);
        answer_string(told, one, "file", named.file);
        answer_integer(told, one, "line", named.line);
        if (frame->module != 0) {
            answer_string(told, one, "module", snapshot->strings[frame->module]);
            answer_address(told, one, "offset", frame->offset);
        } else if (frame->pc != 0) {
            answer_address(told, one, "address", frame->pc);
        }
    }
}
