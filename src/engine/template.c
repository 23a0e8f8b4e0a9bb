/* SPDX-License-Identifier: MIT */
/* Texts with placeholders and the JSON bodies made of them. A value can never break out of its
 * place: bodies are written value by value, and the writer escapes; in HTML and in links the value
 * itself is escaped. An unknown field is its |default, which the author wrote and which stands as
 * it is, else nothing. */
#include "base/html.h"
#include "base/json_write.h"
#include "engine/eval.h"

#include <strings.h>

static void put_url(struct rp_buf *out, struct rp_str text)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            c == '-' || c == '.' || c == '_' || c == '~') {
            rp_buf_char(out, (char)c);
        } else {
            rp_buf_char(out, '%');
            rp_buf_char(out, hex[c >> 4]);
            rp_buf_char(out, hex[c & 15]);
        }
    }
}

/* An address that a browser may be sent to; what is none stands in the link as text. */
static bool is_web(struct rp_str text)
{
    static const char *const starts[] = {"https://", "http://", "mailto:", "tel:"};

    for (size_t i = 0; i < RP_COUNT(starts); i++)
        if (text.len > strlen(starts[i]) &&
            strncasecmp(text.ptr, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

static void put_value(struct rp_buf *out, enum rp_escape escape, struct rp_str text)
{
    if (escape == RP_ESCAPE_NONE)
        rp_buf_str(out, text);
    else if (escape == RP_ESCAPE_HTML || (escape == RP_ESCAPE_LINK && is_web(text)))
        rp_html_escape(out, text);
    else
        put_url(out, text);
}

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
            if (reasons.len || !part->has_fallback)
                put_value(&out, part->escape, reasons);
            else
                rp_buf_str(&out, part->fallback);
            continue;
        }
        if (part->field == RP_NONE) {
            rp_buf_str(&out, part->literal);
            continue;
        }
        value = rp_bind_value(s, part->field);
        if (value)
            put_value(&out, part->escape, rp_value_text(s, value));
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
