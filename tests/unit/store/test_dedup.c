/* SPDX-License-Identifier: MIT */
/* Seen messageIds: nothing is ever missed, against a model, through reopening, rollback, merging
 * and a crash between any two slices. */
#include "store/dedup.h"
#include "store/events.h"
#include "unit/store/groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#define MANY 300000

/* Valgrind needs a quarter of an hour for the two largest; the smaller ones run the same code. */
static void skip_under_valgrind(void)
{
    if (getenv("RIPEN_MEMCHECK"))
        skip();
}

struct id {
    char text[40];
};

/* The n-th id: a UUID or a plain text, spread by multiplication so that order says nothing. */
static struct id id_of(int64_t n)
{
    struct id id;
    uint64_t a = (uint64_t)n * UINT64_C(0x9e3779b97f4a7c15), b = ~a * UINT64_C(0xd6e8feb86659fd93);

    if (n % 5 == 0)
        snprintf(id.text, sizeof(id.text), "order-%lld", (long long)n);
    else
        snprintf(id.text, sizeof(id.text), "%08x-%04x-%04x-%04x-%012llx", (unsigned)(a >> 32),
                 (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xffff), (unsigned)(b >> 48),
                 (unsigned long long)(b & 0xffffffffffffULL));
    return id;
}

/* Appends rows n … with a flush after each group; a row's number is its n. */
static void append_through(struct rp_store *store, int64_t node, int64_t from, int64_t to,
                           int group)
{
    struct rp_err err = {0};
    int64_t row;

    for (int64_t n = from; n <= to;) {
        assert_ok(rp_store_begin(store, &err));
        for (int i = 0; i < group && n <= to; i++, n++) {
            struct id id = id_of(n);
            struct rp_event event = make_event(node, "", id.text);
            assert_ok(rp_event_append(store, &event, 0, RP_STR(""), &row, &err));
            assert_int_equal(row, n);
            rp_dedup_add(store, hash_of(store, event.message_id), row);
        }
        assert_ok(rp_dedup_flush(store, &err));
        assert_ok(rp_store_commit(store, &err));
        rp_store_checkpoint(store, 4000);
    }
}

/* Each id is found at its row and (nearly) nowhere else. */
static void assert_all(struct rp_store *store, int64_t count, int64_t step)
{
    struct rp_err err = {0};
    int64_t rows[8], strangers = 0;

    for (int64_t n = 1; n <= count; n += step) {
        struct id id = id_of(n);
        int found = rp_dedup_find(store, hash_of(store, rp_str_from(id.text)), rows, 8, &err);
        if (found != 1 || rows[0] != n)
            fail_msg("id %lld: %d rows, first %lld", (long long)n, found, (long long)rows[0]);
    }
    for (int64_t n = count + 1; n <= count + 20000; n++) {
        struct id id = id_of(n);
        int found = rp_dedup_find(store, hash_of(store, rp_str_from(id.text)), rows, 8, &err);
        assert_in_range(found, 0, 8);
        strangers += found;
    }
    assert_in_range(strangers, 0, 1); /* 64 bits */
}

static struct rp_store *open_at(const char *path)
{
    struct rp_err err = {0};
    struct rp_store *store;

    assert_ok(rp_store_open(path, RP_STORE_SERVE, &store, &err));
    assert_ok(rp_dedup_open(store, &err));
    return store;
}

static int64_t setup_node(struct rp_store *store)
{
    struct rp_err err = {0};

    assert_ok(rp_store_begin(store, &err));
    int64_t node = add_person(store, "u1", NULL);
    assert_ok(rp_store_commit(store, &err));
    return node;
}

static void finds_all_of_many(void **state)
{
    skip_under_valgrind();
    const char *path = path_in(*state, "a.db");
    struct rp_store *store = open_at(path);
    int64_t node = setup_node(store);

    append_through(store, node, 1, MANY, 500);
    assert_all(store, MANY, 1);
    /* 15 bits an event and the table in memory */
    assert_in_range(rp_dedup_bytes(store), 1, MANY * 4 + 4 * 1024 * 1024);
    rp_store_close(store);
    assert_query(path, "SELECT count(*) > 0 FROM dedup_runs WHERE level > 0 AND state = 1", "1");
    assert_query(path, "SELECT max(length(data)) FROM dedup_pages", "4032");
    /* every row is in at most one live run */
    assert_query(
        path,
        "SELECT count(*) FROM dedup_runs a JOIN dedup_runs b ON a.id < b.id AND a.state = 1 "
        "AND b.state = 1 AND a.first_row <= b.last_row AND b.first_row <= a.last_row",
        "0");
    store = open_at(path);
    assert_all(store, MANY, 1);
    rp_store_close(store);
}

static void a_rollback_forgets_only_its_rows(void **state)
{
    struct rp_store *store = open_at(path_in(*state, "a.db"));
    struct rp_err err = {0};
    int64_t node = setup_node(store), rows[4], row;

    append_through(store, node, 1, 40000, 1000); /* one run and a table */
    for (int flush = 0; flush < 2; flush++) {
        assert_ok(rp_store_begin(store, &err));
        for (int64_t n = 40001; n <= 40001 + 60000 * flush; n++) {
            struct id id = id_of(n);
            struct rp_event event = make_event(node, "", id.text);
            assert_ok(rp_event_append(store, &event, 0, RP_STR(""), &row, &err));
            rp_dedup_add(store, hash_of(store, event.message_id), row);
        }
        if (flush)
            assert_ok(rp_dedup_flush(store, &err));
        struct id id = id_of(40001);
        assert_int_equal(rp_dedup_find(store, hash_of(store, rp_str_from(id.text)), rows, 4, &err),
                         1);
        rp_store_rollback(store);
        assert_int_equal(rp_dedup_find(store, hash_of(store, rp_str_from(id.text)), rows, 4, &err),
                         0);
        assert_all(store, 40000, 1);
    }
    append_through(store, node, 40001, 80000, 1000);
    assert_all(store, 80000, 1);
    rp_store_close(store);
}

/* Copies the file as a crash would leave it: the WAL is folded in by the next open. */
static void copy_file(const char *from, const char *to)
{
    char buf[65536];
    size_t len;
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");

    assert_non_null(out);
    while (in && (len = fread(buf, 1, sizeof(buf), in)) > 0)
        assert_int_equal(fwrite(buf, 1, len, out), len);
    if (in)
        fclose(in);
    fclose(out);
}

static void a_crash_between_slices_loses_nothing(void **state)
{
    skip_under_valgrind();
    char path[512], from[520], copy[512], wal[520];
    snprintf(path, sizeof(path), "%s", path_in(*state, "a.db"));
    snprintf(from, sizeof(from), "%s-wal", path);
    snprintf(copy, sizeof(copy), "%s", path_in(*state, "copy.db"));
    snprintf(wal, sizeof(wal), "%s-wal", copy);
    struct rp_store *store = open_at(path);
    struct rp_err err = {0};
    int64_t node = setup_node(store), count = 4 * 32768 + 100;
    int building = 0;

    append_through(store, node, 1, count, 32768);
    for (int i = 0; i < 120; i++) {
        assert_ok(rp_store_begin(store, &err));
        assert_ok(rp_dedup_flush(store, &err));
        assert_ok(rp_store_commit(store, &err));
        if (i % 6 != 0)
            continue;
        copy_file(path, copy);
        copy_file(from, wal);
        struct rp_store *crashed = open_at(copy);
        assert_all(crashed, count, 7);
        append_through(crashed, node, count + 1, count + 40000, 2000);
        assert_all(crashed, count + 40000, 7);
        rp_store_close(crashed);
        remove(copy);
        remove(wal);
        building++;
    }
    assert_int_equal(building, 20);
    assert_all(store, count, 1);
    rp_store_close(store);
    /* merged, and what was merged is gone */
    assert_query(path, "SELECT count(*) || ' ' || max(level) FROM dedup_runs", "1 1");
    assert_query(path, "SELECT (SELECT count(*) FROM dedup_pages) = (SELECT pages FROM dedup_runs)",
                 "1");
    assert_query(path, "SELECT entries FROM dedup_runs", "131072");
}

static void an_unfinished_merge_starts_over(void **state)
{
    const char *path = path_in(*state, "a.db");
    struct rp_store *store = open_at(path);
    struct rp_err err = {0};
    int64_t node = setup_node(store), count = 4 * 32768;

    append_through(store, node, 1, count, 32768);
    assert_ok(rp_store_begin(store, &err));
    assert_ok(rp_dedup_flush(store, &err));
    assert_ok(rp_store_commit(store, &err));
    rp_store_close(store);
    assert_query(path, "SELECT count(*) FROM dedup_runs WHERE state = 0", "1");
    store = open_at(path);
    for (int i = 0; i < 100; i++) {
        assert_ok(rp_store_begin(store, &err));
        assert_ok(rp_dedup_flush(store, &err));
        assert_ok(rp_store_commit(store, &err));
    }
    assert_all(store, count, 3);
    rp_store_close(store);
    assert_query(path, "SELECT count(*) || ' ' || max(level) FROM dedup_runs", "1 1");
}

static void one_id_for_all_costs_no_more(void **state)
{
    struct rp_store *store = open_at(path_in(*state, "a.db"));
    struct rp_err err = {0};
    int64_t node = setup_node(store), rows[100], row;

    assert_ok(rp_store_begin(store, &err));
    for (int i = 0; i < 70000; i++) {
        struct id id = id_of(i);
        struct rp_event event = make_event(node, "", i % 2 ? "1" : id.text);
        assert_ok(rp_event_append(store, &event, 0, RP_STR(""), &row, &err));
        rp_dedup_add(store, hash_of(store, event.message_id), row);
    }
    int found = rp_dedup_find(store, hash_of(store, RP_STR("1")), rows, 100, &err);
    assert_int_equal(found, 64);
    for (int i = 1; i < found; i++)
        assert_true(rows[i] < rows[i - 1]); /* newest first */
    assert_int_equal(rp_dedup_find(store, hash_of(store, RP_STR("1")), rows, 3, &err), 3);
    for (int i = 0; i < 5; i++)
        assert_ok(rp_dedup_flush(store, &err));
    assert_ok(rp_store_commit(store, &err));
    assert_int_equal(rp_dedup_find(store, hash_of(store, RP_STR("1")), rows, 100, &err), 64);
    assert_in_range(rp_dedup_bytes(store), 1, 8 * 1024 * 1024);
    rp_store_close(store);
}

static void a_damaged_run_is_reported(void **state)
{
    const char *path = path_in(*state, "a.db");
    struct rp_store *store = open_at(path);
    struct rp_err err = {0};
    sqlite3 *db;

    append_through(store, setup_node(store), 1, 33000, 33000);
    rp_store_close(store);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DELETE FROM dedup_filters", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_ok(rp_store_open(path, RP_STORE_SERVE, &store, &err));
    assert_int_equal(rp_dedup_open(store, &err), RIPEN_ESTORE);
    assert_non_null(strstr(err.text, "damaged"));
    rp_store_close(store);
}

int test_dedup(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_all_of_many, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(a_rollback_forgets_only_its_rows, folder_make,
                                        folder_remove),
        cmocka_unit_test_setup_teardown(a_crash_between_slices_loses_nothing, folder_make,
                                        folder_remove),
        cmocka_unit_test_setup_teardown(an_unfinished_merge_starts_over, folder_make,
                                        folder_remove),
        cmocka_unit_test_setup_teardown(one_id_for_all_costs_no_more, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(a_damaged_run_is_reported, folder_make, folder_remove),
    };

    return cmocka_run_group_tests_name("store: dedup", tests, NULL, NULL);
}
