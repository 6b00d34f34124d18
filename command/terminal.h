/* SPDX-License-Identifier: MIT */
/*
 * terminal.h -- text for people: colour, columns, progress
 *
 * Colour goes to terminals only, and not where NO_COLOR is set.  Characters
 * beyond ASCII go to terminals whose locale is UTF-8.  Everywhere else the same
 * words are plain text.
 *
 * In formats, {braces} set off what the reader should see first.  They work on
 * the format alone: braces in arguments are printed as they are.
 */
#ifndef OURO_TERMINAL_H
#define OURO_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct terminal_output {
    bool quiet;        /* print nothing at all */
    bool colour;       /* escape sequences are understood */
    bool unicode;      /* lines and blocks can be drawn */
    bool live;         /* somebody watches stderr: progress may be drawn */
    bool code_pending; /* the left column of the current line is filled */

    const char *activity; /* what terminal_progress reports on, or NULL */
    uint64_t began;       /* when it began, in nanoseconds */
    uint64_t drawn;       /* when it was last drawn; 0: never */
} terminal_output;

void terminal_open(terminal_output *terminal, bool quiet);

/* The title of question `number`. */
void terminal_title(terminal_output *terminal, int number, const char *title, const char *question);

/* A line of prose, indented. */
__attribute__((format(printf, 2, 3))) void terminal_say(terminal_output *terminal,
                                                        const char *format, ...);
void terminal_gap(terminal_output *terminal);

/* A line that names what follows, and one that stands back behind it. */
__attribute__((format(printf, 2, 3))) void terminal_heading(terminal_output *terminal,
                                                            const char *format, ...);
__attribute__((format(printf, 2, 3))) void terminal_faint(terminal_output *terminal,
                                                          const char *format, ...);

/* A bar of at most `width` characters, as long as `share` (0 to 1) says.  `out` has room for 3 bytes each and a NUL. */
void terminal_bar(const terminal_output *terminal, double share, size_t width, char *out);

/* Two columns: the code on the left, flushed before it is run, and on the right
 * what happened: any number of lines. */
void terminal_code(terminal_output *terminal, const char *code);
__attribute__((format(printf, 2, 3))) void terminal_result(terminal_output *terminal,
                                                           const char *format, ...);

/* A narrow label and what there is to say about it. */
__attribute__((format(printf, 3, 4))) void terminal_fact(terminal_output *terminal,
                                                         const char *label, const char *format,
                                                         ...);

/* One row of a drawing, whose cells are ' ', '.', ':', '+', '#' and '@' by how
 * full they are. */
void terminal_row(terminal_output *terminal, const char *label, const char *cells,
                  const char *remark);

/* The arrow of this terminal: "->" or the real one. */
const char *terminal_arrow(const terminal_output *terminal);

/*
 * Progress of something that may take long.  Nothing shows in its first
 * second; the line disappears with terminal_progress_end.
 */
void terminal_progress_begin(terminal_output *terminal, const char *activity);
void terminal_progress(terminal_output *terminal, uint64_t done, uint64_t total);
void terminal_progress_end(terminal_output *terminal);

/* The same for what cannot tell yet how far it is, or never can: shows at once, until terminal_progress_end. */
void terminal_progress_stage(terminal_output *terminal, const char *activity);

/* Figures as people read them: 12,345; 1.2 MiB; 3.4 ms. */
typedef struct readable {
    char text[48];
} readable;
readable show_count(uint64_t count);
readable show_counted(uint64_t count, const char *noun); /* "1 root", "1,162 roots" */
readable show_bytes(uint64_t bytes);
readable show_seconds(double seconds);

/* Nanoseconds of a clock that only goes forward. */
uint64_t clock_now(void);

#endif
