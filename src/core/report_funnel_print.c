/* SPDX-License-Identifier: MIT */
/* The funnel as text in 80 columns and as JSON. */
#include "base/mem.h"
#include "core/report_funnel.h"
#include "core/report_table.h"
#include "model/stats.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define ALPHA 0.05

enum { GROUPS_TOLD = 12 };

struct order {
    uint32_t group;
    int64_t leads;
};

static int by_leads(const void *a, const void *b)
{
    const struct order *x = a;
    const struct order *y = b;

    return x->leads != y->leads ? (x->leads < y->leads) - (x->leads > y->leads)
                                : (x->group > y->group) - (x->group < y->group);
}

/* Groups that have leads, the largest first; free it. */
static struct order *groups_in_order(const struct rp_funnel *funnel, size_t *ret_count)
{
    struct order *order = rp_calloc(funnel->group_count + 1, sizeof(*order));
    size_t count = 0;

    for (size_t g = 0; g < funnel->group_count; g++) {
        if (funnel->groups[g].leads > 0) {
            order[count++] = (struct order){(uint32_t)g, funnel->groups[g].leads};
        }
    }
    if (count > 1) {
        qsort(order, count, sizeof(*order), by_leads);
    }
    *ret_count = count;
    return order;
}

/* Time by which this share of the stays had ended. */
static double time_quantile(const struct rp_funnel_stage *stage, double left)
{
    return stage->time_count > 0
               ? rp_stats_km_quantile(stage->times, stage->ended, stage->time_count, left)
               : (double)NAN;
}

/* ---- Text ------------------------------------------------------------------------------------ */

static void put_time(struct rp_buf *out, double ms, size_t columns)
{
    struct rp_buf text = {0};

    rp_table_time(&text, ms);
    rp_table_right(out, text.ptr, columns);
    rp_buf_fini(&text);
}

static void put_share(struct rp_buf *out, double x, double n)
{
    char text[40] = "-";

    if (n > 0) {
        struct rp_interval ci = rp_stats_wilson(x, n, ALPHA);

        snprintf(text, sizeof(text), "%5.1f %% (%.0f–%.0f)", 100 * x / n, 100 * ci.lo, 100 * ci.hi);
    }
    rp_table_right(out, text, 18);
}

static void stage_text(const struct rp_funnel *funnel, const struct rp_funnel_group *group,
                       uint32_t i, bool last, struct rp_buf *out)
{
    const struct rp_funnel_stage *stage = &group->stages[i];

    rp_table_cell(out, funnel->rules->stages[i].name, 15);
    rp_buf_printf(out, " %7" PRId64, stage->leads);
    if (last) {
        rp_table_right(out, "", 18);
    } else {
        put_share(out, (double)stage->went_on, (double)stage->leads);
    }
    rp_buf_printf(out, " %6" PRId64 " %6" PRId64, stage->fell_back, stage->still);
    put_time(out, time_quantile(stage, 0.75), 8);
    put_time(out, time_quantile(stage, 0.5), 8);
    put_time(out, time_quantile(stage, 0.25), 8);
    rp_buf_char(out, '\n');
}

static uint32_t last_main(const struct rp_rules *rules)
{
    uint32_t last = 0;

    for (uint32_t i = 0; i < rules->stage_count; i++) {
        last = rules->stages[i].side ? last : i;
    }
    return last;
}

static void moves_text(const struct rp_funnel *funnel, const struct rp_funnel_group *group,
                       struct rp_buf *out)
{
    const struct rp_rules *rules = funnel->rules;
    bool headed = false;

    for (uint32_t from = 0; from < rules->stage_count; from++) {
        for (uint32_t to = 0; to < rules->stage_count; to++) {
            int64_t count = group->moves[from * rules->stage_count + to];
            bool back = rules->stages[to].side || (!rules->stages[from].side && to < from);

            if (count == 0 || !back) {
                continue;
            }
            rp_buf_text(out, headed ? "" : "  Back and aside:\n");
            headed = true;
            rp_buf_printf(out, "  %7" PRId64 "  %.*s → %.*s\n", count,
                          RP_STR_ARG(rules->stages[from].name), RP_STR_ARG(rules->stages[to].name));
        }
    }
}

static void group_text(const struct rp_funnel *funnel, uint32_t at, struct rp_buf *out)
{
    const struct rp_funnel_group *group = &funnel->groups[at];
    uint32_t last = last_main(funnel->rules);

    rp_buf_text(
        out, "stage             leads           went on   back  there    25 %  median    75 %\n");
    for (uint32_t i = 0; i < funnel->rules->stage_count; i++) {
        if (group->stages[i].entries > 0 || !funnel->rules->stages[i].side) {
            stage_text(funnel, group, i, i == last, out);
        }
    }
    moves_text(funnel, group, out);
}

static void reasons_text(const struct rp_funnel *funnel, const struct rp_by *by,
                         const struct rp_report_query *query, struct rp_buf *out)
{
    if (funnel->rejected == 0) {
        return;
    }
    rp_buf_printf(out, "\nWhy sales said no (%" PRId64 ")\n", funnel->rejected);
    for (size_t i = 0; i < funnel->reason_count; i++) {
        const struct rp_funnel_reason *reason = &funnel->reasons[i];

        rp_buf_printf(out, "%7" PRId64 "  ", reason->count);
        rp_table_share(out, (double)reason->count, (double)funnel->rejected);
        rp_buf_printf(out, "  %.*s (%.*s)\n", RP_STR_ARG(reason->text), RP_STR_ARG(reason->event));
        for (size_t g = 0; query->by.len > 0 && g < reason->group_cap && g < rp_by_count(by); g++) {
            if (reason->groups[g] > 0) {
                rp_buf_printf(out, "%18" PRId64 "  %.*s\n", reason->groups[g],
                              RP_STR_ARG(rp_by_name(by, (uint32_t)g)));
            }
        }
    }
    rp_buf_text(out, "Rules that gave these leads points:\n");
    for (uint32_t i = 0; i < funnel->rules->score_count; i++) {
        if (funnel->rejected_by[i] > 0) {
            rp_buf_printf(out, "%7" PRId64 "  ", funnel->rejected_by[i]);
            rp_table_share(out, (double)funnel->rejected_by[i], (double)funnel->rejected);
            rp_buf_printf(out, "  %.*s\n", RP_STR_ARG(funnel->rules->scores[i].name));
        }
    }
}

static void span_text(const struct rp_report_query *query, struct rp_buf *out)
{
    if (query->since_ms != RP_NEVER) {
        rp_buf_text(out, " from ");
        rp_table_day(out, query->since_ms);
    }
    rp_buf_text(out, " until ");
    rp_table_day(out, query->until_ms == RP_NEVER ? query->now_ms : query->until_ms);
}

static void print_text(const struct rp_funnel *funnel, const struct rp_by *by,
                       const struct rp_report_query *query, struct rp_buf *out)
{
    size_t count;
    struct order *order = groups_in_order(funnel, &count);

    rp_buf_text(out, "Funnel");
    span_text(query, out);
    rp_buf_text(out, "\n\n");
    if (count == 0) {
        rp_buf_text(out, "No lead came into a stage in this time.\n");
    }
    for (size_t i = 0; i < count && i < GROUPS_TOLD; i++) {
        if (query->by.len > 0) {
            rp_buf_printf(out, "%s%.*s: %.*s (%" PRId64 " leads)\n", i ? "\n" : "",
                          RP_STR_ARG(query->by), RP_STR_ARG(rp_by_name(by, order[i].group)),
                          order[i].leads);
        }
        group_text(funnel, order[i].group, out);
    }
    if (count > GROUPS_TOLD) {
        rp_buf_printf(out, "… and %zu more; --format json has all\n", count - GROUPS_TOLD);
    }
    reasons_text(funnel, by, query, out);
    if (query->by.len > 0 && count == 1 && order[0].group == 0) {
        rp_buf_printf(out, "\nOf no lead the %.*s is known.\n", RP_STR_ARG(query->by));
    }
    rp_buf_text(out,
                "\nwent on: of the leads that came in, those that reached a later stage so far,\n"
                "with its 95 % interval; back: moves back or aside; there: who is in it now.\n"
                "25 %, median, 75 %: the time by which so many had left (those still there are\n"
                "counted in, so \"-\" means: not yet, or that all passed at once).\n");
    if (funnel->unknown > 0) {
        rp_buf_printf(out,
                      "%" PRId64 " moves into stages that these rules do not have are left "
                      "out.\n",
                      funnel->unknown);
    }
    free(order);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void stage_json(const struct rp_funnel *funnel, const struct rp_funnel_group *group,
                       uint32_t i, struct rp_jw *jw)
{
    static const double left[] = {0.75, 0.5, 0.25};
    static const char *const names[] = {"q25", "median", "q75"};
    const struct rp_funnel_stage *stage = &group->stages[i];
    struct rp_interval ci = rp_stats_wilson((double)stage->went_on, (double)stage->leads, ALPHA);

    rp_jw_object(jw);
    rp_jw_put_str(jw, "stage", funnel->rules->stages[i].name);
    rp_jw_put_bool(jw, "side", funnel->rules->stages[i].side);
    rp_jw_put_int(jw, "entries", stage->entries);
    rp_jw_put_int(jw, "passedThrough", stage->passed);
    rp_jw_put_int(jw, "leads", stage->leads);
    rp_jw_put_int(jw, "wentOn", stage->went_on);
    rp_table_number(jw, "rate",
                    stage->leads ? (double)stage->went_on / (double)stage->leads : (double)NAN, 6);
    rp_table_interval(jw, "interval", stage->leads ? ci.lo : (double)NAN,
                      stage->leads ? ci.hi : (double)NAN);
    rp_jw_put_int(jw, "fellBack", stage->fell_back);
    rp_jw_put_int(jw, "there", stage->still);
    rp_jw_key(jw, "hours");
    rp_jw_object(jw);
    for (size_t q = 0; q < RP_COUNT(left); q++) {
        rp_table_number(jw, names[q], time_quantile(stage, left[q]) / (double)RP_HOUR, 3);
    }
    rp_jw_object_end(jw);
    rp_jw_object_end(jw);
}

static void group_json(const struct rp_funnel *funnel, const struct rp_by *by, uint32_t at,
                       struct rp_jw *jw)
{
    const struct rp_rules *rules = funnel->rules;
    const struct rp_funnel_group *group = &funnel->groups[at];

    rp_jw_object(jw);
    rp_jw_put_str(jw, "group", rp_by_name(by, at));
    rp_jw_put_int(jw, "leads", group->leads);
    rp_jw_key(jw, "stages");
    rp_jw_array(jw);
    for (uint32_t i = 0; i < rules->stage_count; i++) {
        stage_json(funnel, group, i, jw);
    }
    rp_jw_array_end(jw);
    rp_jw_key(jw, "moves");
    rp_jw_array(jw);
    for (uint32_t i = 0; i < rules->stage_count * rules->stage_count; i++) {
        if (group->moves[i] > 0) {
            rp_jw_object(jw);
            rp_jw_put_str(jw, "from", rules->stages[i / rules->stage_count].name);
            rp_jw_put_str(jw, "to", rules->stages[i % rules->stage_count].name);
            rp_jw_put_int(jw, "count", group->moves[i]);
            rp_jw_object_end(jw);
        }
    }
    rp_jw_array_end(jw);
    rp_jw_object_end(jw);
}

static void reasons_json(const struct rp_funnel *funnel, const struct rp_by *by, struct rp_jw *jw)
{
    rp_jw_put_int(jw, "rejected", funnel->rejected);
    rp_jw_key(jw, "reasons");
    rp_jw_array(jw);
    for (size_t i = 0; i < funnel->reason_count; i++) {
        const struct rp_funnel_reason *reason = &funnel->reasons[i];

        rp_jw_object(jw);
        rp_jw_put_str(jw, "event", reason->event);
        rp_jw_put_str(jw, "reason", reason->text);
        rp_jw_put_int(jw, "count", reason->count);
        rp_jw_key(jw, "groups");
        rp_jw_object(jw);
        for (size_t g = 0; g < reason->group_cap && g < rp_by_count(by); g++) {
            if (reason->groups[g] > 0) {
                rp_jw_key_str(jw, rp_by_name(by, (uint32_t)g));
                rp_jw_int(jw, reason->groups[g]);
            }
        }
        rp_jw_object_end(jw);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
    rp_jw_key(jw, "rejectedByRule");
    rp_jw_object(jw);
    for (uint32_t i = 0; i < funnel->rules->score_count; i++) {
        if (funnel->rejected_by[i] > 0) {
            rp_jw_key_str(jw, funnel->rules->scores[i].name);
            rp_jw_int(jw, funnel->rejected_by[i]);
        }
    }
    rp_jw_object_end(jw);
}

static void print_json(const struct rp_funnel *funnel, const struct rp_by *by,
                       const struct rp_report_query *query, struct rp_buf *out)
{
    struct rp_jw jw = rp_jw(out);
    size_t count;
    struct order *order = groups_in_order(funnel, &count);

    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "report", "funnel");
    rp_jw_put_str(&jw, "by", query->by);
    rp_jw_put_time(&jw, "since", query->since_ms);
    rp_jw_put_time(&jw, "until", query->until_ms == RP_NEVER ? query->now_ms : query->until_ms);
    rp_jw_key(&jw, "groups");
    rp_jw_array(&jw);
    for (size_t i = 0; i < count; i++) {
        group_json(funnel, by, order[i].group, &jw);
    }
    rp_jw_array_end(&jw);
    reasons_json(funnel, by, &jw);
    rp_jw_put_int(&jw, "unknownStages", funnel->unknown);
    rp_jw_object_end(&jw);
    free(order);
}

void rp_funnel_print(struct rp_funnel *funnel, const struct rp_by *by,
                     const struct rp_report_query *query, enum rp_format format, struct rp_buf *out)
{
    if (format == RP_FORMAT_JSON) {
        print_json(funnel, by, query, out);
    } else {
        print_text(funnel, by, query, out);
    }
}
