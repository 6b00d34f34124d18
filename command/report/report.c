/* SPDX-License-Identifier: MIT */
/*
 * report.c -- `ouro report`: snapshots in, one page out
 *
 *     page, up to REPORT_PLACE | data | page, from behind it
 *
 * The page appears whole or not at all: it is written beside its place and renamed.  Earlier snapshots are read one
 * after another, so that two at most are in memory.
 */
#include "report/report.h"
#include "command.h"
#include "out_file.h"
#include "report/page.h"
#include "terminal.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: ouro report [--json] -o PAGE.html FILE [EARLIER]...\n"
    "\n"
    "Writes one page that shows a snapshot in a browser: a map of memory, the tree of\n"
    "dominators, what holds the largest things, cycles, types, pools, a timeline of\n"
    "collections, allocation sites.  The page needs no network and no other file.\n"
    "\n"
    "FILE is a snapshot, as ouro_snapshot_save writes it.  With EARLIER ones of the\n"
    "same program the page also shows what grew.\n"
    "\n"
    "Options:\n"
    "  -o, --output PAGE  where the page goes; - is the standard output\n"
    "  --json             write the data of the page alone, as JSON\n"
    "  --help             print this and exit\n"
    "\n"
    "Exit status: 0 all went well, 1 something failed, 2 wrong arguments or input.\n";

typedef struct arguments {
    bool as_json, helped;
    const char *output;
    const char *const *files; /* the latest, then the earlier ones */
    size_t file_count;
} arguments;

/* ---- arguments ---------------------------------------------------------------------- */

static int parse(int argc, char **argv, arguments *given)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;
    optind = 1;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":o:h", options, NULL)) != -1) {
        switch (option) {
        case 'j': given->as_json = true; break;
        case 'o': given->output = optarg; break;
        case 'h': given->helped = true; return COMMAND_OK;
        case ':':
            complain("'%s' needs a value; see `ouro report --help`", argv[optind - 1]);
            return COMMAND_BAD_INPUT;
        default:
            complain("'%s' is no option of this command; see `ouro report --help`",
                     argv[optind - 1]);
            return COMMAND_BAD_INPUT;
        }
    }
    given->files = (const char *const *)argv + optind;
    given->file_count = (size_t)(argc - optind);
    if (given->file_count == 0) {
        complain("which snapshot? `ouro report -o PAGE.html FILE`");
        return COMMAND_BAD_INPUT;
    }
    if (given->output == NULL && !given->as_json) {
        complain("where should the page go? `ouro report -o PAGE.html %s`", given->files[0]);
        return COMMAND_BAD_INPUT;
    }
    if (report_page_size == 0 && !given->as_json) {
        complain("this command was built without the page; install node and npm, and build it "
                 "again with the npm registry in reach");
        return COMMAND_FAILED;
    }
    return COMMAND_OK;
}

/* ---- snapshots ---------------------------------------------------------------------- */

static bool hear_progress(void *context, uint64_t done, uint64_t total)
{
    terminal_progress(context, done, total);
    return true;
}

/* NULL after a complaint; *out_status says of what kind. */
static ouro_snapshot *open_snapshot(terminal_output *terminal, const char *file, int *out_status)
{
    ouro_error error;
    ouro_snapshot_progress progress = {.context = terminal, .report = hear_progress};
    terminal_progress_begin(terminal, "reading");
    ouro_snapshot *snapshot = ouro_snapshot_open(file, &progress, &error);
    terminal_progress_end(terminal);
    if (snapshot != NULL) return snapshot;
    bool file_is_bad = error.status == OURO_BAD_FILE || error.status == OURO_SYSTEM;
    *out_status = file_is_bad ? COMMAND_BAD_INPUT : COMMAND_FAILED;
    complain("%s", error.message); /* begins with the path */
    return NULL;
}

static int refused(void)
{
    complain("the system gave no memory for the analysis; try where there is more");
    return COMMAND_FAILED;
}

static const char *base_name(const char *file)
{
    const char *slash = strrchr(file, '/');
    return slash == NULL ? file : slash + 1;
}

static int count_earlier(terminal_output *terminal, const arguments *given, change *changed)
{
    int status = COMMAND_OK;
    for (size_t i = 1; i < given->file_count; i++) {
        ouro_snapshot *earlier = open_snapshot(terminal, given->files[i], &status);
        if (earlier == NULL) return status;
        bool good = change_add(changed, base_name(given->files[i]), earlier);
        ouro_snapshot_close(earlier);
        if (!good) return refused();
    }
    return COMMAND_OK;
}

/* Everything about growth.  The earliest is read a second time, since only now is it known which that is. */
static int find_changes(terminal_output *terminal, const arguments *given, change *changed,
                        const ouro_snapshot *latest)
{
    int status = count_earlier(terminal, given, changed);
    if (status != COMMAND_OK) return status;
    size_t earliest = given->file_count > 1 ? change_sort(changed) : 0;
    if (!change_add(changed, base_name(given->files[0]), latest)) return refused();
    if (given->file_count == 1) return COMMAND_OK;
    ouro_snapshot *first = open_snapshot(terminal, given->files[earliest + 1], &status);
    if (first == NULL) return status;
    bool good = change_compare(changed, first, latest);
    ouro_snapshot_close(first);
    return good ? COMMAND_OK : refused();
}

/* ---- the page ------------------------------------------------------------------------ */

/* Where the data belongs in the page; report/build.mjs has seen to it that it is there. */
static size_t place_of_data(void)
{
    const unsigned char *found =
        memmem(report_page, report_page_size, REPORT_PLACE, strlen(REPORT_PLACE));
    return found == NULL ? report_page_size : (size_t)(found - report_page);
}

static bool write_all(report *made, const arguments *given, const change *changed)
{
    FILE *file = made->out.file;
    size_t place = given->as_json ? 0 : place_of_data();
    fwrite(report_page, 1, place, file);
    bool good = report_write(made, base_name(given->files[0]), changed);
    if (given->as_json) {
        putc('\n', file);
    } else {
        size_t behind = place + strlen(REPORT_PLACE);
        fwrite(report_page + behind, 1, report_page_size - behind, file);
    }
    return good;
}

/* Analyses and writes.  Whether the file took it all is for the caller to ask. */
static int write_report(terminal_output *terminal, const arguments *given, const change *changed,
                        const ouro_snapshot *snapshot, FILE *file)
{
    report made = {.snapshot = snapshot, .out = {.file = file}};
    if (file != stdout) terminal_progress_stage(terminal, "analysing");
    bool good = retention_find(snapshot, &made.held) && retention_grow_tree(&made.held) &&
                census_take(snapshot, &made.held, &made.counted) &&
                write_all(&made, given, changed);
    terminal_progress_end(terminal);
    report_free(&made);
    if (ferror(file)) putc('\n', file); /* so that the last flush fails, too, and tells why */
    return good ? COMMAND_OK : refused();
}

/* ---- files --------------------------------------------------------------------------- */

static int cannot_write(const char *output)
{
    complain("%s: %s; the page is not written", output, strerror(errno != 0 ? errno : EIO));
    return COMMAND_FAILED;
}

/* Calls write_report with a file that becomes `output` when all has gone well. */
static int write_to(terminal_output *terminal, const arguments *given, const change *changed,
                    const ouro_snapshot *snapshot)
{
    out_file out;
    if (!out_file_open(&out, given->output)) return cannot_write(given->output);
    int status = write_report(terminal, given, changed, snapshot, out.file);
    if (!out_file_close(&out, status == COMMAND_OK)) status = cannot_write(given->output);
    return status;
}

static int write_out(terminal_output *terminal, const arguments *given, const change *changed,
                     const ouro_snapshot *snapshot)
{
    if (given->output != NULL && strcmp(given->output, "-") != 0)
        return write_to(terminal, given, changed, snapshot);
    int status = write_report(terminal, given, changed, snapshot, stdout);
    int finished = finish_output();
    return status != COMMAND_OK ? status : finished;
}

int report_command(int argc, char **argv)
{
    arguments given = {0};
    int status = parse(argc, argv, &given);
    if (given.helped) {
        fputs(help, stdout);
        return finish_output();
    }
    if (status != COMMAND_OK) return status;
    terminal_output terminal;
    terminal_open(&terminal, false);
    ouro_snapshot *snapshot = open_snapshot(&terminal, given.files[0], &status);
    if (snapshot == NULL) return status;
    change *changed = change_new(given.file_count);
    status = changed == NULL ? refused() : find_changes(&terminal, &given, changed, snapshot);
    if (status == COMMAND_OK) status = write_out(&terminal, &given, changed, snapshot);
    change_free(changed);
    ouro_snapshot_close(snapshot);
    return status;
}
