/* SPDX-License-Identifier: MIT */
/*
 * weak.c -- looking at an object without holding it
 *
 * A weak reference answers with the object as long as somebody else holds it, and
 * with NULL from then on.  Two uses:
 *
 *   - a back pointer.  A tree whose children know their parent weakly has no
 *     cycle, so it goes at once, without the collector;
 *   - a notice.  A callback runs when the object is gone.
 */
#include <ouro/ouro.h>

#include <stdio.h>
#include <stdlib.h>

static void expect(bool happened, const char *what)
{
    if (happened) return;
    fprintf(stderr, "this did not happen: %s\n", what);
    exit(EXIT_FAILURE);
}

/* ---- a weak field ------------------------------------------------------------- */

typedef struct branch {
    ouro_weakref *parent; /* a weak field has this type, whatever it looks at */
    ouro_vector children;
} branch;

static ouro_type branch_type;
static const ouro_field branch_fields[] = {
    OURO_WEAK(branch, parent, &branch_type),
    OURO_VECTOR(branch, children, &branch_type),
    OURO_END,
};
/*
 * From the table alone the library must assume a cycle: a branch holds
 * branches.  We know better, since a branch holds only what lies below it, so we
 * promise that there are none, and the collector never looks at them.
 */
static ouro_type branch_type = OURO_TYPE(branch, .fields = branch_fields, .acyclic = true);

static OURO_OWNED branch *grow(ouro_heap *heap, branch *parent)
{
    ouro_auto branch *grown = ouro_new(heap, branch);
    expect(grown != NULL, "there is memory for a branch");
    if (parent != NULL) {
        expect(ouro_weak_set(grown, parent, parent) == OURO_OK, "a weak field is set");
        expect(ouro_vector_append(parent, &parent->children, grown) == OURO_OK, "a vector grows");
    }
    return ouro_move(grown); /* else ouro_auto would give it back here */
}

static void show_back_pointer(ouro_heap *heap)
{
    branch *root = grow(heap, NULL);
    branch *leaf = grow(heap, root);
    expect(ouro_refcount(root) == 1, "a weak reference does not count");
    {
        /* Owned: while we use it, it cannot go. */
        ouro_auto branch *parent = ouro_weak_get(leaf, parent);
        expect(parent == root, "the leaf finds its parent");
        printf("the leaf finds its parent\n");
    }
    ouro_decref(root); /* gone at once; the leaf is ours and stays */
    branch *parent = ouro_weak_get(leaf, parent);
    expect(parent == NULL, "the parent is gone");
    printf("the parent is gone, and the leaf knows it\n");
    ouro_decref(leaf);
}

/* ---- a callback ----------------------------------------------------------------- */

typedef struct document {
    int pages;
} document;
static ouro_type document_type = OURO_TYPE(document, .fields = NULL);

/* What the callback is given as its argument; an object, so that it is there
 * for as long as the weak reference is. */
typedef struct archive {
    int gone;
} archive;
static ouro_type archive_type = OURO_TYPE(archive, .fields = NULL);

static void note_gone(ouro_weakref *self, void *argument)
{
    archive *noted = argument;
    void *answer = ouro_weakref_get(self);
    expect(answer == NULL, "in the callback the object is gone already");
    noted->gone++;
    printf("a document is gone\n");
}

static void show_callback(ouro_heap *heap)
{
    ouro_auto archive *kept = ouro_new(heap, archive);
    document *read = ouro_new(heap, document);
    expect(kept != NULL && read != NULL, "there is memory for two objects");
    ouro_auto ouro_weakref *watching = ouro_weakref_new_callback(read, note_gone, kept);
    expect(watching != NULL, "there is memory for a weak reference");
    expect(ouro_weakref_count(read) == 1, "one weak reference looks at the document");
    ouro_decref(read);
    expect(kept->gone == 1, "the callback ran once");
}

int main(void)
{
    ouro_heap *heap = ouro_heap_new(NULL, NULL);
    expect(heap != NULL, "there is memory for a heap");
    show_back_pointer(heap);
    show_callback(heap);
    ouro_close_report report;
    ouro_heap_close(heap, NULL, &report);
    expect(report.alive == 0, "all of it went without the collector");
    return EXIT_SUCCESS;
}
