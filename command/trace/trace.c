/* SPDX-License-Identifier: MIT */
/*
 * trace.c -- `ouro trace`: what collections did, for a viewer of traces
 *
 * Of a snapshot, of a log file, or of a program that it runs, with OURO_LOG in the environment.
 */
#include "trace/trace.h"

#include "answer.h"
#include "command.h"
#include "out_file.h"
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char help[] =
    "Usage: ouro trace [--json] -o TRACE FILE\n"
    "       ouro trace [--json] -o TRACE PROGRAM [ARGUMENT]...\n"
    "\n"
    "Writes what collections did, and how much memory there was, as a trace that\n"
    "https://ui.perfetto.dev and Chrome's about:tracing open: pauses with their\n"
    "phases, whole cycles, and counters.\n"
    "\n"
    "FILE is a snapshot of a heap that kept a log (ouro_set_event_log), or a log\n"
    "file (OURO_LOG).  A PROGRAM is run with OURO_LOG in its environment; each of\n"
    "its heaps is traced, and those of its children.\n"
    "\n"
    "Options:\n"
    "  -o, --output TRACE  where the trace goes; - is the standard output\n"
    "  --json              print what is in the trace as one JSON object; then -o\n"
    "                      may be left out, and no trace is written\n"
    "  --help              print this and exit\n"
    "\n"
    "Exit status: the program's; of a FILE 0 all went well, 1 something failed,\n"
    "2 wrong arguments or input.\n";

typedef struct request {
    const char *output; /* NULL: nowhere */
    bool as_json;
    char **words; /* the file, or the program and its arguments */
    int count;
} request;

/* ---- what there is ---- */

typedef struct summary {
    size_t events, samples, pauses;
    uint64_t lost, longest;
} summary;

static summary summarize(const trace *traced)
{
    summary sum = {0};
    for (size_t i = 0; i < traced->count; i++) {
        const trace_heap *heap = &traced->heaps[i];
        sum.events += heap->event_count;
        sum.samples += heap->sample_count;
        sum.lost += heap->lost;
        for (size_t j = 0; j < heap->event_count; j++) {
            const trace_event *event = &heap->events[j];
            if (event->kind != OURO_EVENT_PASS && event->kind != OURO_EVENT_STEP) continue;
            sum.pauses++;
            if (event->nanoseconds > sum.longest) sum.longest = event->nanoseconds;
        }
    }
    return sum;
}

static int print_json(const trace *traced, const request *wanted)
{
    summary sum = summarize(traced);
    answer begun;
    answer_begin(&begun);
    if (wanted->output != NULL) answer_string(&begun, begun.root, "trace", wanted->output);
    answer_integer(&begun, begun.root, "heaps", traced->count);
    answer_integer(&begun, begun.root, "events", sum.events);
    answer_integer(&begun, begun.root, "samples", sum.samples);
    answer_integer(&begun, begun.root, "lost", sum.lost);
    answer_integer(&begun, begun.root, "pauses", sum.pauses);
    answer_integer(&begun, begun.root, "longest_pause_nanoseconds", sum.longest);
    return answer_print(&begun);
}

static void print_text(const trace *traced, const request *wanted)
{
    summary sum = summarize(traced);
    fprintf(stderr, "ouro: %s has %s of %s: %s, the longest of %s\n", wanted->output,
            show_counted(sum.events, "event").text, show_counted(traced->count, "heap").text,
            show_counted(sum.pauses, "pause").text, show_seconds((double)sum.longest / 1e9).text);
    if (sum.lost > 0)
        complain("lost: %s; give the program a larger log (ouro_set_event_log)",
                 show_counted(sum.lost, "event").text);
}

/* ---- writing ---- */

static int incomplete(const request *wanted, int error)
{
    complain("the trace %s is incomplete: %s", wanted->output, strerror(error));
    return COMMAND_FAILED;
}

/* The file appears whole or not at all. */
static int write_file(const trace *traced, const request *wanted)
{
    out_file out;
    if (!out_file_open(&out, wanted->output)) {
        complain("%s cannot be written: %s", wanted->output, strerror(errno));
        return COMMAND_FAILED;
    }
    bool written = trace_write_json(traced, out.file);
    int error = errno;
    if (!out_file_close(&out, written)) return incomplete(wanted, errno);
    return written ? COMMAND_OK : incomplete(wanted, error);
}

static int write_trace(trace *traced, const request *wanted)
{
    int status = COMMAND_OK;
    if (wanted->output == NULL) return print_json(traced, wanted);
    bool to_output = strcmp(wanted->output, "-") == 0;
    trace_sort(traced);
    if (!to_output)
        status = write_file(traced, wanted);
    else if (!trace_write_json(traced, stdout))
        status = incomplete(wanted, errno);
    if (status != COMMAND_OK) return status;
    if (wanted->as_json && !to_output) return print_json(traced, wanted);
    print_text(traced, wanted);
    return finish_output();
}

/* ---- of a file ---- */

typedef enum kind { A_PROGRAM, A_SNAPSHOT, A_LOG } kind;

static kind kind_of(const char *path)
{
    char begin[16] = "";
    FILE *file = fopen(path, "r");
    if (file == NULL) return A_PROGRAM;
    size_t length = fread(begin, 1, sizeof begin - 1, file);
    fclose(file);
    if (length >= 13 && memcmp(begin, "ouro snapshot", 13) == 0) return A_SNAPSHOT;
    return length >= 5 && memcmp(begin, "heap\t", 5) == 0 ? A_LOG : A_PROGRAM;
}

static int read_log(trace *traced, const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        complain("%s cannot be read: %s", path, strerror(errno));
        return COMMAND_BAD_INPUT;
    }
    int status = trace_read_log(traced, path, file);
    fclose(file);
    return status;
}

static int convert(const request *wanted, const char *path, kind what)
{
    trace traced = {0};
    int status = what == A_SNAPSHOT ? trace_read_snapshot(&traced, path) : read_log(&traced, path);
    if (status == COMMAND_OK && summarize(&traced).events == 0 && what == A_SNAPSHOT) {
        complain("%s has no events: its heap kept no log (ouro_set_event_log)", path);
        status = COMMAND_FAILED;
    }
    if (status == COMMAND_OK) status = write_trace(&traced, wanted);
    trace_free(&traced);
    return status;
}

/* ---- of a program ---- */

/* Runs it to its end; its exit status as a shell would have it, or -1. */
static int run(char **words, const char *log)
{
    pid_t child = fork();
    if (child == 0) {
        if (setenv("OURO_LOG", log, 1) == 0) execvp(words[0], words);
        int failed = errno;
        bool is_there = access(words[0], F_OK) == 0;
        if (is_there && access(words[0], R_OK) != 0)
            complain("%s cannot be read: %s", words[0], strerror(errno));
        else if (is_there)
            complain("%s is no snapshot and no log of a heap, and cannot be run", words[0]);
        else
            complain("%s cannot be run: %s", words[0], strerror(failed));
        _exit(is_there ? 126 : 127);
    }
    if (child < 0) {
        complain("no process for %s: %s", words[0], strerror(errno));
        return -1;
    }
    (void)signal(SIGINT, SIG_IGN); /* for the program alone: what it did until then is traced */
    (void)signal(SIGQUIT, SIG_IGN);
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int trace_program(const request *wanted)
{
    char log[] = "/tmp/ouro-trace-XXXXXX";
    int file = mkostemp(log, O_CLOEXEC);
    if (file < 0) {
        complain("no temporary file for the log: %s", strerror(errno));
        return COMMAND_FAILED;
    }
    int status = run(wanted->words, log);
    off_t length = lseek(file, 0, SEEK_END);
    close(file);
    int converted = COMMAND_FAILED;
    if ((status == 126 || status == 127) && length == 0)
        converted = COMMAND_OK; /* it has been told */
    else if (status >= 0 && length == 0)
        complain("%s made no heap that asks the environment: there is nothing to trace",
                 wanted->words[0]);
    else if (status >= 0)
        converted = convert(wanted, log, A_LOG);
    if (status >= 0 && converted != COMMAND_OK && length > 0)
        complain("what was logged is in %s; `ouro trace -o TRACE %s` writes it elsewhere", log,
                 log);
    else
        unlink(log);
    return status > 0 ? status : converted;
}

/* ---- arguments ---- */

static int read_arguments(int argc, char **argv, request *wanted)
{
    static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    *wanted = (request){0};
    opterr = 0; /* we complain ourselves, in our own words */
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, "+:o:h", options, NULL)) != -1;) {
        if (option == 'o') wanted->output = optarg;
        if (option == 'j') wanted->as_json = true;
        if (option == 'h') {
            fputs(help, stdout);
            return -1;
        }
        if (option == '?' || option == ':') {
            complain("trace: %s '%s'; `ouro trace --help` tells what there is",
                     option == ':' ? "something is missing behind" : "there is no option",
                     argv[optind - 1]);
            return COMMAND_BAD_INPUT;
        }
    }
    wanted->words = argv + optind;
    wanted->count = argc - optind;
    bool is_output_known = wanted->output != NULL || wanted->as_json;
    if (is_output_known && wanted->count > 0) return COMMAND_OK;
    complain("trace: %s; `ouro trace --help` tells more",
             is_output_known ? "say what to trace: a snapshot, a log or a program"
                             : "say where the trace goes: -o TRACE");
    return COMMAND_BAD_INPUT;
}

int trace_command(int argc, char **argv)
{
    request wanted;
    int status = read_arguments(argc, argv, &wanted);
    if (status < 0) return finish_output();
    if (status != COMMAND_OK) return status;
    kind what = wanted.count == 1 ? kind_of(wanted.words[0]) : A_PROGRAM;
    return what == A_PROGRAM ? trace_program(&wanted) : convert(&wanted, wanted.words[0], what);
}
