/* SPDX-License-Identifier: MIT */
/*
 * top.c -- `ouro top`: a heap of a program that runs, again and again
 *
 * On a terminal the screen is drawn anew at each interval, until q or the end of the program; elsewhere, or
 * with --once, it is shown once.
 */
#include "top/top.h"

#include "command.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static const char help[] =
    "Usage: ouro top [OPTION]... [PROCESS | FILE]\n"
    "\n"
    "Shows a heap of a program that publishes it: one that calls ouro_publish, or was\n"
    "started with OURO_PUBLISH=FOLDER in its environment.  PROCESS is its number,\n"
    "FILE what it publishes; without them it is found, if there is one alone.\n"
    "\n"
    "Options:\n"
    "  --once            show it once; so it is where the output is no terminal\n"
    "  --json            print it once, as one JSON object\n"
    "  --census          ask for a census by type first, and wait for it\n"
    "  -i, --interval S  seconds between two looks (1; 0.1 to 3600)\n"
    "  --help            print this and exit\n"
    "\n"
    "Keys: q quit, p hold the picture or go on, c census by type, n next heap of the\n"
    "program.\n"
    "\n"
    "Exit status: 0 it was shown, 1 something failed or the program ended without\n"
    "closing its heap, 2 wrong arguments, or nothing is published there.\n";

typedef struct request {
    bool once, as_json, census;
    double interval;
    const char *what;
} request;

/* ---- which heap ---- */

static bool is_process(const char *text)
{
    return text[0] != '\0' && strspn(text, "0123456789") == strlen(text) && strlen(text) < 10;
}

static void list_choices(const top_files *found)
{
    complain("several heaps are published; name one of them:");
    for (size_t i = 0; i < found->count; i++)
        fprintf(stderr, "  %u  %s\n", found->files[i].process, found->files[i].path);
}

/* The files to look at: one that is named, or those of one process.  The exit status. */
static int choose(const char *what, top_files *out_files)
{
    bool by_process = what != NULL && is_process(what);
    if (what != NULL && !by_process) {
        *out_files = (top_files){calloc(1, sizeof *out_files->files), 1};
        if (out_files->files == NULL) return COMMAND_FAILED;
        snprintf(out_files->files->path, sizeof out_files->files->path, "%s", what);
        return COMMAND_OK;
    }
    if (!top_find(by_process ? (uint32_t)strtoul(what, NULL, 10) : 0, out_files))
        return COMMAND_FAILED;
    if (out_files->count == 0) {
        if (by_process)
            complain("process %s publishes no heap: start it with OURO_PUBLISH=FOLDER in its "
                     "environment",
                     what);
        else
            complain("no program publishes a heap: start one with OURO_PUBLISH=FOLDER in its "
                     "environment");
        return COMMAND_BAD_INPUT;
    }
    for (size_t i = 1; i < out_files->count; i++) {
        if (out_files->files[i].process == out_files->files[0].process) continue;
        list_choices(out_files);
        return COMMAND_BAD_INPUT;
    }
    return COMMAND_OK;
}

/* ---- once ---- */

static int look(top_view *view, const char *path)
{
    top_outcome outcome = view->file >= 0 ? top_read(view) : TOP_REFUSED;
    if (outcome == TOP_READ) return COMMAND_OK;
    top_complain(view, outcome, path);
    return outcome == TOP_REFUSED && errno != ENOENT ? COMMAND_FAILED : COMMAND_BAD_INPUT;
}

/* Tells what became of the program, where it is no more. */
static int tell_life(const top_view *view)
{
    switch (top_life_of(view)) {
    case TOP_ALIVE: break;
    case TOP_CLOSED: complain("the heap was closed"); break;
    case TOP_DEAD:
        complain("process %u has ended without closing its heap: this is what it published last",
                 view->now.process);
        return COMMAND_FAILED;
    }
    return COMMAND_OK;
}

static void wait_for_census(top_view *view, const char *path)
{
    enum { attempts = 200 };
    top_ask(view);
    if (!view->may_ask) {
        complain("%s may not be written, so no census can be asked for", path);
        return;
    }
    for (int i = 0; i < attempts && view->now.census_answers != view->asked; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        if (top_read(view) != TOP_READ || top_life_of(view) != TOP_ALIVE) return;
    }
    if (view->now.census_answers != view->asked)
        complain("no census: the program has not passed by for 4 seconds");
}

static int show_once(const request *wanted, const char *path)
{
    top_view view;
    (void)top_open(&view, path);
    int status = look(&view, path);
    if (status == COMMAND_OK && wanted->census && top_life_of(&view) == TOP_ALIVE)
        wait_for_census(&view, path);
    if (status == COMMAND_OK) {
        if (wanted->as_json)
            status = top_print_json(&view);
        else
            top_show(&view, stdout);
        int life = tell_life(&view);
        if (status == COMMAND_OK) status = life;
        if (status == COMMAND_OK) status = finish_output();
    }
    top_close(&view);
    return status;
}

/* ---- again and again ---- */

static volatile sig_atomic_t ended;

static void end_soon(int signal)
{
    (void)signal;
    ended = 1;
}

static void do_nothing(int signal)
{
    (void)signal; /* but interrupt a wait: the window has another size */
}

typedef struct screen {
    struct termios before;
    bool is_raw;
} screen;

static void screen_begin(screen *shown)
{
    struct sigaction action = {.sa_handler = end_soon};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
    action.sa_handler = do_nothing;
    (void)sigaction(SIGWINCH, &action, NULL);
    shown->is_raw = tcgetattr(STDIN_FILENO, &shown->before) == 0;
    if (shown->is_raw) {
        struct termios raw = shown->before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    fputs("\033[?1049h\033[?25l", stdout);
}

static void screen_end(const screen *shown)
{
    fputs("\033[?25h\033[?1049l", stdout);
    fflush(stdout);
    if (shown->is_raw) (void)tcsetattr(STDIN_FILENO, TCSANOW, &shown->before);
}

/* A picture, cut to what the window has room for; the last line is kept for `foot`. */
static void draw(const char *text, const char *foot)
{
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    int rows = size.ws_row > 1 ? size.ws_row : 24, columns = size.ws_col > 0 ? size.ws_col : 80;
    fputs("\033[H", stdout);
    for (int row = 1; row < rows && *text != '\0'; row++) {
        size_t length = strcspn(text, "\n");
        printf("%.*s\033[K\r\n", length < (size_t)columns ? (int)length : columns, text);
        text += length + (text[length] == '\n');
    }
    printf("\033[J\033[%d;1H\033[7m%.*s\033[0m\033[K", rows, columns, foot);
    fflush(stdout);
}

static int draw_view(const top_view *view, bool is_held, bool has_more)
{
    char *text = NULL, foot[96];
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    if (file == NULL) return COMMAND_FAILED;
    top_show(view, file);
    if (fclose(file) != 0) return COMMAND_FAILED;
    snprintf(foot, sizeof foot, " q quit   p %s%s%s ", is_held ? "go on" : "hold",
             view->may_ask ? "   c census" : "", has_more ? "   n next heap" : "");
    draw(text, foot);
    free(text);
    return COMMAND_OK;
}

/* A key, or 0 when the time is over; also when the window changes. */
static int wait_for_key(double seconds)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    char key;
    if (poll(&input, 1, (int)(seconds * 1000)) <= 0) return 0;
    ssize_t got = read(STDIN_FILENO, &key, 1);
    if (got > 0) return (unsigned char)key;
    return got == 0 ? 'q' : 0; /* nobody is there any more */
}

/* Shows one heap after the other until somebody has seen enough; the last one's view is left open. */
static int watch(const request *wanted, const top_files *found, top_view *view)
{
    size_t shown = 0;
    bool is_held = false;
    int status = COMMAND_OK;
    while (!ended) {
        if (!is_held) status = look(view, found->files[shown].path);
        if (status != COMMAND_OK || top_life_of(view) != TOP_ALIVE) return status;
        status = draw_view(view, is_held, found->count > 1);
        if (status != COMMAND_OK) return status;
        int key = wait_for_key(wanted->interval);
        if (key == 'q') return COMMAND_OK;
        if (key == 'p') is_held = !is_held;
        if (key == 'c' && view->may_ask) top_ask(view);
        if (key == 'n' && found->count > 1) {
            shown = (shown + 1) % found->count;
            top_close(view);
            (void)top_open(view, found->files[shown].path);
            is_held = false;
        }
    }
    return COMMAND_OK;
}

static int show_again_and_again(const request *wanted, const top_files *found)
{
    top_view view;
    screen shown;
    (void)top_open(&view, found->files[0].path);
    int status = look(&view, found->files[0].path);
    if (status == COMMAND_OK && wanted->census) top_ask(&view);
    if (status == COMMAND_OK) {
        screen_begin(&shown);
        status = watch(wanted, found, &view);
        screen_end(&shown);
        if (status == COMMAND_OK) status = tell_life(&view);
    }
    top_close(&view);
    return status;
}

/* ---- arguments ---- */

static int read_arguments(int argc, char **argv, request *wanted)
{
    enum { ONCE = 256, JSON, CENSUS };
    static const struct option options[] = {
        {"once", no_argument, NULL, ONCE},     {"json", no_argument, NULL, JSON},
        {"census", no_argument, NULL, CENSUS}, {"interval", required_argument, NULL, 'i'},
        {"help", no_argument, NULL, 'h'},      {NULL, 0, NULL, 0},
    };
    *wanted = (request){.interval = 1};
    opterr = 0; /* we complain ourselves, in our own words */
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, ":i:h", options, NULL)) != -1;) {
        char *end = NULL;
        switch (option) {
        case ONCE: wanted->once = true; break;
        case JSON: wanted->as_json = true; break;
        case CENSUS: wanted->census = true; break;
        case 'i':
            wanted->interval = strtod(optarg, &end);
            if (*end == '\0' && wanted->interval >= 0.1 && wanted->interval <= 3600) break;
            complain("top: --interval takes seconds from 0.1 to 3600, not '%s'", optarg);
            return COMMAND_BAD_INPUT;
        case 'h': fputs(help, stdout); return -1;
        default:
            complain("top: %s '%s'; `ouro top --help` tells what there is",
                     option == ':' ? "something is missing behind" : "there is no option",
                     argv[optind - 1]);
            return COMMAND_BAD_INPUT;
        }
    }
    if (argc - optind > 1) {
        complain("top: name one process or one file; `ouro top --help` tells more");
        return COMMAND_BAD_INPUT;
    }
    wanted->what = argv[optind];
    return COMMAND_OK;
}

int top_command(int argc, char **argv)
{
    request wanted;
    top_files found = {NULL, 0};
    int status = read_arguments(argc, argv, &wanted);
    if (status < 0) return finish_output();
    if (status != COMMAND_OK) return status;
    bool is_live = isatty(STDOUT_FILENO) && isatty(STDIN_FILENO) && !wanted.once && !wanted.as_json;
    status = choose(wanted.what, &found);
    if (status == COMMAND_OK)
        status = is_live ? show_again_and_again(&wanted, &found)
                         : show_once(&wanted, found.files[0].path);
    free(found.files);
    return status;
}
