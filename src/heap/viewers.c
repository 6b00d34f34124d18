/* SPDX-License-Identifier: MIT */
/*
 * viewers.c -- files in which a heap says how it is and what it did      [floor 6]
 *
 * Both are opened by the program or by the environment.  A log file is written at the end of each pause; the
 * published one where the program passes by, when it is due.
 */
#include "heap/viewers.h"

#include "base/os.h"
#include "base/os_file.h"
#include "base/os_program.h"
#include "heap/heap.h"
#include "memory/usage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096, LOG_CAPACITY = 1024 };

static size_t viewers_size(void)
{
    return (sizeof(struct ouro__viewers) + PAGE - 1) & ~(size_t)(PAGE - 1);
}

/* The heap's, made if need be; or NULL, and the heap's error is set. */
static struct ouro__viewers *get_viewers(ouro_heap *heap)
{
    if (heap->viewers == NULL) heap->viewers = ouro__os_map(viewers_size(), PAGE);
    if (heap->viewers == NULL)
        ouro__heap_fail(heap, OURO_NO_MEMORY, viewers_size(),
                        "the system gave no memory to watch heap \"%s\"", heap->name);
    return heap->viewers;
}

/* Nothing is left to watch: so that the test on the way of allocations fails again. */
static void drop_if_idle(ouro_heap *heap)
{
    if (heap->viewers->publication != NULL || heap->viewers->log_file.is_open) return;
    ouro__os_unmap(heap->viewers, viewers_size());
    heap->viewers = NULL;
}

/* How many heaps the process has watched: tells their files and lines apart. */
static unsigned next_number(void)
{
    static unsigned number;
    return __atomic_add_fetch(&number, 1, __ATOMIC_RELAXED);
}

/* ---- the log file ---- */

static void write_log(ouro_heap *heap)
{
    if (ouro__log_file_write(&heap->viewers->log_file, &heap->log, heap->name)) return;
    fprintf(stderr, "ouro: the log of heap \"%s\" ends here: %s\n", heap->name, strerror(errno));
}

ouro_status ouro_set_log_file(ouro_heap *heap, const char *path)
{
    struct ouro__viewers *viewers = path != NULL ? get_viewers(heap) : heap->viewers;
    if (viewers == NULL) return path != NULL ? OURO_NO_MEMORY : OURO_OK;
    ouro__log_file_close(&viewers->log_file, &heap->log, heap->name);
    ouro_status status = OURO_OK;
    if (path != NULL && !ouro__log_is_on(&heap->log))
        status = ouro_set_event_log(heap, LOG_CAPACITY);
    if (path != NULL && status == OURO_OK &&
        !ouro__log_file_open(&viewers->log_file, path, next_number())) {
        status = OURO_SYSTEM;
        ouro__heap_fail(heap, status, 0, "the log file %.80s cannot be opened: %s", path,
                        strerror(errno));
    }
    if (viewers->log_file.is_open) write_log(heap);
    drop_if_idle(heap);
    return status;
}

void ouro__viewers_log_ends(ouro_heap *heap)
{
    if (heap->viewers == NULL) return;
    if (heap->viewers->log_file.is_open) write_log(heap);
    heap->viewers->log_file.events_written = heap->viewers->log_file.samples_written = 0;
}

/* ---- what is published ---- */

static void publish_memory(const ouro_heap *heap, const struct ouro__usage *usage,
                           ouro_published *state)
{
    const struct ouro__pools *pools = ouro__heap_pools(heap);
    const ouro_heap_stats *total = &usage->total;
    state->objects = total->objects;
    state->object_bytes = total->object_bytes;
    state->raw_blocks = total->raw_blocks;
    state->raw_bytes = total->raw_bytes;
    state->accounted_bytes = total->accounted_bytes;
    state->arenas = total->arenas;
    state->large_blocks = total->large_blocks;
    state->pools = total->pools;
    state->empty_pools = total->empty_pools;
    state->reserved_bytes = total->reserved_bytes + heap->size;
    state->committed_bytes = total->committed_bytes;
    state->cached_bytes = total->cached_bytes;
    state->free_bytes = total->free_bytes;
    state->uncarved_bytes = total->uncarved_bytes;
    state->rounding_bytes = total->rounding_bytes;
    state->header_bytes = total->header_bytes + heap->size;
    state->handed_bytes = pools->handed_bytes;
    state->byte_limit = pools->byte_limit;
}

static uint64_t live_bytes(const ouro_class_stats *class)
{
    return (uint64_t) class->live * class->block_size;
}

/* The largest classes, in descending order of what lives in them. */
static void publish_classes(const struct ouro__usage *usage, ouro_published *state)
{
    const ouro_class_stats *top[OURO_PUBLISHED_CLASSES];
    uint32_t count = 0, kept = 0;
    for (size_t bin = 1; bin < OURO__BINS; bin++) {
        const ouro_class_stats *class = &usage->bins[bin];
        if (class->pools == 0) continue;
        count++;
        uint32_t at = kept;
        while (at > 0 && live_bytes(class) > live_bytes(top[at - 1])) at--;
        if (at == OURO_PUBLISHED_CLASSES) continue;
        if (kept < OURO_PUBLISHED_CLASSES) kept++;
        for (uint32_t i = kept - 1; i > at; i--) top[i] = top[i - 1];
        top[at] = class;
    }
    state->class_count = count;
    memset(state->classes, 0, sizeof state->classes);
    for (uint32_t i = 0; i < kept; i++)
        state->classes[i] = (ouro_published_class){
            .kind = top[i]->kind,
            .block_size = (uint32_t)top[i]->block_size,
            .pools = top[i]->pools,
            .live = top[i]->live,
            .cached = top[i]->cached,
            .free = top[i]->free,
            .capacity = top[i]->capacity,
        };
}

static void publish_collector(const ouro_heap *heap, ouro_published *state)
{
    ouro_progress progress;
    ouro_get_progress(heap, &progress);
    memset(state->phase, 0, sizeof state->phase);
    snprintf(state->phase, sizeof state->phase, "%s", progress.phase);
    state->start_bytes = progress.start_bytes;
    state->goal_bytes = progress.goal_bytes;
    state->debt = progress.debt;
    state->work_left = progress.work_left;
    state->work_done = heap->whole.phase != OURO__IDLE ? heap->whole.work_done : 0;
    state->steps = progress.steps;
    state->touched = progress.touched;
    state->nearby_passes = progress.nearby_passes;
    state->is_enabled = heap->enabled;
    state->pauses = heap->pauses;
    for (int i = 0; i < 3; i++)
        state->generations[i] = (ouro_published_generation){
            heap->stats[i].collections, heap->stats[i].candidates, heap->stats[i].collected,
            heap->stats[i].uncollectable, heap->stats[i].nanoseconds};
}

/* Begins or goes on with a census that a viewer has asked for.  Cost: [viewers.bounded] */
static void count_census(ouro_heap *heap)
{
    struct ouro__census *census = &heap->viewers->census;
    ouro_published *state = &heap->viewers->publication->state;
    uint32_t request = ouro__publication_request(heap->viewers->publication);
    if (census->request == 0 && request != 0 && request != state->census_answers)
        ouro__census_begin(census, request);
    if (census->request == 0) return;
    state->census_running = 1;
    if (!ouro__census_go_on(census, ouro__heap_pools(heap))) return;
    ouro__census_end(census, state);
    state->census_running = 0;
    state->census_written = ouro__os_nanoseconds();
}

static void stop_publishing(ouro_heap *heap)
{
    ouro__publication_close(heap->viewers->publication);
    heap->viewers->publication = NULL;
    heap->viewers->census.request = 0;
    drop_if_idle(heap);
}

/* The next time is due when [publication.due] allows it.  False: it could not be written, and is given up.  Not
 * inlined: its frame is large. */
static NOINLINE bool publish_now(ouro_heap *heap)
{
    enum { interval = 10, share = 64 };
    struct ouro__publication *publication = heap->viewers->publication;
    struct ouro__usage usage;
    uint64_t before = ouro__os_nanoseconds();
    ouro__usage_count(ouro__heap_pools(heap), &usage);
    publish_memory(heap, &usage, &publication->state);
    publish_classes(&usage, &publication->state);
    publish_collector(heap, &publication->state);
    count_census(heap);
    if (!ouro__publication_write(publication)) {
        int error = errno;
        stop_publishing(heap);
        errno = error;
        return false;
    }
    uint64_t spent = (ouro__os_nanoseconds() - before) * share / 1000000;
    publication->due = ouro__os_milliseconds() + (spent > interval ? spent : interval);
    return true;
}

void ouro__viewers_pass(ouro_heap *heap)
{
    const struct ouro__publication *publication = heap->viewers->publication;
    if (publication == NULL || ouro__os_milliseconds() < publication->due) return;
    (void)publish_now(heap);
}

void ouro__viewers_pause(ouro_heap *heap)
{
    if (heap->viewers->log_file.is_open) {
        write_log(heap);
        if (!heap->viewers->log_file.is_open) drop_if_idle(heap);
    }
    if (heap->viewers != NULL) ouro__viewers_pass(heap);
}

ouro_status ouro_publish(ouro_heap *heap, const char *path)
{
    if (heap->viewers != NULL && heap->viewers->publication != NULL) stop_publishing(heap);
    if (path == NULL) return OURO_OK;
    struct ouro__viewers *viewers = get_viewers(heap);
    if (viewers == NULL) return OURO_NO_MEMORY;
    viewers->publication = ouro__publication_open(path);
    if (viewers->publication == NULL) {
        ouro_status status = errno == ENOMEM ? OURO_NO_MEMORY : OURO_SYSTEM;
        ouro__heap_fail(heap, status, 0, "heap \"%s\" cannot publish itself in %.80s: %s%s",
                        heap->name, path, strerror(errno),
                        errno == EEXIST  ? ", and is none that a heap has published"
                        : errno == EBUSY ? ", since another process publishes there"
                                         : "");
        drop_if_idle(heap);
        return status;
    }
    ouro_published *state = &viewers->publication->state;
    state->born = heap->log.born;
    snprintf(state->heap, sizeof state->heap, "%s", heap->name);
    if (publish_now(heap)) return OURO_OK;
    ouro__heap_fail(heap, OURO_SYSTEM, 0, "%.80s cannot be written: %s", path, strerror(errno));
    return OURO_SYSTEM;
}

/* ---- beginning and end ---- */

ouro_status ouro__viewers_begin(ouro_heap *heap)
{
    const char *log = getenv("OURO_LOG"), *folder = getenv("OURO_PUBLISH");
    if (log != NULL && log[0] != '\0') {
        ouro_status status = ouro_set_log_file(heap, log);
        if (status != OURO_OK) return status;
    }
    if (folder == NULL || folder[0] == '\0') return OURO_OK;
    char path[4096];
    int length =
        snprintf(path, sizeof path, "%s/%u-%u.ouro", folder, ouro__os_process(), next_number());
    if (length >= (int)sizeof path) {
        ouro__heap_fail(heap, OURO_BAD_SETTING, 0,
                        "environment variable OURO_PUBLISH is longer than a path may be: name a "
                        "folder, or unset it");
        return OURO_BAD_SETTING;
    }
    (void)ouro__os_make_folder(folder); /* where that fails, the file says why */
    return ouro_publish(heap, path);
}

void ouro__viewers_end(ouro_heap *heap)
{
    if (heap->viewers == NULL) return;
    if (heap->viewers->publication != NULL) {
        heap->viewers->publication->state.is_closed = 1;
        (void)ouro__publication_write(heap->viewers->publication);
        stop_publishing(heap);
    }
    if (heap->viewers == NULL) return;
    ouro__log_file_close(&heap->viewers->log_file, &heap->log, heap->name);
    drop_if_idle(heap);
}
