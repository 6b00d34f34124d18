/* SPDX-License-Identifier: MIT */
/*
 * snapshot.c -- `ouro snapshot`: finds the subcommand and runs it
 */
#include "snapshot.h"

#include "command.h"
#include "export/export.h"

#include <stdio.h>
#include <string.h>

typedef struct subcommand {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv);
} subcommand;

static const subcommand subcommands[] = {
    {"info", "what is in a file, and how much", snapshot_info_command},
    {"census", "objects and bytes by type", snapshot_census_command},
    {"sites", "where in the program what lives was allocated", snapshot_sites_command},
    {"dominators", "what each object alone keeps alive", snapshot_dominators_command},
    {"paths", "why an object is alive", snapshot_paths_command},
    {"cycles", "objects that hold each other", snapshot_cycles_command},
    {"diff", "what grew between two files", snapshot_diff_command},
    {"export", "the same for other tools: DevTools, pprof, DHAT, Graphviz, CSV",
     snapshot_export_command},
};

enum { SUBCOMMANDS = sizeof(subcommands) / sizeof(subcommands[0]) };

static void print_help(FILE *file)
{
    fputs("Usage: ouro snapshot COMMAND [OPTION]... FILE...\n"
          "\n"
          "Answers questions about a heap as it was at one moment.\n"
          "\n"
          "Commands:\n",
          file);
    for (size_t i = 0; i < SUBCOMMANDS; i++)
        fprintf(file, "  %-10s  %s\n", subcommands[i].name, subcommands[i].summary);
    fputs("\n"
          "To find a leak: take a snapshot, let the program do what leaks, take another;\n"
          "`diff` names what grew, where it is kept and, of a traced heap, where it was\n"
          "allocated; `paths` says why one of them is alive, `dominators` what it costs,\n"
          "`cycles` what only the collector can free.\n"
          "\n"
          "Options:\n"
          "  --help  print this and exit; `ouro snapshot COMMAND --help` tells about one\n"
          "\n"
          "Exit status: 0 all went well, 1 something failed, 2 wrong arguments or input.\n",
          file);
}

int snapshot_command(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return COMMAND_BAD_INPUT;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_help(stdout);
        return finish_output();
    }
    for (size_t i = 0; i < SUBCOMMANDS; i++)
        if (strcmp(name, subcommands[i].name) == 0) return subcommands[i].run(argc - 1, argv + 1);
    complain("snapshot: there is no %s '%s'; `ouro snapshot --help` lists them",
             name[0] == '-' ? "option" : "command", name);
    return COMMAND_BAD_INPUT;
}
