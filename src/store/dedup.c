/* SPDX-License-Identifier: MIT */
/* Which messageIds were seen. New ones stand in a table in memory, sorted by hash as it fills; when
 * there are FLUSH_MIN of them they are written as a run of level 0, and FAN runs of one level are
 * merged into one of the next, a slice with each flush:
 *
 *   memory ──flush──▶ live run ──merge of FAN──▶ live run of the next level
 *                        └──▶ dead ──removed in slices──▶ gone
 *   a run that is being merged into is "building"; after a crash it is dead.
 *
 * Invariant: every event row up to the last_row of the live runs is in exactly one live run, every
 * later one in memory. A run changes its state in the transaction of the last slice, so a crash at
 * any point leaves the runs before or those after. After a rollback that touched runs all is loaded
 * again. */
#include "store/dedup.h"

#include "base/hash.h"
#include "base/mem.h"
#include "store/dedup_run.h"
#include "store/events.h"

#include <stdlib.h>

#define FLUSH_MIN     32768
#define FLUSH_MAX     65536 /* event rows in one new run */
#define FAN           4
#define SLICE_MIN     4096 /* entries merged by one flush … */
#define SLICE_MAX     65536
#define SLICE_FACTOR  8   /* … as a multiple of what was added since the last */
#define REMOVE_MAX    256 /* pages removed by one flush */
#define SLOTS_FIRST   4096
#define SLACK         512 /* slots behind the last, so that nothing wraps around */
#define CANDIDATE_MAX 64  /* rows with one hash */

struct merge {
    struct rp_run *inputs[FAN];
    struct rp_run_reader readers[FAN];
    struct rp_run_writer writer;
};

struct rp_dedup {
    struct rp_entry *slots; /* slot = hash >> shift, else the next free one */
    size_t slot_count;
    int shift;
    size_t used;
    struct rp_run **runs; /* live, dead and building; in the order of their numbers */
    size_t run_count, run_cap;
    struct merge *merge;
    size_t added;        /* since the last flush */
    bool in_transaction; /* rows were added or runs touched in the open transaction */
    bool touched;        /* runs were */
    bool stale;          /* to be loaded again */
};

static const char sql_runs[] =
    "SELECT id, state, level, first_row, last_row, entries, pages FROM dedup_runs ORDER BY id";
static const char sql_messages[] =
    "SELECT id, message_id FROM event_rows WHERE id > ?1 ORDER BY id";

static void make_slots(struct rp_dedup *dedup, size_t count)
{
    dedup->slot_count = count;
    dedup->shift = 64;
    for (size_t n = count; n > 1; n >>= 1)
        dedup->shift--;
    dedup->used = 0;
    dedup->slots = rp_calloc(count + SLACK, sizeof(*dedup->slots));
}

/* False when the slack is used up. */
static bool put(struct rp_dedup *dedup, struct rp_entry entry)
{
    size_t at = (size_t)(entry.hash >> dedup->shift), end = dedup->slot_count + SLACK;
    int equal = 0;

    for (; at < end && dedup->slots[at].row != 0; at++) {
        if (dedup->slots[at].hash != entry.hash)
            continue;
        if (dedup->slots[at].row == entry.row || ++equal == CANDIDATE_MAX)
            return true;
    }
    if (at == end)
        return false;
    dedup->slots[at] = entry;
    dedup->used++;
    return true;
}

/* Rebuilds the table with the rows in (from, to]. */
static void rebuild(struct rp_dedup *dedup, size_t count, int64_t from, int64_t to)
{
    struct rp_entry *old = dedup->slots;
    size_t old_count = dedup->slot_count + SLACK;
    bool done;

    do {
        make_slots(dedup, count);
        done = true;
        for (size_t i = 0; i < old_count && done; i++)
            if (old[i].row > from && old[i].row <= to)
                done = put(dedup, old[i]);
        if (!done)
            free(dedup->slots);
        count *= 2;
    } while (!done);
    free(old);
}

static void add(struct rp_dedup *dedup, struct rp_entry entry)
{
    RP_ASSERT(entry.row > 0);
    if (2 * dedup->used >= dedup->slot_count)
        rebuild(dedup, dedup->slot_count * 2, 0, INT64_MAX);
    while (!put(dedup, entry))
        rebuild(dedup, dedup->slot_count * 2, 0, INT64_MAX);
}

static void drop_all(struct rp_dedup *dedup)
{
    for (size_t i = 0; i < dedup->run_count; i++)
        rp_run_free(dedup->runs[i]);
    free(dedup->runs);
    free(dedup->merge);
    free(dedup->slots);
    dedup->runs = NULL;
    dedup->merge = NULL;
    dedup->slots = NULL;
    dedup->run_count = dedup->run_cap = 0;
}

void rp_dedup_free(struct rp_dedup *dedup)
{
    if (!dedup)
        return;
    drop_all(dedup);
    free(dedup);
}

static void keep_run(struct rp_dedup *dedup, struct rp_run *run)
{
    dedup->runs = rp_grow(dedup->runs, &dedup->run_cap, dedup->run_count + 1, sizeof(*dedup->runs));
    dedup->runs[dedup->run_count++] = run;
}

static int load_runs(struct rp_store *store, int64_t *ret_through, struct rp_err *err)
{
    struct rp_dedup *dedup = store->dedup;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_RUN_LIST, sql_runs, &stmt, err);

    if (status < 0)
        return status;
    while ((status = rp_sql_step(store, stmt, "loading message ids", err)) == 1) {
        struct rp_run *run = rp_calloc(1, sizeof(*run));
        run->id = sqlite3_column_int64(stmt, 0);
        run->state = sqlite3_column_int(stmt, 1) == RP_RUN_LIVE ? RP_RUN_LIVE : RP_RUN_DEAD;
        run->level = sqlite3_column_int(stmt, 2);
        run->first_row = sqlite3_column_int64(stmt, 3);
        run->last_row = sqlite3_column_int64(stmt, 4);
        run->entries = sqlite3_column_int64(stmt, 5);
        run->pages = (uint32_t)sqlite3_column_int64(stmt, 6);
        keep_run(dedup, run);
    }
    *ret_through = 0;
    for (size_t i = 0; i < dedup->run_count && status == 0; i++) {
        struct rp_run *run = dedup->runs[i];
        if (run->state != RP_RUN_LIVE)
            continue;
        status = rp_run_load(store, run, err);
        if (run->last_row > *ret_through)
            *ret_through = run->last_row;
    }
    return status;
}

static int load(struct rp_store *store, struct rp_err *err)
{
    struct rp_dedup *dedup = store->dedup;
    char text[RP_MESSAGE_TEXT];
    int64_t through;
    sqlite3_stmt *stmt;

    drop_all(dedup);
    make_slots(dedup, SLOTS_FIRST);
    dedup->stale = true;
    int status = load_runs(store, &through, err);
    if (status == 0)
        status = rp_sql_get(store, RP_SQL_MESSAGE_LIST, sql_messages, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, through);
    while ((status = rp_sql_step(store, stmt, "loading message ids", err)) == 1) {
        struct rp_str message_id = rp_message_text(stmt, 1, text);
        add(dedup, (struct rp_entry){rp_hash_keyed(store->secret, message_id),
                                     sqlite3_column_int64(stmt, 0)});
    }
    dedup->stale = status < 0;
    return status;
}

int rp_dedup_open(struct rp_store *store, struct rp_err *err)
{
    RP_ASSERT(store->magic == RP_STORE_MAGIC);
    if (!store->dedup)
        store->dedup = rp_calloc(1, sizeof(*store->dedup));
    return load(store, err);
}

void rp_dedup_end(struct rp_store *store, bool committed)
{
    struct rp_dedup *dedup = store->dedup;

    if (!dedup || !dedup->in_transaction)
        return;
    if (!committed && dedup->touched)
        (void)load(store,
                   NULL); /* when that fails too it stays stale and the next use tries again */
    else if (!committed)
        rp_dedup_rollback(store, rp_event_newest(store));
    dedup->in_transaction = dedup->touched = false;
}

static int ready(struct rp_store *store, struct rp_err *err)
{
    RP_ASSERT(store->dedup != NULL); /* rp_dedup_open comes first */
    return store->dedup->stale ? load(store, err) : 0;
}

/* Newest first. */
static void sort_rows(int64_t *rows, int count)
{
    for (int i = 1; i < count; i++) {
        int64_t row = rows[i];
        int at = i;
        for (; at > 0 && rows[at - 1] < row; at--)
            rows[at] = rows[at - 1];
        rows[at] = row;
    }
}

void rp_dedup_ahead(const struct rp_store *store, uint64_t hash)
{
    const struct rp_dedup *dedup = store->dedup;

    if (!dedup->stale)
        __builtin_prefetch(&dedup->slots[hash >> dedup->shift]);
}

int rp_dedup_find(struct rp_store *store, uint64_t hash, int64_t *ret_rows, int max,
                  struct rp_err *err)
{
    struct rp_dedup *dedup = store->dedup;
    int64_t rows[CANDIDATE_MAX];
    int count = 0, status = ready(store, err);

    if (status < 0)
        return status;
    size_t at = (size_t)(hash >> dedup->shift), end = dedup->slot_count + SLACK;
    for (; at < end && dedup->slots[at].row != 0 && count < CANDIDATE_MAX; at++)
        if (dedup->slots[at].hash == hash)
            rows[count++] = dedup->slots[at].row;
    for (size_t i = dedup->run_count; i-- > 0 && count < CANDIDATE_MAX;) {
        if (dedup->runs[i]->state != RP_RUN_LIVE)
            continue;
        int found =
            rp_run_find(store, dedup->runs[i], hash, rows + count, CANDIDATE_MAX - count, err);
        if (found < 0)
            return found;
        count += found;
    }
    sort_rows(rows, count);
    if (count > max)
        count = max;
    if (count > 0)
        memcpy(ret_rows, rows, (size_t)count * sizeof(*rows));
    return count;
}

void rp_dedup_add(struct rp_store *store, uint64_t hash, int64_t row)
{
    struct rp_dedup *dedup = store->dedup;

    RP_ASSERT(dedup != NULL);
    if (dedup->stale) /* the load will see the row itself */
        return;
    add(dedup, (struct rp_entry){hash, row});
    dedup->added++;
    dedup->in_transaction = dedup->in_transaction || store->writing;
}

void rp_dedup_rollback(struct rp_store *store, int64_t newest)
{
    struct rp_dedup *dedup = store->dedup;

    if (dedup && !dedup->stale)
        rebuild(dedup, dedup->slot_count, 0, newest);
}

/* The rows up to `last` of the table, in the order of hashes: the table is all but sorted. */
static struct rp_entry *sorted(const struct rp_dedup *dedup, int64_t last, size_t *ret_count)
{
    struct rp_entry *entries = rp_malloc(dedup->used * sizeof(*entries));
    size_t count = 0;

    for (size_t i = 0; i < dedup->slot_count + SLACK; i++) {
        struct rp_entry entry = dedup->slots[i];
        if (entry.row == 0 || entry.row > last)
            continue;
        size_t at = count++;
        for (; at > 0 && entries[at - 1].hash > entry.hash; at--)
            entries[at] = entries[at - 1];
        entries[at] = entry;
    }
    *ret_count = count;
    return entries;
}

static int write_run(struct rp_store *store, struct rp_err *err)
{
    struct rp_dedup *dedup = store->dedup;
    int64_t first = INT64_MAX, last = 0;
    size_t count;

    for (size_t i = 0; i < dedup->slot_count + SLACK; i++) {
        int64_t row = dedup->slots[i].row;
        if (row != 0 && row < first)
            first = row;
        if (row > last)
            last = row;
    }
    if (last - first >= FLUSH_MAX)
        last = first + FLUSH_MAX - 1;
    struct rp_entry *entries = sorted(dedup, last, &count);
    struct rp_run_writer *writer = rp_calloc(1, sizeof(*writer));
    struct rp_run *run = rp_calloc(1, sizeof(*run));
    run->state = RP_RUN_BUILDING;
    run->first_row = first;
    run->last_row = last;
    writer->run = run;
    dedup->in_transaction = dedup->touched = true;
    int status = rp_run_save(store, run, err);
    for (size_t i = 0; i < count && status == 0; i++)
        status = rp_run_append(store, writer, entries[i], err);
    if (status == 0)
        status = rp_run_finish(store, writer, err);
    if (status == 0) {
        keep_run(dedup, run);
        rebuild(dedup, SLOTS_FIRST, last, INT64_MAX);
    } else {
        rp_run_free(run);
    }
    free(entries);
    free(writer);
    return status;
}

/* FAN live runs of one level, the oldest of the lowest such level; false: none. */
static bool choose(const struct rp_dedup *dedup, struct rp_run *inputs[FAN])
{
    for (int level = 0; level < 32; level++) {
        int count = 0;
        for (size_t i = 0; i < dedup->run_count && count < FAN; i++)
            if (dedup->runs[i]->state == RP_RUN_LIVE && dedup->runs[i]->level == level)
                inputs[count++] = dedup->runs[i];
        if (count == FAN)
            return true;
    }
    return false;
}

static int start_merge(struct rp_store *store, struct rp_err *err)
{
    struct rp_dedup *dedup = store->dedup;
    struct rp_run *inputs[FAN];

    if (!choose(dedup, inputs))
        return 0;
    struct rp_run *run = rp_calloc(1, sizeof(*run));
    run->level = inputs[0]->level + 1;
    run->first_row = INT64_MAX;
    for (int i = 0; i < FAN; i++) {
        if (inputs[i]->first_row < run->first_row)
            run->first_row = inputs[i]->first_row;
        if (inputs[i]->last_row > run->last_row)
            run->last_row = inputs[i]->last_row;
    }
    dedup->in_transaction = dedup->touched = true;
    int status = rp_run_save(store, run, err);
    if (status < 0) {
        rp_run_free(run);
        return status;
    }
    keep_run(dedup, run);
    dedup->merge = rp_calloc(1, sizeof(*dedup->merge));
    dedup->merge->writer.run = run;
    for (int i = 0; i < FAN; i++) {
        dedup->merge->inputs[i] = inputs[i];
        dedup->merge->readers[i].run = inputs[i];
    }
    return 0;
}

/* The reader with the lowest hash: its number, -1 at the end of all, or the error in *ret_status.
 */
static int lowest(struct rp_store *store, struct merge *merge, struct rp_entry *ret_entry,
                  int *ret_status, struct rp_err *err)
{
    int best = -1;

    for (int i = 0; i < FAN; i++) {
        struct rp_entry entry;
        int status = rp_run_peek(store, &merge->readers[i], &entry, err);
        if (status < 0) {
            *ret_status = status;
            return -1;
        }
        if (status == 1 && (best < 0 || entry.hash < ret_entry->hash)) {
            best = i;
            *ret_entry = entry;
        }
    }
    *ret_status = 0;
    return best;
}

static int finish_merge(struct rp_store *store, struct rp_err *err)
{
    struct rp_dedup *dedup = store->dedup;
    struct merge *merge = dedup->merge;
    int status = rp_run_finish(store, &merge->writer, err);

    for (int i = 0; i < FAN && status == 0; i++) {
        merge->inputs[i]->state = RP_RUN_DEAD;
        status = rp_run_save(store, merge->inputs[i], err);
    }
    free(merge);
    dedup->merge = NULL;
    return status;
}

static int merge_slice(struct rp_store *store, size_t budget, struct rp_err *err)
{
    struct rp_dedup *dedup = store->dedup;
    struct merge *merge = dedup->merge;
    struct rp_entry entry = {0};
    int status = 0;

    dedup->in_transaction = dedup->touched = true;
    for (size_t i = 0; i < budget && status == 0; i++) {
        int from = lowest(store, merge, &entry, &status, err);
        if (status < 0)
            return status;
        if (from < 0)
            return finish_merge(store, err);
        merge->readers[from].at++;
        status = rp_run_append(store, &merge->writer, entry, err);
    }
    /* So that after a crash the pages can be removed in slices. */
    return status < 0 ? status : rp_run_save(store, merge->writer.run, err);
}

static int remove_slice(struct rp_store *store, struct rp_err *err)
{
    struct rp_dedup *dedup = store->dedup;

    for (size_t i = 0; i < dedup->run_count; i++) {
        struct rp_run *run = dedup->runs[i];
        if (run->state != RP_RUN_DEAD)
            continue;
        dedup->in_transaction = dedup->touched = true;
        int status = rp_run_remove(store, run, REMOVE_MAX, err);
        if (status == 1) {
            rp_run_free(run);
            dedup->run_count--;
            memmove(dedup->runs + i, dedup->runs + i + 1,
                    (dedup->run_count - i) * sizeof(struct rp_run *));
            status = 0;
        }
        return status;
    }
    return 0;
}

int rp_dedup_flush(struct rp_store *store, struct rp_err *err)
{
    struct rp_dedup *dedup = store->dedup;

    rp_store_writing(store);
    int status = ready(store, err);
    if (status < 0)
        return status;
    size_t budget = dedup->added * SLICE_FACTOR;
    budget = budget < SLICE_MIN ? SLICE_MIN : budget > SLICE_MAX ? SLICE_MAX : budget;
    dedup->added = 0;
    if (dedup->used >= FLUSH_MIN)
        return write_run(store, err);
    if (!dedup->merge)
        status = start_merge(store, err);
    if (status == 0 && dedup->merge)
        status = merge_slice(store, budget, err);
    return status < 0 ? status : remove_slice(store, err);
}

size_t rp_dedup_bytes(const struct rp_store *store)
{
    const struct rp_dedup *dedup = store->dedup;

    if (!dedup)
        return 0;
    size_t bytes = sizeof(*dedup) + (dedup->slot_count + SLACK) * sizeof(*dedup->slots);
    for (size_t i = 0; i < dedup->run_count; i++)
        bytes += sizeof(struct rp_run) + dedup->runs[i]->filter_cap +
                 dedup->runs[i]->fences_cap * sizeof(uint64_t);
    return bytes + (dedup->merge ? sizeof(*dedup->merge) : 0);
}
