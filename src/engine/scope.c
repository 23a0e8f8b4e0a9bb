/* SPDX-License-Identifier: MIT */
/* The names of one directory: what is declared, what files there are. Reports what is declared
 * twice and what nobody declares. Invariant: sets are sorted once collected. */
#include "engine/check.h"

#include <stdlib.h>

static void add(struct rp_scope *scope, enum rp_ref ref, struct rp_str name)
{
    struct rp_names *set = &scope->names[ref];

    if (set->count == set->cap) {
        uint32_t cap = set->cap ? set->cap * 2 : 16;
        struct rp_str *wider = RP_ARENA_ARRAY(scope->arena, struct rp_str, cap);

        if (set->count > 0)
            memcpy(wider, set->items, set->count * sizeof *wider);
        set->items = wider;
        set->cap = cap;
    }
    set->items[set->count++] = name;
}

static int compare(const void *left, const void *right)
{
    const struct rp_str *a = left, *b = right;

    return rp_str_cmp(*a, *b);
}

bool rp_scope_has(const struct rp_scope *scope, enum rp_ref ref, struct rp_str name)
{
    const struct rp_names *set = &scope->names[ref];

    return set->count > 0 &&
           bsearch(&name, set->items, set->count, sizeof *set->items, compare) != NULL;
}

/* ---- Gathering ------------------------------------------------------------------------------- */

static struct rp_str without_prefix(struct rp_str path, const char *prefix)
{
    size_t len = strlen(prefix);

    if (!rp_str_starts(path, rp_str_from(prefix)))
        return RP_STR("");
    return (struct rp_str){path.ptr + len, path.len - len};
}

/* "hello.fr.html" names "hello.fr" and "hello". */
static void add_file_name(struct rp_scope *scope, enum rp_ref ref, struct rp_str name)
{
    for (size_t i = name.len; i > 0; i--)
        if (name.ptr[i - 1] == '.' && i > 1)
            add(scope, ref, (struct rp_str){name.ptr, i - 1});
}

static void collect_files(struct rp_scope *scope, const struct rp_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        struct rp_str path = files->items[i].path;

        add(scope, RP_REF_FILE, path);
        add_file_name(scope, RP_REF_LIST, without_prefix(path, "lists/"));
        add_file_name(scope, RP_REF_TEMPLATE, without_prefix(path, "templates/"));
    }
    for (size_t i = 0; scope->options && i < scope->options->endpoint_count; i++)
        add(scope, RP_REF_ENDPOINT, scope->options->endpoints[i].name);
}

static void collect_list(struct rp_scope *scope, enum rp_ref ref, const struct rp_node *list)
{
    uint32_t count;
    const struct rp_node *items = rp_node_list(list, &count);

    for (uint32_t i = 0; i < count; i++)
        if (items[i].type == RP_NODE_TEXT)
            add(scope, ref, items[i].text);
}

static void collect_statuses(struct rp_scope *scope, const struct rp_declared *stage)
{
    uint32_t count;
    const struct rp_node *items = rp_node_list(rp_node_get(&stage->body, "status"), &count);

    for (uint32_t i = 0; i < count; i++) {
        if (items[i].type != RP_NODE_TEXT)
            continue;
        add(scope, RP_REF_STATUS, items[i].text);
        add(scope, RP_REF_STATUS,
            rp_arena_printf(scope->arena, "%.*s.%.*s", RP_STR_ARG(stage->name),
                            RP_STR_ARG(items[i].text)));
    }
}

static void collect_declared(struct rp_scope *scope, const struct rp_declared *one)
{
    if (one->decl->ref != RP_REF_NONE)
        add(scope, one->decl->ref, one->name);
    if (one->decl->ref == RP_REF_SCORE)
        add(scope, RP_REF_RULE, one->name);
    if (one->decl->ref == RP_REF_DIMENSION)
        add(scope, RP_REF_DIMENSION_OR_TOTAL, one->name);
    if (strcmp(one->decl->name, "stages") == 0) {
        collect_list(scope, RP_REF_STAGE, &one->body);
        collect_list(scope, RP_REF_STAGE, rp_node_get(&one->body, "side"));
    }
    if (strcmp(one->decl->name, "stage") == 0)
        collect_statuses(scope, one);
}

/* ---- Twice ----------------------------------------------------------------------------------- */

/* Scores and fits share one set of names: reports and weights.lua know rules by name. */
static const char *family(const struct rp_declared *one)
{
    return strcmp(one->decl->name, "fit") == 0 ? "score" : one->decl->name;
}

static int compare_declared(const void *left, const void *right)
{
    const struct rp_declared *a = *(struct rp_declared *const *)left;
    const struct rp_declared *b = *(struct rp_declared *const *)right;
    int order = strcmp(family(a), family(b));

    if (order == 0)
        order = rp_str_cmp(a->name, b->name);
    return order != 0 ? order : (a > b) - (a < b);
}

static void report_twice(struct rp_scope *scope, const struct rp_files *files,
                         const struct rp_declared *first, struct rp_declared *second)
{
    struct rp_str hint =
        rp_arena_printf(scope->arena, "the first stands at %.*s:%d",
                        RP_STR_ARG(files->items[first->place.file].path), first->place.line);

    second->broken = true;
    if (second->name.len > 0)
        rp_diagnose(scope->diagnosis, RP_CODE_DUPLICATE_NAME, second->place,
                    (int)strlen(second->decl->name), hint, "%s \"%.*s\" is declared twice",
                    second->decl->name, RP_STR_ARG(second->name));
    else
        rp_diagnose(scope->diagnosis, RP_CODE_ONLY_ONE, second->place,
                    (int)strlen(second->decl->name), hint, "%s is declared twice",
                    second->decl->name);
}

static void find_twice(struct rp_scope *scope, const struct rp_files *files,
                       struct rp_declared *declared, uint32_t count)
{
    struct rp_declared **order = RP_ARENA_ARRAY(scope->arena, struct rp_declared *, count);

    for (uint32_t i = 0; i < count; i++)
        order[i] = &declared[i];
    if (count > 1)
        qsort(order, count, sizeof *order, compare_declared);
    for (uint32_t i = 1; i < count; i++) {
        bool same = strcmp(family(order[i - 1]), family(order[i])) == 0 &&
                    rp_str_eq(order[i - 1]->name, order[i]->name);

        if (same && (order[i]->decl->named || order[i]->decl->once))
            report_twice(scope, files, order[i - 1], order[i]);
    }
}

void rp_scope_collect(struct rp_scope *scope, const struct rp_files *files,
                      struct rp_declared *declared, uint32_t count)
{
    collect_files(scope, files);
    add(scope, RP_REF_DIMENSION_OR_TOTAL, RP_STR("total"));
    for (uint32_t i = 0; i < count; i++)
        collect_declared(scope, &declared[i]);
    for (int ref = 0; ref < RP_REF_COUNT; ref++) {
        struct rp_names *set = &scope->names[ref];

        if (set->count > 1)
            qsort(set->items, set->count, sizeof *set->items, compare);
    }
    find_twice(scope, files, declared, count);
}

/* ---- Unknown --------------------------------------------------------------------------------- */

static const enum rp_code unknown_codes[RP_REF_COUNT] = {
    [RP_REF_NONE] = RP_CODE_TYPE,
    [RP_REF_DIMENSION] = RP_CODE_NO_DIMENSION,
    [RP_REF_DIMENSION_OR_TOTAL] = RP_CODE_NO_DIMENSION,
    [RP_REF_GROUP] = RP_CODE_NO_GROUP,
    [RP_REF_STAGE] = RP_CODE_NO_STAGE,
    [RP_REF_SCORE] = RP_CODE_NO_RULE,
    [RP_REF_RULE] = RP_CODE_NO_RULE,
    [RP_REF_LIST] = RP_CODE_NO_LIST,
    [RP_REF_ENDPOINT] = RP_CODE_NO_ENDPOINT,
    [RP_REF_TEMPLATE] = RP_CODE_NO_TEMPLATE,
    [RP_REF_SEGMENT] = RP_CODE_NO_SEGMENT,
    [RP_REF_TEAM] = RP_CODE_NO_TEAM,
    [RP_REF_CALENDAR] = RP_CODE_NO_CALENDAR,
    [RP_REF_MODEL] = RP_CODE_NO_MODEL,
    [RP_REF_STATUS] = RP_CODE_NO_STATUS,
    [RP_REF_FILE] = RP_CODE_NO_FILE,
};

void rp_scope_unknown(struct rp_scope *scope, enum rp_ref ref, struct rp_str name,
                      struct rp_place place, int width)
{
    const struct rp_names *set = &scope->names[ref];
    struct rp_guess guess = rp_guess(name);
    struct rp_str hint;

    if (ref == RP_REF_ENDPOINT && (scope->options == NULL || scope->options->endpoints == NULL)) {
        for (uint32_t i = 0; i < set->count; i++)
            if (rp_str_eq(set->items[i], name))
                return; /* told of where it stands first */
        add(scope, ref, name);
        rp_diagnose(scope->diagnosis, RP_CODE_ENDPOINT_UNKNOWN, place, width,
                    RP_STR("name the configuration with --config"),
                    "endpoint \"%.*s\" cannot be checked without ripen.lua", RP_STR_ARG(name));
        return;
    }
    if (scope->quiet)
        return;
    for (uint32_t i = 0; rp_guess_pays(scope->diagnosis) && i < set->count; i++)
        rp_guess_offer(&guess, set->items[i]);
    hint = rp_guess_hint(scope->arena, &guess);
    if (hint.len == 0 && ref == RP_REF_LIST)
        hint =
            rp_arena_printf(scope->arena, "add lists/%.*s.txt, one value a line", RP_STR_ARG(name));
    else if (hint.len == 0 && ref == RP_REF_TEMPLATE)
        hint = rp_arena_printf(scope->arena, "add templates/%.*s.txt", RP_STR_ARG(name));
    else if (hint.len == 0)
        hint = rp_str_from(rp_code_info(unknown_codes[ref])->remedy);
    rp_diagnose(scope->diagnosis, unknown_codes[ref], place, width, hint, "unknown %s '%.*s'",
                rp_schema_nouns[ref], RP_STR_ARG(name));
}
