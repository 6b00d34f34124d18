/* SPDX-License-Identifier: MIT */
/*
 * floor.h -- workload `floor`: what one heap with one object costs a process
 *
 * Resident bytes after making them less those before, the system's own code
 * included.  A program of its own for each system, since the size of a benchmark
 * is no part of the answer.  The C library is no part of it either: its pages,
 * which all processes share and the kernel maps sixteen at a time, are touched
 * beforehand.
 *
 * The system defines, before it includes this file:
 *
 *     floor_object()      starts the system, where it has a start, and makes one object
 */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include <link.h>

#include "../support/memory.h"
#include "../support/program.h"

/* Reads a byte of each page of what `object` only reads, if it is the C library. */
static int floor_touch_library(struct dl_phdr_info *object, size_t size, void *unused)
{
    (void)size, (void)unused;
    if (strstr(object->dlpi_name, "/libc.so") == NULL) return 0;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) != 0) continue;
        const volatile char *start = (const char *)(object->dlpi_addr + segment->p_vaddr);
        for (size_t at = 0; at < segment->p_memsz; at += 4096) (void)start[at];
    }
    return 1;
}

static inline int floor_run(const bench_job *job)
{
    if (!bench_wants(job, "main")) return BENCH_UNSUPPORTED;
    dl_iterate_phdr(floor_touch_library, NULL);
    resident_bytes(); /* so that reading the figure costs nothing the second time */
    double before = resident_bytes();
    void *object = floor_object();
    double after = resident_bytes();
    BENCH_VERIFY(object != NULL);
    bench_report("main", "live_bytes", after - before);
    return 0;
}

#endif
