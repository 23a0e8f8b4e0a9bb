/* SPDX-License-Identifier: MIT */
/* SQLite writes a page of the WAL in two calls, header and page, and a small transaction touches
 * some twenty pages: without this layer half of a commit's time goes into forty writes that lie
 * side by side. Writes that continue one another are gathered and go out in one when the WAL is
 * synced, that is before its index tells anybody, here or in another process, of the new pages.
 * Everything else that looks at the file writes them out first. A write that fails then fails the
 * call that asked for it, and what was gathered is dropped: the transaction is undone.
 *
 * A commit whose sync is put off is written out and visible, but not yet on the disk: another
 * thread syncs it, together with what was committed meanwhile. Only the sync that ends a commit
 * waits. That of a WAL that begins anew does not, and those of a checkpoint never: no page reaches
 * the database before the WAL that has it is synced.
 *
 * Only the WAL is wrapped; other files are the original layer's from the start. */
#include "store/wal_vfs.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include <sqlite3.h>

#define GATHER_MAX (1024 * 1024) /* a larger transaction goes out in several writes */
#define PIECE_MAX  (64 * 1024)   /* the layer below takes less than 128 KiB at a time */

struct wal_file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct */
    char *bytes;
    int len, cap;
    sqlite3_int64 at;        /* of bytes in the file */
    bool begins;             /* its header was written since the last sync */
    bool later;              /* the sync that ends a commit is put off */
    pthread_mutex_t syncing; /* by the thread that writes, or the one that syncs for it */
    bool failed;             /* a sync did: guarded by `syncing` */
};

static sqlite3_vfs vfs; /* a copy of the original, but for its name and opening */
static sqlite3_vfs *original;

static struct wal_file *wal_of(sqlite3_file *file)
{
    return (struct wal_file *)(void *)file;
}

static int write_out(struct wal_file *wal)
{
    int code = SQLITE_OK, len = wal->len;

    wal->len = 0;
    for (int done = 0; done < len && code == SQLITE_OK; done += PIECE_MAX) {
        int piece = len - done < PIECE_MAX ? len - done : PIECE_MAX;
        code = wal->real->pMethods->xWrite(wal->real, wal->bytes + done, piece, wal->at + done);
    }
    return code;
}

static int wal_close(sqlite3_file *file)
{
    struct wal_file *wal = wal_of(file);
    int code = write_out(wal);
    int closed = wal->real->pMethods->xClose(wal->real);

    pthread_mutex_destroy(&wal->syncing);
    sqlite3_free(wal->bytes);
    wal->bytes = NULL;
    return code == SQLITE_OK ? closed : code;
}

static int wal_read(sqlite3_file *file, void *bytes, int len, sqlite3_int64 at)
{
    struct wal_file *wal = wal_of(file);
    int code = write_out(wal);

    return code == SQLITE_OK ? wal->real->pMethods->xRead(wal->real, bytes, len, at) : code;
}

static bool make_room(struct wal_file *wal, int len)
{
    int cap = wal->cap ? wal->cap : 64 * 1024;

    while (cap < wal->len + len)
        cap *= 2;
    if (cap > wal->cap) {
        char *bytes = sqlite3_realloc(wal->bytes, cap);
        if (!bytes)
            return false;
        wal->bytes = bytes;
        wal->cap = cap;
    }
    return true;
}

static int wal_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    struct wal_file *wal = wal_of(file);
    int code = SQLITE_OK;

    wal->begins |= at == 0;
    if (wal->len > 0 && (at != wal->at + wal->len || wal->len + len > GATHER_MAX))
        code = write_out(wal);
    if (code != SQLITE_OK)
        return code;
    if (len > GATHER_MAX || !make_room(wal, len))
        return wal->real->pMethods->xWrite(wal->real, bytes, len, at);
    if (wal->len == 0)
        wal->at = at;
    memcpy(wal->bytes + wal->len, bytes, (size_t)len);
    wal->len += len;
    return SQLITE_OK;
}

static int wal_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct wal_file *wal = wal_of(file);
    int code = write_out(wal);

    return code == SQLITE_OK ? wal->real->pMethods->xTruncate(wal->real, size) : code;
}

/* The system tells of a write that was lost once, to whoever syncs next: from then on nobody may
 * trust a sync, neither the writer nor who syncs for it. */
static int sync_now(struct wal_file *wal, int flags)
{
    pthread_mutex_lock(&wal->syncing);
    int code = wal->failed ? SQLITE_IOERR_FSYNC : wal->real->pMethods->xSync(wal->real, flags);
    wal->failed = code != SQLITE_OK;
    pthread_mutex_unlock(&wal->syncing);
    return code;
}

static int wal_sync(sqlite3_file *file, int flags)
{
    struct wal_file *wal = wal_of(file);
    int code = write_out(wal);

    if (code != SQLITE_OK || (wal->later && !wal->begins))
        return code;
    wal->begins = false;
    return sync_now(wal, flags);
}

static int wal_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
    struct wal_file *wal = wal_of(file);
    int code = write_out(wal);

    return code == SQLITE_OK ? wal->real->pMethods->xFileSize(wal->real, ret_size) : code;
}

static int wal_lock(sqlite3_file *file, int lock)
{
    return wal_of(file)->real->pMethods->xLock(wal_of(file)->real, lock);
}

static int wal_unlock(sqlite3_file *file, int lock)
{
    return wal_of(file)->real->pMethods->xUnlock(wal_of(file)->real, lock);
}

static int wal_check_lock(sqlite3_file *file, int *ret_held)
{
    return wal_of(file)->real->pMethods->xCheckReservedLock(wal_of(file)->real, ret_held);
}

static int wal_control(sqlite3_file *file, int what, void *arg)
{
    return wal_of(file)->real->pMethods->xFileControl(wal_of(file)->real, what, arg);
}

static int wal_sector(sqlite3_file *file)
{
    return wal_of(file)->real->pMethods->xSectorSize(wal_of(file)->real);
}

static int wal_traits(sqlite3_file *file)
{
    return wal_of(file)->real->pMethods->xDeviceCharacteristics(wal_of(file)->real);
}

static const sqlite3_io_methods wal_methods = {
    .iVersion = 1,
    .xClose = wal_close,
    .xRead = wal_read,
    .xWrite = wal_write,
    .xTruncate = wal_truncate,
    .xSync = wal_sync,
    .xFileSize = wal_size,
    .xLock = wal_lock,
    .xUnlock = wal_unlock,
    .xCheckReservedLock = wal_check_lock,
    .xFileControl = wal_control,
    .xSectorSize = wal_sector,
    .xDeviceCharacteristics = wal_traits,
};

static int vfs_open(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags,
                    int *ret_flags)
{
    struct wal_file *wal = wal_of(file);

    (void)self;
    if (!(flags & SQLITE_OPEN_WAL))
        return original->xOpen(original, name, file, flags, ret_flags);
    memset(wal, 0, sizeof(*wal));
    wal->real = (sqlite3_file *)(void *)(wal + 1);
    int code = original->xOpen(original, name, wal->real, flags, ret_flags);
    wal->base.pMethods = wal->real->pMethods ? &wal_methods : NULL;
    if (wal->real->pMethods)
        pthread_mutex_init(&wal->syncing, NULL);
    return code;
}

static void make(void)
{
    original = sqlite3_vfs_find(NULL);
    if (!original)
        return;
    vfs = *original;
    vfs.zName = "ripen";
    vfs.szOsFile = (int)sizeof(struct wal_file) + original->szOsFile;
    vfs.pNext = NULL;
    vfs.xOpen = vfs_open;
    if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK)
        original = NULL;
}

const char *rp_wal_vfs(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make);
    return original ? vfs.zName : NULL;
}

/* The WAL of a connection that rp_wal_vfs opened, or NULL. */
static struct wal_file *wal_in(sqlite3 *db)
{
    sqlite3_file *file = NULL;

    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) != SQLITE_OK || !file)
        return NULL;
    return file->pMethods == &wal_methods ? wal_of(file) : NULL;
}

struct rp_wal *rp_wal_later(sqlite3 *db, bool later)
{
    struct wal_file *wal = wal_in(db);

    if (wal)
        wal->later = later;
    return (struct rp_wal *)(void *)wal;
}

int rp_wal_sync(struct rp_wal *wal)
{
    return sync_now((struct wal_file *)(void *)wal, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
}
