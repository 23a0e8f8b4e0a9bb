/* SPDX-License-Identifier: MIT */
/* When SQLite splits or joins pages, it moves rows and leaves their bytes where they were, in the
 * middle of a page that no row uses. `secure_delete` overwrites rows that are deleted and pages
 * that become free, not those copies. So after a lead is forgotten the pages are walked from the
 * roots of the tables and their unused parts are overwritten in the file itself: the gap before the
 * cells, and freed blocks (https://www.sqlite.org/fileformat2.html, 1.6).
 *
 * Nothing that is in use changes, so whoever reads meanwhile reads the same; a crash in the middle
 * leaves some parts for the next time. What must not happen is that a checkpoint brings another
 * version of a page under our hands: the walk holds the write lock over an empty WAL. */
#include "store/scour.h"

#include "base/mem.h"
#include "store/store_priv.h"

#include <stdlib.h>
#include <string.h>

enum { INDEX_INNER = 2, TABLE_INNER = 5, INDEX_LEAF = 10, TABLE_LEAF = 13, DEPTH_MAX = 24 };

struct scour {
    sqlite3_file *file;
    uint32_t page_bytes, usable, pages;
    size_t written;
    const char *wrong; /* NULL: none yet */
};

static const uint8_t zeros[65536];

/* Rows of events are emptied in their places and stay where they are, until retention makes one a
 * base, which is longer and moves its neighbours. Dedup holds keyed hashes. */
static const char sql_roots[] =
    "SELECT rootpage FROM sqlite_schema WHERE rootpage > 0 AND tbl_name NOT IN ('dedup_pages', "
    "'dedup_filters') AND (tbl_name <> 'event_rows' OR EXISTS (SELECT 1 FROM meta WHERE key = "
    "'retention_horizon'))";

static uint32_t be16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t be32(const uint8_t *at)
{
    return be16(at) << 16 | be16(at + 2);
}

static bool read_page(struct scour *scour, uint32_t page, uint8_t *bytes)
{
    if (page == 0 || page > scour->pages)
        scour->wrong = "a page's number";
    else if (scour->file->pMethods->xRead(scour->file, bytes, (int)scour->page_bytes,
                                          (sqlite3_int64)(page - 1) * scour->page_bytes) !=
             SQLITE_OK)
        scour->wrong = "a page that cannot be read";
    return !scour->wrong;
}

/* Overwrites bytes [from, to) of the page, unless they are zero already. */
static void clear(struct scour *scour, uint32_t page, const uint8_t *bytes, uint32_t from,
                  uint32_t to)
{
    if (to > scour->usable || from > to) {
        scour->wrong = "a part that ends outside of its page";
        return;
    }
    if (memcmp(bytes + from, zeros, to - from) == 0)
        return;
    if (scour->file->pMethods->xWrite(scour->file, zeros, (int)(to - from),
                                      (sqlite3_int64)(page - 1) * scour->page_bytes + from) !=
        SQLITE_OK)
        scour->wrong = "a page that cannot be written";
    scour->written++;
}

static void clear_free_blocks(struct scour *scour, uint32_t page, const uint8_t *bytes,
                              uint32_t first)
{
    uint32_t at = first;

    for (uint32_t i = 0; at != 0 && i < scour->usable / 4 && !scour->wrong; i++) {
        uint32_t size;

        if (at + 4 > scour->usable) {
            scour->wrong = "a free block outside of its page";
            return;
        }
        size = be16(bytes + at + 2);
        clear(scour, page, bytes, at + 4, size < 4 ? at + 4 : at + size);
        at = be16(bytes + at);
    }
}

static void walk(struct scour *scour, uint32_t page, int depth)
{
    uint8_t *bytes = rp_malloc(scour->page_bytes);
    const uint32_t head = page == 1 ? 100 : 0;
    uint32_t cells, list, content;
    int type;

    if (depth > DEPTH_MAX)
        scour->wrong = "a tree that is too deep";
    if (scour->wrong || !read_page(scour, page, bytes))
        goto out;
    type = bytes[head];
    if (type != INDEX_INNER && type != TABLE_INNER && type != INDEX_LEAF && type != TABLE_LEAF) {
        scour->wrong = "a page of an unknown type";
        goto out;
    }
    list = head + (type <= TABLE_INNER ? 12 : 8);
    cells = be16(bytes + head + 3);
    content = be16(bytes + head + 5);
    content = content ? content : 65536;
    clear(scour, page, bytes, list + 2 * cells, content);
    clear_free_blocks(scour, page, bytes, be16(bytes + head + 1));
    for (uint32_t i = 0; type <= TABLE_INNER && i < cells && !scour->wrong; i++) {
        uint32_t at = be16(bytes + list + 2 * i);

        if (at + 4 > scour->usable)
            scour->wrong = "a cell outside of its page";
        else
            walk(scour, be32(bytes + at), depth + 1);
    }
    if (type <= TABLE_INNER)
        walk(scour, be32(bytes + head + 8), depth + 1);
out:
    free(bytes);
}

/* Sizes out of the file's own header. */
static bool measure(struct scour *scour)
{
    uint8_t head[100];
    sqlite3_int64 size;

    if (scour->file->pMethods->xRead(scour->file, head, sizeof(head), 0) != SQLITE_OK ||
        scour->file->pMethods->xFileSize(scour->file, &size) != SQLITE_OK)
        return false;
    scour->page_bytes = be16(head + 16) == 1 ? 65536 : be16(head + 16);
    if (scour->page_bytes < 512)
        return false;
    scour->usable = scour->page_bytes - head[20];
    scour->pages = (uint32_t)(size / scour->page_bytes);
    return true;
}

static bool wal_is_empty(struct rp_store *store)
{
    sqlite3_file *wal = NULL;
    sqlite3_int64 size = 0;

    return sqlite3_file_control(store->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, (void *)&wal) ==
               SQLITE_OK &&
           wal && wal->pMethods && wal->pMethods->xFileSize(wal, &size) == SQLITE_OK && size == 0;
}

/* Moves the WAL into the file; nothing of it is left. */
static int empty_wal(struct rp_store *store, struct rp_err *err)
{
    int code = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

    if ((code & 0xff) == SQLITE_BUSY)
        return rp_err_set(err, RIPEN_EBUSY,
                          "the lead is forgotten, but somebody reads the file, so that the "
                          "write-ahead log still holds old pages; run `ripen forget` again later");
    if (code != SQLITE_OK)
        return rp_err_set(err, (code & 0xff) == SQLITE_FULL ? RIPEN_EFULL : RIPEN_ESTORE,
                          "the lead is forgotten, but the write-ahead log still holds old pages, "
                          "since it could not be emptied: %s; run `ripen forget` again later",
                          sqlite3_errmsg(store->db));
    return 0;
}

static int walk_all(struct rp_store *store, struct scour *scour, struct rp_err *err)
{
    sqlite3_stmt *roots = NULL;

    if (!wal_is_empty(store))
        return rp_err_set(err, RIPEN_EBUSY,
                          "the lead is forgotten, but somebody writes to the file, so that old "
                          "pages were not wiped; run `ripen forget` again later");
    if (sqlite3_prepare_v2(store->db, sql_roots, -1, &roots, NULL) != SQLITE_OK)
        return rp_sql_fail(store, "wiping pages", err);
    while (!scour->wrong && sqlite3_step(roots) == SQLITE_ROW)
        walk(scour, (uint32_t)sqlite3_column_int64(roots, 0), 0);
    sqlite3_finalize(roots);
    if (scour->written && scour->file->pMethods->xSync(scour->file, SQLITE_SYNC_NORMAL))
        scour->wrong = "a file that cannot be synced";
    return scour->wrong ? rp_err_set(err, RIPEN_ESTORE,
                                     "the lead is forgotten, but its old pages could not be wiped: "
                                     "the file has %s; stop the server and run VACUUM on the file "
                                     "with sqlite3",
                                     scour->wrong)
                        : 0;
}

int rp_store_scour(struct rp_store *store, size_t *ret_pages, struct rp_err *err)
{
    struct scour scour = {0};
    int status;

    *ret_pages = 0;
    if (store->mode == RP_STORE_MEMORY)
        return 0;
    status = empty_wal(store, err);
    if (status == 0 && (sqlite3_file_control(store->db, "main", SQLITE_FCNTL_FILE_POINTER,
                                             (void *)&scour.file) != SQLITE_OK ||
                        !scour.file || !scour.file->pMethods || !measure(&scour)))
        status = rp_err_set(err, RIPEN_ESTORE, "the file's pages cannot be read");
    if (status == 0)
        status = rp_store_begin(store, err);
    if (status < 0)
        return status;
    status = walk_all(store, &scour, err);
    rp_store_rollback(store);
    /* Our own copies of those pages would bring the old bytes back when they are next written. */
    sqlite3_db_release_memory(store->db);
    *ret_pages = scour.written;
    return status;
}
