/* SPDX-License-Identifier: MIT */
/* Judges leads for a moment, without an event. States of the generation in force are taken as they
 * are; others are folded from their events first. Leads that are set aside are left to their job.
 */
#include "core/evaluate.h"

#include "base/mem.h"
#include "base/num.h"
#include "core/core_priv.h"
#include "core/reader_priv.h"
#include "core/timers.h"
#include "store/states.h"

#include <stdlib.h>

enum { PAGE = 512 };

static int stage_of(const struct rp_rules *rules, struct rp_str name, uint32_t *ret_stage,
                    struct rp_err *err)
{
    *ret_stage = name.len > 0 ? rp_rules_stage(rules, name) : RP_NONE;
    if (name.len > 0 && *ret_stage == RP_NONE) {
        return rp_err_set(err, RIPEN_EINPUT,
                          "the rules have no stage \"%.*s\"; `ripen rules show` lists them",
                          RP_STR_ARG(name));
    }
    return 0;
}

static struct rp_str email_of(struct rp_arena *arena, struct rp_store *store,
                              const struct rp_lead *lead)
{
    size_t count;
    const struct rp_head *heads = rp_lead_heads(lead, &count);

    for (size_t i = 0; i < count; i++) {
        struct rp_identity node;

        if (rp_identity_get(arena, store, heads[i].node, &node, NULL) == 0 &&
            node.kind == RP_NODE_EMAIL) {
            return node.value;
        }
    }
    return RP_STR("");
}

static void tell_moves(struct rp_arena *arena, struct rp_store *store, const struct rp_rules *rules,
                       const struct rp_lead *lead, const struct rp_decision *decision,
                       const struct rp_evaluate_options *options)
{
    for (size_t i = 0; i < decision->move_count && options->would; i++) {
        const struct rp_move *move = &decision->moves[i];
        struct rp_would would = {
            .lead = rp_str_from(lead->public_id),
            .email = email_of(arena, store, lead),
            .from = rules->stages[move->from].name,
            .to = rules->stages[move->to].name,
            .because = move->because,
        };

        options->would(options->ctx, &would);
    }
}

/* ---- From the file ----------------------------------------------------------------------------
 */

static int ask_lead(struct rp_reader *reader, struct rp_fold *fold, struct rp_lead *lead,
                    struct rp_str stage, const struct rp_evaluate_options *options,
                    size_t *ret_leads, struct rp_err *err)
{
    uint32_t index = rp_rules_stage(reader->rules, stage);
    bool recent = rp_recent_concerns(&reader->recent, lead);
    struct rp_decision decision = {0};
    struct rp_history history;
    int status = 0;

    if (options->stage.len > 0 && !rp_str_eq(options->stage, stage)) {
        return 0;
    }
    rp_recent_apply(&reader->recent, lead);
    lead->stage = index == RP_NONE ? RP_STAGE_NONE : (uint16_t)index;
    if (recent || lead->generation != reader->rules->number) {
        status = rp_history_load(&reader->arena, reader->store, lead, NULL, 0, &history, err);
        if (status == 0) {
            rp_history_fold(fold, lead, &history, INT64_MAX, NULL, NULL);
        }
    }
    if (status == 0) {
        ++*ret_leads;
        fold->model = rp_trying_model(&reader->trying, lead);
        rp_judge(fold, lead, NULL, options->now_ms, &decision);
        tell_moves(&reader->arena, reader->store, reader->rules, lead, &decision, options);
    }
    return status;
}

static int ask_page(struct rp_reader *reader, const int64_t *ids, int count,
                    const struct rp_evaluate_options *options, size_t *ret_leads,
                    struct rp_err *err)
{
    struct rp_fold fold;
    int status = 0;

    rp_fold_init(&fold, reader->rules, reader->vm, &reader->arena);
    for (int i = 0; i < count && status == 0; i++) {
        struct rp_str stage = RP_STR("");
        struct rp_lead lead;

        rp_lead_init(&lead);
        status = rp_state_load(reader->store, ids[i], &lead, &stage, err);
        if (status == 0) {
            status = ask_lead(reader, &fold, &lead, stage, options, ret_leads, err);
        } else if (status == RIPEN_ENOTFOUND) {
            status = 0; /* not written yet: it was judged a moment ago */
        }
        rp_lead_fini(&lead);
        rp_arena_reset(&reader->arena);
    }
    rp_fold_fini(&fold);
    return status;
}

int rp_reader_evaluate(struct rp_reader *reader, const struct rp_evaluate_options *options,
                       size_t *ret_leads, struct rp_err *err)
{
    int64_t ids[PAGE];
    int64_t after = 0;
    int got = 1;
    int status = 0;

    *ret_leads = 0;
    while (status == 0 && got > 0) {
        uint32_t stage;

        status = rp_reader_begin(reader, err);
        if (status == 0) {
            status = stage_of(reader->rules, options->stage, &stage, err);
        }
        got = status == 0 ? rp_state_ids(reader->store, after, ids, PAGE, err) : status;
        if (got > 0) {
            status = ask_page(reader, ids, got, options, ret_leads, err);
            after = ids[got - 1];
        }
        status = rp_reader_end(reader, got < 0 ? got : status);
    }
    return status;
}

/* ---- In the core ------------------------------------------------------------------------------
 */

static int judge_lead(struct rp_core *core, struct rp_cached *lead,
                      const struct rp_evaluate_options *options, struct rp_err *err)
{
    struct rp_decision decision = {0};
    int status = rp_core_complete(core, lead, err);

    if (status != 0) {
        return status;
    }
    rp_core_act_as(core, &lead->lead);
    rp_judge(&core->fold, &lead->lead, NULL, options->now_ms, &decision);
    if (decision.move_count || decision.status_count || decision.intent_count) {
        lead->lead.flags |= RP_LEAD_SAVE; /* no event row makes recovery look at this lead */
    }
    tell_moves(&core->arena, core->store, core->rules, &lead->lead, &decision, options);
    status = rp_core_record(core, lead, NULL, &decision, options->now_ms, err);
    if (status != 0) {
        return status;
    }
    rp_core_timer_derive(core, lead);
    rp_core_dirty(core, lead);
    if (lead->lead.flags & RP_LEAD_SAVE) {
        status = rp_core_save(core, lead, err);
        lead->lead.flags &= (uint16_t)~RP_LEAD_SAVE;
    }
    return status;
}

static int judge_page(struct rp_core *core, const struct rp_evaluate_options *options,
                      int64_t *after, int max, size_t *leads, struct rp_err *err)
{
    int64_t *ids = RP_ARENA_ARRAY(&core->arena, int64_t, (size_t)max);
    uint32_t stage;
    int status = stage_of(core->rules, options->stage, &stage, err);
    int got = status == 0 ? rp_state_ids(core->store, *after, ids, max, err) : status;

    for (int i = 0; i < got && status == 0; i++) {
        struct rp_cached *lead;

        status = rp_core_lead(core, ids[i], &lead, err);
        if (status == 0 && !rp_aside_has(core, ids[i]) &&
            (stage == RP_NONE || lead->lead.stage == stage)) {
            ++*leads;
            status = judge_lead(core, lead, options, err);
        }
    }
    if (status == 0 && got > 0) {
        *after = ids[got - 1];
    }
    return status < 0 ? status : got;
}

int rp_core_evaluate(struct rp_core *core, const struct rp_evaluate_options *options,
                     int64_t *after, int max, size_t *leads, struct rp_err *err)
{
    int status = core->stale ? rp_core_recover(core, err) : 0;
    int got = 0;

    RP_ASSERT(core->rules != NULL && max > 0);
    if (status == 0) {
        status = rp_store_begin(core->store, err);
    }
    if (status == 0) {
        got = judge_page(core, options, after, max, leads, err);
        status = got < 0 ? got : rp_store_commit(core->store, err);
        if (status != 0) {
            rp_store_rollback(core->store);
            core->stale = true;
        }
    }
    rp_arena_reset(&core->arena);
    return status == 0 ? got : status;
}

void rp_would_write(struct rp_jw *jw, const struct rp_would *would)
{
    rp_jw_object(jw);
    rp_jw_put_str(jw, "lead", would->lead);
    rp_jw_put_str(jw, "email", would->email);
    rp_jw_put_str(jw, "from", would->from);
    rp_jw_put_str(jw, "to", would->to);
    rp_jw_put_str(jw, "because", would->because);
    rp_jw_object_end(jw);
}

static void add_move(void *ctx, const struct rp_would *would)
{
    rp_would_write(ctx, would);
}

int rp_core_evaluate_portion(struct rp_core *core, struct rp_str stage, struct rp_str after,
                             int64_t now_ms, struct rp_buf *out, struct rp_err *err)
{
    struct rp_jw jw = rp_jw(out);
    struct rp_evaluate_options options = {
        .stage = stage, .now_ms = now_ms, .would = add_move, .ctx = &jw};
    double number = 0;
    int64_t at;
    size_t leads = 0;
    int got;

    if (after.len > 0 && (!rp_number_parse(after, &number) || number < 0 || number > 1e15)) {
        return rp_err_set(err, RIPEN_EINPUT, "\"after\" is the number of the last answer, not %.*s",
                          RP_STR_ARG(after));
    }
    at = (int64_t)number;
    rp_jw_object(&jw);
    rp_jw_key(&jw, "moves");
    rp_jw_array(&jw);
    got = rp_core_evaluate(core, &options, &at, PAGE, &leads, err);
    rp_jw_array_end(&jw);
    rp_jw_put_int(&jw, "leads", (int64_t)leads);
    rp_jw_put_int(&jw, "after", at);
    rp_jw_put_bool(&jw, "done", got == 0);
    rp_jw_object_end(&jw);
    return got < 0 ? got : 0;
}
