/* SPDX-License-Identifier: MIT */
/*
 * census.c -- how many objects of which type and size                  [floor 7]
 *
 * One walk counts into a table of all types that the process can have, of which few pages are ever touched.  What was
 * met becomes the census, one mapping:
 *
 *     struct census | types, largest first | classes, largest first | types by number
 *
 * The last is for comparing two censuses in one go.
 */
#include "base/os.h"
#include "inspect/inspect.h"

#include <stdlib.h>
#include <string.h>

/* Small blocks have their class whatever their kind; each larger one has a mapping of its own, and those of up to a power of
 * two go together. */
enum { SMALL = 1 << OURO__BIN_SHIFT, CLASSES = SMALL + 64 };

struct census {
    ouro_census census; /* first: what the program gets */
    size_t size;        /* of the mapping */
    const ouro_census_line *by_number;
    ouro_census_line lines[];
};

struct counting {
    ouro_census_line types[OURO_TYPES_MAX];
    ouro_census_line classes[CLASSES];
    ouro_census_line total;
    uint32_t last_type; /* the highest number met */
};

/* ---- counting ---- */

static size_t class_of(const void *object, size_t bytes)
{
    if (!ouro__arena_of(object)->large) return ouro__pool_of(object)->bin & (SMALL - 1);
    return SMALL + 64 - (size_t)__builtin_clzl(bytes - 1);
}

static size_t class_size(size_t class)
{
    return class < SMALL ? ouro__bin_size(class) : (size_t)1 << (class - SMALL);
}

static void add(ouro_census_line *line, const ouro_object_info *info)
{
    line->objects++;
    line->bytes += info->block_bytes;
    line->buffer_bytes += info->buffer_bytes;
}

static void count_object(void *object, void *context)
{
    struct counting *counting = context;
    ouro_object_info info;
    ouro_get_object_info(object, &info);
    uint32_t number = ouro__word_type(*ouro__word_of(object));
    size_t class = class_of(object, info.block_bytes);
    if (number > counting->last_type) counting->last_type = number;
    counting->types[number].type = info.type;
    counting->classes[class].block_size = class_size(class);
    add(&counting->types[number], &info);
    add(&counting->classes[class], &info);
    add(&counting->total, &info);
}

/* ---- a census ---- */

static int compare_lines(const void *a, const void *b)
{
    const ouro_census_line *first = a, *second = b;
    size_t one = first->bytes + first->buffer_bytes, other = second->bytes + second->buffer_bytes;
    if (one != other) return one < other ? 1 : -1;
    if (first->block_size != second->block_size)
        return first->block_size < second->block_size ? -1 : 1;
    return first->type != NULL ? strcmp(first->type->name, second->type->name) : 0;
}

static size_t count_lines(const ouro_census_line *lines, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++) count += lines[i].objects > 0;
    return count;
}

static void copy_lines(ouro_census_line *to, const ouro_census_line *lines, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (lines[i].objects > 0) *to++ = lines[i];
}

static const ouro_census *make_census(ouro_heap *heap, const struct counting *counting)
{
    size_t all = (size_t)counting->last_type + 1;
    size_t types = count_lines(counting->types, all);
    size_t classes = count_lines(counting->classes, CLASSES);
    size_t size =
        ouro__whole_pages(sizeof(struct census) + (2 * types + classes) * sizeof(ouro_census_line));
    struct census *made = ouro__os_map(size, 4096);
    if (made == NULL) {
        ouro__heap_fail(heap, OURO_NO_MEMORY, size,
                        "a census of heap \"%s\" needs %zu bytes: the system gave none", heap->name,
                        size);
        return NULL;
    }
    ouro_census_line *by_class = made->lines + types, *by_number = by_class + classes;
    copy_lines(by_number, counting->types, all);
    copy_lines(by_class, counting->classes, CLASSES);
    memcpy(made->lines, by_number, types * sizeof *by_number);
    qsort(made->lines, types, sizeof *by_number, compare_lines);
    qsort(by_class, classes, sizeof *by_class, compare_lines);
    made->census = (ouro_census){made->lines, types, by_class, classes, counting->total};
    made->by_number = by_number;
    made->size = size;
    return &made->census;
}

const ouro_census *ouro_census_take(ouro_heap *heap)
{
    size_t size = ouro__whole_pages(sizeof(struct counting));
    struct counting *counting = ouro__os_map(size, 4096);
    if (counting == NULL) {
        ouro__heap_fail(heap, OURO_NO_MEMORY, size,
                        "a census of heap \"%s\" needs %zu bytes: the system gave none", heap->name,
                        size);
        return NULL;
    }
    ouro__each_shown(heap, count_object, counting);
    const ouro_census *made = make_census(heap, counting);
    ouro__os_unmap(counting, size);
    return made;
}

void ouro_census_free(const ouro_census *census)
{
    if (census == NULL) return;
    struct census *made = (struct census *)(uintptr_t)census;
    ouro__os_unmap(made, made->size);
}

/* ---- growth ---- */

static uint64_t number_of(const ouro_type *type)
{
    return ouro__word_type(type->ready_word);
}

static size_t bytes_of(const ouro_census_line *line)
{
    return line->bytes + line->buffer_bytes;
}

/* Puts one into its place among those that grew most. */
static size_t place(ouro_growth *grown, size_t count, size_t capacity, ouro_growth one)
{
    if (count < capacity)
        count++;
    else if (capacity == 0 || grown[count - 1].bytes >= one.bytes)
        return count;
    size_t at = count - 1;
    for (; at > 0 && grown[at - 1].bytes < one.bytes; at--) grown[at] = grown[at - 1];
    grown[at] = one;
    return count;
}

size_t ouro_census_growth(const ouro_census *before, const ouro_census *after,
                          ouro_growth *out_growth, size_t capacity)
{
    const struct census *old = (const struct census *)(const void *)before;
    const struct census *new = (const struct census *)(const void *)after;
    size_t at = 0, filled = 0, count = 0;
    for (size_t i = 0; i < after->type_count; i++) {
        const ouro_census_line *line = &new->by_number[i];
        ouro_growth one = {line->type, (ptrdiff_t)line->objects, (ptrdiff_t)bytes_of(line),
                           line->objects, bytes_of(line)};
        while (at < before->type_count &&
               number_of(old->by_number[at].type) < number_of(line->type))
            at++;
        if (at < before->type_count && old->by_number[at].type == line->type) {
            one.objects -= (ptrdiff_t)old->by_number[at].objects;
            one.bytes -= (ptrdiff_t)bytes_of(&old->by_number[at]);
        }
        if (one.objects <= 0 && one.bytes <= 0) continue;
        filled = place(out_growth, filled, capacity, one);
        count++;
    }
    return count;
}

/* ---- for people ---- */

static void print_line(const ouro_census_line *line, const char *name, FILE *file)
{
    fprintf(file, "%12zu %14zu %14zu  %s\n", line->objects, line->bytes, line->buffer_bytes, name);
}

void ouro_census_print(const ouro_census *census, size_t lines, FILE *file)
{
    fprintf(file, "%12s %14s %14s  type\n", "objects", "bytes", "buffers");
    for (size_t i = 0; i < census->type_count && i < lines; i++)
        print_line(&census->types[i], census->types[i].type->name, file);
    if (lines < census->type_count)
        fprintf(file, "%12s %14s %14s  and %zu types more\n", "", "", "",
                census->type_count - lines);
    print_line(&census->total, "all", file);
}

void ouro_census_print_growth(const ouro_census *before, const ouro_census *after, size_t lines,
                              FILE *file)
{
    enum { MOST = 256 };
    ouro_growth grown[MOST];
    size_t room = lines < MOST ? lines : MOST;
    size_t count = ouro_census_growth(before, after, grown, room);
    fprintf(file, "%12s %14s %12s %14s  type\n", "more objects", "more bytes", "objects", "bytes");
    for (size_t i = 0; i < count && i < room; i++)
        fprintf(file, "%+12td %+14td %12zu %14zu  %s\n", grown[i].objects, grown[i].bytes,
                grown[i].objects_now, grown[i].bytes_now, grown[i].type->name);
    if (room < count)
        fprintf(file, "%12s %14s %12s %14s  and %zu types more\n", "", "", "", "", count - room);
}
