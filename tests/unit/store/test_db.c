/* SPDX-License-Identifier: MIT */
/* Opening, locking, transactions, small values and names. */
#include "base/limits.h"
#include "unit/store/groups.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

static struct rp_store *open_or_fail(const char *path, enum rp_store_mode mode)
{
    struct rp_err err = {0};
    struct rp_store *store = NULL;

    assert_ok(rp_store_open(path, mode, &store, &err));
    return store;
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void a_new_file_is_private_and_ours(void **state)
{
    const char *path = path_in(*state, "a.db");
    struct stat st;

    struct rp_store *store = open_or_fail(path, RP_STORE_SERVE);
    static const uint8_t zeros[16];
    assert_memory_not_equal(rp_store_secret(store), zeros, 16);
    uint8_t secret[16];
    memcpy(secret, rp_store_secret(store), 16);
    rp_store_close(store);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_query(path, "PRAGMA journal_mode", "wal");
    assert_query(path, "PRAGMA page_size", "4096");
    assert_query(path, "PRAGMA application_id", "1380536398");
    store = open_or_fail(path, RP_STORE_SERVE);
    assert_memory_equal(rp_store_secret(store), secret, 16);
    rp_store_close(store);
}

static void a_second_server_is_told_what_to_do(void **state)
{
    char path[512], alias[512];
    struct rp_store *store, *second = NULL;
    struct rp_err err = {0};

    snprintf(path, sizeof(path), "%s", path_in(*state, "a.db"));
    snprintf(alias, sizeof(alias), "%s", path_in(*state, "alias.db"));
    store = open_or_fail(path, RP_STORE_SERVE);
    assert_int_equal(symlink(path, alias), 0);
    assert_int_equal(rp_store_open(path, RP_STORE_SERVE, &second, &err), RIPEN_EBUSY);
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, "stop it"));
    assert_int_equal(rp_store_open(alias, RP_STORE_SERVE, &second, &err), RIPEN_EBUSY);
    /* … but others may write and read */
    second = open_or_fail(path, RP_STORE_WRITE);
    rp_store_close(second);
    second = open_or_fail(alias, RP_STORE_READ);
    rp_store_close(second);
    rp_store_close(store);
    rp_store_close(open_or_fail(path, RP_STORE_SERVE)); /* the lock went with the handle */
}

static void a_killed_server_leaves_no_lock(void **state)
{
    char path[512];
    int status;

    snprintf(path, sizeof(path), "%s", path_in(*state, "a.db"));
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct rp_store *store;
        struct rp_err err;
        int code = rp_store_open(path, RP_STORE_SERVE, &store, &err) == 0 &&
                           rp_store_begin(store, &err) == 0 &&
                           rp_store_meta_set(store, "half", 1, &err) == 0
                       ? 0
                       : 1;
        _exit(code); /* as kill -9 would: nothing is closed */
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    struct rp_store *store = open_or_fail(path, RP_STORE_SERVE);
    assert_int_equal(rp_store_meta(store, "half", -1), -1);
    rp_store_close(store);
}

static void what_is_not_ours_is_refused_untouched(void **state)
{
    const char *path = path_in(*state, "a.db");
    struct rp_store *store = NULL;
    struct rp_err err = {0};

    assert_int_equal(rp_store_open(path, RP_STORE_READ, &store, &err), RIPEN_ENOTFOUND);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(rp_store_open(path_in(*state, "no/where.db"), RP_STORE_SERVE, &store, &err),
                     RIPEN_ESTORE);
    run_sql(path, "CREATE TABLE recipes (name TEXT)");
    assert_int_equal(rp_store_open(path, RP_STORE_SERVE, &store, &err), RIPEN_ESTORE);
    assert_non_null(strstr(err.text, "another program"));
    assert_query(path, "PRAGMA journal_mode", "delete");
    FILE *file = fopen(path_in(*state, "b.db"), "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++)
        fputs("this is a letter, not a database\n", file);
    fclose(file);
    assert_int_equal(rp_store_open(path_in(*state, "b.db"), RP_STORE_SERVE, &store, &err),
                     RIPEN_ESTORE);
    assert_non_null(strstr(err.text, "not a database"));
    assert_null(store);
}

static void schemas_of_other_versions(void **state)
{
    const char *path = path_in(*state, "a.db");
    struct rp_store *store = NULL;
    struct rp_err err = {0};

    rp_store_close(open_or_fail(path, RP_STORE_SERVE));
    run_sql(path, "PRAGMA user_version = 9999");
    for (int mode = RP_STORE_SERVE; mode <= RP_STORE_READ; mode++) {
        assert_int_equal(rp_store_open(path, (enum rp_store_mode)mode, &store, &err),
                         RIPEN_EVERSION);
        assert_non_null(strstr(err.text, "newer Ripen"));
    }
    /* an empty file is a store that was never migrated */
    close(open(path_in(*state, "empty.db"), O_CREAT | O_WRONLY, 0600));
    assert_int_equal(rp_store_open(path_in(*state, "empty.db"), RP_STORE_READ, &store, &err),
                     RIPEN_EVERSION);
    assert_non_null(strstr(err.text, "older Ripen"));
    rp_store_close(open_or_fail(path_in(*state, "empty.db"), RP_STORE_WRITE));
    rp_store_close(open_or_fail(path_in(*state, "empty.db"), RP_STORE_READ));
}

static void transactions_and_values(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};

    assert_false(rp_store_in_transaction(rig->store));
    assert_int_equal(rp_store_meta(rig->store, "watermark", 7), 7);
    assert_ok(rp_store_begin(rig->store, &err));
    assert_true(rp_store_in_transaction(rig->store));
    assert_ok(rp_store_meta_set(rig->store, "watermark", 41, &err));
    assert_ok(rp_store_meta_set(rig->store, "watermark", 42, &err));
    assert_ok(rp_store_commit(rig->store, &err));
    assert_false(rp_store_in_transaction(rig->store));
    assert_ok(rp_store_begin(rig->store, &err));
    assert_ok(rp_store_meta_set(rig->store, "watermark", 43, &err));
    rp_store_rollback(rig->store);
    rp_store_rollback(rig->store);
    assert_int_equal(rp_store_meta(rig->store, "watermark", 7), 42);
}

static void a_snapshot_stands_still(void **state)
{
    const char *path = path_in(*state, "a.db");
    struct rp_store *writer = open_or_fail(path, RP_STORE_SERVE);
    struct rp_store *reader = open_or_fail(path, RP_STORE_READ);
    struct rp_err err = {0};

    int64_t version = rp_store_data_version(reader);
    assert_int_equal(rp_store_data_version(reader), version);
    assert_ok(rp_store_snapshot(reader, &err));
    assert_ok(rp_store_begin(writer, &err));
    assert_ok(rp_store_meta_set(writer, "x", 1, &err));
    assert_ok(rp_store_commit(writer, &err));
    assert_int_equal(rp_store_meta(reader, "x", 0), 0);
    rp_store_snapshot_end(reader);
    assert_int_equal(rp_store_meta(reader, "x", 0), 1);
    assert_true(rp_store_data_version(reader) != version);
    rp_store_close(reader);
    rp_store_close(writer);
}

/* A checkpoint lets the WAL start over instead of growing. */
static void checkpoints_recycle_the_wal(void **state)
{
    const char *path = path_in(*state, "a.db");
    struct rp_store *store = open_or_fail(path, RP_STORE_SERVE);
    struct rp_err err = {0};
    struct stat st;

    for (int i = 0; i < 400; i++) {
        assert_ok(rp_store_begin(store, &err));
        assert_ok(rp_store_meta_set(store, "x", i, &err));
        assert_ok(rp_store_commit(store, &err));
        rp_store_checkpoint(store, 50);
    }
    assert_int_equal(stat(path_in(*state, "a.db-wal"), &st), 0);
    assert_in_range(st.st_size, 1, 70 * 4200);
    rp_store_close(store);
    assert_query(path, "SELECT value FROM meta WHERE key = 'x'", "399");
}

static void names_keep_their_numbers(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    int64_t first, second, again;
    char text[32];

    assert_int_equal(rp_store_name_find(rig->store, RP_STR("Demo")), 0);
    assert_ok(rp_store_begin(rig->store, &err));
    assert_ok(rp_store_name_id(rig->store, RP_STR("Demo"), &first, &err));
    assert_ok(rp_store_name_id(rig->store, RP_STR(""), &again, &err));
    assert_int_equal(again, 0);
    assert_ok(rp_store_commit(rig->store, &err));
    struct rp_str lent = rp_store_name(rig->store, first);
    assert_str(lent, "Demo");
    /* taken back … */
    assert_ok(rp_store_begin(rig->store, &err));
    assert_ok(rp_store_name_id(rig->store, RP_STR("Trial"), &second, &err));
    rp_store_rollback(rig->store);
    assert_int_equal(rp_store_name_find(rig->store, RP_STR("Trial")), 0);
    assert_str(rp_store_name(rig->store, second), "");
    /* … and the number given to another */
    assert_ok(rp_store_begin(rig->store, &err));
    assert_ok(rp_store_name_id(rig->store, RP_STR("Pricing"), &again, &err));
    assert_int_equal(again, second);
    assert_ok(rp_store_name_id(rig->store, RP_STR("Trial"), &again, &err));
    assert_int_not_equal(again, second);
    for (int i = 0; i < 5000; i++) {
        snprintf(text, sizeof(text), "name %d", i);
        assert_ok(rp_store_name_id(rig->store, rp_str_from(text), &again, &err));
    }
    assert_ok(rp_store_commit(rig->store, &err));
    assert_str(rp_store_name(rig->store, second), "Pricing");
    assert_str(rp_store_name(rig->store, again), "name 4999");
    assert_str(lent, "Demo");
    assert_int_equal(rp_store_name_find(rig->store, RP_STR("Demo")), first);
}

static void two_writers_take_turns(void **state)
{
    const char *path = path_in(*state, "a.db");
    struct rp_store *server = open_or_fail(path, RP_STORE_SERVE);
    struct rp_store *other = open_or_fail(path, RP_STORE_WRITE);
    struct rp_err err = {0};

    assert_ok(rp_store_begin(other, &err));
    assert_ok(rp_store_meta_set(other, "x", 1, &err));
    assert_ok(rp_store_commit(other, &err));
    assert_ok(rp_store_begin(server, &err));
    assert_int_equal(rp_store_meta(server, "x", 0), 1);
    assert_int_equal(rp_store_begin(other, &err), RIPEN_EBUSY); /* after five seconds */
    assert_non_null(strstr(err.text, "try again"));
    assert_ok(rp_store_commit(server, &err));
    assert_ok(rp_store_begin(other, &err));
    rp_store_rollback(other);
    rp_store_close(other);
    rp_store_close(server);
}

int test_db(void)
{
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(a_new_file_is_private_and_ours),
        WITH_FOLDER(a_second_server_is_told_what_to_do),
        WITH_FOLDER(a_killed_server_leaves_no_lock),
        WITH_FOLDER(what_is_not_ours_is_refused_untouched),
        WITH_FOLDER(schemas_of_other_versions),
        WITH_FOLDER(a_snapshot_stands_still),
        WITH_FOLDER(checkpoints_recycle_the_wal),
        WITH_FOLDER(two_writers_take_turns),
        cmocka_unit_test_setup_teardown(transactions_and_values, rig_memory, rig_end),
        cmocka_unit_test_setup_teardown(names_keep_their_numbers, rig_memory, rig_end),
    };
#undef WITH_FOLDER

    return cmocka_run_group_tests_name("store: db", tests, NULL, NULL);
}
