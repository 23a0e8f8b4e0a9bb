/* SPDX-License-Identifier: MIT */
/* A cached lead in few bytes, for those that were not asked for in a while: most of a large cache.
 */
#ifndef RP_CORE_COLD_H
#define RP_CORE_COLD_H

#include "base/buf.h"
#include "core/cache.h"

struct rp_cold {
    int64_t id;
    uint16_t flags; /* the lead's, readable and writable without opening it */
    uint8_t bytes[];
};

/* Owned by the caller, freed with free(). The entry has no pending items. `scratch` is used. */
struct rp_cold *rp_cold_make(struct rp_buf *scratch, const struct rp_cached *entry);
/* Fills an entry that was initialised; its cells are used again. */
void rp_cold_open(struct rp_buf *scratch, const struct rp_cold *cold, struct rp_cached *entry);

#endif
