/* SPDX-License-Identifier: MIT */
/* Leads and their identity nodes. A lead is a set of nodes; merging moves nodes, never events. */
#ifndef RP_STORE_IDENTITIES_H
#define RP_STORE_IDENTITIES_H

#include "base/arena.h"
#include "store/db.h"

enum rp_node_kind { RP_NODE_USER = 1, RP_NODE_ANONYMOUS, RP_NODE_EMAIL };

struct rp_identity {
    int64_t node, lead;
    enum rp_node_kind kind;
    struct rp_str value; /* e-mails folded to lower case by the caller */
};

/* Exact look-up through a bounded cache. 0 found (its value borrows `value`), ENOTFOUND, ESTORE. */
RP_MUST_USE int rp_identity_find(struct rp_store *store, enum rp_node_kind kind,
                                 struct rp_str value, struct rp_identity *ret_identity,
                                 struct rp_err *err);
/* Memory that finding it will need is fetched meanwhile; `soon`: after a call without. */
void rp_identity_ahead(const struct rp_store *store, enum rp_node_kind kind, struct rp_str value,
                       bool soon);
RP_MUST_USE int rp_identity_add(struct rp_store *store, enum rp_node_kind kind, struct rp_str value,
                                int64_t lead, int64_t first_ms, int64_t *ret_node,
                                struct rp_err *err);
RP_MUST_USE int rp_identity_move(struct rp_store *store, int64_t node, int64_t lead,
                                 struct rp_err *err);
/* The lead that a node belongs to now; 0: no such node. */
int64_t rp_identity_lead(struct rp_store *store, int64_t node);
/* One node with its kind and value (arena). */
RP_MUST_USE int rp_identity_get(struct rp_arena *arena, struct rp_store *store, int64_t node,
                                struct rp_identity *ret_identity, struct rp_err *err);

/* The highest node id given out; 0: none. */
int64_t rp_identity_newest(struct rp_store *store);

/* A new lead row. public_id: "ld_…", unique. */
RP_MUST_USE int rp_lead_add(struct rp_store *store, struct rp_str public_id, int64_t created_ms,
                            int64_t *ret_lead, struct rp_err *err);
/* Marks `lead` as merged into `into`; 0: stands on its own again. */
RP_MUST_USE int rp_lead_merged(struct rp_store *store, int64_t lead, int64_t into,
                               struct rp_err *err);
/* By public id, following merges; ENOTFOUND. */
RP_MUST_USE int rp_lead_by_public_id(struct rp_store *store, struct rp_str public_id,
                                     int64_t *ret_lead, struct rp_err *err);

#endif
