/* SPDX-License-Identifier: MIT */
/* The evaluation. One fold for live and late events, recovery, try, explain and back-test: an event
 * goes into a lead's cells in effective order and grants points; judging then asks stages and
 * actions. Pure: nothing is read but the arguments, nothing is written but the lead's cells and the
 * results. */
#ifndef RP_ENGINE_FOLD_H
#define RP_ENGINE_FOLD_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "engine/ruleset.h"
#include "engine/vm.h"
#include "model/decision.h"
#include "model/event.h"
#include "model/lead.h"
#include "model/rule_count.h"

/* One contribution, for the explanation. */
struct rp_trace_row {
    struct rp_grant grant;
    uint32_t sum;         /* of the grant; its decay tells the value at a time; RP_NONE: given by
                             hand, in full until until_ms */
    int64_t event, at_ms; /* event row, effective time */
    struct rp_str message_id, event_name;
    int64_t until_ms;
    struct rp_str why; /* the rule's sentence with its placeholders filled; "": it has none */
};

/* Called for every hit, also for those cut to 0. The row's texts live until the call returns. */
typedef void rp_trace_fn(void *ctx, const struct rp_trace_row *row);

/* The most valuable reasons of a lead now, as text ("Asked for a demo, Company size"), made by
 * whoever can re-fold the lead's history; the result lives in the arena. */
typedef struct rp_str rp_reasons_fn(void *ctx, struct rp_arena *arena, const struct rp_lead *lead,
                                    int64_t now_ms, uint32_t top);

/* What `assign` asks of whoever keeps the record of turns. */
struct rp_turns {
    void *ctx;
    /* Who of the team got a lead last, in the arena; "": nobody. */
    struct rp_str (*last)(void *ctx, struct rp_arena *arena, struct rp_str team);
    /* How many leads somebody owns. */
    int64_t (*owned)(void *ctx, struct rp_str owner);
};

struct rp_fold {
    const struct rp_rules *rules;
    struct rp_vm *vm;       /* may be NULL when rules->test_count is 0 */
    struct rp_arena *arena; /* of the unit of work: results and scratch */
    uint32_t model;         /* the one that decides and is read; 0, the control, at first. Every
                               model is scored whatever stands here */
    struct rp_rule_count *counts; /* [score]; NULL: nothing is counted. Only events that have no row
                                     yet (id 0) count: a re-fold is no news */
    rp_trace_fn *trace;           /* NULL: none */
    void *trace_ctx;
    rp_reasons_fn *reasons; /* NULL: {reasons.top(n)} is "" */
    void *reasons_ctx;
    uint32_t explore;             /* the next rp_judge enters this stage + 1 though its `enter` does
                                     not hold, if the lead may come from where it is; 0: none */
    bool no_sequences;            /* history is judged: they end, none starts or goes on */
    const struct rp_turns *turns; /* NULL: nobody had a turn yet */
    struct rp_scratch *scratch;   /* of rp_fold_init */
};

void rp_fold_init(struct rp_fold *fold, const struct rp_rules *rules, struct rp_vm *vm,
                  struct rp_arena *arena);
void rp_fold_fini(struct rp_fold *fold);

/* True when the event goes behind everything that the lead's cells hold, so that it can be folded
 * in; false: it is late, clear the fold's cells and fold the whole history. */
bool rp_fold_in_order(const struct rp_lead *lead, const struct rp_event *event);

/* Folds one event into the cells. Grants, faults and `excluded` are added to *decision. Never
 * fails: a rule that does costs its own contribution. */
void rp_fold_event(struct rp_fold *fold, struct rp_lead *lead, const struct rp_event *event,
                   struct rp_decision *decision);

/* Before a late event is folded with the whole history: keeps what crossed(…) compares with, for
 * the next rp_judge. The lead's cells are of these rules. */
void rp_fold_before(struct rp_fold *fold, const struct rp_lead *lead, int64_t now_ms);

/* Stages, statuses, then actions, for an event just folded, or for a moment (`event` NULL): a
 * timer. Moves lead->stage, status and their times, and judged_ms; adds moves, statuses, intents
 * and facts_set. `now_ms` is the event's receivedAt, or the timer's due time. */
void rp_judge(struct rp_fold *fold, struct rp_lead *lead, const struct rp_event *event,
              int64_t now_ms, struct rp_decision *decision);

/* What an action's `assign` part would do now, beside a judgement (assign.c): an intent, held when
 * nobody can take the lead, else with the change of hands when it has one. The lead's cells are of
 * these rules. */
void rp_assign_again(struct rp_fold *fold, struct rp_lead *lead, uint32_t action, uint16_t part,
                     int64_t now_ms, struct rp_decision *decision);

/* What models that do not act would do now (enter.c). First rp_enter_begin for the event just
 * folded, or for a moment (NULL), before rp_judge; then as many questions as there are. */
void rp_enter_begin(struct rp_fold *fold, const struct rp_lead *lead, const struct rp_event *event,
                    int64_t now_ms);
bool rp_enter_holds(struct rp_fold *fold, uint32_t model, uint32_t stage);
int64_t rp_enter_total(struct rp_fold *fold, uint32_t model); /* thousandths */
/* An `exclude` holds for the lead's profile. */
bool rp_lead_excluded(struct rp_fold *fold, const struct rp_lead *lead, int64_t now_ms);

/* ---- Reading ------------------------------------------------------------------------------------
 */

/* The value of a dimension now, in range, thousandths. dim RP_NONE: the total. */
int64_t rp_lead_score(struct rp_fold *fold, const struct rp_lead *lead, uint32_t model,
                      uint32_t dim, int64_t now_ms);
/* "A1"; "" without grades. */
struct rp_str rp_lead_grade(struct rp_fold *fold, const struct rp_lead *lead, uint32_t model,
                            int64_t now_ms);
/* Whether a condition holds for the lead now, without an event: a segment's. */
bool rp_lead_holds(struct rp_fold *fold, const struct rp_lead *lead, const struct rp_cond *cond,
                   int64_t now_ms);
/* A trait, touch or state field as text; false when unknown. */
bool rp_lead_field(struct rp_fold *fold, const struct rp_lead *lead, uint32_t field, int64_t now_ms,
                   struct rp_str *ret_text);
/* What the fit rule of that number measures, when that is a count of events; false: unknown. */
bool rp_lead_measure(struct rp_fold *fold, const struct rp_lead *lead, uint32_t fit, int64_t now_ms,
                     double *ret_value);
/* "total", "grade", "scores":{…} as members of an object that is open in jw. */
struct rp_jw;
void rp_lead_scores_json(struct rp_fold *fold, const struct rp_lead *lead, uint32_t model,
                         int64_t now_ms, struct rp_jw *jw);

/* ---- Explanation
 * --------------------------------------------------------------------------------- */

/* Collects trace rows of a re-fold and prints them so that they sum exactly (engine.md). */
struct rp_explain;
struct rp_explain *rp_explain_new(const struct rp_rules *rules, uint32_t model);
void rp_explain_free(struct rp_explain *explain);
rp_trace_fn rp_explain_trace; /* ctx: the struct rp_explain */
/* "dimensions":{…} with rows, as a member of an open object. */
void rp_explain_json(struct rp_explain *explain, struct rp_fold *fold, const struct rp_lead *lead,
                     int64_t at_ms, struct rp_jw *jw);
void rp_explain_text(struct rp_explain *explain, struct rp_fold *fold, const struct rp_lead *lead,
                     int64_t at_ms, struct rp_buf *out);
struct rp_str rp_explain_top(struct rp_explain *explain, struct rp_fold *fold,
                             const struct rp_lead *lead, int64_t at_ms, uint32_t top);

/* True when the event is of a kind that the rule asks for (its own name, an alias, "*"). */
bool rp_event_is_kind(struct rp_fold *fold, const struct rp_event *event,
                      const struct rp_score *score);

/* ---- Why not
 * -------------------------------------------------------------------------------------- */

/* In words, with the actual values: why stage `stage` is not entered now. True when it would be. */
bool rp_why_not_stage(struct rp_fold *fold, const struct rp_lead *lead, uint32_t stage,
                      int64_t now_ms, struct rp_buf *out);
/* Why rule `rule` gave nothing for this event (the lead's cells as they were before it). */
bool rp_why_not_rule(struct rp_fold *fold, const struct rp_lead *lead, uint32_t rule,
                     const struct rp_event *event, struct rp_buf *out);
/* What action `action` waits for, and what its `when` still needs. True when it has run for the
 * present stage. */
bool rp_why_not_action(struct rp_fold *fold, const struct rp_lead *lead, uint32_t action,
                       int64_t now_ms, struct rp_buf *out);

#endif
