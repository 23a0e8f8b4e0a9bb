/* SPDX-License-Identifier: MIT */
/* Rule sets that were loaded, with their sources, author, time and result. */
#ifndef RP_STORE_GENERATIONS_H
#define RP_STORE_GENERATIONS_H

#include "base/arena.h"
#include "store/db.h"

struct rp_generation_row {
    uint32_t number;
    struct rp_str hash, sources;  /* rp_files_pack */
    struct rp_str author, result; /* result: "active", "replaced", "failed: …" */
    int64_t loaded_ms;
    bool active;
};

/* The number of the generation with this hash, added when new, and made the active one. */
RP_MUST_USE int rp_generation_activate(struct rp_store *store, struct rp_str hash,
                                       struct rp_str sources, struct rp_str author, int64_t now_ms,
                                       uint32_t *ret_number, struct rp_err *err);
/* number 0: the active one. ENOTFOUND. */
RP_MUST_USE int rp_generation_get(struct rp_arena *arena, struct rp_store *store, uint32_t number,
                                  struct rp_generation_row *ret_row, struct rp_err *err);

#endif
