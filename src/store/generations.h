/* SPDX-License-Identifier: MIT */
/* Rule sets that were loaded, refused or held, with their sources, author, time and result; and
 * when each was in force. */
#ifndef RP_STORE_GENERATIONS_H
#define RP_STORE_GENERATIONS_H

#include "base/arena.h"
#include "store/db.h"

#define RP_RESULT_ACTIVE     "active"
#define RP_RESULT_SUPERSEDED "superseded" /* was in force once */
#define RP_RESULT_HELD       "held"       /* by a guard; can be activated by hand */
#define RP_RESULT_REFUSED    "refused"    /* it has errors */

struct rp_generation_row {
    uint32_t number, parent;      /* parent: in force when it came; 0: none */
    struct rp_str hash, sources;  /* rp_files_pack */
    struct rp_str author, result; /* result: RP_RESULT_… */
    struct rp_str reason;         /* held, refused: a sentence */
    struct rp_str findings;       /* JSON of `check`; "": none */
    struct rp_str effect;         /* what its activation would do, in a sentence */
    struct rp_str disabled;       /* names of rules that are out of action in it, a line each */
    int64_t loaded_ms, activated_ms;
    bool active;
};

/* What is to be kept of a rule set; texts that are not known are "". */
struct rp_generation_new {
    struct rp_str hash, sources, author, reason, findings, effect, disabled;
};

/* The number of the generation with this hash, added when new, and made the active one. When it is
 * that already, nothing changes. */
RP_MUST_USE int rp_generation_activate(struct rp_store *store, const struct rp_generation_new *what,
                                       int64_t now_ms, uint32_t *ret_number, struct rp_err *err);
/* Keeps one that was not activated: result RP_RESULT_HELD or RP_RESULT_REFUSED. One that was in
 * force once, or is, keeps its result. */
RP_MUST_USE int rp_generation_keep(struct rp_store *store, const struct rp_generation_new *what,
                                   const char *result, int64_t now_ms, uint32_t *ret_number,
                                   struct rp_err *err);
/* number 0: the active one. ENOTFOUND. */
RP_MUST_USE int rp_generation_get(struct rp_arena *arena, struct rp_store *store, uint32_t number,
                                  struct rp_generation_row *ret_row, struct rp_err *err);
/* The generation with this hash; 0: there is none. */
RP_MUST_USE int rp_generation_find(struct rp_store *store, struct rp_str hash, uint32_t *ret_number,
                                   struct rp_err *err);
/* Newest first, without sources and findings; texts in the arena. */
RP_MUST_USE int rp_generation_list(struct rp_arena *arena, struct rp_store *store, size_t max,
                                   struct rp_generation_row **ret_rows, size_t *ret_count,
                                   struct rp_err *err);
/* The one that was in force before the active one: what a roll-back goes to. ENOTFOUND. */
RP_MUST_USE int rp_generation_before(struct rp_store *store, uint32_t *ret_number,
                                     struct rp_err *err);
/* The lines of a row's `disabled` as names. */
const struct rp_str *rp_generation_disabled(struct rp_arena *arena, struct rp_str disabled,
                                            size_t *ret_count);

#endif
