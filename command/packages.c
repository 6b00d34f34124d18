/* SPDX-License-Identifier: MIT */
/*
 * packages.c -- the packages of a Debian system as a graph of ouro objects
 *
 * Two passes.  The first reads the file: it makes the packages, and notes each
 * name in a dependency field as a `wish`, since the package of that name may
 * come later in the file.  The second turns the wishes into references.
 *
 * Memory: what stays belongs to objects of the heap.  What only loading needs
 * (wishes, tables) is malloc's, is gathered in a `loader`, and goes at its end.
 */
#include "packages.h"

#include "name_table.h"

#include <stdlib.h>
#include <string.h>

/* ---- types ------------------------------------------------------------------- */

ouro_type text_type =
    OURO_TYPE(text, .item_size = 1, .length_offset = (size_t)offsetof(text, length));

static const ouro_field package_reference_fields[] = {
    OURO_REF(package, name, &text_type),
    OURO_REF(package, version, &text_type),
    OURO_REF(package, architecture, &text_type),
    OURO_REF(package, section, &text_type),
    OURO_VECTOR(package, depends, &package_type),
    OURO_VECTOR(package, recommends, &package_type),
    OURO_END,
};
ouro_type package_type = OURO_TYPE(package, .fields = package_reference_fields);

static const ouro_field package_database_fields[] = {
    OURO_VECTOR(package_database, packages, &package_type),
    OURO_END,
};
ouro_type package_database_type = OURO_TYPE(package_database, .fields = package_database_fields);

/* ---- what loading needs --------------------------------------------------------- */

typedef enum wish_kind { WISH_DEPENDS, WISH_RECOMMENDS, WISH_PROVIDES } wish_kind;

/* A name in a field of a package: a reference that is to be. */
typedef struct wish {
    size_t package; /* the number of who wishes */
    size_t bytes;   /* where in `loader.bytes` the name begins; the architecture follows */
    uint32_t name_length;
    uint32_t architecture_length;
    wish_kind kind;
} wish;

typedef struct loader {
    ouro_heap *heap;
    package_database *database;
    control_problem *problem;
    package_figures *figures;

    name_table packages; /* by (name, architecture), and the first of a name by (name, "") */
    name_table texts;    /* texts that packages share; holds a reference to each */

    wish *wishes;
    size_t wishes_length, wishes_capacity;
    char *bytes;
    size_t bytes_length, bytes_capacity;

    /* The stanza that is being read. */
    package *package; /* owned; NULL between stanzas */
    size_t stanza_line;
    unsigned seen; /* bits of known_fields */
    bool is_installed;
    size_t wishes_before; /* to take back what a stanza wished that is left out */
    size_t bytes_before;
} loader;

static bool no_memory(loader *loading)
{
    loading->problem->machine_failed = true;
    problem_set(loading->problem, 0, "the system gave no memory to load it");
    return false;
}

/* The heap refused; its error says why. */
static bool heap_failed(loader *loading)
{
    loading->problem->machine_failed = true;
    problem_set(loading->problem, 0, "%s", ouro_heap_error(loading->heap)->message);
    return false;
}

/* Makes room for `more` items behind `length`; the items stay where memory is refused. */
static bool make_room(loader *loading, void **items, size_t *capacity, size_t length, size_t more,
                      size_t item_size)
{
    if (*capacity - length >= more) return true;
    size_t wanted = *capacity < 1024 ? 1024 : *capacity * 2;
    while (wanted - length < more) wanted *= 2;
    void *larger = realloc(*items, wanted * item_size);
    if (larger == NULL) return no_memory(loading);
    *items = larger;
    *capacity = wanted;
    return true;
}

/* ---- texts ------------------------------------------------------------------------ */

static span span_of(const text *of)
{
    return of != NULL ? (span){of->bytes, of->length - 1} : (span){"", 0};
}

static OURO_OWNED text *text_new(loader *loading, span bytes)
{
    text *made = ouro_new_var(loading->heap, text, bytes.length + 1);
    if (made == NULL) {
        heap_failed(loading);
        return NULL;
    }
    memcpy(made->bytes, bytes.bytes, bytes.length); /* new objects are zeroed: the NUL is there */
    return made;
}

/* The one text of these bytes, with one more reference. */
static OURO_OWNED text *text_shared(loader *loading, span bytes)
{
    text *known = name_table_find(&loading->texts, bytes, (span){"", 0});
    if (known != NULL) return ouro_newref(known);
    known = text_new(loading, bytes);
    if (known == NULL) return NULL;
    if (!name_table_add(&loading->texts, span_of(known), (span){"", 0}, known)) {
        ouro_decref(known);
        no_memory(loading);
        return NULL;
    }
    return ouro_newref(known); /* one for the table, one for the caller */
}

/* ---- fields of a stanza -------------------------------------------------------------- */

static bool read_name(loader *loading, const control_field *field)
{
    span name = span_trim(field->value);
    if (!package_name_is_valid(name)) {
        problem_set(loading->problem, field->line,
                    "Package: not a package name; write one of letters, digits and +-._");
        return false;
    }
    text *made = text_new(loading, name);
    ouro_put(loading->package, name, made);
    return made != NULL;
}

static bool read_version(loader *loading, const control_field *field)
{
    text *made = text_new(loading, span_trim(field->value));
    ouro_put(loading->package, version, made);
    return made != NULL;
}

static bool read_architecture(loader *loading, const control_field *field)
{
    text *shared = text_shared(loading, span_trim(field->value));
    ouro_put(loading->package, architecture, shared);
    return shared != NULL;
}

static bool read_section(loader *loading, const control_field *field)
{
    text *shared = text_shared(loading, span_trim(field->value));
    ouro_put(loading->package, section, shared);
    return shared != NULL;
}

/* "install ok installed": the third word tells.  Of packages that were removed,
 * the database keeps what is left of them: nothing, or their configuration. */
static bool read_status(loader *loading, const control_field *field)
{
    span status = span_trim(field->value);
    size_t last = status.length;
    while (last > 0 && status.bytes[last - 1] != ' ') last--;
    span word = {status.bytes + last, status.length - last};
    loading->is_installed =
        !span_is_word(word, "not-installed") && !span_is_word(word, "config-files");
    return true;
}

static bool note_wish(loader *loading, const relation *named, wish_kind kind)
{
    span name = named->name;
    span architecture = named->architecture;
    void *wishes = loading->wishes;
    void *bytes = loading->bytes;
    if (!make_room(loading, &wishes, &loading->wishes_capacity, loading->wishes_length, 1,
                   sizeof(wish)))
        return false;
    loading->wishes = wishes;
    if (!make_room(loading, &bytes, &loading->bytes_capacity, loading->bytes_length,
                   name.length + architecture.length, 1))
        return false;
    loading->bytes = bytes;

    loading->wishes[loading->wishes_length++] = (wish){
        .package = loading->database->packages.length,
        .bytes = loading->bytes_length,
        .name_length = (uint32_t)name.length,
        .architecture_length = (uint32_t)architecture.length,
        .kind = kind,
    };
    memcpy(loading->bytes + loading->bytes_length, name.bytes, name.length);
    loading->bytes_length += name.length;
    if (architecture.length > 0)
        memcpy(loading->bytes + loading->bytes_length, architecture.bytes, architecture.length);
    loading->bytes_length += architecture.length;
    return true;
}

static bool read_relations(loader *loading, const control_field *field, const char *name,
                           wish_kind kind)
{
    relation_reader reader;
    relation named;
    relation_reader_open(&reader, field, name, loading->problem);
    while (relation_next(&reader, &named)) {
        if (named.alternative && kind == WISH_PROVIDES) {
            problem_set(loading->problem, reader.line,
                        "Provides: \"|\" makes no sense here; separate the names with \",\"");
            return false;
        }
        if (!note_wish(loading, &named, kind)) return false;
    }
    return !reader.failed;
}

static bool read_depends(loader *loading, const control_field *field)
{
    return read_relations(loading, field, "Depends", WISH_DEPENDS);
}

static bool read_pre_depends(loader *loading, const control_field *field)
{
    return read_relations(loading, field, "Pre-Depends", WISH_DEPENDS);
}

static bool read_recommends(loader *loading, const control_field *field)
{
    return read_relations(loading, field, "Recommends", WISH_RECOMMENDS);
}

static bool read_provides(loader *loading, const control_field *field)
{
    return read_relations(loading, field, "Provides", WISH_PROVIDES);
}

static const struct known_field {
    const char *name;
    bool (*read)(loader *loading, const control_field *field);
} known_fields[] = {
    {"Package", read_name},
    {"Version", read_version},
    {"Status", read_status},
    {"Architecture", read_architecture},
    {"Section", read_section},
    {"Depends", read_depends},
    {"Pre-Depends", read_pre_depends},
    {"Recommends", read_recommends},
    {"Provides", read_provides},
};

static bool begin_stanza(loader *loading, size_t line)
{
    loading->package = ouro_new(loading->heap, package);
    if (loading->package == NULL) return heap_failed(loading);
    loading->stanza_line = line;
    loading->seen = 0;
    loading->is_installed = true; /* lists of available packages have no Status */
    loading->wishes_before = loading->wishes_length;
    loading->bytes_before = loading->bytes_length;
    return true;
}

static bool read_known_field(loader *loading, const control_field *field)
{
    if (loading->package == NULL && !begin_stanza(loading, field->line)) return false;
    for (size_t i = 0; i < sizeof(known_fields) / sizeof(known_fields[0]); i++) {
        if (!span_is_word(field->name, known_fields[i].name)) continue;
        if (loading->seen & (1u << i)) {
            problem_set(loading->problem, field->line,
                        "a second %s in one stanza; is the blank line before it missing?",
                        known_fields[i].name);
            return false;
        }
        loading->seen |= 1u << i;
        return known_fields[i].read(loading, field);
    }
    return true; /* a field that does not matter here */
}

/* ---- stanzas ------------------------------------------------------------------------ */

/* Enters a package under its name and architecture, and under its name alone
 * when it is the first to have it.  The first wins in either case. */
static bool enter_package(loader *loading, package *entered)
{
    span name = span_of(entered->name);
    span architecture = span_of(entered->architecture);
    span none = {"", 0};
    if (name_table_find(&loading->packages, name, none) == NULL &&
        !name_table_add(&loading->packages, name, none, entered))
        return no_memory(loading);
    if (name_table_find(&loading->packages, name, architecture) == NULL &&
        !name_table_add(&loading->packages, name, architecture, entered))
        return no_memory(loading);
    return true;
}

static bool append_package(loader *loading, package *appended)
{
    ouro_vector *packages = &loading->database->packages;
    appended->number = packages->length;
    if (ouro_vector_append(loading->database, packages, appended) != OURO_OK)
        return heap_failed(loading);
    return enter_package(loading, appended);
}

static bool end_stanza(loader *loading)
{
    ouro_auto package *ended = ouro_move(loading->package);
    if (ended->name == NULL) {
        problem_set(loading->problem, loading->stanza_line,
                    "a stanza without a Package field; add it, or remove the stanza");
        return false;
    }
    if (!loading->is_installed) {
        loading->wishes_length = loading->wishes_before;
        loading->bytes_length = loading->bytes_before;
        loading->figures->not_installed++;
        return true;
    }
    loading->figures->installed++;
    return append_package(loading, ended);
}

static bool read_stanzas(loader *loading, control_source *source, package_progress progress,
                         void *context)
{
    control_reader reader;
    control_field field;
    size_t stanzas = 0;
    bool good = true;
    bool ended = false;
    if (!control_reader_open(&reader, source, loading->problem)) return false;
    while (good && !ended) {
        switch (control_next(&reader, &field)) {
        case CONTROL_FIELD: good = read_known_field(loading, &field); break;
        case CONTROL_STANZA_END:
            good = end_stanza(loading);
            if (++stanzas % 256 == 0 && progress != NULL)
                progress(context, reader.consumed, source->size);
            break;
        case CONTROL_END: ended = true; break;
        case CONTROL_FAILED: good = false; break;
        }
    }
    control_reader_close(&reader);
    if (good && stanzas == 0) {
        problem_set(loading->problem, reader.line,
                    "the file holds no package; name a file such as /var/lib/dpkg/status");
        return false;
    }
    return good;
}

/* ---- wishes become references ---------------------------------------------------------- */

static span wish_name(const loader *loading, const wish *wanted)
{
    return (span){loading->bytes + wanted->bytes, wanted->name_length};
}

static package *package_at(const loader *loading, size_t number)
{
    return loading->database->packages.items[number];
}

/* The virtual package of that name, made when it is first asked for. */
static package *virtual_package(loader *loading, span name)
{
    package *known = name_table_find(&loading->packages, name, (span){"", 0});
    if (known != NULL) return known;
    ouro_auto package *made = ouro_new(loading->heap, package);
    if (made == NULL) {
        heap_failed(loading);
        return NULL;
    }
    text *named = text_new(loading, name);
    if (named == NULL) return NULL;
    ouro_put(made, name, named);
    made->is_virtual = true;
    if (!append_package(loading, made)) return NULL;
    loading->figures->virtual_packages++;
    return made; /* borrowed: the database holds it now */
}

/* A name that is both a package's own and provided by others means the package. */
static bool grant_provides(loader *loading)
{
    for (size_t i = 0; i < loading->wishes_length; i++) {
        const wish *wanted = &loading->wishes[i];
        if (wanted->kind != WISH_PROVIDES) continue;
        package *target = virtual_package(loading, wish_name(loading, wanted));
        if (target == NULL) return false;
        package *provider = package_at(loading, wanted->package);
        ouro_vector *providers = &target->depends;
        bool twice = providers->length > 0 && providers->items[providers->length - 1] == provider;
        if (!target->is_virtual || twice) continue;
        if (ouro_vector_append(target, providers, provider) != OURO_OK) return heap_failed(loading);
        loading->figures->edges++;
    }
    return true;
}

/* Who is meant: of several architectures, first the own, then one for all. */
static package *wished_package(const loader *loading, const wish *wanted, const package *from)
{
    span name = wish_name(loading, wanted);
    span architecture = {name.bytes + name.length, wanted->architecture_length};
    if (architecture.length > 0 && !span_is_word(architecture, "any"))
        return name_table_find(&loading->packages, name, architecture);
    package *found = NULL;
    if (architecture.length == 0) {
        found = name_table_find(&loading->packages, name, span_of(from->architecture));
        if (found == NULL) found = name_table_find(&loading->packages, name, (span){"all", 3});
    }
    return found != NULL ? found : name_table_find(&loading->packages, name, (span){"", 0});
}

/*
 * `marks` tells for each package who referred to it last, so that a package
 * named twice ("a (>= 1), a (<< 2)") gets one reference.
 */
static bool grant_dependencies(loader *loading, size_t *marks)
{
    for (size_t i = 0; i < loading->wishes_length; i++) {
        const wish *wanted = &loading->wishes[i];
        if (wanted->kind == WISH_PROVIDES) continue;
        package *from = package_at(loading, wanted->package);
        package *to = wished_package(loading, wanted, from);
        if (to == NULL) {
            loading->figures->absent++;
            continue;
        }
        bool depends = wanted->kind == WISH_DEPENDS;
        size_t *mark = &marks[2 * to->number + !depends];
        if (*mark == wanted->package + 1) continue;
        *mark = wanted->package + 1;
        ouro_vector *vector = depends ? &from->depends : &from->recommends;
        if (ouro_vector_append(from, vector, to) != OURO_OK) return heap_failed(loading);
        loading->figures->edges++;
    }
    return true;
}

static bool grant_wishes(loader *loading)
{
    if (!grant_provides(loading)) return false;
    size_t *marks = calloc(loading->database->packages.length + 1, 2 * sizeof(size_t));
    if (marks == NULL) return no_memory(loading);
    bool good = grant_dependencies(loading, marks);
    free(marks);
    return good;
}

/* ---- loading ----------------------------------------------------------------------------- */

static void end_loading(loader *loading)
{
    for (size_t i = 0; i < loading->texts.capacity; i++)
        ouro_xdecref(loading->texts.entries[i].value);
    name_table_free(&loading->texts);
    name_table_free(&loading->packages);
    free(loading->wishes);
    free(loading->bytes);
    ouro_xdecref(loading->package);
}

package_database *packages_load(ouro_heap *heap, control_source *source, package_progress progress,
                                void *context, package_figures *out_figures,
                                control_problem *problem)
{
    loader loading = {.heap = heap, .problem = problem, .figures = out_figures};
    *out_figures = (package_figures){0};
    loading.database = ouro_new(heap, package_database);
    if (loading.database == NULL) {
        heap_failed(&loading);
        return NULL;
    }
    bool good = read_stanzas(&loading, source, progress, context) && grant_wishes(&loading);
    end_loading(&loading);
    if (!good) {
        ouro_decref(loading.database);
        ouro_collect(heap, 2); /* what was read so far may hold each other already */
        return NULL;
    }
    return loading.database;
}
