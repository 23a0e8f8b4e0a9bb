/* SPDX-License-Identifier: MIT */
/* The schema: migrations are embedded files, applied in order, forward only, in one transaction.
 * The number of the last one stands in PRAGMA user_version. A released migration is never edited:
 * its digest is under test. */
#include "base/asset.h"
#include "base/hash.h"
#include "store/store_priv.h"

#include <stdio.h>

static const char sql_secret[] = "INSERT INTO meta (key, value) VALUES ('secret', randomblob(16))";
static const char sql_begin[] = "BEGIN IMMEDIATE";
static const char sql_commit[] = "COMMIT";
static const char sql_rollback[] = "ROLLBACK";

static int migration_count(void)
{
    int count = 0;

    while (rp_migrations[count].name)
        count++;
    return count;
}

static int read_number(struct rp_store *store, const char *sql, int64_t *ret_number,
                       struct rp_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int status = 0;

    if (sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) != SQLITE_OK ||
        sqlite3_step(stmt) != SQLITE_ROW)
        status = rp_sql_fail(store, "opening the store", err);
    else
        *ret_number = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return status;
}

/* Whose file it is, and how old its schema is. */
static int check_file(struct rp_store *store, int64_t *ret_version, struct rp_err *err)
{
    int64_t application = 0, tables = 0, version = 0;
    int status = read_number(store, "PRAGMA application_id", &application, err);

    if (status == 0)
        status = read_number(store, "PRAGMA user_version", &version, err);
    if (status == 0)
        status = read_number(store, "SELECT count(*) FROM sqlite_schema", &tables, err);
    if (status < 0)
        return status;
    if (application != RP_STORE_APPLICATION && (application != 0 || tables > 0))
        return rp_err_set(err, RIPEN_ESTORE,
                          "%s is a database of another program; name another file", store->path);
    if (version > migration_count())
        return rp_err_set(err, RIPEN_EVERSION,
                          "%s was made by a newer Ripen (schema %lld, this program knows %d); "
                          "install that version or name another file",
                          store->path ? store->path : "the store", (long long)version,
                          migration_count());
    *ret_version = version;
    return 0;
}

static int apply(struct rp_store *store, int64_t version, struct rp_err *err)
{
    int status = 0, count = migration_count();
    char pragma[96];

    for (int i = (int)version; i < count && status == 0; i++)
        status =
            rp_sql_exec(store, (const char *)rp_migrations[i].bytes, rp_migrations[i].name, err);
    if (status == 0 && version == 0 && store->mode != RP_STORE_MEMORY)
        status = rp_sql_exec(store, sql_secret, "making the store's secret", err);
    if (status == 0) {
        snprintf(pragma, sizeof(pragma), "PRAGMA application_id = %d; PRAGMA user_version = %d",
                 RP_STORE_APPLICATION, count);
        status = rp_sql_exec(store, pragma, "marking the store's version", err);
    }
    return status;
}

int rp_store_migrate(struct rp_store *store, struct rp_err *err)
{
    int64_t version = 0;
    int status = check_file(store, &version, err);

    if (status < 0 || version == migration_count())
        return status;
    if (store->mode == RP_STORE_READ)
        return rp_err_set(err, RIPEN_EVERSION,
                          "%s was made by an older Ripen (schema %lld, this program needs %d); "
                          "run `ripen serve` or `ripen import` once to bring it up to date",
                          store->path, (long long)version, migration_count());
    /* Not under the feet of a server of the older version. */
    if (store->mode == RP_STORE_WRITE && (status = rp_store_lock(store, err)) < 0)
        return status;
    status = rp_sql_exec(store, sql_begin, "migrating the store", err);
    if (status < 0)
        return status;
    status = check_file(store, &version, err); /* another process may have been faster */
    if (status == 0 && version < migration_count())
        status = apply(store, version, err);
    if (status == 0)
        status = rp_sql_exec(store, sql_commit, "migrating the store", err);
    if (status < 0 && !sqlite3_get_autocommit(store->db))
        sqlite3_exec(store->db, sql_rollback, NULL, NULL, NULL);
    if (store->mode == RP_STORE_WRITE)
        rp_store_unlock(store);
    return status;
}
