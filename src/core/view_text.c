/* SPDX-License-Identifier: MIT */
/* A lead as a person reads it in a terminal: the table of leads, one lead's story. */
#include "base/hash.h"
#include "base/json_read.h"
#include "base/num.h"
#include "base/when.h"
#include "core/reader_priv.h"
#include "engine/timers.h"

#include <string.h>

static const char *paint(bool colour, const char *code)
{
    return colour ? code : "";
}

#define BOLD  "\x1b[1m"
#define DIM   "\x1b[2m"
#define GREEN "\x1b[32m"
#define PLAIN "\x1b[0m"

static void time_minutes(struct rp_buf *out, int64_t ms)
{
    struct rp_buf text = {0};

    rp_time_print(&text, ms);
    rp_buf_printf(out, "%.10s %.5s", text.ptr, text.ptr + 11);
    rp_buf_fini(&text);
}

/* Pads to a width in characters (bytes that continue a UTF-8 character do not count). What is
 * longer stands in full, or ends in … when it is to be cut. */
static void cell(struct rp_buf *out, struct rp_str text, size_t width, bool cut)
{
    size_t shown = 0;
    size_t last = 0; /* where the character at the end of the cell begins */
    size_t at = 0;

    while (at < text.len && (!cut || shown < width)) {
        last = at;
        do {
            at++;
        } while (at < text.len && ((unsigned char)text.ptr[at] & 0xc0) == 0x80);
        shown++;
    }
    rp_buf_add(out, text.ptr, at < text.len ? last : at);
    rp_buf_text(out, at < text.len ? "…" : "");
    for (; shown < width; shown++) {
        rp_buf_char(out, ' ');
    }
    rp_buf_text(out, "  ");
}

static struct rp_str field(struct rp_view *view, const char *name)
{
    uint32_t slot = rp_rules_field(view->fold.rules, rp_str_from(name));
    struct rp_str text = RP_STR("");

    if (slot != RP_NONE) {
        (void)rp_lead_field(&view->fold, &view->lead, slot, view->at_ms, &text);
    }
    return text;
}

static struct rp_str handle(struct rp_view *view)
{
    static const enum rp_node_kind order[] = {RP_NODE_EMAIL, RP_NODE_USER, RP_NODE_ANONYMOUS};

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        struct rp_str value = rp_view_node(view, order[i]);

        if (value.len > 0) {
            return value;
        }
    }
    return rp_str_from(view->lead.public_id);
}

/* The table of leads: 112 columns, or 80 without the company and the time of day. */
enum { WIDE = 112, LEAD_WIDTH = 36, COMPANY_WIDTH = 22, DAY_WIDTH = 10 };

static bool is_wide(size_t columns)
{
    return columns == 0 || columns >= WIDE;
}

void rp_view_row_head(size_t columns, bool colour, struct rp_buf *out)
{
    rp_buf_printf(out, "%s%9s  %-5s  %-12s  %-*s  ", paint(colour, BOLD), "score", "grade", "stage",
                  LEAD_WIDTH, "lead");
    if (is_wide(columns)) {
        rp_buf_printf(out, "%-*s  ", COMPANY_WIDTH, "company");
    }
    rp_buf_printf(out, "%s%s\n", is_wide(columns) ? "last seen (UTC)" : "last seen",
                  paint(colour, PLAIN));
}

void rp_view_row(struct rp_view *view, size_t columns, struct rp_buf *out)
{
    struct rp_buf score = {0};
    struct rp_buf seen = {0};
    bool cut = columns > 0;

    rp_milli_print(&score,
                   rp_lead_score(&view->fold, &view->lead, view->fold.model, RP_NONE, view->at_ms));
    rp_buf_printf(out, "%9s  ", score.ptr);
    cell(out, rp_lead_grade(&view->fold, &view->lead, view->fold.model, view->at_ms), 5, cut);
    cell(out, rp_view_stage(view), 12, cut);
    cell(out, handle(view), LEAD_WIDTH, cut);
    time_minutes(&seen, view->lead.updated_ms);
    if (is_wide(columns)) {
        cell(out, field(view, "lead.company.name"), COMPANY_WIDTH, cut);
    }
    rp_buf_printf(out, "%.*s\n", is_wide(columns) ? (int)seen.len : DAY_WIDTH, seen.ptr);
    rp_buf_fini(&score);
    rp_buf_fini(&seen);
}

static void text_scores(struct rp_view *view, bool colour, struct rp_buf *out)
{
    const struct rp_rules *rules = view->fold.rules;

    rp_buf_printf(out, "  score %s", paint(colour, GREEN));
    rp_milli_print(out,
                   rp_lead_score(&view->fold, &view->lead, view->fold.model, RP_NONE, view->at_ms));
    rp_buf_text(out, paint(colour, PLAIN));
    for (uint32_t dim = 0; dim < rules->dim_count; dim++) {
        rp_buf_printf(out, "%s%.*s ", dim ? ", " : "  (", RP_STR_ARG(rules->dims[dim].name));
        rp_milli_print(out,
                       rp_lead_score(&view->fold, &view->lead, view->fold.model, dim, view->at_ms));
    }
    rp_buf_text(out, rules->dim_count ? ")\n" : "\n");
}

/* The deciding condition as the rules say it: the first of reasons.conditions; "" when it is not
 * told. */
static struct rp_str condition_of(struct rp_arena *arena, struct rp_str reasons)
{
    struct rp_json json;
    enum rp_json_token token;
    bool next = false;

    rp_json_init(&json, arena, reasons);
    while ((token = rp_json_next(&json)) > RP_JSON_END) {
        if (next && token == RP_JSON_STRING) {
            return json.string;
        }
        next = token == RP_JSON_KEY && rp_str_is(json.string, "rule");
    }
    return RP_STR("");
}

static void text_moves(struct rp_view *view, struct rp_buf *out)
{
    rp_buf_text(out, view->move_count ? "\nStages\n" : "");
    for (size_t i = 0; i < view->move_count; i++) {
        const struct rp_move_row *move = &view->moves[i];
        struct rp_str condition;

        rp_buf_text(out, "  ");
        time_minutes(out, move->at_ms);
        condition = condition_of(view->fold.arena, move->reasons);
        rp_buf_printf(out, "  %.*s -> %.*s  because %.*s\n", RP_STR_ARG(move->from),
                      RP_STR_ARG(move->to), RP_STR_ARG(condition.len ? condition : move->because));
    }
}

/* "refused", "is told by the CRM" … */
static void text_owners(struct rp_view *view, struct rp_buf *out)
{
    static const char *const words[] = {
        [RP_ASSIGNED_ACTION] = "by its turn",       [RP_ASSIGNED_TRAIT] = "as the CRM says",
        [RP_ASSIGNED_PERSON] = "by hand",           [RP_ASSIGNED_REJECTED] = "rejected by",
        [RP_ASSIGNED_MERGED] = "came with a merge",
    };

    rp_buf_text(out, view->assignment_count ? "\nOwners\n" : "");
    for (size_t i = 0; i < view->assignment_count; i++) {
        const struct rp_assignment_row *row = &view->assignments[i];
        bool rejected = row->by == RP_ASSIGNED_REJECTED;

        rp_buf_text(out, "  ");
        time_minutes(out, row->at_ms);
        rp_buf_printf(out, "  %.*s%s%s", RP_STR_ARG(row->owner.len ? row->owner : RP_STR("nobody")),
                      "  ", words[row->by]);
        if (rejected) {
            rp_buf_printf(out, " %.*s", RP_STR_ARG(row->previous));
        }
        if (row->by == RP_ASSIGNED_ACTION && row->team.len > 0) {
            rp_buf_printf(out, " in team %.*s", RP_STR_ARG(row->team));
        }
        if (row->reason.len > 0) {
            rp_buf_printf(out, " (%.*s)", RP_STR_ARG(row->reason));
        }
        rp_buf_char(out, '\n');
    }
}

static void text_timers(struct rp_view *view, struct rp_buf *out)
{
    size_t count;
    const struct rp_timer *timers = rp_timer_list(&view->fold, &view->lead, view->at_ms, &count);

    rp_buf_text(out, count ? "\nTimers\n" : "");
    for (size_t i = 0; i < count; i++) {
        rp_buf_text(out, "  ");
        time_minutes(out, timers[i].at_ms);
        rp_buf_printf(out, "  %s: %.*s\n", rp_timer_kind_name(timers[i].kind),
                      RP_STR_ARG(timers[i].what));
    }
}

static void text_action(const struct rp_outbox_row *row, struct rp_buf *out)
{
    rp_buf_text(out, "  ");
    time_minutes(out, row->created_ms);
    rp_buf_printf(out, "  %.*s: %s%s%.*s  %s", RP_STR_ARG(row->action),
                  rp_action_kind_name(row->kind), row->to.len ? " to " : "", RP_STR_ARG(row->to),
                  rp_outbox_state_name(row->state));
    if (row->error.len > 0) {
        rp_buf_printf(out, " (%.*s)", RP_STR_ARG(row->error));
    }
    rp_buf_char(out, '\n');
}

static void text_actions(struct rp_view *view, struct rp_buf *out)
{
    rp_buf_text(out, view->action_count ? "\nActions\n" : "");
    for (size_t i = view->action_count; i-- > 0;) {
        text_action(&view->actions[i], out);
    }
}

bool rp_view_was_held(const struct rp_view *view, const struct rp_outbox_row *row)
{
    return row->state == RP_OUTBOX_HELD && row->created_ms <= view->at_ms;
}

void rp_view_held_text(const struct rp_view *view, struct rp_buf *out)
{
    bool any = false;

    for (size_t i = view->action_count; i-- > 0;) {
        if (rp_view_was_held(view, &view->actions[i])) {
            rp_buf_text(out, any ? "" : "\nHeld back\n");
            text_action(&view->actions[i], out);
            any = true;
        }
    }
}

static void text_timeline(struct rp_view *view, struct rp_buf *out)
{
    rp_buf_text(out, "\nTime line\n");
    for (size_t i = 0; i < view->history.count; i++) {
        const struct rp_event *event = &view->history.events[i];
        const struct rp_prop *path = NULL;

        if (event->effective_ms > view->at_ms) {
            break;
        }
        if (event->type == RP_PAGE || event->type == RP_SCREEN) {
            path = rp_event_get(event, rp_path_of(RP_STR("properties.path")));
            path = path ? path : rp_event_get(event, rp_path_of(RP_STR("context.page.path")));
        }
        rp_buf_text(out, "  ");
        time_minutes(out, event->effective_ms);
        rp_buf_printf(out, "  %-8s  %.*s%s%.*s\n", rp_event_type_name(event->type),
                      RP_STR_ARG(event->name), event->name.len && path ? "  " : "",
                      RP_STR_ARG(path ? path->text : RP_STR("")));
    }
}

static void text_traits(struct rp_view *view, bool colour, struct rp_buf *out)
{
    struct rp_buf json = {0};
    struct rp_jw jw = rp_jw(&json);

    rp_view_traits(view, &jw);
    if (!rp_str_eq(rp_buf_view(&json), RP_STR("{}"))) {
        rp_buf_printf(out, "%s  %.*s%s\n", paint(colour, DIM), RP_STR_ARG(rp_buf_view(&json)),
                      paint(colour, PLAIN));
    }
    rp_buf_fini(&json);
}

void rp_view_text(struct rp_view *view, bool colour, struct rp_buf *out)
{
    struct rp_str status = rp_status_name(view->fold.rules, &view->lead);
    struct rp_str owner = rp_view_owner(view);
    struct rp_str grade = rp_lead_grade(&view->fold, &view->lead, view->fold.model, view->at_ms);

    rp_buf_printf(out, "%s%.*s%s  %s\n", paint(colour, BOLD), RP_STR_ARG(handle(view)),
                  paint(colour, PLAIN), view->lead.public_id);
    rp_buf_printf(out, "  stage %.*s since ", RP_STR_ARG(rp_view_stage(view)));
    time_minutes(out, view->lead.stage_since_ms);
    rp_buf_printf(out, "%s%.*s%s%.*s\n", status.len ? ", status " : "", RP_STR_ARG(status),
                  grade.len ? ", grade " : "", RP_STR_ARG(grade));
    if (owner.len > 0) {
        rp_buf_printf(out, "  owner %.*s\n", RP_STR_ARG(owner));
    }
    rp_view_consent_text(view, out);
    text_scores(view, colour, out);
    text_traits(view, colour, out);
    text_moves(view, out);
    text_owners(view, out);
    rp_view_text_sequences(view->fold.rules, &view->sequences, out);
    text_timers(view, out);
    text_actions(view, out);
    text_timeline(view, out);
}
