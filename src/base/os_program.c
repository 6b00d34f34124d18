/* SPDX-License-Identifier: MIT */
/*
 * os_program.c -- the program that runs, on Linux and its kin          [floor 0]
 */
#include "base/os_program.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#if __has_include(<execinfo.h>)
#include <execinfo.h>
#endif

/* ---- its process and names ---- */

uint32_t ouro__os_process(void)
{
    return (uint32_t)getpid();
}

void ouro__os_program_name(char *out_name, size_t size)
{
    snprintf(out_name, size, "%s", program_invocation_short_name);
}

void ouro__os_program_path(char *out_path, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", out_path, size - 1);
    out_path[length > 0 ? length : 0] = '\0';
}

/* ---- its code ---- */

bool ouro__os_stack(uintptr_t *out_low, uintptr_t *out_high)
{
    pthread_attr_t attributes;
    void *start = NULL;
    size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return false;
    bool known = pthread_attr_getstack(&attributes, &start, &size) == 0;
    (void)pthread_attr_destroy(&attributes);
    *out_low = (uintptr_t)start;
    *out_high = (uintptr_t)start + size;
    return known;
}

#if __has_include(<execinfo.h>)
int ouro__os_backtrace(void **out_pcs, int capacity)
{
    return backtrace(out_pcs, capacity);
}
#else
int ouro__os_backtrace(void **out_pcs, int capacity)
{
    (void)out_pcs;
    (void)capacity;
    return 0;
}
#endif

struct sought_module {
    uintptr_t pc;
    struct ouro__os_module found;
};

static int look_into_module(struct dl_phdr_info *info, size_t size, void *context)
{
    struct sought_module *sought = context;
    (void)size;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t start = (uintptr_t)info->dlpi_addr + (uintptr_t)segment->p_vaddr;
        if (segment->p_type != PT_LOAD || sought->pc - start >= segment->p_memsz) continue;
        sought->found.path = info->dlpi_name;
        sought->found.offset = sought->pc - (uintptr_t)info->dlpi_addr;
        return 1;
    }
    return 0;
}

struct ouro__os_module ouro__os_module_of(uintptr_t pc)
{
    struct sought_module sought = {.pc = pc};
    Dl_info info = {0};
    (void)dl_iterate_phdr(look_into_module, &sought);
    if (dladdr((void *)pc, &info) != 0) sought.found.function = info.dli_sname;
    return sought.found;
}
