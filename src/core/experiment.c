/* SPDX-License-Identifier: MIT */
/* Starting and stopping experiments, and what a change of rules means for those that run. A period
 * holds as long as its models, shares and goal do; what is dealt out, and the list of arms, hold
 * for the whole experiment. All in the transaction of whoever decides it. */
#include "core/experiment.h"

#include "base/json_read.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "core/core_priv.h"
#include "store/audit.h"
#include "store/events.h"

#include <stdlib.h>

struct rp_core_trying {
    struct rp_arena arena;
    struct rp_trying list;
};

/* ---- What has changed -------------------------------------------------------------------------
 */

static struct rp_str member(struct rp_arena *arena, struct rp_str object, const char *key)
{
    struct rp_json json;
    struct rp_str raw = RP_STR("");

    rp_json_init(&json, arena, object);
    if (rp_json_next(&json) != RP_JSON_OBJECT) {
        return raw;
    }
    while (rp_json_next(&json) == RP_JSON_KEY) {
        bool found = rp_str_is(json.string, key);

        if (rp_json_skip(&json, &raw) == RP_JSON_ERROR || found) {
            return raw;
        }
    }
    return RP_STR("");
}

/* The raw value of a member in each element of an array, joined. */
static struct rp_str column(struct rp_arena *arena, struct rp_str array, const char *key)
{
    struct rp_buf out = {0};
    struct rp_json json;
    struct rp_str raw;
    struct rp_str text;

    rp_json_init(&json, arena, array);
    if (rp_json_next(&json) == RP_JSON_ARRAY) {
        while (rp_json_skip(&json, &raw) == RP_JSON_OBJECT) {
            rp_buf_str(&out, member(arena, raw, key));
            rp_buf_char(&out, ' ');
        }
    }
    text = rp_arena_str(arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    return text;
}

static bool differ(struct rp_arena *arena, struct rp_str was, struct rp_str now, const char *key)
{
    return !rp_str_eq(column(arena, member(arena, was, "arms"), key),
                      column(arena, member(arena, now, "arms"), key));
}

/* Why the experiment cannot go on with these rules; "": it can. */
static struct rp_str cannot_go_on(struct rp_arena *arena, const struct rp_experiment_row *row,
                                  const struct rp_experiment *x, struct rp_str definition)
{
    if (!x) {
        return RP_STR("it is not in the rules any more");
    }
    if (!x->enabled) {
        return RP_STR("it was disabled");
    }
    if (!rp_str_eq(x->salt, row->salt)) {
        return RP_STR("its salt was changed");
    }
    if (differ(arena, row->definition, definition, "name")) {
        return RP_STR("its arms were changed");
    }
    if (!rp_str_eq(member(arena, row->definition, "by"), member(arena, definition, "by")) ||
        !rp_str_eq(member(arena, row->definition, "mode"), member(arena, definition, "mode"))) {
        return RP_STR("its mode, or what it deals out, was changed");
    }
    return RP_STR("");
}

/* Why the period ends; "": it does not. */
static struct rp_str why_ends(struct rp_arena *arena, struct rp_str was, struct rp_str now)
{
    if (rp_str_eq(was, now)) {
        return RP_STR("");
    }
    if (differ(arena, was, now, "hash")) {
        return RP_STR("a model was changed");
    }
    if (!rp_str_eq(member(arena, was, "explore"), member(arena, now, "explore"))) {
        return RP_STR("the share that is explored was changed");
    }
    return differ(arena, was, now, "weight") ? RP_STR("the shares of the arms were changed")
                                             : RP_STR("what counts as success was changed");
}

/* ---- Rows -------------------------------------------------------------------------------------
 */

static int begin_period(struct rp_core *core, const struct rp_rules *rules,
                        const struct rp_experiment *x, int64_t id, int64_t now_ms,
                        struct rp_err *err)
{
    struct rp_period_row row = {.experiment = id,
                                .number = 1,
                                .generation = rules->number,
                                .started_ms = now_ms,
                                .first_event = rp_event_newest(core->store),
                                .arms = rp_period_json(&core->arena, rules, x)};
    struct rp_period_row *rows;
    size_t count;
    int status = rp_period_list(&core->arena, core->store, id, &rows, &count, err);

    if (status == 0 && count > 0) {
        row.number = rows[count - 1].number + 1;
    }
    return status == 0 ? rp_period_begin(core->store, &row, err) : status;
}

static int stop_row(struct rp_core *core, struct rp_experiment_row *row,
                    enum rp_experiment_state state, struct rp_str why, int64_t now_ms,
                    struct rp_err *err)
{
    int64_t id;
    int status = rp_period_end(core->store, row->id, now_ms, why, err);

    row->state = state;
    row->stopped_ms = now_ms;
    row->why = why;
    return status == 0 ? rp_experiment_put(core->store, row, &id, err) : status;
}

/* One that runs, under rules that come into force. */
static int carry_over(struct rp_core *core, const struct rp_rules *rules,
                      struct rp_experiment_row *row, int64_t now_ms, struct rp_err *err)
{
    uint32_t index = rp_rules_experiment(rules, row->name);
    const struct rp_experiment *x = index == RP_NONE ? NULL : &rules->experiments[index];
    struct rp_str definition = x ? rp_experiment_json(&core->arena, rules, x) : RP_STR("");
    struct rp_str why = cannot_go_on(&core->arena, row, x, definition);
    struct rp_period_row *periods;
    size_t count;
    int64_t id;
    int status;

    if (why.len > 0) {
        return stop_row(core, row, RP_EXPERIMENT_STOPPED, why, now_ms, err);
    }
    status = rp_period_list(&core->arena, core->store, row->id, &periods, &count, err);
    if (status != 0 || count == 0) {
        return status;
    }
    why = why_ends(&core->arena, periods[count - 1].arms, rp_period_json(&core->arena, rules, x));
    if (why.len > 0) {
        status = rp_period_end(core->store, row->id, now_ms, why, err);
        if (status == 0) {
            status = begin_period(core, rules, x, row->id, now_ms, err);
        }
    }
    if (status == 0 && !rp_str_eq(definition, row->definition)) {
        row->definition = definition;
        status = rp_experiment_put(core->store, row, &id, err);
    }
    return status;
}

/* ---- The list of the core ---------------------------------------------------------------------
 */

static void free_list(struct rp_core_trying **list)
{
    if (*list) {
        rp_arena_fini(&(*list)->arena);
        free(*list);
        *list = NULL;
    }
}

static int make_list(struct rp_core *core, const struct rp_rules *rules, struct rp_err *err)
{
    struct rp_core_trying *next = rp_calloc(1, sizeof(*next));
    int status;

    rp_arena_init(&next->arena);
    free_list(&core->trying_next);
    core->trying_next = next;
    status = rp_trying_load(&next->arena, core->store, rules, &next->list, err);
    if (status != 0 || next->list.count == 0) {
        free_list(&core->trying_next);
    }
    return status;
}

int rp_core_trying_ready(struct rp_core *core, const struct rp_rules *rules, struct rp_err *err)
{
    int64_t now_ms = rp_clock_now(&core->clock);
    struct rp_experiment_row *rows;
    size_t count;
    int status = rp_experiment_list(&core->arena, core->store, &rows, &count, err);

    for (size_t i = 0; status == 0 && i < count; i++) {
        if (rows[i].state == RP_EXPERIMENT_RUNNING) {
            status = carry_over(core, rules, &rows[i], now_ms, err);
        }
    }
    return status == 0 ? make_list(core, rules, err) : status;
}

void rp_core_trying_take(struct rp_core *core)
{
    free_list(&core->trying);
    core->trying = core->trying_next;
    core->trying_next = NULL;
    core->fold.model = 0;
}

void rp_core_trying_drop(struct rp_core *core)
{
    free_list(&core->trying);
    free_list(&core->trying_next);
}

const struct rp_trying *rp_core_trying_list(const struct rp_core *core)
{
    return &core->trying->list;
}

void rp_core_act_as(struct rp_core *core, const struct rp_lead *lead)
{
    if (core->trying) {
        core->fold.model = rp_trying_model(&core->trying->list, lead);
    }
}

/* ---- Starting and stopping --------------------------------------------------------------------
 */

static int find_row(struct rp_core *core, struct rp_str name, struct rp_experiment_row *ret_row,
                    struct rp_err *err)
{
    struct rp_experiment_row *rows;
    size_t count;
    int status = rp_experiment_list(&core->arena, core->store, &rows, &count, err);

    for (size_t i = count; status == 0 && i-- > 0;) {
        if (rp_str_eq(rows[i].name, name) && rows[i].state == RP_EXPERIMENT_RUNNING) {
            *ret_row = rows[i];
            return 0;
        }
    }
    return status != 0 ? status : RIPEN_ENOTFOUND;
}

static int can_start(struct rp_core *core, struct rp_str name, const struct rp_experiment **ret_x,
                     struct rp_err *err)
{
    uint32_t index = rp_rules_experiment(core->rules, name);
    const struct rp_experiment *x = index == RP_NONE ? NULL : &core->rules->experiments[index];
    struct rp_experiment_row row;
    int status;

    if (!x) {
        return rp_err_set(err, RIPEN_ENOTFOUND, "the rules in force declare no experiment \"%.*s\"",
                          RP_STR_ARG(name));
    }
    if (!x->enabled) {
        return rp_err_set(err, RIPEN_EINPUT, "experiment \"%.*s\" has enabled = false in the rules",
                          RP_STR_ARG(name));
    }
    if (x->goal == RP_NONE) {
        return rp_err_set(err, RIPEN_EINPUT,
                          "experiment \"%.*s\" does not say what success is; add success = { "
                          "reached = \"sql\", within = \"45d\" }",
                          RP_STR_ARG(name));
    }
    status = find_row(core, name, &row, err);
    if (status == 0) {
        return rp_err_set(err, RIPEN_EINPUT, "experiment \"%.*s\" runs already", RP_STR_ARG(name));
    }
    *ret_x = x;
    return status == RIPEN_ENOTFOUND ? 0 : status;
}

static int add_audit(struct rp_core *core, const char *verb, struct rp_str author,
                     struct rp_str name, struct rp_str detail, struct rp_err *err)
{
    struct rp_audit_row row = {.at_ms = rp_clock_now(&core->clock),
                               .actor = author,
                               .verb = rp_str_from(verb),
                               .subject = name,
                               .detail = detail};

    return rp_audit_add(core->store, &row, err);
}

/* Commits when status is 0, and then works with what was decided. */
static int finish(struct rp_core *core, int status, struct rp_err *err)
{
    if (status == 0) {
        status = make_list(core, core->rules, err);
    }
    if (status == 0) {
        status = rp_store_commit(core->store, err);
    }
    if (status != 0) {
        rp_store_rollback(core->store);
        free_list(&core->trying_next);
    } else {
        rp_core_trying_take(core);
    }
    return status;
}

static void answer(struct rp_buf *out, struct rp_str name, const char *state, struct rp_str why)
{
    struct rp_jw jw = rp_jw(out);

    rp_jw_object(&jw);
    rp_jw_put_str(&jw, "experiment", name);
    rp_jw_put_text(&jw, "state", state);
    if (why.len > 0) {
        rp_jw_put_str(&jw, "why", why);
    }
    rp_jw_object_end(&jw);
}

/* Who was dealt before the stop keeps the arm, by its number. */
static int same_arms(struct rp_core *core, const struct rp_experiment_row *row, struct rp_err *err)
{
    struct rp_experiment_row *rows;
    size_t count;
    int status = rp_experiment_list(&core->arena, core->store, &rows, &count, err);

    for (size_t i = 0; status == 0 && i < count; i++) {
        if (rp_str_eq(rows[i].name, row->name) && rp_str_eq(rows[i].salt, row->salt) &&
            differ(&core->arena, rows[i].definition, row->definition, "name")) {
            return rp_err_set(err, RIPEN_EINPUT,
                              "experiment \"%.*s\" ran with other arms; give it another salt to "
                              "deal anew",
                              RP_STR_ARG(row->name));
        }
    }
    return status;
}

static int write_start(struct rp_core *core, const struct rp_experiment *x, struct rp_str author,
                       struct rp_err *err)
{
    int64_t now_ms = rp_clock_now(&core->clock);
    struct rp_experiment_row row = {
        .name = x->name,
        .salt = x->salt,
        .state = RP_EXPERIMENT_RUNNING,
        .started_ms = now_ms,
        .stopped_ms = RP_NEVER,
        .author = author,
        .definition = rp_experiment_json(&core->arena, core->rules, x),
    };
    int status = same_arms(core, &row, err);

    if (status == 0) {
        status = rp_experiment_put(core->store, &row, &row.id, err);
    }
    if (status == 0) {
        status = begin_period(core, core->rules, x, row.id, now_ms, err);
    }
    return status == 0 ? add_audit(core, "experiment_start", author, x->name, RP_STR(""), err)
                       : status;
}

int rp_core_experiment_start(struct rp_core *core, struct rp_str name, struct rp_str author,
                             struct rp_buf *out, struct rp_err *err)
{
    const struct rp_experiment *x = NULL;
    int status = core->stale ? rp_core_recover(core, err) : 0;

    status = status == 0 ? rp_store_begin(core->store, err) : status;
    if (status != 0) {
        return status;
    }
    status = can_start(core, name, &x, err);
    if (status == 0) {
        status = write_start(core, x, author, err);
    }
    status = finish(core, status, err);
    rp_arena_reset(&core->arena);
    if (status == 0) {
        answer(out, name, "running", RP_STR(""));
    }
    return status;
}

int rp_core_experiment_stop(struct rp_core *core, struct rp_str name, struct rp_str why,
                            struct rp_str author, enum rp_experiment_state state,
                            struct rp_buf *out, struct rp_err *err)
{
    bool promoted = state == RP_EXPERIMENT_PROMOTED;
    struct rp_experiment_row row;
    int status = core->stale ? rp_core_recover(core, err) : 0;

    status = status == 0 ? rp_store_begin(core->store, err) : status;
    if (status != 0) {
        return status;
    }
    status = find_row(core, name, &row, err);
    if (status == RIPEN_ENOTFOUND) {
        status = rp_err_set(err, status, "no experiment \"%.*s\" runs", RP_STR_ARG(name));
    }
    if (status == 0) {
        status = stop_row(core, &row, state, why, rp_clock_now(&core->clock), err);
    }
    if (status == 0) {
        status = add_audit(core, promoted ? "experiment_promote" : "experiment_stop", author, name,
                           why, err);
    }
    status = finish(core, status, err);
    rp_arena_reset(&core->arena);
    if (status == 0) {
        answer(out, name, promoted ? "promoted" : "stopped", why);
    }
    return status;
}
