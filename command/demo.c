/* SPDX-License-Identifier: MIT */
/*
 * demo.c -- `ouro demo`: reads the arguments and asks the four questions
 */
#include "demo.h"

#include "command.h"
#include "utf8.h"

#include <ouro/events.h>
#include <ouro/snapshot.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { QUESTIONS = 4, QUESTION_CYCLES = 4, EVENT_LOG = 20000, SAMPLES = 200 };

#define DPKG_DIRECTORY "/var/lib/dpkg"

static const char help[] =
    "Usage: ouro demo [--json] [--only N] [--snapshot PATH] [FILE]\n"
    "\n"
    "Answers four questions that people ask about Python's memory, by doing it:\n"
    "  1  automatic management: who frees what nobody needs any more?\n"
    "  2  reference counting: how is that known?\n"
    "  3  pools: what does a small object cost?\n"
    "  4  circular references: and if two hold each other?\n"
    "Every figure is read from the library while it happens.\n"
    "\n"
    "FILE is a Debian control file whose packages are the real data of question 4;\n"
    "by default the machine's own, " DPKG_DIRECTORY "/status (or where DPKG_ADMINDIR\n"
    "points), and where there is none, a small one that the command brings along.\n"
    "\n"
    "Options:\n"
    "  --json    print one JSON object instead of text\n"
    "  --only N  ask question N alone\n"
    "  --snapshot PATH  save the heap of question 4 there, for `ouro snapshot` and\n"
    "            `ouro report`\n"
    "  --help    print this and exit\n"
    "\n"
    "Environment: NO_COLOR turns colour off.  OURO_BYTE_LIMIT, OURO_THRESHOLD,\n"
    "OURO_COLLECTOR and OURO_DEBUG=stats work on the heap of question 4.\n"
    "\n"
    "Exit status: 0 all happened as shown, 1 something did not, 2 wrong arguments\n"
    "or bad input.\n";

/* ---- what the questions share ---------------------------------------------------- */

void demo_expect(demo *shown, bool happened, const char *what)
{
    if (happened) return;
    complain("this did not happen: %s; please report it", what);
    shown->failed = true;
}

void demo_refused(demo *shown, const ouro_heap *heap)
{
    complain("%s", ouro_heap_error(heap)->message);
    shown->failed = true;
}

ouro_heap *demo_heap_new(demo *shown, const char *name)
{
    ouro_error error;
    ouro_heap_options options = {.name = name, .ignore_environment = true};
    ouro_heap *heap = ouro_heap_new(&options, &error);
    if (heap == NULL) {
        complain("%s", error.message);
        shown->failed = true;
    }
    return heap;
}

void demo_heap_close(demo *shown, ouro_heap *heap)
{
    ouro_close_report report = {0};
    ouro_status status = ouro_heap_close(heap, NULL, &report);
    demo_expect(shown,
                status == OURO_OK && report.alive == 0 && report.raw_blocks == 0 &&
                    report.held_from_outside == 0,
                "the heap was empty when it was closed");
}

ouro_heap_stats demo_stats(const ouro_heap *heap)
{
    ouro_heap_stats stats;
    ouro_get_heap_stats(heap, &stats);
    return stats;
}

size_t demo_live_bytes(const ouro_heap_stats *stats)
{
    return stats->object_bytes + stats->raw_bytes;
}

size_t demo_collections(const ouro_heap *heap)
{
    ouro_generation_stats stats[3];
    ouro_get_stats(heap, stats);
    return stats[0].collections + stats[1].collections + stats[2].collections;
}

/* ---- JSON --------------------------------------------------------------------------- */

/* The value belongs to the section from here on. */
static json_object *add(json_object *section, const char *key, json_object *value)
{
    if (section != NULL && value != NULL && json_object_object_add(section, key, value) == 0)
        return value;
    json_object_put(value);
    return NULL;
}

json_object *demo_section(json_object *parent, const char *key)
{
    return add(parent, key, json_object_new_object());
}

json_object *demo_list(json_object *parent, const char *key)
{
    return add(parent, key, json_object_new_array());
}

json_object *demo_list_section(json_object *list)
{
    json_object *section = json_object_new_object();
    if (list != NULL && section != NULL && json_object_array_add(list, section) == 0)
        return section;
    json_object_put(section);
    return NULL;
}

void demo_integer(json_object *section, const char *key, size_t value)
{
    add(section, key, json_object_new_uint64(value));
}

void demo_real(json_object *section, const char *key, double value)
{
    add(section, key, json_object_new_double(value));
}

void demo_boolean(json_object *section, const char *key, bool value)
{
    add(section, key, json_object_new_boolean(value));
}

/* JSON is UTF-8; the name of a file need not be.  What is not becomes '?'. */
void demo_string(json_object *section, const char *key, const char *value)
{
    size_t room = strlen(value) + 1;
    char *copy = malloc(room);
    if (copy == NULL) return;
    utf8_copy(copy, room, value);
    add(section, key, json_object_new_string(copy));
    free(copy);
}

static void print_answer(const demo *shown)
{
    const char *printed = json_object_to_json_string_ext(
        shown->answer,
        JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
    if (printed != NULL) puts(printed);
}

/* ---- the package database -------------------------------------------------------------- */

/* Where dpkg itself would look. */
static void default_path(char *out_path, size_t size)
{
    const char *directory = getenv("DPKG_ADMINDIR");
    if (directory == NULL || *directory == '\0') directory = DPKG_DIRECTORY;
    snprintf(out_path, size, "%s/status", directory);
}

/* Opens the file that was named, or the machine's, or else our own.  False
 * with a problem when the one that was named cannot be opened. */
static bool open_source(demo_packages *packages, control_source *source, const char *file,
                        control_problem *problem)
{
    static char path[4096];
    if (file == NULL) {
        default_path(path, sizeof(path));
        packages->source_name = path;
        if (access(path, R_OK) == 0) return control_source_open(source, path, problem);
        packages->source_name = "a small database of our own";
        packages->is_fallback = true;
        control_source_of_text(source, packages_fallback);
        return true;
    }
    packages->source_name = file;
    return control_source_open(source, file, problem);
}

static int complain_of_problem(const demo_packages *packages, const control_problem *problem)
{
    if (problem->line != 0)
        complain("%s:%zu: %s", packages->source_name, problem->line, problem->sentence);
    else
        complain("%s: %s", packages->source_name, problem->sentence);
    return problem->machine_failed ? COMMAND_FAILED : COMMAND_BAD_INPUT;
}

typedef struct loading {
    terminal_output *terminal;
    ouro_heap *heap;  /* whose memory is sampled meanwhile, or NULL */
    uint64_t sampled; /* bytes read when it last was */
} loading;

static void show_progress(void *context, uint64_t done, uint64_t total)
{
    loading *state = context;
    terminal_progress(state->terminal, done, total);
    if (state->heap == NULL || done - state->sampled < total / SAMPLES) return;
    state->sampled = done;
    (void)ouro_add_sample(state->heap); /* a heap without a log has no timeline */
}

static int load_packages(demo *shown, demo_packages *packages, const char *file)
{
    control_source source;
    control_problem problem = {0};
    ouro_error error;
    if (!open_source(packages, &source, file, &problem))
        return complain_of_problem(packages, &problem);
    packages->heap = ouro_heap_new(&(ouro_heap_options){.name = "packages"}, &error);
    if (packages->heap == NULL) {
        control_source_close(&source);
        complain("%s", error.message);
        return error.status == OURO_BAD_SETTING ? COMMAND_BAD_INPUT : COMMAND_FAILED;
    }
    /* Everything else that the environment says may hold, but not that garbage is
     * to be kept: it is the point of the question that nothing is left. */
    ouro_set_debug(packages->heap, ouro_get_debug(packages->heap) & ~OURO_DEBUG_SAVEALL);
    if (shown->snapshot != NULL && ouro_set_event_log(packages->heap, EVENT_LOG) != OURO_OK)
        demo_refused(shown, packages->heap);
    uint64_t began = clock_now();
    terminal_progress_begin(&shown->terminal, "reading packages");
    loading state = {.terminal = &shown->terminal,
                     .heap = shown->snapshot != NULL ? packages->heap : NULL};
    packages->database =
        packages_load(packages->heap, &source, show_progress, &state, &packages->figures, &problem);
    terminal_progress_end(&shown->terminal);
    packages->load_seconds = (double)(clock_now() - began) / 1e9;
    control_source_close(&source);
    if (packages->database != NULL) return COMMAND_OK;
    demo_heap_close(shown, packages->heap); /* complains if the attempt left anything */
    return complain_of_problem(packages, &problem);
}

/* Its name, for a package; a text's own words. */
static const char *words_of(void *object, void *argument)
{
    (void)argument;
    const ouro_type *type = ouro_type_of(object);
    if (type == &package_type) return ((const package *)object)->name->bytes;
    return type == &text_type ? ((const text *)object)->bytes : NULL;
}

/* Saves the packages as they are before the question drops them, with a collection in the log, which small
 * databases never cause. */
static void save_snapshot(demo *shown, const demo_packages *packages)
{
    ouro_error error;
    ouro_collect(packages->heap, 2);
    const ouro_snapshot_options options = {.text = words_of};
    if (ouro_snapshot_save(packages->heap, shown->snapshot, &options, &error) == OURO_OK) {
        demo_string(shown->answer, "snapshot", shown->snapshot);
        return;
    }
    complain("%s", error.message); /* names the path */
    shown->failed = true;
}

/* ---- the command ------------------------------------------------------------------------- */

typedef struct demo_arguments {
    bool help;
    bool json;
    int only; /* 0: all */
    const char *snapshot;
    const char *file;
} demo_arguments;

static int refuse_arguments(const char *what, const char *which)
{
    complain("demo: %s '%s'; `ouro demo --help` tells what there is", what, which);
    return COMMAND_BAD_INPUT;
}

static int read_arguments(int argc, char **argv, demo_arguments *out_arguments)
{
    static const struct option options[] = {
        {"help", no_argument, NULL, 'h'},
        {"json", no_argument, NULL, 'j'},
        {"only", required_argument, NULL, 'o'},
        {"snapshot", required_argument, NULL, 's'},
        {NULL, 0, NULL, 0},
    };
    int option;
    *out_arguments = (demo_arguments){.only = 0};
    opterr = 0; /* we complain ourselves, in our own words */
    optind = 1;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        switch (option) {
        case 'h': out_arguments->help = true; break;
        case 'j': out_arguments->json = true; break;
        case 'o':
            if (strlen(optarg) != 1 || optarg[0] < '1' || optarg[0] > '0' + QUESTIONS)
                return refuse_arguments("--only takes a number from 1 to 4, not", optarg);
            out_arguments->only = optarg[0] - '0';
            break;
        case 's': out_arguments->snapshot = optarg; break;
        case ':': return refuse_arguments("a value is missing behind", argv[optind - 1]);
        default: return refuse_arguments("there is no option", argv[optind - 1]);
        }
    }
    if (optind < argc) out_arguments->file = argv[optind++];
    if (optind < argc)
        return refuse_arguments("one file is enough, but there is also", argv[optind]);
    if (out_arguments->snapshot != NULL && out_arguments->only != 0 &&
        out_arguments->only != QUESTION_CYCLES)
        return refuse_arguments("only question 4 has a heap to save, there is none for",
                                out_arguments->snapshot);
    return COMMAND_OK;
}

static void ask_questions(demo *shown, demo_packages *packages, int only)
{
    static void (*const questions[])(demo *) = {demo_automatic, demo_counting, demo_pools};
    for (int number = 1; number < QUESTION_CYCLES; number++)
        if (only == 0 || only == number) questions[number - 1](shown);
    if (packages->database != NULL) demo_cycles(shown, packages);
}

static void say_hello(demo *shown)
{
    terminal_output *terminal = &shown->terminal;
    terminal_gap(terminal);
    terminal_say(terminal, "{ouro %s}: Python's memory management for C programs.", ouro_version());
    terminal_say(terminal, "Four questions, each answered by doing it.  Every figure was read");
    terminal_say(terminal, "from the library at that moment.");
}

int demo_command(int argc, char **argv)
{
    demo_arguments arguments;
    int status = read_arguments(argc, argv, &arguments);
    if (status != COMMAND_OK) return status;
    if (arguments.help) {
        fputs(help, stdout);
        return finish_output();
    }
    demo shown = {.answer = json_object_new_object(), .snapshot = arguments.snapshot};
    demo_packages packages = {.heap = NULL};
    terminal_open(&shown.terminal, arguments.json);
    demo_string(shown.answer, "version", ouro_version());
    if (arguments.only == 0 || arguments.only == QUESTION_CYCLES)
        status = load_packages(&shown, &packages, arguments.file);
    if (status == COMMAND_OK) {
        if (shown.snapshot != NULL) save_snapshot(&shown, &packages);
        if (arguments.only == 0) say_hello(&shown);
        ask_questions(&shown, &packages, arguments.only);
        terminal_gap(&shown.terminal);
        if (arguments.json) print_answer(&shown);
        status = finish_output();
    }
    json_object_put(shown.answer);
    return status == COMMAND_OK && shown.failed ? COMMAND_FAILED : status;
}
