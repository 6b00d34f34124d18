/* SPDX-License-Identifier: MIT */
/*
 * file.c -- a file that appears whole or not at all
 *
 *     write beside  ->  fsync  ->  rename  ->  fsync of the folder
 *
 * So neither a full disk, nor a program that ends in between, nor a machine that does, leaves half a snapshot under
 * the path [file.whole].  What is no regular file cannot be replaced, and is written to as it is.
 */
#include "file.h"

#include "failure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Follows links to what exists, so that a link stays one. */
static ouro_status find_place(struct ouro__file *file, const char *path, ouro_error *error)
{
    struct stat about;
    char resolved[PATH_MAX];
    if (stat(path, &about) == 0) {
        file->is_direct = !S_ISREG(about.st_mode);
        if (realpath(path, resolved) != NULL) path = resolved;
    }
    int length = snprintf(file->path, sizeof file->path, "%s", path);
    if (length < 0 || (size_t)length >= sizeof file->path)
        return ouro__fail_system(error, ENAMETOOLONG, "%s cannot be written", path);
    return OURO_OK;
}

ouro_status ouro__file_begin(struct ouro__file *file, const char *path, ouro_error *error)
{
    static atomic_uint number; /* two threads may write beside the same path */
    file->is_direct = false;
    ouro_status status = find_place(file, path, error);
    if (status != OURO_OK) return status;
    if (file->is_direct) {
        file->descriptor = open(file->path, O_WRONLY | O_CLOEXEC);
    } else {
        int length = snprintf(file->beside, sizeof file->beside, "%s.%ld.%u.part", file->path,
                              (long)getpid(), atomic_fetch_add(&number, 1));
        if (length < 0 || (size_t)length >= sizeof file->beside)
            return ouro__fail_system(error, ENAMETOOLONG, "%s cannot be written", path);
        file->descriptor = open(file->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    }
    if (file->descriptor < 0) return ouro__fail_system(error, errno, "%s cannot be written", path);
    return OURO_OK;
}

static bool write_all(void *context, const void *bytes, size_t size)
{
    const struct ouro__file *file = context;
    const char *at = bytes;
    while (size > 0) {
        ssize_t written = write(file->descriptor, at, size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        at += written;
        size -= (size_t)written;
    }
    return true;
}

ouro_snapshot_sink ouro__file_sink(struct ouro__file *file)
{
    return (ouro_snapshot_sink){file, write_all};
}

/* The name is on the disk as well.  File systems that cannot do that keep their order by themselves. */
static void sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    if (length == 0)
        snprintf(folder, sizeof folder, ".");
    else
        snprintf(folder, sizeof folder, "%.*s", (int)length, path);
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return;
    (void)fsync(descriptor);
    close(descriptor);
}

ouro_status ouro__file_end(struct ouro__file *file, bool keep, ouro_error *error)
{
    int failed = 0;
    if (keep && !file->is_direct && fsync(file->descriptor) != 0) failed = errno;
    if (close(file->descriptor) != 0 && failed == 0) failed = errno;
    if (file->is_direct)
        return failed == 0 || !keep
                   ? OURO_OK
                   : ouro__fail_system(error, failed, "%s cannot be written", file->path);
    if (keep && failed == 0 && rename(file->beside, file->path) != 0) failed = errno;
    if (!keep || failed != 0) {
        unlink(file->beside);
        if (!keep) return OURO_OK;
        return ouro__fail_system(error, failed, "%s cannot be written", file->path);
    }
    sync_folder(file->path);
    return OURO_OK;
}
