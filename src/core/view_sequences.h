/* SPDX-License-Identifier: MIT */
/* A lead's sequences for people to read. Internal to core/. */
#ifndef RP_CORE_VIEW_SEQUENCES_H
#define RP_CORE_VIEW_SEQUENCES_H

#include "base/json_write.h"
#include "engine/ruleset.h"
#include "store/sequences.h"

struct rp_reader;

struct rp_view_sequences {
    struct rp_sequence_row *rows; /* oldest first */
    struct rp_sequence_step_row *steps;
    size_t count, step_count;
};

/* Those that had started by at_ms; in the reader's arena. */
int rp_view_load_sequences(struct rp_reader *reader, int64_t lead, int64_t at_ms,
                           struct rp_view_sequences *ret_sequences, struct rp_err *err);
/* The array, where a value may stand. */
void rp_view_put_sequences(const struct rp_rules *rules, const struct rp_view_sequences *all,
                           struct rp_jw *jw);
void rp_view_text_sequences(const struct rp_rules *rules, const struct rp_view_sequences *all,
                            struct rp_buf *out);

/* How one stands under these rules. */
struct rp_sequence_shown {
    struct rp_str state, reason;
    bool stuck; /* live, but the rules do not have its step */
};
struct rp_sequence_shown rp_sequence_shown(const struct rp_rules *rules, struct rp_str name,
                                           struct rp_str step, enum rp_instance_state state,
                                           struct rp_str reason);

#endif
