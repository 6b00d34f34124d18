/* SPDX-License-Identifier: MIT */
/*
 * reach.c -- writes down which functions of the library a program enters
 *
 * Linked with a library that is compiled with -finstrument-functions.  Each byte of the file that OURO_REACHED names
 * stands for one of the library; that of the first byte of a function becomes 1 when it is entered.  The file is
 * shared with children, and what is in it stays there when a program is killed.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define QUIETLY __attribute__((no_instrument_function))

extern const char __ehdr_start[]
    __attribute__((visibility("hidden"))); /* where the library begins */

static volatile char *reached;
static size_t reached_size;

QUIETLY __attribute__((constructor(101))) static void reach_begin(void)
{
    const char *path = getenv("OURO_REACHED");
    int file = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) abort();
    void *map = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (map == MAP_FAILED) abort();
    reached_size = (size_t)status.st_size;
    reached = map;
    (void)close(file);
}

QUIETLY void __cyg_profile_func_enter(void *function, void *site);
QUIETLY void __cyg_profile_func_exit(void *function, void *site);

void __cyg_profile_func_enter(void *function, void *site)
{
    (void)site;
    size_t offset = (size_t)((const char *)function - __ehdr_start);
    if (reached != NULL && offset < reached_size && reached[offset] == 0) reached[offset] = 1;
}

void __cyg_profile_func_exit(void *function, void *site)
{
    (void)function, (void)site;
}
