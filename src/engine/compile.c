/* SPDX-License-Identifier: MIT */
/* The order of compilation, and what its parts share. Knows which part needs which: names of
 * traits, lists and tables first, then dimensions and groups, event kinds, stages' names, rules,
 * stages, actions. Invariant: arrays of rules that grow (fields, kinds, counters, sums) stand on
 * the heap until `settle` copies them into the arena. */
#include "engine/compile.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct rp_str rp_compile_keep(struct rp_compile *compile, struct rp_str text)
{
    if (text.len == 0)
        return RP_STR("");
    return rp_arena_str(&compile->rules->arena, text);
}

void rp_compile_report(struct rp_compile *compile, enum rp_code code, struct rp_place place,
                       int width, struct rp_str hint, const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    rp_diagnose(compile->diagnosis, code, place, width, hint, "%s", text);
}

struct rp_str rp_compile_print(struct rp_compile *compile, const struct rp_node *node)
{
    struct rp_buf text = {0};
    struct rp_str result;

    rp_node_print(&text, node);
    result = rp_compile_keep(compile, rp_buf_view(&text));
    rp_buf_fini(&text);
    return result;
}

void rp_compile_what(struct rp_compile *compile, const struct rp_declared *declared)
{
    compile->what = declared->name.len > 0
                        ? rp_arena_printf(compile->arena, "%s \"%.*s\"", declared->decl->name,
                                          RP_STR_ARG(declared->name))
                        : rp_str_from(declared->decl->name);
}

struct rp_declared *rp_compile_next(struct rp_compile *compile, const char *decl, uint32_t *at)
{
    for (; *at < compile->count; (*at)++) {
        struct rp_declared *one = &compile->declared[*at];

        if (one->broken || !one->complete || strcmp(one->decl->name, decl) != 0)
            continue;
        (*at)++;
        rp_compile_what(compile, one);
        return one;
    }
    return NULL;
}

static void *settled(struct rp_arena *arena, void *array, size_t bytes)
{
    void *copy = NULL;

    if (bytes > 0) {
        copy = rp_arena_alloc(arena, bytes);
        memcpy(copy, array, bytes);
    }
    free(array);
    return copy;
}

static void settle(struct rp_compile *compile)
{
    struct rp_rules *rules = compile->rules;
    struct rp_arena *arena = &rules->arena;

    for (uint32_t i = 0; i < rules->counter_count; i++)
        if (compile->counter_all_time[i])
            rules->counters[i].within_ms = 0;
    rules->fields = settled(arena, rules->fields, rules->field_count * sizeof *rules->fields);
    rules->kinds = settled(arena, rules->kinds, rules->kind_count * sizeof *rules->kinds);
    rules->counters =
        settled(arena, rules->counters, rules->counter_count * sizeof *rules->counters);
    rules->sums = settled(arena, rules->sums, rules->sum_count * sizeof *rules->sums);
    free(compile->counter_all_time);
}

/* Slots that the engine reads whether or not a rule does. */
static void own_fields(struct rp_compile *compile)
{
    struct rp_rules *rules = compile->rules;
    struct rp_place nowhere = {0};

    rules->email_field = rp_compile_lead_field(compile, RP_STR("email"), nowhere, 0);
    rules->user_field = rp_compile_lead_field(compile, RP_STR("user_id"), nowhere, 0);
    rules->timezone_field = rp_compile_lead_field(compile, RP_STR("timezone"), nowhere, 0);
    rules->language_field = rp_compile_lead_field(compile, RP_STR("language"), nowhere, 0);
    rules->fields[rules->email_field].keeps_text = true;
    rules->fields[rules->user_field].keeps_text = true;
    rules->fields[rules->timezone_field].keeps_text = true;
    rules->fields[rules->language_field].keeps_text = true;
    rules->email_domain_field = RP_NONE;
    rules->owner_field = rp_compile_owner_trait(compile);
}

/* Behind what rules name, so that their slots are those of a load without. */
static void kept_fields(struct rp_compile *compile)
{
    const struct rp_load_options *options = compile->scope->options;
    struct rp_place nowhere = {0};

    compile->what = RP_STR("the report");
    compile->facts_forbidden = false;
    for (size_t i = 0; options && i < options->keep_count; i++) {
        uint32_t field = rp_compile_lead_field(compile, options->keeps[i], nowhere, 0);

        compile->rules->fields[field].keeps_text = true;
    }
}

static void name_segments(struct rp_compile *compile)
{
    for (uint32_t i = 0; i < compile->count; i++)
        if (compile->declared[i].complete &&
            strcmp(compile->declared[i].decl->name, "segment") == 0)
            rp_map_put(compile->arena, &compile->segments, compile->declared[i].name, i);
}

void rp_compile(struct rp_compile *compile)
{
    struct rp_rules *rules = compile->rules;
    uint32_t domain;

    rp_compile_traits(compile);
    rp_compile_fact_names(compile);
    name_segments(compile);
    own_fields(compile);
    rp_compile_lists(compile);
    rp_compile_lookups(compile);
    rp_compile_dims(compile);
    rp_compile_groups(compile);
    rp_compile_grade(compile);
    rp_compile_stage_names(compile);
    rp_compile_events(compile);
    rp_compile_excludes(compile);
    rp_compile_scores(compile);
    rp_compile_fits(compile);
    rp_compile_stages(compile);
    rp_compile_teams(compile);
    rp_compile_mails(compile);
    rp_compile_actions(compile);
    rp_compile_segments(compile);
    rp_compile_reasons(compile);
    rp_compile_limits(compile);
    rp_compile_sequences(compile);
    rules->rejected_kind = rp_rules_kind(rules, RP_STR("Lead Rejected"));
    domain = rp_map_get(&compile->fields, RP_STR("lead.email_domain"));
    rules->email_domain_field = domain == RP_MAP_NONE ? RP_NONE : domain;
    rp_compile_weights(compile);
    rp_compile_models(compile);
    rp_compile_experiments(compile);
    kept_fields(compile);
    rp_lint(compile);
    if (compile->with_tests)
        rp_compile_tests(compile);
    settle(compile);
}
