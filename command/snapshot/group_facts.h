/* SPDX-License-Identifier: MIT */
/*
 * group_facts.h -- all about one group of objects that hold each other: `ouro snapshot cycles --object`
 */
#ifndef OURO_SNAPSHOT_GROUP_FACTS_H
#define OURO_SNAPSHOT_GROUP_FACTS_H

#include "analysis/cycles.h"
#include "answer.h"
#include "snapshot.h"

/* Prints them as the call asks; the exit status. */
int tell_group(snapshot_call *call, const cycles *found, uint32_t object);

/* What --json says of a group wherever it does. */
void answer_group(answer *told, json_object *row, const cycles *found, size_t number);

#endif
