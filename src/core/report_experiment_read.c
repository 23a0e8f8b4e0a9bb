/* SPDX-License-Identifier: MIT */
/* Reads an experiment from the file: its definition, its units with their outcomes, first moments,
 * events that guards and revenue ask for. One pass over each table. */
#include "base/hash.h"
#include "base/json_read.h"
#include "base/mem.h"
#include "core/report_experiment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- The definition ---------------------------------------------------------------------------
 */

struct members {
    struct rp_json json;
    struct rp_str key;
    enum rp_json_token token; /* of a scalar value; raw holds the whole value */
    struct rp_str raw, text;
    double number;
};

static bool next_member(struct rp_arena *arena, struct members *m)
{
    struct rp_json value;

    if (rp_json_next(&m->json) != RP_JSON_KEY) {
        return false;
    }
    m->key = m->json.string;
    if (rp_json_skip(&m->json, &m->raw) == RP_JSON_ERROR) {
        return false;
    }
    rp_json_init(&value, arena, m->raw);
    m->token = rp_json_next(&value);
    m->text = m->token == RP_JSON_STRING ? value.string : RP_STR("");
    m->number = m->token == RP_JSON_NUMBER ? value.number : 0;
    return true;
}

static struct members open_object(struct rp_arena *arena, struct rp_str raw)
{
    struct members m = {0};

    rp_json_init(&m.json, arena, raw);
    (void)rp_json_next(&m.json);
    return m;
}

static void parse_arms(struct rp_arena *arena, struct rp_str raw, struct rp_x_def *def)
{
    struct rp_json list;
    struct rp_str item;

    rp_json_init(&list, arena, raw);
    (void)rp_json_next(&list);
    while (def->arm_count < RP_ASSIGN_ARMS_MAX && rp_json_skip(&list, &item) == RP_JSON_OBJECT) {
        struct rp_x_arm_def *arm = &def->arms[def->arm_count++];
        struct members m = open_object(arena, item);

        while (next_member(arena, &m)) {
            if (rp_str_is(m.key, "name")) {
                arm->name = m.text;
            } else if (rp_str_is(m.key, "model")) {
                arm->model = m.text;
            } else if (rp_str_is(m.key, "weight")) {
                arm->weight = m.number;
            } else if (rp_str_is(m.key, "holdOut")) {
                arm->hold_out = m.token == RP_JSON_TRUE;
            }
        }
    }
}

static void parse_guards(struct rp_arena *arena, struct rp_str raw, struct rp_x_def *def)
{
    struct rp_json list;
    struct rp_str item;

    rp_json_init(&list, arena, raw);
    (void)rp_json_next(&list);
    while (def->guard_count < RP_X_GUARDS_MAX && rp_json_skip(&list, &item) == RP_JSON_OBJECT) {
        struct rp_x_guard_def *guard = &def->guards[def->guard_count++];
        struct members m = open_object(arena, item);

        while (next_member(arena, &m)) {
            if (rp_str_is(m.key, "metric")) {
                guard->metric = m.text;
            } else {
                guard->worse_than = m.number;
            }
        }
    }
}

int rp_x_def_parse(struct rp_arena *arena, struct rp_str json, struct rp_x_def *ret_def)
{
    struct members m = open_object(arena, json);

    *ret_def = (struct rp_x_def){0};
    while (next_member(arena, &m)) {
        if (rp_str_is(m.key, "mode")) {
            ret_def->split = rp_str_is(m.text, "split");
        } else if (rp_str_is(m.key, "by")) {
            ret_def->by_company = rp_str_is(m.text, "company");
        } else if (rp_str_is(m.key, "arms")) {
            parse_arms(arena, m.raw, ret_def);
        } else if (rp_str_is(m.key, "share")) {
            ret_def->share = m.number;
        } else if (rp_str_is(m.key, "goal")) {
            ret_def->goal = m.text;
        } else if (rp_str_is(m.key, "decided")) {
            ret_def->decided = m.text;
        } else if (rp_str_is(m.key, "withinMs")) {
            ret_def->within_ms = (int64_t)m.number;
        } else if (rp_str_is(m.key, "guard")) {
            parse_guards(arena, m.raw, ret_def);
        } else if (rp_str_is(m.key, "minUnits")) {
            ret_def->min_units = m.number;
        } else if (rp_str_is(m.key, "explore")) {
            ret_def->explore = m.number;
        } else if (rp_str_is(m.key, "maxDays")) {
            ret_def->max_days = m.number;
        }
    }
    return ret_def->arm_count >= 2 ? 0 : RIPEN_EINPUT;
}

/* ---- Units ------------------------------------------------------------------------------------
 */

static void add_lead(struct rp_x_data *data, int64_t lead)
{
    data->leads = rp_grow(data->leads, &data->lead_cap, data->lead_count + 1, sizeof(*data->leads));
    data->leads[data->lead_count++] = (struct rp_x_lead){lead, data->unit_count};
}

static void take_outcome(void *ctx, const struct rp_outcome_row *row)
{
    struct rp_x_report *r = ctx;
    struct rp_x_data *data = &r->data;
    const struct rp_dealt *dealt = &row->dealt;
    bool merged = dealt->flags & RP_DEALT_MERGED;

    if (dealt->flags & RP_DEALT_MOVED) {
        return; /* the other lead has the row that counts */
    }
    if (dealt->arm < 0 || (uint32_t)dealt->arm >= r->def.arm_count) {
        data->outside++;
        return;
    }
    if (dealt->period != r->period.number) {
        data->earlier++;
        return;
    }
    if (dealt->at_ms > r->now_ms) {
        return;
    }
    data->merged += merged;
    data->crossovers += (dealt->flags & RP_DEALT_CROSSOVER) != 0;
    data->excluded += (dealt->flags & RP_DEALT_EXCLUDED) != 0;
    if (merged || (dealt->flags & RP_DEALT_EXCLUDED)) {
        if (!r->def.by_company) {
            data->dealt[dealt->arm]++;
        }
        return;
    }
    add_lead(data, dealt->lead);
    data->units = rp_grow(data->units, &data->unit_cap, data->unit_count + 1, sizeof(*data->units));
    data->units[data->unit_count++] = (struct rp_x_unit){
        .key = r->def.by_company ? rp_hash(dealt->unit) | 1 : 0,
        .lead = dealt->lead,
        .at_ms = dealt->at_ms,
        .reached_ms = row->reached_ms,
        .promoted_ms = row->promoted_ms,
        .score = dealt->scored ? (double)dealt->score / 1000 : (double)NAN,
        .arm = dealt->arm,
    };
}

static int by_key(const void *a, const void *b)
{
    const struct rp_x_unit *x = a;
    const struct rp_x_unit *y = b;

    if (x->key != y->key) {
        return (x->key > y->key) - (x->key < y->key);
    }
    return x->at_ms != y->at_ms ? (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms)
                                : (x->lead > y->lead) - (x->lead < y->lead);
}

static int by_moment(const void *a, const void *b)
{
    const struct rp_x_unit *x = a;
    const struct rp_x_unit *y = b;

    return x->at_ms != y->at_ms ? (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms)
                                : (x->lead > y->lead) - (x->lead < y->lead);
}

static int by_lead(const void *a, const void *b)
{
    const struct rp_x_lead *x = a;
    const struct rp_x_lead *y = b;

    return (x->lead > y->lead) - (x->lead < y->lead);
}

static int64_t earlier_of(int64_t a, int64_t b)
{
    return a == RP_NEVER || (b != RP_NEVER && b < a) ? b : a;
}

static struct rp_x_lead *lead_of(const struct rp_x_data *data, int64_t lead)
{
    struct rp_x_lead key = {.lead = lead};

    return data->lead_count
               ? bsearch(&key, data->leads, data->lead_count, sizeof(*data->leads), by_lead)
               : NULL;
}

/* Several leads of a company are one unit: the first to come, with its score, since on the others
 * an arm had acted already; and the first to succeed. */
static void join_companies(struct rp_x_data *data)
{
    struct rp_x_lead *leads = data->leads;
    size_t kept = 0;

    qsort(data->units, data->unit_count, sizeof(*data->units), by_key);
    for (size_t i = 0; i < data->unit_count; i++) {
        struct rp_x_unit *unit = &data->units[i];
        struct rp_x_unit *last = kept ? &data->units[kept - 1] : NULL;
        int64_t lead = unit->lead;

        if (last && last->key == unit->key) {
            last->reached_ms = earlier_of(last->reached_ms, unit->reached_ms);
            last->promoted_ms = earlier_of(last->promoted_ms, unit->promoted_ms);
        } else {
            data->units[kept++] = *unit;
        }
        /* Until the units are sorted by moment, a lead names the first lead of its unit. */
        leads[i] = (struct rp_x_lead){lead, (size_t)data->units[kept - 1].lead};
    }
    data->unit_count = kept;
}

/* Order by moment, and leads that know the place of their unit. */
static void settle(struct rp_x_report *r)
{
    struct rp_x_data *data = &r->data;
    struct rp_x_lead *firsts;

    if (data->unit_count == 0) {
        return;
    }
    if (r->def.by_company) {
        join_companies(data);
    } else {
        for (size_t i = 0; i < data->lead_count; i++) {
            data->leads[i].unit = (size_t)data->leads[i].lead;
        }
    }
    qsort(data->units, data->unit_count, sizeof(*data->units), by_moment);
    firsts = RP_ARENA_ARRAY(r->arena, struct rp_x_lead, data->unit_count);
    for (size_t i = 0; i < data->unit_count; i++) {
        firsts[i] = (struct rp_x_lead){data->units[i].lead, i};
        data->dealt[data->units[i].arm]++;
    }
    qsort(firsts, data->unit_count, sizeof(*firsts), by_lead);
    for (size_t i = 0; i < data->lead_count; i++) {
        struct rp_x_lead key = {.lead = (int64_t)data->leads[i].unit};
        const struct rp_x_lead *found =
            bsearch(&key, firsts, data->unit_count, sizeof(*firsts), by_lead);

        data->leads[i].unit = found->unit;
    }
    qsort(data->leads, data->lead_count, sizeof(*data->leads), by_lead);
}

/* ---- Events and first moments -----------------------------------------------------------------
 */

static const struct rp_metric *metric_of(struct rp_str name)
{
    const struct rp_metric *metric = rp_metrics;

    while (metric->name && !rp_str_is(name, metric->name)) {
        metric++;
    }
    return metric->name ? metric : NULL;
}

static void take_event(void *ctx, const struct rp_noted_event *event)
{
    struct rp_x_report *r = ctx;
    const struct rp_x_lead *lead = lead_of(&r->data, event->lead);
    struct rp_x_unit *unit = lead ? &r->data.units[lead->unit] : NULL;

    if (!unit || !rp_x_within(r, unit->at_ms, event->received_ms)) {
        return;
    }
    if (rp_str_is(event->name, "Deal Won")) {
        unit->revenue += isnan(event->value) ? 0 : event->value;
    }
    for (uint32_t g = 0; g < r->def.guard_count; g++) {
        const struct rp_metric *metric = metric_of(r->def.guards[g].metric);

        if (metric && rp_str_is(event->name, metric->event)) {
            unit->noted |= 1U << g;
        }
    }
}

static int read_events(struct rp_store *store, struct rp_x_report *r, struct rp_err *err)
{
    struct rp_str names[1 + RP_X_GUARDS_MAX] = {RP_STR("Deal Won")}; /* its value is read */
    size_t count = 1;

    for (uint32_t g = 0; g < r->def.guard_count; g++) {
        const struct rp_metric *metric = metric_of(r->def.guards[g].metric);

        if (metric) {
            names[count++] = rp_str_from(metric->event);
        }
    }
    return rp_noted_each(store, r->period.first_event, names, count, take_event, r, err);
}

static void read_scores(struct rp_x_report *r, struct rp_str json, struct rp_x_entry *entry)
{
    struct rp_json list;

    rp_json_init(&list, r->arena, json);
    (void)rp_json_next(&list);
    for (uint32_t i = 0; i < r->def.arm_count && rp_json_next(&list) == RP_JSON_NUMBER; i++) {
        entry->scores[i] = list.number;
    }
    entry->scored = true;
}

static void take_entry(void *ctx, const struct rp_entry_outcome *row)
{
    struct rp_x_report *r = ctx;
    struct rp_x_data *data = &r->data;
    struct rp_x_entry *entry = data->entry_count ? &data->entries[data->entry_count - 1] : NULL;

    if (row->arm < 0 || (uint32_t)row->arm >= r->def.arm_count || row->at_ms > r->now_ms ||
        !lead_of(data, row->lead)) {
        return;
    }
    if (!entry || entry->lead != row->lead) {
        data->entries =
            rp_grow(data->entries, &data->entry_cap, data->entry_count + 1, sizeof(*entry));
        entry = &data->entries[data->entry_count++];
        *entry = (struct rp_x_entry){.lead = row->lead};
        for (size_t i = 0; i < RP_ASSIGN_ARMS_MAX; i++) {
            entry->at_ms[i] = entry->reached_ms[i] = RP_NEVER;
        }
    }
    entry->at_ms[row->arm] = row->at_ms;
    entry->reached_ms[row->arm] = row->reached_ms;
    if (r->def.explore > 0 ? !entry->scored || row->at_ms < entry->judged_ms : row->arm == 0) {
        entry->judged_ms = row->at_ms;
        entry->judged_reached_ms = row->reached_ms;
        entry->before = row->before_ms != RP_NEVER;
        entry->chance = row->chance;
        entry->explored = row->explored;
        read_scores(r, row->scores, entry);
    }
}

int rp_x_read(struct rp_store *store, struct rp_x_report *r, struct rp_err *err)
{
    int status =
        rp_outcome_each(store, r->row.id, r->def.goal, r->def.decided, take_outcome, r, err);

    if (status != 0) {
        return status;
    }
    settle(r);
    status = read_events(store, r, err);
    if (status == 0 && r->def.decided.len > 0) {
        status = rp_entry_each(store, r->row.id, r->period.number, r->def.decided, r->def.goal,
                               take_entry, r, err);
    }
    return status;
}

void rp_x_data_fini(struct rp_x_data *data)
{
    free(data->units);
    free(data->leads);
    free(data->entries);
    *data = (struct rp_x_data){0};
}
