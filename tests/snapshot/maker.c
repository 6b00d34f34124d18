/* SPDX-License-Identifier: MIT */
/*
 * maker.c -- writes a sample snapshot
 *
 *     snapshot_maker small|random|heap COUNT FILE      COUNT objects, more or less; small has its own number
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/samples.h"

static bool write_file(void *context, const void *bytes, size_t size)
{
    return fwrite(bytes, 1, size, context) == size;
}

int main(int count, char **arguments)
{
    if (count != 4 || (strcmp(arguments[1], "small") != 0 && strcmp(arguments[1], "random") != 0 &&
                       strcmp(arguments[1], "heap") != 0)) {
        fputs("usage: snapshot_maker small|random|heap COUNT FILE\n", stderr);
        return 2;
    }
    FILE *file = fopen(arguments[3], "wb");
    if (file == NULL) {
        perror(arguments[3]);
        return 1;
    }
    ouro_snapshot_sink sink = {file, write_file};
    ouro_error error;
    ouro_status status =
        sample_write(arguments[1], (uint32_t)strtoul(arguments[2], NULL, 10), &sink, &error);
    if (fclose(file) != 0 && status == OURO_OK) {
        perror(arguments[3]);
        return 1;
    }
    if (status != OURO_OK) fprintf(stderr, "snapshot_maker: %s\n", error.message);
    return status != OURO_OK;
}
