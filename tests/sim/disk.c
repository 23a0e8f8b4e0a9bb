/* SPDX-License-Identifier: MIT */
/* The faulty disk. Every write and truncation of a file goes to the file at once and is noted with
 * what stood there before; a sync forgets the notes. A cut undoes the notes from the newest back,
 * which gives the file as it was at its last sync, and then does a random part of them again. */
#include "disk.h"

#include "random.h"
#include "store/db.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

enum { SECTOR = 512, FILES_MAX = 16 };

struct note {
    sqlite3_int64 at, size_before;
    int len; /* < 0: a truncation to `at` */
    char *before, *after;
    sqlite3_int64 before_len;
};

struct kept { /* of one path, whichever handles there are */
    char *path;
    struct note *notes;
    size_t count, cap;
    bool failed; /* a WAL whose sync failed: a later one says nothing of what was lost */
};

struct disk_file {
    sqlite3_file base;
    struct kept *kept; /* NULL: of no interest */
    sqlite3_file *real;
};

struct disk_faults disk_faults;

static sqlite3_vfs vfs;
static sqlite3_vfs *original;
static struct kept files[FILES_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t *chance;
static bool sync_failed;

bool disk_sync_failed(void)
{
    return sync_failed;
}

static struct disk_file *of(sqlite3_file *file)
{
    return (struct disk_file *)(void *)file;
}

static void *must(void *memory)
{
    if (!memory) {
        abort();
    }
    return memory;
}

/* ---- What a cut leaves ------------------------------------------------------------------------
 */

static void put(int fd, const char *bytes, sqlite3_int64 len, sqlite3_int64 at)
{
    if (len > 0 && pwrite(fd, bytes, (size_t)len, at) != len) {
        abort();
    }
}

static void resize(int fd, sqlite3_int64 size)
{
    if (ftruncate(fd, size) != 0) {
        abort();
    }
}

static void undo(int fd, const struct note *note)
{
    put(fd, note->before, note->before_len, note->at);
    resize(fd, note->size_before);
}

enum manner { NOTHING, A_BEGINNING, SOME, TORN, EVERYTHING, MANNERS };

static void redo(int fd, const struct note *note, enum manner manner)
{
    if (manner == SOME && random_below(chance, 2)) {
        return;
    }
    if (note->len < 0) {
        resize(fd, note->at);
        return;
    }
    if (manner != TORN) {
        put(fd, note->after, note->len, note->at);
        return;
    }
    for (int from = 0; from < note->len; from += SECTOR) {
        int len = note->len - from < SECTOR ? note->len - from : SECTOR;

        if (random_below(chance, 2)) {
            put(fd, note->after + from, len, note->at + from);
        }
    }
}

static void cut_file(const struct kept *kept)
{
    enum manner manner = (enum manner)random_below(chance, MANNERS);
    size_t last = kept->count;
    int fd = open(kept->path, O_RDWR | O_CLOEXEC);

    if (fd < 0) {
        return;
    }
    for (size_t i = kept->count; i > 0; i--) {
        undo(fd, &kept->notes[i - 1]);
    }
    if (manner == A_BEGINNING && kept->count > 0) {
        last = (size_t)random_below(chance, (int)kept->count);
    }
    for (size_t i = 0; i < last && manner != NOTHING; i++) {
        redo(fd, &kept->notes[i], manner);
    }
    close(fd);
}

void disk_cut(void)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < FILES_MAX && files[i].path; i++) {
        cut_file(&files[i]);
    }
    _exit(DISK_CUT);
}

/* ---- Faults -----------------------------------------------------------------------------------
 */

static bool counts_down(long *left)
{
    return *left > 0 && --*left == 0;
}

static void maybe_crash(void)
{
    if (!counts_down(&disk_faults.crash_in)) {
        return;
    }
    if (disk_faults.power_cut) {
        disk_cut();
    }
    _exit(DISK_CRASHED);
}

static bool is_full(void)
{
    if (disk_faults.full_in > 1) {
        disk_faults.full_in--;
        return false;
    }
    if (disk_faults.full_in == 1 && disk_faults.full_for > 0) {
        disk_faults.full_for--;
        return true;
    }
    disk_faults.full_in = 0;
    return false;
}

/* ---- Notes ------------------------------------------------------------------------------------
 */

static void forget(struct kept *kept)
{
    for (size_t i = 0; i < kept->count; i++) {
        free(kept->notes[i].before);
        free(kept->notes[i].after);
    }
    kept->count = 0;
}

static struct note *add_note(struct disk_file *file, sqlite3_int64 at, sqlite3_int64 len)
{
    struct kept *kept = file->kept;
    struct note *note;
    sqlite3_int64 size = 0;

    if (file->real->pMethods->xFileSize(file->real, &size) != SQLITE_OK) {
        abort();
    }
    if (kept->count == kept->cap) {
        kept->cap = kept->cap ? 2 * kept->cap : 64;
        kept->notes = must(realloc(kept->notes, kept->cap * sizeof(*kept->notes)));
    }
    note = &kept->notes[kept->count++];
    *note = (struct note){.at = at, .size_before = size};
    if (at < size) {
        note->before_len = at + len < size ? len : size - at;
        note->before = must(malloc((size_t)note->before_len));
        if (file->real->pMethods->xRead(file->real, note->before, (int)note->before_len, at) !=
            SQLITE_OK) {
            abort();
        }
    }
    return note;
}

/* ---- The file ---------------------------------------------------------------------------------
 */

static int file_write(sqlite3_file *base, const void *bytes, int len, sqlite3_int64 at)
{
    struct disk_file *file = of(base);
    struct note *note;
    sqlite3_int64 size = 0;

    if (!file->kept) {
        return file->real->pMethods->xWrite(file->real, bytes, len, at);
    }
    (void)file->real->pMethods->xFileSize(file->real, &size);
    if (at + len > size && is_full()) {
        return SQLITE_FULL;
    }
    maybe_crash();
    pthread_mutex_lock(&lock);
    note = add_note(file, at, len);
    note->len = len;
    note->after = must(malloc((size_t)len));
    memcpy(note->after, bytes, (size_t)len);
    pthread_mutex_unlock(&lock);
    return file->real->pMethods->xWrite(file->real, bytes, len, at);
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct disk_file *file = of(base);

    if (file->kept) {
        maybe_crash();
        pthread_mutex_lock(&lock);
        add_note(file, size, INT64_C(1) << 40)->len = -1;
        pthread_mutex_unlock(&lock);
    }
    return file->real->pMethods->xTruncate(file->real, size);
}

static int file_sync(sqlite3_file *base, int flags)
{
    struct disk_file *file = of(base);

    (void)flags; /* the disk itself is not asked: this process lives on */
    if (!file->kept || disk_faults.lying) {
        return SQLITE_OK;
    }
    maybe_crash();
    if (counts_down(&disk_faults.sync_in)) {
        /* The pages of a database are written again by the next checkpoint. */
        sync_failed = true;
        file->kept->failed = strstr(file->kept->path, "-wal") != NULL;
        return SQLITE_IOERR_FSYNC;
    }
    if (!file->kept->failed) {
        pthread_mutex_lock(&lock);
        forget(file->kept);
        pthread_mutex_unlock(&lock);
    }
    return SQLITE_OK;
}

static int file_close(sqlite3_file *base)
{
    return of(base)->real->pMethods->xClose(of(base)->real);
}

static int file_read(sqlite3_file *base, void *bytes, int len, sqlite3_int64 at)
{
    return of(base)->real->pMethods->xRead(of(base)->real, bytes, len, at);
}

static int file_size(sqlite3_file *base, sqlite3_int64 *ret_size)
{
    return of(base)->real->pMethods->xFileSize(of(base)->real, ret_size);
}

static int file_lock(sqlite3_file *base, int level)
{
    return of(base)->real->pMethods->xLock(of(base)->real, level);
}

static int file_unlock(sqlite3_file *base, int level)
{
    return of(base)->real->pMethods->xUnlock(of(base)->real, level);
}

static int file_check_lock(sqlite3_file *base, int *ret_held)
{
    return of(base)->real->pMethods->xCheckReservedLock(of(base)->real, ret_held);
}

static int file_control(sqlite3_file *base, int what, void *arg)
{
    return of(base)->real->pMethods->xFileControl(of(base)->real, what, arg);
}

static int file_sector(sqlite3_file *base)
{
    (void)base;
    return SECTOR;
}

static int file_traits(sqlite3_file *base)
{
    /* As SQLite assumes of disks: a write may tear, but harms nothing beside it. */
    return of(base)->real->pMethods->xDeviceCharacteristics(of(base)->real);
}

static int file_shm_map(sqlite3_file *base, int page, int size, int extend, void volatile **ret_at)
{
    return of(base)->real->pMethods->xShmMap(of(base)->real, page, size, extend, ret_at);
}

static int file_shm_lock(sqlite3_file *base, int offset, int n, int flags)
{
    return of(base)->real->pMethods->xShmLock(of(base)->real, offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *base)
{
    of(base)->real->pMethods->xShmBarrier(of(base)->real);
}

static int file_shm_unmap(sqlite3_file *base, int remove)
{
    return of(base)->real->pMethods->xShmUnmap(of(base)->real, remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_traits,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static struct kept *keep(const char *path)
{
    int i = 0;

    pthread_mutex_lock(&lock);
    while (i < FILES_MAX && files[i].path && strcmp(files[i].path, path) != 0) {
        i++;
    }
    if (i == FILES_MAX) {
        abort();
    }
    if (!files[i].path) {
        files[i].path = must(strdup(path));
    }
    pthread_mutex_unlock(&lock);
    return &files[i];
}

static int disk_open(sqlite3_vfs *self, const char *name, sqlite3_file *base, int flags,
                     int *ret_flags)
{
    struct disk_file *file = of(base);
    int code;

    (void)self;
    memset(file, 0, sizeof(*file));
    file->real = (sqlite3_file *)(void *)(file + 1);
    code = original->xOpen(original, name, file->real, flags, ret_flags);
    if (name && flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) {
        file->kept = keep(name);
    }
    file->base.pMethods = file->real->pMethods ? &methods : NULL;
    return code;
}

static int disk_delete(sqlite3_vfs *self, const char *name, int sync)
{
    (void)self;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < FILES_MAX && files[i].path; i++) {
        if (strcmp(files[i].path, name) == 0) {
            forget(&files[i]);
        }
    }
    pthread_mutex_unlock(&lock);
    return original->xDelete(original, name, sync);
}

/* Secrets and salts too are the seed's. */
static int disk_randomness(sqlite3_vfs *self, int len, char *bytes)
{
    (void)self;
    for (int i = 0; i < len; i++) {
        bytes[i] = (char)random_below(chance, 256);
    }
    return len;
}

void disk_register(uint64_t *random)
{
    rp_store_configure();
    original = sqlite3_vfs_find("unix");
    if (!original) {
        abort();
    }
    chance = random;
    vfs = *original;
    vfs.zName = "sim";
    vfs.szOsFile = (int)sizeof(struct disk_file) + original->szOsFile;
    vfs.pNext = NULL;
    vfs.xOpen = disk_open;
    vfs.xDelete = disk_delete;
    vfs.xRandomness = disk_randomness;
    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK) {
        abort();
    }
}
