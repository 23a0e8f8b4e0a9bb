/* SPDX-License-Identifier: MIT */
/* Leads that ever were one: whoever was merged, also when it was taken back. Their events must be
 * looked at together to know what was known of each at a moment. Immutable once loaded; shared by
 * threads. Internal to core/. */
#ifndef RP_CORE_FAMILY_H
#define RP_CORE_FAMILY_H

#include "base/arena.h"
#include "base/err.h"
#include "store/db.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A merge: the nodes moved from one lead to another, and perhaps back. */
struct rp_family_merge {
    int64_t at_ms, undone_ms; /* undone: RP_NEVER when it stands */
    int64_t from, into;
    int64_t *nodes;
    size_t node_count;
};
struct rp_family {
    const int64_t *leads; /* ascending; the first that stands asks for all of them */
    size_t lead_count;
    const struct rp_family_merge *merges; /* oldest first */
    size_t merge_count;
};

struct rp_families;
int rp_families_load(struct rp_store *store, struct rp_families **ret_families, struct rp_err *err);
void rp_families_free(struct rp_families *families); /* NULL: no effect */

/* The family of a lead that stands; false: another standing lead of it, with a lower number, asks
 * for all. A lead that was never merged is alone; `id` must then outlive the result. */
bool rp_family_of(const struct rp_families *families, const int64_t *id,
                  struct rp_family *ret_family);

#endif
