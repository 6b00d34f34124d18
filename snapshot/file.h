/* SPDX-License-Identifier: MIT */
/*
 * file.h -- a file that appears whole or not at all
 *
 *   [file.whole]  under the path is what was there before, or all that was written
 */
#ifndef OURO_SNAPSHOT_FILE_H
#define OURO_SNAPSHOT_FILE_H

#include <ouro/snapshot.h>

#include <limits.h>

struct ouro__file {
    int descriptor;
    bool is_direct;        /* what the path names is no regular file: a device, a pipe */
    char path[PATH_MAX];   /* where it is to appear, links followed */
    char beside[PATH_MAX]; /* where it is written */
};

/* A failed call leaves nothing. */
ouro_status ouro__file_begin(struct ouro__file *file, const char *path, ouro_error *error);
ouro_snapshot_sink ouro__file_sink(struct ouro__file *file);
/* The file appears; or, after a failure, and when `keep` is false, it is gone. */
ouro_status ouro__file_end(struct ouro__file *file, bool keep, ouro_error *error);

#endif
