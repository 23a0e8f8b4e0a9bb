/* SPDX-License-Identifier: MIT */
/* Keys: shown once, stored hashed (SHA-256 of 256 random bits), found by an 8-character prefix. */
#ifndef RP_STORE_KEYS_H
#define RP_STORE_KEYS_H

#include "base/arena.h"
#include "store/db.h"

enum rp_scope { RP_SCOPE_NONE, RP_SCOPE_INGEST, RP_SCOPE_READ, RP_SCOPE_EDIT, RP_SCOPE_ADMIN };
const char *rp_scope_name(enum rp_scope scope);
bool rp_scope_parse(struct rp_str text, enum rp_scope *ret_scope);

struct rp_key_row {
    int64_t id;
    struct rp_str prefix, label;
    uint8_t digest[32];
    enum rp_scope scope;
    bool is_public;                 /* sits in web pages: anyone may send with it */
    int64_t created_ms, revoked_ms; /* RP_NEVER: in force */
};

/* Makes a key; ret_text is the key itself, at most 80 bytes with the NUL ("rpn_pk_…" public,
 * "rpn_sk_…" secret). */
RP_MUST_USE int rp_key_add(struct rp_store *store, enum rp_scope scope, bool is_public,
                           struct rp_str label, int64_t now_ms, char ret_text[80], int64_t *ret_id,
                           struct rp_err *err);
RP_MUST_USE int rp_key_revoke(struct rp_store *store, int64_t id, int64_t now_ms,
                              struct rp_err *err);
RP_MUST_USE int rp_key_list(struct rp_arena *arena, struct rp_store *store,
                            struct rp_key_row **ret_rows, size_t *ret_count, struct rp_err *err);
/* Constant-time search in rows; NULL: none in force. */
const struct rp_key_row *rp_key_match(const struct rp_key_row *rows, size_t count,
                                      struct rp_str text);

#endif
