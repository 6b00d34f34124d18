/* SPDX-License-Identifier: MIT */
/*
 * out_file.h -- a file that appears whole or not at all
 *
 * It is written beside its place and renamed when all has gone well, so nobody finds half of it there, and what was
 * there before stays if something fails.  A device or a pipe cannot be replaced, and is written to as it is.
 */
#ifndef OURO_COMMAND_OUT_FILE_H
#define OURO_COMMAND_OUT_FILE_H

#include <stdbool.h>
#include <stdio.h>

typedef struct out_file {
    FILE *file;
    const char *path;
    char *beside; /* NULL: written to directly */
} out_file;

/* False, and errno says why.  The path must outlive the file. */
bool out_file_open(out_file *out, const char *path);

/* Ends it: puts it in its place when `keep`, else leaves nothing.  False when it was to be kept and could not be, for
 * which errno says why; then nothing is left either. */
bool out_file_close(out_file *out, bool keep);

#endif
