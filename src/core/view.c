/* SPDX-License-Identifier: MIT */
/* Opens a view of one lead: completes its heads behind the watermark, folds its history up to a
 * moment with a trace, and reads its decisions and actions. */
#include "base/check.h"
#include "core/reader_priv.h"
#include "store/states.h"

#include <string.h>

enum { VIEW_ACTIONS_MAX = 1000 };

static int load_stage(struct rp_reader *reader, struct rp_view *view, struct rp_err *err)
{
    int status = rp_move_list(&reader->arena, reader->store, view->lead.id, &view->moves,
                              &view->move_count, err);
    struct rp_lead *lead = &view->lead;
    size_t last = view->move_count;

    if (status != 0) {
        return status;
    }
    lead->stage = reader->rules->stage_count > 0 ? 0 : RP_STAGE_NONE;
    lead->stage_since_ms = lead->created_ms;
    while (last > 0 && view->moves[last - 1].at_ms > view->at_ms) {
        last--;
    }
    view->move_count = last;
    if (last > 0) {
        uint32_t stage = rp_rules_stage(reader->rules, view->moves[last - 1].to);

        lead->stage = stage == RP_NONE ? RP_STAGE_NONE : (uint16_t)stage;
        lead->stage_since_ms = view->moves[last - 1].at_ms;
    }
    return 0;
}

static int load_status(struct rp_reader *reader, struct rp_view *view, struct rp_err *err)
{
    struct rp_lead *lead = &view->lead;
    int status = rp_status_list(&reader->arena, reader->store, lead->id, &view->statuses,
                                &view->status_count, err);

    lead->status = 0;
    if (status != 0) {
        return status;
    }
    while (view->status_count > 0 && view->statuses[view->status_count - 1].at_ms > view->at_ms) {
        view->status_count--;
    }
    if (view->status_count > 0 &&
        view->statuses[view->status_count - 1].at_ms >= lead->stage_since_ms) {
        lead->status = rp_status_id(view->statuses[view->status_count - 1].to);
        lead->status_since_ms = view->statuses[view->status_count - 1].at_ms;
    }
    return 0;
}

static int load_nodes(struct rp_reader *reader, struct rp_view *view, struct rp_err *err)
{
    const struct rp_head *heads = rp_lead_heads(&view->lead, &view->node_count);

    view->nodes = RP_ARENA_ARRAY(&reader->arena, struct rp_identity, view->node_count + 1);
    for (size_t i = 0; i < view->node_count; i++) {
        int status =
            rp_identity_get(&reader->arena, reader->store, heads[i].node, &view->nodes[i], err);

        if (status != 0) {
            return status;
        }
    }
    return 0;
}

/* What came behind the moment did not happen yet. */
static int load_assignments(struct rp_reader *reader, struct rp_view *view, struct rp_err *err)
{
    int status = rp_assignment_list(&reader->arena, reader->store, view->lead.id,
                                    &view->assignments, &view->assignment_count, err);

    while (status == 0 && view->assignment_count > 0 &&
           view->assignments[view->assignment_count - 1].at_ms > view->at_ms) {
        view->assignment_count--;
    }
    return status;
}

/* Only the newest rows are shown; rows of later moments do not exist yet at at_ms. */
static int load_actions(struct rp_reader *reader, struct rp_view *view, struct rp_err *err)
{
    int status = rp_outbox_list(&reader->arena, reader->store, -1, view->lead.id, 0,
                                VIEW_ACTIONS_MAX, &view->actions, &view->action_count, err);
    size_t kept = 0;

    for (size_t i = 0; status == 0 && i < view->action_count; i++) {
        if (view->actions[i].created_ms <= view->at_ms) {
            view->actions[kept++] = view->actions[i];
        }
    }
    view->action_count = kept;
    return status;
}

/* The grants of one event, from `first` on: a rule that gave in several dimensions fired once.
 * last: [score rule], the number of the event at which it was counted last, from 1. */
static void count_fired(struct rp_view *view, size_t first, size_t *last, size_t number)
{
    for (size_t i = first; i < view->decision.grant_count; i++) {
        const struct rp_grant *grant = &view->decision.grants[i];

        if (grant->granted != 0 && grant->model == view->fold.model &&
            last[grant->rule] != number) {
            last[grant->rule] = number;
            view->fired[grant->rule]++;
        }
    }
}

static void fold_all(struct rp_reader *reader, struct rp_view *view)
{
    size_t rules = reader->rules->score_count + 1;
    size_t *last = RP_ARENA_ARRAY(&reader->arena, size_t, rules);

    view->fired = RP_ARENA_ARRAY(&reader->arena, uint32_t, rules);
    rp_fold_init(&view->fold, reader->rules, reader->vm, &reader->arena);
    view->fold.model = rp_reader_model_of(reader, &view->lead);
    view->fold.trace = rp_explain_trace;
    view->fold.trace_ctx = view->explain;
    rp_lead_cells_clear_fold(&view->lead);
    for (size_t i = 0; i < view->history.count; i++) {
        size_t first = view->decision.grant_count;

        if (view->history.events[i].effective_ms > view->at_ms) {
            break;
        }
        rp_fold_event(&view->fold, &view->lead, &view->history.events[i], &view->decision);
        count_fired(view, first, last, i + 1);
    }
    view->lead.generation = reader->rules->number;
}

int rp_view_open(struct rp_reader *reader, int64_t lead, int64_t at_ms, struct rp_view *ret_view,
                 struct rp_err *err)
{
    struct rp_str stage;
    int status;

    *ret_view = (struct rp_view){.at_ms = at_ms};
    rp_lead_init(&ret_view->lead);
    status = rp_state_load(reader->store, lead, &ret_view->lead, &stage, err);
    if (status == RIPEN_ENOTFOUND && ret_view->lead.public_id[0] != '\0') {
        status = 0; /* no state was written yet: everything lies behind the watermark */
    }
    ret_view->lead.id = lead;
    if (status == 0) {
        rp_recent_apply(&reader->recent, &ret_view->lead);
        status = rp_history_load(&reader->arena, reader->store, &ret_view->lead, NULL, 0,
                                 &ret_view->history, err);
    }
    if (status == 0) {
        status = load_nodes(reader, ret_view, err);
    }
    if (status == 0) {
        status = load_stage(reader, ret_view, err);
    }
    if (status == 0) {
        status = load_status(reader, ret_view, err);
    }
    if (status == 0) {
        status = load_assignments(reader, ret_view, err);
    }
    if (status == 0) {
        status = rp_view_load_sequences(reader, lead, at_ms, &ret_view->sequences, err);
    }
    if (status == 0) {
        status = load_actions(reader, ret_view, err);
    }
    if (status == 0) {
        status = rp_view_load_suppressed(reader, ret_view, err);
    }
    if (status != 0) {
        rp_view_close(ret_view);
        return status;
    }
    ret_view->explain = rp_explain_new(reader->rules, rp_reader_model_of(reader, &ret_view->lead));
    fold_all(reader, ret_view);
    return 0;
}

void rp_view_close(struct rp_view *view)
{
    rp_lead_fini(&view->lead);
    rp_explain_free(view->explain);
    if (view->fold.rules) {
        rp_fold_fini(&view->fold);
    }
    *view = (struct rp_view){0};
}

struct rp_str rp_view_node(const struct rp_view *view, enum rp_node_kind kind)
{
    for (size_t i = 0; i < view->node_count; i++) {
        if (view->nodes[i].kind == kind) {
            return view->nodes[i].value;
        }
    }
    return RP_STR("");
}

struct rp_str rp_view_stage(const struct rp_view *view)
{
    if (view->move_count > 0) {
        return view->moves[view->move_count - 1].to;
    }
    return view->lead.stage == RP_STAGE_NONE ? RP_STR("")
                                             : view->fold.rules->stages[view->lead.stage].name;
}

struct rp_str rp_view_owner(const struct rp_view *view)
{
    return view->assignment_count > 0 ? view->assignments[view->assignment_count - 1].owner
                                      : RP_STR("");
}
