/* SPDX-License-Identifier: MIT */
/* The list of addresses that get no e-mail. Events, imports and people put addresses on it; only
 * people take one off. It outlives the lead: what is kept of a forgotten one is a keyed digest. */
#ifndef RP_STORE_SUPPRESSIONS_H
#define RP_STORE_SUPPRESSIONS_H

#include "base/arena.h"
#include "store/db.h"

#include <stdbool.h>

enum rp_suppression {
    RP_SUPPRESSED_BOUNCE,
    RP_SUPPRESSED_COMPLAINT,
    RP_SUPPRESSED_UNSUBSCRIBE_ALL,
    RP_SUPPRESSED_MANUAL,
    RP_SUPPRESSED_IMPORT,
};
#define RP_SUPPRESSIONS 5
const char *rp_suppression_name(enum rp_suppression reason); /* "bounce", "unsubscribe_all" … */
bool rp_suppression_parse(struct rp_str text, enum rp_suppression *ret_reason);

struct rp_suppression_row {
    struct rp_str address; /* as people write it; read: "" of a forgotten lead */
    struct rp_str digest;  /* read only */
    enum rp_suppression reason;
    struct rp_str source; /* who or what: "smtp", "lea@acme.test", a file's name */
    int64_t at_ms;
};

/* Adds an address; one that stands already keeps its row (and gets its address back). EINPUT: it is
 * none. In an open transaction. */
RP_MUST_USE int rp_suppression_add(struct rp_store *store, const struct rp_suppression_row *row,
                                   struct rp_err *err);
/* 1 and *ret_reason when the address is on the list, 0 when not; < 0. The address may stand in
 * "Name <…>". */
RP_MUST_USE int rp_suppression_find(struct rp_store *store, struct rp_str address,
                                    enum rp_suppression *ret_reason, struct rp_err *err);
/* Takes one off; ENOTFOUND. The caller notes who and why in the audit. */
RP_MUST_USE int rp_suppression_remove(struct rp_store *store, struct rp_str address,
                                      struct rp_err *err);
/* Leaves only the digest on the list, and takes what people did with the address out of the audit;
 * harmless when it is not on the list (any more). */
RP_MUST_USE int rp_suppression_forget(struct rp_store *store, struct rp_str address,
                                      struct rp_err *err);
/* Newest first, up to `max`; arena. */
RP_MUST_USE int rp_suppression_list(struct rp_arena *arena, struct rp_store *store, size_t max,
                                    struct rp_suppression_row **ret_rows, size_t *ret_count,
                                    struct rp_err *err);

/* How many e-mails to the lead (and to those merged into it) left or are to leave, made after
 * `after_ms`. < 0: an error. */
RP_MUST_USE int rp_mails_since(struct rp_store *store, int64_t lead, int64_t after_ms,
                               struct rp_err *err);

#endif
