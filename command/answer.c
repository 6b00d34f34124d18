/* SPDX-License-Identifier: MIT */
/*
 * answer.c -- what --json prints: one JSON object
 */
#include "answer.h"

#include "command.h"

#include <inttypes.h>
#include <stdio.h>

void answer_begin(answer *begun)
{
    *begun = (answer){.root = json_object_new_object()};
    begun->refused = begun->root == NULL;
}

/* The value belongs to the section from here on. */
static json_object *add(answer *begun, json_object *section, const char *key, json_object *value)
{
    if (section != NULL && value != NULL && json_object_object_add(section, key, value) == 0)
        return value;
    begun->refused = true;
    json_object_put(value);
    return NULL;
}

json_object *answer_section(answer *begun, json_object *parent, const char *key)
{
    return add(begun, parent, key, json_object_new_object());
}

json_object *answer_list(answer *begun, json_object *parent, const char *key)
{
    return add(begun, parent, key, json_object_new_array());
}

json_object *answer_row(answer *begun, json_object *list)
{
    json_object *section = json_object_new_object();
    if (list != NULL && section != NULL && json_object_array_add(list, section) == 0)
        return section;
    begun->refused = true;
    json_object_put(section);
    return NULL;
}

void answer_integer(answer *begun, json_object *section, const char *key, uint64_t value)
{
    add(begun, section, key, json_object_new_uint64(value));
}

void answer_signed(answer *begun, json_object *section, const char *key, int64_t value)
{
    add(begun, section, key, json_object_new_int64(value));
}

void answer_boolean(answer *begun, json_object *section, const char *key, bool value)
{
    add(begun, section, key, json_object_new_boolean(value));
}

void answer_string(answer *begun, json_object *section, const char *key, const char *value)
{
    add(begun, section, key, json_object_new_string(value));
}

void answer_address(answer *begun, json_object *section, const char *key, uint64_t value)
{
    char digits[32];
    snprintf(digits, sizeof(digits), "0x%" PRIx64, value);
    answer_string(begun, section, key, digits);
}

int answer_print(answer *begun)
{
    const char *printed = NULL;
    if (!begun->refused)
        printed = json_object_to_json_string_ext(begun->root, JSON_C_TO_STRING_PRETTY |
                                                                  JSON_C_TO_STRING_SPACED |
                                                                  JSON_C_TO_STRING_NOSLASHESCAPE);
    if (printed != NULL)
        puts(printed);
    else
        complain("there is no memory for the answer; ask for fewer rows with --top");
    json_object_put(begun->root);
    begun->root = NULL;
    return printed == NULL ? COMMAND_FAILED : finish_output();
}
