/* SPDX-License-Identifier: MIT */
/* The border to SQLite: statements prepared once, bound and stepped, and SQLite's error codes
 * turned into ours. It knows nothing of what is stored. A write that fails inside a transaction is
 * remembered there, so that a caller who overlooks it cannot commit half of its work. */
#include "base/when.h"
#include "store/store_priv.h"

#include <errno.h>

/* The cause of an I/O error. A failed COMMIT tells it to the file alone. */
static int cause_of(struct rp_store *store)
{
    static const int files[] = {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER};
    int cause = sqlite3_system_errno(store->db);

    for (size_t i = 0; i < RP_COUNT(files) && cause == 0; i++) {
        sqlite3_file *file = NULL;
        if (sqlite3_file_control(store->db, "main", files[i], &file) == SQLITE_OK && file &&
            file->pMethods)
            file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &cause);
    }
    return cause;
}

static bool disk_is_full(struct rp_store *store, int code)
{
    if ((code & 0xff) != SQLITE_IOERR)
        return (code & 0xff) == SQLITE_FULL;
    int cause = cause_of(store);
    return cause == ENOSPC || cause == EDQUOT || cause == EFBIG;
}

static int translate(struct rp_store *store, int code, const char *doing, struct rp_err *err)
{
    const char *path = store->path ? store->path : "memory";

    if (disk_is_full(store, code))
        return rp_err_set(err, RIPEN_EFULL,
                          "%s: the disk that holds %s is full; free some space and send again",
                          doing, path);
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return rp_err_set(err, RIPEN_EBUSY,
                          "%s: another process has been writing to %s for more than five seconds; "
                          "try again when it is done",
                          doing, path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return rp_err_set(err, RIPEN_ESTORE,
                          "%s: %s is damaged or not a database (%s); restore the last "
                          "backup, or name another file",
                          doing, path, sqlite3_errmsg(store->db));
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
        return rp_err_set(err, RIPEN_ESTORE,
                          "%s: no permission on %s or its folder (%s); check owner and mode", doing,
                          path, sqlite3_errmsg(store->db));
    default:
        return rp_err_set(err, RIPEN_ESTORE, "%s: %s: %s (%d)", doing, path,
                          sqlite3_errmsg(store->db), code);
    }
}

int rp_sql_fail(struct rp_store *store, const char *doing, struct rp_err *err)
{
    int code = sqlite3_extended_errcode(store->db);
    int status = translate(store, code, doing, err);

    /* After a failed fsync the kernel may have dropped the pages: what the file holds is not known.
     */
    if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC ||
        (code & 0xff) == SQLITE_CORRUPT)
        store->broken = status != RIPEN_EFULL;
    if (store->writing && store->failed == 0)
        store->failed = status;
    return status;
}

int rp_sql_get(struct rp_store *store, enum rp_sql which, const char *sql, sqlite3_stmt **ret_stmt,
               struct rp_err *err)
{
    RP_ASSERT(store->magic == RP_STORE_MAGIC);
    RP_ASSERT(which < RP_SQL_COUNT);
    if (!store->stmts[which] && sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                                   &store->stmts[which], NULL) != SQLITE_OK)
        return rp_sql_fail(store, "preparing a query", err);
    *ret_stmt = store->stmts[which];
    return 0;
}

int rp_sql_step(struct rp_store *store, sqlite3_stmt *stmt, const char *doing, struct rp_err *err)
{
    int code = sqlite3_step(stmt);

    if (code == SQLITE_ROW)
        return 1;
    int status = code == SQLITE_DONE ? 0 : rp_sql_fail(store, doing, err);
    sqlite3_reset(stmt);
    return status;
}

int rp_sql_run(struct rp_store *store, sqlite3_stmt *stmt, const char *doing, struct rp_err *err)
{
    int status = rp_sql_step(store, stmt, doing, err);

    if (status > 0) {
        sqlite3_reset(stmt);
        status = 0;
    }
    return status;
}

int rp_sql_exec(struct rp_store *store, const char *sql, const char *doing, struct rp_err *err)
{
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return rp_sql_fail(store, doing, err);
    return 0;
}

int64_t rp_sql_number(struct rp_store *store, enum rp_sql which, const char *sql, int64_t fallback)
{
    sqlite3_stmt *stmt = NULL;
    int64_t number = fallback;

    if (rp_sql_get(store, which, sql, &stmt, NULL) < 0)
        return fallback;
    if (rp_sql_step(store, stmt, "counting", NULL) == 1) {
        if (sqlite3_column_type(stmt, 0) != SQLITE_NULL)
            number = sqlite3_column_int64(stmt, 0);
        sqlite3_reset(stmt);
    }
    return number;
}

void rp_bind_int(sqlite3_stmt *stmt, int at, int64_t value)
{
    int code = sqlite3_bind_int64(stmt, at, value);

    RP_ASSERT(code == SQLITE_OK);
}

static void bind_null(sqlite3_stmt *stmt, int at)
{
    int code = sqlite3_bind_null(stmt, at);

    RP_ASSERT(code == SQLITE_OK);
}

void rp_bind_int_or_null(sqlite3_stmt *stmt, int at, int64_t value)
{
    if (value != 0)
        rp_bind_int(stmt, at, value);
    else
        bind_null(stmt, at);
}

void rp_bind_time(sqlite3_stmt *stmt, int at, int64_t ms)
{
    if (ms != RP_NEVER)
        rp_bind_int(stmt, at, ms);
    else
        bind_null(stmt, at);
}

void rp_bind_text(sqlite3_stmt *stmt, int at, struct rp_str text)
{
    int code = sqlite3_bind_text64(stmt, at, text.ptr ? text.ptr : "", text.len, SQLITE_STATIC,
                                   SQLITE_UTF8);

    RP_ASSERT(code == SQLITE_OK);
}

void rp_bind_blob(sqlite3_stmt *stmt, int at, const void *bytes, size_t len)
{
    int code = sqlite3_bind_blob64(stmt, at, bytes ? bytes : "", len, SQLITE_STATIC);

    RP_ASSERT(code == SQLITE_OK);
}

struct rp_str rp_column_view(sqlite3_stmt *stmt, int at)
{
    sqlite3_value *value = sqlite3_column_value(stmt, at); /* protected: one thread, no mutex */
    const void *bytes = sqlite3_value_blob(value);         /* of a text: its bytes, no conversion */

    return (struct rp_str){bytes, (size_t)sqlite3_value_bytes(value)};
}

struct rp_str rp_column_text(struct rp_arena *arena, sqlite3_stmt *stmt, int at)
{
    return rp_arena_str(arena, rp_column_view(stmt, at));
}

int64_t rp_column_time(sqlite3_stmt *stmt, int at)
{
    sqlite3_value *value = sqlite3_column_value(stmt, at);

    return sqlite3_value_type(value) == SQLITE_NULL ? RP_NEVER : sqlite3_value_int64(value);
}
