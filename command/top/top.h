/* SPDX-License-Identifier: MIT */
/*
 * top.h -- a heap of a program that runs, seen from outside
 *
 *     find.c     which files are published, and by whom
 *     read.c     one of them, believed only where it keeps its own rules
 *     show.c     for people; json.c for programs
 *     top.c      again and again, until somebody has seen enough
 */
#ifndef OURO_COMMAND_TOP_H
#define OURO_COMMAND_TOP_H

#include <ouro/published.h>

#include <stdio.h>

/* ---- find.c ---- */

enum { TOP_FILES = 64 };

typedef struct top_file {
    uint32_t process;
    char path[4096];
} top_file;

typedef struct top_files {
    top_file *files;
    size_t count;
} top_files;

/* The files that a process has published, or all processes for 0, as far as this user may see.  False: no memory, and
 * that was told. */
bool top_find(uint32_t process, top_files *out_files);

/* ---- read.c ---- */

typedef enum top_outcome {
    TOP_READ,
    TOP_UNFINISHED,    /* its checksum is wrong, again and again */
    TOP_NOT_PUBLISHED, /* it is something else, or cut off, as the byte at view->differs says */
    TOP_OTHER_VERSION,
    TOP_REFUSED, /* errno says why */
} top_outcome;

/* Whoever has published it. */
typedef enum top_life {
    TOP_ALIVE,
    TOP_CLOSED, /* the heap was closed, or does not publish any more */
    TOP_DEAD,   /* the process has ended without closing it */
} top_life;

typedef struct top_view {
    int file;
    bool may_ask; /* the file may be written, so a census may be asked for */
    ouro_published now, before;
    bool has_before;
    uint32_t asked;
    size_t differs; /* where the last file was none, or ended */
} top_view;

/* Opens a published file; -1 in view->file and errno where that fails. */
bool top_open(top_view *view, const char *path);
void top_close(top_view *view);

/* Reads it, into the view alone.  What is read has ended strings of printable ASCII, and numbers that choose something
 * within their bounds; all others are what the file says.  What is not read changes nothing. */
top_outcome top_read(top_view *view);

top_life top_life_of(const top_view *view);

/* Asks the program for a census. */
void top_ask(top_view *view);

/* A sentence for an outcome other than TOP_READ. */
void top_complain(const top_view *view, top_outcome outcome, const char *path);

/* Per second, of what only grows: between the last two readings, or since the heap was made where there is one. */
double top_rate(const top_view *view, uint64_t now, uint64_t before);

/* ---- show.c, json.c ---- */

void top_show(const top_view *view, FILE *file);
int top_print_json(const top_view *view);

#endif
