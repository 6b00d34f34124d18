/* SPDX-License-Identifier: MIT */
/*
 * dhat.c -- a file for dh_view.html, the viewer of Valgrind's DHAT
 *
 * The format is version 2 of dhat/dh_view.js and dhat/dh_main.c of Valgrind 3.19.  What lives is what DHAT calls total:
 * a snapshot knows one moment, so there are no lifetimes (bklt) and no accesses (bkacc).  DHAT's stacks begin with the
 * innermost frame; those of types begin with the object's own type and go on with who keeps it alive.
 */
#include "analysis/describe.h"
#include "profile.h"
#include "symbols/frames.h"

#include <inttypes.h>

static void write_frame(sink *out, const profile *made, struct symbols *symbols, uint32_t place)
{
    const ouro_snapshot *snapshot = made->snapshot;
    const ouro_snapshot_frame *frame = profile_frame(made, place);
    struct symbol named;
    if (frame == NULL) {
        sink_json(out, profile_place_name(made, place));
        return;
    }
    frame_name(symbols, snapshot, (uint32_t)(frame - snapshot->frames), &named);
    sink_text(out, "\"");
    if (frame->pc != 0) sink_print(out, "0x%" PRIX64 ": ", frame->pc);
    sink_json_part(out, *named.function != '\0' ? named.function : "???");
    sink_text(out, " (");
    if (*named.file != '\0') {
        sink_json_part(out, named.file);
        sink_print(out, ":%" PRIu32, named.line);
    } else {
        sink_text(out, "in ");
        sink_json_part(out, snapshot->strings[frame->module]);
    }
    sink_text(out, ")\"");
}

static void write_frames(sink *out, const profile *made)
{
    struct symbols *symbols = symbols_are_available() ? symbols_new() : NULL;
    sink_text(out, ",\n\"ftbl\":[\"[root]\"");
    for (uint32_t p = 0; p < profile_places(made); p++) {
        sink_text(out, ",\n");
        write_frame(out, made, symbols, p);
    }
    sink_text(out, "]}\n");
    if (symbols != NULL) symbols_free(symbols);
}

static void write_stack(sink *out, const profile *made, uint32_t stack)
{
    sink_text(out, "\"fs\":[");
    for (uint32_t at = stack; at != OURO_GRAPH_NONE; at = profile_outside(made, at)) {
        if (at != stack) sink_text(out, ",");
        sink_number(out, (uint64_t)profile_place(made, at) + 1);
    }
    sink_text(out, "]");
}

static void write_points(sink *out, const profile *made)
{
    const char *before = "\n";
    sink_text(out, ",\"pps\":[");
    for (uint32_t s = 0; s < made->stacks.count; s++) {
        if (made->values[s].objects == 0) continue;
        sink_text(out, before);
        before = ",\n";
        sink_text(out, "{\"tb\":");
        sink_number(out, made->values[s].bytes);
        sink_text(out, ",\"tbk\":");
        sink_number(out, made->values[s].objects);
        sink_text(out, ",");
        write_stack(out, made, s);
        sink_text(out, "}");
    }
    sink_text(out, "]");
}

static const char *note_or(const ouro_snapshot *snapshot, const char *key, const char *otherwise)
{
    const char *value = ouro_snapshot_note_of(snapshot, key);
    return value != NULL ? value : otherwise;
}

bool export_dhat(const export_request *request)
{
    sink *out = request->out;
    profile made;
    if (!profile_make(request, &made)) return false;
    sink_print(out, "{\"dhatFileVersion\":2,\"mode\":\"ouro-snapshot, by %s\",\"verb\":\"Alive\"",
               made.by_sites ? "allocation sites" : "types and dominators");
    sink_text(out, ",\"bklt\":false,\"bkacc\":false,\"bsu\":\"bytes\",\"bksu\":\"objects\"");
    sink_text(out, ",\"tu\":\"snapshot\",\"Mtu\":\"Msnapshot\",\"tuth\":0,\"cmd\":");
    sink_json(out, note_or(request->snapshot, "program", "(unknown)"));
    sink_text(out, ",\"pid\":");
    sink_json(out, note_or(request->snapshot, "pid", "(unknown)"));
    sink_text(out, ",\"te\":1,\"tg\":1");
    write_points(out, &made);
    write_frames(out, &made);
    profile_free(&made);
    return true;
}
