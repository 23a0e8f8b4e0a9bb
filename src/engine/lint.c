/* SPDX-License-Identifier: MIT */
/* What can be loaded and is probably not meant: stages without a way in or out, thresholds out of
 * reach, conditions that exclude each other, rules, groups, dimensions and lists that do nothing.
 * Reads compiled rules; changes nothing. Each check is one function over one kind of declaration.
 */
#include "base/text.h"
#include "engine/compile.h"

#include <math.h>

#define NAME(thing) RP_STR_ARG((thing).name)

static int64_t thousandths(double points)
{
    return (int64_t)llround(points * 1000);
}

/* ---- What dimensions can hold ---------------------------------------------------------------- */

struct reach {
    int64_t highest, lowest;
    bool rises, falls, used;
};

static void reach_of_awards(const struct rp_rules *rules, uint32_t dim, struct reach *reach)
{
    for (uint32_t i = 0; i < rules->score_count; i++) {
        const struct rp_score *score = &rules->scores[i];

        for (uint32_t j = 0; j < score->award_count; j++) {
            if (score->awards[j].dim != dim)
                continue;
            reach->used = true;
            reach->rises |= score->awards[j].points > 0;
            reach->falls |= score->awards[j].points < 0 ||
                            rules->sums[score->awards[j].sum].decay.kind != RP_DECAY_NONE;
        }
    }
    reach->highest = reach->rises ? INT64_MAX : 0;
    reach->lowest = reach->falls ? INT64_MIN : 0;
}

static void widen(double *high, double *low, double points)
{
    if (isnan(points))
        return;
    *high = fmax(*high, points);
    *low = fmin(*low, points);
}

static void reach_of_fits(const struct rp_rules *rules, uint32_t dim, struct reach *reach)
{
    double highest = 0, lowest = 0;

    for (uint32_t i = 0; i < rules->fit_count; i++) {
        const struct rp_fit *fit = &rules->fits[i];
        double high = 0, low = 0;

        if (fit->dim != dim)
            continue;
        reach->used = true;
        widen(&high, &low, fit->missing);
        widen(&high, &low, fit->other);
        if (fit->op == RP_FIT_WHEN)
            widen(&high, &low, fit->points);
        for (uint32_t j = 0; j < fit->band_count; j++)
            widen(&high, &low,
                  fit->op == RP_FIT_BANDS   ? fit->bands[j].points
                  : fit->op == RP_FIT_WORDS ? fit->words[j].points
                                            : fit->values[j].points);
        highest += high;
        lowest += low;
    }
    reach->highest = thousandths(highest);
    reach->lowest = thousandths(lowest);
    reach->rises = reach->falls = true;
}

static struct reach reach_of(const struct rp_rules *rules, uint32_t dim)
{
    struct reach reach = {0};

    if (rules->dims[dim].state)
        reach_of_fits(rules, dim, &reach);
    else
        reach_of_awards(rules, dim, &reach);
    if (rules->dims[dim].ranged) {
        reach.highest = rules->dims[dim].max < reach.highest ? rules->dims[dim].max : reach.highest;
        reach.lowest = rules->dims[dim].min > reach.lowest ? rules->dims[dim].min : reach.lowest;
    }
    return reach;
}

/* ---- Conditions ------------------------------------------------------------------------------ */

static void lint_bounds(struct rp_compile *compile, const struct rp_cond *cond)
{
    const struct rp_rules *rules = compile->rules;

    for (uint32_t i = 0; i < cond->bound_count; i++) {
        const struct rp_bound *bound = &cond->bounds[i];
        struct reach reach;

        if (bound->dim == RP_NONE || bound->dim >= rules->dim_count)
            continue;
        reach = reach_of(rules, bound->dim);
        if (cond->op == RP_COND_AT_LEAST && bound->value > reach.highest)
            rp_compile_report(compile, RP_CODE_UNREACHABLE, cond->place, 8,
                              RP_STR("lower the threshold, or give more points"),
                              "%.*s: %.*s never reaches %g, at most %g", RP_STR_ARG(compile->what),
                              NAME(rules->dims[bound->dim]), (double)bound->value / 1000,
                              (double)reach.highest / 1000);
        else if (cond->op == RP_COND_BELOW && bound->value <= reach.lowest)
            rp_compile_report(compile, RP_CODE_UNREACHABLE, cond->place, 5,
                              RP_STR("raise the bound"), "%.*s: %.*s is never below %g",
                              RP_STR_ARG(compile->what), NAME(rules->dims[bound->dim]),
                              (double)bound->value / 1000);
    }
}

static void lint_cond(struct rp_compile *compile, const struct rp_cond *cond)
{
    if (cond == NULL)
        return;
    if (cond->op == RP_COND_AT_LEAST || cond->op == RP_COND_BELOW)
        lint_bounds(compile, cond);
    for (uint32_t i = 0; i < cond->part_count; i++)
        lint_cond(compile, &cond->parts[i]);
}

/* Two equalities of one field with different values cannot both hold. Fields of the lead and of
 * properties may be lists, of which any element counts: only event names and types are single. */
static const struct rp_cond *equality(const struct rp_cond *cond)
{
    return cond->op == RP_COND_FIELD && cond->match.op == RP_MATCH_EQ &&
                   cond->match.value_count == 1
               ? cond
               : NULL;
}

static bool excludes_itself(const struct rp_rules *rules, const struct rp_cond *cond)
{
    if (cond == NULL || cond->op != RP_COND_ALL)
        return false;
    for (uint32_t i = 0; i < cond->part_count; i++) {
        const struct rp_cond *a = equality(&cond->parts[i]);

        if (excludes_itself(rules, &cond->parts[i]))
            return true;
        for (uint32_t j = i + 1; a && j < cond->part_count; j++) {
            const struct rp_cond *b = equality(&cond->parts[j]);

            if (b && a->field == b->field &&
                (rules->fields[a->field].home == RP_FIELD_META ||
                 rules->fields[a->field].fallback != 0) &&
                !rp_str_eq(a->match.values[0].folded, b->match.values[0].folded))
                return true;
        }
    }
    return false;
}

static void lint_scores(struct rp_compile *compile)
{
    const struct rp_rules *rules = compile->rules;

    for (uint32_t i = 0; i < rules->score_count; i++) {
        const struct rp_score *score = &rules->scores[i];

        for (uint32_t j = 0; j < score->on_count; j++)
            if (rules->kinds[score->on[j]].any && score->when == NULL)
                rp_compile_report(compile, RP_CODE_BROAD, score->place, 5,
                                  RP_STR("name the event, or add `when`"),
                                  "score \"%.*s\" fires for every event", NAME(*score));
        if (excludes_itself(rules, score->when))
            rp_compile_report(compile, RP_CODE_NO_EVENT, score->when->place, 1,
                              RP_STR("use any {…} when one of them is enough"),
                              "score \"%.*s\" can never fire: its conditions exclude each other",
                              NAME(*score));
    }
}

/* ---- Stages ---------------------------------------------------------------------------------- */

static bool is_left_for_another(const struct rp_rules *rules, uint32_t stage)
{
    for (uint32_t i = 0; i < rules->stage_count; i++)
        for (uint32_t j = 0; rules->stages[i].enter && j < rules->stages[i].from_count; j++)
            if (rules->stages[i].from[j] == stage)
                return true;
    return false;
}

static bool is_fallen_back_to(const struct rp_rules *rules, uint32_t stage)
{
    for (uint32_t i = 0; i < rules->stage_count; i++)
        if (rules->stages[i].leave && rules->stages[i].leave_to == stage)
            return true;
    return false;
}

/* leave = below { d = … } on a dimension that nothing lowers. */
static void lint_leave(struct rp_compile *compile, const struct rp_stage *stage)
{
    const struct rp_cond *leave = stage->leave;

    if (leave == NULL || leave->op != RP_COND_BELOW)
        return;
    for (uint32_t i = 0; i < leave->bound_count; i++) {
        uint32_t dim = leave->bounds[i].dim;
        struct reach reach;

        if (dim == RP_NONE || dim >= compile->rules->dim_count)
            continue;
        reach = reach_of(compile->rules, dim);
        if (reach.used && !reach.falls)
            rp_compile_report(compile, RP_CODE_NEVER_FALLS, leave->place, 5,
                              RP_STR("give the dimension a half_life"),
                              "stage \"%.*s\" is never left: nothing lowers \"%.*s\"", NAME(*stage),
                              NAME(compile->rules->dims[dim]));
    }
}

static void lint_stages(struct rp_compile *compile)
{
    const struct rp_rules *rules = compile->rules;

    for (uint32_t i = 0; i < rules->stage_count; i++) {
        const struct rp_stage *stage = &rules->stages[i];

        compile->what = rp_arena_printf(compile->arena, "stage \"%.*s\"", NAME(*stage));
        lint_cond(compile, stage->enter);
        lint_cond(compile, stage->leave);
        lint_leave(compile, stage);
        if (i > 0 && stage->enter == NULL && !is_fallen_back_to(rules, i))
            rp_compile_report(compile, RP_CODE_NEVER_ENTERED, stage->place, (int)stage->name.len,
                              RP_STR("add a stage with enter = …"),
                              "stage \"%.*s\" is never entered", NAME(*stage));
        if (!stage->terminal && stage->leave == NULL && !is_left_for_another(rules, i))
            rp_compile_report(compile, RP_CODE_NEVER_LEFT, stage->place, (int)stage->name.len,
                              RP_STR("add leave, or terminal = true"),
                              "stage \"%.*s\" is never left", NAME(*stage));
    }
}

/* ---- What is not used ------------------------------------------------------------------------ */

static void lint_groups(struct rp_compile *compile)
{
    const struct rp_rules *rules = compile->rules;

    for (uint32_t i = 0; i < rules->group_count; i++) {
        bool used = false;

        for (uint32_t j = 0; j < rules->score_count && !used; j++)
            used = rules->scores[j].group == i;
        if (!used)
            rp_compile_report(compile, RP_CODE_GROUP_UNUSED, rules->groups[i].place, 5,
                              RP_STR("name it in a rule, or remove it"),
                              "no rule belongs to group \"%.*s\"", NAME(rules->groups[i]));
    }
}

static void lint_dims(struct rp_compile *compile)
{
    const struct rp_rules *rules = compile->rules;

    for (uint32_t i = 0; i < rules->dim_count; i++)
        if (!reach_of(rules, i).used)
            rp_compile_report(compile, RP_CODE_DIMENSION_UNUSED, rules->dims[i].place, 9,
                              RP_STR("give it points, or remove it"),
                              "no rule gives points to dimension \"%.*s\"", NAME(rules->dims[i]));
}

/* Whether some field of a declaration names the file: lookup, calendar, team. */
static bool names_file(const struct rp_node *node, struct rp_str path)
{
    if (node->type == RP_NODE_TEXT)
        return rp_str_eq(node->text, path);
    for (uint32_t i = 0; i < node->item_count; i++)
        if (names_file(&node->items[i], path))
            return true;
    for (uint32_t i = 0; i < node->field_count; i++)
        if (names_file(&node->fields[i].value, path))
            return true;
    return false;
}

static void lint_lists(struct rp_compile *compile)
{
    const struct rp_rules *rules = compile->rules;

    for (uint32_t i = 0; i < rules->list_count; i++) {
        bool used = compile->lists_used[i];

        for (uint32_t j = 0; j < compile->count && !used; j++)
            used = names_file(&compile->declared[j].body,
                              compile->files->items[rules->lists[i].place.file].path);
        if (!used)
            rp_compile_report(compile, RP_CODE_LIST_UNUSED, rules->lists[i].place, 1,
                              RP_STR("name it with in_list, or remove the file"),
                              "no rule uses the list \"%.*s\"", NAME(rules->lists[i]));
    }
}

enum { NEAR_LEN_MIN = 6, NEAR_DISTANCE = 2, NEAR_KINDS_MAX = 2000 };

static bool numbered(struct rp_str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] >= '0' && name.ptr[i] <= '9')
            return true;
    return false;
}

/* "Webinar 1" and "Webinar 2" are meant to be alike. */
static bool is_near(const struct rp_kind *one, const struct rp_kind *other)
{
    size_t longer = one->name.len > other->name.len ? one->name.len : other->name.len;
    size_t shorter = one->name.len + other->name.len - longer;

    return one->type == RP_TRACK && other->type == RP_TRACK && !one->any && !other->any &&
           !numbered(one->name) && !numbered(other->name) && shorter >= NEAR_LEN_MIN &&
           longer - shorter <= NEAR_DISTANCE &&
           rp_text_distance(one->name, other->name, NEAR_DISTANCE) <= NEAR_DISTANCE;
}

/* The later name is taken for the slip. With very many names, generated ones, nothing is compared.
 */
static void lint_kinds(struct rp_compile *compile)
{
    const struct rp_rules *rules = compile->rules;

    if (rules->kind_count > NEAR_KINDS_MAX)
        return;
    for (uint32_t i = 0; i < rules->kind_count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (!is_near(&rules->kinds[j], &rules->kinds[i]))
                continue;
            rp_compile_report(
                compile, RP_CODE_EVENT_NEAR, rules->kinds[i].place, (int)rules->kinds[i].name.len,
                rp_arena_printf(compile->arena, "did you mean \"%.*s\"?", NAME(rules->kinds[j])),
                "the event \"%.*s\" is almost \"%.*s\", which other rules wait for",
                NAME(rules->kinds[i]), NAME(rules->kinds[j]));
            break;
        }
    }
}

void rp_lint(struct rp_compile *compile)
{
    if (compile->scope->quiet || compile->diagnosis->findings->errors > 0)
        return; /* what is missing may stand in what could not be read */
    lint_scores(compile);
    lint_stages(compile);
    lint_groups(compile);
    lint_dims(compile);
    lint_lists(compile);
    lint_kinds(compile);
}
