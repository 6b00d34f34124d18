/* SPDX-License-Identifier: MIT */
/*
 * published.h -- what a heap publishes of itself, byte by byte
 *
 * The file that ouro_publish makes is one ouro_published.  A reader reads it whole, and believes it when magic,
 * version and size are as here and the checksum is right; otherwise it reads again: the program may have been writing.
 * Numbers are of the machine that the program runs on.
 *
 *     +--------------------+---------+-----------------------------------+
 *     | magic, version,    | request | what the program writes each time |
 *     | size: never change | viewers | checksum first                    |
 *     +--------------------+---------+-----------------------------------+
 *
 * A viewer asks for a census by writing a number other than the last into `request`; the census that answers it
 * carries that number.  The version rises when the layout changes.
 */
#ifndef OURO_PUBLISHED_H
#define OURO_PUBLISHED_H

#include <ouro/events.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OURO_PUBLISHED_MAGIC UINT64_C(0x31706f74206f7275) /* "uro top1" */
#define OURO_PUBLISHED_VERSION 1u
enum { OURO_PUBLISHED_CLASSES = 24, OURO_PUBLISHED_TYPES = 24 };

typedef struct ouro_published_class {
    uint32_t kind; /* ouro_class_kind */
    uint32_t block_size;
    uint64_t pools, live, cached, free, capacity; /* blocks, but for the pools */
} ouro_published_class;

typedef struct ouro_published_type {
    char name[48];
    uint64_t objects, bytes;
} ouro_published_type;

typedef struct ouro_published_generation {
    uint64_t collections, candidates, collected, uncollectable, nanoseconds;
} ouro_published_generation;

typedef struct ouro_published {
    uint64_t magic;
    uint32_t version;
    uint32_t size;    /* of this struct */
    uint32_t request; /* the number of the last census asked for */
    uint32_t process;

    uint64_t checksum;   /* of all that follows: see ouro_published_checksum */
    uint64_t updates;    /* how often it was written */
    uint64_t born;       /* by CLOCK_MONOTONIC, in nanoseconds */
    uint64_t written;    /* likewise, the last time */
    uint32_t is_closed;  /* the heap is no more */
    uint32_t is_enabled; /* automatic collection */
    char heap[32];
    char program[64];

    /* as in ouro_heap_stats */
    uint64_t objects, object_bytes, raw_blocks, raw_bytes, accounted_bytes, arenas, large_blocks,
        pools, empty_pools, reserved_bytes, committed_bytes, cached_bytes, free_bytes,
        uncarved_bytes, rounding_bytes, header_bytes;
    uint64_t handed_bytes; /* to class lists and programs, since the heap was made */
    uint64_t byte_limit;   /* 0: none */

    /* as in ouro_progress */
    char phase[32];
    uint64_t start_bytes, goal_bytes, debt, work_left, steps, touched, nearby_passes;
    uint64_t work_done; /* units, by the whole cycle that is under way */

    ouro_published_generation generations[3];
    ouro_pauses pauses;

    uint32_t class_count;    /* in use; the largest by living bytes are here */
    uint32_t census_answers; /* the request that the census below answers; 0: none yet */
    ouro_published_class classes[OURO_PUBLISHED_CLASSES];

    uint64_t census_written;                         /* when it was complete, by CLOCK_MONOTONIC */
    uint64_t census_objects, census_bytes;           /* of all types */
    uint32_t census_types;                           /* how many there are */
    uint32_t census_running;                         /* a later one is being counted */
    ouro_published_type types[OURO_PUBLISHED_TYPES]; /* the largest, by bytes */
} ouro_published;

/* FNV-1a over the words behind the checksum. */
static inline uint64_t ouro_published_checksum(const ouro_published *published)
{
    const char *from = (const char *)&published->updates;
    const char *end = (const char *)published + sizeof *published;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; from < end; from += sizeof(uint64_t)) {
        uint64_t word;
        __builtin_memcpy(&word, from, sizeof word);
        hash = (hash ^ word) * UINT64_C(0x100000001b3);
    }
    return hash;
}

#ifdef __cplusplus
}
#endif

#endif
