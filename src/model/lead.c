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
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define CELL_HEAD     8U
#define CELLS_LEN_MAX (1U << 30) /* far above what the bounds of rules and leads let grow */

struct cell {
    uint32_t key, len;
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

void rp_lead_init(struct rp_lead *lead)
{
    *lead = (struct rp_lead){.stage = RP_STAGE_NONE};
}

void rp_lead_fini(struct rp_lead *lead)
{
    free(lead->cells);
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

void rp_lead_copy(struct rp_lead *to, const struct rp_lead *from)
{
    RP_ASSERT(to != from);
    uint8_t *cells = to->cells;
    uint32_t cap = to->cells_cap;

    *to = *from;
    to->cells = cells;
    to->cells_cap = cap;
    reserve(to, from->cells_len);
    if (from->cells_len > 0)
        memcpy(to->cells, from->cells, from->cells_len);
}

/* The offset of the first cell whose key is not below `key`. */
static uint32_t find(const struct rp_lead *lead, uint32_t key)
{
    const uint8_t *cells = lead->cells;
    uint32_t at = 0, len = lead->cells_len;

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
    uint8_t *payload = lead->cells + at + CELL_HEAD;
    uint32_t kept = old_len < len ? old_len : len;
    if (padded(len) > kept)
        memset(payload + kept, 0, padded(len) - kept);
    return payload;
}

void rp_lead_cell_remove(struct rp_lead *lead, uint32_t key)
{
    uint32_t at = find(lead, key);

    if (at < lead->cells_len && cell_at(lead, at)->key == key)
        splice(lead, at, CELL_HEAD + padded(cell_at(lead, at)->len), 0);
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
