/* SPDX-License-Identifier: MIT */
/* Score rules: what they give, to which accumulators, how often. */
#include "base/limits.h"
#include "engine/compile.h"

#include <math.h>

static struct rp_str *keep_texts(struct rp_compile *compile, const struct rp_node *node,
                                 uint32_t *ret_count)
{
    const struct rp_node *items = rp_node_list(node, ret_count);
    struct rp_str *texts = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_str, *ret_count);

    for (uint32_t i = 0; i < *ret_count; i++)
        texts[i] = rp_compile_keep(compile, items[i].text);
    return texts;
}

/* ---- Points ---------------------------------------------------------------------------------- */

/* The dimension of a rule that says nothing else: its group's, else engagement. */
static uint32_t default_dim(struct rp_compile *compile, struct rp_declared *declared,
                            const struct rp_score *score)
{
    const struct rp_node *named = rp_node_get(&declared->body, "dimension");
    uint32_t dim;

    if (named)
        dim = rp_map_get(&compile->dims, named->text);
    else if (score->group != RP_NONE)
        dim = compile->rules->groups[score->group].dim;
    else
        dim = rp_map_get(&compile->dims, RP_STR("engagement"));
    if (dim == RP_MAP_NONE && named == NULL && !compile->scope->quiet)
        rp_compile_report(
            compile, RP_CODE_WHICH_DIMENSION, declared->place, 5, RP_STR("add dimension = \"…\""),
            "%.*s names no dimension, and there is no \"engagement\"", RP_STR_ARG(compile->what));
    return dim;
}

static bool add_award(struct rp_compile *compile, struct rp_declared *declared,
                      struct rp_score *score, uint32_t dim, double points)
{
    const struct rp_dim *target;
    struct rp_decay decay;

    if (dim == RP_MAP_NONE)
        return false;
    target = &compile->rules->dims[dim];
    if (target->state) {
        rp_compile_report(compile, RP_CODE_STATE_RULE, declared->place, 5,
                          RP_STR("use a dimension that accumulates, or a fit rule"),
                          "%.*s gives points to the state dimension \"%.*s\"",
                          RP_STR_ARG(compile->what), RP_STR_ARG(target->name));
        return false;
    }
    decay = rp_compile_decay(compile, &declared->body, target->decay);
    score->awards[score->award_count++] =
        (struct rp_award){.dim = dim, .sum = rp_compile_sum(compile, dim, decay), .points = points};
    return true;
}

static void compile_per(struct rp_compile *compile, const struct rp_node *per,
                        struct rp_score *score)
{
    const struct rp_node *field = rp_node_get(per, "field");

    score->per_field = rp_compile_field(compile, field->text, field->place, rp_node_width(field));
    score->per_each = rp_node_number(per, "each", 1);
    score->per_max = rp_node_number(per, "max", (double)NAN);
    compile->rules->fields[score->per_field].keeps_number = true;
}

static bool compile_points(struct rp_compile *compile, struct rp_declared *declared,
                           struct rp_score *score)
{
    const struct rp_node *points = rp_node_get(&declared->body, "points");
    const struct rp_node *per = rp_node_get(&declared->body, "per");
    uint32_t most = points && points->type == RP_NODE_TABLE ? points->field_count : 1;

    score->per_field = RP_NONE;
    score->per_max = (double)NAN;
    score->awards = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_award, most);
    if (points && per) {
        rp_compile_report(compile, RP_CODE_CONFLICT, per->place, 1,
                          RP_STR("keep `points` or `per`"), "%.*s has `points` and `per`",
                          RP_STR_ARG(compile->what));
        return false;
    }
    if (per) {
        compile_per(compile, per, score);
        return add_award(compile, declared, score, default_dim(compile, declared, score),
                         rp_node_number(per, "points", 0));
    }
    if (points == NULL || (points->type == RP_NODE_TABLE && points->field_count == 0)) {
        rp_compile_report(compile, RP_CODE_NO_POINTS, declared->place, 5, RP_STR("add points = 5"),
                          "%.*s gives no points", RP_STR_ARG(compile->what));
        return false;
    }
    if (points->type == RP_NODE_NUMBER)
        return add_award(compile, declared, score, default_dim(compile, declared, score),
                         points->number);
    for (uint32_t i = 0; i < points->field_count; i++)
        if (!add_award(compile, declared, score, rp_map_get(&compile->dims, points->fields[i].key),
                       points->fields[i].value.number))
            return false;
    return true;
}

static void compile_group(struct rp_compile *compile, const struct rp_declared *declared,
                          struct rp_score *score)
{
    const struct rp_node *group = rp_node_get(&declared->body, "group");

    score->group = RP_NONE;
    if (group && rp_map_get(&compile->groups, group->text) != RP_MAP_NONE)
        score->group = rp_map_get(&compile->groups, group->text);
}

static void check_group(struct rp_compile *compile, const struct rp_declared *declared,
                        const struct rp_score *score)
{
    const struct rp_node *group = rp_node_get(&declared->body, "group");
    const struct rp_group *bound;

    if (score->group == RP_NONE)
        return;
    bound = &compile->rules->groups[score->group];
    for (uint32_t i = 0; i < score->award_count; i++)
        if (score->awards[i].dim == bound->dim)
            return;
    rp_compile_report(compile, RP_CODE_GROUP_DIMENSION, group->place, rp_node_width(group),
                      RP_STR("name a group of the rule's dimension"),
                      "%.*s gives no points to the dimension of group \"%.*s\"",
                      RP_STR_ARG(compile->what), RP_STR_ARG(bound->name));
}

/* ---- Repetition ------------------------------------------------------------------------------ */

static void compile_repetition(struct rp_compile *compile, const struct rp_declared *declared,
                               struct rp_score *score)
{
    const struct rp_node *limit = rp_node_get(&declared->body, "limit");
    const struct rp_node *once_per = rp_node_get(&declared->body, "once_per");

    score->once = rp_node_flag(&declared->body, "once", false);
    score->limit_times = (uint32_t)rp_node_number(limit, "times", 0);
    score->limit_per_ms = rp_node_span(limit, "per", 0);
    score->cooldown_ms = rp_node_span(&declared->body, "cooldown", 0);
    score->once_per = RP_NONE;
    if (once_per) {
        score->once_per =
            rp_compile_field(compile, once_per->text, once_per->place, rp_node_width(once_per));
        compile->rules->fields[score->once_per].keeps_text = true;
    }
    if (score->once && (limit || once_per))
        rp_compile_report(compile, RP_CODE_CONFLICT, declared->place, 5, RP_STR("`once` is enough"),
                          "%.*s has `once` and %s", RP_STR_ARG(compile->what),
                          limit ? "`limit`" : "`once_per`");
}

/* ---- Test ------------------------------------------------------------------------------------ */

static void add_use(struct rp_compile *compile, const struct rp_node *node, struct rp_str name,
                    struct rp_score *score)
{
    struct rp_counting counting = rp_compile_counting(compile, node, RP_WINDOW_ENTRIES_MAX);

    if (counting.counter == RP_NONE) {
        rp_compile_report(compile, RP_CODE_MEASURE, node->place, rp_node_width(node),
                          RP_STR("use count, days, distinct, visits or days_since"),
                          "%.*s: `uses` cannot hold %s", RP_STR_ARG(compile->what),
                          node->call->name);
        return;
    }
    score->uses[score->use_count++] = (struct rp_use){.name = rp_compile_keep(compile, name),
                                                      .measure = counting.measure,
                                                      .counter = counting.counter,
                                                      .within_ms = counting.within_ms};
}

static void compile_test(struct rp_compile *compile, const struct rp_declared *declared,
                         struct rp_score *score)
{
    const struct rp_node *test = rp_node_get(&declared->body, "test");
    const struct rp_node *uses = rp_node_get(&declared->body, "uses");

    score->test = RP_NONE;
    if (uses) {
        score->uses = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_use,
                                     uses->item_count + uses->field_count);
        for (uint32_t i = 0; i < uses->item_count; i++)
            add_use(compile, &uses->items[i], RP_STR(""), score);
        for (uint32_t i = 0; i < uses->field_count; i++)
            add_use(compile, &uses->fields[i].value, uses->fields[i].key, score);
    }
    if (test == NULL)
        return;
    score->test = test->function;
    compile->rules->tests[test->function] =
        (struct rp_test_fn){.place = test->place, .rule = score->name};
    compile->rules->keeps_traits = true;
}

/* ---- Rules ----------------------------------------------------------------------------------- */

static void compile_score(struct rp_compile *compile, struct rp_declared *declared,
                          struct rp_score *score)
{
    const struct rp_node *body = &declared->body;
    const struct rp_node *why = rp_node_get(body, "why");

    *score = (struct rp_score){.name = rp_compile_keep(compile, declared->name),
                               .why = rp_compile_keep(compile, rp_node_text(body, "why")),
                               .was = rp_compile_keep(compile, rp_node_text(body, "was")),
                               .author = rp_compile_keep(compile, rp_node_text(body, "author")),
                               .place = declared->place,
                               .shadow = rp_str_is(rp_node_text(body, "mode"), "shadow"),
                               .enabled = rp_node_flag(body, "enabled", true)};
    compile->bare = RP_BARE_EVENT;
    compile->facts_forbidden = true;
    score->tags = keep_texts(compile, rp_node_get(body, "tags"), &score->tag_count);
    score->on = rp_compile_kinds(compile, rp_node_get(body, "on"), &score->on_count);
    score->when = rp_compile_cond(compile, rp_node_get(body, "when"), RP_BARE_EVENT);
    compile_group(compile, declared, score);
    if (compile_points(compile, declared, score))
        check_group(compile, declared, score);
    compile_repetition(compile, declared, score);
    compile_test(compile, declared, score);
    if (why && memchr(why->text.ptr, '{', why->text.len) != NULL)
        rp_compile_template(compile, why, &score->why_text);
    if (why == NULL)
        rp_compile_report(compile, RP_CODE_NO_WHY, declared->place, 5,
                          RP_STR("add why = \"…\", as salespeople should read it"),
                          "%.*s has no `why`", RP_STR_ARG(compile->what));
    compile->facts_forbidden = false;
}

void rp_compile_scores(struct rp_compile *compile)
{
    struct rp_rules *rules = compile->rules;
    struct rp_declared *declared;
    uint32_t at = 0, count = 0;

    while (rp_compile_next(compile, "score", &at) != NULL)
        count++;
    rules->scores = RP_ARENA_ARRAY(&rules->arena, struct rp_score, count);
    at = 0;
    while ((declared = rp_compile_next(compile, "score", &at)) != NULL) {
        compile_score(compile, declared, &rules->scores[rules->score_count]);
        rp_map_put(compile->arena, &compile->scores, rules->scores[rules->score_count].name,
                   rules->score_count);
        rules->score_count++;
    }
}
