/* SPDX-License-Identifier: MIT */
/* What a commit wrote stands in the files when it returns: another reader and a copy made by a
 * power cut have it whole, also when it is larger than what is gathered, than one write takes, than
 * the page cache. */
#include "unit/store/groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int test_wal(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commits_are_in_the_file, folder_make, folder_remove),
    };

    return cmocka_run_group_tests_name("wal", tests, NULL, NULL);
}
