/* SPDX-License-Identifier: MIT */
/*
 * demo.h -- what the four questions of `ouro demo` share
 *
 * Each question does what it talks about in a heap of its own, prints what
 * happened as it happens, and adds the same figures to the JSON answer.  What
 * it promises it also checks: demo_expect.
 */
#ifndef OURO_DEMO_H
#define OURO_DEMO_H

#include "control.h"
#include "packages.h"
#include "terminal.h"

#include <json-c/json.h>
#include <ouro/ouro.h>

typedef struct demo {
    terminal_output terminal;
    json_object *answer;  /* what --json prints */
    const char *snapshot; /* where the heap of packages is to be saved, or NULL */
    bool failed;          /* something did not happen as promised, or a heap gave no memory */
} demo;

/* The package database, read before anything is shown, so that bad input is
 * reported at once.  demo_cycles drops and closes it. */
typedef struct demo_packages {
    ouro_heap *heap;
    package_database *database; /* owned */
    package_figures figures;
    const char *source_name;
    bool is_fallback; /* the machine has none */
    double load_seconds;
} demo_packages;

void demo_automatic(demo *shown);
void demo_counting(demo *shown);
void demo_pools(demo *shown);
void demo_cycles(demo *shown, demo_packages *packages);

/* A heap, or NULL after a complaint. */
OURO_OWNED ouro_heap *demo_heap_new(demo *shown, const char *name);
/* Closes a heap in which nothing must be left. */
void demo_heap_close(demo *shown, ouro_heap *heap);
/* Complains of what did not happen; the command will fail. */
void demo_expect(demo *shown, bool happened, const char *what);
/* Complains that a heap refused, with its reason. */
void demo_refused(demo *shown, const ouro_heap *heap);

/* Live objects, and bytes in use by objects and raw memory. */
ouro_heap_stats demo_stats(const ouro_heap *heap);
size_t demo_live_bytes(const ouro_heap_stats *stats);
/* Collections that a heap has run. */
size_t demo_collections(const ouro_heap *heap);

/* A section of the answer; and figures in one.  NULL is skipped, so that a
 * failed allocation of json-c leaves a gap and nothing worse. */
json_object *demo_section(json_object *parent, const char *key);
json_object *demo_list(json_object *parent, const char *key);
json_object *demo_list_section(json_object *list);
void demo_integer(json_object *section, const char *key, size_t value);
void demo_real(json_object *section, const char *key, double value);
void demo_boolean(json_object *section, const char *key, bool value);
void demo_string(json_object *section, const char *key, const char *value);

#endif
