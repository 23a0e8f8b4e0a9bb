/* SPDX-License-Identifier: MIT */
/* The block of cells. It knows keys, lengths and the order, and what stands in RP_CELL_NODES; all
 * other payloads are bytes to it.
 *
 * Invariants: cells stand in ascending order of their keys, each starts at a multiple of 8; bytes
 * of padding are zero, so that equal contents are equal bytes; `cells` is NULL while nothing was
 * added. */
#include "model/lead.h"

#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define CELL_HEAD     8U
#define CELLS_LEN_MAX (1U << 30) /* far above what the bounds of rules and leads let grow */

#define MARK_EVERY 256U /* bytes from one mark to the next, at least */

struct cell {
    uint32_t key, len;
};

struct rp_cell_mark {
    uint32_t key, at;
};

static uint32_t padded(uint32_t len)
{
    return (len + 7U) & ~7U;
}

/* `at` is a multiple of 8 and `cells` comes from malloc: the cast is aligned. */
static struct cell *cell_at(const struct rp_lead *lead, uint32_t at)
{
    return (struct cell *)(void *)(lead->cells + at);
}

uint32_t rp_status_id(struct rp_str name)
{
    return name.len ? (uint32_t)rp_hash(name) | 1U : 0;
}

void rp_lead_init(struct rp_lead *lead)
{
    *lead = (struct rp_lead){.stage = RP_STAGE_NONE};
}

void rp_lead_fini(struct rp_lead *lead)
{
    free(lead->cells);
    free(lead->marks);
    rp_lead_init(lead);
}

static void reserve(struct rp_lead *lead, uint32_t need)
{
    if (need <= lead->cells_cap)
        return;
    RP_ASSERT(need <= CELLS_LEN_MAX);
    uint32_t cap = lead->cells_cap ? lead->cells_cap : 128;
    while (cap < need)
        cap += cap / 2 & ~7U;
    lead->cells = rp_realloc(lead->cells, cap);
    lead->cells_cap = cap;
}

static void add_mark(struct rp_lead *lead, uint32_t key, uint32_t at)
{
    if (lead->marks_len == lead->marks_cap) {
        size_t cap = lead->marks_cap;
        lead->marks = rp_grow(lead->marks, &cap, cap + 1, sizeof(*lead->marks));
        lead->marks_cap = (uint32_t)cap;
    }
    lead->marks[lead->marks_len++] = (struct rp_cell_mark){key, at};
}

/* Forgets the marks of cells from `at` on. */
static void cut_marks(struct rp_lead *lead, uint32_t at)
{
    while (lead->marks_len > 0 && lead->marks[lead->marks_len - 1].at >= at)
        lead->marks_len--;
}

/* Makes the marks of cells from `at` on anew: cells came or went there. */
static void renew_marks(struct rp_lead *lead, uint32_t at)
{
    cut_marks(lead, at);
    const struct rp_cell_mark *last = lead->marks_len ? &lead->marks[lead->marks_len - 1] : NULL;
    uint32_t from = last ? last->at : 0;
    for (at = from; at < lead->cells_len;) {
        const struct cell *cell = cell_at(lead, at);
        if (at - from >= MARK_EVERY) {
            add_mark(lead, cell->key, at);
            from = at;
        }
        at += CELL_HEAD + padded(cell->len);
    }
}

void rp_lead_copy(struct rp_lead *to, const struct rp_lead *from)
{
    RP_ASSERT(to != from);
    const struct rp_lead had = *to;

    *to = *from;
    to->cells = had.cells;
    to->cells_cap = had.cells_cap;
    to->marks = had.marks;
    to->marks_cap = had.marks_cap;
    to->marks_len = 0;
    reserve(to, from->cells_len);
    if (from->cells_len > 0)
        memcpy(to->cells, from->cells, from->cells_len);
    for (uint32_t i = 0; i < from->marks_len; i++)
        add_mark(to, from->marks[i].key, from->marks[i].at);
}

/* The offset of the last mark whose key is not above `key`; 0 when there is none. */
static uint32_t marked(const struct rp_lead *lead, uint32_t key)
{
    uint32_t low = 0, high = lead->marks_len;

    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (lead->marks[middle].key <= key)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? lead->marks[low - 1].at : 0;
}

/* The offset of the first cell whose key is not below `key`. */
static uint32_t find(const struct rp_lead *lead, uint32_t key)
{
    const uint8_t *cells = lead->cells;
    uint32_t at = marked(lead, key), len = lead->cells_len;

    while (at < len) {
        const struct cell *cell = (const struct cell *)(const void *)(cells + at);
        if (cell->key >= key)
            break;
        at += CELL_HEAD + padded(cell->len);
    }
    return at;
}

void *rp_lead_cell(const struct rp_lead *lead, uint32_t key, uint32_t *ret_len)
{
    uint32_t at = find(lead, key);

    if (at == lead->cells_len || cell_at(lead, at)->key != key) {
        *ret_len = 0;
        return NULL;
    }
    *ret_len = cell_at(lead, at)->len;
    return lead->cells + at + CELL_HEAD;
}

/* Makes the room at `at` that holds `had` bytes hold `have`, moving what follows. */
static void splice(struct rp_lead *lead, uint32_t at, uint32_t had, uint32_t have)
{
    RP_ASSERT(have <= CELLS_LEN_MAX && lead->cells_len - had <= CELLS_LEN_MAX - have);
    uint32_t tail = lead->cells_len - at - had;

    reserve(lead, lead->cells_len - had + have);
    if (tail > 0 && had != have)
        memmove(lead->cells + at + have, lead->cells + at + had, tail);
    lead->cells_len = at + have + tail;
    if (had > 0 && have > 0) { /* the same cells, some of them elsewhere */
        for (uint32_t i = lead->marks_len; i > 0 && lead->marks[i - 1].at > at; i--)
            lead->marks[i - 1].at += have - had;
    }
}

void *rp_lead_cell_resize(struct rp_lead *lead, uint32_t key, uint32_t len)
{
    uint32_t at = find(lead, key), had = 0, old_len = 0;

    RP_ASSERT(len <= CELLS_LEN_MAX - CELL_HEAD);
    if (at < lead->cells_len && cell_at(lead, at)->key == key) {
        old_len = cell_at(lead, at)->len;
        had = CELL_HEAD + padded(old_len);
    }
    splice(lead, at, had, CELL_HEAD + padded(len));
    *cell_at(lead, at) = (struct cell){key, len};
    if (had == 0)
        renew_marks(lead, at);
    uint8_t *payload = lead->cells + at + CELL_HEAD;
    uint32_t kept = old_len < len ? old_len : len;
    if (padded(len) > kept)
        memset(payload + kept, 0, padded(len) - kept);
    return payload;
}

void rp_lead_cell_remove(struct rp_lead *lead, uint32_t key)
{
    uint32_t at = find(lead, key);

    if (at == lead->cells_len || cell_at(lead, at)->key != key)
        return;
    splice(lead, at, CELL_HEAD + padded(cell_at(lead, at)->len), 0);
    renew_marks(lead, at);
}

bool rp_lead_cell_next(const struct rp_lead *lead, uint32_t *at, uint32_t *ret_key,
                       const void **ret_payload, uint32_t *ret_len)
{
    if (*at >= lead->cells_len)
        return false;
    const struct cell *cell = cell_at(lead, *at);
    *ret_key = cell->key;
    *ret_len = cell->len;
    *ret_payload = lead->cells + *at + CELL_HEAD;
    *at += CELL_HEAD + padded(cell->len);
    return true;
}

void rp_lead_cells_clear_fold(struct rp_lead *lead)
{
    lead->cells_len = find(lead, rp_cell_key(RP_CELL_FOLD, 0, 0));
    cut_marks(lead, lead->cells_len);
}

const void *rp_lead_cells_fold(const struct rp_lead *lead, uint32_t *ret_len)
{
    uint32_t at = find(lead, rp_cell_key(RP_CELL_FOLD, 0, 0));

    *ret_len = lead->cells_len - at;
    return *ret_len > 0 ? lead->cells + at : NULL;
}

void rp_lead_cells_fold_set(struct rp_lead *lead, const void *bytes, uint32_t len)
{
    RP_ASSERT(len % 8 == 0 && len <= CELLS_LEN_MAX);
    rp_lead_cells_clear_fold(lead);
    uint32_t at = lead->cells_len;
    reserve(lead, at + len);
    if (len > 0)
        memcpy(lead->cells + at, bytes, len);
    lead->cells_len = at + len;
    renew_marks(lead, at);
}

/* Whether the bytes, which may lie anywhere, are a block. */
static bool is_block(const uint8_t *bytes, size_t len)
{
    static const uint8_t zeros[8];
    uint32_t key_before = 0;

    if (len > CELLS_LEN_MAX)
        return false;
    for (size_t at = 0; at < len;) {
        struct cell cell;
        if (len - at < CELL_HEAD)
            return false;
        memcpy(&cell, bytes + at, CELL_HEAD);
        at += CELL_HEAD;
        if (cell.key <= key_before || cell.len > CELLS_LEN_MAX || padded(cell.len) > len - at)
            return false;
        if (memcmp(bytes + at + cell.len, zeros, padded(cell.len) - cell.len) != 0)
            return false;
        if (cell.key == rp_cell_key(RP_CELL_NODES, 0, 0) && cell.len % sizeof(struct rp_head) != 0)
            return false;
        key_before = cell.key;
        at += padded(cell.len);
    }
    return true;
}

int rp_lead_cells_set(struct rp_lead *lead, const void *bytes, size_t len)
{
    if (!is_block(bytes, len))
        return RIPEN_EINPUT;
    reserve(lead, (uint32_t)len);
    if (len > 0)
        memcpy(lead->cells, bytes, len);
    lead->cells_len = (uint32_t)len;
    renew_marks(lead, 0);
    return RIPEN_OK;
}

static const uint32_t heads_key = (uint32_t)RP_CELL_NODES << 27;

const struct rp_head *rp_lead_heads(const struct rp_lead *lead, size_t *ret_count)
{
    uint32_t len;
    const struct rp_head *heads = rp_lead_cell(lead, heads_key, &len);

    *ret_count = len / sizeof(struct rp_head);
    return heads;
}

void rp_lead_head_set(struct rp_lead *lead, int64_t node, int64_t event)
{
    size_t count, at = 0;
    const struct rp_head *found = rp_lead_heads(lead, &count);

    while (at < count && found[at].node < node)
        at++;
    bool known = at < count && found[at].node == node;
    uint32_t len = (uint32_t)((count + !known) * sizeof(struct rp_head));
    struct rp_head *heads = rp_lead_cell_resize(lead, heads_key, len);
    if (!known)
        memmove(heads + at + 1, heads + at, (count - at) * sizeof(struct rp_head));
    heads[at] = (struct rp_head){node, event};
}

void rp_lead_head_remove(struct rp_lead *lead, int64_t node)
{
    uint32_t len;
    struct rp_head *heads = rp_lead_cell(lead, heads_key, &len);
    size_t count = len / sizeof(struct rp_head), at = 0;

    while (at < count && heads[at].node != node)
        at++;
    if (at == count)
        return;
    memmove(heads + at, heads + at + 1, (count - at - 1) * sizeof(struct rp_head));
    if (count == 1)
        rp_lead_cell_remove(lead, heads_key);
    else
        rp_lead_cell_resize(lead, heads_key, (uint32_t)((count - 1) * sizeof(struct rp_head)));
}
