/* SPDX-License-Identifier: MIT */
/* Rule sets that were loaded. A set is known by the hash of its sources: loading the same files
 * again gives the same number. Exactly one is active; its number stands in meta
 * "active_generation". */
#include "store/generations.h"

#include "store/audit.h"
#include "store/store_priv.h"

#include <stdio.h>

static const char meta_active[] = "active_generation";
static const char sql_find[] = "SELECT number FROM generation_rows WHERE hash = ?1";
static const char sql_add[] =
    "INSERT INTO generation_rows (hash, loaded_ms, activated_ms, author, result, sources) "
    "VALUES (?1, ?2, ?2, ?3, 'active', ?4)";
static const char sql_set[] = "UPDATE generation_rows SET result = ?2, "
                              "activated_ms = coalesce(?3, activated_ms) WHERE number = ?1";
static const char sql_get[] = "SELECT number, hash, sources, author, result, loaded_ms "
                              "FROM generation_rows WHERE number = ?1";

static int set_result(struct rp_store *store, int64_t number, struct rp_str result,
                      int64_t activated_ms, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_GENERATION_SET, sql_set, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, number);
    rp_bind_text(stmt, 2, result);
    rp_bind_time(stmt, 3, activated_ms);
    return rp_sql_run(store, stmt, "activating rules", err);
}

/* 0: there is none with this hash. */
static int find(struct rp_store *store, struct rp_str hash, int64_t *ret_number, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_GENERATION_FIND, sql_find, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_text(stmt, 1, hash);
    status = rp_sql_step(store, stmt, "looking rules up", err);
    if (status < 0)
        return status;
    *ret_number = status == 1 ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return 0;
}

static int add(struct rp_store *store, struct rp_str hash, struct rp_str sources,
               struct rp_str author, int64_t now_ms, int64_t *ret_number, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_GENERATION_ADD, sql_add, &stmt, err);

    if (status < 0)
        return status;
    if (sources.len > (size_t)sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, -1) / 2)
        return rp_err_set(err, RIPEN_ELIMIT, "the rules hold %zu bytes, more than can be stored",
                          sources.len);
    rp_bind_text(stmt, 1, hash);
    rp_bind_int(stmt, 2, now_ms);
    rp_bind_text(stmt, 3, author);
    rp_bind_blob(stmt, 4, sources.ptr, sources.len);
    status = rp_sql_run(store, stmt, "storing rules", err);
    if (status == 0)
        *ret_number = sqlite3_last_insert_rowid(store->db);
    return status;
}

int rp_generation_activate(struct rp_store *store, struct rp_str hash, struct rp_str sources,
                           struct rp_str author, int64_t now_ms, uint32_t *ret_number,
                           struct rp_err *err)
{
    int64_t number = 0, before = rp_store_meta(store, meta_active, 0);
    char subject[24];

    rp_store_writing(store);
    RP_ASSERT(hash.len > 0);
    int status = find(store, hash, &number, err);
    if (status == 0 && number != 0 && number == before) {
        *ret_number = (uint32_t)number;
        return 0;
    }
    if (status == 0 && before != 0)
        status = set_result(store, before, RP_STR("replaced"), RP_NEVER, err);
    if (status == 0 && number != 0)
        status = set_result(store, number, RP_STR("active"), now_ms, err);
    else if (status == 0)
        status = add(store, hash, sources, author, now_ms, &number, err);
    if (status == 0)
        status = rp_store_meta_set(store, meta_active, number, err);
    if (status < 0)
        return status;
    snprintf(subject, sizeof(subject), "%lld", (long long)number);
    struct rp_audit_row row = {
        .at_ms = now_ms,
        .actor = author,
        .verb = RP_STR("rules.activate"),
        .subject = rp_str_from(subject),
        .detail = hash,
    };
    status = rp_audit_add(store, &row, err);
    if (status == 0)
        *ret_number = (uint32_t)number;
    return status;
}

int rp_generation_get(struct rp_arena *arena, struct rp_store *store, uint32_t number,
                      struct rp_generation_row *ret_row, struct rp_err *err)
{
    int64_t active = rp_store_meta(store, meta_active, 0);
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_GENERATION_GET, sql_get, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, number == 0 ? active : number);
    status = rp_sql_step(store, stmt, "reading rules", err);
    if (status < 0)
        return status;
    if (status == 0)
        return number == 0
                   ? rp_err_set(err, RIPEN_ENOTFOUND, "no rules were ever loaded into this store")
                   : rp_err_set(err, RIPEN_ENOTFOUND, "there is no generation %u", number);
    *ret_row = (struct rp_generation_row){
        .number = (uint32_t)sqlite3_column_int64(stmt, 0),
        .hash = rp_column_text(arena, stmt, 1),
        .sources = rp_column_text(arena, stmt, 2),
        .author = rp_column_text(arena, stmt, 3),
        .result = rp_column_text(arena, stmt, 4),
        .loaded_ms = sqlite3_column_int64(stmt, 5),
    };
    ret_row->active = ret_row->number == (uint64_t)active;
    sqlite3_reset(stmt);
    return 0;
}
