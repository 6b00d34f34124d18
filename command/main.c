/* SPDX-License-Identifier: MIT */
/*
 * main.c -- the `ouro` command: finds the subcommand and runs it
 */
#include "command.h"

#include <ouro/ouro.h>

#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct subcommand {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv);
} subcommand;

static const subcommand subcommands[] = {
    {"demo", "four questions about Python's memory, answered by doing it", demo_command},
    {"report", "a page that shows a snapshot in a browser", report_command},
    {"snapshot", "questions about a heap as it was: census, paths, cycles, growth",
     snapshot_command},
    {"top", "a heap of a program that runs, while it runs", top_command},
    {"trace", "what collections did, as a trace that Perfetto opens", trace_command},
};

enum { SUBCOMMANDS = sizeof(subcommands) / sizeof(subcommands[0]) };

void complain(const char *format, ...)
{
    va_list arguments;
    fflush(stdout); /* so that a terminal shows both in the order they were written */
    fputs("ouro: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

int finish_output(void)
{
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        complain("the output is incomplete: %s", strerror(errno != 0 ? errno : EIO));
        return COMMAND_FAILED;
    }
    return COMMAND_OK;
}

static void print_help(FILE *file)
{
    fputs("Usage: ouro COMMAND [ARGUMENT]...\n"
          "\n"
          "Python's memory management for C programs, shown and inspected.\n"
          "\n"
          "Commands:\n",
          file);
    for (size_t i = 0; i < SUBCOMMANDS; i++)
        fprintf(file, "  %-10s %s\n", subcommands[i].name, subcommands[i].summary);
    fputs("\n"
          "Options:\n"
          "  --help     print this and exit; `ouro COMMAND --help` tells about one command\n"
          "  --version  print the version and exit\n"
          "\n"
          "Exit status: 0 all went well, 1 something failed, 2 wrong arguments or input.\n",
          file);
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, ""); /* terminal.c asks which characters may be printed */
    if (argc < 2) {
        print_help(stderr);
        return COMMAND_BAD_INPUT;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_help(stdout);
        return finish_output();
    }
    if (strcmp(name, "--version") == 0) {
        printf("ouro %s\n", ouro_version());
        return finish_output();
    }
    for (size_t i = 0; i < SUBCOMMANDS; i++)
        if (strcmp(name, subcommands[i].name) == 0) return subcommands[i].run(argc - 1, argv + 1);
    complain("there is no %s '%s'; `ouro --help` lists them", name[0] == '-' ? "option" : "command",
             name);
    return COMMAND_BAD_INPUT;
}
