/* SPDX-License-Identifier: MIT */
/*
 * audit.h -- an audit of a whole heap, on its way                      [floor 7]
 *
 * verify.c goes through the structures and counts references; reports.c asks whether types report what their
 * objects hold.  The number beside an object is that of references that the heap knows; once all are counted, how
 * many of its count none of them explains.
 */
#ifndef OURO_INSPECT_AUDIT_H
#define OURO_INSPECT_AUDIT_H

#include "inspect/number.h"

struct audit {
    ouro_heap *heap;
    ouro_error *error;
    bool failed;
    const void *holder;           /* the object whose references are looked at */
    size_t weakly;                /* objects that say weak references look at them */
    size_t keyed;                 /* and ephemerons */
    size_t in_maps;               /* ephemerons that maps and sets have */
    uintptr_t lowest, highest;    /* between them lie all objects */
    struct ouro__numbers numbers; /* references that were found, then those that none explains */
};

/* Keeps the first contradiction. */
void ouro__audit_fail(struct audit *audit, ouro_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Every living object, those included that nobody may meet. */
void ouro__audit_each(struct audit *audit, void (*visit)(void *object, void *context),
                      void *context);

/* Dying, or garbage that waits to be freed: it may refer to what is freed already. */
bool ouro__audit_passes_by(const void *object);

/* ---- reports.c ---- */

/* Whether a traverse hook answers twice the same and leaves counts alone. */
void ouro__audit_hook(struct audit *audit, void *object);

/* Names the type that reports a reference to `object` too often, if one stands out. */
void ouro__audit_overreport(struct audit *audit, void *object);

/* Finds types whose objects hold references that nobody reports.  The numbers are unexplained counts. */
void ouro__audit_reports(struct audit *audit);

#endif
