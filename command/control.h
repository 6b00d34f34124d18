/* SPDX-License-Identifier: MIT */
/*
 * control.h -- reads Debian control files: stanzas of "Name: value" fields
 *
 *     Package: perl              a stanza: fields, ended by a blank line
 *     Depends: perl-base (= 5),
 *      libperl5                  a continuation: begins with a blank
 *
 * The reader takes any bytes whatever.  What is no control file ends in
 * CONTROL_FAILED with a line number and a sentence.  It holds one field at a
 * time, at most CONTROL_FIELD_MAX bytes, however large the file is, and looks at
 * each byte a bounded number of times.
 */
#ifndef OURO_CONTROL_H
#define OURO_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { CONTROL_FIELD_MAX = 1 << 20 };

/* Some bytes that belong to somebody else. */
typedef struct span {
    const char *bytes;
    size_t length;
} span;

bool span_equal(span a, span b);
/* Whether a span is this word; capitals and small letters are the same. */
bool span_is_word(span a, const char *word);
/* Without the blanks and line ends around it. */
span span_trim(span a);

/* What is wrong, and where. */
typedef struct control_problem {
    bool machine_failed; /* no memory, a read error: the input may be fine */
    size_t line;         /* 0: the file as a whole */
    char sentence[224];  /* what is wrong; what to do */
} control_problem;

__attribute__((format(printf, 3, 4))) void problem_set(control_problem *problem, size_t line,
                                                       const char *format, ...);

/* A file, or a text in memory that is made of stanzas.  Where the bytes come
 * from makes no difference to the reader. */
typedef struct control_source {
    int descriptor;             /* -1: read `stanzas` instead */
    const char *const *stanzas; /* ended by NULL */
    size_t stanza_offset;       /* in the first of them */
    uint64_t size;              /* of the whole, or 0 when that is not known */
} control_source;

/* Opens a file.  False, with a sentence, when that cannot be done. */
bool control_source_open(control_source *source, const char *path, control_problem *problem);
void control_source_of_text(control_source *source, const char *const *stanzas);
void control_source_close(control_source *source);

typedef struct control_reader {
    control_source *source;
    control_problem *problem;
    char *buffer;
    size_t start; /* buffer[start, end) is read and not yet given out */
    size_t end;
    size_t given;       /* bytes of the field given out last, from start on */
    size_t given_lines; /* and its lines */
    size_t line;        /* the number of the line that begins at start */
    uint64_t consumed;  /* bytes given out in all */
    bool in_stanza;
    bool at_end; /* the source has no more */
} control_reader;

typedef struct control_field {
    span name;
    span value; /* from behind the colon, continuations and line ends included */
    size_t line;
} control_field;

typedef enum control_event {
    CONTROL_FIELD,      /* *out_field is one; valid until the next call */
    CONTROL_STANZA_END, /* the fields given since the last such event are a stanza */
    CONTROL_END,
    CONTROL_FAILED, /* problem says why */
} control_event;

/* False, with a sentence, when there is no memory for the buffer. */
bool control_reader_open(control_reader *reader, control_source *source, control_problem *problem);
control_event control_next(control_reader *reader, control_field *out_field);
void control_reader_close(control_reader *reader);

/* ---- dependency fields ------------------------------------------------------
 *
 *     Depends: libc6 (>= 2.36), awk, default-mta | mail-transport-agent:any
 *
 * A comma means "and", a bar "or".
 */
typedef struct relation {
    span name;
    span architecture; /* behind the colon; empty: none given */
    bool alternative;  /* stands behind a bar */
} relation;

typedef struct relation_reader {
    span rest;
    size_t line;
    bool begun;
    bool failed;
    control_problem *problem;
    const char *field; /* for the sentence */
} relation_reader;

void relation_reader_open(relation_reader *reader, const control_field *field, const char *name,
                          control_problem *problem);
/* False at the end, and when the field does not parse: then `failed` is set. */
bool relation_next(relation_reader *reader, relation *out_relation);

/* Whether these bytes may name a package.  Such names are safe to print. */
bool package_name_is_valid(span name);

#endif
