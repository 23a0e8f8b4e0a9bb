/* SPDX-License-Identifier: MIT */
/* SQLite's cache of pages is asked to forget pages behind the end of the file only when there may
 * be some: after a transaction was undone, not after every other commit. */
#include "store/identities.h"
#include "unit/store/groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

enum { ROWS = 64, COMMITS = 100, BEHIND_ANY = 100000 };

/* The cache below the layer: counts what reaches it. */
static struct sqlite3_pcache_methods2 original;
static int asked, set_aside;
/* The layer's own, as SQLite calls them. */
static struct sqlite3_pcache_methods2 layer;

static void count_truncate(sqlite3_pcache *cache, unsigned limit)
{
    asked++;
    original.xTruncate(cache, limit);
}

static void count_rekey(sqlite3_pcache *cache, sqlite3_pcache_page *page, unsigned from,
                        unsigned to)
{
    set_aside += to > BEHIND_ANY;
    original.xRekey(cache, page, from, to);
}

void test_page_cache_register(void)
{
    struct sqlite3_pcache_methods2 counting;

    if (sqlite3_config(SQLITE_CONFIG_GETPCACHE2, &original) != SQLITE_OK)
        abort();
    counting = original;
    counting.xTruncate = count_truncate;
    counting.xRekey = count_rekey;
    if (sqlite3_config(SQLITE_CONFIG_PCACHE2, &counting) != SQLITE_OK)
        abort();
    rp_store_configure();
    if (sqlite3_config(SQLITE_CONFIG_GETPCACHE2, &layer) != SQLITE_OK)
        abort();
}

/* Rows in no order, each with a key of its own: neighbours of the index split and change places. */
static void add_rows(struct rp_store *store, uint64_t from, size_t count, bool undone)
{
    struct rp_err err = {0};
    char text[17];
    int64_t lead;

    assert_ok(rp_store_begin(store, &err));
    for (uint64_t i = from; i < from + count; i++) {
        snprintf(text, sizeof(text), "%016llx",
                 (unsigned long long)(i * UINT64_C(0x9e3779b97f4a7c15)));
        assert_ok(rp_lead_add(store, rp_str_from(text), NINE, &lead, &err));
    }
    if (undone)
        rp_store_rollback(store);
    else
        assert_ok(rp_store_commit(store, &err));
}

static void commits_do_not_ask(void **state)
{
    struct rp_store *store;
    struct rp_err err = {0};

    assert_ok(rp_store_open(path_in(*state, "p.db"), RP_STORE_SERVE, &store, &err));
    add_rows(store, 0, ROWS, false);
    asked = set_aside = 0;
    for (uint64_t i = 1; i < COMMITS; i++)
        add_rows(store, i * ROWS, ROWS, false);
    assert_true(set_aside > 0); /* else this test says nothing */
    assert_int_equal(asked, 0);
    rp_store_close(store);
    assert_query(path_in(*state, "p.db"), "SELECT count(*) FROM lead_rows", "6400");
    assert_query(path_in(*state, "p.db"), "PRAGMA integrity_check", "ok");
}

/* Pages of rows that were taken back do not come back when the file grows again. */
static void undone_pages_are_forgotten(void **state)
{
    struct rp_store *store;
    struct rp_err err = {0};

    assert_ok(rp_store_open(path_in(*state, "p.db"), RP_STORE_SERVE, &store, &err));
    add_rows(store, 0, ROWS, false);
    asked = 0;
    for (uint64_t i = 1; i < COMMITS; i++) {
        add_rows(store, i * ROWS, (size_t)4 * ROWS, true);
        add_rows(store, i * ROWS, ROWS, false);
    }
    assert_true(asked > 0);
    rp_store_close(store);
    assert_query(path_in(*state, "p.db"), "SELECT count(*) FROM lead_rows", "6400");
    assert_query(path_in(*state, "p.db"), "PRAGMA integrity_check", "ok");
}

static bool has(sqlite3_pcache *cache, unsigned number)
{
    sqlite3_pcache_page *page = layer.xFetch(cache, number, 0);

    if (page)
        layer.xUnpin(cache, page, 0);
    return page != NULL;
}

/* SQLite sets one page aside at a time. Were there two, none would be kept that must go. */
static void what_was_set_aside_goes(void **state)
{
    enum { PAGES = 10, FAR = 1000, FARTHER = 2000 };
    sqlite3_pcache *cache = layer.xCreate(4096, 64, 1);
    sqlite3_pcache_page *pages[PAGES + 1];

    (void)state;
    for (unsigned i = 1; i <= PAGES; i++)
        pages[i] = layer.xFetch(cache, i, 2);
    asked = 0;
    layer.xRekey(cache, pages[5], 5, FAR);
    layer.xRekey(cache, pages[5], FAR, 5);
    layer.xTruncate(cache, PAGES + 1);
    assert_int_equal(asked, 0);
    layer.xRekey(cache, pages[5], 5, FAR);
    layer.xRekey(cache, pages[6], 6, FARTHER);
    layer.xRekey(cache, pages[6], FARTHER, 6);
    layer.xTruncate(cache, PAGES + 1);
    assert_int_equal(asked, 1);
    assert_false(has(cache, FAR));
    assert_true(has(cache, 6));
    layer.xTruncate(cache, PAGES); /* at its largest page, then behind it */
    assert_int_equal(asked, 2);
    assert_false(has(cache, PAGES));
    layer.xTruncate(cache, PAGES);
    assert_int_equal(asked, 2);
    layer.xDestroy(cache);
}

int test_page_cache(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commits_do_not_ask, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(undone_pages_are_forgotten, folder_make, folder_remove),
        cmocka_unit_test(what_was_set_aside_goes),
    };

    return cmocka_run_group_tests_name("page_cache", tests, NULL, NULL);
}
