/* SPDX-License-Identifier: MIT */
/*
 * export.c -- `ouro snapshot export`: which format, to where
 *
 * The output appears whole or not at all (out_file.h).
 */
#include "export.h"

#include "answer.h"
#include "command.h"
#include "out_file.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct export_format {
    const char *name, *summary;
    bool (*write)(const export_request *request);
} export_format;

static const export_format formats[] = {
    {"devtools", "Chrome DevTools, Memory panel: a .heapsnapshot", export_devtools},
    {"pprof", "go tool pprof and others: a gzip'd profile", export_pprof},
    {"dhat", "Valgrind's dh_view.html", export_dhat},
    {"graphviz", "dot: an object's neighbourhood, or the largest things", export_graphviz},
    {"csv", "tables: objects, edges or types", export_csv},
};
enum { FORMATS = sizeof formats / sizeof formats[0] };

/* What the arguments say. */
typedef struct export_arguments {
    const char *file, *out, *object;
    const export_format *format;
    export_request request;
    bool help; /* that was asked for */
    bool json;
} export_arguments;

static const char *const see_help = "; `ouro snapshot export --help` tells what there is";

static void print_help(void)
{
    fputs("Usage: ouro snapshot export FILE --to FORMAT -o OUT [OPTION]...\n"
          "\n"
          "Writes a snapshot in a form that another tool reads.\n"
          "\n"
          "Formats:\n",
          stdout);
    for (size_t i = 0; i < FORMATS; i++)
        printf("  %-10s %s\n", formats[i].name, formats[i].summary);
    fputs("\n"
          "Options:\n"
          "  --to FORMAT       one of these\n"
          "  -o, --output OUT  where to; '-' is the standard output\n"
          "  --by sites|types  pprof, dhat: where objects were allocated, or their types\n"
          "                    below what keeps them alive; sites where the snapshot has\n"
          "                    any, unless told\n"
          "  --object ADDRESS  graphviz: whose neighbourhood; without it the largest things\n"
          "  --depth N         graphviz: steps from the object (2)\n"
          "  --limit N         graphviz: objects at most (60)\n"
          "  --rows TABLE      csv: objects (the default), edges or types\n"
          "  --json            when it is written, tell what it is as one JSON object\n"
          "  --help            print this and exit\n"
          "\n"
          "Exit status: 0 all went well, 1 something failed, 2 wrong arguments or input.\n",
          stdout);
}

/* ---- arguments ---- */

static bool read_number(const char *text, uint32_t *out_number)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || number > UINT32_MAX)
        return false;
    *out_number = (uint32_t)number;
    return true;
}

/* The place of a word among some, or -1. */
static int choice(const char *word, const char *const *words, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(word, words[i]) == 0) return i;
    return -1;
}

static bool read_format(const char *name, const export_format **out_format)
{
    *out_format = NULL;
    for (size_t i = 0; i < FORMATS; i++)
        if (strcmp(name, formats[i].name) == 0) *out_format = &formats[i];
    return *out_format != NULL;
}

enum {
    OPTION_HELP = 'h',
    OPTION_OUT = 'o',
    OPTION_TO = 256,
    OPTION_BY,
    OPTION_OBJECT,
    OPTION_DEPTH,
    OPTION_LIMIT,
    OPTION_ROWS,
    OPTION_JSON
};
static const struct option options[] = {
    {"help", no_argument, NULL, OPTION_HELP},
    {"output", required_argument, NULL, OPTION_OUT},
    {"to", required_argument, NULL, OPTION_TO},
    {"by", required_argument, NULL, OPTION_BY},
    {"object", required_argument, NULL, OPTION_OBJECT},
    {"depth", required_argument, NULL, OPTION_DEPTH},
    {"limit", required_argument, NULL, OPTION_LIMIT},
    {"rows", required_argument, NULL, OPTION_ROWS},
    {"json", no_argument, NULL, OPTION_JSON},
    {NULL, 0, NULL, 0},
};

/* What an option takes, in words. */
static const char *takes(int option)
{
    switch (option) {
    case OPTION_TO: return "--to takes devtools, pprof, dhat, graphviz or csv";
    case OPTION_BY: return "--by takes sites or types";
    case OPTION_ROWS: return "--rows takes objects, edges or types";
    case OPTION_DEPTH: return "--depth takes a number";
    default: return "--limit takes a number from 1";
    }
}

/* The value of an option; false when it cannot be that. */
static bool read_option(export_arguments *arguments, int option, const char *value)
{
    static const char *const profiles[] = {"sites", "types"};
    static const char *const tables[] = {"objects", "edges", "types"};
    export_request *request = &arguments->request;
    int chosen = 0;
    switch (option) {
    case OPTION_HELP: arguments->help = true; return true;
    case OPTION_JSON: arguments->json = true; return true;
    case OPTION_OUT: arguments->out = value; return true;
    case OPTION_OBJECT: arguments->object = value; return true;
    case OPTION_TO: return read_format(value, &arguments->format);
    case OPTION_BY:
        chosen = choice(value, profiles, 2);
        request->profile = chosen == 0 ? EXPORT_BY_SITES : EXPORT_BY_TYPES;
        return chosen >= 0;
    case OPTION_ROWS:
        chosen = choice(value, tables, 3);
        request->rows = chosen >= 0 ? (export_rows)chosen : EXPORT_OBJECTS;
        return chosen >= 0;
    case OPTION_DEPTH: return read_number(value, &request->depth);
    default: return read_number(value, &request->limit) && request->limit > 0;
    }
}

static bool read_file_name(int argc, char **argv, export_arguments *arguments)
{
    arguments->file = optind < argc ? argv[optind] : NULL;
    const char *missing = arguments->file == NULL     ? "a snapshot's FILE"
                          : arguments->format == NULL ? "--to FORMAT"
                          : arguments->out == NULL    ? "-o OUT"
                                                      : NULL;
    if (missing != NULL)
        complain("snapshot export: %s is missing%s", missing, see_help);
    else if (optind + 1 < argc)
        complain("snapshot export: that is one file too many: '%s'%s", argv[optind + 1], see_help);
    else if (arguments->json && strcmp(arguments->out, "-") == 0)
        complain("snapshot export: the export itself is on the standard output; with --json "
                 "give -o a file%s",
                 see_help);
    else
        return true;
    return false;
}

static bool read_arguments(int argc, char **argv, export_arguments *arguments)
{
    int option;
    opterr = 0; /* we complain ourselves, in our own words */
    optind = 1;
    while ((option = getopt_long(argc, argv, ":ho:", options, NULL)) != -1) {
        if (option == ':')
            complain("snapshot export: something is missing behind '%s'%s", argv[optind - 1],
                     see_help);
        else if (option == '?')
            complain("snapshot export: there is no option '%s'%s", argv[optind - 1], see_help);
        else if (!read_option(arguments, option, optarg))
            complain("snapshot export: %s, not '%s'%s", takes(option), optarg, see_help);
        else
            continue;
        return false;
    }
    return arguments->help || read_file_name(argc, argv, arguments);
}

/* ---- work ---- */

static bool on_progress(void *context, uint64_t done, uint64_t total)
{
    terminal_progress(context, done, total);
    return true;
}

static ouro_snapshot *open_snapshot(const char *path, terminal_output *terminal, int *out_status)
{
    const ouro_snapshot_progress progress = {terminal, on_progress};
    ouro_error error;
    terminal_progress_begin(terminal, "reading");
    ouro_snapshot *snapshot = ouro_snapshot_open(path, &progress, &error);
    terminal_progress_end(terminal);
    *out_status = COMMAND_OK;
    if (snapshot != NULL) return snapshot;
    complain("%s", error.message); /* begins with the path */
    *out_status = error.status == OURO_NO_MEMORY ? COMMAND_FAILED : COMMAND_BAD_INPUT;
    return NULL;
}

static bool find_object(export_arguments *arguments)
{
    char *end;
    arguments->request.object = OURO_GRAPH_NONE;
    if (arguments->object == NULL) return true;
    errno = 0;
    unsigned long long address = strtoull(arguments->object, &end, 16);
    if (errno == 0 && *end == '\0')
        arguments->request.object = ouro_snapshot_find(arguments->request.snapshot, address);
    if (arguments->request.object != OURO_GRAPH_NONE) return true;
    complain("%s has no object at the address '%s'; `--to csv` lists them", arguments->file,
             arguments->object);
    return false;
}

/* Writes to an open file, and tells how much. */
static int write_to(const export_arguments *arguments, FILE *file, const char *name,
                    uint64_t *out_bytes)
{
    sink *out = malloc(sizeof *out);
    export_request request = arguments->request;
    bool had_memory = false;
    if (out != NULL) {
        sink_open(out, file);
        request.out = out;
        if (file != stdout)
            terminal_progress_stage(request.terminal, "writing");
        else
            terminal_progress_begin(request.terminal, "writing"); /* the terminal may be that */
        had_memory = arguments->format->write(&request);
        terminal_progress_end(request.terminal);
    }
    int status = COMMAND_FAILED;
    if (!had_memory)
        complain("there is not enough memory to export %s", arguments->file);
    else if (!sink_finish(out))
        complain("%s: the output is incomplete: %s", name, strerror(out->error));
    else
        status = COMMAND_OK;
    *out_bytes = out != NULL ? out->written : 0;
    free(out);
    return status;
}

static int write_file(const export_arguments *arguments, uint64_t *out_bytes)
{
    out_file out;
    if (!out_file_open(&out, arguments->out)) {
        complain("%s cannot be written: %s", arguments->out, strerror(errno));
        return COMMAND_FAILED;
    }
    int status = write_to(arguments, out.file, arguments->out, out_bytes);
    if (out_file_close(&out, status == COMMAND_OK)) return status;
    complain("%s cannot be written: %s", arguments->out, strerror(errno));
    return COMMAND_FAILED;
}

static int print_json(const export_arguments *arguments, uint64_t bytes)
{
    answer told;
    answer_begin(&told);
    answer_string(&told, told.root, "output", arguments->out);
    answer_string(&told, told.root, "format", arguments->format->name);
    answer_integer(&told, told.root, "bytes", bytes);
    answer_integer(&told, told.root, "objects", arguments->request.snapshot->object_count);
    return answer_print(&told);
}

int snapshot_export_command(int argc, char **argv)
{
    export_arguments arguments = {.request = {.depth = 2, .limit = 60}};
    terminal_output terminal;
    uint64_t bytes = 0;
    int status;
    if (!read_arguments(argc, argv, &arguments)) return COMMAND_BAD_INPUT;
    if (arguments.help) {
        print_help();
        return finish_output();
    }
    terminal_open(&terminal, false);
    ouro_snapshot *snapshot = open_snapshot(arguments.file, &terminal, &status);
    if (snapshot == NULL) return status;
    arguments.request.snapshot = snapshot;
    arguments.request.terminal = &terminal;
    if (!find_object(&arguments))
        status = COMMAND_BAD_INPUT;
    else if (strcmp(arguments.out, "-") == 0)
        status = write_to(&arguments, stdout, "standard output", &bytes);
    else
        status = write_file(&arguments, &bytes);
    if (status == COMMAND_OK && arguments.json) status = print_json(&arguments, bytes);
    ouro_snapshot_close(snapshot);
    return status;
}
