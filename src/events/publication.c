/* SPDX-License-Identifier: MIT */
/*
 * publication.c -- a file in which a heap says how it is               [floor 1]
 */
#include "events/publication.h"

#include "base/os.h"
#include "base/os_file.h"
#include "base/os_program.h"

#include <errno.h>
#include <string.h>

_Static_assert(sizeof(ouro_published) % 8 == 0, "the checksum goes by words");
_Static_assert(offsetof(ouro_published, updates) % 8 == 0, "and begins at one");

enum { PAGE = 4096 };

static size_t mapping_size(size_t path_length)
{
    size_t size = sizeof(struct ouro__publication) + path_length + 1;
    return (size + PAGE - 1) & ~(size_t)(PAGE - 1);
}

/* What a program has left behind that ended without closing its heap may be replaced, and what another heap of this
 * process publishes; what another process publishes not, nor anything else. [publication.held] */
static int replace(const char *path)
{
    ouro_published state;
    const size_t begins = offsetof(ouro_published, process) + sizeof state.process;
    int old = ouro__os_open(path);
    if (old < 0) return -1;
    bool is_ours = ouro__os_read_at(old, &state, begins, 0) && state.magic == OURO_PUBLISHED_MAGIC;
    bool is_held = ouro__os_is_held(old) && is_ours && state.process != ouro__os_process();
    ouro__os_close(old);
    errno = is_held ? EBUSY : EEXIST;
    if (!is_ours || is_held) return -1;
    ouro__os_remove(path);
    return ouro__os_create(path);
}

struct ouro__publication *ouro__publication_open(const char *path)
{
    size_t length = strlen(path);
    int file = ouro__os_create(path);
    if (file < 0 && errno == EEXIST) file = replace(path);
    if (file < 0) return NULL;
    struct ouro__publication *publication = ouro__os_map(mapping_size(length), PAGE);
    if (publication == NULL) {
        ouro__os_close(file);
        ouro__os_remove(path);
        errno = ENOMEM;
        return NULL;
    }
    publication->file = file;
    ouro__os_hold(file); /* [publication.held] */
    memcpy(publication->path, path, length + 1);
    ouro_published *state = &publication->state;
    state->magic = OURO_PUBLISHED_MAGIC;
    state->version = OURO_PUBLISHED_VERSION;
    state->size = sizeof *state;
    state->process = ouro__os_process();
    ouro__os_program_name(state->program, sizeof state->program);
    state->checksum = ouro_published_checksum(state);
    if (ouro__os_write_at(file, state, sizeof *state, 0)) return publication;
    int error = errno;
    ouro__publication_close(publication);
    errno = error;
    return NULL;
}

bool ouro__publication_write(struct ouro__publication *publication)
{
    ouro_published *state = &publication->state;
    if (state->process != ouro__os_process()) return false; /* [publication.process] */
    state->updates++;
    state->written = ouro__os_nanoseconds();
    state->checksum = ouro_published_checksum(state); /* [publication.whole] */
    size_t from = offsetof(ouro_published, checksum); /* viewers write in front of it */
    return ouro__os_write_at(publication->file, &state->checksum, sizeof *state - from, from);
}

uint32_t ouro__publication_request(const struct ouro__publication *publication)
{
    uint32_t request = 0;
    if (!ouro__os_read_at(publication->file, &request, sizeof request,
                          offsetof(ouro_published, request)))
        return 0;
    return request;
}

void ouro__publication_close(struct ouro__publication *publication)
{
    if (publication->state.process == ouro__os_process() &&
        ouro__os_is_at(publication->file, publication->path))
        ouro__os_remove(publication->path);
    ouro__os_close(publication->file);
    ouro__os_unmap(publication, mapping_size(strlen(publication->path)));
}
