/* SPDX-License-Identifier: MIT */
/* Texts with placeholders: "{lead.first_name|you}, {reasons.top(3)}". */
#include "base/mem.h"
#include "engine/compile.h"

#include <stdlib.h>

#define REASONS_MAX 20

struct placeholder {
    struct rp_str name, fallback;
    bool has_fallback;
};

static struct placeholder split(struct rp_str inner)
{
    const char *bar = inner.len > 0 ? memchr(inner.ptr, '|', inner.len) : NULL;
    struct placeholder result = {.name = inner};

    if (bar) {
        result.name.len = (size_t)(bar - inner.ptr);
        result.fallback = (struct rp_str){bar + 1, inner.len - result.name.len - 1};
        result.has_fallback = true;
    }
    result.name = rp_compile_trimmed(result.name);
    return result;
}

/* "reasons.top(3)": 3; 0 when it is something else. */
static uint32_t reasons_of(struct rp_str name)
{
    struct rp_str prefix = RP_STR("reasons.top(");
    uint32_t count = 0;

    if (rp_str_is(name, "reasons") || rp_str_is(name, "reasons.top"))
        return 3;
    if (!rp_str_starts(name, prefix) || !rp_str_ends(name, RP_STR(")")))
        return 0;
    for (size_t i = prefix.len; i + 1 < name.len; i++) {
        if (name.ptr[i] < '0' || name.ptr[i] > '9' || count > REASONS_MAX)
            return 0;
        count = count * 10 + (uint32_t)(name.ptr[i] - '0');
    }
    return count > REASONS_MAX ? REASONS_MAX : count;
}

/* The condition of the action makes sure that the field is known. */
static bool is_required(const struct rp_cond *cond, uint32_t field)
{
    if (cond == NULL)
        return false;
    if (cond->op == RP_COND_FIELD)
        return cond->field == field && cond->match.op != RP_MATCH_MISSING &&
               cond->match.op != RP_MATCH_ANY && cond->match.op != RP_MATCH_NO;
    if (cond->op != RP_COND_ALL)
        return false;
    for (uint32_t i = 0; i < cond->part_count; i++)
        if (is_required(&cond->parts[i], field))
            return true;
    return false;
}

static uint32_t placeholder_field(struct rp_compile *compile, const struct rp_node *node,
                                  const struct placeholder *place)
{
    static const char *const states[] = {"stage", "stage_since", "status"};
    enum rp_bare before = compile->bare;
    uint32_t field = RP_NONE;

    for (size_t i = 0; i < RP_COUNT(states); i++)
        if (rp_str_is(place->name, states[i]))
            return rp_compile_lead_field(compile, place->name, node->place, rp_node_width(node));
    if (rp_str_starts(place->name, RP_STR("score."))) {
        struct rp_str rest = {place->name.ptr + 6, place->name.len - 6};

        if (rp_str_is(rest, "total") || rp_str_is(rest, "grade") ||
            rp_map_get(&compile->dims, rest) != RP_MAP_NONE)
            return rp_compile_lead_field(compile, place->name, node->place, rp_node_width(node));
        rp_scope_unknown(compile->scope, RP_REF_DIMENSION, rest, node->place, rp_node_width(node));
        return RP_NONE;
    }
    if (rp_str_starts(place->name, RP_STR("lead.")) ||
        rp_str_starts(place->name, RP_STR("event.")) ||
        rp_str_starts(place->name, RP_STR("context."))) {
        compile->bare = RP_BARE_EVENT;
        field = rp_compile_field(compile, place->name, node->place, rp_node_width(node));
        compile->bare = before;
        compile->rules->fields[field].keeps_text = true;
        return field;
    }
    rp_compile_report(compile, RP_CODE_PLACEHOLDER, node->place, rp_node_width(node),
                      RP_STR("write for example {lead.email}, {score.total}, {reasons.top(3)}"),
                      "%.*s%snothing is called {%.*s}", RP_STR_ARG(compile->what),
                      compile->what.len > 0 ? ": " : "", RP_STR_ARG(place->name));
    return RP_NONE;
}

static void warn_gap(struct rp_compile *compile, const struct rp_node *node,
                     const struct placeholder *place, uint32_t field)
{
    const struct rp_field *slot = &compile->rules->fields[field];

    if (place->has_fallback || field == compile->rules->email_field ||
        (slot->home != RP_FIELD_TRAIT && slot->home != RP_FIELD_FACT) ||
        is_required(compile->asked, field))
        return;
    rp_compile_report(compile, RP_CODE_NO_DEFAULT, node->place, rp_node_width(node),
                      rp_arena_printf(compile->arena, "write {%.*s|…}", RP_STR_ARG(place->name)),
                      "%.*s%s{%.*s} is empty for leads without it", RP_STR_ARG(compile->what),
                      compile->what.len > 0 ? ": " : "", RP_STR_ARG(place->name));
}

void rp_compile_placeholder(struct rp_compile *compile, const struct rp_node *node,
                            struct rp_str inner, struct rp_template_part *part)
{
    struct placeholder place = split(inner);

    *part = (struct rp_template_part){.field = RP_NONE,
                                      .fallback = rp_compile_keep(compile, place.fallback),
                                      .has_fallback = place.has_fallback};
    part->reasons = reasons_of(place.name);
    if (part->reasons > 0)
        return;
    part->field = placeholder_field(compile, node, &place);
    if (part->field != RP_NONE)
        warn_gap(compile, node, &place, part->field);
}

void rp_compile_template(struct rp_compile *compile, const struct rp_node *node,
                         struct rp_template *ret_template)
{
    struct rp_str text = node && node->type == RP_NODE_TEXT ? node->text : RP_STR("");
    uint32_t most = 1, count = 0;
    struct rp_template_part *parts;

    for (size_t i = 0; i < text.len; i++)
        most += 2u * (text.ptr[i] == '{');
    parts = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_template_part, most);
    for (size_t at = 0; at < text.len;) {
        const char *open = memchr(text.ptr + at, '{', text.len - at);
        size_t len = open ? (size_t)(open - text.ptr) - at : text.len - at;
        const char *close;

        if (len > 0)
            parts[count++] = (struct rp_template_part){
                .field = RP_NONE,
                .literal = rp_compile_keep(compile, (struct rp_str){text.ptr + at, len})};
        if (open == NULL)
            break;
        at += len + 1;
        close = at < text.len ? memchr(text.ptr + at, '}', text.len - at) : NULL;
        if (close == NULL) {
            rp_compile_report(compile, RP_CODE_BRACE, node->place, rp_node_width(node),
                              RP_STR("close it with }"), "%.*s: a { in the text is not closed",
                              RP_STR_ARG(compile->what));
            break;
        }
        len = (size_t)(close - text.ptr) - at;
        rp_compile_placeholder(compile, node, (struct rp_str){text.ptr + at, len}, &parts[count++]);
        at += len + 1;
    }
    *ret_template = (struct rp_template){.parts = parts, .count = count};
}
