/* SPDX-License-Identifier: MIT */
/* What is different between two rule sets, in words: declarations that came, went or changed, field
 * by field with the old and the new value, and lists and templates by their lines. Reads what
 * authors declared, not how it is written: comments, order and layout are no difference. */
#ifndef RP_ENGINE_DIFF_H
#define RP_ENGINE_DIFF_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "engine/load.h"

enum rp_change_op { RP_CHANGE_ADDED, RP_CHANGE_REMOVED, RP_CHANGE_CHANGED };

struct rp_change {
    enum rp_change_op op;
    struct rp_str kind, name; /* "score", "viewed_pricing"; "file", "lists/own.txt" */
    struct rp_str field;      /* CHANGED: "points", "enter.at_least.engagement" */
    struct rp_str was, is;    /* CHANGED: as written; "" : absent */
};

struct rp_changes {
    struct rp_change *items;
    size_t count, cap;
    size_t added, removed, changed; /* declarations and files, each counted once */
};

/* Loads both without keeping them; errors in them are no error here: what could be read is
 * compared. Texts live in the arena. */
int rp_changes_find(struct rp_arena *arena, const struct rp_files *before,
                    const struct rp_files *after, struct rp_changes *ret_changes,
                    struct rp_err *err);
void rp_changes_print(const struct rp_changes *changes, struct rp_buf *out);
struct rp_jw;
void rp_changes_json(const struct rp_changes *changes, struct rp_jw *jw); /* an array */

#endif
