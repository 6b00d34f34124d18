/* SPDX-License-Identifier: MIT */
/*
 * control.c -- reads Debian control files
 *
 * A field with its continuations lies in one piece in the file, so it lies in one
 * piece in the buffer, and what is given out points there: nothing is copied.
 *
 *     buffer  |  given out before  |  this field  |  read ahead  |  room  |
 *                                start           |             end
 *
 * The unread part moves to the front only when the room is used up, and a field
 * that then still has no end is too long: so no byte moves twice.
 */
#include "control.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    READ_SIZE = 64 * 1024,
    BUFFER_SIZE = CONTROL_FIELD_MAX + READ_SIZE,
    QUOTE_MAX = 40, /* bytes of the input that a sentence shows */
};

/* ---- spans and problems ------------------------------------------------------ */

bool span_equal(span a, span b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

bool span_is_word(span a, const char *word)
{
    return a.length == strlen(word) && strncasecmp(a.bytes, word, a.length) == 0;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static bool is_space(char byte)
{
    return is_blank(byte) || byte == '\n';
}

span span_trim(span a)
{
    while (a.length > 0 && is_space(a.bytes[0])) {
        a.bytes++;
        a.length--;
    }
    while (a.length > 0 && is_space(a.bytes[a.length - 1])) a.length--;
    return a;
}

void problem_set(control_problem *problem, size_t line, const char *format, ...)
{
    va_list arguments;
    problem->line = line;
    va_start(arguments, format);
    vsnprintf(problem->sentence, sizeof(problem->sentence), format, arguments);
    va_end(arguments);
}

/* The beginning of some bytes in a form that is safe to print on a terminal. */
typedef struct quote {
    char text[QUOTE_MAX + 4];
} quote;

static quote quote_of(span bytes)
{
    quote result;
    size_t length = bytes.length < QUOTE_MAX ? bytes.length : QUOTE_MAX;
    for (size_t i = 0; i < length; i++) {
        char byte = bytes.bytes[i];
        result.text[i] = byte >= ' ' && byte <= '~' ? byte : '?';
    }
    snprintf(result.text + length, 4, "%s", length < bytes.length ? "..." : "");
    return result;
}

/* ---- sources ------------------------------------------------------------------- */

bool control_source_open(control_source *source, const char *path, control_problem *problem)
{
    struct stat status;
    *source = (control_source){.descriptor = open(path, O_RDONLY | O_CLOEXEC)};
    if (source->descriptor < 0) {
        problem_set(problem, 0, "%s; name a Debian control file such as /var/lib/dpkg/status",
                    strerror(errno));
        return false;
    }
    if (fstat(source->descriptor, &status) == 0) {
        if (S_ISDIR(status.st_mode)) {
            problem_set(problem, 0, "is a directory; name a file in it");
            control_source_close(source);
            return false;
        }
        if (S_ISREG(status.st_mode) && status.st_size > 0) source->size = (uint64_t)status.st_size;
    }
    return true;
}

void control_source_of_text(control_source *source, const char *const *stanzas)
{
    *source = (control_source){.descriptor = -1, .stanzas = stanzas};
}

void control_source_close(control_source *source)
{
    if (source->descriptor >= 0) close(source->descriptor);
    source->descriptor = -1;
}

static size_t copy_text(control_source *source, char *out, size_t size)
{
    size_t copied = 0;
    while (copied < size && *source->stanzas != NULL) {
        char next = (*source->stanzas)[source->stanza_offset++];
        if (next != '\0') {
            out[copied++] = next;
        } else {
            source->stanzas++;
            source->stanza_offset = 0;
        }
    }
    return copied;
}

/* How many bytes; 0 at the end; -1 with errno. */
static ssize_t source_read(control_source *source, char *out, size_t size)
{
    if (source->descriptor < 0) return (ssize_t)copy_text(source, out, size);
    ssize_t got;
    do got = read(source->descriptor, out, size);
    while (got < 0 && errno == EINTR);
    return got;
}

/* ---- lines ------------------------------------------------------------------------ */

bool control_reader_open(control_reader *reader, control_source *source, control_problem *problem)
{
    *reader = (control_reader){.source = source, .problem = problem, .line = 1};
    reader->buffer = malloc(BUFFER_SIZE);
    if (reader->buffer == NULL) {
        problem->machine_failed = true;
        problem_set(problem, 0, "the system gave no memory to read it");
    }
    return reader->buffer != NULL;
}

void control_reader_close(control_reader *reader)
{
    free(reader->buffer);
    reader->buffer = NULL;
}

/* Reads more behind what is there.  False with a problem; at the end of the
 * source `at_end` is set.  `line` is the line that is being read. */
static bool fill(control_reader *reader, size_t line)
{
    if (reader->end == BUFFER_SIZE) {
        if (reader->start == 0) {
            problem_set(reader->problem, line,
                        "a line or field is longer than %d KiB; this is no control file",
                        CONTROL_FIELD_MAX / 1024);
            return false;
        }
        memmove(reader->buffer, reader->buffer + reader->start, reader->end - reader->start);
        reader->end -= reader->start;
        reader->start = 0;
    }
    size_t room = BUFFER_SIZE - reader->end;
    ssize_t got = source_read(reader->source, reader->buffer + reader->end,
                              room < READ_SIZE ? room : READ_SIZE);
    if (got < 0) {
        reader->problem->machine_failed = errno != EISDIR;
        problem_set(reader->problem, line, "cannot be read on: %s", strerror(errno));
        return false;
    }
    reader->at_end = got == 0;
    reader->end += (size_t)got;
    return true;
}

/* Whether all bytes of a line are text; a problem when not. */
static bool check_text(control_reader *reader, span line, size_t number)
{
    for (size_t i = 0; i < line.length; i++) {
        unsigned char byte = (unsigned char)line.bytes[i];
        if ((byte < ' ' && byte != '\t') || byte == 0x7f) {
            problem_set(reader->problem, number,
                        byte == '\r' ? "the line ends as on Windows; convert the file with dos2unix"
                                     : "byte 0x%02x is not text; is the file compressed?",
                        byte);
            return false;
        }
    }
    return true;
}

typedef enum line_kind { LINE_FAILED, LINE_NONE, LINE_BLANK, LINE_INDENTED, LINE_TEXT } line_kind;

/*
 * The line that begins `offset` bytes behind reader->start; without its line
 * end.  The span is valid until the next call.
 */
static line_kind line_at(control_reader *reader, size_t offset, size_t number, span *out_line)
{
    size_t searched = 0;
    const char *line_end = NULL;
    for (;;) {
        size_t begin = reader->start + offset;
        size_t length = reader->end - begin;
        if (length > searched)
            line_end = memchr(reader->buffer + begin + searched, '\n', length - searched);
        searched = length;
        if (line_end != NULL) break;
        if (reader->at_end) break;
        if (!fill(reader, number)) return LINE_FAILED;
    }
    const char *begin = reader->buffer + reader->start + offset;
    if (line_end == NULL && searched == 0) return LINE_NONE;
    *out_line = (span){begin, line_end != NULL ? (size_t)(line_end - begin) : searched};
    if (!check_text(reader, *out_line, number)) return LINE_FAILED;
    if (line_end == NULL) {
        problem_set(reader->problem, number,
                    "the file ends in the middle of a line, it was cut off; copy it again");
        return LINE_FAILED;
    }
    if (offset + out_line->length > CONTROL_FIELD_MAX) {
        problem_set(reader->problem, number,
                    "a line or field is longer than %d KiB; this is no control file",
                    CONTROL_FIELD_MAX / 1024);
        return LINE_FAILED;
    }
    if (span_trim(*out_line).length == 0) return LINE_BLANK;
    return is_blank(begin[0]) ? LINE_INDENTED : LINE_TEXT;
}

/* ---- fields ------------------------------------------------------------------------ */

/* Gives back the buffer space of `length` bytes that are `lines` lines. */
static void consume(control_reader *reader, size_t length, size_t lines)
{
    reader->start += length;
    reader->consumed += length;
    reader->line += lines;
}

/* The length of a field's name, when the line is one; 0 when not. */
static size_t field_name_length(span line)
{
    size_t length = 0;
    while (length < line.length && line.bytes[length] > ' ' && line.bytes[length] <= '~' &&
           line.bytes[length] != ':')
        length++;
    bool named = length < line.length && line.bytes[length] == ':';
    return named && line.bytes[0] != '#' && line.bytes[0] != '-' ? length : 0;
}

static control_event read_field(control_reader *reader, span line, control_field *out_field)
{
    size_t name_length = field_name_length(line);
    if (name_length == 0) {
        problem_set(reader->problem, reader->line,
                    "neither a field (\"Name: value\") nor a continuation (which begins with a "
                    "blank): \"%s\"; correct the line",
                    quote_of(line).text);
        return CONTROL_FAILED;
    }
    size_t length = line.length + 1;
    size_t lines = 1;
    line_kind kind;
    while ((kind = line_at(reader, length, reader->line + lines, &line)) == LINE_INDENTED) {
        length += line.length + 1;
        lines++;
    }
    if (kind == LINE_FAILED) return CONTROL_FAILED;
    const char *begin = reader->buffer + reader->start; /* looking for lines may move it */
    out_field->name = (span){begin, name_length};
    out_field->value = (span){begin + name_length + 1, length - name_length - 1};
    out_field->line = reader->line;
    reader->given = length;
    reader->given_lines = lines;
    reader->in_stanza = true;
    return CONTROL_FIELD;
}

control_event control_next(control_reader *reader, control_field *out_field)
{
    span line;
    consume(reader, reader->given, reader->given_lines);
    reader->given = 0;
    reader->given_lines = 0;
    for (;;) {
        switch (line_at(reader, 0, reader->line, &line)) {
        case LINE_FAILED: return CONTROL_FAILED;
        case LINE_TEXT: return read_field(reader, line, out_field);
        case LINE_INDENTED:
            problem_set(reader->problem, reader->line,
                        "a continuation without a field before it: \"%s\"; correct the line",
                        quote_of(span_trim(line)).text);
            return CONTROL_FAILED;
        case LINE_BLANK: consume(reader, line.length + 1, 1); break;
        case LINE_NONE:
            if (!reader->in_stanza) return CONTROL_END;
            break;
        }
        if (reader->in_stanza) {
            reader->in_stanza = false;
            return CONTROL_STANZA_END;
        }
    }
}

/* ---- dependency fields ---------------------------------------------------------------- */

static bool is_name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || (byte != '\0' && strchr("+-._", byte) != NULL);
}

bool package_name_is_valid(span name)
{
    if (name.length == 0 || !isalnum((unsigned char)name.bytes[0])) return false;
    for (size_t i = 0; i < name.length; i++)
        if (!is_name_byte(name.bytes[i])) return false;
    return true;
}

void relation_reader_open(relation_reader *reader, const control_field *field, const char *name,
                          control_problem *problem)
{
    *reader = (relation_reader){
        .rest = field->value, .line = field->line, .problem = problem, .field = name};
    /* Without the last line end, so that "the end" is on the line that ends too early. */
    while (reader->rest.length > 0 && is_space(reader->rest.bytes[reader->rest.length - 1]))
        reader->rest.length--;
}

static void skip(relation_reader *reader, size_t length)
{
    reader->rest.bytes += length;
    reader->rest.length -= length;
}

static void skip_space(relation_reader *reader)
{
    while (reader->rest.length > 0 && is_space(reader->rest.bytes[0])) {
        reader->line += reader->rest.bytes[0] == '\n';
        skip(reader, 1);
    }
}

static bool at(const relation_reader *reader, char byte)
{
    return reader->rest.length > 0 && reader->rest.bytes[0] == byte;
}

static bool relation_fail(relation_reader *reader, const char *what)
{
    span rest = reader->rest;
    const char *line_end = rest.length > 0 ? memchr(rest.bytes, '\n', rest.length) : NULL;
    if (line_end != NULL) rest.length = (size_t)(line_end - rest.bytes);
    problem_set(reader->problem, reader->line,
                "%s: %s at \"%s\"; write it as in \"a (>= 1), b | c\"", reader->field, what,
                rest.length > 0 ? quote_of(rest).text : "the end");
    reader->failed = true;
    return false;
}

static span take_name(relation_reader *reader)
{
    span name = {reader->rest.bytes, 0};
    while (name.length < reader->rest.length && is_name_byte(name.bytes[name.length]))
        name.length++;
    skip(reader, name.length);
    return name;
}

/* "(>= 1.2-3)", from behind the opening parenthesis. */
static bool skip_version(relation_reader *reader)
{
    static const char *const operators[] = {"<<", "<=", "=", ">=", ">>", "<", ">"};
    size_t length = 0;
    skip_space(reader);
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]) && length == 0; i++) {
        size_t size = strlen(operators[i]);
        if (reader->rest.length >= size && memcmp(reader->rest.bytes, operators[i], size) == 0)
            length = size;
    }
    if (length == 0) return relation_fail(reader, "no comparison (<<, <=, =, >= or >>)");
    skip(reader, length);
    skip_space(reader);
    length = 0;
    while (length < reader->rest.length && !is_space(reader->rest.bytes[length]) &&
           strchr("(),|<>=", reader->rest.bytes[length]) == NULL)
        length++;
    if (length == 0) return relation_fail(reader, "no version");
    skip(reader, length);
    skip_space(reader);
    if (!at(reader, ')')) return relation_fail(reader, "a version without \")\" behind it");
    skip(reader, 1);
    return true;
}

bool relation_next(relation_reader *reader, relation *out_relation)
{
    *out_relation = (relation){.alternative = false};
    skip_space(reader);
    if (reader->begun) {
        if (reader->rest.length == 0) return false;
        out_relation->alternative = at(reader, '|');
        if (!at(reader, ',') && !at(reader, '|'))
            return relation_fail(reader, "neither \",\" nor \"|\"");
        skip(reader, 1);
        skip_space(reader);
    } else if (reader->rest.length == 0) {
        return false; /* an empty field asks for nothing */
    }
    reader->begun = true;
    relation_reader before = *reader;
    out_relation->name = take_name(reader);
    if (!package_name_is_valid(out_relation->name)) {
        *reader = before;
        return relation_fail(reader, "no package name");
    }
    if (at(reader, ':')) {
        skip(reader, 1);
        out_relation->architecture = take_name(reader);
        if (out_relation->architecture.length == 0) return relation_fail(reader, "no architecture");
    }
    skip_space(reader);
    if (!at(reader, '(')) return true;
    skip(reader, 1);
    return skip_version(reader);
}
