/* SPDX-License-Identifier: MIT */
/* Runs all groups of tests of src/store/, and holds what they share. */
#include "store/events.h"
#include "store/identities.h"
#include "unit/store/groups.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

int rig_memory(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    struct rp_err err = {0};

    assert_non_null(rig);
    rp_arena_init(&rig->arena);
    assert_ok(rp_store_open(NULL, RP_STORE_MEMORY, &rig->store, &err));
    *state = rig;
    return 0;
}

int rig_end(void **state)
{
    struct rig *rig = *state;

    rp_store_close(rig->store);
    rp_arena_fini(&rig->arena);
    free(rig);
    return 0;
}

int folder_make(void **state)
{
    const char *base = getenv("TMPDIR");
    char path[256];

    snprintf(path, sizeof(path), "%s/ripen-store-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(path))
        return -1;
    *state = strdup(path);
    return 0;
}

int folder_remove(void **state)
{
    char *path = *state;
    DIR *dir = opendir(path);
    struct dirent *entry;

    while (dir && (entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.')
            unlink(path_in(path, entry->d_name));
    if (dir)
        closedir(dir);
    rmdir(path);
    free(path);
    return 0;
}

const char *path_in(const char *folder, const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

int64_t add_person(struct rp_store *store, const char *user_id, int64_t *ret_lead)
{
    struct rp_err err = {0};
    char public_id[64];
    int64_t lead, node;

    snprintf(public_id, sizeof(public_id), "ld_%s", user_id);
    assert_ok(rp_lead_add(store, rp_str_from(public_id), NINE, &lead, &err));
    assert_ok(rp_identity_add(store, RP_NODE_USER, rp_str_from(user_id), lead, NINE, &node, &err));
    if (ret_lead)
        *ret_lead = lead;
    return node;
}

struct rp_event make_event(int64_t node, const char *user_id, const char *message_id)
{
    return (struct rp_event){
        .node = node,
        .type = RP_TRACK,
        .name = RP_STR("Demo Requested"),
        .message_id = rp_str_from(message_id),
        .user_id = rp_str_from(user_id),
        .received_ms = NINE,
        .effective_ms = NINE,
        .sent_ms = RP_NEVER,
        .original_ms = RP_NEVER,
        .body = RP_STR("{\"properties\":{\"plan\":\"pro\"}}"),
    };
}

void assert_query(const char *path, const char *sql, const char *expected)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;

    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    if (sqlite3_step(stmt) != SQLITE_ROW)
        fail_msg("%s: no row", sql);
    const char *got = (const char *)sqlite3_column_text(stmt, 0);
    assert_string_equal(got ? got : "NULL", expected);
    assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

int main(void)
{
    int (*const groups[])(void) = {
        test_db,     test_full,   test_schema, test_identities, test_events,  test_records,
        test_timers, test_outbox, test_dedup,  test_wal,        test_handoff, test_page_cache,
    };
    int failed = 0;

    test_page_cache_register();
    test_wal_register();
    for (size_t i = 0; i < RP_COUNT(groups); i++)
        failed += groups[i]();
    return failed > 0;
}
