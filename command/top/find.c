/* SPDX-License-Identifier: MIT */
/*
 * find.c -- which files programs have published
 *
 * A program keeps its published file open, so the files are found among those that processes have open: whatever
 * folder they lie in, and none that a program has left behind.
 */
#include "top/top.h"

#include "command.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_published(const char *path)
{
    size_t length = strlen(path);
    return length > 5 && path[0] == '/' && strcmp(path + length - 5, ".ouro") == 0;
}

/* The same file may be open twice. */
static void add(top_files *found, uint32_t process, const char *path)
{
    for (size_t i = 0; i < found->count; i++)
        if (found->files[i].process == process && strcmp(found->files[i].path, path) == 0) return;
    if (found->count == TOP_FILES) return;
    top_file *file = &found->files[found->count++];
    file->process = process;
    snprintf(file->path, sizeof file->path, "%s", path);
}

static void look_at(top_files *found, uint32_t process)
{
    char folder[64], path[sizeof found->files->path];
    snprintf(folder, sizeof folder, "/proc/%u/fd", process);
    DIR *open_files = opendir(folder);
    if (open_files == NULL) return; /* gone, or not ours to look at */
    for (struct dirent *entry; (entry = readdir(open_files)) != NULL;) {
        char link[sizeof folder + sizeof entry->d_name];
        snprintf(link, sizeof link, "%s/%s", folder, entry->d_name);
        ssize_t length = readlink(link, path, sizeof path - 1);
        if (length <= 0) continue;
        path[length] = '\0';
        if (is_published(path)) add(found, process, path);
    }
    closedir(open_files);
}

bool top_find(uint32_t process, top_files *out_files)
{
    out_files->count = 0;
    out_files->files = calloc(TOP_FILES, sizeof *out_files->files);
    if (out_files->files == NULL) {
        complain("no memory for a list of published heaps");
        return false;
    }
    if (process != 0) {
        look_at(out_files, process);
        return true;
    }
    DIR *processes = opendir("/proc");
    if (processes == NULL) return true;
    for (struct dirent *entry; (entry = readdir(processes)) != NULL;) {
        unsigned long number = strtoul(entry->d_name, NULL, 10);
        if (number > 0 && number <= UINT32_MAX && number != (unsigned long)getpid())
            look_at(out_files, (uint32_t)number);
    }
    closedir(processes);
    return true;
}
