/* SPDX-License-Identifier: MIT */
/* Fields in the files of templates/: what a lead may lack needs a default, and scores are those of
 * dimensions. Braces of other kinds, such as those of style sheets, are no placeholders. */
#include "engine/lint.h"

enum { PLACEHOLDER_MAX = 200 };

struct text {
    struct rp_compile *compile;
    struct rp_place place; /* of the brace */
    struct rp_str inner;   /* between the braces */
};

static bool after_prefix(struct rp_str name, const char *prefix, struct rp_str *ret_rest)
{
    size_t len = strlen(prefix);

    if (!rp_str_starts(name, rp_str_from(prefix)))
        return false;
    *ret_rest = (struct rp_str){name.ptr + len, name.len - len};
    return true;
}

static void judge_lead(const struct text *text, struct rp_str name, bool has_default)
{
    struct rp_compile *compile = text->compile;
    uint32_t field = rp_compile_lead_field(compile, name, text->place, (int)text->inner.len + 2);
    const struct rp_field *slot = &compile->rules->fields[field];

    if (has_default || field == compile->rules->email_field ||
        (slot->home != RP_FIELD_TRAIT && slot->home != RP_FIELD_FACT))
        return;
    rp_compile_report(compile, RP_CODE_NO_DEFAULT, text->place, (int)text->inner.len + 2,
                      rp_arena_printf(compile->arena, "write {lead.%.*s|…}", RP_STR_ARG(name)),
                      "{lead.%.*s} is empty for leads without it", RP_STR_ARG(name));
}

static void judge(const struct text *text)
{
    struct rp_compile *compile = text->compile;
    const char *bar = memchr(text->inner.ptr, '|', text->inner.len);
    struct rp_str name = text->inner, rest;

    if (bar)
        name.len = (size_t)(bar - name.ptr);
    if (after_prefix(name, "lead.", &rest) && rest.len > 0)
        judge_lead(text, rest, bar != NULL);
    else if (after_prefix(name, "score.", &rest) && !rp_str_is(rest, "total") &&
             !rp_str_is(rest, "grade") && rp_map_get(&compile->dims, rest) == RP_MAP_NONE)
        rp_scope_unknown(compile->scope, RP_REF_DIMENSION, rest, text->place,
                         (int)text->inner.len + 2);
}

/* Names, dots and a default: nothing that a style sheet or a script has between braces. */
static bool is_placeholder(struct rp_str inner)
{
    if (inner.len == 0 || inner.len > PLACEHOLDER_MAX)
        return false;
    for (size_t i = 0; i < inner.len && inner.ptr[i] != '|'; i++)
        if (inner.ptr[i] == ':' || inner.ptr[i] == ';' || inner.ptr[i] == '{')
            return false;
    return true;
}

static void lint_line(struct rp_compile *compile, uint32_t file, int number, struct rp_str line)
{
    int column = 1;

    for (size_t i = 0; i < line.len; i++) {
        const char *close;
        struct text text;

        if (((unsigned char)line.ptr[i] & 0xc0) == 0x80)
            continue;
        column++;
        if (line.ptr[i] != '{')
            continue;
        close = memchr(line.ptr + i, '}', line.len - i);
        if (close == NULL)
            return;
        text = (struct text){.compile = compile,
                             .place = {.file = file, .line = number, .column = column - 1},
                             .inner = {line.ptr + i + 1, (size_t)(close - line.ptr) - i - 1}};
        if (is_placeholder(text.inner))
            judge(&text);
    }
}

void rp_lint_texts(struct rp_compile *compile)
{
    for (uint32_t i = 0; i < compile->files->count; i++) {
        struct rp_str text = compile->files->items[i].text;
        size_t start = 0;
        int line = 0;

        if (!rp_str_starts(compile->files->items[i].path, RP_STR("templates/")))
            continue;
        while (start < text.len) {
            const char *end = memchr(text.ptr + start, '\n', text.len - start);
            size_t len = end ? (size_t)(end - text.ptr) - start : text.len - start;

            lint_line(compile, i, ++line, (struct rp_str){text.ptr + start, len});
            start += len + 1;
        }
    }
}
