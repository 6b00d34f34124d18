/* SPDX-License-Identifier: MIT */
/*
 * os_file.h -- files, as the system gives them                         [floor 0]
 *
 * A file is a number from 0 on; -1 is none, and errno says why.  Nothing here is inherited by a program that is
 * started (close on exec).
 */
#ifndef OURO_BASE_OS_FILE_H
#define OURO_BASE_OS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Opens for writing at the end; made if it is not there. */
int ouro__os_open_append(const char *path);

/* Makes a file that nobody else may read, and opens it for reading and writing; errno is EEXIST where one is
 * there. */
int ouro__os_create(const char *path);

/* Opens one that is there, and no symbolic link, for reading. */
int ouro__os_open(const char *path);

/* Makes a folder, if it is not there. */
bool ouro__os_make_folder(const char *path);

/* All bytes, or false. */
bool ouro__os_write(int file, const void *bytes, size_t size);
bool ouro__os_write_at(int file, const void *bytes, size_t size, uint64_t offset);
bool ouro__os_read_at(int file, void *bytes, size_t size, uint64_t offset);

void ouro__os_close(int file);
void ouro__os_remove(const char *path);

/* Holds an open file until it is closed, by this process and by children that have inherited it, or they have ended, however
 * they end.  Where the file system knows no locks, nobody holds anything. */
void ouro__os_hold(int file);

/* Whether the file is held through another opening of it. */
bool ouro__os_is_held(int file);

/* Whether the path leads to this open file still. */
bool ouro__os_is_at(int file, const char *path);

#endif
