/* SPDX-License-Identifier: MIT */
/*
 * answer.h -- what --json prints: one JSON object
 *
 * Sections belong to the answer.  When memory is refused the answer says so once, in answer_print; adding to a
 * section that there is not does nothing.
 */
#ifndef OURO_COMMAND_ANSWER_H
#define OURO_COMMAND_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

typedef struct answer {
    json_object *root;
    bool refused;
} answer;

void answer_begin(answer *begun);

json_object *answer_section(answer *begun, json_object *parent, const char *key);
json_object *answer_list(answer *begun, json_object *parent, const char *key);
/* A section in a list. */
json_object *answer_row(answer *begun, json_object *list);

void answer_integer(answer *begun, json_object *section, const char *key, uint64_t value);
void answer_signed(answer *begun, json_object *section, const char *key, int64_t value);
void answer_boolean(answer *begun, json_object *section, const char *key, bool value);
/* UTF-8. */
void answer_string(answer *begun, json_object *section, const char *key, const char *value);
/* As a string, "0x7f...": numbers of JSON lose digits in many readers. */
void answer_address(answer *begun, json_object *section, const char *key, uint64_t value);

/* Prints and frees it.  The exit status: COMMAND_OK, or COMMAND_FAILED after a complaint. */
int answer_print(answer *begun);

#endif
