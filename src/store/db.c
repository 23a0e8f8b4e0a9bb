/* SPDX-License-Identifier: MIT */
/* The store's handle: opening and its lock, settings of SQLite, transactions, checkpoints, small
 * values. Checkpoints run on the writer, when it says so: a second thread was measured to be
 * slower.
 *
 *   idle ──begin──▶ writing ──commit──▶ idle        A write that fails marks the transaction as
 * failed; ▲                 └──rollback──────▲           its commit then undoes everything and says
 * why. └──snapshot_end── reading ◀──snapshot── idle   After a failed fsync begin refuses for good.
 */
#include "store/db.h"

#include "base/hash.h"
#include "base/mem.h"
#include "store/page_cache.h"
#include "store/store_priv.h"
#include "store/wal_vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Past this the WAL is written back even if nobody asks: a WAL that begins anew overwrites its
 * pages, which syncs faster than growing it, and a short one makes short pauses. Where changes are
 * so scattered that writing back takes much of the time the bound grows: then a page is more often
 * written once for many changes. */
#define WAL_PAGES_MIN 4096  /* 16 MiB */
#define WAL_PAGES_MAX 65536 /* 256 MiB */
#define BUSY_MS       5000

static const char sql_settings[] =
    "PRAGMA synchronous = FULL;"
    "PRAGMA cache_size = -32768;"
    "PRAGMA mmap_size = 0;"
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA secure_delete = ON;" /* what is deleted is overwritten; scour.c wipes what has moved */
    "PRAGMA cell_size_check = ON;"
    "PRAGMA wal_autocheckpoint = 0";
/* A reader passes over most pages once: with few of them in memory they are used again. */
static const char sql_reads[] = "PRAGMA cache_size = -4096";
static const char sql_wal[] = "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL";
static const char sql_begin[] = "BEGIN IMMEDIATE";
static const char sql_begin_read[] = "BEGIN; SELECT count(*) FROM sqlite_schema";
static const char sql_commit[] = "COMMIT";
static const char sql_rollback[] = "ROLLBACK";
static const char sql_data_version[] = "PRAGMA data_version";
static const char sql_meta_get[] = "SELECT value FROM meta WHERE key = ?1";
static const char sql_meta_set[] =
    "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2";

static void configure_sqlite(void)
{
    struct sqlite3_pcache_methods2 cache;

    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (sqlite3_config(SQLITE_CONFIG_GETPCACHE2, &cache) == SQLITE_OK)
        sqlite3_config(SQLITE_CONFIG_PCACHE2, rp_page_cache(&cache));
}

void rp_store_configure(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, configure_sqlite);
}

static int64_t monotonic_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int on_commit(void *ctx, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    ((struct rp_store *)ctx)->wal_pages = pages;
    return SQLITE_OK;
}

/* The new name in a folder is durable only with the folder. */
static int sync_folder(const char *path, struct rp_err *err)
{
    char *copy = rp_strdup(path);
    int status = 0, fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) < 0)
        status = rp_err_set(err, RIPEN_ESTORE, "the folder of %s could not be synced: %s", path,
                            strerror(errno));
    if (fd >= 0)
        close(fd);
    free(copy);
    return status;
}

/* Makes an empty file that only its owner reads, when there is none. An existing one is not opened
 * here: closing it would drop the locks of this process's other handles. */
static int create_file(const char *path, struct rp_err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0) {
        close(fd);
        return sync_folder(path, err);
    }
    if (errno == EEXIST)
        return 0;
    if (errno == ENOSPC || errno == EDQUOT)
        return rp_err_set(err, RIPEN_EFULL, "%s could not be made: the disk is full", path);
    return rp_err_set(err, RIPEN_ESTORE, "%s could not be made: %s; check the folder and its mode",
                      path, strerror(errno));
}

int rp_store_lock(struct rp_store *store, struct rp_err *err)
{
    char name[PATH_MAX + 8];
    struct stat before, after;

    snprintf(name, sizeof(name), "%s-lock", store->path);
    for (;;) {
        int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
            return rp_err_set(err, RIPEN_ESTORE, "%s could not be opened: %s", name,
                              strerror(errno));
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
            close(fd);
            return rp_err_set(err, RIPEN_EBUSY,
                              "%s is in use by another `ripen serve` or `ripen import`; stop it "
                              "first, or name another file with --db",
                              store->path);
        }
        /* Whoever removed the file in between left us with a lock on nothing. */
        if (fstat(fd, &before) == 0 && stat(name, &after) == 0 && before.st_ino == after.st_ino) {
            store->lock_fd = fd;
            return 0;
        }
        close(fd);
    }
}

void rp_store_unlock(struct rp_store *store)
{
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    store->lock_fd = -1;
}

static int open_database(struct rp_store *store, const char *path, struct rp_err *err)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                (store->mode == RP_STORE_READ     ? SQLITE_OPEN_READONLY
                 : store->mode == RP_STORE_MEMORY ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                                  : SQLITE_OPEN_READWRITE);

    const char *vfs =
        store->mode == RP_STORE_SERVE || store->mode == RP_STORE_WRITE ? rp_wal_vfs() : NULL;
    if (sqlite3_open_v2(path, &store->db, flags, vfs) != SQLITE_OK) {
        if (!store->db)
            return rp_err_set(err, RIPEN_ESTORE, "%s could not be opened", path);
        return rp_sql_fail(store, "opening the store", err);
    }
    sqlite3_busy_timeout(store->db, BUSY_MS);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    int status = rp_sql_exec(store, sql_settings, "opening the store", err);
    if (status == 0 && store->mode == RP_STORE_READ)
        status = rp_sql_exec(store, sql_reads, "opening the store", err);
    sqlite3_wal_hook(store->db, on_commit, store); /* wal_autocheckpoint takes this hook too */
    return status;
}

int rp_store_cache(struct rp_store *store, int kib, struct rp_err *err)
{
    char sql[64];

    snprintf(sql, sizeof(sql), "PRAGMA cache_size = -%d", kib);
    return rp_sql_exec(store, sql, "opening the store", err);
}

/* A path without links, so that all names of a file share one lock. */
static int resolve(struct rp_store *store, const char *path, struct rp_err *err)
{
    store->path = realpath(path, NULL);
    if (store->path)
        return 0;
    if (errno == ENOENT)
        return rp_err_set(err, RIPEN_ENOTFOUND,
                          "there is no store at %s; `ripen serve --db %s` makes one", path, path);
    return rp_err_set(err, RIPEN_ESTORE, "%s could not be opened: %s", path, strerror(errno));
}

static int use_wal(struct rp_store *store, struct rp_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int status = rp_sql_exec(store, sql_wal, "opening the store", err);

    if (status < 0)
        return status;
    if (sqlite3_prepare_v2(store->db, "PRAGMA journal_mode", -1, &stmt, NULL) != SQLITE_OK ||
        sqlite3_step(stmt) != SQLITE_ROW)
        status = rp_sql_fail(store, "opening the store", err);
    else if (!rp_str_is(rp_column_view(stmt, 0), "wal"))
        status = rp_err_set(err, RIPEN_ESTORE,
                            "%s is on a file system that cannot share memory between processes (a "
                            "network share?); put it on a local disk",
                            store->path);
    sqlite3_finalize(stmt);
    return status;
}

static int open_file(struct rp_store *store, const char *path, struct rp_err *err)
{
    int status = store->mode == RP_STORE_READ ? 0 : create_file(path, err);

    if (status == 0)
        status = resolve(store, path, err);
    if (status == 0 && store->mode == RP_STORE_SERVE)
        status = rp_store_lock(store, err);
    if (status == 0)
        status = open_database(store, store->path, err);
    return status;
}

static int load_secret(struct rp_store *store, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_META_GET, sql_meta_get, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_text(stmt, 1, RP_STR("secret"));
    status = rp_sql_step(store, stmt, "reading the store's secret", err);
    if (status < 0)
        return status;
    struct rp_str secret = status == 1 ? rp_column_view(stmt, 0) : RP_STR("");
    if (secret.len == sizeof(store->secret))
        memcpy(store->secret, secret.ptr, sizeof(store->secret));
    status = secret.len == sizeof(store->secret)
                 ? 0
                 : rp_err_set(err, RIPEN_ESTORE, "%s has lost its secret; restore the last backup",
                              store->path);
    sqlite3_reset(stmt);
    return status;
}

int rp_store_open(const char *path, enum rp_store_mode mode, struct rp_store **ret_store,
                  struct rp_err *err)
{
    struct rp_store *store = rp_calloc(1, sizeof(*store));
    int status;

    rp_store_configure();
    store->magic = RP_STORE_MAGIC;
    store->mode = mode;
    store->lock_fd = -1;
    store->newest = -1;
    store->wal_limit = store->wal_next = WAL_PAGES_MIN;
    store->names = rp_names_new();
    store->nodes = rp_nodes_new();
    store->tails = rp_tails_new();
    if (mode == RP_STORE_MEMORY)
        status = open_database(store, ":memory:", err);
    else
        status = open_file(store, path, err);
    if (status == 0)
        status = rp_store_migrate(store, err);
    /* Only now: what is not our file stays as it is. */
    if (status == 0 && (mode == RP_STORE_SERVE || mode == RP_STORE_WRITE))
        status = use_wal(store, err);
    if (status == 0 && mode != RP_STORE_MEMORY)
        status = load_secret(store, err);
    if (status < 0) {
        rp_store_close(store);
        return status;
    }
    *ret_store = store;
    return 0;
}

void rp_store_close(struct rp_store *store)
{
    if (!store)
        return;
    RP_ASSERT(store->magic == RP_STORE_MAGIC);
    rp_store_rollback(store);
    rp_store_snapshot_end(store);
    rp_dedup_free(store->dedup);
    rp_tails_free(store->tails);
    rp_nodes_free(store->nodes);
    rp_names_free(store->names);
    for (int i = 0; i < RP_SQL_COUNT; i++)
        sqlite3_finalize(store->stmts[i]);
    if (store->db) {
        int code = sqlite3_close(store->db);
        RP_ASSERT(code == SQLITE_OK); /* a cursor is still open */
    }
    rp_store_unlock(store);
    free(store->path);
    store->magic = 0;
    free(store);
}

const uint8_t *rp_store_secret(const struct rp_store *store)
{
    return store->secret;
}

void rp_store_writing(const struct rp_store *store)
{
    RP_ASSERT(store->magic == RP_STORE_MAGIC);
    RP_ASSERT(store->writing);
}

bool rp_store_in_transaction(const struct rp_store *store)
{
    return store->writing;
}

int rp_store_begin(struct rp_store *store, struct rp_err *err)
{
    sqlite3_stmt *stmt;

    RP_ASSERT(store->magic == RP_STORE_MAGIC);
    RP_ASSERT(!store->writing && !store->reading);
    RP_ASSERT(store->mode != RP_STORE_READ);
    if (store->broken)
        return rp_err_set(err, RIPEN_ESTORE,
                          "the disk failed while %s was written; check the disk, then start again",
                          store->path ? store->path : "the store");
    int status = rp_sql_get(store, RP_SQL_BEGIN, sql_begin, &stmt, err);
    if (status == 0)
        status = rp_sql_run(store, stmt, "beginning a transaction", err);
    if (status < 0)
        return status;
    store->writing = true;
    store->failed = 0;
    store->newest = -1;
    return 0;
}

static void end_transaction(struct rp_store *store, bool committed)
{
    store->writing = false;
    store->failed = 0;
    store->newest = -1;
    rp_names_end(store, committed);
    rp_nodes_end(store, committed);
    rp_tails_end(store, committed);
    rp_dedup_end(store, committed);
}

/* Writes back within a commit, at most an eighth of the time. */
static void write_back(struct rp_store *store)
{
    int64_t began_us = monotonic_us();
    int64_t between_us = began_us - store->wal_back_us;
    int pages = store->wal_pages;

    rp_store_checkpoint(store, store->wal_limit);
    store->wal_back_us = monotonic_us();
    int64_t took_us = store->wal_back_us - began_us;
    if (took_us > between_us / 8 && store->wal_limit < WAL_PAGES_MAX)
        store->wal_limit *= 2;
    else if (took_us < between_us / 32 && store->wal_limit > WAL_PAGES_MIN)
        store->wal_limit /= 2;
    /* A reader may hold back that it begins anew: tried again when there is more of it. */
    store->wal_next = pages + store->wal_limit;
}

static int commit(struct rp_store *store, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = store->failed;

    if (status < 0)
        rp_err_set(err, status, "nothing was stored: a write of this transaction failed (%s)",
                   ripen_status_text(status));
    if (status == 0)
        status = rp_sql_get(store, RP_SQL_COMMIT, sql_commit, &stmt, err);
    if (status == 0)
        status = rp_sql_run(store, stmt, "committing", err);
    if (status < 0) {
        rp_store_rollback(store);
        return status;
    }
    end_transaction(store, true);
    return 0;
}

static void look_at_wal(struct rp_store *store)
{
    if (store->wal_pages < store->wal_limit) /* it began anew */
        store->wal_next = store->wal_limit;
    if (store->wal_pages >= store->wal_next)
        write_back(store);
}

int rp_store_commit(struct rp_store *store, struct rp_err *err)
{
    rp_store_writing(store);
    int status = commit(store, err);
    if (status == 0)
        look_at_wal(store);
    return status;
}

int rp_store_commit_ahead(struct rp_store *store, struct rp_err *err)
{
    rp_store_writing(store);
    struct rp_wal *wal = rp_wal_later(store->db, true);
    int status = commit(store, err);
    rp_wal_later(store->db, false);
    if (status < 0)
        return status;
    store->unsynced = wal;
    look_at_wal(store);
    return 0;
}

int rp_store_sync(struct rp_store *store, struct rp_err *err)
{
    struct rp_wal *wal = store->unsynced;

    if (!wal || rp_wal_sync(wal) == SQLITE_OK)
        return 0;
    store->broken = true;
    return rp_err_set(err, RIPEN_ESTORE, "syncing %s failed; check the disk, then start again",
                      store->path);
}

void rp_store_rollback(struct rp_store *store)
{
    sqlite3_stmt *stmt;

    if (!store->writing)
        return;
    /* A full disk makes SQLite roll back by itself. */
    if (!sqlite3_get_autocommit(store->db) &&
        (rp_sql_get(store, RP_SQL_ROLLBACK, sql_rollback, &stmt, NULL) < 0 ||
         rp_sql_run(store, stmt, "rolling back", NULL) < 0))
        store->broken = true;
    end_transaction(store, false);
}

int rp_store_snapshot(struct rp_store *store, struct rp_err *err)
{
    RP_ASSERT(store->magic == RP_STORE_MAGIC);
    RP_ASSERT(!store->writing && !store->reading);
    int status = rp_sql_exec(store, sql_begin_read, "beginning to read", err);
    if (status == 0) {
        store->reading = true;
        rp_nodes_snapshot(store);
    } else if (!sqlite3_get_autocommit(store->db)) {
        sqlite3_exec(store->db, sql_rollback, NULL, NULL, NULL);
    }
    return status;
}

void rp_store_snapshot_end(struct rp_store *store)
{
    if (!store->reading)
        return;
    store->reading = false;
    if (!sqlite3_get_autocommit(store->db))
        sqlite3_exec(store->db, sql_rollback, NULL, NULL, NULL);
}

void rp_store_checkpoint(struct rp_store *store, int pages)
{
    RP_ASSERT(!store->writing);
    if (store->wal_pages < pages || store->mode == RP_STORE_MEMORY || store->broken)
        return;
    /* PASSIVE waits for nobody; the next writer starts the WAL over when all of it was written
     * back. What could not be written back stays in the WAL, so there is no error to report. */
    int left = 0, done = 0;
    int code = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &left, &done);
    if (code == SQLITE_OK && left == done)
        store->wal_pages = 0;
    else if (code != SQLITE_OK)
        (void)rp_sql_fail(store, "writing back", NULL); /* notices a disk that is broken */
}

int64_t rp_store_data_version(struct rp_store *store)
{
    return rp_sql_number(store, RP_SQL_DATA_VERSION, sql_data_version, 0);
}

int64_t rp_store_meta(struct rp_store *store, const char *key, int64_t fallback)
{
    sqlite3_stmt *stmt;
    int64_t value = fallback;

    if (rp_sql_get(store, RP_SQL_META_GET, sql_meta_get, &stmt, NULL) < 0)
        return fallback;
    rp_bind_text(stmt, 1, rp_str_from(key));
    if (rp_sql_step(store, stmt, "reading a value", NULL) == 1) {
        value = sqlite3_column_int64(stmt, 0);
        sqlite3_reset(stmt);
    }
    return value;
}

int rp_store_meta_set(struct rp_store *store, const char *key, int64_t value, struct rp_err *err)
{
    sqlite3_stmt *stmt;

    rp_store_writing(store);
    int status = rp_sql_get(store, RP_SQL_META_SET, sql_meta_set, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_text(stmt, 1, rp_str_from(key));
    rp_bind_int(stmt, 2, value);
    return rp_sql_run(store, stmt, key, err);
}
