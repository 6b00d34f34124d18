/* SPDX-License-Identifier: MIT */
/*
 * log_file.h -- the log of collections, appended to a file             [floor 1]
 *
 * Lines of text, fields with tabs between; docs/design/events.md has them.  Several heaps and processes may
 * append to one file: each write holds whole lines, and each line says whose it is.
 *
 *   [log_file.behind]  what the log has and the file has not is written at the end of each pause
 *
 * Below: os_file.h, log.h.  Above: heap.
 */
#ifndef OURO_EVENTS_LOG_FILE_H
#define OURO_EVENTS_LOG_FILE_H

#include "events/log.h"

struct ouro__log_file {
    bool is_open; /* the rest is meaningful only then */
    int file;
    uint32_t process; /* that has written the heading */
    unsigned number;  /* of the heap in its process */
    uint64_t events_written, samples_written;
};

/* Begins a file; false: errno says why.  `number` is the heap's in its process. */
bool ouro__log_file_open(struct ouro__log_file *file, const char *path, unsigned number);

/* Writes what is new in the log; `name` is the heap's.  False: not all got there, errno says why, and the
 * file is closed. */
bool ouro__log_file_write(struct ouro__log_file *file, const struct ouro__log *log,
                          const char *name);

/* The same, and that the heap is closed. */
void ouro__log_file_close(struct ouro__log_file *file, const struct ouro__log *log,
                          const char *name);

#endif
