/* SPDX-License-Identifier: MIT */
/* The columns of the table: who it is, where the lead stands, its scores. Numbers are written as
 * they are; texts come from outside and are guarded. */
#include "core/csv_rows.h"

#include "base/hash.h"
#include "base/num.h"
#include "base/when.h"

#include <string.h>

/* What a spreadsheet runs when a cell starts with it. */
static bool is_formula(struct rp_str text)
{
    return text.len > 0 && strchr("=+-@\t\r", text.ptr[0]) != NULL;
}

void rp_csv_cell(struct rp_buf *out, bool first, struct rp_str text)
{
    bool quoted = is_formula(text);

    for (size_t i = 0; i < text.len && !quoted; i++)
        quoted = strchr(",\"\r\n", text.ptr[i]) != NULL;
    if (!first)
        rp_buf_char(out, ',');
    if (!quoted) {
        rp_buf_str(out, text);
        return;
    }
    rp_buf_char(out, '"');
    if (is_formula(text))
        rp_buf_char(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"')
            rp_buf_char(out, '"');
        rp_buf_char(out, text.ptr[i]);
    }
    rp_buf_char(out, '"');
}

/* Facts of the profile, under the spellings that an identify may use. */
static const struct {
    const char *name;
    const char *paths[3];
} facts[] = {
    {"first_name", {"traits.first_name", "traits.firstName", NULL}},
    {"last_name", {"traits.last_name", "traits.lastName", NULL}},
    {"company", {"traits.company.name", "traits.company", NULL}},
    {"title", {"traits.title", "traits.job_title", NULL}},
    {"phone", {"traits.phone", "traits.mobile", NULL}},
};

/* The newest text under one of the paths; "". */
static struct rp_str fact_of(const struct rp_view *view, const char *const *paths)
{
    for (size_t i = view->history.count; i-- > 0;) {
        const struct rp_event *event = &view->history.events[i];

        if (event->effective_ms > view->at_ms || event->type != RP_IDENTIFY)
            continue;
        for (int p = 0; p < 3 && paths[p]; p++) {
            const struct rp_prop *prop = rp_event_get(event, rp_path_of(rp_str_from(paths[p])));

            if (prop && prop->type == RP_STRING)
                return prop->text;
        }
    }
    return RP_STR("");
}

void rp_csv_head(const struct rp_rules *rules, struct rp_buf *out)
{
    rp_buf_text(out, "id,email,user_id");
    for (size_t i = 0; i < RP_COUNT(facts); i++)
        rp_buf_printf(out, ",%s", facts[i].name);
    rp_buf_text(out, ",stage,status,owner,score,grade");
    for (uint32_t d = 0; d < rules->dim_count; d++)
        if (rules->dims[d].by == RP_NONE)
            rp_csv_cell(out, false, rules->dims[d].name);
    rp_buf_text(out, ",created_at,last_seen_at\r\n");
}

static void put_score(struct rp_view *view, uint32_t dim, struct rp_buf *out)
{
    rp_buf_char(out, ',');
    rp_milli_print(out,
                   rp_lead_score(&view->fold, &view->lead, view->fold.model, dim, view->at_ms));
}

void rp_csv_row(struct rp_view *view, struct rp_buf *out)
{
    const struct rp_rules *rules = view->fold.rules;
    struct rp_str email = rp_view_node(view, RP_NODE_EMAIL);

    if (email.len == 0)
        (void)rp_lead_field(&view->fold, &view->lead, rules->email_field, view->at_ms, &email);
    rp_csv_cell(out, true, rp_str_from(view->lead.public_id));
    rp_csv_cell(out, false, email);
    rp_csv_cell(out, false, rp_view_node(view, RP_NODE_USER));
    for (size_t i = 0; i < RP_COUNT(facts); i++)
        rp_csv_cell(out, false, fact_of(view, facts[i].paths));
    rp_csv_cell(out, false, rp_view_stage(view));
    rp_csv_cell(out, false, rp_status_name(rules, &view->lead));
    rp_csv_cell(out, false, rp_view_owner(view));
    put_score(view, RP_NONE, out);
    rp_csv_cell(out, false, rp_lead_grade(&view->fold, &view->lead, view->fold.model, view->at_ms));
    for (uint32_t d = 0; d < rules->dim_count; d++)
        if (rules->dims[d].by == RP_NONE)
            put_score(view, d, out);
    rp_buf_char(out, ',');
    rp_time_print(out, view->lead.created_ms);
    rp_buf_char(out, ',');
    rp_time_print(out, view->lead.updated_ms);
    rp_buf_text(out, "\r\n");
}
