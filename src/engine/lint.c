/* SPDX-License-Identifier: MIT */
/* What can be loaded and is probably not meant: conditions that exclude each other, groups,
 * dimensions, lists and event names that do nothing. Reads compiled rules; changes nothing. Each
 * check is one function over one kind of declaration; larger ones have files of their own (lint.h).
 */
#include "engine/lint.h"

#include "base/text.h"

#define NAME(thing) RP_STR_ARG((thing).name)

/* ---- Conditions ------------------------------------------------------------------------------ */

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
        if (!rp_reach_of(rules, &rules->models[0], i).used)
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

/* A track event whose name is almost that of a type of event: "pages", "Identity". */
static void lint_type_near(struct rp_compile *compile, const struct rp_kind *kind)
{
    static const enum rp_event_type types[] = {RP_PAGE, RP_SCREEN, RP_IDENTIFY, RP_GROUP, RP_ALIAS};

    if (kind->type != RP_TRACK || kind->any || kind->also_count > 0)
        return;
    for (size_t i = 0; i < RP_COUNT(types); i++) {
        const char *name = rp_event_type_name(types[i]);

        if (rp_text_distance(kind->name, rp_str_from(name), 1) > 1)
            continue;
        rp_compile_report(compile, RP_CODE_EVENT_NEAR, kind->place, (int)kind->name.len,
                          rp_arena_printf(compile->arena, "did you mean \"%s\"?", name),
                          "the event \"%.*s\" is almost \"%s\", a type of event",
                          RP_STR_ARG(kind->name), name);
        return;
    }
}

/* The later name is taken for the slip. With very many names, generated ones, nothing is compared.
 */
static void lint_kinds(struct rp_compile *compile)
{
    const struct rp_rules *rules = compile->rules;

    if (rules->kind_count > NEAR_KINDS_MAX)
        return;
    for (uint32_t i = 0; i < rules->kind_count; i++) {
        lint_type_near(compile, &rules->kinds[i]);
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
    rp_lint_rules(compile);
    rp_lint_fields(compile);
    rp_lint_thresholds(compile);
    rp_lint_stages(compile);
    lint_groups(compile);
    lint_dims(compile);
    lint_lists(compile);
    lint_kinds(compile);
}
