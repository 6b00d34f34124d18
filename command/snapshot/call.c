/* SPDX-License-Identifier: MIT */
/*
 * call.c -- the options of `ouro snapshot`, and its files
 */
#include "snapshot.h"

#include "analysis/describe.h"
#include "command.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What getopt_long answers for an option: its place in this list, and beyond what characters mean to it. */
enum { OPTION_FIRST = 256 };

static const struct snapshot_option {
    struct option option;
    unsigned takes; /* 0: everybody does */
} known[] = {
    {{"help", no_argument, NULL, 0}, 0},
    {{"json", no_argument, NULL, 0}, 0},
    {{"top", required_argument, NULL, 0}, TAKES_TOP},
    {{"type", required_argument, NULL, 0}, TAKES_TYPE},
    {{"object", required_argument, NULL, 0}, TAKES_OBJECT},
    {{"by", required_argument, NULL, 0}, TAKES_BY},
    {{"retained", no_argument, NULL, 0}, TAKES_RETAINED},
    {{"depth", required_argument, NULL, 0}, TAKES_DEPTH},
};

enum { OPTIONS = sizeof(known) / sizeof(known[0]) };
enum { HELP, JSON, TOP, TYPE, OBJECT, BY, RETAINED, DEPTH };

static int refuse(const snapshot_call *call, const char *what, const char *which)
{
    complain("snapshot %s: %s '%s'; `ouro snapshot %s --help` tells what there is",
             call->usage->name, what, which, call->usage->name);
    return COMMAND_BAD_INPUT;
}

/* A number of base 10, or with "0x" of base 16; an address may lack it. */
static bool read_number(const char *words, int base, uint64_t *out_number)
{
    char *end;
    if (strchr(words, '-') != NULL) return false;
    errno = 0;
    *out_number = strtoull(words, &end, base);
    return errno == 0 && end != words && *end == '\0';
}

static int read_option(snapshot_call *call, int option, const char *value)
{
    uint64_t number;
    switch (option) {
    case JSON: call->json = true; break;
    case TOP:
        if (!read_number(value, 10, &number))
            return refuse(call, "--top takes a number, not", value);
        call->top = number == 0 ? SIZE_MAX : (size_t)number;
        break;
    case TYPE: call->type = value; break;
    case OBJECT:
        if (!read_number(value, 16, &call->address))
            return refuse(call, "--object takes an address as 0x7f3a10, not", value);
        call->has_address = true;
        break;
    case BY: call->by = value; break;
    case RETAINED: call->retained = true; break;
    case DEPTH:
        if (!read_number(value, 10, &number) || number == 0 || number > 1000)
            return refuse(call, "--depth takes a number from 1 to 1000, not", value);
        call->depth = (size_t)number;
        break;
    default: break;
    }
    return COMMAND_OK;
}

static int read_files(snapshot_call *call, int argc, char **argv)
{
    int given = argc - optind;
    if (given < call->usage->files) {
        complain("snapshot %s: %s missing; `ouro snapshot %s --help` tells how it is called",
                 call->usage->name,
                 call->usage->files == 1 ? "the file is" : "of the two files one is",
                 call->usage->name);
        return COMMAND_BAD_INPUT;
    }
    if (given > call->usage->files)
        return refuse(call, "that is one file too many:", argv[optind + call->usage->files]);
    for (int i = 0; i < given; i++) call->files[i] = argv[optind + i];
    return COMMAND_OK;
}

bool snapshot_call_read(snapshot_call *call, const snapshot_usage *usage, int argc, char **argv,
                        int *out_status)
{
    struct option options[OPTIONS + 1];
    size_t count = 0;
    int option;
    *call = (snapshot_call){.usage = usage, .top = usage->top};
    for (int i = 0; i < OPTIONS; i++) {
        if (known[i].takes != 0 && (usage->takes & known[i].takes) == 0) continue;
        options[count] = known[i].option;
        options[count++].val = OPTION_FIRST + i;
    }
    options[count] = (struct option){NULL, 0, NULL, 0};
    opterr = 0; /* we complain ourselves, in our own words */
    optind = 1;
    *out_status = COMMAND_OK;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (option == 'h' || option == OPTION_FIRST + HELP) {
            fputs(usage->help, stdout);
            *out_status = finish_output();
            return false;
        }
        if (option == ':')
            *out_status = refuse(call, "something is missing behind", argv[optind - 1]);
        else if (option < OPTION_FIRST)
            *out_status = refuse(call, "there is no option", argv[optind - 1]);
        else
            *out_status = read_option(call, option - OPTION_FIRST, optarg);
        if (*out_status != COMMAND_OK) return false;
    }
    *out_status = read_files(call, argc, argv);
    if (*out_status != COMMAND_OK) return false;
    terminal_open(&call->terminal, call->json);
    return true;
}

/* ---- files ------------------------------------------------------------------------ */

static bool report_progress(void *context, uint64_t done, uint64_t total)
{
    terminal_progress(context, done, total);
    return true;
}

ouro_snapshot *snapshot_call_open(snapshot_call *call, const char *path, int *out_status)
{
    ouro_error error;
    ouro_snapshot_progress progress = {&call->terminal, report_progress};
    terminal_progress_begin(&call->terminal, "reading");
    ouro_snapshot *snapshot = ouro_snapshot_open(path, &progress, &error);
    terminal_progress_end(&call->terminal);
    if (snapshot != NULL) return snapshot;
    complain("%s", error.message); /* begins with the path */
    *out_status = error.status == OURO_NO_MEMORY ? COMMAND_FAILED : COMMAND_BAD_INPUT;
    return NULL;
}

int snapshot_call_run(const snapshot_usage *usage, int argc, char **argv,
                      bool (*admit)(const snapshot_call *call),
                      int (*tell)(snapshot_call *call, const ouro_snapshot *snapshot))
{
    snapshot_call call;
    int status;
    if (!snapshot_call_read(&call, usage, argc, argv, &status)) return status;
    if (admit != NULL && !admit(&call)) return COMMAND_BAD_INPUT;
    ouro_snapshot *snapshot = snapshot_call_open(&call, call.files[0], &status);
    if (snapshot == NULL) return status;
    status = tell(&call, snapshot);
    ouro_snapshot_close(snapshot);
    return status;
}

bool snapshot_call_object(const snapshot_call *call, const ouro_snapshot *snapshot,
                          uint32_t *out_object, int *out_status)
{
    *out_object = ouro_snapshot_find(snapshot, call->address);
    if (*out_object != OURO_GRAPH_NONE) return true;
    complain("%s: there is no object at 0x%" PRIx64
             "; addresses are where objects begin, as the other "
             "commands print them",
             call->files[0], call->address);
    *out_status = COMMAND_BAD_INPUT;
    return false;
}

/* Of several types of one name, that with the most objects is meant; the others keep their own rows in a census. */
bool snapshot_call_type(const snapshot_call *call, const ouro_snapshot *snapshot,
                        uint32_t *out_type, int *out_status)
{
    uint64_t *objects = calloc((size_t)snapshot->type_count + 1, sizeof(uint64_t));
    *out_type = OURO_GRAPH_NONE;
    if (objects == NULL) {
        *out_status = snapshot_refused("the types");
        return false;
    }
    for (uint32_t n = 0; n < snapshot->object_count; n++) objects[snapshot->object_types[n]]++;
    for (uint32_t t = 0; t < snapshot->type_count; t++)
        if (strcmp(snapshot->strings[snapshot->types[t].name], call->type) == 0 &&
            (*out_type == OURO_GRAPH_NONE || objects[t] > objects[*out_type]))
            *out_type = t;
    free(objects);
    if (*out_type != OURO_GRAPH_NONE) return true;
    complain("%s: there is no type '%s'; `ouro snapshot census` lists them", call->files[0],
             call->type);
    *out_status = COMMAND_BAD_INPUT;
    return false;
}

/* ---- words -------------------------------------------------------------------------- */

int snapshot_refused(const char *what)
{
    complain("there is no memory for %s; close other programs, or ask on a larger machine", what);
    return COMMAND_FAILED;
}

double share_of(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : (double)part / (double)whole;
}

const char *object_words(text *line, const ouro_snapshot *snapshot, uint32_t object)
{
    text_clear(line);
    describe_object(line, snapshot, object);
    return text_of(line);
}

const char *type_words(text *line, const ouro_snapshot *snapshot, uint32_t type)
{
    text_clear(line);
    describe_type(line, snapshot, type);
    return text_of(line);
}
