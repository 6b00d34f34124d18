/* SPDX-License-Identifier: MIT */
/*
 * snapshot.h -- what the subcommands of `ouro snapshot` share
 *
 * Each is a function that gets its own arguments (argv[0] is its name) and returns the exit status; snapshot.c has the
 * table.  call.c reads the options, which mean the same everywhere, and opens files.
 */
#ifndef OURO_SNAPSHOT_COMMAND_H
#define OURO_SNAPSHOT_COMMAND_H

#include "terminal.h"
#include "text.h"

#include <ouro/snapshot.h>

/* Options beside --help and --json that a subcommand takes. */
enum {
    TAKES_TOP = 1,
    TAKES_TYPE = 2,
    TAKES_OBJECT = 4,
    TAKES_BY = 8,
    TAKES_RETAINED = 16,
    TAKES_DEPTH = 32,
};

typedef struct snapshot_usage {
    const char *name;
    const char *help;
    unsigned takes;
    int files;
    size_t top; /* rows unless --top says otherwise */
} snapshot_usage;

/* One call of a subcommand: what the user said. */
typedef struct snapshot_call {
    const snapshot_usage *usage;
    terminal_output terminal; /* quiet with --json */
    bool json, retained, has_address;
    size_t top;   /* SIZE_MAX: all */
    size_t depth; /* 0: not said */
    const char *type, *by;
    uint64_t address;
    const char *files[2];
} snapshot_call;

/* False when there is nothing more to do: help was printed, or the arguments are wrong. */
bool snapshot_call_read(snapshot_call *call, const snapshot_usage *usage, int argc, char **argv,
                        int *out_status);

/* Opens a file, with progress.  NULL after a complaint. */
OURO_OWNED ouro_snapshot *snapshot_call_open(snapshot_call *call, const char *path,
                                             int *out_status);

/*
 * A whole subcommand of one file: reads the call, opens the file, tells.  `admit`, when not NULL, is asked before the
 * file is opened whether what the user said makes sense together; it has complained when it says no.
 */
int snapshot_call_run(const snapshot_usage *usage, int argc, char **argv,
                      bool (*admit)(const snapshot_call *call),
                      int (*tell)(snapshot_call *call, const ouro_snapshot *snapshot));

/* The object of --object, the type of --type.  False after a complaint. */
bool snapshot_call_object(const snapshot_call *call, const ouro_snapshot *snapshot,
                          uint32_t *out_object, int *out_status);
bool snapshot_call_type(const snapshot_call *call, const ouro_snapshot *snapshot,
                        uint32_t *out_type, int *out_status);

/* Complains that there is no memory for what was asked; COMMAND_FAILED. */
int snapshot_refused(const char *what);

/* `part` of `whole`, from 0 to 1. */
double share_of(uint64_t part, uint64_t whole);

/* Texts of one line that live until the next call with the same text. */
const char *object_words(text *line, const ouro_snapshot *snapshot, uint32_t object);
const char *type_words(text *line, const ouro_snapshot *snapshot, uint32_t type);

int snapshot_info_command(int argc, char **argv);
int snapshot_census_command(int argc, char **argv);
int snapshot_sites_command(int argc, char **argv);
int snapshot_dominators_command(int argc, char **argv);
int snapshot_paths_command(int argc, char **argv);
int snapshot_cycles_command(int argc, char **argv);
int snapshot_diff_command(int argc, char **argv);

#endif
