/* SPDX-License-Identifier: MIT */
/* Counts live in an array beside the rules, are added to by the fold at events that are new, and
 * written behind with the leads' states, some at a time. Knows nothing of what is decided by them:
 * putting a rule out of action makes a generation, and that is the daemon's work.
 *
 *   store ──counts_ready──▶ next ──counts_take (with the swap)──▶ in force ──counts_write──▶ store
 */
#include "core/counts.h"

#include "base/limits.h"
#include "base/mem.h"
#include "core/core_priv.h"
#include "store/rule_counts.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- From the store and back ----------------------------------------------------------------- */

static int by_name(const void *key, const void *row)
{
    return rp_str_cmp(*(const struct rp_str *)key, ((const struct rp_rule_count_row *)row)->rule);
}

static int rename_rules(struct rp_core *core, const struct rp_rules *rules, struct rp_err *err)
{
    int status = 0;

    for (uint32_t i = 0; i < rules->score_count && status == 0; i++) {
        const struct rp_score *score = &rules->scores[i];

        if (score->was.len > 0 && rp_rules_score(rules, score->was) == RP_NONE) {
            status = rp_rule_count_rename(core->store, score->was, score->name, err);
        }
    }
    return status;
}

int rp_core_counts_ready(struct rp_core *core, const struct rp_rules *rules, struct rp_err *err)
{
    struct rp_rule_count_row *rows = NULL;
    struct rp_arena arena;
    size_t count = 0;
    int status = rp_core_counts_write(core, SIZE_MAX, err);

    rp_arena_init(&arena);
    if (status == 0) {
        status = rename_rules(core, rules, err);
    }
    if (status == 0) {
        status = rp_rule_count_list(&arena, core->store, &rows, &count, err);
    }
    if (status == 0) {
        free(core->counts_next);
        core->counts_next = rp_calloc(rules->score_count + 1, sizeof(*core->counts_next));
    }
    for (uint32_t i = 0; status == 0 && count > 0 && i < rules->score_count; i++) {
        const struct rp_rule_count_row *row =
            bsearch(&rules->scores[i].name, rows, count, sizeof(*rows), by_name);

        if (row) {
            core->counts_next[i] = row->count;
        }
    }
    rp_arena_fini(&arena);
    return status;
}

void rp_core_counts_take(struct rp_core *core)
{
    free(core->counts);
    core->counts = core->counts_next;
    core->counts_next = NULL;
    core->counts_at = 0;
    core->fold.counts = core->counts;
}

void rp_core_counts_drop(struct rp_core *core)
{
    free(core->counts);
    free(core->counts_next);
    core->counts = core->counts_next = NULL;
}

/* Goes round, so that each has its turn. */
int rp_core_counts_write(struct rp_core *core, size_t rules_max, struct rp_err *err)
{
    uint32_t rules = core->counts ? core->rules->score_count : 0;
    size_t written = 0;

    for (uint32_t i = 0; i < rules && written < rules_max; i++) {
        struct rp_rule_count *count = &core->counts[core->counts_at];
        int status;

        if (count->changed) {
            status = rp_rule_count_put(core->store, core->rules->scores[core->counts_at].name,
                                       count, err);
            if (status != 0) {
                return status;
            }
            count->changed = false;
            written++;
        }
        core->counts_at = (core->counts_at + 1) % rules;
    }
    return 0;
}

int rp_core_counts_save(struct rp_core *core, struct rp_err *err)
{
    bool changed = false;
    int status;

    for (uint32_t i = 0; core->counts && i < core->rules->score_count; i++) {
        changed |= core->counts[i].changed;
    }
    if (!changed) {
        return 0;
    }
    status = rp_store_begin(core->store, err);
    if (status != 0) {
        return status;
    }
    status = rp_core_counts_write(core, SIZE_MAX, err);
    if (status == 0) {
        status = rp_store_commit(core->store, err);
    }
    if (status != 0) {
        rp_store_rollback(core->store);
    }
    return status;
}

/* ---- Rules that keep failing ----------------------------------------------------------------- */

const struct rp_rule_count *rp_core_rule_counts(const struct rp_core *core)
{
    return core->counts;
}

uint32_t rp_core_rules_failing(const struct rp_core *core, uint32_t *ret_rules, uint32_t max)
{
    const struct rp_rules *rules = core->rules;
    uint32_t found = 0;

    for (uint32_t i = 0; core->counts && i < rules->score_count && found < max; i++) {
        const struct rp_score *score = &rules->scores[i];

        if (score->test != RP_NONE && score->enabled && rp_rule_count_failing(&core->counts[i])) {
            ret_rules[found++] = i;
        }
    }
    return found;
}

struct rp_str rp_core_failing_reason(struct rp_arena *arena, const struct rp_core *core,
                                     uint32_t rule)
{
    uint32_t runs, failed;

    RP_ASSERT(core->counts && rule < core->rules->score_count);
    failed = rp_rule_count_recent(&core->counts[rule], &runs);
    return rp_arena_printf(arena,
                           "its test failed at %" PRIu32 " of its last %" PRIu32
                           " runs; correct the test and save",
                           failed, runs);
}

/* ---- Metrics --------------------------------------------------------------------------------- */

struct shown {
    uint32_t rule;
    const struct rp_rule_count *count;
    bool first; /* failed, or out of action */
};

static int shown_cmp(const void *left, const void *right)
{
    const struct shown *a = left;
    const struct shown *b = right;

    if (a->first != b->first) {
        return a->first ? -1 : 1;
    }
    if (a->count->runs != b->count->runs) {
        return a->count->runs > b->count->runs ? -1 : 1;
    }
    return (a->rule > b->rule) - (a->rule < b->rule);
}

static void label(struct rp_buf *out, struct rp_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\') {
            rp_buf_char(out, '\\');
        }
        if (text.ptr[i] == '\n') {
            rp_buf_text(out, "\\n");
        } else {
            rp_buf_char(out, text.ptr[i]);
        }
    }
}

static uint64_t number_of(const struct shown *shown, const struct rp_score *score, size_t column)
{
    const struct rp_rule_count *count = shown->count;
    const uint64_t numbers[] = {count->runs,  count->hits,           count->granted, count->faults,
                                count->steps, count->test_ns / 1000, score->disabled};

    RP_ASSERT(column < RP_COUNT(numbers));
    return numbers[column];
}

void rp_core_counts_print(const struct rp_core *core, struct rp_buf *out)
{
    static const struct {
        const char *name, *type, *help;
        bool of_tests;
    } columns[] = {
        {"ripen_rule_runs_total", "counter", "Events that asked the rule.", false},
        {"ripen_rule_matches_total", "counter", "Events for which it held.", false},
        {"ripen_rule_granted_total", "counter", "Matches that gave points.", false},
        {"ripen_rule_failures_total", "counter", "Runs of its test that failed.", true},
        {"ripen_rule_steps_total", "counter", "Lua steps of its test.", true},
        {"ripen_rule_test_microseconds_total", "counter", "Time in its test.", true},
        {"ripen_rule_disabled", "gauge", "1: out of action, its test kept failing.", true},
    };
    const struct rp_rules *rules = core->rules;
    uint32_t count = core->counts ? rules->score_count : 0;
    uint32_t most = count < RP_METRIC_RULES_MAX ? count : RP_METRIC_RULES_MAX;
    struct shown *shown = rp_calloc(count + 1, sizeof(*shown));

    for (uint32_t i = 0; i < count; i++) {
        shown[i] = (struct shown){i, &core->counts[i],
                                  core->counts[i].faults || rules->scores[i].disabled};
    }
    if (count > 1) {
        qsort(shown, count, sizeof(*shown), shown_cmp);
    }
    for (size_t c = 0; c < RP_COUNT(columns) && count > 0; c++) {
        rp_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", columns[c].name, columns[c].help,
                      columns[c].name, columns[c].type);
        for (uint32_t i = 0; i < most; i++) {
            const struct rp_score *score = &rules->scores[shown[i].rule];

            if (columns[c].of_tests && score->test == RP_NONE) {
                continue;
            }
            rp_buf_printf(out, "%s{rule=\"", columns[c].name);
            label(out, score->name);
            rp_buf_printf(out, "\"} %" PRIu64 "\n", number_of(&shown[i], score, c));
        }
    }
    free(shown);
}
