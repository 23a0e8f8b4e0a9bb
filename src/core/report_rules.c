/* SPDX-License-Identifier: MIT */
/* report rules: for each score rule how often it gave points, to how many leads, how many points in
 * all, how many of those who were decided had it before, and how much better they turned out. Taken
 * from what is recorded with the events, as it was granted then: edits of rules do not change what
 * they did before. */
#include "base/mem.h"
#include "core/reader_priv.h"
#include "core/report.h"
#include "core/report_table.h"
#include "model/stats.h"
#include "store/report_rows.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALPHA 0.05

/* A lead that was decided. */
struct decided {
    int64_t lead, at_ms;
    bool mature, right;
};

struct rule {
    struct rp_str name;
    int64_t fired, leads, points; /* points: thousandths */
    double with, mature, right;   /* decided leads that had it; old enough; right */
};

struct counting {
    struct rp_reader *reader;
    const struct rp_report_query *query;
    struct rp_str stage, outcome;
    int64_t until_ms, window_ms, stage_name, outcome_name;
    struct decided *decided; /* by lead */
    size_t decided_count, decided_cap;
    int64_t lead, at_ms; /* under way */
    int64_t outcomes[8];
    size_t outcome_count;
    struct rule *rules;
    size_t rule_count;
    uint32_t *rule_of; /* number of a name → rule + 1 */
    size_t name_count;
    uint64_t *met; /* two bits a rule and lead: seen before, and seen in the period */
    size_t met_words;
    double mature, right;
};

/* ---- Who was decided ------------------------------------------------------------------------- */

static void end_lead(struct counting *c)
{
    struct decided decided = {.lead = c->lead, .at_ms = c->at_ms};

    if (c->at_ms == RP_NEVER || (c->query->since_ms != RP_NEVER && c->at_ms < c->query->since_ms)) {
        return;
    }
    decided.mature = c->at_ms <= c->until_ms - c->window_ms;
    for (size_t i = 0; i < c->outcome_count; i++) {
        decided.right = decided.right ||
                        (c->outcomes[i] >= c->at_ms && c->outcomes[i] <= c->at_ms + c->window_ms);
    }
    c->mature += decided.mature;
    c->right += decided.mature && decided.right;
    c->decided = c->decided_count == c->decided_cap
                     ? rp_grow(c->decided, &c->decided_cap, c->decided_count + 1, sizeof(decided))
                     : c->decided;
    c->decided[c->decided_count++] = decided;
}

static int visit_move(void *ctx, const struct rp_lead_move *move, struct rp_err *err)
{
    struct counting *c = ctx;

    (void)err;
    if (move->lead != c->lead) {
        if (c->lead) {
            end_lead(c);
        }
        c->lead = move->lead;
        c->at_ms = RP_NEVER;
        c->outcome_count = 0;
    }
    if (move->move == 0 || move->from == move->to || move->at_ms >= c->until_ms) {
        return 0;
    }
    if (move->to == c->stage_name && c->at_ms == RP_NEVER) {
        c->at_ms = move->at_ms;
    }
    if (move->to == c->outcome_name && c->outcome_count < RP_COUNT(c->outcomes)) {
        c->outcomes[c->outcome_count++] = move->at_ms;
    }
    return 0;
}

/* ---- What rules gave ------------------------------------------------------------------------- */

static int by_lead(const void *a, const void *b)
{
    const struct decided *x = a;
    const struct decided *y = b;

    return (x->lead > y->lead) - (x->lead < y->lead);
}

/* The first time that the rule gave this lead points: ever, or in the period. */
static bool is_first(struct counting *c, uint32_t rule, bool in_period, int64_t lead)
{
    uint64_t bit = ((uint64_t)lead * c->rule_count + rule) * 2 + in_period;
    size_t word = (size_t)(bit / 64);
    uint64_t mask = UINT64_C(1) << (bit % 64);

    if (word >= c->met_words) {
        size_t old = c->met_words;

        c->met = rp_grow(c->met, &c->met_words, word + 1, sizeof(*c->met));
        memset(c->met + old, 0, (c->met_words - old) * sizeof(*c->met));
    }
    if (c->met[word] & mask) {
        return false;
    }
    c->met[word] |= mask;
    return true;
}

static void note_grant(struct counting *c, const struct rp_event_note *note, int64_t name,
                       int64_t points, uint32_t *last)
{
    bool in_period = c->query->since_ms == RP_NEVER || note->received_ms >= c->query->since_ms;
    struct decided key = {.lead = note->lead};
    const struct decided *decided;
    uint32_t rule;

    if (name < 0 || (size_t)name >= c->name_count || c->rule_of[name] == 0) {
        return; /* a rule that is gone */
    }
    rule = c->rule_of[name] - 1;
    c->rules[rule].points += in_period ? points : 0;
    if (rule == *last) {
        return; /* points in another dimension */
    }
    *last = rule;
    c->rules[rule].fired += in_period;
    c->rules[rule].leads += in_period && is_first(c, rule, true, note->lead);
    if (!is_first(c, rule, false, note->lead)) {
        return;
    }
    decided = c->decided_count > 0
                  ? bsearch(&key, c->decided, c->decided_count, sizeof(key), by_lead)
                  : NULL;
    if (decided && note->received_ms <= decided->at_ms) {
        c->rules[rule].with++;
        c->rules[rule].mature += decided->mature;
        c->rules[rule].right += decided->mature && decided->right;
    }
}

static int visit_event(void *ctx, const struct rp_event_note *note, struct rp_err *err)
{
    struct counting *c = ctx;
    const char *at = note->granted.ptr;
    const char *end = rp_str_end(note->granted);
    uint32_t last = UINT32_MAX;

    (void)err;
    while (at && at < end) { /* [[rule,dimension,points],…]; text that ends with a zero */
        char *next;
        int64_t name;

        if (*at < '0' || *at > '9') {
            at++;
            continue;
        }
        name = strtoll(at, &next, 10);
        (void)strtoll(next + 1, &next, 10);
        note_grant(c, note, name, strtoll(next + 1, &next, 10), &last);
        at = next;
    }
    return 0;
}

static void name_rules(struct counting *c)
{
    const struct rp_rules *rules = c->reader->rules;
    int64_t highest = 0;

    c->rule_count = rules->score_count;
    c->rules = rp_calloc(c->rule_count + 1, sizeof(*c->rules));
    for (uint32_t i = 0; i < rules->score_count; i++) {
        int64_t name = rp_store_name_find(c->reader->store, rules->scores[i].name);

        c->rules[i].name = rules->scores[i].name;
        highest = name > highest ? name : highest;
    }
    c->name_count = (size_t)highest + 1;
    c->rule_of = rp_calloc(c->name_count, sizeof(*c->rule_of));
    for (uint32_t i = 0; i < rules->score_count; i++) {
        int64_t name = rp_store_name_find(c->reader->store, rules->scores[i].name);

        if (name > 0) {
            c->rule_of[name] = i + 1;
        }
    }
}

static int check_stages(const struct counting *c, struct rp_err *err)
{
    const struct rp_rules *rules = c->reader->rules;

    if (rp_rules_stage(rules, c->stage) != RP_NONE &&
        rp_rules_stage(rules, c->outcome) != RP_NONE) {
        return 0;
    }
    return rp_err_set(err, RIPEN_EINPUT,
                      "the rules lack stage \"%.*s\" or \"%.*s\"; name theirs with --stage and "
                      "--outcome",
                      RP_STR_ARG(c->stage), RP_STR_ARG(c->outcome));
}

/* ---- Printing -------------------------------------------------------------------------------- */

static int by_fired(const void *a, const void *b)
{
    const struct rule *x = a;
    const struct rule *y = b;

    return x->fired != y->fired ? (x->fired < y->fired) - (x->fired > y->fired)
                                : rp_str_cmp(x->name, y->name);
}

static void print_text(const struct counting *c, struct rp_buf *out)
{
    rp_buf_printf(out,
                  "Rules: %zu leads became %.*s; of %.0f older than %.0f days %.0f became "
                  "%.*s",
                  c->decided_count, RP_STR_ARG(c->stage), c->mature,
                  (double)c->window_ms / (double)RP_DAY, c->right, RP_STR_ARG(c->outcome));
    if (c->mature > 0) {
        rp_buf_printf(out, " (%.1f %%)", 100 * c->right / c->mature);
    }
    rp_buf_text(out, "\n\nrule                          fired    leads      points   had it  "
                     "lift (95 %)\n");
    for (size_t i = 0; i < c->rule_count; i++) {
        const struct rule *rule = &c->rules[i];
        struct rp_lift lift = rp_stats_lift(rule->right, rule->mature, c->right, c->mature, ALPHA);
        char had[16] = "-", words[40] = "-";

        if (c->decided_count > 0) {
            snprintf(had, sizeof(had), "%.1f %%", 100 * rule->with / (double)c->decided_count);
        }
        if (rule->mature >= 30 && c->mature - rule->mature >= 30 && c->right > 0) {
            struct rp_interval ci = rp_stats_wilson(rule->right, rule->mature, ALPHA);
            double base = c->right / c->mature;

            snprintf(words, sizeof(words), "%.2f (%.2f–%.2f)", lift.lift, ci.lo / base,
                     ci.hi / base);
        }
        rp_table_cell(out, rule->name, 26);
        rp_buf_printf(out, " %8" PRId64 " %8" PRId64 " %11.6g", rule->fired, rule->leads,
                      (double)rule->points / 1000);
        rp_table_right(out, had, 9);
        rp_buf_printf(out, "  %s\n", words);
    }
    rp_buf_printf(out,
                  "\nhad it: of those that became %.*s, who had points of the rule before. lift: "
                  "how\noften these became %.*s, against all of them; nothing under 30 leads, nor "
                  "where all\nbut 30 had it. What busy leads do anyway lifts too: `report trends` "
                  "tells apart.\n",
                  RP_STR_ARG(c->stage), RP_STR_ARG(c->outcome));
}

static void print_json(const struct counting *c, struct rp_buf *out)
{
    struct rp_jw jw = rp_jw(out);

    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "report", "rules");
    rp_jw_put_str(&jw, "stage", c->stage);
    rp_jw_put_str(&jw, "outcome", c->outcome);
    rp_jw_put_int(&jw, "decided", (int64_t)c->decided_count);
    rp_jw_put_int(&jw, "mature", (int64_t)c->mature);
    rp_jw_put_int(&jw, "right", (int64_t)c->right);
    rp_jw_key(&jw, "rules");
    rp_jw_array(&jw);
    for (size_t i = 0; i < c->rule_count; i++) {
        const struct rule *rule = &c->rules[i];
        struct rp_lift lift = rp_stats_lift(rule->right, rule->mature, c->right, c->mature, ALPHA);
        bool told = rule->mature > 0 && c->right > 0;

        rp_jw_object(&jw);
        rp_jw_put_str(&jw, "rule", rule->name);
        rp_jw_put_int(&jw, "fired", rule->fired);
        rp_jw_put_int(&jw, "leads", rule->leads);
        rp_jw_put_milli(&jw, "points", rule->points);
        rp_jw_put_int(&jw, "decidedWith", (int64_t)rule->with);
        rp_table_number(&jw, "shareOfDecided",
                        c->decided_count ? rule->with / (double)c->decided_count : (double)NAN, 6);
        rp_jw_put_int(&jw, "mature", (int64_t)rule->mature);
        rp_jw_put_int(&jw, "right", (int64_t)rule->right);
        rp_table_number(&jw, "lift", told ? lift.lift : (double)NAN, 6);
        rp_table_number(&jw, "logOdds", told ? lift.lor : (double)NAN, 6);
        rp_table_interval(&jw, "logOddsInterval", told ? lift.ci.lo : (double)NAN,
                          told ? lift.ci.hi : (double)NAN);
        rp_jw_object_end(&jw);
    }
    rp_jw_array_end(&jw);
    rp_jw_object_end(&jw);
}

int rp_report_rules(struct rp_reader *reader, const struct rp_report_query *query,
                    enum rp_format format, struct rp_buf *out, struct rp_err *err)
{
    struct counting c = {.reader = reader, .query = query, .at_ms = RP_NEVER};
    int status = rp_reader_begin(reader, err);

    c.stage = query->stage.len > 0 ? query->stage : RP_STR("mql");
    c.outcome = query->outcome.len > 0 ? query->outcome : RP_STR("sql");
    c.window_ms = query->window_ms ? query->window_ms : 60 * RP_DAY;
    c.until_ms = query->until_ms == RP_NEVER ? query->now_ms : query->until_ms;
    if (status == 0) {
        status = check_stages(&c, err);
    }
    if (status == 0) {
        c.stage_name = rp_store_name_find(reader->store, c.stage);
        c.outcome_name = rp_store_name_find(reader->store, c.outcome);
        name_rules(&c);
        status = rp_report_moves(reader->store, visit_move, &c, err);
    }
    if (status == 0 && c.lead) {
        end_lead(&c);
    }
    if (status == 0) {
        /* What those decided in the period had, they may have had before it. */
        status = rp_report_events(reader->store, 0, c.until_ms, visit_event, &c, err);
    }
    if (status == 0) {
        if (c.rule_count > 1) {
            qsort(c.rules, c.rule_count, sizeof(*c.rules), by_fired);
        }
        if (format == RP_FORMAT_JSON) {
            print_json(&c, out);
        } else {
            print_text(&c, out);
        }
    }
    free(c.decided);
    free(c.rules);
    free(c.rule_of);
    free(c.met);
    return rp_reader_end(reader, status);
}
