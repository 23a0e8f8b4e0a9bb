/* SPDX-License-Identifier: MIT */
/* Models: the rules seen with other numbers. Each starts from the one that it is `like`, else from
 * the rules with weights.lua, and changes its copy. Invariants: a model has the same rules, groups,
 * stages and conditions under the same indices as the rules, so that one fold scores all models
 * side by side; the control stands first. */
#include "base/limits.h"
#include "base/mem.h"
#include "engine/compile_weights.h"

/* ---- Points, copied -------------------------------------------------------------------------- */

static uint32_t fit_numbers(const struct rp_fit *fit)
{
    return fit->op == RP_FIT_WHEN ? 1 : fit->band_count;
}

static double *fit_number(const struct rp_fit *fit, uint32_t band)
{
    switch (fit->op) {
    case RP_FIT_BANDS:
        return &fit->bands[band].points;
    case RP_FIT_WORDS:
        return &fit->words[band].points;
    case RP_FIT_VALUES:
        return &fit->values[band].points;
    case RP_FIT_WHEN:
        break;
    }
    return NULL;
}

void rp_weighed_open(struct rp_arena *arena, const struct rp_rules *rules,
                     struct rp_model *ret_model)
{
    *ret_model = (struct rp_model){
        .awards = RP_ARENA_ARRAY(arena, struct rp_award *, rules->score_count + 1),
        .fit_points = RP_ARENA_ARRAY(arena, double *, rules->fit_count + 1)};
    for (uint32_t i = 0; i < rules->score_count; i++) {
        const struct rp_score *score = &rules->scores[i];

        ret_model->awards[i] = RP_ARENA_ARRAY(arena, struct rp_award, score->award_count + 1);
        memcpy(ret_model->awards[i], score->awards, score->award_count * sizeof(struct rp_award));
    }
    for (uint32_t i = 0; i < rules->fit_count; i++) {
        const struct rp_fit *fit = &rules->fits[i];
        uint32_t count = fit_numbers(fit);

        ret_model->fit_points[i] = RP_ARENA_ARRAY(arena, double, count + 1);
        for (uint32_t band = 0; band < count; band++)
            ret_model->fit_points[i][band] =
                fit->op == RP_FIT_WHEN ? fit->points : *fit_number(fit, band);
    }
}

void rp_weighed_keep(struct rp_rules *rules, const struct rp_model *model)
{
    for (uint32_t i = 0; i < rules->score_count; i++)
        memcpy(rules->scores[i].awards, model->awards[i],
               rules->scores[i].award_count * sizeof(struct rp_award));
    for (uint32_t i = 0; i < rules->fit_count; i++) {
        struct rp_fit *fit = &rules->fits[i];

        for (uint32_t band = 0; band < fit_numbers(fit); band++) {
            if (fit->op == RP_FIT_WHEN)
                fit->points = model->fit_points[i][band];
            else
                *fit_number(fit, band) = model->fit_points[i][band];
        }
    }
}

/* ---- A model of its own ---------------------------------------------------------------------- */

/* Thresholds are numbers of conditions: conditions that have any are copied whole. */
static struct rp_cond *copy_conds(struct rp_arena *arena, const struct rp_cond *conds,
                                  uint32_t count)
{
    struct rp_cond *copies = RP_ARENA_ARRAY(arena, struct rp_cond, count + 1);

    for (uint32_t i = 0; i < count; i++) {
        struct rp_cond *copy = &copies[i];

        *copy = conds[i];
        if (copy->bound_count) {
            copy->bounds = RP_ARENA_ARRAY(arena, struct rp_bound, copy->bound_count);
            memcpy(copy->bounds, conds[i].bounds, copy->bound_count * sizeof(*copy->bounds));
        }
        if (copy->part_count)
            copy->parts = copy_conds(arena, conds[i].parts, copy->part_count);
    }
    return copies;
}

static void copy_model(struct rp_arena *arena, const struct rp_rules *rules,
                       const struct rp_model *from, struct rp_model *model)
{
    size_t awards;

    model->awards = RP_ARENA_ARRAY(arena, struct rp_award *, rules->score_count + 1);
    for (uint32_t i = 0; i < rules->score_count; i++) {
        awards = rules->scores[i].award_count;
        model->awards[i] = RP_ARENA_ARRAY(arena, struct rp_award, awards + 1);
        memcpy(model->awards[i], from->awards[i], awards * sizeof(struct rp_award));
    }
    model->fit_points = RP_ARENA_ARRAY(arena, double *, rules->fit_count + 1);
    for (uint32_t i = 0; i < rules->fit_count; i++) {
        uint32_t count = fit_numbers(&rules->fits[i]);

        model->fit_points[i] = RP_ARENA_ARRAY(arena, double, count + 1);
        memcpy(model->fit_points[i], from->fit_points[i], count * sizeof(double));
    }
    model->without = RP_ARENA_ARRAY(arena, bool, rules->score_count + 1);
    model->without_fits = RP_ARENA_ARRAY(arena, bool, rules->fit_count + 1);
    if (from->without) {
        memcpy(model->without, from->without, rules->score_count * sizeof(bool));
        memcpy(model->without_fits, from->without_fits, rules->fit_count * sizeof(bool));
    }
    model->groups = RP_ARENA_ARRAY(arena, struct rp_group, rules->group_count + 1);
    if (rules->group_count)
        memcpy(model->groups, from->groups, rules->group_count * sizeof(struct rp_group));
    model->stages = RP_ARENA_ARRAY(arena, struct rp_stage, rules->stage_count + 1);
    for (uint32_t i = 0; i < rules->stage_count; i++) {
        struct rp_stage *stage = &model->stages[i];

        *stage = from->stages[i];
        stage->enter = stage->enter ? copy_conds(arena, stage->enter, 1) : NULL;
        stage->leave = stage->leave ? copy_conds(arena, stage->leave, 1) : NULL;
    }
}

static void leave_out(struct rp_compile *compile, const struct rp_node *without,
                      struct rp_model *model)
{
    uint32_t count = 0;
    const struct rp_node *names = rp_node_list(without, &count);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t score = rp_map_get(&compile->scores, names[i].text);
        uint32_t fit = rp_map_get(&compile->fits, names[i].text);

        if (score != RP_MAP_NONE)
            model->without[score] = true;
        if (fit != RP_MAP_NONE)
            model->without_fits[fit] = true;
    }
}

static void weigh_fields(struct rp_weighing *w, const struct rp_node *table,
                         void (*weigh)(struct rp_weighing *w, const struct rp_node_field *field,
                                       struct rp_str name))
{
    for (uint32_t i = 0; table && i < table->field_count; i++)
        weigh(w, &table->fields[i], table->fields[i].key);
}

/* "learned/" is a folder, anything else a file. */
static bool is_in(struct rp_str path, const struct rp_node *names, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct rp_str name = names[i].text;

        if (rp_str_eq(path, name) ||
            (name.len && name.ptr[name.len - 1] == '/' && rp_str_starts(path, name)))
            return true;
    }
    return false;
}

/* Rules of files that some model names count for those models alone: without[…] is `out`. Returns
 * how many there are. */
static uint32_t set_files(struct rp_compile *compile, const struct rp_node *files, bool out,
                          struct rp_model *model)
{
    const struct rp_rules *rules = compile->rules;
    uint32_t count = 0;
    uint32_t found = 0;
    const struct rp_node *names = rp_node_list(files, &count);

    for (uint32_t i = 0; i < rules->score_count && count; i++) {
        if (is_in(compile->files->items[rules->scores[i].place.file].path, names, count)) {
            model->without[i] = out;
            found++;
        }
    }
    for (uint32_t i = 0; i < rules->fit_count && count; i++) {
        if (is_in(compile->files->items[rules->fits[i].place.file].path, names, count)) {
            model->without_fits[i] = out;
            found++;
        }
    }
    return found;
}

static void take_files(struct rp_compile *compile, const struct rp_declared *declared,
                       struct rp_model *model)
{
    const struct rp_node *files = rp_node_get(&declared->body, "files");

    if (!files || set_files(compile, files, false, model))
        return;
    rp_compile_report(compile, RP_CODE_OVERRIDE_FORM, files->place, rp_node_width(files),
                      RP_STR("name a file as check shows it, or a folder with its '/'"),
                      "%.*s: no rule stands in these files", RP_STR_ARG(compile->what));
}

static void overlay(struct rp_compile *compile, const struct rp_declared *declared,
                    struct rp_model *model)
{
    const struct rp_node *points = rp_node_get(&declared->body, "points");
    struct rp_weighing w = {compile, model, compile->what};

    for (uint32_t i = 0; points && i < points->field_count; i++)
        rp_weigh_rule(&w, &points->fields[i]);
    weigh_fields(&w, rp_node_get(&declared->body, "group"), rp_weigh_group);
    weigh_fields(&w, rp_node_get(&declared->body, "stage"), rp_weigh_stage);
    take_files(compile, declared, model);
    leave_out(compile, rp_node_get(&declared->body, "without"), model);
}

/* ---- Which there are, and in which order ----------------------------------------------------- */

struct modelling {
    struct rp_compile *compile;
    struct rp_model base; /* the rules as they stand */
    struct rp_declared **declared;
    bool *built, *building;
    struct rp_map names; /* to the number in rules->models */
};

/* The first arm of the first experiment acts before any assignment: it is the control. */
static struct rp_str control_name(struct rp_compile *compile)
{
    uint32_t at = 0;
    struct rp_declared *declared = rp_compile_next(compile, "experiment", &at);
    const struct rp_node *arms = declared ? rp_node_get(&declared->body, "arms") : NULL;

    if (!arms || arms->item_count == 0 || arms->items[0].item_count == 0)
        return (struct rp_str){0};
    return arms->items[0].items[0].text;
}

static void build(struct modelling *m, uint32_t number)
{
    struct rp_compile *compile = m->compile;
    struct rp_rules *rules = compile->rules;
    struct rp_declared *declared = m->declared[number];
    struct rp_model *model = &rules->models[number];
    const struct rp_node *like = rp_node_get(&declared->body, "like");
    uint32_t other = like ? rp_map_get(&m->names, like->text) : RP_MAP_NONE;

    if (m->built[number])
        return;
    m->building[number] = true;
    if (other != RP_MAP_NONE && m->building[other] && !m->built[other]) {
        rp_compile_what(compile, declared);
        rp_compile_report(
            compile, RP_CODE_SELF, like->place, rp_node_width(like),
            other == number ? RP_STR("name another model")
                            : RP_STR("let one of them start from the rules, without `like`"),
            other == number ? "%.*s is like itself" : "%.*s is like a model that is like it",
            RP_STR_ARG(compile->what));
        other = RP_MAP_NONE;
    }
    if (other != RP_MAP_NONE)
        build(m, other);
    model->name = rp_compile_keep(compile, declared->name);
    model->place = declared->place;
    copy_model(&rules->arena, rules, other == RP_MAP_NONE ? &m->base : &rules->models[other],
               model);
    rp_compile_what(compile, declared);
    overlay(compile, declared, model);
    m->built[number] = true;
}

static void collect(struct modelling *m)
{
    struct rp_compile *compile = m->compile;
    struct rp_rules *rules = compile->rules;
    struct rp_str control = control_name(compile);
    struct rp_declared *declared;
    uint32_t at = 0, first = 0;

    m->declared = RP_ARENA_ARRAY(compile->arena, struct rp_declared *, RP_MODELS_MAX);
    while ((declared = rp_compile_next(compile, "model", &at)) != NULL) {
        if (rules->model_count == RP_MODELS_MAX) {
            rp_compile_report(compile, RP_CODE_TOO_MANY, declared->place, 5,
                              RP_STR("remove models that no experiment names"),
                              "there are more than %d models", RP_MODELS_MAX);
            break;
        }
        if (control.len && rp_str_eq(declared->name, control))
            first = rules->model_count;
        m->declared[rules->model_count++] = declared;
    }
    for (declared = m->declared[first]; first > 0; first--)
        m->declared[first] = m->declared[first - 1];
    m->declared[0] = declared;
    for (uint32_t i = 0; i < rules->model_count; i++)
        rp_map_put(compile->arena, &m->names, m->declared[i]->name, i);
}

void rp_compile_models(struct rp_compile *compile)
{
    struct rp_rules *rules = compile->rules;
    struct modelling m = {.compile = compile};

    m.built = RP_ARENA_ARRAY(compile->arena, bool, RP_MODELS_MAX);
    m.building = RP_ARENA_ARRAY(compile->arena, bool, RP_MODELS_MAX);
    rp_weighed_open(&rules->arena, rules, &m.base);
    m.base.groups = rules->groups;
    m.base.stages = rules->stages;
    collect(&m);
    if (rules->model_count == 0) {
        m.base.name = RP_STR("default");
        m.base.fit_points = NULL;
        rules->models = RP_ARENA_NEW(&rules->arena, struct rp_model);
        *rules->models = m.base;
        rules->model_count = 1;
        return;
    }
    rules->models = RP_ARENA_ARRAY(&rules->arena, struct rp_model, rules->model_count);
    m.base.without = RP_ARENA_ARRAY(compile->arena, bool, rules->score_count + 1);
    m.base.without_fits = RP_ARENA_ARRAY(compile->arena, bool, rules->fit_count + 1);
    for (uint32_t i = 0; i < rules->model_count; i++)
        (void)set_files(compile, rp_node_get(&m.declared[i]->body, "files"), true, &m.base);
    for (uint32_t i = 0; i < rules->model_count; i++)
        build(&m, i);
}
