/* SPDX-License-Identifier: MIT */
/*
 * trace.h -- where in the program memory was asked for, as Python's tracemalloc has it
 *
 *     ouro_trace_start(heap, &(ouro_trace_options){.frames = 10}, NULL);
 *     ... the program runs ...
 *     ouro_trace_snapshot *before = ouro_trace_take(heap, NULL);
 *     ... and runs ...
 *     ouro_trace_snapshot *after = ouro_trace_take(heap, NULL);
 *     const ouro_trace_statistic *grown;
 *     size_t count;
 *     ouro_trace_compare(after, before, OURO_TRACE_BY_SITE, &grown, &count, NULL);
 *
 * A site is a place that allocates: a chain of frames and whether objects or raw memory were asked for.  Sites have
 * numbers from 1 on, which stay the same until tracing stops or is cleared; 0 is "unknown".  Bytes are those of the
 * blocks: an object's word and what rounding adds are contained.
 *
 * Every allocation is looked at, or a sample: about one in so many bytes, at random, so that numbers of sites are
 * estimates without bias.  A heap that is not traced pays nothing for it.
 *
 * Contract as in ouro.h: one thread at a time uses a heap and its traces.  When the tables get no memory, the
 * program's allocation succeeds all the same, and its trace is lost and counted.
 */
#ifndef OURO_TRACE_H
#define OURO_TRACE_H

#include <ouro/ouro.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- beginning and end ---------------------------------------------------- */

#define OURO_TRACE_FRAMES_MAX 128

/* How frames behind the first are found.  The first is the return address of the call into the library.
 * Code without frame pointers leads a walk by them to words of the stack that it may never have written: memcheck
 * tells of each.  Under it choose the tables. */
typedef enum ouro_trace_unwind {
    OURO_TRACE_UNWIND_AUTO, /* frame pointers where ouro_trace_start's own chain of them is whole; else the unwinder */
    OURO_TRACE_UNWIND_FRAME_POINTERS, /* a few nanoseconds a frame; the program needs -fno-omit-frame-pointer */
    OURO_TRACE_UNWIND_TABLES, /* backtrace() of the C library: about a microsecond a frame */
} ouro_trace_unwind;

typedef struct ouro_trace_options {
    unsigned frames;     /* of a site, at most; 0: 1; up to OURO_TRACE_FRAMES_MAX */
    size_t sample_bytes; /* 0: every allocation; else one in about so many bytes */
    uint64_t seed;       /* of the sampling; 0: another one each time */
    ouro_trace_unwind unwind;
    bool
        keep_native; /* native frames stand behind those of ouro_trace_frame; else these replace them */
} ouro_trace_options;

/*
 * Begins to trace what is allocated from now on; NULL options: every allocation, one frame.  What lives already is
 * of site 0.  The environment can do it, too: OURO_TRACE in docs/settings.md.
 * Failure: OURO_BAD_ARGUMENT for options out of range, OURO_BUSY when the heap is traced already, OURO_NO_MEMORY.
 */
OURO_API ouro_status ouro_trace_start(ouro_heap *heap, const ouro_trace_options *options,
                                      ouro_error *out_error);
/* Ends it and forgets all sites.  Snapshots stay. */
OURO_API void ouro_trace_stop(ouro_heap *heap);
/* Forgets what was traced so far, and goes on: what lives now is of site 0. */
OURO_API void ouro_trace_clear(ouro_heap *heap);
OURO_API bool ouro_trace_is_on(const ouro_heap *heap);
/* The options in force; all zero when the heap is not traced. */
OURO_API ouro_trace_options ouro_trace_get_options(const ouro_heap *heap);

/* ---- the program's own position ------------------------------------------- */

/*
 * Where an interpreter is in the program that it runs.  It lives in the interpreter's own frame; the texts live until
 * tracing ends.  The line may be changed in place.
 */
typedef struct ouro_trace_position {
    const struct ouro_trace_position *outer; /* who called, or NULL */
    const char *file;
    const char *function;
    uint32_t line;
} ouro_trace_position;

/* Says the innermost position; NULL: none.  Returns the one before, to be said again when the frame is left.
 * Cost: two moves, whether the heap is traced or not. */
OURO_API const ouro_trace_position *ouro_trace_frame(ouro_heap *heap,
                                                     const ouro_trace_position *position);

/* ---- what is known -------------------------------------------------------- */

/* All of them in bytes.  Under sampling, estimates. */
typedef struct ouro_trace_totals {
    size_t current; /* alive and traced */
    size_t peak;    /* the most that `current` was since tracing began or ouro_trace_reset_peak */
    size_t objects; /* alive and traced, raw blocks included; not bytes */
    size_t table_bytes; /* what tracing itself takes */
    size_t lost;        /* allocations whose trace was lost, as the tables got no memory */
    uint32_t sites;     /* the highest number of a site */
} ouro_trace_totals;
OURO_API void ouro_trace_get_totals(const ouro_heap *heap, ouro_trace_totals *out_totals);
OURO_API void ouro_trace_reset_peak(ouro_heap *heap);

typedef enum ouro_trace_kind { OURO_TRACE_OBJECTS, OURO_TRACE_RAW } ouro_trace_kind;

typedef struct ouro_trace_site {
    ouro_trace_kind kind;
    uint32_t frame_count;
    uint64_t live_objects, live_bytes; /* estimates, where allocations are sampled */
    uint64_t objects, bytes;           /* all since tracing began */
    uint64_t peak_bytes;               /* the most that live_bytes was */
} ouro_trace_site;

/* One frame, from the innermost outwards.  Texts live until tracing ends, or the snapshot is freed. */
typedef struct ouro_trace_place {
    uintptr_t pc;         /* 0: of ouro_trace_frame.  Else within the calling instruction */
    uint64_t offset;      /* of the pc in the module's file, as symbolizers want it */
    const char *module;   /* path of the program or library; "" if unknown */
    const char *function; /* "" if unknown: the dynamic symbols tell some, the `ouro` command all */
    const char *file;     /* "" if unknown */
    uint32_t line;        /* 0: unknown */
} ouro_trace_place;

/* The number of the site where an object, or raw memory, was born; 0 when that is not known or the heap is not
 * traced.  Any moment, in hooks, too.  Cost: a few loads. */
OURO_API uint32_t ouro_trace_site_of(const void *memory);
/* False for a number that is no site's. */
OURO_API bool ouro_trace_get_site(const ouro_heap *heap, uint32_t site, ouro_trace_site *out_site);
/* Fills at most `capacity` frames and returns how many the site has. */
OURO_API size_t ouro_trace_get_frames(const ouro_heap *heap, uint32_t site,
                                      ouro_trace_place *out_frames, size_t capacity);
/* Where an object, or raw memory, was born, as the last two: 0 frames when that is not known. */
OURO_API size_t ouro_trace_of(const void *memory, ouro_trace_place *out_frames, size_t capacity);

/* ---- snapshots of sites --------------------------------------------------- */

typedef struct ouro_trace_snapshot ouro_trace_snapshot;

/* All sites and their numbers at this moment.  Result: owned; ends with ouro_trace_snapshot_free.  NULL when memory is
 * refused or the heap is not traced (OURO_EMPTY). */
OURO_API OURO_OWNED ouro_trace_snapshot *ouro_trace_take(const ouro_heap *heap,
                                                         ouro_error *out_error);
OURO_API void ouro_trace_snapshot_free(ouro_trace_snapshot *snapshot);

OURO_API uint32_t ouro_trace_snapshot_sites(const ouro_trace_snapshot *snapshot);
/* The i-th site, from 0 on, and its frames; false behind the last. */
OURO_API bool ouro_trace_snapshot_site(const ouro_trace_snapshot *snapshot, uint32_t index,
                                       ouro_trace_site *out_site,
                                       const ouro_trace_place **out_frames);

/* Which sites stay.  Patterns are those of a shell (* ? [...]); NULL fits everything. */
typedef struct ouro_trace_filter {
    bool exclude;    /* else: include.  Sites that no including filter fits go, if there is any */
    bool all_frames; /* one of its frames fits, instead of the innermost */
    bool kind_matters;
    ouro_trace_kind kind; /* where kind_matters */
    const char *module, *function, *file;
    uint32_t line; /* 0: any */
} ouro_trace_filter;
/* A new snapshot of the sites that the filters leave.  As ouro_trace_take. */
OURO_API OURO_OWNED ouro_trace_snapshot *ouro_trace_snapshot_filter(
    const ouro_trace_snapshot *snapshot, const ouro_trace_filter *filters, size_t count,
    ouro_error *out_error);

/* What stands together in a statistic.  Native frames whose file is not known are told apart by module, and by
 * module and pc, in place of file and line. */
typedef enum ouro_trace_by {
    OURO_TRACE_BY_SITE,     /* all frames */
    OURO_TRACE_BY_LINE,     /* file and line of the innermost frame */
    OURO_TRACE_BY_FUNCTION, /* its function */
    OURO_TRACE_BY_FILE,     /* its file */
    OURO_TRACE_BY_KIND,
    OURO_TRACE_CUMULATIVE = 16, /* or'ed: each frame of a site counts, and recursion once */
} ouro_trace_by;

typedef struct ouro_trace_statistic {
    const ouro_trace_place *frames;     /* what stands together: those of the first such site */
    uint32_t frame_count;               /* all of them by site, none by kind, else one */
    ouro_trace_kind kind;               /* of the first such site */
    uint64_t bytes, objects;            /* alive */
    int64_t bytes_grown, objects_grown; /* of ouro_trace_compare; else 0 */
} ouro_trace_statistic;

/*
 * Groups, the largest first: by bytes, then objects, then place.  *out_rows belongs to the snapshot and is valid until
 * the next call with it, or its end; so are the frames.
 */
OURO_API ouro_status ouro_trace_statistics(ouro_trace_snapshot *snapshot, ouro_trace_by by,
                                           const ouro_trace_statistic **out_rows, size_t *out_count,
                                           ouro_error *out_error);
/* The same with what grew between the two, whatever grew or shrank most first.  The rows belong to `after`, and their
 * frames to either. */
OURO_API ouro_status ouro_trace_compare(ouro_trace_snapshot *after,
                                        const ouro_trace_snapshot *before, ouro_trace_by by,
                                        const ouro_trace_statistic **out_rows, size_t *out_count,
                                        ouro_error *out_error);

#ifdef __cplusplus
}
#endif

#endif
