/* SPDX-License-Identifier: MIT */
/*
 * reports.c -- do types report what their objects hold?                [floor 7]
 *
 * A reference that is not reported leaks, and nothing contradicts it: its count looks as if the program held it.
 * So every word that no field names is looked at, as a conservative collector would:
 *
 *     object of type T   | word | field left | ... | a pointer to y | ... |
 *                                                     ^ word p
 *
 * T claims by its word p to own y.  Where y's count is explained by references that are known, the claim
 * is refuted, and with it the word p of all objects of T, since a word either owns or does not.  What is left is
 * charged against the unexplained counts, one claim each; a word with claims that nobody can pay is refuted
 * too.  Two objects must agree before a type is named.
 *
 * A pointer may carry a tag in its lowest three bits or above the 47 bits of an address.
 */
#include "inspect/audit.h"

#include "base/os.h"

#include <stdio.h>

/* Words beyond share the last bit. */
enum { POSITIONS = 64, WITNESSES = 2 };

/* What is known of the words of one type. */
struct claims {
    uint64_t made, refuted; /* a bit for each position */
    uint32_t paid;          /* of the lowest position that is not refuted */
    uint32_t next;          /* number of another type with claims; 0: none */
};

struct search {
    struct audit *audit;
    struct claims *claims; /* by type number */
    uint32_t first;
    void (*judge)(struct search *search, const ouro_type *type, size_t position, void *target);
};

/* ---- pointers in objects ---- */

static bool is_object(const struct audit *audit, uintptr_t address)
{
    return address % 8 == 0 && address >= audit->lowest && address < audit->highest &&
           ouro_is_object(audit->heap, (const void *)address);
}

/* The object that a word may point to, or NULL. */
static void *target_of(const struct audit *audit, uintptr_t word)
{
    uintptr_t address = word & (((uintptr_t)1 << 47) - 1) & ~(uintptr_t)7;
    return is_object(audit, address) ? (void *)address : NULL;
}

static size_t words_of(const ouro_type *type, const void *object)
{
    return (type->size + type->item_size * ouro__type_length(type, object)) / sizeof(void *);
}

/* Whether a field stands for the word at this offset. */
static bool is_named(const ouro_type *type, size_t offset)
{
    for (const ouro_field *field = type->fields; field != NULL && field->kind != OURO_FIELD_END;
         field++) {
        if (field->kind == OURO_FIELD_ITEMS && offset >= field->offset) return true;
        size_t size = field->kind == OURO_FIELD_VECTOR ? sizeof(ouro_vector) : sizeof(void *);
        if (offset >= field->offset && offset < field->offset + size) return true;
    }
    return false;
}

struct question {
    void *target;
    size_t reports;
};

static int compare(void *referent, void *argument)
{
    struct question *question = argument;
    question->reports += referent == question->target;
    return 0;
}

static void compare_visited(void *referent, void *context)
{
    (void)compare(referent, context);
}

static bool hook_reports(const ouro_type *type, void *object, void *target)
{
    struct question question = {target, 0};
    if (type->traverse != NULL) (void)type->traverse(object, compare, &question);
    return question.reports > 0;
}

/* ---- claims ---- */

static void look_at_object(void *object, void *context)
{
    struct search *search = context;
    if (ouro__audit_passes_by(object)) return;
    const ouro_type *type = ouro__type_of(object);
    size_t words = words_of(type, object);
    for (size_t i = 0; i < words; i++) {
        void *target = target_of(search->audit, ((const uintptr_t *)object)[i]);
        if (target == NULL || is_named(type, i * sizeof(void *))) continue;
        if (hook_reports(type, object, target)) continue;
        search->judge(search, type, i < POSITIONS ? i : POSITIONS - 1, target);
    }
}

enum { CLAIMS_SIZE = OURO_TYPES_MAX * sizeof(struct claims) };

/* Mapped when the first claim is made: most heaps have none. */
static bool have_claims(struct search *search)
{
    if (search->claims != NULL || search->audit->failed) return search->claims != NULL;
    search->claims = ouro__os_map(CLAIMS_SIZE, OURO_CARVE_SIZE);
    if (search->claims != NULL) return true;
    ouro__audit_fail(search->audit, OURO_NO_MEMORY,
                     "the audit of heap \"%s\" needs %d bytes: the system gave none",
                     search->audit->heap->name, (int)CLAIMS_SIZE);
    return false;
}

static void claim(struct search *search, const ouro_type *type, size_t position, void *target)
{
    if (ouro__word_is_immortal(*ouro__word_of(target)) || !have_claims(search))
        return; /* the count of an immortal one says nothing */
    uint32_t number = ouro__word_type(type->ready_word);
    struct claims *claims = &search->claims[number];
    if ((claims->made | claims->refuted) == 0) {
        claims->next = search->first;
        search->first = number;
    }
    if (*ouro__number_of(target) > 0)
        claims->made |= (uint64_t)1 << position;
    else
        claims->refuted |= (uint64_t)1 << position;
}

static uint64_t standing(const struct claims *claims)
{
    return claims->made & ~claims->refuted;
}

static void charge(struct search *search, const ouro_type *type, size_t position, void *target)
{
    struct claims *claims = &search->claims[ouro__word_type(type->ready_word)];
    uint64_t bit = (uint64_t)1 << position;
    if ((standing(claims) & bit) == 0 || ouro__word_is_immortal(*ouro__word_of(target))) return;
    uint32_t *unexplained = ouro__number_of(target);
    if (*unexplained == 0) {
        claims->refuted |= bit;
        return;
    }
    --*unexplained;
    if (bit == (standing(claims) & -standing(claims))) claims->paid++;
}

/* The field that ends where the word begins, for people who count in fields. */
static const char *field_before(const ouro_type *type, size_t offset)
{
    const char *name = NULL;
    for (const ouro_field *field = type->fields; field != NULL && field->kind != OURO_FIELD_END;
         field++)
        if (field->offset < offset) name = field->name;
    return name;
}

static void accuse(struct audit *audit, const ouro_type *type, const struct claims *claims)
{
    if (standing(claims) == 0 || claims->paid < WITNESSES) return;
    size_t offset = (size_t)__builtin_ctzl(standing(claims)) * sizeof(void *);
    const char *before = field_before(type, offset);
    ouro__audit_fail(
        audit, OURO_BAD_TYPE,
        "type %s: %u objects seem to own what the word at offset %zu%s%s refers to, which "
        "%s reports: name it OURO_REF, or OURO_BORROWED",
        type->name, claims->paid, offset, before != NULL ? ", behind " : "",
        before != NULL ? before : "",
        type->traverse != NULL ? "neither a field nor the traverse hook" : "no field");
}

void ouro__audit_reports(struct audit *audit)
{
    struct search search = {.audit = audit, .judge = claim};
    if (ouro__heap_pools(audit->heap)->marks.condemned != 0 ||
        ouro__life_is_dying(&audit->heap->life))
        return; /* what is on its way out holds references that were not counted */
    ouro__audit_each(audit, look_at_object, &search);
    if (search.claims == NULL) return;
    search.judge = charge;
    ouro__audit_each(audit, look_at_object, &search);
    for (uint32_t i = search.first; i != 0; i = search.claims[i].next)
        accuse(audit, ouro__types[i], &search.claims[i]);
    ouro__os_unmap(search.claims, CLAIMS_SIZE);
}

/* ---- hooks ---- */

struct answer {
    const struct audit *audit;
    size_t reports;
    uint64_t counts;
};

static int add_up(void *referent, void *argument)
{
    struct answer *answer = argument;
    answer->reports++;
    if (is_object(answer->audit, (uintptr_t)referent))
        answer->counts += ouro__word_count(*ouro__word_of(referent));
    return 0;
}

void ouro__audit_hook(struct audit *audit, void *object)
{
    const ouro_type *type = ouro__type_of(object);
    struct answer first = {.audit = audit}, second = {.audit = audit};
    if (type->traverse == NULL) return;
    (void)type->traverse(object, add_up, &first);
    (void)type->traverse(object, add_up, &second);
    if (first.reports != second.reports)
        ouro__audit_fail(
            audit, OURO_BAD_TYPE,
            "the traverse hook of type %s reports %zu references of object %p, and %zu "
            "when it is asked again",
            type->name, first.reports, object, second.reports);
    else if (first.counts != second.counts)
        ouro__audit_fail(audit, OURO_CORRUPT,
                         "the traverse hook of type %s changes the counts of what it reports, of "
                         "object %p",
                         type->name, object);
}

/* ---- what is reported too often ---- */

struct suspicion {
    struct audit *audit;
    void *target;
    const ouro_type *type; /* that reports it too often, or has a hook that reports it */
    size_t reports, held;
};

static size_t count_in_vectors(const ouro_type *type, const char *object, const void *target)
{
    size_t count = 0;
    for (const ouro_field *field = type->fields; field != NULL && field->kind != OURO_FIELD_END;
         field++) {
        if (field->kind != OURO_FIELD_VECTOR) continue;
        const ouro_vector *vector = (const ouro_vector *)(const void *)(object + field->offset);
        for (size_t i = 0; i < vector->length; i++) count += vector->items[i] == target;
    }
    return count;
}

static size_t count_held(const struct audit *audit, const ouro_type *type, const void *object,
                         const void *target)
{
    size_t words = words_of(type, object), count = count_in_vectors(type, object, target);
    for (size_t i = 0; i < words; i++)
        count += target_of(audit, ((const uintptr_t *)object)[i]) == target;
    return count;
}

static void suspect(void *object, void *context)
{
    struct suspicion *suspicion = context;
    if (ouro__audit_passes_by(object) || suspicion->reports > suspicion->held) return;
    const ouro_type *type = ouro__type_of(object);
    struct question question = {suspicion->target, 0};
    ouro__visit(object, compare_visited, &question);
    size_t held = count_held(suspicion->audit, type, object, suspicion->target);
    if (question.reports == 0 || (question.reports <= held && type->traverse == NULL)) return;
    suspicion->type = type;
    suspicion->reports = question.reports;
    suspicion->held = held;
}

void ouro__audit_overreport(struct audit *audit, void *object)
{
    struct suspicion suspicion = {.audit = audit, .target = object};
    ouro__audit_each(audit, suspect, &suspicion);
    if (suspicion.type == NULL) return;
    char *message = audit->error->message;
    size_t length = 0, size = sizeof audit->error->message;
    while (length < size && message[length] != '\0') length++;
    if (suspicion.reports > suspicion.held)
        snprintf(message + length, size - length,
                 "; type %s reports it %zu times and has it %zu times", suspicion.type->name,
                 suspicion.reports, suspicion.held);
    else
        snprintf(message + length, size - length, "; one by the traverse hook of type %s",
                 suspicion.type->name);
}
