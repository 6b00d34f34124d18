/* SPDX-License-Identifier: MIT */
/*
 * describe.h -- objects, edges and roots of a snapshot as people write them
 *
 *     object   list 0x7f3a10 "history"
 *     edges    .left   .items[3]   ["name"]   .<type>
 *     root     cache   <outside>   <immortal>
 *
 * What the file says is made safe for a terminal (text.h).  Numbers are of things that the snapshot has.
 */
#ifndef OURO_ANALYSIS_DESCRIBE_H
#define OURO_ANALYSIS_DESCRIBE_H

#include "text.h"

#include <ouro/snapshot.h>

/* Type, address and the text that distinguishes it. */
void describe_object(text *out, const ouro_snapshot *snapshot, uint32_t object);

/* Its type's name alone. */
void describe_type(text *out, const ouro_snapshot *snapshot, uint32_t type);

/* What stands on an edge, to be written behind its owner.  `index` counts for items alone. */
void describe_label(text *out, const ouro_snapshot *snapshot, uint32_t label, uint32_t index);

/* The same of edge number `edge` of the graph. */
void describe_edge(text *out, const ouro_snapshot *snapshot, uint32_t edge);

/* The name of snapshot->roots[root]; in angle brackets what it is when it has none. */
void describe_root(text *out, const ouro_snapshot *snapshot, uint32_t root);

/* The word for a kind, as in JSON: "field", "item", ...; "named", "outside", ... */
const char *edge_kind_word(ouro_edge_kind kind);
const char *root_kind_word(ouro_root_kind kind);

/* The edge from `owner` to `target` that tells people most: one with a name before an internal one.
 * OURO_GRAPH_NONE when there is none.  Cost: the owner's edges. */
uint32_t edge_between(const ouro_snapshot *snapshot, uint32_t owner, uint32_t target);

/* Whose edge it is.  Cost: O(log objects). */
uint32_t edge_owner(const ouro_snapshot *snapshot, uint32_t edge);

#endif
