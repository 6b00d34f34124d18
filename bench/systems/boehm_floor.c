/* SPDX-License-Identifier: MIT */
/*
 * boehm_floor.c -- system boehm, workload floor: the collector started, and one object
 */
#include <gc/gc.h>

static void *floor_object(void)
{
    GC_INIT();
    return GC_MALLOC(2 * sizeof(void *));
}

#include "../workloads/floor.h"

int main(int argc, char **argv)
{
    static const bench_workload workloads[] = {{"floor", floor_run}, {NULL, NULL}};
    return bench_main(argc, argv, workloads, "");
}
