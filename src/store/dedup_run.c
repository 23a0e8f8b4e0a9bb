/* SPDX-License-Identifier: MIT */
/* A sorted run. Hashes are spread evenly, so the page of a hash is guessed by proportion and found
 * a step or two from there; the filter of that page (8 of 4096 bits an entry) then says no to all
 * but one in some hundred strangers, and only a yes reads the page. Filters are stored beside the
 * pages, many to a row, so that opening a store reads an eighth of the run. */
#include "store/dedup_run.h"

#include "base/mem.h"

#include <stdlib.h>

#define NUMBER_SHIFT 24 /* run * 2^24 + n */
#define PAGES_MAX    ((1U << NUMBER_SHIFT) - 1)
#define PART_PAGES   128 /* filters in one row */
#define PART_ENTRY   (8 + RP_RUN_FILTER)
#define PROBES       8
#define FILTER_BITS  (RP_RUN_FILTER * 8)

static const char sql_put[] =
    "INSERT OR REPLACE INTO dedup_runs (id, state, level, first_row, last_row, entries, pages) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
static const char sql_remove[] = "DELETE FROM dedup_runs WHERE id = ?1";
static const char sql_page_get[] = "SELECT data FROM dedup_pages WHERE id = ?1";
static const char sql_page_add[] = "INSERT INTO dedup_pages (id, data) VALUES (?1, ?2)";
static const char sql_page_remove[] = "DELETE FROM dedup_pages WHERE id BETWEEN ?1 AND ?2";
static const char sql_filter_list[] =
    "SELECT data FROM dedup_filters WHERE id BETWEEN ?1 AND ?2 ORDER BY id";
static const char sql_filter_add[] = "INSERT INTO dedup_filters (id, data) VALUES (?1, ?2)";
static const char sql_filter_remove[] = "DELETE FROM dedup_filters WHERE id BETWEEN ?1 AND ?2";

static int64_t number(const struct rp_run *run, uint32_t n)
{
    return run->id << NUMBER_SHIFT | (int64_t)n;
}

static void put_le(uint8_t *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        out[i] = (uint8_t)(value >> 8 * i);
}

static uint64_t get_le(const uint8_t *in, int bytes)
{
    uint64_t value = 0;

    for (int i = bytes; i-- > 0;)
        value = value << 8 | in[i];
    return value;
}

static int damaged(struct rp_store *store, const struct rp_run *run, struct rp_err *err)
{
    store->broken = true;
    return rp_err_set(err, RIPEN_ESTORE,
                      "run %lld of message ids is damaged; restore the last backup",
                      (long long)run->id);
}

void rp_run_free(struct rp_run *run)
{
    if (!run)
        return;
    free(run->fences);
    free(run->filter);
    free(run);
}

int rp_run_save(struct rp_store *store, struct rp_run *run, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_RUN_PUT, sql_put, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int_or_null(stmt, 1, run->id);
    rp_bind_int(stmt, 2, run->state);
    rp_bind_int(stmt, 3, run->level);
    rp_bind_int(stmt, 4, run->first_row);
    rp_bind_int(stmt, 5, run->last_row);
    rp_bind_int(stmt, 6, run->entries);
    rp_bind_int(stmt, 7, run->pages);
    status = rp_sql_run(store, stmt, "writing message ids", err);
    if (status == 0 && run->id == 0)
        run->id = sqlite3_last_insert_rowid(store->db);
    return status;
}

/* Room for the filter of one more page. */
static uint8_t *add_page(struct rp_run *run, uint64_t fence)
{
    run->fences = rp_grow(run->fences, &run->fences_cap, run->pages + 1U, sizeof(*run->fences));
    run->filter =
        rp_grow(run->filter, &run->filter_cap, (run->pages + 1U) * (size_t)RP_RUN_FILTER, 1);
    run->fences[run->pages] = fence;
    return run->filter + (size_t)run->pages++ * RP_RUN_FILTER;
}

int rp_run_load(struct rp_store *store, struct rp_run *run, struct rp_err *err)
{
    uint32_t expected = run->pages;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_FILTER_LIST, sql_filter_list, &stmt, err);

    if (status < 0)
        return status;
    run->pages = 0;
    rp_bind_int(stmt, 1, number(run, 0));
    rp_bind_int(stmt, 2, number(run, PAGES_MAX));
    while ((status = rp_sql_step(store, stmt, "loading message ids", err)) == 1) {
        struct rp_str part = rp_column_view(stmt, 0);
        for (size_t at = 0; at + PART_ENTRY <= part.len; at += PART_ENTRY) {
            const uint8_t *bytes = (const uint8_t *)part.ptr + at;
            memcpy(add_page(run, get_le(bytes, 8)), bytes + 8, RP_RUN_FILTER);
        }
    }
    if (status == 0 && run->pages != expected)
        return damaged(store, run, err);
    return status;
}

static int remove_rows(struct rp_store *store, enum rp_sql which, const char *sql, int64_t from,
                       int64_t to, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, which, sql, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, from);
    rp_bind_int(stmt, 2, to);
    return rp_sql_run(store, stmt, "removing message ids", err);
}

/* run->pages may be less than what was written when the run was never finished: the range behind it
 * goes with the first slice. */
int rp_run_remove(struct rp_store *store, struct rp_run *run, uint32_t max, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    uint32_t from = run->pages > max ? run->pages - max : 0;

    RP_ASSERT(max > 0 && run->state != RP_RUN_LIVE);
    int status = remove_rows(store, RP_SQL_PAGE_REMOVE, sql_page_remove, number(run, from),
                             number(run, PAGES_MAX), err);
    if (status == 0)
        status = remove_rows(store, RP_SQL_FILTER_REMOVE, sql_filter_remove,
                             number(run, from / PART_PAGES), number(run, PAGES_MAX), err);
    if (status < 0)
        return status;
    run->pages = from;
    if (from > 0)
        return rp_run_save(store, run, err);
    status = rp_sql_get(store, RP_SQL_RUN_REMOVE, sql_remove, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, run->id);
    status = rp_sql_run(store, stmt, "removing message ids", err);
    return status < 0 ? status : 1;
}

/* The bits of a hash in the filter of its page. Pages hold neighbours, so the high bits alone would
 * not tell them apart. */
static void probe_bits(uint64_t hash, uint32_t bits[PROBES])
{
    uint64_t a = hash * UINT64_C(0x9e3779b97f4a7c15), b = hash * UINT64_C(0xd6e8feb86659fd93);

    a ^= a >> 32;
    b ^= b >> 32;
    for (int i = 0; i < PROBES / 2; i++) {
        bits[2 * i] = (uint32_t)(a >> 12 * i) & (FILTER_BITS - 1);
        bits[2 * i + 1] = (uint32_t)(b >> 12 * i) & (FILTER_BITS - 1);
    }
}

static void filter_add(uint8_t *filter, uint64_t hash)
{
    uint32_t bits[PROBES];

    probe_bits(hash, bits);
    for (int i = 0; i < PROBES; i++)
        filter[bits[i] >> 3] |= (uint8_t)(1U << (bits[i] & 7));
}

static bool filter_has(const uint8_t *filter, uint64_t hash)
{
    uint32_t bits[PROBES];

    probe_bits(hash, bits);
    for (int i = 0; i < PROBES; i++)
        if (!(filter[bits[i] >> 3] & 1U << (bits[i] & 7)))
            return false;
    return true;
}

static int read_page(struct rp_store *store, const struct rp_run *run, uint32_t page,
                     struct rp_entry out[RP_RUN_ENTRIES], uint32_t *ret_count, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_PAGE_GET, sql_page_get, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, number(run, page));
    status = rp_sql_step(store, stmt, "reading message ids", err);
    if (status < 0)
        return status;
    if (status == 0)
        return damaged(store, run, err);
    struct rp_str data = rp_column_view(stmt, 0);
    uint32_t count = (uint32_t)(data.len / RP_RUN_ENTRY_SIZE);
    if (count == 0 || count > RP_RUN_ENTRIES) {
        sqlite3_reset(stmt);
        return damaged(store, run, err);
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *bytes = (const uint8_t *)data.ptr + (size_t)i * RP_RUN_ENTRY_SIZE;
        out[i].hash = get_le(bytes, 8);
        out[i].row = run->first_row + (int64_t)get_le(bytes + 8, 4);
    }
    sqlite3_reset(stmt);
    *ret_count = count;
    return 0;
}

/* The last page that starts at or before the hash; the run has pages and starts before it. */
static uint32_t page_of(const struct rp_run *run, uint64_t hash)
{
    uint32_t page = (uint32_t)((hash >> 32) * run->pages >> 32);

    while (page + 1 < run->pages && run->fences[page + 1] <= hash)
        page++;
    while (page > 0 && run->fences[page] > hash)
        page--;
    return page;
}

int rp_run_find(struct rp_store *store, const struct rp_run *run, uint64_t hash, int64_t *ret_rows,
                int max, struct rp_err *err)
{
    struct rp_entry entries[RP_RUN_ENTRIES];
    uint32_t count;
    int found = 0;

    if (run->pages == 0 || run->fences[0] > hash)
        return 0;
    /* Equal hashes may begin at the end of the page before. */
    for (uint32_t page = page_of(run, hash);; page--) {
        if (filter_has(run->filter + (size_t)page * RP_RUN_FILTER, hash)) {
            int status = read_page(store, run, page, entries, &count, err);
            if (status < 0)
                return status;
            for (uint32_t i = 0; i < count && found < max; i++)
                if (entries[i].hash == hash)
                    ret_rows[found++] = entries[i].row;
        }
        if (page == 0 || run->fences[page] < hash || found == max)
            return found;
    }
}

static int write_part(struct rp_store *store, const struct rp_run *run, uint32_t first,
                      struct rp_err *err)
{
    uint32_t pages = run->pages - first;
    uint8_t *part = rp_malloc((size_t)pages * PART_ENTRY);
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_FILTER_ADD, sql_filter_add, &stmt, err);

    if (status < 0)
        goto out;
    for (uint32_t i = 0; i < pages; i++) {
        put_le(part + (size_t)i * PART_ENTRY, run->fences[first + i], 8);
        memcpy(part + (size_t)i * PART_ENTRY + 8, run->filter + (size_t)(first + i) * RP_RUN_FILTER,
               RP_RUN_FILTER);
    }
    rp_bind_int(stmt, 1, number(run, first / PART_PAGES));
    rp_bind_blob(stmt, 2, part, (size_t)pages * PART_ENTRY);
    status = rp_sql_run(store, stmt, "writing message ids", err);
out:
    free(part);
    return status;
}

static int write_page(struct rp_store *store, struct rp_run_writer *writer, struct rp_err *err)
{
    struct rp_run *run = writer->run;
    uint8_t data[RP_RUN_ENTRIES * RP_RUN_ENTRY_SIZE];
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_PAGE_ADD, sql_page_add, &stmt, err);

    if (status < 0)
        return status;
    if (run->pages == PAGES_MAX)
        return rp_err_set(err, RIPEN_ELIMIT,
                          "there are too many events for one run of message ids");
    for (uint32_t i = 0; i < writer->count; i++) {
        int64_t back = writer->page[i].row - run->first_row;
        RP_ASSERT(back >= 0 && back <= UINT32_MAX);
        put_le(data + (size_t)i * RP_RUN_ENTRY_SIZE, writer->page[i].hash, 8);
        put_le(data + (size_t)i * RP_RUN_ENTRY_SIZE + 8, (uint64_t)back, 4);
    }
    rp_bind_int(stmt, 1, number(run, run->pages));
    rp_bind_blob(stmt, 2, data, (size_t)writer->count * RP_RUN_ENTRY_SIZE);
    status = rp_sql_run(store, stmt, "writing message ids", err);
    if (status < 0)
        return status;
    uint8_t *filter = add_page(run, writer->page[0].hash);
    memset(filter, 0, RP_RUN_FILTER);
    for (uint32_t i = 0; i < writer->count; i++)
        filter_add(filter, writer->page[i].hash);
    run->entries += writer->count;
    writer->count = 0;
    return run->pages % PART_PAGES == 0 ? write_part(store, run, run->pages - PART_PAGES, err) : 0;
}

int rp_run_append(struct rp_store *store, struct rp_run_writer *writer, struct rp_entry entry,
                  struct rp_err *err)
{
    RP_ASSERT(writer->count == 0 || writer->page[writer->count - 1].hash <= entry.hash);
    writer->page[writer->count++] = entry;
    return writer->count == RP_RUN_ENTRIES ? write_page(store, writer, err) : 0;
}

int rp_run_finish(struct rp_store *store, struct rp_run_writer *writer, struct rp_err *err)
{
    struct rp_run *run = writer->run;
    int status = writer->count > 0 ? write_page(store, writer, err) : 0;
    uint32_t rest = run->pages % PART_PAGES;

    if (status == 0 && rest > 0)
        status = write_part(store, run, run->pages - rest, err);
    if (status < 0)
        return status;
    run->state = RP_RUN_LIVE;
    return rp_run_save(store, run, err);
}

int rp_run_peek(struct rp_store *store, struct rp_run_reader *reader, struct rp_entry *ret_entry,
                struct rp_err *err)
{
    if (reader->at == reader->count) {
        if (reader->next_page == reader->run->pages)
            return 0;
        int status =
            read_page(store, reader->run, reader->next_page, reader->page, &reader->count, err);
        if (status < 0)
            return status;
        reader->next_page++;
        reader->at = 0;
    }
    *ret_entry = reader->page[reader->at];
    return 1;
}
