/* SPDX-License-Identifier: MIT */
/* Rows of rule_count_rows. Names of rules that are gone keep theirs: a rule may come back. */
#include "store/rule_counts.h"

#include "base/mem.h"
#include "store/store_priv.h"

#include <stdlib.h>

static const char sql_list[] = "SELECT rule, runs, hits, granted, tests, faults, steps, test_ns "
                               "FROM rule_count_rows ORDER BY rule";
static const char sql_put[] =
    "INSERT OR REPLACE INTO rule_count_rows (rule, runs, hits, granted, tests, faults, steps, "
    "test_ns) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
static const char sql_rename[] = "UPDATE OR IGNORE rule_count_rows SET rule = ?2 WHERE rule = ?1";

static uint64_t column(sqlite3_stmt *stmt, int at)
{
    return (uint64_t)sqlite3_column_int64(stmt, at);
}

int rp_rule_count_list(struct rp_arena *arena, struct rp_store *store,
                       struct rp_rule_count_row **ret_rows, size_t *ret_count, struct rp_err *err)
{
    struct rp_rule_count_row *rows = NULL;
    size_t count = 0, cap = 0;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_RULE_COUNT_LIST, sql_list, &stmt, err);

    if (status < 0)
        return status;
    while ((status = rp_sql_step(store, stmt, "reading the counts of rules", err)) == 1) {
        struct rp_rule_count_row *row;

        rows = rp_grow(rows, &cap, count + 1, sizeof(*rows));
        row = &rows[count++];
        *row = (struct rp_rule_count_row){.rule = rp_column_text(arena, stmt, 0),
                                          .count = {.runs = column(stmt, 1),
                                                    .hits = column(stmt, 2),
                                                    .granted = column(stmt, 3),
                                                    .tests = column(stmt, 4),
                                                    .faults = column(stmt, 5),
                                                    .steps = column(stmt, 6),
                                                    .test_ns = column(stmt, 7)}};
    }
    if (status == 0) {
        *ret_rows = RP_ARENA_ARRAY(arena, struct rp_rule_count_row, count + 1);
        if (count)
            memcpy(*ret_rows, rows, count * sizeof(*rows));
        *ret_count = count;
    }
    free(rows);
    return status;
}

int rp_rule_count_put(struct rp_store *store, struct rp_str rule, const struct rp_rule_count *count,
                      struct rp_err *err)
{
    const uint64_t numbers[] = {count->runs,   count->hits,  count->granted, count->tests,
                                count->faults, count->steps, count->test_ns};
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_RULE_COUNT_PUT, sql_put, &stmt, err);

    if (status < 0)
        return status;
    rp_store_writing(store);
    rp_bind_text(stmt, 1, rule);
    for (int i = 0; i < (int)RP_COUNT(numbers); i++)
        rp_bind_int(stmt, 2 + i, (int64_t)numbers[i]);
    return rp_sql_run(store, stmt, "writing the counts of rules", err);
}

int rp_rule_count_rename(struct rp_store *store, struct rp_str was, struct rp_str rule,
                         struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_RULE_COUNT_RENAME, sql_rename, &stmt, err);

    if (status < 0)
        return status;
    rp_store_writing(store);
    rp_bind_text(stmt, 1, was);
    rp_bind_text(stmt, 2, rule);
    return rp_sql_run(store, stmt, "carrying the counts of a rule over", err);
}
