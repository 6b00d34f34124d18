/* SPDX-License-Identifier: MIT */
/*
 * terminal.c -- text for people: colour, columns, progress
 *
 * Everything fits into 80 columns; nobody has to be asked how wide the window
 * is.
 */
#include "terminal.h"

#include <inttypes.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    INDENT = 3,
    CODE_WIDTH = 42,
    LABEL_WIDTH = 14,
    FORMAT_MAX = 512, /* a format with its escape sequences */
};

#define NANOSECONDS UINT64_C(1000000000)
#define PROGRESS_AFTER NANOSECONDS
#define PROGRESS_EVERY (NANOSECONDS / 10)

#define STYLE_TITLE "\033[1;36m"
#define STYLE_CODE "\033[33m"
#define STYLE_STRONG "\033[1m"
#define STYLE_FAINT "\033[2m"
#define STYLE_CELLS "\033[32m"
#define STYLE_END "\033[0m"

void terminal_open(terminal_output *terminal, bool quiet)
{
    const char *kind = getenv("TERM");
    const char *no_colour = getenv("NO_COLOR");
    bool clever = kind != NULL && *kind != '\0' && strcmp(kind, "dumb") != 0;
    *terminal = (terminal_output){.quiet = quiet};
    if (clever && isatty(STDOUT_FILENO)) {
        terminal->colour = no_colour == NULL || *no_colour == '\0';
        terminal->unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    }
    terminal->live = clever && isatty(STDERR_FILENO);
}

static const char *style(const terminal_output *terminal, const char *sequence)
{
    return terminal->colour ? sequence : "";
}

__attribute__((format(printf, 3, 0))) static void print_styled(const terminal_output *terminal,
                                                               const char *sequence,
                                                               const char *format,
                                                               va_list arguments)
{
    fputs(style(terminal, sequence), stdout);
    vprintf(format, arguments);
    printf("%s\n", style(terminal, STYLE_END));
}

/* Writes the format with its braces turned into styles, ready for printf.  The
 * arguments come later, so their own braces are safe. */
static const char *styled(const terminal_output *terminal, const char *format, char out[FORMAT_MAX])
{
    size_t length = 0;
    for (; *format != '\0' && length + sizeof(STYLE_STRONG) < FORMAT_MAX; format++) {
        const char *sequence = *format == '{'   ? style(terminal, STYLE_STRONG)
                               : *format == '}' ? style(terminal, STYLE_END)
                                                : NULL;
        if (sequence == NULL) {
            out[length++] = *format;
            continue;
        }
        size_t size = strlen(sequence);
        memcpy(out + length, sequence, size);
        length += size;
    }
    out[length] = '\0';
    return out;
}

/* Prints a styled format and ends the line. */
__attribute__((format(printf, 2, 0))) static void print_line(const terminal_output *terminal,
                                                             const char *format, va_list arguments)
{
    char buffer[FORMAT_MAX];
    vprintf(styled(terminal, format, buffer), arguments);
    putchar('\n');
}

void terminal_title(terminal_output *terminal, int number, const char *title, const char *question)
{
    if (terminal->quiet) return;
    printf("\n%s%d  %s%s  %s%s%s\n", style(terminal, STYLE_TITLE), number, title,
           style(terminal, STYLE_END), style(terminal, STYLE_FAINT), question,
           style(terminal, STYLE_END));
    fputs(style(terminal, STYLE_FAINT), stdout);
    for (int i = 0; i < 77; i++) fputs(terminal->unicode ? "\u2500" : "-", stdout);
    printf("%s\n", style(terminal, STYLE_END));
}

void terminal_say(terminal_output *terminal, const char *format, ...)
{
    va_list arguments;
    if (terminal->quiet) return;
    printf("%*s", INDENT, "");
    va_start(arguments, format);
    print_line(terminal, format, arguments);
    va_end(arguments);
}

void terminal_gap(terminal_output *terminal)
{
    if (!terminal->quiet) putchar('\n');
}

void terminal_heading(terminal_output *terminal, const char *format, ...)
{
    va_list arguments;
    if (terminal->quiet) return;
    va_start(arguments, format);
    print_styled(terminal, STYLE_TITLE, format, arguments);
    va_end(arguments);
}

void terminal_faint(terminal_output *terminal, const char *format, ...)
{
    va_list arguments;
    if (terminal->quiet) return;
    va_start(arguments, format);
    print_styled(terminal, STYLE_FAINT, format, arguments);
    va_end(arguments);
}

void terminal_bar(const terminal_output *terminal, double share, size_t width, char *out)
{
    static const char *const eighths[] = {"",       "\u258f", "\u258e", "\u258d",
                                          "\u258c", "\u258b", "\u258a", "\u2589"};
    double length = share < 0 ? 0 : share > 1 ? (double)width : share * (double)width;
    size_t whole = (size_t)(length + (terminal->unicode ? 0.0625 : 0.5));
    *out = '\0';
    for (size_t i = 0; i < whole; i++) strcat(out, terminal->unicode ? "\u2588" : "#");
    if (terminal->unicode && whole < width)
        strcat(out, eighths[(size_t)((length + 0.0625) * 8) % 8]);
}

void terminal_code(terminal_output *terminal, const char *code)
{
    if (terminal->quiet) return;
    if (terminal->code_pending) putchar('\n');
    printf("%*s%s%-*s%s ", INDENT, "", style(terminal, STYLE_CODE), CODE_WIDTH, code,
           style(terminal, STYLE_END));
    fflush(stdout);
    terminal->code_pending = true;
}

void terminal_result(terminal_output *terminal, const char *format, ...)
{
    va_list arguments;
    if (terminal->quiet) return;
    if (!terminal->code_pending) printf("%*s", INDENT + CODE_WIDTH + 1, "");
    terminal->code_pending = false;
    va_start(arguments, format);
    print_line(terminal, format, arguments);
    va_end(arguments);
}

void terminal_fact(terminal_output *terminal, const char *label, const char *format, ...)
{
    va_list arguments;
    if (terminal->quiet) return;
    printf("%*s%s%-*s%s ", INDENT, "", style(terminal, STYLE_FAINT), LABEL_WIDTH, label,
           style(terminal, STYLE_END));
    va_start(arguments, format);
    print_line(terminal, format, arguments);
    va_end(arguments);
}

static const char *cell(const terminal_output *terminal, char fill, char ascii[2])
{
    ascii[0] = fill;
    ascii[1] = '\0';
    if (!terminal->unicode) return ascii;
    switch (fill) {
    case '.': return "\u2591";
    case ':': return "\u2592";
    case '+': return "\u2593";
    case '#': return "\u2593";
    case '@': return "\u2588";
    default: return ascii;
    }
}

void terminal_row(terminal_output *terminal, const char *label, const char *cells,
                  const char *remark)
{
    char ascii[2];
    if (terminal->quiet) return;
    printf("%*s%s|%s", INDENT, "", label, style(terminal, STYLE_CELLS));
    for (; *cells != '\0'; cells++) fputs(cell(terminal, *cells, ascii), stdout);
    printf("%s|%s\n", style(terminal, STYLE_END), remark);
}

const char *terminal_arrow(const terminal_output *terminal)
{
    return terminal->unicode ? "\u2192" : "->";
}

/* ---- progress -------------------------------------------------------------- */

uint64_t clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NANOSECONDS + (uint64_t)now.tv_nsec;
}

void terminal_progress_begin(terminal_output *terminal, const char *activity)
{
    terminal->activity = activity;
    terminal->began = clock_now();
    terminal->drawn = 0;
}

void terminal_progress(terminal_output *terminal, uint64_t done, uint64_t total)
{
    if (!terminal->live || terminal->activity == NULL) return;
    uint64_t now = clock_now();
    if (now - terminal->began < PROGRESS_AFTER || now - terminal->drawn < PROGRESS_EVERY) return;
    terminal->drawn = now;
    if (total != 0 && done <= total)
        fprintf(stderr, "\r\033[K   %s: %3.0f%%", terminal->activity,
                100.0 * (double)done / (double)total);
    else
        fprintf(stderr, "\r\033[K   %s: %s", terminal->activity, show_bytes(done).text);
    fflush(stderr);
}

void terminal_progress_stage(terminal_output *terminal, const char *activity)
{
    terminal_progress_end(terminal);
    terminal_progress_begin(terminal, activity);
    if (!terminal->live) return;
    terminal->drawn = clock_now();
    fprintf(stderr, "\r\033[K   %s ...", activity);
    fflush(stderr);
}

void terminal_progress_end(terminal_output *terminal)
{
    if (terminal->drawn != 0) fputs("\r\033[K", stderr);
    terminal->drawn = 0;
    terminal->activity = NULL;
}

/* ---- figures ----------------------------------------------------------------- */

readable show_count(uint64_t count)
{
    char digits[32];
    readable result;
    int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);
    size_t place = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) result.text[place++] = ',';
        result.text[place++] = digits[i];
    }
    result.text[place] = '\0';
    return result;
}

readable show_counted(uint64_t count, const char *noun)
{
    readable result;
    snprintf(result.text, sizeof(result.text), "%.27s %.18s%s", show_count(count).text, noun,
             count == 1 ? "" : "s");
    return result;
}

readable show_bytes(uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    readable result;
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1023.5 && unit < sizeof(units) / sizeof(units[0]) - 1) {
        value /= 1024;
        unit++;
    }
    if (unit == 0)
        snprintf(result.text, sizeof(result.text), "%" PRIu64 " %s", bytes,
                 bytes == 1 ? "byte" : units[0]);
    else
        snprintf(result.text, sizeof(result.text), value < 9.95 ? "%.1f %s" : "%.0f %s", value,
                 units[unit]);
    return result;
}

readable show_seconds(double seconds)
{
    readable result;
    if (seconds < 1e-3)
        snprintf(result.text, sizeof(result.text), "%.0f us", seconds * 1e6);
    else if (seconds < 1)
        snprintf(result.text, sizeof(result.text), "%.1f ms", seconds * 1e3);
    else
        snprintf(result.text, sizeof(result.text), "%.2f s", seconds);
    return result;
}
