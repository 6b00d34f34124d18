/* SPDX-License-Identifier: MIT */
/*
 * out_file.c -- a file that appears whole or not at all
 */
#include "out_file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_special(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && !S_ISREG(about.st_mode);
}

/* A file beside the path, with the permissions that one would have.  NULL with errno. */
static FILE *open_beside(const char *path, char **out_path)
{
    if (asprintf(out_path, "%s.XXXXXX", path) < 0) {
        *out_path = NULL;
        errno = ENOMEM;
        return NULL;
    }
    int descriptor = mkstemp(*out_path);
    if (descriptor < 0) return NULL;
    mode_t mask = umask(0);
    umask(mask);
    FILE *file = NULL;
    if (fchmod(descriptor, 0666 & ~mask) == 0) file = fdopen(descriptor, "w");
    if (file != NULL) return file;
    int error = errno;
    close(descriptor);
    unlink(*out_path);
    errno = error;
    return NULL;
}

bool out_file_open(out_file *out, const char *path)
{
    *out = (out_file){.path = path};
    out->file = is_special(path) ? fopen(path, "w") : open_beside(path, &out->beside);
    if (out->file != NULL) return true;
    int error = errno;
    free(out->beside);
    errno = error;
    return false;
}

bool out_file_close(out_file *out, bool keep)
{
    errno = 0;
    bool written = fflush(out->file) == 0 && !ferror(out->file);
    int error = written ? 0 : errno != 0 ? errno : EIO;
    if (fclose(out->file) != 0 && error == 0) error = errno;
    if (keep && error == 0 && out->beside != NULL && rename(out->beside, out->path) != 0)
        error = errno;
    if ((!keep || error != 0) && out->beside != NULL) unlink(out->beside);
    free(out->beside);
    errno = error;
    return !keep || error == 0;
}
