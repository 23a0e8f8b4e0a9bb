/* SPDX-License-Identifier: MIT */
/* Rule sets that were loaded. A set is known by the hash of its sources: loading the same files
 * again gives the same number. Exactly one is active; its number stands in meta
 * "active_generation", and activation_rows has the order in which they were. Old sets keep their
 * row and lose their sources, so that the file does not grow with every edit. */
#include "store/generations.h"

#include "base/limits.h"
#include "store/audit.h"
#include "store/store_priv.h"

#include <stdio.h>
#include <string.h>

static const char meta_active[] = "active_generation";
static const char sql_find[] = "SELECT number FROM generation_rows WHERE hash = ?1";
static const char sql_add[] =
    "INSERT INTO generation_rows (hash, loaded_ms, activated_ms, author, result, sources, parent, "
    "reason, findings, effect, disabled) VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
static const char sql_set[] =
    "UPDATE generation_rows SET result = ?2, activated_ms = coalesce(?3, activated_ms), "
    "reason = ?4, findings = coalesce(?5, findings), effect = coalesce(?6, effect), "
    "sources = coalesce(?7, sources), author = coalesce(?8, author) WHERE number = ?1";
static const char sql_get[] =
    "SELECT number, hash, sources, author, result, loaded_ms, activated_ms, parent, reason, "
    "findings, effect, disabled FROM generation_rows WHERE number = ?1";
static const char sql_list[] =
    "SELECT number, hash, '', author, result, loaded_ms, activated_ms, parent, reason, '', effect, "
    "disabled FROM generation_rows ORDER BY number DESC LIMIT ?1";
static const char sql_prune[] = "UPDATE generation_rows SET sources = x'', findings = '' "
                                "WHERE number <= ?1 AND length(sources) > 0 AND result <> 'active'";
static const char sql_entered[] =
    "INSERT INTO activation_rows (generation, at_ms, author, effect) VALUES (?1, ?2, ?3, ?4)";
static const char sql_before[] = "SELECT a.generation FROM activation_rows AS a "
                                 "JOIN generation_rows AS g ON g.number = a.generation "
                                 "WHERE a.generation <> ?1 AND length(g.sources) > 0 "
                                 "ORDER BY a.id DESC LIMIT 1";

static void bind_or_keep(sqlite3_stmt *stmt, int at, struct rp_str text)
{
    if (text.len > 0)
        rp_bind_text(stmt, at, text);
    else
        sqlite3_bind_null(stmt, at);
}

/* `what` NULL: only the result changes. */
static int set_result(struct rp_store *store, int64_t number, const char *result,
                      const struct rp_generation_new *what, int64_t activated_ms,
                      struct rp_err *err)
{
    static const struct rp_generation_new nothing;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_GENERATION_SET, sql_set, &stmt, err);

    if (status < 0)
        return status;
    what = what ? what : &nothing;
    rp_bind_int(stmt, 1, number);
    rp_bind_text(stmt, 2, rp_str_from(result));
    rp_bind_time(stmt, 3, activated_ms);
    rp_bind_text(stmt, 4, what->reason);
    bind_or_keep(stmt, 5, what->findings);
    bind_or_keep(stmt, 6, what->effect);
    if (what->sources.len > 0)
        rp_bind_blob(stmt, 7, what->sources.ptr, what->sources.len);
    else
        sqlite3_bind_null(stmt, 7);
    bind_or_keep(stmt, 8, what->author);
    return rp_sql_run(store, stmt, "noting what became of rules", err);
}

int rp_generation_find(struct rp_store *store, struct rp_str hash, uint32_t *ret_number,
                       struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_GENERATION_FIND, sql_find, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_text(stmt, 1, hash);
    status = rp_sql_step(store, stmt, "looking rules up", err);
    if (status < 0)
        return status;
    *ret_number = status == 1 ? (uint32_t)sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return 0;
}

static int prune(struct rp_store *store, int64_t newest, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_GENERATION_PRUNE, sql_prune, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, newest - RP_GENERATIONS_KEPT);
    return rp_sql_run(store, stmt, "dropping the sources of old rules", err);
}

static int add(struct rp_store *store, const struct rp_generation_new *what, const char *result,
               int64_t now_ms, uint32_t *ret_number, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_GENERATION_ADD, sql_add, &stmt, err);

    if (status < 0)
        return status;
    if (what->sources.len > (size_t)sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, -1) / 2)
        return rp_err_set(err, RIPEN_ELIMIT, "the rules hold %zu bytes, more than can be stored",
                          what->sources.len);
    rp_bind_text(stmt, 1, what->hash);
    rp_bind_int(stmt, 2, now_ms);
    rp_bind_text(stmt, 3, what->author);
    rp_bind_text(stmt, 4, rp_str_from(result));
    rp_bind_blob(stmt, 5, what->sources.ptr, what->sources.len);
    rp_bind_int_or_null(stmt, 6, rp_store_meta(store, meta_active, 0));
    rp_bind_text(stmt, 7, what->reason);
    rp_bind_text(stmt, 8, what->findings);
    rp_bind_text(stmt, 9, what->effect);
    rp_bind_text(stmt, 10, what->disabled);
    status = rp_sql_run(store, stmt, "storing rules", err);
    if (status == 0)
        *ret_number = (uint32_t)sqlite3_last_insert_rowid(store->db);
    return status == 0 ? prune(store, *ret_number, err) : status;
}

static int note_entered(struct rp_store *store, const struct rp_generation_new *what,
                        uint32_t number, int64_t now_ms, struct rp_err *err)
{
    char subject[24];
    struct rp_audit_row row = {
        .at_ms = now_ms,
        .actor = what->author,
        .verb = RP_STR("rules.activate"),
        .subject = (struct rp_str){subject, 0},
        .detail = what->hash,
    };
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_GENERATION_ENTERED, sql_entered, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, number);
    rp_bind_int(stmt, 2, now_ms);
    rp_bind_text(stmt, 3, what->author);
    rp_bind_text(stmt, 4, what->effect);
    status = rp_sql_run(store, stmt, "activating rules", err);
    row.subject.len = (size_t)snprintf(subject, sizeof(subject), "%u", number);
    return status == 0 ? rp_audit_add(store, &row, err) : status;
}

int rp_generation_activate(struct rp_store *store, const struct rp_generation_new *what,
                           int64_t now_ms, uint32_t *ret_number, struct rp_err *err)
{
    int64_t before = rp_store_meta(store, meta_active, 0);
    uint32_t number = 0;

    rp_store_writing(store);
    RP_ASSERT(what->hash.len > 0);
    int status = rp_generation_find(store, what->hash, &number, err);
    if (status == 0 && number != 0 && number == before) {
        *ret_number = number;
        return 0;
    }
    if (status == 0 && before != 0)
        status = set_result(store, before, RP_RESULT_SUPERSEDED, NULL, RP_NEVER, err);
    if (status == 0 && number != 0)
        status = set_result(store, number, RP_RESULT_ACTIVE, what, now_ms, err);
    else if (status == 0)
        status = add(store, what, RP_RESULT_ACTIVE, now_ms, &number, err);
    if (status == 0)
        status = rp_store_meta_set(store, meta_active, number, err);
    if (status == 0)
        status = note_entered(store, what, number, now_ms, err);
    if (status == 0)
        *ret_number = number;
    return status;
}

static int read_row(struct rp_arena *arena, sqlite3_stmt *stmt, int64_t active,
                    struct rp_generation_row *row)
{
    *row = (struct rp_generation_row){
        .number = (uint32_t)sqlite3_column_int64(stmt, 0),
        .hash = rp_column_text(arena, stmt, 1),
        .sources = rp_column_text(arena, stmt, 2),
        .author = rp_column_text(arena, stmt, 3),
        .result = rp_column_text(arena, stmt, 4),
        .loaded_ms = sqlite3_column_int64(stmt, 5),
        .activated_ms = sqlite3_column_int64(stmt, 6),
        .parent = (uint32_t)sqlite3_column_int64(stmt, 7),
        .reason = rp_column_text(arena, stmt, 8),
        .findings = rp_column_text(arena, stmt, 9),
        .effect = rp_column_text(arena, stmt, 10),
        .disabled = rp_column_text(arena, stmt, 11),
    };
    row->active = row->number == (uint64_t)active;
    return 0;
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
    status = read_row(arena, stmt, active, ret_row);
    sqlite3_reset(stmt);
    return status;
}

int rp_generation_keep(struct rp_store *store, const struct rp_generation_new *what,
                       const char *result, int64_t now_ms, uint32_t *ret_number, struct rp_err *err)
{
    struct rp_generation_row row = {.result = RP_STR("")};
    struct rp_arena arena;
    uint32_t number = 0;

    rp_store_writing(store);
    RP_ASSERT(what->hash.len > 0);
    RP_ASSERT(strcmp(result, RP_RESULT_HELD) == 0 || strcmp(result, RP_RESULT_REFUSED) == 0);
    rp_arena_init(&arena);
    int status = rp_generation_find(store, what->hash, &number, err);
    if (status == 0 && number == 0)
        status = add(store, what, result, now_ms, &number, err);
    else if (status == 0)
        status = rp_generation_get(&arena, store, number, &row, err);
    if (status == 0 &&
        (rp_str_is(row.result, RP_RESULT_HELD) || rp_str_is(row.result, RP_RESULT_REFUSED)))
        status = set_result(store, number, result, what, RP_NEVER, err);
    if (status == 0)
        *ret_number = number;
    rp_arena_fini(&arena);
    return status;
}

int rp_generation_list(struct rp_arena *arena, struct rp_store *store, size_t max,
                       struct rp_generation_row **ret_rows, size_t *ret_count, struct rp_err *err)
{
    int64_t active = rp_store_meta(store, meta_active, 0);
    struct rp_generation_row *rows = RP_ARENA_ARRAY(arena, struct rp_generation_row, max);
    sqlite3_stmt *stmt;
    size_t count = 0;
    int status = rp_sql_get(store, RP_SQL_GENERATION_LIST, sql_list, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, (int64_t)max);
    while ((status = rp_sql_step(store, stmt, "listing rules", err)) == 1)
        (void)read_row(arena, stmt, active, &rows[count++]);
    if (status < 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}

int rp_generation_before(struct rp_store *store, uint32_t *ret_number, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_GENERATION_BEFORE, sql_before, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, rp_store_meta(store, meta_active, 0));
    status = rp_sql_step(store, stmt, "looking for the rules before these", err);
    if (status < 0)
        return status;
    if (status == 0)
        return rp_err_set(err, RIPEN_ENOTFOUND,
                          "there is nothing to go back to: no other rules were in force before");
    *ret_number = (uint32_t)sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return 0;
}

const struct rp_str *rp_generation_disabled(struct rp_arena *arena, struct rp_str disabled,
                                            size_t *ret_count)
{
    struct rp_str *names;
    size_t count = 0, lines = 1;

    for (size_t i = 0; i < disabled.len; i++)
        lines += disabled.ptr[i] == '\n';
    names = RP_ARENA_ARRAY(arena, struct rp_str, lines);
    while (disabled.len > 0) {
        const char *end = memchr(disabled.ptr, '\n', disabled.len);
        size_t len = end ? (size_t)(end - disabled.ptr) : disabled.len;

        if (len > 0)
            names[count++] = (struct rp_str){disabled.ptr, len};
        disabled.ptr += len + (end != NULL);
        disabled.len -= len + (end != NULL);
    }
    *ret_count = count;
    return names;
}
