/* SPDX-License-Identifier: MIT */
/*
 * memory.h -- how much memory this process holds
 *
 * Read from /proc, outside of anything that is timed.  smaps_rollup comes
 * first because it counts the page tables; statm adds up per-thread counters
 * that may lag by hundreds of kilobytes, more than a small heap's whole cost.
 */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The kilobytes that stand behind `key` in a file of /proc, or -1.  Allocates nothing. */
static inline long proc_kilobytes(const char *path, const char *key)
{
    char text[8192];
    int file = open(path, O_RDONLY);
    if (file < 0) return -1;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0) return -1;
    text[length] = '\0';
    const char *found = strstr(text, key);
    return found ? strtol(found + strlen(key), NULL, 10) : -1;
}

static inline double statm_resident_bytes(void)
{
    char text[256];
    long total = 0, resident = 0;
    int file = open("/proc/self/statm", O_RDONLY);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0) close(file);
    if (length <= 0) return 0;
    text[length] = '\0';
    if (sscanf(text, "%ld %ld", &total, &resident) != 2) return 0;
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

/* Resident bytes of anonymous memory now: what the system under test holds, without the pages of
 * program text that its work happens to touch for the first time. */
static inline double resident_bytes(void)
{
    long kilobytes = proc_kilobytes("/proc/self/smaps_rollup", "\nAnonymous:");
    return kilobytes >= 0 ? (double)kilobytes * 1024 : statm_resident_bytes();
}

/* The most resident bytes that this program has had (not what its parent had before it), or
 * since peak_forget. */
static inline double peak_bytes(void)
{
    return (double)proc_kilobytes("/proc/self/status", "VmHWM:") * 1024;
}

/* Resident bytes by the same counter as the peak; a few microseconds, however large the process. */
static inline double resident_bytes_now(void)
{
    return (double)proc_kilobytes("/proc/self/status", "VmRSS:") * 1024;
}

/* Lets the peak begin again at what is resident now.  Where the kernel does not, as in some
 * containers, figures of extra memory are too high for programs that shrank before. */
static inline void peak_forget(void)
{
    int file = open("/proc/self/clear_refs", O_WRONLY);
    if (file < 0) return;
    if (write(file, "5", 1) != 1) perror("bench: clear_refs");
    close(file);
}

/*
 * An array of the bench itself, resident at once and outside of the heap
 * under test, so that neither times nor sizes include it.  Large pages, where
 * the system has them, keep its own misses out of random orders.
 */
static inline void *bench_array(size_t count, size_t size)
{
    void *array =
        mmap(NULL, count * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (array == MAP_FAILED) {
        perror("bench: mmap");
        exit(1);
    }
    madvise(array, count * size, MADV_HUGEPAGE);
    return memset(array, 0, count * size);
}

static inline void bench_array_free(void *array, size_t count, size_t size)
{
    munmap(array, count * size);
}

#endif
