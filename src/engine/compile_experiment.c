/* SPDX-License-Identifier: MIT */
/* Experiments: arms with weights, what is dealt out, what counts as success. What would make the
 * numbers worthless is an error here: shares that do not sum, two controls, two splits that act on
 * the same units. Also makes the hash of each model, of everything that its scores and stages come
 * from: sentences and comments are not part of it. */
#include "base/buf.h"
#include "base/hash.h"
#include "base/limits.h"
#include "engine/compile.h"
#include "model/assign_hash.h"

#include <math.h>

#define WEIGHTS_OFF 1e-7 /* of 100 */

const struct rp_metric rp_metrics[] = {
    {"unsubscribe_rate", "Unsubscribed", "unsubscribed"},
    {"rejection_rate", "Lead Rejected", "were rejected by sales"},
    {"bounce_rate", "Email Bounced", "had a bounced e-mail"},
    {"complaint_rate", "Email Complained", "complained about an e-mail"},
    {"loss_rate", "Deal Lost", "were lost as a deal"},
    {"withdrawal_rate", "Consent Withdrawn", "withdrew their consent"},
    {NULL, NULL, NULL},
};

/* ---- Hashes of models ------------------------------------------------------------------------ */

static bool concerns_scores(const char *decl)
{
    static const char *const kinds[] = {
        "names", "event", "exclude", "lookup", "dimension", "total",   "grade",    "group",
        "score", "fit",   "stages",  "stage",  "status",    "reasons", "calendar", "segment"};

    for (size_t i = 0; i < RP_COUNT(kinds); i++) {
        if (strcmp(decl, kinds[i]) == 0)
            return true;
    }
    return false;
}

static bool is_sentence(struct rp_str key)
{
    return rp_str_is(key, "why") || rp_str_is(key, "tags") || rp_str_is(key, "author") ||
           rp_str_is(key, "was") || rp_str_is(key, "due");
}

static void print_declared(struct rp_buf *out, const struct rp_declared *declared)
{
    const struct rp_node *body = &declared->body;

    rp_buf_printf(out, "%s %.*s\n", declared->decl->name, RP_STR_ARG(declared->name));
    for (uint32_t i = 0; i < body->item_count; i++) {
        rp_node_print(out, &body->items[i]);
        rp_buf_char(out, '\n');
    }
    for (uint32_t i = 0; i < body->field_count; i++) {
        if (is_sentence(body->fields[i].key))
            continue;
        rp_buf_printf(out, "%.*s=", RP_STR_ARG(body->fields[i].key));
        rp_node_print(out, &body->fields[i].value);
        rp_buf_char(out, '\n');
    }
}

/* A function's own text is not in the tree: the files that hold one count whole. */
static void print_tests(struct rp_compile *compile, struct rp_buf *out)
{
    const struct rp_rules *rules = compile->rules;

    for (uint32_t f = 0; f < compile->files->count; f++) {
        bool holds = false;

        for (uint32_t i = 0; i < rules->test_count && !holds; i++)
            holds = rules->tests[i].place.file == f;
        if (holds || rp_str_starts(compile->files->items[f].path, RP_STR("lists/"))) {
            rp_buf_str(out, compile->files->items[f].path);
            rp_buf_str(out, compile->files->items[f].text);
        }
    }
}

static struct rp_declared *model_declared(struct rp_compile *compile, struct rp_str name)
{
    struct rp_declared *declared;
    uint32_t at = 0;

    while ((declared = rp_compile_next(compile, "model", &at)) != NULL) {
        if (rp_str_eq(declared->name, name))
            return declared;
    }
    return NULL;
}

static void hash_model(struct rp_compile *compile, struct rp_str common, struct rp_model *model)
{
    struct rp_declared *declared = model_declared(compile, model->name);
    struct rp_buf text = {0};

    rp_buf_str(&text, common);
    for (uint32_t depth = 0; declared && depth < RP_MODELS_MAX; depth++) {
        struct rp_node body = declared->body;
        const struct rp_node *like = rp_node_get(&body, "like");

        for (uint32_t i = 0; i < body.field_count; i++) { /* its name does not matter */
            if (is_sentence(body.fields[i].key) || rp_str_is(body.fields[i].key, "like"))
                continue;
            rp_buf_printf(&text, "%.*s=", RP_STR_ARG(body.fields[i].key));
            rp_node_print(&text, &body.fields[i].value);
        }
        declared = like ? model_declared(compile, like->text) : NULL;
    }
    rp_sha256_hex(text.ptr, text.len, model->hash);
    rp_buf_fini(&text);
}

static void hash_models(struct rp_compile *compile)
{
    struct rp_buf common = {0};

    for (uint32_t i = 0; i < compile->count; i++) {
        const struct rp_declared *declared = &compile->declared[i];

        if (declared->complete && !declared->broken && concerns_scores(declared->decl->name))
            print_declared(&common, declared);
    }
    if (compile->weights)
        rp_node_print(&common, compile->weights);
    print_tests(compile, &common);
    for (uint32_t i = 0; i < compile->rules->model_count; i++)
        hash_model(compile, rp_buf_view(&common), &compile->rules->models[i]);
    rp_buf_fini(&common);
}

/* ---- Arms ------------------------------------------------------------------------------------ */

static bool arm_is_formed(const struct rp_node *arm)
{
    return arm->item_count == 2 && arm->items[0].type == RP_NODE_TEXT &&
           arm->items[1].type == RP_NODE_NUMBER && arm->items[1].number > 0;
}

static bool compile_arm(struct rp_compile *compile, const struct rp_node *node,
                        struct rp_experiment *x)
{
    struct rp_arm *arm = &x->arms[x->arm_count];

    if (!arm_is_formed(node)) {
        rp_compile_report(compile, RP_CODE_TYPE, node->place, 1,
                          RP_STR("write { \"champion\", 50 }"),
                          "%.*s: an arm is a model and its share", RP_STR_ARG(compile->what));
        return false;
    }
    arm->name = rp_compile_keep(compile, node->items[0].text);
    arm->model = rp_rules_model(compile->rules, arm->name);
    arm->weight = node->items[1].number / 100;
    if (arm->model == RP_NONE)
        return false; /* reported with the other names */
    for (uint32_t i = 0; i < x->arm_count; i++) {
        if (x->arms[i].model != arm->model)
            continue;
        rp_compile_report(compile, RP_CODE_DUPLICATE_NAME, node->place, 1,
                          RP_STR("let each arm have a model of its own"),
                          "%.*s has the model \"%.*s\" in two arms", RP_STR_ARG(compile->what),
                          RP_STR_ARG(arm->name));
        return false;
    }
    x->arm_count++;
    return true;
}

static void check_sum(struct rp_compile *compile, const struct rp_node *arms, double hold_out,
                      struct rp_experiment *x)
{
    double sum = hold_out;

    for (uint32_t i = 0; i < arms->item_count; i++)
        sum += arms->items[i].items[1].number;
    if (fabs(sum - 100) <= WEIGHTS_OFF) {
        for (uint32_t i = 0; i < x->arm_count; i++)
            x->arms[i].weight = x->arms[i].weight * 100 / sum;
        return;
    }
    rp_compile_report(compile, RP_CODE_SHARES, arms->place, 1,
                      sum < 100
                          ? rp_arena_printf(compile->arena,
                                            "let them sum to 100, and add share = %g to let only "
                                            "so many units take part",
                                            sum)
                          : RP_STR(""),
                      "%.*s: the shares of its arms sum to %g", RP_STR_ARG(compile->what), sum);
}

static void compile_arms(struct rp_compile *compile, const struct rp_node *body,
                         struct rp_experiment *x)
{
    const struct rp_node *arms = rp_node_get(body, "arms");
    double hold_out = rp_node_number(body, "hold_out", 0);
    bool good = true;

    if (arms->item_count + (hold_out > 0) > RP_ASSIGN_ARMS_MAX) {
        rp_compile_report(compile, RP_CODE_TOO_MANY, arms->place, 1, RP_STR("try fewer at a time"),
                          "%.*s has more than %d arms", RP_STR_ARG(compile->what),
                          RP_ASSIGN_ARMS_MAX);
        return;
    }
    x->arms = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_arm, arms->item_count + 1);
    for (uint32_t i = 0; i < arms->item_count; i++)
        good &= compile_arm(compile, &arms->items[i], x);
    if (!good)
        return;
    if (hold_out > 0)
        x->arms[x->arm_count++] = (struct rp_arm){.name = RP_STR("hold-out"),
                                                  .model = x->arms[0].model,
                                                  .weight = hold_out / 100,
                                                  .hold_out = true};
    check_sum(compile, arms, hold_out, x);
}

/* ---- The rest -------------------------------------------------------------------------------- */

static void compile_guards(struct rp_compile *compile, const struct rp_node *guards,
                           struct rp_experiment *x)
{
    if (!guards)
        return;
    x->guards =
        RP_ARENA_ARRAY(&compile->rules->arena, struct rp_goal_guard, guards->item_count + 1);
    for (uint32_t i = 0; i < guards->item_count; i++) {
        const struct rp_node *metric = rp_node_get(&guards->items[i], "metric");
        struct rp_guess guess;
        bool known = false;

        if (!metric || metric->type != RP_NODE_TEXT)
            continue;
        guess = rp_guess(metric->text);
        for (const struct rp_metric *m = rp_metrics; m->name; m++) {
            known |= rp_str_is(metric->text, m->name);
            rp_guess_offer(&guess, rp_str_from(m->name));
        }
        if (!known)
            rp_compile_report(compile, RP_CODE_METRIC, metric->place, rp_node_width(metric),
                              rp_guess_hint(compile->arena, &guess),
                              "%.*s: there is no metric \"%.*s\"", RP_STR_ARG(compile->what),
                              RP_STR_ARG(metric->text));
        x->guards[x->guard_count++] = (struct rp_goal_guard){
            .metric = rp_compile_keep(compile, metric->text),
            .worse_than = rp_node_number(&guards->items[i], "worse_than", 1),
        };
    }
}

static void compile_slice(struct rp_compile *compile, const struct rp_node *slice,
                          struct rp_experiment *x)
{
    x->slice_from = 0;
    x->slice_to = 1;
    if (!slice)
        return;
    if (slice->item_count == 2 && slice->items[0].type == RP_NODE_NUMBER &&
        slice->items[1].type == RP_NODE_NUMBER && slice->items[0].number >= 0 &&
        slice->items[0].number < slice->items[1].number && slice->items[1].number <= 100) {
        x->slice_from = slice->items[0].number / 100;
        x->slice_to = slice->items[1].number / 100;
        return;
    }
    rp_compile_report(compile, RP_CODE_TYPE, slice->place, 1, RP_STR("write slice = { 0, 50 }"),
                      "%.*s: a slice goes from one percentage to a higher one",
                      RP_STR_ARG(compile->what));
}

/* In whole buckets of the hash, since the report divides by this chance. Arms of a split act
 * themselves: what they let in is handed on. */
static void compile_explore(struct rp_compile *compile, const struct rp_node *explore,
                            struct rp_experiment *x)
{
    x->explore_seed = rp_arena_printf(&compile->rules->arena, "explore:%.*s", RP_STR_ARG(x->seed));
    x->explore = ceil(x->explore * RP_ASSIGN_BUCKETS - 1e-6) / RP_ASSIGN_BUCKETS;
    if (x->explore > 0 && x->split)
        rp_compile_report(
            compile, RP_CODE_CONFLICT, explore->place, rp_node_width(explore),
            RP_STR("leave it out, or write mode = \"shadow\""),
            "%.*s: explore is for a shadow; each arm of a split acts on its own leads",
            RP_STR_ARG(compile->what));
}

static void compile_one(struct rp_compile *compile, const struct rp_declared *declared,
                        struct rp_experiment *x)
{
    const struct rp_node *body = &declared->body;
    const struct rp_node *success = rp_node_get(body, "success");
    const struct rp_node *decide = rp_node_get(body, "decide");

    *x = (struct rp_experiment){
        .name = rp_compile_keep(compile, declared->name),
        .salt = rp_compile_keep(compile, rp_node_text(body, "salt")),
        .place = declared->place,
        .split = rp_str_is(rp_node_text(body, "mode"), "split"),
        .enabled = rp_node_flag(body, "enabled", true),
        .by_company = rp_str_is(rp_node_text(body, "by"), "company"),
        .share = rp_node_number(body, "share", 100) / 100,
        .explore = rp_node_number(body, "explore", 0) / 100,
        .goal =
            success ? rp_rules_stage(compile->rules, rp_node_text(success, "reached")) : RP_NONE,
        .within_ms = rp_node_span(success, "within", 60 * RP_DAY),
        .min_units = (uint32_t)rp_node_number(decide, "min_units", 0),
        .max_days = (uint32_t)rp_node_number(decide, "max_days", 0),
    };
    x->seed = x->salt.len == 0 ? x->name
                               : rp_arena_printf(&compile->rules->arena, "%.*s:%.*s",
                                                 RP_STR_ARG(x->name), RP_STR_ARG(x->salt));
    compile_explore(compile, rp_node_get(body, "explore"), x);
    compile_arms(compile, body, x);
    compile_slice(compile, rp_node_get(body, "slice"), x);
    compile_guards(compile, rp_node_get(body, "guard"), x);
}

/* ---- Among each other ------------------------------------------------------------------------ */

static void check_control(struct rp_compile *compile, const struct rp_experiment *x)
{
    const struct rp_rules *rules = compile->rules;

    if (x->arm_count == 0 || x->arms[0].model == 0)
        return;
    rp_compile_report(compile, RP_CODE_CONTROL, x->place, 10, RP_STR(""),
                      "experiment \"%.*s\" has the control \"%.*s\", the first one has \"%.*s\"",
                      RP_STR_ARG(x->name), RP_STR_ARG(x->arms[0].name),
                      RP_STR_ARG(rules->models[0].name));
}

/* By lead and by company deal by different hashes: then slices of the same units overlap. */
static bool overlap(const struct rp_experiment *a, const struct rp_experiment *b)
{
    return a->split && b->split && a->enabled && b->enabled &&
           (a->by_company != b->by_company ||
            (a->slice_from < b->slice_to && b->slice_from < a->slice_to));
}

static void check_overlap(struct rp_compile *compile, uint32_t index)
{
    const struct rp_experiment *all = compile->rules->experiments;

    for (uint32_t i = 0; i < index; i++) {
        if (!overlap(&all[i], &all[index]))
            continue;
        rp_compile_report(compile, RP_CODE_OVERLAP, all[index].place, 10, RP_STR(""),
                          "experiments \"%.*s\" and \"%.*s\" both split the same units",
                          RP_STR_ARG(all[i].name), RP_STR_ARG(all[index].name));
        return;
    }
}

void rp_compile_experiments(struct rp_compile *compile)
{
    struct rp_rules *rules = compile->rules;
    struct rp_declared *declared;
    uint32_t at = 0;
    uint32_t count = 0;

    while (rp_compile_next(compile, "experiment", &at) != NULL)
        count++;
    if (count == 0)
        return;
    rules->experiments = RP_ARENA_ARRAY(&rules->arena, struct rp_experiment, count);
    at = 0;
    while ((declared = rp_compile_next(compile, "experiment", &at)) != NULL) {
        compile_one(compile, declared, &rules->experiments[rules->experiment_count]);
        check_control(compile, &rules->experiments[rules->experiment_count]);
        check_overlap(compile, rules->experiment_count);
        rules->experiment_count++;
    }
    hash_models(compile);
}
