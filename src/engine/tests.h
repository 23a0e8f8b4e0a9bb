/* SPDX-License-Identifier: MIT */
/* The tests that authors write, compiled: what is known before, what happens when, what is expected
 * then. Made only by a load that asks for them (struct rp_load_options), kept in the rules' arena,
 * and no part of what rules do: rules with tests and without score alike. */
#ifndef RP_ENGINE_TESTS_H
#define RP_ENGINE_TESTS_H

#include "engine/fold.h"
#include "engine/ruleset.h"

/* What an expectation is about. */
enum rp_expect_op {
    RP_EXPECT_STAGE,
    RP_EXPECT_STATUS,
    RP_EXPECT_OWNER,
    RP_EXPECT_GRADE,
    RP_EXPECT_BECAUSE,   /* of the newest stage move */
    RP_EXPECT_DIMENSION, /* `dim`; RP_NONE: the total */
    RP_EXPECT_FIRED,     /* how often each score rule gave points */
    RP_EXPECT_NOT_FIRED,
    RP_EXPECT_SENT, /* how often each action was caused */
    RP_EXPECT_NOT_SENT,
    RP_EXPECT_STARTED, /* sequences */
    RP_EXPECT_TRAITS,
    RP_EXPECT_BY, /* of a dimension `by` a field: the score of each key, and `top` */
};

/* One name of a table: fired = { viewed_pricing = 2 }, sent = { "hand_to_sdr" }. */
struct rp_expect_entry {
    struct rp_str name;
    uint32_t index; /* score or action; RP_NONE */
    struct rp_place place;
    bool once_at_least; /* only its name is given */
    struct rp_matcher match;
    struct rp_str text; /* as written */
};

struct rp_expect {
    enum rp_expect_op op;
    struct rp_str name; /* the field as written: "stage", "engagement" */
    uint32_t dim;
    struct rp_place place;
    struct rp_str text;  /* the value as written: between(43, 44) */
    bool table, exactly; /* entries; nothing beside them */
    struct rp_matcher match;
    struct rp_expect_entry *entries;
    uint32_t entry_count;
};

/* One call in after(…) {…}. */
struct rp_test_moment {
    int64_t after_ms; /* since the test's start */
    struct rp_place place;
    struct rp_str event; /* members of its JSON object, without times and id; "": expectations */
    struct rp_str label; /* page "/pricing" */
    struct rp_str message_id; /* "": the runner gives one */
    int64_t ago_ms;           /* it happened so long before it arrived */
    struct rp_expect *expects;
    uint32_t expect_count;
};

struct rp_test {
    struct rp_str name;
    struct rp_place place;
    int64_t at_ms;
    bool given;          /* something is known before */
    struct rp_str event; /* of `given`: members of an identify */
    struct rp_str stage; /* of `given`; "" */
    uint32_t model;
    struct rp_test_moment *moments;
    uint32_t moment_count;
};

struct rp_test_step {
    struct rp_str sequence, step;
    struct rp_place place;
};

struct rp_test_set {
    struct rp_test *tests; /* by file and place in it */
    uint32_t test_count;
    struct rp_test_step *steps; /* of all sequences: what coverage speaks of */
    uint32_t step_count;
};

/* ---- For the runner: test_look.c ---------------------------------------------------------------
 */

/* A value against an expectation's matcher, against the fold's rules. A text without a pointer is
 * unknown. */
bool rp_test_text_holds(struct rp_fold *fold, const struct rp_matcher *match, struct rp_str text);
bool rp_test_milli_holds(struct rp_fold *fold, const struct rp_matcher *match, int64_t milli);

/* What one event, just folded, asked of the score rules: of its kind (bit 0), points given (bit 1).
 * `marks` has a byte for each score rule and is written whole. */
enum { RP_ASKED = 1, RP_GAVE = 2 };
void rp_test_asked(struct rp_fold *fold, const struct rp_decision *decision, uint8_t *marks);
/* The band of each fit rule that counts for the lead now; RP_NONE: none. Of a `when`: 0 or
 * RP_NONE. */
void rp_test_bands(struct rp_fold *fold, const struct rp_lead *lead, int64_t now_ms,
                   uint32_t *ret_bands);
/* Of a dimension `by` a field: its best key (unknown when there is none), and the score of a key.
 */
struct rp_str rp_test_top(struct rp_fold *fold, const struct rp_lead *lead, uint32_t dim,
                          int64_t now_ms);
int64_t rp_test_by(struct rp_fold *fold, const struct rp_lead *lead, uint32_t dim,
                   struct rp_str key, int64_t now_ms);
/* The key's value in the lead's profile, or what actions set; false when no rule reads it or it is
 * unknown. */
bool rp_test_trait(struct rp_fold *fold, const struct rp_lead *lead, struct rp_str key,
                   int64_t now_ms, struct rp_str *ret_text);

#endif
