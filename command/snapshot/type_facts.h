/* SPDX-License-Identifier: MIT */
/*
 * type_facts.h -- all about one type: `ouro snapshot census --type`
 */
#ifndef OURO_SNAPSHOT_TYPE_FACTS_H
#define OURO_SNAPSHOT_TYPE_FACTS_H

#include "snapshot.h"

/* Prints them as the call asks; the exit status. */
int tell_type(snapshot_call *call, const ouro_snapshot *snapshot, uint32_t type);

#endif
