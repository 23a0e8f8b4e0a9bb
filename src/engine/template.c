/* SPDX-License-Identifier: MIT */
/* Texts with placeholders and the JSON bodies made of them. A value can never break out of its
 * place: bodies are written value by value, and the writer escapes. An unknown field is its
 * |default, else nothing. */
#include "base/json_write.h"
#include "engine/eval.h"

struct rp_str rp_template_text(struct rp_scratch *s, const struct rp_template *template)
{
    struct rp_buf out = {0};
    struct rp_str text;

    for (uint32_t i = 0; i < template->count; i++) {
        const struct rp_template_part *part = &template->parts[i];
        const struct rp_value *value;

        if (part->reasons) {
            struct rp_str reasons = {0};

            if (s->fold->reasons)
                reasons = s->fold->reasons(s->fold->reasons_ctx, s->arena, s->lead, s->now_ms,
                                           part->reasons);
            rp_buf_str(&out, reasons.len || !part->has_fallback ? reasons : part->fallback);
            continue;
        }
        if (part->field == RP_NONE) {
            rp_buf_str(&out, part->literal);
            continue;
        }
        value = rp_bind_value(s, part->field);
        if (value)
            rp_buf_str(&out, rp_value_text(s, value));
        else if (part->has_fallback)
            rp_buf_str(&out, part->fallback);
    }
    text = rp_arena_str(s->arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    return text;
}

void rp_template_tree(struct rp_scratch *s, const struct rp_tree *tree, struct rp_jw *jw)
{
    switch ((enum rp_prop_type)tree->type) {
    case RP_NULL:
        rp_jw_null(jw);
        return;
    case RP_BOOL:
        rp_jw_bool(jw, tree->number != 0);
        return;
    case RP_NUMBER:
        rp_jw_number(jw, tree->number);
        return;
    case RP_STRING:
        rp_jw_str(jw, rp_template_text(s, &tree->text));
        return;
    case RP_ARRAY:
        rp_jw_array(jw);
        for (uint32_t i = 0; i < tree->part_count; i++)
            rp_template_tree(s, &tree->parts[i], jw);
        rp_jw_array_end(jw);
        return;
    case RP_OBJECT:
        rp_jw_object(jw);
        for (uint32_t i = 0; i < tree->part_count; i++) {
            rp_jw_key_str(jw, tree->parts[i].key);
            rp_template_tree(s, &tree->parts[i], jw);
        }
        rp_jw_object_end(jw);
        return;
    }
}
