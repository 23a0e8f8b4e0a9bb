/* SPDX-License-Identifier: MIT */
/* A lead's state: one block of cells, sorted by key; the same bytes in memory and in its row. By
 * law 1 it is a cache: whoever has the lead's events and the rules can make it again. What
 * decisions made of the lead (stage, facts that actions set) and its identity nodes are kept
 * beside, and survive a rebuild. The meaning of the fold's cells is known in engine/ alone. */
#ifndef RP_MODEL_LEAD_H
#define RP_MODEL_LEAD_H

#include "base/str.h"
#include "base/when.h"
#include "model/event.h"

#include <stdbool.h>
#include <stdint.h>

#define RP_STAGE_NONE UINT16_MAX

/* Cells of kind < RP_CELL_FOLD survive a rebuild; the others belong to one generation. */
enum rp_cell_kind {
    RP_CELL_NODES = 1, /* struct rp_head[]: the lead's identity nodes, each with its newest event */
    RP_CELL_FACTS = 2, /* JSON object: what actions set */
    RP_CELL_CROSSED = 3,   /* index: hash of dimension and threshold: last moment at or above it */
    RP_CELL_OWNER = 4,     /* who owns the lead, who refused it: model/owner.h */
    RP_CELL_ARMS = 5,      /* struct rp_arm[]: what experiments dealt the lead: core/experiment.h */
    RP_CELL_SEQUENCES = 6, /* the sequences it is in or was: model/sequence.h */
    RP_CELL_FOLD = 8,
    RP_CELL_NEWEST = 8, /* effective order of the newest event folded */
    RP_CELL_TRAIT,      /* index: field slot */
    RP_CELL_SUM,        /* index: sum (dimension × decay class) */
    RP_CELL_SUM_BY,     /* the same for a dimension `by` a field: a list with keys */
    RP_CELL_RULE,       /* index: rule: hits, last hit, window */
    RP_CELL_ONCE,       /* index: rule: keys of once_per */
    RP_CELL_GROUP,      /* index: group: window or sums */
    RP_CELL_COUNT,      /* index: counter */
    RP_CELL_STATE,      /* index: dimension: its cached value from the profile */
    RP_CELL_OTHER,      /* traits that no rule names, as JSON (only where rules->keeps_traits) */
    RP_CELL_HELD,       /* index: below{…, held}: since when its scores are below, i64 */
    RP_CELL_ACTIVE,     /* effective time of the newest activity, i64 */
    RP_CELL_WAKE,       /* index: status with a day to wake: receivedAt i64, the day i64 */
    RP_CELL_ADJUSTED,   /* points that people gave by hand */
    RP_CELL_VOIDED,     /* hashes of messageIds whose events are void */
    RP_CELL_CONSENT,    /* what the lead agreed to: model/consent.h */
};

static inline uint32_t rp_cell_key(enum rp_cell_kind kind, uint32_t model, uint32_t index)
{
    return (uint32_t)kind << 27 | (model & 31U) << 22 | (index & 0x3fffffU);
}

/* A status by its name; 0 for "". */
uint32_t rp_status_id(struct rp_str name);

struct rp_head {
    int64_t node;
    int64_t event; /* newest event row of that node; 0: none */
};

struct rp_lead {
    int64_t id; /* row of the lead; 0: not stored yet */
    int64_t
        through; /* newest event row folded in; rows behind the watermark up to it are skipped */
    int64_t created_ms;     /* receivedAt of its first event */
    int64_t updated_ms;     /* receivedAt of the newest event accepted */
    int64_t stage_since_ms; /* `now` of the decision that entered the present stage */
    int64_t status_since_ms;
    int64_t judged_ms;   /* newest `now` of an evaluation: what time does up to it is decided */
    int64_t due_ms;      /* when time alone may decide next, never too late; 0: never */
    int64_t late_ms;     /* stage_since_ms of the entry whose `late` was told; 0: none */
    uint32_t generation; /* number of the generation that folded the cells; 0: to be rebuilt */
    uint16_t stage;     /* index in that generation, RP_STAGE_NONE when it does not know the name */
    uint32_t status;    /* rp_status_id of its name, the same in every generation; 0: none */
    uint16_t due_kind;  /* enum rp_timer_kind of due_ms */
    uint16_t flags;     /* of core: dirty … */
    char public_id[32]; /* "ld_" + 26 characters */
    uint32_t cells_len, cells_cap;
    uint8_t *cells; /* owned; each cell: key u32, payload length u32, payload padded to 8 */
    struct rp_cell_mark *marks; /* owned; where some of the cells start, for lead.c alone */
    uint32_t marks_len, marks_cap;
};

/* Leads are copied by rp_lead_copy only: what they own is theirs. */
void rp_lead_init(struct rp_lead *lead);
void rp_lead_fini(struct rp_lead *lead);
void rp_lead_copy(struct rp_lead *to, const struct rp_lead *from); /* `to` is initialised */

/* The payload of a cell, 8-byte aligned, and its length; NULL when absent. Valid until the next
 * call that adds, resizes or removes a cell of this lead. */
void *rp_lead_cell(const struct rp_lead *lead, uint32_t key, uint32_t *ret_len);
/* Makes the cell this long (new bytes are zero, the rest is kept) and returns its payload. */
void *rp_lead_cell_resize(struct rp_lead *lead, uint32_t key, uint32_t len);
void rp_lead_cell_remove(struct rp_lead *lead, uint32_t key);
/* Cells in key order: pass *at = 0 first; false at the end. */
bool rp_lead_cell_next(const struct rp_lead *lead, uint32_t *at, uint32_t *ret_key,
                       const void **ret_payload, uint32_t *ret_len);
void rp_lead_cells_clear_fold(struct rp_lead *lead); /* before a rebuild */
/* The block of the fold's cells, for a checkpoint; valid as a payload is. NULL when there are none.
 */
const void *rp_lead_cells_fold(const struct rp_lead *lead, uint32_t *ret_len);
/* Puts such a block in the place of the fold's cells: bytes that rp_lead_cells_fold gave. */
void rp_lead_cells_fold_set(struct rp_lead *lead, const void *bytes, uint32_t len);

/* Takes a stored block; EINPUT when it is not one. */
int rp_lead_cells_set(struct rp_lead *lead, const void *bytes, size_t len);

/* Identity nodes. */
const struct rp_head *rp_lead_heads(const struct rp_lead *lead, size_t *ret_count);
void rp_lead_head_set(struct rp_lead *lead, int64_t node, int64_t event); /* adds or replaces */
void rp_lead_head_remove(struct rp_lead *lead, int64_t node);

#endif
