/* SPDX-License-Identifier: MIT */
/* What commands ask of the server that runs on the same file: a row each, answered in the row. The
 * right to write the file is the right to ask. */
#ifndef RP_STORE_REQUESTS_H
#define RP_STORE_REQUESTS_H

#include "base/arena.h"
#include "store/db.h"

struct rp_request_row {
    int64_t id, at_ms;
    struct rp_str verb;  /* "reload", "activate", "rollback", "status", those of core/amend.h */
    uint32_t generation; /* activate */
    bool force;
    struct rp_str author;
    struct rp_str body; /* JSON, of a correction */
    bool answered;
    int status;           /* as over HTTP: 200, 404, 409, 422 */
    struct rp_str answer; /* JSON */
};

RP_MUST_USE int rp_request_add(struct rp_store *store, const struct rp_request_row *row,
                               int64_t *ret_id, struct rp_err *err);
/* The oldest unanswered one behind `after`; ENOTFOUND. */
RP_MUST_USE int rp_request_next(struct rp_arena *arena, struct rp_store *store, int64_t after,
                                struct rp_request_row *ret_row, struct rp_err *err);
RP_MUST_USE int rp_request_get(struct rp_arena *arena, struct rp_store *store, int64_t id,
                               struct rp_request_row *ret_row, struct rp_err *err);
/* Answers one and drops those of more than an hour ago. */
RP_MUST_USE int rp_request_answer(struct rp_store *store, int64_t id, int status,
                                  struct rp_str answer, int64_t now_ms, struct rp_err *err);
int64_t rp_request_newest(struct rp_store *store); /* 0: none */

#endif
