/* SPDX-License-Identifier: MIT */
/* Leads are taken in an order in which every beginning is spread over all of them, so that a run
 * cut short by its budget is a fair sample. Each is read from its state's row (which may lag by a
 * second: this is an estimate before an act, not a record), folded from its events under the
 * candidate and judged for this moment. Only those that would move are judged under the rules in
 * force too, since time may move them anyway. */
#include "core/effect.h"

#include "base/mem.h"
#include "core/history.h"
#include "core/reader_priv.h"
#include "store/states.h"

#include <inttypes.h>
#include <stdlib.h>

struct judged {
    struct rp_str stage; /* after it; "" when the rules do not know the stage */
    size_t actions, failed;
    int64_t total; /* now, thousandths */
};

struct measuring {
    struct rp_arena *arena; /* of the result */
    struct rp_arena scratch;
    struct rp_store *store;
    struct rp_reader *active; /* under the rules in force; opened when first needed */
    const struct rp_effect_options *options;
    const struct rp_rules *rules;
    struct rp_vm *vm;
    struct rp_trying trying; /* experiments under the candidate */
    struct rp_effect *effect;
    size_t stage_cap;
};

static struct rp_str stage_name(const struct rp_rules *rules, uint16_t stage)
{
    return stage < rules->stage_count ? rules->stages[stage].name : RP_STR("");
}

/* How often a rule fails on the lead's stored events. The cells are scratch afterwards. */
static size_t count_faults(struct rp_fold *fold, struct rp_lead *lead,
                           const struct rp_history *history)
{
    size_t faults = 0;

    rp_lead_cells_clear_fold(lead);
    for (size_t i = 0; i < history->count; i++) {
        struct rp_decision decision = {0};

        rp_fold_event(fold, lead, &history->events[i], &decision);
        faults += decision.fault_count;
    }
    return faults;
}

/* `lead` comes from its row; it is folded and judged in place. */
static int judge(struct measuring *m, const struct rp_rules *rules, struct rp_vm *vm,
                 const struct rp_trying *trying, struct rp_lead *lead, struct rp_str stage,
                 struct judged *ret_judged, struct rp_err *err)
{
    uint32_t index = rp_rules_stage(rules, stage);
    struct rp_decision decision = {0};
    struct rp_history history;
    struct rp_fold fold;
    int status = rp_history_load(&m->scratch, m->store, lead, NULL, 0, &history, err);

    if (status != 0) {
        return status;
    }
    lead->stage = index == RP_NONE ? RP_STAGE_NONE : (uint16_t)index;
    rp_fold_init(&fold, rules, vm, &m->scratch);
    fold.model = rp_trying_model(trying, lead);
    ret_judged->failed = m->options->replay ? count_faults(&fold, lead, &history) : 0;
    rp_history_fold(&fold, lead, &history, INT64_MAX, NULL, NULL);
    rp_judge(&fold, lead, NULL, m->options->now_ms, &decision);
    ret_judged->total = rp_lead_score(&fold, lead, fold.model, RP_NONE, m->options->now_ms);
    ret_judged->stage = index == RP_NONE ? stage : stage_name(rules, lead->stage);
    ret_judged->actions = 0;
    for (size_t i = 0; i < decision.intent_count; i++) {
        ret_judged->actions += decision.intents[i].kind != RP_ACTION_SET;
    }
    rp_fold_fini(&fold);
    return 0;
}

static void count_stage(struct measuring *m, struct rp_str name, int64_t net)
{
    struct rp_effect *e = m->effect;
    size_t at = 0;

    while (at < e->stage_count && !rp_str_eq(e->stages[at].name, name)) {
        at++;
    }
    if (at == e->stage_count) {
        if (e->stage_count == m->stage_cap) {
            size_t cap = m->stage_cap ? m->stage_cap * 2 : 16;
            struct rp_effect_stage *grown = RP_ARENA_ARRAY(m->arena, struct rp_effect_stage, cap);

            if (e->stage_count > 0) {
                memcpy(grown, e->stages, e->stage_count * sizeof(*grown));
            }
            e->stages = grown;
            m->stage_cap = cap;
        }
        e->stages[e->stage_count++] =
            (struct rp_effect_stage){.name = rp_arena_str(m->arena, name)};
    }
    e->stages[at].net += net;
}

/* Where the rules in force would put it now. */
static int judge_active(struct measuring *m, int64_t id, struct judged *ret_judged,
                        struct rp_err *err)
{
    struct rp_str stage = RP_STR("");
    struct rp_lead lead;
    int status = 0;

    if (!m->active) {
        status = rp_reader_open(m->options->db_path, NULL, NULL, &m->active, err);
        if (status == 0) {
            status = rp_reader_begin(m->active, err);
        }
    }
    rp_lead_init(&lead);
    if (status == 0) {
        status = rp_state_load(m->store, id, &lead, &stage, err);
    }
    if (status == 0) {
        status = judge(m, m->active->rules, m->active->vm, &m->active->trying, &lead, stage,
                       ret_judged, err);
    }
    rp_lead_fini(&lead);
    return status;
}

static int look_at(struct measuring *m, int64_t id, struct rp_err *err)
{
    struct judged candidate = {0};
    struct judged active = {0};
    struct rp_str stage = RP_STR("");
    struct rp_lead lead;
    int status;

    rp_lead_init(&lead);
    status = rp_state_load(m->store, id, &lead, &stage, err);
    if (status == 0 && stage.len > 0) {
        status = judge(m, m->rules, m->vm, &m->trying, &lead, stage, &candidate, err);
        m->effect->seen += status == 0;
    }
    m->effect->failed += candidate.failed;
    if (status == 0 && stage.len > 0 &&
        (m->options->replay || !rp_str_eq(candidate.stage, stage))) {
        status = judge_active(m, id, &active, err);
        m->effect->rescored += status == 0 && candidate.total != active.total;
        if (status == 0 && !rp_str_eq(candidate.stage, active.stage)) {
            m->effect->moved++;
            m->effect->actions += candidate.actions;
            count_stage(m, active.stage, -1);
            count_stage(m, candidate.stage, 1);
        }
    }
    rp_lead_fini(&lead);
    rp_arena_reset(&m->scratch);
    return status == RIPEN_ENOTFOUND || status == RIPEN_EBUSY ? 0 : status;
}

static int64_t gcd(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* Steps of about the golden ratio, without a common divisor: every id once, each beginning spread.
 */
static int look_at_all(struct measuring *m, int64_t newest, struct rp_err *err)
{
    int64_t step = (int64_t)((double)newest * 0.6180339887) | 1;
    int64_t started_us = rp_mono_us();
    int64_t at = 0;
    int status = 0;

    while (gcd(newest, step) != 1) {
        step++;
    }
    for (int64_t i = 0; i < newest && status == 0; i++) {
        if (m->effect->seen >= m->options->leads_max ||
            (m->options->budget_us > 0 && (i & 15) == 15 &&
             rp_mono_us() - started_us > m->options->budget_us)) {
            return 0;
        }
        at = (at + step) % newest;
        status = look_at(m, at + 1, err);
    }
    m->effect->whole = status == 0;
    return status;
}

static int by_net(const void *a, const void *b)
{
    const struct rp_effect_stage *x = a;
    const struct rp_effect_stage *y = b;

    return x->net != y->net ? (x->net < y->net) - (x->net > y->net) : rp_str_cmp(x->name, y->name);
}

int rp_effect_measure(struct rp_arena *arena, const struct rp_rules *candidate,
                      const struct rp_effect_options *options, struct rp_effect *ret_effect,
                      struct rp_err *err)
{
    struct measuring m = {
        .arena = arena, .options = options, .rules = candidate, .effect = ret_effect};
    int status = rp_store_open(options->db_path, RP_STORE_READ, &m.store, err);

    *ret_effect = (struct rp_effect){0};
    if (status != 0) {
        return status;
    }
    rp_arena_init(&m.scratch);
    m.vm = rp_vm_new(candidate, err);
    status = m.vm ? rp_store_snapshot(m.store, err) : RIPEN_ERULE;
    if (status == 0) {
        status = rp_trying_load(arena, m.store, candidate, &m.trying, err);
    }
    if (status == 0) {
        int64_t newest = rp_lead_newest(m.store);

        ret_effect->leads = (size_t)rp_state_count(m.store);
        status = newest > 0 ? look_at_all(&m, newest, err) : 0;
        rp_store_snapshot_end(m.store);
    }
    if (ret_effect->stage_count > 1) {
        qsort(ret_effect->stages, ret_effect->stage_count, sizeof(*ret_effect->stages), by_net);
    }
    rp_reader_close(m.active);
    rp_vm_free(m.vm);
    rp_arena_fini(&m.scratch);
    rp_store_close(m.store);
    return status;
}

/* From those looked at to all. */
static int64_t scale(const struct rp_effect *effect, int64_t count)
{
    return effect->whole || effect->seen == 0
               ? count
               : (int64_t)((double)count * (double)effect->leads / (double)effect->seen +
                           (count < 0 ? -0.5 : 0.5));
}

void rp_effect_say(const struct rp_effect *effect, struct rp_buf *out)
{
    const char *about = effect->whole ? "" : "about ";
    bool listed = false;

    if (effect->leads == 0) {
        rp_buf_text(out, "there are no leads yet");
        return;
    }
    if (effect->moved == 0) {
        rp_buf_printf(out, "no lead would move (%zu of %zu looked at)", effect->seen,
                      effect->leads);
        return;
    }
    rp_buf_printf(out, "%s%" PRId64 " of %zu leads would move", about,
                  scale(effect, (int64_t)effect->moved), effect->leads);
    for (size_t i = 0; i < effect->stage_count; i++) {
        if (effect->stages[i].net == 0) {
            continue;
        }
        rp_buf_printf(out, "%s %+" PRId64 " %.*s", listed ? "," : ":",
                      scale(effect, effect->stages[i].net), RP_STR_ARG(effect->stages[i].name));
        listed = true;
    }
    if (effect->actions > 0) {
        rp_buf_printf(out, "; %s%" PRId64 " action%s would follow", about,
                      scale(effect, (int64_t)effect->actions),
                      scale(effect, (int64_t)effect->actions) == 1 ? "" : "s");
    }
    if (!effect->whole) {
        rp_buf_printf(out, " (%zu looked at)", effect->seen);
    }
}
