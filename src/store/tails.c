/* SPDX-License-Identifier: MIT */
/* Shared ends of event bodies. SDKs repeat the same user agent, locale and library at the end of
 * each event; such an end is stored once and named by number, which halves the bytes of an event,
 * while `body || tail` stays the exact text in plain SQL.
 *
 * An end is considered at the commas of the two outer levels (model/event_cuts.h, found already
 * where its batch was parsed). It becomes a tail after it was seen SEEN_MIN times, each time from
 * another identity node than the time before, and never when it holds an '@': what many people have
 * in common is no personal data, so erasing one need not look here. Ends that are being counted
 * stand in a small lossy table. */
#include "base/limits.h"
#include "base/mem.h"
#include "model/event_cuts.h"
#include "store/store_priv.h"

#include <stdlib.h>

#define SEEN_MIN   16
#define SLOTS      (RP_TAILS_MAX * 2)
#define CANDIDATES 16384

struct tail {
    struct rp_str text;
    uint64_t hash;
    int64_t id;
};

struct candidate {
    uint32_t tag, node;
    uint32_t seen;
};

struct rp_tails {
    struct rp_arena texts;
    struct tail *slots; /* open addressing by hash; NULL before the first use */
    struct tail *by_id; /* index: the number */
    size_t by_id_cap;
    size_t count;
    struct candidate *candidates;
    bool added; /* in this transaction */
    bool loaded;
};

static const char sql_get[] = "SELECT text FROM tails WHERE id = ?1";
static const char sql_add[] = "INSERT INTO tails (text) VALUES (?1)";
static const char sql_load[] = "SELECT id, text FROM tails ORDER BY id DESC LIMIT ?1";

struct rp_tails *rp_tails_new(void)
{
    struct rp_tails *tails = rp_calloc(1, sizeof(*tails));

    rp_arena_init(&tails->texts);
    return tails;
}

static void forget_all(struct rp_tails *tails)
{
    free(tails->slots);
    free(tails->by_id);
    rp_arena_fini(&tails->texts);
    tails->slots = NULL;
    tails->by_id = NULL;
    tails->by_id_cap = tails->count = 0;
    tails->loaded = false;
    rp_arena_init(&tails->texts);
}

void rp_tails_free(struct rp_tails *tails)
{
    if (!tails)
        return;
    forget_all(tails);
    rp_arena_fini(&tails->texts);
    free(tails->candidates);
    free(tails);
}

void rp_tails_end(struct rp_store *store, bool committed)
{
    if (!committed && store->tails->added)
        forget_all(store->tails);
    store->tails->added = false;
}

static struct tail *slot_of(const struct rp_tails *tails, uint64_t hash, struct rp_str text)
{
    size_t at = hash % SLOTS;

    while (tails->slots[at].id != 0 &&
           !(tails->slots[at].hash == hash && rp_str_eq(tails->slots[at].text, text)))
        at = (at + 1) % SLOTS;
    return &tails->slots[at];
}

static void remember(struct rp_tails *tails, int64_t id, struct rp_str text)
{
    size_t old = tails->by_id_cap;
    struct tail tail = {rp_arena_str(&tails->texts, text), rp_cut_hash(text), id};

    tails->by_id = rp_grow(tails->by_id, &tails->by_id_cap, (size_t)id + 1, sizeof(*tails->by_id));
    for (size_t i = old; i < tails->by_id_cap; i++)
        tails->by_id[i] = (struct tail){0};
    tails->by_id[id] = tail;
    if (tails->slots && tails->count < RP_TAILS_MAX) {
        *slot_of(tails, tail.hash, text) = tail;
        tails->count++;
    }
}

static int load(struct rp_store *store, struct rp_err *err)
{
    struct rp_tails *tails = store->tails;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_TAIL_NEWEST, sql_load, &stmt, err);

    if (status < 0)
        return status;
    forget_all(tails);
    tails->slots = rp_calloc(SLOTS, sizeof(*tails->slots));
    if (!tails->candidates)
        tails->candidates = rp_calloc(CANDIDATES, sizeof(*tails->candidates));
    rp_bind_int(stmt, 1, RP_TAILS_MAX);
    while ((status = rp_sql_step(store, stmt, "loading tails", err)) == 1)
        remember(tails, sqlite3_column_int64(stmt, 0), rp_column_view(stmt, 1));
    tails->loaded = status == 0;
    return status;
}

static int promote(struct rp_store *store, struct rp_str text, int64_t *ret_id, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_TAIL_ADD, sql_add, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_text(stmt, 1, text);
    status = rp_sql_run(store, stmt, "adding a tail", err);
    if (status < 0)
        return status;
    *ret_id = sqlite3_last_insert_rowid(store->db);
    remember(store->tails, *ret_id, text);
    store->tails->added = true;
    return 0;
}

/* Counts an end; false when it is seen for the first time. */
static bool count(struct rp_tails *tails, uint64_t hash, int64_t node, bool *ret_enough)
{
    struct candidate *candidate = &tails->candidates[hash % CANDIDATES];
    uint32_t tag = (uint32_t)(hash >> 32);

    *ret_enough = false;
    if (candidate->seen > 0 && candidate->tag != tag) {
        candidate->seen--; /* what is seen often keeps its place against what is not */
        return false;
    }
    if (candidate->seen == 0) {
        *candidate = (struct candidate){tag, (uint32_t)node, 1};
        return false;
    }
    if (candidate->node != (uint32_t)node && candidate->seen < SEEN_MIN)
        candidate->seen++;
    candidate->node = (uint32_t)node;
    *ret_enough = candidate->seen >= SEEN_MIN;
    return true;
}

int rp_tail_cut(struct rp_store *store, const struct rp_event *event, size_t *ret_head,
                int64_t *ret_tail, struct rp_err *err)
{
    struct rp_tails *tails = store->tails;
    struct rp_str body = event->body;
    struct rp_cut found[RP_CUTS_MAX];
    const struct rp_cut *cuts = event->cuts ? event->cuts : found;
    size_t cut_count = event->cuts ? event->cut_count : rp_body_cuts(body, found);
    size_t head = body.len, ripe = body.len;
    int64_t best = 0;
    int status = 0;

    rp_store_writing(store);
    *ret_head = body.len;
    *ret_tail = 0;
    if (cut_count == 0)
        return 0;
    if (!tails->loaded && (status = load(store, err)) < 0)
        return status;
    /* From the shortest on: an end whose own end is new is new. */
    for (size_t i = 0; i < cut_count; i++) {
        struct rp_str end = {body.ptr + cuts[i].at, body.len - cuts[i].at};
        const struct tail *known = slot_of(tails, cuts[i].hash, end);
        bool enough;
        if (known->id != 0) {
            best = known->id;
            head = cuts[i].at;
            continue;
        }
        if (tails->count >= RP_TAILS_MAX || !count(tails, cuts[i].hash, event->node, &enough))
            break;
        if (enough)
            ripe = cuts[i].at;
    }
    if (ripe < head) {
        head = ripe;
        status = promote(store, (struct rp_str){body.ptr + head, body.len - head}, &best, err);
    }
    if (status == 0) {
        *ret_head = head;
        *ret_tail = best;
    }
    return status;
}

int rp_tail_get(struct rp_store *store, int64_t tail, struct rp_str *ret_text, struct rp_err *err)
{
    struct rp_tails *tails = store->tails;
    sqlite3_stmt *stmt;

    if (tail > 0 && (size_t)tail < tails->by_id_cap && tails->by_id[tail].id == tail) {
        *ret_text = tails->by_id[tail].text;
        return 0;
    }
    int status = rp_sql_get(store, RP_SQL_TAIL_GET, sql_get, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, tail);
    status = rp_sql_step(store, stmt, "reading a tail", err);
    if (status < 0)
        return status;
    if (status == 0)
        return rp_err_set(err, RIPEN_ESTORE,
                          "the tail %lld of an event is missing; restore the last backup",
                          (long long)tail);
    remember(tails, tail, rp_column_view(stmt, 0));
    sqlite3_reset(stmt);
    *ret_text = tails->by_id[tail].text;
    return 0;
}
