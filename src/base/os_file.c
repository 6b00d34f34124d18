/* SPDX-License-Identifier: MIT */
/*
 * os_file.c -- files, on Linux and its kin                             [floor 0]
 */
#include "base/os_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int ouro__os_open_append(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

int ouro__os_create(const char *path)
{
    return open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

int ouro__os_open(const char *path)
{
    return open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

bool ouro__os_make_folder(const char *path)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

bool ouro__os_write(int file, const void *bytes, size_t size)
{
    for (const char *from = bytes; size > 0;) {
        ssize_t written = write(file, from, size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        from += written;
        size -= (size_t)written;
    }
    return true;
}

bool ouro__os_write_at(int file, const void *bytes, size_t size, uint64_t offset)
{
    for (const char *from = bytes; size > 0;) {
        ssize_t written = pwrite(file, from, size, (off_t)offset);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        from += written;
        offset += (uint64_t)written;
        size -= (size_t)written;
    }
    return true;
}

bool ouro__os_read_at(int file, void *bytes, size_t size, uint64_t offset)
{
    for (char *to = bytes; size > 0;) {
        ssize_t got = pread(file, to, size, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        to += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return true;
}

void ouro__os_close(int file)
{
    (void)close(file);
}

void ouro__os_hold(int file)
{
    (void)flock(file, LOCK_EX | LOCK_NB);
}

/* The lock that tries goes with the file, which the caller closes. */
bool ouro__os_is_held(int file)
{
    return flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

bool ouro__os_is_at(int file, const char *path)
{
    struct stat opened, there;
    return fstat(file, &opened) == 0 && lstat(path, &there) == 0 && opened.st_dev == there.st_dev &&
           opened.st_ino == there.st_ino;
}

void ouro__os_remove(const char *path)
{
    (void)unlink(path);
}
