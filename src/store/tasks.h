/* SPDX-License-Identifier: MIT */
/* Tasks: what an action gives somebody to do. A task is a row of the outbox in state open, and a
 * row here that says whose it is, who took it and what came of it.
 *
 *   open ──claim──▶ claimed ──done──▶ done            (done from open too)
 *
 * Whoever claims first has it. */
#ifndef RP_STORE_TASKS_H
#define RP_STORE_TASKS_H

#include "base/arena.h"
#include "store/db.h"

struct rp_task_row {
    int64_t id, lead; /* id: of the outbox */
    struct rp_str lead_public_id, key, action, note, email, name;
    struct rp_str owner, team, claimed_by, done_by, outcome; /* "": nobody, none */
    struct rp_str notes;                                     /* JSON array */
    bool follows, cancelled;                         /* follows: it goes with the lead's owner */
    int64_t created_ms, due_ms, claimed_ms, done_ms; /* RP_NEVER: none */
};

/* Within the transaction that added the outbox's row `id`. */
RP_MUST_USE int rp_task_add(struct rp_store *store, const struct rp_task_row *row,
                            struct rp_err *err);
/* ENOTFOUND with a sentence. */
RP_MUST_USE int rp_task_get(struct rp_arena *arena, struct rp_store *store, int64_t id,
                            struct rp_task_row *ret_row, struct rp_err *err);

enum rp_task_which { RP_TASKS_OPEN, RP_TASKS_DONE, RP_TASKS_LATE, RP_TASKS_ALL };
struct rp_task_filter {
    enum rp_task_which which;
    struct rp_str owner; /* who has to do it: owner or claimed_by, any case; "": all */
    struct rp_str team;  /* "": all */
    int64_t lead;        /* 0: all */
    int64_t now_ms;      /* for LATE */
};
/* Open ones: what is due soonest first, then those without a due time; done ones: newest first. */
RP_MUST_USE int rp_task_list(struct rp_arena *arena, struct rp_store *store,
                             const struct rp_task_filter *filter, size_t max,
                             struct rp_task_row **ret_rows, size_t *ret_count, struct rp_err *err);

/* EDENIED with who has it, or that it is done; 0 again for who has it already. */
RP_MUST_USE int rp_task_claim(struct rp_store *store, int64_t id, struct rp_str who, int64_t now_ms,
                              struct rp_err *err);
/* EDENIED when it is done already, or cancelled. */
RP_MUST_USE int rp_task_done(struct rp_store *store, int64_t id, struct rp_str who,
                             struct rp_str outcome, int64_t now_ms, struct rp_err *err);
/* At most RP_TASK_NOTES_MAX notes (EDENIED). */
RP_MUST_USE int rp_task_note(struct rp_store *store, int64_t id, struct rp_str author,
                             struct rp_str text, int64_t now_ms, struct rp_err *err);

#endif
