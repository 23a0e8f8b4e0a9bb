/* SPDX-License-Identifier: MIT */
/* The decision trace of a failed test: each event with what it gave and caused, then what nearly
 * happened, with the first condition that failed and its actual values. Reads a look; writes
 * lines that fit a terminal. */
#include "base/hash.h"
#include "base/limits.h"
#include "base/num.h"
#include "core/trial_priv.h"

enum {
    NEAR_MISSES_MAX = 6,
    TRACE_COLUMNS = RP_TRIAL_COLUMNS - RP_TRIAL_INDENT /* it is shown that far to the right */
};

struct trace {
    struct rp_playing *p;
    struct rp_look *look;
    struct rp_buf *out;
    size_t move, status, action; /* shown so far, of those by time alone */
    /* Near misses: */
    size_t *last; /* [score]: 1 + the event that asked it last and got nothing; 0: none */
    bool *cut;    /* [score]: there its condition held, and a limit took the points */
    bool *wanted; /* [score] */
    uint8_t *marks;
    bool excluded; /* some event was left out */
};

void rp_trial_wrap(struct rp_buf *out, size_t columns, size_t indent, size_t more,
                   struct rp_str text)
{
    size_t at = 0, column = indent;

    rp_buf_printf(out, "%*s", (int)indent, "");
    while (at < text.len) {
        size_t len = 0, wide = 0;

        while (at + len < text.len && text.ptr[at + len] != ' ') {
            wide += ((unsigned char)text.ptr[at + len] & 0xc0) != 0x80;
            len++;
        }
        if (column > indent + more && column + 1 + wide > columns) {
            rp_buf_printf(out, "\n%*s", (int)(indent + more), "");
            column = indent + more;
        } else if (at > 0) {
            rp_buf_char(out, ' ');
            column++;
        }
        rp_buf_add(out, text.ptr + at, len);
        column += wide;
        at += len + 1;
    }
    rp_buf_char(out, '\n');
}

static void line(struct trace *t, size_t indent, struct rp_buf *words)
{
    rp_trial_wrap(t->out, TRACE_COLUMNS, indent, 2, rp_buf_view(words));
    rp_buf_fini(words);
}

/* ---- What happened --------------------------------------------------------------------------- */

static void say_moves(struct trace *t, int64_t event, int64_t until_ms)
{
    const struct rp_view *view = &t->look->view;

    for (size_t i = t->look->first_move; i < view->move_count; i++) {
        const struct rp_move_row *move = &view->moves[i];
        struct rp_buf words = {0};

        if (move->event != event || move->at_ms > until_ms || (event == 0 && i < t->move))
            continue;
        if (event == 0) {
            t->move = i + 1;
            rp_duration_print(&words, move->at_ms - t->p->test->at_ms);
            rp_buf_text(&words, "  by time alone: ");
        }
        rp_buf_printf(&words, "stage %.*s -> %.*s, because %.*s", RP_STR_ARG(move->from),
                      RP_STR_ARG(move->to), RP_STR_ARG(move->because));
        line(t, event == 0 ? 2 : 6, &words);
    }
}

static void say_statuses(struct trace *t, int64_t event, int64_t until_ms)
{
    const struct rp_view *view = &t->look->view;

    for (size_t i = 0; i < view->status_count; i++) {
        const struct rp_status_row *row = &view->statuses[i];
        struct rp_buf words = {0};

        if (row->event != event || row->at_ms > until_ms || (event == 0 && i < t->status) ||
            rp_row_is_given(t->look, row->event))
            continue;
        if (event == 0) {
            t->status = i + 1;
            rp_duration_print(&words, row->at_ms - t->p->test->at_ms);
            rp_buf_text(&words, "  by time alone: ");
        }
        rp_buf_printf(&words, "status %.*s%s%.*s.%.*s, because %.*s", RP_STR_ARG(row->from),
                      row->from.len ? " -> " : "", RP_STR_ARG(row->stage), RP_STR_ARG(row->to),
                      RP_STR_ARG(row->because));
        line(t, event == 0 ? 2 : 6, &words);
    }
}

/* Listed newest first; a part of an action has a row. */
static void say_actions(struct trace *t, int64_t event, int64_t until_ms)
{
    const struct rp_view *view = &t->look->view;

    for (size_t i = view->action_count; i-- > 0;) {
        const struct rp_outbox_row *row = &view->actions[i];
        struct rp_buf words = {0};

        if (row->event != event || row->created_ms > until_ms ||
            (event == 0 && view->action_count - i <= t->action))
            continue;
        if (event == 0)
            t->action = view->action_count - i;
        rp_buf_printf(&words, "action %.*s: %s to %.*s", RP_STR_ARG(row->action),
                      rp_action_kind_name(row->kind),
                      RP_STR_ARG(row->to.len ? row->to : RP_STR("the lead")));
        if (row->state == RP_OUTBOX_HELD)
            rp_buf_printf(&words, " (held back: %.*s)", RP_STR_ARG(row->error));
        line(t, 6, &words);
    }
}

static void say_grant(struct trace *t, const struct rp_grant *grant)
{
    const struct rp_rules *rules = &t->p->rules;
    struct rp_buf words = {0};

    rp_buf_printf(&words, "%.*s", RP_STR_ARG(rules->scores[grant->rule].name));
    rp_buf_text(&words, grant->granted >= 0 ? " +" : " ");
    rp_milli_print(&words, grant->granted);
    rp_buf_printf(&words, " %.*s", RP_STR_ARG(rules->dims[grant->dim].name));
    if (grant->cut.len > 0) {
        rp_buf_text(&words, " (asked ");
        rp_milli_print(&words, grant->asked);
        rp_buf_printf(&words, ", cut by %.*s)", RP_STR_ARG(grant->cut));
    }
    if (grant->evidence.len > 0)
        rp_buf_printf(&words, ": %.*s", RP_STR_ARG(grant->evidence));
    line(t, 6, &words);
}

static void say_label(const struct rp_event *event, struct rp_buf *words)
{
    const struct rp_prop *path = rp_event_get(event, rp_path_of(RP_STR("properties.path")));
    const struct rp_prop *stage = rp_event_get(event, rp_path_of(RP_STR("properties.stage")));

    if (rp_event_is_given(event)) {
        rp_buf_text(words, "given: ");
        if (event->type == RP_TRACK && stage)
            rp_buf_printf(words, "stage %.*s", RP_STR_ARG(stage->text));
        else
            rp_buf_text(words, "the lead");
        return;
    }
    rp_buf_text(words, event->type == RP_GROUP ? "account" : rp_event_type_name(event->type));
    if (event->type == RP_TRACK)
        rp_buf_printf(words, " \"%.*s\"", RP_STR_ARG(event->name));
    else if (path && path->type == RP_STRING)
        rp_buf_printf(words, " %.*s", RP_STR_ARG(path->text));
}

static void say_event(void *ctx, struct rp_look *look, size_t index, struct rp_lead *lead,
                      const struct rp_decision *decision)
{
    struct trace *t = ctx;
    const struct rp_event *event = &look->view.history.events[index];
    struct rp_buf words = {0};

    size_t count = look->view.history.count;

    (void)lead;
    if (count - index > RP_TRACE_EVENTS_MAX) {
        if (index == 0)
            rp_buf_printf(t->out, "  … %zu earlier events\n", count - RP_TRACE_EVENTS_MAX);
        return;
    }
    say_moves(t, 0, event->received_ms);
    say_statuses(t, 0, event->received_ms);
    say_actions(t, 0, event->received_ms);
    rp_duration_print(&words, event->received_ms - t->p->test->at_ms);
    rp_buf_text(&words, "  ");
    say_label(event, &words);
    if (event->effective_ms < event->received_ms) {
        rp_buf_text(&words, ", which happened ");
        rp_duration_print(&words, event->received_ms - event->effective_ms);
        rp_buf_text(&words, " earlier");
    }
    line(t, 2, &words);
    if (decision->excluded)
        rp_trial_wrap(t->out, TRACE_COLUMNS, 6, 2, RP_STR("left out: an exclude holds"));
    for (size_t i = 0; i < decision->grant_count; i++)
        if (decision->grants[i].model == look->view.fold.model)
            say_grant(t, &decision->grants[i]);
    for (size_t i = 0; i < decision->fault_count; i++) {
        const struct rp_fault *fault = &decision->faults[i];

        rp_buf_printf(&words, "%.*s failed: %.*s", RP_STR_ARG(fault->rule),
                      RP_STR_ARG(fault->message));
        line(t, 6, &words);
    }
    say_moves(t, event->id, INT64_MAX);
    say_statuses(t, event->id, INT64_MAX);
    say_actions(t, event->id, INT64_MAX);
}

/* ---- What nearly happened -------------------------------------------------------------------- */

static void find_asked(void *ctx, struct rp_look *look, size_t index, struct rp_lead *lead,
                       const struct rp_decision *decision)
{
    struct trace *t = ctx;

    (void)lead;
    if (rp_event_is_given(&look->view.history.events[index]))
        return;
    t->excluded |= decision->excluded;
    rp_test_asked(&look->view.fold, decision, t->marks);
    for (uint32_t i = 0; i < t->p->rules.score_count; i++)
        if (t->marks[i] == RP_ASKED && !t->cut[i])
            t->last[i] = index + 1;
    for (size_t i = 0; i < decision->grant_count; i++) {
        const struct rp_grant *grant = &decision->grants[i];

        if (grant->model == look->view.fold.model && t->marks[grant->rule] == RP_ASKED) {
            t->last[grant->rule] = index + 1;
            t->cut[grant->rule] = true;
        }
    }
}

static void say_near(void *ctx, struct rp_look *look, size_t index, struct rp_lead *lead,
                     const struct rp_decision *decision)
{
    struct trace *t = ctx;
    const struct rp_event *event = &look->view.history.events[index];

    (void)decision;
    for (uint32_t i = 0; i < t->p->rules.score_count; i++) {
        struct rp_buf words = {0}, why = {0};

        if (t->last[i] != index + 1 || !t->wanted[i])
            continue;
        rp_buf_printf(&words, "%.*s, at ", RP_STR_ARG(t->p->rules.scores[i].name));
        rp_duration_print(&words, event->received_ms - t->p->test->at_ms);
        rp_buf_text(&words, ": ");
        (void)rp_why_not_rule(&look->view.fold, lead, i, event, &why);
        rp_buf_str(&words, rp_buf_view(&why));
        rp_buf_fini(&why);
        line(t, 2, &words);
    }
}

/* Rules that the expectation names, and some others that were asked and never gave anything. */
static void choose_near(struct trace *t, const struct rp_test_moment *moment)
{
    const struct rp_rules *rules = &t->p->rules;
    int others = 0;

    for (uint32_t e = 0; e < moment->expect_count; e++)
        for (uint32_t i = 0; i < moment->expects[e].entry_count; i++)
            if (moment->expects[e].op == RP_EXPECT_FIRED)
                t->wanted[moment->expects[e].entries[i].index] = true;
    for (uint32_t i = 0; i < rules->score_count; i++) {
        struct rp_buf words = {0};

        if (t->wanted[i] && t->last[i] == 0 && t->look->fired[i] == 0) {
            rp_buf_printf(&words, "%.*s waits for", RP_STR_ARG(rules->scores[i].name));
            for (uint32_t k = 0; k < rules->scores[i].on_count; k++)
                rp_buf_printf(&words, "%s \"%.*s\"", k ? " or" : "",
                              RP_STR_ARG(rules->kinds[rules->scores[i].on[k]].name));
            rp_buf_text(&words, t->excluded ? ", and what was played is left out by an exclude"
                                            : ", and no such event was played");
            line(t, 2, &words);
        }
        if (!t->wanted[i] && t->last[i] > 0 && t->look->fired[i] == 0 && others < NEAR_MISSES_MAX) {
            t->wanted[i] = true;
            others++;
        }
    }
}

static void say_stage(struct trace *t, const struct rp_expect *expect)
{
    const struct rp_rules *rules = &t->p->rules;
    struct rp_buf words = {0}, why = {0};
    uint32_t stage = RP_NONE;

    if (expect->match.op == RP_MATCH_EQ && expect->match.value_count == 1)
        stage = rp_rules_stage(rules, expect->match.values[0].text);
    if (stage == RP_NONE || rp_str_eq(rp_view_stage(&t->look->view), rules->stages[stage].name))
        return;
    rp_buf_printf(&words, "stage %.*s: ", RP_STR_ARG(rules->stages[stage].name));
    (void)rp_why_not_stage(&t->look->view.fold, &t->look->view.lead, stage, t->p->now_ms, &why);
    rp_buf_str(&words, rp_buf_view(&why));
    rp_buf_fini(&why);
    line(t, 2, &words);
}

/* ---- Actions --------------------------------------------------------------------------------- */

/* The action's stage was entered, and every time left again in the same evaluation. */
static bool only_passed(const struct trace *t, const struct rp_action *action)
{
    const struct rp_view *view = &t->look->view;
    bool passed = false;

    if (action->on.op != RP_TRIGGER_ENTERED || action->even_when_passing)
        return false;
    for (size_t i = t->look->first_move; i < view->move_count; i++) {
        const struct rp_move_row *move = &view->moves[i];

        if (!rp_str_eq(move->to, t->p->rules.stages[action->on.index].name))
            continue;
        if (!move->passing)
            return false;
        passed = true;
    }
    return passed;
}

static void say_action(struct trace *t, uint32_t index)
{
    const struct rp_action *action = &t->p->rules.actions[index];
    struct rp_buf words = {0}, why = {0};

    rp_buf_printf(&words, "action %.*s: ", RP_STR_ARG(action->name));
    if (only_passed(t, action))
        rp_buf_text(&words, "the lead only passed through the stage; such an action needs "
                            "even_when_passing = true");
    else
        (void)rp_why_not_action(&t->look->view.fold, &t->look->view.lead, index, t->p->now_ms,
                                &why);
    rp_buf_str(&words, rp_buf_view(&why));
    rp_buf_fini(&why);
    line(t, 2, &words);
}

static void say_others(struct trace *t, const struct rp_test_moment *moment)
{
    for (uint32_t e = 0; e < moment->expect_count; e++) {
        const struct rp_expect *expect = &moment->expects[e];

        if (expect->op == RP_EXPECT_STAGE)
            say_stage(t, expect);
        for (uint32_t i = 0; expect->op == RP_EXPECT_SENT && i < expect->entry_count; i++)
            if (t->look->sent[expect->entries[i].index] == 0)
                say_action(t, expect->entries[i].index);
    }
}

struct rp_str rp_trial_trace(struct rp_playing *p, const struct rp_test_moment *moment,
                             struct rp_look *look)
{
    struct rp_arena *arena = &p->reader->arena;
    struct rp_buf out = {0}, near = {0};
    struct trace t = {.p = p,
                      .look = look,
                      .out = &out,
                      .last = RP_ARENA_ARRAY(arena, size_t, p->rules.score_count + 1),
                      .cut = RP_ARENA_ARRAY(arena, bool, p->rules.score_count + 1),
                      .wanted = RP_ARENA_ARRAY(arena, bool, p->rules.score_count + 1),
                      .marks = RP_ARENA_ARRAY(arena, uint8_t, p->rules.score_count + 1)};
    struct rp_str text;

    rp_buf_text(&out, "What happened\n");
    rp_look_replay(look, NULL, say_event, &t);
    say_moves(&t, 0, INT64_MAX);
    say_statuses(&t, 0, INT64_MAX);
    say_actions(&t, 0, INT64_MAX);
    t.out = &near;
    say_others(&t, moment);
    rp_look_replay(look, NULL, find_asked, &t);
    choose_near(&t, moment);
    rp_look_replay(look, say_near, NULL, &t);
    if (near.len > 0)
        rp_buf_printf(&out, "What nearly happened\n%.*s", RP_STR_ARG(rp_buf_view(&near)));
    text = rp_arena_str(&p->result->arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    rp_buf_fini(&near);
    return text;
}
