/* SPDX-License-Identifier: MIT */
/*
 * snapshot.h -- a heap as it was at one moment, in a file
 *
 * A library of its own, ouro-snapshot, over ouro's public headers; it compresses with zstd.  A program writes a
 * snapshot of a heap with one call; whoever has objects of another kind (an interpreter, CPython itself) writes
 * one with a writer.  The reader gives plain arrays, ready for graph.h.  The format is in
 * docs/snapshot-format.md.
 *
 *     ouro_error error;
 *     if (ouro_snapshot_save(heap, "program.snapshot", NULL, &error) != OURO_OK) ...
 *     ouro_snapshot *snapshot = ouro_snapshot_open("program.snapshot", NULL, &error);
 *
 * Contract as in ouro.h.  Errors go to *out_error, which may be NULL: OURO_BAD_FILE with the offset at which a
 * file contradicts its format, OURO_SYSTEM with what the system said, OURO_NO_MEMORY.
 */
#ifndef OURO_SNAPSHOT_H
#define OURO_SNAPSHOT_H

#include <ouro/events.h>
#include <ouro/graph.h>
#include <ouro/ouro.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what a snapshot knows ------------------------------------------------
 *
 * Numbers stand for things: of strings, types, labels, objects, sites.  String 0 is "", label 0 an internal
 * reference without a name, site 0 "unknown".
 */

typedef enum ouro_edge_kind {
    OURO_EDGE_FIELD,    /* owner.name; of an object of Python: an attribute */
    OURO_EDGE_ITEM,     /* owner.name[index]; the name may be "" */
    OURO_EDGE_KEY,      /* owner["name"]: what a dictionary holds for a key */
    OURO_EDGE_KEYS,     /* the key itself, which the dictionary holds, too */
    OURO_EDGE_INTERNAL, /* what the program cannot name; name says what it is */
    OURO_EDGE_EPHEMERON, /* from a key to the value that a weak map holds for it; name is the map's type */
    OURO_EDGE_WEAK,     /* sees and does not hold */
    OURO_EDGE_BORROWED, /* a pointer that holds nothing */
} ouro_edge_kind;

/* Whether an edge of this kind keeps its target alive. */
static inline bool ouro_edge_holds(ouro_edge_kind kind)
{
    return kind < OURO_EDGE_WEAK;
}

/* What stands on an edge. */
typedef struct ouro_snapshot_label {
    ouro_edge_kind kind;
    uint32_t name; /* string */
} ouro_snapshot_label;

enum {
    OURO_TYPE_IS_TRACKED = 1, /* cycles may pass through its objects */
    OURO_TYPE_HAS_FINALIZER = 2,
    OURO_TYPE_IS_VARIABLE = 4, /* its objects differ in size */
};
typedef struct ouro_snapshot_type {
    uint32_t name;  /* string */
    uint32_t flags; /* OURO_TYPE_ */
    uint64_t size;  /* bytes of one object, without items */
} ouro_snapshot_type;

/* The flags of an object.  The lowest two bits are its generation, 0 to 2; 3 where it has none. */
enum {
    OURO_OBJECT_GENERATION = 3,
    OURO_OBJECT_IS_IMMORTAL = 4,
    OURO_OBJECT_IS_FINALIZED = 8,
    OURO_OBJECT_IS_FROZEN = 16,
    OURO_OBJECT_HAS_WEAK_REFERENCES = 32,
    OURO_OBJECT_COUNT_IS_EXACT =
        64, /* count minus edges into it is the number of references from outside */
};

typedef enum ouro_root_kind {
    OURO_ROOT_NAMED, /* a variable that the program has told, a module */
    OURO_ROOT_OUTSIDE, /* references that no object or other root accounts for; computed by the reader */
    OURO_ROOT_IMMORTAL, /* lives as long as the heap; computed by the reader */
    OURO_ROOT_FRAME,    /* a local variable of a running function */
} ouro_root_kind;
typedef struct ouro_snapshot_root {
    uint32_t object;
    ouro_root_kind kind;
    uint32_t name;       /* string: of the variable, or "" */
    uint32_t references; /* how many */
} ouro_snapshot_root;

typedef struct ouro_snapshot_pool {
    uint64_t address;
    uint32_t kind;       /* ouro_class_kind */
    uint32_t block_size; /* 0: an empty pool that waits */
    uint32_t capacity;   /* blocks */
    uint32_t live, cached, free;
    uint64_t bytes; /* of the pool */
} ouro_snapshot_pool;

/* A place in the program that allocates.  Frames from the innermost outwards. */
typedef struct ouro_snapshot_site {
    uint32_t first_frame, frame_count;
    uint64_t live_objects, live_bytes; /* estimates, where allocations are sampled */
    uint64_t objects, bytes;           /* ever since tracing began */
    uint64_t peak_bytes;
} ouro_snapshot_site;
typedef struct ouro_snapshot_frame {
    uint64_t pc;       /* 0: a frame that the program named itself */
    uint64_t offset;   /* of the pc in the module's file */
    uint32_t module;   /* string: path; "" if unknown */
    uint32_t function; /* string; "" as long as it is not symbolized */
    uint32_t file;     /* string */
    uint32_t line;     /* from 1; 0: unknown */
} ouro_snapshot_frame;

/* What the collector did: one row for each pass, each step of a whole cycle and each phase within. */
typedef ouro_event_kind ouro_snapshot_event_kind; /* as the log of a heap has them: events.h */
typedef struct ouro_snapshot_event {
    ouro_snapshot_event_kind kind;
    uint32_t generation;         /* 0 to 2 */
    uint32_t name;               /* string: of the phase, or "young", "nearby", "whole" */
    uint64_t start, nanoseconds; /* since the heap was made; how long */
    uint64_t candidates, collected, uncollectable;
} ouro_snapshot_event;

/* How much memory there was at some moments before. */
typedef struct ouro_snapshot_sample {
    uint64_t time; /* nanoseconds since the heap was made */
    uint64_t objects, live_bytes, committed_bytes;
} ouro_snapshot_sample;

/* Garbage cycles that the last collections found, those of one form together: `length` types, each of which
 * refers to the next by its label, and the last to the first. */
typedef struct ouro_snapshot_cycle {
    uint32_t first_link, length;
    uint32_t site;           /* where an object of it was made, or 0 */
    uint64_t found;          /* how many of this form */
    uint64_t objects, bytes; /* that went with them */
} ouro_snapshot_cycle;
typedef struct ouro_snapshot_link {
    uint32_t type, label, index;
} ouro_snapshot_link;

/*
 * A snapshot in memory.  Read only.
 *
 * Objects are in ascending order of their addresses.  Edges that hold their target are the graph; the others are
 * beside it.  Columns that a file has nothing for are full of zeros, never NULL where there are objects.
 */
typedef struct ouro_snapshot {
    uint64_t file_bytes, unpacked_bytes;
    uint64_t dropped_edges, dropped_roots; /* those to addresses at which no object is */

    uint32_t string_count;
    const char *const *strings; /* NUL-terminated UTF-8 */

    uint32_t note_count; /* what was said of the whole: "program", "pid", "time", "source", ... */
    const uint32_t *note_keys, *note_values; /* strings */

    uint32_t type_count;
    const ouro_snapshot_type *types;
    uint32_t label_count;
    const ouro_snapshot_label *labels;

    uint32_t object_count;
    const uint64_t *addresses;
    const uint32_t *object_types;
    const uint64_t *sizes;  /* bytes of the object and of the buffers that are its own */
    const uint32_t *counts; /* references; UINT32_MAX and more saturate */
    const uint8_t *flags;   /* OURO_OBJECT_ */
    const uint32_t
        *texts; /* string: what distinguishes it for people (a name, a short value), or 0 */
    const uint32_t *object_sites;

    ouro_graph graph;          /* edges that hold */
    const uint32_t *labels_of; /* of edge e of the graph: graph.target[e] is the target */
    const uint32_t *indexes;   /* of edge e, for OURO_EDGE_ITEM */

    uint32_t loose_count; /* edges that do not hold, by owner */
    const uint32_t *loose_owners, *loose_targets, *loose_labels, *loose_indexes;

    uint32_t root_count; /* those told by the writer first, then the computed ones, by object */
    const ouro_snapshot_root *roots;

    uint32_t pool_count;
    const ouro_snapshot_pool *pools; /* ascending by address */
    uint32_t site_count, frame_count;
    const ouro_snapshot_site *sites; /* sites[0] is unknown */
    const ouro_snapshot_frame *frames;
    uint32_t event_count, sample_count;
    const ouro_snapshot_event *events; /* ascending by start */
    const ouro_snapshot_sample *samples;
    uint32_t cycle_count, link_count;
    const ouro_snapshot_cycle *cycles;
    const ouro_snapshot_link *links;
} ouro_snapshot;

/* ---- writing -------------------------------------------------------------- */

/* Where bytes go; false: they did not all get there, and errno says why. */
typedef struct ouro_snapshot_sink {
    void *context;
    bool (*write)(void *context, const void *bytes, size_t size);
} ouro_snapshot_sink;

typedef struct ouro_snapshot_writer ouro_snapshot_writer;

/*
 * Begins a snapshot.  Result: owned; ends with ouro_snapshot_writer_finish or ouro_snapshot_writer_abandon.
 * Memory: buffers of about a mebibyte, and the tables of strings, types and labels.  A failure (a full disk) is kept
 * and told by finish; calls in between then do nothing.
 */
OURO_API OURO_OWNED ouro_snapshot_writer *ouro_snapshot_writer_new(const ouro_snapshot_sink *sink,
                                                                   ouro_error *out_error);

/* The number of a string: the same for the same text.  The text is copied; what is no UTF-8 is mended. */
OURO_API uint32_t ouro_snapshot_string(ouro_snapshot_writer *writer, const char *text);
OURO_API uint32_t ouro_snapshot_string_of(ouro_snapshot_writer *writer, const char *text,
                                          size_t length);
OURO_API uint32_t ouro_snapshot_label_of(ouro_snapshot_writer *writer, ouro_edge_kind kind,
                                         uint32_t name);
/* A new type; `key`, when not NULL, is remembered: the same key gives the same number again. */
OURO_API uint32_t ouro_snapshot_type_of(ouro_snapshot_writer *writer, const void *key,
                                        const ouro_snapshot_type *type);
OURO_API void ouro_snapshot_note(ouro_snapshot_writer *writer, const char *key, const char *value);

/* One object.  Each address once, none 0, in any order; ascending ones are read faster. */
typedef struct ouro_snapshot_object {
    uint64_t address;
    uint64_t size;
    uint32_t type;
    uint32_t count;
    uint32_t text;
    uint32_t site;
    uint8_t flags; /* OURO_OBJECT_ */
} ouro_snapshot_object;
OURO_API void ouro_snapshot_add_object(ouro_snapshot_writer *writer,
                                       const ouro_snapshot_object *object);
/* A reference of the object that was added last.  The target may come later, or never: a reference to what is not
 * in the snapshot is dropped by the reader, and counted. */
OURO_API void ouro_snapshot_add_edge(ouro_snapshot_writer *writer, uint64_t target, uint32_t label,
                                     uint32_t index);
OURO_API void ouro_snapshot_add_root(ouro_snapshot_writer *writer, uint64_t object,
                                     ouro_root_kind kind, uint32_t name, uint32_t references);
OURO_API void ouro_snapshot_add_pool(ouro_snapshot_writer *writer, const ouro_snapshot_pool *pool);
/* Result: the site's number.  first_frame is ignored. */
OURO_API uint32_t ouro_snapshot_add_site(ouro_snapshot_writer *writer,
                                         const ouro_snapshot_site *site,
                                         const ouro_snapshot_frame *frames);
OURO_API void ouro_snapshot_add_event(ouro_snapshot_writer *writer,
                                      const ouro_snapshot_event *event);
OURO_API void ouro_snapshot_add_sample(ouro_snapshot_writer *writer,
                                       const ouro_snapshot_sample *sample);
/* first_link is ignored. */
OURO_API void ouro_snapshot_add_cycle(ouro_snapshot_writer *writer,
                                      const ouro_snapshot_cycle *cycle,
                                      const ouro_snapshot_link *links);

/* Writes what is left.  The writer is gone, also after a failure. */
OURO_API ouro_status ouro_snapshot_writer_finish(ouro_snapshot_writer *writer,
                                                 ouro_error *out_error);
OURO_API void ouro_snapshot_writer_abandon(ouro_snapshot_writer *writer);

/* ---- of a heap ------------------------------------------------------------ */

/* All zero: what NULL stands for. */
typedef struct ouro_snapshot_options {
    bool
        in_child; /* a forked child writes, while the program goes on: it stops for the fork alone */
    /*
     * What distinguishes an object for people, as a package its name; NULL: nothing does.  The library knows the type
     * and the fields by itself.  Asked once for each object; the result is copied before the next is asked for, and of
     * use up to some fifty characters.  Reads and changes nothing: the heap is being walked.  In a child of a program
     * with many threads it takes no lock.
     */
    const char *(*text)(void *object, void *argument);
    void *argument; /* handed to `text` */
} ouro_snapshot_options;

/*
 * Writes the living objects of a heap to a file, which appears whole or not at all; with all that the heap knows
 * besides: pools, named roots, allocation sites, the log of collections, the cycles found.  May be called at any moment of a
 * collection cycle, but in a hook.
 * With in_child it returns when the child has begun; ouro_snapshot_wait tells how it ended, and OURO_BUSY that the
 * one before is at work.  What holds in programs of many threads is in docs/design/snapshot.md.
 * Cost: a walk over the heap; about 80 ns a reference on a core.
 */
OURO_API ouro_status ouro_snapshot_save(ouro_heap *heap, const char *path,
                                        const ouro_snapshot_options *options,
                                        ouro_error *out_error);
/* The same into a sink, in this process: in_child is ignored. */
OURO_API ouro_status ouro_snapshot_write(ouro_heap *heap, const ouro_snapshot_sink *sink,
                                         const ouro_snapshot_options *options,
                                         ouro_error *out_error);
/* Waits for the child of the last ouro_snapshot_save of this heap; OURO_EMPTY when there is none.  Before the
 * heap is closed: a child that nobody waits for stays until the program ends. */
OURO_API ouro_status ouro_snapshot_wait(ouro_heap *heap, ouro_error *out_error);

/* ---- reading -------------------------------------------------------------- */

/* Hears of long work: `done` of `total` (0: unknown).  False: stop, the call fails with OURO_INTERRUPTED. */
typedef struct ouro_snapshot_progress {
    void *context;
    bool (*report)(void *context, uint64_t done, uint64_t total);
} ouro_snapshot_progress;

/*
 * Reads a snapshot.  Result: owned; ends with ouro_snapshot_close.  NULL and *out_error for a file that is none,
 * is cut off, contradicts itself or is of a later version, with the offset.
 * Safe for any bytes: memory grows with what has really been unpacked, at most four times that.
 */
OURO_API OURO_OWNED ouro_snapshot *ouro_snapshot_open(const char *path,
                                                      const ouro_snapshot_progress *progress,
                                                      ouro_error *out_error);
/* The same of bytes in memory, which may go afterwards. */
OURO_API OURO_OWNED ouro_snapshot *ouro_snapshot_read(const void *bytes, size_t size,
                                                      const ouro_snapshot_progress *progress,
                                                      ouro_error *out_error);
OURO_API void ouro_snapshot_close(ouro_snapshot *snapshot);

/* The object at an address, or OURO_GRAPH_NONE.  Cost: O(log objects). */
OURO_API uint32_t ouro_snapshot_find(const ouro_snapshot *snapshot, uint64_t address);

/* The value of a note, or NULL. */
OURO_API const char *ouro_snapshot_note_of(const ouro_snapshot *snapshot, const char *key);

#ifdef __cplusplus
}
#endif

#endif
