/* SPDX-License-Identifier: MIT */
/*
 * why_alive.c -- what grew, who holds it, what it costs, and which cycles form
 *
 * A server has sessions, each with its user, who knows the session.  Whoever logs out leaves the list of sessions; but
 * a history that was made for debugging keeps the users.  The output:
 *
 *     after 1000 visits there are more of:
 *         1000 session
 *         1000 user
 *     a session that is over lives: root site: server.history -> history.users[0] -> user.session -> session
 *     history retains 2001 objects
 *     without the history 2000 objects are garbage:
 *         about 1000 times session.user -> user.session -> session
 */
#include <ouro/ouro.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect(bool happened, const char *what)
{
    if (happened) return;
    fprintf(stderr, "this did not happen: %s\n", what);
    exit(EXIT_FAILURE);
}

/* ---- the server ---- */

typedef struct session session;
typedef struct user {
    session *session;
} user;
struct session {
    user *user;
    char address[40];
};
typedef struct history {
    ouro_vector users;
} history;
typedef struct server {
    ouro_vector sessions;
    history *history;
} server;

static ouro_type user_type, session_type, history_type;

static const ouro_field user_fields[] = {OURO_REF(user, session, &session_type), OURO_END};
static ouro_type user_type = OURO_TYPE(user, .fields = user_fields);

static const ouro_field session_fields[] = {OURO_REF(session, user, &user_type), OURO_END};
static ouro_type session_type = OURO_TYPE(session, .fields = session_fields);

static const ouro_field history_fields[] = {OURO_VECTOR(history, users, &user_type), OURO_END};
static ouro_type history_type = OURO_TYPE(history, .fields = history_fields);

static const ouro_field server_fields[] = {
    OURO_VECTOR(server, sessions, &session_type),
    OURO_REF(server, history, &history_type),
    OURO_END,
};
static ouro_type server_type = OURO_TYPE(server, .fields = server_fields);

static void log_in(ouro_heap *heap, server *site)
{
    ouro_auto session *visit = ouro_new(heap, session);
    ouro_auto user *visitor = ouro_new(heap, user);
    expect(visit != NULL && visitor != NULL, "there is memory for a visit");
    ouro_set(visit, user, visitor);
    ouro_set(visitor, session, visit);
    ouro_status listed = ouro_vector_append(site, &site->sessions, visit);
    ouro_status noted = ouro_vector_append(site->history, &site->history->users, visitor);
    expect(listed == OURO_OK && noted == OURO_OK, "there is memory for two places");
}

static void log_out(server *site)
{
    ouro_auto session *left = ouro_vector_pop(site, &site->sessions);
    expect(left != NULL, "somebody is logged in");
}

/* ---- the questions ---- */

static void show_growth(const ouro_census *before, const ouro_census *after)
{
    ouro_growth grown[8];
    size_t count = ouro_census_growth(before, after, grown, 8);
    printf("after 1000 visits there are more of:\n");
    for (size_t i = 0; i < count && i < 8; i++)
        if (grown[i].objects > 0) printf("    %td %s\n", grown[i].objects, grown[i].type->name);
    expect(count >= 2, "sessions and users grew, and buffers of vectors");
    expect(grown[0].type == &session_type && grown[0].objects == 1000, "most of all sessions");
}

static int find_session(void *object, void *argument)
{
    if (ouro_type_of(object) != &session_type) return 0;
    *(void **)argument = object;
    return 1;
}

static void show_why(ouro_heap *heap)
{
    char line[256];
    void *leaked = NULL;
    ouro_each_object(heap, find_session, &leaked);
    expect(leaked != NULL, "a session lives");
    const ouro_path *path = ouro_why_alive(leaked, 0); /* 0: we hold no reference ourselves */
    expect(path != NULL, "there is memory for an answer");
    ouro_path_text(path, line, sizeof line);
    printf("a session that is over lives: %s\n", line);
    expect(path->length == 3 && path->steps[1].index == 0, "it is the oldest in the history");
    ouro_path_free(path);
}

static void show_retained(history *kept)
{
    ouro_retained retained;
    expect(ouro_get_retained(kept, &retained) == OURO_OK, "there is memory for an answer");
    printf("history retains %zu objects\n", retained.objects);
    expect(retained.objects == 2001, "itself, the users and the sessions");
}

static int show_cycle(const ouro_cycle *cycle, void *argument)
{
    char line[128];
    ouro_cycle_text(cycle, line, sizeof line);
    printf("    about %zu times %s\n", cycle->found, line);
    expect(strcmp(line, "session.user -> user.session -> session") == 0, "they know each other");
    (void)argument;
    return 0;
}

int main(void)
{
    ouro_heap *heap = ouro_heap_new(NULL, NULL);
    expect(heap != NULL, "there is memory for a heap");
    static server *site; /* as `site` it is known in answers */
    site = ouro_new(heap, server);
    expect(site != NULL, "there is memory for a server");
    ouro_put(site, history, ouro_new(heap, history));
    expect(site->history != NULL, "there is memory for a history");
    expect(ouro_root(heap, &site) == OURO_OK, "the variable `site` has a name now");

    const ouro_census *before = ouro_census_take(heap);
    for (int i = 0; i < 1000; i++) {
        log_in(heap, site);
        log_out(site);
    }
    const ouro_census *after = ouro_census_take(heap);
    expect(before != NULL && after != NULL, "there is memory for two censuses");
    show_growth(before, after);
    ouro_census_free(before);
    ouro_census_free(after);
    show_why(heap);
    show_retained(site->history);

    /* The leak is mended.  Which cycles does that leave to the collector? */
    expect(ouro_set_cycle_log(heap, 10) == OURO_OK, "there is memory for a log");
    ouro_vector_clear(site->history, &site->history->users);
    size_t found = ouro_collect(heap, 2);
    printf("without the history %zu objects are garbage:\n", found);
    expect(found == 2000, "the sessions and users are garbage");
    ouro_each_cycle(heap, show_cycle, NULL);

    expect(ouro_unroot(heap, &site) == OURO_OK, "the variable had a name");
    ouro_decref(site);
    ouro_close_report report;
    ouro_heap_close(heap, NULL, &report);
    expect(report.alive == 0 && report.raw_blocks == 0, "nothing is left");
    return 0;
}
