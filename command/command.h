/* SPDX-License-Identifier: MIT */
/*
 * command.h -- what all subcommands of `ouro` share
 *
 * A subcommand is a function that gets its own arguments (argv[0] is its name)
 * and returns the exit status of the process.  main.c has the table.
 */
#ifndef OURO_COMMAND_H
#define OURO_COMMAND_H

enum {
    COMMAND_OK = 0,
    COMMAND_FAILED = 1,    /* the machine said no, or something did not happen as promised */
    COMMAND_BAD_INPUT = 2, /* wrong arguments, or a file that cannot be read for what it is */
};

/* Prints "ouro: " and the sentence on stderr, as one line. */
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);

/* Ends the output: COMMAND_OK, or COMMAND_FAILED and a complaint when what was
 * printed did not all get through (a full disk). */
int finish_output(void);

int demo_command(int argc, char **argv);
int report_command(int argc, char **argv);
int top_command(int argc, char **argv);
int trace_command(int argc, char **argv);
int snapshot_command(int argc, char **argv);

#endif
