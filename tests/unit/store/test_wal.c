/* SPDX-License-Identifier: MIT */
/* What a commit wrote stands in the files when it returns: another reader and a copy made by a
 * power cut have it whole, also when it is larger than what is gathered, than one write takes, than
 * the page cache. */
#include "unit/store/groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

/* The file system below: the next sync of a WAL fails when it is told to, as the system tells of a
 * lost write: once. */
static sqlite3_vfs vfs, *original;
static sqlite3_io_methods wal_methods;
static int (*real_sync)(sqlite3_file *, int);
static bool fails;
static int syncs;

static int sync_or_fail(sqlite3_file *file, int flags)
{
    syncs++;
    if (!fails)
        return real_sync(file, flags);
    fails = false;
    return SQLITE_IOERR_FSYNC;
}

static int open_file(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags,
                     int *ret_flags)
{
    int code = original->xOpen(original, name, file, flags, ret_flags);

    (void)self;
    if (code == SQLITE_OK && flags & SQLITE_OPEN_WAL) {
        wal_methods = *file->pMethods;
        real_sync = wal_methods.xSync;
        wal_methods.xSync = sync_or_fail;
        file->pMethods = &wal_methods;
    }
    return code;
}

void test_wal_register(void)
{
    rp_store_configure();
    original = sqlite3_vfs_find(NULL);
    vfs = *original;
    vfs.zName = "faulty";
    vfs.pNext = NULL;
    vfs.xOpen = open_file;
    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
        abort();
}

static void fill(struct rp_store *store, int from, int count)
{
    char name[4001], text[48];
    struct rp_err err = {0};
    int64_t id;

    memset(name, 'x', sizeof(name));
    for (int i = from; i < from + count; i++) {
        int len = snprintf(text, sizeof(text), "%d-", i);
        memcpy(name, text, (size_t)len);
        assert_ok(rp_store_name_id(store, (struct rp_str){name, sizeof(name) - 1}, &id, &err));
    }
}

static int64_t names_in(const char *path)
{
    struct rp_store *store;
    struct rp_err err = {0};
    int64_t count = 0;

    assert_ok(rp_store_open(path, RP_STORE_READ, &store, &err));
    while (rp_store_name(store, count + 1).len > 0)
        count++;
    rp_store_close(store);
    return count;
}

static void copy(const char *from, const char *to)
{
    char command[1200];

    snprintf(command, sizeof(command), "cp '%s' '%s'", from, to);
    assert_int_equal(system(command), 0);
}

static void commits_are_in_the_file(void **state)
{
    /* pages of a transaction: fewer and more than a write takes, than is gathered, than the cache
     */
    static const int counts[] = {1, 14, 18, 250, 270, 4500, 3};
    const char *folder = *state;
    char path[512], cut[512];
    struct rp_store *store;
    struct rp_err err = {0};
    int all = 0;

    snprintf(path, sizeof(path), "%s", path_in(folder, "w.db"));
    snprintf(cut, sizeof(cut), "%s", path_in(folder, "cut.db"));
    assert_ok(rp_store_open(path, RP_STORE_SERVE, &store, &err));
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        assert_ok(rp_store_begin(store, &err));
        fill(store, all, counts[i]);
        assert_int_equal(names_in(path), all); /* nobody sees what is not committed */
        assert_ok(rp_store_commit(store, &err));
        all += counts[i];
        assert_int_equal(names_in(path), all);
        copy(path, cut);
        copy(path_in(folder, "w.db-wal"), path_in(folder, "cut.db-wal"));
        assert_int_equal(names_in(cut), all);
        if (i == 4)
            rp_store_checkpoint(store, 0);
    }
    assert_ok(rp_store_begin(store, &err)); /* spilled, then undone */
    fill(store, all, 4500);
    rp_store_rollback(store);
    assert_int_equal(names_in(path), all);
    assert_ok(rp_store_begin(store, &err));
    fill(store, all, 20);
    assert_ok(rp_store_commit(store, &err));
    rp_store_close(store);
    assert_int_equal(names_in(path), all + 20);
}

static void commit_one(struct rp_store *store, int number, bool ahead)
{
    struct rp_err err = {0};

    assert_ok(rp_store_begin(store, &err));
    fill(store, number, 1);
    assert_ok(ahead ? rp_store_commit_ahead(store, &err) : rp_store_commit(store, &err));
}

/* A commit that runs ahead is visible and leaves its sync to rp_store_sync; others do not. */
static void ahead_is_synced_later(void **state)
{
    char path[512];
    struct rp_store *store;
    struct rp_err err = {0};

    snprintf(path, sizeof(path), "%s", path_in(*state, "w.db"));
    assert_ok(rp_store_open(path, RP_STORE_SERVE, &store, &err));
    commit_one(store, 0, false);
    int before = syncs;
    commit_one(store, 1, true);
    commit_one(store, 2, true);
    assert_int_equal(syncs, before);
    assert_int_equal(names_in(path), 3);
    assert_ok(rp_store_sync(store, &err));
    assert_int_equal(syncs, before + 1);
    commit_one(store, 3, false);
    assert_int_equal(syncs, before + 2);
    rp_store_close(store);
}

/* Whoever hears of the failure: nothing is durable from then on, nothing is written any more. */
static void a_failed_sync_fails_all(void **state)
{
    struct rp_store *store;
    struct rp_err err = {0};

    for (int writer = 0; writer < 2; writer++) {
        assert_ok(rp_store_open(path_in(*state, "w.db"), RP_STORE_SERVE, &store, &err));
        commit_one(store, writer * 10, false);
        commit_one(store, writer * 10 + 1, true);
        fails = true;
        if (writer) { /* its next commit hears of it, rp_store_sync must all the same */
            assert_ok(rp_store_begin(store, &err));
            fill(store, 12, 1);
            assert_int_equal(rp_store_commit(store, &err), RIPEN_ESTORE);
        }
        assert_int_equal(rp_store_sync(store, &err), RIPEN_ESTORE);
        assert_int_equal(rp_store_sync(store, &err), RIPEN_ESTORE);
        assert_int_equal(rp_store_begin(store, &err), RIPEN_ESTORE);
        assert_false(fails);
        rp_store_close(store);
    }
}

int test_wal(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commits_are_in_the_file, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(ahead_is_synced_later, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(a_failed_sync_fails_all, folder_make, folder_remove),
    };

    return cmocka_run_group_tests_name("wal", tests, NULL, NULL);
}
