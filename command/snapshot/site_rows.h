/* SPDX-License-Identifier: MIT */
/*
 * site_rows.h -- places that allocated, as the subcommands show them
 */
#ifndef OURO_SNAPSHOT_SITE_ROWS_H
#define OURO_SNAPSHOT_SITE_ROWS_H

#include "analysis/sites.h"
#include "answer.h"
#include "symbols/symbols.h"
#include "text.h"

/* Names of places, or NULL where they cannot be had; ends with symbols_free, if there are any. */
struct symbols *site_symbols(void);

/* "remember (server.c:42) < handle (server.c:77)": the innermost callers on one line, safe for a terminal. */
void add_site(text *line, struct symbols *symbols, const ouro_snapshot *snapshot, uint32_t site);

/* The same alone, until the next call with the same text. */
const char *site_words(text *line, struct symbols *symbols, const site_row *row);

/* All its frames, from the innermost outwards, as a list "frames". */
void answer_frames(answer *told, json_object *section, struct symbols *symbols,
                   const site_row *row);

#endif
