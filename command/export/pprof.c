/* SPDX-License-Identifier: MIT */
/*
 * pprof.c -- a profile for pprof and what else reads its format: gzip'd protocol buffers
 *
 * The format is perftools.profiles.Profile of github.com/google/pprof, proto/profile.proto.  Field numbers are in the
 * enums below.  Each stack of the profile (profile.h) that has something of its own is a sample.
 *
 * The parts of a Profile may come in any order, so each is compressed and forgotten; strings are numbered as they are
 * met (pairs.h) and come last.
 */
#include "profile.h"
#include "protobuf.h"

#include <string.h>
#include <zlib.h>

enum { /* of Profile */
       PROFILE_SAMPLE_TYPE = 1,
       PROFILE_SAMPLE = 2,
       PROFILE_MAPPING = 3,
       PROFILE_LOCATION = 4,
       PROFILE_FUNCTION = 5,
       PROFILE_STRING = 6,
       PROFILE_DEFAULT_SAMPLE_TYPE = 14,
};
enum { TYPE_TYPE = 1, TYPE_UNIT = 2 };
enum { SAMPLE_LOCATION = 1, SAMPLE_VALUE = 2 };
enum {
    MAPPING_ID = 1,
    MAPPING_START = 2,
    MAPPING_LIMIT = 3,
    MAPPING_OFFSET = 4,
    MAPPING_FILE = 5,
    MAPPING_HAS_FUNCTIONS = 7
};
enum { LOCATION_ID = 1, LOCATION_MAPPING = 2, LOCATION_ADDRESS = 3, LOCATION_LINE = 4 };
enum { LINE_FUNCTION = 1, LINE_LINE = 2 };
enum { FUNCTION_ID = 1, FUNCTION_NAME = 2, FUNCTION_SYSTEM_NAME = 3, FUNCTION_FILE = 4 };

/* Strings of our own; their numbers are pairs (this, OWN). */
static const char *const own_strings[] = {"alloc_objects", "alloc_space", "inuse_objects",
                                          "inuse_space",   "count",       "bytes"};
enum { OWN_INUSE_OBJECTS = 2, OWN_INUSE_SPACE = 3, OWN_COUNT = 4, OWN_BYTES = 5 };
enum { STRING_OF_SNAPSHOT, STRING_OWN, STRING_PLACE };

typedef struct pprof {
    const ouro_snapshot *snapshot;
    sink *out;
    profile made;
    pairs strings;
    pairs mappings; /* by module */
    z_stream zip;
    message part, inside, line; /* one at a time */
    bool refused;
} pprof;

/* ---- compression ---- */

static void compress_bytes(pprof *work, const void *bytes, size_t size, int flush)
{
    unsigned char packed[1 << 14];
    work->zip.next_in = (unsigned char *)(uintptr_t)bytes; /* zlib reads it alone */
    work->zip.avail_in = (uInt)size;
    do {
        work->zip.next_out = packed;
        work->zip.avail_out = sizeof packed;
        (void)deflate(&work->zip, flush);
        sink_bytes(work->out, packed, sizeof packed - work->zip.avail_out);
    } while (work->zip.avail_out == 0);
}

static void write_part(pprof *work)
{
    if (work->part.refused || work->inside.refused || work->line.refused) work->refused = true;
    if (!work->refused) compress_bytes(work, work->part.bytes, work->part.size, Z_NO_FLUSH);
    message_clear(&work->part);
}

static void write_inside(pprof *work, unsigned field)
{
    message_inside(&work->part, field, &work->inside);
    message_clear(&work->inside);
    write_part(work);
}

/* ---- parts ---- */

static uint32_t string_of(pprof *work, uint32_t number, unsigned kind)
{
    uint32_t string = pairs_number(&work->strings, number, kind);
    if (work->strings.refused) work->refused = true;
    return string;
}

static void write_sample_types(pprof *work)
{
    (void)string_of(work, 0, STRING_OF_SNAPSHOT); /* number 0 is "" */
    for (uint32_t i = work->made.by_sites ? 0 : OWN_INUSE_OBJECTS; i <= OWN_INUSE_SPACE; i++) {
        message_number(&work->inside, TYPE_TYPE, string_of(work, i, STRING_OWN));
        message_number(&work->inside, TYPE_UNIT,
                       string_of(work, i % 2 == 0 ? OWN_COUNT : OWN_BYTES, STRING_OWN));
        write_inside(work, PROFILE_SAMPLE_TYPE);
    }
    message_number(&work->part, PROFILE_DEFAULT_SAMPLE_TYPE,
                   string_of(work, OWN_INUSE_SPACE, STRING_OWN));
    write_part(work);
}

static void write_sample(pprof *work, uint32_t stack)
{
    const profile_values *values = &work->made.values[stack];
    if (values->objects == 0 && values->made_objects == 0) return;
    for (uint32_t at = stack; at != OURO_GRAPH_NONE; at = profile_outside(&work->made, at))
        message_packed(&work->line, (uint64_t)profile_place(&work->made, at) + 1);
    message_inside(&work->inside, SAMPLE_LOCATION, &work->line);
    message_clear(&work->line);
    if (work->made.by_sites) {
        message_packed(&work->line, values->made_objects);
        message_packed(&work->line, values->made_bytes);
    }
    message_packed(&work->line, values->objects);
    message_packed(&work->line, values->bytes);
    message_inside(&work->inside, SAMPLE_VALUE, &work->line);
    message_clear(&work->line);
    write_inside(work, PROFILE_SAMPLE);
}

/* A location and its function have the number of their place. */
static void write_place(pprof *work, uint32_t place)
{
    const ouro_snapshot_frame *frame = profile_frame(&work->made, place);
    const uint64_t id = (uint64_t)place + 1;
    uint32_t name = frame != NULL ? string_of(work, frame->function, STRING_OF_SNAPSHOT)
                                  : string_of(work, place, STRING_PLACE);
    message_number(&work->inside, LOCATION_ID, id);
    if (frame != NULL && frame->pc != 0) {
        uint32_t mapping = pairs_number(&work->mappings, frame->module, 0);
        if (work->mappings.refused) work->refused = true;
        message_number(&work->inside, LOCATION_MAPPING, (uint64_t)mapping + 1);
        message_number(&work->inside, LOCATION_ADDRESS, frame->pc);
    }
    const bool is_known = frame == NULL || frame->function != 0;
    if (is_known) {
        message_number(&work->line, LINE_FUNCTION, id);
        message_number(&work->line, LINE_LINE, frame != NULL ? frame->line : 0);
        message_inside(&work->inside, LOCATION_LINE, &work->line);
        message_clear(&work->line);
    }
    write_inside(work, PROFILE_LOCATION);
    if (!is_known) return;
    message_number(&work->inside, FUNCTION_ID, id);
    message_number(&work->inside, FUNCTION_NAME, name);
    message_number(&work->inside, FUNCTION_SYSTEM_NAME, name);
    if (frame != NULL)
        message_number(&work->inside, FUNCTION_FILE,
                       string_of(work, frame->file, STRING_OF_SNAPSHOT));
    write_inside(work, PROFILE_FUNCTION);
}

/* A module's range is that of its frames: more is not known. */
static void write_mapping(pprof *work, uint32_t mapping)
{
    const uint32_t module = (uint32_t)work->mappings.rows[mapping].first;
    uint64_t low = UINT64_MAX, high = 0, offset = 0;
    bool has_functions = true;
    for (uint32_t p = 0; p < profile_places(&work->made); p++) {
        const ouro_snapshot_frame *frame = profile_frame(&work->made, p);
        if (frame == NULL || frame->pc == 0 || frame->module != module) continue;
        if (frame->pc < low) offset = frame->offset;
        if (frame->pc < low) low = frame->pc;
        if (frame->pc > high) high = frame->pc;
        if (frame->function == 0) has_functions = false;
    }
    message_number(&work->inside, MAPPING_ID, (uint64_t)mapping + 1);
    message_number(&work->inside, MAPPING_START, low);
    message_number(&work->inside, MAPPING_LIMIT, high + 1);
    message_number(&work->inside, MAPPING_OFFSET, offset);
    message_number(&work->inside, MAPPING_FILE, string_of(work, module, STRING_OF_SNAPSHOT));
    message_number(&work->inside, MAPPING_HAS_FUNCTIONS, has_functions);
    write_inside(work, PROFILE_MAPPING);
}

static void write_strings(pprof *work)
{
    for (uint32_t s = 0; s < work->strings.count && !work->refused; s++) {
        const uint32_t number = (uint32_t)work->strings.rows[s].first;
        const char *text = "";
        switch (work->strings.rows[s].second) {
        case STRING_OF_SNAPSHOT: text = work->snapshot->strings[number]; break;
        case STRING_OWN: text = own_strings[number]; break;
        default: text = profile_place_name(&work->made, number); break;
        }
        message_bytes(&work->part, PROFILE_STRING, text, strlen(text));
        write_part(work);
    }
}

bool export_pprof(const export_request *request)
{
    enum { GZIP = 16 + 15 }; /* zlib.h, deflateInit2 */
    pprof work = {.snapshot = request->snapshot, .out = request->out};
    if (!profile_make(request, &work.made)) return false;
    bool done = deflateInit2(&work.zip, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP, 8,
                             Z_DEFAULT_STRATEGY) == Z_OK;
    if (done) {
        write_sample_types(&work);
        for (uint32_t s = 0; s < work.made.stacks.count; s++) write_sample(&work, s);
        for (uint32_t p = 0; p < profile_places(&work.made); p++) write_place(&work, p);
        for (uint32_t m = 0; m < work.mappings.count; m++) write_mapping(&work, m);
        write_strings(&work);
        if (!work.refused) compress_bytes(&work, NULL, 0, Z_FINISH);
        (void)deflateEnd(&work.zip);
        done = !work.refused;
    }
    profile_free(&work.made);
    pairs_free(&work.strings);
    pairs_free(&work.mappings);
    message_free(&work.part);
    message_free(&work.inside);
    message_free(&work.line);
    return done;
}
