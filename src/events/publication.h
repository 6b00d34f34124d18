/* SPDX-License-Identifier: MIT */
/*
 * publication.h -- a file in which a heap says how it is               [floor 1]
 *
 * Written whole by one system call, with a checksum: nobody has it mapped, so a file that is cut off under its
 * readers or its writer is an error to them and no fault of memory.
 *
 *   [publication.whole]   a reader believes what its checksum agrees with, and nothing else
 *   [publication.process] only the process that made the file writes to it and removes it
 *   [publication.due]     at most each 10 milliseconds, and at most a sixty-fourth of the time
 *
 * Below: os_file.h.  Above: the heap fills it in.
 */
#ifndef OURO_EVENTS_PUBLICATION_H
#define OURO_EVENTS_PUBLICATION_H

#include <ouro/published.h>

struct ouro__publication {
    ouro_published state; /* as it was or will be written */
    int file;
    uint64_t due; /* milliseconds of the coarse clock */
    char path[];
};

/* Makes the file and writes the state that says what never changes; NULL: errno says why, ENOMEM included;
 * EEXIST where another file is in the way. */
struct ouro__publication *ouro__publication_open(const char *path);

/* Writes the state; false: it could not be, or the process is another one by now. */
bool ouro__publication_write(struct ouro__publication *publication);

/* The number that viewers have written last. */
uint32_t ouro__publication_request(const struct ouro__publication *publication);

/* Closes the file; the one who made it removes it, unless another is in its place by now. */
void ouro__publication_close(struct ouro__publication *publication);

#endif
